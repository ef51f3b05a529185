//! From which stage on a network's weights learn.

use std::fmt;
use std::str::FromStr;

use crate::Boundary;
use crate::error::{Error, list};

/// The first stage whose weights learn, as a recipe names it: `none`, `block1`, `block2`, ...
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unfreeze {
    /// All stages are frozen.
    #[default]
    None,
    /// This stage and all behind it learn.
    From(Boundary),
}

impl Unfreeze {
    /// The cut between what is frozen and what learns, where the head is grafted on at `boundary`.
    #[must_use]
    pub fn cut(self, boundary: Boundary) -> Boundary {
        match self {
            Self::None => boundary,
            Self::From(stage) => stage.before().unwrap_or(stage),
        }
    }

    /// Refuses stages that are not kept.
    ///
    /// # Errors
    /// [`Error::Unknown`] where the stage is behind `boundary`.
    pub fn check(self, boundary: Boundary) -> Result<(), Error> {
        match self {
            Self::From(stage) if stage > boundary => Err(unknown(self.to_string(), boundary)),
            _ => Ok(()),
        }
    }
}

/// The error that lists what can be unfrozen up to `boundary`.
fn unknown(found: String, boundary: Boundary) -> Error {
    let kept = Boundary::all().filter(|stage| (Boundary::after(1)..=boundary).contains(stage));
    Error::Unknown {
        kind: "stage to unfreeze",
        found,
        known: list(std::iter::once(Unfreeze::None).chain(kept.map(Unfreeze::From))),
    }
}

impl fmt::Display for Unfreeze {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::From(stage) => stage.fmt(formatter),
        }
    }
}

impl FromStr for Unfreeze {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name.parse() {
            _ if name == "none" => Ok(Self::None),
            Ok(stage) if stage > Boundary::IMAGES => Ok(Self::From(stage)),
            _ => Err(unknown(
                name.to_owned(),
                Boundary::all().last().unwrap_or(Boundary::IMAGES),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_is_before_the_first_stage_that_learns() {
        let boundary = Boundary::after(5);
        for (name, cut) in [
            ("none", boundary),
            ("block5", Boundary::after(4)),
            ("block2", Boundary::after(1)),
            ("block1", Boundary::IMAGES),
        ] {
            let unfreeze: Unfreeze = name.parse().unwrap();
            assert_eq!(unfreeze.cut(boundary), cut, "{name}");
            assert_eq!(unfreeze.check(boundary), Ok(()), "{name}");
            let json = serde_json::to_string(&unfreeze).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Unfreeze>(&json).unwrap(), unfreeze);
        }
    }

    #[test]
    fn what_is_not_kept_cannot_learn() {
        let error = Unfreeze::From(Boundary::after(4)).check(Boundary::after(3));
        assert_eq!(
            error.unwrap_err().to_string(),
            "unknown stage to unfreeze `block4`: expected one of none, block1, block2, block3"
        );
        for name in ["images", "block6", "all", ""] {
            let error = name.parse::<Unfreeze>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
            assert!(error.contains("none, block1, block2, block3, block4, block5"));
        }
    }
}
