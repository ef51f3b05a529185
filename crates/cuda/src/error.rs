//! What can go wrong on the way through an NVIDIA GPU.

use cudarc::driver::DriverError;
use graft_network::Boundary;

/// Why a GPU did not compute features.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Weights that cannot be read, or images of another form.
    #[error(transparent)]
    Backbone(#[from] graft_backbone::Error),
    /// An image of which nothing is left.
    #[error(transparent)]
    Network(#[from] graft_network::Error),
    /// What the driver refused.
    #[error("{}", said(*.0))]
    Driver(#[from] DriverError),
    /// Images of another number of values than their shape says.
    #[error("expected images of {expected} values in all, found {found}")]
    Images {
        /// What the shape says.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A convolution that the kernels do not take.
    #[error(
        "expected convolutions from {from} channels or from images to a multiple of 64, found one from {input} to {output}; use --engine burn"
    )]
    Channels {
        /// Of how many channels there must be a multiple.
        from: usize,
        /// The channels that come in.
        input: usize,
        /// The channels that go out.
        output: usize,
    },
    /// Weights on the GPU that are no longer those that were put there.
    #[error(
        "the weights of {0} on the GPU are not those that were put there; its memory may be faulty"
    )]
    Changed(Boundary),
    /// The kernels in this program cannot be read.
    #[error(
        "the kernels for tensor cores cannot be read: {0}; this is a defect of graft, please report it"
    )]
    Kernels(#[from] std::io::Error),
}

impl Error {
    /// Whether the process cannot use the GPU any more: errors that every later call is answered with
    /// (CUDA driver API, `CUresult`: "must be terminated and relaunched").
    #[must_use]
    pub fn is_final(&self) -> bool {
        use cudarc::driver::sys::CUresult::{
            CUDA_ERROR_ASSERT, CUDA_ERROR_ECC_UNCORRECTABLE, CUDA_ERROR_HARDWARE_STACK_ERROR,
            CUDA_ERROR_ILLEGAL_ADDRESS, CUDA_ERROR_ILLEGAL_INSTRUCTION,
            CUDA_ERROR_INVALID_ADDRESS_SPACE, CUDA_ERROR_INVALID_PC, CUDA_ERROR_LAUNCH_FAILED,
            CUDA_ERROR_LAUNCH_TIMEOUT, CUDA_ERROR_MISALIGNED_ADDRESS,
        };
        matches!(
            self,
            Self::Driver(DriverError(
                CUDA_ERROR_ASSERT
                    | CUDA_ERROR_ECC_UNCORRECTABLE
                    | CUDA_ERROR_HARDWARE_STACK_ERROR
                    | CUDA_ERROR_ILLEGAL_ADDRESS
                    | CUDA_ERROR_ILLEGAL_INSTRUCTION
                    | CUDA_ERROR_INVALID_ADDRESS_SPACE
                    | CUDA_ERROR_INVALID_PC
                    | CUDA_ERROR_LAUNCH_FAILED
                    | CUDA_ERROR_LAUNCH_TIMEOUT
                    | CUDA_ERROR_MISALIGNED_ADDRESS
            ))
        )
    }
}

/// What the driver says of its error.
fn said(error: DriverError) -> String {
    let text = error.error_string();
    text.map_or_else(
        |_| error.to_string(),
        |text| text.to_string_lossy().into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use cudarc::driver::sys::CUresult;

    #[test]
    fn after_some_errors_a_gpu_cannot_be_used_any_more() {
        for (code, expected) in [
            (CUresult::CUDA_ERROR_ILLEGAL_ADDRESS, true),
            (CUresult::CUDA_ERROR_LAUNCH_FAILED, true),
            (CUresult::CUDA_ERROR_OUT_OF_MEMORY, false),
            (CUresult::CUDA_ERROR_INVALID_VALUE, false),
        ] {
            assert_eq!(
                Error::Driver(DriverError(code)).is_final(),
                expected,
                "{code:?}"
            );
        }
    }
}
