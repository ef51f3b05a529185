//! What is wrong with a set of labelled images, by heads that did not learn from the image that is judged.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use graft_compute::ComputeContext;
use graft_dataset::{Holdout, ImageSet, Split, dot, duplicates};
use graft_environment::Paths;
use graft_environment::interrupt;
use graft_environment::output;
use graft_features::{Extractor, Features};
use graft_recipe::{Keep, Recipe};
use graft_report::Share;
use graft_report::audit::{self, Audit, Copies, FeatureMap, Named, Outlier};
use graft_report::record::{Prediction, Predictions};
use graft_runs::picture;
use rayon::prelude::*;

use crate::Error;
use crate::at_once::at_once;
use crate::examples::LabelledFeatures;
use crate::familiarity::{means, similarities};
use crate::inspect;
use crate::sources::{Sources, described};
use crate::trainable::Trainable;
use crate::training::{State, train};

/// How many images of each kind are shown.
const SHOWN: usize = 100;
/// How many images are shown by their features, and how many values these may have.
const MAPPED: usize = 1000;
const MAPPED_VALUES: usize = 1 << 24;

/// What to look at, and with what.
pub struct AuditConfig<'a> {
    /// The recipe's name.
    pub name: &'a str,
    /// Which images, which features, and how heads learn.
    pub recipe: &'a Recipe,
    /// How many parts the training images are dealt into, each of which is judged by a head that learned from
    /// all others.
    pub folds: usize,
    /// Whether the test images are opened and judged too.
    pub test: bool,
    /// What it computes on.
    pub compute: &'a ComputeContext,
    /// Where everything lies.
    pub home: &'a Paths,
}

/// Looks for labels that are probably wrong, for copies, for images that are like none, and for classes that
/// cannot be told apart. Also returns the training images.
///
/// # Errors
/// When something is missing that cannot be fetched, there are fewer different images than folds, the device
/// fails, or a training diverges.
pub fn audit(config: &AuditConfig, sources: &mut Sources) -> Result<(Audit, ImageSet), Error> {
    let started = Instant::now();
    let AuditConfig {
        recipe,
        compute,
        home,
        ..
    } = config;
    let images = sources.images(recipe, Split::Train, None)?;
    let form = images.form(recipe.preprocessing.fit);
    let test = if config.test {
        Some(sources.images(recipe, Split::Test, Some(form))?)
    } else {
        None
    };
    let mut recipe = (*recipe).clone();
    // What is held out must not choose.
    (recipe.training.keep, recipe.training.patience) = (Keep::Last, 0);
    let mut trainings = images.folds(config.folds, recipe.training.seed)?;
    inspect::training(&images, &trainings[0]);
    let mut loaded = sources.backbone(compute, recipe.backbone)?;
    let extractor = Extractor::new(&loaded, &recipe, compute, home);
    let features = extractor.features(&images, Split::Train)?;
    let tested = test
        .as_ref()
        .map(|test| Ok::<_, Error>((test, extractor.features(test, Split::Test)?)));
    let tested = tested.transpose()?;
    loaded.frozen.release();
    let classes = images.classes();
    let head = compute.of_head(recipe.backbone);
    let data = LabelledFeatures::new(&features.features, images.labels(), classes, &head);
    let tested_data = tested.as_ref().map(|(images, features)| {
        LabelledFeatures::new(&features.features, images.labels(), classes, &head)
    });
    if tested.is_some() {
        trainings.push(images.used(Holdout {
            train: (0..images.len()).collect(),
            validation: Vec::new(),
        }));
    }
    interrupt::watch()?;
    let done = AtomicUsize::new(1);
    let judged = at_once(trainings.len(), |number| {
        let Holdout { train, validation } = trainings[number].clone();
        let (of, indices) = match &tested_data {
            Some(tested) if number == config.folds => (tested, (0..tested.labels.len()).collect()),
            _ => (&data, validation),
        };
        let judged = judge(config, &recipe, &data, train, (of, &indices))?;
        let done = done.fetch_add(1, Ordering::Relaxed);
        let seconds = started.elapsed().as_secs_f64();
        output::note(&format!(
            "audit: {done} of {} heads, {seconds:.0} s",
            trainings.len()
        ));
        Ok::<_, Error>(judged)
    })?;
    let (folds, tested) = judged.split_at(config.folds);
    let mut splits = vec![split(false, folds, &images)?];
    if let Some(test) = &test {
        splits.push(split(true, tested, test)?);
    }
    let by_fold = |(predictions, _): &Judged| {
        let hits: Vec<bool> = predictions.rows.iter().map(Prediction::is_right).collect();
        Share::new(&hits)
    };
    let by_fold: Vec<Share> = folds.iter().map(by_fold).collect();
    let mut sets = vec![&images];
    sets.extend(&test);
    sets.iter().try_for_each(|set| set.prepare_all())?;
    let copies = copies(&sets);
    for split in &mut splits {
        pictures(split, sets[usize::from(split.is_test)], &copies);
    }
    let audit = Audit {
        recipe: config.name.to_owned(),
        data: described(&recipe.data, &images),
        folds: config.folds,
        deviation: audit::deviation(&by_fold),
        by_fold,
        splits,
        copies,
        map: feature_map(&features.features, &images)?,
        seconds: started.elapsed().as_secs_f64(),
    };
    Ok((audit, images))
}

