//! What fwlint looks for: one page each in `rules/`, and where the page is not enough, one function.

mod accept_is_not_final;
mod context;
pub mod exposure;
mod ingress_not_denied;
mod ipv6_open;
mod ipv6_unknown;
mod lockout;
mod mend;
mod neighbor_discovery_blocked;
mod nft_optimize_unsafe;
mod open_port;
mod ssh_open_to_the_world;
mod unrestricted_egress;
mod tangled_rules;
mod deed;
mod ignores;
mod impossible_match;
mod jump_loop;
mod kept;
mod places;
mod undefined_chain;
mod undefined_set;
mod dormant_table;
mod unused_chain;
mod unused_ignore;
mod unused_set;
mod inbound_tunnel_port;
mod stale_tunnel_address;
pub mod tunnel;
mod redundant_rule;
mod remarks;
mod shadowed_rule;
pub mod page;
mod picture;
pub mod plan;
mod probe;
mod probe_contradicts_rules;
mod tunnel_edge_blocked;
mod tunnel_quic_blocked;
mod tunnel_http2_blocked;
mod tunnel_region_blocked;
mod tunnel_edge_partly_blocked;
mod tunnel_ipv6_blocked;
mod tunnel_reply_blocked;
mod tunnel_dns_blocked;
mod tunnel_loopback_blocked;
mod tunnel_redirected;
mod tunnel_service_blocked;
mod tunnel_sni_blocked;
mod tunnel_address_drift;
mod tunnel_unanswered;
mod verdict;

pub use context::{Context, Unit};
pub use nft_optimize_unsafe::changes_meaning;
pub use picture::picture;
pub use probe::reported as probes;
pub use tunnel_edge_blocked::by_all as served_by_none;
pub use verdict::{assumptions, verdicts};

use crate::finding::{Finding, Level, LintInfo};

/// Something that fwlint looks for.
#[derive(Debug)]
pub struct Lint {
    /// Its id in kebab-case: names the bad thing, and reads well after "allow".
    pub id: &'static str,
    /// Its page: front matter, words, examples.
    pub page: &'static str,
    /// Does it look at every rule against every other? `check --quick` leaves it out.
    pub is_whole_ruleset: bool,
    /// Does it look at the rules alone, and not ask what becomes of packets? It runs while that is worked out.
    pub is_plain: bool,
    /// Does it tell nothing worse than notes, whatever the rules and the settings? Who asks for worse leaves it out.
    pub is_note: bool,
    /// Looks for it in one unit.
    pub run: fn(&Context, &mut Vec<Finding>),
}

/// All lints, in the order of the table in `rules/README.md`.
pub const LINTS: &[Lint] = &[
    lint("tunnel-edge-blocked", include_str!("../rules/tunnel-edge-blocked.md"), tunnel_edge_blocked::run),
    lint("tunnel-quic-blocked", include_str!("../rules/tunnel-quic-blocked.md"), tunnel_quic_blocked::run),
    lint("tunnel-http2-blocked", include_str!("../rules/tunnel-http2-blocked.md"), tunnel_http2_blocked::run),
    lint(
        "tunnel-region-blocked",
        include_str!("../rules/tunnel-region-blocked.md"),
        tunnel_region_blocked::run,
    ),
    lint(
        "tunnel-edge-partly-blocked",
        include_str!("../rules/tunnel-edge-partly-blocked.md"),
        tunnel_edge_partly_blocked::run,
    ),
    lint("tunnel-ipv6-blocked", include_str!("../rules/tunnel-ipv6-blocked.md"), tunnel_ipv6_blocked::run)
        .note(),
    lint("tunnel-reply-blocked", include_str!("../rules/tunnel-reply-blocked.md"), tunnel_reply_blocked::run),
    lint("tunnel-dns-blocked", include_str!("../rules/tunnel-dns-blocked.md"), tunnel_dns_blocked::run),
    lint(
        "tunnel-loopback-blocked",
        include_str!("../rules/tunnel-loopback-blocked.md"),
        tunnel_loopback_blocked::run,
    ),
    lint("tunnel-redirected", include_str!("../rules/tunnel-redirected.md"), tunnel_redirected::run),
    lint(
        "tunnel-service-blocked",
        include_str!("../rules/tunnel-service-blocked.md"),
        tunnel_service_blocked::run,
    ),
    lint("tunnel-sni-blocked", include_str!("../rules/tunnel-sni-blocked.md"), tunnel_sni_blocked::run),
    lint("tunnel-unanswered", include_str!("../rules/tunnel-unanswered.md"), tunnel_unanswered::run),
    plain(
        "tunnel-address-drift",
        include_str!("../rules/tunnel-address-drift.md"),
        tunnel_address_drift::run,
    ),
    lint(
        "probe-contradicts-rules",
        include_str!("../rules/probe-contradicts-rules.md"),
        probe_contradicts_rules::run,
    ),
    lint("inbound-tunnel-port", include_str!("../rules/inbound-tunnel-port.md"), inbound_tunnel_port::run),
    lint("stale-tunnel-address", include_str!("../rules/stale-tunnel-address.md"), stale_tunnel_address::run),
    lint("ingress-not-denied", include_str!("../rules/ingress-not-denied.md"), ingress_not_denied::run),
    lint("open-port", include_str!("../rules/open-port.md"), open_port::run),
    lint(
        "ssh-open-to-the-world",
        include_str!("../rules/ssh-open-to-the-world.md"),
        ssh_open_to_the_world::run,
    ),
    lint("ipv6-open", include_str!("../rules/ipv6-open.md"), ipv6_open::run),
    lint("ipv6-unknown", include_str!("../rules/ipv6-unknown.md"), ipv6_unknown::run).note(),
    lint("unrestricted-egress", include_str!("../rules/unrestricted-egress.md"), unrestricted_egress::run),
    lint(
        "neighbor-discovery-blocked",
        include_str!("../rules/neighbor-discovery-blocked.md"),
        neighbor_discovery_blocked::run,
    ),
    lint("lockout", include_str!("../rules/lockout.md"), lockout::run),
    whole("shadowed-rule", include_str!("../rules/shadowed-rule.md"), shadowed_rule::run),
    whole("redundant-rule", include_str!("../rules/redundant-rule.md"), redundant_rule::run).note(),
    whole("accept-is-not-final", include_str!("../rules/accept-is-not-final.md"), accept_is_not_final::run)
        .note(),
    plain("nft-optimize-unsafe", include_str!("../rules/nft-optimize-unsafe.md"), nft_optimize_unsafe::run)
        .note(),
    lint("impossible-match", include_str!("../rules/impossible-match.md"), impossible_match::run),
    plain("dormant-table", include_str!("../rules/dormant-table.md"), dormant_table::run),
    plain("unused-chain", include_str!("../rules/unused-chain.md"), unused_chain::run).note(),
    plain("undefined-chain", include_str!("../rules/undefined-chain.md"), undefined_chain::run),
    plain("undefined-set", include_str!("../rules/undefined-set.md"), undefined_set::run),
    plain("unused-set", include_str!("../rules/unused-set.md"), unused_set::run).note(),
    plain("jump-loop", include_str!("../rules/jump-loop.md"), jump_loop::run),
    plain("deprecated-match", include_str!("../rules/deprecated-match.md"), remarks::deprecated_match).note(),
    plain("syntax-error", include_str!("../rules/syntax-error.md"), remarks::syntax_error),
    plain("unknown-match", include_str!("../rules/unknown-match.md"), remarks::unknown_match).note(),
    lint("tangled-rules", include_str!("../rules/tangled-rules.md"), tangled_rules::run).note(),
    plain("not-followed", include_str!("../rules/not-followed.md"), remarks::not_followed).note(),
    plain("unseen", include_str!("../rules/unseen.md"), remarks::unseen),
    // The last: it takes out what the others have found and the files ignore.
    lint("unused-ignore", include_str!("../rules/unused-ignore.md"), unused_ignore::run),
];

