//! `graft`: train, evaluate and use a digit classifier that is grafted onto a pretrained network.

mod cli;
mod commands;
mod output;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use cli::Arguments;
use graft_environment::interrupt;
use tracing_subscriber::EnvFilter;

/// Exit codes: 0 done, 1 failed, 2 wrong usage (clap's), 128 and the number of a signal that asked
/// to stop.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr();
    graft_environment::limit_threads();
    graft_trainer::set_commit(env!("GRAFT_COMMIT"));
    match commands::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::debug!(?error);
            commands::complain(&error);
            match interrupt::requested() {
                Some(signal) => ExitCode::from(128 + signal),
                None => ExitCode::FAILURE,
            }
        }
    }
}

/// The runtimes below report every kernel that a device refuses while others are tried; what matters
/// of it comes back as an error.
const FILTER: &str = "warn,graft_assets=info,graft_compute=info,graft_runs::resumable=info,cubecl_wgpu=off,cubecl_server=off,cubecl_runtime=off,cubecl_common=off";

/// Results go to standard output, the log to standard error; `GRAFT_LOG=debug` says more.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("GRAFT_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .init();
}
