//! What fwlint looks for: one page each in `rules/`, and where the page is not enough, one function.

mod context;
mod jump_loop;
mod kept;
mod remarks;
pub mod page;
pub mod tunnel;
mod undefined_chain;
mod undefined_set;
mod unused_chain;

pub use context::{Context, Unit};

use crate::finding::{Finding, LintInfo};

/// Something that fwlint looks for.
#[derive(Debug)]
pub struct Lint {
    /// Its id in kebab-case: names the bad thing, and reads well after "allow".
    pub id: &'static str,
    /// Its page: front matter, words, examples.
    pub page: &'static str,
    /// Does it look at every rule against every other? `check --quick` leaves it out.
    pub is_whole_ruleset: bool,
    /// Looks for it in one unit.
    pub run: fn(&Context, &mut Vec<Finding>),
}

/// All lints, in the order of the table in `rules/README.md`.
pub const LINTS: &[Lint] = &[
    Lint {
        id: "unused-chain",
        page: include_str!("../rules/unused-chain.md"),
        is_whole_ruleset: false,
        run: unused_chain::run,
    },
    Lint {
        id: "undefined-chain",
        page: include_str!("../rules/undefined-chain.md"),
        is_whole_ruleset: false,
        run: undefined_chain::run,
    },
    Lint {
        id: "undefined-set",
        page: include_str!("../rules/undefined-set.md"),
        is_whole_ruleset: false,
        run: undefined_set::run,
    },
    Lint {
        id: "jump-loop",
        page: include_str!("../rules/jump-loop.md"),
        is_whole_ruleset: false,
        run: jump_loop::run,
    },
    Lint {
        id: "deprecated-match",
        page: include_str!("../rules/deprecated-match.md"),
        is_whole_ruleset: false,
        run: remarks::deprecated_match,
    },
    Lint {
        id: "syntax-error",
        page: include_str!("../rules/syntax-error.md"),
        is_whole_ruleset: false,
        run: remarks::syntax_error,
    },
    Lint {
        id: "unknown-match",
        page: include_str!("../rules/unknown-match.md"),
        is_whole_ruleset: false,
        run: remarks::unknown_match,
    },
    Lint {
        id: "not-followed",
        page: include_str!("../rules/not-followed.md"),
        is_whole_ruleset: false,
        run: remarks::not_followed,
    },
];

impl Lint {
    /// What reports say about it.
    pub fn info(&self) -> LintInfo {
        // The project's address on the web, once it has one, is in Cargo.toml.
        let repository = env!("CARGO_PKG_REPOSITORY");
        let url = (!repository.is_empty()).then(|| format!("{repository}/blob/main/rules/{}.md", self.id));
        LintInfo { id: self.id, summary: page::Page::of(self).summary, url }
    }
}

/// Runs all lints over one unit. Findings stand in the order of their places.
pub fn run(context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lint in LINTS.iter().filter(|lint| !(context.is_quick && lint.is_whole_ruleset)) {
        (lint.run)(context, &mut findings);
    }
    findings.sort_by_key(|finding| (finding.span.map(|span| (span.file, span.start)), finding.lint));
    // One line of a script may make the same rule for both families.
    findings.dedup();
    findings
}
