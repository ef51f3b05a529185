//! `graft lab` as it is typed.

use clap::Args;

use super::{ComputeArguments, Outside};

/// `graft lab`
#[derive(Debug, Args)]
pub struct Lab {
    /// Which experiment: small-data, preprocessing, boundary, learning-rate, validation, one of the
    /// files in recipes/labs, or the path of a .toml file; all runs the five
    #[arg(default_value = ALL, value_name = "NAME|FILE")]
    pub name: String,
    /// Change the data or the seed, such as data.limit=2000; everything else is in the lab's file
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// What computes.
    #[command(flatten)]
    pub compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
    /// Print one JSON object a lab instead of a table and what it found
    #[arg(long)]
    pub json: bool,
}

/// The name that runs all labs that come with graft.
pub const ALL: &str = "all";
