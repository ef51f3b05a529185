//! `--backend`: which of graft's features to build it with, and where.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::cargo::{Failure, root};

/// What is built where nothing is asked for.
pub(crate) const DEFAULT: &str = "cpu";

/// Cargo's target folder.
pub(crate) fn targets() -> PathBuf {
    let set = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"]
        .into_iter()
        .find_map(env::var_os);
    set.map_or_else(|| root().join("target"), PathBuf::from)
}

/// The target folder of a backend: one of its own for all but the default, so that changing between
/// them compiles nothing anew.
pub(crate) fn target(feature: &str) -> Option<PathBuf> {
    (feature != DEFAULT).then(|| targets().join(feature))
}

/// The cargo feature that `arguments` ask for: `--backend NAME` or `--backend=NAME`.
pub(crate) fn asked(arguments: &[OsString]) -> Result<Option<&'static str>, Failure> {
    typed(arguments).map(|name| known(&name)).transpose()
}

/// All that `--backend NAME,NAME...` asks for; the default where it is not there.
pub(crate) fn all_asked(arguments: &[OsString]) -> Result<Vec<&'static str>, Failure> {
    let names = typed(arguments).unwrap_or_else(|| DEFAULT.into());
    names.split(',').map(known).collect()
}

/// What is typed after `--backend`, where it is.
fn typed(arguments: &[OsString]) -> Option<String> {
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    let name =
        arguments.find_map(|argument| Some(argument.strip_prefix("--backend")?.to_owned()))?;
    Some(if name.is_empty() {
        arguments.next().unwrap_or_default().into_owned()
    } else {
        name.trim_start_matches('=').to_owned()
    })
}

/// The cargo feature of that name.
fn known(name: &str) -> Result<&'static str, Failure> {
    match name {
        "cpu" => Ok("cpu"),
        "wgpu" | "webgpu" => Ok("wgpu"),
        "cuda" => Ok("cuda"),
        _ => Err(Failure::Usage(format!(
            "unknown backend `{name}`: expected cpu, wgpu (also webgpu) or cuda after --backend"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_and_what_is_built() {
        for (typed, expected) in [
            ("", Some(None)),
            ("--recipe seed", Some(None)),
            ("--backend cpu", Some(Some("cpu"))),
            ("--json --backend wgpu", Some(Some("wgpu"))),
            ("--backend=webgpu --json", Some(Some("wgpu"))),
            ("--backend cuda", Some(Some("cuda"))),
            ("--backend", None),
            ("--backend tpu", None),
            ("--backend=", None),
        ] {
            let arguments: Vec<_> = typed.split_whitespace().map(OsString::from).collect();
            assert_eq!(asked(&arguments).ok(), expected, "{typed}");
        }
    }

    #[test]
    fn several_backends_in_one_program() {
        for (typed, expected) in [
            ("", Some(&["cpu"][..])),
            ("--backend cuda", Some(&["cuda"])),
            ("--backend=cpu,cuda", Some(&["cpu", "cuda"])),
            ("--backend webgpu,cuda,cpu", Some(&["wgpu", "cuda", "cpu"])),
            ("--backend cuda,", None),
            ("--backend cuda,tpu", None),
        ] {
            let arguments: Vec<_> = typed.split_whitespace().map(OsString::from).collect();
            assert_eq!(all_asked(&arguments).ok().as_deref(), expected, "{typed}");
        }
    }

    #[test]
    fn every_backend_has_a_folder_of_its_own() {
        assert_eq!(target("cpu"), None);
        assert_ne!(target("wgpu"), target("cuda"));
    }
}
