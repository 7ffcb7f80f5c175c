//! What is made of the flags besides help: manual pages and completions.

use clap::CommandFactory;

use super::flags::Fwlint;
use crate::commands::{Failure, Outcome, World};
use crate::tree::nearest;

/// The command with all that it has from its parents.
pub fn command() -> clap::Command {
    let mut command = Fwlint::command();
    command.build();
    command
}

/// Prints the completions of a shell.
///
/// # Errors
/// Output that cannot be written.
pub fn completions(world: &mut World, shell: clap_complete::Shell) -> Result<Outcome, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Fwlint::command(), "fwlint", &mut text);
    world.stdout.write_all(&text)?;
    Ok(Outcome::Clean)
}

/// Prints the manual page of the program, or of one of its commands.
///
/// # Errors
/// A command that does not exist, and output that cannot be written.
pub fn page(world: &mut World, name: Option<&str>) -> Result<Outcome, Failure> {
    let all = command();
    let page = match name {
        None => all,
        Some(name) => {
            let names = || all.get_subcommands().map(clap::Command::get_name);
            all.find_subcommand(name).cloned().ok_or_else(|| {
                let help = match nearest(name, names()) {
                    Some(right) => format!("Did you mean `{right}`?"),
                    None => format!("It is one of {}.", names().collect::<Vec<_>>().join(", ")),
                };
                Failure::new(format!("there is no command `{name}`"), help)
            })?
        }
    };
    let title = page.get_display_name().unwrap_or("fwlint").to_uppercase();
    let version = concat!("fwlint ", env!("CARGO_PKG_VERSION"));
    let page = clap_mangen::Man::new(page).title(title).source(version).manual("Manual of fwlint");
    page.render(&mut *world.stdout)?;
    Ok(Outcome::Clean)
}
