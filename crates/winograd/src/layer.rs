//! One convolution with its bias, `ReLU` and optional pool.

use std::sync::OnceLock;

use crate::error::Error;
use crate::isa::Isa;
use crate::lanes::{LANES, Lanes};
use crate::packed::{Packed, fold};
use crate::tiles::{FEW_CHANNELS, Grid, Method};

/// A 3x3 convolution (stride 1, padding 1), its bias, `ReLU` and, if asked for, a 2x2 max-pool (stride 2;
/// an odd last row or column is dropped).
#[derive(Debug)]
pub struct Layer {
    input: usize,
    output: usize,
    pub(crate) pool: bool,
    /// As given, `[out, in, 3, 3]`.
    weights: Vec<f32>,
    pub(crate) bias: Vec<Lanes>,
    /// One for each [`Method`], made when a map first needs it.
    packed: [OnceLock<Packed>; 6],
    /// For images whose channels are all equal.
    pub(crate) folded: OnceLock<Packed>,
    pub(crate) isa: Isa,
}

impl Layer {
    /// A layer of `channels` `[in, out]` with weights `[out, in, 3, 3]` and bias `[out]`, as ONNX has them.
    ///
    /// # Errors
    ///
    /// [`Error::NoChannels`] or [`Error::Length`].
    pub fn new(
        weights: &[f32],
        bias: &[f32],
        channels: [usize; 2],
        pool: bool,
    ) -> Result<Self, Error> {
        let [input, output] = channels;
        if input == 0 || output == 0 {
            return Err(Error::NoChannels { input, output });
        }
        check("weights", weights, &[output, input, 3, 3])?;
        check("bias", bias, &[output])?;
        let block = |numbers: &[f32]| {
            let mut lanes = Lanes::ZERO;
            lanes.0[..numbers.len()].copy_from_slice(numbers);
            lanes
        };
        Ok(Self {
            input,
            output,
            pool,
            weights: weights.to_vec(),
            bias: bias.chunks(LANES).map(block).collect(),
            packed: [const { OnceLock::new() }; 6],
            folded: OnceLock::new(),
            isa: Isa::best(),
        })
    }

    /// Input and output channels.
    #[must_use]
    pub fn channels(&self) -> [usize; 2] {
        [self.input, self.output]
    }

    /// Whether a 2x2 max-pool follows.
    #[must_use]
    pub fn has_pool(&self) -> bool {
        self.pool
    }

    /// The weights as given, `[out, in, 3, 3]`.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// The bias as given, `[out]`.
    pub fn bias(&self) -> impl Iterator<Item = f32> {
        self.bias.iter().flat_map(|lanes| lanes.0).take(self.output)
    }

    /// Rows and columns of the output for an input of that many.
    pub(crate) fn output_size(&self, [height, width]: [usize; 2]) -> [usize; 2] {
        if self.pool {
            [height / 2, width / 2]
        } else {
            [height, width]
        }
    }

    /// Whether one channel may stand for several equal ones.
    pub(crate) fn folds(&self) -> bool {
        (2..=FEW_CHANNELS).contains(&self.input)
    }

    /// How maps of that size are computed; of an image that is `alone`, in the way that reads fewer weights.
    pub(crate) fn grid(&self, [height, width]: [usize; 2], alone: bool) -> Grid {
        let choose = if alone {
            Method::choose_alone
        } else {
            Method::choose
        };
        let method = choose(self.input, height, width, self.pool);
        Grid {
            method,
            height,
            width,
        }
    }

    /// Gives back the memory of weights that were transformed; they are transformed again when they are needed.
    pub(crate) fn release(&mut self) {
        (self.packed, self.folded) = ([const { OnceLock::new() }; 6], OnceLock::new());
    }

    /// Weights for `channels` channels by `method`; transformed now if that was not done before.
    /// That must not wait for other threads: one of them might be waiting for these weights.
    pub(crate) fn packed(&self, method: Method, channels: usize) -> &Packed {
        if channels == self.input {
            let packed = &self.packed[method as usize];
            return packed
                .get_or_init(|| Packed::new(method, &self.weights, [self.input, self.output]));
        }
        self.folded.get_or_init(|| {
            let folded = fold(&self.weights, self.input);
            Packed::new(Method::Im2col, &folded, [1, self.output])
        })
    }
}

/// Rows and columns of the output of layer `layer`, with a pool or without.
pub(crate) fn pooled_size(
    layer: usize,
    pool: bool,
    [height, width]: [usize; 2],
) -> Result<[usize; 2], Error> {
    let step = if pool { 2 } else { 1 };
    if height.min(width) < step {
        return Err(Error::TooSmall {
            layer,
            height,
            width,
            least: step,
        });
    }
    Ok([height / step, width / step])
}

/// Refuses a slice whose length is not the product of its shape.
pub(crate) fn check(what: &'static str, numbers: &[f32], shape: &[usize]) -> Result<(), Error> {
    let expected = shape
        .iter()
        .fold(1, |product: usize, n| product.saturating_mul(*n));
    let found = numbers.len();
    if found == expected {
        return Ok(());
    }
    let shape = shape
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" x ");
    Err(Error::Length {
        what,
        shape,
        expected,
        found,
    })
}
