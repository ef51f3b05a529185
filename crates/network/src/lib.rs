//! Networks as data: their stages, where they can be cut, and which of their stages learn.
//!
//! A [`Network`] is a list of stages; a stage is some 3x3 convolutions, a `ReLU` after each, and a 2x2
//! max pool. A [`Boundary`] is a place between two stages, and [`Unfreeze`] says from which stage on
//! weights learn. Everything else follows from these: shapes, numbers of weights, operations.
//! To accept another network, add it to `known.rs`.

mod boundary;
mod error;
mod known;
mod network;
mod unfreeze;

pub use boundary::Boundary;
pub use error::Error;
pub use network::{IMAGE_CHANNELS, KERNEL, Network, Stage, parameters};
pub use unfreeze::Unfreeze;

/// Written and read as its name.
macro_rules! written_by_name {
    ($($named:ty: $kind:literal, $all:expr;)*) => {$(
        impl std::str::FromStr for $named {
            type Err = Error;

            fn from_str(name: &str) -> Result<Self, Error> {
                error::named($kind, name, $all)
            }
        }

        impl serde::Serialize for $named {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $named {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
written_by_name! {
    Boundary: "boundary", Boundary::all();
    Network: "network", Network::ALL.iter().copied();
    Unfreeze: "stage to unfreeze", Unfreeze::all();
}
