//! What single rules let in.

use std::collections::HashMap;

use crate::packet::{Axis, Cube, PacketSet, TooManyPieces};

use super::super::compile::{ChainId, Host, RuleId};
use super::super::survey::{Accept, Survey};
use super::{Default, MOST_ENTRIES, MOST_OPENINGS, path};

/// What one rule lets through.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The rule to name: the innermost one that narrows what gets through.
    pub rule: RuleId,
    /// How it gets through.
    pub kind: Kind,
    /// The packets, exactly, as they were when they began. Disjoint; unknowns are not named.
    pub packets: PacketSet,
    /// The packets as they are best told: with those that other openings let in before, where nothing that the rule asks
    /// for stays out. Otherwise the same.
    pub told: PacketSet,
    /// Do all of them get through, whatever the unknowns are?
    pub is_sure: bool,
    /// Unknowns on which it depends whether some of them get through, ascending.
    pub depends_on: Vec<u32>,
    /// Those of them that the rules on the way ask for, where all packets for which these hold get through, if by earlier
    /// rules: what an earlier rule lets in is no loss.
    pub kept_if: Option<Vec<u32>>,
    /// The nat rules that turn them to another address or port.
    pub turned_by: Vec<RuleId>,
    /// What accepts them in the end, where that is not the rule itself: another rule, or the policy of a
    /// chain.
    pub accepted_by: Vec<(ChainId, Option<RuleId>)>,
}

/// How packets get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// To the host itself.
    Inside,
    /// Turned by NAT to another machine or another port.
    Published,
    /// Forwarded as they are.
    Forwarded,
}

/// Decisions that are one rule's doing.
struct Group<'s> {
    rule: RuleId,
    kind: Kind,
    accepts: Vec<&'s Accept>,
}

/// What rules let through by name, in the order of the rules, and how many more rules may. Where all is open that no
/// rule drops, rules that let something into the host are not among them, nor is what lets in all that is left.
pub(super) fn openings(
    host: &Host,
    survey: &Survey,
    asked: &Cube,
    default: Option<&(Default, usize)>,
) -> Result<(Vec<Opening>, usize), TooManyPieces> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known = HashMap::new();
    let mut more = 0;
    for (at, accept) in survey.accepts().iter().enumerate() {
        let kind = kind(survey, accept);
        // Where nothing is denied by default, what rules let in is said already. Where only a policy
        // accepts, no rule is to be named.
        let is_open = default.is_some_and(|(default, its)| default.is_wide() || *its == at);
        if kind == Kind::Inside && is_open || kind != Kind::Published && accept.rule.is_none() {
            continue;
        }
        if groups.len() == MOST_OPENINGS {
            more += 1;
            continue;
        }
        let Some(rule) = named(host, survey, accept, asked) else { continue };
        let at = *known.entry((rule, kind)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.accepts.push(accept),
            None => groups.push(Group { rule, kind, accepts: vec![accept] }),
        }
    }
    let mut openings = Vec::new();
    let mut passed: Vec<(Kind, Cube)> = Vec::new();
    let mut entries = 0;
    for group in groups {
        entries += group.accepts.iter().map(|accept| accept.cost()).sum::<usize>();
        if entries > MOST_ENTRIES {
            more += 1;
        } else if let Some(opening) = opening(host, survey, group, &mut passed)? {
            openings.push(opening);
        }
    }
    tell_whole(&mut openings);
    Ok((openings, more))
}

/// Tells what rules ask for where all of that gets in, if by earlier rules.
fn tell_whole(openings: &mut [Opening]) {
    let is_sure = |opening: &&Opening| opening.kind == Kind::Inside && opening.is_sure;
    let all = openings.iter().filter(is_sure).flat_map(|opening| opening.packets.cubes().iter().cloned());
    let all = PacketSet::from_cubes(all);
    for opening in openings.iter_mut().filter(|opening| is_sure(&&**opening)) {
        let is_whole = |told: &PacketSet| told.minus(&all).is_ok_and(|out| out.is_empty());
        // One cube is told best; where there are more, each has its own story.
        if opening.told.cubes().len() > 1 || !is_whole(&opening.told) {
            opening.told = opening.packets.clone();
        }
    }
}

