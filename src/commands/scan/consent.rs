//! Nothing is sent unless whoever calls has seen what, and said yes.

use std::path::Path;

use crate::commands::check;
use crate::commands::{Failure, World};
use crate::config::{self, FILE_NAME};
use crate::probe::Plan;
use crate::report::hang_behind;
use crate::source::Sources;

/// What would be sent, by the `fwlint.yaml` of a scan.
///
/// # Errors
/// Mistakes in what the user said of the host, and a tunnel that is switched off.
pub fn plan(configuration: &str) -> Result<Plan, Failure> {
    let mut sources = Sources::default();
    let file = sources.add(FILE_NAME, configuration.as_bytes().to_vec());
    let config = match config::read(&sources, file) {
        Ok(config) => config,
        Err(mistakes) => return Err(Failure::Configuration(Box::new(sources), mistakes)),
    };
    let profile = check::profile(&config);
    let settings = config.given.settle();
    profile.and_then(|profile| Plan::of(profile, &settings)).ok_or_else(|| {
        let help = "Take `profiles: []` out of fwlint.yaml, or leave `--probe` out.";
        Failure::new("there is nothing to try: the tunnel is switched off", help)
    })
}

/// Asks whether it may be sent.
///
/// # Errors
/// There is nobody to ask, or the answer is not yes.
pub fn ask(world: &mut World, plan: &Plan) -> Result<(), Failure> {
    if !world.is_attended {
        let help = "`--yes` says that what `--probe` sends may be sent.";
        return Err(Failure::new("nothing is sent: there is nobody who could be asked", help));
    }
    let words = hang_behind(0, &plan.words(), 0, world.look.width_of_errors);
    write!(world.stderr, "{words}\nMay it be sent? [y/N] ")?;
    world.stderr.flush()?;
    let answer = line(world)?;
    if ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::new("nothing was sent: the answer was not yes", "Without `--probe`, a scan sends nothing."))
}

/// The next line of standard input.
fn line(world: &mut World) -> Result<String, Failure> {
    let mut line = Vec::new();
    let mut byte = [0];
    let mut read = || world.stdin.read(&mut byte).map(|count| (count == 1).then_some(byte[0]));
    while let Some(byte) = read().map_err(|error| Failure::reading(Path::new("-"), error))? {
        if byte == b'\n' {
            break;
        }
        line.push(byte);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}
