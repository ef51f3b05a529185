//! What differs in how runs were made.

use serde::Serialize;
use toml::Value;

use crate::recipe::{SEED, flat};
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

/// The keys of the recipes that differ. A key that a recipe does not have, because it is younger than
/// the run, has its default.
pub(super) fn recipe(runs: &[Record]) -> Vec<Difference> {
    let tables: Vec<_> = runs.iter().map(|run| flat(&run.recipe)).collect();
    let mut keys: Vec<&String> = Vec::new();
    for (key, _) in tables.iter().flatten() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let seed = SEED.parse().unwrap_or_default();
    let defaults = flat(&seed);
    let value = |table: &[(String, &Value)], key: &String| {
        let mut all = table.iter().chain(&defaults);
        let (_, value) = all.find(|(name, _)| name == key)?;
        Some(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tests::record::record;

    #[test]
    fn a_key_that_is_younger_than_a_run_has_its_default() {
        let mut runs = [record(), record()];
        for (run, text) in runs.iter_mut().zip(["", "[training]\nclip_norm = 0.0"]) {
            run.recipe = text.parse().unwrap();
        }
        assert_eq!(recipe(&runs), []);
        runs[1].recipe = "[training]\nclip_norm = 2.0".parse().unwrap();
        let values = ["0.0", "2.0"].map(|value| Some(value.to_owned()));
        assert_eq!(recipe(&runs)[0].values, values);
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
