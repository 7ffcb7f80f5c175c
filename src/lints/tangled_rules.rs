//! `tangled-rules`: what could not be decided, so that silence about it means nothing.

use super::Context;
use crate::config::RunsIn;
use crate::eval::{Calls, ChainId, Way};
use crate::finding::{Finding, Level};
use crate::model::Hook;
use crate::packet::Family;
use crate::source::Span;

const ID: &str = "tangled-rules";

/// How many places are shown.
const MOST_SHOWN: usize = 6;

/// What is not decided, in the order in which it is told: where, and what.
#[derive(Default)]
struct Undecided(Vec<(Span, Vec<String>)>);

/// Looks for it: one finding for all that was given up.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    // Of chains that call each other in a circle `jump-loop` speaks; where no base chain leads, nothing is lost by them.
    let calls = Calls::new(&context.host);
    if calls.loops().iter().flatten().any(|call| calls.is_reached(call.chain)) {
        return;
    }
    let mut undecided = Undecided::default();
    if let Some(profile) = context.profile.filter(|_| context.is_tunnel_undecided()) {
        let is_host = context.settings.runs_in.value == RunsIn::Host;
        let hook = if is_host { Hook::Output } else { Hook::Forward };
        undecided.at_hook(context, hook, None, &format!("whether {} gets out", profile.program));
    }
    let ways = [
        (Way::In, Hook::Input, "what gets in"),
        (Way::Forward, Hook::Forward, "what is forwarded"),
        (Way::Out, Hook::Output, "what gets out"),
    ];
    for (way, hook, what) in ways {
        for family in Family::ALL.into_iter().filter(|family| context.is_exposure_undecided(way, *family)) {
            undecided.at_hook(context, hook, Some(family), what);
        }
    }
    if !context.is_quick {
        let shadows = context.shadows();
        for chain in shadows.undecided_tables(&context.host) {
            undecided.add(span_of(context, chain), "which rules of this table decide nothing");
        }
        for rule in shadows.undecided_rules(&context.host) {
            undecided.add(context.host.rule(rule).rule.span, "whether a packet reaches this rule");
        }
    }
    findings.extend(undecided.report());
}

impl Undecided {
    fn at_hook(&mut self, context: &Context, hook: Hook, family: Option<Family>, what: &str) {
        let bases = context.host.bases(hook).filter(|base| family.is_none_or(|it| base.families.has(it)));
        // The chain that most packets have to thank for their fate.
        match bases.max_by_key(|base| context.host.chain(base.chain).rules.len()) {
            Some(base) => self.add(span_of(context, base.chain), what),
            None => self.add_anywhere(context, what),
        }
    }

    /// What has no chain of its own stands at the first that there is.
    fn add_anywhere(&mut self, context: &Context, what: &str) {
        if let Some(base) = context.host.all_bases().next() {
            self.add(span_of(context, base.chain), what);
        }
    }

    fn add(&mut self, span: Span, what: &str) {
        match self.0.iter_mut().find(|(known, _)| *known == span) {
            Some((_, known)) if known.iter().any(|known| known == what) => {}
            Some((_, known)) => known.push(what.to_owned()),
            None => self.0.push((span, vec![what.to_owned()])),
        }
    }

    fn report(self) -> Option<Finding> {
        let words = |what: &[String]| format!("not decided: {}", what.join(", "));
        let ((span, what), more) = self.0.split_first()?;
        let message = "the rules are too tangled to decide everything";
        let mut finding = Finding::new(ID, Level::Note, message).at(*span).here(words(what));
        for (span, what) in more.iter().take(MOST_SHOWN) {
            finding = finding.label(*span, words(what));
        }
        if more.len() > MOST_SHOWN {
            finding = finding.note(format!("Nor is it in {} more places.", more.len() - MOST_SHOWN));
        }
        Some(finding.note("Lints that ask for this say nothing here, which does not mean that all is well."))
    }
}

fn span_of(context: &Context, chain: ChainId) -> Span {
    context.host.chain(chain).chain.span
}
