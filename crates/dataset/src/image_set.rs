//! Labelled images of one size, with their pixels as they are on the disk.

mod derived;
mod held_out;
mod joined;

use std::borrow::Cow;
use std::path::Path;

use crate::error::{IN_MEMORY, value};
use crate::pixels::Pixels;
use crate::{Error, ImageForm, ResizeMode, idx};

/// Labelled images of one size, grey or in colour; at least one.
#[derive(Clone, Debug)]
pub struct ImageSet {
    rows: usize,
    columns: usize,
    channels: usize,
    classes: usize,
    pixels: Pixels,
    labels: Vec<u8>,
    origin: Origin,
}

/// What the pictures of a set's source say beyond pixels and labels; nothing for IDX files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The name of every class.
    pub(crate) names: Vec<String>,
    /// The images that the source holds out for validation, where it does.
    pub(crate) validation: Option<Vec<usize>>,
    /// For every image the first one that is the same file, itself included.
    pub(crate) copies: Vec<usize>,
    /// Why pictures could not be read that are left out.
    pub(crate) left_out: Vec<String>,
    /// Where every picture lies in its source, but for those of a manifest.
    pub(crate) files: Vec<String>,
    /// The images that a verdict leaves out of training and validation, ascending.
    pub(crate) removed: Vec<usize>,
}

impl ImageSet {
    /// Reads the IDX files `images` (three dimensions) and `labels` (one), plain or gzip.
    ///
    /// # Errors
    /// When a file cannot be read or is not exactly what its header says, when the counts differ,
    /// and when a label is not below `classes`.
    pub fn read(images: &Path, labels: &Path, classes: usize) -> Result<Self, Error> {
        let pixels = idx::read::<3>(images)?;
        let read_labels = idx::read::<1>(labels)?;
        let [count, rows, columns] = pixels.dimensions;
        if count != read_labels.data.len() {
            return Err(Error::CountMismatch {
                images: images.to_owned(),
                image_count: count,
                labels: labels.to_owned(),
                label_count: read_labels.data.len(),
            });
        }
        let set = Self {
            rows,
            columns,
            channels: 1,
            classes,
            pixels: Pixels::Memory(pixels.data),
            labels: read_labels.data,
            origin: Origin::default(),
        };
        set.checked(labels)
    }

    /// Makes a set of pixels (`[image, row, column]`, 0 is black) and labels.
    ///
    /// # Errors
    /// When there is no image, when the pixels are not `labels.len()` whole images, and when a
    /// label is not below `classes`.
    pub fn new(
        rows: usize,
        columns: usize,
        pixels: Vec<u8>,
        labels: Vec<u8>,
        classes: usize,
    ) -> Result<Self, Error> {
        let set = Self {
            rows,
            columns,
            channels: 1,
            classes,
            pixels: Pixels::Memory(pixels),
            labels,
            origin: Origin::default(),
        };
        set.checked(Path::new(IN_MEMORY))
    }

    /// Makes a set of pictures that were brought to the form of images.
    pub(crate) fn of_pictures(
        form: ImageForm,
        pixels: Pixels,
        labels: Vec<u8>,
        origin: Origin,
    ) -> Result<Self, Error> {
        let set = Self {
            rows: form.rows,
            columns: form.columns,
            channels: form.channels,
            classes: origin.names.len(),
            pixels,
            labels,
            origin,
        };
        set.checked(Path::new(IN_MEMORY))
    }

    fn checked(self, labels: &Path) -> Result<Self, Error> {
        let (images, rows, columns) = (self.labels.len(), self.rows, self.columns);
        if images == 0 || rows == 0 || columns == 0 {
            return value(
                "at least one image with at least one pixel",
                format!("{images} images of {rows}x{columns}"),
                "give a larger set or limit",
            );
        }
        let expected = rows
            .checked_mul(columns)
            .and_then(|image| image.checked_mul(self.channels)?.checked_mul(images));
        let found = self.pixels.bytes(self.image_bytes());
        if expected != Some(found) {
            return value(
                format!("{images} images of {rows}x{columns} pixels"),
                format!("{found} pixels in all"),
                "give whole images",
            );
        }
        if !(1..=256).contains(&self.classes) {
            let next = "set the number of classes that the set has";
            return value("1 to 256 classes", self.classes, next);
        }
        let is_wrong = |label: &u8| usize::from(*label) >= self.classes;
        if let Some(index) = self.labels.iter().position(is_wrong) {
            return Err(Error::Label {
                path: labels.to_owned(),
                index,
                found: self.labels[index],
                classes: self.classes,
            });
        }
        Ok(self)
    }

