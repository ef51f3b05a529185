//! Counts as numbers to compute with.

/// A count in double precision; counts of images are far below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of images are far below 2^53"
)]
pub(crate) fn float(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}

/// `part / whole`, or `None` where there is no whole.
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}
