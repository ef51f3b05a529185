//! Cross-validation: every image is held out once.

use crate::error::value;
use crate::{Error, Holdout, shuffle};

/// Deals the labelled images but for those of `removed`, which ascend, out to `count` folds, each class evenly to
/// within one group of copies: for every fold what is trained on, and the fold itself as what it is validated
/// on.
///
/// `copies` has for every image the first that is the same, and is empty where none is; copies are in one
/// fold. A class's images, or the first of each of their copies, ascending, are shuffled by [`shuffle`] with
/// this seed and epoch `2^63 + class`, and dealt out one to a fold in turn, class after class.
///
/// # Errors
/// When there are fewer than two folds, or a fold would have no image.
pub fn folds(
    labels: &[u8],
    copies: &[usize],
    removed: &[usize],
    count: usize,
    seed: u64,
) -> Result<Vec<Holdout>, Error> {
    let first = |index: usize| copies.get(index).copied().unwrap_or(index);
    let is_used = |index: &usize| removed.binary_search(index).is_err();
    let used: Vec<usize> = (0..labels.len()).filter(is_used).collect();
    let mut dealt = vec![false; labels.len()];
    let mut classes = vec![Vec::new(); 256];
    for &index in &used {
        // Copies are dealt by the first of them that is used, and kept by the first of all.
        if !std::mem::replace(&mut dealt[first(index)], true) {
            classes[usize::from(labels[index])].push(index);
        }
    }
    let different: usize = classes.iter().map(Vec::len).sum();
    if different < 2 {
        return value("at least 2 different images", different, "give more images");
    }
    if count < 2 || different < count {
        return value(
            format!("2 to {different} folds, as many as there are different images"),
            count,
            "give another number of folds, or more images",
        );
    }
    let mut fold_of = vec![0; labels.len()];
    let mut next = (0..count).cycle();
    for (class, mut indices) in (1_u64 << 63..).zip(classes) {
        shuffle(&mut indices, seed, class);
        for (index, fold) in indices.into_iter().zip(&mut next) {
            fold_of[first(index)] = fold;
        }
    }
    let held = |fold| {
        let is_held = |index: &usize| fold_of[first(*index)] == fold;
        let (validation, train) = used.iter().copied().partition(is_held);
        Holdout { train, validation }
    };
    Ok((0..count).map(held).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn too_few_and_too_many_are_refused() {
        for (labels, copies, count) in [
            (&[0, 1, 0][..], &[][..], 1),
            (&[0, 1, 0], &[], 4),
            (&[0, 1, 0], &[0, 0, 0], 2),
            (&[], &[], 2),
        ] {
            let error = folds(labels, copies, &[], count, 0)
                .unwrap_err()
                .to_string();
            assert!(error.contains("different images"), "{error}");
        }
        assert_eq!(folds(&[0, 1, 0], &[], &[], 3, 0).unwrap().len(), 3);
    }

    proptest! {
        #[test]
        fn every_image_is_held_out_once_with_its_copies_and_classes_are_even(
            labels in prop::collection::vec(0_u8..5, 20..200),
            count in 2_usize..8,
            seed: u64,
        ) {
            // Every seventh image is a copy of the one before it.
            let copies: Vec<usize> = (0..labels.len()).map(|at| at - usize::from(at % 7 == 6)).collect();
            let removed: Vec<usize> = (0..labels.len()).filter(|at| at % 9 == 2).collect();
            let used: Vec<usize> = (0..labels.len()).filter(|at| at % 9 != 2).collect();
            let first = |at: usize| *used.iter().find(|other| copies[**other] == copies[at]).unwrap();
            let folds = folds(&labels, &copies, &removed, count, seed).unwrap();
            let mut all: Vec<usize> = folds.iter().flat_map(|fold| fold.validation.clone()).collect();
            all.sort_unstable();
            prop_assert_eq!(&all, &used);
            for class in 0..5 {
                let sizes = folds.iter().map(|Holdout { validation, .. }| {
                    let of_class = |at: &&usize| first(**at) == **at && labels[**at] == class;
                    validation.iter().filter(of_class).count()
                });
                let (least, most) = (sizes.clone().min().unwrap(), sizes.max().unwrap());
                prop_assert!(most - least <= 1);
            }
            for Holdout { train, validation } in &folds {
                prop_assert!(train.is_sorted() && validation.is_sorted());
                prop_assert_eq!(train.len() + validation.len(), used.len());
                prop_assert!(validation.iter().all(|at| validation.contains(&first(*at))));
                prop_assert!(validation.iter().all(|at| !train.contains(at)));
            }
        }
    }
}
