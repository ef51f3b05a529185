//! A parser under test, and the parent's side of a run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fastrand::Rng;

use crate::child::{self, CRASH, FINDINGS};
use crate::inputs::{Inputs, Origin};
use crate::{Limits, Material};

/// Set in children only.
const CHILD: &str = "GRAFT_FUZZ_CHILD";

/// How many mutated files every parser is given in CI.
pub const MUTATIONS: u64 = 10_000;

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
    /// Valid files, which have to be accepted; or, where none are mutated, any files.
    pub corpus: &'a [Vec<u8>],
    /// How many mutations are run, where `GRAFT_FUZZ_TIMES` does not ask for more; none for files
    /// that are inputs by themselves.
    pub mutations: u64,
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

impl Target<'_> {
    /// Runs `parse` on all inputs in a child process, and shows what came of it. Within `parse`,
    /// assertions say what must hold of an accepted file or of an error.
    ///
    /// # Panics
    /// At the first input that makes `parse` panic or the process end, or that breaks a limit. The
    /// input is then kept.
    pub fn run(&self, parse: impl FnMut(&[u8]) -> Verdict) {
        if env::var_os(CHILD).is_some() {
            child::run(self, parse);
        }
        let output = Command::new(env::current_exe().unwrap())
            .args([self.test, "--exact", "--include-ignored", "--nocapture"])
            .arg("--test-threads=1")
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        match said.split_once("\n@done ") {
            Some((_, figures)) if output.status.success() => {
                println!("{}: {}", self.name, figures.trim_end());
            }
            _ => self.keep(&said, &output),
        }
    }

    /// Where findings are kept.
    pub(crate) fn regressions(&self) -> PathBuf {
        Path::new(self.manifest)
            .join("tests/regression")
            .join(self.name)
    }

    /// Keeps the input that ended the child, and says how to have it again.
    fn keep(&self, said: &str, output: &Output) -> ! {
        let errors = String::from_utf8_lossy(&output.stderr);
        let number = |line: &str| line.strip_prefix('@')?.parse().ok();
        let Some(number) = said.lines().rev().find_map(number) else {
            panic!(
                "{}: the child parsed nothing; is {:?} the test's full name?\n{errors}",
                self.name, self.test
            );
        };
        let told = |kind| {
            let (_, message) = said.split_once(&format!("\n@{kind} "))?;
            Some((kind, message.to_owned()))
        };
        let (kind, message) = FINDINGS
            .into_iter()
            .find_map(told)
            .unwrap_or_else(|| (CRASH, format!("{}\n{}", output.status, errors.trim())));
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
            "{}: {kind} by {from}, kept as {}: {message}",
            self.name,
            path.display()
        );
    }

    fn write(&self, kind: &str, bytes: &[u8]) -> PathBuf {
        let hash = graft_durable::sha256(bytes);
        let path = self.regressions().join(format!("{kind}-{}", &hash[..16]));
        fs::create_dir_all(self.regressions()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}
