//! What was trained, as cells that are chosen and compared.

use std::collections::BTreeMap;

use graft_report::sweep::{Cell, Cells, Comparison, Half, Outcome, Pick, Split};
use graft_report::{Difference, Estimate, Hits};

use crate::halves::halves;
use crate::plan::Plan;
use crate::train::Trained;

/// Chooses and compares cells as the sweep says. What refers to a cell that there is not is left out.
pub(super) fn outcome(plan: &Plan, trained: Vec<Trained>) -> Outcome {
    let (mut cells, hits): (Vec<Cell>, Vec<Vec<Hits>>) = trained.into_iter().unzip();
    choose(plan, &mut cells);
    let sweep = plan.sweep;
    let mut picks = BTreeMap::new();
    // Those that are not another come behind that other.
    for later in [false, true] {
        for (name, pick) in sweep
            .pick
            .iter()
            .filter(|(_, pick)| pick.not.is_some() == later)
        {
            let not = pick.not.as_ref().and_then(|name| picks.get(name).copied());
            if let Some(place) = find(plan, &cells, pick, not) {
                picks.insert(name.clone(), place);
            }
        }
    }
    let mut halved: BTreeMap<usize, [Estimate; 2]> = BTreeMap::new();
    let mut comparisons = BTreeMap::new();
    for (name, compare) in &sweep.compare {
        let place = |of: &Cells| match of {
            Cells::Pick(name) => picks.get(name).copied(),
            at @ Cells::At(_) => find(plan, &cells, &plan.pick(at)?, None),
        };
        let comparison = match (
            compare.of.as_ref().map(place),
            place(&compare.with),
            compare.half,
        ) {
            (Some(Some(of)), Some(with), _) => {
                Comparison::Paired(Difference::new(&hits[with], &hits[of]))
            }
            (None, Some(with), Some(half)) => {
                let [overstated, gained] = *halved.entry(with).or_insert_with(|| {
                    let first: Vec<_> = hits.iter().filter_map(|hits| hits.first()).collect();
                    halves(&first, with, plan.base.training.seed)
                });
                Comparison::Halves(match half {
                    Half::Overstated => overstated,
                    Half::Gained => gained,
                })
            }
            _ => continue,
        };
        comparisons.insert(name.clone(), comparison);
    }
    Outcome {
        cells,
        picks,
        comparisons,
    }
}

/// Marks the cell with the best values of the tuned axes, among those that are alike but for them.
fn choose(plan: &Plan, cells: &mut [Cell]) {
    let axes = plan.sweep.axis.iter().enumerate();
    let fixed: Vec<usize> = axes
        .filter(|(_, axis)| !axis.tuned)
        .map(|(place, _)| place)
        .collect();
    if fixed.len() == plan.sweep.axis.len() {
        return;
    }
    let alike = |a: &Cell, b: &Cell| fixed.iter().all(|axis| a.at[*axis] == b.at[*axis]);
    let chosen = |place: usize| best(cells, Split::Validation, |cell| alike(cell, &cells[place]));
    let chosen: Vec<bool> = (0..cells.len())
        .map(|place| chosen(place) == Some(place))
        .collect();
    for (cell, chosen) in cells.iter_mut().zip(chosen) {
        cell.chosen = chosen;
    }
}

/// The place of the cell that a pick means.
fn find(plan: &Plan, cells: &[Cell], pick: &Pick, not: Option<usize>) -> Option<usize> {
    let wanted = plan.place(pick).ok()?;
    let there = |cell: &Cell| {
        let mut places = wanted.iter().zip(&cell.at);
        places.all(|(wanted, place)| wanted.is_none_or(|wanted| wanted == *place))
    };
    let may =
        |cell: &Cell| cell.chosen && there(cell) && Some(&cell.at) != not.map(|not| &cells[not].at);
    match pick.best {
        Some(split) => best(cells, split, may),
        None => cells.iter().position(may),
    }
}

