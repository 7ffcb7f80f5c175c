//! Which accepts come to nothing: of an nft chain an ACCEPT ends only itself, and a later base chain of the same hook
//! may drop all that it let by.

use crate::model::{ChainKind, Hook, Verdict};
use crate::packet::{Axis, Family, PacketSet, Ranges, TooManyPieces, Values};

use super::compile::{BaseChain, ChainId, Host, RuleId};
use super::shadow;
use super::walk::{Decision, Fate, Observer, Walk};

/// How many rules may be looked at for all accepts of a host, walk by walk.
const MOST_WORK: usize = 50_000_000;

/// Where connection tracking stands among base chains: in front of it packets have another state.
const TRACKING: i32 = -200;

/// A rule that accepts packets, all of which later base chains of its hook surely drop or reject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The rule.
    pub rule: RuleId,
    /// The rules and policies that do, a policy as its base chain alone, in the order in which they come.
    pub by: Vec<(ChainId, Option<RuleId>)>,
}

/// The accepts of a host that come to nothing, in the order of the walk. `counts` says of two base chains, of which
/// the second comes later, whether it is a mistake if the second undoes what the first does. An accept that only
/// leaves its chain early, past rules that would do something else to its packets, is none.
pub fn undone<'m>(host: &Host<'m>, counts: &dyn Fn(&BaseChain<'m>, &BaseChain<'m>) -> bool) -> Vec<Undone> {
    let hooks = [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];
    let mut found = Vec::new();
    let mut work = 0;
    for hook in hooks {
        let calls: Vec<BaseChain<'m>> = host.calls(hook).collect();
        for (at, first) in calls.iter().enumerate() {
            let later = &calls[at + 1..];
            let is_asked = first.base.kind != ChainKind::Nat && later.iter().any(|base| counts(first, base));
            if is_asked && !found.iter().any(|known: &Undone| known.rule.chain == first.chain) {
                of_chain(host, *first, later, &mut work, &mut found);
            }
        }
    }
    found
}

/// The accepts of one base chain.
fn of_chain<'m>(
    host: &Host<'m>,
    first: BaseChain<'m>,
    later: &[BaseChain<'m>],
    work: &mut usize,
    found: &mut Vec<Undone>,
) {
    let mut accepting = Accepting { host, events: Vec::new() };
    if Walk::through(host, first, shadow::comes_to(first), &mut accepting).is_err() {
        return;
    }
    let events = accepting.events;
    let later: Vec<&BaseChain<'m>> = reached_alike(host, first, later).collect();
    let size: usize = later.iter().map(|base| host.chain(base.chain).rules.len() + 1).sum();
    for (at, event) in events.iter().enumerate() {
        let Event::Accepts(rule, packets) = event else { continue };
        let is_known = found.iter().any(|known| known.rule == *rule);
        if packets.is_empty() || is_known {
            continue;
        }
        *work += size;
        if *work > MOST_WORK {
            return;
        }
        // A rule to which several others lead accepts in several places.
        let all = events.iter().filter_map(|event| match event {
            Event::Accepts(other, packets) if other == rule => Some(packets),
            _ => None,
        });
        let by = all.map(|packets| droppers(host, &later, packets)).collect::<Option<Vec<_>>>();
        if let Some(by) = by
            && !leaves_early(&events[at + 1..], packets)
        {
            let mut by: Vec<_> = by.into_iter().flatten().collect();
            by.dedup();
            found.push(Undone { rule: *rule, by });
        }
    }
}

/// The later base chains that packets reach as the first one left them: without connection tracking or address
/// translation in between.
fn reached_alike<'c, 'm>(
    host: &'c Host<'m>,
    first: BaseChain<'m>,
    later: &'c [BaseChain<'m>],
) -> impl Iterator<Item = &'c BaseChain<'m>> {
    let is_tracked = |base: &BaseChain<'_>| base.priority > TRACKING;
    let changes = move |base: &&BaseChain<'_>| {
        let translates = base.base.kind == ChainKind::Nat && !host.chain(base.chain).rules.is_empty();
        translates || is_tracked(base) != is_tracked(&first)
    };
    later.iter().take_while(move |base| !changes(base)).filter(|base| base.base.kind != ChainKind::Nat)
}

