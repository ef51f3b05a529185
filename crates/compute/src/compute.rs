//! What a run computes on, and with which code.

use std::path::Path;

use burn::tensor::Device;

use crate::Error;
use crate::backend::Backend;
use crate::device::{self, Adapter, Opened, Wanted};
use crate::engine::Engine;

/// A backend, its device, and the engine for the frozen prefix.
#[derive(Debug)]
pub struct Compute {
    /// What computes.
    pub backend: Backend,
    /// The code for the forward pass.
    pub engine: Engine,
    /// The device of the backend.
    pub device: Device,
    /// What the device says of itself.
    pub adapter: Adapter,
    /// The most bytes that one tensor may have; none where only the memory limits it.
    pub largest_tensor: Option<u64>,
    /// All of the device's memory in bytes, where its driver tells.
    pub memory: Option<u64>,
}

impl Compute {
    /// What the user asked for, or the fastest engine of the backend. Tuned kernels are kept in the
    /// folder `kernels`.
    ///
    /// # Errors
    /// When the backend was not compiled in, has no such device, or the engine does not compute on
    /// it.
    pub fn new(
        backend: Backend,
        engine: Option<Engine>,
        wanted: Wanted,
        kernels: &Path,
    ) -> Result<Self, Error> {
        let engine = Engine::choose(engine, backend)?;
        let Opened {
            device,
            adapter,
            largest_tensor,
            memory,
        } = device::open(backend, wanted, kernels)?;
        Ok(Self {
            backend,
            engine,
            device,
            adapter,
            largest_tensor,
            memory,
        })
    }

    /// Does work that uses the device. Where its runtime panics, that is an error; on the processor a
    /// panic is a defect of ours and stays one.
    ///
    /// # Errors
    /// When the runtime panics.
    pub fn guarded<T>(&self, work: impl FnOnce() -> T) -> Result<T, Error> {
        match self.backend {
            Backend::Cpu => Ok(work()),
            Backend::Wgpu | Backend::Cuda => device::guarded(work).map_err(Error::device),
        }
    }
}
