//! A folder of pictures: `train/CLASS/*` and `test/CLASS/*`, where CLASS is a number from 0.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, ImageSet, PictureForm, Split, read_picture};

/// Height and width of the images that the pictures become.
const SIDE: usize = 28;

/// Reads the pictures of a split, class by class, each in the order of the files' names.
///
/// # Errors
/// When a class has no folder, or a file is no picture.
pub fn read_class_folders(folder: &Path, split: Split, classes: usize) -> Result<ImageSet, Error> {
    let half = match split {
        Split::Train => "train",
        Split::Test => "test",
    };
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for class in 0..classes {
        let folder = folder.join(half).join(class.to_string());
        let files = fs::read_dir(&folder).map_err(|source| Error::Open {
            path: folder,
            source,
        })?;
        let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
        files.sort();
        for file in files {
            pixels.extend(read_picture(&file, PictureForm::Plain, SIDE, SIDE)?.pixels);
            labels.push(u8::try_from(class).unwrap_or(u8::MAX));
        }
    }
    ImageSet::new(SIDE, SIDE, pixels, labels, classes)
}