/// What a head makes of images that it did not learn from, and how like the nearest class each of them is.
type Judged = (Predictions, Vec<(usize, f64)>);

/// Trains a head on the images `train` of `data`, and asks it about the images of `of` at some indices.
fn judge(
    config: &AuditConfig,
    recipe: &Recipe,
    data: &LabelledFeatures,
    train_on: Vec<usize>,
    (of, indices): (&LabelledFeatures, &[usize]),
) -> Result<Judged, Error> {
    let weights = config.home.weights(recipe.backbone.network.name);
    let initial = Trainable::new(recipe, data, &train_on, &weights)?;
    let holdout = Holdout {
        train: train_on,
        validation: Vec::new(),
    };
    let state = State::new(recipe, initial)?;
    let (_, module) = train(state, recipe, data, &holdout, |_| Ok(interrupt::go_on()?))?;
    let means = means(&module, data, &holdout.train)?;
    let similarities = similarities(&means, &module, of, indices)?;
    let similarities = indices.iter().copied().zip(similarities);
    Ok((module.predictions(of, indices)?, similarities.collect()))
}

/// What heads make of all images of a split together.
fn split(is_test: bool, judged: &[Judged], images: &ImageSet) -> Result<audit::Split, Error> {
    let mut rows: Vec<_> = judged
        .iter()
        .flat_map(|(one, _)| one.rows.clone())
        .collect();
    rows.sort_by_key(|row| row.index);
    let predictions = Predictions {
        classes: images.classes(),
        rows,
    };
    let similarities = judged.iter().flat_map(|(_, similarities)| similarities);
    let outlier = |&(index, similarity): &(usize, f64)| Outlier {
        index,
        label: images.labels()[index].into(),
        similarity,
    };
    let outliers = similarities.map(outlier).collect();
    Ok(audit::Split::new(is_test, predictions, outliers, SHOWN)?)
}

/// Images of training and test sets that are the same, or almost.
fn copies(sets: &[&ImageSet]) -> Vec<Copies> {
    let copy = |(set, index): (usize, usize)| audit::Copy {
        is_test: set == 1,
        index,
        label: sets[set].labels()[index].into(),
    };
    let groups = duplicates(sets).into_iter();
    let groups =
        groups.map(|(exact, places)| Copies::new(exact, places.into_iter().map(copy).collect()));
    groups.collect()
}

/// Where some of the images lie by their cached features, each brought to length 1.
fn feature_map(features: &Features, images: &ImageSet) -> Result<FeatureMap, Error> {
    let most = MAPPED.min(MAPPED_VALUES / features.width().max(1)).max(1);
    let step = images.len().div_ceil(most);
    let indices: Vec<usize> = (0..images.len()).step_by(step).collect();
    let mut values = features.rows(&indices)?;
    for row in values.chunks_exact_mut(features.width()) {
        let length = dot(row, row).sqrt().max(f32::MIN_POSITIVE);
        for value in row {
            *value /= length;
        }
    }
    let rows: Vec<&[f32]> = values.chunks_exact(features.width()).collect();
    let products = rows.par_iter().flat_map_iter(|a| {
        let products = rows.iter().map(|b| f64::from(dot(a, b)));
        products.collect::<Vec<_>>()
    });
    let labelled = indices
        .iter()
        .map(|index| (*index, images.labels()[*index].into()));
    Ok(FeatureMap::new(
        &labelled.collect::<Vec<_>>(),
        products.collect(),
    ))
}

/// Keeps the images of a split that are shown.
fn pictures(split: &mut audit::Split, images: &ImageSet, copies: &[Copies]) {
    let suspects = split.suspects.iter().take(SHOWN).map(|one| one.index);
    let outliers = split.outliers.iter().map(|one| one.index);
    let copies = copies.iter().take(SHOWN).flat_map(|group| &group.images);
    let copies = copies.filter(|copy| copy.is_test == split.is_test);
    let mistakes = split.predictions.mistakes_to_show();
    let shown: BTreeSet<usize> = suspects
        .chain(outliers)
        .chain(mistakes.iter().map(|row| row.index))
        .chain(copies.map(|copy| copy.index))
        .collect();
    let named = |index| Named {
        picture: picture(images, index),
        file: images.file(index),
    };
    split.pictures = shown.into_iter().map(named).collect();
}
