//! One checkpoint of a run: its place in the training, and the hash of its content. The name of its
//! file has both, so that files tell what they are where the list of them is lost.

use serde::{Deserialize, Serialize};

const EXTENSION: &str = "safetensors";

/// A checkpoint. The order is that of the training.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Finished epochs.
    pub(super) epochs: usize,
    /// Steps taken since.
    pub(super) steps: usize,
    /// Of the file's content.
    pub(super) sha256: String,
}

impl Entry {
    /// Where in the training it was saved.
    pub(super) fn at(&self) -> (usize, usize) {
        (self.epochs, self.steps)
    }

    /// What it is called: its place.
    pub(super) fn name(&self) -> String {
        format!("epoch-{:03}-step-{:06}", self.epochs, self.steps)
    }

    /// The name of its file.
    pub(super) fn file(&self) -> String {
        format!("{}-{}.{EXTENSION}", self.name(), self.sha256)
    }

    /// Whether `name` is its name, or that of its file, with or without the ending.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let file = self.file();
        [Some(&*file), file.strip_suffix(&format!(".{EXTENSION}"))].contains(&Some(name))
            || self.name() == name
    }

    /// The checkpoint whose file is called `file`, if that is such a name.
    pub(super) fn of_file(file: &str) -> Option<Self> {
        let parts: Vec<&str> = file.split(['-', '.']).collect();
        let ["epoch", epochs, "step", steps, sha256, EXTENSION] = parts[..] else {
            return None;
        };
        let entry = Self {
            epochs: epochs.parse().ok()?,
            steps: steps.parse().ok()?,
            sha256: sha256.into(),
        };
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|digit| digit.is_ascii_hexdigit());
        (is_hash && entry.file() == file).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(epochs: usize, steps: usize) -> Entry {
        let sha256 = "0123456789abcdef".repeat(4);
        Entry {
            epochs,
            steps,
            sha256,
        }
    }

    #[test]
    fn a_file_s_name_is_all_of_it() {
        for (epochs, steps) in [(0, 1), (9, 35), (1000, 0), (12, 1_234_567)] {
            let entry = entry(epochs, steps);
            assert_eq!(Entry::of_file(&entry.file()), Some(entry));
        }
        let (hash, file) = (entry(1, 0).sha256, entry(1, 0).file());
        for name in [
            "manifest.json".to_owned(),
            "epoch-001-step-000000.safetensors".to_owned(),
            format!("epoch-1-step-0-{hash}.safetensors"),
            format!("epoch-001-step-000000-{}.safetensors", &hash[1..]),
            format!("epoch-001-step-000000-{}.safetensors", "x".repeat(64)),
            format!("{file}.tmp"),
            format!("epoch-001-step-99999999999999999999-{hash}.safetensors"),
        ] {
            assert_eq!(Entry::of_file(&name), None, "{name}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_training() {
        let order = [entry(2, 7), entry(9, 999), entry(999, 5), entry(1000, 0)];
        assert!(order.is_sorted());
    }

    #[test]
    fn what_it_is_called() {
        let entry = entry(9, 35);
        let file = entry.file();
        for name in [
            "epoch-009-step-000035",
            &file,
            file.trim_end_matches(".safetensors"),
        ] {
            assert!(entry.is_called(name), "{name}");
        }
        for name in ["epoch-9", "epoch-009-step-00003", "", &file[..40]] {
            assert!(!entry.is_called(name), "{name}");
        }
    }
}
