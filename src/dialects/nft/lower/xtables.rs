//! Targets of iptables of which nft tells the name alone.

use super::nat::anything;
use super::rules::Builder;
use crate::model::{Action, AtomKind, Mangle, Nat, Verdict};
use crate::packet::{Axis, Values};
use crate::source::{Span, Spanned};

/// Targets that decide nothing and change nothing that rules look at.
const PASSIVE: [&str; 14] = [
    "comment",
    "LOG",
    "NFLOG",
    "CHECKSUM",
    "CLASSIFY",
    "AUDIT",
    "TRACE",
    "TEE",
    "IDLETIMER",
    "RATEEST",
    "SECMARK",
    "CONNSECMARK",
    "LED",
    "ULOG",
];

/// What the answer of a match hangs on.
pub(super) fn kind_of(name: &str) -> AtomKind {
    match name {
        "limit" | "hashlimit" | "connlimit" | "quota" | "statistic" => AtomKind::Rate,
        "recent" => AtomKind::Remembered,
        _ => AtomKind::Free,
    }
}

/// What a target may do; `None` if the packet goes on.
pub(super) fn target(builder: &mut Builder<'_, '_>, name: &str, span: Span) -> Option<Verdict> {
    match name {
        _ if PASSIVE.contains(&name) => None,
        "DSCP" | "TOS" => mangle(builder, name, &[Axis::Dscp], span),
        "TTL" | "HL" => mangle(builder, name, &[Axis::HopLimit], span),
        "TCPMSS" => mangle(builder, name, &[Axis::Length], span),
        "TCPOPTSTRIP" | "ECN" => mangle(builder, name, &[], span),
        "MARK" | "HMARK" => act(builder, &[Action::ForgetMark], span),
        "CONNMARK" => act(builder, &[Action::ForgetConnMark, Action::ForgetMark], span),
        "CT" => {
            builder.maybe(vec![Action::NoTrack], Verdict::Continue, "CT --notrack", span);
            let track = Action::Track { original: None, reply: None };
            builder.maybe(vec![track], Verdict::Continue, "CT --zone", span);
            None
        }
        "DNAT" | "REDIRECT" => translated(builder, name, Nat::Destination(anything()), span),
        "SNAT" | "MASQUERADE" => translated(builder, name, Nat::Source(anything()), span),
        "NETMAP" => translated(builder, name, Nat::Netmap(Values::all(Axis::Destination)), span),
        "TPROXY" => Some(Verdict::Nat(Box::new(Nat::Tproxy))),
        "NFQUEUE" | "QUEUE" => Some(Verdict::Queue),
        _ => Some(Verdict::Unknown(name.into())),
    }
}

/// A translation to what nft does not tell: perhaps to one of these, perhaps to what it was.
fn translated(builder: &mut Builder<'_, '_>, name: &str, nat: Nat, span: Span) -> Option<Verdict> {
    builder.maybe(Vec::new(), Verdict::Nat(Box::new(nat)), &format!("xt target {name}"), span);
    Some(Verdict::Unknown(name.into()))
}

/// Something is written into packets by which they are neither routed nor tracked.
fn mangle(builder: &mut Builder<'_, '_>, name: &str, axes: &'static [Axis], span: Span) -> Option<Verdict> {
    let text = format!("xt target {name}").into();
    builder.actions.push(Spanned::new(Action::Mangle(Box::new(Mangle { axes, text })), span));
    None
}

fn act(builder: &mut Builder<'_, '_>, actions: &[Action], span: Span) -> Option<Verdict> {
    builder.known.forget(Axis::Mark);
    builder.known.forget(Axis::ConnMark);
    builder.actions.extend(actions.iter().map(|action| Spanned::new(action.clone(), span)));
    None
}
