//! A run as TensorBoard shows it: `tensorboard --logdir runs`.
//!
//! Event files are our own few lines over `prost`, `crc32c` and `png`: of the crates that write
//! them, `tensorboard-rs` and `tfrecord` are no longer kept and bring old copies of `image` and
//! `protobuf`, and `tboard` needs a protobuf compiler to build.

mod canvas;
mod events;
mod file;
mod frame;
mod matrix;
mod message;

pub use events::Events;
pub use file::EventFile;
