//! The texts that are linted, and places in them.

use std::path::PathBuf;

/// Which of the [`Sources`] a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A piece of a file: byte offsets from 0, the end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets; the caller has made sure that files stay below 4 GiB.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Span { file, start: start as u32, end: end as u32 }
    }

    /// The smallest span that holds both; they must be of one file.
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file);
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at its place.
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }

    /// Another value at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), span: self.span }
    }
}

/// One text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The name by which it is reported: the path as given, `-` for standard input.
    pub name: PathBuf,
    /// What readers read. Each byte that is not UTF-8 stands here as `?`, so that offsets are those
    /// of the file. UTF-16 stands here as UTF-8.
    pub text: String,
    /// Offsets of the beginnings of lines, ascending, the first 0.
    lines: Vec<u32>,
}

/// A line and a column, both from 1; the column counts bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
}

/// All texts of a run.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Takes a file in. The bytes need not be UTF-8.
    pub fn add(&mut self, name: impl Into<PathBuf>, bytes: Vec<u8>) -> FileId {
        let bytes = from_utf16(bytes);
        let text = masked(bytes);
        let lines = line_starts(&text);
        self.files.push(SourceFile { name: name.into(), text, lines });
        FileId(self.files.len() as u32 - 1)
    }

    /// The file of an id that [`Sources::add`] gave.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Gives a file another text.
    pub fn replace(&mut self, id: FileId, text: String) {
        let file = &mut self.files[id.0 as usize];
        file.lines = line_starts(&text);
        file.text = text;
    }

    /// All files, in the order in which they were added.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of the first byte of a span.
    pub fn start(&self, span: Span) -> Position {
        self.file(span.file).position(span.start)
    }

    /// Line and column behind the last byte of a span.
    pub fn end(&self, span: Span) -> Position {
        self.file(span.file).position(span.end)
    }
}

impl SourceFile {
    /// Line and column of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.lines.partition_point(|&start| start <= offset) as u32;
        Position { line, column: offset - self.lines[line as usize - 1] + 1 }
    }

    /// The byte offsets of a line (counted from 1) without its line end; empty for a line that is not there.
    pub fn line(&self, number: u32) -> std::ops::Range<usize> {
        let length = self.text.len();
        let offset = |line: u32| self.lines.get(line as usize).map_or(length, |&start| start as usize);
        let (start, end) = (number.checked_sub(1).map_or(length, offset), offset(number));
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }
}

/// Turns UTF-16, which PowerShell writes, to UTF-8; known by its byte order mark. All else stays as it is.
pub fn from_utf16(bytes: Vec<u8>) -> Vec<u8> {
    let is_big_endian = match bytes.as_slice() {
        [0xff, 0xfe, ..] => false,
        [0xfe, 0xff, ..] => true,
        _ => return bytes,
    };
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if is_big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    };
    let units: Vec<u16> = bytes[2..].chunks_exact(2).map(unit).collect();
    String::from_utf16_lossy(&units).into_bytes()
}

/// Bytes as readers read them: each that is not part of valid UTF-8 as `?`.
pub fn masked(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| mask_invalid(error.into_bytes()))
}

/// Offsets of the beginnings of lines.
fn line_starts(text: &str) -> Vec<u32> {
    let mut lines = vec![0];
    lines.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
    lines
}

/// Replaces each byte that is not part of valid UTF-8 by `?`.
fn mask_invalid(mut bytes: Vec<u8>) -> String {
    let mut good = 0;
    loop {
        match std::str::from_utf8(&bytes[good..]) {
            Ok(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                let bad = good + error.valid_up_to();
                let length = error.error_len().unwrap_or(bytes.len() - bad);
                bytes[bad..bad + length].fill(b'?');
                good = bad + length;
            }
        }
    }
}
