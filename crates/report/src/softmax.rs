//! From rows of logits to a class, probabilities and a loss, in double precision.

use crate::count::float;

/// The class with the largest logit; the first of equals. A row of no logits is class 0.
#[must_use]
pub fn argmax(logits: &[f32]) -> usize {
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best
}

/// The probabilities of all classes: exp(x) over the sum of exp(x), shifted by the largest logit
/// so that nothing overflows.
#[must_use]
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    let log_sum = log_sum_exp(doubles(logits));
    logits
        .iter()
        .map(|logit| (f64::from(*logit) - log_sum).exp())
        .collect()
}

/// The cross-entropy of one row of logits against its true class: minus the log of the
/// probability that the class was given, in nats.
#[must_use]
pub fn negative_log_likelihood(logits: &[f32], class: usize) -> f64 {
    log_sum_exp(doubles(logits)) - f64::from(logits[class])
}

/// Logits whose probabilities are the mean of those of several rows, which have a logit a class each: the
/// logarithms of that mean. One row alone is given back as it is.
#[must_use]
pub fn mean_logits(rows: &[&[f32]]) -> Vec<f32> {
    let (Some(first), 2..) = (rows.first(), rows.len()) else {
        return rows.concat();
    };
    let log_sums: Vec<f64> = rows.iter().map(|row| log_sum_exp(doubles(row))).collect();
    let log_count = float(rows.len()).ln();
    let mean = |class: usize| {
        let rows = rows.iter().zip(&log_sums);
        log_sum_exp(rows.map(|(row, log_sum)| f64::from(row[class]) - log_sum)) - log_count
    };
    #[expect(clippy::cast_possible_truncation, reason = "the precision of logits")]
    let logits = (0..first.len()).map(|class| mean(class) as f32);
    logits.collect()
}

fn doubles(logits: &[f32]) -> impl Iterator<Item = f64> + Clone {
    logits.iter().copied().map(f64::from)
}

fn log_sum_exp(logits: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.map(|logit| (logit - largest).exp()).sum();
    largest + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_share_alike() {
        let logits = [3.0_f32; 10];
        assert!(softmax(&logits).iter().all(|p| (p - 0.1).abs() < 1e-12));
        assert!((negative_log_likelihood(&logits, 4) - 10.0_f64.ln()).abs() < 1e-12);
        assert_eq!(argmax(&logits), 0);
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let logits = [1e30_f32, -1e30, 0.0];
        assert_eq!(softmax(&logits), [1.0, 0.0, 0.0]);
        assert_eq!(argmax(&logits), 0);
        assert!(negative_log_likelihood(&logits, 1) > 1e30);
    }

    #[test]
    fn probabilities_are_averaged_and_not_logits() {
        let rows: [&[f32]; 3] = [&[1.0, 0.0, -1.0], &[30.0, 0.0, 0.0], &[-200.0, 0.0, 1.0]];
        let found = softmax(&mean_logits(&rows));
        for (class, found) in found.iter().enumerate() {
            let expected = rows.iter().map(|row| softmax(row)[class]).sum::<f64>() / 3.0;
            assert!(
                (found - expected).abs() < 1e-7,
                "{class}: {found}, {expected}"
            );
        }
        // Neither the shift of a row counts, nor does a probability below the smallest number make a loss infinite.
        let shifted = mean_logits(&[&[1e4, 0.0], &[1001.0, -8999.0]]);
        assert!((negative_log_likelihood(&shifted, 1) - 1e4).abs() < 1e-3);
        assert_eq!(mean_logits(&rows[..1]), rows[0]);
        assert!(mean_logits(&[]).is_empty());
    }

    #[test]
    fn numbers_that_went_wrong_stay_wrong() {
        assert!(negative_log_likelihood(&[f32::NAN, 0.0], 1).is_nan());
    }
}
