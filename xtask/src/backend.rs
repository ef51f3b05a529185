//! `--backend`: which of graft's features to build it with.

use std::ffi::OsString;

use crate::cargo::Failure;

/// The names that a user may type, and the cargo feature of each.
const FEATURES: [(&str, &str); 4] = [
    ("cpu", "cpu"),
    ("wgpu", "wgpu"),
    ("webgpu", "wgpu"),
    ("cuda", "cuda"),
];

/// The cargo feature that `arguments` ask for: `--backend NAME` or `--backend=NAME`.
pub(crate) fn feature(arguments: &[OsString]) -> Result<&'static str, Failure> {
    let Some(name) = name(arguments)? else {
        return Ok("cpu");
    };
    let known = FEATURES.iter().find(|(known, _)| *known == name);
    known.map(|(_, feature)| *feature).ok_or_else(|| {
        Failure::Usage(format!(
            "unknown backend `{name}`: expected cpu, wgpu (also webgpu) or cuda"
        ))
    })
}

fn name(arguments: &[OsString]) -> Result<Option<String>, Failure> {
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--backend") {
            Some("") => {
                let missing =
                    || Failure::Usage("--backend: expected cpu, wgpu or cuda after it".into());
                return arguments
                    .next()
                    .map(|name| Some(name.into_owned()))
                    .ok_or_else(missing);
            }
            Some(rest) if rest.starts_with('=') => return Ok(Some(rest[1..].to_owned())),
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_and_what_is_built() {
        for (typed, expected) in [
            ("", Some("cpu")),
            ("--recipe seed", Some("cpu")),
            ("--backend cpu", Some("cpu")),
            ("--json --backend wgpu", Some("wgpu")),
            ("--backend=webgpu --json", Some("wgpu")),
            ("--backend cuda", Some("cuda")),
            ("--backend", None),
            ("--backend tpu", None),
            ("--backend=", None),
        ] {
            let arguments: Vec<_> = typed.split_whitespace().map(OsString::from).collect();
            assert_eq!(feature(&arguments).ok(), expected, "{typed}");
        }
    }
}
