//! Changes at either end of a text that stands for a part of another, as changes of that other.

use crate::dialects::Includes;
use crate::model::{At, Step};
use crate::source::Sources;

/// New rules in front of all that an included text says, or behind it: beside the statement that includes it, and nothing
/// else. `None` where they belong in its middle.
pub fn outward(step: &Step, sources: &Sources, includes: &Includes) -> Option<Step> {
    let Step::Insert { at, rules } = step else { return None };
    let (span, is_before) = match at {
        At::Before(span) => (span, true),
        At::After(span) => (span, false),
        At::Empty(_) => return None,
    };
    let text = &sources.file(span.file).text;
    let rest = if is_before { text.get(..span.start as usize) } else { text.get(span.end as usize..) };
    let says_nothing = |line: &str| {
        let line = line.trim_start_matches([' ', '\t', ';']).trim_end();
        line.is_empty() || line.starts_with('#')
    };
    let path = includes.path_of(sources, span.file)?;
    let at = if is_before { At::Before(path) } else { At::After(path) };
    rest?.lines().all(says_nothing).then(|| Step::Insert { at, rules: rules.clone() })
}
