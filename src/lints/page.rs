//! Reads a lint's page, `rules/<id>.md`: front matter, words, examples. docs/writing-a-lint.md says how
//! one is written.

use serde::Deserialize;

use super::Lint;

/// What a page says about its lint.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<'p> {
    /// The level that its findings usually have: `error`, `warning` or `note`.
    pub level: String,
    /// The version of fwlint that first had it.
    pub since: String,
    /// Controls of benchmarks and pages that want what it checks.
    pub references: Vec<String>,
    /// How bad it is for security, from 0.1 to 10.0, as CVSS counts; `None` for what is no matter of security.
    pub security_severity: Option<f64>,
    /// What it looks for: the first paragraph.
    pub summary: String,
    /// What it says, and what it does not.
    pub examples: Vec<Example<'p>>,
}

/// An example: files, and what `fwlint check` says of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Example<'p> {
    /// The files, loaded on one host.
    pub files: Vec<ExampleFile<'p>>,
    /// Further arguments of `fwlint check`.
    pub arguments: Vec<&'p str>,
    /// Must the lint be silent? So it is below a heading that begins with "Good".
    pub is_good: bool,
    /// The findings of the lint as they are printed, if the page has them.
    pub output: Option<&'p str>,
    /// The offset in the page at which the output belongs: its text, or behind the last file.
    pub output_at: usize,
}

/// A file of an example.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleFile<'p> {
    /// Its name.
    pub name: &'p str,
    /// What is in it.
    pub text: &'p str,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FrontMatter {
    level: String,
    since: String,
    #[serde(default)]
    references: Vec<String>,
    security_severity: Option<f64>,
}

impl Page<'static> {
    /// The page of a lint. A test reads each, so what cannot be read here is merely empty.
    pub fn of(lint: &Lint) -> Self {
        read(lint.id, lint.page).unwrap_or_else(|_| Page {
            level: String::new(),
            since: String::new(),
            references: Vec::new(),
            security_severity: None,
            summary: String::new(),
            examples: Vec::new(),
        })
    }
}

/// Reads a page.
///
/// # Errors
/// What is missing, in words.
pub fn read<'p>(id: &str, text: &'p str) -> Result<Page<'p>, String> {
    let (front, body) = split(text).ok_or("the front matter is missing")?;
    let front: FrontMatter = serde_yaml::from_str(front).map_err(|error| format!("front matter: {error}"))?;
    if !["error", "warning", "note"].contains(&front.level.as_str()) {
        return Err(format!("front matter: `{}` is no level", front.level));
    }
    let words =
        body.trim_start().strip_prefix(&format!("# {id}\n")).ok_or(format!("the title is not `# {id}`"))?;
    let summary = words.trim_start().split("\n\n").next().unwrap_or_default().replace('\n', " ");
    if summary.is_empty() || summary.starts_with('`') {
        return Err("the first paragraph must say what the lint looks for".to_string());
    }
    let examples = examples(text, text.len() - body.len())?;
    let FrontMatter { level, since, references, security_severity } = front;
    if security_severity.is_some_and(|severity| !(0.1..=10.0).contains(&severity)) {
        return Err("front matter: `security-severity` is not between 0.1 and 10.0".to_string());
    }
    Ok(Page {
        level,
        since,
        references,
        security_severity,
        summary: summary.trim_end().to_string(),
        examples,
    })
}

/// A page without its front matter: what a reader wants to see.
pub fn body(text: &str) -> &str {
    split(text).map_or(text, |(_, body)| body.trim_start())
}

/// Front matter and body.
fn split(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("---\n")?.split_once("\n---\n")
}

/// A fenced block of a page.
struct Block<'p> {
    info: &'p str,
    text: &'p str,
    /// Offsets of its text, and of what follows the block.
    text_at: usize,
    end: usize,
    /// Is there nothing but white space between it and the block before?
    follows: bool,
    /// Does the heading above it begin with "Good"?
    is_good: bool,
}

