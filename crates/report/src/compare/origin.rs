//! What differs in how runs were made.

use serde::Serialize;
use toml::{Table, Value};

use crate::record::{Manifest, Record};

/// Something that is not the same in all runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is, such as `training.learning_rate`.
    pub key: String,
    /// A value a run, in their order; none where a run has nothing of that name.
    pub values: Vec<Option<String>>,
}

/// The first digits of a hash, enough to tell it from others.
pub(super) fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

/// The keys of the recipes that differ.
pub(super) fn recipe(runs: &[Record]) -> Vec<Difference> {
    let tables: Vec<_> = runs.iter().map(|run| flat("", &run.recipe)).collect();
    let mut keys: Vec<&String> = Vec::new();
    for (key, _) in tables.iter().flatten() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let value = |table: &[(String, String)], key: &String| {
        let found = table.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone())
    };
    let all = keys.into_iter().map(|key| Difference {
        key: key.clone(),
        values: tables.iter().map(|table| value(table, key)).collect(),
    });
    all.filter(differs).collect()
}

/// What else differs: data, weights, features, and what computed.
pub(super) fn origin(runs: &[Record]) -> Vec<Difference> {
    type Part = fn(&Manifest) -> Option<String>;
    let parts: [(&str, Part); 11] = [
        ("training images", |m| Some(m.data.images.clone())),
        ("training labels", |m| Some(m.data.labels.clone())),
        ("network", |m| Some(m.network.clone())),
        ("backbone weights", |m| Some(m.backbone.after.clone())),
        ("features", |m| Some(m.cache.sha256.clone())),
        ("backend", |m| Some(m.machine.backend.clone())),
        ("engine", |m| Some(m.machine.engine.clone())),
        ("burn", |m| m.machine.burn.clone()),
        ("rustc", |m| m.machine.rustc.clone()),
        ("graft", |m| Some(m.graft.clone())),
        ("commit", |m| m.commit.clone()),
    ];
    let all = parts.iter().map(|(key, part)| Difference {
        key: (*key).to_owned(),
        values: runs.iter().map(|run| part(&run.manifest)).collect(),
    });
    all.filter(differs).collect()
}

fn differs(difference: &Difference) -> bool {
    difference.values.windows(2).any(|two| two[0] != two[1])
}

/// A table's keys in full, such as `training.adam.beta_1`, with their values.
fn flat(prefix: &str, table: &Table) -> Vec<(String, String)> {
    let entries = table.iter().flat_map(|(key, value)| {
        let key = format!("{prefix}{key}");
        match value {
            Value::Table(table) => flat(&format!("{key}."), table),
            Value::String(text) => vec![(key, text.clone())],
            value => vec![(key, value.to_string())],
        }
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_in_full() {
        let table = "a = 1\n[b]\nc = 'x'\n[b.d]\ne = 0.5".parse().unwrap();
        let expected = [("a", "1"), ("b.c", "x"), ("b.d.e", "0.5")];
        assert_eq!(
            flat("", &table),
            expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn what_is_the_same_everywhere_is_no_difference() {
        let difference = |values: &[Option<&str>]| Difference {
            key: "k".into(),
            values: values
                .iter()
                .map(|value| value.map(str::to_owned))
                .collect(),
        };
        assert!(!differs(&difference(&[Some("a"), Some("a")])));
        assert!(!differs(&difference(&[None, None])));
        assert!(differs(&difference(&[Some("a"), Some("a"), Some("b")])));
        assert!(differs(&difference(&[Some("a"), None])));
    }
}
