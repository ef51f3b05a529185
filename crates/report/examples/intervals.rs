//! How sure is an accuracy, and is one classifier better than another?
//!
//!     cargo run --release -p graft-report --example intervals

#![expect(clippy::print_stdout, reason = "an example prints what it computes")]

use graft_report::{Paired, percent, wilson};

fn main() {
    // 9,578 of 10,000 test images are right.
    let interval = wilson(9578, 10_000);
    let (low, high) = (percent(interval.low), percent(interval.high));
    println!(
        "accuracy {}, 95 % interval {low} to {high}",
        percent(0.9578)
    );

    // On the same images only the first of two classifiers is right on 40, only the second on 104.
    let Paired {
        difference,
        low,
        high,
        p,
        ..
    } = Paired::of_counts(40, 104, 10_000);
    let [difference, low, high] = [difference, low, high].map(percent);
    println!("the second is {difference} better, 95 % interval {low} to {high}, p {p:.1e}");
}
