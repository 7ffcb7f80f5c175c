//! Shell scripts of `iptables` and `ip6tables` commands.

mod builtin;
mod commands;
mod host;
mod rewritten;
mod run;
mod scan;
mod sets;
mod shell;
mod syntax;
mod test;
mod tokens;
mod tree;
mod value;

use crate::model::{Remark, RemarkKind, Ruleset};
use crate::source::FileId;

/// Is it a script of iptables commands?
pub fn is_script(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_shell = text.starts_with("#!") && {
        let line = text.lines().next().unwrap_or("");
        line.contains("sh") && !line.contains("iptables-restore")
    };
    let mut lines = text.lines();
    lines.any(|line| if is_shell { line.contains("tables") } else { begins_with_tool(line) })
}

/// Reads a script. The families for which it speaks are those whose commands appear in it. Tables are
/// taken to be empty, with the policy ACCEPT, before it runs.
pub fn read(file: FileId, text: &str) -> Ruleset {
    let script = syntax::parse(file, text);
    let mut runner = run::Runner::new(file, text, script.documents);
    let complaints = script.complaints.into_iter();
    runner.remarks = complaints
        .map(|(span, message)| Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() })
        .collect();
    // However the script ends, what it has done remains.
    let _ = runner.list(&script.list, false);
    let mut remarks = runner.remarks;
    let mut ruleset = runner.sets.finish(file);
    ruleset.families = runner.host.families;
    ruleset.tables = runner.host.finish(&mut remarks);
    remarks.append(&mut ruleset.remarks);
    remarks.sort_by_key(|remark| remark.span);
    remarks.dedup();
    ruleset.remarks = remarks;
    ruleset
}

/// Does a line begin with a command that changes tables, as it is typed into a shell?
fn begins_with_tool(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let prompt = |word: &&str| matches!(*word, "$" | "sudo" | "#" | "%") || word.contains('@');
    let first = words.by_ref().find(|word| !prompt(word) && !(word.starts_with('-') && word.len() == 2));
    let is_tool = first.is_some_and(|word| {
        let variable = word.trim_start_matches(['$', '{', '"']).to_ascii_lowercase();
        let is_variable = word.contains('$') && (variable.starts_with("ipt") || variable.starts_with("ip6t"));
        matches!(commands::tool(word), Some(commands::Tool::Tables(_))) || is_variable
    });
    is_tool && words.any(|word| word.len() >= 2 && word.starts_with('-') && !word.starts_with("-L"))
}
