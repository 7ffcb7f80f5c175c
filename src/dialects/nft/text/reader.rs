//! What is at hand while a text is read: the place, the variables, the remarks.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::cursor::Cursor;
use crate::dialects::includes::{Included, Texts};
use crate::dialects::nearest;
use crate::dialects::nft::ast::{Command, Expression, ExpressionKind, Family, File, Rule, Statement};
use crate::model::{self, Remark, RemarkKind};
use crate::source::Span;

/// How deep braces and parentheses may nest.
const DEEPEST: u32 = 64;

/// What is wrong at a place; reading goes on behind it.
#[derive(Clone, Debug)]
pub(super) struct Mistake {
    kind: RemarkKind,
    span: Span,
    message: String,
    notes: Vec<String>,
}

pub(super) type Result<T> = std::result::Result<T, Mistake>;

/// What stands around the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A table, or nothing.
    Table,
    /// A chain, set or object in a table.
    Inner,
}

/// What may be done with rules as soon as they are read.
#[derive(Clone, Copy)]
pub struct AtOnce {
    /// Works a rule of a table of this family out, if nothing else in the file can change what it means.
    pub rule: fn(Family, &Rule<'_>) -> Option<model::Rule>,
    /// Is the rule one for which all trees of its chain are wanted?
    pub wants_trees: fn(&Rule<'_>) -> bool,
}

/// Reads a text from its beginning to its end.
pub(super) struct Reader<'t> {
    pub cursor: Cursor<'t>,
    /// What was found for the path that stands at a place.
    pub included: &'t dyn Fn(Span) -> Option<Included<'t>>,
    /// Variables of the file, its table, its chain: the innermost last.
    pub scopes: Vec<HashMap<&'t str, Arc<Expression<'t>>>>,
    pub file: File<'t>,
    pub place: Block,
    depth: u32,
    /// All of the text that includes the others.
    whole: Arc<Whole<'t>>,
    /// Has a block just ended because another began in it?
    pub is_cut: bool,
    /// Up to where it has been tried to read rules side by side.
    pub ahead: usize,
    /// Where the last statement of this text ended that wants an end of its line even before the end of all.
    pub needy: Option<usize>,
    /// What is still to come behind the text that is being included, what comes first last.
    pub behind: Vec<Cursor<'t>>,
    /// An empty list for the statements of the next rule.
    pub spare: Vec<Statement<'t>>,
    /// What may be done with rules as soon as they are read.
    pub early: Option<AtOnce>,
    /// Is it done in the block of a table where this is, and of which family is that?
    pub at_once: Option<(AtOnce, Family)>,
}

/// A text, and what is found out about all of it once it is asked for.
struct Whole<'t> {
    text: &'t str,
    may_be_part: OnceLock<bool>,
}

/// What is known where the rules of a chain stand.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'r, 't> {
    scopes: &'r Vec<HashMap<&'t str, Arc<Expression<'t>>>>,
    depth: u32,
    whole: &'r Arc<Whole<'t>>,
    at_once: Option<(AtOnce, Family)>,
}

impl Mistake {
    /// Something that the loader refuses.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Mistake { kind: RemarkKind::Syntax, span, message: message.into(), notes: Vec::new() }
    }

    /// Something that a newer nft may know.
    pub fn unknown(span: Span, message: impl Into<String>) -> Self {
        Mistake { kind: RemarkKind::UnknownMatch, ..Mistake::new(span, message) }
    }

    /// Something that may change the rules, and that is not read.
    pub fn not_followed(span: Span, message: impl Into<String>) -> Self {
        Mistake { kind: RemarkKind::NotFollowed, ..Mistake::new(span, message) }
    }

    /// The mistake with a sentence that explains it.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// A word that is none of these. If it is near to one of them it is misspelt.
    pub fn not_among<'n>(span: Span, what: &str, word: &str, names: impl Iterator<Item = &'n str>) -> Self {
        let mut mistake = Mistake::unknown(span, format!("unknown {what} `{word}`"));
        if let Some(near) = nearest::nearest(word, names) {
            mistake.kind = RemarkKind::Syntax;
            mistake.notes.push(format!("Perhaps `{near}` is meant."));
        }
        mistake
    }
}

impl<'t> Reader<'t> {
    pub fn new(texts: &Texts<'t>, early: Option<AtOnce>) -> Self {
        Reader {
            cursor: Cursor::new(texts.file, texts.text),
            included: texts.included,
            scopes: vec![HashMap::new()],
            file: File::default(),
            place: Block::Table,
            depth: 0,
            whole: Arc::new(Whole { text: texts.text, may_be_part: OnceLock::new() }),
            is_cut: false,
            ahead: 0,
            needy: None,
            behind: Vec::new(),
            spare: Vec::new(),
            early,
            at_once: None,
        }
    }

    /// What stands around a chain's rules.
    pub fn surroundings(&self) -> Surroundings<'_, 't> {
        Surroundings { scopes: &self.scopes, depth: self.depth, whole: &self.whole, at_once: self.at_once }
    }

