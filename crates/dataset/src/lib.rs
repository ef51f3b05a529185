//! IDX files to images: strict reading, splits, preprocessing.
