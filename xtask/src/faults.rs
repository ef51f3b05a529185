//! `cargo xtask faults`: the tests that make things go wrong, by name, with their figures.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::cargo::{self, Failure, PACKAGES, cargo};
use crate::forward;

/// Says how many times as many mutated files are run; see the crate `graft-fuzz`.
const TIMES: &str = "GRAFT_FUZZ_TIMES";

/// What is made to go wrong, and parts of the names of the tests that do it.
const GROUPS: [(&str, &str); 4] = [
    (
        "files that were mutated, cut, made up, or are too large",
        "mutated made_up damage bombs:: largest_pictures deep_nesting \
         real_file_do_no_harm in_another_file out_of_the_folder",
    ),
    (
        "operations on the disk that fail, and processes that are killed between them",
        "replacing_ writing_into_a_new_folder appending_to_a_file a_fault_that_is_none \
         fault:: sweep::",
    ),
    (
        "training runs that are stopped or killed, whose disk fails, or that run side by side",
        "killed_ every_failing_operation signals:: what_cannot_be_resumed start:: \
         checkpoint:: diverge:: never_stopped two_trainings every_flip_and_cut \
         every_flipped_bit interrupted_anywhere while_others_are_written is_no_number_is_named one_thread_and_two \
         the_same_seed_gives_the_same_bits last_step_ruined \
         a_full_disk a_disk_ that_cannot_be_written_is_named",
    ),
    (
        "devices that are out of memory, and devices that are lost",
        "failure:: fault::tests::a_larger_batch less_memory memory_that_runs_out \
         a_lost_device what_fails_on_the_device",
    ),
];

pub(crate) fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let long = cargo::has_flag("faults", arguments, "--long")?;
    forward::fetch("all")?;
    for (what, names) in GROUPS {
        test(what, names, if long { 10 } else { 1 })?;
    }
    if long {
        test("a million mutated IDX files", "idx::mutations::", 100)?;
    }
    eprintln!("all tests of faults passed");
    Ok(())
}

/// Runs the tests and shows their figures; everything that they say where one fails.
fn test(what: &str, names: &str, times: u32) -> Result<(), Failure> {
    eprintln!("{what}");
    let names: Vec<&str> = names.split(' ').collect();
    let mut tests = cargo("test");
    tests.args(["--release", "--tests"]).args(PACKAGES);
    tests.args(["--", "--include-ignored", "--nocapture"]);
    tests.args(&names).env(TIMES, times.to_string());
    let said = said(tests)?;
    // Whether a test was run for each name.
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("test ")).collect();
    let missing = |name: &&&str| !lines.iter().any(|line| line.contains(**name));
    if let Some(name) = names.iter().find(missing) {
        return Err(Failure::Spawn(format!("no test is called like {name}")));
    }
    for figure in said.lines().filter_map(figure) {
        eprintln!("  {figure}");
    }
    let passed: u32 = said.lines().filter_map(passed).sum();
    eprintln!("  {passed} tests passed");
    Ok(())
}

/// What tests print, once they have passed. The build's progress is shown as always.
fn said(mut tests: Command) -> Result<String, Failure> {
    let output = tests.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| cargo::not_run(&tests, &error))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    eprintln!("{said}");
    Err(Failure::Exit(cargo::code(output.status)))
}

/// A line of figures, without the test harness's marks before it.
fn figure(line: &str) -> Option<&str> {
    let is_figure = line.contains(" inputs in ") || line.ends_with(" places");
    let name = line.rsplit_once(" ... ").map_or(line, |(_, name)| name);
    is_figure.then_some(name.trim_start_matches('.'))
}

/// How many tests passed, from the line that says so.
fn passed(line: &str) -> Option<u32> {
    let (number, _) = line
        .strip_prefix("test result: ok. ")?
        .split_once(" passed")?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_passes_are_told_from_the_rest() {
        let idx = "idx: 10016 inputs in 0.4 s: 1727 accepted";
        for (line, expected) in [
            (idx.to_owned(), Some(idx)),
            (format!("..{idx}"), Some(idx)),
            (format!("test a::b ... {idx}"), Some(idx)),
            ("running 3 tests".to_owned(), None),
        ] {
            assert_eq!(figure(&line), expected, "{line}");
        }
        assert_eq!(
            passed("test result: ok. 12 passed; 0 failed; 1 ignored"),
            Some(12)
        );
        assert_eq!(passed("test result: FAILED. 2 passed; 1 failed"), None);
    }
}
