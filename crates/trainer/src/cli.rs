//! The command line as it is typed.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};

use graft_report::Language;

use crate::backend::Backend;
use crate::engine::Engine;
use crate::labs::Which;

/// Transfer learning in Rust: a frozen VGG16 from ImageNet learns handwritten digits.
///
/// Start with `graft train`, which fetches what it needs, then `graft eval`. In a checkout,
/// `cargo xtask train` and `cargo xtask eval` build graft first.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Fetch data and VGG16, verify them, and import the weights
    Fetch(Fetch),
    /// Train a new head on frozen features and record the run
    #[command(after_long_help = concat!(
        "Every key that --set takes, as the seed recipe has it:\n\n",
        include_str!("../../../recipes/seed.toml")
    ))]
    Train(Train),
    /// Measure a run's accuracy and loss on the test images
    Eval(Eval),
    /// List all runs, with what they reach
    Runs(Runs),
    /// Put runs side by side: what differs, and how surely one is better
    Compare(Compare),
    /// Compute features into the cache and train nothing
    Extract(Extract),
    /// Write a report on a run that can be handed in
    Report(Report),
    /// Say which digit is on a picture
    Predict(Predict),
    /// Run a small experiment on frozen features and keep its result
    Lab(Lab),
    /// Measure how fast features are computed
    Bench(Bench),
    /// Look at the cached features, or delete them
    #[command(subcommand)]
    Cache(Cache),
    /// Look at everything that graft needs, and say what to do about what is wrong
    Doctor(Doctor),
}

/// Options that every verb with outside needs has.
#[derive(Debug, Args)]
pub struct Outside {
    /// Never use the network: fail where a file is missing
    #[arg(long)]
    pub offline: bool,
    /// Look for missing files in this folder first
    #[arg(long, value_name = "FOLDER")]
    pub from: Option<PathBuf>,
}

/// Options that every verb with a forward pass has.
#[derive(Debug, Args)]
pub struct ComputeArguments {
    /// What computes; each must have been compiled in
    #[arg(long, value_enum, default_value_t = Backend::preferred())]
    pub backend: Backend,
    /// The code for the forward pass; by default the fastest that the backend has
    #[arg(long, value_enum)]
    pub engine: Option<Engine>,
    /// Which of the backend's devices; `graft doctor --device` counts them
    #[arg(long, value_name = "NUMBER")]
    pub device: Option<usize>,
    /// Use a device that is only a program that behaves like a card; such a one is slow
    #[arg(long)]
    pub allow_software: bool,
}

/// `graft fetch`
#[derive(Debug, Args)]
pub struct Fetch {
    /// What to fetch
    #[arg(value_enum, default_value_t = Wanted::All)]
    pub wanted: Wanted,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
}

/// What to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wanted {
    /// Everything
    All,
    /// What `train` needs: training images and VGG16
    Train,
    /// What `eval` needs: test images and VGG16
    Test,
}

/// A recipe and its overrides.
#[derive(Debug, Args)]
pub struct RecipeArguments {
    /// A recipe's name, or the path of a .toml file
    #[arg(long, default_value = "seed", value_name = "NAME")]
    pub recipe: String,
    /// Change one key of the recipe, such as training.seed=7; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `graft train`
#[derive(Debug, Args)]
pub struct Train {
    /// What to train.
    #[command(flatten)]
    pub recipe: RecipeArguments,
    /// What computes.
    #[command(flatten)]
    pub compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
    /// Go on with this run, whose training did not end; its recipe cannot be changed
    #[arg(long, value_name = "RUN", conflicts_with = "recipe")]
    pub resume: Option<PathBuf>,
    /// Go on from this checkpoint of the run rather than from its newest
    #[arg(long, value_name = "NAME", requires = "resume")]
    pub checkpoint: Option<String>,
    /// Print one JSON object at the end instead of a table
    #[arg(long)]
    pub json: bool,
}

/// `graft eval`
#[derive(Debug, Args)]
pub struct Eval {
    /// A run's name or folder; the newest complete one by default
    pub run: Option<PathBuf>,
    /// What computes.
    #[command(flatten)]
    pub compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// `graft runs`
#[derive(Debug, Args)]
pub struct Runs {
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
}

/// `graft compare`
#[derive(Debug, Args)]
pub struct Compare {
    /// Names or folders of two or more runs
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// `graft report`
#[derive(Debug, Args)]
pub struct Report {
    /// A run's name or folder; the newest complete one by default
    pub run: Option<PathBuf>,
    /// The report's language
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub lang: Lang,
    /// The report's format
    #[arg(long, value_enum, default_value_t = Format::Html)]
    pub format: Format,
    /// Who hands it in; remembered for this run
    #[arg(long)]
    pub author: Option<String>,
}

/// A report's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// Chinese
    Zh,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::Zh => Self::Zh,
        }
    }
}

