//! What tells later whether a picture is of none of the classes: made when training ends.

use graft_dataset::Holdout;
use graft_report::record::{CLASS_MEANS, NoneOfThese};
use graft_runs::Run;
use graft_web::ClassMeans;

use crate::Error;
use crate::examples::LabelledFeatures;
use crate::trainable::Trainable;

/// The mean features of each class over the training images, with a threshold from the images that were held
/// out; none where there are no such images.
pub(crate) fn class_means(
    module: &Trainable,
    data: &LabelledFeatures,
    holdout: &Holdout,
) -> Result<Option<ClassMeans>, Error> {
    if holdout.validation.is_empty() {
        return Ok(None);
    }
    let means = means(module, data, &holdout.train)?;
    let similarities = similarities(&means, module, data, &holdout.validation)?;
    Ok(means.with_threshold(similarities))
}

/// Those of a run that has them.
pub(crate) fn of_run(run: &Run) -> Result<Option<ClassMeans>, Error> {
    let means = run.has(CLASS_MEANS).then(|| run.file(CLASS_MEANS));
    let means = means.transpose()?;
    Ok(means
        .map(|file| ClassMeans::from_bytes(&file))
        .transpose()?)
}

/// The mean features of each class over the images of `data` at some indices.
pub(crate) fn means(
    module: &Trainable,
    data: &LabelledFeatures,
    indices: &[usize],
) -> Result<ClassMeans, Error> {
    let (mut sums, mut width) = (Vec::new(), 0);
    let mut counts = vec![0.0_f64; data.classes];
    for batch in indices.chunks(module.rows_at_once()) {
        let features = module.features(data, batch)?;
        width = features.len() / batch.len();
        sums.resize(data.classes * width, 0.0_f64);
        for (label, row) in data.labels(batch).into_iter().zip(features.chunks(width)) {
            let class = usize::from(label);
            counts[class] += 1.0;
            for (sum, value) in sums[class * width..].iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
    }
    let counts = counts.iter().flat_map(|count| vec![count.max(1.0); width]);
    let means = sums.iter().zip(counts).map(|(sum, count)| sum / count);
    #[expect(clippy::cast_possible_truncation, reason = "means of f32, kept in f32")]
    Ok(ClassMeans::new(
        means.map(|mean| mean as f32).collect(),
        width,
    ))
}

/// How many of the images of `data` at some indices, which are of the classes, are perhaps of none of them.
pub(crate) fn none_of_these(
    run: &Run,
    module: &Trainable,
    data: &LabelledFeatures,
    indices: &[usize],
) -> Result<Option<NoneOfThese>, Error> {
    let Some(means) = of_run(run)? else {
        return Ok(None);
    };
    let similarities = similarities(&means, module, data, indices)?;
    let threshold = means.threshold();
    let doubted = similarities.iter().filter(|one| **one < threshold);
    Ok(Some(NoneOfThese {
        threshold,
        images: doubted.count() as u64,
    }))
}

/// How like the class that is nearest each of the images of `data` at some indices is.
pub(crate) fn similarities(
    means: &ClassMeans,
    module: &Trainable,
    data: &LabelledFeatures,
    indices: &[usize],
) -> Result<Vec<f64>, Error> {
    let mut similarities = Vec::with_capacity(indices.len());
    for batch in indices.chunks(module.rows_at_once()) {
        let features = module.features(data, batch)?;
        let rows = features.chunks(features.len() / batch.len());
        similarities.extend(rows.map(|row| means.familiarity(row).similarity));
    }
    Ok(similarities)
}
