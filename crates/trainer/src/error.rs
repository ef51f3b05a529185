//! Everything that can go wrong between images and a measured head.

use std::path::PathBuf;

use graft_network::{Boundary, Network};

/// Why a command failed. Messages name the file, what was expected, what was found, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device or its engine failed.
    #[error(transparent)]
    Compute(#[from] graft_compute::Error),
    /// Features that cannot be had.
    #[error(transparent)]
    Features(#[from] graft_features::Error),
    /// Folders, signals or output.
    #[error(transparent)]
    Environment(#[from] graft_environment::Error),
    /// A recipe that cannot be used.
    #[error(transparent)]
    Recipe(#[from] graft_recipe::RecipeError),
    /// A run folder that cannot be used.
    #[error(transparent)]
    Run(#[from] graft_runs::RunError),
    /// Assets that are missing or wrong.
    #[error(transparent)]
    Assets(#[from] graft_assets::Error),
    /// Images that cannot be read or used.
    #[error(transparent)]
    Dataset(#[from] graft_dataset::Error),
    /// A picture that cannot be classified.
    #[error(transparent)]
    Picture(#[from] graft_dataset::PictureFault),
    /// An ONNX file of a network that is not known.
    #[error(transparent)]
    Import(#[from] graft_onnx_import::Error),
    /// Weights that cannot be used.
    #[error(transparent)]
    Backbone(#[from] graft_backbone::Error),
    /// A head's file that cannot be looked into.
    #[error(transparent)]
    Web(#[from] graft_web::Error),
    /// An image that is too small for the network.
    #[error(transparent)]
    Network(#[from] graft_network::Error),
    /// A run of whose images no views can be made.
    #[error(
        "the recipe of run {} has no ranges for views: expected one above 0 in [augmentation] of its \
         recipe.toml, found none; leave --views out, or train with some, such as \
         --set augmentation.rotate=10",
        .0.display()
    )]
    NoRanges(PathBuf),
    /// Test images of other classes than a run was trained on.
    #[error(
        "expected test images of the classes of run {}: {expected}; found those of: {found}; give the images of \
         these classes again, or train anew",
        run.display()
    )]
    OtherClasses {
        /// The run.
        run: PathBuf,
        /// Its classes.
        expected: String,
        /// Those of the images.
        found: String,
    },
    /// A network without weights.
    #[error(
        "there are no weights of {network} in {}; import them from an ONNX file: \
         `cargo xtask import FILE`, or `graft import FILE`",
        folder.display()
    )]
    NoWeights {
        /// The network.
        network: Network,
        /// Where they should be.
        folder: PathBuf,
    },
    /// A saved head that cannot be used.
    #[error("{}: {source}; train again", path.display())]
    Head {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: graft_head::FileError,
    },
    /// Logits that do not fit their labels.
    #[error(transparent)]
    Evaluation(#[from] graft_report::Mismatch),
    /// A file operation that failed.
    #[error(transparent)]
    File(#[from] graft_durable::Error),
    /// Training went wrong.
    #[error(
        "epoch {epoch}: {what} is {value}; use a smaller training.learning_rate; checkpoints before it are kept"
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: usize,
        /// What went wrong.
        what: String,
        /// Its value: infinite, not a number, or too large to be squared.
        value: f64,
    },
    /// A signal asked to stop; what was done is saved.
    #[error("interrupted; everything so far is saved in {}: resume it with --resume", run.display())]
    Interrupted {
        /// The signal's number.
        signal: u8,
        /// The run to resume.
        run: PathBuf,
    },
    /// The user does not want so much to be spent.
    #[error("training not started: {0}; choose with --augmentation, or add --yes to start anyway")]
    Declined(String),
    /// A recipe without epochs, which its check refuses.
    #[error("expected at least one epoch to train, found none; set training.epochs")]
    NoEpochs,
    /// A frozen stage is not what it was.
    #[error(
        "the frozen weights of {stage} changed during training: sha256 {before} before, {after} after; this is a defect of graft, please report it"
    )]
    FrozenMoved {
        /// The stage.
        stage: Boundary,
        /// The hash before.
        before: String,
        /// The hash after.
        after: String,
    },
    /// A stage that should learn is what it was.
    #[error(
        "the weights of {stage} did not change during training: sha256 {hash} before and after; use a larger training.learning_rate"
    )]
    TrainedUnmoved {
        /// The stage.
        stage: Boundary,
        /// The hash before and after.
        hash: String,
    },
    /// Output that could not be written or put together.
    #[error("cannot write the result: {0}")]
    Output(String),
}

impl Error {
    /// What a device or the runtime above it says.
    pub(crate) fn device(message: impl ToString) -> Self {
        graft_compute::Error::device(message).into()
    }
}

/// As the backbone says it, whose convolutions they are.
impl From<graft_winograd::Error> for Error {
    fn from(error: graft_winograd::Error) -> Self {
        graft_backbone::Error::from(error).into()
    }
}
