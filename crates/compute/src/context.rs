//! What a run computes on, and with which code.

use std::path::Path;

use burn::tensor::Device;

use crate::Error;
use crate::backend::Backend;
use crate::device::{self, Adapter, Limits, Wanted};
use crate::engine::Engine;

/// A backend, its device, and the engine for the frozen backbone.
#[derive(Debug, Clone)]
pub struct ComputeContext {
    /// The backend.
    pub backend: Backend,
    /// The code for the forward pass.
    pub engine: Engine,
    /// Where tensors go.
    pub device: Device,
    /// What the device says of itself.
    pub adapter: Adapter,
    /// How much it takes.
    pub limits: Limits,
}

impl ComputeContext {
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
        let (device, adapter, limits) = device::open(backend, wanted, kernels)?;
        Ok(Self {
            backend,
            engine,
            device,
            adapter,
            limits,
        })
    }
}
