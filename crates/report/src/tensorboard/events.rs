//! What TensorBoard is told, as the bytes of an event file.

use jiff::Timestamp;

use super::frame;
use super::message::Message;
use crate::record::{Epoch, Evaluated, Manifest, Scores};

/// What every event file says first.
const VERSION: &str = "brain.Event:2";

/// `DT_STRING` of `types.proto`.
const STRING: usize = 7;

/// The name and content of an event file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    name: String,
    bytes: Vec<u8>,
}

impl Events {
    /// No events yet of a run that began at `started`.
    #[must_use]
    pub fn training(started: Timestamp) -> Self {
        // Elsewhere the writer's name is the host's.
        Self::new(started, "graft")
    }

    /// What an evaluation on the test images found, in a file of its own, which can be replaced
    /// when the run is evaluated again.
    #[must_use]
    pub fn test(manifest: &Manifest, evaluated: &Evaluated) -> Self {
        // TensorBoard reads the files of a folder in the order of their names.
        let mut events = Self::new(manifest.started, "graft.test");
        let values = scores("test", &Scores::from(&evaluated.evaluation));
        events.values(evaluated.evaluated, manifest.kept_epoch, &values);
        events
    }

    fn new(started: Timestamp, writer: &str) -> Self {
        let mut events = Self {
            name: format!("events.out.tfevents.{}.{writer}", started.as_second()),
            bytes: Vec::new(),
        };
        events.append(started, |event| event.bytes(3, VERSION));
        events
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's content.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds a text, such as a recipe, shown letter by letter.
    pub fn text(&mut self, at: Timestamp, tag: &str, text: &str) {
        // The page shows Markdown, where indented lines are shown as they are.
        let mut indented = String::new();
        for line in text.lines() {
            indented.extend(["    ", line, "\n"]);
        }
        // A shape of no dimensions is that of a single text.
        let tensor = Message::default()
            .int(1, STRING)
            .bytes(2, [])
            .bytes(8, indented);
        // Which of TensorBoard's pages shows it.
        let plugin = Message::default().bytes(1, "text");
        let value = Message::default()
            .bytes(1, tag)
            .bytes(8, tensor)
            .bytes(9, Message::default().bytes(1, plugin));
        self.values(at, 0, &[value]);
    }

    /// Adds an epoch's losses and accuracies, its gradients' norms, and the seconds that it took.
    pub fn epoch(&mut self, at: Timestamp, epoch: &Epoch) {
        let mut values = Vec::from(scores("train", &epoch.train));
        values.extend(
            epoch
                .validation
                .iter()
                .flat_map(|s| scores("validation", s)),
        );
        let norms = epoch.gradient_norms.iter();
        values.extend(norms.map(|(of, norm)| scalar(&format!("gradient_norm/{of}"), *norm)));
        values.push(scalar("seconds", epoch.seconds));
        self.values(at, epoch.epoch, &values);
    }

    /// Adds learning rates, each with the number of its step in the training.
    pub fn rates(&mut self, at: Timestamp, rates: impl IntoIterator<Item = (usize, f64)>) {
        for (step, rate) in rates {
            self.values(at, step, &[scalar("learning_rate", rate)]);
        }
    }

    fn values(&mut self, at: Timestamp, step: usize, values: &[Message]) {
        let summary = values
            .iter()
            .fold(Message::default(), |summary, value| summary.bytes(1, value));
        // A field that is 0 is left out.
        self.append(at, |event| match step {
            0 => event.bytes(5, summary),
            step => event.int(2, step).bytes(5, summary),
        });
    }

    fn append(&mut self, at: Timestamp, fill: impl FnOnce(Message) -> Message) {
        let event = Message::default().double(1, at.as_duration().as_secs_f64());
        frame::append(&mut self.bytes, &fill(event).0);
    }
}

fn scores(split: &str, scores: &Scores) -> [Message; 2] {
    [
        scalar(&format!("loss/{split}"), scores.loss),
        scalar(&format!("accuracy/{split}"), scores.accuracy),
    ]
}

/// A number with its name: `simple_value`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "TensorBoard keeps numbers in single precision"
)]
fn scalar(tag: &str, value: f64) -> Message {
    Message::default().bytes(1, tag).float(2, value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_millisecond(1500).unwrap()
    }

    /// The messages in the records.
    fn messages(events: &Events) -> Vec<&[u8]> {
        let mut rest = events.bytes();
        let mut messages = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk() {
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
            messages.push(&after[4..4 + length]);
            rest = &after[4 + length + 4..];
        }
        messages
    }

    #[test]
    fn messages_as_tensorboard_writes_them() {
        let mut events = Events::training(at());
        let epoch = Epoch {
            epoch: 3,
            train: Scores {
                loss: 1.25,
                accuracy: 0.5,
            },
            validation: None,
            steps: None,
            learning_rate: None,
            seconds: 2.0,
            gradient_norms: [("head".to_owned(), 0.5)].into(),
        };
        events.text(at(), "recipe", "a");
        events.epoch(at(), &epoch);
        events.rates(at(), [(7, 0.5)]);
        // Serialised by the classes in tensorboard.compat.proto of TensorBoard 2.21.
        let expected: [&[u8]; 4] = [
            b"\x09\0\0\0\0\0\0\xf8\x3f\x1a\x0dbrain.Event:2",
            b"\x09\0\0\0\0\0\0\xf8\x3f\x2a\x22\x0a\x20\x0a\x06recipe\x42\x0c\x08\x07\x12\0\x42\x06    a\n\x4a\x08\x0a\x06\x0a\x04text",
            b"\x09\0\0\0\0\0\0\xf8\x3f\x10\x03\x2a\x55\x0a\x11\x0a\x0aloss/train\x15\0\0\xa0\x3f\x0a\x15\x0a\x0eaccuracy/train\x15\0\0\0\x3f\x0a\x19\x0a\x12gradient_norm/head\x15\0\0\0\x3f\x0a\x0e\x0a\x07seconds\x15\0\0\0\x40",
            b"\x09\0\0\0\0\0\0\xf8\x3f\x10\x07*\x16\x0a\x14\x0a\x0dlearning_rate\x15\0\0\0?",
        ];
        assert_eq!(messages(&events), expected);
    }

    #[test]
    fn a_test_comes_after_its_training() {
        let training = Events::training(at()).name;
        assert_eq!(training, "events.out.tfevents.1.graft");
        assert!(training < Events::new(at(), "graft.test").name);
    }
}
