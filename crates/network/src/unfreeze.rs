//! From which stage on a network's weights learn.

use std::fmt;

use crate::Boundary;

/// The first stage whose weights learn, as a recipe names it: `none`, `block1`, `block2`, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfreeze {
    /// All stages are frozen.
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
            Self::From(stage) => stage.before(),
        }
    }

    /// Every value that some network has.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let stages = Boundary::all().skip(1);
        std::iter::once(Self::None).chain(stages.map(Self::From))
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
            let json = serde_json::to_string(&unfreeze).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Unfreeze>(&json).unwrap(), unfreeze);
        }
    }

    #[test]
    fn only_stages_can_learn() {
        for name in ["images", "block6", "all", ""] {
            let error = name.parse::<Unfreeze>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
            assert!(error.contains("none, block1, block2, block3, block4, block5"));
        }
    }
}
