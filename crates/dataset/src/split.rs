//! Holding out validation images: stratified, seeded, and the same on every platform.

use crate::error::value;
use crate::{Error, shuffle};

/// Which images train and which validate. Both lists ascend; no index is in both, and none is
/// missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdout {
    /// The images to train on.
    pub train: Vec<usize>,
    /// The images to validate on.
    pub validation: Vec<usize>,
}

/// Holds out `validation` of the labelled images, so that each class keeps its share of them to
/// within one image. With 0, all images train.
///
/// A class with `n` of `N` images gets `validation * n / N` rounded down, and the classes with the
/// largest remainders (the lower class first among equals) get one more until none is left to give.
/// Which ones they are: the class's indices, ascending, shuffled by [`shuffle`] with this seed and
/// epoch `2^64 - 1 - class`; the first are held out.
///
/// # Errors
/// When that would leave no image to train on.
pub fn split(labels: &[u8], validation: usize, seed: u64) -> Result<Holdout, Error> {
    split_apart(labels, &[], validation, seed)
}

/// As [`split`], with all copies of an image on one side: `copies` has for every image the first that is
/// the same, and is empty where none is. Copies count to the class of the first, and a group of them that
/// is more than its class's share is passed over, so that fewer may be held out.
///
/// # Errors
/// As [`split`].
pub fn split_apart(
    labels: &[u8],
    copies: &[usize],
    validation: usize,
    seed: u64,
) -> Result<Holdout, Error> {
    if validation > 0 && validation >= labels.len() {
        return value(
            "fewer validation images than there are images",
            format!("{validation} of {}", labels.len()),
            "hold out fewer",
        );
    }
    let first = |index: usize| copies.get(index).copied().unwrap_or(index);
    let mut sizes = vec![0; 256];
    let mut classes = vec![Vec::new(); 256];
    let mut group = vec![0; labels.len()];
    for (index, &label) in labels.iter().enumerate() {
        group[first(index)] += 1;
        sizes[usize::from(labels[first(index)])] += 1;
        if first(index) == index {
            classes[usize::from(label)].push(index);
        }
    }
    let quotas = quotas(&sizes, validation);

    let mut held = vec![false; labels.len()];
    for ((class, indices), mut quota) in (0_u64..).zip(&mut classes).zip(quotas) {
        shuffle(indices, seed, u64::MAX - class);
        for &mut index in indices {
            if group[index] <= quota {
                quota -= group[index];
                held[index] = true;
            }
        }
    }
    let (validation, train) = (0..labels.len()).partition(|&index| held[first(index)]);
    Ok(Holdout { train, validation })
}

/// `count` of the images at `indices` of each class, or all where there are fewer: the first in the order that
/// `order` gives those of a class. They ascend, and larger draws hold the smaller ones.
pub fn of_each_class(
    labels: &[u8],
    indices: &[usize],
    count: usize,
    order: impl Fn(u64, &mut [usize]),
) -> Vec<usize> {
    let mut classes = vec![Vec::new(); 256];
    for &index in indices {
        classes[usize::from(labels[index])].push(index);
    }
    let mut drawn = Vec::new();
    for (class, mut of_class) in (0..).zip(classes) {
        order(class, &mut of_class);
        drawn.extend(of_class.into_iter().take(count));
    }
    drawn.sort_unstable();
    drawn
}

