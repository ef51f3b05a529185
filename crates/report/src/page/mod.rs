//! The report on a run: one HTML page that needs nothing else, or Markdown, from the record and the
//! labs alone.
//!
//! What it says is in `report.en.md` and `report.zh.md`, a template each, which share `shared.md`.
//! `context.rs` says what they can name, `template.rs` how that is written.

mod audit;
mod cells;
mod context;
mod drawings;
mod explained;
mod html;
mod labs;
mod lesson;
mod picture;
mod run;
mod settings;
mod statistics;
mod template;
mod tiles;

pub use audit::audit;
pub use lesson::{Lesson, lessons};

use minijinja::Environment;

use crate::Language;
use crate::record::Record;

use run::Run;
use template::PAGE;

/// The blocks of the report's template: the page's head, its parts by their anchors, and its foot.
const BLOCKS: [&str; 7] = [
    "head",
    "data",
    "model",
    "training",
    "evaluation",
    "lessons",
    "reproduce",
];

/// A mistake in the template of a page; tests hold that those of graft have none.
#[derive(Debug, thiserror::Error)]
#[error("the template of the report has a mistake: {0}")]
pub struct Error(#[from] minijinja::Error);

/// What a person can add to a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Who hands it in.
    pub author: Option<String>,
}

/// The report as one HTML file: styles and pictures are inside, scripts there are none. Labs that
/// are not among `lessons` are shown as not measured.
///
/// # Errors
/// When the template has a mistake.
pub fn html(
    record: &Record,
    lessons: &[Lesson],
    language: Language,
    options: &Options,
) -> Result<String, Error> {
    let run = Run { record, language };
    let context = context::context(&run, lessons, options, true);
    let environment = template::environment(&context, language, page(language))?;
    let blocks = blocks(&environment, &BLOCKS)?;
    let drawings = drawings::drawings(&run, lessons);
    Ok(html::page(&blocks, &run.name(), &drawings, language)?)
}

/// A page's blocks as Markdown, by their names.
fn blocks<'a>(
    environment: &Environment,
    names: &[&'a str],
) -> Result<Vec<(&'a str, String)>, minijinja::Error> {
    let mut page = environment.get_template(PAGE)?.render_captured(())?;
    let blocks = names.iter().map(|name| {
        let text = page.with_state_mut(|state| state.render_block(name))?;
        Ok((*name, template::tidy(&text)))
    });
    blocks.collect()
}

/// The template of the report.
fn page(language: Language) -> &'static str {
    language.pick(include_str!("report.en.md"), include_str!("report.zh.md"))
}

/// The report as GitHub's Markdown, without pictures.
///
/// # Errors
/// As [`html`].
pub fn markdown(
    record: &Record,
    lessons: &[Lesson],
    language: Language,
    options: &Options,
) -> Result<String, Error> {
    let run = Run { record, language };
    let context = context::context(&run, lessons, options, false);
    let environment = template::environment(&context, language, page(language))?;
    let text = environment.get_template(PAGE)?.render(())?;
    Ok(template::tidy(&text))
}

#[cfg(test)]
pub(crate) mod tests;
