//! Verbs that look at runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use graft_report::Language;

/// `graft runs`
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// `graft compare`
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Names or folders of two or more runs
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}

/// `graft report`
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// A run's name or folder; the newest complete one by default
    pub(crate) run: Option<PathBuf>,
    /// The report's language
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub(crate) lang: Lang,
    /// The report's format
    #[arg(long, value_enum, default_value_t = Format::Html)]
    pub(crate) format: Format,
    /// Who hands it in; remembered for this run
    #[arg(long)]
    pub(crate) author: Option<String>,
}

/// A report's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
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
pub(crate) enum Format {
    /// One HTML file with everything in it
    Html,
    /// Markdown, without pictures
    Md,
}
