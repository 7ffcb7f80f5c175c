//! Why a command could not do its work.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::finding::Unread;
use crate::report::escape;
use crate::source::{Sources, Span};
use crate::tree::Mistake;

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// Something that is said in words.
    Operation {
        /// What is wrong: lower case, no full stop.
        message: String,
        /// What to do about it: a sentence.
        help: String,
        /// What the system said.
        cause: Option<io::Error>,
        /// The file or folder that it is about, if it is about one.
        path: Option<PathBuf>,
    },
    /// Mistakes in a configuration file, to be shown at their places.
    Configuration(Box<Sources>, Vec<Mistake>),
    /// Several of these: what could be done without it was done.
    Several(Vec<Failure>),
    /// Nobody reads the output any more.
    ClosedPipe,
}

impl Failure {
    /// Something is wrong (lower case, no full stop), and what to do about it (a sentence).
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Failure::Operation { message: message.into(), help: help.into(), cause: None, path: None }
    }

    /// A file could not be read.
    pub fn reading(path: &Path, cause: io::Error) -> Self {
        let help = match cause.kind() {
            ErrorKind::NotFound => {
                "Is the name right? Paths that do not begin with / start in the current folder."
            }
            ErrorKind::PermissionDenied => "Call fwlint as a user who may read it.",
            ErrorKind::IsADirectory => "Name a file: this is a folder.",
            ErrorKind::NotADirectory => "Is the name right? What should be a folder in it is a file.",
            _ => OTHERWISE,
        };
        Failure::system(format!("cannot read `{}`", path.display()), help, cause).about(path)
    }

    /// A file could not be written.
    pub fn writing(path: &Path, cause: io::Error) -> Self {
        let help = match cause.kind() {
            ErrorKind::NotFound => "Make the folder first.",
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                "Name a place that you may write to, or call fwlint as a user who may."
            }
            ErrorKind::IsADirectory => "Name a file: this is a folder.",
            ErrorKind::NotADirectory => "Is the name right? What should be a folder in it is a file.",
            ErrorKind::AlreadyExists => "Move away what is there.",
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => NO_ROOM,
            _ => OTHERWISE,
        };
        Failure::system(format!("cannot write `{}`", path.display()), help, cause).about(path)
    }

    fn system(message: String, help: &str, cause: io::Error) -> Self {
        Failure::Operation { message, help: help.to_owned(), cause: Some(cause), path: None }
    }

    /// Several failures, or the only one.
    pub fn several(mut failures: Vec<Failure>) -> Self {
        match (failures.pop(), failures.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                failures.extend(last);
                Failure::Several(failures)
            }
        }
    }

    /// Is it the system that did not let something be read or written?
    pub fn is_of_the_system(&self) -> bool {
        matches!(self, Failure::Operation { cause: Some(_), .. })
    }

    /// The same as a mistake at a place of a configuration file.
    pub fn at(self, span: Span) -> Mistake {
        match self {
            Failure::Operation { message, help, cause, .. } => {
                let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
                Mistake::at(span, message + &cause).help(help)
            }
            other => Mistake::at(span, other.to_string()),
        }
    }

    /// The same with something else to do about it.
    pub fn help(self, sentence: impl Into<String>) -> Self {
        match self {
            Failure::Operation { message, cause, path, .. } => {
                Failure::Operation { message, help: sentence.into(), cause, path }
            }
            other => other,
        }
    }

    /// The same with the file or folder that it is about.
    pub fn about(self, path: &Path) -> Self {
        match self {
            Failure::Operation { message, help, cause, .. } => {
                Failure::Operation { message, help, cause, path: Some(path.to_owned()) }
            }
            other => other,
        }
    }

    /// The same for a report, which lacks what could not be read.
    pub fn unread(&self) -> Unread {
        match self {
            Failure::Operation { message, help, cause, path } => Unread {
                path: path.as_ref().map(|path| path.to_string_lossy().into_owned()),
                message: cause.as_ref().map_or(message.clone(), |cause| format!("{message}: {cause}")),
                help: help.clone(),
            },
            other => Unread { path: None, message: other.to_string(), help: OTHERWISE.to_owned() },
        }
    }
}

const NO_ROOM: &str = "Make room on the disk.";
const OTHERWISE: &str = "See to what the system says, then call fwlint again.";

impl From<io::Error> for Failure {
    /// Failing to write. A reader that has seen enough (`fwlint … | head`) is no failure worth a word.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::ClosedPipe,
            kind => {
                let help = if kind == ErrorKind::StorageFull { NO_ROOM } else { OTHERWISE };
                Failure::system("cannot write the output".to_owned(), help, error)
            }
        }
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Operation { message, .. } => formatter.write_str(&escape(message)),
            Failure::Configuration(..) => formatter.write_str("the configuration is wrong"),
            Failure::Several(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                formatter.write_str(&all.join("; "))
            }
            Failure::ClosedPipe => formatter.write_str("the output was closed"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Failure::Operation { cause: Some(cause), .. } => Some(cause),
            _ => None,
        }
    }
}

impl miette::Diagnostic for Failure {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        match self {
            Failure::Operation { help, .. } => Some(Box::new(escape(help))),
            _ => None,
        }
    }
}
