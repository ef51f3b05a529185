//! A comparison as text, for a person at a terminal.

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::Comparison;
use super::origin::short;
use crate::Language;
use crate::template::fill;

/// Runs side by side as text.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let letters: Vec<String> = (0..comparison.runs.len()).map(letter).collect();
    let short = Value::from_function(shown);
    let context = context! { letters, short, ..Value::from(Serde(comparison)) };
    let text = fill(include_str!("text.txt"), &context, Language::En);
    text.trim_end().to_owned()
}

/// `A` for the first run; numbers after `Z`.
fn letter(place: usize) -> String {
    match u8::try_from(place) {
        Ok(place @ ..26) => char::from(b'A' + place).to_string(),
        _ => (place + 1).to_string(),
    }
}

/// A value that differs: hashes, of files or of commits, in short.
fn shown(value: Option<&str>) -> String {
    let is_hash =
        |text: &str| text.len() >= 40 && text.bytes().take(40).all(|byte| byte.is_ascii_hexdigit());
    match value {
        Some(hash) if is_hash(hash) => short(hash),
        value => value.unwrap_or("-").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Compared, Difference, Pair, Verdict};
    use crate::{Evaluation, Figures, Paired};

    #[test]
    fn letters_then_numbers() {
        let letters = [0, 25, 26, 1000].map(letter);
        assert_eq!(letters, ["A", "Z", "27", "1001"]);
    }

    #[test]
    fn hashes_are_shortened_and_names_are_not() {
        let hash = "ab".repeat(32);
        let values = [Some(&*hash), Some("winograd 1"), None].map(shown);
        assert_eq!(values, ["abababababab", "winograd 1", "-"]);
    }

    /// Three runs of one image, of which only the second differs.
    fn three(pairs: Vec<Pair>) -> String {
        let figures = |n: usize| {
            let right = Evaluation::new(&vec![0; n], &[1.0, 0.0].repeat(n), 2).unwrap();
            Figures::from(&right)
        };
        let run = |name: &str, test: Option<usize>| Compared {
            name: name.into(),
            train: figures(4),
            validation: None,
            test: test.map(figures),
            seconds: 1.26,
        };
        comparison(&Comparison {
            runs: vec![run("one", Some(2)), run("two", None), run("three", Some(2))],
            recipe: Vec::new(),
            origin: vec![Difference {
                key: "commit".into(),
                values: vec![None, Some("ab".repeat(20)), None],
            }],
            pairs,
        })
    }

    fn paired(first: usize, second: usize, paired: Paired) -> Pair {
        Pair {
            first,
            second,
            verdict: Verdict::Paired(paired),
        }
    }

    #[test]
    fn runs_stand_side_by_side_with_what_their_pairs_say() {
        let same = [true; 998];
        let text = three(vec![
            paired(0, 1, Paired::new(&same, &same)),
            Pair {
                first: 0,
                second: 2,
                verdict: Verdict::NotComparable("because".into()),
            },
            paired(
                1,
                2,
                Paired::new(&[true, true, false, false], &[true, false, true, true]),
            ),
        ]);
        assert_eq!(text, include_str!("text.expected.txt").trim_end());
    }

    #[test]
    fn one_pair_needs_no_warning() {
        let text = three(vec![paired(0, 1, Paired::new(&[true], &[true]))]);
        assert!(!text.contains("Each p is"), "{text}");
    }
}