    /// The number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image, which no constructor allows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The height of every image, in pixels.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The width of every image, in pixels.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// 1 where images are grey, 3 where they have colours: red, green and blue.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The number of classes; every label is below it.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The name of every class; none where labels are numbers alone.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.origin.names
    }

    /// The name of every class; their numbers where labels are numbers alone.
    #[must_use]
    pub fn all_names(&self) -> Vec<String> {
        (0..self.classes).map(|class| self.name(class)).collect()
    }

    /// The name of a class; its number where labels are numbers alone.
    #[must_use]
    pub fn name(&self, class: usize) -> String {
        let name = self.origin.names.get(class).cloned();
        name.unwrap_or_else(|| class.to_string())
    }

    /// Where the picture that image `index` was lies in its source; its number where it came from an IDX file.
    #[must_use]
    pub fn file(&self, index: usize) -> String {
        let of_manifest = || {
            let path = self.pixels.path(index)?;
            Some(path.display().to_string())
        };
        let file = self.origin.files.get(index).cloned();
        let file = file.or_else(of_manifest);
        file.unwrap_or_else(|| index.to_string())
    }

    #[cfg(test)]
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Why pictures could not be read that are left out.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.origin.left_out
    }

    /// The pixels of image `index`, `[row, column, channel]`.
    ///
    /// # Panics
    /// As a slice does, when there is no such image; and where it is a picture of a manifest that was not needed before
    /// and cannot be read ([`ImageSet::prepare`] tells that as an error).
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        self.pixels.image(index, self.image_bytes())
    }

    /// The pixels of all images, one after another.
    pub fn images(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.image(index))
    }

    /// What tells image `index` from others: its pixels, or, of a picture of a manifest, its version.
    ///
    /// # Panics
    /// As [`ImageSet::image`], where it is its pixels.
    #[must_use]
    pub fn content(&self, index: usize) -> Cow<'_, [u8]> {
        self.pixels.content(index, self.image_bytes())
    }

    /// Reads and prepares those of some images that are pictures of a manifest and were not needed before, with all that
    /// share a file of the cache with them; other images are always there.
    ///
    /// # Errors
    /// When a picture cannot be read, or is not the one of the manifest.
    ///
    /// # Panics
    /// As a slice does, when there is no such image.
    pub fn prepare(&self, indices: &[usize]) -> Result<(), Error> {
        self.pixels.prepare(indices)
    }

    /// The same for all images.
    ///
    /// # Errors
    /// As [`ImageSet::prepare`].
    pub fn prepare_all(&self) -> Result<(), Error> {
        self.prepare(&(0..self.len()).collect::<Vec<_>>())
    }

    fn image_bytes(&self) -> usize {
        let pixels = self.rows.saturating_mul(self.columns);
        pixels.saturating_mul(self.channels)
    }

    /// The class of every image.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The mean brightness of the outermost pixels of all images, 0 to 255; none of a manifest's pictures, most of which
    /// may never be read.
    #[must_use]
    pub fn border(&self) -> Option<u8> {
        if self.pixels.are_of_manifest() {
            return None;
        }
        let (mut sum, mut count) = (0_u64, 0_u64);
        let row = self.columns * self.channels;
        let mut add = |values: &[u8]| {
            sum += values.iter().copied().map(u64::from).sum::<u64>();
            count += values.len() as u64;
        };
        for image in self.images() {
            add(&image[..row]);
            add(&image[image.len() - row..]);
            for line in image.chunks_exact(row) {
                add(&line[..self.channels]);
                add(&line[row - self.channels..]);
            }
        }
        u8::try_from(sum / count.max(1)).ok()
    }

    /// The form of the images, where pictures are fitted by `fit`.
    #[must_use]
    pub fn form(&self, fit: ResizeMode) -> ImageForm {
        ImageForm {
            rows: self.rows,
            columns: self.columns,
            channels: self.channels,
            fit,
        }
    }
}

impl PartialEq for ImageSet {
    fn eq(&self, other: &Self) -> bool {
        let form = |set: &Self| [set.rows, set.columns, set.channels, set.classes];
        form(self) == form(other)
            && self.labels == other.labels
            && self.origin == other.origin
            && self.images().eq(other.images())
    }
}

#[cfg(test)]
mod tests;
