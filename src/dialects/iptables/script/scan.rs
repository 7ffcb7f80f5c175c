//! Questions about a piece of a script that are answered without running it.

use std::collections::HashMap;
use std::rc::Rc;

use super::shell::split_assignment;
use super::tree::{Command, Join, Kind, List, Pipeline};
use crate::dialects::iptables::words::Word;
use crate::source::Span;

type Functions = HashMap<String, Rc<Command>>;

/// How many calls deep an answer is looked for.
const DEEPEST: u8 = 4;

/// The place of a list; `None` if it is empty.
pub fn span(list: &List) -> Option<Span> {
    let mut spans = list.iter().flat_map(|it| &it.pipelines).map(|it| it.1.span);
    let first = spans.next()?;
    Some(spans.fold(first, Span::to))
}

/// Does a list surely end the script, by `exit`?
pub fn ends_script(list: &List, functions: &Functions) -> bool {
    ends(list, functions, DEEPEST)
}

/// Does a pipeline surely end the script?
pub fn pipeline_ends_script(pipeline: &Pipeline, functions: &Functions) -> bool {
    pipeline.only().is_some_and(|command| command_ends(command, functions, DEEPEST))
}

/// May a list change the firewall, as far as its words tell?
pub fn touches(list: &List, text: &str, functions: &Functions) -> bool {
    list.iter()
        .flat_map(|it| &it.pipelines)
        .flat_map(|it| &it.1.commands)
        .any(|it| command_touches(it, text, functions, DEEPEST))
}

/// May a pipeline change the firewall, as far as its words tell?
pub fn pipeline_touches(pipeline: &Pipeline, text: &str, functions: &Functions) -> bool {
    pipeline.commands.iter().any(|it| command_touches(it, text, functions, DEEPEST))
}

/// The variables that a list may set.
pub fn assigned(list: &List) -> Vec<String> {
    let mut names = Vec::new();
    collect(list, &mut names);
    names
}

fn ends(list: &List, functions: &Functions, depth: u8) -> bool {
    list.iter().any(|statement| match statement.pipelines.first() {
        Some((Join::Always, pipeline)) => {
            pipeline.only().is_some_and(|command| command_ends(command, functions, depth))
        }
        _ => false,
    })
}

fn command_ends(command: &Command, functions: &Functions, depth: u8) -> bool {
    if depth == 0 {
        return false;
    }
    match &command.kind {
        Kind::Simple(words) => match words.first().and_then(Word::bare) {
            Some("exit") => true,
            Some(name) => functions.get(name).is_some_and(|body| command_ends(body, functions, depth - 1)),
            None => false,
        },
        Kind::Group(list) => ends(list, functions, depth),
        Kind::If { arms, otherwise } => {
            ends(otherwise, functions, depth) && arms.iter().all(|arm| ends(&arm.1, functions, depth))
        }
        _ => false,
    }
}

fn command_touches(command: &Command, text: &str, functions: &Functions, depth: u8) -> bool {
    if depth == 0 {
        return true;
    }
    match &command.kind {
        Kind::Simple(words) => {
            let calls = words.first().and_then(Word::bare).and_then(|name| functions.get(name));
            let mut sources =
                words.iter().filter_map(|it| text.get(it.span.start as usize..it.span.end as usize));
            let is_output = matches!(words.first().and_then(Word::bare), Some("echo" | "printf" | "logger"));
            !is_output && sources.any(names_firewall)
                || calls.is_some_and(|body| command_touches(body, text, functions, depth - 1))
        }
        Kind::Function { .. } | Kind::Test(_) => false,
        _ => parts(command).into_iter().any(|list| {
            let mut commands = list.iter().flat_map(|it| &it.pipelines).flat_map(|it| &it.1.commands);
            commands.any(|it| command_touches(it, text, functions, depth))
        }),
    }
}

fn names_firewall(source: &str) -> bool {
    let source = source.to_ascii_lowercase();
    [
        "iptables",
        "ip6tables",
        "ipset",
        "nft",
        "$ipt",
        "${ipt",
        "$ip6t",
        "${ip6t",
        "$ip4t",
        "${ip4t",
        "firewall",
        "ufw",
    ]
    .iter()
    .any(|word| source.contains(word))
}

/// The lists that a command is made of.
fn parts(command: &Command) -> Vec<&List> {
    match &command.kind {
        Kind::Simple(_) | Kind::Test(_) | Kind::Function { .. } => Vec::new(),
        Kind::Group(list) | Kind::Subshell(list) | Kind::Arithmetic(list) => vec![list],
        Kind::If { arms, otherwise } => {
            arms.iter().flat_map(|arm| [&arm.0, &arm.1]).chain(std::iter::once(otherwise)).collect()
        }
        Kind::For { body, .. } => vec![body],
        Kind::While { condition, body, .. } => vec![condition, body],
        Kind::Case { arms, .. } => arms.iter().map(|arm| &arm.1).collect(),
    }
}

fn collect(list: &List, names: &mut Vec<String>) {
    for command in list.iter().flat_map(|it| &it.pipelines).flat_map(|it| &it.1.commands) {
        match &command.kind {
            Kind::Simple(words) => {
                let is_read = words.first().and_then(Word::bare) == Some("read");
                for word in words {
                    match split_assignment(word) {
                        Some((name, ..)) => names.push(name),
                        None if is_read => names.extend(word.bare().map(str::to_owned)),
                        None => {}
                    }
                }
            }
            Kind::For { name, .. } => names.push(name.clone()),
            _ => {}
        }
        parts(command).into_iter().for_each(|list| collect(list, names));
    }
}
