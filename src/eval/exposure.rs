//! What gets into a host, through it, and out of it: by which rules, and whether anything is denied by
//! default.
//!
//! New connections are asked about: first packets, for TCP with the flag SYN. ICMP is not among them,
//! which is no connection.

mod discovery;
mod opening;
mod question;

use crate::model::Hook;
use crate::packet::{Axis, Cube, Family, PacketSet, TooManyPieces};

use super::compile::{Host, RuleId};
use super::flow::Way;
use super::routes::Routes;
use super::survey::{Accept, Survey};

pub use discovery::{Message, NEIGHBOURS, ROUTERS};
pub use opening::{Kind, Opening};
pub use question::{are_all_of, is_world, question};

/// How many openings are worked out.
const MOST_OPENINGS: usize = 100;

/// How many entries of earlier rules may be looked at for them.
const MOST_ENTRIES: usize = 3_000_000;

/// In how many pieces what a policy lets in is little that can be told.
const FEW_LEFT: usize = 8;

/// How many pieces may be looked at to find out whether something is left for a rule.
const FEW_PIECES: usize = 20_000;

/// What new connections get through in one family and direction.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// The family.
    pub family: Family,
    /// `In` (to the host itself and, where it publishes ports, behind it), `Forward` or `Out`.
    pub way: Way,
    /// All packets that were asked about, as they are when they leave the host or arrive in it.
    pub asked: Cube,
    /// What lets in packets that no rule names, if anything does.
    pub default: Option<Default>,
    /// What rules let through by name, in the order of the rules.
    pub openings: Vec<Opening>,
    /// How many more rules may let packets through.
    pub more: usize,
}

/// A policy, or a rule that accepts all and everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Default {
    /// The chain in which it stands.
    pub chain: super::compile::ChainId,
    /// The rule; `None` for the policy.
    pub rule: Option<RuleId>,
    /// Unknowns on which it depends, ascending.
    pub depends_on: Vec<u32>,
    /// What it lets through, exactly, where that is little that can be told: rules before it leave no more.
    pub only: Option<PacketSet>,
}

impl Default {
    /// Does it let in so much that there is no use in naming what else gets in?
    pub fn is_wide(&self) -> bool {
        self.only.is_none()
    }
}

impl Exposure {
    /// Works out what gets through. `None` when the rules say nothing about it: no chain is declared
    /// where the packets pass.
    ///
    /// # Errors
    /// If the chains are too tangled.
    pub fn judge(
        host: &Host,
        routes: &Routes,
        way: Way,
        family: Family,
    ) -> Result<Option<Self>, TooManyPieces> {
        let hook = match way {
            Way::In | Way::Local => Hook::Input,
            Way::Out => Hook::Output,
            Way::Forward => Hook::Forward,
        };
        if !is_declared(host, hook, family) {
            return Ok(None);
        }
        let asked = question(host, routes, way, family);
        let survey = Survey::new(host, routes, way, asked.clone())?;
        // Where forwarded packets leave is not known when they arrive.
        let asked = if way == Way::Forward {
            asked.set(Axis::OutInterface, super::interfaces::any_but_lo())
        } else {
            asked
        };
        let found = default(host, &survey, way, family)?;
        let (openings, more) = match way {
            Way::Out => (Vec::new(), 0),
            _ => opening::openings(host, &survey, &asked, found.as_ref())?,
        };
        let default = found.map(|found| found.0);
        Ok(Some(Exposure { family, way, asked, default, openings, more }))
    }
}

/// Does the unit have a chain that is called at a hook? What has none says nothing about its packets.
pub fn is_declared(host: &Host, hook: Hook, family: Family) -> bool {
    host.bases(hook).any(|base| base.families.has(family))
}

/// Does any new connection get through?
///
/// # Errors
/// If the chains are too tangled.
pub fn lets_anything(host: &Host, routes: &Routes, way: Way, packets: Cube) -> Result<bool, TooManyPieces> {
    let survey = Survey::new(host, routes, way, packets)?;
    for accept in survey.accepts() {
        if survey.witness(accept, FEW_PIECES)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What accepts packets that no rule names, and the how manieth decision of the survey it is.
fn default(
    host: &Host,
    survey: &Survey,
    way: Way,
    family: Family,
) -> Result<Option<(Default, usize)>, TooManyPieces> {
    let accepts = (0..).zip(survey.accepts());
    for (at, accept) in accepts.filter(|(_, accept)| survey.turned_by(accept).is_none()) {
        let is_rate = |atom| is_rate(host, atom);
        let is_everything = || question::is_everything(survey.reach(accept), way, family, &is_rate);
        // What a rule lets in by all interfaces but one can be told in full.
        let names_interfaces = || way == Way::In && survey.reach(accept).any(question::names_interfaces);
        if accept.rule.is_some() && (!is_everything() || names_interfaces()) {
            continue;
        }
        if let Some(witness) = survey.witness(accept, FEW_PIECES)? {
            let few = survey.few_packets(accept, FEW_LEFT).unwrap_or(None);
            let few = few.map(|few| few.forget(opening::is_unknown));
            let only = few.filter(|few| !question::is_everything(few.cubes().iter(), way, family, &is_rate));
            let depends_on = witness.atoms().collect();
            let default = Default { chain: accept.chain, rule: accept.rule, depends_on, only };
            return Ok(Some((default, at)));
        }
    }
    Ok(None)
}

/// Is this unknown only about how often something happens, so that it does hold now and then?
pub fn is_rate(host: &Host, atom: u32) -> bool {
    host.atoms.get(atom).is_rate
}

/// The rules on the way of packets to a decision, outermost first.
fn path<'a>(survey: &'a Survey, accept: &'a Accept) -> Vec<RuleId> {
    match survey.turned_by(accept) {
        Some(site) => site.via.iter().copied().chain([site.rule]).collect(),
        None => accept.via.iter().copied().chain(accept.rule).collect(),
    }
}
