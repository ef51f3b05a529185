//! Whether a sweep says something about a run: what it was measured on, against what the run has.

use minijinja::context;

use super::{Images, Results};
use crate::Language;
use crate::record::Record;

impl Results {
    /// What it was measured on instead of the images and the weights of the run of `record`, or more of
    /// the same images, to follow the name of its file; none where it was measured on these.
    #[must_use]
    pub fn elsewhere(&self, record: &Record, language: Language) -> Option<String> {
        if self.origin.sha256 != record.manifest.origin.sha256 {
            return Some(self.words(context! { say => "other weights" }, language));
        }
        (!self.has_images_of(record))
            .then(|| self.words(context! { say => "other images" }, language))
    }

    fn has_images_of(&self, record: &Record) -> bool {
        let manifest = &record.manifest;
        let images = |count| Images {
            data: manifest.data.clone(),
            count,
        };
        let run = images(manifest.trained_on + manifest.validated_on);
        let same_training = manifest.data.images == self.train.data.images
            && manifest.data.labels == self.train.data.labels
            || holds(&self.train, &run);
        // Before an evaluation nobody knows a run's test images; they come from the same source.
        let tests = self.test.as_ref().zip(record.test.as_ref());
        let same_test = tests.is_none_or(|(here, run)| {
            run.evaluated.images == here.data.images
                || holds(here, &images(run.predictions.rows.len()))
        });
        same_training && same_test
    }
}

/// Whether the images of a sweep hold those of a run: both take the first so many of MNIST's files,
/// which are always the same.
fn holds(sweep: &Images, run: &Images) -> bool {
    sweep.data.is_mnist() && run.data.is_mnist() && sweep.count >= run.count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tests::record::record;
    use crate::sweep::fixture::results;

    /// A change of run and sweep, which begin with the same images and weights.
    type Case = (fn(&mut Record, &mut Results), &'static str);

    const SAME: &str = "";

    #[test]
    fn only_the_same_images_and_weights_count() {
        const FOLDER: fn(&mut Record, &mut Results) = |record, lab| {
            record.manifest.data.source = "folder".into();
            lab.train.data.source = "folder".into();
            lab.test.as_mut().unwrap().data.source = "folder".into();
        };
        let cases: [Case; 12] = [
            (|_, _| (), SAME),
            // A part of MNIST.
            (
                |record, _| {
                    record.manifest.data.images = "part".into();
                    record.manifest.data.labels = "part".into();
                    record.test.as_mut().unwrap().evaluated.images = "part".into();
                },
                SAME,
            ),
            // A lab on less of MNIST than the run has: in training, and in testing.
            (
                |record, lab| {
                    lab.train.data.images = "part".into();
                    lab.train.count = record.manifest.trained_on + 2;
                },
                "other images",
            ),
            (
                |_, lab| {
                    let test = lab.test.as_mut().unwrap();
                    test.data.images = "part".into();
                    test.count = 3;
                },
                "other images",
            ),
            (
                |record, _| record.manifest.origin.sha256 = "other".into(),
                "other weights",
            ),
            (FOLDER, SAME),
            // Measured on validation images.
            (|_, lab| lab.test = None, SAME),
            // Two homes, one set of images.
            (
                |record, _| record.manifest.data.source = "folder".into(),
                SAME,
            ),
            // Of a folder nothing is known but its hashes.
            (
                |record, lab| {
                    FOLDER(record, lab);
                    record.manifest.data.images = "part".into();
                },
                "other images",
            ),
            (
                |record, lab| {
                    FOLDER(record, lab);
                    record.manifest.data.labels = "others".into();
                },
                "other images",
            ),
            (
                |record, lab| {
                    FOLDER(record, lab);
                    record.test.as_mut().unwrap().evaluated.images = "part".into();
                },
                "other images",
            ),
            (
                |record, lab| {
                    FOLDER(record, lab);
                    record.test = None;
                },
                SAME,
            ),
        ];
        for (number, (change, words)) in cases.into_iter().enumerate() {
            let (mut record, mut lab) = (record(), results());
            let (train, manifest) = (&mut lab.train.data, &record.manifest);
            train.images.clone_from(&manifest.data.images);
            train.labels.clone_from(&manifest.data.labels);
            lab.origin.clone_from(&manifest.origin);
            let test = &mut lab.test.as_mut().unwrap().data;
            test.images
                .clone_from(&record.test.as_ref().unwrap().evaluated.images);
            change(&mut record, &mut lab);
            let elsewhere = lab.elsewhere(&record, Language::En).unwrap_or_default();
            assert_eq!(elsewhere.is_empty(), words.is_empty(), "case {number}");
            assert!(elsewhere.contains(words), "case {number}: {elsewhere}");
        }
    }
}
