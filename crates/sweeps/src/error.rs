//! What can go wrong while a sweep is measured.

/// Why a sweep cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A sweep that cannot be used.
    #[error(transparent)]
    Sweep(#[from] graft_report::sweep::SweepError),
    /// A recipe that cannot be used.
    #[error(transparent)]
    Recipe(#[from] graft_recipe::RecipeError),
    /// Images that cannot be used.
    #[error(transparent)]
    Dataset(#[from] graft_dataset::Error),
    /// The device or its engine failed.
    #[error(transparent)]
    Compute(#[from] graft_compute::Error),
    /// Features that cannot be had.
    #[error(transparent)]
    Features(#[from] graft_features::Error),
    /// Weights that cannot be written.
    #[error(transparent)]
    Import(#[from] graft_onnx_import::Error),
    /// A signal asked to stop, or there is no place for a temporary file.
    #[error(transparent)]
    Environment(#[from] graft_environment::Error),
    /// Something cannot be fetched, or training failed.
    #[error(transparent)]
    Trainer(#[from] graft_trainer::Error),
    /// Logits that do not fit their labels.
    #[error(transparent)]
    Evaluation(#[from] graft_report::Mismatch),
}
