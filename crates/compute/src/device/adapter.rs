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

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The processor, without a graphics interface between.
    Processor,
    /// A card with memory of its own.
    Discrete,
    /// A card that shares the processor's memory.
    Integrated,
    /// A share of a card, in a virtual machine.
    Virtual,
    /// A card that does not say what it is.
    Other,
    /// A program that behaves like a card, such as `SwiftShader` or lavapipe: slow.
    Software,
}

impl Adapter {
    /// The processor.
    #[must_use]
    pub fn processor() -> Self {
        Self {
            name: graft_environment::processor().unwrap_or_else(|| "processor".into()),
            driver: None,
            kind: Kind::Processor,
        }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, driver, kind } = self;
        write!(formatter, "{name} ({kind}")?;
        match driver {
            Some(driver) => write!(formatter, ", driver {driver})"),
            None => write!(formatter, ")"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Processor => "processor",
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Other => "other",
            Self::Software => "software",
        })
    }
}
