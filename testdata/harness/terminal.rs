//! What is shown on a terminal, and what is not elsewhere: colours, width, progress. The program runs on a real one.

use std::path::Path;
use std::process::{Command, Output};

use crate::expected;

/// A call of the program.
struct Call<'c> {
    /// How wide the terminal is, and which streams are one; `None` for pipes.
    terminal: Option<(u32, &'c str)>,
    /// What the environment says.
    environment: &'c [(&'c str, &'c str)],
    arguments: &'c [&'c str],
}

impl Call<'_> {
    /// What it writes. `None` where there is no terminal to be had.
    fn run(&self) -> Option<(String, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = env!("CARGO_BIN_EXE_fwlint");
        let mut command = match self.terminal {
            None => Command::new(program),
            Some((columns, streams)) => {
                let mut command = Command::new("python3");
                command.arg(root.join("testdata/harness/terminal.py"));
                command.args([&columns.to_string(), streams, program]);
                command
            }
        };
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "RAYON_NUM_THREADS"] {
            command.env_remove(name);
        }
        command
            .env("TERM", "xterm")
            .envs(self.environment.iter().copied())
            .args(self.arguments)
            .current_dir(root);
        let Ok(Output { stdout, stderr, .. }) = command.output() else {
            expected::skip("no python3 to make a terminal");
            return None;
        };
        let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
        Some((text(stdout), text(stderr)))
    }
}

const HOST: &str = "testdata/hosts/real-mistakes/one-region-of-two";

#[test]
fn colours_are_for_terminals_unless_something_else_is_asked_for() {
    let colored = |is_terminal: bool, environment, flags: &[&str]| {
        let arguments = [&["check", HOST, "--isolated"][..], flags].concat();
        let terminal = is_terminal.then_some((80, "out"));
        let (shown, _) = Call { terminal, environment, arguments: &arguments }.run()?;
        assert!(shown.contains("tunnel-region-blocked"), "{shown}");
        Some(shown.contains('\u{1b}'))
    };
    let cases = [
        (true, &[][..], &[][..], true),
        (false, &[], &[], false),
        (true, &[("NO_COLOR", "1")], &[], false),
        (true, &[("NO_COLOR", "")], &[], true),
        (true, &[("TERM", "dumb")], &[], false),
        (false, &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], &[], true),
        (false, &[("CLICOLOR_FORCE", "1")], &[], true),
        (false, &[("CLICOLOR_FORCE", "0")], &[], false),
        (false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
        (true, &[], &["--color", "never"], false),
        (false, &[], &["--color", "always"], true),
        (true, &[("NO_COLOR", "1")], &["--color", "always"], true),
        (false, &[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
        // What programs read is never coloured.
        (true, &[("CLICOLOR_FORCE", "1")], &["--color", "always", "--format", "json"], false),
    ];
    for (is_terminal, environment, flags, expected) in cases {
        let Some(colored) = colored(is_terminal, environment, flags) else { return };
        assert_eq!(colored, expected, "a terminal: {is_terminal}, {environment:?}, {flags:?}");
    }
}

#[test]
fn all_but_lines_of_files_and_addresses_keeps_to_the_width_of_the_terminal() {
    let widest = |columns, paths: &[&str]| {
        let flags = ["check", "--isolated", "--color", "never", "--fixes", "0"];
        let arguments = [&flags[..], paths].concat();
        let (shown, _) =
            Call { terminal: Some((columns, "out,err")), environment: &[], arguments: &arguments }.run()?;
        let sentences = shown.lines().filter(|line| {
            let words = line.trim_start();
            let is_quoted = words.starts_with(|first: char| "+│┌·".contains(first)) || words.contains(" │ ");
            !is_quoted && !words.starts_with("= see https://") && !words.starts_with("testdata/")
        });
        sentences.map(|line| line.trim_end().chars().count()).max()
    };
    let long = format!("--ignore={}", "no-such-lint-".repeat(2));
    // Findings, a verdict and figures; what cannot be read; what is no such flag, or value.
    let calls: [&[&str]; 4] = [
        &[HOST],
        &[
            "testdata/hosts/ufw-with-fail2ban",
            "no such file, whose name is long enough for two lines at least",
        ],
        &[&long],
        &["--format", "nonsense"],
    ];
    for columns in [60, 80, 110] {
        for paths in calls {
            let Some(widest) = widest(columns, paths) else { return };
            // What is short does not need all of it.
            let least = if columns == 60 { columns - 15 } else { 0 };
            let fits = (least as usize..=columns as usize).contains(&widest);
            assert!(fits, "{widest} characters in {columns} columns: {paths:?}");
        }
    }
}

#[test]
fn short_lines_lead_to_the_page_of_their_lint_on_a_terminal() {
    let shown = |terminal, environment, flag| {
        let arguments = ["check", HOST, "--isolated", "--format", "concise", "--color", flag];
        Some(Call { terminal, environment, arguments: &arguments }.run()?.0)
    };
    let terminal = Some((80, "out"));
    let link = format!(
        "warning[\u{1b}]8;;{}\u{1b}\\tunnel-region-blocked\u{1b}]8;;\u{1b}\\] ",
        fwlint::web::page("tunnel-region-blocked")
    );
    let Some(text) = shown(terminal, &[][..], "auto") else { return };
    assert!(text.contains(&link), "{text}");
    for (terminal, environment, flag) in [
        (terminal, &[("TERM", "dumb")][..], "auto"),
        (terminal, &[("NO_COLOR", "1")], "auto"),
        (terminal, &[], "never"),
        (None, &[("CLICOLOR_FORCE", "1")], "always"),
    ] {
        let text = shown(terminal, environment, flag).expect("as before");
        assert!(text.contains("warning[tunnel-region-blocked] ") && !text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn progress_is_for_terminals() {
    let arguments = ["check", "testdata/hosts", "--isolated", "--exit-zero", "--format", "concise"];
    // On one core it takes longer than the second that nothing is shown.
    let environment = &[("RAYON_NUM_THREADS", "1")][..];
    let Some((shown, _)) = Call { terminal: Some((80, "out,err")), environment, arguments: &arguments }.run()
    else {
        return;
    };
    let (before, after) =
        shown.split_once(" units").unwrap_or_else(|| panic!("no progress is shown: {shown}"));
    let (done, all) =
        before.rsplit_once('\r').and_then(|(_, said)| said.split_once(" of ")).expect("how many");
    assert!(done.parse::<usize>().expect("a number") < all.parse().expect("a number"), "{before}");
    assert!(after.contains("\r\u{1b}[K"), "it is not taken away: {after:?}");
    let (shown, elsewhere) =
        Call { terminal: Some((80, "out")), environment, arguments: &arguments }.run().expect("as before");
    assert!(!shown.contains(" of ") || !shown.contains("\u{1b}[K"), "{shown}");
    assert_eq!(elsewhere, "", "progress is shown where no terminal is");
}
