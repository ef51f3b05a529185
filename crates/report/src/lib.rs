//! Counts in, numbers and pages out: metrics, the record of a run, and the reports made from it.
//!
//! Logits and labels arrive as plain numbers, so that every figure can be checked without a tensor
//! library.

pub mod audit;
mod calibration;
pub mod chart;
pub mod compare;
mod confusion;
mod count;
mod difference;
mod ensemble;
mod estimate;
mod evaluation;
mod figures;
mod interval;
mod label_errors;
mod language;
mod listing;
mod number;
pub mod page;
mod paired;
mod recipe;
pub mod record;
mod softmax;
mod student;
mod summary;
pub mod sweep;
mod table;
mod template;
pub mod tensorboard;

pub use calibration::{BINS, Bin, bins, brier, expected_calibration_error, temperature};
pub use confusion::Confusion;
pub use difference::{Difference, SIGNIFICANT, Verdict};
pub use ensemble::{Alone, Ensemble, EnsembleError, Member};
pub use estimate::{Estimate, Hits};
pub use evaluation::{Evaluation, Mismatch, Share};
pub use figures::Figures;
pub use interval::{Interval, Z_95, wilson};
pub use label_errors::MNIST_LABEL_ERRORS;
pub use language::Language;
pub use listing::{Facts, Listed, State, list, listing};
pub use paired::{Paired, mcnemar};
pub use softmax::{argmax, mean_logits, negative_log_likelihood, softmax};
pub use summary::{percent, summary};
