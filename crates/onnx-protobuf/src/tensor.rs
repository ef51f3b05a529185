//! Tensors whose elements agree with their shape.

use bytes::Bytes;

use crate::tensor_proto::{DataLocation, DataType};
use crate::{Error, TensorProto};

/// The most dimensions of a tensor; weights have four.
pub const MAX_DIMENSIONS: usize = 32;

/// A dense tensor of 32-bit floats.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatTensor {
    dims: Vec<usize>,
    bytes: Bytes,
}

impl FloatTensor {
    /// The tensor of shape `dims` with the given elements: row-major, little-endian; or `None` when
    /// their number does not fit the shape.
    #[must_use]
    pub fn new(dims: Vec<usize>, bytes: Bytes) -> Option<Self> {
        let mut sizes = dims.iter();
        // None where that is more than there can be.
        let expected = sizes.try_fold(size_of::<f32>(), |bytes, dim| bytes.checked_mul(*dim));
        (expected == Some(bytes.len())).then_some(Self { dims, bytes })
    }

    /// The tensor of shape `dims` with these elements, row-major; or `None` when their number does not
    /// fit the shape.
    #[must_use]
    pub fn of(dims: Vec<usize>, values: impl IntoIterator<Item = f32>) -> Option<Self> {
        Self::new(
            dims,
            values.into_iter().flat_map(f32::to_le_bytes).collect(),
        )
    }

    /// A tensor of the same shape: `change` gives each element from its place and its value here.
    #[must_use]
    pub fn map(&self, change: impl Fn(usize, f32) -> f32) -> Self {
        let values = self.values().enumerate();
        Self {
            dims: self.dims.clone(),
            bytes: values
                .flat_map(|(at, value)| change(at, value).to_le_bytes())
                .collect(),
        }
    }

    /// A vector of `length` zeros.
    #[must_use]
    pub fn zeros(length: usize) -> Self {
        Self {
            dims: vec![length],
            bytes: vec![0; size_of::<f32>() * length].into(),
        }
    }

    /// The shape.
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The elements, row-major, four little-endian bytes each.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The elements, row-major.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        let (elements, _) = self.bytes.as_chunks();
        elements.iter().copied().map(f32::from_le_bytes)
    }
}

impl TensorProto {
    /// The shape.
    ///
    /// # Errors
    /// When a dimension is negative or immense, or there are more than [`MAX_DIMENSIONS`].
    pub fn shape(&self) -> Result<Vec<usize>, Error> {
        let found = self.dims.len();
        if found > MAX_DIMENSIONS {
            let problem = format!("expected at most {MAX_DIMENSIONS} dimensions, found {found}");
            return Err(self.refuse(problem));
        }
        let dims = self.dims.iter().map(|dim| usize::try_from(*dim));
        dims.collect::<Result<_, _>>()
            .map_err(|_| self.refuse(format!("a shape of {:?}", self.dims)))
    }

    /// The elements of a tensor of 32-bit floats.
    ///
    /// # Errors
    /// When it has other elements, has them in another file (which is not opened), has them twice,
    /// or has more or fewer than its shape says.
    pub fn floats(&self) -> Result<FloatTensor, Error> {
        let is_external =
            self.data_location() == DataLocation::External || !self.external_data.is_empty();
        let problem = if is_external {
            "its elements are external data, in another file; save the model as one file, with its data inside (in Python: onnx.save(onnx.load(FILE), NEW))".into()
        } else if self.data_type != i32::from(DataType::Float) {
            let found = DataType::try_from(self.data_type).map_or_else(
                |_| format!("the unknown type {}", self.data_type),
                |known| known.as_str_name().to_owned(),
            );
            format!(
                "expected elements of type FLOAT (single precision), found {found}{}",
                precision(self.data_type)
            )
        } else if self.raw_data.is_some() && !self.float_data.is_empty() {
            "its elements are both in raw_data and float_data".into()
        } else {
            let typed = self.float_data.iter().copied();
            let bytes = match &self.raw_data {
                Some(raw) => raw.clone(),
                None => typed.flat_map(f32::to_le_bytes).collect(),
            };
            let found = bytes.len();
            match FloatTensor::new(self.shape()?, bytes) {
                Some(tensor) => return Ok(tensor),
                None => format!(
                    "expected the elements of shape {:?}, found {found} bytes",
                    self.dims
                ),
            }
        };
        Err(self.refuse(problem))
    }

