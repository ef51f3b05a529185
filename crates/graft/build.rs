//! Tells the binary which commit it is built from, for the record of a run. Cargo runs this again
//! whenever the commit or a source file changes.

use std::path::Path;
use std::process::Command;

/// The root of the sources, from here.
const ROOT: &str = "../..";

fn main() {
    let head = git(&["symbolic-ref", "--quiet", "HEAD"]);
    let names = ["HEAD", "packed-refs"].into_iter().chain(head.as_deref());
    let of_git = names.filter_map(|name| git(&["rev-parse", "--git-path", name]));
    let sources =
        ["crates", "recipes", "Cargo.toml", "Cargo.lock"].map(|name| format!("{ROOT}/{name}"));
    // Cargo would run this again and again for a file that is missing.
    for path in of_git
        .chain(sources)
        .filter(|path| Path::new(path).exists())
    {
        println!("cargo::rerun-if-changed={path}");
    }
    let commit = git(&[
        "describe",
        "--always",
        "--abbrev=40",
        "--exclude=*",
        "--dirty",
    ]);
    println!(
        "cargo::rustc-env=GRAFT_COMMIT={}",
        commit.unwrap_or_default()
    );
}

/// What git says; nothing where the sources are no checkout of their own.
fn git(arguments: &[&str]) -> Option<String> {
    if !Path::new(ROOT).join(".git").exists() {
        return None;
    }
    let said = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    said.status.success().then(|| text.trim().to_owned())
}
