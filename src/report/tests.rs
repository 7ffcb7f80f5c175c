use super::*;
use crate::finding::{Finding, Level, Report, UnitReport};
use crate::source::{FileId, Sources, Span};

/// A report of one unit with the findings.
fn report(sources: &Sources, findings: Vec<Finding>) -> Report {
    let unit = UnitReport {
        name: "rules.v4".into(),
        paths: vec!["rules.v4".into()],
        verdicts: vec![("tunnel".into(), "works".into()), ("ipv6".into(), "unknown".into())],
        assumptions: vec!["routing is symmetric".into(), "packets begin without a mark".into()],
        rules: 1,
        fail_level: Some(Level::Warning),
        ..UnitReport::default()
    };
    let mut report = Report { units: vec![unit], ..Report::default() };
    findings.into_iter().for_each(|finding| report.add(sources, 0, finding));
    report
}

fn write_as(format: Format, sources: &Sources, findings: Vec<Finding>) -> String {
    let mut out = Vec::new();
    write(format, &mut out, sources, &report(sources, findings), Look::default())
        .expect("a vector can be written");
    String::from_utf8(out).expect("it is UTF-8")
}

fn text(sources: &Sources, findings: Vec<Finding>) -> String {
    write_as(Format::Text, sources, findings)
}

/// The text with where the pages are.
fn with_pages(text: &str) -> String {
    text.replace("PAGES/x.md", &crate::web::page("x"))
        .replace("PAGES/shadowed-rule.md", &crate::web::page("shadowed-rule"))
        .replace("PAGES/ipv6-unknown.md", &crate::web::page("ipv6-unknown"))
}

/// The place of a word.
fn at(sources: &Sources, file: FileId, word: &str) -> Span {
    let start = sources.file(file).text.find(word).expect(word);
    Span::new(file, start, start + word.len())
}

#[test]
fn a_finding_is_shown_with_its_lines() {
    let mut sources = Sources::default();
    let file =
        sources.add("rules.v4", b"*filter\n:INPUT DROP\n-A INPUT -j ACCEPT\n-A INPUT -j DROP\n".into());
    let shadowed = Finding::new("shadowed-rule", Level::Warning, "this rule never matches")
        .at(at(&sources, file, "-A INPUT -j DROP"))
        .here("never reached")
        .label(at(&sources, file, ":INPUT DROP"), "the policy")
        .note("Put it before the rule that accepts everything.");
    let whole = Finding::new("ipv6-unknown", Level::Note, "nothing is said about IPv6");
    let expected = "\
warning[shadowed-rule]: this rule never matches
  ┌─ rules.v4:4:1
  │
2 │ :INPUT DROP
  │ ----------- the policy
3 │ -A INPUT -j ACCEPT
4 │ -A INPUT -j DROP
  │ ^^^^^^^^^^^^^^^^ never reached
  │
  = Put it before the rule that accepts everything.
  = see PAGES/shadowed-rule.md

note[ipv6-unknown]: nothing is said about IPv6
 = see PAGES/ipv6-unknown.md

rules.v4: tunnel works; ipv6 unknown
assumed: routing is symmetric; packets begin without a mark
0 errors, 1 warning, 1 note in 1 rule and 0 chains
";
    assert_eq!(text(&sources, vec![shadowed, whole]), with_pages(expected));
}

