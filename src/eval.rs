//! Works out what a host does to packets: which rule decides which, and whether a flow gets
//! through in both directions.
//!
//! ```text
//! Ruleset ─compile─▶ Host ─walk─▶ who decides what in one base chain
//!                         ─path─▶ what one packet meets, hook after hook
//!                         ─flow─▶ first packet, answer, next packet
//! ```
//!
//! A [`Host`] knows nothing of Cloudflare, of lints or of dialects.

mod act;
mod asked;
mod atoms;
mod calls;
mod compile;
pub mod conntrack;
pub mod difference;
mod effort;
pub mod exposure;
mod flow;
pub mod interfaces;
mod kept;
mod lookup;
mod mangled;
mod merged;
mod nat;
mod order;
mod perimeter;
mod reject;
mod require;
mod rewrite;
mod routes;
mod survey;
mod shadow;
pub mod trace;
mod trip;
mod undone;
mod walk;

pub use asked::Asked;
pub use atoms::{Atoms, Unknown};
pub use calls::Calls;
pub use compile::{BaseChain, ChainId, CompiledChain, CompiledRule, Host, Next, RuleId};
pub use flow::{Conversation, Lost, Moment, Question, Socket, Step, Way, swap};
pub use merged::fare_otherwise;
pub use require::{Certainty, Held, Witnesses};
pub use routes::{Interface, Routes};
pub use shadow::{Redundant, Shadowed, Shadows};
pub use survey::{Accept, Site, Survey};
pub use trip::{Hop, Memory, Trip};
pub use undone::{Undone, undone};
pub use walk::{Decision, Fate, Observer, Walk};
