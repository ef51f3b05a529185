//! `graft bench` as it is typed.

use clap::Args;
use graft_recipe::Precision;

use super::{ComputeArguments, Outside};

/// `graft bench`
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Height and width of the images, in pixels
    #[arg(long, value_delimiter = ',', value_parser = side, default_values_t = [32, 48, 64, 224])]
    pub(crate) sizes: Vec<usize>,
    /// Batch sizes
    #[arg(long, value_delimiter = ',', value_parser = batch, default_values_t = [32, 256])]
    pub(crate) batches: Vec<usize>,
    /// The type that the blocks are computed in: f32, f16 or bf16
    #[arg(long, value_parser = precision, default_value_t = Precision::F32)]
    pub(crate) precision: Precision,
    /// Measure after the last block only
    #[arg(long)]
    pub(crate) no_blocks: bool,
    /// How long a measurement takes at least
    #[arg(long, value_parser = seconds, default_value_t = 1.0)]
    pub(crate) seconds: f64,
    /// Do not train the seed recipe, which is done twice: from an empty cache and from a full one
    #[arg(long)]
    pub(crate) no_train: bool,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

fn side(text: &str) -> Result<usize, String> {
    within(text, 32.0, 1024.0)?;
    text.parse()
        .map_err(|_| "expected a whole number".to_owned())
}

fn batch(text: &str) -> Result<usize, String> {
    within(text, 1.0, 4096.0)?;
    text.parse()
        .map_err(|_| "expected a whole number".to_owned())
}

fn precision(text: &str) -> Result<Precision, String> {
    let named = |precision: &Precision| precision.to_string() == text;
    let found = Precision::ALL.into_iter().find(named);
    found.ok_or_else(|| "expected f32, f16 or bf16".to_owned())
}

fn seconds(text: &str) -> Result<f64, String> {
    within(text, 0.0, 3600.0)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("expected a number from {least} to {most}"))
}
