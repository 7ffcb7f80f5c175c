//! Commands that change the firewall: iptables and its kin, iptables-restore, ipset.

use std::borrow::Cow;

use super::host::not_followed;
use super::rewritten::Rewritten;
use super::run::{Runner, Status};
use super::tokens::{Document, Redirect};
use super::tree::{Kind, Pipeline};
use super::value::{Field, Piece};
use crate::dialects::iptables::command::{self, Operation};
use crate::dialects::iptables::loader::Program;
use crate::dialects::iptables::rule::{Context, Word};
use crate::dialects::iptables::words::{Scanner, line_end};
use crate::dialects::iptables::{places, save, tables};
use crate::model::{AtomKind, Backend, Match, Remark, RemarkKind, Rule, Verdict};
use crate::packet::Family;
use crate::source::{Span, Spanned};

/// A program of the firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// iptables, ip6tables, or both in one.
    Tables(&'static [Family], Backend),
    /// iptables-restore or ip6tables-restore.
    Restore(Program),
    /// ipset.
    Sets,
    /// arptables or ebtables.
    Other,
}

/// The tool of a name or path.
pub fn tool(name: &str) -> Option<Tool> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let (name, restores) = match name.strip_suffix("-restore") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (name, backend) = match (name.strip_suffix("-legacy"), name.strip_suffix("-nft")) {
        (Some(name), _) => (name, Backend::Legacy),
        (_, Some(name)) => (name, Backend::Nft),
        (None, None) => (name, Backend::Unknown),
    };
    Some(match (name, restores) {
        ("iptables", true) => Tool::Restore(Program { family: Family::V4, backend }),
        ("ip6tables", true) => Tool::Restore(Program { family: Family::V6, backend }),
        ("iptables", false) => Tool::Tables(&[Family::V4], backend),
        ("ip6tables", false) => Tool::Tables(&[Family::V6], backend),
        ("ip46tables", false) => Tool::Tables(&[Family::V4, Family::V6], backend),
        ("ipset", false) => Tool::Sets,
        ("arptables" | "ebtables", _) => Tool::Other,
        _ => return None,
    })
}

