//! `tcp`, and `comment`, which both stand in so many rules.

use super::super::given::{Given, Instance};
use super::super::options::{flag, one, two};
use super::super::protocols::TCP;
use super::super::rule::Builder;
use super::{Extension, Reading, both, ports};
use crate::model::Families;
use crate::packet::{Axis, Ranges};
use crate::source::Spanned;

pub(super) const ALL: &[Extension] = &[
    Extension {
        name: "tcp",
        families: Families::BOTH,
        options: &[
            one("dport"),
            one("sport"),
            flag("syn"),
            two("tcp-flags"),
            one("destination-port"),
            one("source-port"),
            one("tcp-option"),
        ],
        needs_option: false,
        is_open: false,
        reading: Reading::Exact(tcp),
    },
    both("comment", &[one("comment")], comment),
];

const FLAGS: [(&str, u8); 8] = [
    ("FIN", 0x01),
    ("SYN", 0x02),
    ("RST", 0x04),
    ("PSH", 0x08),
    ("ACK", 0x10),
    ("URG", 0x20),
    ("ALL", 0x3f),
    ("NONE", 0),
];

fn tcp(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    if !ports::is_for(builder, instance, TCP) {
        return;
    }
    ports::once(builder, instance);
    for given in &instance.given {
        match (given.name, ports::axis(given.name)) {
            (_, Some(axis)) => ports::port(builder, given, axis),
            // SYN set; ACK, RST and FIN not.
            ("syn", _) => flags(builder, given, 0x17, 0x02),
            ("tcp-flags", _) => tcp_flags(builder, given),
            _ => builder.pure(given),
        }
    }
}

fn tcp_flags(builder: &mut Builder<'_>, given: &Given<'_, '_>) {
    let [mask, set] = given.values() else { return builder.pure(given) };
    match (bits(&mask.text), bits(&set.text)) {
        (Ok(mask), Ok(set)) => flags(builder, given, mask, set),
        (Err(message), _) => {
            builder.syntax(mask.span, message);
            builder.pure(given);
        }
        (_, Err(message)) => {
            builder.syntax(set.span, message);
            builder.pure(given);
        }
    }
}

/// The bits of a list of flags.
fn bits(text: &str) -> Result<u8, String> {
    text.split(',').try_fold(0, |bits, name| {
        let flag = FLAGS.iter().find(|flag| flag.0.eq_ignore_ascii_case(name));
        flag.map(|flag| bits | flag.1).ok_or_else(|| format!("unknown TCP flag `{name}`"))
    })
}

fn flags(builder: &mut Builder<'_>, given: &Given<'_, '_>, mask: u8, set: u8) {
    // Without a flag to look at, `NONE SYN` and `! NONE NONE` never hold with iptables-legacy. iptables-nft 1.8.9 leaves them
    // out, so that they always do.
    if mask == 0 && given.negated == (set == 0) {
        return builder.pure(given);
    }
    let fitting = (0..=0xff_u8).filter(|flags| flags & mask == set).map(|flags| (flags.into(), flags.into()));
    builder.field(Axis::TcpFlags, Ranges::union(fitting), given.negated, given.span);
}

/// A comment decides nothing. Several become one.
fn comment(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    for given in &instance.given {
        if given.negated {
            builder.syntax(given.span, "a comment cannot be negated");
        }
        let Some(word) = given.value() else { continue };
        builder.comment = Some(match builder.comment.take() {
            None => Spanned::new(word.text.as_ref().into(), word.span),
            Some(first) => {
                Spanned::new(format!("{} {}", first.value, word.text).into(), first.span.to(word.span))
            }
        });
    }
}
