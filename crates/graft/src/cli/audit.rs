//! `graft audit`

use std::path::PathBuf;

use clap::Args;

use super::{ComputeArguments, Outside, RecipeArguments};

/// `graft audit`
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Take the recipe of this run: its images, and heads that learn as its did
    #[arg(conflicts_with_all = ["recipe", "set"])]
    pub(crate) run: Option<PathBuf>,
    /// Which images, and the heads that judge them.
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Parts that the training images are dealt into; each is judged by a head that learned from all others
    #[arg(long, default_value_t = 5, value_name = "NUMBER")]
    pub(crate) folds: usize,
    /// Open the test images too, and judge their labels
    #[arg(long)]
    pub(crate) test: bool,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}
