//! Why the server does not start, or stops.

use std::io;
use std::net::SocketAddr;

/// Why the server does not start, or stops.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; {}", next(source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system answered.
        source: io::Error,
    },
    /// The run that is to be served cannot be loaded.
    #[error(transparent)]
    Model(#[from] graft_trainer::Error),
    /// The system gives no random bytes, threads or timers.
    #[error("cannot start the server: {0}")]
    System(String),
    /// Signals cannot be watched.
    #[error(transparent)]
    Environment(#[from] graft_environment::Error),
    /// The thread that owns the models has ended, which is a defect.
    #[error("the model's thread has ended; this is a defect of graft, please report it")]
    ModelGone,
}

fn next(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            "something else listens there: choose another port with --port, or 0 for any free one"
        }
        io::ErrorKind::PermissionDenied => "choose a port above 1023 with --port",
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: choose one of its own with --host, or 0.0.0.0 for all"
        }
        _ => "choose another address with --host or --port",
    }
}
