//! The matches that need no `-m`: protocol, addresses, interfaces, fragments.

use super::address::{self, NoAddress};
use super::given::Given;
use super::protocols;
use super::rule::Builder;
use crate::model::{AtomKind, RemarkKind};
use crate::packet::values::{name, names_with_prefix};
use crate::packet::{Axis, Family, Ranges};

/// Adds what an option says.
pub(super) fn read(builder: &mut Builder<'_>, letter: char, given: &Given<'_, '_>) {
    match (letter, given.value()) {
        // An option that is not known at all: it has its remark already.
        ('?', _) => {
            let is_variable = given.is_unresolved() || given.name.contains('$');
            let kind = if is_variable { AtomKind::Pure } else { AtomKind::Free };
            builder.atom(given.text(), kind, given.span);
        }
        ('f', _) if builder.family == Family::V6 => {
            builder.syntax(given.span, "`-f` does not exist in ip6tables, only `-m frag`");
            builder.pure(given);
        }
        ('p', Some(word)) if !word.unresolved => protocol(builder, given, &word.text),
        ('s', Some(word)) if !word.unresolved => addresses(builder, given, Axis::Source, &word.text),
        ('d', Some(word)) if !word.unresolved => addresses(builder, given, Axis::Destination, &word.text),
        ('i', Some(word)) if !word.unresolved => interface(builder, given, Axis::InInterface, &word.text),
        ('o', Some(word)) if !word.unresolved => interface(builder, given, Axis::OutInterface, &word.text),
        _ => builder.pure(given),
    }
}

fn protocol(builder: &mut Builder<'_>, given: &Given<'_, '_>, text: &str) {
    match protocols::number(text) {
        Some(0) if given.negated => builder.refuse(given, "a rule for no protocol at all never matches"),
        Some(0) => {}
        Some(number) => {
            builder.field(Axis::Protocol, Ranges::single(u128::from(number)), given.negated, given.span);
        }
        // The machine may have more names in its `/etc/protocols`.
        None if text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            let at = given.value().map_or(given.span, |word| word.span);
            builder.remark(RemarkKind::UnknownMatch, at, format!("unknown protocol `{text}`"));
            builder.pure(given);
        }
        None => builder.refuse(given, format!("`{text}` is no protocol, 0 to 255")),
    }
}

/// A list of addresses makes one rule for each, which is as good as their union.
fn addresses(builder: &mut Builder<'_>, given: &Given<'_, '_>, axis: Axis, text: &str) {
    if !text.as_bytes().contains(&b',') {
        match address::network(text, builder.family) {
            Ok(ranges) => builder.field(axis, ranges, given.negated, given.span),
            Err(NoAddress::Wrong(message)) => builder.refuse(given, message),
            Err(NoAddress::Name | NoAddress::TooManyRanges) => builder.pure(given),
        }
        return;
    }
    if given.negated {
        return builder.refuse(given, "`!` does not go with a list of addresses");
    }
    let parts: Result<Vec<_>, _> =
        text.split(',').map(|part| address::network(part, builder.family)).collect();
    match parts {
        Ok(parts) => {
            let all = Ranges::union(parts.iter().flat_map(Ranges::iter));
            builder.field(axis, all, false, given.span);
        }
        Err(NoAddress::Wrong(message)) => builder.refuse(given, message),
        Err(NoAddress::Name | NoAddress::TooManyRanges) => builder.pure(given),
    }
}

fn interface(builder: &mut Builder<'_>, given: &Given<'_, '_>, axis: Axis, text: &str) {
    match (text, names(text)) {
        // The two kinds of iptables disagree about `! -i +`.
        ("+", _) if given.negated => builder.pure(given),
        ("+", _) => {}
        (_, Some(names)) => builder.field(axis, names, given.negated, given.span),
        ("", None) => builder.refuse(given, "the name of an interface is missing"),
        (_, None) => {
            builder.refuse(given, format!("`{text}` is longer than the 15 bytes of an interface's name"))
        }
    }
}

/// Interface names: one, or behind a `+` all that begin so. `None` for what cannot be a name.
pub(super) fn names(text: &str) -> Option<Ranges> {
    let (low, high) = match text.strip_suffix('+') {
        Some(start) => names_with_prefix(start)?,
        None => name(text).map(|name| (name, name))?,
    };
    Some(Ranges::new(low, high))
}