/// A report's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One HTML file with everything in it
    Html,
    /// Markdown, without pictures
    Md,
}

/// `graft extract`
#[derive(Debug, Args)]
pub struct Extract {
    /// Whose preprocessing and boundary.
    #[command(flatten)]
    pub recipe: RecipeArguments,
    /// Which images; those of `test` are opened only when asked for
    #[arg(long, value_enum, default_value_t = SplitName::Train)]
    pub split: SplitName,
    /// What computes.
    #[command(flatten)]
    pub compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
}

/// Which images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// Training images
    Train,
    /// Test images
    Test,
}

/// `graft predict`
#[derive(Debug, Args)]
pub struct Predict {
    /// PNG or JPEG pictures of one digit each; a run's name or folder may stand before them
    #[arg(required = true, value_name = "[RUN] IMAGE")]
    pub images: Vec<PathBuf>,
    /// What computes.
    #[command(flatten)]
    pub compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
    /// Print one JSON object a picture
    #[arg(long)]
    pub json: bool,
}

/// `graft lab`
#[derive(Debug, Args)]
pub struct Lab {
    /// Which experiment
    #[arg(value_enum, default_value_t = LabName::All)]
    pub name: LabName,
    /// Change the data or the seed, such as data.limit=2000; everything else is the lab's own
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// What computes.
    #[command(flatten)]
    pub compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
    /// Print one JSON object a lab instead of a table and what it found
    #[arg(long)]
    pub json: bool,
}

/// Which labs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabName {
    /// One after the other
    All,
    /// One of them.
    One(Which),
}

impl LabName {
    /// The one that was asked for; none for all.
    #[must_use]
    pub fn which(self) -> Option<Which> {
        match self {
            Self::All => None,
            Self::One(which) => Some(which),
        }
    }
}

impl ValueEnum for LabName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [LabName; 6] = [
            LabName::One(Which::ALL[0]),
            LabName::One(Which::ALL[1]),
            LabName::One(Which::ALL[2]),
            LabName::One(Which::ALL[3]),
            LabName::One(Which::ALL[4]),
            LabName::All,
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::All => Some(PossibleValue::new("all").help("All five, one after the other")),
            Self::One(which) => which.to_possible_value(),
        }
    }
}

/// `graft bench`
#[derive(Debug, Args)]
pub struct Bench {
    /// Height and width of the images, in pixels
    #[arg(long, value_delimiter = ',', value_parser = side, default_values_t = [32, 48, 64, 224])]
    pub sizes: Vec<usize>,
    /// Images a pass
    #[arg(long, value_delimiter = ',', value_parser = batch, default_values_t = [32, 256])]
    pub batches: Vec<usize>,
    /// Measure after the last block only
    #[arg(long)]
    pub no_blocks: bool,
    /// How long a measurement takes at least
    #[arg(long, value_parser = seconds, default_value_t = 1.0)]
    pub seconds: f64,
    /// Do not train the seed recipe, which is done twice: from an empty cache and from a full one
    #[arg(long)]
    pub no_train: bool,
    /// What computes.
    #[command(flatten)]
    pub compute: ComputeArguments,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
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

/// `graft cache`
#[derive(Debug, Subcommand)]
pub enum Cache {
    /// Show what is cached
    List,
    /// Delete all cached features
    Clear,
}

/// `graft doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// Look at the devices, and check what they compute
    #[arg(long)]
    pub device: bool,
    /// The devices of one backend only; by default of all that were compiled in
    #[arg(long, value_enum)]
    pub backend: Option<Backend>,
    /// Also check devices that are only programs that behave like cards
    #[arg(long)]
    pub allow_software: bool,
    /// Where from.
    #[command(flatten)]
    pub outside: Outside,
    /// Print one JSON array instead
    #[arg(long)]
    pub json: bool,
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
