//! `graft cache`

use graft_dataset::Preprocessing;

use super::{graft, shown};
use crate::Error;
use crate::cache::{Listed, clear, list};
use crate::cli::Cache;
use crate::home::Home;
use crate::output::{self, size};

pub(super) fn run(verb: &Cache, home: &Home) -> Result<(), Error> {
    let folder = home.cache();
    let (entries, done) = match verb {
        Cache::List => (list(&folder)?, "in"),
        Cache::Clear => (clear(&folder)?, "deleted from"),
    };
    for entry in &entries {
        output::line(&describe(entry))?;
    }
    let total = size(entries.iter().map(|entry| entry.bytes).sum());
    output::line(&format!(
        "{} entries, {total}, {done} {}",
        entries.len(),
        shown(&folder)
    ))?;
    match verb {
        Cache::List => output::line(&format!("\nNext: {} cache clear", graft())),
        Cache::Clear => output::line(&format!("\nNext: {} train", graft())),
    }
}

fn describe(entry: &Listed) -> String {
    let Listed { path, bytes, key } = entry;
    let (path, bytes) = (shown(path), size(*bytes));
    let Some(key) = key else {
        return format!("{path}  {bytes}  damaged or of another version: of no use");
    };
    let Preprocessing {
        fit,
        scaling,
        size: side,
    } = key.preprocessing;
    format!(
        "{path}  {bytes}  {} images, {side}x{side} {fit:?} {scaling:?}, {}, {}, {}",
        key.count, key.boundary, key.backend, key.engine,
    )
}
