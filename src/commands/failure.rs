//! Why a command could not do its work.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::Path;

use crate::report::escape;
use crate::source::Sources;
use crate::tree::Mistake;

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// Something that is said in words.
    Operation {
        /// What is wrong: lower case, no full stop.
        message: String,
        /// What to do about it: a sentence.
        help: Option<String>,
        /// What the system said.
        cause: Option<io::Error>,
    },
    /// Mistakes in a configuration file, to be shown at their places.
    Configuration(Box<Sources>, Vec<Mistake>),
    /// Nobody reads the output any more.
    ClosedPipe,
}

impl Failure {
    /// Something is wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Failure::Operation { message: message.into(), help: None, cause: None }
    }

    /// A file could not be read.
    pub fn reading(path: &Path, cause: io::Error) -> Self {
        let message = format!("cannot read `{}`", path.display());
        Failure::Operation { message, help: None, cause: Some(cause) }
    }

    /// A file could not be written.
    pub fn writing(path: &Path, cause: io::Error) -> Self {
        let message = format!("cannot write `{}`", path.display());
        Failure::Operation { message, help: None, cause: Some(cause) }
    }

    /// Adds what to do about it.
    pub fn help(self, sentence: impl Into<String>) -> Self {
        match self {
            Failure::Operation { message, cause, .. } => {
                Failure::Operation { message, help: Some(sentence.into()), cause }
            }
            other => other,
        }
    }
}

impl From<io::Error> for Failure {
    /// Failing to write. A reader that has seen enough (`fwlint … | head`) is no failure worth a word.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Operation {
                message: "cannot write the output".into(),
                help: None,
                cause: Some(error),
            },
        }
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Operation { message, .. } => formatter.write_str(&escape(message)),
            Failure::Configuration(..) => formatter.write_str("the configuration is wrong"),
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
            Failure::Operation { help: Some(help), .. } => Some(Box::new(escape(help))),
            _ => None,
        }
    }
}
