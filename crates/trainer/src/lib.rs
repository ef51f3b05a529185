//! The pipeline: images to features, features to a trained head, a head to measured accuracy.
//!
//! `pipeline.rs` shows the whole of it in a screenful; everything else here is one step of it.

mod at_once;
pub mod audit;
mod ensemble;
mod error;
pub mod evaluate;
pub mod examples;
mod explain;
mod familiarity;
mod input;
mod inspect;
mod machine;
mod model;
mod nearest;
mod neighbours;
pub mod pipeline;
pub mod plan;
mod proof;
pub mod sources;
mod stages;
pub mod trainable;
pub mod training;

pub use at_once::at_once;
pub use ensemble::Ensemble;
pub use error::Error;
pub use graft_web::Prediction;
pub use input::{Input, image_form};
pub use machine::{commit, machine, set_commit};
pub use model::Model;
pub use neighbours::{Neighbour, TrainingSet};
