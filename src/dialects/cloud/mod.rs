//! What the exports of all clouds have in common: their text, their fields, their values, and the rules and
//! chains that they become.

mod command;
mod condition;
mod document;
mod fields;
mod foreign;
mod inside;
mod names;
mod openings;
pub mod script;
mod unit;
mod values;

pub use command::{command, lines, quoted};
pub use condition::{Condition, in_fields, rules};
pub use document::{Part, documents, looks_like_data};
pub use fields::{Fields, Remarks, UNREAD, take_list, text};
pub use foreign::nothing_known;
pub use inside::{Inside, Texts};
pub use names::resolved;
pub use openings::{Opening, openings};
pub use unit::{Builder, Direction, call};
pub use values::{Addresses, address_range, any_address, port_range, prefix, protocol_number};
