//! The files that predict reads and writes: pictures in folders, and what the model saw of each.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error};
use graft_trainer::Prediction;

/// Endings of pictures' names; those that cannot be read are refused one by one.
const ENDINGS: [&str; 10] = [
    "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "heic", "avif",
];

/// Files as they are given, and of folders every picture in them and below, by name.
pub(super) fn expand(given: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut pictures = Vec::new();
    for path in given {
        if !path.is_dir() {
            pictures.push(path.clone());
            continue;
        }
        let before = pictures.len();
        collect(path, &mut pictures)?;
        if pictures.len() == before {
            anyhow::bail!(
                "no pictures in {}: expected files that end in .png, .jpg or .jpeg",
                path.display()
            );
        }
    }
    Ok(pictures)
}

fn collect(folder: &Path, pictures: &mut Vec<PathBuf>) -> Result<(), Error> {
    let read = || fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>();
    let mut entries = read().with_context(|| format!("cannot read folder {}", folder.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        // Links to folders are not followed: they may lead back.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !is_hidden {
            collect(&path, pictures)?;
        } else if !is_hidden && ENDINGS.iter().any(|known| ending == *known) {
            pictures.push(path);
        }
    }
    Ok(())
}

/// Writes what the model saw as a PNG in `folder`, by the picture's name, and says where.
pub(super) fn show(image: &Path, prediction: &Prediction, folder: &Path) -> Result<PathBuf, Error> {
    let stem = image.file_stem().unwrap_or_default();
    let name = |number: usize| {
        let stem = stem.to_string_lossy();
        folder.join(match number {
            1 => format!("{stem}.png"),
            _ => format!("{stem}-{number}.png"),
        })
    };
    // Pictures of different folders may have one name, and no file is written over.
    let path = (1..=usize::MAX)
        .map(name)
        .find(|path| !path.exists())
        .unwrap_or_default();
    let (rows, channels) = (&prediction.pixels, prediction.channels);
    let columns = rows.first().map_or(0, Vec::len) / channels;
    let png = graft_dataset::png(columns, channels, &rows.concat());
    graft_durable::create_folder(folder)?;
    graft_durable::write(&path, &png.context("cannot write a picture")?)?;
    Ok(path)
}
