//! What makes everyday work easy: adopting old rulesets, a first configuration, completions, the manual.

use std::fs;
use std::path::Path;

use fwlint::commands::World;
use fwlint::lints::LINTS;
use fwlint::report::Look;
use fwlint::source::Sources;
use fwlint::{cli as program, config, web};

use crate::cli::{Done, run};

const RULES: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 80 -j ACCEPT\n\
                     -A INPUT -p tcp --dport 80 -s 192.0.2.1 -j DROP\nCOMMIT\n";

/// Runs a command in a folder, its words without quotes.
fn call(folder: &Path, command: &str) -> Done {
    run(folder, &command.split_whitespace().map(str::to_string).collect::<Vec<_>>(), b"")
}

#[test]
fn a_baseline_leaves_out_what_was_there_and_not_what_is_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("rules.v4");
    fs::write(&rules, RULES).expect("a file");
    let check = "check rules.v4 --format concise";
    let all = call(folder.path(), check);
    assert_eq!(all.status, 1);
    let first = call(folder.path(), &format!("{check} --write-baseline known.json"));
    assert_eq!((first.stdout.as_str(), first.status), ("", 0));
    let known = fs::read_to_string(folder.path().join("known.json")).expect("the baseline");
    assert_eq!(known.lines().count(), all.stdout.lines().count() + 2, "one finding a line:\n{known}");

    // Lines move and counters change; then something new comes.
    let moved = RULES.replace("*filter", "# moved\n*filter").replace("[0:0]", "[7:99]");
    fs::write(&rules, &moved).expect("a file");
    let again = call(folder.path(), &format!("{check} --baseline known.json"));
    assert_eq!((again.stdout.as_str(), again.status), ("", 0), "{known}");
    let text = call(folder.path(), "check rules.v4 --baseline known.json").stdout;
    assert!(text.ends_with(&format!("; {} more of the baseline\n", all.stdout.lines().count())), "{text}");
    fs::write(&rules, moved.replace("COMMIT", "-A INPUT -j NOWHERE\nCOMMIT")).expect("a file");
    let new = call(folder.path(), &format!("{check} --baseline known.json"));
    assert!(new.stdout.contains("NOWHERE"), "{}", new.stdout);
    assert!(!new.stdout.contains("shadowed-rule"), "{}", new.stdout);
}

#[test]
fn init_writes_a_configuration_of_what_is_there_that_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["web/rules.v4", "web/rules.v6", "db #1/iptables", "db #1/ip6tables", "alone.v4"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, RULES.replace(" -s 192.0.2.1", "")).expect("a file");
    }
    let done = call(folder.path(), "init");
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    let text = fs::read_to_string(folder.path().join(config::FILE_NAME)).expect("the configuration");
    let hosts = "\nhosts:\n  - name: \"db #1\"\n    files: [\"db #1/iptables\", \"db #1/ip6tables\"]\n  \
                 - name: \"web\"\n    files: [\"web/rules.v4\", \"web/rules.v6\"]\n";
    assert!(text.ends_with(hosts), "{text}");
    let schema = format!("# yaml-language-server: $schema={}\n", web::document("fwlint.schema.json"));
    let text = text.strip_prefix(&schema).expect("the first line names the schema, for editors");
    let shown = call(folder.path(), "check --show-settings");
    assert!(shown.stdout.contains("\n# db #1\n") && shown.stdout.contains("\n# web\n"), "{}", shown.stdout);
    assert_eq!((shown.status, shown.stderr.as_str()), (0, ""));
    // What is commented out can be used as it stands.
    let bare = text.split_once("\nhosts:").expect("it names hosts").0;
    let lines = bare.lines().map(|line| match line.strip_prefix("# ") {
        Some(key) if key.contains(": ") && key.starts_with(|first: char| first.is_lowercase()) => key,
        Some(key) if key.starts_with([' ', '-']) || key.ends_with(':') => key,
        _ => line,
    });
    let mut sources = Sources::default();
    let file = sources.add(config::FILE_NAME, lines.collect::<Vec<_>>().join("\n").into_bytes());
    let config = config::read(&sources, file);
    let config = config.unwrap_or_else(|mistakes| panic!("{mistakes:?} in {}", sources.file(file).text));
    assert_eq!((config.allow_ingress.len(), config.levels.0.len()), (1, 2));
    assert!(config.exclude.is_some());
}

