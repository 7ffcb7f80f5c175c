//! What fwlint has to say: findings, and the report that holds them.

mod fingerprint;
mod picture;
mod probe;
mod unread;

use crate::model::{Placed, Remedy};
use crate::source::{Sources, Span};
pub use fingerprint::Fingerprints;
pub use picture::{Cell, Cells, Direction, Mark, Row};
pub use probe::{Blame, Probe, Rules};
pub use unread::Unread;

/// How bad a finding is. Ordered: a note is less than a warning, a warning less than an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing; never fails a run by default.
    Note,
    /// Something does not do what it was meant to do.
    Warning,
    /// The tunnel or the firewall is broken.
    Error,
}

/// A further place that explains a finding, with the reason why it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// Why it is shown: a phrase, lower case, no full stop.
    pub message: String,
}

impl Label {
    /// What is said at a place of which the same is true as of the finding's own.
    pub const AGAIN: &'static str = "here too";

    /// Does it only say that the same is true there?
    pub fn is_again(&self) -> bool {
        self.message == Label::AGAIN
    }
}

/// One place where a lint strikes.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The lint's id, in kebab-case.
    pub lint: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is wrong: lower case, no full stop, no advice.
    pub message: String,
    /// What is wrong in words that name none of the things that it is about, if that can be said: findings that have
    /// them in common may be shown as one.
    pub in_common: Option<&'static str>,
    /// The place that is to blame; none when something is missing that has no place.
    pub span: Option<Span>,
    /// What to say at `span` itself, if anything.
    pub here: Option<String>,
    /// Further places.
    pub labels: Vec<Label>,
    /// Sentences that explain or say what to do.
    pub notes: Vec<String>,
    /// Further places of which the same is true, shown or not: what is ignored at some of them stays for the others.
    pub alike: Vec<Span>,
    /// All places that it is about, where that is several rules in one finding: with one more it is another.
    pub parts: Vec<Span>,
    /// What would mend it, not proven.
    pub remedy: Option<Box<Remedy>>,
}

/// One replacement in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty where something is only added.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

/// A file that is not there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its path, as the files beside it are named.
    pub path: std::path::PathBuf,
    /// What is in it.
    pub text: String,
}

/// What mends a finding, proven: exactly the packets that it names fare otherwise, the finding is gone, and
/// none as bad has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// What it does: a phrase in the imperative.
    pub title: String,
    /// Does no packet fare otherwise but those that the profile requires, by name, to get through?
    pub is_safe: bool,
    /// Changes of the texts, in the order of places, none overlapping.
    pub edits: Vec<Edit>,
    /// Files that it adds.
    pub new_files: Vec<NewFile>,
    /// Commands that make the change where the text is only an export.
    pub commands: Vec<String>,
    /// What each of the commands takes away from others.
    pub placed: Vec<Placed>,
    /// What commands need first, as a sentence, if they need anything.
    pub needs: Option<String>,
    /// The packets that get through by it, in words.
    pub opens: Vec<String>,
    /// The packets that get through no more, in words.
    pub closes: Vec<String>,
    /// Packets that fare otherwise in some other way (dropped rather than rejected, say), in words.
    pub changes: Vec<String>,
    /// What would make it shorter and open more, as a phrase, if anything would.
    pub wider: Option<String>,
}

/// A text after edits of it, in the order of places; `None` for places that are not in it.
pub fn edited(text: &str, edits: &[Edit]) -> Option<String> {
    let mut changed = String::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        changed.push_str(text.get(from..edit.span.start as usize)?);
        changed.push_str(&edit.text);
        from = edit.span.end as usize;
    }
    changed.push_str(text.get(from..)?);
    Some(changed)
}

impl Level {
    /// Its name: `note`, `warning`, `error`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    /// The next level; an error stays one.
    pub fn next(self) -> Level {
        match self {
            Level::Note => Level::Warning,
            Level::Warning | Level::Error => Level::Error,
        }
    }

    /// The level of a name.
    pub fn named(name: &str) -> Option<Level> {
        [Level::Note, Level::Warning, Level::Error].into_iter().find(|level| level.name() == name)
    }
}

impl Fix {
    /// Does every packet fare as before?
    pub fn is_neutral(&self) -> bool {
        self.opens.is_empty() && self.closes.is_empty() && self.changes.is_empty()
    }

    /// What it does, and to which packets: `let DNS out; opens out: udp to port 53; closes nothing`.
    pub fn summary(&self) -> String {
        if self.is_neutral() {
            return format!("{}; every packet fares as before", self.title);
        }
        let list = |word: &str, all: &[String]| match all {
            [] => format!("{word} nothing"),
            all => format!("{word} {}", all.join("; ")),
        };
        let mut parts = vec![self.title.clone(), list("opens", &self.opens), list("closes", &self.closes)];
        if !self.changes.is_empty() {
            parts.push(list("otherwise changes", &self.changes));
        }
        parts.join("; ")
    }
}

