//! `graft lab` as it is typed.

use clap::Args;

use super::{ComputeArguments, Outside};

/// The name that runs all labs that come with graft.
pub(crate) const ALL: &str = "all";

/// `graft lab`
#[derive(Debug, Args)]
pub(crate) struct Lab {
    /// Which experiment: small-data, preprocessing, boundary, learning-rate, validation, a file's
    /// name in recipes/labs, or the path of a .toml file; all runs the first five
    #[arg(default_value = ALL, value_name = "NAME|FILE")]
    pub(crate) name: String,
    /// Change the data or the seed, such as data.limit=2000; everything else is in the lab's file
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
