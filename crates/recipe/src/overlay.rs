//! One table of keys laid over another. A key that is not there already is unknown, and the nearest
//! one that is there is suggested.

use toml::{Table, Value};

use crate::RecipeError;

/// How far a key may be from the one that is suggested for it (Jaro-Winkler, 1 is equal).
const SIMILAR: f64 = 0.7;

/// Lays `given` over `base`, refusing keys that `base` does not have.
pub(crate) fn overlay(
    base: &mut Table,
    given: Table,
    path: &str,
    origin: &str,
    known: &[String],
) -> Result<(), RecipeError> {
    for (key, value) in given {
        let full = join(path, &key);
        match (base.get_mut(&key), value) {
            (None, Value::Table(section)) => {
                // The first of its keys tells which section was meant.
                let first = keys(&section, &full).into_iter().next();
                return Err(unknown(origin, first.unwrap_or(full), known));
            }
            (None, _) => return Err(unknown(origin, full, known)),
            (Some(Value::Table(inner)), Value::Table(value)) => {
                overlay(inner, value, &full, origin, known)?;
            }
            (Some(Value::Table(_)), _) => {
                let origin = origin.to_owned();
                let reason =
                    format!("expected a section [{full}] with keys of its own, found a value");
                return Err(RecipeError::Type { origin, reason });
            }
            // TOML tells 1 from 1.0; a person does not.
            #[expect(clippy::cast_precision_loss, reason = "what the person meant")]
            (Some(Value::Float(old)), Value::Integer(value)) => *old = value as f64,
            (Some(old), value) => *old = value,
        }
    }
    Ok(())
}

/// Keys of earlier versions, and what to write instead.
const REPLACED: &[(&str, &str)] = &[(
    "head.standardise",
    "head.normalise = \"standardise\" for true, and \"none\" for false",
)];

fn unknown(origin: &str, key: String, known: &[String]) -> RecipeError {
    if let Some((_, instead)) = REPLACED.iter().find(|(replaced, _)| *replaced == key) {
        let origin = origin.to_owned();
        return RecipeError::Replaced {
            origin,
            key,
            instead,
        };
    }
    let distance = |candidate: &String| {
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let whole = strsim::jaro_winkler(&key, candidate);
        // A key in the wrong section is nearest to the same key in the right one.
        whole.max(strsim::jaro_winkler(&last(&key), &last(candidate)) - 0.01)
    };
    let nearest = known
        .iter()
        .map(|candidate| (distance(candidate), candidate));
    let nearest = nearest
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score > SIMILAR);
    let suggestion = nearest.map(|(_, candidate)| candidate.clone());
    RecipeError::UnknownKey {
        origin: origin.to_owned(),
        key,
        suggestion,
    }
}

/// All keys of a table, nested ones with dots.
pub(crate) fn keys(table: &Table, path: &str) -> Vec<String> {
    let values = values(table, path).into_iter();
    values.map(|(key, _)| key).collect()
}

/// All keys of a table, nested ones with dots, and their values.
pub(crate) fn values(table: &Table, path: &str) -> Vec<(String, Value)> {
    let nested = |(key, value): (&String, &Value)| {
        let full = join(path, key);
        match value {
            Value::Table(inner) => values(inner, &full),
            value => vec![(full, value.clone())],
        }
    };
    table.iter().flat_map(nested).collect()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
