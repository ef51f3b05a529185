//! Runs as one classifier on the test images: the mean of their probabilities, over views of each image too.

use std::{iter, slice};

use minijinja::value::{Serde, Value};
use serde::Serialize;

use crate::compare::same_images;
use crate::record::{Prediction, Predictions, Scores, Tested};
use crate::template::fill;
use crate::{Evaluation, Figures, Language, Mismatch, mean_logits, summary};

/// A run on the test images.
#[derive(Debug, Clone)]
pub struct Member {
    /// The run's folder.
    pub run: String,
    /// What is on record of it.
    pub tested: Tested,
    /// What it made of each view of the images beside themselves, in their order; every member has as many.
    pub views: Vec<Predictions>,
}

/// Runs whose probabilities are averaged, on the test images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ensemble {
    /// What each run reaches by itself.
    pub members: Vec<Alone>,
    /// How many views of each image there are, itself included.
    pub views: usize,
    /// The name of every class; none where labels are numbers alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// What the mean of their probabilities reaches.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// The same without the test images whose label is known to be wrong, where the members have such figures.
    pub without_label_errors: Option<Scores>,
}

/// What a member reaches by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alone {
    /// The run's folder.
    pub run: String,
    /// Its figures, without views.
    #[serde(flatten)]
    pub figures: Figures,
    /// Those of the mean over views, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_views: Option<Figures>,
}

/// Why runs cannot be averaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnsembleError {
    /// Evaluations on other images.
    #[error(
        "{second} cannot be averaged with {first}: {why}; average runs on the same images, or run eval on \
         each of them again where these have changed"
    )]
    OtherImages {
        /// The first run's folder.
        first: String,
        /// The folder of the run that differs.
        second: String,
        /// What differs.
        why: String,
    },
    /// Predictions that do not fit each other.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

impl Ensemble {
    /// Averages the probabilities of `members`, which tell the same classes apart.
    ///
    /// # Errors
    /// When there are none, or they were evaluated on different images.
    pub fn new(members: &[Member]) -> Result<Self, EnsembleError> {
        let [first, others @ ..] = members else {
            return Err(Mismatch::Empty.into());
        };
        for other in others {
            same_images(&first.tested, &other.tested).map_err(|why| {
                let (first, second) = (first.run.clone(), other.run.clone());
                EnsembleError::OtherImages { first, second, why }
            })?;
        }
        let predictions = mean(members)?;
        let (alone, evaluated) = (members.iter().map(Alone::of), &first.tested.evaluated);
        let rest = evaluated.without_label_errors;
        let rest = rest.map(|_| predictions.without_label_errors().evaluate());
        Ok(Self {
            members: alone.collect::<Result<_, _>>()?,
            views: first.views.len() + 1,
            names: evaluated.names.clone(),
            evaluation: predictions.evaluate()?,
            without_label_errors: rest.transpose()?.as_ref().map(Scores::from),
        })
    }

    /// The figures as text, and beside them those of each member.
    #[must_use]
    pub fn summary(&self) -> String {
        let members = include_str!("ensemble.txt");
        let members = fill(members, &Value::from(Serde(self)), Language::En);
        summary(&self.evaluation, &self.names) + "\n" + &members + "\n"
    }
}

impl Alone {
    fn of(member: &Member) -> Result<Self, Mismatch> {
        let with_views = match member.views[..] {
            [] => None,
            _ => Some(Figures::of(&mean(slice::from_ref(member))?)?),
        };
        Ok(Self {
            run: member.run.clone(),
            figures: Figures::from(&member.tested.evaluated.evaluation),
            with_views,
        })
    }
}

