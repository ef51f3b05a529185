//! `graft`: train, evaluate and use a digit classifier that is grafted onto a pretrained network.

mod cli;
mod commands;
mod log;
mod output;

use std::io::{self, Write as _};

use clap::Parser;
use cli::Arguments;
use graft_environment::interrupt;

/// Exit codes: 0 done, 1 failed, 2 wrong usage (clap's), 75 failed but may work when tried again (`extract --shard`
/// alone), 128 and the number of a signal that asked to stop.
fn main() {
    let arguments = Arguments::parse();
    log::to_stderr();
    graft_environment::limit_threads();
    graft_trainer::set_commit(env!("GRAFT_COMMIT"));
    let code = match commands::run(&arguments) {
        Ok(()) => 0,
        Err(error) => {
            tracing::debug!(?error);
            commands::complain(&error);
            match interrupt::requested() {
                Some(signal) => 128 + signal,
                None => commands::code(&arguments, &error),
            }
        }
    };
    // Every line has been written, and failures to write were told.
    let _ = io::stdout().flush();
    // Without exit handlers: those of a GPU's driver would run beside its threads, which may still compute, and
    // now and then crash.
    signal_hook::low_level::exit(code.into())
}