impl Finding {
    /// A finding with nothing but a message.
    pub fn new(lint: &'static str, level: Level, message: impl Into<String>) -> Self {
        Finding {
            lint,
            level,
            message: message.into(),
            in_common: None,
            span: None,
            here: None,
            labels: Vec::new(),
            notes: Vec::new(),
            alike: Vec::new(),
            parts: Vec::new(),
            remedy: None,
        }
    }

    /// Says what it has in common with findings about other things.
    pub fn in_common(mut self, message: &'static str) -> Self {
        self.in_common = Some(message);
        self
    }

    /// Points at a place.
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Says something at the place itself.
    pub fn here(mut self, message: impl Into<String>) -> Self {
        self.here = Some(message.into());
        self
    }

    /// Shows a further place.
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Adds a sentence.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what would mend it, if anything would.
    pub fn remedy(mut self, remedy: impl Into<Option<Remedy>>) -> Self {
        self.remedy = remedy.into().map(Box::new);
        self
    }
}

/// All that a run has to say, as plain data for the printers.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was judged.
    pub units: Vec<UnitReport>,
    /// What was found, in the order in which it is shown.
    pub findings: Vec<Reported>,
    /// What is known of the lints that struck.
    pub lints: Vec<LintInfo>,
    /// How many findings a baseline knows, so that they are not shown.
    pub known: usize,
    /// What should have been judged, too, and could not be read.
    pub unread: Vec<Unread>,
    /// What is kept of the findings so far, so that each fingerprint is unique.
    pub fingerprints: Fingerprints,
}

/// A finding and the unit in which it was found.
#[derive(Clone, Debug)]
pub struct Reported {
    /// An index into [`Report::units`].
    pub unit: usize,
    /// The finding.
    pub finding: Finding,
    /// What stays the same of it when lines around it come and go: 16 hexadecimal digits, unique in a report.
    pub fingerprint: String,
    /// What mends it.
    pub fix: Option<Fix>,
    /// Why there is no fix although something would mend it: a phrase.
    pub unfixed: Option<String>,
}

impl Report {
    /// Adds a finding about a unit, which is there already.
    pub fn add(&mut self, sources: &Sources, unit: usize, finding: Finding) {
        self.add_with(sources, unit, finding, None);
    }

    /// Adds a finding with its fix, or the reason why there is none; neither where nothing would mend it.
    pub fn add_with(
        &mut self,
        sources: &Sources,
        unit: usize,
        finding: Finding,
        fix: Option<Result<Fix, String>>,
    ) {
        let identity = self.units.get(unit).map_or("", |unit| unit.identity.as_str());
        let fingerprint = self.fingerprints.of(sources, &finding, identity);
        let (fix, unfixed) = match fix {
            Some(Ok(fix)) => (Some(fix), None),
            Some(Err(reason)) => (None, Some(reason)),
            None => (None, None),
        };
        self.findings.push(Reported { unit, finding, fingerprint, fix, unfixed });
    }

    /// The unit of a finding.
    pub fn unit(&self, reported: &Reported) -> Option<&UnitReport> {
        self.units.get(reported.unit)
    }

    /// What is known of the lint of a finding.
    pub fn lint(&self, finding: &Finding) -> Option<&LintInfo> {
        self.lints.iter().find(|info| info.id == finding.lint)
    }

    /// Does a finding fail the run?
    pub fn fails(&self, reported: &Reported) -> bool {
        let limit = self.unit(reported).and_then(|unit| unit.fail_level);
        limit.is_some_and(|limit| reported.finding.level >= limit)
    }

    /// How many findings have this level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|reported| reported.finding.level == level).count()
    }
}

/// A unit in a report.
#[derive(Clone, Debug, Default)]
pub struct UnitReport {
    /// What it is called.
    pub name: String,
    /// What it is called wherever the call is made: its name, or the paths of its files in the repository.
    pub identity: String,
    /// Its files, as they were named.
    pub paths: Vec<String>,
    /// What was decided, in a few words each: `("tunnel", "works")`.
    pub verdicts: Vec<(String, String)>,
    /// What was taken for granted: phrases.
    pub assumptions: Vec<String>,
    /// The same at a glance.
    pub picture: Vec<Row>,
    /// What was tried from it.
    pub probes: Vec<Probe>,
    /// The facts that it was judged by, if any.
    pub facts: Option<Facts>,
    /// How many chains it has.
    pub chains: usize,
    /// How many rules it has.
    pub rules: usize,
    /// From which level on a finding fails the run; `None` when nothing does.
    pub fail_level: Option<Level>,
}

/// What facts a unit was judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Of what: `Cloudflare Tunnel`.
    pub of: String,
    /// A day on which they were true.
    pub as_of: String,
    /// Where they are from: a URL.
    pub source: String,
}

/// What is known of a lint.
#[derive(Clone, Debug)]
pub struct LintInfo {
    /// Its id.
    pub id: &'static str,
    /// The level that its findings usually have.
    pub level: Level,
    /// What it looks for: one line.
    pub summary: String,
    /// Its page, in Markdown.
    pub help: &'static str,
    /// How bad it is for security, from 0.1 to 10.0; `None` for what is no matter of security.
    pub security_severity: Option<f64>,
}