/// The mean of the probabilities of `members`, over all views.
fn mean(members: &[Member]) -> Result<Predictions, Mismatch> {
    let all = members
        .iter()
        .flat_map(|member| iter::once(&member.tested.predictions).chain(&member.views));
    let all: Vec<&Predictions> = all.collect();
    let first = all.first().ok_or(Mismatch::Empty)?;
    let (labels, classes) = (first.rows.len(), first.classes);
    let fits = |one: &&&Predictions| (one.rows.len(), one.classes) == (labels, classes);
    if let Some(other) = all.iter().find(|one| !fits(one)) {
        let found = other.rows.len() * other.classes;
        return Err(Mismatch::Logits {
            labels,
            classes,
            found,
        });
    }
    let row = |(place, of): (usize, &Prediction)| {
        let rows = all.iter().map(|one| &*one.rows[place].logits);
        Prediction {
            logits: mean_logits(&rows.collect::<Vec<_>>()),
            ..*of
        }
    };
    Ok(Predictions {
        classes,
        rows: first.rows.iter().enumerate().map(row).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::tested;

    /// A run that is right on images of two classes but for some.
    fn member(run: &str, images: &str, wrong: &[usize]) -> Member {
        Member {
            run: run.into(),
            tested: tested(images, 4, wrong),
            views: Vec::new(),
        }
    }

    #[test]
    fn the_mean_of_probabilities_decides() {
        // Labels are 0. A logit of 1 for it against 0 is a probability of 0.731, against 2 one of 0.269.
        let members = [[0, 1], [1, 2], [1, 3]].map(|wrong| member("a", "images", &wrong));
        let ensemble = Ensemble::new(&members).unwrap();
        // Only image 1 has a mean below 0.5; the others have twice 0.731 and once 0.269.
        let evaluation = &ensemble.evaluation;
        assert_eq!((evaluation.n, evaluation.correct), (4, 3));
        let (right, wrong) = (1.0 / (1.0 + (-1.0_f64).exp()), 1.0 / (1.0 + 1.0_f64.exp()));
        let loss = -(3.0 * ((2.0 * right + wrong) / 3.0).ln() + wrong.ln()) / 4.0;
        assert!((evaluation.loss - loss).abs() < 1e-7, "{}", evaluation.loss);
        for alone in &ensemble.members {
            assert_eq!(alone.figures.share.correct, 2);
        }
    }

    #[test]
    fn one_member_alone_keeps_its_figures() {
        let member = member("runs/a", "images", &[2]);
        let ensemble = Ensemble::new(slice::from_ref(&member)).unwrap();
        assert_eq!(ensemble.evaluation, member.tested.evaluated.evaluation);
        let summary = ensemble.summary();
        let expected = "

run  accuracy                  loss
a    75.00 % (30.06 to 95.44)  0.5633
";
        assert!(summary.ends_with(expected), "{summary}");
    }

    #[test]
    fn views_count_as_much_as_the_images_themselves() {
        let view = |wrong: &[usize]| tested("images", 4, wrong).predictions;
        let member = |views: [&[usize]; 2]| Member {
            views: views.map(view).to_vec(),
            ..member("runs/a", "images", &[0, 1])
        };
        let members = [member([&[0], &[0]]), member([&[], &[]])];
        let ensemble = Ensemble::new(&members).unwrap();
        assert_eq!(ensemble.views, 3);
        // Of its six predictions four are wrong of image 0, and two of image 1.
        assert_eq!(ensemble.evaluation.correct, 3);
        let correct = |alone: &Alone| {
            let views = alone.with_views.as_ref().unwrap();
            [alone.figures.share.correct, views.share.correct]
        };
        assert_eq!(
            ensemble.members.iter().map(correct).collect::<Vec<_>>(),
            [[2, 3], [2, 4]]
        );
        let summary = ensemble.summary();
        for part in ["accuracy with 3 views", "a    50.00 % (15.00 to 85.00)"] {
            assert!(summary.contains(part), "{summary}");
        }
    }

    #[test]
    fn other_images_and_other_classes_are_refused() {
        let refused = |other: Member| {
            let first = member("runs/a", "images", &[]);
            Ensemble::new(&[first, other]).unwrap_err().to_string()
        };
        let error = refused(member("runs/b", "others", &[]));
        for part in ["runs/b", "runs/a", "sha256 images and others", "run eval"] {
            assert!(error.contains(part), "{error}");
        }
        let mut more = member("runs/b", "images", &[]);
        more.tested.predictions.classes = 3;
        assert!(refused(more).contains("expected 8 logits"));
        let none = Ensemble::new(&[]).unwrap_err().to_string();
        assert!(none.contains("found none"), "{none}");
    }
}
