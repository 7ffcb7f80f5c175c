//! Whatever is read, its places must lie within the text.

use fwlint::model::{Elements, Ruleset};
use fwlint::source::{SourceFile, Span};

/// Fails if a place of the ruleset is not one of the file's text.
pub fn assert_inside(ruleset: &Ruleset, file: &SourceFile) {
    for span in all(ruleset) {
        let piece = file.text.get(span.start as usize..span.end as usize);
        assert!(piece.is_some(), "{span:?} is no place of a text of {} bytes", file.text.len());
    }
}

/// All places of a ruleset.
fn all(ruleset: &Ruleset) -> Vec<Span> {
    let mut spans: Vec<Span> = ruleset.remarks.iter().map(|remark| remark.span).collect();
    for table in &ruleset.tables {
        spans.push(table.span);
        for chain in &table.chains {
            spans.push(chain.span);
            spans.extend(chain.base.iter().map(|base| base.policy.span));
            for rule in &chain.rules {
                spans.extend([rule.span, rule.verdict.span]);
                spans.extend(rule.matches.iter().map(|it| it.span));
                spans.extend(rule.actions.iter().map(|it| it.span));
                spans.extend(rule.comment.iter().map(|it| it.span));
            }
        }
    }
    for set in &ruleset.sets {
        spans.push(set.span);
        match &set.elements {
            Elements::Listed(elements) => spans.extend(elements.iter().map(|it| it.span)),
            Elements::Sets(names) => spans.extend(names.iter().map(|it| it.1)),
            Elements::Unknown => {}
        }
    }
    spans
}
