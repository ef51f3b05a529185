//! `graft cache`

use graft_dataset::Preprocessing;

use super::{graft, shown};
use crate::cli::Cache;
use crate::output::{self, size};
use anyhow::Error;
use graft_environment::Paths;
use graft_features::{Content, Listed, clear, list};

pub(super) fn run(verb: &Cache, paths: &Paths) -> Result<(), Error> {
    let folder = paths.cache();
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
    let (path, bytes) = (shown(&entry.path), size(entry.bytes));
    let key = match &entry.content {
        Content::Entry(key) => key,
        Content::Pictures => return format!("{path}  {bytes}  prepared pictures"),
        Content::Useless => {
            return format!("{path}  {bytes}  damaged or of another version: of no use");
        }
        Content::Partial => {
            return format!(
                "{path}  {bytes}  part of an entry; the same command computes the rest"
            );
        }
    };
    let Preprocessing {
        fit,
        scaling,
        size: side,
    } = key.preprocessing;
    let view = key.view.as_ref();
    let view = view.map_or(String::new(), |view| format!(" in view {}", view.number));
    format!(
        "{path}  {bytes}  {} images{view}, {side}x{side} {fit:?} {scaling:?}, {}, {}, {}",
        key.count, key.boundary, key.backend, key.engine,
    )
}
