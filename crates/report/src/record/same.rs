//! Where two evaluations differ: one that was written down, and one computed again.

use serde_json::Value;

use crate::Evaluation;

/// The largest difference between a recorded figure and the one that the predictions give.
const TOLERANCE: f64 = 1e-9;

/// A figure that differs: its path, then both values.
pub(super) fn difference(
    recorded: &Evaluation,
    computed: &Evaluation,
) -> Result<Option<[String; 3]>, serde_json::Error> {
    let (recorded, computed) = (
        serde_json::to_value(recorded)?,
        serde_json::to_value(computed)?,
    );
    Ok(first("", &recorded, &computed))
}

fn first(path: &str, recorded: &Value, computed: &Value) -> Option<[String; 3]> {
    let differ = || Some([path.to_owned(), recorded.to_string(), computed.to_string()]);
    match (recorded, computed) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b);
            pairs.find_map(|((name, a), (_, b))| first(&below(path, name), a, b))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(index, (a, b))| first(&below(path, &index.to_string()), a, b))
        }
        (Value::Number(a), Value::Number(b)) => {
            let apart = a.as_f64().zip(b.as_f64()).map(|(a, b)| (a - b).abs());
            if apart.is_some_and(|apart| apart <= TOLERANCE) {
                None
            } else {
                differ()
            }
        }
        _ if recorded == computed => None,
        _ => differ(),
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change, and the figure that it is noticed at.
    type Case = (fn(&mut Evaluation), &'static str);

    #[test]
    fn every_figure_is_compared() {
        let computed = Evaluation::new(&[0, 1], &[2.0, 1.0, 0.5, 0.25], 2).unwrap();
        let with = |change: fn(&mut Evaluation)| {
            let mut recorded = computed.clone();
            change(&mut recorded);
            difference(&recorded, &computed).unwrap()
        };
        assert_eq!(with(|_| ()), None);
        assert_eq!(with(|recorded| recorded.loss += 1e-12), None);
        let cases: [Case; 4] = [
            (|recorded| recorded.loss += 1e-6, "loss"),
            (|recorded| recorded.recall[1] = None, "recall.1"),
            (|recorded| recorded.halves[0].n = 7, "halves.0.n"),
            (|recorded| recorded.calibration.truncate(3), "calibration"),
        ];
        for (change, path) in cases {
            assert_eq!(with(change).unwrap()[0], path);
        }
    }
}
