//! A sweep as its TOML file has it: which recipes are trained, what is compared with what, and how the
//! result is told. `docs/labs.md` describes every key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::finding::placeholders;
use crate::Language;

/// A sweep that is not TOML, or has a key, a name or a value that no sweep has.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct SweepError {
    /// The file.
    pub origin: String,
    /// What is wrong, and with which part.
    pub reason: String,
}

/// A sweep: cells are all combinations of its axes' values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// What it asks; the heading of its lesson in a report.
    pub question: Text,
    /// The recipe that every cell starts from.
    #[serde(default = "seed")]
    pub base: String,
    /// Trainings of each cell, with seeds that count from the recipe's.
    #[serde(default = "once")]
    pub trainings: u64,
    /// The images that accuracies are measured on.
    #[serde(default)]
    pub measure: Split,
    /// Keys that all cells have instead of the base recipe's.
    #[serde(default)]
    pub set: Table,
    /// What is varied.
    pub axis: Vec<Axis>,
    /// Cells with a name.
    #[serde(default)]
    pub pick: BTreeMap<String, Pick>,
    /// Comparisons between cells.
    #[serde(default)]
    pub compare: BTreeMap<String, Compare>,
    /// What was found, in clauses; one about a cell that there is not is left out.
    pub finding: Text<Vec<String>>,
    /// How it is drawn.
    pub chart: Plot,
}

/// A text in every language of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text<T = String> {
    /// English.
    pub en: T,
    /// Chinese.
    pub zh: T,
}

/// Which images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// The test images.
    #[default]
    Test,
    /// The training images that are held out.
    Validation,
}

/// One key and the values that it takes in turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// What the rest of the file calls it.
    pub name: String,
    /// A recipe's key or section, or one of the sweep's own keys (`sweep.features` and so on).
    pub key: String,
    /// Its values.
    pub values: Vec<Value>,
    /// Whether each combination of the other axes takes the value that does best on the validation
    /// images, and only that is compared and drawn.
    #[serde(default)]
    pub tuned: bool,
    /// How values are called.
    pub label: Text<Label>,
}

/// How an axis' values are called: by one pattern with `{}`, or each by a text of its own. `{values}`
/// stands for the number of values that an image's features have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// A pattern.
    All(String),
    /// A text a value; an empty one is not shown.
    Each(Vec<String>),
}

/// A cell with a name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    /// Values of axes by their names. The others have the base recipe's, or any where `best` decides.
    #[serde(default)]
    pub at: Table,
    /// The images on which it does best.
    pub best: Option<Split>,
    /// A pick that it is not.
    pub not: Option<String>,
    /// What it is called in tables and charts.
    pub label: Option<Text>,
}

/// One cell, or a choice, against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// What is compared; not where `half` is.
    pub of: Option<Cells>,
    /// Instead of one cell: what becomes of choosing the best cell on one half of the images.
    pub half: Option<Half>,
    /// What it is compared with.
    pub with: Cells,
    /// What it is compared with, in words, to follow "more than".
    pub than: Text,
}

/// A cell by its pick's name, or by values of axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cells {
    /// A pick's name.
    Pick(String),
    /// As [`Pick::at`].
    At(Table),
}

/// What is asked about the best cell on one half of the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// Its accuracy there minus that on the other half, less the same for the cell that it is compared
    /// with, for which that is 0 on average.
    Overstated,
    /// Its accuracy on the other half minus that of the cell that it is compared with.
    Gained,
}

/// How a sweep is drawn: accuracies over an axis, a line for each combination of the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plot {
    /// An axis' name, or `validation`: every cell as a point, over its accuracy on these images.
    pub x: String,
    /// How the axis is spaced.
    #[serde(default)]
    pub scale: Scale,
    /// The picture's title.
    pub title: Text,
    /// What the axis is; not for `validation`.
    #[serde(default)]
    pub label: Text,
}

/// How an axis is spaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Evenly, by the values' labels.
    #[default]
    Names,
    /// By the values themselves.
    Linear,
    /// By their logarithms.
    Log,
}

fn seed() -> String {
    "seed".into()
}

fn once() -> u64 {
    1
}

impl<T> Text<T> {
    /// The text in `language`.
    pub fn pick(&self, language: Language) -> &T {
        language.pick(&self.en, &self.zh)
    }
}

impl Axis {
    /// The place of a value.
    #[must_use]
    pub fn place(&self, value: &Value) -> Option<usize> {
        self.values.iter().position(|one| one == value)
    }
}

impl Sweep {
    /// Reads a sweep from TOML text; `origin` names it in errors.
    ///
    /// # Errors
    /// When it is not TOML, or a key, a name or a value is none that a sweep has.
    pub fn parse(origin: &str, text: &str) -> Result<Self, SweepError> {
        let wrong = |reason: String| SweepError {
            origin: origin.to_owned(),
            reason: reason.trim().to_owned(),
        };
        let sweep: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        sweep.check().map_err(wrong)?;
        Ok(sweep)
    }

    /// The place of the axis with this name.
    #[must_use]
    pub fn axis(&self, name: &str) -> Option<usize> {
        self.axis.iter().position(|axis| axis.name == name)
    }

