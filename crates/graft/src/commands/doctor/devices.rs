//! Which devices there are, and whether they are to be believed.

use graft_durable::check_writable;
use serde::Serialize;

use super::super::{graft, shown, sources};
use crate::cli::Doctor;
use crate::output::{self, size};
use anyhow::Error;
use graft_compute::Backend;
use graft_compute::Compute;
use graft_compute::Engine;
use graft_compute::device::{self, Adapter, DeviceError, Known, Wanted};
use graft_compute::selfcheck::worst;
use graft_environment::Paths;
use graft_recipe as recipe;
use graft_recipe::Precision;
use graft_trainer::sources::Sources;

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
    /// What the self-check says.
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
        if adapters.is_empty() && !arguments.json {
            let wanted = Wanted::default();
            if let Err(error) = device::choose(*backend, &adapters, wanted) {
                output::line(&format!("{backend}: {error}"))?;
            }
        }
        for (number, adapter) in adapters.into_iter().enumerate() {
            let device = look(*backend, number, adapter, arguments, home, &mut sources);
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
        return Err(DeviceError::NoneUsable(backend).into());
    }
    if arguments.json {
        return Ok(());
    }
    output::line(&format!(
        "\nresults of checks lie in {}\nNext: {} bench",
        shown(&home.devices()),
        graft()
    ))
}

/// Opens a device and has it checked; what goes wrong is what is found out.
fn look(
    backend: Backend,
    number: usize,
    adapter: Adapter,
    arguments: &Doctor,
    home: &Paths,
    sources: &mut Sources,
) -> Found {
    let wanted = Wanted {
        number: Some(number),
        allow_software: arguments.allow_software,
    };
    let mut found = Found {
        backend,
        number,
        adapter,
        memory_bytes: None,
        largest_tensor_bytes: None,
        precisions: Vec::new(),
        check: String::new(),
        usable: false,
    };
    let compute = match Compute::new(backend, Some(Engine::Burn), wanted, &home.kernels()) {
        Ok(compute) => compute,
        Err(error) => {
            found.check = error.to_string();
            return found;
        }
    };
    found.memory_bytes = compute.memory;
    found.largest_tensor_bytes = compute.largest_tensor;
    found.precisions = device::precisions(&compute.device);
    let believed = sources.prefix(&compute, recipe::Backbone::default());
    found.usable = believed.is_ok();
    found.check = believed.map_or_else(|error| error.to_string(), |_| checked(&compute, home));
    found.adapter = compute.adapter;
    found
}

fn checked(compute: &Compute, home: &Paths) -> String {
    if compute.backend == Backend::Cpu {
        return "not needed: the others are held against the processor".into();
    }
    let known = Known::read(&home.devices(), compute.backend, &compute.adapter);
    let mut passed = known.passed.iter().rev();
    let worst = passed.find_map(|passed| worst(&passed.differences));
    worst.map_or_else(
        || "passed".into(),
        |(operation, difference)| {
            format!("passed; the largest difference is {difference:.1e}, in {operation}")
        },
    )
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
  memory      {}
  a tensor    {}
  computes in {}
  self-check  {}",
        bytes(found.memory_bytes, "unknown"),
        bytes(found.largest_tensor_bytes, "as large as the memory"),
        precisions.join(", "),
        found.check,
    ))
}
