//! Everything that can be wrong with a data set or a picture. Each message names the file, what
//! was expected, what was found, and what to do next.

use std::io;
use std::path::{Path, PathBuf};

use crate::idx::MAX_IDX_BYTES;
use crate::picture::{MAX_PICTURE_ALLOCATION, MAX_PICTURE_BYTES, MAX_PICTURE_SIDE};
use crate::preprocess::MAX_SIZE;

/// What a file path reads as when a set was made in memory.
pub(crate) const IN_MEMORY: &str = "(in memory)";

/// Why images could not be read, split or prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum Error {
    /// The operating system refused an operation on a file.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A folder, a pipe or a device where a file should be.
    #[error("{} is not a regular file; give the path of a file", path.display())]
    NotAFile { path: PathBuf },

    /// No IDX file under any of its conventional names.
    #[error("found no {what} in {}: looked for {}; fetch the data set, or name the folder that holds it", folder.display(), looked_for.join(", "))]
    NoPair {
        what: &'static str,
        folder: PathBuf,
        looked_for: Vec<String>,
    },
    /// The file does not begin as an IDX file does.
    #[error("{} is no IDX file: expected it to start with 00 00, found {:02x} {:02x}; fetch the file again", path.display(), found[0], found[1])]
    Magic { path: PathBuf, found: [u8; 2] },
    /// The IDX file holds something other than bytes.
    #[error("{}: expected IDX type code 0x08 (unsigned bytes), found 0x{found:02x}; convert the file to unsigned bytes", path.display())]
    TypeCode { path: PathBuf, found: u8 },
    /// The IDX file has another number of dimensions.
    #[error("{}: expected {expected} IDX dimension(s), found {found}; images have 3 and labels 1, so check that the two files are not swapped", path.display())]
    Rank {
        path: PathBuf,
        expected: usize,
        found: u8,
    },
    /// A dimension is zero.
    #[error("{}: expected dimensions of at least 1, found {dimensions:?}; fetch the file again", path.display())]
    ZeroDimension { path: PathBuf, dimensions: Vec<u32> },
    /// The dimensions multiply to more than [`MAX_IDX_BYTES`].
    #[error("{}: expected at most {MAX_IDX_BYTES} bytes of data, found a header that declares {dimensions:?}; fetch the file again, or split the set", path.display())]
    TooLarge { path: PathBuf, dimensions: Vec<u32> },
    /// The file ends early.
    #[error("{} is cut short: expected {expected} bytes unpacked, found {found}; fetch the file again", path.display())]
    Truncated {
        path: PathBuf,
        expected: u64,
        found: u64,
    },
    /// The file goes on after its data.
    #[error("{}: expected exactly {expected} bytes unpacked, found more; fetch the file again", path.display())]
    Trailing { path: PathBuf, expected: u64 },
    /// The gzip stream is cut short, damaged, or fails its checksum.
    #[error("{}: expected an intact gzip stream, found one that is damaged or cut short ({source}); fetch the file again", path.display())]
    Gzip { path: PathBuf, source: io::Error },
    /// Something follows the gzip stream, such as a second member.
    #[error("{}: expected one gzip member, found more bytes after it; pack the file again as a single member", path.display())]
    GzipTrailing { path: PathBuf },

    /// Images and labels do not belong together.
    #[error("expected as many labels as images, found {image_count} images in {} and {label_count} labels in {}; check that both files are of the same set", images.display(), labels.display())]
    CountMismatch {
        images: PathBuf,
        image_count: usize,
        labels: PathBuf,
        label_count: usize,
    },
    /// A label names no class.
    #[error("{}: expected labels below {classes}, found {found} at index {index}; set the number of classes that the set has", path.display())]
    Label {
        path: PathBuf,
        index: usize,
        found: u8,
        classes: usize,
    },
    /// A number of classes that labels of one byte cannot name.
    #[error("expected 1 to 256 classes, found {found}; set the number of classes that the set has")]
    Classes { found: usize },
    /// An image set without images, or with images without pixels.
    #[error(
        "expected at least one image with at least one pixel, found {images} images of {rows}x{columns}; give a larger set or limit"
    )]
    Empty {
        images: usize,
        rows: usize,
        columns: usize,
    },
    /// Pixels that do not divide into images.
    #[error(
        "expected {images} images of {rows}x{columns} pixels, found {found} pixels in all; give whole images"
    )]
    PixelCount {
        images: usize,
        rows: usize,
        columns: usize,
        found: usize,
    },
    /// More images were asked for than there are.
    #[error("expected at least {wanted} images, found {found}; set a limit of at most {found}")]
    TooFewImages { wanted: usize, found: usize },

    /// A validation split that leaves nothing to train on.
    #[error(
        "expected fewer validation images than there are images, found {validation} of {images}; hold out fewer"
    )]
    ValidationTooLarge { validation: usize, images: usize },
    /// An input size that is zero or absurd.
    #[error("expected an input size of 1 to {MAX_SIZE} pixels, found {found}; set another size")]
    Size { found: usize },
    /// Padding cannot make an image smaller.
    #[error("cannot pad images of {rows}x{columns} to {size}x{size}; set a size of at least {}, or fit = \"resize\"", rows.max(columns))]
    PadTooSmall {
        rows: usize,
        columns: usize,
        size: usize,
    },
    /// A slice of another length than its image has.
    #[error(
        "expected {expected} values for the {what}, found {found}; check rows, columns and size"
    )]
    SliceLength {
        what: &'static str,
        expected: usize,
        found: usize,
    },
    /// A batch beyond the end of its set.
    #[error(
        "expected a range of images within 0..{images}, found {start}..{end}; check the batch's bounds"
    )]
    Range {
        images: usize,
        start: usize,
        end: usize,
    },

    /// A picture file that is empty.
    #[error("{} is empty; give a PNG or JPEG picture", path.display())]
    EmptyPicture { path: PathBuf },
    /// A picture file above [`MAX_PICTURE_BYTES`].
    #[error("{}: expected a file of at most {MAX_PICTURE_BYTES} bytes, found {found}; crop or shrink the picture", path.display())]
    PictureBytes { path: PathBuf, found: u64 },
    /// A file that is neither PNG nor JPEG.
    #[error("{}: expected a PNG or JPEG picture, found {found}; save it as PNG", path.display())]
    PictureFormat { path: PathBuf, found: String },
    /// A picture with a side that is zero or above [`MAX_PICTURE_SIDE`], or with too many pixels.
    #[error("{}: expected sides of 1 to {MAX_PICTURE_SIDE} pixels and at most {MAX_PICTURE_ALLOCATION} bytes when unpacked, found {width}x{height} ({bytes} bytes); crop or shrink the picture", path.display())]
    PictureSize {
        path: PathBuf,
        width: u32,
        height: u32,
        bytes: u64,
    },
    /// A picture that its decoder refuses.
    #[error("{}: expected an intact picture, found one that cannot be decoded ({reason}); save it again as PNG", path.display())]
    PictureDamaged { path: PathBuf, reason: String },
    /// A picture on which nothing stands out.
    #[error("{}: expected a digit that stands out from its background, found brightness between {darkest} and {brightest} of 255 only; give a picture with more contrast", path.display())]
    NoInk {
        path: PathBuf,
        darkest: u8,
        brightest: u8,
    },
}

impl Error {
    /// Wraps an [`io::Error`] for use with `map_err`.
    pub(crate) fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
