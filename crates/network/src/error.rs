//! What can go wrong between a name or an image and a network.

use crate::Boundary;

/// Why a network cannot be used as asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    /// A name that nothing has.
    #[error("unknown {kind} `{found}`: expected one of {known}")]
    Unknown {
        kind: &'static str,
        found: String,
        known: String,
    },
    /// A boundary behind the network's end.
    #[error("{network} has no {boundary}: expected one of {known}")]
    NoStage {
        network: &'static str,
        boundary: Boundary,
        known: String,
    },
    /// Images of which nothing is left at the boundary; sides in pixels.
    #[error(
        "{boundary} needs images of at least {least}x{least} pixels, found {height}x{width}; \
         pad or resize them, or choose an earlier boundary"
    )]
    TooSmall {
        boundary: Boundary,
        least: usize,
        height: usize,
        width: usize,
    },
}

/// The one of `all` that is called `name`; `kind` says what they are.
pub(crate) fn named<T: ToString>(
    kind: &'static str,
    name: &str,
    all: impl Iterator<Item = T>,
) -> Result<T, Error> {
    let (names, mut all): (Vec<_>, Vec<_>) = all.map(|one| (one.to_string(), one)).unzip();
    match names.iter().position(|one| one == name) {
        Some(at) => Ok(all.swap_remove(at)),
        None => Err(Error::Unknown {
            kind,
            found: name.to_owned(),
            known: names.join(", "),
        }),
    }
}
