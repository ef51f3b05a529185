//! Everything that can go wrong between images and a measured head.

use std::path::PathBuf;

use crate::backend::Backend;
use crate::device::Failure;

/// Why a command failed. Messages name the file, what was expected, what was found, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No place to keep anything.
    #[error(
        "no home folder on this system; set GRAFT_HOME to the folder that shall hold models, cache and runs"
    )]
    NoHome,
    /// A device that cannot be used, or is not to be believed.
    #[error(transparent)]
    Backend(#[from] crate::device::DeviceError),
    /// An engine that computes elsewhere.
    #[error(
        "the winograd engine computes on the CPU only, not on {0}; use --engine burn, or --backend cpu"
    )]
    EngineNeedsCpu(Backend),
    /// A recipe that cannot be used.
    #[error(transparent)]
    Recipe(#[from] crate::recipe::RecipeError),
    /// A sweep that cannot be used.
    #[error(transparent)]
    Sweep(#[from] graft_report::sweep::SweepError),
    /// A run folder that cannot be used.
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
    /// A cached file of features that cannot be used.
    #[error(transparent)]
    Cache(#[from] crate::cache::CacheError),
    /// Assets that are missing or wrong.
    #[error(transparent)]
    Assets(#[from] graft_assets::Error),
    /// Images that cannot be read or used.
    #[error(transparent)]
    Dataset(#[from] graft_dataset::Error),
    /// An ONNX file that is not VGG16.
    #[error(transparent)]
    Import(#[from] graft_onnx_import::Error),
    /// Weights that cannot be used.
    #[error(transparent)]
    Backbone(#[from] graft_backbone::Error),
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
    /// A precision that our own convolutions do not have.
    #[error(
        "the winograd engine computes in f32 only, not in {0}; use --engine burn, or set backbone.precision to f32"
    )]
    PrecisionNeedsBurn(crate::device::Precision),
    /// The device did not give its result back.
    #[error("the device failed: {0}; try again, or use --backend cpu")]
    Device(String),
    /// The device ran out of memory.
    #[error(
        "the device has too little memory even for the smallest pass: {0}; use smaller images (preprocessing.size; for bench --sizes and --batches), another device (--device), or --backend cpu"
    )]
    DeviceMemory(String),
    /// The device failed in a way that it recovers from in a new process only.
    #[error(
        "the device failed and is of no use to this process any more: {0}; start the command again, which then takes smaller batches"
    )]
    DeviceLost(String),
    /// Training went wrong.
    #[error(
        "epoch {epoch}: {what} is {value}; use a smaller training.learning_rate; checkpoints before it are kept"
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: usize,
        /// What went wrong.
        what: &'static str,
        /// Its value: infinite, not a number, or too large to be squared.
        value: f64,
    },
    /// A signal asked to stop; what was done is saved.
    #[error("interrupted; {}", match run {
        Some(run) => format!("everything so far is saved in {}: go on with --resume", run.display()),
        None => "finished features are kept: give the same command again".into(),
    })]
    Interrupted {
        /// The signal's number.
        signal: u8,
        /// The run to go on with, if training had begun.
        run: Option<PathBuf>,
    },
    /// A feature that is no finite number.
    #[error(
        "the features of image {image} (counted from 0) hold {value}; run `graft cache clear` and try again, or import the VGG16 weights again"
    )]
    Feature {
        /// Which image.
        image: usize,
        /// The value.
        value: f32,
    },
    /// A lab's result that cannot be written.
    #[error(transparent)]
    Record(#[from] graft_report::record::RecordError),
    /// The shape of VGG16 changed in one place and not in another.
    #[error(
        "expected {0} weights for a convolution of VGG16, found another number; this is a defect of graft, please report it"
    )]
    Weights(usize),
    /// A head that cannot learn where it lies.
    #[error(
        "expected gradients of the loss, found none; this is a defect of graft, please report it"
    )]
    NoGradients,
    /// A recipe without epochs, which its check refuses.
    #[error("expected at least one epoch to train, found none; set training.epochs")]
    NoEpochs,
    /// A run to predict with, and nothing to predict.
    #[error("expected pictures to classify, found only a run; name PNG or JPEG files after it")]
    NoPictures,
    /// The frozen backbone is not what it was.
    #[error(
        "the backbone's weights changed during training: sha256 {before} before, {after} after; this is a defect of graft, please report it"
    )]
    BackboneMoved {
        /// The hash before.
        before: String,
        /// The hash after.
        after: String,
    },
    /// The doctor found something.
    #[error("{0} of these want something done")]
    Unwell(usize),
    /// Output that could not be written or put together.
    #[error("cannot write the result: {0}")]
    Output(String),
}

impl Error {
    /// Whether weights that cannot be loaded are missing or damaged, rather than the device at fault.
    pub(crate) fn is_of_files(&self) -> bool {
        matches!(self, Self::Import(_) | Self::Backbone(_) | Self::File(_))
    }

    /// What a device or the runtime above it says, sorted by what can be done about it.
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` passes")]
    pub(crate) fn device(message: impl ToString) -> Self {
        let message = message.to_string();
        tracing::debug!("{message}");
        match Failure::of(&message) {
            Failure::Lost(line) => Self::DeviceLost(line),
            Failure::Memory(line) => Self::DeviceMemory(line),
            Failure::Other(line) => Self::Device(line),
        }
    }
}
