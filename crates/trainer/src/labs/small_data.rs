//! `small-data`: few images to learn from, seen through VGG16, through the same network untrained,
//! or as they are.

use graft_dataset::{Holdout, ImageSet, shuffle};
use graft_report::Difference;
use graft_report::lab::{Against, Input, Shown, SmallData};

use super::trial::{Finished, Trial, cell, hits, run as run_all};
use super::untrained::untrained_features;
use super::workbench::{Pair, Workbench};
use crate::Error;
use graft_features::Features;

/// Training images of each class.
const PER_CLASS: [usize; 6] = [1, 5, 10, 50, 100, 500];
/// How often images are drawn anew, for each number of them. All inputs share each draw, and larger
/// draws hold the smaller ones.
const DRAWS: u64 = 10;
/// The least steps that every head learns for, to the end of an epoch: as many for few images as for
/// many.
const STEPS: usize = 1000;
/// The streams of the generator that images are drawn from begin here, one a draw and class: beyond
/// those of epochs, which count from 1.
const STREAMS: u64 = 1 << 32;

pub(super) fn run(bench: &mut Workbench) -> Result<SmallData, Error> {
    let few = bench.few()?;
    let pairs = [
        bench.seed_features()?,
        untrained_features(bench, &few)?,
        Pair {
            train: pixels(&few),
            test: pixels(&bench.test),
        },
    ];
    let bench = &*bench;
    let sizes = sizes(&few);
    let mut holdouts = Vec::new();
    for per_class in &sizes {
        for draw in 0..DRAWS {
            holdouts.push(drawn(&few, *per_class, bench.recipe.training.seed, draw));
        }
    }
    let examples = pairs.each_ref().map(|pair| {
        (
            bench.train_examples(&pair.train),
            bench.test_examples(&pair.test),
        )
    });
    let mut trials = Vec::new();
    for (train, test) in &examples {
        for (place, holdout) in (0..).zip(&holdouts) {
            let mut recipe = bench.recipe.clone();
            let steps = holdout.train.len().div_ceil(recipe.training.batch_size);
            recipe.head.standardise = true;
            recipe.training.epochs = STEPS.div_ceil(steps);
            recipe.training.seed += place % DRAWS;
            trials.push(Trial {
                recipe,
                holdout,
                train,
                test,
            });
        }
    }
    let finished = run_all("small-data", &trials)?;
    Ok(collect(&sizes, &finished))
}

/// Trials, by input, size and draw, as cells and differences.
fn collect(sizes: &[usize], finished: &[Finished]) -> SmallData {
    let draws = usize::try_from(DRAWS).unwrap_or(usize::MAX);
    let mut parts = finished.chunks(draws);
    let mut cells = Vec::new();
    for input in Input::ALL {
        for (per_class, part) in sizes.iter().zip(parts.by_ref()) {
            let per_class = *per_class;
            cells.push((Shown { input, per_class }, part));
        }
    }
    let of = |input, per_class| {
        let shown = Shown { input, per_class };
        cells.iter().find(|(found, _)| *found == shown)
    };
    let mut differences = Vec::new();
    for per_class in sizes {
        for other in [Input::Untrained, Input::Pixels] {
            let ends = (of(other, *per_class), of(Input::Pretrained, *per_class));
            if let (Some((_, first)), Some((_, second))) = ends {
                differences.push(Against {
                    per_class: *per_class,
                    other,
                    difference: Difference::new(&hits(first), &hits(second)),
                });
            }
        }
    }
    SmallData {
        cells: cells
            .into_iter()
            .filter_map(|(shown, part)| cell(shown, part))
            .collect(),
        differences,
    }
}

/// The numbers of images a class that every class has.
fn sizes(images: &ImageSet) -> Vec<usize> {
    let least = images.class_counts().into_iter().min().unwrap_or_default();
    PER_CLASS.into_iter().filter(|n| *n <= least).collect()
}

/// `per_class` images of each class, and nothing held out.
fn drawn(images: &ImageSet, per_class: usize, seed: u64, draw: u64) -> Holdout {
    let mut train = Vec::new();
    for class in 0..images.classes() {
        let labels = images.labels().iter().enumerate();
        let mut of_class: Vec<usize> = labels
            .filter(|(_, label)| usize::from(**label) == class)
            .map(|(index, _)| index)
            .collect();
        shuffle(&mut of_class, seed, STREAMS + 256 * draw + class as u64);
        train.extend(of_class.into_iter().take(per_class));
    }
    train.sort_unstable();
    Holdout {
        train,
        validation: Vec::new(),
    }
}

/// The images' pixels as features, 0 to 1.
fn pixels(images: &ImageSet) -> Features {
    let values: Vec<f32> = images
        .pixels()
        .iter()
        .map(|pixel| f32::from(*pixel) / 255.0)
        .collect();
    Features::held(&values, images.rows() * images.columns())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> ImageSet {
        let labels: Vec<u8> = (0..120).map(|index| index % 3).collect();
        ImageSet::new(1, 2, vec![51; 240], labels, 3).unwrap()
    }

    #[test]
    fn draws_have_as_many_of_each_class_and_hold_the_smaller_ones() {
        let images = images();
        assert_eq!(sizes(&images), [1, 5, 10]);
        for draw in 0..DRAWS {
            let large = drawn(&images, 10, 42, draw).train;
            assert!(large.is_sorted() && large.len() == 30);
            for class in 0..3 {
                assert_eq!(large.iter().filter(|index| *index % 3 == class).count(), 10);
            }
            let small = drawn(&images, 5, 42, draw).train;
            assert!(small.iter().all(|index| large.contains(index)));
        }
        assert_ne!(drawn(&images, 10, 42, 0), drawn(&images, 10, 42, 1));
        assert_ne!(drawn(&images, 10, 42, 0), drawn(&images, 10, 43, 0));
    }

    #[test]
    fn pixels_are_features() {
        let features = pixels(&images());
        assert_eq!((features.images(), features.width()), (120, 2));
        assert_eq!(features.rows(&[7]), [0.2, 0.2]);
    }
}
