//! Verbs that look after what graft keeps and needs.

use clap::{Args, Subcommand};

use super::Outside;
use graft_compute::Backend;

/// `graft cache`
#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// Show what is cached
    List,
    /// Delete all cached features
    Clear,
}

/// `graft doctor`
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// List the devices, and verify their results
    #[arg(long)]
    pub(crate) device: bool,
    /// The devices of one backend only; by default of all that were compiled in
    #[arg(long, value_enum)]
    pub(crate) backend: Option<Backend>,
    /// Also verify software renderers (slow)
    #[arg(long)]
    pub(crate) allow_software: bool,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Print one JSON array instead
    #[arg(long)]
    pub(crate) json: bool,
}
