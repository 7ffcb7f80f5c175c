//! Matches that the file cannot decide, or not without reading the packet's content.

use super::super::given::Instance;
use super::super::options::{Opt, flag, one, up_to};
use super::super::rule::Builder;
use super::{Extension, Reading, open};
use crate::model::{AtomKind, Families, Match};
use crate::packet::{Axis, Ranges};
use crate::source::Spanned;

/// A match that the packet and the file alone decide, in a way that is not modelled.
const fn pure(name: &'static str, options: &'static [Opt]) -> Extension {
    of(name, Families::BOTH, options, AtomKind::Pure)
}

/// A match that remembers, asks others, or looks at the clock.
const fn free(name: &'static str, options: &'static [Opt]) -> Extension {
    of(name, Families::BOTH, options, AtomKind::Free)
}

/// A match that counts or draws lots, and so holds now and then for everyone.
const fn rate(name: &'static str, options: &'static [Opt]) -> Extension {
    of(name, Families::BOTH, options, AtomKind::Rate)
}

const fn of(name: &'static str, families: Families, options: &'static [Opt], kind: AtomKind) -> Extension {
    let reading = Reading::Atom(kind);
    Extension { name, families, options, needs_option: true, is_open: false, reading }
}

const fn without_options(extension: Extension) -> Extension {
    Extension { needs_option: false, ..extension }
}

pub(super) const ALL: &[Extension] = &[
    Extension {
        reading: Reading::Exact(limit),
        ..without_options(rate("limit", &[one("limit"), one("limit-burst")]))
    },
    rate(
        "hashlimit",
        &[
            one("hashlimit"),
            one("hashlimit-upto"),
            one("hashlimit-above"),
            one("hashlimit-burst"),
            one("hashlimit-mode"),
            one("hashlimit-srcmask"),
            one("hashlimit-dstmask"),
            one("hashlimit-name"),
            one("hashlimit-htable-size"),
            one("hashlimit-htable-max"),
            one("hashlimit-htable-expire"),
            one("hashlimit-htable-gcinterval"),
            flag("hashlimit-rate-match"),
            one("hashlimit-rate-interval"),
        ],
    ),
    Extension {
        reading: Reading::Exact(recent),
        ..free(
            "recent",
            &[
                flag("set"),
                flag("rcheck"),
                flag("update"),
                flag("remove"),
                one("seconds"),
                flag("reap"),
                one("hitcount"),
                flag("rttl"),
                one("name"),
                flag("rsource"),
                flag("rdest"),
                one("mask"),
            ],
        )
    },
    rate(
        "connlimit",
        &[
            one("connlimit-upto"),
            one("connlimit-above"),
            one("connlimit-mask"),
            flag("connlimit-saddr"),
            flag("connlimit-daddr"),
        ],
    ),
    free("connbytes", &[one("connbytes"), one("connbytes-dir"), one("connbytes-mode")]),
    free("connlabel", &[one("label"), flag("set")]),
    rate("quota", &[one("quota")]),
    rate("statistic", &[one("mode"), one("probability"), one("every"), one("packet")]),
    without_options(free(
        "time",
        &[
            one("datestart"),
            one("datestop"),
            one("timestart"),
            one("timestop"),
            one("monthdays"),
            one("weekdays"),
            flag("contiguous"),
            flag("kerneltz"),
            flag("localtz"),
            flag("utc"),
        ],
    )),
    free("nfacct", &[one("nfacct-name")]),
    free(
        "rateest",
        &[
            flag("rateest-delta"),
            flag("rateest-lt"),
            flag("rateest-gt"),
            flag("rateest-eq"),
            one("rateest"),
            one("rateest1"),
            one("rateest2"),
            up_to(1, "rateest-bps"),
            up_to(1, "rateest-pps"),
            up_to(1, "rateest-bps1"),
            up_to(1, "rateest-bps2"),
            up_to(1, "rateest-pps1"),
            up_to(1, "rateest-pps2"),
        ],
    ),
    free("cpu", &[one("cpu")]),
    free(
        "ipvs",
        &[
            flag("ipvs"),
            one("vproto"),
            one("vaddr"),
            one("vport"),
            one("vdir"),
            one("vmethod"),
            one("vportctl"),
        ],
    ),
    pure(
        "cluster",
        &[
            one("cluster-total-nodes"),
            one("cluster-local-node"),
            one("cluster-local-nodemask"),
            one("cluster-hash-seed"),
        ],
    ),
    pure("bpf", &[one("bytecode"), one("object-pinned")]),
    pure("cgroup", &[one("path"), one("cgroup")]),
    pure("devgroup", &[one("src-group"), one("dst-group")]),
    pure("ecn", &[flag("ecn-tcp-cwr"), flag("ecn-tcp-ece"), one("ecn-ip-ect")]),
    without_options(pure("esp", &[one("espspi")])),
    without_options(pure("ipcomp", &[one("ipcompspi"), flag("compres")])),
    pure("helper", &[one("helper")]),
    pure("osf", &[one("genre"), one("ttl"), one("log")]),
    pure(
        "policy",
        &[
            one("dir"),
            one("pol"),
            flag("strict"),
            one("reqid"),
            one("spi"),
            one("proto"),
            one("mode"),
            one("tunnel-src"),
            one("tunnel-dst"),
            flag("next"),
        ],
    ),
    without_options(pure(
        "rpfilter",
        &[flag("loose"), flag("validmark"), flag("accept-local"), flag("invert")],
    )),
    without_options(pure("socket", &[flag("transparent"), flag("nowildcard"), flag("restore-skmark")])),
    pure("string", &[one("string"), one("hex-string"), one("algo"), one("from"), one("to"), flag("icase")]),
    pure("tcpmss", &[one("mss")]),
    pure("u32", &[one("u32")]),
    of("realm", Families::V4, &[one("realm")], AtomKind::Pure),
    without_options(of("ah", Families::V4, &[one("ahspi")], AtomKind::Pure)),
    without_options(of("ah", Families::V6, &[one("ahspi"), one("ahlen"), flag("ahres")], AtomKind::Pure)),
    of("dst", Families::V6, &[one("dst-len"), one("dst-opts")], AtomKind::Pure),
    of("hbh", Families::V6, &[one("hbh-len"), one("hbh-opts")], AtomKind::Pure),
    without_options(of("eui64", Families::V6, &[], AtomKind::Pure)),
    without_options(of(
        "frag",
        Families::V6,
        &[
            one("fragid"),
            one("fraglen"),
            flag("fragres"),
            flag("fragfirst"),
            flag("fragmore"),
            flag("fraglast"),
        ],
        AtomKind::Pure,
    )),
    of("ipv6header", Families::V6, &[flag("soft"), one("header")], AtomKind::Pure),
    without_options(of("mh", Families::V6, &[one("mh-type")], AtomKind::Pure)),
    without_options(of(
        "rt",
        Families::V6,
        &[
            one("rt-type"),
            one("rt-segsleft"),
            one("rt-len"),
            flag("rt-0-res"),
            one("rt-0-addrs"),
            flag("rt-0-not-strict"),
        ],
        AtomKind::Pure,
    )),
    without_options(of(
        "srh",
        Families::V6,
        &[
            one("srh-next-hdr"),
            one("srh-hdr-len-eq"),
            one("srh-hdr-len-gt"),
            one("srh-hdr-len-lt"),
            one("srh-segs-left-eq"),
            one("srh-segs-left-gt"),
            one("srh-segs-left-lt"),
            one("srh-last-entry-eq"),
            one("srh-last-entry-gt"),
            one("srh-last-entry-lt"),
            one("srh-tag"),
            one("srh-psid"),
            one("srh-nsid"),
            one("srh-lsid"),
        ],
        AtomKind::Pure,
    )),
    // The matches of xtables-addons and of other well-known projects, whose options are their own.
    open("asn", AtomKind::Pure),
    open("condition", AtomKind::Free),
    open("dhcpmac", AtomKind::Pure),
    open("fuzzy", AtomKind::Rate),
    open("geoip", AtomKind::Pure),
    open("gradm", AtomKind::Pure),
    open("iface", AtomKind::Free),
    open("ipp2p", AtomKind::Pure),
    open("ipv4options", AtomKind::Pure),
    open("length2", AtomKind::Pure),
    open("lscan", AtomKind::Free),
    open("ndpi", AtomKind::Free),
    open("pknock", AtomKind::Free),
    open("psd", AtomKind::Free),
    open("quota2", AtomKind::Rate),
];

