//! Whether a lab says something about a run: what it was measured on, against what the run has.

use super::Lab;
use crate::record::{Data, Record};

/// What a lab was measured on, as a run sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The run's weights, and its images or more of the same.
    TheSame,
    /// Images among which the run's may not be.
    OtherImages,
    /// Weights from another ONNX file.
    OtherWeights,
}

impl Lab {
    /// What it was measured on, as the run of `record` sees it.
    #[must_use]
    pub fn basis(&self, record: &Record) -> Basis {
        let manifest = &record.manifest;
        if self.origin.sha256 != manifest.origin.sha256 {
            return Basis::OtherWeights;
        }
        let train = (&manifest.data, manifest.trained_on + manifest.validated_on);
        let same_training = manifest.data.images == self.train.images
            && manifest.data.labels == self.train.labels
            || holds((&self.train, self.train_images), train);
        // Before an evaluation nobody knows a run's test images; they come from the same source.
        let same_test = record.test.as_ref().is_none_or(|test| {
            let n = test.predictions.rows.len();
            test.evaluated.images == self.test.images
                || holds((&self.test, self.test_images), (&manifest.data, n))
        });
        if same_training && same_test {
            Basis::TheSame
        } else {
            Basis::OtherImages
        }
    }
}

/// Whether the images of `lab` hold those of `run`, with how many there are: both take the first so
/// many of MNIST's files, which are always the same.
fn holds(lab: (&Data, usize), run: (&Data, usize)) -> bool {
    lab.0.is_mnist() && run.0.is_mnist() && lab.1 >= run.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::file::tests::lab;
    use crate::page::tests::record::record;

    /// A change of run and lab, which begin with the same images and weights.
    type Case = (fn(&mut Record, &mut Lab), Basis);

    #[test]
    fn only_the_same_images_and_weights_count() {
        const FOLDER: fn(&mut Record, &mut Lab) = |record, lab| {
            record.manifest.data.source = "folder".into();
            lab.train.source = "folder".into();
            lab.test.source = "folder".into();
        };
        let cases: [Case; 11] = [
            (|_, _| (), Basis::TheSame),
            // A part of MNIST.
            (
                |record, _| {
                    record.manifest.data.images = "part".into();
                    record.manifest.data.labels = "part".into();
                    record.test.as_mut().unwrap().evaluated.images = "part".into();
                },
                Basis::TheSame,
            ),
            // A lab on less of MNIST than the run has: in training, and in testing.
            (
                |record, lab| {
                    lab.train.images = "part".into();
                    lab.train_images = record.manifest.trained_on + 2;
                },
                Basis::OtherImages,
            ),
            (
                |_, lab| {
                    lab.test.images = "part".into();
                    lab.test_images = 3;
                },
                Basis::OtherImages,
            ),
            (
                |record, _| record.manifest.origin.sha256 = "other".into(),
                Basis::OtherWeights,
            ),
            (FOLDER, Basis::TheSame),
            // Two homes, one set of images.
            (
                |record, _| record.manifest.data.source = "folder".into(),
                Basis::TheSame,
            ),
            // Of a folder nothing is known but its hashes.
            (
                |record, lab| {
                    FOLDER(record, lab);
                    record.manifest.data.images = "part".into();
                },
                Basis::OtherImages,
            ),
            (
                |record, lab| {
                    FOLDER(record, lab);
                    record.manifest.data.labels = "others".into();
                },
                Basis::OtherImages,
            ),
            (
                |record, lab| {
                    FOLDER(record, lab);
                    record.test.as_mut().unwrap().evaluated.images = "part".into();
                },
                Basis::OtherImages,
            ),
            (
                |record, lab| {
                    FOLDER(record, lab);
                    record.test = None;
                },
                Basis::TheSame,
            ),
        ];
        for (number, (change, basis)) in cases.into_iter().enumerate() {
            let (mut record, mut lab) = (record(), lab());
            lab.train.images.clone_from(&record.manifest.data.images);
            lab.train.labels.clone_from(&record.manifest.data.labels);
            lab.origin.clone_from(&record.manifest.origin);
            let test = record.test.as_ref().unwrap();
            lab.test.images.clone_from(&test.evaluated.images);
            change(&mut record, &mut lab);
            assert_eq!(lab.basis(&record), basis, "case {number}");
        }
    }
}
