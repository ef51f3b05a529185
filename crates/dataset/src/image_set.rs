//! Labelled grey images of one size, with their pixels exactly as they are on the disk.

use std::path::Path;

use crate::error::{IN_MEMORY, value};
use crate::{Error, idx};

/// Labelled grey images of one size; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    rows: usize,
    columns: usize,
    classes: usize,
    pixels: Vec<u8>,
    labels: Vec<u8>,
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
            classes,
            pixels: pixels.data,
            labels: read_labels.data,
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
            classes,
            pixels,
            labels,
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
        let pixels = rows
            .checked_mul(columns)
            .and_then(|image| image.checked_mul(images));
        if pixels != Some(self.pixels.len()) {
            return value(
                format!("{images} images of {rows}x{columns} pixels"),
                format!("{} pixels in all", self.pixels.len()),
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

    /// The number of classes; every label is below it.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The pixels of image `index`, `[row, column]`.
    ///
    /// # Panics
    /// As a slice does, when there is no such image.
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        let length = self.rows * self.columns;
        &self.pixels[index * length..][..length]
    }

    /// The pixels of all images, `[image, row, column]`.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The class of every image.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Only the first `limit` images.
    ///
    /// # Errors
    /// When there are fewer than that, and when `limit` is 0.
    pub fn first(mut self, limit: usize) -> Result<Self, Error> {
        if limit > self.len() {
            let (expected, found) = (format!("at least {limit} images"), self.len());
            return value(expected, found, format!("set a limit of at most {found}"));
        }
        self.labels.truncate(limit);
        self.pixels.truncate(limit * self.rows * self.columns);
        self.pixels.shrink_to_fit();
        self.checked(Path::new(IN_MEMORY))
    }
}

#[cfg(test)]
mod tests;
