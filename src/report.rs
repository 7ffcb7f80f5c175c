//! What a run has to say, as text for people or as JSON for programs.
//!
//! Nothing from a linted file leaves this module unescaped: not its text, not its name.

mod escape;
mod excerpt;
mod fingerprint;
mod json;
mod text;

pub use escape::{escape, escape_lines};
pub use json::write as write_json;
pub use text::{write as write_text, write_mistakes};

#[cfg(test)]
mod tests;
