//! Bytes to JSON: all that a page asks for.
#![cfg_attr(
    not(any(test, target_family = "wasm")),
    expect(dead_code, reason = "called by `wasm` and the tests")
)]

use graft_dataset::{PictureForm, png};
use serde::Serialize;
use serde_json::json;

use crate::{Error, Model};

/// The side of a drawing, in pixels.
const SIDE: usize = 280;
/// How many drawings are classified before the first of a visitor.
const WARM_UP: usize = 3;

/// The model that is loaded, if one is.
#[derive(Default)]
pub(crate) struct Classifier(Option<Model>);

impl Classifier {
    /// Loads the model in `file`: `{name, classes, digits}`, or `{error, reason}`.
    pub(crate) fn load(&mut self, file: &[u8]) -> Vec<u8> {
        let model = Model::from_bytes(file).map(|model| self.0.insert(model));
        json(model.map(|model| {
            warm_up(model);
            let about = model.about();
            let digits = about.pictures == PictureForm::Digit;
            json!({"name": about.name, "classes": about.classes, "digits": digits})
        }))
    }

    /// Classifies a picture's file: a [`Prediction`](crate::Prediction), or `{error, reason}`.
    pub(crate) fn predict(&self, picture: &[u8]) -> Vec<u8> {
        match &self.0 {
            Some(model) => json(model.predict(picture)),
            None => json::<()>(Err(crate::file::refused("one that is loaded", "none"))),
        }
    }
}

/// Has a drawing classified, because browsers compile code when it runs first, and well when it runs often.
fn warm_up(model: &Model) {
    let line = |at: usize| (120..160).contains(&(at % SIDE)) && (40..240).contains(&(at / SIDE));
    let pixels = (0..SIDE * SIDE).map(|at| if line(at) { 0 } else { u8::MAX });
    let drawing = png(SIDE, 1, &pixels.collect::<Vec<u8>>()).unwrap_or_default();
    for _ in 0..WARM_UP {
        drop(model.predict(&drawing));
    }
}

fn json<T: Serialize>(result: Result<T, Error>) -> Vec<u8> {
    let json = match result {
        Ok(value) => serde_json::to_vec(&value),
        Err(error) => {
            serde_json::to_vec(&json!({"error": error.to_string(), "reason": error.reason()}))
        }
    };
    json.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_json() {
        let mut classifier = Classifier::default();
        for json in [classifier.predict(b""), classifier.load(b"")] {
            let answer: serde_json::Value = serde_json::from_slice(&json).unwrap();
            let error = answer["error"].as_str().unwrap();
            assert!(error.contains("export the run again"), "{error}");
            assert_eq!(answer["reason"], "failed");
        }
    }
}
