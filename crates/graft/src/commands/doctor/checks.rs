//! Everything but devices: one finding a thing.

use std::process::Command;

use graft_assets::{Asset, Group, Manifest};
use graft_backbone::CpuStages;
use graft_durable::{check_writable, sha256_file};
use graft_network::Network;
use graft_onnx_import::weights;
use graft_report::sweep::{BUNDLED, Results};
use graft_report::{State, list};

use super::super::{graft, shown};
use super::Finding;
use crate::output::size;
use graft_compute::Backend;
use graft_environment as machine;
use graft_environment::Paths;
use graft_features::{self as cache, Content, Features};

/// The oldest Rust that builds graft.
const RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// What fetched files, features and records of the seed recipe take, in bytes.
const DISK: u64 = 1 << 30;

/// What a training of the seed recipe takes, in bytes.
const MEMORY: u64 = 450 << 20;

/// Looks at everything.
pub(super) fn all(home: &Paths) -> Vec<Finding> {
    let mut findings = vec![
        Finding::good("graft", program()),
        toolchain(),
        Finding::good("CPU", cpu()),
        memory(),
        folder(home),
        disk(home),
    ];
    findings.extend(assets(home));
    findings.extend(
        Network::ALL
            .iter()
            .filter_map(|network| weights(home, *network)),
    );
    findings.extend([features(home), runs(home), labs(home)]);
    findings
}

fn program() -> String {
    let backends: Vec<_> = Backend::COMPILED
        .iter()
        .map(|backend| backend.name())
        .collect();
    let commit =
        graft_trainer::commit().map_or_else(String::new, |commit| format!(", commit {commit}"));
    let version = env!("CARGO_PKG_VERSION");
    format!("{version}{commit}; built for {}", backends.join(", "))
}

/// What a checkout is built with; an installed graft needs none.
fn toolchain() -> Finding {
    let output = Command::new("rustc").arg("--version").output();
    let text = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        let next = "only building graft needs it: https://rustup.rs";
        return Finding::later("toolchain", "no rustc", next);
    };
    let numbers = |text: &str| {
        let numbers = text
            .split(['.', ' ', '-'])
            .map_while(|part| part.parse::<u32>().ok());
        numbers.collect::<Vec<_>>()
    };
    let found = text.trim_start_matches("rustc ").trim();
    if numbers(found) >= numbers(RUST) {
        return Finding::good("toolchain", format!("rustc {found}"));
    }
    let found = format!("rustc {found}, expected {RUST} or later");
    Finding::bad("toolchain", found, "rustup update stable")
}

fn cpu() -> String {
    let name = machine::cpu_name().unwrap_or_else(|| "unknown".into());
    let (threads, set) = (CpuStages::threads(), CpuStages::instructions());
    format!("{name}; {threads} threads, {set}")
}

fn memory() -> Finding {
    match machine::available_memory() {
        None => Finding::good("memory", "unknown"),
        Some(bytes) if bytes >= MEMORY => {
            Finding::good("memory", format!("{} available", size(bytes)))
        }
        Some(bytes) => Finding::bad(
            "memory",
            format!("{} available, expected {}", size(bytes), size(MEMORY)),
            "close other programs",
        ),
    }
}

fn folder(home: &Paths) -> Finding {
    match check_writable(&home.runs()) {
        Ok(()) => Finding::good("folder", shown(&home.runs())),
        Err(error) => Finding::bad(
            "folder",
            error.to_string(),
            "set GRAFT_HOME to a folder that can be written",
        ),
    }
}

fn disk(home: &Paths) -> Finding {
    match fs4::available_space(home.runs()) {
        Err(error) => Finding::good("disk", format!("free space unknown: {error}")),
        Ok(bytes) if bytes >= DISK => Finding::good("disk", format!("{} free", size(bytes))),
        Ok(bytes) => Finding::bad(
            "disk",
            format!("{} free, expected {}", size(bytes), size(DISK)),
            format!(
                "`{} cache clear`, or set GRAFT_HOME to another disk",
                graft()
            ),
        ),
    }
}

fn assets(home: &Paths) -> Vec<Finding> {
    let groups = [Group::MnistTrain, Group::MnistTest, Group::Vgg16];
    match Manifest::bundled() {
        Ok(manifest) => manifest
            .assets(&groups)
            .map(|asset| of(asset, home))
            .collect(),
        Err(error) => vec![Finding::bad(
            "asset",
            error.to_string(),
            "build graft again",
        )],
    }
}

