//! The frozen stages of a network on NVIDIA's tensor cores: images in, features out, on GPUs of compute
//! capability 8.0 or later.
//!
//! The kernels are CUDA C++ (`kernels/convolve.cu`), compiled to PTX beforehand, which the GPU's driver
//! compiles for the GPU at hand. So there is nothing to tune and nothing to compile but by the driver, and an
//! image's features do not depend on the batch that it is in.

mod error;
mod kernels;
mod lane;
mod pack;
mod stages;

pub use error::Error;
pub use kernels::supports;
pub use lane::Running;
pub use stages::CudaStages;
