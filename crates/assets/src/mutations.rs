//! Mutated manifests of assets: accepted only where all files stay under the models folder.

use std::path::{Component, Path};

use graft_fuzz::{Limits, MUTATIONS, Target, Verdict};

use crate::{Group, Manifest};

/// A manifest without mistakes.
pub(crate) const GOOD: &str = r#"
    [[asset]]
    file = "mnist/a"
    group = "mnist-test"
    bytes = 3
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    licence = "none"
    provenance = "a test"
    sources = [
        { kind = "url", url = "https://example.org/a.gz" },
        { kind = "npm", package = "@scope/p", version = "1.0.0", member = "package/a" },
    ]
"#;

#[test]
fn mutated_manifests_are_read_or_refused() {
    let bundled = include_str!("../../../models/assets.toml");
    let target = Target {
        name: "assets-manifest",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "mutations::mutated_manifests_are_read_or_refused",
        limits: Limits::declaring(0),
        corpus: &[GOOD.into(), bundled.into()],
        mutations: MUTATIONS,
        words: &[
            b"[[asset]]",
            b"../",
            b"/etc/passwd",
            b"{",
            b"[",
            b"\"\"\"",
            b"'",
            b"--pre",
            b"\\u0000",
        ],
        numbers: &[],
        own: None,
    };
    target.run(|bytes| {
        // The file is a part of the program, which takes text alone.
        let Ok(text) = str::from_utf8(bytes) else {
            return Verdict::Refused;
        };
        match Manifest::parse(text) {
            Ok(manifest) => {
                for asset in manifest.assets(&Group::ALL) {
                    let path = asset.path(Path::new("models"));
                    let inside = path
                        .components()
                        .all(|part| matches!(part, Component::Normal(_)));
                    assert!(inside && path.starts_with("models"), "{}", path.display());
                }
                Verdict::Accepted
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                Verdict::Refused
            }
        }
    });
}
