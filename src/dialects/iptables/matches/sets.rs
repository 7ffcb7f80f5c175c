//! Lookups in ipsets: `set`.

use super::super::given::{Given, Instance};
use super::super::options::{flag, one, two};
use super::super::rule::Builder;
use super::{Extension, both};
use crate::model::{AtomKind, Key, Lookup, RemarkKind, Side};
use crate::source::Spanned;

pub(super) const ALL: &[Extension] = &[both(
    "set",
    &[
        two("match-set"),
        two("set"),
        flag("return-nomatch"),
        flag("update-counters"),
        flag("update-subcounters"),
        one("packets-eq"),
        one("packets-lt"),
        one("packets-gt"),
        one("bytes-eq"),
        one("bytes-lt"),
        one("bytes-gt"),
    ],
    read,
)];

fn read(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    let counts = instance
        .given
        .iter()
        .any(|given| given.name.starts_with("packets") || given.name.starts_with("bytes"));
    let is_turned = instance.given.iter().any(|given| given.name == "return-nomatch");
    for given in &instance.given {
        if given.name == "set" {
            builder.remark(RemarkKind::Outdated, given.span, "`--set` is called `--match-set` today");
        }
        match given.name {
            // Counters change from packet to packet.
            "match-set" | "set" if counts => builder.atom(instance.text(), AtomKind::Free, instance.span),
            "match-set" | "set" if is_turned => builder.atom(instance.text(), AtomKind::Pure, instance.span),
            "match-set" | "set" => lookup(builder, given),
            _ => {}
        }
    }
    if !instance.given.iter().any(|given| matches!(given.name, "match-set" | "set")) {
        builder.syntax(instance.span, "`-m set` needs `--match-set`");
    }
}

fn lookup(builder: &mut Builder<'_>, given: &Given<'_, '_>) {
    let [set, sides] = given.values() else { return builder.pure(given) };
    match keys(&sides.text) {
        Ok(keys) => {
            let set = set.text.as_ref().into();
            let lookup = Lookup { set, keys, negated: given.negated }.into();
            builder.matches.push(Spanned::new(lookup, given.span));
        }
        Err(message) => {
            builder.syntax(sides.span, message);
            builder.pure(given);
        }
    }
}

/// `src,dst,…`, six at most.
fn keys(text: &str) -> Result<Vec<Key>, String> {
    let keys = text.split(',').map(|side| match side {
        "src" => Ok(Key::Side(Side::Source)),
        "dst" => Ok(Key::Side(Side::Destination)),
        other => Err(format!("a side is `src` or `dst`, not `{other}`")),
    });
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if keys.len() > 6 {
        Err(format!("{} sides are more than the 6 that a set can have", keys.len()))
    } else {
        Ok(keys)
    }
}
