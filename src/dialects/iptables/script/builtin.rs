//! Simple commands: the shell's own, and those that leave the firewall alone.

use super::known::{ASKING, CHANGING, HARMLESS, is_command_option, is_elsewhere, is_idle, is_library};
use super::run::{Leave, Outcome, Runner, Status};
use super::shell::{Arguments, split_assignment};
use super::test;
use super::tokens::Redirect;
use super::value::{Field, Variable};
use crate::dialects::iptables::words::Word;
use crate::source::Span;

impl Runner<'_> {
    /// Runs a simple command. `minded` says that the script itself minds whether it fails.
    pub fn simple(&mut self, words: &[Word], redirects: &[Redirect], span: Span, minded: bool) -> Outcome {
        if !self.step(span) {
            return Err(Leave::Script);
        }
        let assignments = words.iter().take_while(|word| split_assignment(word).is_some()).count();
        let (assignments, words) = words.split_at(assignments);
        if words.is_empty() {
            for word in assignments {
                self.shell.assign(word);
            }
            return Ok(Status::Success);
        }
        if let Some(name) = words[0].bare()
            && matches!(name, "export" | "readonly" | "declare" | "typeset" | "local")
        {
            return Ok(self.declare(name, &words[1..]));
        }
        let fields = self.shell.fields(words);
        let minded = minded || is_hushed(redirects);
        self.run(&fields, redirects, span, minded)
    }

    /// Runs a command whose words are known as far as may be.
    fn run(&mut self, fields: &[Field], redirects: &[Redirect], span: Span, minded: bool) -> Outcome {
        let fields = self.strip(fields);
        let Some((first, arguments)) = fields.split_first() else { return Ok(Status::Success) };
        let Some(name) = self.name(first, arguments) else {
            let text = first.value.text();
            // `${NAME?message}` only asks whether it is set.
            if !(arguments.is_empty() && text.contains('?')) {
                self.suspect(&text, span);
            }
            return Ok(Status::Unknown);
        };
        if let Some(body) = self.functions.get(&name).cloned() {
            return self.call(&body, arguments);
        }
        let base = name.rsplit('/').next().unwrap_or(&name);
        match base {
            "exit" => Err(Leave::Script),
            "return" if !self.shell.arguments.is_function => Err(Leave::Script),
            "return" => Err(Leave::Function(match arguments.first().map(|it| it.value.known()) {
                Some(Some(number)) => Status::from(number == "0"),
                _ => Status::Unknown,
            })),
            "break" => Err(Leave::Loop),
            "continue" => Err(Leave::Turn),
            "false" => Ok(Status::Failure),
            "test" => Ok(test::evaluate(arguments).map_or(Status::Unknown, Status::from)),
            "[" => {
                let words = arguments.split_last().map_or(arguments, |halves| halves.1);
                Ok(test::evaluate(words).map_or(Status::Unknown, Status::from))
            }
            "read" | "mapfile" | "readarray" => {
                for field in arguments {
                    let text = field.value.text();
                    if !text.starts_with('-') {
                        self.shell.forget(&text);
                    }
                }
                Ok(Status::Unknown)
            }
            "unset" => {
                for field in arguments {
                    self.shell.variables.insert(field.value.text(), Variable::One("".into()));
                }
                Ok(Status::Success)
            }
            "set" => {
                if let Some(at) = arguments.iter().position(|it| it.value.known().as_deref() == Some("--")) {
                    let is_function = self.shell.arguments.is_function;
                    self.shell.arguments = Arguments { is_function, ..Arguments::of(&arguments[at + 1..]) };
                }
                Ok(Status::Success)
            }
            "shift" => {
                let count = arguments.first().map_or(Some(1), |it| it.value.known()?.parse().ok());
                self.shell.arguments.shift(count);
                Ok(Status::Success)
            }
            "command" | "which" | "type" | "hash" => {
                let last = arguments.iter().rev().find_map(|it| it.value.known()).unwrap_or_default();
                Ok(if test::is_tool(&last) { Status::Success } else { Status::Unknown })
            }
            "ip" if is_elsewhere(arguments) => {
                self.not_followed(span, "what runs in another network namespace is not followed");
                Ok(Status::Unknown)
            }
            _ => match self.firewall(base, arguments, redirects, span, minded) {
                Some(status) => Ok(status),
                None if HARMLESS.contains(&base) => Ok(Status::Success),
                None if ASKING.contains(&base) => Ok(Status::Unknown),
                None if is_idle(base, arguments) => Ok(Status::Unknown),
                None if matches!(base, "." | "source") && is_library(arguments) => {
                    self.has_sourced = true;
                    Ok(Status::Success)
                }
                None => {
                    self.has_sourced |= matches!(base, "." | "source");
                    self.suspect(&name, span);
                    Ok(Status::Unknown)
                }
            },
        }
    }

    /// Says, once for each, that a command is not followed. What a file that was read in may have
    /// defined is no news.
    fn suspect(&mut self, name: &str, span: Span) {
        let may_be_defined = self.has_sourced && !name.contains('/') && !CHANGING.contains(&name);
        if !may_be_defined && self.suspects.insert(name.to_owned()) || CHANGING.contains(&name) {
            self.not_followed(span, format!("`{name}` may change the rules and is not followed"));
        }
    }

    /// The words without what only says how to run them: `sudo`, `env`, `exec` and the like.
    fn strip<'f>(&self, fields: &'f [Field]) -> &'f [Field] {
        let mut rest = fields;
        while let Some((first, behind)) = rest.split_first() {
            let Some(name) = first.value.known() else {
                // `$SUDO iptables …`, which stands for nothing or for a word such as `sudo`.
                let next = behind.first().and_then(|it| it.value.known());
                match next {
                    Some(next) if first.splits && super::commands::tool(&next).is_some() => rest = behind,
                    _ => return rest,
                }
                continue;
            };
            let with_value: &[&str] = match name.rsplit('/').next().unwrap_or(&name) {
                "sudo" | "doas" => &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D"],
                "nice" => &["-n"],
                "env" => &["-u", "-C"],
                "timeout" if behind.len() > 1 => {
                    rest = &behind[1..];
                    continue;
                }
                "command" if behind.first().is_some_and(|it| it.value.text().starts_with('-')) => {
                    return rest;
                }
                "exec" | "command" | "builtin" | "nohup" | "time" | "busybox" | "eatmydata" => &[],
                // A prompt, copied along.
                "$" | "#" | "%" => &[],
                name if name.contains('@') && name.ends_with(['#', '$']) => &[],
                _ => return rest,
            };
            if behind.is_empty() {
                return rest;
            }
            rest = behind;
            while let Some((option, more)) = rest.split_first() {
                let text = option.value.text();
                if with_value.contains(&text.as_str()) && !more.is_empty() {
                    rest = &more[1..];
                } else if text.starts_with('-') && text.len() > 1
                    || text.contains('=') && !text.starts_with('/')
                {
                    rest = more;
                } else {
                    break;
                }
            }
        }
        rest
    }

    /// The name of a command. A variable that is called like iptables, and is used like it, is taken for
    /// it.
    fn name(&self, first: &Field, arguments: &[Field]) -> Option<String> {
        if let Some(name) = first.value.known() {
            return Some(name);
        }
        let variable = first.value.text().to_ascii_lowercase();
        let variable = variable.trim_start_matches(['$', '{']);
        let is_v6 = variable.contains('6');
        let is_it =
            ["ipt", "ip4t", "ip6t", "iptables", "ip6"].iter().any(|begin| variable.starts_with(begin));
        let is_used =
            arguments.iter().any(|it| it.value.known().is_some_and(|text| is_command_option(&text)));
        (is_it && is_used).then(|| if is_v6 { "ip6tables" } else { "iptables" }.to_owned())
    }

    fn declare(&mut self, name: &str, words: &[Word]) -> Status {
        for word in words {
            let assigned = split_assignment(word).map(|it| it.0);
            if name == "local" {
                let local = assigned.as_deref().or(word.bare()).filter(|name| !name.starts_with('-'));
                if let Some(local) = local {
                    self.hide(local);
                    if assigned.is_none() {
                        self.shell.variables.insert(local.to_owned(), Variable::One("".into()));
                    }
                }
            }
            self.shell.assign(word);
        }
        Status::Success
    }
}

/// Does a command throw away what it has to say about its failure?
fn is_hushed(redirects: &[Redirect]) -> bool {
    redirects.iter().any(|it| {
        let target = it.target.literal().unwrap_or_default();
        it.operator.contains('>') && (target == "/dev/null" || target == "1")
    })
}
