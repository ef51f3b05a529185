//! Images that the record keeps to be looked at.

use graft_dataset::{Augmentation, Holdout, ImageSet, Preprocessing};
use graft_report::record::{Channel, Picture, Predictions, Prepared, Samples};

use crate::RunError;

/// The longest side of an image that is kept, in pixels; of a larger one every second row and column, or so.
const LARGEST: usize = 64;
/// How many views of an image are kept, and of how many classes.
const VIEWS: (usize, usize) = (4, 10);

/// The first image of every class, and the first of these as the backbone sees it.
///
/// # Errors
/// When the images are too large for the size.
pub fn samples(images: &ImageSet, preprocessing: Preprocessing) -> Result<Samples, RunError> {
    let labels = images.labels();
    let first = |class: usize| labels.iter().position(|label| usize::from(*label) == class);
    let firsts: Vec<usize> = (0..images.classes()).filter_map(first).collect();
    let index = firsts.first().copied().unwrap_or_default();
    let batch = preprocessing.batch(images, std::iter::once(index))?;
    let [_, channels, rows, columns] = batch.shape;
    let values = batch.values.chunks_exact(batch.values.len() / channels);
    Ok(Samples {
        digits: firsts.iter().map(|index| picture(images, *index)).collect(),
        views: Vec::new(),
        prepared: Prepared {
            index,
            rows,
            columns,
            channels: values.map(Channel::new).collect(),
        },
    })
}

/// The first views of the first training image of each class, image by image, as training saw them.
///
/// # Errors
/// When a view cannot be made.
pub fn views(
    images: &ImageSet,
    augmentation: &Augmentation,
    holdout: &Holdout,
) -> Result<Vec<Picture>, RunError> {
    let (most, classes) = VIEWS;
    let of = |place: &usize| usize::from(images.labels()[holdout.train[*place]]);
    let first = |class| (0..holdout.train.len()).find(|place| of(place) == class);
    let places = (0..images.classes()).filter_map(first).take(classes);
    let mut pictures = Vec::new();
    for place in places {
        for number in 1..=augmentation.changed_views().min(most) {
            let view = augmentation.view(images, &holdout.train, &[place], number)?;
            pictures.push(Picture {
                index: holdout.train[place],
                ..picture(&view, 0)
            });
        }
    }
    Ok(pictures)
}

/// The mistakes that are kept to be looked at, the most confident first.
#[must_use]
pub fn mistakes(images: &ImageSet, predictions: &Predictions) -> Vec<Picture> {
    let wrong = predictions.mistakes_to_show().into_iter();
    wrong.map(|row| picture(images, row.index)).collect()
}

/// An image to be looked at, kept smaller where it is large.
#[must_use]
pub fn picture(images: &ImageSet, index: usize) -> Picture {
    let (columns, channels) = (images.columns(), images.channels());
    let step = images.rows().max(columns).div_ceil(LARGEST);
    let every = |count: usize| (0..count).step_by(step);
    let image = images.image(index);
    let pixel =
        |row: usize, column: usize| &image[(row * columns + column) * channels..][..channels];
    let rows = every(images.rows());
    Picture {
        index,
        label: images.labels()[index],
        rows: rows.len(),
        columns: every(columns).len(),
        pixels: rows
            .flat_map(|row| every(columns).flat_map(move |column| pixel(row, column)))
            .copied()
            .collect(),
    }
}
