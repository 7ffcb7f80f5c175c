//! The matches that `-m` knows.

use super::options::{Opt, one};
use super::parse::Instance;
use super::rule::Builder;
use crate::model::RemarkKind;

/// A match extension.
#[derive(Debug)]
pub(super) struct Extension {
    pub name: &'static str,
    pub options: &'static [Opt],
    /// Adds what the options of one use say.
    pub read: fn(&mut Builder<'_>, &Instance<'_>),
}

/// A match that iptables does not know.
pub(super) const UNKNOWN: Extension = Extension {
    name: "",
    options: &[],
    read: |builder, instance| {
        builder.remark(RemarkKind::UnknownMatch, instance.span, format!("unknown match `{}`", instance.name));
        builder.atom(instance.text(), false, instance.span);
    },
};

const ALL: &[Extension] = &[
    Extension { name: "tcp", options: &[one("dport"), one("sport")], read: pure },
    Extension { name: "udp", options: &[one("dport"), one("sport")], read: pure },
];

/// The match of a name.
pub(super) fn find(name: &str) -> Option<&'static Extension> {
    ALL.iter().find(|extension| extension.name == name)
}

fn pure(builder: &mut Builder<'_>, instance: &Instance<'_>) {
    if !instance.given.is_empty() {
        builder.atom(instance.text(), true, instance.span);
    }
}
