//! TensorBoard's protobuf messages, as far as they are written here.
//!
//! Field numbers are those of `event.proto`, `summary.proto` and `tensor.proto` in TensorBoard's
//! sources. Of alternatives (`oneof`) exactly one is set.

use prost::Message;

/// What happened at a step: the file's version, or values.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    /// In seconds since 1970.
    #[prost(double, tag = "1")]
    pub(super) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(string, optional, tag = "3")]
    pub(super) file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    pub(super) summary: Option<Summary>,
}

/// Values.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<Value>,
}

/// A value with its name: a number, or a text in a tensor.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    /// `simple_value`.
    #[prost(float, optional, tag = "2")]
    pub(super) scalar: Option<f32>,
    #[prost(message, optional, tag = "8")]
    pub(super) tensor: Option<Tensor>,
    #[prost(message, optional, tag = "9")]
    pub(super) metadata: Option<Metadata>,
}

/// Texts; without a shape, one.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    #[prost(int32, tag = "1")]
    pub(super) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) shape: Option<Shape>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub(super) string_val: Vec<Vec<u8>>,
}

impl Tensor {
    /// `DT_STRING` of `types.proto`.
    pub(super) const STRING: i32 = 7;
}

/// No dimensions: a single value.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Shape {}

/// What shows a value.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    #[prost(message, optional, tag = "1")]
    pub(super) plugin_data: Option<Plugin>,
}

/// One of TensorBoard's pages, such as `text`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Plugin {
    /// `plugin_name`.
    #[prost(string, tag = "1")]
    pub(super) name: String,
}
