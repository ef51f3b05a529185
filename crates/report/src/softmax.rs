//! From one row of logits to a class, probabilities and a loss, in double precision.

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
    let log_sum = log_sum_exp(logits);
    logits
        .iter()
        .map(|logit| (f64::from(*logit) - log_sum).exp())
        .collect()
}

/// The cross-entropy of one row of logits against its true class: minus the log of the
/// probability that the class was given, in nats.
#[must_use]
pub fn negative_log_likelihood(logits: &[f32], class: usize) -> f64 {
    log_sum_exp(logits) - f64::from(logits[class])
}

fn log_sum_exp(logits: &[f32]) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = f64::from(largest);
    let sum: f64 = logits
        .iter()
        .map(|logit| (f64::from(*logit) - largest).exp())
        .sum();
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
    fn numbers_that_went_wrong_stay_wrong() {
        assert!(negative_log_likelihood(&[f32::NAN, 0.0], 1).is_nan());
    }
}
