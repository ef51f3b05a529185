//! Why a run cannot be exported.

use std::path::PathBuf;

/// Why a run cannot be exported.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    /// The run is not what it was, or the weights are not those that it was trained with.
    #[error(transparent)]
    Run(#[from] graft_runs::RunError),
    /// A network of which nothing is left of the run's images.
    #[error(transparent)]
    Network(#[from] graft_network::Error),
    /// The weights folder is missing or damaged.
    #[error(transparent)]
    Weights(#[from] graft_onnx_import::Error),
    /// A file of weights that does not hold what its place in the network needs.
    #[error("{}: expected {expected}, found {found}; train again", path.display())]
    Tensor {
        path: PathBuf,
        expected: String,
        found: String,
    },
    /// The model of a page cannot be put together.
    #[error(transparent)]
    Web(#[from] graft_web::Error),
    /// The code of a page is missing.
    #[error("{}: expected the code of a page as WebAssembly, found {found}; build it: cargo xtask page", path.display())]
    Wasm { path: PathBuf, found: String },
    /// A file that is not ours to replace.
    #[error(
        "{} is there already, and graft did not export it; name another place, or move it away",
        .0.display()
    )]
    Occupied(PathBuf),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] graft_durable::Error),
}
