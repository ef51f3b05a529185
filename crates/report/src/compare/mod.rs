//! Runs side by side: what differs in how they were made, what they reach, and how surely one is
//! better than another.

mod origin;
mod text;

use serde::Serialize;

use crate::record::{Prediction, Record, Tested};
use crate::{Figures, Mismatch, Paired};

pub use origin::Difference;
pub use text::comparison;

/// Runs side by side.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The runs, in the order in which they were given.
    pub runs: Vec<Compared>,
    /// The keys of their recipes that differ.
    pub recipe: Vec<Difference>,
    /// What else differs in how they were made.
    pub origin: Vec<Difference>,
    /// Every two of them on the test images.
    pub pairs: Vec<Pair>,
}

/// One of the runs.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// Its folder's name.
    pub name: String,
    /// The kept head over the training images.
    pub train: Figures,
    /// Over the held-out images.
    pub validation: Option<Figures>,
    /// Over the test images, once they were opened.
    pub test: Option<Figures>,
    /// How long it took in all.
    pub seconds: f64,
}

/// Two of the runs on the same test images.
#[derive(Debug, Clone, Serialize)]
pub struct Pair {
    /// The first run's place in [`Comparison::runs`].
    pub first: usize,
    /// The second run's place.
    pub second: usize,
    /// How they differ.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// How two runs differ on the same images.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Image by image.
    Paired(Paired),
    /// Not at all: why they cannot be compared.
    NotComparable(String),
}

impl Comparison {
    /// Puts `runs` side by side.
    ///
    /// # Errors
    /// When there are predictions that give no figures.
    pub fn new(runs: &[Record]) -> Result<Self, Mismatch> {
        let places = 0..runs.len();
        let pairs = places.flat_map(|first| (first + 1..runs.len()).map(move |b| (first, b)));
        let pair = |(first, second): (usize, usize)| Pair {
            first,
            second,
            verdict: verdict(runs[first].test.as_ref(), runs[second].test.as_ref()),
        };
        Ok(Self {
            runs: runs.iter().map(compared).collect::<Result<_, _>>()?,
            recipe: origin::recipe(runs),
            origin: origin::origin(runs),
            pairs: pairs.map(pair).collect(),
        })
    }
}

fn compared(run: &Record) -> Result<Compared, Mismatch> {
    let name = run.folder.file_name().unwrap_or(run.folder.as_os_str());
    let test = run.test.as_ref();
    Ok(Compared {
        name: name.to_string_lossy().into_owned(),
        train: Figures::of(&run.train)?,
        validation: run.validation.as_ref().map(Figures::of).transpose()?,
        test: test.map(|test| Figures::from(&test.evaluated.evaluation)),
        seconds: run.manifest.seconds,
    })
}

/// Compares two evaluations image by image, if they are over the same images.
fn verdict(first: Option<&Tested>, second: Option<&Tested>) -> Verdict {
    let no = |why: String| Verdict::NotComparable(why);
    let (Some(first), Some(second)) = (first, second) else {
        return no("not both are evaluated; run `eval` on the other one too".into());
    };
    if let Err(why) = same_images(first, second) {
        return no(why);
    }
    let rows = [first, second].map(|test| &test.predictions.rows);
    let [a, b] = rows.map(|rows| rows.iter().map(Prediction::is_right).collect::<Vec<_>>());
    Verdict::Paired(Paired::new(&a, &b))
}

/// Whether two evaluations are over the same images with the same labels; why not, where they are not.
pub(crate) fn same_images(first: &Tested, second: &Tested) -> Result<(), String> {
    let (a, b) = (&first.predictions.rows, &second.predictions.rows);
    if a.len() != b.len() {
        let (a, b) = (a.len(), b.len());
        return Err(format!(
            "evaluated on {a} and on {b} test images; train with the same data.limit"
        ));
    }
    let images = [first, second].map(|test| &test.evaluated.images);
    if images[0] != images[1] {
        let [first, second] = images.map(|hash| origin::short(hash));
        return Err(format!(
            "evaluated on different test images, sha256 {first} and {second}"
        ));
    }
    let same = |(a, b): (&Prediction, &Prediction)| (a.index, a.label) == (b.index, b.label);
    if !a.iter().zip(b).all(same) {
        return Err("evaluated on the same test images with different labels".into());
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::record::{Cached, Evaluated, Predictions};
    use jiff::Timestamp;

    /// An evaluation of images labelled 0, of which those in `wrong` were taken for 1.
    pub(crate) fn tested(images: &str, n: usize, wrong: &[usize]) -> Tested {
        let logits: Vec<f32> = (0..n)
            .flat_map(|index| [1.0, if wrong.contains(&index) { 2.0 } else { 0.0 }])
            .collect();
        let indices: Vec<usize> = (0..n).collect();
        let predictions = Predictions::new(&indices, &vec![0; n], &logits, 2).unwrap();
        Tested {
            evaluated: Evaluated {
                run: String::new(),
                evaluated: Timestamp::UNIX_EPOCH,
                images: images.into(),
                backend: "cpu".into(),
                cache: Cached::Hit,
                evaluation: predictions.evaluate().unwrap(),
                without_label_errors: None,
                none_of_these: None,
                names: Vec::new(),
            },
            predictions,
            mistakes: Vec::new(),
            explained: Vec::new(),
        }
    }

    #[test]
    fn only_evaluations_on_the_same_images_are_paired() {
        let first = tested("a", 4, &[0, 1, 2]);
        let Verdict::Paired(paired) = verdict(Some(&first), Some(&tested("a", 4, &[3]))) else {
            panic!("the images are the same");
        };
        assert_eq!((paired.only_first, paired.only_second), (1, 3));
        let mut relabelled = tested("a", 4, &[]);
        relabelled.predictions.rows[2].label = 1;
        for (other, why) in [
            (None, "run `eval`"),
            (Some(tested("a", 5, &[])), "on 4 and on 5 test images"),
            (
                Some(tested("b", 4, &[])),
                "different test images, sha256 a and b",
            ),
            (Some(relabelled), "different labels"),
        ] {
            let verdict = verdict(Some(&first), other.as_ref());
            let Verdict::NotComparable(found) = &verdict else {
                panic!("{verdict:?}");
            };
            assert!(found.contains(why), "{found}");
        }
    }
}
