//! Which of the devices that were found is used.

use super::{Adapter, DeviceError, Kind};
use crate::backend::Backend;

/// Which device the user wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its number, counted from 0; by default the most capable.
    pub number: Option<usize>,
    /// Whether a program that behaves like a card will do.
    pub allow_software: bool,
}

/// The index in `adapters` of the device to use: the one that was asked for, else the first of the
/// most capable kind.
///
/// # Errors
/// When there is none, the number is too large, or only software is there and it is not allowed.
pub fn choose(
    backend: Backend,
    adapters: &[Adapter],
    wanted: Wanted,
) -> Result<usize, DeviceError> {
    let found = || adapters.iter().enumerate();
    let best = || found().min_by_key(|(_, adapter)| rank(adapter.kind));
    let chosen = match wanted.number {
        _ if adapters.is_empty() => return Err(DeviceError::none(backend)),
        Some(number) => found().nth(number).ok_or_else(|| DeviceError::OutOfRange {
            backend,
            asked: number,
            found: numbered(adapters),
        })?,
        None => best().ok_or_else(|| DeviceError::none(backend))?,
    };
    let (index, adapter) = chosen;
    if adapter.kind == Kind::Software && !wanted.allow_software {
        return Err(DeviceError::SoftwareOnly {
            backend,
            adapter: adapter.to_string(),
        });
    }
    if adapter.kind == Kind::Software {
        tracing::warn!("{adapter} computes in software: the results are right, but slow");
    }
    if wanted.number.is_none() && adapters.len() > 1 {
        tracing::info!(
            "using device {index} of {}; --device N chooses",
            numbered(adapters)
        );
    }
    Ok(index)
}

/// The smaller, the better.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Processor | Kind::Discrete => 0,
        Kind::Integrated => 1,
        Kind::Virtual => 2,
        Kind::Other => 3,
        Kind::Software => 4,
    }
}

fn numbered(adapters: &[Adapter]) -> String {
    let lines = adapters
        .iter()
        .enumerate()
        .map(|(number, adapter)| format!("{number}: {adapter}"));
    lines.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(kind: Kind) -> Adapter {
        Adapter {
            name: format!("a {kind} card"),
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
                Err("0: a discrete card (discrete, driver driver 1.0)"),
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
