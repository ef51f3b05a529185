//! Choosing on one half of the test images and measuring on the other, over many ways to halve them.

use graft_dataset::{resample, shuffle};
use graft_report::{Estimate, Hits, Z_95};

/// Ways to halve the test images, and each resample of them.
const SPLITS: u64 = 200;
/// Bootstrap resamples of the test images, for the standard errors.
const RESAMPLES: u64 = 200;
/// The streams of the generator that halves and resamples are drawn from begin here.
const STREAMS: u64 = 1 << 40;

/// What choosing among candidates by half of the images claims and is worth: how much it overstates the
/// accuracy of the choice, and how much it gains over `honest`, which was chosen without any of them.
/// See [`graft_report::sweep::Half`]. Intervals are normal ones around the mean over all ways; their
/// standard error is the deviation of that mean over bootstrap resamples of the images, where copies of
/// an image stay in the same half.
pub(super) fn halves(candidates: &[&Hits], honest: usize, seed: u64) -> [Estimate; 2] {
    let rows: Vec<Vec<u8>> = candidates
        .iter()
        .map(|hits| hits.iter().map(|hit| u8::from(*hit)).collect())
        .collect();
    let images = candidates.first().map_or(0, |hits| hits.len());
    let ways: Vec<Vec<bool>> = (0..SPLITS).map(|way| half(images, seed, way)).collect();
    let means = over(&ways, &rows, honest, &vec![1; images]);
    let resampled = (0..RESAMPLES).map(|number| {
        let times = resample(images, seed, STREAMS + SPLITS + number);
        let times = times.iter().map(|n| u8::try_from(*n).unwrap_or(u8::MAX));
        over(&ways, &rows, honest, &times.collect::<Vec<u8>>())
    });
    let resampled: Vec<[f64; 2]> = resampled.collect();
    [0, 1].map(|part| {
        let values: Vec<f64> = resampled.iter().map(|parts| parts[part]).collect();
        let half = Z_95 * deviation(&values);
        Estimate {
            mean: means[part],
            low: means[part] - half,
            high: means[part] + half,
        }
    })
}

/// Which images are in the half that is chosen on: `images / 2` of them, by seed and way.
fn half(images: usize, seed: u64, way: u64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..images).collect();
    shuffle(&mut order, seed, STREAMS + way);
    let mut chosen = vec![false; images];
    for place in order.into_iter().take(images / 2) {
        chosen[place] = true;
    }
    chosen
}

/// Mean excess and gain over `ways`, with each image counted as many `times`.
fn over(ways: &[Vec<bool>], rows: &[Vec<u8>], honest: usize, times: &[u8]) -> [f64; 2] {
    let totals: Vec<u32> = rows.iter().map(|row| weighted(row, times)).collect();
    let all = weighted(&vec![1; times.len()], times);
    let mut sums = [0.0; 2];
    for way in ways {
        let first: Vec<u8> = way
            .iter()
            .zip(times)
            .map(|(here, times)| u8::from(*here) * times)
            .collect();
        let images = weighted(&vec![1; first.len()], &first);
        let counts: Vec<u32> = rows.iter().map(|row| weighted(row, &first)).collect();
        let here = |place: usize| share(counts[place], images);
        let there = |place: usize| share(totals[place] - counts[place], all - images);
        // The first of equals.
        let best = (0..rows.len()).rev().max_by_key(|place| counts[*place]);
        let Some(best) = best else { break };
        sums[0] += (here(best) - there(best)) - (here(honest) - there(honest));
        sums[1] += there(best) - there(honest);
    }
    #[expect(clippy::cast_precision_loss, reason = "ways are few")]
    sums.map(|sum| sum / ways.len().max(1) as f64)
}

/// How often images are right, each counted as many `times`.
fn weighted(right: &[u8], times: &[u8]) -> u32 {
    let products = right.iter().zip(times);
    products
        .map(|(right, times)| u32::from(right * times))
        .sum()
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "resamples are few")]
fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (n - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `candidates` coins, each right on nine of ten images, that have nothing to do with each other.
    fn coins(candidates: u64, images: usize) -> Vec<Hits> {
        let coin = |number| {
            let mut places: Vec<usize> = (0..images).collect();
            shuffle(&mut places, 99, number);
            places.into_iter().map(|place| place % 10 > 0).collect()
        };
        (0..candidates).map(coin).collect()
    }

    fn of(candidates: &[Hits]) -> [Estimate; 2] {
        halves(&candidates.iter().collect::<Vec<_>>(), 0, 1)
    }

    #[test]
    fn equal_candidates_give_an_excess_and_no_gain() {
        let images = 2000;
        let halves = of(&coins(20, images));
        // The best of 20 on 1,000 images is about 1.87 deviations of 0.95 points above 90 %, and what
        // it has too many there, it lacks on the others.
        assert!(halves[0].low > 0.01, "{halves:?}");
        assert!(halves[0].mean < 0.05, "{halves:?}");
        assert!(halves[1].mean < 0.0, "{halves:?}");
    }

    #[test]
    fn one_candidate_leaves_nothing_to_choose() {
        let halves = of(&coins(1, 500));
        for estimate in halves {
            assert!(
                estimate.mean.abs() < 1e-12 && estimate.high < 1e-9,
                "{halves:?}"
            );
        }
    }

    #[test]
    fn a_much_better_candidate_is_a_gain_without_excess() {
        let mut candidates = coins(1, 1000);
        candidates.push(vec![true; 1000]);
        let halves = of(&candidates);
        assert!((halves[1].mean - 0.1).abs() < 0.01, "{halves:?}");
        assert!(halves[1].low > 0.05, "{halves:?}");
        assert!(halves[0].mean.abs() < 0.01, "{halves:?}");
    }

    #[test]
    fn half_is_half() {
        for images in [0, 1, 10, 11] {
            let chosen = half(images, 3, 7);
            let count = chosen.iter().filter(|here| **here).count();
            assert_eq!((chosen.len(), count), (images, images / 2));
        }
    }
}
