//! `fwlint explain`: the page of a lint, or the table of all.

use std::io::Write;

use serde::Serialize;

use crate::commands::{Failure, Outcome, World};
use crate::lints::{LINTS, Lint, page};
use crate::report;
use crate::tree::nearest;
use crate::web;

/// What is explained.
#[derive(Clone, Debug)]
pub enum What {
    /// All lints, in a table.
    Table,
    /// All lints, page by page.
    All,
    /// This lint.
    One(String),
}

/// Prints the pages of lints, or the table of all.
///
/// # Errors
/// A name that no lint has, and output that cannot be written.
pub fn run(world: &mut World, what: &What, is_json: bool) -> Result<Outcome, Failure> {
    let width = world.look.width;
    let to = &mut *world.stdout;
    match what {
        What::One(name) if is_json => writeln!(to, "{}", report::ascii_json(&described(find(name)?))?)?,
        What::One(name) => write_page(to, find(name)?, width)?,
        What::All | What::Table if is_json => {
            let all: Vec<Described> = LINTS.iter().map(described).collect();
            writeln!(to, "{}", report::ascii_json(&all)?)?;
        }
        What::All => {
            for (index, lint) in LINTS.iter().enumerate() {
                write!(to, "{}", if index > 0 { "\n" } else { "" })?;
                write_page(to, lint, width)?;
            }
        }
        What::Table => table(to, width)?,
    }
    Ok(Outcome::Clean)
}

/// A lint for programs.
#[derive(Serialize)]
struct Described {
    id: &'static str,
    level: String,
    since: String,
    summary: String,
    references: Vec<String>,
    #[serde(rename = "security-severity")]
    security_severity: Option<f64>,
    url: String,
    /// Its page, in Markdown.
    page: &'static str,
}

fn described(lint: &Lint) -> Described {
    let page::Page { level, since, references, security_severity, summary, .. } = page::Page::of(lint);
    let (url, page) = (web::page(lint.id), page::body(lint.page));
    Described { id: lint.id, level, since, summary, references, security_severity, url, page }
}

/// The page of a lint, and where it is on the web.
fn write_page(to: &mut dyn Write, lint: &Lint, width: usize) -> std::io::Result<()> {
    writeln!(to, "{}\n{}", report::wrap_page(page::body(lint.page), width), web::page(lint.id))
}

fn find(name: &str) -> Result<&'static Lint, Failure> {
    LINTS.iter().find(|lint| lint.id == name).ok_or_else(|| {
        let help = match nearest(name, LINTS.iter().map(|lint| lint.id)) {
            Some(id) => format!("Did you mean `{id}`?"),
            None => "`fwlint explain` lists all lints.".to_owned(),
        };
        Failure::new(format!("there is no lint `{name}`"), help)
    })
}

/// One line for each lint: its id, its level, what it looks for.
fn table(to: &mut dyn Write, line: usize) -> std::io::Result<()> {
    let width = LINTS.iter().map(|lint| lint.id.len()).max().unwrap_or(0);
    for lint in LINTS {
        let page = page::Page::of(lint);
        let head = format!("{:width$}  {:7}  ", lint.id, page.level);
        writeln!(to, "{}", report::hang(&head, &page.summary, line))?;
    }
    Ok(())
}
