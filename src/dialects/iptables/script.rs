//! Shell scripts of `iptables` and `ip6tables` commands.

mod builtin;
mod commands;
mod compound;
mod flow;
mod host;
mod known;
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

use super::words;
use crate::model::{Remark, RemarkKind, Ruleset};
use crate::source::{FileId, Span};

/// Is it a script of iptables commands? One that says so in its first line, or a text that begins like a
/// script, and has such a command at the beginning of a line.
pub fn is_script(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    if text.starts_with("#!") {
        return is_shell(text.lines().next().unwrap_or("")) && text.lines().any(mentions_tool);
    }
    let mut lines = text.lines().filter(|line| {
        let line = line.trim_start();
        !line.is_empty() && (!line.starts_with('#') || begins_with_tool(line))
    });
    let first = lines.next().unwrap_or("");
    begins_with_tool(first) || begins_script(first) && lines.any(begins_with_tool)
}

/// Does a script run what stands in a place once, whatever else happens: is it a command on its own, in no block,
/// loop or function?
pub fn runs_straight(place: Span, text: &str) -> bool {
    let script = syntax::parse(place.file, text);
    let plain = |statement: &tree::Statement| match statement.pipelines.as_slice() {
        [(_, pipeline)] => {
            pipeline.only().filter(|only| matches!(only.kind, tree::Kind::Simple(_))).map(|it| it.span)
        }
        _ => None,
    };
    let mut plain = script.list.iter().filter_map(plain);
    plain.any(|span| span.start <= place.start && place.end <= span.end)
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
    (ruleset.tables, ruleset.removals) = runner.host.finish(&mut remarks);
    remarks.append(&mut ruleset.remarks);
    remarks.sort_by_key(|remark| remark.span);
    remarks.dedup();
    ruleset.remarks = remarks;
    ruleset
}

/// Is it the first line of a shell script?
fn is_shell(line: &str) -> bool {
    let mut words = line.trim_start_matches("#!").split_whitespace();
    let is_one = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        matches!(
            name,
            "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh" | "busybox" | "openrc-run" | "runscript"
        )
    };
    words.any(is_one)
}

/// May a line be the first of a script: an assignment, or a command that scripts begin with?
fn begins_script(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or("");
    let name = words::name_at(word);
    let is_assignment = !name.is_empty() && word[name.len()..].starts_with('=');
    is_assignment
        || word.ends_with("()")
        || matches!(
            word,
            "set" | "export" | "readonly" | "declare" | "." | "source" | "if" | "for" | "case" | "[" | "[["
        )
        || matches!(
            word,
            "function" | "echo" | "ipset" | "sysctl" | "modprobe" | "sudo" | "cd" | "test" | "while"
        )
        || commands::tool(word).is_some()
}

/// Does a line name a tool that changes tables, anywhere?
fn mentions_tool(line: &str) -> bool {
    let is_comment = line.trim_start().starts_with('#');
    !is_comment && line.split([' ', '\t', ';', '&', '|', '(', '"', '\'', '`']).any(is_tool)
}

/// Does a line begin with a command that changes tables, as it is typed into a shell?
fn begins_with_tool(line: &str) -> bool {
    let mut words = line.split_whitespace();
    // A prompt, `sudo` and its flags may stand in front.
    let is_front = |word: &str| {
        matches!(word, "$" | "sudo" | "#" | "%")
            || word.contains('@')
            || word.starts_with('-') && word.len() == 2
    };
    let first = words.by_ref().find(|word| !is_front(word));
    first.is_some_and(is_tool) && words.any(known::is_command_option)
}

/// Is a word a tool that changes tables, or a variable that is called like one?
fn is_tool(word: &str) -> bool {
    let word = word.trim_matches('"');
    let name = word.strip_prefix('$').unwrap_or("").trim_start_matches('{').to_ascii_lowercase();
    let is_variable = ["ipt", "ip4t", "ip6t"].iter().any(|begin| name.starts_with(begin));
    is_variable
        || matches!(commands::tool(word), Some(commands::Tool::Tables(..) | commands::Tool::Restore(_)))
}
