//! `graft serve`: a page that classifies what is drawn or given, and the HTTP API behind it.
//!
//! A request passes the checks of `access`, its body is read within the `limits`, its picture is decoded on
//! one of a few blocking threads, and the one thread that owns the models (`models`) classifies it. Pages and
//! programs get the same answers, since they use the same API.
//!
//! No path comes from a request: a run is named by an entry of the list of runs, a class by its number.

mod access;
mod answers;
mod api;
mod body;
mod connections;
mod corrections;
mod error;
mod limits;
mod metrics;
mod models;
mod neighbours;
mod page;
mod refusal;
mod routes;
mod token;

pub use connections::{Config, Listening, serve};
pub use error::Error;
