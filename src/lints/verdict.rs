//! What a report says of each unit, findings or not: the verdict in a few words, and what was taken for
//! granted.

use rayon::prelude::*;

use super::Context;
use crate::config::RunsIn;
use crate::eval::CompiledRule;
use crate::model::Match;
use crate::packet::Axis;

/// What was decided about a unit: what it is about, and the verdict.
pub fn verdicts(context: &Context) -> Vec<(String, String)> {
    let mut verdicts = Vec::new();
    if let Some(tunnel) = context.judged_tunnel() {
        verdicts.push((tunnel.profile.program.clone(), tunnel.summary(context)));
    } else if let Some(profile) = context.profile.filter(|_| context.is_tunnel_undecided()) {
        verdicts.push((profile.program.clone(), "not decided, the rules are too tangled".to_owned()));
    }
    if let Some(inward) = super::exposure::words::summary(context) {
        verdicts.push(("in".to_owned(), inward));
    }
    if let Some(probed) = super::probe::summary(context) {
        verdicts.push(("probed".to_owned(), probed));
    }
    verdicts
}

/// What the verdicts take for granted: phrases.
pub fn assumptions(context: &Context) -> Vec<String> {
    if context.is_fragment() {
        return Vec::new();
    }
    if context.unit.ruleset.is_perimeter() {
        let own = ["machines have no filter of their own", "names are resolved by the cloud's own resolver"];
        let is_own = context.settings.resolvers.value.is_empty();
        return own.into_iter().take(if is_own { 2 } else { 1 }).map(str::to_owned).collect();
    }
    let mut assumptions = vec![
        "routing is symmetric: answers come back by the interface by which the question left",
        "packets begin without a mark",
        "remote machines have no address of this host",
        "no eBPF program decides",
    ];
    if asks(context, |part| matches!(part, Match::Field(Axis::InPort | Axis::OutPort, _))) {
        assumptions.push("no bridge hands its packets to iptables (br_netfilter is off)");
    }
    if context.host.atoms.assumed().any(|(atom, _)| !context.host.atoms.get(atom).text.contains("rpfilter")) {
        assumptions.push("packets are whole and without extension headers");
    }
    if context.routes.interfaces.is_empty() {
        assumptions.push("the uplink may be any interface but lo and those of bridges, containers and taps");
    }
    let mut assumptions: Vec<String> = assumptions.into_iter().map(str::to_owned).collect();
    assumptions.extend(foreign(context));
    if let Some(probed) = &context.unit.probed {
        let who = probed.uid.map_or_else(|| "an unknown user".to_owned(), |uid| format!("user {uid}"));
        let who = format!("the network treats packets of cloudflared like the probes, which {who} sent");
        assumptions.push(format!("{who} on the host itself"));
    }
    assumptions
}

/// That the edge is dialled from an address of the host, where it is none of those that were told: nothing can be bound to
/// another.
fn foreign(context: &Context) -> Option<String> {
    let bound = context.settings.bound()?;
    let is_told = context.routes.interfaces.iter().any(|interface| !interface.addresses.is_empty());
    let is_foreign = is_told && !context.routes.owns(bound);
    let is_seen = context.profile.is_some() && context.settings.runs_in.value == RunsIn::Host;
    (is_foreign && is_seen).then(|| {
        format!("{bound} (edge-bind-address) is an address of this host: the interfaces that were told do not have it")
    })
}

/// Does a rule of the unit ask this?
pub(super) fn asks(context: &Context, is_it: impl Fn(&Match) -> bool + Sync) -> bool {
    /// So few rules are not worth another thread.
    const FEW: usize = 1024;
    let asks = |rule: &CompiledRule| rule.rule.matches.iter().any(|part| is_it(&part.value));
    context.host.chains.iter().any(|chain| chain.rules.par_iter().with_min_len(FEW).any(asks))
}
