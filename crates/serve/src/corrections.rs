//! Pictures whose right class somebody told: kept as a folder of pictures that `data.source` reads.
//!
//! `corrections/SOURCE/CLASS/HASH.png` has what the model saw, which is in the form of the images that it was
//! trained on. SOURCE is the name of these, so that runs with the same classes fill one folder.

use std::fs;
use std::path::{Component, Path, PathBuf};

use graft_dataset::Picture;
use graft_durable::{Error, create_folder, sha256, write};

use crate::models::Loaded;

/// Digits of the hash that are a file's name.
const DIGITS: usize = 16;

/// The folder in `corrections` for the classes of a run.
pub(crate) fn folder(corrections: &Path, loaded: &Loaded) -> PathBuf {
    let source = &loaded.run.manifest().data.source;
    let name = Path::new(source).file_stem().and_then(|name| name.to_str());
    corrections.join(name.unwrap_or("pictures"))
}

/// Keeps a picture as one of class `class`, and as none of another. Every class gets a folder, so that their
/// numbers stay when the folder is read as a source of pictures.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn keep(
    folder: &Path,
    loaded: &Loaded,
    class: usize,
    picture: &Picture,
) -> Result<PathBuf, Error> {
    let images = loaded.input.images;
    let png = graft_dataset::png(images.columns, images.channels, &picture.pixels);
    let png = png.unwrap_or_default();
    let name = format!("{}.png", &sha256(&picture.pixels)[..DIGITS]);
    let mut kept = PathBuf::new();
    for (number, class_name) in loaded.classes.iter().enumerate() {
        let folder = folder.join(folder_name(class_name, number));
        let file = folder.join(&name);
        create_folder(&folder)?;
        if number == class {
            write(&file, &png)?;
            kept = file;
        } else if file.exists() {
            fs::remove_file(&file).map_err(Error::on("delete", &file))?;
        }
    }
    Ok(kept)
}

/// A class's name, where a folder can be called so; its number where not, as names may come from a table.
fn folder_name(name: &str, number: usize) -> String {
    let mut parts = Path::new(name).components();
    let is_one =
        matches!((parts.next(), parts.next()), (Some(Component::Normal(one)), None) if one == name);
    let is_plain = is_one && !name.starts_with('.') && !name.contains(['\\', ':', '\0']);
    if is_plain {
        name.to_owned()
    } else {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_class_leads_out_of_its_folder() {
        for (name, expected) in [
            ("3", "3"),
            ("cat & <b>dog", "cat & <b>dog"),
            ("青い", "青い"),
            ("..", "7"),
            (".", "7"),
            (".hidden", "7"),
            ("", "7"),
            ("../../etc", "7"),
            ("/etc", "7"),
            ("a/b", "7"),
            ("a/", "7"),
            ("a\\b", "7"),
            ("C:", "7"),
            ("a\0b", "7"),
        ] {
            assert_eq!(folder_name(name, 7), expected, "{name}");
        }
    }
}
