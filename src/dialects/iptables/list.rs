//! What `iptables -L` prints, with whatever options.
//!
//! A list is made for eyes: it tells neither its table nor its family, without `-v` no interfaces, and
//! without `-n` names for numbers. Tables are told from the built-in chains, the family from addresses and
//! names of protocols; IPv4 where nothing tells. What is hidden becomes an atom.

mod line;
mod matches;
mod targets;

use super::tables;
use crate::model::{Backend, Base, Chain, Policy, Remark, RemarkKind, Removal, Ruleset, Table};
use crate::packet::Family;
use crate::source::{FileId, Span, Spanned};
use line::{Columns, Line};

/// Is it a list?
pub fn is_list(text: &str) -> bool {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if chain_header(line).is_some() {
            return lines.next().is_some_and(|next| Columns::of(next).is_some());
        }
    }
    false
}

/// Reads a list, or several, one after the other.
pub fn read(file: FileId, text: &str) -> Ruleset {
    let mut ruleset = Ruleset::default();
    for section in sections(file, text, &mut ruleset.remarks) {
        let table = section.read(&mut ruleset.remarks);
        ruleset.families = ruleset.families.or(table.families);
        ruleset.removals.push(Removal::Table(table.id()));
        ruleset.tables.push(table);
    }
    // An older kernel's list may name what this program does not know; it is no mistake of the file.
    ruleset.remarks.retain(|remark| !matches!(remark.kind, RemarkKind::Deprecated | RemarkKind::Outdated));
    ruleset
}

/// What one command has printed.
#[derive(Debug, Default)]
struct Section<'t> {
    /// The table, where the text tells it.
    table: Option<&'t str>,
    family: Option<Family>,
    chains: Vec<Block<'t>>,
}

/// A chain and its lines.
#[derive(Debug)]
struct Block<'t> {
    name: &'t str,
    span: Span,
    policy: Option<Spanned<Policy>>,
    is_built_in: bool,
    lines: Vec<Line<'t>>,
}

/// Takes a text apart into what each command has printed.
fn sections<'t>(file: FileId, text: &'t str, remarks: &mut Vec<Remark>) -> Vec<Section<'t>> {
    let mut sections: Vec<Section<'t>> = Vec::new();
    let mut next = Section::default();
    let mut columns = None;
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.trim_end();
        let content = line.trim_start_matches('\u{feff}').trim_start();
        let span = Span::new(file, start + line.len() - content.len(), start + line.len());
        if content.is_empty() {
            continue;
        }
        if let Some((name, about)) = chain_header(line) {
            let is_known = |section: &Section<'_>| section.chains.iter().any(|chain| chain.name == name);
            if sections.last().is_none_or(is_known) || next.table.is_some() || next.family.is_some() {
                sections.push(std::mem::take(&mut next));
            }
            let is_built_in = about.starts_with("policy ");
            let policy = about.strip_prefix("policy ").and_then(|about| {
                let word = about.split_whitespace().next()?;
                let at = start + (word.as_ptr() as usize - raw.as_ptr() as usize);
                let span = Span::new(file, at, at + word.len());
                match word {
                    "ACCEPT" => Some(Spanned::new(Policy::Accept, span)),
                    "DROP" => Some(Spanned::new(Policy::Drop, span)),
                    _ => None,
                }
            });
            columns = None;
            if let Some(section) = sections.last_mut() {
                section.chains.push(Block { name, span, policy, is_built_in, lines: Vec::new() });
            }
        } else if let Some(found) = Columns::of(line) {
            columns = Some(found);
        } else if let Some(table) = content.strip_prefix("Table: ") {
            next.table = Some(table.trim());
        } else if content.starts_with("# Warning: ") {
            remarks.push(remark(RemarkKind::NotFollowed, span, "further tables are not in this list"));
        } else if is_prompt(content) {
            columns = None;
            next = prompt(content);
        } else {
            let block = sections.last_mut().and_then(|section| section.chains.last_mut());
            match (block, &columns) {
                (Some(block), Some(columns)) => match Line::read(file, text, start, line, columns) {
                    Some(line) => block.lines.push(line),
                    None => remarks.push(remark(
                        RemarkKind::Syntax,
                        span,
                        "not a rule as `iptables -L` prints it",
                    )),
                },
                _ => remarks.push(remark(RemarkKind::Syntax, span, "not a line of `iptables -L`")),
            }
        }
    }
    sections
}

