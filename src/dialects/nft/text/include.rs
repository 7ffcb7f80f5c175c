//! `include`: other files in the place of a statement.

use super::cursor::Cursor;
use super::reader::{Mistake, Reader, Result};
use crate::dialects::includes::Included;
use crate::source::{FileId, Spanned};

/// The paths that a text includes, each where it stands.
pub fn include_paths(file: FileId, text: &str) -> Vec<Spanned<String>> {
    let mut paths = Vec::new();
    // Most texts include nothing.
    let mut places = memchr::memmem::find_iter(text.as_bytes(), "include");
    if places.next().is_none() {
        return paths;
    }
    let mut cursor = Cursor::new(file, text);
    let mut begins = true;
    while cursor.peek().is_some() {
        let before = cursor.at;
        match cursor.byte() {
            Some(b'\n' | b';' | b'{' | b'}') => {
                cursor.at += 1;
                begins = true;
                continue;
            }
            _ if begins && cursor.eat_word("include") => {
                paths.extend(cursor.word().map(|path| path.map(str::to_owned)));
            }
            _ => cursor.skip_token(),
        }
        begins = false;
        // Whatever stands here, there is an end.
        cursor.at = cursor.at.max(before + usize::from(cursor.at == before));
    }
    paths
}

impl<'t> Reader<'t> {
    /// `include "path"`, its keyword taken: what it names is read in its place, each file to its end.
    pub fn include(&mut self, read: &mut dyn FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let Some(path) = self.cursor.word() else { return Err(self.wanted("the path of a file")) };
        let told = match (self.included)(path.span) {
            Some(Included::Texts(texts)) => {
                // What is included comes behind the end of the statement.
                let mut behind = self.cursor;
                if matches!(behind.peek(), Some(b'\n' | b';')) {
                    behind.at += 1;
                }
                let (end, depth) = (self.cursor.end, self.behind.len());
                self.behind.push(behind);
                self.behind.extend(texts.iter().rev().map(|(file, text)| Cursor::new(*file, text)));
                for (file, text) in texts {
                    self.behind.pop();
                    let outer = std::mem::replace(&mut self.cursor, Cursor::new(file, text));
                    // How far was read ahead in one text says nothing of another.
                    let ahead = std::mem::take(&mut self.ahead);
                    self.needy = None;
                    let result = self.nested(&mut *read);
                    (self.cursor, self.ahead) = (outer, ahead);
                    if result.is_err() {
                        self.behind.truncate(depth);
                        return result;
                    }
                    self.end_of_part(file, text);
                }
                self.behind.truncate(depth);
                self.needy = Some(end);
                return Ok(());
            }
            Some(Included::Missing) => Mistake::new(path.span, format!("there is no file `{}`", path.value)),
            Some(Included::Loop) => {
                Mistake::new(path.span, format!("`{}` includes itself without end", path.value))
            }
            Some(Included::Outside) => {
                Mistake::not_followed(path.span, "this file is outside of what is linted").note(
                    "What it holds is not known. Files below the directory in which fwlint runs are read.",
                )
            }
            None => Mistake::not_followed(path.span, "this file is not read"),
        };
        Err(told)
    }
}
