//! Images that are the same, or almost: compared by their pixels, every two of them.
//!
//! Of each image a thumbnail is kept: brightness averaged over a grid, less its mean, with length 1. Images
//! whose thumbnails are alike are compared pixel by pixel in the same way.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::{ImageSet, dot};

/// The side of a thumbnail, in cells.
const SIDE: usize = 8;
/// How alike two thumbnails are whose images are compared: the product is 1 where one is the other, brighter or
/// with more contrast.
const THUMBNAILS: f32 = 0.985;
/// How alike the pixels of images are that are almost the same. Of MNIST's 70,000 different images the two
/// that are most alike, two ones, have 0.9916; an image and itself after JPEG at quality 90 have 0.998 or more.
const PIXELS: f32 = 0.992;
/// The same of pictures in colour of more than [`SMALL`] pixels, which have more to tell them apart: of 4,000 drawings
/// (`scripts/shapes_as_pictures.py`, 64 pixels) the most alike have 0.935, one and itself at quality 60 about 0.98.
const PIXELS_IN_COLOUR: f32 = 0.97;
/// How many pixels a small image has at most.
const SMALL: usize = 32 * 32;
/// How many thumbnails a thread compares with all others at a time.
const BLOCK: usize = 64;

/// An image of one of several sets: the set's place, and its own in it.
pub type Place = (usize, usize);

/// Groups of images of `sets` that are the same, or almost, each with whether all its pixels are; both the
/// groups and their images ascend. Images of different sizes or channels are not compared, and an image that is
/// of one brightness is like its copies alone.
#[must_use]
pub fn duplicates(sets: &[&ImageSet]) -> Vec<(bool, Vec<Place>)> {
    let all = (0..sets.len()).flat_map(|set| (0..sets[set].len()).map(move |index| (set, index)));
    let all: Vec<Place> = all.collect();
    let image = |place: usize| {
        let (set, index) = all[place];
        sets[set].image(index)
    };
    let form = |place: usize| {
        let set = sets[all[place].0];
        [set.rows(), set.columns(), set.channels()]
    };
    let mut firsts = HashMap::new();
    let mut group_of: Vec<usize> = (0..all.len()).collect();
    for (place, group) in group_of.iter_mut().enumerate() {
        *group = *firsts.entry((form(place), image(place))).or_insert(place);
    }
    let different: Vec<usize> = (0..all.len())
        .filter(|place| group_of[*place] == *place)
        .collect();
    let normalised = |place: usize| unit(image(place).iter().map(|pixel| f32::from(*pixel)));
    let thumbnails: Vec<[f32; SIDE * SIDE]> = different
        .par_iter()
        .map(|place| thumbnail(image(*place), form(*place)))
        .collect();
    let alike: Vec<(usize, usize)> = (0..different.len())
        .step_by(BLOCK)
        .collect::<Vec<_>>()
        .into_par_iter()
        .flat_map_iter(|start| {
            let end = (start + BLOCK).min(different.len());
            let mut found = Vec::new();
            for second in start + 1..different.len() {
                for first in start..end.min(second) {
                    if dot(&thumbnails[first], &thumbnails[second]) >= THUMBNAILS {
                        found.push((different[first], different[second]));
                    }
                }
            }
            found.into_iter().filter(|&(first, second)| {
                let [rows, columns, channels] = form(first);
                let is_large = channels > 1 && rows * columns > SMALL;
                let least = if is_large { PIXELS_IN_COLOUR } else { PIXELS };
                form(first) == form(second) && dot(&normalised(first), &normalised(second)) >= least
            })
        })
        .collect();
    for (first, second) in alike {
        let (first, second) = (root(&group_of, first), root(&group_of, second));
        group_of[first.max(second)] = first.min(second);
    }
    let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
    for place in 0..all.len() {
        groups
            .entry(root(&group_of, place))
            .or_default()
            .push(place);
    }
    let mut groups: Vec<Vec<usize>> = groups
        .into_values()
        .filter(|group| group.len() > 1)
        .collect();
    groups.sort_unstable();
    let group = |group: Vec<usize>| {
        let exact = group.iter().all(|place| image(*place) == image(group[0]));
        (exact, group.into_iter().map(|place| all[place]).collect())
    };
    groups.into_iter().map(group).collect()
}

/// The first of the group that a place is in.
fn root(group_of: &[usize], mut place: usize) -> usize {
    while group_of[place] != place {
        place = group_of[place];
    }
    place
}

