//! A place between two stages, where a network can be cut.

use std::fmt;

use crate::network::most_stages;

/// A place where a network can be cut: after so many of its stages. Its name is that of the last
/// stage before it, `block1`, `block2`, ..., or `images` where it comes before them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boundary(u8);

impl Boundary {
    /// Before the first stage.
    pub const IMAGES: Self = Self(0);

    /// After so many stages.
    #[must_use]
    pub const fn after(stages: u8) -> Self {
        Self(stages)
    }

    /// How many stages are before it; also the number of the last of them, counted from 1.
    #[must_use]
    pub fn number(self) -> usize {
        self.0.into()
    }

    /// The boundary one stage earlier; before the first stage there is none other.
    pub(crate) fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Every boundary that some network has, from its images on.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..=most_stages()).map(Self)
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => formatter.write_str("images"),
            number => write!(formatter, "block{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        for (number, expected) in (0..).zip(["images", "block1", "block2", "block3"]) {
            let boundary = Boundary::after(number);
            assert_eq!(boundary.to_string(), expected);
            assert_eq!(expected.parse(), Ok(boundary));
            let json = serde_json::to_string(&boundary).unwrap();
            assert_eq!(json, format!("\"{expected}\""));
            assert_eq!(serde_json::from_str::<Boundary>(&json).unwrap(), boundary);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_choices() {
        for name in ["block6", "block0", "Block5", "block05", "5", ""] {
            let error = name.parse::<Boundary>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
            assert!(
                error.contains("images, block1, block2, block3, block4, block5"),
                "{error}"
            );
        }
        let error = serde_json::from_str::<Boundary>("\"block6\"").unwrap_err();
        assert!(error.to_string().contains("block5"), "{error}");
    }

    #[test]
    fn boundaries_are_in_order() {
        let two = Boundary::after(2);
        assert_eq!(two.before(), Boundary::after(1));
        assert!(two.before() < two);
        assert_eq!(Boundary::IMAGES.before(), Boundary::IMAGES);
    }
}