    /// What is wrong with it.
    fn check(&self) -> Result<(), String> {
        let must = |holds: bool, why: String| if holds { Ok(()) } else { Err(why) };
        let why = "expected at least one [[axis]] and one training of each cell";
        must(!self.axis.is_empty() && self.trainings > 0, why.into())?;
        for Axis {
            name,
            values,
            label,
            ..
        } in &self.axis
        {
            let fits = [&label.en, &label.zh].map(|label| match label {
                Label::All(_) => true,
                Label::Each(labels) => labels.len() == values.len(),
            });
            let why =
                "expected at least one value, and in each language a pattern or a label a value";
            must(
                !values.is_empty() && fits == [true; 2],
                format!("axis `{name}`: {why}"),
            )?;
        }
        for (name, pick) in &self.pick {
            let why = |why: &str| format!("pick `{name}`: {why}");
            self.check_at(&pick.at).map_err(|error| why(&error))?;
            let last = |other: &String| self.pick.get(other).is_some_and(|pick| pick.not.is_none());
            let not = "expected in `not` another pick that has no `not` itself";
            must(pick.not.as_ref().is_none_or(last), why(not))?;
            let sealed = self.measure == Split::Validation && pick.best == Some(Split::Test);
            let best = "expected best = \"validation\", since the test images are not opened";
            must(!sealed, why(best))?;
        }
        for (name, compare) in &self.compare {
            let why = |why: String| format!("compare `{name}`: {why}");
            for cells in compare.of.iter().chain([&compare.with]) {
                match cells {
                    Cells::At(at) => self.check_at(at).map_err(why)?,
                    Cells::Pick(pick) => {
                        let none = why(format!("there is no pick `{pick}`"));
                        must(self.pick.contains_key(pick), none)?;
                    }
                }
            }
            let one = compare.of.is_some() != compare.half.is_some();
            must(one, why("expected either `of` or `half`".into()))?;
        }
        let x = &self.chart.x;
        let drawn = x == "validation" || self.axis(x).is_some();
        must(drawn, format!("chart: there is no axis `{x}`"))?;
        let than = self.compare.values();
        let than = than.flat_map(|compare| [&compare.than.en, &compare.than.zh]);
        let texts = self.finding.en.iter().chain(&self.finding.zh).chain(than);
        let mut names = texts.flat_map(|text| placeholders(text));
        match names.find(|name| !self.knows(name)) {
            None => Ok(()),
            Some(name) => Err(format!(
                "unknown placeholder {{{name}}}; docs/labs.md lists those that there are"
            )),
        }
    }

    /// Refuses values that no axis has.
    fn check_at(&self, at: &Table) -> Result<(), String> {
        for (name, value) in at {
            let axis = self.axis.iter().find(|axis| axis.name == *name);
            let axis = axis.ok_or_else(|| format!("there is no axis `{name}`"))?;
            if axis.place(value).is_none() {
                return Err(format!("axis `{name}` has no value {value}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{BUNDLED, bundled};

    #[test]
    fn the_bundled_sweeps_can_be_used_and_written() {
        assert_eq!(bundled().count(), BUNDLED.len());
        for (name, sweep) in bundled() {
            let json = serde_json::to_string(&sweep).unwrap();
            let read: Sweep = serde_json::from_str(&json).unwrap();
            assert_eq!(read, sweep, "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (_, text) = BUNDLED[4];
        for (from, to, parts) in [
            (
                "question]",
                "questions]",
                &["unknown field `questions`"][..],
            ),
            ("base", "base", &[]),
            ("[0, 1]", "[]", &["axis `seed`", "at least one value"]),
            (
                "[\"\", \"next seed\"]",
                "[\"\"]",
                &["axis `seed`", "a label a value"],
            ),
            (
                "best = \"test\"",
                "at = { rat = 1 }",
                &["pick `claimed`", "no axis `rat`"],
            ),
            (
                "best = \"test\"",
                "at = { rate = 1 }",
                &["pick `claimed`", "axis `rate` has no value 1"],
            ),
            (
                "best = \"test\"",
                "not = \"none\"",
                &["pick `claimed`", "`not`"],
            ),
            (
                "of = \"claimed\"",
                "of = \"claim\"",
                &["compare `claim`", "no pick `claim`"],
            ),
            (
                "of = \"claimed\"",
                "of = { batch = 7 }",
                &["compare `claim`", "no value 7"],
            ),
            (
                "of = \"claimed\"\n",
                "",
                &["compare `claim`", "either `of` or `half`"],
            ),
            (
                "x = \"validation\"",
                "x = \"rates\"",
                &["chart", "no axis `rates`"],
            ),
            (
                "{overstated}",
                "{overstating}",
                &["placeholder {overstating}"],
            ),
            ("{validation}", "{rate}", &["placeholder {rate}"]),
            (
                "[question]",
                "measure = \"validation\"\n[question]",
                &["pick `claimed`", "not opened"],
            ),
            ("[question]", "trainings = 0\n[question]", &["one training"]),
        ] {
            let changed = text.replacen(from, to, 1);
            match Sweep::parse("sweep my.toml", &changed) {
                Ok(_) => assert!(parts.is_empty(), "{to} is accepted"),
                Err(error) => {
                    let error = error.to_string();
                    assert!(
                        !parts.is_empty() && error.starts_with("sweep my.toml: "),
                        "{error}"
                    );
                    for part in parts {
                        assert!(error.contains(part), "{part} is missing in {error}");
                    }
                }
            }
        }
    }
}
