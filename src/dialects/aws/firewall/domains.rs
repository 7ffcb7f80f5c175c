//! Lists of domains: the rules that Network Firewall makes of one
//! (<https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateful-rule-groups-domain-names.html>).
//!
//! They look at TLS and plain HTTP on any port, and at nothing else: of UDP they say nothing.

use super::asked::{self, TCP};
use super::stateful::{Deed, Rule, decide};
use super::variables::{Variables, is_near};
use crate::dialects::cloud::{Condition, Direction, Fields, Remarks};
use crate::model::{Name, Said, Verdict};
use crate::packet::Axis;
use crate::source::{Span, Spanned};

/// The rules of a list.
pub fn rules(list: Fields, variables: Variables, remarks: &mut Remarks) -> Vec<Rule> {
    let Some(kind) = list.text("GeneratedRulesType", remarks) else {
        remarks.add(list.span(), "the field `GeneratedRulesType` is missing");
        return vec![unsaid(list.span())];
    };
    let deed = match kind.value.to_ascii_uppercase().as_str() {
        "ALLOWLIST" => Deed::Pass,
        "DENYLIST" => Deed::Drop,
        "REJECTLIST" => Deed::Reject,
        "ALERTLIST" => return Vec::new(),
        _ => {
            remarks.unknown(kind.span, format!("lists of the kind `{}` are not known", kind.value));
            return vec![unsaid(kind.span)];
        }
    };
    let targets = list.texts("Targets", remarks);
    for key in ["Targets", "TargetTypes"] {
        if list.get(key).is_none_or(|node| node.items().is_empty()) {
            remarks.add(list.span(), format!("the field `{key}` is missing"));
            return vec![unsaid(list.span())];
        }
    }
    if list.is_odd("Targets") {
        return vec![unsaid(list.span())];
    }
    let mut all = Vec::new();
    for target in list.texts("TargetTypes", remarks) {
        let is_tls = match target.value.to_ascii_uppercase().as_str() {
            "TLS_SNI" => true,
            "HTTP_HOST" => false,
            _ => {
                remarks.unknown(target.span, format!("`{}` is neither TLS_SNI nor HTTP_HOST", target.value));
                all.push(unsaid(target.span));
                continue;
            }
        };
        let protocol = if is_tls { "tls" } else { "http" };
        for domain in &targets {
            all.push(made(deed, Some((*domain, is_tls)), protocol, domain.span, variables, remarks));
        }
        if deed == Deed::Pass {
            // What is on no list of those that allow is dropped.
            all.push(made(Deed::Drop, None, protocol, kind.span, variables, remarks));
        }
    }
    all
}

/// A rule for what is sent from `HOME_NET` to `EXTERNAL_NET`: of a domain, or all of a protocol.
fn made(
    deed: Deed,
    domain: Option<(Spanned<&str>, bool)>,
    protocol: &str,
    span: Span,
    variables: Variables,
    remarks: &mut Remarks,
) -> Rule {
    let way = |direction: Direction| {
        let mut conditions = vec![
            asked::protocols(&[TCP], span),
            asked::is_established(true, span),
            asked::is_to_server(true, span),
        ];
        for (axis, name) in [(Axis::Source, "$HOME_NET"), (Axis::Destination, "$EXTERNAL_NET")] {
            let name = Spanned::new(name, span);
            let set = variables.addresses(name, is_near(axis, direction), remarks);
            conditions.extend(asked::addresses(&set, axis, name));
        }
        let of_protocol = asked::said(Said::Protocol(protocol.into()), false, span);
        conditions.extend(match domain {
            Some((domain, true)) => {
                vec![asked::said(Said::ServerName(name(domain.value)), false, domain.span)]
            }
            Some((domain, false)) => {
                let host = format!("the host of a request is {}", domain.value);
                vec![of_protocol, Condition::none().or_unknown(host, domain.span)]
            }
            None => vec![of_protocol],
        });
        decide(deed, span, &conditions, span)
    };
    Rule { deed, is_generated: domain.is_none(), rules: Direction::BOTH.map(way) }
}

/// `.example.com` is a domain and all below it, `example.com` that name alone.
fn name(text: &str) -> Name {
    let text = text.to_ascii_lowercase();
    match text.strip_prefix('.') {
        Some(rest) => Name::Within(rest.into()),
        None => Name::Is(text.into()),
    }
}

/// Rules of which nobody says what they are.
fn unsaid(span: Span) -> Rule {
    let verdict = Spanned::new(Verdict::Unknown("a list of domains".into()), span);
    let rules = Direction::BOTH.map(|_| crate::dialects::cloud::rules(span, &[], &verdict, None));
    Rule { deed: Deed::Pass, is_generated: false, rules }
}
