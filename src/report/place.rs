//! Where findings are, in the units in which the formats count.

use std::path::Path;

use crate::finding::{Report, Reported, Unread};
use crate::source::{SourceFile, Sources, Span};

/// In what a format counts columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Bytes of UTF-8.
    Bytes,
    /// Code units of UTF-16, as JavaScript and most editors do.
    Utf16,
    /// Characters: Unicode scalar values.
    Characters,
}

/// Lines and columns from 1; the end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Line and column of the first character.
    pub start: (usize, usize),
    /// Line and column behind the last character.
    pub end: (usize, usize),
}

/// The lines and columns of a span.
pub fn region(sources: &Sources, span: Span, columns: Columns) -> Region {
    let file = sources.file(span.file);
    Region { start: position(file, span.start, columns), end: position(file, span.end, columns) }
}

/// The line and the column of an offset.
pub fn position(file: &SourceFile, offset: u32, columns: Columns) -> (usize, usize) {
    let place = file.position(offset.min(file.text.len() as u32));
    let start = file.line(place.line).start;
    let before = file.text.get(start..start + place.column as usize - 1).unwrap_or("");
    // Lines may be long, and each finding asks anew: most are ASCII, and to see that is quick.
    let column = match columns {
        Columns::Bytes => before.len(),
        _ if before.is_ascii() => before.len(),
        // Those that UTF-8 writes in four bytes are two units.
        Columns::Utf16 => before.chars().count() + before.bytes().filter(|byte| *byte >= 0xf0).count(),
        Columns::Characters => before.chars().count(),
    };
    (place.line as usize, column + 1)
}

/// The file that a finding is about, for formats that want one of every finding: its own, otherwise the
/// first of its unit.
pub fn path(sources: &Sources, report: &Report, reported: &Reported) -> String {
    match reported.finding.span {
        Some(span) => path_of(sources, span),
        None => first_path(report, reported).to_owned(),
    }
}

/// The same from the root of the repository, for formats that are looked at there.
pub fn path_in_repository(sources: &Sources, report: &Report, reported: &Reported) -> String {
    match reported.finding.span {
        Some(span) => sources.path_in_repository(span.file),
        None => sources.in_repository(Path::new(first_path(report, reported))),
    }
}

/// The file or folder of what could not be read, from the root of the repository, for formats that want one; where it is
/// none, the first file that was.
pub fn path_of_unread(sources: &Sources, report: &Report, unread: &Unread) -> String {
    let known = report.units.first().and_then(|unit| unit.paths.first());
    let path = unread.path.as_ref().or(known).map_or(".", String::as_str);
    sources.in_repository(Path::new(path))
}

fn first_path<'r>(report: &'r Report, reported: &Reported) -> &'r str {
    report.unit(reported).and_then(|unit| unit.paths.first()).map_or("", String::as_str)
}

/// The file of a span.
pub fn path_of(sources: &Sources, span: Span) -> String {
    sources.file(span.file).name.to_string_lossy().into_owned()
}

/// `rules.v4:4:1` with what would act on its surroundings written as escapes; the name of the unit for a
/// finding without a place.
pub fn shown(sources: &Sources, report: &Report, reported: &Reported, columns: Columns) -> String {
    match reported.finding.span {
        None => super::shorten(report.unit(reported).map_or("", |unit| &unit.name)),
        Some(span) => {
            let (line, column) = region(sources, span, columns).start;
            format!("{}:{line}:{column}", super::shorten(&path_of(sources, span)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_counts_in_its_own_way() {
        let mut sources = Sources::default();
        let text = "# é漢\u{1f525}x\r\nlast";
        let file = sources.add("rules.v4", text.into());
        let at = text.find('x').expect("there is one");
        let column = |columns| region(&sources, Span::new(file, at, at + 1), columns);
        assert_eq!(column(Columns::Bytes), Region { start: (1, 12), end: (1, 13) });
        assert_eq!(column(Columns::Utf16), Region { start: (1, 7), end: (1, 8) });
        assert_eq!(column(Columns::Characters), Region { start: (1, 6), end: (1, 7) });
        let end = region(&sources, Span::new(file, text.len(), text.len() + 9), Columns::Utf16);
        assert_eq!(end, Region { start: (2, 5), end: (2, 5) });
    }
}
