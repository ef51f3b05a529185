//! `graft lab` as it is typed.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::{ComputeArguments, Outside};
use graft_trainer::labs::Which;

/// `graft lab`
#[derive(Debug, Args)]
pub(crate) struct Lab {
    /// Which experiment
    #[arg(value_enum, default_value_t = LabName::All)]
    pub(crate) name: LabName,
    /// Change the data or the seed, such as data.limit=2000; everything else is the lab's own
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Print one JSON object a lab instead of a table and what it found
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which labs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LabName {
    /// One after the other
    All,
    /// One of them.
    One(Which),
}

impl LabName {
    /// The one that was asked for; none for all.
    #[must_use]
    pub(crate) fn which(self) -> Option<Which> {
        match self {
            Self::All => None,
            Self::One(which) => Some(which),
        }
    }
}

impl ValueEnum for LabName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [LabName; 6] = [
            LabName::One(Which::ALL[0]),
            LabName::One(Which::ALL[1]),
            LabName::One(Which::ALL[2]),
            LabName::One(Which::ALL[3]),
            LabName::One(Which::ALL[4]),
            LabName::All,
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::All => Some(PossibleValue::new("all").help("All five, one after the other")),
            Self::One(which) => which.to_possible_value(),
        }
    }
}
