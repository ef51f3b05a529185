//! Files to images: IDX, folders and tables of pictures; splits, views, preprocessing; and any picture to the
//! form that a set's images have.
//!
//! Everything here is plain bytes and numbers; this crate knows no model and no tensor library.
//! An [`ImageSet`] holds pixels exactly as IDX files have them, or as a prepared set on the disk, and [`Preprocessing`] turns them
//! into the f32 values that a network takes.

mod augmentation;
mod class_folders;
mod digit;
mod dot;
mod duplicates;
mod error;
mod folds;
mod form;
mod idx;
mod image_form;
mod image_set;
mod intact;
mod listing;
mod manifest;
mod pair;
mod picture;
mod picture_fault;
mod pictures;
mod pixels;
mod prepared;
mod preprocess;
mod remote;
mod resize_mode;
mod scaling;
mod shuffle;
mod split;
mod survey;
mod table;
mod verdicts;

pub use augmentation::Augmentation;
pub use dot::dot;
pub use duplicates::{Place, duplicates};
pub use error::{Error, IdxFault};
pub use folds::folds;
pub use form::{Picture, PictureForm, decode_picture, read_picture};
pub use idx::MAX_IDX_BYTES;
pub use image_form::ImageForm;
pub use image_set::ImageSet;
pub use manifest::{Listed, write_manifest};
pub use pair::{IdxPair, Split};
pub use picture::{MAX_PICTURE_ALLOCATION, MAX_PICTURE_BYTES, MAX_PICTURE_SIDE, png};
pub use picture_fault::PictureFault;
pub use pictures::{PictureRequest, Preparing, read_pictures};
pub use prepared::PREPARED;
pub use preprocess::{ImageBatch, MAX_SIZE, Preprocessing};
pub use remote::{is_url, read_spans};
pub use resize_mode::{ResizeMode, bilinear_weights};
pub use scaling::{CAFFE_MEAN_BGR, Scaling};
pub use shuffle::{resample, shuffle};
pub use split::{Holdout, of_each_class, split, split_apart};
pub use verdicts::{REMOVE, Verdict, read_verdicts, write_verdicts};
