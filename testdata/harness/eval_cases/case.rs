//! The format of `testdata/eval`: rulesets, then one packet a line and what becomes of it.
//!
//! ```text
//! # The sentence that the case shows.
//! == interfaces
//! eth0=192.0.2.10/24,2001:db8::10/64
//! == v4
//! *filter
//! …
//! == packets
//! out udp 192.0.2.10:40000 > 198.41.192.7:7844 => egress accepted, reply delivered, followup passed, open
//! ```
//!
//! Sections named like the kinds of the oracle (`v4`, `v6`, `v4-legacy`, `ipset`, `nft`, `script`, …) are
//! loaded in the order of the file. What stands after `=>` is what the kernel does. Where the file cannot
//! tell fwlint as much, its own answer follows: `=> egress accepted, … | egress depends, …, depends`.

use super::packet;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The host of a case that names no interfaces.
pub const DEFAULT_INTERFACE: &str = "eth0=192.0.2.10/24,2001:db8::10/64";

const PACKETS: &str = "== packets";

/// One file of cases.
pub struct Case {
    pub path: PathBuf,
    /// Everything up to and including the line `== packets`.
    head: String,
    /// Kind and text, in the order of loading.
    pub rulesets: Vec<(String, String)>,
    /// `NAME=V4/LEN,V6/LEN`, the one with the default route first.
    pub interfaces: Vec<String>,
    lines: Vec<Line>,
}

enum Line {
    Comment(String),
    Packet(Packet),
}

/// One packet, the first of a flow, and what is expected of it.
pub struct Packet {
    /// As it stands in the file.
    pub text: String,
    /// The same as a probe of the oracle.
    pub probe: Value,
    /// What the kernel does; `None` when it has not been asked yet.
    pub kernel: Option<String>,
    /// What fwlint says, where it can say less than the kernel.
    pub ours: Option<String>,
}

impl Case {
    /// All cases of a folder under `testdata`, by name.
    pub fn all(folder: &str) -> Vec<Case> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(folder);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
        paths.sort();
        paths.into_iter().map(Case::read).collect()
    }

    fn read(path: PathBuf) -> Case {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let wrong = |what: &str| -> ! { panic!("{}: {what}", path.display()) };
        let Some((head, packets)) = text.split_once(&format!("{PACKETS}\n")) else {
            wrong("there is no section `== packets`")
        };
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            match (line.strip_prefix("== "), sections.last_mut()) {
                (Some(kind), _) => sections.push((kind.to_string(), String::new())),
                (None, Some((_, text))) => text.extend([line, "\n"]),
                (None, None) if line.starts_with('#') || line.is_empty() => {}
                (None, None) => wrong("only comments may stand before the first section"),
            }
        }
        if !head.starts_with("# ") {
            wrong("the sentence that it shows is missing: a comment in the first line")
        }
        let mut interfaces = vec![DEFAULT_INTERFACE.to_string()];
        if let Some(at) = sections.iter().position(|(kind, _)| kind == "interfaces") {
            interfaces = sections.remove(at).1.lines().map(str::to_string).collect();
        }
        let lines = packets.lines().map(|line| Line::read(line).unwrap_or_else(|error| wrong(&error)));
        let lines = lines.collect();
        Case { head: format!("{head}{PACKETS}\n"), rulesets: sections, interfaces, lines, path }
    }

    /// The file's name without its ending: a sentence.
    pub fn name(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The packets in order.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.lines.iter().filter_map(|line| match line {
            Line::Packet(packet) => Some(packet),
            Line::Comment(_) => None,
        })
    }

    /// Their probes in order.
    pub fn probes(&self) -> Vec<Value> {
        self.packets().map(|packet| packet.probe.clone()).collect()
    }

    /// Writes the file anew, with what the kernel did to each packet in order.
    pub fn update(&self, outcomes: &[String]) -> io::Result<()> {
        let mut outcomes = outcomes.iter();
        let mut text = self.head.clone();
        for line in &self.lines {
            match line {
                Line::Comment(comment) => text += comment,
                Line::Packet(packet) => {
                    let ours = packet.ours.as_ref().map(|ours| format!(" | {ours}"));
                    let outcome = outcomes.next().map_or("", String::as_str);
                    text += &format!("{} => {outcome}{}", packet.text, ours.unwrap_or_default());
                }
            }
            text.push('\n');
        }
        if fs::read_to_string(&self.path)? != text {
            fs::write(&self.path, text)?;
        }
        Ok(())
    }
}

impl Line {
    fn read(line: &str) -> Result<Line, String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(Line::Comment(line.to_string()));
        }
        let (text, expected) = match line.split_once(" => ") {
            Some((text, expected)) => (text, Some(expected.to_string())),
            None => (line.trim_end_matches(" =>"), None),
        };
        let (kernel, ours) = match expected {
            Some(both) if both.contains(" | ") => {
                let (kernel, ours) = both.split_once(" | ").unwrap_or_default();
                (Some(kernel.to_string()), Some(ours.to_string()))
            }
            Some(kernel) => (Some(kernel), None),
            None => (None, None),
        };
        let probe = packet::parse(text).map_err(|error| format!("{text}: {error}"))?;
        Ok(Line::Packet(Packet { text: text.to_string(), probe, kernel, ours }))
    }
}
