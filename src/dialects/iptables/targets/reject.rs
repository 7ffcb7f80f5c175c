//! What REJECT answers.

use super::super::given::{Protocol, Target};
use super::super::protocols::TCP;
use super::super::rule::Builder;
use crate::model::{Reject, Verdict};
use crate::packet::Family;

/// The names of an answer, the usual one first, and the type and code of its ICMP error; none for a
/// TCP reset.
type Answer = (&'static str, &'static str, Option<(u8, u8)>);

/// In the order in which iptables looks for the beginning of a name.
const V4: &[Answer] = &[
    ("icmp-net-unreachable", "net-unreach", Some((3, 0))),
    ("icmp-host-unreachable", "host-unreach", Some((3, 1))),
    ("icmp-proto-unreachable", "proto-unreach", Some((3, 2))),
    ("icmp-port-unreachable", "port-unreach", Some((3, 3))),
    ("icmp-net-prohibited", "net-prohib", Some((3, 9))),
    ("icmp-host-prohibited", "host-prohib", Some((3, 10))),
    ("tcp-reset", "tcp-rst", None),
    ("icmp-admin-prohibited", "admin-prohib", Some((3, 13))),
];

const V6: &[Answer] = &[
    ("icmp6-no-route", "no-route", Some((1, 0))),
    ("icmp6-adm-prohibited", "adm-prohibited", Some((1, 1))),
    ("icmp6-addr-unreachable", "addr-unreach", Some((1, 3))),
    ("icmp6-port-unreachable", "port-unreach", Some((1, 4))),
    ("tcp-reset", "tcp-reset", None),
    ("icmp6-policy-fail", "policy-fail", Some((1, 5))),
    ("icmp6-reject-route", "reject-route", Some((1, 6))),
];

/// Reads REJECT. Without a type it says that the port is unreachable.
pub(super) fn read(builder: &mut Builder<'_>, target: &Target<'_, '_>) -> Verdict {
    let (answers, usual) = match builder.family {
        Family::V4 => (V4, Reject::Icmp { kind: 3, code: 3 }),
        Family::V6 => (V6, Reject::Icmp { kind: 1, code: 4 }),
    };
    let mut reject = usual;
    for word in target.given.iter().filter_map(|given| given.value()).filter(|word| !word.unresolved) {
        let starts =
            |full: &str| full.get(..word.text.len()).is_some_and(|it| it.eq_ignore_ascii_case(&word.text));
        let fits = |answer: &&Answer| !word.text.is_empty() && (starts(answer.0) || starts(answer.1));
        match answers.iter().find(fits) {
            Some((_, _, Some((kind, code)))) => reject = Reject::Icmp { kind: *kind, code: *code },
            Some((_, _, None)) => {
                if !matches!(builder.protocol, Protocol::Is(TCP) | Protocol::Unresolved) {
                    builder.syntax(word.span, "`tcp-reset` needs `-p tcp`");
                }
                reject = Reject::TcpReset;
            }
            None => builder.syntax(word.span, format!("unknown type of answer `{}`", word.text)),
        }
    }
    Verdict::Reject(reject)
}
