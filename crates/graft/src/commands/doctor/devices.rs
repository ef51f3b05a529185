//! Which devices there are, and whether they pass verification.

use anyhow::Error;
use graft_compute::device::{self, Adapter, Wanted};
use graft_compute::{Backend, ComputeContext, selfcheck};
use graft_durable::check_writable;
use graft_environment::Paths;
use graft_recipe::{Precision, Recipe};
use graft_trainer::sources::Sources;
use serde::Serialize;

use super::super::{graft, shown, sources};
use crate::cli::Doctor;
use crate::output::{self, size};

/// What is found out about one device.
#[derive(Serialize)]
struct Found {
    backend: Backend,
    /// What `--device` takes.
    number: usize,
    adapter: Adapter,
    /// All of its memory, where its driver tells.
    memory_bytes: Option<u64>,
    /// The most that one tensor may have, where there is a limit.
    largest_tensor_bytes: Option<u64>,
    /// What it computes in.
    precisions: Vec<Precision>,
    /// What verification says.
    check: String,
    /// Whether graft computes on it.
    usable: bool,
}

pub(super) fn run(arguments: &Doctor, home: &Paths) -> Result<(), Error> {
    check_writable(&home.devices())?;
    let mut sources = sources(home, &arguments.outside)?;
    let mut found = Vec::new();
    let asked = arguments.backend.as_ref().map(std::slice::from_ref);
    for backend in asked.unwrap_or(Backend::COMPILED) {
        let adapters = device::list(*backend)?;
        if adapters.is_empty()
            && !arguments.json
            && let Err(error) = device::choose(*backend, &adapters, Wanted::default())
        {
            output::line(&format!("{backend}: {error}"))?;
        }
        for (number, adapter) in adapters.into_iter().enumerate() {
            let mut device = Found {
                backend: *backend,
                number,
                adapter,
                memory_bytes: None,
                largest_tensor_bytes: None,
                precisions: Vec::new(),
                check: String::new(),
                usable: false,
            };
            let said = device.look(arguments.allow_software, home, &mut sources);
            device.usable = said.is_ok();
            device.check = said.unwrap_or_else(|error| error.to_string());
            if !arguments.json {
                people(&device)?;
            }
            found.push(device);
        }
    }
    if arguments.json {
        output::json(&found)?;
    }
    if let Some(backend) = arguments.backend
        && !found.iter().any(|device| device.usable)
    {
        anyhow::bail!(
            "no device of the {backend} backend can be used; the lines above say why, or use --backend cpu"
        );
    }
    if arguments.json {
        return Ok(());
    }
    output::line(&format!(
        "\nresults of verification are kept in {}\nNext: {} bench",
        shown(&home.devices()),
        graft()
    ))
}

impl Found {
    /// Opens the device and verifies its results.
    fn look(
        &mut self,
        allow_software: bool,
        home: &Paths,
        sources: &mut Sources,
    ) -> Result<String, Error> {
        let wanted = Wanted {
            number: Some(self.number),
            allow_software,
        };
        let context = ComputeContext::new(self.backend, None, wanted, &home.kernels())?;
        self.adapter = context.adapter.clone();
        self.memory_bytes = context.limits.memory;
        self.largest_tensor_bytes = context.limits.largest_tensor;
        self.precisions = device::precisions(&context.device);
        let seed = Recipe::default().backbone;
        sources.backbone(&context, seed)?;
        let weights = home.weights(seed.network.name);
        let profile = selfcheck::verify(&context, &weights, seed, &home.devices())?;
        let Some(profile) = profile else {
            return Ok("not needed: other devices are compared with the CPU".into());
        };
        Ok(match profile.largest() {
            Some((operation, difference)) => {
                format!("passed; the largest difference is {difference:.1e}, in {operation}")
            }
            None => "passed".into(),
        })
    }
}

fn people(found: &Found) -> Result<(), Error> {
    let Found {
        backend,
        number,
        adapter,
        ..
    } = found;
    let bytes = |bytes: Option<u64>, none: &str| bytes.map_or_else(|| none.into(), size);
    let precisions: Vec<_> = found.precisions.iter().map(Precision::to_string).collect();
    output::line(&format!(
        "{backend} device {number}: {adapter}
  memory       {}
  a tensor     {}
  computes in  {}
  verification {}",
        bytes(found.memory_bytes, "unknown"),
        bytes(found.largest_tensor_bytes, "as large as the memory"),
        precisions.join(", "),
        found.check,
    ))
}
