//! `graft report`

use std::fs;
use std::path::{Path, PathBuf};

use graft_report::Language;
use graft_report::page::{self, Lesson, Options, lessons};
use graft_report::record::Record;
use graft_report::sweep::BUNDLED;

use super::{graft, shown};
use crate::cli::{Format, Report};
use crate::output;
use anyhow::Error;
use graft_environment::Paths;
use graft_runs::Run;

/// Whose report it is, in the run's folder; no part of the record.
const AUTHOR: &str = "author.txt";

pub(super) fn run(arguments: &Report, home: &Paths) -> Result<(), Error> {
    let run = Run::open(&home.runs(), arguments.run.as_deref())?;
    if let Some(author) = &arguments.author {
        let path = run.folder().join(AUTHOR);
        graft_durable::write(&path, author.as_bytes())?;
    }
    let options = options(run.folder());
    let language = arguments.lang.into();
    let record = Record::read(run.folder())?;
    let lessons = lessons(&home.labs(), &record, language)?;
    let path = write(&record, &lessons, language, arguments.format, &options)?;
    output::line(&format!("report     {}", shown(&path)))?;
    let found = |name: &str| lessons.iter().any(|one| one.name == name && one.fits());
    let missing = BUNDLED.iter().filter(|(name, _)| !found(name)).count();
    let next = match (record.test, missing) {
        (None, _) => {
            "eval, and the report again: without the test images it has no final figures".into()
        }
        (Some(_), 0) => "compare RUN RUN".to_owned(),
        (Some(_), missing) => format!(
            "lab, and the report again: {missing} of its lessons are not measured for this run yet; the report says how"
        ),
    };
    output::line(&format!("\nNext: {} {next}", graft()))
}

/// Who hands reports on the run in `folder` in, where that was said once.
fn options(folder: &Path) -> Options {
    Options {
        author: fs::read_to_string(folder.join(AUTHOR)).ok(),
    }
}

/// Writes the report in every language as HTML into the folder of `run`. A lab that cannot be read
/// is no reason to fail the training or the evaluation that asks for it.
pub(super) fn write_all(run: &Path, home: &Paths) -> Result<(), Error> {
    let record = Record::read(run)?;
    for language in Language::ALL {
        let lessons = lessons(&home.labs(), &record, language).unwrap_or_else(|error| {
            tracing::warn!("the report is without lessons: {error}");
            Vec::new()
        });
        write(&record, &lessons, language, Format::Html, &options(run))?;
    }
    Ok(())
}

/// Writes the report into the run's folder, and says where.
fn write(
    record: &Record,
    lessons: &[Lesson],
    language: Language,
    format: Format,
    options: &Options,
) -> Result<PathBuf, Error> {
    let (text, extension) = match format {
        Format::Html => (page::html(record, lessons, language, options)?, "html"),
        Format::Md => (page::markdown(record, lessons, language, options)?, "md"),
    };
    let name = language.pick(
        format!("report.{extension}"),
        format!("report.zh.{extension}"),
    );
    let path = record.folder.join(name);
    graft_durable::write(&path, text.as_bytes())?;
    Ok(path)
}
