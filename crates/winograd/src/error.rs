//! What can be wrong with the layers, or with the images given to them.

/// Why layers do not make a stack, or why a stack does not take some images.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A layer without input or output channels.
    #[error(
        "a layer of {input} input and {output} output channels was asked for; both must be at least 1"
    )]
    NoChannels {
        /// Input channels.
        input: usize,
        /// Output channels.
        output: usize,
    },
    /// A slice whose length does not agree with its shape.
    #[error("the {what} should hold {expected} numbers ({shape}), but {found} were given")]
    Length {
        /// Weights, bias or images.
        what: &'static str,
        /// The shape in words.
        shape: String,
        /// The product of the shape.
        expected: usize,
        /// The length of the slice.
        found: usize,
    },
    /// A stack without layers.
    #[error("a stack needs at least one layer")]
    NoLayers,
    /// Two consecutive layers that do not fit.
    #[error("layer {layer} takes {takes} channels, but the layer before it yields {given}")]
    Mismatch {
        /// The later of the two, counted from 0.
        layer: usize,
        /// Its input channels.
        takes: usize,
        /// The output channels of the layer before.
        given: usize,
    },
    /// A map with nothing in it, or too small for the pool that follows.
    #[error(
        "layer {layer} would work on maps of {height}x{width}, but needs at least {least}x{least}; \
         give larger images"
    )]
    TooSmall {
        /// The layer, counted from 0.
        layer: usize,
        /// Rows of its input.
        height: usize,
        /// Columns of its input.
        width: usize,
        /// 2 where the layer pools, otherwise 1.
        least: usize,
    },
    /// An output was asked for that the stack does not have.
    #[error(
        "the output of layer {layer} was asked for, but the stack has {layers} layers, counted from 0"
    )]
    NoSuchLayer {
        /// The layer asked for.
        layer: usize,
        /// How many there are.
        layers: usize,
    },
}
