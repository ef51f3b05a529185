//! `graft serve` as it is typed.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;

use super::{ComputeArguments, Outside};

/// `graft serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// A run's name or folder; the newest complete one by default
    pub(crate) run: Option<PathBuf>,
    /// The port to listen on; 0 for any free one
    #[arg(long, default_value_t = 8000)]
    pub(crate) port: u16,
    /// The IP address to listen on: 0.0.0.0 lets other machines connect, by an address with a token that
    /// is printed
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub(crate) host: IpAddr,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
}
