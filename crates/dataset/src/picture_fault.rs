//! Everything that can be wrong with a picture. Each message says what was expected, what was found, and what
//! to do next.

use std::io;

use crate::picture::{MAX_PICTURE_ALLOCATION, MAX_PICTURE_BYTES, MAX_PICTURE_SIDE};

/// What is wrong with a picture.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum PictureFault {
    /// The operating system refused to read on.
    #[error("cannot read it: {0}")]
    Read(#[from] io::Error),
    /// A file without content.
    #[error("the file is empty; give a picture")]
    Empty,
    /// A file above [`MAX_PICTURE_BYTES`].
    #[error(
        "expected a file of at most {MAX_PICTURE_BYTES} bytes, found {0} or more; crop or shrink the picture"
    )]
    Bytes(u64),
    /// A file of no format that is read.
    #[error("expected a picture (JPEG, PNG, WebP, GIF, BMP or TIFF), found {0}; save it as PNG")]
    Format(String),
    /// A side that is zero or above [`MAX_PICTURE_SIDE`], or too many pixels.
    #[error(
        "expected sides of 1 to {MAX_PICTURE_SIDE} pixels and at most {MAX_PICTURE_ALLOCATION} bytes when unpacked, found {width}x{height} ({bytes} bytes); crop or shrink the picture"
    )]
    Size { width: u32, height: u32, bytes: u64 },
    /// A picture that its decoder refuses.
    #[error(
        "expected an intact picture, found one that cannot be decoded ({0}); save it again as PNG"
    )]
    Damaged(String),
    /// A picture on which nothing stands out from its surroundings.
    #[error(
        "no ink found: expected a digit that stands out from the paper around it, found brightness between {darkest} and {brightest} of 255 without any; give a picture with more contrast"
    )]
    NoInk { darkest: u8, brightest: u8 },
    /// Nothing but spots, or noise.
    #[error(
        "scattered spots found: expected the connected strokes of one digit; crop the picture to the digit, or give one with less noise"
    )]
    Scattered,
    /// A shape without strokes.
    #[error("filled shape found: expected a digit drawn by strokes; crop the picture to the digit")]
    Filled,
    /// More than one digit.
    #[error("{} digits found: expected one; crop the picture to one digit", words(*.0))]
    Several(usize),
    /// A figure too wide for one digit.
    #[error(
        "found a figure much wider than high: expected one digit, and these may be several that touch; crop the picture to one digit"
    )]
    Joined,
    /// Something darker than its surroundings, without edges.
    #[error(
        "diffuse ink found: expected strokes with clear edges, and this may be a shadow; give a picture in even light, or a sharper one"
    )]
    Diffuse,
    /// A digit of a few pixels.
    #[error(
        "found a digit of {0} pixels: expected at least 8 in height or width; give a larger picture"
    )]
    SmallDigit(u32),
    /// A set whose images have no pixels, or absurdly many.
    #[error("expected images of at least 1x1 pixels, found {rows}x{columns}")]
    NoSize { rows: usize, columns: usize },
    /// Pictures of digits are brought to one size only.
    #[error(
        "a picture of a digit becomes 28x28 pixels, but the images here are {rows}x{columns}; prepare it as a plain picture"
    )]
    DigitSize { rows: usize, columns: usize },
}

impl PictureFault {
    /// What is wrong in one word, for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Read(_) => "unreadable",
            Self::Empty => "empty",
            Self::Bytes(_) | Self::Size { .. } => "size",
            Self::Format(_) => "format",
            Self::Damaged(_) => "damaged",
            Self::NoInk { .. } => "no-ink",
            Self::Scattered => "scattered",
            Self::Filled => "filled",
            Self::Several(_) => "several",
            Self::Joined => "joined",
            Self::Diffuse => "diffuse",
            Self::SmallDigit(_) => "small",
            Self::NoSize { .. } | Self::DigitSize { .. } => "form",
        }
    }
}

/// A number, in words where that is short.
fn words(number: usize) -> String {
    match number {
        2 => "two".into(),
        3 => "three".into(),
        4 => "four".into(),
        _ => number.to_string(),
    }
}