    fn refuse(&self, problem: String) -> Error {
        Error::Tensor {
            name: self.name.chars().take(100).collect(),
            problem,
        }
    }
}

/// The name of another precision, with what to do about it.
fn precision(data_type: i32) -> String {
    let name = match DataType::try_from(data_type) {
        Ok(DataType::Float16 | DataType::Bfloat16) => "half",
        Ok(DataType::Double) => "double",
        _ => return String::new(),
    };
    format!(" ({name} precision); export the model in single precision, float32")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StringStringEntryProto;
    use proptest::prelude::*;

    /// A valid tensor: [[1, 2], [3, 4]].
    fn tensor() -> TensorProto {
        let elements = [1.0_f32, 2.0, 3.0, 4.0];
        let bytes: Vec<u8> = elements.iter().flat_map(|x| x.to_le_bytes()).collect();
        TensorProto {
            name: "w".into(),
            dims: vec![2, 2],
            data_type: DataType::Float.into(),
            raw_data: Some(bytes.into()),
            ..TensorProto::default()
        }
    }

    #[test]
    fn raw_and_typed_elements_are_the_same() {
        let raw = tensor();
        let typed = TensorProto {
            raw_data: None,
            float_data: vec![1.0, 2.0, 3.0, 4.0],
            ..tensor()
        };
        assert_eq!(raw.floats().unwrap(), typed.floats().unwrap());
        assert!(raw.floats().unwrap().values().eq([1.0, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn refusals_name_tensor_and_reason() {
        let change = |change: fn(&mut TensorProto)| {
            let mut tensor = tensor();
            change(&mut tensor);
            tensor
        };
        let cases = [
            (
                change(|t| t.dims = vec![2, 3]),
                "shape [2, 3], found 16 bytes",
            ),
            (change(|t| t.dims = vec![-2, -2]), "a shape of [-2, -2]"),
            (
                change(|t| t.dims = vec![1; 33]),
                "at most 32 dimensions, found 33",
            ),
            (change(|t| t.dims = vec![i64::MAX; 3]), "found 16 bytes"),
            // 2^64 elements: their number wraps around to none.
            (
                change(|t| {
                    t.dims = vec![1 << 32; 2];
                    t.raw_data = Some(Bytes::new());
                }),
                "found 0 bytes",
            ),
            (
                change(|t| t.raw_data = Some(Bytes::from_static(&[0; 15]))),
                "found 15 bytes",
            ),
            (change(|t| t.raw_data = None), "found 0 bytes"),
            (change(|t| t.float_data = vec![1.0; 4]), "both"),
            (
                change(|t| t.data_type = 10),
                "found FLOAT16 (half precision); export the model in single precision",
            ),
            (
                change(|t| t.data_type = 16),
                "found BFLOAT16 (half precision)",
            ),
            (
                change(|t| t.data_type = 11),
                "found DOUBLE (double precision); export",
            ),
            (change(|t| t.data_type = 99), "found the unknown type 99"),
            (change(|t| t.data_type = 0), "found UNDEFINED"),
            (
                change(|t| t.set_data_location(DataLocation::External)),
                "external data, in another file; save the model as one file",
            ),
            (
                change(|t| t.external_data = vec![StringStringEntryProto::default()]),
                "external data, in another file; save the model as one file",
            ),
        ];
        for (tensor, expected) in cases {
            let error = tensor.floats().unwrap_err().to_string();
            assert!(error.contains(r#"tensor "w""#), "{error}");
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }

    proptest! {
        #[test]
        fn a_view_has_as_many_elements_as_its_shape(
            dims in prop::collection::vec(-1_i64..5, 0..4),
            bytes in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let tensor = TensorProto { dims: dims.clone(), raw_data: Some(bytes.into()), ..tensor() };
            if let Ok(view) = tensor.floats() {
                prop_assert_eq!(i64::try_from(view.values().len()).unwrap(), dims.iter().product::<i64>());
            }
        }
    }
}
