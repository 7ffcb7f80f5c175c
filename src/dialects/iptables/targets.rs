//! The targets that `-j` knows, and what they decide.

mod marks;
mod nat;
mod reject;

use super::given::Target;
use super::numerals;
use super::options::{Opt, flag, one, two};
use super::rule::Builder;
use crate::dialects::nearest;
use crate::model::{Action, Families, Mangle, RemarkKind, Verdict};
use crate::packet::Axis;
use crate::source::Spanned;

/// A target that is no chain.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its name behind `-j`.
    pub name: &'static str,
    /// Where it exists: iptables, ip6tables, or both.
    pub families: Families,
    /// Its options.
    pub options: &'static [Opt],
    /// Are its options not known here, so that it takes all that nobody else knows?
    pub is_open: bool,
    /// What it decides; what it does besides becomes an action.
    pub read: fn(&mut Builder<'_>, &Target<'_, '_>) -> Verdict,
}

/// The target of a name.
pub(super) fn find(name: &str) -> Option<&'static Kind> {
    ALL.iter().flat_map(|list| list.iter()).find(|kind| kind.name == name)
}

/// What a target decides. A name that is no target is a chain, unless it takes options.
pub(super) fn read(builder: &mut Builder<'_>, target: &Target<'_, '_>) -> Spanned<Verdict> {
    let name = || target.word.text.as_ref().into();
    let verdict = match target.kind {
        _ if target.word.unresolved => Verdict::Unknown(name()),
        Some(kind) => {
            if !kind.families.has(builder.family) {
                let message = format!("`{}` is a target of the other family", kind.name);
                builder.syntax(target.word.span, message);
            }
            (kind.read)(builder, target)
        }
        None if target.goto => Verdict::Goto(name()),
        None if target.given.is_empty() => Verdict::Jump(name()),
        None => {
            builder.remark(RemarkKind::UnknownMatch, target.word.span, unknown(&target.word.text));
            Verdict::Unknown(name())
        }
    };
    Spanned::new(verdict, target.span)
}

/// In which zones `-j CT` has a packet tracked. `--zone mark` takes the packet's mark, which is not followed.
fn zones(builder: &mut Builder<'_>, target: &Target<'_, '_>) -> Action {
    let (mut original, mut reply) = (Some(0), Some(0));
    for given in &target.given {
        let Some(word) = given.value() else { continue };
        let zone = numerals::number(&word.text, u16::MAX.into()).map(|zone| zone as u16);
        let is_one = zone.is_some() || word.unresolved || *word.text == *"mark";
        match given.name {
            "zone" => (original, reply) = (zone, zone),
            "zone-orig" => original = zone,
            "zone-reply" => reply = zone,
            _ => continue,
        }
        if !is_one {
            builder.syntax(word.span, format!("`{}` is no conntrack zone, 0 to 65535", word.text));
        }
    }
    Action::Track { original, reply }
}

fn unknown(name: &str) -> String {
    let all = ALL.iter().flat_map(|list| list.iter());
    match nearest::nearest(name, all.map(|kind| kind.name)) {
        Some(near) => format!("unknown target `{name}`; perhaps `{near}`"),
        None => format!("unknown target `{name}`"),
    }
}

const ALL: [&[Kind]; 4] = [PLAIN, nat::ALL, marks::ALL, OTHERS];

const PLAIN: &[Kind] = &[
    kind("ACCEPT", &[], |_, _| Verdict::Accept),
    kind("DROP", &[], |_, _| Verdict::Drop),
    kind("RETURN", &[], |_, _| Verdict::Return),
    kind("REJECT", &[one("reject-with")], reject::read),
    kind("QUEUE", &[], |_, _| Verdict::Queue),
    kind(
        "NFQUEUE",
        &[one("queue-num"), one("queue-balance"), flag("queue-bypass"), flag("queue-cpu-fanout")],
        |_, _| Verdict::Queue,
    ),
];

