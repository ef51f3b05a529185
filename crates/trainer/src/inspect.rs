//! What is odd about images, said before they are used.

use graft_dataset::{Holdout, ImageSet};
use graft_report::record::Data;

/// How far the brightness of test images' edges may be from that of training images', of 255.
const ALIKE: u8 = 96;

/// Warns of classes that are never seen in training.
pub(crate) fn training(images: &ImageSet, holdout: &Holdout) {
    let unseen = unseen(images, holdout);
    if !unseen.is_empty() {
        tracing::warn!(
            "no training images of {} of {} classes: {}; what is trained can never name them. Give images of \
             them, or leave the classes out; where data.limit is set, a file may be sorted by class",
            unseen.len(),
            images.classes(),
            unseen.join(", ")
        );
    }
}

/// The classes without training images, by name.
fn unseen(images: &ImageSet, holdout: &Holdout) -> Vec<String> {
    let mut seen = vec![false; images.classes()];
    for index in &holdout.train {
        seen[usize::from(images.labels()[*index])] = true;
    }
    let unseen = (0..seen.len()).filter(|class| !seen[*class]);
    unseen.map(|class| images.name(class)).collect()
}

/// Warns of test images that are light where training images are dark.
pub(crate) fn test(images: &ImageSet, trained: &Data) {
    if let Some(warning) = polarity(images.border(), trained.border) {
        tracing::warn!("{warning}");
    }
}

fn polarity(found: Option<u8>, trained: Option<u8>) -> Option<String> {
    let found = found?;
    let trained = trained.filter(|trained| trained.abs_diff(found) > ALIKE)?;
    Some(format!(
        "the edges of the test images have a mean brightness of {found} of 255, those of the training images \
         {trained}: are they light on dark where the others are dark on light? The figures are of images that \
         the run was not trained for"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_only_held_out_or_nowhere_are_unseen() {
        let images = ImageSet::new(1, 1, vec![0; 4], vec![0, 2, 2, 3], 5).unwrap();
        let holdout = Holdout {
            train: vec![0, 1],
            validation: vec![2, 3],
        };
        assert_eq!(unseen(&images, &holdout), ["1", "3", "4"]);
    }

    #[test]
    fn edges_that_differ_much_are_told() {
        for (found, trained, told) in [
            (255, Some(0), true),
            (0, Some(255), true),
            (100, Some(10), false),
            (255, None, false),
        ] {
            assert_eq!(
                polarity(Some(found), trained).is_some(),
                told,
                "{found}, {trained:?}"
            );
        }
    }
}
