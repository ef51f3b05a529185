//! Burn's records looked into before Burn takes them, for it panics on tensors that do not fit.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bytes, DType, Tensor};
use burn_pack::{Reader, Scalar};

use crate::trainable::Trainable;

/// Shapes of tensors, and their values, by name.
type ByName = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// What is in a burnpack record.
#[derive(Default)]
pub(super) struct Tensors {
    pub(super) of: ByName,
    pub(super) scalars: BTreeMap<String, Scalar>,
}

impl Tensors {
    /// Reads a record, all of it f32.
    ///
    /// # Errors
    /// What it holds instead.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let no = |error: burn_pack::Error| format!("expected a record of tensors, found {error}");
        let reader = Reader::from_bytes(Bytes::from_bytes_vec(bytes.to_vec())).map_err(no)?;
        let scalars = reader.scalars().clone();
        let mut of = BTreeMap::new();
        for tensor in reader.into_tensors().map_err(no)? {
            if tensor.dtype != DType::F32 || tensor.param_id.is_none() {
                let (name, dtype) = (tensor.name, tensor.dtype);
                return Err(format!(
                    "expected {name} of a parameter in F32, found {dtype:?}"
                ));
            }
            let shape = tensor.shape.as_slice().to_vec();
            let name = tensor.name.clone();
            let bytes = tensor.into_bytes().map_err(no)?;
            let (words, _) = bytes.as_chunks::<4>();
            let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
            of.insert(name, (shape, values));
        }
        Ok(Self { of, scalars })
    }

    /// Refuses values that are not finite.
    ///
    /// # Errors
    /// The first of them.
    pub(super) fn finite(&self) -> Result<(), String> {
        for (name, (_, values)) in &self.of {
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(format!("expected finite numbers, found {value} in {name}"));
            }
        }
        Ok(())
    }

    /// Refuses a record with other tensors or scalars, or with values that are not finite.
    ///
    /// # Errors
    /// What was expected, and what was found.
    pub(super) fn same_layout(&self, found: &Self) -> Result<(), String> {
        let layout = |tensors: &Self| {
            let shapes = tensors.of.iter();
            let shapes = shapes.map(|(name, (shape, _))| format!("{name} {shape:?}"));
            let scalars = tensors.scalars.iter();
            let scalars = scalars.map(|(name, value)| format!("{name} {value:?}"));
            shapes.chain(scalars).collect::<Vec<_>>()
        };
        let (expected, found_layout) = (layout(self), layout(found));
        if expected == found_layout {
            return found.finite();
        }
        let differs = expected.iter().zip(&found_layout).find(|(a, b)| a != b);
        Err(match differs {
            Some((expected, found)) => format!("expected {expected}, found {found}"),
            None => format!(
                "expected {} entries of the optimiser, found {}",
                expected.len(),
                found_layout.len()
            ),
        })
    }
}

/// The parameters of a module that learn: their numbers and shapes.
#[derive(Default)]
pub(super) struct Parameters(pub(super) BTreeMap<u64, Vec<usize>>);

impl Parameters {
    pub(super) fn of(module: &Trainable) -> Self {
        let mut parameters = Self::default();
        module.visit(&mut parameters);
        parameters
    }
}

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let shape = param.shape().as_slice().to_vec();
            self.0.insert(param.id.val(), shape);
        }
    }
}
