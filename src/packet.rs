//! Exact sets of packets: the engine's currency.
//!
//! A [`PacketSet`] is a union of [`Cube`]s; a cube is a cross product: for each [`Axis`] that it
//! names, a [`Values`] of that axis. What it does not name may be anything. Unknowns are axes too
//! ([`Axis::Atom`]), so that "it depends" is computed by the same arithmetic as all else.

pub mod axis;
pub mod cover;
pub mod cube;
pub mod describe;
pub mod hull;
mod index;
mod internet;
pub mod masks;
mod merge;
pub mod ranges;
mod remainder;
pub mod sample;
pub mod set;
mod terms;
mod tree;
pub mod values;

pub use axis::{Axis, Family};
pub use cover::Cover;
pub use cube::Cube;
pub use describe::Words;
pub use hull::Hull;
pub use internet::internet;
pub use masks::Masks;
pub use ranges::Ranges;
pub use remainder::Remainder;
pub use set::{PacketSet, TooManyPieces};
pub use values::Values;
