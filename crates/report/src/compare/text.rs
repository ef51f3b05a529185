//! A comparison as text, for a person at a terminal.

use super::{Compared, Comparison, Difference, Pair, Verdict};
use crate::table::table;
use crate::{Figures, Paired};

/// Runs side by side as text.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let runs = &comparison.runs;
    let names = runs.iter().enumerate();
    let names = names.map(|(place, run)| vec![letter(place), run.name.clone()]);
    let mut parts = vec![table(&names.collect::<Vec<_>>())];

    let mut rows = vec![row("", (0..runs.len()).map(letter))];
    let differences = comparison.recipe.iter().chain(&comparison.origin);
    rows.extend(differences.map(difference));
    rows.push(row(
        "trained on",
        each(runs, |run| run.train.share.n.to_string()),
    ));
    rows.extend(figures(runs, "train", |run| Some(&run.train)));
    rows.extend(figures(runs, "validation", |run| run.validation.as_ref()));
    let tested_on = |run: &Compared| run.test.as_ref().map(|test| test.share.n.to_string());
    rows.push(row(
        "tested on",
        each(runs, |run| tested_on(run).unwrap_or_else(|| "-".into())),
    ));
    rows.extend(figures(runs, "test", |run| run.test.as_ref()));
    rows.push(row(
        "seconds",
        each(runs, |run| format!("{:.1}", run.seconds)),
    ));
    parts.push(table(&rows));

    if comparison.recipe.is_empty() {
        parts.push("Their recipes are the same.".into());
    }
    parts.push(
        comparison
            .pairs
            .iter()
            .map(pair)
            .collect::<Vec<_>>()
            .join("\n"),
    );
    let paired = |pair: &&Pair| matches!(pair.verdict, Verdict::Paired(_));
    let tests = comparison.pairs.iter().filter(paired).count();
    if tests > 1 {
        parts.push(format!(
            "Each p is for its pair alone: among {tests} pairs, one below 0.05 by chance is likelier than 1 in 20."
        ));
    }
    parts.join("\n\n")
}

/// `A` for the first run; numbers after `Z`.
fn letter(place: usize) -> String {
    match u8::try_from(place) {
        Ok(place @ ..26) => char::from(b'A' + place).to_string(),
        _ => (place + 1).to_string(),
    }
}

fn row(name: &str, cells: impl IntoIterator<Item = String>) -> Vec<String> {
    [name.to_owned()].into_iter().chain(cells).collect()
}

fn each(runs: &[Compared], cell: impl Fn(&Compared) -> String) -> Vec<String> {
    runs.iter().map(cell).collect()
}

fn difference(difference: &Difference) -> Vec<String> {
    let shown = |value: &Option<String>| match value {
        Some(hash) if is_hash(hash) => super::origin::short(hash),
        Some(value) => value.clone(),
        None => "-".into(),
    };
    row(&difference.key, difference.values.iter().map(shown))
}

/// Whether a text is a hash, of a file or of a commit, which is shown in short.
fn is_hash(text: &str) -> bool {
    text.len() >= 40 && text.bytes().take(40).all(|byte| byte.is_ascii_hexdigit())
}

/// Accuracy and loss of one split.
fn figures<'a>(
    runs: &'a [Compared],
    split: &str,
    of: impl Fn(&'a Compared) -> Option<&'a Figures>,
) -> [Vec<String>; 2] {
    let cells = |show: fn(&Figures) -> String| -> Vec<String> {
        let shown = |run| of(run).map_or_else(|| "-".to_owned(), show);
        runs.iter().map(shown).collect()
    };
    [
        row(&format!("{split} accuracy"), cells(Figures::accuracy)),
        row(
            &format!("{split} loss"),
            cells(|figures| format!("{:.4}", figures.loss)),
        ),
    ]
}

fn pair(pair: &Pair) -> String {
    let (first, second) = (letter(pair.first), letter(pair.second));
    let paired = match &pair.verdict {
        Verdict::NotComparable(why) => return format!("{first} and {second}: {why}"),
        Verdict::Paired(paired) => paired,
    };
    let Paired {
        n,
        only_first,
        only_second,
        difference,
        low,
        high,
        p,
    } = paired;
    let points = |share: &f64| format!("{:+.2}", 100.0 * share);
    let p = if *p < 1e-4 {
        "below 0.0001".to_owned()
    } else {
        format!("{p:.4}")
    };
    let which = if only_first + only_second == 0 {
        "both are right on the same images".to_owned()
    } else {
        format!("only {first} is right on {only_first}, only {second} on {only_second}")
    };
    format!(
        "{second} against {first}, on the same {n} test images: {} points (95 % interval {} to {}), p {p} (McNemar, exact)\n  {which}",
        points(difference),
        points(low),
        points(high),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_then_numbers() {
        let letters = [0, 25, 26, 1000].map(letter);
        assert_eq!(letters, ["A", "Z", "27", "1001"]);
    }

    #[test]
    fn hashes_are_shortened_and_names_are_not() {
        let values = [Some("ab".repeat(32)), Some("winograd 1".to_owned()), None];
        let shown = difference(&Difference {
            key: "k".into(),
            values: values.to_vec(),
        });
        assert_eq!(shown, ["k", "abababababab", "winograd 1", "-"]);
    }

    #[test]
    fn pairs_that_cannot_be_compared_say_why() {
        let verdict = Verdict::NotComparable("because".into());
        let text = pair(&Pair {
            first: 0,
            second: 2,
            verdict,
        });
        assert_eq!(text, "A and C: because");
    }

    #[test]
    fn where_no_image_differs_that_is_said() {
        let same = [true; 998];
        let text = pair(&Pair {
            first: 0,
            second: 1,
            verdict: Verdict::Paired(Paired::new(&same, &same)),
        });
        for part in [
            "+0.00 points (95 % interval -0.28 to +0.28), p 1.0000",
            "both are right on the same images",
        ] {
            assert!(text.contains(part), "{part:?} is missing in {text}");
        }
    }

    #[test]
    fn a_difference_comes_with_its_interval() {
        let paired = Paired::new(&[true, true, false, false], &[true, false, true, true]);
        let text = pair(&Pair {
            first: 0,
            second: 1,
            verdict: Verdict::Paired(paired),
        });
        for part in [
            "B against A",
            "same 4",
            "+25.00 points",
            "only A is right on 1",
            "p 1.0000",
        ] {
            assert!(text.contains(part), "{part:?} is missing in {text}");
        }
    }
}
