//! Every format is what it says it is: held against its schema, in its own units, and with nothing of a
//! hostile file in it that acts.

use std::fs;

use clap::ValueEnum;
use fwlint::finding::{Edit, Finding, Fix, Level, NewFile, Report, UnitReport, Unread};
use fwlint::lints::LINTS;
use fwlint::report::{self, Format, Look};
use fwlint::source::{Sources, Span};
use fwlint::web;

pub fn written(format: Format, sources: &Sources, report: &Report) -> String {
    let mut out = Vec::new();
    report::write(format, &mut out, sources, report, Look::default()).expect("a vector can be written");
    String::from_utf8(out).expect("each format is UTF-8")
}

/// A report in which every lint has struck at every level: with a place and without, with fixes of each kind and
/// without. A file, and what is none, could not be read.
pub fn every_lint(sources: &mut Sources) -> Report {
    let text = "*filter\n-A INPUT -m comment --comment \"é漢\u{1f525}\" -j DROP\nCOMMIT\n";
    let file = sources.add("etc/rules.v4", text.into());
    let start = text.find("-j DROP").expect("it is there");
    let mut report = Report {
        units: vec![
            UnitReport {
                name: "web".into(),
                paths: vec!["etc/rules.v4".into()],
                fail_level: Some(Level::Warning),
                ..UnitReport::default()
            },
            UnitReport { name: "clean".into(), paths: vec!["clean.v4".into()], ..UnitReport::default() },
        ],
        lints: LINTS.iter().map(|lint| lint.info()).collect(),
        unread: vec![
            Unread {
                path: Some("etc/rules.v6".into()),
                message: "cannot read `etc/rules.v6`".into(),
                help: "Ask root.".into(),
            },
            Unread { path: None, message: "the rules of nft were not seen".into(), help: "Be root.".into() },
        ],
        ..Report::default()
    };
    for lint in LINTS {
        for level in [Level::Note, Level::Warning, Level::Error] {
            let finding = Finding::new(lint.id, level, format!("what {} says", lint.id)).note("A sentence.");
            let place = Span::new(file, start, start + 7);
            report.add(sources, 0, finding.clone().at(place).here("here").label(place, "why"));
            // Over a line end.
            report.add(sources, 0, finding.clone().at(Span::new(file, 0, start)));
            report.add(sources, 0, finding.clone());
            let fix = Fix {
                title: "do it".into(),
                edits: vec![Edit { span: place, text: "-j ACCEPT".into() }],
                opens: vec!["udp to port 53".into()],
                ..Fix::default()
            };
            let commands = Fix {
                edits: Vec::new(),
                new_files: vec![NewFile { path: "etc/rules.v6".into(), text: "*filter\nCOMMIT\n".into() }],
                commands: vec!["aws ec2 describe-security-groups".into()],
                closes: vec!["tcp to port 23".into()],
                changes: vec!["tcp to port 25".into()],
                ..fix.clone()
            };
            for fix in [Ok(fix), Ok(commands), Err("it is too much".to_string())] {
                report.add_with(sources, 0, finding.clone().at(place), Some(fix));
            }
        }
    }
    report
}

#[test]
fn every_finding_has_the_address_of_its_page_where_the_format_has_a_place_for_it() {
    let mut sources = Sources::default();
    let report = every_lint(&mut sources);
    for format in Format::value_variants() {
        let written = written(*format, &sources, &report);
        for lint in LINTS {
            let all = report.findings.iter().filter(|reported| reported.finding.lint == lint.id).count();
            let expected = match format {
                // On a terminal the name leads there.
                Format::Concise => 0,
                // It is said once.
                Format::Text | Format::Sarif => 1,
                // Not all findings are shown.
                Format::Markdown => written.matches(&format!("| [{}](", lint.id)).count(),
                _ => all,
            };
            let found = written.matches(&web::page(lint.id)).count();
            assert!(found == expected && all > 0, "{format:?}: {}: {found} of {expected}", lint.id);
        }
    }
    let markdown = written(Format::Markdown, &sources, &report);
    assert!(markdown.contains(&web::page(LINTS[0].id)));
}

