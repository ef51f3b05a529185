//! `graft`: train, evaluate and use a digit classifier that is grafted onto a pretrained network.

mod cli;
mod commands;
mod log;
mod output;

use std::process::ExitCode;

use clap::Parser;
use cli::Arguments;
use graft_environment::interrupt;

/// Exit codes: 0 done, 1 failed, 2 wrong usage (clap's), 75 failed but may work when tried again (`extract --shard`
/// alone), 128 and the number of a signal that asked to stop.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::to_stderr();
    graft_environment::limit_threads();
    graft_trainer::set_commit(env!("GRAFT_COMMIT"));
    match commands::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::debug!(?error);
            commands::complain(&error);
            match interrupt::requested() {
                Some(signal) => ExitCode::from(128 + signal),
                None => ExitCode::from(commands::code(&arguments, &error)),
            }
        }
    }
}
