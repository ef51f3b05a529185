//! `graft plan` and `graft find-rate` as they are typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use graft_report::record;

use super::{ComputeArguments, Outside, RecipeArguments};

/// `graft plan`
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// What would be trained.
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// How the views of an augmentation pass the frozen blocks; by default as train would choose
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) augmentation: Option<ViewFeatures>,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// `graft find-rate`
#[derive(Debug, Args)]
pub(crate) struct FindRate {
    /// What would be trained.
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Where the picture of the curve goes
    #[arg(short, long, value_name = "FILE", default_value = "find-rate.svg")]
    pub(crate) output: PathBuf,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// How the views of an augmentation pass the frozen blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewFeatures {
    /// Each once, before training; they are cached
    Cached,
    /// Whenever an epoch sees them; they take no disk
    OnTheFly,
}

impl From<ViewFeatures> for record::ViewFeatures {
    fn from(how: ViewFeatures) -> Self {
        match how {
            ViewFeatures::Cached => Self::Cached,
            ViewFeatures::OnTheFly => Self::OnTheFly,
        }
    }
}
