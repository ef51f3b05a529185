//! Runs whose predictions are averaged.

use std::path::{Path, PathBuf};

use graft_report::record::Data;

use crate::{Run, RunError};

impl Run {
    /// Opens the runs called `names` as [`Run::open`] does, the newest complete one where none is named; they tell
    /// the same classes apart.
    ///
    /// # Errors
    /// When one cannot be opened, or has other classes than the first.
    pub fn open_all(runs: &Path, names: &[PathBuf]) -> Result<Vec<Self>, RunError> {
        if names.is_empty() {
            return Ok(vec![Self::open(runs, None)?]);
        }
        let opened = names.iter().map(|name| Self::open(runs, Some(name)));
        let opened = opened.collect::<Result<Vec<_>, _>>()?;
        let (first, others) = (&opened[0], &opened[1..]);
        for other in others {
            let differ = other_classes(&first.manifest.data, &other.manifest.data);
            if let Some([expected, found]) = differ {
                return Err(RunError::OtherClasses {
                    run: other.folder.clone(),
                    first: first.folder.clone(),
                    expected,
                    found,
                });
            }
        }
        Ok(opened)
    }
}

/// What two sets tell apart, where that differs: how many classes, or the first one that has another name.
fn other_classes(first: &Data, second: &Data) -> Option<[String; 2]> {
    let both = [first, second];
    if first.classes != second.classes {
        return Some(both.map(|data| format!("{} classes", data.classes)));
    }
    let mut classes = 0..first.classes;
    let class = classes.find(|class| first.name(*class) != second.name(*class))?;
    Some(both.map(|data| format!("`{}` as class {class}", data.name(class))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_the_same_by_number_and_name() {
        let data = crate::fixture::start().data;
        let named = |names: &[&str]| Data {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            classes: names.len(),
            ..data.clone()
        };
        let pets = named(&["cat", "dog"]);
        assert_eq!(other_classes(&pets, &named(&["cat", "dog"])), None);
        // A class without a name is called by its number.
        let digits: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
        let digits: Vec<&str> = digits.iter().map(String::as_str).collect();
        assert_eq!(other_classes(&data, &named(&digits)), None);
        for (other, expected) in [
            (
                named(&["cat", "fox"]),
                ["`dog` as class 1", "`fox` as class 1"],
            ),
            (
                named(&["dog", "cat"]),
                ["`cat` as class 0", "`dog` as class 0"],
            ),
            (data.clone(), ["2 classes", "10 classes"]),
        ] {
            assert_eq!(other_classes(&pets, &other).unwrap(), expected);
        }
    }
}
