//! `fwlint explain`: the page of a lint, or the table of all.

use std::io::Write;

use crate::commands::{Failure, Outcome, World};
use crate::lints::{LINTS, Lint, page};
use crate::tree::nearest;

/// Prints the page of a lint; without a name, the table of all lints.
///
/// # Errors
/// A name that no lint has, and output that cannot be written.
pub fn run(world: &mut World, name: Option<&str>) -> Result<Outcome, Failure> {
    match name {
        None => table(world.stdout)?,
        Some(name) => world.stdout.write_all(page::body(find(name)?.page).as_bytes())?,
    }
    Ok(Outcome::Clean)
}

fn find(name: &str) -> Result<&'static Lint, Failure> {
    LINTS.iter().find(|lint| lint.id == name).ok_or_else(|| {
        let failure = Failure::new(format!("there is no lint `{name}`"));
        match nearest(name, LINTS.iter().map(|lint| lint.id)) {
            Some(id) => failure.help(format!("Did you mean `{id}`?")),
            None => failure.help("`fwlint explain` lists all lints."),
        }
    })
}

/// One line for each lint: its id, its level, what it looks for.
fn table(to: &mut dyn Write) -> std::io::Result<()> {
    let width = LINTS.iter().map(|lint| lint.id.len()).max().unwrap_or(0);
    for lint in LINTS {
        let page = page::Page::of(lint);
        writeln!(to, "{:width$}  {:7}  {}", lint.id, page.level, page.summary)?;
    }
    Ok(())
}
