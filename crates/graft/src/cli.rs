//! The command line as it is typed.

mod audit;
mod bench;
mod export;
mod extract;
mod lab;
mod plan;
mod results;
mod serve;
mod upkeep;

pub(crate) use audit::Audit;
pub(crate) use bench::Bench;
pub(crate) use export::{Export, ModelFormat};
pub(crate) use extract::{Extract, Gather, ImageArguments, Manifest, Place, Shards, SplitName};
pub(crate) use lab::{ALL, Lab};
pub(crate) use plan::{FindRate, Plan, ViewFeatures};
pub(crate) use results::{Compare, Format, Report, Runs};
pub(crate) use serve::Serve;
pub(crate) use upkeep::{Cache, Doctor};

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use graft_compute::Backend;
use graft_compute::Engine;
use graft_runs::CheckpointName;

/// Transfer learning in Rust: trains a new head on a network that was pretrained on ImageNet.
///
/// Start with `graft train`, which fetches what it needs, then `graft eval`. In a checkout,
/// `cargo xtask train` and `cargo xtask eval` build graft first.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Fetch data and the pretrained network, verify them, and import the weights
    Fetch(Fetch),
    /// Import the weights of a network from an ONNX file
    Import(Import),
    /// Train a new head, and blocks with it where the recipe says so; record the run
    #[command(after_long_help = concat!(
        "Every key that --set takes, as the seed recipe has it:\n\n",
        include_str!("../../../recipes/seed.toml")
    ))]
    Train(Train),
    /// Say what a recipe would cost in time, disk and memory, and train nothing
    Plan(Plan),
    /// Try growing learning rates in a short training, and draw how the loss goes
    FindRate(FindRate),
    /// Measure accuracy and loss on the test images: of a run, or of several together
    Eval(Eval),
    /// Look for wrong labels, copies and odd images in a data set
    Audit(Audit),
    /// List all runs, with their results
    Runs(Runs),
    /// Compare runs: what differs, and how surely one is better
    Compare(Compare),
    /// List the pictures of a folder or an object store once, for many machines
    Manifest(Manifest),
    /// Compute features into the cache, or some shards of them into a folder, and train nothing
    Extract(Extract),
    /// Check the shards that workers have extracted, and make the cache entry that train uses
    Gather(Gather),
    /// Write a report on a run that can be handed in
    Report(Report),
    /// Classify pictures
    Predict(Predict),
    /// Open a local page and an HTTP API that classify what is drawn or given
    Serve(Serve),
    /// Write a run as one file that other programs can use, or as a page that needs no server
    Export(Export),
    /// Run a small experiment, which trains many heads and compares them
    Lab(Lab),
    /// Measure how fast features are computed
    Bench(Bench),
    /// Look at the cached features, or delete them
    #[command(subcommand)]
    Cache(Cache),
    /// Check everything that graft needs, and say what to do about problems
    Doctor(Doctor),
}

/// Options that every verb with outside needs has.
#[derive(Debug, Args)]
pub(crate) struct Outside {
    /// Fetch nothing: fail where a file is missing
    #[arg(long)]
    pub(crate) offline: bool,
    /// Look for missing files in this folder first
    #[arg(long, value_name = "FOLDER")]
    pub(crate) from: Option<PathBuf>,
    /// Leave out pictures of a data set that cannot be read, and say which they were
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

/// Options of every verb that computes features.
#[derive(Debug, Args)]
pub(crate) struct ComputeArguments {
    /// The backend that computes; it must have been compiled in
    #[arg(long, value_enum, default_value_t = Backend::preferred())]
    pub(crate) backend: Backend,
    /// The code for the forward pass; by default the fastest that the backend has
    #[arg(long, value_enum)]
    pub(crate) engine: Option<Engine>,
    /// Which of the backend's devices; `graft doctor --device` counts them. `all` is for extract --shards
    #[arg(long, value_name = "NUMBER|all")]
    pub(crate) device: Option<Device>,
    /// Use a software renderer (slow)
    #[arg(long)]
    pub(crate) allow_software: bool,
}

/// One of a backend's devices, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    /// By its number, counted from 0.
    Number(usize),
    /// All.
    All,
}

impl FromStr for Device {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            _ => { text.parse().map(Self::Number) }.map_err(|_| "expected a number or all"),
        }
    }
}

/// Views at test time.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Views {
    /// Average the probabilities of so many views of each image: itself, and others by the ranges of the
    /// recipe's augmentation
    #[arg(long = "views", value_name = "NUMBER", default_value_t = 1, value_parser = at_least_one())]
    pub(crate) count: usize,
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

/// `graft fetch`
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// What to fetch
    #[arg(value_enum, default_value_t = Wanted::All)]
    pub(crate) wanted: Wanted,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
}

/// `graft import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// An ONNX file that begins with a known network, whatever head it has; by default the fetched one
    pub(crate) file: Option<PathBuf>,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
}

/// What to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wanted {
    /// Everything
    All,
    /// What `train` needs: training images and the network
    Train,
    /// What `eval` needs: test images and the network
    Test,
}

/// A recipe and its overrides.
#[derive(Debug, Args)]
pub(crate) struct RecipeArguments {
    /// A recipe's name, or the path of a .toml file
    #[arg(long, default_value = "seed", value_name = "NAME")]
    pub(crate) recipe: String,
    /// Change one key of the recipe, such as training.seed=7; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// `graft train`
#[derive(Debug, Args)]
pub(crate) struct Train {
    /// What to train.
    #[command(flatten)]
    pub(crate) recipe: RecipeArguments,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Resume this run, whose training did not end; its recipe cannot be changed
    #[arg(long, value_name = "RUN", conflicts_with = "recipe")]
    pub(crate) resume: Option<PathBuf>,
    /// Resume from this checkpoint of the run: latest (the default), or best, the one after its best
    /// epoch
    #[arg(long, value_name = "NAME", requires = "resume")]
    pub(crate) checkpoint: Option<CheckpointName>,
    /// How the views of an augmentation pass the frozen blocks; by default cached, where that saves a tenth of the
    /// time and the disk has room
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) augmentation: Option<ViewFeatures>,
    /// Start without asking, also where the other way is over an hour faster
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print one JSON object at the end instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// `graft eval`
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// A run's name or folder; the newest complete one by default. Of several the probabilities are averaged
    #[arg(value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// How many views of an image.
    #[command(flatten)]
    pub(crate) views: Views,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}

/// `graft predict`
#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// PNG or JPEG pictures, and folders of them; of one digit each where the run was trained on MNIST. A
    /// run's name or folder may stand before them; of several the probabilities are averaged
    #[arg(required = true, value_name = "[RUN...] IMAGE|FOLDER")]
    pub(crate) images: Vec<PathBuf>,
    /// Write what the model saw of each picture as a PNG into this folder
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true, default_missing_value = "seen")]
    pub(crate) show: Option<PathBuf>,
    /// How many views of a picture.
    #[command(flatten)]
    pub(crate) views: Views,
    /// Backend, engine and device.
    #[command(flatten)]
    pub(crate) compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub(crate) outside: Outside,
    /// Print one JSON object a picture, with the pixels that the model saw, or the error
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn is_consistent() {
        Arguments::command().debug_assert();
    }
}