/// Who drops all of these packets; `None` if some may get through.
fn droppers<'m>(
    host: &Host<'m>,
    later: &[&BaseChain<'m>],
    packets: &PacketSet,
) -> Option<Vec<(ChainId, Option<RuleId>)>> {
    // One of them most often shows that they get through.
    let sample = packets.sample().map(PacketSet::from)?;
    let mut by = Vec::new();
    for packets in [&sample, packets] {
        by.clear();
        let mut left = packets.clone();
        for base in later {
            left = through(host, base, left, &mut by).ok()?;
        }
        if !left.is_empty() {
            return None;
        }
    }
    Some(by)
}

/// The packets that get through a base chain, or do not come to it.
fn through<'m>(
    host: &Host<'m>,
    base: &BaseChain<'m>,
    packets: PacketSet,
    by: &mut Vec<(ChainId, Option<RuleId>)>,
) -> Result<PacketSet, TooManyPieces> {
    let families = |seen: bool| {
        let families = Family::ALL.into_iter().filter(|family| base.families.has(*family) == seen);
        Values::from(Ranges::union(families.map(|family| (family.number(), family.number()))))
    };
    let mut comes = packets.clone().with(Axis::Family, &families(true));
    let mut left = packets.with(Axis::Family, &families(false));
    if let Some((atom, when)) = base.when {
        let answered = |yes: bool| Values::single(Axis::Atom(atom), u128::from(yes));
        left.add(comes.clone().with(Axis::Atom(atom), &answered(!when)));
        comes = comes.with(Axis::Atom(atom), &answered(when));
    }
    let mut passing = Passing { left, by };
    Walk::through(host, *base, comes, &mut passing)?;
    Ok(passing.left)
}

/// Does something else await these packets behind a rule that accepts them, before anything would drop them?
fn leaves_early(behind: &[Event], packets: &PacketSet) -> bool {
    let next = behind.iter().find(|event| match event {
        Event::Accepts(..) => false,
        Event::Drops(hit) | Event::Does(hit) => hit.overlaps(packets),
    });
    matches!(next, Some(Event::Does(_)))
}

/// What happens on a walk through a base chain.
enum Event {
    /// A rule accepts these packets.
    Accepts(RuleId, PacketSet),
    /// Something drops or rejects packets among these.
    Drops(PacketSet),
    /// A rule does something else to packets among these.
    Does(PacketSet),
}

struct Accepting<'h, 'm> {
    host: &'h Host<'m>,
    events: Vec<Event>,
}

impl<'m> Observer<'m> for Accepting<'_, 'm> {
    fn decides(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        let accepts = |rule: &RuleId| self.host.rule(*rule).rule.verdict.value == Verdict::Accept;
        match (decision.fate, decision.rule) {
            (Fate::Accepted, Some(rule)) if accepts(&rule) => {
                self.events.push(Event::Accepts(rule, decision.packets()?));
            }
            (Fate::Dropped | Fate::Rejected(_), _) => self.events.push(Event::Drops(decision.hit.clone())),
            (Fate::Accepted, None) => {}
            _ => self.events.push(Event::Does(decision.hit.clone())),
        }
        Ok(())
    }

    fn meets(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        let is_call = |rule: RuleId| {
            matches!(self.host.rule(rule).rule.verdict.value, Verdict::Jump(_) | Verdict::Goto(_))
        };
        if !decision.rule.is_some_and(is_call) {
            self.events.push(Event::Does(decision.hit.clone()));
        }
        Ok(())
    }
}

struct Passing<'b> {
    left: PacketSet,
    by: &'b mut Vec<(ChainId, Option<RuleId>)>,
}

impl<'m> Observer<'m> for Passing<'_> {
    fn decides(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        match decision.fate {
            Fate::Accepted | Fate::Translated(_) => self.left.add(decision.packets()?),
            Fate::Dropped | Fate::Rejected(_) => {
                let dropper = (decision.chain, decision.rule);
                if !self.by.contains(&dropper) && decision.witness()?.is_some() {
                    self.by.push(dropper);
                }
            }
        }
        Ok(())
    }
}