#[test]
fn completions_and_manual_know_every_flag() {
    let folder = tempfile::tempdir().expect("a folder");
    let flags = || {
        let command = program::command();
        let check = command.find_subcommand("check").expect("there is `check`").clone();
        let flags =
            check.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(|flag| flag.get_long());
        flags.map(str::to_string).collect::<Vec<_>>()
    };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = call(folder.path(), &format!("completions {shell}")).stdout;
        let missing: Vec<String> = flags().into_iter().filter(|flag| !text.contains(flag.as_str())).collect();
        assert!(missing.is_empty(), "{shell}: {missing:?}");
    }
    let page = call(folder.path(), "man check").stdout.replace("\\-", "-");
    let missing: Vec<String> = flags().into_iter().filter(|flag| !page.contains(flag.as_str())).collect();
    assert!(page.starts_with(".ie") && missing.is_empty(), "{missing:?}");
    let title =
        format!(".TH FWLINT-CHECK 1  \"fwlint {0}\" \"Manual of fwlint\"\n", env!("CARGO_PKG_VERSION"));
    assert!(page.contains(&title), "{page}");
    assert!(call(folder.path(), "man").stdout.contains(".TH FWLINT 1 "));
    assert!(call(folder.path(), "man").stdout.contains(".SH SUBCOMMANDS"));
}

#[test]
fn color_counts_for_what_is_said_of_arguments_too() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("fwlint.yaml"), "protcol: quic\n").expect("a file");
    fs::write(folder.path().join("rules.v4"), RULES).expect("a file");
    let is_colored = |command: &str| {
        let done = call(folder.path(), command);
        (done.stdout + &done.stderr).contains('\u{1b}')
    };
    for command in ["check --nonsense", "check --help", "check rules.v4", "check rules.v4 --isolated"] {
        assert!(is_colored(&format!("{command} --color=always")), "{command}");
        assert!(is_colored(&format!("{command} --color always")), "{command}");
        assert!(!is_colored(&format!("{command} --color always --color=never")), "{command}");
        assert!(!is_colored(command), "{command}");
    }
    assert!(!is_colored("check --nonsense -- --color=always"));
}

#[test]
fn pages_and_tables_fit_on_80_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rules.v4"), RULES).expect("a file");
    for command in
        ["explain", "check --statistics", "explain tunnel-dns-blocked", "check nothing.v4 --as nft"]
    {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let look = Look { width: 80, width_of_errors: 80, ..Look::default() };
        let directory = folder.path().to_path_buf();
        let world = World {
            directory,
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            look,
            is_attended: false,
        };
        let words = std::iter::once("fwlint").chain(command.split_whitespace()).map(Into::into);
        program::run(words.collect::<Vec<_>>(), world);
        let text = String::from_utf8([stdout, stderr].concat()).expect("it is UTF-8");
        let mut is_code = false;
        for line in text.lines().filter(|line| !line.starts_with("http")) {
            is_code ^= line.starts_with("```");
            assert!(is_code || line.chars().count() <= 80, "{command}: {line}");
        }
    }
}

#[test]
fn all_lints_are_explained_to_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = call(folder.path(), "explain --all --format json");
    let all: serde_json::Value = serde_json::from_str(&done.stdout).expect("it is JSON");
    let all = all.as_array().expect("a list");
    assert_eq!((all.len(), done.status), (LINTS.len(), 0));
    for (said, lint) in all.iter().zip(LINTS) {
        let page = said["page"].as_str().expect("a text");
        assert!(page.starts_with(&format!("# {}\n", lint.id)) && lint.page.ends_with(page));
        assert_eq!(said["url"], web::page(lint.id));
        assert_eq!(said["level"], lint.info().level.name());
    }
    let pages = call(folder.path(), "explain --all").stdout;
    assert!(LINTS.iter().all(|lint| pages.contains(&web::page(lint.id))));
}

#[test]
fn what_is_found_is_found_in_the_same_order_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..40 {
        let path = folder.path().join(format!("host{number}"));
        fs::create_dir_all(&path).expect("a folder");
        fs::write(path.join("rules.v4"), RULES).expect("a file");
    }
    fs::write(folder.path().join("picture.png"), b"\x89PNG\0\0").expect("a file");
    fs::create_dir(folder.path().join(".git")).expect("a folder");
    fs::write(folder.path().join(".gitignore"), "host7/\n").expect("a file");
    let first = call(folder.path(), "check --format concise").stdout;
    assert!(first.contains("host6/") && !first.contains("host7/"));
    for _ in 0..3 {
        assert_eq!(call(folder.path(), "check . --format concise").stdout, first);
    }
}

#[test]
fn fixes_are_made_of_what_is_selected_and_not_of_what_a_baseline_knows() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("rules.v4");
    fs::write(&rules, RULES).expect("a file");
    let fix = "check rules.v4 --quiet --isolated --fix --unsafe-fixes --exit-zero";
    let text = || fs::read_to_string(&rules).expect("the rules");
    call(folder.path(), "check rules.v4 --isolated --write-baseline known.json");
    for left_out in ["--select unused-chain", "--baseline known.json"] {
        let done = call(folder.path(), &format!("{fix} {left_out}"));
        assert_eq!((done.stderr.as_str(), text().as_str()), ("", RULES), "{left_out}");
    }
    let done = call(folder.path(), &format!("{fix} --select shadowed-rule"));
    assert!(text() != RULES && done.stdout.contains("fixed[shadowed-rule]"), "{}", done.stdout);
    assert!(!done.stdout.contains("fixed[tunnel"), "{}", done.stdout);
}
