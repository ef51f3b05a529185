//! What sweeps found, for a report on a run. One that was measured on other images or with other
//! weights than the run's is named, and not cited.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::Language;
use crate::chart::Chart;
use crate::record::{Record, RecordError};
use crate::sweep::{BUNDLED, OTHER, Results};

/// A sweep that was measured, for a report on a run. What stands between backticks is shown as code.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lesson {
    /// The sweep's name.
    pub name: String,
    /// What it is asked for by: its name, or the path of its file.
    pub asked: String,
    /// What it asks.
    pub question: String,
    /// Where it says nothing of the run: what it was measured on instead, as a clause.
    pub elsewhere: Option<String>,
    /// What it found, in words with effect, interval and test.
    pub finding: String,
    /// How its heads were trained, on how many images.
    pub trained: String,
    /// Its picture.
    #[serde(skip)]
    pub chart: Chart,
    /// The command that measures it again.
    pub command: String,
    /// The file that all of this was read from, as in `labs/boundary.json`.
    pub file: String,
    /// The file's SHA-256.
    pub sha256: String,
}

impl Lesson {
    /// What `results`, read from the file with this name and SHA-256, say of the run of `record`.
    #[must_use]
    pub fn new(
        results: &Results,
        [file, sha256]: [&str; 2],
        record: &Record,
        language: Language,
    ) -> Self {
        let elsewhere = results.elsewhere(record, language);
        Self {
            name: results.name.clone(),
            asked: results.asked.clone(),
            question: results.sweep.question.pick(language).clone(),
            elsewhere: elsewhere.map(|why| format!("{}{why}", code(file))),
            finding: results.finding(language),
            trained: results.trained(language),
            chart: results.chart(language),
            command: results.command(),
            file: file.to_owned(),
            sha256: sha256.to_owned(),
        }
    }

    /// Whether it was measured on the run's images, with its weights.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.elsewhere.is_none()
    }
}

/// What the sweeps that were measured say of the run of `record`: first those that come with graft,
/// then others. `labs` is their folder; of one whose result there is on something else, that in the
/// folder [`OTHER`] is taken if it fits.
///
/// # Errors
/// When a result's file is damaged, of a newer version, or cannot be read.
pub fn lessons(
    labs: &Path,
    record: &Record,
    language: Language,
) -> Result<Vec<Lesson>, RecordError> {
    let mut names: Vec<String> = BUNDLED.iter().map(|(name, _)| (*name).to_owned()).collect();
    let others = ["", OTHER]
        .iter()
        .flat_map(|folder| measured(&labs.join(folder)));
    let others: BTreeSet<String> = others.filter(|name| !names.contains(name)).collect();
    names.extend(others);
    let mut lessons = Vec::new();
    for name in names {
        let mut lesson: Option<Lesson> = None;
        for folder in ["", OTHER] {
            if lesson.as_ref().is_some_and(Lesson::fits) {
                break;
            }
            let Some((results, hash)) = Results::read(&labs.join(folder), &name)? else {
                continue;
            };
            let file = Results::path(&Path::new("labs").join(folder), &name);
            let file = file.display().to_string();
            let next = Lesson::new(&results, [&file, &hash], record, language);
            if lesson.is_none() || next.fits() {
                lesson = Some(next);
            }
        }
        lessons.extend(lesson);
    }
    Ok(lessons)
}

/// Foreign text as code: it cannot end its backticks.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// The names of the results in a folder.
fn measured(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = files.map(|file| file.path());
    let results = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
    results.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tests::record::record;
    use crate::sweep::fixture::results;

    /// A lab on the run's images, with its weights.
    fn fitting(record: &Record) -> Results {
        let mut lab = results();
        lab.train.data = record.manifest.data.clone();
        let test = &mut lab.test.as_mut().unwrap().data;
        test.images
            .clone_from(&record.test.as_ref().unwrap().evaluated.images);
        lab.origin = record.manifest.origin.clone();
        lab
    }

    #[test]
    fn what_was_measured_on_something_else_is_named_and_not_cited() {
        let record = record();
        let mut images = fitting(&record);
        images.train.data.source = "fashion".into();
        images.test.as_mut().unwrap().data.source = "fashion".into();
        images.train.data.images = "f".repeat(64);
        let mut weights = fitting(&record);
        weights.origin.sha256 = "f".repeat(64);
        for (lab, en, zh) in [
            (
                images,
                "`labs/x.json` was measured on other images (`fashion`: 60,000 to train on, 10,000 to test on)",
                "在其他图片上测得的（`fashion`：训练 60,000 张，测试 10,000 张）",
            ),
            (
                weights,
                "with other weights (`vgg16.onnx`, SHA-256 `ffffffffffff`…)",
                "用另一套权重测得的（`vgg16.onnx`，SHA-256 `ffffffffffff`…）",
            ),
        ] {
            for (language, words) in [(Language::En, en), (Language::Zh, zh)] {
                let lesson = Lesson::new(&lab, ["labs/x.json", "00"], &record, language);
                let why = lesson.elsewhere.unwrap();
                assert!(why.contains(words), "{why}");
            }
        }
    }

    #[test]
    fn the_result_that_fits_is_taken_from_either_folder() {
        let record = record();
        let folder = tempfile::tempdir().unwrap();
        let labs = folder.path();
        let lessons = || lessons(labs, &record, Language::En).unwrap();
        assert_eq!(lessons(), []);

        let fits = fitting(&record);
        let mut other = fits.clone();
        let test = &mut other.test.as_mut().unwrap().data;
        test.source = "fashion".into();
        test.images = "f".repeat(64);
        // The hash that `sha256sum` finds.
        let of = |lab: &Results, file: &str| {
            let bytes = std::fs::read(labs.join(file.strip_prefix("labs/").unwrap())).unwrap();
            let hash = graft_durable::sha256(&bytes);
            Lesson::new(lab, [file, &hash], &record, Language::En)
        };
        other.write(labs).unwrap();
        assert_eq!(lessons(), [of(&other, "labs/learning-rate.json")]);
        other.write(&labs.join(OTHER)).unwrap();
        assert_eq!(lessons(), [of(&other, "labs/learning-rate.json")]);
        fits.write(&labs.join(OTHER)).unwrap();
        let found = lessons();
        assert_eq!(found, [of(&fits, "labs/other/learning-rate.json")]);
        assert!(found[0].fits());
        fits.write(labs).unwrap();
        assert_eq!(lessons(), [of(&fits, "labs/learning-rate.json")]);

        // A sweep of somebody's own comes after those of graft, whatever its name.
        let mut own = fits.clone();
        own.name = "a-sweep".into();
        own.write(&labs.join(OTHER)).unwrap();
        let found = lessons();
        let names: Vec<_> = found.iter().map(|lesson| lesson.name.as_str()).collect();
        assert_eq!(names, ["learning-rate", "a-sweep"]);
        assert!(found[1].fits());
    }
}
