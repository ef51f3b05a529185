//! What somebody decided about labels: another class, or that an image is not used.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{IN_MEMORY, open, source};
use crate::{Error, ImageSet};

/// The verdict on an image that is left out of training and validation.
pub const REMOVE: &str = "remove";

/// A row of a table of verdicts, with what its columns are called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The picture's path within its source, or its number among the training images, from 0.
    pub image: String,
    /// The class that it is labelled.
    pub label: String,
    /// The class that it is, [`REMOVE`], or nothing where the label stays.
    pub verdict: String,
    /// The class that is more probable.
    #[serde(default)]
    pub suggested: String,
    /// The probability of the label.
    #[serde(default)]
    pub probability: Option<f64>,
    /// Why it is in the table.
    #[serde(default)]
    pub reason: String,
}

/// Reads the table of verdicts at `path`, CSV with a head. It needs `image`, `label` and `verdict`; columns that
/// [`Verdict`] does not know are passed over.
///
/// # Errors
/// When it is no such table.
pub fn read_verdicts(path: &Path) -> Result<Vec<Verdict>, Error> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(open(path)?);
    let rows = reader.deserialize().collect::<Result<_, _>>();
    rows.or_else(|error| no(path, error.to_string()))
}

/// A table that [`read_verdicts`] reads.
///
/// # Errors
/// When it cannot be put together.
pub fn write_verdicts(verdicts: &[Verdict]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = verdicts
        .iter()
        .try_for_each(|verdict| writer.serialize(verdict));
    let bytes = written
        .map_err(|error| error.to_string())
        .and_then(|()| writer.into_inner().map_err(|error| error.to_string()));
    bytes.or_else(|why| no(Path::new(IN_MEMORY), why))
}

impl ImageSet {
    /// The set as the verdicts say, which were read from `path`: with other labels, and without some images in
    /// [`ImageSet::holdout`]. The images stay what they are, and so do their features.
    ///
    /// # Errors
    /// When a verdict is of an image that the set does not have, or that has another label, or names no
    /// class.
    pub fn judged(self, path: &Path, verdicts: &[Verdict]) -> Result<Self, Error> {
        let names = self.all_names();
        let class = |name: &str| (0..).zip(&names).find(|(_, known)| *known == name);
        let class = |name: &str| class(name).map(|(class, _)| class);
        let places: BTreeMap<String, usize> = (0..self.len())
            .map(|index| (self.file(index), index))
            .collect();
        let (mut relabelled, mut removed) = (Vec::new(), Vec::new());
        for (
            row,
            Verdict {
                image,
                label,
                verdict,
                ..
            },
        ) in (2..).zip(verdicts)
        {
            let Some(&index) = places.get(image) else {
                return no(
                    path,
                    format!("in line {row} the image {image:?}, which the set does not have"),
                );
            };
            let is = &names[usize::from(self.labels()[index])];
            if is != label {
                let why = format!(
                    "in line {row} the label {label:?} of the image {image:?}, whose label is {is:?}"
                );
                return no(path, why);
            }
            match (verdict.as_str(), class(verdict)) {
                ("", _) => {}
                (_, Some(class)) => relabelled.push((index, class)),
                (REMOVE, None) => removed.push(index),
                _ => {
                    return no(
                        path,
                        format!("in line {row} the verdict {verdict:?}, which is no class"),
                    );
                }
            }
        }
        Ok(self.changed(relabelled, removed))
    }
}

fn no<T>(path: &Path, found: String) -> Result<T, Error> {
    source(
        path,
        "a table with the columns image, label and verdict (a class, remove, or nothing) of these images",
        found,
        "mend the table, or make one of these images with `graft audit`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn set() -> ImageSet {
        ImageSet::new(1, 1, (0..6).collect(), vec![0, 1, 2, 0, 1, 2], 3).unwrap()
    }

    fn judged(table: &str) -> Result<ImageSet, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        fs::write(&path, table).unwrap();
        set().judged(&path, &read_verdicts(&path)?)
    }

    #[test]
    fn labels_are_changed_and_images_left_out() {
        let set =
            judged("image,why,label,verdict\n1,looks odd, 1 ,2\n4,,1,remove\n5,,2,\n0,,0,remove\n")
                .unwrap();
        assert_eq!(set.labels(), [0, 2, 2, 0, 1, 2]);
        let holdout = set.holdout(2, 7).unwrap();
        let mut all = [holdout.train, holdout.validation].concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 5]);
        assert_eq!(set.len(), 6);
        let folds = set.folds(2, 0).unwrap();
        assert!(folds.iter().all(|fold| fold.train.len() == 2));
    }

    #[test]
    fn a_table_is_read_back() {
        let verdict = |image: &str, probability| Verdict {
            image: image.into(),
            label: "a, b".into(),
            verdict: REMOVE.into(),
            suggested: "\"c\"".into(),
            probability,
            reason: "two\nlines".into(),
        };
        let verdicts = [verdict("a/1.png", Some(0.25)), verdict("é", None)];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        fs::write(&path, write_verdicts(&verdicts).unwrap()).unwrap();
        assert_eq!(read_verdicts(&path).unwrap(), verdicts);
    }

    #[test]
    fn a_table_of_other_images_is_refused() {
        for (table, why) in [
            ("image,label\n1,1\n", "missing field"),
            ("image,label,verdict\n6,0,1\n", "in line 2 the image \"6\""),
            (
                "image,label,verdict\n1,1,\n2,1,0\n",
                "in line 3 the label \"1\" of the image \"2\", whose label is \"2\"",
            ),
            (
                "image,label,verdict\n1,1,3\n",
                "the verdict \"3\", which is no class",
            ),
        ] {
            let error = judged(table).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            assert!(error.contains("labels.csv: expected a table"), "{error}");
        }
    }
}