fn kind(survey: &Survey, accept: &Accept) -> Kind {
    match (survey.turned_by(accept), survey.is_inside(accept)) {
        (Some(_), _) => Kind::Published,
        (None, true) => Kind::Inside,
        (None, false) => Kind::Forwarded,
    }
}

/// The rule to name: the innermost on the way that takes anything away from what is asked.
fn named(host: &Host, survey: &Survey, accept: &Accept, asked: &Cube) -> Option<RuleId> {
    let path = path(survey, accept);
    let mut named = *path.last()?;
    let mut left: Vec<Cube> = vec![plain(asked.clone())];
    for rule in path {
        let matched = &host.rule(rule).packets;
        let cubes: Vec<Cube> = matched.cubes().iter().map(|cube| plain(cube.clone())).collect();
        if left.iter().all(|packets| cubes.iter().any(|cube| cube.covers(packets))) {
            continue;
        }
        named = rule;
        left = left.iter().flat_map(|packets| cubes.iter().filter_map(|cube| cube.and(packets))).collect();
    }
    Some(named)
}

/// A cube without what the host itself gives a packet, and without unknowns.
fn plain(cube: Cube) -> Cube {
    use Axis::*;
    cube.forget(|axis| matches!(axis, Mark | ConnMark | State | Direction | Nat | Zone | Atom(_)))
}

/// What a rule lets through, and what all rules so far let through in whichever way.
fn opening(
    host: &Host,
    survey: &Survey,
    group: Group,
    passed: &mut Vec<(Kind, Cube)>,
) -> Result<Option<Opening>, TooManyPieces> {
    let Group { rule, kind, accepts } = group;
    let asked = accepts.iter().flat_map(|accept| survey.asked(accept).into_cubes());
    let asked_for = PacketSet::from_cubes(asked);
    let asked = asked_for.forget(is_unknown).simplify();
    let (mut packets, mut accepted_by, mut turned_by) = (PacketSet::none(), Vec::new(), Vec::new());
    for accept in accepts {
        let exact = survey.packets(accept)?;
        let by = (accept.chain, accept.rule);
        if !exact.is_empty() && accept.rule != Some(rule) && !accepted_by.contains(&by) {
            accepted_by.push(by);
        }
        if !exact.is_empty()
            && let Some(site) = survey.turned_by(accept)
            && !turned_by.contains(&site.rule)
        {
            turned_by.push(site.rule);
        }
        packets.add(exact);
    }
    if packets.is_empty() {
        return Ok(None);
    }
    let known = packets.forget(is_unknown).disjoint()?;
    // What gets through for some answers of the unknowns only depends on them.
    let missing = known.minus(&packets)?;
    let depends_on = missing.atoms();
    passed.extend(packets.cubes().iter().map(|cube| (kind, cube.clone())));
    let is_for_machines = depends_on.iter().any(|atom| host.atoms.get(*atom).machines.is_some());
    let is_kept = is_for_machines && {
        let lost = asked_for.and(&missing);
        let so_far = passed
            .iter()
            .filter(|(its, cube)| *its == kind && lost.cubes().iter().any(|it| it.overlaps(cube)));
        lost.minus(&PacketSet::from_cubes(so_far.map(|(_, cube)| cube.clone())))
            .is_ok_and(|rest| rest.is_empty())
    };
    let kept_if = is_kept.then(|| {
        let mut atoms = asked_for.atoms();
        atoms.retain(|atom| depends_on.contains(atom));
        atoms
    });
    let (packets, is_sure) = (known.simplify(), missing.is_empty());
    let told = if is_sure { asked } else { packets.clone() };
    Ok(Some(Opening { rule, kind, packets, told, is_sure, depends_on, kept_if, turned_by, accepted_by }))
}

/// Is this an axis of what the file does not tell?
pub(super) fn is_unknown(axis: Axis) -> bool {
    matches!(axis, Axis::Atom(_) | Axis::Mark | Axis::ConnMark)
}
