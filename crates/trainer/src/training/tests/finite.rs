//! Numbers that go wrong: where tensors lie in the host's memory they stop a training within the step,
//! elsewhere at the end of the epoch or before anything is saved.

use super::*;

/// What a training does until it stops.
struct Stopped {
    steps: usize,
    epochs: usize,
    error: Error,
}

/// Trains on `row` until it stops; `save` does so after every step. Without `data.validation` nothing
/// is held out.
fn stopped(row: impl Fn(usize) -> [f32; 3], recipe: &Recipe, host: bool, save: bool) -> Stopped {
    let folder = tempfile::tempdir().unwrap();
    let (features, device) = (features(folder.path(), row), Device::flex());
    let labels = labels();
    let data = LabelledFeatures {
        backend: if host { Backend::Cpu } else { Backend::Wgpu },
        ..labelled(&features, &labels, &device)
    };
    let holdout = match recipe.data.validation {
        0 => split(&labels, 0, 1).unwrap(),
        _ => holdout(),
    };
    let start = State::new(recipe, initial(recipe, &data, &holdout)).unwrap();
    let (mut steps, mut epochs) = (0, 0);
    let end = train(start, recipe, &data, &holdout, |event| {
        match event {
            TrainingEvent::Step(state) => {
                if save {
                    state.to_bytes(data.backend)?;
                }
                steps += 1;
            }
            TrainingEvent::Epoch(..) => epochs += 1,
        }
        Ok(())
    });
    Stopped {
        steps,
        epochs,
        error: end.err().unwrap(),
    }
}

fn at_rate(learning_rate: f64) -> Recipe {
    recipe(|recipe| {
        recipe.training.learning_rate = learning_rate;
        recipe.training.epochs = 3;
    })
}

/// Held-out images whose logits are beyond every number.
fn huge_when_held_out(index: usize) -> [f32; 3] {
    if holdout().validation.contains(&index) {
        [f32::MAX, f32::MAX, -f32::MAX]
    } else {
        separable(index)
    }
}

/// An epoch has six steps.
#[test]
fn a_number_that_goes_wrong_stops_the_run() {
    type Row = fn(usize) -> [f32; 3];
    let cases: [(&str, Row, f64, usize, usize); 4] = [
        // What goes wrong; on what; at which rate; the steps before it on the host and elsewhere.
        ("training loss", separable, 3e38, 1, 6),
        ("a gradient", |_| [1e20, 2e20, 3e20], 0.05, 0, 6),
        ("a weight", separable, 1e300, 1, 6),
        ("validation loss", huge_when_held_out, 0.05, 6, 6),
    ];
    for (what, row, rate, on_host, elsewhere) in cases {
        for (host, steps) in [(true, on_host), (false, elsewhere)] {
            let stopped = stopped(row, &at_rate(rate), host, false);
            let case = format!("{what}, host {host}: {}", stopped.error);
            let Error::Diverged {
                epoch, what: found, ..
            } = stopped.error
            else {
                panic!("{case}");
            };
            // Elsewhere the first sign of it that is looked at is another.
            let signs: &[&str] = match (what, host) {
                ("a gradient", false) => &["a mean of gradients"],
                // The next loss tells of it.
                ("a weight", _) => &["training loss"],
                _ => &[what],
            };
            assert!(signs.contains(&found.as_str()), "{case}");
            assert_eq!(
                (epoch, stopped.steps, stopped.epochs),
                (1, steps, 0),
                "{case}"
            );
        }
    }
}

#[test]
fn nothing_is_saved_before_it_is_looked_at() {
    type Row = fn(usize) -> [f32; 3];
    let cases: [(&str, Row, f64, usize); 3] = [
        ("a weight", separable, 1e300, 0),
        ("a weight", separable, 3e38, 1),
        ("a mean of gradients", |_| [1e20, 2e20, 3e20], 0.05, 0),
    ];
    for (what, row, rate, saved) in cases {
        let stopped = stopped(row, &at_rate(rate), false, true);
        let case = format!("{what}: {}", stopped.error);
        let Error::Diverged { what: found, .. } = stopped.error else {
            panic!("{case}");
        };
        assert_eq!((found.as_str(), stopped.steps), (what, saved), "{case}");
    }
}

/// A run of one step: no later loss tells of what it did.
#[test]
fn weights_that_the_last_step_ruined_stop_the_run() {
    let recipe = recipe(|recipe| {
        recipe.training.learning_rate = 1e300;
        recipe.training.batch_size = IMAGES;
        recipe.data.validation = 0;
        recipe.training.epochs = 1;
    });
    for host in [true, false] {
        let stopped = stopped(separable, &recipe, host, false);
        let case = stopped.error.to_string();
        assert!(case.contains("a weight is"), "{case}");
    }
}
