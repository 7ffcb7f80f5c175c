//! The `fwlint.yaml` of a scan: what was seen, in the words that `fwlint check` reads, so that it says the same of the files
//! wherever they are taken.

use std::fmt::Write as _;

use super::{Picture, Probed, Said};
use crate::config::FILE_NAME;
use crate::source::{FileId, Sources};
use crate::tree::{self, Kind, Mistake, Node};

/// Writes the text. Of the user's own, `hosts` gives way to the host that was seen.
pub(super) fn write(picture: &Picture, own: Option<&str>, flags: &[Said]) -> Result<String, Vec<Mistake>> {
    let own = own.unwrap_or_default();
    let mut sources = Sources::default();
    let file = sources.add(FILE_NAME, own.as_bytes().to_vec());
    let entries = entries(file, own)?;
    let is_said = |key: &str| flags.iter().any(|flag| flag.key == key);
    let mut text = format!(
        "# What `fwlint scan` saw of {}. `fwlint check` in this folder says the same of it.\n",
        one_line(&picture.host)
    );
    for flag in flags {
        said(&mut text, flag);
    }
    for (key, part) in &entries {
        if *key != "hosts" && !is_said(key) {
            text += part.trim_end();
            text.push('\n');
        }
    }
    for seen in &picture.said {
        if !is_said(&seen.key) && !entries.iter().any(|(key, _)| *key == seen.key) {
            said(&mut text, seen);
        }
    }
    let names = picture.rules.iter().map(|saved| saved.name).collect::<Vec<_>>().join(", ");
    // Writing to a string cannot fail.
    let _ = write!(text, "hosts:\n  - name: {}\n    files: [{names}]\n", quoted(&picture.host));
    if !picture.interfaces.is_empty() {
        text += "    interfaces:\n";
    }
    for interface in &picture.interfaces {
        let addresses: Vec<String> =
            interface.addresses.iter().map(|address| quoted(&address.to_string())).collect();
        let _ = writeln!(text, "      {}: [{}]", quoted(&interface.name), addresses.join(", "));
    }
    text += "    # All that decides packets is in these files, but for this.\n    unseen:\n";
    for (key, decides) in [("rules", true), ("settings", false)] {
        let gaps = picture.unseen.iter().filter(|gap| gap.decides == decides);
        let gaps: Vec<String> = gaps
            .map(|gap| format!("        - {}\n", quoted(&format!("{}: {}", gap.what, gap.why))))
            .collect();
        let list = if gaps.is_empty() { " []\n".to_owned() } else { format!("\n{}", gaps.concat()) };
        let _ = write!(text, "      {key}:{list}");
    }
    if let Some(probed) = &picture.probed {
        text += &tried(probed);
    }
    Ok(text)
}

/// What was tried, as the last of what is said of the host.
fn tried(probed: &Probed) -> String {
    let Probed { day, uid, gid, found } = probed;
    let list = |key: &str, lines: Vec<String>| match lines.is_empty() {
        true => format!("      {key}: []\n"),
        false => format!("      {key}:\n{}", lines.concat()),
    };
    let item = |text: String| format!("        - {}\n", quoted(&text));
    let mut text = "    # What was tried from here, and what came of it.\n    probed:\n".to_owned();
    let day = day.as_ref().map(|day| ("day", quoted(day)));
    let number = |key, number: Option<u32>| Some((key, number?.to_string()));
    for (key, value) in [day, number("uid", *uid), number("gid", *gid)].into_iter().flatten() {
        text += &format!("      {key}: {value}\n");
    }
    text += &list("answers", found.answers.iter().map(|answer| item(answer.to_string())).collect());
    text + &list("tried", found.tried.iter().map(|tried| item(tried.to_string())).collect())
}

/// The keys of a text and what stands from each to the next.
fn entries(file: FileId, text: &str) -> Result<Vec<(String, &str)>, Vec<Mistake>> {
    let documents = tree::yaml(file, text).map_err(|mistake| vec![mistake])?;
    let Some(Node { kind: Kind::Map(entries), .. }) = documents.first() else { return Ok(Vec::new()) };
    let starts = entries.iter().map(|(key, _)| key.span.start as usize);
    let ends = starts.clone().skip(1).chain([text.len()]);
    let keys = entries.iter().map(|(key, _)| key.text().unwrap_or_default().to_owned());
    Ok(keys.zip(starts.zip(ends)).map(|(key, (start, end))| (key, &text[start..end])).collect())
}

fn said(text: &mut String, said: &Said) {
    let _ = writeln!(text, "{}: {} # {}", said.key, said.value, one_line(&said.by));
}

/// A string as YAML: JSON's are YAML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text as it may stand in a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
