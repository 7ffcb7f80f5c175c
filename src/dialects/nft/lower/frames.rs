//! Chains that see the frames of devices, of bridges, and of address resolution: for which of the
//! host's IP packets they count.
//!
//! Such a chain is made one of the hooks ingress and egress, and each of its rules asks first whether
//! the packet is one that comes there. What would be its policy is then its last rule.

use crate::dialects::nft::ast::{Family, Hook};
use crate::model::{self, Atom, Chain, Match, Policy, Rule, Verdict};
use crate::packet::values::name;
use crate::packet::{Axis, Ranges, Values};
use crate::source::{Span, Spanned};

/// Puts a chain at its place on the way of IP packets. A chain that only sees frames from one port of a
/// bridge to another is called by nothing.
pub(super) fn bind(family: Family, hook: &Hook<'_>, chain: &mut Chain) {
    let Some(base) = &mut chain.base else { return };
    let guard = match (family, base.hook) {
        (Family::Netdev | Family::Inet, model::Hook::Ingress) => devices(hook, Axis::InInterface),
        (Family::Netdev, _) => devices(hook, Axis::OutInterface),
        (Family::Bridge, model::Hook::Forward) => {
            chain.base = None;
            return;
        }
        (Family::Bridge, model::Hook::Prerouting | model::Hook::Input) => {
            base.hook = model::Hook::Ingress;
            vec![crosses("the packet comes in over a bridge")]
        }
        (Family::Bridge, _) => {
            base.hook = model::Hook::Egress;
            vec![crosses("the packet leaves over a bridge")]
        }
        // Who is not resolved is sent nothing, and cannot ask for the host either.
        (Family::Arp, _) => {
            base.hook = model::Hook::Egress;
            let lo = Ranges::union(name("lo").map(|name| (name, name)));
            vec![Match::Field(Axis::OutInterface, lo.complement(u128::MAX).into())]
        }
        _ => return,
    };
    let policy = base.policy;
    base.policy = Spanned::new(Policy::Accept, policy.span);
    let drops = policy.value == Policy::Drop;
    let drop = |matches: Vec<Spanned<Match>>, span: Span| Rule {
        span,
        matches,
        actions: Vec::new(),
        verdict: Spanned::new(Verdict::Drop, span),
        comment: None,
    };
    let mut rules = Vec::with_capacity(chain.rules.len() + usize::from(drops));
    for mut rule in std::mem::take(&mut chain.rules) {
        rule.matches.splice(..0, at(&guard, rule.span));
        // What leaves the chain by the way that leads to its policy is dropped by it.
        match rule.verdict.value.clone() {
            Verdict::Return if drops => rule.verdict.value = Verdict::Drop,
            Verdict::Goto(target) if drops => {
                let end = drop(rule.matches.clone(), rule.span);
                rule.verdict.value = Verdict::Jump(target);
                rules.push(rule);
                rules.push(end);
                continue;
            }
            _ => {}
        }
        rules.push(rule);
    }
    if drops {
        rules.push(drop(at(&guard, policy.span), policy.span));
    }
    chain.rules = rules;
}

/// Only packets of the devices of the chain come there.
fn devices(hook: &Hook<'_>, axis: Axis) -> Vec<Match> {
    let names = hook.devices.iter().filter_map(|device| name(&device.value));
    let values = Values::from(Ranges::union(names.map(|name| (name, name))));
    vec![Match::Field(axis, values)]
}

/// Which interfaces are bridges, the file does not tell.
fn crosses(question: &str) -> Match {
    Atom::pure(question).into()
}

fn at(guard: &[Match], span: Span) -> Vec<Spanned<Match>> {
    guard.iter().map(|condition| Spanned::new(condition.clone(), span)).collect()
}
