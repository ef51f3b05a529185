//! The JSON objects that are answered; `openapi.json` describes them for clients.

use graft_runs::Run;
use graft_trainer::{Neighbour, Prediction};
use jiff::Timestamp;
use serde::Serialize;

use crate::models::{Loaded, name};
use crate::refusal::Refusal;

/// A run in a list.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    name: String,
    started: Timestamp,
    recipe: String,
    network: String,
    source: String,
    /// The share of held-out images that was right, where some were held out.
    validation_accuracy: Option<f64>,
}

impl Listed {
    pub(crate) fn of(run: &Run) -> Self {
        let manifest = run.manifest();
        Self {
            name: name(run),
            started: manifest.started,
            recipe: manifest.recipe.clone(),
            network: manifest.network.clone(),
            source: manifest.data.source.clone(),
            validation_accuracy: manifest.validation.map(|scores| scores.accuracy),
        }
    }
}

/// The runs that can be asked.
#[derive(Debug, Serialize)]
pub(crate) struct Runs {
    pub(crate) runs: Vec<Listed>,
}

/// A loaded run.
#[derive(Debug, Serialize)]
pub(crate) struct Described {
    /// What it is called, for people.
    name: String,
    /// What it is called, for `?run=`.
    run: String,
    /// The name of every class.
    classes: Vec<String>,
    /// Whether pictures are of one digit each.
    digits: bool,
    /// Height and width of what the model sees, in pixels.
    rows: usize,
    columns: usize,
    /// 1 for grey, 3 for red, green and blue.
    channels: usize,
    network: String,
}

impl Described {
    pub(crate) fn of(loaded: &Loaded) -> Self {
        let images = loaded.input.images;
        Self {
            name: loaded.name(),
            run: loaded.name(),
            classes: loaded.classes.clone(),
            digits: loaded.digits(),
            rows: images.rows,
            columns: images.columns,
            channels: images.channels,
            network: loaded.run.manifest().network.clone(),
        }
    }
}

/// What the model makes of a picture.
#[derive(Debug, Serialize)]
pub(crate) struct Predicted {
    #[serde(flatten)]
    pub(crate) prediction: Prediction,
    /// From the whole picture to the answer.
    pub(crate) milliseconds: f64,
}

/// The training images that are most like a picture, the most alike first.
#[derive(Debug, Serialize)]
pub(crate) struct Nearest {
    pub(crate) neighbours: Vec<Neighbour>,
}

/// A file of a form: a prediction or a refusal.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    Predicted(Predicted),
    Refused(Refusal),
}

/// A file of a form, by its name.
#[derive(Debug, Serialize)]
pub(crate) struct OfFile {
    pub(crate) file: String,
    pub(crate) status: u16,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// The files of a form, in order.
#[derive(Debug, Serialize)]
pub(crate) struct Predictions {
    pub(crate) predictions: Vec<OfFile>,
}

/// A correction that is kept.
#[derive(Debug, Serialize)]
pub(crate) struct Corrected {
    pub(crate) class: usize,
    pub(crate) name: String,
    /// The file, below the folder of all corrections.
    pub(crate) file: String,
}
