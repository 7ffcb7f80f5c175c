//! Hands arguments and streams to the library.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use fwlint::commands::World;
use fwlint::report::Look;

/// Reading a long dump is mostly many small pieces of memory on several threads.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fwlint::pages::small();
    let stdout = std::io::stdout();
    let is_terminal = stdout.is_terminal();
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // https://no-color.org and https://bixense.com/clicolors.
    let is_forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    // Such a terminal shows escape sequences as they are.
    let is_able = |is_terminal: bool| is_terminal && set("TERM").is_none_or(|name| name != "dumb");
    let colors = |is_terminal: bool| set("NO_COLOR").is_none() && (is_able(is_terminal) || is_forced);
    let is_error_terminal = std::io::stderr().is_terminal();
    let width = |is_terminal: bool| {
        let width = terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| width.0.into());
        width.unwrap_or(Look::default().width).min(120)
    };
    let look = Look {
        is_colored: colors(is_terminal),
        errors_are_colored: colors(is_error_terminal),
        width: width(is_terminal),
        width_of_errors: width(is_error_terminal),
        has_links: is_able(is_terminal) && colors(is_terminal),
        shows_progress: is_able(is_error_terminal),
        ..Look::default()
    };
    // This thread takes part in what is done side by side, since each that does has memory of its own to begin with; not where
    // it shows how far the others are. Where no threads can be started, who needs them finds that out.
    if !look.shows_progress {
        let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    }
    let world = World {
        directory: PathBuf::new(),
        stdin: &mut std::io::stdin(),
        stdout: &mut stdout.lock(),
        stderr: &mut std::io::stderr(),
        look,
        is_attended: std::io::stdin().is_terminal() && is_error_terminal,
    };
    ExitCode::from(fwlint::cli::run(std::env::args_os(), world))
}