/// Looks at the rate, then leaves it open.
fn limit(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    for given in instance.given.iter().filter(|given| given.name == "limit" && !given.is_unresolved()) {
        let Some(word) = given.value() else { continue };
        match is_rate(&word.text) {
            Some(true) => {}
            Some(false) => {
                builder.syntax(word.span, format!("`{}` is more than 10000 in a second", word.text))
            }
            None => builder.syntax(word.span, format!("`{}` is no rate, such as `3/minute`", word.text)),
        }
    }
    builder.atom(instance.text(), AtomKind::Rate, instance.span);
}

/// Is it a rate that the kernel can count: `NUMBER[/UNIT]`, where the unit may be cut short? `None` if it is
/// no rate at all (`parse_rate` in extensions/libxt_limit.c of iptables).
fn is_rate(text: &str) -> Option<bool> {
    const SCALE: u64 = 10_000;
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let units = [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400)];
    let is_unit = |name: &str| name.get(..unit.len()).is_some_and(|start| start.eq_ignore_ascii_case(unit));
    let (_, seconds) = units.into_iter().find(|(name, _)| !unit.is_empty() && is_unit(name))?;
    let rate: u64 = number.parse().ok().filter(|rate| *rate > 0)?;
    Some(rate <= SCALE * seconds)
}

/// `recent --set` notes the address down and always holds; all else depends on what was noted. The opposite holds for
/// everyone until he is.
fn recent(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    let given = |names: &[&str]| instance.given.iter().find(|given| names.contains(&given.name));
    match (given(&["set"]), given(&["rcheck", "update", "remove"])) {
        (Some(set), None) => {
            if set.negated {
                builder.field(Axis::Family, Ranges::none(), false, set.span);
            }
        }
        (_, Some(asks)) if asks.negated => builder.atom(instance.text(), AtomKind::Rate, instance.span),
        _ => builder.atom(instance.text(), AtomKind::Remembered, instance.span),
    }
    if given(&["set", "update", "remove"]).is_some() {
        builder.matches.push(Spanned::new(Match::Noted(instance.text().into()), instance.span));
    }
}
