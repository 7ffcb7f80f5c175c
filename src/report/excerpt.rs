//! The lines of a source that a diagnostic shows: escaped, and cut where they are too long.
//!
//! Offsets of labels are carried along, so that the carets stay under what they point at. A diagnostic
//! costs the lines that it shows, not the file.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::files::{Error, Files};

use super::escape::{escape, shorten};
use super::place::{Columns, position};
use crate::source::{FileId, SourceFile, Sources, Span};

/// The longest line that is shown whole, in bytes.
const LONGEST: usize = 400;
/// What is shown of a longer line before its first label, in bytes.
const BEFORE: usize = 120;
/// A label over more lines than this shows its first line only.
const MOST_LINES: u32 = 12;
/// Stands for what was cut.
const CUT: &str = "…";

/// The excerpts of one diagnostic; the ids of codespan-reporting are indices into them.
pub struct Excerpts {
    files: Vec<Excerpt>,
}

/// What is shown of one file.
struct Excerpt {
    id: FileId,
    name: String,
    /// The shown lines, one after the other.
    text: String,
    /// By index of the line in the file, from 0.
    lines: BTreeMap<usize, Shown>,
    /// Places in `text` at which labels begin, and their columns in the file.
    columns: Vec<(usize, usize)>,
}

/// A shown line.
struct Shown {
    /// Its place in the excerpt's text, line end included.
    written: Range<usize>,
    /// The part of the file that it shows, in bytes.
    window: Range<usize>,
    /// Was something cut before the window?
    cut: bool,
}

impl Excerpts {
    /// Cuts out what the spans need, and says of each where it is: an excerpt, and a place in its text.
    /// On a line that is too long, the first of its spans is the one that is seen.
    pub fn new(
        sources: &Sources,
        spans: &[Span],
        columns: Columns,
    ) -> (Excerpts, Vec<(usize, Range<usize>)>) {
        let spans: Vec<Span> = spans.iter().map(|span| without_end(sources.file(span.file), *span)).collect();
        let mut files: Vec<Excerpt> = Vec::new();
        let mut places = Vec::new();
        for span in &spans {
            let known = files.iter().position(|excerpt| excerpt.id == span.file);
            let index = known.unwrap_or_else(|| {
                files.push(Excerpt::new(sources.file(span.file), span.file, &spans));
                files.len() - 1
            });
            places.push((index, files[index].place(sources.file(span.file), *span, columns)));
        }
        (Excerpts { files }, places)
    }
}

/// Leaves the line end out of a span, and of one with too many lines all but the first.
fn without_end(file: &SourceFile, span: Span) -> Span {
    let length = file.text.len() as u32;
    let (start, end) = (span.start.min(length), span.end.min(length));
    let text = file.text.get(start as usize..end as usize).unwrap_or("");
    let end = start + text.trim_end_matches(['\n', '\r']).len() as u32;
    let first = file.position(start).line;
    let many = file.position(end).line - first >= MOST_LINES;
    let end = if many { (file.line(first).end as u32).max(start) } else { end };
    Span { file: span.file, start, end }
}

impl Excerpt {
    fn new(file: &SourceFile, id: FileId, spans: &[Span]) -> Self {
        let spans: Vec<Span> = spans.iter().copied().filter(|span| span.file == id).collect();
        let lines_of = |span: &Span| file.position(span.start).line..=file.position(span.end).line;
        let mut numbers: Vec<u32> = spans.iter().flat_map(lines_of).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // Of two lines with one between them, all three are shown.
        let between = |pair: &[u32]| (pair[1] - pair[0] == 2).then_some(pair[0] + 1);
        let between: Vec<u32> = numbers.windows(2).filter_map(between).collect();
        numbers.extend(between);
        numbers.sort_unstable();
        let mut excerpt = Excerpt {
            id,
            name: shorten(&file.name.to_string_lossy()),
            text: String::new(),
            lines: BTreeMap::new(),
            columns: Vec::new(),
        };
        for number in numbers {
            excerpt.show(file, number, &spans);
        }
        excerpt
    }

    /// Adds a line.
    fn show(&mut self, file: &SourceFile, number: u32, spans: &[Span]) {
        let line = file.line(number);
        let window = window(&file.text, line.clone(), spans);
        let (start, cut) = (self.text.len(), window.start > line.start);
        if cut {
            self.text.push_str(CUT);
        }
        self.text.push_str(&escape(&file.text[window.clone()]));
        if window.end < line.end {
            self.text.push_str(CUT);
        }
        self.text.push('\n');
        self.lines.insert(number as usize - 1, Shown { written: start..self.text.len(), window, cut });
    }

    /// Where a span of the file is in the excerpt.
    fn place(&mut self, file: &SourceFile, span: Span, columns: Columns) -> Range<usize> {
        let start = self.offset(file, span.start);
        let end = self.offset(file, span.end).max(start);
        self.columns.push((start, position(file, span.start, columns).1));
        start..end
    }

    fn offset(&self, file: &SourceFile, offset: u32) -> usize {
        let number = file.position(offset).line;
        let Some(shown) = self.lines.get(&(number as usize - 1)) else { return 0 };
        let offset = (offset as usize).clamp(shown.window.start, shown.window.end);
        let before = file.text.get(shown.window.start..offset).unwrap_or("");
        shown.written.start + if shown.cut { CUT.len() } else { 0 } + escape(before).len()
    }
}

/// The part of a line that is shown: all of it, or what is around its first label.
fn window(text: &str, line: Range<usize>, spans: &[Span]) -> Range<usize> {
    if line.len() <= LONGEST {
        return line;
    }
    let on_line = |span: &&Span| (span.start as usize) <= line.end && span.end as usize >= line.start;
    let first = spans.iter().find(on_line).map_or(line.start, |span| span.start as usize);
    let from = first.saturating_sub(BEFORE).clamp(line.start, line.end - LONGEST);
    let (mut start, mut end) = (from, from + LONGEST);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        self.files.get(id).map(|excerpt| excerpt.name.as_str()).ok_or(Error::FileMissing)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        self.files.get(id).map(|excerpt| excerpt.text.as_str()).ok_or(Error::FileMissing)
    }

    fn line_index(&'a self, id: usize, byte: usize) -> Result<usize, Error> {
        let excerpt = self.files.get(id).ok_or(Error::FileMissing)?;
        let line = excerpt.lines.iter().rev().find(|(_, shown)| shown.written.start <= byte);
        line.map(|(index, _)| *index).ok_or(Error::LineTooLarge { given: 0, max: 0 })
    }

    fn column_number(&'a self, id: usize, _line: usize, byte: usize) -> Result<usize, Error> {
        let excerpt = self.files.get(id).ok_or(Error::FileMissing)?;
        let column = excerpt.columns.iter().find(|(start, _)| *start == byte);
        Ok(column.map_or(1, |(_, column)| *column))
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<Range<usize>, Error> {
        let excerpt = self.files.get(id).ok_or(Error::FileMissing)?;
        let shown = excerpt.lines.get(&line).ok_or(Error::LineTooLarge { given: line, max: 0 })?;
        Ok(shown.written.clone())
    }
}
