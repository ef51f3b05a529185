//! What the page's sentences follow from, beyond the figures that the record has.

use minijinja::context;
use minijinja::value::{Serde, Value};

use crate::count::float;
use crate::{Bin, Estimate, Evaluation, Z_95, wilson};

/// The first accuracy minus the second, on different images, with its 95 % interval: Newcombe's
/// hybrid of Wilson's (method 10 of "Interval estimation for the difference between independent
/// proportions", Statistics in Medicine 17, 1998).
pub(super) fn difference(first: &Evaluation, second: &Evaluation) -> Estimate {
    let mean = first.accuracy - second.accuracy;
    let (a, b) = (first.interval, second.interval);
    let below = (first.accuracy - a.low).hypot(b.high - second.accuracy);
    let above = (a.high - first.accuracy).hypot(second.accuracy - b.low);
    Estimate {
        mean,
        low: mean - below,
        high: mean + above,
    }
}

/// Mean confidence minus accuracy over all images, and how far from 0 it is by chance, at 95 %, where
/// the head is calibrated: then an image is right with the probability c that it was given, which has
/// the variance c (1 - c) (Spiegelhalter, "Probabilistic prediction in patient management and clinical
/// trials", Statistics in Medicine 5, 1986). Each bin counts by its mean confidence, which makes the
/// variance a little larger, never smaller.
pub(super) fn gap(bins: &[Bin]) -> Option<Value> {
    let (mut n, mut surplus, mut variance) = (0, 0.0, 0.0);
    for bin in bins {
        if let Some(c) = bin.confidence {
            n += bin.n;
            surplus += c * float(bin.n) - float(bin.correct);
            variance += float(bin.n) * c * (1.0 - c);
        }
    }
    let margin = Z_95 * f64::max(variance, 0.0).sqrt();
    let (size, chance) = (surplus / float(n), margin / float(n));
    (n > 0).then(|| context! { size, chance })
}

/// The class with the lowest recall, the classes that it is most often taken for, and those whose
/// interval overlaps with its own; none where there are no images, or no mistakes in this class.
pub(super) fn weakest(test: &Evaluation, name: impl Fn(usize) -> String) -> Option<Value> {
    let confusion = &test.confusion;
    let interval = |class| wilson(confusion.count(class, class), confusion.images(class));
    let found = || {
        (0..)
            .zip(&test.recall)
            .filter_map(|(class, recall)| Some((class, (*recall)?)))
    };
    let (class, recall) = found().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let mistakes = confusion.mistakes();
    let of_class = || mistakes.iter().filter(|(_, truth, _)| *truth == class);
    let (count, ..) = *of_class().next()?;
    let taken = of_class().filter(|mistake| mistake.0 == count);
    let own = interval(class);
    let alike = found().filter(|(other, _)| *other != class && interval(*other).low <= own.high);
    Some(context! {
        class => name(class),
        recall,
        interval => Serde(own),
        count,
        taken => taken.map(|mistake| name(mistake.2)).collect::<Vec<_>>(),
        alike => alike.map(|(other, _)| name(other)).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_interval() {
        // Newcombe's first example: 56 of 70 against 48 of 80 gives 0.0524 to 0.3339.
        let share = |right: u8, n: u8| {
            let labels = vec![0; usize::from(n)];
            let logits: Vec<f32> = (0..n)
                .flat_map(|at| if at < right { [1.0, 0.0] } else { [0.0, 1.0] })
                .collect();
            Evaluation::new(&labels, &logits, 2).unwrap()
        };
        let Estimate { mean, low, high } = difference(&share(56, 70), &share(48, 80));
        assert!((mean - 0.2).abs() < 1e-12);
        assert!(
            (low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5,
            "{low} {high}"
        );
    }
}
