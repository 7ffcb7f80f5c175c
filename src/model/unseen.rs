//! What is known of a machine as a whole: that its files are all that decides, or what they leave out.

use super::{
    Backend, Base, Chain, ChainKind, Families, Hook, Policy, Remark, RemarkKind, Rule, Ruleset, Table,
    Verdict,
};
use crate::packet::Family;
use crate::source::{Span, Spanned};

/// What was not seen of a machine, each in words.
#[derive(Clone, Debug)]
pub struct Unseen {
    /// Where that is said.
    pub span: Span,
    /// Rules that are in force: they may drop whatever the others let pass.
    pub rules: Vec<Spanned<String>>,
    /// What decides no packet, and would have told more.
    pub settings: Vec<Spanned<String>>,
}

impl Ruleset {
    /// Takes the rules for all that decides packets on their machine, but for what was not seen.
    pub fn complete(&mut self, unseen: Unseen) {
        self.families = Families::BOTH;
        let told = [(RemarkKind::UnseenRules, &unseen.rules), (RemarkKind::UnseenSettings, &unseen.settings)];
        for (kind, all) in told {
            self.remarks.extend(all.iter().map(|what| {
                let (span, message) = (what.span, what.value.clone());
                Remark { kind, span, message, notes: Vec::new() }
            }));
        }
        self.open(unseen.span);
        for what in &unseen.rules {
            let rule = Rule {
                span: what.span,
                matches: Vec::new(),
                actions: Vec::new(),
                verdict: Spanned::new(Verdict::Unknown(what.value.as_str().into()), what.span),
                comment: None,
            };
            let chains = FILTERS.map(|(hook, name)| chain(hook, name, what.span, vec![rule.clone()]));
            self.tables.push(table(&what.value, chains.into(), what.span));
        }
        self.unseen = Some(unseen);
    }

    /// Does the same where another reading of the same machine was completed.
    pub fn complete_like(mut self, other: &Ruleset) -> Self {
        if let Some(unseen) = &other.unseen {
            self.complete(unseen.clone());
        }
        self
    }
}

/// The hooks at which packets are mostly filtered, and what iptables calls them.
const FILTERS: [(Hook, &str); 3] =
    [(Hook::Input, "INPUT"), (Hook::Forward, "FORWARD"), (Hook::Output, "OUTPUT")];

impl Ruleset {
    /// Says of the hooks at which nothing filters that they are open.
    fn open(&mut self, span: Span) {
        let filters = |hook: Hook, family: Family| {
            let tables = self.tables.iter().filter(|table| table.families.has(family));
            let mut bases = tables.flat_map(|table| &table.chains).filter_map(|chain| chain.base.as_ref());
            bases.any(|base| base.hook == hook)
        };
        let is_open = |hook: Hook| Family::ALL.into_iter().any(|family| !filters(hook, family));
        let open = FILTERS.into_iter().filter(|(hook, _)| is_open(*hook));
        let chains: Vec<Chain> = open.map(|(hook, name)| chain(hook, name, span, Vec::new())).collect();
        if !chains.is_empty() {
            self.tables.push(table("no table", chains, span));
        }
    }
}

/// A table of both families.
fn table(name: &str, chains: Vec<Chain>, span: Span) -> Table {
    let (families, backend) = (Families::BOTH, Backend::Unknown);
    Table { name: name.into(), families, chains, dormant: false, span, backend }
}

/// A chain that filters, and accepts what its rules do not decide.
fn chain(hook: Hook, name: &str, span: Span, rules: Vec<Rule>) -> Chain {
    let base = Base {
        hook,
        priority: 0,
        nft_priority: None,
        registered: 0,
        only_with: None,
        kind: ChainKind::Filter,
        policy: Spanned::new(Policy::Accept, span),
        policy_is_written: true,
    };
    Chain { name: name.into(), span, declared: true, base: Some(base), rules, in_front: 0 }
}
