//! One hash over every parameter of a module, as it is in memory now.

use std::io::Write;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bool, Int, Tensor, TensorData};
use graft_durable::Hashing;

use crate::Error;

/// The SHA-256 over name, shape and bytes of every parameter, in the module's order.
///
/// # Errors
/// When the device does not give a parameter back.
pub(crate) fn fingerprint(module: &impl Module) -> Result<String, Error> {
    let mut visitor = Fingerprint::default();
    module.visit(&mut visitor);
    match visitor.error {
        Some(error) => Err(error),
        None => Ok(visitor.hashing.finish()),
    }
}

#[derive(Default)]
struct Fingerprint {
    /// The names of the modules that the visitor is in.
    path: Vec<String>,
    hashing: Hashing,
    error: Option<Error>,
}

impl Fingerprint {
    fn add<E: ToString>(&mut self, data: Result<TensorData, E>) {
        let tensor = self.path.join(".");
        match data {
            Ok(data) => {
                let head = format!(
                    "{tensor} {:?} {:?}\n",
                    data.dtype(),
                    data.shape().as_slice()
                );
                // Hashing what is in memory cannot fail.
                let _ = self.hashing.write_all(head.as_bytes());
                let _ = self.hashing.write_all(data.as_bytes());
            }
            Err(error) => {
                self.error.get_or_insert(Error::Device {
                    tensor,
                    message: error.to_string(),
                });
            }
        }
    }
}

impl ModuleVisitor for Fingerprint {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.add(param.val().try_into_data());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.add(param.val().try_into_data());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.add(param.val().try_into_data());
    }
}
