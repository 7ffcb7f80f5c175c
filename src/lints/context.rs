//! What lints look at: one unit, what was said about it, and what the engine knows of it.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::exposure::Exposures;
use super::probe::Held as HeldProbe;
use super::tunnel::Tunnel;
use crate::config::{AllowIngress, Probed, Settings};
use crate::eval::exposure::{Exposure, Message, NEIGHBOURS};
use crate::eval::{Asked, Held, Host, Memory, Question, Routes, Shadows, Way, interfaces};
use crate::model::{Families, Ruleset};
use crate::packet::{Family, TooManyPieces, values};
use crate::profile::Profile;
use crate::source::{FileId, Sources};

/// One thing with a verdict of its own: a host, or a unit of an export.
#[derive(Debug)]
pub struct Unit {
    /// By what name it is reported.
    pub name: String,
    /// The files that are loaded on it, in order.
    pub files: Vec<FileId>,
    /// What they load.
    pub ruleset: Ruleset,
    /// What was tried from it, if anything was.
    pub probed: Option<Probed>,
    /// Must it serve the tunnel? Of the units of an export, those alone that the user names.
    pub must_serve: bool,
}

/// What a lint looks at.
pub struct Context<'c> {
    /// The texts.
    pub sources: &'c Sources,
    /// The unit.
    pub unit: &'c Unit,
    /// Its rules, compiled.
    pub host: Host<'c>,
    /// What is known of its interfaces.
    pub routes: Routes,
    /// What the user said.
    pub settings: &'c Settings,
    /// What must get out; `None` switches the tunnel off.
    pub profile: Option<&'static Profile>,
    /// What may get in by name.
    pub allow_ingress: &'c [AllowIngress],
    /// Leave out what looks at the whole ruleset?
    pub is_quick: bool,
    memory: Memory<'c>,
    asked: Asked<'c>,
    tunnel: OnceLock<Option<Result<Tunnel<'c>, TooManyPieces>>>,
    neighbours: OnceLock<Vec<Message>>,
    shadows: OnceLock<Shadows<'c>>,
    exposures: Exposures,
    probes: OnceLock<Vec<HeldProbe<'c>>>,
}

impl<'c> Context<'c> {
    /// Looks at a unit.
    pub fn new(
        sources: &'c Sources,
        unit: &'c Unit,
        settings: &'c Settings,
        profile: Option<&'static Profile>,
        allow_ingress: &'c [AllowIngress],
        routes: Routes,
        is_quick: bool,
    ) -> Self {
        let host = Host::new(&unit.ruleset);
        let (tunnel, shadows, exposures) = (OnceLock::new(), OnceLock::new(), Exposures::default());
        Context {
            sources,
            unit,
            host,
            routes,
            settings,
            profile,
            allow_ingress,
            is_quick,
            memory: Memory::default(),
            asked: Asked::default(),
            tunnel,
            neighbours: OnceLock::new(),
            shadows,
            exposures,
            probes: OnceLock::new(),
        }
    }