impl Runner<'_> {
    /// Runs a command of the firewall; `None` if it is none.
    pub fn firewall(
        &mut self,
        name: &str,
        arguments: &[Field],
        redirects: &[Redirect],
        span: Span,
        minded: bool,
    ) -> Option<Status> {
        Some(match tool(name)? {
            Tool::Tables(families, backend) => {
                let mut status = Status::Success;
                for (at, family) in families.iter().enumerate() {
                    // What is wrong with the words is said once.
                    let before = self.remarks.len();
                    status = self.tables(Program { family: *family, backend }, arguments, span, minded);
                    if at > 0 {
                        self.remarks.truncate(before);
                    }
                }
                status
            }
            Tool::Restore(program) => {
                let document = redirects.iter().find_map(|it| it.document);
                self.restore(program, arguments, document, span);
                Status::Success
            }
            Tool::Sets => {
                let conditional = !self.conditions().is_empty();
                let document = redirects.iter().find_map(|it| it.document);
                match arguments
                    .iter()
                    .any(|it| matches!(it.value.text().as_str(), "restore" | "-R" | "--restore"))
                {
                    true => self.restore_sets(document, span),
                    false => {
                        let words = arguments.iter().map(|it| (it.value.text(), it.span)).collect();
                        let is_known = arguments.iter().all(|it| it.value.known().is_some());
                        self.sets.command(words, span, conditional, is_known, &mut self.remarks);
                    }
                }
                Status::Success
            }
            Tool::Other => {
                // ARP that is dropped takes IPv4 with it, and a bridge may drop anything.
                let texts: Vec<String> = arguments.iter().map(|it| it.value.text()).collect();
                let drops = texts
                    .windows(2)
                    .any(|pair| matches!(pair[0].as_str(), "-j" | "--jump") && pair[1] == "DROP");
                let policy = texts.iter().position(|text| matches!(text.as_str(), "-P" | "--policy"));
                if drops || policy.is_some_and(|at| texts.get(at + 2).is_some_and(|policy| policy == "DROP"))
                {
                    self.not_followed(span, format!("`{name}` drops something here, which is not followed"));
                }
                Status::Success
            }
        })
    }

    fn tables(&mut self, program: Program, arguments: &[Field], span: Span, minded: bool) -> Status {
        let words: Vec<Word<'_>> = arguments.iter().map(word).collect();
        let is_bare = |at: usize| {
            let begins = matches!(arguments[at].value.0.first(), Some(Piece::Symbol(_)));
            begins && (at == 0 || !words[at - 1].text.starts_with('-'))
        };
        let command_at = words.iter().position(|it| it.text.starts_with('-')).unwrap_or(words.len());
        if words.is_empty() || (0..command_at.min(words.len())).any(is_bare) {
            self.not_followed(span, "what this changes is not known");
            return Status::Unknown;
        }
        let context = Context { file: self.file, family: program.family };
        let mut noticed = Vec::new();
        let command = command::read(&words, &context, &mut noticed);
        // A listing, `-V` and so on need no more.
        let Some(mut operation) = command.operation else {
            if noticed.is_empty() {
                noticed.push(not_followed(span, "what this changes is not known"));
            }
            self.remarks.append(&mut noticed);
            return Status::Unknown;
        };
        self.remarks.append(&mut noticed);
        if command.table.as_ref().is_some_and(|table| table.unresolved) {
            self.not_followed(span, "which table this changes is not known");
            return Status::Unknown;
        }
        let table = command.table.as_ref().map_or("filter", |table| &table.text);
        if !tables::TABLES.contains(&table) {
            let at = command.table.as_ref().map_or(span, |table| table.span);
            let message = format!("there is no table `{table}`");
            self.remarks.push(Remark { kind: RemarkKind::Syntax, span: at, message, notes: Vec::new() });
            return Status::Failure;
        }
        if matches!(operation, Operation::Nothing) {
            return match listed(&words) {
                Some(chain) => Status::from(self.host.has_chain(program, table, chain)),
                None => Status::Unknown,
            };
        }
        // A chain may be called by a variable, if it was made by that name and always means the same.
        let is_steady = |name: &str| {
            let is_it = |field: &&Field| field.value.text() == name;
            arguments.iter().find(is_it).is_some_and(|it| it.value.symbols().all(|symbol| symbol.steady))
        };
        let makes = matches!(operation, Operation::New(_));
        if let Some(chain) = operation.chain().filter(|chain| chain.unresolved)
            && !(is_steady(&chain.text) && (makes || self.host.has_chain(program, table, &chain.text)))
        {
            self.not_followed(span, "which chain this changes is not known");
            return Status::Unknown;
        }
        if let Some(rule) = rule_of(&mut operation) {
            rule.span = span;
            let bare: Vec<Span> =
                (0..arguments.len()).filter(|at| is_bare(*at)).map(|at| arguments[at].span).collect();
            settle(rule, arguments, &bare);
            if let Verdict::Unknown(name) = &rule.verdict.value
                && is_steady(name)
                && self.host.has_chain(program, table, name)
            {
                let goes = words.iter().any(|it| matches!(&*it.text, "-g" | "--goto"));
                let name = name.clone();
                rule.verdict.value = if goes { Verdict::Goto(name) } else { Verdict::Jump(name) };
            }
        }
        let chain = operation.chain().map(|chain| chain.text.to_string());
        if let (Some(chain), Some(rule)) = (chain, rule_of(&mut operation))
            && let Some(remark) = places::refusal(table, &chain, rule)
        {
            self.remarks.push(remark);
            return Status::Failure;
        }
        self.warn_of_numbers(program, table, &operation, span);
        let conditions = self.conditions();
        let is_question = matches!(operation, Operation::Check(..));
        match self.host.apply(program, table, operation, &conditions, span) {
            Ok(()) => Status::Success,
            Err(_) if minded || is_question => Status::Failure,
            Err(mut remark) => {
                remark.kind = RemarkKind::NotFollowed;
                self.remarks.push(remark);
                Status::Failure
            }
        }
    }

    /// Says that a rule's number is not sure where rules before it may be missing.
    fn warn_of_numbers(&mut self, program: Program, table: &str, operation: &Operation<'_>, span: Span) {
        let (chain, first) = match operation {
            Operation::Insert(chain, at, _) => (chain, *at),
            Operation::Replace(chain, at, _) | Operation::DeleteNumber(chain, at) => (chain, *at),
            _ => return,
        };
        if self.host.is_uncertain(program, table, &chain.text, first as usize - 1) {
            self.not_followed(
                span,
                "this counts rules of which some may be missing; it is read as if all were there",
            );
        }
    }

    /// `cat <<END | iptables-restore`: does what the here-document says.
    pub fn piped_document(&mut self, pipeline: &Pipeline) -> bool {
        let [from, to] = pipeline.commands.as_slice() else { return false };
        let (Kind::Simple(source), Kind::Simple(target)) = (&from.kind, &to.kind) else { return false };
        let is_cat = source.len() == 1 && source[0].bare() == Some("cat");
        let Some(document) = from.redirects.iter().find_map(|it| it.document).filter(|_| is_cat) else {
            return false;
        };
        let fields = self.shell.fields(target);
        let at = fields.iter().position(|it| it.value.known().is_some_and(|name| tool(&name).is_some()));
        let Some(at) = at else { return false };
        match tool(&fields[at].value.text()) {
            Some(Tool::Restore(program)) => self.restore(program, &fields[at + 1..], Some(document), to.span),
            Some(Tool::Sets) => self.restore_sets(Some(document), to.span),
            _ => return false,
        }
        true
    }

    fn restore(&mut self, program: Program, arguments: &[Field], document: Option<usize>, span: Span) {
        let has = |short: char, long: &str| {
            arguments.iter().any(|it| {
                let text = it.value.text();
                text == long || text.starts_with('-') && !text.starts_with("--") && text.contains(short)
            })
        };
        if has('t', "--test") || has('h', "--help") {
            return;
        }
        let document = document.and_then(|number| self.documents.get(number).cloned().flatten());
        let Some(document) = document else {
            self.not_followed(span, "the rules that are loaded here stand elsewhere");
            return;
        };
        if has('T', "--table") {
            self.not_followed(span, "only one table of this is loaded; all are read");
        }
        let (text, unresolved) = self.document(&document);
        let mut loaded = match program.family {
            Family::V4 => save::read_v4(self.file, &text.text),
            Family::V6 => save::read_v6(self.file, &text.text),
        };
        text.restore(&mut loaded);
        let hangs = |span: Span| unresolved.iter().any(|it| it.start <= span.start && span.end <= it.end);
        let is_refused = |kind| matches!(kind, RemarkKind::Syntax | RemarkKind::Outdated);
        loaded.remarks.retain(|remark| !is_refused(remark.kind) || !hangs(remark.span));
        self.remarks.append(&mut loaded.remarks);
        let conditions = self.conditions();
        self.host.restore(program, loaded.tables, has('n', "--noflush"), &conditions);
    }

    fn restore_sets(&mut self, document: Option<usize>, span: Span) {
        let document = document.and_then(|number| self.documents.get(number).cloned().flatten());
        let Some(document) = document else {
            self.not_followed(span, "the sets that are loaded here stand elsewhere");
            return;
        };
        let (text, unresolved) = self.document(&document);
        let conditional = !self.conditions().is_empty();
        for (words, line) in text.lines() {
            let is_known = !unresolved.contains(&line);
            self.sets.command(words, line, conditional, is_known, &mut self.remarks);
        }
    }

    /// The text of a here-document with its variables filled in, and the lines where that was not
    /// possible.
    fn document(&mut self, document: &Document) -> (Rewritten, Vec<Span>) {
        let mut text = Rewritten::default();
        let mut unresolved = Vec::new();
        let (mut at, end) = (document.span.start as usize, document.span.end as usize);
        while at < end {
            let stop = (line_end(self.text, at) + 1).min(end);
            let line = &self.text[at..stop];
            let span = Span::new(self.file, at, stop);
            if document.is_raw || !line.contains(['$', '`', '\\']) {
                text.push(line, span);
            } else {
                let word = Scanner::new(self.file, self.text).document(at, stop);
                let value = self.shell.value(&word);
                if value.known().is_none() {
                    unresolved.push(span);
                }
                text.push(&value.text(), span);
            }
            at = stop;
        }
        (text, unresolved)
    }
}

