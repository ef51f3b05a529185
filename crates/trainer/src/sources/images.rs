//! The images of a source: IDX files, or pictures in folders and tables.

use std::fs;
use std::path::Path;

use graft_dataset::{
    IdxPair, ImageForm, ImageSet, PictureRequest, Preparing, Split, is_url, read_pictures,
};
use graft_durable::sha256;
use graft_environment::interrupt;
use graft_environment::progress::Progress;
use graft_recipe as recipe;
use graft_report::record::Data;

use crate::Error;

/// Whether a source is a table, or a folder with subfolders rather than IDX files.
pub(super) fn is_of_pictures(source: &Path, prefix: &str) -> bool {
    let entries = fs::read_dir(source).into_iter().flatten().flatten();
    let mut folders = entries.filter(|entry| entry.path().is_dir());
    is_url(source)
        || source.is_file()
        || (!IdxPair::is_in(source, prefix) && folders.next().is_some())
}

/// The images of a split in IDX files.
pub(super) fn idx(
    folder: &Path,
    split: Split,
    data: &recipe::Data,
    form: Option<ImageForm>,
) -> Result<ImageSet, Error> {
    let pair = IdxPair::with_prefix(folder, split, &data.prefix)?;
    let mut set = ImageSet::read(&pair.images, &pair.labels, data.classes)?;
    if data.transpose {
        set = set.transposed();
    }
    let shown = |rows, columns| format!("{rows}x{columns}");
    let found = shown(set.rows(), set.columns());
    let expected = form.map(|form| shown(form.rows, form.columns));
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        let path = pair.images;
        return Err(graft_dataset::Error::OtherSize {
            path,
            expected,
            found,
        }
        .into());
    }
    match data.limit {
        0 => Ok(set),
        limit => {
            let limit = limit.min(set.len());
            Ok(set.first(limit)?)
        }
    }
}

/// The images of a folder or a table of pictures, behind those of `base` where there is one.
pub(super) fn pictures(
    source: &str,
    request: PictureRequest,
    base: Option<ImageSet>,
) -> Result<ImageSet, Error> {
    let before = base.as_ref().map_or(0, |base| base.left_out().len());
    interrupt::watch()?;
    let mut progress: Option<(Preparing, Progress)> = None;
    let advance = |what: Preparing, total: usize, more: usize| {
        interrupt::go_on()?;
        if progress.as_ref().is_none_or(|(before, _)| *before != what) {
            let label = match what {
                Preparing::Looking => "pictures looked at",
                Preparing::Decoding => "pictures prepared",
            };
            progress = Some((what, Progress::new(label, total)));
        }
        if let Some((_, progress)) = &mut progress {
            progress.advance(more);
        }
        Ok::<_, Error>(())
    };
    let set = read_pictures(Path::new(source), request, base, advance)?;
    for why in &set.left_out()[before..] {
        tracing::warn!("left out: {why}");
    }
    Ok(set)
}

/// What a record says of a set of images, but for their hash, which is known with the features.
#[must_use]
pub fn described(of: &recipe::Data, images: &ImageSet) -> Data {
    Data {
        source: of.source.clone(),
        extra: of.extra.clone(),
        images: String::new(),
        labels: sha256(images.labels()),
        rows: images.rows(),
        columns: images.columns(),
        classes: images.classes(),
        channels: images.channels(),
        names: images.names().to_vec(),
        border: images.border(),
        left_out: images.left_out().len(),
    }
}
