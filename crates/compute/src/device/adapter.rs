//! What a device says of itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A device as its driver names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adapter {
    /// The device's name.
    pub name: String,
    /// The driver and its version, where they are known.
    pub driver: Option<String>,
    /// What it is.
    pub kind: Kind,
}

/// What a device is, the most capable first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The CPU, without a graphics interface between.
    Cpu,
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the CPU's memory.
    Integrated,
    /// A share of a GPU, in a virtual machine.
    Virtual,
    /// A GPU that does not say what it is.
    Other,
    /// A software renderer, such as `SwiftShader` or lavapipe: slow.
    Software,
}

impl Adapter {
    /// The CPU.
    #[must_use]
    pub fn cpu() -> Self {
        Self {
            name: graft_environment::cpu_name().unwrap_or_else(|| "CPU".into()),
            driver: None,
            kind: Kind::Cpu,
        }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, driver, kind } = self;
        let kind = format!("{kind:?}").to_lowercase();
        write!(formatter, "{name} ({kind}")?;
        match driver {
            Some(driver) => write!(formatter, ", driver {driver})"),
            None => write!(formatter, ")"),
        }
    }
}
