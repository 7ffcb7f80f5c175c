//! The matches that need no `-m`: protocol, addresses, interfaces, fragments.

use super::parse::Given;
use super::protocols;
use super::rule::Builder;
use crate::packet::values::{name, names_with_prefix};
use crate::packet::{Axis, Ranges};

/// Adds what an option says.
pub(super) fn read(builder: &mut Builder<'_>, letter: char, given: &Given<'_>) {
    let Some(word) = given.value().filter(|word| !word.unresolved) else { return builder.pure(given) };
    match letter {
        'p' => match protocols::number(&word.text) {
            Some(0) => {}
            Some(number) => {
                builder.field(Axis::Protocol, Ranges::single(u128::from(number)), given.negated, given.span);
            }
            None => builder.refuse(given, word.span, format!("unknown protocol `{}`", word.text)),
        },
        'i' | 'o' => {
            let axis = if letter == 'i' { Axis::InInterface } else { Axis::OutInterface };
            let range = match word.text.strip_suffix('+') {
                Some(start) => names_with_prefix(start),
                None => name(&word.text).map(|name| (name, name)),
            };
            match range {
                Some((low, high)) => builder.field(axis, Ranges::new(low, high), given.negated, given.span),
                None => builder.refuse(given, word.span, format!("`{}` is no interface's name", word.text)),
            }
        }
        _ => builder.pure(given),
    }
}
