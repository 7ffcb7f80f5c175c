//! The examples of the documentation are true: the first one that anybody sees, and the lines that people copy.

use std::fs;
use std::path::Path;

use crate::{cli, expected};

/// What the commands of the clouds print, in shapes that were recorded, by how the commands begin.
const RECORDED: [(&str, &str); 10] = [
    ("gcloud compute firewall-rules list", "gcp/the-rules-of-the-default-network.json"),
    ("gcloud compute networks get-effective-firewalls", "gcp/the-effective-firewalls-of-a-network.json"),
    ("aws ec2 describe-security-groups", "aws/the-default-group-and-one-for-cloudflared.json"),
    ("aws ec2 describe-network-acls", "aws/a-network-acl-whose-entries-stand-in-no-order.json"),
    ("aws network-firewall describe-firewall-policy", "aws/a-firewall-policy-with-its-groups.json"),
    ("aws network-firewall describe-rule-group", "aws/a-list-of-domains.json"),
    ("az network firewall policy", "azure/rule-collections-of-a-firewall-policy.json"),
    ("az network nsg list", "azure/a-group-without-rules-of-its-own-has-those-that-azure-adds.json"),
    ("az network nsg show", "azure/a-group-that-lets-only-cloudflared-and-https-out.json"),
    ("az network nic list-effective-nsg", "azure/an-interface-has-its-own-group-and-that-of-its-subnet.json"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of the first block in a language, and where it begins.
fn block<'text>(text: &'text str, language: &str) -> (usize, &'text str) {
    let fence = format!("```{language}\n");
    let start = text.find(&fence).unwrap_or_else(|| panic!("there is no block of {language}")) + fence.len();
    let length = text[start..].find("```\n").expect("it ends");
    (start, &text[start..start + length])
}

#[test]
fn the_example_of_the_readme_says_what_it_shows() {
    let path = root().join("README.md");
    let text = fs::read_to_string(&path).expect("README.md");
    assert!(text.lines().count() < 100, "the README has {} lines", text.lines().count());
    let (_, rules) = block(&text, "iptables");
    let (at, shown) = block(&text, "console");
    let command = shown.lines().next().and_then(|line| line.strip_prefix("$ fwlint ")).expect("a command");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rules.v4"), rules).expect("it can be written");
    let done = cli::run(folder.path(), &cli::words(command), b"");
    assert_eq!((done.status, done.stderr.as_str()), (1, ""));
    let mut actual = text.clone();
    actual.replace_range(at..at + shown.len(), &format!("$ fwlint {command}\n{}\n", done.stdout.trim_end()));
    expected::report(expected::compare(&path, &actual, true).into_iter().collect());
}

#[test]
fn the_lines_for_clouds_read_what_the_clouds_print() {
    let text = fs::read_to_string(root().join("docs/clouds.md")).expect("docs/clouds.md");
    let read = root().join("testdata/read");
    let folder = tempfile::tempdir().expect("a folder");
    let mut tried = 0;
    for line in text.lines() {
        // Several commands stand in brackets.
        let commands = line.strip_prefix('(').and_then(|rest| Some(rest.split_once(')')?.0)).unwrap_or(line);
        let printed = |command: &str| {
            let found = RECORDED.iter().find(|(start, _)| command.starts_with(start));
            let (_, file) = found.unwrap_or_else(|| panic!("nothing is recorded for: {command}"));
            fs::read(read.join(file)).expect("it was recorded")
        };
        let recorded = || commands.split("; ").flat_map(printed).collect::<Vec<u8>>();
        let (command, stdin) = if let Some((_, command)) = line.split_once(" | fwlint ") {
            (command, recorded())
        } else if line.starts_with("aws ") && line.contains(" > ") {
            let (_, file) = line.split_once(" > ").expect("a file");
            let bytes = match file {
                "interfaces.json" => {
                    fs::read(read.join("aws/an-interface-has-its-groups-and-the-acl-of-its-subnet.json"))
                        .expect("it was recorded")
                }
                _ => recorded(),
            };
            fs::write(folder.path().join(file), bytes).expect("it can be written");
            continue;
        } else if let Some(command) = line.strip_prefix("fwlint ").filter(|it| it.starts_with("check")) {
            (command, Vec::new())
        } else {
            continue;
        };
        let done = cli::run(folder.path(), &cli::words(command), &stdin);
        assert!(done.status < 2 && done.stderr.is_empty(), "{line}: {}", done.stderr);
        assert!(
            done.stdout.lines().any(|verdict| verdict.contains(": cloudflared ")),
            "{line}\n{}",
            done.stdout
        );
        tried += 1;
    }
    assert_eq!(tried, 13, "some of the lines were not tried");
}
