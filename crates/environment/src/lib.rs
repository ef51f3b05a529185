//! What surrounds a command: its folders, the signals that stop it, what it prints, the machine, and its threads.

mod error;
pub mod interrupt;
mod machine;
pub mod output;
mod paths;
pub mod progress;
mod threads;

pub use error::Error;
pub use machine::{available_memory, cpu_name, cpu_time, peak_memory};
pub use paths::Paths;
pub use threads::limit_threads;