#[test]
fn nothing_of_a_file_acts_on_the_terminal() {
    let mut sources = Sources::default();
    let line = "-A INPUT -m comment --comment \"\u{1b}[2J\u{202e}x\" -j DROP\r\n";
    let file = sources.add("rules\u{7}.v4", line.into());
    let finding = Finding::new("x", Level::Error, "chain \u{1b}c")
        .at(at(&sources, file, "-j DROP"))
        .here("\u{9b}here")
        .note("note \u{200f}");
    let printed = text(&sources, vec![finding.clone()]);
    let expected = "\
error[x]: chain \\x1bc
  ┌─ rules\\x07.v4:1:42
  │
1 │ -A INPUT -m comment --comment \"\\x1b[2J\\u{202e}x\" -j DROP
  │                                                  ^^^^^^^ \\x9bhere
  │
  = note \\u{200f}
";
    assert!(printed.starts_with(expected), "{printed}");
    let json = write_as(Format::Json, &sources, vec![finding]);
    assert!(!json.trim_end().contains(|c: char| c.is_control() || c == '\u{200f}'), "{json}");
    let value: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(value["findings"][0]["message"], "chain \u{1b}c");
    assert_eq!(value["findings"][0]["notes"][0], "note \u{200f}");
}

#[test]
fn long_notes_are_broken_at_spaces() {
    let sources = Sources::default();
    let printed =
        text(&sources, vec![Finding::new("x", Level::Note, "m").note("four ".repeat(30).trim_end())]);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[1].starts_with(" = four") && lines[2].starts_with("   four"), "{printed}");
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{printed}");
}

#[test]
fn a_long_line_is_cut_around_its_label() {
    let mut sources = Sources::default();
    let line = format!("-A INPUT {}-j DROP{}\n", "-m ä ".repeat(1000), " ".repeat(1000));
    let file = sources.add("rules.v4", line.into());
    let start = at(&sources, file, "-A INPUT");
    let finding =
        Finding::new("x", Level::Error, "m").at(at(&sources, file, "-j DROP")).label(start, "far away");
    let printed = text(&sources, vec![finding]);
    assert!(printed.lines().all(|line| line.chars().count() < 500), "{printed}");
    let source = printed.lines().nth(3).expect("a source line");
    let carets = printed.lines().nth(4).expect("a line of carets");
    let column = |line: &str, what: &str| line[..line.find(what).expect(what)].chars().count();
    assert_eq!(column(source, "-j DROP"), column(carets, "^^^^^^^"));
    assert!(printed.contains("rules.v4:1:6010\n"), "{printed}");
}

#[test]
fn a_label_over_many_lines_shows_the_first() {
    let mut sources = Sources::default();
    let file = sources.add("rules.v4", "-A INPUT\n".repeat(100_000).into_bytes());
    let finding = Finding::new("x", Level::Error, "m").at(Span::new(file, 9, 900_000));
    assert_eq!(text(&sources, vec![finding]).lines().count(), 11);
}

#[test]
fn a_place_at_the_very_end_or_beyond_it_is_no_problem() {
    let mut sources = Sources::default();
    let file = sources.add("rules.v4", b"*filter\n".into());
    let empty = sources.add("empty", Vec::new());
    for span in
        [Span::new(file, 8, 8), Span::new(file, 7, 8), Span::new(file, 90, 99), Span::new(empty, 0, 0)]
    {
        let printed = text(&sources, vec![Finding::new("x", Level::Error, "m").at(span).here("here")]);
        assert!(printed.contains("^ here"), "{printed}");
    }
}

#[test]
fn json_has_the_agreed_shape() {
    let mut sources = Sources::default();
    let file = sources.add("rules.v4", "# ä\n-A INPUT -j DROP\n".into());
    let finding = Finding::new("x", Level::Warning, "m")
        .at(at(&sources, file, "-j DROP"))
        .label(at(&sources, file, "ä"), "why")
        .note("n");
    let json = write_as(Format::Json, &sources, vec![finding, Finding::new("y", Level::Note, "m")]);
    let value: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let expected = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "units": [{
            "name": "rules.v4", "paths": ["rules.v4"],
            "verdicts": {"tunnel": "works", "ipv6": "unknown"}, "assumptions": ["routing is symmetric", "packets begin without a mark"], "chains": 0, "rules": 1,
        }],
        "findings": [{
            "lint": "x", "level": "warning", "message": "m", "unit": "rules.v4", "path": "rules.v4",
            "start": {"line": 2, "column": 10, "offset": 14}, "end": {"line": 2, "column": 17, "offset": 21},
            "here": null,
            "labels": [{
                "path": "rules.v4", "message": "why",
                "start": {"line": 1, "column": 3, "offset": 2}, "end": {"line": 1, "column": 5, "offset": 4},
            }],
            "notes": ["n"], "fingerprint": value["findings"][0]["fingerprint"], "url": crate::web::page("x"), "fix": null, "unfixed": null,
        }, {
            "lint": "y", "level": "note", "message": "m", "unit": "rules.v4", "path": null, "start": null,
            "end": null, "here": null, "labels": [], "notes": [],
            "fingerprint": value["findings"][1]["fingerprint"], "url": crate::web::page("y"), "fix": null, "unfixed": null,
        }],
        "unread": [],
    });
    assert_eq!(value, expected);
    assert_eq!(value["findings"][0]["fingerprint"].as_str().map(str::len), Some(16));
}

