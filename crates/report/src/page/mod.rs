//! The report on a run: one HTML page that needs nothing else, or Markdown, from the record and the
//! labs alone.

mod block;
mod data;
mod evaluation;
mod foot;
mod head;
mod html;
mod lesson;
mod lessons;
mod markdown;
mod model;
mod observations;
mod picture;
mod preprocessing;
mod run;
mod training;
mod weakest;

pub(crate) use block::code;
pub use lesson::{Lesson, lessons};

use crate::Language;
use crate::record::Record;

use block::Part;
use run::Run;

/// What a person can add to a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Who hands it in.
    pub author: Option<String>,
}

/// The report as one HTML file: styles and pictures are inside, scripts there are none. Labs that
/// are not among `lessons` are shown as not measured.
#[must_use]
pub fn html(record: &Record, lessons: &[Lesson], language: Language, options: &Options) -> String {
    let run = Run::new(record, language);
    html::page(
        &head::head(&run, options),
        &parts(&run, lessons),
        &foot::blocks(&run, lessons),
        language,
    )
}

/// The report as GitHub's Markdown, without pictures.
#[must_use]
pub fn markdown(
    record: &Record,
    lessons: &[Lesson],
    language: Language,
    options: &Options,
) -> String {
    let run = Run::new(record, language);
    markdown::page(
        &head::head(&run, options),
        &parts(&run, lessons),
        &foot::blocks(&run, lessons),
    )
}

/// The five parts.
fn parts(run: &Run, lessons: &[Lesson]) -> [Part; 5] {
    [
        data::part(run, lessons),
        model::part(run, lessons),
        training::part(run),
        evaluation::part(run),
        lessons::part(run, lessons),
    ]
}

#[cfg(test)]
pub(crate) mod tests;