#[test]
fn each_format_says_in_its_own_way_what_could_not_be_read() {
    let mut sources = Sources::default();
    let mut report = every_lint(&mut sources);
    report.findings.truncate(1);
    let missing = report.unread.clone();
    for format in Format::value_variants() {
        let whole = written(*format, &sources, &Report { unread: Vec::new(), ..report.clone() });
        let part = written(*format, &sources, &report);
        for Unread { message, help, .. } in &missing {
            // Escapes apart, of which Markdown has many.
            let said = part.replace('\\', "").replace("<code>", "`").replace("</code>", "`");
            let is_said = said.contains(message) && said.contains(help) && !whole.contains(message);
            // Standard error says it to who reads lines; the last line of a text how much it is.
            assert_eq!(is_said, !matches!(format, Format::Text | Format::Concise), "{format:?}: {part}");
        }
    }
    let part = |format| written(format, &sources, &report);
    let json = |format| -> serde_json::Value { serde_json::from_str(&part(format)).expect("it is JSON") };
    let objects = serde_json::json!([
        {"path": "etc/rules.v6", "message": missing[0].message, "help": "Ask root."},
        {"path": null, "message": missing[1].message, "help": "Be root."},
    ]);
    assert_eq!(json(Format::Json)["unread"], objects);
    let last = part(Format::JsonLines);
    let last: serde_json::Value = serde_json::from_str(last.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last, serde_json::json!({"unread": objects[1]}));
    let invocation = &json(Format::Sarif)["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"].as_array().map(Vec::len), Some(2));
    let gitlab = json(Format::Gitlab);
    let paths = [1, 2].map(|index| gitlab[index]["location"]["path"].as_str().expect("a path"));
    assert_eq!(paths, ["etc/rules.v6", "etc/rules.v4"]);
    assert_ne!(gitlab[1]["fingerprint"], gitlab[2]["fingerprint"]);
    assert_eq!(json(Format::Rdjson)["diagnostics"][1]["severity"], "ERROR");
    let errors = part(Format::Github).lines().take(2).map(str::to_string).collect::<Vec<_>>();
    assert_eq!(
        errors,
        [
            "::error file=etc/rules.v6,title=fwlint%3A unread::cannot read `etc/rules.v6`%0AAsk root.",
            "::error title=fwlint%3A unread::the rules of nft were not seen%0ABe root.",
        ]
    );
    let junit = part(Format::Junit);
    assert!(
        junit.contains("failures=\"0\" errors=\"2\">") && junit.matches("<error ").count() == 2,
        "{junit}"
    );
    let text = part(Format::Text);
    assert!(text.ends_with("; 1 file could not be read; some\n  rules could not be seen\n"), "{text}");
}

#[test]
fn each_format_counts_columns_in_its_own_unit() {
    let mut sources = Sources::default();
    let mut report = every_lint(&mut sources);
    report.unread.clear();
    let value = |format| -> serde_json::Value {
        serde_json::from_str(&written(format, &sources, &report)).expect("it is JSON")
    };
    // `-A INPUT -m comment --comment "` has 31 characters; the quoted ones 2, 3 and 4 bytes.
    let region = &value(Format::Sarif)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        region,
        &serde_json::json!({"startLine": 2, "startColumn": 38, "endLine": 2, "endColumn": 45})
    );
    let range = &value(Format::Rdjson)["diagnostics"][0]["location"]["range"];
    let expected = serde_json::json!({"start": {"line": 2, "column": 43}, "end": {"line": 2, "column": 50}});
    assert_eq!(range, &expected);
    let start = &value(Format::Json)["findings"][0]["start"];
    assert_eq!(start, &serde_json::json!({"line": 2, "column": 43, "offset": 50}));
    let first = |format| written(format, &sources, &report).lines().next().expect("a line").to_string();
    assert!(first(Format::Concise).starts_with("etc/rules.v4:2:43: note[tunnel-edge-blocked] what"));
    assert!(first(Format::Github).contains(",line=2,endLine=2,col=37,endColumn=44::"));
    assert!(written(Format::Markdown, &sources, &report).contains("| etc/rules.v4:2:37 |"));
    for format in [Format::Junit, Format::Html] {
        let text = written(format, &sources, &report);
        assert!(
            text.contains("┌─ etc/rules.v4:2:37") && !text.contains("rules.v4:2:43"),
            "{format:?}: {text}"
        );
    }
    let line: serde_json::Value = serde_json::from_str(&first(Format::JsonLines)).expect("it is JSON");
    assert_eq!(line, value(Format::Json)["findings"][0]);
}