#[test]
fn what_says_the_same_is_shown_once() {
    let mut sources = Sources::default();
    let file = sources.add("rules.v4", "-A X\n".repeat(20).into_bytes());
    let place = |line: usize| Span::new(file, line * 5, line * 5 + 4);
    let findings =
        |level| (0..16).map(|line| Finding::new("x", level, "m").at(place(line)).note("n")).collect();
    let printed = text(&sources, findings(Level::Warning));
    let expected = "\
warning[x]: m
  ┌─ rules.v4:1:1
  │
1 │ -A X
  │ ^^^^
2 │ -A X
  │ ---- here too
3 │ -A X
  │ ---- here too
4 │ -A X
  │ ---- here too
5 │ -A X
  │ ---- here too
  │
  = the same at rules.v4:6, rules.v4:7, rules.v4:8, rules.v4:9, rules.v4:10, rules.v4:11,
    rules.v4:12, rules.v4:13 and 3 more
  = n
  = see PAGES/x.md

rules.v4: tunnel works; ipv6 unknown
assumed: routing is symmetric; packets begin without a mark
0 errors, 16 warnings, 0 notes in 1 rule and 0 chains
";
    assert_eq!(printed, with_pages(expected));
    let printed = text(&sources, findings(Level::Error));
    assert_eq!(printed.matches("error[x]").count(), 16);
    let other = Finding::new("x", Level::Note, "m").at(place(1)).label(place(2), "why");
    let printed = text(&sources, vec![other.clone(), other]);
    assert_eq!(printed.matches("note[x]").count(), 2);
}

#[test]
fn of_units_that_lack_the_same_the_names_are_listed() {
    let sources = Sources::default();
    let unit = |name: &str| UnitReport { name: name.into(), ..UnitReport::default() };
    let mut report =
        Report { units: (0..12).map(|at| unit(&format!("u{at}"))).collect(), ..Report::default() };
    (0..12).for_each(|at| report.add(&sources, at, Finding::new("x", Level::Error, "m")));
    let mut out = Vec::new();
    write(Format::Text, &mut out, &sources, &report, Look::default()).expect("a vector can be written");
    let printed = String::from_utf8(out).expect("it is UTF-8");
    let expected =
        "error[x]: m\n = in u0, u1, u2, u3, u4, u5, u6, u7 and 4 more\n = see PAGES/x.md\n\nu0: no verdict\n";
    assert!(printed.starts_with(&with_pages(expected)), "{printed}");
    assert!(printed.ends_with("12 errors, 0 warnings, 0 notes in 0 rules and 0 chains of 12 units\n"));
}

#[test]
fn notes_fit_a_narrow_terminal() {
    let sources = Sources::default();
    let note = Finding::new("x", Level::Note, "m").note("five ".repeat(40).trim_end());
    let mut out = Vec::new();
    let look = Look { width: 80, ..Look::default() };
    write(Format::Text, &mut out, &sources, &report(&sources, vec![note]), look).expect("a vector");
    let printed = String::from_utf8(out).expect("it is UTF-8");
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
}
