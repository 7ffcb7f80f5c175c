//! A fix in words, with the lines that it changes.

use crate::finding::{Edit, Fix};
use crate::source::{SourceFile, Sources};

/// How many lines around a change are shown.
const AROUND: u32 = 1;

/// What a fix does, what it opens and closes, and what it makes of the text. Lines that are to be copied are
/// indented.
pub fn words(sources: &Sources, fix: &Fix) -> String {
    let mut text = format!("fix: {}", fix.summary());
    if let Some(wider) = &fix.wider {
        text += &format!("; wider: {wider}");
    }
    let has_several = fix.edits.windows(2).any(|pair| pair[0].span.file != pair[1].span.file);
    for edits in fix.edits.chunk_by(|a, b| a.span.file == b.span.file) {
        let file = sources.file(edits[0].span.file);
        if has_several {
            text += &format!("\n  {}", file.name.display());
        }
        text += &changes(file, edits);
    }
    for new in &fix.new_files {
        text += &format!("\n  {} (new)", new.path.display());
        new.text.lines().for_each(|line| text += &format!("\n  + {line}"));
    }
    for command in &fix.commands {
        text += &format!("\n  {command}");
    }
    text
}

/// The lines of edits of one file, with their numbers: those that go, those that come, and those around them.
fn changes(file: &SourceFile, edits: &[Edit]) -> String {
    let mut text = String::new();
    let mut shown = 0;
    let around = |text: &mut String, lines: std::ops::Range<u32>, shown: &mut u32| {
        for line in lines.start.max(*shown + 1)..lines.end {
            let content = file.text.get(file.line(line)).unwrap_or("");
            if !content.is_empty() {
                *text += &format!("\n  {line:>4}   {content}");
            }
            *shown = line;
        }
    };
    for (at, edit) in edits.iter().enumerate() {
        let (first, last) = (file.position(edit.span.start).line, file.position(edit.span.end).line);
        around(&mut text, first.saturating_sub(AROUND).max(1)..first, &mut shown);
        let old = &file.text[edit.span.start as usize..edit.span.end as usize];
        for (number, line) in (first..).zip(old.lines()) {
            text += &format!("\n  {number:>4} - {line}");
            shown = number;
        }
        for line in edit.text.lines() {
            text += &format!("\n       + {line}");
        }
        let next = edits.get(at + 1).map_or(u32::MAX, |next| file.position(next.span.start).line);
        around(&mut text, last..(last + AROUND).min(next), &mut shown);
    }
    text
}
