//! Which of the devices that were found is used.

use std::path::Path;

use super::{Adapter, Kind, NVIDIA};
use crate::Error;
use crate::backend::Backend;

/// Which device the user wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its number, counted from 0; by default the most capable.
    pub number: Option<usize>,
    /// Whether a software renderer will do.
    pub allow_software: bool,
}

/// The index in `adapters` of the device to use: the one that was asked for, else the first of the
/// most capable kind.
///
/// # Errors
/// When there is none, the number is too large, or it is a software renderer and that is not
/// allowed.
pub fn choose(backend: Backend, adapters: &[Adapter], wanted: Wanted) -> Result<usize, Error> {
    let best = (0..adapters.len()).min_by_key(|index| adapters[*index].kind);
    let reason = missing(backend);
    let best = best.ok_or(Error::NoDevice { backend, reason })?;
    let chosen = wanted.number.unwrap_or(best);
    let adapter = adapters.get(chosen).ok_or_else(|| Error::OutOfRange {
        backend,
        asked: chosen,
        found: numbered(adapters),
    })?;
    if adapter.kind == Kind::Software {
        if !wanted.allow_software {
            let adapter = adapter.to_string();
            return Err(Error::SoftwareOnly { backend, adapter });
        }
        tracing::warn!("{adapter} is a software renderer: its results are right, but it is slow");
    }
    if wanted.number.is_none() && adapters.len() > 1 {
        tracing::info!(
            "using device {chosen} of {}; --device N chooses another",
            numbered(adapters)
        );
    }
    Ok(chosen)
}

fn numbered(adapters: &[Adapter]) -> String {
    let lines = (0..).zip(adapters);
    let lines = lines.map(|(number, adapter): (usize, _)| format!("{number}: {adapter}"));
    lines.collect::<Vec<_>>().join("; ")
}

/// What a backend without a device lacks, and how to get it.
fn missing(backend: Backend) -> &'static str {
    match backend {
        Backend::Cpu => "there is always one",
        Backend::Wgpu => {
            "neither Vulkan, DirectX 12, Metal nor OpenGL has one; install the GPU's driver and, on Linux, the Vulkan loader (Debian: libvulkan1), until `vulkaninfo` lists the GPU"
        }
        // The kernel tells whether it has the driver on Linux only.
        Backend::Cuda if cfg!(target_os = "linux") && !Path::new(NVIDIA).exists() => {
            "there is no NVIDIA driver (no /proc/driver/nvidia/version); install it, until `nvidia-smi` lists the GPU"
        }
        Backend::Cuda => {
            "NVIDIA's driver is there but offers no GPU; see what `nvidia-smi` says, and whether CUDA_VISIBLE_DEVICES hides it"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(kind: Kind) -> Adapter {
        Adapter {
            name: format!("a {kind:?} GPU"),
            driver: Some("driver 1.0".into()),
            kind,
        }
    }

    #[test]
    fn the_most_capable_or_the_one_that_was_asked_for() {
        use Kind::{Discrete, Integrated, Software};
        let with = |number, allow_software| Wanted {
            number,
            allow_software,
        };
        for (kinds, wanted, expected) in [
            (&[Discrete][..], with(None, false), Ok(0)),
            (&[Integrated, Discrete], with(None, false), Ok(1)),
            (&[Discrete, Discrete], with(None, false), Ok(0)),
            (&[Integrated, Discrete], with(Some(0), false), Ok(0)),
            (&[Software, Integrated], with(None, false), Ok(1)),
            (&[Software], with(None, true), Ok(0)),
            (&[Software], with(None, false), Err("--allow-software")),
            (
                &[Integrated, Software],
                with(Some(1), false),
                Err("--allow-software"),
            ),
            (&[Integrated, Software], with(Some(1), true), Ok(1)),
            (
                &[Discrete],
                with(Some(1), false),
                Err("0: a Discrete GPU (discrete, driver driver 1.0)"),
            ),
            (&[], with(None, true), Err("no device")),
            (&[], with(Some(0), true), Err("no device")),
        ] {
            let adapters: Vec<_> = kinds.iter().map(|kind| adapter(*kind)).collect();
            let found = choose(Backend::Wgpu, &adapters, wanted).map_err(|error| error.to_string());
            match expected {
                Ok(index) => assert_eq!(found, Ok(index), "{kinds:?} {wanted:?}"),
                Err(part) => assert!(
                    found.as_ref().is_err_and(|error| error.contains(part)),
                    "{kinds:?} {wanted:?}: {found:?}"
                ),
            }
        }
    }
}
