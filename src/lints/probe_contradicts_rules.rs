//! `probe-contradicts-rules`: see rules/probe-contradicts-rules.md.

use super::probe::{Held, list, title};
use super::{Context, tunnel};
use crate::config::Came;
use crate::finding::{Blame, Finding, Level};

const ID: &str = "probe-contradicts-rules";

/// Looks for it: one finding for all probes of a kind that fare otherwise than the rules say.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let mut groups: Vec<Vec<&Held>> = Vec::new();
    for held in context.probes().iter().filter(|held| held.blame == Blame::Reading) {
        let key = |held: &Held| {
            let tried = &held.tried.value;
            let came = match tried.came {
                Came::Forbidden | Came::Refused => tried.came,
                _ => Came::Answered,
            };
            (title(context, tried), held.family(), came, held.places.first().map(|place| place.0))
        };
        match groups.iter_mut().find(|group| key(group[0]) == key(held)) {
            Some(group) => group.push(held),
            None => groups.push(vec![held]),
        }
    }
    findings.extend(groups.iter().map(|group| finding(context, group)));
}

fn finding(context: &Context, group: &[&Held]) -> Finding {
    let first = group[0];
    let what = format!("{} over {}", title(context, &first.tried.value), tunnel::name(first.family()));
    let to: Vec<_> = group.iter().map(|held| held.tried.value.to.ip()).collect();
    let tried = format!("So it was with {}.", list(to.iter()));
    if first.tried.value.came == Came::Forbidden {
        let message = format!("this host itself keeps {what} back, and no rule that fwlint sees does");
        return Finding::new(ID, Level::Warning, message).at(first.tried.span).note(tried).note(
            "Something else decides here: an eBPF program, a security module, or the sandbox in which the probes were made.",
        );
    }
    let message = match first.tried.value.came {
        Came::Refused => {
            format!("{what} is refused, although the rules as fwlint reads them drop it in silence")
        }
        _ => format!("{what} is answered, although the rules as fwlint reads them do not let it through"),
    };
    let mut finding = Finding::new(ID, Level::Warning, message);
    let mut places = first.places.iter();
    finding = match places.next() {
        Some((span, words)) => finding.at(*span).here(words.clone()),
        None => finding.at(first.tried.span),
    };
    finding = places.fold(finding, |finding, (span, words)| finding.label(*span, words.clone()));
    finding.note(tried).note(
        "What fwlint knows of this host is wrong or not all, and so may be what else is said of it. Have the rules changed \
         since? If not, please report it, with what `fwlint scan --save` keeps.",
    )
}
