//! What the page's template can name: the record, the labs, and what follows from them.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::drawings::times;
use super::labs::labs;
use super::run::{Run, plain};
use super::settings::settings;
use super::statistics::{classes, difference, gap, trend, weakest};
use super::tiles::{Mistake, Prepared, mistakes, prepared};
use super::{Lesson, Options};
use crate::chart::block_name;
use crate::count::ratio;
use crate::record::{Layer, Manifest, Part, Predictions, Tested};
use crate::{Evaluation, MNIST_LABEL_ERRORS};

/// How many of the most frequent confusions are named.
const NAMED: usize = 3;

/// Every name of the template; `html` where figures are drawn.
pub(super) fn context(run: &Run, lessons: &[Lesson], options: &Options, html: bool) -> Value {
    let record = run.record;
    let manifest = &record.manifest;
    let parameters = |part| run.parameters(part);
    let (grafted, frozen) = (parameters(Part::Grafted), parameters(Part::Frozen));
    let cut_off = |layer: &Layer| layer.part == Part::Removed && layer.block.starts_with("block");
    let prepared = prepared(run).into_iter().map(|image| {
        let Prepared {
            name,
            size,
            least,
            most,
            ..
        } = image;
        context! { name, size, least, most }
    });
    let times = times(run).map(|(name, seconds)| context! { name, seconds });
    let cited = lessons.iter().filter(|lesson| lesson.fits());
    context! {
        html,
        run => Serde(manifest),
        name => run.name(),
        author => options.author.as_ref().map(|author| author.trim()),
        mnist => manifest.data.is_mnist(),
        classes => record.train.classes,
        counts => context! {
            train => counts(&record.train),
            validation => record.validation.as_ref().map(counts),
            test => record.test.as_ref().map(|test| counts(&test.predictions)),
        },
        before => vec![manifest.data.rows, manifest.data.columns],
        after => vec![record.samples.prepared.rows, record.samples.prepared.columns],
        prepared_index => record.samples.prepared.index,
        prepared => prepared.collect::<Vec<_>>(),
        parameters => context! {
            frozen,
            grafted,
            trained => parameters(Part::Trained),
            removed => parameters(Part::Removed),
        },
        new_share => ratio(grafted, grafted + frozen).unwrap_or_default(),
        boundary => block_name(&run.setting("backbone.boundary"), run.language),
        features => run.features(),
        cut_off => manifest.layers.iter().any(cut_off),
        recipe => recipe(run),
        settings => settings(run),
        steps => steps(run, manifest),
        epochs => Serde(&record.epochs),
        trend => trend(&record.epochs),
        times => times.to_vec(),
        labs => labs(run, lessons),
        cited => cited.map(|lesson| Value::from(Serde(lesson))).collect::<Vec<_>>(),
        ..evaluations(run),
    }
}

/// The figures of every split, and what follows from them.
fn evaluations(run: &Run) -> Value {
    let record = run.record;
    let train = record.train.evaluate().ok();
    let validation = record.validation.as_ref();
    let validation = validation.and_then(|split| split.evaluate().ok());
    let test = record.test.as_ref();
    let tested = test.map(|test| &test.evaluated.evaluation);
    let between = |first: Option<&Evaluation>, second: Option<&Evaluation>| {
        Some(Serde(difference(first?, second?)))
    };
    let confused = tested.map(|test| test.confusion.mistakes());
    let confused = confused.unwrap_or_default().into_iter().take(NAMED);
    let confused = confused.map(|(count, truth, predicted)| context! { count, truth, predicted });
    let mistakes = test.map(|test| mistakes(run, test)).unwrap_or_default();
    let mistakes = mistakes.into_iter().map(|mistake| {
        let marked = mistake.marked();
        let Mistake {
            picture,
            predicted,
            confidence,
            known,
        } = mistake;
        context! { index => picture.index, marked, predicted, confidence, known }
    });
    context! {
        test_to_train => between(train.as_ref(), tested),
        validation_to_test => between(tested, validation.as_ref()),
        train => train.map(Serde),
        validation => validation.map(Serde),
        test => test.map(|test| Serde(&test.evaluated)),
        class_figures => tested.map(|test| classes(&test.confusion)),
        confused => confused.collect::<Vec<_>>(),
        mistakes => mistakes.collect::<Vec<_>>(),
        gap => tested.and_then(|test| gap(&test.calibration)),
        weakest => tested.and_then(weakest),
        label_errors => test.filter(|_| record.manifest.data.is_mnist()).and_then(label_errors),
    }
}

/// How many images of each class there are.
fn counts(split: &Predictions) -> Vec<usize> {
    let mut counts = vec![0; split.classes];
    for row in &split.rows {
        if let Some(count) = counts.get_mut(usize::from(row.label)) {
            *count += 1;
        }
    }
    counts
}

/// The value of a key of the recipe as text; empty where it has none.
fn recipe(run: &Run) -> Value {
    let recipe: BTreeMap<String, String> = run
        .recipe
        .iter()
        .map(|(key, value)| (key.clone(), plain(value)))
        .collect();
    Value::from_function(move |key: &str| recipe.get(key).cloned().unwrap_or_default())
}

/// Steps per epoch.
fn steps(run: &Run, manifest: &Manifest) -> Option<usize> {
    let batch: usize = run.setting("training.batch_size").parse().ok()?;
    (batch > 0).then(|| manifest.trained_on.div_ceil(batch))
}

/// The test images without those whose label is known to be wrong.
fn label_errors(test: &Tested) -> Option<Value> {
    let all = &test.evaluated.evaluation;
    let rest = test.predictions.without_label_errors().evaluate().ok()?;
    let missed = (all.n - all.correct) - (rest.n - rest.correct);
    Some(context! { known => MNIST_LABEL_ERRORS.len(), missed, rest => Serde(rest) })
}