impl Section<'_> {
    fn read(self, remarks: &mut Vec<Remark>) -> Table {
        let family = self.family.or_else(|| self.shown_family()).unwrap_or(Family::V4);
        let name = self.table.unwrap_or_else(|| self.shown_table());
        let span = self.chains.first().map_or(Span::new(FileId(0), 0, 0), |chain| chain.span);
        let mut table = Table {
            name: name.into(),
            families: family.into(),
            chains: Vec::new(),
            dormant: false,
            span,
            backend: Backend::Unknown,
        };
        for block in self.chains {
            let policy = block.policy.unwrap_or(Spanned::new(Policy::Accept, block.span));
            let base = tables::built_in(name, block.name, policy).filter(|_| block.is_built_in);
            let base = base.map(|base| Base { policy_is_written: block.policy.is_some(), ..base });
            let rules = block.lines.iter().map(|line| line.rule(family, remarks)).collect();
            table.chains.push(Chain {
                name: block.name.into(),
                span: block.span,
                declared: true,
                base,
                rules,
                in_front: 0,
            });
        }
        table
    }

    /// The family that the lines show.
    fn shown_family(&self) -> Option<Family> {
        let mut families = self.chains.iter().flat_map(|chain| &chain.lines).filter_map(Line::family);
        families.next()
    }

    /// The table that has these built-in chains. The chains of `security` are those of `filter`, which
    /// is more likely.
    fn shown_table(&self) -> &'static str {
        let has = |name: &str| self.chains.iter().any(|chain| chain.is_built_in && chain.name == name);
        match (has("PREROUTING") || has("POSTROUTING"), has("FORWARD"), has("POSTROUTING")) {
            (false, ..) => "filter",
            (true, true, _) => "mangle",
            (true, false, true) => "nat",
            (true, false, false) => "raw",
        }
    }
}

/// Name and description of a line `Chain NAME (…)`.
fn chain_header(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start_matches('\u{feff}').trim().strip_prefix("Chain ")?;
    let (name, about) = rest.rsplit_once(" (")?;
    let about = about.strip_suffix(')')?;
    let counts = about.strip_suffix(" references").or_else(|| about.strip_suffix(" reference"));
    let is_header = about.starts_with("policy ") || counts.is_some_and(|count| count.parse::<u64>().is_ok());
    is_header.then_some((name.trim(), about))
}

/// Is it a command that was typed, with what the shell asks in front, or the shell's question alone?
fn is_prompt(line: &str) -> bool {
    line.split_whitespace().any(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        name == "iptables"
            || name == "ip6tables"
            || name.starts_with("iptables-")
            || name.starts_with("ip6tables-")
    }) || line.ends_with(['#', '$'])
}

/// What a typed command says of its output.
fn prompt(line: &str) -> Section<'_> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| matches!(*word, "-t" | "--table"));
    let table = at.and_then(|at| words.get(at + 1).copied()).or_else(|| {
        words.iter().find_map(|word| word.strip_prefix("--table=").or_else(|| word.strip_prefix("-t")))
    });
    let is_v6 = words.iter().any(|word| word.contains("ip6tables"));
    let is_v4 = words.iter().any(|word| word.contains("iptables"));
    let family = if is_v6 { Some(Family::V6) } else { is_v4.then_some(Family::V4) };
    Section { table: table.filter(|name| tables::TABLES.contains(name)), family, chains: Vec::new() }
}

fn remark(kind: RemarkKind, span: Span, message: &str) -> Remark {
    Remark { kind, span, message: message.into(), notes: Vec::new() }
}
