//! Features as bytes on disk, and back.

use graft_recipe::Dtype;
use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

/// `values` as they are stored, little-endian; or the first that is too large for that.
pub(crate) fn encode(dtype: Dtype, values: &[f32]) -> Result<Vec<u8>, f32> {
    match dtype {
        Dtype::F32 => Ok(encode_f32(values)),
        Dtype::F16 => {
            let half = |value: &f32| match f16::from_f32(*value) {
                half if half.is_infinite() && value.is_finite() => Err(*value),
                half => Ok(half.to_le_bytes()),
            };
            let halves: Result<Vec<[u8; 2]>, f32> = values.iter().map(half).collect();
            halves.map(Vec::into_flattened)
        }
    }
}

/// `values` as they are stored in full, little-endian.
pub(crate) fn encode_f32(values: &[f32]) -> Vec<u8> {
    let words: Vec<[u8; 4]> = values.iter().map(|value| value.to_le_bytes()).collect();
    words.into_flattened()
}

/// Appends what `bytes` stand for.
pub(crate) fn decode(dtype: Dtype, bytes: &[u8], values: &mut Vec<f32>) {
    match dtype {
        Dtype::F32 => values.extend(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|word| f32::from_le_bytes(*word)),
        ),
        Dtype::F16 => {
            let bits: Vec<u16> = bytes
                .as_chunks()
                .0
                .iter()
                .map(|half| u16::from_le_bytes(*half))
                .collect();
            let start = values.len();
            values.resize(start + bits.len(), 0.0);
            bits.reinterpret_cast::<f16>()
                .convert_to_f32_slice(&mut values[start..]);
        }
    }
}

/// `values` as they come back from where they are stored; or the first that is too large for that.
pub(crate) fn rounded(dtype: Dtype, values: Vec<f32>) -> Result<Vec<f32>, f32> {
    if dtype == Dtype::F32 {
        return Ok(values);
    }
    let bytes = encode(dtype, &values)?;
    let mut values = Vec::with_capacity(values.len());
    decode(dtype, &bytes, &mut values);
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_can() {
        let values = [0.0, 1.0, 0.333_333_34, 65_504.0, 1e-8, -2.5];
        for (dtype, expected) in [
            (Dtype::F32, values),
            (Dtype::F16, [0.0, 1.0, 0.333_251_95, 65_504.0, 0.0, -2.5]),
        ] {
            let bytes = encode(dtype, &values).unwrap();
            assert_eq!(bytes.len(), values.len() * dtype.bytes());
            let mut back = vec![7.0];
            decode(dtype, &bytes, &mut back);
            assert_eq!(back[0].to_bits(), 7.0_f32.to_bits());
            assert_eq!(back[1..], expected, "{dtype:?}");
        }
    }

    #[test]
    fn too_large_is_refused_and_not_a_number_is_kept() {
        assert_eq!(encode(Dtype::F16, &[1.0, 70_000.0]), Err(70_000.0));
        let mut back = Vec::new();
        decode(
            Dtype::F16,
            &encode(Dtype::F16, &[f32::NAN]).unwrap(),
            &mut back,
        );
        assert!(back[0].is_nan());
    }
}
