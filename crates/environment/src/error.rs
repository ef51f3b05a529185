//! What can go wrong around a command.

/// Why a command cannot start, go on, or show its result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No place to keep anything.
    #[error(
        "no home folder on this system; set GRAFT_HOME to the folder that should hold models, cache and runs"
    )]
    NoFolder,
    /// A signal asked to stop; what was done is in the cache.
    #[error("interrupted; finished features are kept: give the same command again")]
    Interrupted {
        /// The signal's number.
        signal: u8,
    },
    /// Output that could not be written or put together.
    #[error("cannot write the result: {0}")]
    Output(String),
}