const OTHERS: &[Kind] = &[
    passes(
        "LOG",
        &[
            one("log-prefix"),
            one("log-level"),
            flag("log-tcp-sequence"),
            flag("log-tcp-options"),
            flag("log-ip-options"),
            flag("log-uid"),
            flag("log-macdecode"),
        ],
    ),
    kind(
        "NFLOG",
        &[
            one("nflog-group"),
            one("nflog-prefix"),
            one("nflog-range"),
            one("nflog-size"),
            one("nflog-threshold"),
        ],
        |builder, target| {
            if let Some(given) = target.given.iter().find(|given| given.name == "nflog-range") {
                let message = "`--nflog-range` has never worked, `--nflog-size` does";
                builder.remark(RemarkKind::Deprecated, given.span, message);
            }
            Verdict::Continue
        },
    ),
    Kind {
        families: Families::V4,
        ..kind(
            "ULOG",
            &[one("ulog-nlgroup"), one("ulog-prefix"), one("ulog-cprange"), one("ulog-qthreshold")],
            |builder, target| {
                builder.remark(RemarkKind::Deprecated, target.span, "target `ULOG` is superseded by `NFLOG`");
                Verdict::Continue
            },
        )
    },
    kind("NOTRACK", &[], |builder, target| {
        builder.actions.push(Spanned::new(Action::NoTrack, target.span));
        Verdict::Continue
    }),
    kind(
        "CT",
        &[
            flag("notrack"),
            one("helper"),
            one("timeout"),
            one("ctevents"),
            one("expevents"),
            one("zone"),
            one("zone-orig"),
            one("zone-reply"),
        ],
        |builder, target| {
            let notrack = target.given.iter().find(|given| given.name == "notrack");
            let (action, span) = match notrack {
                Some(given) => (Action::NoTrack, given.span),
                None => (zones(builder, target), target.span),
            };
            builder.actions.push(Spanned::new(action, span));
            Verdict::Continue
        },
    ),
    passes("TRACE", &[]),
    passes("AUDIT", &[one("type")]),
    passes("CHECKSUM", &[flag("checksum-fill")]),
    passes("CLASSIFY", &[one("set-class")]),
    passes("CONNSECMARK", &[flag("save"), flag("restore")]),
    passes("SECMARK", &[one("selctx")]),
    kind("DSCP", &[one("set-dscp"), one("set-dscp-class")], |builder, target| {
        mangle(builder, target, &[Axis::Dscp])
    }),
    kind("TOS", &[one("set-tos"), one("and-tos"), one("or-tos"), one("xor-tos")], |builder, target| {
        mangle(builder, target, &[Axis::Dscp])
    }),
    passes("IDLETIMER", &[one("timeout"), one("label"), flag("alarm")]),
    passes("LED", &[one("led-trigger-id"), one("led-delay"), flag("led-always-blink")]),
    passes("RATEEST", &[one("rateest-name"), one("rateest-interval"), one("rateest-ewmalog")]),
    kind(
        "SET",
        &[
            two("add-set"),
            two("del-set"),
            two("map-set"),
            one("timeout"),
            flag("exist"),
            flag("map-mark"),
            flag("map-prio"),
            flag("map-queue"),
        ],
        |builder, target| {
            for given in &target.given {
                let set = || given.value().map_or("", |word| &word.text).into();
                let action = match given.name {
                    "add-set" => Action::Fill { set: set(), adds: true, deletes: false },
                    "del-set" => Action::Fill { set: set(), adds: false, deletes: true },
                    "map-mark" => Action::ForgetMark,
                    _ => continue,
                };
                builder.actions.push(Spanned::new(action, given.span));
            }
            Verdict::Continue
        },
    ),
    kind("TCPMSS", &[one("set-mss"), flag("clamp-mss-to-pmtu")], |builder, target| {
        mangle(builder, target, &[Axis::Length])
    }),
    kind("TCPOPTSTRIP", &[one("strip-options")], |builder, target| mangle(builder, target, &[])),
    passes("TEE", &[one("gateway")]),
    Kind {
        families: Families::V4,
        ..kind("TTL", &[one("ttl-set"), one("ttl-dec"), one("ttl-inc")], |builder, target| {
            mangle(builder, target, &[Axis::HopLimit])
        })
    },
    Kind {
        families: Families::V4,
        ..kind("ECN", &[flag("ecn-tcp-remove")], |builder, target| mangle(builder, target, &[]))
    },
    Kind {
        families: Families::V6,
        ..kind("HL", &[one("hl-set"), one("hl-dec"), one("hl-inc")], |builder, target| {
            mangle(builder, target, &[Axis::HopLimit])
        })
    },
    // These answer, drop, or change addresses in ways that are not modelled.
    undecided("SYNPROXY", &[one("mss"), one("wscale"), flag("sack-perm"), flag("timestamp"), flag("ecn")]),
    Kind { families: Families::V6, ..undecided("DNPT", &[one("src-pfx"), one("dst-pfx")]) },
    Kind { families: Families::V6, ..undecided("SNPT", &[one("src-pfx"), one("dst-pfx")]) },
    Kind {
        families: Families::V4,
        ..kind(
            "CLUSTERIP",
            &[
                flag("new"),
                one("hashmode"),
                one("clustermac"),
                one("total-nodes"),
                one("local-node"),
                one("hash-init"),
            ],
            |builder, target| {
                let message = "target `CLUSTERIP` is superseded by match `cluster`";
                builder.remark(RemarkKind::Deprecated, target.span, message);
                Verdict::Unknown("CLUSTERIP".into())
            },
        )
    },
    // The targets of xtables-addons and of other well-known projects, whose options are their own.
    open("ACCOUNT"),
    open("CHAOS"),
    open("DELUDE"),
    open("DHCPMAC"),
    open("DNETMAP"),
    open("ECHO"),
    open("IPMARK"),
    open("IPV4OPTSSTRIP"),
    open("JOOL"),
    open("JOOL_SIIT"),
    open("LOGMARK"),
    open("NDPI"),
    open("PROTO"),
    open("RTPENGINE"),
    open("SYSRQ"),
    open("TARPIT"),
];

const fn kind(
    name: &'static str,
    options: &'static [Opt],
    read: fn(&mut Builder<'_>, &Target<'_, '_>) -> Verdict,
) -> Kind {
    Kind { name, families: Families::BOTH, options, is_open: false, read }
}

/// A target behind which the next rule comes.
const fn passes(name: &'static str, options: &'static [Opt]) -> Kind {
    kind(name, options, |_, _| Verdict::Continue)
}

/// A target that writes something into the packet by which it is neither routed nor tracked.
fn mangle(builder: &mut Builder<'_>, target: &Target<'_, '_>, axes: &'static [Axis]) -> Verdict {
    let words = target.given.iter().map(|given| {
        let value = given.value().map_or("", |word| &word.text);
        format!(" --{} {value}", given.name)
    });
    let text = format!("{}{}", target.word.text, words.collect::<String>()).trim_end().into();
    builder.actions.push(Spanned::new(Action::Mangle(Box::new(Mangle { axes, text })), target.span));
    Verdict::Continue
}

/// A target that may decide anything.
const fn undecided(name: &'static str, options: &'static [Opt]) -> Kind {
    kind(name, options, |_, target| Verdict::Unknown(target.word.text.as_ref().into()))
}

const fn open(name: &'static str) -> Kind {
    Kind { is_open: true, ..undecided(name, &[]) }
}
