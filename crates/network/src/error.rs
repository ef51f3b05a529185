//! What can go wrong between a name or an image and a network.

use crate::Boundary;

/// Why a network cannot be used as asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A name that nothing has.
    #[error("unknown {kind} `{found}`: expected one of {known}")]
    Unknown {
        /// What the name is of.
        kind: &'static str,
        /// The name.
        found: String,
        /// The names that there are.
        known: String,
    },
    /// A boundary behind the network's end.
    #[error("{network} has no {boundary}: expected one of {known}")]
    NoStage {
        /// The network.
        network: &'static str,
        /// What was asked for.
        boundary: Boundary,
        /// Its stages.
        known: String,
    },
    /// Images of which nothing is left at the boundary.
    #[error(
        "{boundary} needs images of at least {least}x{least} pixels, found {height}x{width}; \
         pad or resize them, or choose an earlier boundary"
    )]
    TooSmall {
        /// Where the features are taken.
        boundary: Boundary,
        /// The least height and width in pixels.
        least: usize,
        /// The images' height in pixels.
        height: usize,
        /// The images' width in pixels.
        width: usize,
    },
}

/// Names as messages list them.
pub(crate) fn list(names: impl IntoIterator<Item = impl ToString>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| name.to_string()).collect();
    names.join(", ")
}
