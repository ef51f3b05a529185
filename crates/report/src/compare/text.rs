//! A comparison as text, for a person at a terminal.

use super::{Compared, Comparison, Difference, Pair, Verdict};
use crate::table::table;
use crate::{Figures, Paired};

/// Runs side by side as text.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let runs = &comparison.runs;
    let names = runs.iter().enumerate();
    let names: Vec<_> = names
        .map(|(place, run)| vec![letter(place), run.name.clone()])
        .collect();
    let mut parts = vec![table(&names), table(&rows(comparison))];
    if comparison.recipe.is_empty() {
        parts.push("Their recipes are the same.".into());
    }
    let pairs: Vec<String> = comparison.pairs.iter().map(pair).collect();
    parts.push(pairs.join("\n"));
    let paired = |pair: &&Pair| matches!(pair.verdict, Verdict::Paired(_));
    let tests = comparison.pairs.iter().filter(paired).count();
    if tests > 1 {
        parts.push(format!(
            "Each p is for its pair alone: with {tests} pairs, the probability that one is below 0.05 by chance is larger than 5 %."
        ));
    }
    parts.join("\n\n")
}

/// What differs in how the runs were made, and what they reach: a column a run.
fn rows(comparison: &Comparison) -> Vec<Vec<String>> {
    type Split = fn(&Compared) -> Option<&Figures>;
    let runs = &comparison.runs;
    let mut rows = vec![row("", (0..runs.len()).map(letter))];
    let differences = comparison.recipe.iter().chain(&comparison.origin);
    rows.extend(differences.map(difference));
    let splits: [(&str, Option<&str>, Split); 3] = [
        ("train", Some("trained on"), |run| Some(&run.train)),
        ("validation", None, |run| run.validation.as_ref()),
        ("test", Some("tested on"), |run| run.test.as_ref()),
    ];
    for (split, counted, figures) in splits {
        let cells = |name: &str, show: fn(&Figures) -> String| {
            let shown = |run| figures(run).map_or_else(|| "-".to_owned(), show);
            row(name, runs.iter().map(shown))
        };
        rows.extend(counted.map(|name| cells(name, |figures| figures.share.n.to_string())));
        rows.push(cells(&format!("{split} accuracy"), Figures::accuracy));
        rows.push(cells(&format!("{split} loss"), |figures| {
            format!("{:.4}", figures.loss)
        }));
    }
    let seconds = runs.iter().map(|run| format!("{:.1}", run.seconds));
    rows.push(row("seconds", seconds));
    rows
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

/// A row for what differs; hashes, of files or of commits, in short.
fn difference(difference: &Difference) -> Vec<String> {
    let is_hash =
        |text: &str| text.len() >= 40 && text.bytes().take(40).all(|byte| byte.is_ascii_hexdigit());
    let shown = |value: &Option<String>| match value {
        Some(hash) if is_hash(hash) => super::origin::short(hash),
        Some(value) => value.clone(),
        None => "-".into(),
    };
    row(&difference.key, difference.values.iter().map(shown))
}

fn pair(pair: &Pair) -> String {
    let (first, second) = (letter(pair.first), letter(pair.second));
    let Paired {
        n,
        only_first,
        only_second,
        difference,
        low,
        high,
        p,
    } = match &pair.verdict {
        Verdict::NotComparable(why) => return format!("{first} and {second}: {why}"),
        Verdict::Paired(paired) => paired,
    };
    let [difference, low, high] =
        [difference, low, high].map(|share| format!("{:+.2}", 100.0 * share));
    let p = match p {
        ..1e-4 => "below 0.0001".to_owned(),
        p => format!("{p:.4}"),
    };
    let which = match only_first + only_second {
        0 => "both are right on the same images".to_owned(),
        _ => format!("only {first} is right on {only_first}, only {second} on {only_second}"),
    };
    format!(
        "{second} against {first}, on the same {n} test images: {difference} points (95 % interval {low} to {high}), p {p} (McNemar, exact)\n  {which}"
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
