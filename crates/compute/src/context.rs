//! What a run computes on, and with which code.

use std::path::Path;

use burn::tensor::Device;
use graft_recipe as recipe;

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
    /// The device's number among those of its backend.
    pub number: usize,
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
        // What no device of the backend can do is refused before one is opened.
        Engine::choose(engine, backend, backend == Backend::Cuda)?;
        let (number, (device, adapter, limits)) = device::open(backend, wanted, kernels)?;
        let tensor_cores =
            engine != Some(Engine::Burn) && device::has_tensor_cores(backend, number)?;
        let engine = Engine::choose(engine, backend, tensor_cores)?;
        if engine == Engine::Burn {
            device::check_libraries(backend)?;
        }
        Ok(Self {
            backend,
            engine,
            number,
            device,
            adapter,
            limits,
        })
    }

    /// What trains and computes the head: the same, where stages are trained with it; else the CPU. A step
    /// of a head alone is a hundred small operations, which a CPU has done before it has started them on a GPU.
    #[must_use]
    pub fn of_head(&self, backbone: recipe::Backbone) -> Self {
        if self.backend == Backend::Cpu || backbone.cut() != backbone.boundary {
            return self.clone();
        }
        Self {
            backend: Backend::Cpu,
            engine: Engine::Winograd,
            number: 0,
            device: Device::flex(),
            adapter: Adapter::cpu(),
            limits: Limits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_alone_is_left_to_the_cpu() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = Wanted {
            number: None,
            allow_software: true,
        };
        let (backend, engine) = (Backend::preferred(), Some(Engine::Burn));
        let context = ComputeContext::new(backend, engine, wanted, folder.path()).unwrap();
        let mut recipe = recipe::Recipe::default().backbone;
        for (unfreeze, backend, expected) in [
            ("none", Backend::Cpu, (Backend::Cpu, Engine::Burn)),
            ("none", Backend::Cuda, (Backend::Cpu, Engine::Winograd)),
            ("block5", Backend::Cpu, (Backend::Cpu, Engine::Burn)),
            ("block5", Backend::Cuda, (Backend::Cuda, Engine::Burn)),
        ] {
            recipe.unfreeze = serde_json::from_value(unfreeze.into()).unwrap();
            let context = ComputeContext {
                backend,
                ..context.clone()
            };
            let head = context.of_head(recipe);
            assert_eq!(
                (head.backend, head.engine),
                expected,
                "{unfreeze} {backend}"
            );
        }
    }
}
