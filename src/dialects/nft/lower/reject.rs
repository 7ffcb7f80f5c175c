//! Answers of `reject`.

use super::rules::Builder;
use super::values::Numbers;
use crate::dialects::nft::ast::{Datatype, Expression, Family, Reject};
use crate::model::{self, Verdict};
use crate::packet::{Axis, Ranges};
use crate::source::Span;

/// Type of the ICMP error "destination unreachable".
const UNREACHABLE_V4: u8 = 3;
/// Type of the ICMPv6 error "destination unreachable".
const UNREACHABLE_V6: u8 = 1;
/// The codes of "port unreachable".
const PORT: (u8, u8) = (3, 4);

/// The verdict of a reject; what it answers limits the packets that it matches.
pub(super) fn verdict(builder: &mut Builder<'_, '_>, with: Option<&Reject<'_>>, span: Span) -> Verdict {
    use crate::packet::Family::{V4, V6};
    let of = |family: crate::packet::Family| Ranges::single(family.number()).into();
    let reject = match with {
        None => model::Reject::Icmpx { v4: PORT.0, v6: PORT.1 },
        Some(Reject::TcpReset) => {
            builder.field(Axis::Protocol, Ranges::single(6).into(), span);
            model::Reject::TcpReset
        }
        Some(Reject::Icmp(code)) => {
            builder.field(Axis::Family, of(V4), span);
            let code = number(builder, Datatype::IcmpCode, code).unwrap_or(PORT.0);
            model::Reject::Icmp { kind: UNREACHABLE_V4, code }
        }
        Some(Reject::Icmpv6(code)) => {
            builder.field(Axis::Family, of(V6), span);
            let code = number(builder, Datatype::Icmpv6Code, code).unwrap_or(PORT.1);
            model::Reject::Icmp { kind: UNREACHABLE_V6, code }
        }
        Some(Reject::Icmpx(code)) => {
            // nf_reject_icmp_code and nf_reject_icmpv6_code of nft_reject_inet.c
            let (v4, v6) = match number(builder, Datatype::IcmpxCode, code) {
                Some(0) => (0, 0),
                Some(2) => (1, 3),
                Some(3) => (13, 1),
                _ => PORT,
            };
            model::Reject::Icmpx { v4, v6 }
        }
    };
    Verdict::Reject(match (reject, builder.family) {
        (model::Reject::Icmpx { v4, .. }, Family::Ip) => {
            model::Reject::Icmp { kind: UNREACHABLE_V4, code: v4 }
        }
        (model::Reject::Icmpx { v6, .. }, Family::Ip6) => {
            model::Reject::Icmp { kind: UNREACHABLE_V6, code: v6 }
        }
        (reject, _) => reject,
    })
}

fn number(builder: &mut Builder<'_, '_>, datatype: Datatype, code: &Expression<'_>) -> Option<u8> {
    let number = Numbers::of(datatype).number(code, &mut builder.remarks).ok()?;
    u8::try_from(number).ok()
}
