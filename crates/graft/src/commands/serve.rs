//! `graft serve`

use std::net::SocketAddr;

use anyhow::Error;
use graft_environment::Paths;
use graft_runs::Run;
use graft_serve::{Config, Listening};
use graft_trainer::sources::Sources;
use graft_trainer::{Model, TrainingSet};

use super::{compute, shown};
use crate::cli::Serve;
use crate::output;

pub(super) fn run(arguments: &Serve, home: &Paths) -> Result<(), Error> {
    let run = Run::open(&home.runs(), arguments.run.as_deref())?;
    let served = shown(run.folder());
    let config = Config {
        address: SocketAddr::new(arguments.host, arguments.port),
        runs: home.runs(),
        corrections: home.corrections(),
    };
    let compute = compute(&arguments.compute, home)?;
    let (home, offline) = (home.clone(), arguments.outside.offline);
    let from = arguments.outside.from.clone();
    let (cached, given) = (home.clone(), from.clone());
    let load = move |run: &Run| {
        let mut sources = Sources::new(&home, offline, from.as_deref())?;
        Model::load(run, &compute, &mut sources)
    };
    let open = move |run: &Run| {
        let mut sources = Sources::new(&cached, offline, given.as_deref())?;
        TrainingSet::open(run, &cached, &mut sources, None)
    };
    let ready = |Listening { url, corrections }: &Listening| {
        let text = format!(
            "{served} at {url}\ncorrections are kept in {}\nstop with Ctrl-C",
            shown(corrections)
        );
        // That nobody reads it is no reason to stop.
        let _ = output::line(&text);
    };
    Ok(graft_serve::serve(config, run, load, open, ready)?)
}