/// The mean brightness of each cell of a grid over the image, by [`unit`].
#[expect(
    clippy::cast_precision_loss,
    reason = "pixels of an image are far below 2^24"
)]
fn thumbnail(image: &[u8], [rows, columns, channels]: [usize; 3]) -> [f32; SIDE * SIDE] {
    let mut cells = [(0_u64, 0_u64); SIDE * SIDE];
    for (row, line) in image.chunks_exact(columns * channels).enumerate() {
        for (column, pixel) in line.chunks_exact(channels).enumerate() {
            let (sum, count) = &mut cells[row * SIDE / rows * SIDE + column * SIDE / columns];
            *sum += pixel.iter().copied().map(u64::from).sum::<u64>();
            *count += 1;
        }
    }
    let mut thumbnail = [0.0; SIDE * SIDE];
    let values = unit(
        cells
            .iter()
            .map(|(sum, count)| *sum as f32 / (*count).max(1) as f32),
    );
    thumbnail.copy_from_slice(&values);
    thumbnail
}

/// The values less their mean, with length 1; zeros where all are the same.
#[expect(
    clippy::cast_precision_loss,
    reason = "pixels of an image are far below 2^24"
)]
fn unit(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
    for value in &mut values {
        *value -= mean;
    }
    let length = dot(&values, &values).sqrt();
    if length > 0.0 {
        for value in &mut values {
            *value /= length;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of 12x16 pixels of smooth blobs, another for every seed.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "sizes are small, and values 0 to 200"
    )]
    fn image(seed: u64) -> Vec<u8> {
        let mut order: Vec<usize> = (0..192).collect();
        crate::shuffle(&mut order, seed, 0);
        let blob = |at: usize, centre: usize| {
            let [row, column] = [at / 16, at % 16].map(|one| one as f64);
            let [y, x] = [centre / 16, centre % 16].map(|one| one as f64);
            (-((row - y).powi(2) + (column - x).powi(2)) / 6.0).exp()
        };
        let value = |at| {
            order[..4]
                .iter()
                .map(|centre| blob(at, *centre))
                .sum::<f64>()
        };
        (0..192)
            .map(|at| (value(at).min(1.0) * 200.0) as u8)
            .collect()
    }

    fn set(images: &[Vec<u8>]) -> ImageSet {
        ImageSet::new(12, 16, images.concat(), vec![0; images.len()], 1).unwrap()
    }

    #[test]
    fn copies_are_found_in_and_across_sets_and_nothing_else() {
        let mut first: Vec<Vec<u8>> = (0..90).map(image).collect();
        let mut second: Vec<Vec<u8>> = (90..150).map(image).collect();
        let changed = |image: &[u8], change: fn(usize, u8) -> u8| {
            let pixels = image.iter().enumerate();
            pixels
                .map(|(at, pixel)| change(at, *pixel))
                .collect::<Vec<u8>>()
        };
        first[70] = first[3].clone();
        second[5] = first[3].clone();
        second[59] = changed(&second[0], |_, pixel| pixel / 2 + 50);
        first[89] = changed(&first[88], |at, pixel| pixel + [0, 2, 4, 1, 3][at % 5]);
        // The same but for its place is another image, and so is its negative.
        second[7] = [&first[10][16..], &first[10][..16]].concat();
        second[8] = changed(&first[11], |_, pixel| 255 - pixel);
        assert_eq!(
            duplicates(&[&set(&first), &set(&second)]),
            [
                (true, vec![(0, 3), (0, 70), (1, 5)]),
                (false, vec![(0, 88), (0, 89)]),
                (false, vec![(1, 0), (1, 59)]),
            ]
        );
    }

    #[test]
    fn images_of_one_brightness_are_like_their_copies_alone() {
        let plain = |value| vec![value; 192];
        let set = set(&[plain(0), plain(9), plain(0), plain(9), plain(7), image(1)]);
        assert_eq!(
            duplicates(&[&set]),
            [(true, vec![(0, 0), (0, 2)]), (true, vec![(0, 1), (0, 3)])]
        );
        assert_eq!(duplicates(&[]), []);
    }

    #[test]
    fn images_of_other_sizes_are_not_compared() {
        let wide = ImageSet::new(16, 12, image(1), vec![0], 1).unwrap();
        assert_eq!(duplicates(&[&set(&[image(1)]), &wide]), []);
    }
}
