//! Test images of MNIST whose label is wrong.

use crate::record::Predictions;

/// The places, counted from 0, of the test images whose label most human raters reject.
///
/// Source: Northcutt, Athalye and Mueller, "Pervasive label errors in test sets destabilize machine
/// learning benchmarks" (2021), data set `cleanlab/label-errors`. They serve to state figures with
/// and without them, never to train or to choose.
pub const MNIST_LABEL_ERRORS: [usize; 15] = [
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
];

impl Predictions {
    /// The predictions without the images of [`MNIST_LABEL_ERRORS`].
    #[must_use]
    pub fn without_label_errors(&self) -> Self {
        let mut rest = self.clone();
        rest.rows
            .retain(|row| !MNIST_LABEL_ERRORS.contains(&row.index));
        rest
    }
}
