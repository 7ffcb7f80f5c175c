//! Hands arguments and streams to the library.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use fwlint::commands::World;

fn main() -> ExitCode {
    let stdout = std::io::stdout();
    // https://no-color.org: any value that is not empty.
    let wants_color = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let is_colored = wants_color && stdout.is_terminal();
    let world = World {
        directory: PathBuf::new(),
        stdin: &mut std::io::stdin(),
        stdout: &mut stdout.lock(),
        stderr: &mut std::io::stderr(),
        is_colored,
    };
    ExitCode::from(fwlint::cli::run(std::env::args_os(), world))
}
