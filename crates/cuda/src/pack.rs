//! Weights and biases as the kernels take them.

use graft_backbone::Convolution;
use graft_network::{IMAGE_CHANNELS, KERNEL};
use graft_recipe::Precision;
use half::{bf16, f16};
use rayon::prelude::*;

use crate::Error;
use crate::kernels::STEP;

/// Bytes of a value.
pub(crate) fn size(precision: Precision) -> usize {
    match precision {
        Precision::F32 => 4,
        Precision::F16 | Precision::Bf16 => 2,
    }
}

/// Bytes of a pixel that comes into a convolution of `[in, out]` channels: an image's comes with all its
/// neighbours.
///
/// # Errors
/// When the kernels do not take such a convolution.
pub(crate) fn pixel([input, output]: [usize; 2], precision: Precision) -> Result<usize, Error> {
    let bytes = match input {
        IMAGE_CHANNELS => STEP,
        _ => input * size(precision),
    };
    if bytes % STEP == 0 && output % 64 == 0 {
        return Ok(bytes);
    }
    let from = STEP / size(precision);
    Err(Error::Channels {
        from,
        input,
        output,
    })
}

/// The weights of a convolution, rounded: `[out, 3, 3, in]`, and for images zeros up to [`STEP`] bytes.
pub(crate) fn weights(convolution: &Convolution, precision: Precision) -> Vec<u8> {
    let [input, output] = convolution.channels;
    let (taps, size) = (KERNEL[0] * KERNEL[1], size(precision));
    let row = if input == IMAGE_CHANNELS {
        STEP
    } else {
        taps * input * size
    };
    let mut bytes = vec![0; output * row];
    let rows = bytes.par_chunks_exact_mut(row);
    let weights = convolution.weight.par_chunks_exact(input * taps);
    rows.zip(weights).for_each(|(row, weights)| {
        for (place, bytes) in row.chunks_exact_mut(size).take(taps * input).enumerate() {
            let value = weights[place % input * taps + place / input];
            match precision {
                Precision::F32 => bytes.copy_from_slice(&tf32(value).to_le_bytes()),
                Precision::F16 => bytes.copy_from_slice(&f16::from_f32(value).to_le_bytes()),
                Precision::Bf16 => bytes.copy_from_slice(&bf16::from_f32(value).to_le_bytes()),
            }
        }
    });
    bytes
}

/// Rounded to the 11 bits that tensor cores take of f32, as `cvt.rna.tf32.f32` does: half away from zero.
fn tf32(value: f32) -> f32 {
    f32::from_bits(value.to_bits().wrapping_add(1 << 12) & !((1 << 13) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_to_eleven_bits() {
        for (value, expected) in [
            (1.0, 1.0),
            (-0.5, -0.5),
            // 2^-11 is half of the last place of 1.
            (1.0 + 2.0_f32.powi(-11), 1.0 + 2.0_f32.powi(-10)),
            (-1.0 - 2.0_f32.powi(-11), -1.0 - 2.0_f32.powi(-10)),
            (1.0 + 2.0_f32.powi(-12), 1.0),
            (2.0 - 2.0_f32.powi(-20), 2.0),
        ] {
            assert_eq!(tf32(value).to_bits(), f32::to_bits(expected), "{value}");
        }
    }

    #[test]
    fn weights_are_packed_by_output_neighbour_and_input() {
        let convolution = |input: usize| Convolution {
            channels: [input, 64],
            weight: (0..64 * input * 9)
                .map(|at| f32::from(u16::try_from(at % 2000).unwrap()))
                .collect(),
            bias: vec![0.0; 64],
        };
        for (input, precision) in [
            (3, Precision::F32),
            (3, Precision::F16),
            (64, Precision::F32),
            (64, Precision::Bf16),
        ] {
            let bytes = weights(&convolution(input), precision);
            let row = bytes.len() / 64;
            assert_eq!(row % STEP, 0);
            let size = size(precision);
            let at = |output: usize, tap: usize, channel: usize| {
                let place = output * row + (tap * input + channel) * size;
                match (precision, &bytes[place..place + size]) {
                    (Precision::F16, bytes) => {
                        f16::from_le_bytes(bytes.try_into().unwrap()).to_f32()
                    }
                    (Precision::Bf16, bytes) => {
                        bf16::from_le_bytes(bytes.try_into().unwrap()).to_f32()
                    }
                    (Precision::F32, bytes) => f32::from_le_bytes(bytes.try_into().unwrap()),
                }
            };
            for (output, tap, channel) in [(0, 0, 0), (0, 8, 2), (1, 0, 1), (63, 4, 2)] {
                let index = (output * input + channel) * 9 + tap;
                let value = f32::from(u16::try_from(index % 2000).unwrap());
                let expected = match precision {
                    Precision::F32 => value,
                    Precision::F16 => f16::from_f32(value).to_f32(),
                    Precision::Bf16 => bf16::from_f32(value).to_f32(),
                };
                assert_eq!(
                    at(output, tap, channel).to_bits(),
                    expected.to_bits(),
                    "{input} {precision} {output} {tap} {channel}"
                );
            }
            assert_eq!(pixel([input, 64], precision).unwrap() % STEP, 0);
        }
        assert!(pixel([3, 32], Precision::F32).is_err());
        assert!(pixel([32, 64], Precision::F16).is_err());
    }
}
