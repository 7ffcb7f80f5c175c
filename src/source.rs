//! The texts that are linted, and places in them.

mod root;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use root::{Root, absolute, clean, shown, slashed};

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

    /// Is another within it?
    pub fn holds(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
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
    /// The name by which it is reported: the path from the directory of the call, `-` for standard input.
    pub name: PathBuf,
    /// What readers read. Each byte that is not UTF-8 stands here as `?`, so that offsets are those
    /// of the file. UTF-16 stands here as UTF-8.
    pub text: String,
    /// How many lines end before each block of [`BLOCK`] bytes: finding the line of a place looks through one
    /// block, and nobody pays for an offset of each line.
    ended: Vec<u32>,
    /// Where [`DIRECTIVE`] stands, once somebody has asked: an export may hold thousands of units that all do.
    directives: OnceLock<Box<[usize]>>,
}

/// What everything begins with that a text says to fwlint.
pub const DIRECTIVE: &str = "fwlint:";

/// Lines are counted by blocks of so many bytes.
const BLOCK: usize = 4096;

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
    /// The repository of the call.
    repository: Root,
}

impl Sources {
    /// No texts yet, of a call in a repository.
    pub fn of(repository: Root) -> Self {
        Sources { files: Vec::new(), repository }
    }

    /// Takes a file in. The bytes need not be UTF-8.
    pub fn add(&mut self, name: impl Into<PathBuf>, bytes: Vec<u8>) -> FileId {
        let bytes = from_utf16(bytes);
        let text = masked(bytes);
        let ended = ended_lines(&text);
        self.files.push(SourceFile { name: name.into(), text, ended, directives: OnceLock::new() });
        FileId(self.files.len() as u32 - 1)
    }

    /// The file of an id that [`Sources::add`] gave.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Where a file is in the repository, with `/` between folders; its name if it is not in it.
    pub fn path_in_repository(&self, id: FileId) -> String {
        self.in_repository(&self.file(id).name)
    }

    /// The same for the name of a file.
    pub fn in_repository(&self, name: &Path) -> String {
        // Standard input is nowhere.
        let is_stdin = name.as_os_str() == "-";
        if is_stdin { "-".to_owned() } else { slashed(&self.repository.below(name)) }
    }

    /// Gives a file another text.
    pub fn replace(&mut self, id: FileId, text: String) {
        let file = &mut self.files[id.0 as usize];
        file.ended = ended_lines(&text);
        file.directives = OnceLock::new();
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
    /// The byte offsets at which [`DIRECTIVE`] stands in the text.
    pub fn directives(&self) -> &[usize] {
        let find = || memchr::memmem::find_iter(self.text.as_bytes(), DIRECTIVE).collect();
        self.directives.get_or_init(find)
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let before = &self.text.as_bytes()[..self.text.len().min(offset as usize)];
        // The end of a text may be where a block would begin that is not there.
        let block = (before.len() / BLOCK).min(self.ended.len().saturating_sub(1));
        let ended = self.ended.get(block).copied().unwrap_or(0);
        let inside = &before[block * BLOCK..];
        let here = memchr::memchr_iter(b'\n', inside).count() as u32;
        let start = match memchr::memrchr(b'\n', inside) {
            Some(at) => block * BLOCK + at + 1,
            None => self.behind(ended).unwrap_or(0),
        };
        let start = start as u32;
        Position { line: ended + here + 1, column: offset - start + 1 }
    }

    /// The byte offsets of a line (counted from 1) without its line end; empty for a line that is not there.
    pub fn line(&self, number: u32) -> std::ops::Range<usize> {
        let length = self.text.len();
        let start = number.checked_sub(1).and_then(|ended| self.behind(ended)).unwrap_or(length);
        let end = self.behind(number).unwrap_or(length).max(start);
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// The offset behind the end of so many lines; `None` if there are not so many. However long lines are, one block is
    /// looked through.
    fn behind(&self, lines: u32) -> Option<usize> {
        let Some(wanted) = lines.checked_sub(1) else { return Some(0) };
        let block = self.ended.partition_point(|&ended| ended <= wanted) - 1;
        let missing = (wanted - self.ended[block]) as usize;
        let start = block * BLOCK;
        memchr::memchr_iter(b'\n', &self.text.as_bytes()[start..]).nth(missing).map(|at| start + at + 1)
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

/// How many lines end before each block of bytes.
fn ended_lines(text: &str) -> Vec<u32> {
    let ended = |count: &mut u32, block: &[u8]| {
        let before = *count;
        *count += memchr::memchr_iter(b'\n', block).count() as u32;
        Some(before)
    };
    let blocks = text.as_bytes().chunks(BLOCK);
    // An empty text has a block, too.
    blocks.chain(text.is_empty().then_some(&[][..])).scan(0, ended).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and column as they are by definition.
    fn counted(text: &str, offset: usize) -> Position {
        let before = &text.as_bytes()[..offset];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() as u32 + 1;
        Position { line, column }
    }

    #[test]
    fn places_are_counted_alike_however_lines_and_blocks_meet() {
        let line = |length: usize| format!("{}\n", "x".repeat(length));
        let long: String = (0..300).map(|number| line(number % 97)).collect();
        let texts = ["", "\n", "a", "a\nb", "\n\n"].map(str::to_owned);
        let at_edges = [line(BLOCK - 1), line(BLOCK - 2) + &line(0), line(2 * BLOCK + 1) + "end", long];
        for text in texts.into_iter().chain(at_edges) {
            let mut sources = Sources::default();
            let id = sources.add("it", text.clone().into_bytes());
            let file = sources.file(id);
            for offset in 0..=text.len() {
                assert_eq!(
                    file.position(offset as u32),
                    counted(&text, offset),
                    "{offset} of {}",
                    text.len()
                );
            }
            let mut start = 0;
            for (number, line) in (1..).zip(text.split('\n')) {
                assert_eq!(file.line(number), start..start + line.len());
                start += line.len() + 1;
            }
            let behind = text.split('\n').count() as u32 + 1;
            assert_eq!(file.line(behind), text.len()..text.len());
            assert_eq!(file.line(0), text.len()..text.len());
        }
    }
}
