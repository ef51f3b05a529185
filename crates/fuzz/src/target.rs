//! A parser under test, and the parent's side of a run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use fastrand::Rng;

use crate::exchange::{Current, Figures, Kind, read_finding};
use crate::inputs::Inputs;
use crate::{Limits, MIB, Material, child};

/// Where a child finds the folder to write to; set in children only.
const EXCHANGE: &str = "GRAFT_FUZZ_EXCHANGE";

/// A parser under test.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The parser's name; its findings lie in `tests/regression/NAME` of the crate.
    pub name: &'a str,
    /// The folder of the crate: `env!("CARGO_MANIFEST_DIR")`.
    pub manifest: &'a str,
    /// The full name of the test, by which it runs itself in a child process.
    pub test: &'a str,
    /// What one input may cost.
    pub limits: Limits,
    /// Valid files, which have to be accepted; or, where nothing is mutated, any files.
    pub corpus: &'a [Vec<u8>],
    /// Whether mutations are run, too.
    pub mutated: bool,
    /// Words of the format.
    pub words: &'a [&'a [u8]],
    /// Where numbers of the format stand: their offsets, and how many bytes they have.
    pub numbers: &'a [(usize, usize)],
    /// A way of its own to mutate, for two inputs in three.
    pub own: Option<fn(&mut Vec<u8>, &mut Rng, Material<'_>)>,
}

/// What a parser made of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is a valid file.
    Accepted,
    /// It is none, which the parser said by an error.
    Refused,
}

/// Where an input comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Regression(PathBuf),
    Corpus(usize),
    Mutation(u64),
}

impl Target<'_> {
    /// Runs `parse` on all inputs in a child process, and shows what came of it. Within `parse`,
    /// assertions say what must hold of an accepted file or of an error.
    ///
    /// # Panics
    /// At the first input that makes `parse` panic or the process end, or that breaks a limit. The
    /// input is then kept.
    pub fn run(&self, parse: impl FnMut(&[u8]) -> Verdict) {
        if let Some(folder) = env::var_os(EXCHANGE) {
            return child::run(self, Path::new(&folder), parse);
        }
        let folder = tempfile::tempdir().unwrap();
        let start = Instant::now();
        let output = Command::new(env::current_exe().unwrap())
            .args([self.test, "--exact", "--include-ignored", "--nocapture"])
            .arg("--test-threads=1")
            .env(EXCHANGE, folder.path())
            .output()
            .unwrap();
        match Figures::read(folder.path()) {
            Some(figures) if output.status.success() => self.show(&figures, start),
            _ => self.keep(folder.path(), &output),
        }
    }

    /// Where findings are kept.
    pub(crate) fn regressions(&self) -> PathBuf {
        Path::new(self.manifest)
            .join("tests/regression")
            .join(self.name)
    }

    fn show(&self, figures: &Figures, start: Instant) {
        let mib = |bytes: usize| format!("{}.{}", bytes / MIB, bytes % MIB * 10 / MIB);
        println!(
            "{}: {} inputs in {:.1} s: {} accepted, {} refused; slowest {:.1} ms, \
             most memory {} MiB for one, {} MiB for the process",
            self.name,
            figures.accepted + figures.refused,
            start.elapsed().as_secs_f64(),
            figures.accepted,
            figures.refused,
            figures.slowest.as_secs_f64() * 1e3,
            mib(figures.largest),
            mib(figures.high_water),
        );
    }

    /// Keeps the input that ended the child, and says how to have it again.
    fn keep(&self, folder: &Path, output: &Output) -> ! {
        let said = String::from_utf8_lossy(&output.stderr);
        let Some(number) = Current::read(folder) else {
            panic!(
                "{}: the child parsed nothing; is {:?} the test's full name?\n{said}",
                self.name, self.test
            );
        };
        let (kind, message) = read_finding(folder)
            .unwrap_or_else(|| (Kind::Crash, format!("{}\n{}", output.status, said.trim())));
        let inputs = Inputs::of(self);
        let (origin, bytes) = inputs.get(number);
        let (from, path) = match origin {
            Origin::Regression(path) => ("a former finding".to_owned(), path),
            Origin::Corpus(index) => (
                format!("file {index} of the corpus"),
                self.write(kind, &bytes),
            ),
            Origin::Mutation(number) => (
                format!("input {number} of seed {}", inputs.seed),
                self.write(kind, &bytes),
            ),
        };
        panic!(
            "{}: {} by {from}, kept as {}: {message}",
            self.name,
            kind.name(),
            path.display()
        );
    }

    fn write(&self, kind: Kind, bytes: &[u8]) -> PathBuf {
        let hash = graft_durable::sha256(bytes);
        let path = self
            .regressions()
            .join(format!("{}-{}", kind.name(), &hash[..16]));
        fs::create_dir_all(self.regressions()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}