/// The place of the cell that does best on these images, of equals that with the lowest loss, among those
/// that `may` be taken.
fn best(cells: &[Cell], on: Split, may: impl Fn(&Cell) -> bool) -> Option<usize> {
    let scores = cells.iter().enumerate().filter(|(_, cell)| may(cell));
    let scores = scores.filter_map(|(place, cell)| match on {
        Split::Validation => {
            let scores = cell.validation()?;
            Some((place, scores.accuracy, scores.loss))
        }
        Split::Test => Some((place, cell.accuracy.mean, cell.loss())),
    });
    scores
        .reduce(|best, next| {
            let order = next.1.total_cmp(&best.1).then(best.2.total_cmp(&next.2));
            if order.is_gt() { next } else { best }
        })
        .map(|(place, ..)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Loaded;
    use graft_report::record::Scores;
    use graft_report::sweep::{Measured, Training};
    use std::path::Path;

    /// A cell of one training with this accuracy and loss on validation images, and so many of 100 test
    /// images right.
    fn trained(at: &[usize], validation: f64, loss: f64, right: usize) -> Trained {
        let hits = vec![(0..100).map(|image| image < right).collect::<Hits>()];
        let scores = |accuracy| Scores { loss, accuracy };
        let accuracy = Estimate::accuracy(&hits);
        let cell = Cell {
            at: at.to_vec(),
            chosen: true,
            training: Training {
                normalise: "none".into(),
                classifier: None,
                hidden: Vec::new(),
                learning_rate: 0.001,
                batch_size: 32,
                epochs: 1,
            },
            values: 512,
            trained_on: 10,
            validated_on: 10,
            measured_on: 100,
            trainings: vec![Measured {
                seed: 1,
                validation: Some(scores(validation)),
                scores: scores(accuracy.mean),
            }],
            accuracy,
        };
        (cell, hits)
    }

    fn outcome_of(name: &str, trained: Vec<Trained>) -> Outcome {
        let loaded = Loaded::new(name, Path::new("none")).unwrap();
        outcome(
            &Plan::new(&loaded, &[], Path::new("none")).unwrap(),
            trained,
        )
    }

    fn points(outcome: &Outcome, name: &str) -> f64 {
        match &outcome.comparisons[name] {
            Comparison::Paired(difference) => 100.0 * difference.accuracy.mean,
            Comparison::Halves(estimate) => 100.0 * estimate.mean,
        }
    }

    #[test]
    fn tuned_axes_take_the_best_on_validation_images_whatever_the_test_says() {
        let outcome = outcome_of(
            "boundary",
            vec![
                trained(&[3, 0], 0.9, 0.3, 99),
                trained(&[3, 1], 0.95, 0.3, 70),
                // Of equals that with the lowest loss.
                trained(&[3, 2], 0.95, 0.2, 80),
                trained(&[4, 0], 0.99, 0.3, 60),
                trained(&[4, 1], 0.97, 0.1, 99),
            ],
        );
        let chosen: Vec<bool> = outcome.cells.iter().map(|cell| cell.chosen).collect();
        assert_eq!(chosen, [false, false, true, true, false]);
        assert_eq!(outcome.picks["last"], 3);
        assert_eq!(outcome.picks["best"], 2, "the last block aside");
        assert!((points(&outcome, "gain") - 20.0).abs() < 1e-9);
    }

    #[test]
    fn cells_with_names_are_compared_and_what_there_is_not_is_left_out() {
        let at = |features, images| trained(&[features, images], 0.0, 0.5, 90 - 20 * features);
        let outcome = outcome_of("small-data", vec![at(0, 3), at(1, 3), at(2, 3), at(0, 4)]);
        assert_eq!(
            outcome.picks.into_iter().collect::<Vec<_>>(),
            [("few".into(), 0)]
        );
        let found: Vec<_> = outcome.comparisons.keys().map(String::as_str).collect();
        assert_eq!(found, ["few-pixels", "few-untrained"]);
    }

    #[test]
    fn what_is_chosen_on_the_test_images_is_told_from_what_is_not() {
        let outcome = outcome_of(
            "validation",
            vec![
                trained(&[0, 0, 0, 0], 0.8, 0.3, 80),
                trained(&[0, 0, 1, 0], 0.9, 0.3, 70),
                trained(&[0, 0, 2, 1], 0.7, 0.3, 90),
            ],
        );
        assert_eq!((outcome.picks["honest"], outcome.picks["claimed"]), (1, 2));
        assert!((points(&outcome, "claim") - 20.0).abs() < 1e-9);
        // The best is the best on every half.
        assert!((points(&outcome, "gained") - 20.0).abs() < 1.0);
        assert!(points(&outcome, "overstated").abs() < 1.0);
    }
}
