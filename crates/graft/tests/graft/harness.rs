//! A home of its own for every test, and what a run of `graft` in it said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Small enough for seconds, large enough to learn something.
pub(crate) const SMALL: [&str; 4] = ["--set", "data.limit=256", "--set", "data.validation=32"];

/// The four files of MNIST and VGG16, as they lie in the models folder.
pub(crate) const TRAIN_IMAGES: &str = "mnist/train-images-idx3-ubyte";
pub(crate) const TRAIN_LABELS: &str = "mnist/train-labels-idx1-ubyte";
pub(crate) const TEST_IMAGES: &str = "mnist/t10k-images-idx3-ubyte";
pub(crate) const TEST_LABELS: &str = "mnist/t10k-labels-idx1-ubyte";
pub(crate) const VGG16: &str = "vgg16.onnx";
/// What `train` needs.
pub(crate) const FOR_TRAIN: [&str; 3] = [TRAIN_IMAGES, TRAIN_LABELS, VGG16];

/// How many times as much is tried in the long form.
pub(crate) fn times() -> u32 {
    let times = std::env::var("GRAFT_FUZZ_TIMES").ok();
    times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// A folder that `GRAFT_HOME` points to.
pub(crate) struct Home {
    _owned: Option<TempDir>,
    root: PathBuf,
}

impl Home {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            root: folder.path().to_owned(),
            _owned: Some(folder),
        }
    }

    /// One that somebody else owns.
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            _owned: None,
        }
    }

    /// One with copies of fetched files, which the test may damage.
    pub(crate) fn with(files: &[&str]) -> Self {
        let home = Self::new();
        home.take(files);
        home
    }

    /// Copies fetched files into it.
    pub(crate) fn take(&self, files: &[&str]) {
        for file in files {
            let (from, to) = (fetched(file), self.model(file));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&from, to).unwrap_or_else(|error| {
                panic!("{}: {error}; run `cargo xtask fetch`", from.display())
            });
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn model(&self, file: &str) -> PathBuf {
        self.root.join("models").join(file)
    }

    /// The complete and incomplete runs in it.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        visible(&self.root.join("runs"))
    }

    /// The entries of cached features in it, complete or not.
    pub(crate) fn cached(&self) -> Vec<PathBuf> {
        visible(&self.root.join("cache"))
    }

    /// Runs `graft`, offline where that is an option of the verb.
    pub(crate) fn graft(&self, arguments: &[&str]) -> Outcome {
        self.finished(self.command(arguments), arguments)
    }

    /// Runs `graft` in another environment.
    pub(crate) fn graft_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        self.finished(command, arguments)
    }

    /// Runs a `graft` that was built for something else.
    #[cfg(feature = "wgpu")]
    pub(crate) fn other(&self, graft: &Path, arguments: &[&str]) -> Outcome {
        self.finished(self.command_of(graft, arguments), arguments)
    }

    fn finished(&self, mut command: Command, arguments: &[&str]) -> Outcome {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let outcome = Outcome {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert_eq!(
            leftovers(&self.root),
            Vec::<PathBuf>::new(),
            "half-written files after {arguments:?}"
        );
        outcome
    }

    /// `graft` as it is run here, with its output piped.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_graft")), arguments)
    }

    fn command_of(&self, graft: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(graft);
        command
            .args(arguments)
            .env("GRAFT_HOME", &self.root)
            .env_remove("GRAFT_LOG")
            .current_dir(&self.root)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let inside = ["cache", "runs", "compare", "report", "manifest"];
        if arguments.first().is_some_and(|verb| !inside.contains(verb)) {
            command.arg("--offline");
        }
        command
    }

    /// Trains the seed recipe on a few images.
    pub(crate) fn train(&self, more: &[&str]) -> Outcome {
        self.graft(&[&["train", "--json"], &SMALL[..], more].concat())
    }
}

/// How a run of `graft` ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// Expects success.
    #[track_caller]
    pub(crate) fn succeeds(&self) {
        assert_eq!(self.code, Some(0), "{}", self.err);
    }

    /// The JSON object that it printed, having succeeded.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        self.succeeds();
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {:?}", self.out))
    }

    /// Expects a failure with exit code `code` whose message has all `parts`.
    #[track_caller]
    pub(crate) fn refuses(&self, code: i32, parts: &[&str]) {
        assert_eq!(
            self.code,
            Some(code),
            "out: {}\nerr: {}",
            self.out,
            self.err
        );
        for part in parts {
            assert!(
                self.err.contains(part),
                "{part:?} is missing in {:?}",
                self.err
            );
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

/// A file of the checkout's models folder.
pub(crate) fn fetched(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models")
        .join(file)
}

/// What is in a folder, but for locks, which stay.
fn visible(folder: &Path) -> Vec<PathBuf> {
    let mut files = files(folder);
    files.retain(|path| path.file_name().unwrap().as_encoded_bytes()[0] != b'.');
    files
}

/// What is in a folder, by name; nothing where it is missing.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// Temporary files below a folder.
pub(crate) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| {
        if path.is_dir() {
            leftovers(&path)
        } else {
            vec![path]
        }
    };
    let temporary = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tmp");
    files(folder)
        .into_iter()
        .flat_map(below)
        .filter(temporary)
        .collect()
}
