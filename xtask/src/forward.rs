//! The verbs of graft: build it for a backend, and forward everything to it.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::Command;

use crate::cargo::{self, Failure, cargo};
use crate::{backend, cuda, gpu};

/// The verbs that compute, for which a GPU matters: those that take `--backend`.
const COMPUTING: [&str; 11] = [
    "train",
    "plan",
    "find-rate",
    "eval",
    "extract",
    "gather",
    "audit",
    "predict",
    "serve",
    "lab",
    "bench",
];

/// With it `build` builds graft for shards in object stores.
const STORES: &str = "--stores";

/// This one takes it too, to look at the devices.
const LOOKING: &str = "doctor";

/// Builds graft and runs `verb` with `arguments`, which it parses itself.
pub(crate) fn run(verb: &str, arguments: &[OsString]) -> Result<(), Failure> {
    let asked = backend::asked(arguments)?;
    taken(verb, asked)?;
    if asked.is_none()
        && COMPUTING.contains(&verb)
        && let Some(backend) = gpu::backend()
    {
        eprintln!(
            "xtask: computing on the CPU; this machine has a GPU: --backend {backend} uses it"
        );
    }
    let feature = asked.unwrap_or(backend::DEFAULT);
    if feature == "cuda" {
        cuda::has_driver()?;
    }
    let mut graft = build(&[feature])?;
    graft.arg(verb).args(arguments);
    cargo::become_program(graft)
}

/// `cargo xtask build`: builds graft, for another machine too, and says where it is.
pub(crate) fn only_build(arguments: &[OsString]) -> Result<(), Failure> {
    let (stores, arguments): (Vec<_>, Vec<_>) =
        arguments.iter().cloned().partition(|one| one == STORES);
    let option = |argument: &OsString| argument.to_string_lossy().starts_with("--backend");
    let more = match &arguments[..] {
        [first, ..] if option(first) => arguments.len() - 1,
        all => 2 * all.len(),
    };
    if more > 1 {
        return Err(Failure::Usage(format!(
            "build: expected nothing, --backend NAME[,NAME...] or {STORES}"
        )));
    }
    let mut features = backend::all_asked(&arguments)?;
    if !stores.is_empty() {
        features.push("stores");
    }
    let graft = build(&features)?;
    // A reader that has gone away is no failure.
    let _ = writeln!(io::stdout(), "{}", graft.get_program().display());
    Ok(())
}

/// Refuses `--backend` for a verb that has no use for it, before anything is built.
fn taken(verb: &str, asked: Option<&str>) -> Result<(), Failure> {
    if asked.is_none() || verb == LOOKING || COMPUTING.contains(&verb) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{verb} takes no --backend, because it does not use a device; these take it: {}, {LOOKING}",
        COMPUTING.join(", ")
    )))
}

/// Fetches `wanted` into the checkout's own models folder, where the tests look.
pub(crate) fn fetch(wanted: &str) -> Result<(), Failure> {
    let mut graft = build(&[backend::DEFAULT])?;
    graft
        .args(["fetch", wanted])
        .env("GRAFT_HOME", cargo::root());
    cargo::run(graft)
}

/// Builds graft for backends.
pub(crate) fn build(features: &[&str]) -> Result<Command, Failure> {
    let folder = features.iter().find_map(|feature| backend::target(feature));
    let for_cuda = features.contains(&"cuda");
    if let Some(folder) = &folder {
        if for_cuda {
            cuda::prepare(folder)?;
        }
        if !folder.exists() {
            let (minutes, size) = if for_cuda { (30, 3) } else { (20, 2) };
            eprintln!(
                "xtask: the first build for {} takes about {minutes} minutes and {size} GB",
                features.join(" and ")
            );
        }
    }
    let mut build = cargo("build");
    build.args(["--release", "--package", "graft", "--bin", "graft"]);
    build.args(["--no-default-features", "--features", &features.join(",")]);
    if let Some(folder) = folder {
        build.arg("--target-dir").arg(folder);
    }
    let mut graft = if for_cuda {
        cuda::built(build)?
    } else {
        cargo::built(build)?
    };
    // So that it names the next command as it was started.
    graft.env("GRAFT_XTASK", "1");
    Ok(graft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_verbs_that_compute_take_a_backend() {
        for (verb, expected) in [
            ("train", true),
            ("plan", true),
            ("find-rate", true),
            ("eval", true),
            ("predict", true),
            ("serve", true),
            ("lab", true),
            ("doctor", true),
            ("report", false),
            ("runs", false),
            ("compare", false),
            ("export", false),
            ("fetch", false),
            ("import", false),
            ("cache", false),
        ] {
            assert!(taken(verb, None).is_ok(), "{verb}");
            let refused = match taken(verb, Some("wgpu")) {
                Err(Failure::Usage(message)) => message,
                _ => String::new(),
            };
            assert_eq!(refused.is_empty(), expected, "{verb}: {refused}");
            assert_eq!(refused.contains("train, plan"), !expected, "{refused}");
        }
    }
}