/// The examples of a page: files that follow each other make one, and an output that follows belongs to it.
fn examples(page: &str, from: usize) -> Result<Vec<Example<'_>>, String> {
    let mut examples: Vec<Example> = Vec::new();
    let mut is_open = false;
    for block in blocks(page, from) {
        let mut words = block.info.split_whitespace();
        let Some(language) = words.next() else { continue };
        if language == "text" {
            let Some(example) = examples.last_mut().filter(|_| is_open && block.follows) else {
                return Err("an output that follows no example".to_string());
            };
            (example.output, example.output_at) = (Some(block.text), block.text_at);
            is_open = false;
            continue;
        }
        let Some(default) = default_name(language) else { continue };
        if !(is_open && block.follows) {
            let (files, arguments, is_good) = (Vec::new(), Vec::new(), block.is_good);
            examples.push(Example { files, arguments, is_good, output: None, output_at: 0 });
            is_open = true;
        }
        let Some(example) = examples.last_mut() else { continue };
        let (names, arguments): (Vec<&str>, Vec<&str>) = words.partition(|word| word.starts_with("file="));
        let name = names.first().and_then(|name| name.strip_prefix("file=")).unwrap_or(default);
        example.files.push(ExampleFile { name, text: block.text });
        example.arguments.extend(arguments);
        example.output_at = block.end;
    }
    Ok(examples)
}

/// The name that a file has when the block does not say; `None` for what is no file of an example.
fn default_name(language: &str) -> Option<&'static str> {
    Some(match language {
        "iptables" => "rules.v4",
        "ip6tables" => "rules.v6",
        "iptables-script" => "firewall.sh",
        "iptables-list" => "list.txt",
        "ipset" => "ipset",
        "nft" => "rules.nft",
        "nft-json" => "rules.json",
        "gcp" => "firewalls.json",
        "aws" => "groups.json",
        "azure" => "nsg.json",
        "yaml" => "fwlint.yaml",
        _ => return None,
    })
}

/// The fenced blocks of a page from an offset on.
fn blocks(page: &str, from: usize) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut at = from;
    while let Some(fence) = find_fence(page, at) {
        let info_end = page[fence..].find('\n').map_or(page.len(), |end| fence + end);
        let text_at = (info_end + 1).min(page.len());
        let Some(length) = find_end(&page[text_at..]) else { break };
        let end = (text_at + length + "```\n".len()).min(page.len());
        let follows = blocks.last().is_some_and(|last| page[last.end..fence].trim().is_empty());
        let (info, text) = (page[fence + 3..info_end].trim(), &page[text_at..text_at + length]);
        let heading = page[..fence].rfind("\n## ").map_or("", |at| &page[at + 4..]);
        let is_good = heading.starts_with("Good");
        blocks.push(Block { info, text, text_at, end, follows, is_good });
        at = end;
    }
    blocks
}

/// Where the next block begins.
fn find_fence(page: &str, from: usize) -> Option<usize> {
    let mut fences = page[from..].match_indices("```").map(|(at, _)| from + at);
    fences.find(|at| *at == 0 || page[..*at].ends_with('\n'))
}

/// How long the text of a block is.
fn find_end(text: &str) -> Option<usize> {
    if text.starts_with("```\n") { Some(0) } else { text.find("\n```\n").map(|at| at + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
---
level: warning
since: 0.1.0
references: [CIS]
---

# shadowed-rule

Looks for rules
that never match.

## Bad

```iptables --protocol quic
a
```

```ip6tables file=web.v6
b
```

```text
output
```

## Good, too

```iptables
```

```console
$ fwlint
```
";

    #[test]
    fn a_page_is_taken_apart() {
        let page = read("shadowed-rule", PAGE).expect("it is a page");
        assert_eq!((page.level.as_str(), page.since.as_str()), ("warning", "0.1.0"));
        assert_eq!(page.summary, "Looks for rules that never match.");
        let [bad, good] = page.examples.as_slice() else { panic!("two examples: {:?}", page.examples) };
        let names: Vec<&str> = bad.files.iter().map(|file| file.name).collect();
        assert_eq!((names, bad.files[1].text), (vec!["rules.v4", "web.v6"], "b\n"));
        assert_eq!((bad.arguments.as_slice(), bad.output), (&["--protocol", "quic"][..], Some("output\n")));
        assert!(PAGE[bad.output_at..].starts_with("output\n"));
        assert_eq!((good.files[0].text, good.output), ("", None));
        assert_eq!((bad.is_good, good.is_good), (false, true));
        assert!(PAGE[good.output_at..].starts_with("\n```console"));
        assert!(body(PAGE).starts_with("# shadowed-rule\n"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |text: &str| read("x", text).expect_err(text);
        assert_eq!(error("# x\n"), "the front matter is missing");
        assert_eq!(error("---\nlevel: bad\nsince: 1\n---\n# x\n"), "front matter: `bad` is no level");
        assert_eq!(error("---\nlevel: note\nsince: 1\n---\n# y\n"), "the title is not `# x`");
        let stray = "---\nlevel: note\nsince: 1\n---\n# x\n\nLooks.\n\n```text\n```\n";
        assert_eq!(error(stray), "an output that follows no example");
    }
}
