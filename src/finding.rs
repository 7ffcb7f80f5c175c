//! What fwlint has to say: findings, and the report that holds them.

use crate::source::Span;

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

/// One place where a lint strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The lint's id, in kebab-case.
    pub lint: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is wrong: lower case, no full stop, no advice.
    pub message: String,
    /// The place that is to blame; none when something is missing that has no place.
    pub span: Option<Span>,
    /// What to say at `span` itself, if anything.
    pub here: Option<String>,
    /// Further places.
    pub labels: Vec<Label>,
    /// Sentences that explain or say what to do.
    pub notes: Vec<String>,
}

impl Finding {
    /// A finding with nothing but a message.
    pub fn new(lint: &'static str, level: Level, message: impl Into<String>) -> Self {
        Finding {
            lint,
            level,
            message: message.into(),
            span: None,
            here: None,
            labels: Vec::new(),
            notes: Vec::new(),
        }
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
}

/// A finding and the unit in which it was found.
#[derive(Clone, Debug)]
pub struct Reported {
    /// An index into [`Report::units`].
    pub unit: usize,
    /// The finding.
    pub finding: Finding,
}

/// A unit in a report.
#[derive(Clone, Debug, Default)]
pub struct UnitReport {
    /// What it is called.
    pub name: String,
    /// Its files, as they were named.
    pub paths: Vec<String>,
    /// What was decided, in a few words each: `("tunnel", "works")`.
    pub verdicts: Vec<(String, String)>,
    /// What was taken for granted: phrases.
    pub assumptions: Vec<String>,
    /// How many chains it has.
    pub chains: usize,
    /// How many rules it has.
    pub rules: usize,
}

/// What is known of a lint.
#[derive(Clone, Debug)]
pub struct LintInfo {
    /// Its id.
    pub id: &'static str,
    /// What it looks for: one line.
    pub summary: String,
    /// The page about it, if it is on the web.
    pub url: Option<String>,
}