/// What a file may hold, or be called, to harm those who read the report.
fn hostile() -> String {
    let words = [
        "\u{1b}[2J\u{1b}]0;x\u{7}",
        "\n::error file=x::owned\r\n##[error]owned\n",
        "<script>alert(1)</script><!--",
        "]]>",
        "'\"&amp;",
        "\u{202e}drow\u{2066}\u{200b}\u{feff}\u{85}\u{2028}",
        "`[x](javascript:alert(1))` | **b** \n# head\n- item",
        "@everyone https://evil.example www.evil.example",
        "%0A::error::x",
    ];
    words.concat()
}

#[test]
fn nothing_of_a_hostile_file_acts_in_any_format() {
    let text = format!("{}{}", hostile(), "A".repeat(65_536));
    let mut sources = Sources::default();
    let name = format!("::error::dir\n/{}", hostile());
    let file = sources.add(name.clone(), text.clone().into_bytes());
    let unit = UnitReport {
        name: text.clone(),
        paths: vec![name],
        verdicts: vec![(text.clone(), text.clone())],
        assumptions: vec![text.clone()],
        fail_level: Some(Level::Warning),
        ..UnitReport::default()
    };
    let unread = Unread { path: Some(hostile()), message: text.clone(), help: text.clone() };
    let mut report = Report { units: vec![unit.clone(), unit], unread: vec![unread], ..Report::default() };
    let finding = Finding::new("open-port", Level::Error, text.clone())
        .here(text.clone())
        .note(text.clone())
        .note(format!("  {text}"))
        .label(Span::new(file, 0, text.len()), text.clone());
    report.add(&sources, 0, finding.clone());
    report.add(&sources, 1, finding.clone().at(Span::new(file, 3, 9)));
    let fix = Fix {
        title: text.clone(),
        edits: vec![Edit { span: Span::new(file, 3, 9), text: hostile() }],
        new_files: vec![NewFile { path: hostile().into(), text: hostile() }],
        commands: vec![text.clone()],
        opens: vec![text.clone()],
        ..Fix::default()
    };
    report.add_with(&sources, 1, finding.at(Span::new(file, 3, 9)), Some(Ok(fix)));
    report.lints = LINTS.iter().filter(|lint| lint.id == "open-port").map(|lint| lint.info()).collect();
    for format in Format::value_variants() {
        let written = written(*format, &sources, &report);
        let acts = |character: char| {
            character.is_control() && !matches!(character, '\n' | '\t')
                || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
                || character == '\u{feff}'
        };
        assert_eq!(written.find(acts), None, "{format:?}: {written}");
        let lines = || written.lines().map(str::trim_start);
        let commands = lines().filter(|line| line.starts_with("::")).count();
        assert_eq!(commands, if *format == Format::Github { 4 } else { 0 }, "{format:?}");
        assert!(!lines().any(|line| line.starts_with("##[")), "{format:?}");
        match format {
            Format::Github => assert!(!written.contains("%0A::error::x"), "a command is smuggled in"),
            Format::Concise => assert_eq!(lines().count(), 3),
            Format::Json | Format::JsonLines | Format::Sarif | Format::Gitlab | Format::Rdjson => {
                for line in lines() {
                    serde_json::from_str::<serde_json::Value>(line).expect("it is JSON");
                }
            }
            Format::Junit => assert!(!written.contains("<script") && !written.contains("]]>"), "{written}"),
            Format::Html => {
                assert!(
                    !written.contains("<script") && !written.contains("<!--") && !written.contains("]]>")
                );
                assert!(written.contains("default-src 'none'"));
            }
            Format::Markdown => {
                let written = written.replace(&web::page("open-port"), "");
                let harm = ["<script", "](java", "@every", "https://", "www.evil"];
                assert!(!harm.iter().any(|harm| written.contains(harm)), "{written}");
                assert!(!lines().skip(1).any(|line| line.starts_with('#')), "{written}");
            }
            Format::Text => {}
        }
        // What is for people is of a length that people can read; what is for programs may be whole.
        if !matches!(format, Format::Json | Format::JsonLines) {
            assert!(written.len() < 100_000, "{format:?} has {} bytes", written.len());
        }
    }
}

