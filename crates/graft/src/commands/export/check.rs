//! Whether an exported file answers as graft does: on all test images, against what `predict` makes of
//! them and against what `eval` recorded. These differ by rounding, and more where features are cached in 16 bits.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Error, bail, ensure};
use graft_compute::device::Wanted;
use graft_compute::{Backend, ComputeContext};
use graft_dataset::{ImageSet, Split};
use graft_environment::Paths;
use graft_features::hash_images;
use graft_report::record::{Predictions, Record};
use graft_report::{argmax, softmax};
use graft_runs::Run;
use graft_trainer::sources::Sources;
use graft_trainer::{Model, image_form};

use super::super::{graft, shown};
use crate::cli::Export;
use crate::output;

/// Runs the file; it takes pixels and gives probabilities.
const SCRIPT: &str = include_str!("../../../../../scripts/run_onnx.py");

/// Its exit code where a package is missing.
const NO_PACKAGE: i32 = 3;

/// A class, and the probability of every class.
type Answer = (usize, Vec<f64>);

/// The test images, and what is known of them.
pub(super) struct TestSet {
    images: ImageSet,
    /// What `predict` asks.
    model: Model,
    /// What `eval` recorded.
    recorded: Predictions,
}

impl TestSet {
    /// The test images of a run that was evaluated on them.
    pub(super) fn read(run: &Run, home: &Paths, sources: &mut Sources) -> Result<Self, Error> {
        let folder = shown(run.folder());
        let Some(test) = Record::read(run.folder())?.test else {
            let graft = graft();
            bail!(
                "{folder} has no predictions for test images, with which --check compares; \
                 make them first: {graft} eval {folder}"
            );
        };
        let recipe = run.recipe()?;
        let form = image_form(&run.manifest().data, recipe.preprocessing.fit);
        let images = sources.images(&recipe, Split::Test, Some(form))?;
        let (expected, found) = (test.evaluated.images, hash_images(&images));
        ensure!(
            expected == found,
            "{folder} was evaluated on other test images: expected sha256 {expected}, found {found}; \
             run eval on it again"
        );
        let kernels = home.kernels();
        let compute = ComputeContext::new(Backend::preferred(), None, Wanted::default(), &kernels)?;
        images.prepare_all()?;
        Ok(Self {
            model: Model::load(run, &compute, sources)?,
            images,
            recorded: test.predictions,
        })
    }

    /// The images, in order.
    pub(super) fn images(&self) -> impl Iterator<Item = &[u8]> {
        self.images.images()
    }

    /// Runs the file at `path` on the images.
    pub(super) fn check(&self, path: &Path, arguments: &Export) -> Result<(), Error> {
        let probabilities = self.run(path, arguments)?;
        let classes = self.recorded.classes;
        let rows = probabilities.chunks_exact(classes);
        ensure!(
            rows.len() == self.recorded.rows.len() && rows.remainder().is_empty(),
            "expected {} rows of {classes} probabilities, found {} values",
            self.recorded.rows.len(),
            probabilities.len()
        );
        let found = |row: &[f32]| (argmax(row), row.iter().copied().map(f64::from).collect());
        let answers: Vec<Answer> = rows.map(found).collect();
        self.compare(arguments.runtime.name(), path, &answers)
    }

    /// Compares what `program` made of every image with the exported file, or folder, at `path`.
    pub(super) fn compare(
        &self,
        program: &str,
        path: &Path,
        answers: &[Answer],
    ) -> Result<(), Error> {
        let predicted = self.images().map(|image| self.model.logits(image));
        let predicted = predicted.map(|logits| Ok(answer(&logits?)));
        let predicted: Vec<Answer> = predicted.collect::<Result<_, Error>>()?;
        let recorded = self.recorded.rows.iter();
        let recorded: Vec<Answer> = recorded.map(|row| answer(&row.logits)).collect();
        for (expected, whose) in [
            (&predicted, "those that predict gives"),
            (&recorded, "those that eval recorded"),
        ] {
            let (others, (largest, image)) = differences(answers, expected);
            output::line(&format!(
                "{program}: {} of {} classes are {whose}; the largest difference of \
                 probabilities is {largest:.1e}, of number {image}",
                expected.len() - others.len(),
                expected.len(),
            ))?;
        }
        let (others, _) = differences(answers, &predicted);
        ensure!(
            others.is_empty(),
            "{} gives other classes for {} test images, such as number {}",
            shown(path),
            others.len(),
            others[0]
        );
        Ok(())
    }

    /// The probabilities of every image, one row after the other.
    fn run(&self, path: &Path, arguments: &Export) -> Result<Vec<f32>, Error> {
        let (python, runtime) = (&arguments.python, arguments.runtime);
        let package = runtime.package();
        let name = python.display();
        let mut child = Command::new(python)
            .args(["-c", SCRIPT])
            .arg(path)
            .arg(runtime.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {name}; name a Python with --python"))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut bytes = Vec::new();
        let read = thread::scope(|scope| {
            // A process that has ended says by its exit code why it takes no more.
            scope.spawn(|| {
                let mut stdin = stdin?;
                let mut images = self.images.images();
                images.try_for_each(|image| stdin.write_all(image)).ok()
            });
            stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut bytes))
        });
        let status = child.wait()?;
        if status.code() == Some(NO_PACKAGE) {
            bail!(
                "{name} lacks a package that --check needs; install it: \
                 {name} -m pip install numpy {package}, or name another Python with --python"
            );
        }
        let runtime = runtime.name();
        ensure!(status.success(), "{runtime} failed on {}", shown(path));
        read.map_err(|error: io::Error| Error::from(error).context("cannot read its answers"))?;
        let (values, _) = bytes.as_chunks();
        Ok(values.iter().copied().map(f32::from_le_bytes).collect())
    }
}

/// The class and the probabilities of an image with these logits.
fn answer(logits: &[f32]) -> Answer {
    (argmax(logits), softmax(logits))
}

/// The images whose class is another one, and the largest difference of probabilities, with its image.
fn differences(found: &[Answer], expected: &[Answer]) -> (Vec<usize>, (f64, usize)) {
    let pairs = || found.iter().zip(expected).enumerate();
    let others = pairs().filter(|(_, (a, b))| a.0 != b.0);
    let apart = pairs().flat_map(|(image, (a, b))| {
        let apart = a.1.iter().zip(&b.1).map(|(a, b)| (a - b).abs());
        apart.map(move |one| (one, image))
    });
    // Not `max`, which passes over what is no number.
    let larger = |most: (f64, usize), one: (f64, usize)| if one.0 <= most.0 { most } else { one };
    (
        others.map(|(image, _)| image).collect(),
        apart.fold((0.0, 0), larger),
    )
}
