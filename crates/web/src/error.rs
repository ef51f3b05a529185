//! Why there is no answer.

use graft_dataset::PictureFault;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    /// The file of the model is not what was exported.
    #[error("the file of the model: expected {expected}, found {found}; export the run again")]
    Model { expected: String, found: String },
    /// A picture that cannot be brought to the form of the images that the model was trained on.
    #[error(transparent)]
    Picture(#[from] PictureFault),
    /// An image of another form.
    #[error(transparent)]
    Image(#[from] graft_dataset::Error),
    /// The weights, or maps, do not fit each other.
    #[error(transparent)]
    Convolutions(#[from] graft_winograd::Error),
}

impl Error {
    /// What is wrong in one word, for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Picture(fault) => fault.reason(),
            _ => "failed",
        }
    }
}