/// Shares out `total` in proportion to `sizes`, by largest remainder.
fn quotas(sizes: &[usize], total: usize) -> Vec<usize> {
    let all = sizes.iter().sum::<usize>().max(1) as u128;
    let share = |size: usize| total as u128 * size as u128;
    let mut quotas: Vec<usize> = sizes.iter().map(|&n| (share(n) / all) as usize).collect();
    let left = total - quotas.iter().sum::<usize>();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    // A stable sort leaves the lower class first among equals.
    by_remainder.sort_by_key(|&class| std::cmp::Reverse(share(sizes[class]) % all));
    for &class in by_remainder.iter().take(left) {
        quotas[class] += 1;
    }
    quotas
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_go_by_largest_remainder() {
        let cases: [(&[usize], usize, &[usize]); 5] = [
            (&[50, 30, 20], 10, &[5, 3, 2]),
            (&[5, 5, 5], 4, &[2, 1, 1]),
            (&[6, 3, 1], 5, &[3, 2, 0]),
            (&[1, 0, 99], 50, &[1, 0, 49]),
            (&[3, 4], 0, &[0, 0]),
        ];
        for (sizes, total, expected) in cases {
            assert_eq!(quotas(sizes, total), expected, "{sizes:?}, {total}");
        }
    }

    #[test]
    fn none_and_too_many() {
        let labels = [1, 0, 1];
        let all = split(&labels, 0, 7).unwrap();
        assert_eq!((all.train, all.validation), (vec![0, 1, 2], vec![]));
        assert_eq!(split(&labels, 2, 7).unwrap().train.len(), 1);
        let error = split(&labels, 3, 7).unwrap_err().to_string();
        assert!(error.contains("found 3 of 3"), "{error}");
        assert!(split(&[], 0, 7).unwrap().train.is_empty());
        assert!(split(&[], 1, 7).is_err());
    }

    #[test]
    fn the_seed_decides() {
        let labels: Vec<u8> = (0..200).map(|index| index % 10).collect();
        let first = split(&labels, 50, 1).unwrap();
        // From an independent program, written from the descriptions of split and shuffle.
        assert_eq!(
            first.validation[..12],
            [1, 2, 11, 14, 28, 30, 37, 38, 41, 43, 44, 46]
        );
        assert_ne!(first, split(&labels, 50, 2).unwrap());
    }

    #[test]
    fn copies_stay_on_one_side() {
        // Image 2 n + 1 is a copy of image 2 n for the first 20, in the other class for the first two.
        let labels: Vec<u8> = (0..100)
            .map(|index| u8::from(index % 4 > 1 || index == 1))
            .collect();
        let copies: Vec<usize> = (0..100)
            .map(|index| if index < 20 { index - index % 2 } else { index })
            .collect();
        let mut sides = [0, 0];
        for seed in 0..20 {
            let holdout = split_apart(&labels, &copies, 30, seed).unwrap();
            assert_eq!(holdout.train.len() + holdout.validation.len(), 100);
            assert!((29..=30).contains(&holdout.validation.len()));
            for pair in 0..10 {
                let held =
                    [2 * pair, 2 * pair + 1].map(|index| holdout.validation.contains(&index));
                assert_eq!(held[0], held[1], "seed {seed}");
                sides[usize::from(held[0])] += 1;
            }
        }
        assert!(sides[0] > 100 && sides[1] > 30, "{sides:?}");
        // Three copies are more than a share of two.
        let holdout = split_apart(&[0; 4], &[0, 0, 0, 3], 2, 1).unwrap();
        assert_eq!(holdout.validation, [3]);
        let apart = split_apart(&labels, &[], 30, 7).unwrap();
        assert_eq!(apart, split(&labels, 30, 7).unwrap());
    }

    proptest! {
        #[test]
        fn disjoint_complete_ascending_and_stratified(
            labels in prop::collection::vec(0_u8..12, 1..400),
            share in 0.0..1.0,
            seed: u64,
        ) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "test sizes are small")]
            let wanted = (labels.len() as f64 * share) as usize;
            let Holdout { train, validation } = split(&labels, wanted, seed).unwrap();
            prop_assert_eq!(validation.len(), wanted);
            prop_assert!(train.is_sorted() && validation.is_sorted());
            let mut all = [train, validation.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(&all, &(0..labels.len()).collect::<Vec<_>>());
            let count = |indices: &[usize], class: u8| {
                indices.iter().filter(|&&index| labels[index] == class).count()
            };
            for class in 0..12 {
                let size = count(&all, class);
                let held = count(&validation, class);
                // |held - wanted * size / N| < 1, in whole numbers.
                prop_assert!((held * labels.len()).abs_diff(wanted * size) < labels.len());
            }
        }
    }
}
