//! Counts in, numbers and pages out: metrics and reports, without a tensor library.
