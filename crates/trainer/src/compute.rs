//! What a run computes on, and with which code.

use burn::tensor::Device;

use crate::Error;
use crate::backend::Backend;
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
}

impl Compute {
    /// What the user asked for, or the fastest engine of the backend.
    ///
    /// # Errors
    /// When the backend was not compiled in, has no device, or the engine does not compute on it.
    pub fn new(backend: Backend, engine: Option<Engine>) -> Result<Self, Error> {
        let device = backend.device()?;
        Ok(Self {
            backend,
            engine: Engine::choose(engine, backend)?,
            device,
        })
    }
}
