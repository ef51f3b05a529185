//! What the page's template can name: the record, the labs, and what follows from them.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::drawings::times;
use super::labs::labs;
use super::run::{Run, plain};
use super::settings::settings;
use super::statistics::{difference, gap, weakest};
use super::tiles::{mistakes, prepared};
use super::{Lesson, Options};
use crate::audit::classes;
use crate::recipe::flat;
use crate::record::{MOST_CONFIDENT, Part};
use crate::{Evaluation, MNIST_LABEL_ERRORS};

/// How many of the most frequent confusions are named.
const NAMED: usize = 3;

/// Every name of the template; `html` where figures are drawn.
pub(super) fn context(run: &Run, lessons: &[Lesson], options: &Options, html: bool) -> Value {
    let record = run.record;
    let manifest = &record.manifest;
    let [frozen, trained, removed, grafted] =
        [Part::Frozen, Part::Trained, Part::Removed, Part::Grafted]
            .map(|part| run.parameters(part));
    let times = times(run).map(|(name, seconds)| context! { name, seconds });
    let cited = lessons.iter().filter(|lesson| lesson.fits());
    context! {
        html,
        run => Serde(manifest),
        name => run.name(),
        author => options.author.as_ref().map(|author| author.trim()),
        mnist => manifest.data.is_mnist(),
        classes => record.train.classes,
        class_name => class_name(run),
        before => vec![manifest.data.rows, manifest.data.columns],
        after => vec![record.samples.prepared.rows, record.samples.prepared.columns],
        prepared_index => record.samples.prepared.index,
        prepared => Serde(prepared(run)),
        augmented => !record.samples.views.is_empty(),
        parameters => context! { frozen, trained, removed, grafted },
        features => run.features(),
        recipe => recipe(run),
        settings => settings(run),
        steps => steps(run),
        epochs => Serde(&record.epochs),
        times => times.to_vec(),
        labs => labs(lessons, run.language),
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
    let name = |class| record.manifest.data.name(class);
    let confused = confused.map(|(count, truth, predicted)| {
        context! { count, truth => name(truth), predicted => name(predicted) }
    });
    // The test images without those whose label is known to be wrong.
    let mnist = test.filter(|_| record.manifest.data.is_mnist());
    let without_errors =
        mnist.and_then(|test| test.predictions.without_label_errors().evaluate().ok());
    context! {
        test_to_train => between(train.as_ref(), tested),
        validation_to_test => between(tested, validation.as_ref()),
        train => train.map(Serde),
        validation => validation.map(Serde),
        test => test.map(|test| Serde(&test.evaluated)),
        calibrated => calibrated(run),
        none_of_these => test.and_then(|test| test.evaluated.none_of_these.map(Serde)),
        confused => confused.collect::<Vec<_>>(),
        mistakes => test.map(|test| {
            Serde(mistakes(run, test).into_iter().take(MOST_CONFIDENT).collect::<Vec<_>>())
        }),
        explained => test.map(|test| Serde(&test.explained)),
        tested_classes => tested.map(|test| Serde(classes(&test.confusion))),
        gap => tested.and_then(|test| gap(&test.calibration)),
        weakest => tested.and_then(|test| weakest(test, name)),
        known_errors => MNIST_LABEL_ERRORS.len(),
        without_errors => without_errors.map(Serde),
    }
}

/// What calibration did to the probabilities of the held-out images: the temperature, and the expected
/// calibration error and loss before and after.
fn calibrated(run: &Run) -> Option<Value> {
    let temperature = run.record.manifest.temperature?;
    let after = run.record.validation.as_ref()?;
    let [before, after] =
        [after.scaled(temperature), after.clone()].map(|split| split.evaluate().ok());
    Some(context! { temperature, before => Serde(before?), after => Serde(after?) })
}

/// The value of a key of the recipe as text; empty where it has none.
fn recipe(run: &Run) -> Value {
    let entries = flat(&run.record.recipe).into_iter();
    let recipe: BTreeMap<_, _> = entries.map(|(key, value)| (key, plain(value))).collect();
    Value::from_function(move |key: &str| recipe.get(key).cloned().unwrap_or_default())
}

/// The name of a class.
fn class_name(run: &Run) -> Value {
    let data = run.record.manifest.data.clone();
    Value::from_function(move |class: usize| data.name(class))
}

/// Steps per epoch.
fn steps(run: &Run) -> Option<usize> {
    let batch = run.record.recipe.get("training")?.get("batch_size")?;
    let batch = usize::try_from(batch.as_integer()?).ok()?;
    (batch > 0).then(|| run.record.manifest.trained_on.div_ceil(batch))
}
