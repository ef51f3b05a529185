//! What can be wrong with the layers, or with the images given to them.

/// Why layers do not make a stack, or why a stack does not take some images.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    /// A layer without input or output channels.
    #[error(
        "a layer of {input} input and {output} output channels was asked for; both must be at least 1"
    )]
    NoChannels { input: usize, output: usize },
    /// A slice whose length is not the product of its shape.
    #[error("the {what} should hold {expected} numbers ({shape}), but {found} were given")]
    Length {
        what: &'static str,
        shape: String,
        expected: usize,
        found: usize,
    },
    /// A stack without layers.
    #[error("a stack needs at least one layer")]
    NoLayers,
    /// Two consecutive layers that do not fit; layers are counted from 0.
    #[error("layer {layer} takes {takes} channels, but the layer before it yields {given}")]
    Mismatch {
        layer: usize,
        takes: usize,
        given: usize,
    },
    /// A map with nothing in it, or too small for the pool that follows.
    #[error(
        "layer {layer} would work on maps of {height}x{width}, but needs at least {least}x{least}; \
         give larger images"
    )]
    TooSmall {
        layer: usize,
        height: usize,
        width: usize,
        least: usize,
    },
    /// An output was asked for that the stack does not have.
    #[error(
        "the output of layer {layer} was asked for, but the stack has {layers} layers, counted from 0"
    )]
    NoSuchLayer { layer: usize, layers: usize },
}