    /// Reads rules of a chain from a place on. They include nothing.
    pub fn within(cursor: Cursor<'t>, around: Surroundings<'_, 't>) -> Self {
        let Surroundings { scopes, depth, whole, at_once } = around;
        let (scopes, file, place) = (scopes.clone(), File::default(), Block::Inner);
        let whole = Arc::clone(whole);
        Reader {
            cursor,
            included: &|_| None,
            scopes,
            file,
            place,
            depth,
            whole,
            is_cut: false,
            ahead: usize::MAX,
            needy: None,
            behind: Vec::new(),
            spare: Vec::new(),
            early: None,
            at_once,
        }
    }

    /// May the text be a part of another, since it neither flushes what was there nor defines or includes anything?
    fn may_be_part(&self) -> bool {
        let text = self.whole.text.as_bytes();
        let has = |words: &str| memchr::memmem::find(text, words.as_bytes()).is_some();
        let is_whole = || ["#!", "define ", "include ", "flush ruleset"].into_iter().any(has);
        *self.whole.may_be_part.get_or_init(|| !is_whole())
    }

    pub fn finish(mut self) -> File<'t> {
        self.file.remarks.sort_by_key(|remark| remark.span);
        self.file
    }

    pub fn push(&mut self, command: Command<'t>) {
        self.file.commands.push(command);
    }

    /// Tells of a mistake.
    pub fn tell(&mut self, mistake: Mistake) {
        let Mistake { kind, span, message, notes } = mistake;
        self.file.remarks.push(Remark { kind, span, message, notes });
    }

    /// Ends a block that is never closed, in front of what cannot be in it or at the end of the text.
    pub fn cut(&mut self, header: Span) {
        // Of blocks in each other the innermost is told.
        if !self.is_cut {
            self.tell(Mistake::new(header, "the `{` of this is never closed"));
        }
        self.is_cut = true;
    }

    /// Has a block ended so?
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Has a block just ended so?
    pub fn take_cut(&mut self) -> bool {
        self.is_cut && self.cursor.byte().is_some() && std::mem::take(&mut self.is_cut)
    }

    /// A mistake at the next word or sign: something else is wanted there.
    pub fn wanted(&mut self, what: &str) -> Mistake {
        let here = self.cursor.here();
        match here.start == here.end {
            true => Mistake::new(here, format!("{what} is missing")),
            false => Mistake::new(here, format!("{what} is missing before this")),
        }
    }

    /// Takes a sign, which must be next.
    pub fn need(&mut self, sign: &str) -> Result<()> {
        match self.cursor.eat(sign) {
            true => Ok(()),
            false => Err(self.wanted(&format!("`{sign}`"))),
        }
    }

    /// Does something one level deeper in braces or parentheses.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEEPEST {
            return Err(Mistake::new(self.cursor.here(), "this nests too deeply"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads a block with variables of its own.
    pub fn scoped<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.scopes.push(HashMap::new());
        let result = read(self);
        self.scopes.pop();
        result
    }

    /// `define`, `redefine` and `undefine`, their keyword taken.
    pub fn define(&mut self, keyword: &str) -> Result<()> {
        let Some(name) = self.cursor.word() else { return Err(self.wanted("the name of a variable")) };
        let known = self.scopes.iter().rposition(|scope| scope.contains_key(name.value));
        let innermost = self.scopes.len() - 1;
        if keyword == "undefine" {
            let Some(at) = known else {
                return Err(Mistake::new(name.span, format!("variable `{}` is not defined", name.value)));
            };
            self.scopes[at].remove(name.value);
            self.needy = Some(self.cursor.end);
            return Ok(());
        }
        self.need("=")?;
        let value = self.list()?;
        self.needy = Some(self.cursor.end);
        if keyword == "define" && known == Some(innermost) {
            self.tell(Mistake::new(name.span, format!("variable `{}` is defined already", name.value)));
        }
        self.scopes[innermost].insert(name.value, Arc::new(value));
        Ok(())
    }

    /// `$NAME`, the sign being next.
    pub fn variable(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        self.cursor.eat("$");
        let Some(name) = self.cursor.word() else { return Err(self.wanted("the name of a variable")) };
        let span = self.cursor.since(start);
        let value = self.scopes.iter().rev().find_map(|scope| scope.get(name.value)).cloned();
        let Some(value) = value else {
            let names: Vec<&str> = self.scopes.iter().flat_map(|scope| scope.keys().copied()).collect();
            let message = format!("variable `{}` is not defined", name.value);
            // A part of a file, which another includes, has its variables from there.
            let mut mistake = match self.may_be_part() {
                true => Mistake::unknown(span, format!("{message} here")),
                false => Mistake::new(span, message),
            };
            let near = nearest::nearest(name.value, names.into_iter());
            mistake.notes.extend(near.map(|near| format!("Perhaps `${near}` is meant.")));
            self.tell(mistake);
            return Ok(Expression::new(ExpressionKind::Unknown, span));
        };
        Ok(Expression::new(ExpressionKind::Variable(value), span))
    }
}