/// A lint of its own.
const fn lint(id: &'static str, page: &'static str, run: fn(&Context, &mut Vec<Finding>)) -> Lint {
    Lint { id, page, is_whole_ruleset: false, is_plain: false, is_note: false, run }
}

/// A lint that looks at every rule against every other.
const fn whole(id: &'static str, page: &'static str, run: fn(&Context, &mut Vec<Finding>)) -> Lint {
    Lint { id, page, is_whole_ruleset: true, is_plain: false, is_note: false, run }
}

/// A lint that looks at the rules alone.
const fn plain(id: &'static str, page: &'static str, run: fn(&Context, &mut Vec<Finding>)) -> Lint {
    Lint { id, page, is_whole_ruleset: false, is_plain: true, is_note: false, run }
}

impl Lint {
    /// The same as one that tells nothing worse than notes.
    const fn note(self) -> Self {
        Lint { is_note: true, ..self }
    }

    /// Looks for it, and holds it to what it says of itself.
    fn look(&self, context: &Context, findings: &mut Vec<Finding>) {
        (self.run)(context, findings);
        let is_worse = |finding: &Finding| finding.lint == self.id && finding.level > Level::Note;
        debug_assert!(
            !self.is_note || !findings.iter().any(is_worse),
            "{} tells of worse than notes",
            self.id
        );
    }

    /// What reports say about it.
    pub fn info(&self) -> LintInfo {
        let page = page::Page::of(self);
        LintInfo {
            id: self.id,
            level: Level::named(&page.level).unwrap_or(Level::Note),
            summary: page.summary,
            help: page::body(self.page),
            security_severity: page.security_severity,
        }
    }
}

/// Runs all lints over one unit. Findings stand in the order of their places.
pub fn run(context: &Context) -> Vec<Finding> {
    run_those(context, |_| true)
}

/// The same for who does not ask for notes but those of one lint: others that tell nothing else do not run, unless an
/// ignore names them, which would seem to be of no use.
pub fn run_for_worse_than_notes(context: &Context, but: &str) -> Vec<Finding> {
    run_those(context, |lint| !lint.is_note || lint.id == but || ignores::any_names(context, lint.id))
}

fn run_those(context: &Context, is_wanted: impl Fn(&Lint) -> bool) -> Vec<Finding> {
    let (plain, others): (Vec<&Lint>, Vec<&Lint>) = LINTS
        .iter()
        .filter(|lint| !(context.is_quick && lint.is_whole_ruleset) && is_wanted(lint))
        .partition(|lint| lint.is_plain);
    let mut findings = Vec::new();
    context.prepare(|| plain.iter().for_each(|lint| lint.look(context, &mut findings)));
    for lint in others {
        lint.look(context, &mut findings);
    }
    findings.sort_by_key(|finding| (finding.span.map(|span| (span.file, span.start)), finding.lint));
    // One line of a script may make the same rule for both families.
    findings.dedup();
    findings
}
