//! `tunnel-address-drift`: see rules/tunnel-address-drift.md.

use std::net::IpAddr;

use super::probe::list;
use super::{Context, tunnel};
use crate::config::{Answer, Came, Probed, Record, is_public};
use crate::finding::{Finding, Level};
use crate::packet::Family;
use crate::profile::{Endpoint, Profile};
use crate::source::Spanned;

const ID: &str = "tunnel-address-drift";

/// Looks for it, in both directions.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let (Some(probed), Some(profile)) = (&context.unit.probed, context.profile) else { return };
    let Some(endpoint) = profile.endpoint(&context.settings.region.value) else { return };
    if let Some(answer) = answer(probed, Record::Srv, &endpoint.srv) {
        findings.extend(hosts(profile, probed, endpoint, answer));
    }
    for region in &endpoint.regions {
        let v4: Vec<IpAddr> = region.v4.iter().map(|it| IpAddr::from(*it)).collect();
        let v6: Vec<IpAddr> = region.v6.iter().map(|it| IpAddr::from(*it)).collect();
        for (record, family, listed) in [(Record::A, Family::V4, v4), (Record::Aaaa, Family::V6, v6)] {
            if let Some(answer) = answer(probed, record, &region.host) {
                findings.extend(addresses(profile, endpoint, answer, family, &listed));
            }
        }
    }
}

fn answer<'p>(probed: &'p Probed, record: Record, name: &str) -> Option<&'p Spanned<Answer>> {
    probed.answers.iter().find(|answer| answer.value.record == record && answer.value.name == name)
}

/// The hosts that a name leads to, against those of the profile.
fn hosts(
    profile: &Profile,
    probed: &Probed,
    endpoint: &Endpoint,
    answer: &Spanned<Answer>,
) -> Option<Finding> {
    /// With fewer cloudflared does not start.
    const LEAST: usize = 2;
    let listed: Vec<String> =
        endpoint.regions.iter().map(|region| format!("{}:{}", region.host, profile.port)).collect();
    let told = &answer.value.values;
    let name = &answer.value.name;
    if told.is_empty() {
        return Some(nowhere(profile, probed, answer));
    }
    if told.len() < LEAST {
        let message = format!("{name} leads to one region only: cloudflared does not start");
        let why = "It wants two, and exits otherwise. A resolver that filters names may be to blame.";
        return Some(Finding::new(ID, Level::Error, message).at(answer.span).note(why));
    }
    let is_new = |host: &&String| !listed.contains(host);
    let new: Vec<&str> = told.iter().filter(is_new).map(String::as_str).collect();
    if new.is_empty() {
        return None;
    }
    let message = format!("{name} leads to hosts that fwlint does not know: {}", new.join(", "));
    let why = "cloudflared dials them; they were not tried.";
    let finding = Finding::new(ID, Level::Warning, message).at(answer.span).note(why);
    Some(finding.note(stale(profile, endpoint)))
}

/// A name that leads to no host at all: cloudflared asks for it elsewhere then, over TLS.
fn nowhere(profile: &Profile, probed: &Probed, answer: &Spanned<Answer>) -> Finding {
    let fallback = &profile.dns.fallback;
    let place = format!("{}:{}", fallback.address, fallback.port);
    let mut tried = probed.tried.iter().map(|tried| &tried.value);
    let asked = tried.find(|tried| tried.what == "dns-over-tls");
    let (level, then) = match asked.map(|tried| tried.came) {
        None | Some(Came::Answered) => (Level::Warning, format!("cloudflared falls back to {place}")),
        Some(_) => (Level::Error, format!("cloudflared falls back to {place}, which does not answer")),
    };
    let message = format!("{} leads to no region: {then}", answer.value.name);
    let why = "A resolver that filters names may be to blame.";
    Finding::new(ID, level, message).at(answer.span).note(why)
}

/// The addresses that a host has, against those of the profile.
fn addresses(
    profile: &Profile,
    endpoint: &Endpoint,
    answer: &Spanned<Answer>,
    family: Family,
    listed: &[IpAddr],
) -> Vec<Finding> {
    let told: Vec<IpAddr> = answer.value.values.iter().filter_map(|value| value.parse().ok()).collect();
    let (name, over) = (&answer.value.name, tunnel::name(family));
    let mut findings = Vec::new();
    let unknown = told.iter().filter(|address| !listed.contains(address));
    let (new, local): (Vec<&IpAddr>, Vec<&IpAddr>) = unknown.partition(|address| is_public(address));
    if !new.is_empty() {
        let message = format!("{name} has addresses that fwlint does not know: {}", list(new.into_iter()));
        let dials = "cloudflared dials them: rules that name addresses one by one must let them out, too.";
        let finding = Finding::new(ID, Level::Warning, message).at(answer.span).note(dials);
        findings.push(finding.note(stale(profile, endpoint)));
    }
    if !local.is_empty() {
        let message = format!("{name} has addresses that are not public: {}", list(local.into_iter()));
        let why =
            "They were not tried, but cloudflared dials them. A resolver that filters names may be to blame.";
        findings.push(Finding::new(ID, Level::Warning, message).at(answer.span).note(why));
    }
    let public = answer.value.public().count();
    if public > Answer::MOST {
        let message = format!("{name} has {public} addresses over {over}: {} were tried", Answer::MOST);
        findings.push(Finding::new(ID, Level::Note, message).at(answer.span));
    }
    let gone: Vec<&IpAddr> = listed.iter().filter(|address| !told.contains(address)).collect();
    let finding = if told.is_empty() {
        let message = format!("{name} has no address over {over} any more");
        let level = if family == Family::V4 { Level::Warning } else { Level::Note };
        Some(
            Finding::new(ID, level, message).note("A resolver that leaves such answers out may be to blame."),
        )
    } else if gone.is_empty() {
        None
    } else {
        let message = format!("{name} no longer has the {over} addresses {}", list(gone.into_iter()));
        Some(
            Finding::new(ID, Level::Note, message)
                .note("Nothing dials them now: rules that let them out do no good."),
        )
    };
    findings.extend(finding.map(|finding| finding.at(answer.span).note(stale(profile, endpoint))));
    findings
}

/// Of when the list is.
fn stale(profile: &Profile, endpoint: &Endpoint) -> String {
    format!(
        "What is said of the rules is said of the addresses of {} as of {}: {}",
        profile.title, endpoint.as_of, endpoint.source
    )
}
