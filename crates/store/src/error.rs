//! Why a file of an object store cannot be had.

/// Why a file of an object store cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No folder of an object store.
    #[error(
        "{url}: {reason}; expected a URL such as s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER"
    )]
    Url {
        /// What can be said of the URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store, or the way there, refused.
    #[error("cannot {action} {url}: {source}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        url: String,
        /// What it says.
        source: object_store::Error,
    },
    /// Not what its name says.
    #[error(
        "{url}: expected content of sha256 {expected}, found {found}; delete it, so that it can be written anew"
    )]
    Content {
        /// The file.
        url: String,
        /// The hash that it should have.
        expected: String,
        /// The hash that it has.
        found: String,
    },
    /// Not the version that it was.
    #[error("{url}: expected the version {expected}, found {found}; gather the shards anew")]
    Changed {
        /// The file.
        url: String,
        /// The entity tag that it had.
        expected: String,
        /// The entity tag that it has.
        found: String,
    },
    /// No entity tag.
    #[error(
        "{0}: expected an entity tag, by which versions are told apart, found none; put the files into another store"
    )]
    NoTag(String),
    /// A file on this machine.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
}

impl Error {
    /// Whether it may work when it is tried again: a server or a connection may be better then, and a name or a
    /// right stays what it is.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        use object_store::Error as Of;
        match self {
            Self::Url { .. }
            | Self::Content { .. }
            | Self::Changed { .. }
            | Self::NoTag(_)
            | Self::File(_) => false,
            // A refused list is told in words alone: of statuses that blame the request, two ask for patience.
            Self::Store {
                source: Of::Generic { source, .. },
                ..
            } => {
                let told = source.to_string();
                let patience = ["status 408", "status 429"];
                !told.contains("status 4") || patience.iter().any(|one| told.contains(one))
            }
            Self::Store { source, .. } => !matches!(
                source,
                Of::NotFound { .. }
                    | Of::InvalidPath { .. }
                    | Of::NotSupported { .. }
                    | Of::NotImplemented { .. }
                    | Of::PermissionDenied { .. }
                    | Of::Unauthenticated { .. }
                    | Of::UnknownConfigurationKey { .. }
            ),
        }
    }
}
