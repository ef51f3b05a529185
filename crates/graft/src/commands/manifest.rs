//! `graft manifest`

use super::graft;
use crate::cli::Manifest;
use crate::output;
use anyhow::{Error, anyhow};
use graft_dataset::write_manifest;
use graft_environment::interrupt;
use graft_environment::progress::Progress;

pub(super) fn run(arguments: &Manifest) -> Result<(), Error> {
    let Manifest {
        source,
        to,
        skip_bad,
    } = arguments;
    let shown = to.display();
    if to.exists() {
        return Err(anyhow!(
            "{shown} is there already, and others may be computing by it; delete it, or give another name"
        ));
    }
    if to.extension().is_none_or(|extension| extension != "jsonl") {
        return Err(anyhow!(
            "{shown}: expected a name that ends in .jsonl, as that of a table in JSON lines does; give such a name"
        ));
    }
    interrupt::watch()?;
    let mut progress: Option<Progress> = None;
    let listed = write_manifest(source, to, *skip_bad, |total, more| {
        interrupt::go_on()?;
        let new = || Progress::new("pictures looked at", total);
        progress.get_or_insert_with(new).advance(more);
        Ok::<_, Error>(())
    })?;
    drop(progress);
    for why in &listed.left_out {
        tracing::warn!("left out: {why}");
    }
    output::line(&format!(
        "{} pictures of {} classes\n{shown}\n\nNext: {} extract --shard I/N --to FOLDER|URL --set data.source={shown}",
        listed.pictures,
        listed.classes.len(),
        graft(),
    ))
}