    /// What becomes of the tunnel, for lints to complain about; `None` when the unit need not serve it.
    pub fn tunnel(&self) -> Option<&Tunnel<'c>> {
        if self.unit.must_serve { self.judged_tunnel() } else { None }
    }

    /// What would become of the tunnel; `None` when the unit has no say in it, or when it is too tangled to
    /// be decided.
    pub fn judged_tunnel(&self) -> Option<&Tunnel<'c>> {
        self.tunnel.get_or_init(|| Tunnel::judge(self)).as_ref()?.as_ref().ok()
    }

    /// Was the tunnel given up as too tangled to be decided?
    pub fn is_tunnel_undecided(&self) -> bool {
        self.judged_tunnel().is_none() && matches!(self.tunnel.get(), Some(Some(Err(TooManyPieces))))
    }

    /// Works out what most lints ask, and does something else that asks nothing of it; side by side where that pays.
    pub fn prepare(&self, beside: impl FnOnce() + Send) {
        if !self.is_long() {
            return beside();
        }
        let expose = || {
            let ways = [Way::In, Way::Forward, Way::Out].into_iter();
            let each = ways.flat_map(|way| Family::ALL.map(|family| (way, family)));
            each.filter(|(way, family)| self.exposure(*way, *family).is_some()).count()
        };
        rayon::join(|| rayon::join(|| self.judged_tunnel().is_some(), expose), beside);
    }

    /// Does each of many things, side by side where the ruleset is so long that this pays. All are done unless one
    /// of them cannot be decided.
    ///
    /// # Errors
    /// The first, if one of them is an error.
    pub fn each<T: Sync, R: Send>(
        &self,
        things: &[T],
        act: impl Fn(&T) -> Result<R, TooManyPieces> + Sync + Send,
    ) -> Result<Vec<R>, TooManyPieces> {
        if !self.is_long() {
            return things.iter().map(act).collect();
        }
        // Whoever comes to an end first must not decide what is left undone.
        let done: Vec<Result<R, TooManyPieces>> = things.par_iter().map(act).collect();
        done.into_iter().collect()
    }

    /// Are there so many rules that a thread of its own for a question pays?
    pub fn is_long(&self) -> bool {
        const LONG: usize = 4_000;
        self.host.chains.iter().map(|chain| chain.rules.len()).sum::<usize>() >= LONG
    }

    /// The same unit, of which is known what was found out about another that has some of its chains: what it was before
    /// a change. Settings and interfaces must be those of the other.
    pub fn knowing<'o: 'c>(self, other: &Context<'o>) -> Self {
        Context { asked: other.asked.that_hold(&other.host, &self.host), ..self }
    }

    /// Gives up what was worked out; of a long ruleset side by side, as it was made.
    pub fn give_up(self) {
        if self.is_long() {
            self.host.chains.into_par_iter().for_each(|chain| chain.rules.into_par_iter().for_each(drop));
        }
    }

    /// Holds all flows of a question against the unit.
    ///
    /// # Errors
    /// If the rules are too tangled.
    pub fn hold(&self, question: &Question) -> Result<Arc<Held<'c>>, TooManyPieces> {
        let hold = || Held::hold(&self.host, &self.routes, question, &self.memory);
        if let Some(held) = self.asked.find(question) {
            debug_assert!(hold().is_ok_and(|anew| anew.is_same(&held)), "{question:?} has another answer");
            return Ok(held);
        }
        let held = Arc::new(hold()?);
        // Of many rules an answer may be large, and they are told side by side and once.
        if !self.is_long() {
            self.asked.keep(Arc::clone(&held));
        }
        Ok(held)
    }

    /// The messages of neighbour discovery that are surely dropped.
    pub fn lost_neighbours(&self) -> &[Message] {
        let is_blocked = |message: &Message| message.is_blocked(&self.host, &self.routes) == Ok(true);
        // No cloud filters them around a machine.
        let is_judged = !self.is_fragment()
            && !self.unit.ruleset.is_perimeter()
            && self.speaks_for(Family::V6)
            && !self.is_point_to_point();
        let lost = || NEIGHBOURS.into_iter().filter(|message| is_judged && is_blocked(message)).collect();
        self.neighbours.get_or_init(lost)
    }

    /// Are there links, by what was said of them, on all of which nobody looks for neighbours?
    fn is_point_to_point(&self) -> bool {
        let alone = interfaces::without_neighbours();
        let names = self.routes.interfaces.iter().map(|each| values::name(&each.name));
        !self.routes.interfaces.is_empty() && names.flatten().all(|name| alone.contains(name))
    }

    /// Does nothing arrive over IPv6, whatever the rules let through, since no neighbour is found?
    pub fn is_ipv6_dead(&self) -> bool {
        !self.lost_neighbours().is_empty()
    }

    /// What was tried from the unit, held against its rules. Worked out when first asked for.
    pub fn probes(&self) -> &[HeldProbe<'c>] {
        self.probes.get_or_init(|| HeldProbe::all(self))
    }

    /// Which rules come before which. Worked out when first asked for, from all rules.
    pub fn shadows(&self) -> &Shadows<'c> {
        self.shadows.get_or_init(|| Shadows::new(&self.host))
    }

    /// What new connections get through; `None` where the unit has no say in it, or where the rules are
    /// too tangled.
    pub fn exposure(&self, way: Way, family: Family) -> Option<&Exposure> {
        self.exposures.get(self, way, family)
    }

    /// Was this exposure given up as too tangled to be decided?
    pub fn is_exposure_undecided(&self, way: Way, family: Family) -> bool {
        self.exposures.is_undecided(self, way, family)
    }

    /// Are all its base chains written for nft, so that words of iptables would be none of its own?
    pub fn is_all_of_nft(&self) -> bool {
        let tables = self.unit.ruleset.tables.iter();
        let mut tables = tables.filter(|table| table.chains.iter().any(|chain| chain.base.is_some()));
        tables.all(|table| {
            let header = self.sources.text(table.span);
            table.families == Families::BOTH || header.starts_with("table") || header.starts_with('{')
        })
    }

    /// Is the unit a fragment: no verdict about the tunnel or exposure?
    pub fn is_fragment(&self) -> bool {
        self.unit.ruleset.is_fragment()
    }

    /// Does the unit speak for this family, so that what it leaves out is open?
    pub fn speaks_for(&self, family: Family) -> bool {
        self.unit.ruleset.families.has(family)
    }
}