#[test]
fn one_run_writes_several_formats_and_a_summary_is_added_to_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect(name);
    fs::write(folder.path().join("rules.v4"), "*filter\n:INPUT DROP\n-A INPUT -j BAD\nCOMMIT\n")
        .expect("a file");
    fs::write(folder.path().join("job.md"), "before\n").expect("a file");
    let arguments = "check rules.v4 --format concise --output concise=a.txt --output json=b.json \
                     --github-summary --step-summary job.md";
    let arguments: Vec<String> = arguments.split_whitespace().map(str::to_string).collect();
    let done = crate::cli::run(folder.path(), &arguments, b"");
    assert_eq!((done.status, done.stderr.as_str()), (1, ""));
    assert_eq!(read("a.txt"), done.stdout);
    let json: serde_json::Value = serde_json::from_str(&read("b.json")).expect("it is JSON");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(done.stdout.lines().count()));
    assert!(read("job.md").starts_with("before\n## fwlint: "), "{}", read("job.md"));
}

#[test]
fn a_hostile_file_is_reported_harmlessly_from_end_to_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "::error::a\n::error::b\u{202e}<script>.v4";
    let words = hostile().replace(['\n', '\r'], " ");
    let long = "X".repeat(65_536);
    let rules = format!(
        "*filter\n:INPUT DROP [0:0]\n:{long} - [0:0]\n# {words}\n-A INPUT -j {long}\n-A INPUT -m comment \
         --comment \"{words}\" -p tcp --dport 22 -j ACCEPT\n-A INPUT -j LOG --log-prefix \"{words}\"\n\
         -A INPUT -m {words}\n::error::{words}\n-A <script>{words} -j ]]>\nCOMMIT\n"
    );
    fs::write(folder.path().join(name), rules).expect("a file");
    for format in Format::value_variants() {
        let value = format.to_possible_value().expect("each has a name");
        let arguments = ["check", ".", "--as", "iptables", "--format", value.get_name()].map(str::to_string);
        let done = crate::cli::run(folder.path(), &arguments, b"");
        assert_eq!((done.status, done.stderr.as_str()), (1, ""), "{format:?}");
        let acts = |character: char| {
            character.is_control() && character != '\n' && character != '\t'
                || "\u{202e}\u{2066}\u{feff}".contains(character)
        };
        assert_eq!(done.stdout.find(acts), None, "{format:?}");
        let is_command = |line: &str| line.starts_with("::") || line.starts_with("##[");
        let commands = done.stdout.lines().map(str::trim_start).filter(|line| is_command(line));
        match format {
            Format::Github => assert!(commands.into_iter().all(|line| line.contains(" file=%3A%3Aerror"))),
            _ => assert_eq!(commands.count(), 0, "{format:?}"),
        }
        if matches!(format, Format::Html | Format::Junit | Format::Markdown) {
            assert!(!done.stdout.contains("<script") && !done.stdout.contains("]]>"), "{format:?}");
        }
    }
}