fn of(asset: &Asset, home: &Paths) -> Finding {
    let path = asset.path(&home.models());
    let file = &asset.file;
    if !path.exists() {
        let next = format!(
            "`{} fetch` fetches it, and so does train where it needs it",
            graft()
        );
        return Finding::later("asset", format!("{file} is not there yet"), next);
    }
    match sha256_file(&path) {
        Ok(found) if found == asset.sha256 => {
            Finding::good("asset", format!("{file}, sha256 as pinned"))
        }
        Ok(found) => Finding::bad(
            "asset",
            format!("{file}: expected sha256 {}, found {found}", asset.sha256),
            format!("delete {} and run `{} fetch`", shown(&path), graft()),
        ),
        Err(error) => Finding::bad("asset", error.to_string(), "make it readable"),
    }
}

/// The weights of a network; of one that is not fetched, only where there are any.
fn weights(home: &Paths, network: Network) -> Option<Finding> {
    let folder = home.weights(network.name);
    let fetched = network == Network::default();
    if !folder.join(weights::MANIFEST).exists() {
        let next = "the next training imports them from the fetched ONNX file";
        return fetched.then(|| Finding::later("weights", "not imported yet", next));
    }
    let read = weights::read_manifest(&folder).and_then(|manifest| {
        for block in 1..=manifest.blocks.len() {
            weights::read_block(&folder, &manifest, block)?;
        }
        Ok(manifest.source.file)
    });
    let title = network.title;
    Some(match read {
        Ok(file) => Finding::good("weights", format!("{title} from {file}, as written")),
        Err(error) => Finding::bad(
            "weights",
            error.to_string(),
            if fetched {
                let folder = shown(&folder);
                format!("delete {folder}: the next training writes it anew")
            } else {
                format!("import {title} again: {} import FILE", graft())
            },
        ),
    })
}

fn features(home: &Paths) -> Finding {
    let entries = match cache::list(&home.cache()) {
        Ok(entries) => entries,
        Err(error) => return Finding::bad("cache", error.to_string(), "make it readable"),
    };
    let damaged = entries.iter().filter_map(|entry| match &entry.content {
        Content::Useless => Some(format!(
            "{}: no manifest of this version",
            shown(&entry.path)
        )),
        Content::Entry(key) => Features::open(&entry.path, key)
            .err()
            .map(|error| error.to_string()),
        // Their shards are checked when they are used, or computation is resumed.
        Content::Partial | Content::Pictures => None,
    });
    let bytes = entries.iter().map(|entry| entry.bytes).sum();
    match damaged.collect::<Vec<_>>().as_slice() {
        [] => Finding::good(
            "cache",
            format!("{} entries, {}", entries.len(), size(bytes)),
        ),
        damaged => Finding::bad(
            "cache",
            damaged.join("; "),
            format!(
                "they are computed anew when needed; `{} cache clear` deletes all",
                graft()
            ),
        ),
    }
}

fn runs(home: &Paths) -> Finding {
    let runs = match list(&home.runs()) {
        Ok(runs) => runs,
        Err(error) => return Finding::bad("runs", error.to_string(), "make them readable"),
    };
    let mut complete = 0;
    let mut damaged = Vec::new();
    for run in &runs {
        match &run.state {
            State::Complete(_) => complete += 1,
            State::Damaged { reason } => damaged.push(reason.clone()),
            State::Incomplete { .. } | State::OtherFormat { .. } => {}
        }
    }
    let found = format!("{} runs, {complete} of them complete", runs.len());
    if damaged.is_empty() {
        return Finding::good("runs", found);
    }
    let next = format!("`{} runs` names them", graft());
    Finding::bad(
        "runs",
        format!("{found}; damaged: {}", damaged.join("; ")),
        next,
    )
}

fn labs(home: &Paths) -> Finding {
    let read = BUNDLED
        .iter()
        .map(|(name, _)| Results::read(&home.labs(), name));
    match read.collect::<Result<Vec<_>, _>>() {
        Ok(labs) => {
            let measured = labs.iter().flatten().count();
            Finding::good("labs", format!("{measured} of {} measured", labs.len()))
        }
        Err(error) => Finding::bad(
            "labs",
            error.to_string(),
            format!("`{} lab` measures it again", graft()),
        ),
    }
}
