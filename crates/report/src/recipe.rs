//! A recipe as a list of keys and values.

use toml::{Table, Value};

/// The seed recipe: every key with its default, explained in a comment behind it.
pub(crate) const SEED: &str = include_str!("../../../recipes/seed.toml");

/// Every value of a recipe by its key in full, such as `training.adam.beta_1`.
pub(crate) fn flat(recipe: &Table) -> Vec<(String, &Value)> {
    let entries = recipe.iter().flat_map(|(key, value)| match value {
        Value::Table(section) => {
            let entries = flat(section).into_iter();
            entries
                .map(|(rest, value)| (format!("{key}.{rest}"), value))
                .collect()
        }
        value => vec![(key.clone(), value)],
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_in_full() {
        let table: Table = "a = 1\n[b]\nc = 'x'\n[b.d]\ne = 0.5".parse().unwrap();
        let shown = |(key, value): (String, &Value)| format!("{key} {value}");
        let flat: Vec<String> = flat(&table).into_iter().map(shown).collect();
        assert_eq!(flat, ["a 1", "b.c \"x\"", "b.d.e 0.5"]);
    }
}
