//! Is a text nft's?

use super::cursor::Cursor;
use crate::dialects::nft::ast::Family;
use crate::source::FileId;

/// Is a text nft's by its content? The first command tells, or the interpreter of a script.
pub fn is_nft(text: &str) -> bool {
    let first = text.trim_start_matches('\u{feff}').lines().next().unwrap_or("");
    if let Some(interpreter) = first.strip_prefix("#!") {
        return interpreter.split(['/', ' ']).any(|word| word.trim_end() == "nft");
    }
    let mut cursor = Cursor::new(FileId(0), text);
    let mut has_variables = false;
    loop {
        cursor.skip_lines();
        let Some(word) = cursor.word() else { return has_variables && cursor.byte().is_none() };
        match word.value {
            "define" | "redefine" => {
                has_variables |= cursor.word().is_some() && cursor.eat("=");
                if !has_variables {
                    return false;
                }
                cursor.skip_statement();
            }
            "undefine" => cursor.skip_statement(),
            "include" => {
                if cursor.peek() != Some(b'"') {
                    return false;
                }
                cursor.skip_statement();
            }
            "table" => return is_table(&mut cursor),
            "flush" | "add" | "create" | "insert" | "replace" | "delete" | "destroy" | "rename" => {
                return cursor.word().is_some_and(|word| OBJECTS.contains(&word.value));
            }
            _ => return false,
        }
    }
}

/// Does a text look as `nft list ruleset` prints it: tables and what is in them behind tabs, nothing defined or
/// included, no comments but nft's own?
pub fn is_listing(text: &str) -> bool {
    let is_printed = |line: &[u8]| match line {
        [] | [b'\r'] | [b'}', ..] => true,
        [b'\t', rest @ ..] => {
            let behind = rest.iter().position(|byte| *byte != b'\t').map_or(&[][..], |at| &rest[at..]);
            behind.first() != Some(&b'#') || is_warning(behind)
        }
        _ => line.starts_with(b"table ") || is_warning(line),
    };
    let bytes = text.as_bytes();
    let ends = memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]);
    let mut start = 0;
    ends.map(|end| &bytes[std::mem::replace(&mut start, end + 1)..end]).all(is_printed)
}

fn is_warning(line: &[u8]) -> bool {
    line.starts_with(b"# Warning:") || line.starts_with(b"# xt_")
}

/// `table inet x {` and `table x {`, the first word taken.
fn is_table(cursor: &mut Cursor<'_>) -> bool {
    let has_family = cursor.peek_word().and_then(Family::from_name).is_some();
    let words = std::iter::from_fn(|| cursor.word()).take(3).count();
    match cursor.peek() {
        Some(b'{') => (1..=2).contains(&words),
        None | Some(b'\n' | b';') => has_family && words == 2,
        _ => false,
    }
}

const OBJECTS: [&str; 10] =
    ["ruleset", "table", "chain", "rule", "set", "map", "element", "flowtable", "counter", "quota"];
