//! A run as TensorBoard shows it: `tensorboard --logdir runs`.
//!
//! Event files are our own few lines over `crc32c`: of the crates that write them,
//! `tensorboard-rs` and `tfrecord` are no longer kept and bring an old copy of `protobuf`,
//! and `tboard` needs a protobuf compiler to build.

mod events;
mod file;
mod frame;
mod message;

pub use events::Events;
pub use file::EventFile;