/// A word for the reader of rules.
fn word(field: &Field) -> Word<'static> {
    let unresolved = field.value.symbols().next().is_some();
    Word { text: Cow::Owned(field.value.text()), span: field.span, unresolved }
}

/// The chain that a command lists.
fn listed<'w>(words: &'w [Word<'_>]) -> Option<&'w str> {
    let lists = |text: &str| match text.strip_prefix("--") {
        Some(name) => name == "list" || name == "list-rules",
        None => text.starts_with('-') && text.contains(['L', 'S']),
    };
    let at = words.iter().position(|word| lists(&word.text))?;
    words.get(at + 1).map(|word| &*word.text).filter(|text| !text.starts_with('-'))
}

fn rule_of<'o>(operation: &'o mut Operation<'_>) -> Option<&'o mut Rule> {
    match operation {
        Operation::Append(_, rule) | Operation::Insert(_, _, rule) | Operation::Replace(_, _, rule) => {
            Some(rule)
        }
        Operation::Delete(_, rule) | Operation::Check(_, rule) => Some(rule),
        _ => None,
    }
}

/// Mends what a rule says of words that only a run would tell.
fn settle(rule: &mut Rule, arguments: &[Field], bare: &[Span]) {
    for found in &mut rule.matches {
        let Match::Atom(atom) = &mut found.value else { continue };
        // Where the same words may mean another text the next time, each use stands on its own.
        let overlaps =
            |field: &&Field| field.span.start < found.span.end && found.span.start < field.span.end;
        let changes = |field: &Field| field.value.symbols().any(|symbol| !symbol.steady);
        if arguments.iter().filter(overlaps).any(changes) {
            atom.kind = AtomKind::Free;
        }
    }
    // A variable that stands for itself may hold the target, too.
    if let Some(first) = bare.first()
        && rule.verdict.value == Verdict::Continue
    {
        let text =
            arguments.iter().find(|it| it.span == *first).map(|it| it.value.text()).unwrap_or_default();
        rule.verdict = Spanned::new(Verdict::Unknown(text.into()), *first);
    }
}
