//! Rules that send the program's packets elsewhere.

use super::Path;
use crate::eval::{Fate, RuleId};
use crate::model::{Hook, Nat};
use crate::packet::{Axis, Values};

/// A rule that changes where packets go.
#[derive(Clone, Debug)]
pub struct Redirection {
    /// The rule.
    pub rule: RuleId,
    /// Does it, whatever the file does not tell: does it take some packets for sure, to where it is not told?
    pub is_sure: bool,
    /// The unknowns on which it depends whether it takes them, ascending.
    pub depends_on: Vec<u32>,
}

impl Path<'_> {
    /// The rules that send first packets of it elsewhere.
    pub fn redirections(&self) -> impl Iterator<Item = Redirection> {
        let hops = self.held.conversation.steps.first().into_iter().flat_map(|step| &step.hops);
        let hops = hops.filter(|hop| matches!(hop.hook, Hook::Output | Hook::Prerouting));
        hops.filter_map(|hop| {
            let is_told = match hop.fate {
                Fate::Translated(Nat::Destination(target)) => {
                    target.addresses.as_ref().is_none_or(|aim| *aim != Values::all(Axis::Destination))
                }
                Fate::Translated(Nat::Redirect(_) | Nat::Netmap(_)) => true,
                _ => return None,
            };
            let takes_some = hop.packets.cubes().iter().any(|cube| cube.atoms().next().is_none());
            let depends_on = if takes_some { Vec::new() } else { hop.packets.atoms() };
            Some(Redirection { rule: hop.rule?, is_sure: is_told && takes_some, depends_on })
        })
    }
}
