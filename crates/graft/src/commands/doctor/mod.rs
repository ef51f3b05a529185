//! `graft doctor`: what is there, what is wrong with it, and what to do.

mod checks;
mod devices;

use serde::Serialize;

use super::graft;
use crate::cli::Doctor;
use crate::output;
use anyhow::Error;
use graft_environment::Paths;

/// What was looked at, and what was found.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    what: &'static str,
    /// Whether it is as it should be.
    good: bool,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            good: true,
            found: found.into(),
            next: None,
        }
    }

    /// Something that is not there yet, which is no fault.
    fn later(what: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            next: Some(next.into()),
            ..Self::good(what, found)
        }
    }

    fn bad(what: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            good: false,
            ..Self::later(what, found, next)
        }
    }
}

pub(super) fn run(arguments: &Doctor, home: &Paths) -> Result<(), Error> {
    if arguments.device {
        return devices::run(arguments, home);
    }
    let findings = checks::all(home);
    let problems = findings.iter().filter(|finding| !finding.good).count();
    if arguments.json {
        output::json(&findings)?;
    } else {
        findings.iter().try_for_each(people)?;
    }
    if problems > 0 {
        anyhow::bail!("{problems} problems found");
    }
    if arguments.json {
        return Ok(());
    }
    output::line(&format!(
        "\nno problems found\nNext: {} doctor --device",
        graft()
    ))
}

fn people(finding: &Finding) -> Result<(), Error> {
    let mark = if finding.good { "ok" } else { "!!" };
    output::line(&format!("{mark}  {:10}  {}", finding.what, finding.found))?;
    match &finding.next {
        Some(next) => output::line(&format!("{:14}  {next}", "")),
        None => Ok(()),
    }
}
