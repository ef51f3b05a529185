//! What labs found, for a report on a run. A lab that was measured on other images or with other
//! weights than the run's is named, and not cited.

use std::path::Path;

use super::block::code;
use crate::chart::Chart;
use crate::lab::{Basis, Lab, NAMES, OTHER};
use crate::record::{Record, RecordError};
use crate::{Language, number};

/// A lab that has run, for a report on a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The lab's name.
    pub name: String,
    /// What it says of the run.
    pub answer: Answer,
}

/// What a lab says of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It was measured on the run's images, with its weights.
    Found(Found),
    /// Nothing: what it was measured on instead, as a clause.
    Elsewhere(String),
}

/// What a lab found. What stands between backticks is shown as code.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What it found, in a sentence with effect, interval and test.
    pub finding: String,
    /// How its heads learned, on how many images.
    pub trained: String,
    /// Its pictures.
    pub charts: Vec<Chart>,
    /// The command that measures it again.
    pub command: String,
    /// The file that all of this was read from, as in `labs/boundary.json`.
    pub file: String,
    /// The file's SHA-256.
    pub sha256: String,
}

impl Lesson {
    /// What `lab`, read from the file with this name and SHA-256, says of the run of `record`.
    #[must_use]
    pub fn new(lab: &Lab, [file, sha256]: [&str; 2], record: &Record, language: Language) -> Self {
        Self {
            name: lab.name().to_owned(),
            answer: match lab.basis(record) {
                Basis::TheSame => Answer::Found(Found {
                    finding: lab.finding(language),
                    trained: lab.trained(language),
                    charts: lab.charts(language),
                    command: lab.command(),
                    file: file.to_owned(),
                    sha256: sha256.to_owned(),
                }),
                Basis::OtherImages => Answer::Elsewhere(other_images(lab, file, language)),
                Basis::OtherWeights => Answer::Elsewhere(other_weights(lab, file, language)),
            },
        }
    }

    /// What it found, if that says something of the run.
    #[must_use]
    pub fn found(&self) -> Option<&Found> {
        match &self.answer {
            Answer::Found(found) => Some(found),
            Answer::Elsewhere(_) => None,
        }
    }
}

/// What the labs that have run say of the run of `record`. `labs` is their folder; of a lab whose
/// result there is on something else, that in the folder [`OTHER`] is taken if it fits.
///
/// # Errors
/// When a lab's file is damaged, of another version, or cannot be read.
pub fn lessons(
    labs: &Path,
    record: &Record,
    language: Language,
) -> Result<Vec<Lesson>, RecordError> {
    let mut lessons = Vec::new();
    for name in NAMES {
        let mut lesson: Option<Lesson> = None;
        for folder in ["", OTHER] {
            if lesson
                .as_ref()
                .is_some_and(|lesson| lesson.found().is_some())
            {
                break;
            }
            let Some((lab, hash)) = Lab::read_hashed(&labs.join(folder), name)? else {
                continue;
            };
            let file = Lab::path(&Path::new("labs").join(folder), name);
            let file = file.display().to_string();
            let next = Lesson::new(&lab, [&file, &hash], record, language);
            if lesson.is_none() || next.found().is_some() {
                lesson = Some(next);
            }
        }
        lessons.extend(lesson);
    }
    Ok(lessons)
}

fn other_images(lab: &Lab, file: &str, language: Language) -> String {
    let (file, source) = (code(file), code(&lab.test.source));
    let (train, test) = (
        number::count(lab.train_images),
        number::count(lab.test_images),
    );
    language.pick(
        format!(
            "{file} was measured on other images ({source}: {train} to train on, {test} to test on)"
        ),
        format!("{file} 是在其他图片上测得的（{source}：训练 {train} 张，测试 {test} 张）"),
    )
}

fn other_weights(lab: &Lab, file: &str, language: Language) -> String {
    let (file, weights) = (code(file), code(&lab.origin.file));
    let hash: String = lab.origin.sha256.chars().take(12).collect();
    let hash = code(&hash);
    language.pick(
        format!("{file} was measured with other weights ({weights}, SHA-256 {hash}…)"),
        format!("{file} 是用另一套权重测得的（{weights}，SHA-256 {hash}…）"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::file::tests::lab;
    use crate::page::tests::record::record;

    /// A lab on the run's images, with its weights.
    fn fitting(record: &Record) -> Lab {
        let mut lab = lab();
        lab.train = record.manifest.data.clone();
        lab.test
            .images
            .clone_from(&record.test.as_ref().unwrap().evaluated.images);
        lab.origin = record.manifest.origin.clone();
        lab
    }

    #[test]
    fn what_was_measured_on_something_else_is_named_and_not_cited() {
        let record = record();
        let mut images = fitting(&record);
        images.train.source = "fashion".into();
        images.test.source = "fashion".into();
        images.train.images = "f".repeat(64);
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
                let Answer::Elsewhere(found) = lesson.answer else {
                    panic!("cited: {lesson:?}");
                };
                assert!(found.contains(words), "{found}");
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
        other.test.source = "fashion".into();
        other.test.images = "f".repeat(64);
        // The hash that `sha256sum` finds.
        let of = |lab: &Lab, file: &str| {
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
        assert!(found[0].found().is_some());
        fits.write(labs).unwrap();
        assert_eq!(lessons(), [of(&fits, "labs/learning-rate.json")]);
    }
}
