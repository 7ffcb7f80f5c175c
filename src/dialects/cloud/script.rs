//! Scripts of a provider's commands, in which nothing is left to the shell: each word stands as it is, or is a variable
//! that the script itself has set. Of any other script only a shell can tell what it does.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::source::{FileId, Span};
use crate::tree::{Kind, Node};

/// A command.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its words.
    pub words: Vec<Word>,
    /// The variable into which its output goes.
    pub into: Option<String>,
    /// Its place.
    pub span: Span,
}

/// A word as the command gets it.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its text. What a command has put into a variable is the name of that, behind a `$`.
    pub text: String,
    /// Its place, quotes included.
    pub span: Span,
    /// Where its text begins, if it stands there letter by letter.
    verbatim: Option<u32>,
}

/// A flag of a command, and its values.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its name without dashes.
    pub name: Word,
    /// Its values.
    pub values: Vec<Word>,
}

/// The commands of such a script, but for those that only change how the shell runs; `None` if it is none.
pub fn commands(file: FileId, text: &str) -> Option<Vec<Command>> {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lexer = Lexer { file, text, at, variables: HashMap::new() };
    let mut commands = Vec::new();
    while lexer.peek().is_some() {
        let command = match lexer.assigned() {
            Some(name) => lexer.assignment(name)?,
            None => lexer.command(None, None)?,
        };
        commands.extend(command.filter(|it| it.words.first().is_some_and(|word| word.text != "set")));
    }
    Some(commands)
}

/// The words and the flags behind the name of a command. A flag has its value behind `=`, or in the words that follow:
/// all up to the next flag, or one, or none if it is a switch. `None` if one has none.
pub fn flags(words: &[Word], takes_many: bool, switches: &[&str]) -> Option<(Vec<Word>, Vec<Flag>)> {
    let (mut own, mut flags): (Vec<Word>, Vec<Flag>) = (Vec::new(), Vec::new());
    let mut takes = 0;
    for word in words {
        if let Some(body) = word.text.strip_prefix("--") {
            if takes > 0 && flags.last().is_some_and(|flag| flag.values.is_empty()) {
                return None;
            }
            let length = body.find('=').unwrap_or(body.len());
            let name = word.part(2, 2 + length);
            let has_value = length < body.len();
            let values = if has_value { vec![word.part(3 + length, word.text.len())] } else { Vec::new() };
            let is_switch = has_value || switches.contains(&name.text.as_str());
            takes = if is_switch {
                0
            } else if takes_many {
                usize::MAX
            } else {
                1
            };
            flags.push(Flag { name, values });
        } else if takes > 0 {
            flags.last_mut()?.values.push(word.clone());
            takes -= 1;
        } else {
            own.push(word.clone());
        }
    }
    let is_whole = takes == 0 || flags.last().is_some_and(|flag| !flag.values.is_empty());
    is_whole.then_some((own, flags))
}

/// An object of fields, each at the place of its value.
pub fn object(span: Span, fields: Vec<(&'static str, Node<'static>)>) -> Node<'static> {
    let entry = |(name, value): (&'static str, Node<'static>)| {
        (Node { span: value.span, kind: Kind::Text(Cow::Borrowed(name)) }, value)
    };
    Node { span, kind: Kind::Map(fields.into_iter().map(entry).collect()) }
}

/// A text at a place.
pub fn text(span: Span, text: impl Into<Cow<'static, str>>) -> Node<'static> {
    Node { span, kind: Kind::Text(text.into()) }
}

/// A list at a place.
pub fn list(span: Span, items: Vec<Node<'static>>) -> Node<'static> {
    Node { span, kind: Kind::List(items.into()) }
}

impl Word {
    /// A part of it.
    pub fn part(&self, from: usize, to: usize) -> Word {
        let text = self.text.get(from..to).unwrap_or_default().to_owned();
        let start = self.verbatim.map(|start| start + from as u32);
        let span =
            start.map_or(self.span, |start| Span { start, end: start + text.len() as u32, ..self.span });
        Word { text, span, verbatim: start }
    }

    /// Its parts between commas.
    pub fn listed(&self) -> Vec<Word> {
        let mut from = 0;
        let part = |part: &str| {
            let word = self.part(from, from + part.len());
            from += part.len() + 1;
            word
        };
        self.text.split(',').map(part).collect()
    }

    /// It as a value.
    pub fn node(&self) -> Node<'static> {
        text(self.span, self.text.clone())
    }

    /// The JSON that it is.
    pub fn json(&self) -> Option<Node<'static>> {
        let node = crate::tree::json(self.span.file, &self.text).ok()?;
        Some(owned(&node, &|span: Span| match self.verbatim {
            Some(start) => Span { start: start + span.start, end: start + span.end, ..span },
            None => self.span,
        }))
    }
}

fn owned(node: &Node, place: &impl Fn(Span) -> Span) -> Node<'static> {
    let text = |text: &str| Cow::Owned(text.to_owned());
    let kind = match &node.kind {
        Kind::Null => Kind::Null,
        Kind::Bool(value) => Kind::Bool(*value),
        // Exports have numbers as texts as well.
        Kind::Number(number) => Kind::Text(text(number)),
        Kind::Text(value) => Kind::Text(text(value)),
        Kind::List(items) => Kind::List(items.iter().map(|item| owned(item, place)).collect()),
        Kind::Map(entries) => {
            Kind::Map(entries.iter().map(|(key, value)| (owned(key, place), owned(value, place))).collect())
        }
    };
    Node { span: place(node.span), kind }
}

struct Lexer<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
    variables: HashMap<&'t str, String>,
}

impl<'t> Lexer<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at)
    }

    /// Goes over blanks, ends of lines that go on, and comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += match rest.as_bytes() {
                [b' ' | b'\t', ..] => 1,
                [b'\\', b'\n', ..] => 2,
                [b'#', ..] => rest.find('\n').unwrap_or(rest.len()),
                _ => return,
            };
        }
    }

    /// The name of the variable that is set here, taken with its `=`.
    fn assigned(&mut self) -> Option<&'t str> {
        self.skip_blanks();
        let name = name(&self.text[self.at..]);
        let is_set = !name.is_empty() && self.text[self.at + name.len()..].starts_with('=');
        self.at += if is_set { name.len() + 1 } else { 0 };
        is_set.then_some(name)
    }

    /// What a variable is set to; if that is what a command prints, the command.
    fn assignment(&mut self, name: &'t str) -> Option<Option<Command>> {
        if self.text[self.at..].starts_with("$(") {
            self.at += 2;
            let command = self.command(Some(b')'), Some(name))?;
            self.end_of_line()?;
            self.variables.insert(name, format!("${name}"));
            return Some(command);
        }
        let value = self.word()?.text;
        self.end_of_line()?;
        self.variables.insert(name, value);
        Some(None)
    }

    fn end_of_line(&mut self) -> Option<()> {
        self.skip_blanks();
        let is_end = matches!(self.peek(), None | Some(b'\n'));
        self.at += usize::from(self.peek().is_some());
        is_end.then_some(())
    }

    /// The words up to the end of the line, or to what closes the command; none for an empty line.
    fn command(&mut self, closer: Option<u8>, into: Option<&str>) -> Option<Option<Command>> {
        let mut words: Vec<Word> = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None if closer.is_some() => return None,
                Some(b'\n') if closer.is_some() => return None,
                None => break,
                Some(byte) if byte == closer.unwrap_or(b'\n') => {
                    self.at += 1;
                    break;
                }
                Some(_) => words.push(self.word()?),
            }
        }
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return Some(None) };
        let span = first.span.to(last.span);
        Some(Some(Command { words, into: into.map(str::to_owned), span }))
    }

    /// A word; `None` if only a shell can tell what it is.
    fn word(&mut self) -> Option<Word> {
        let start = self.at;
        let mut text = String::new();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b')' => break,
                b'\'' => {
                    let rest = &self.text[self.at + 1..];
                    let length = rest.find('\'')?;
                    text += &rest[..length];
                    self.at += length + 2;
                }
                b'"' => {
                    self.at += 1;
                    self.quoted(&mut text)?;
                }
                b'$' => text += &self.variable()?,
                b'\\' => {
                    self.at += 1;
                    let letter = self.letter()?;
                    text.extend((letter != '\n').then_some(letter));
                }
                b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b'`' | b'*' | b'?' | b'[' | b'{' | b'~' => {
                    return None;
                }
                _ => text.push(self.letter()?),
            }
        }
        let span = self.span(start);
        let behind = |quotes: usize| self.text[start..self.at].get(quotes..) == Some(&*text);
        let inside =
            self.text[start..self.at].strip_prefix(['\'', '"']).and_then(|it| it.strip_suffix(['\'', '"']));
        let verbatim = match inside {
            Some(inside) => (inside == text).then_some(start + 1),
            None => behind(0).then_some(start),
        };
        Some(Word { text, span, verbatim: verbatim.map(|at| at as u32) })
    }

    /// What stands between double quotes, the first of which is taken.
    fn quoted(&mut self, text: &mut String) -> Option<()> {
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'$' => *text += &self.variable()?,
                b'`' => return None,
                b'\\' => {
                    self.at += 1;
                    match self.letter()? {
                        '\n' => {}
                        letter @ ('$' | '"' | '\\' | '`') => text.push(letter),
                        letter => text.extend(['\\', letter]),
                    }
                }
                _ => text.push(self.letter()?),
            }
        }
    }

    /// The value of `$NAME` or `${NAME}`.
    fn variable(&mut self) -> Option<String> {
        let rest = &self.text[self.at + 1..];
        let (inner, braces) = rest.strip_prefix('{').map_or((rest, 0), |inner| (inner, 1));
        let name = name(inner);
        let is_whole = braces == 0 || inner[name.len()..].starts_with('}');
        self.at += 1 + name.len() + 2 * braces;
        is_whole.then(|| self.variables.get(name).cloned())?
    }

    fn letter(&mut self) -> Option<char> {
        let letter = self.text[self.at..].chars().next()?;
        self.at += letter.len_utf8();
        Some(letter)
    }
}

/// The name of a variable with which a text begins; empty if it does not.
fn name(text: &str) -> &str {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let length = text.find(|letter| !is_of_name(letter)).unwrap_or(text.len());
    if text.starts_with(|letter: char| letter.is_ascii_digit()) { "" } else { &text[..length] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<Vec<String>>> {
        let commands = commands(FileId(0), text)?;
        Some(commands.into_iter().map(|it| it.words.into_iter().map(|word| word.text).collect()).collect())
    }

    #[test]
    fn words_are_what_a_shell_makes_of_them() {
        let text =
            "#!/bin/sh\nset -eu\nnet=a\\ b # c\n\naz \"$net-x\" 'it'\\''s' \\\n  ${net} \"\\$1\" # no\n";
        let words = ["az", "a b-x", "it's", "a b", "$1"].map(str::to_owned).to_vec();
        assert_eq!(read(text), Some(vec![words]));
    }

    #[test]
    fn what_only_a_shell_can_tell_is_no_such_script() {
        for text in
            ["az $net", "az a; az b", "az `x`", "az *", "a=b az", "az | az", "x=$(az", "if az", "az 'a"]
        {
            let is_read = read(text).is_some_and(|all| all.iter().any(|words| words[0] == "az"));
            assert!(!is_read, "{text}");
        }
    }

    #[test]
    fn the_parts_of_a_word_stand_where_they_stand() {
        let text = "az --to='10.0.0.0/8,1.1.1.1' \"--on=$x\"";
        assert!(commands(FileId(0), text).is_none());
        let all = commands(FileId(0), "x=1\naz '--to=10.0.0.0/8,1.1.1.1' \"--on=$x\"").expect("a script");
        let (own, flags) = flags(&all[0].words[1..], false, &[]).expect("flags");
        assert!(own.is_empty());
        let spans: Vec<_> =
            flags[0].values[0].listed().iter().map(|word| (word.span.start, word.text.clone())).collect();
        assert_eq!(spans, [(13, "10.0.0.0/8".to_owned()), (24, "1.1.1.1".to_owned())]);
        assert_eq!(flags[1].values[0].text, "1");
    }

    #[test]
    fn what_a_command_prints_goes_into_a_variable() {
        let all = commands(FileId(0), "group=$(aws ec2 x)\naws y \"$group\"\n").expect("a script");
        assert_eq!((all[0].into.as_deref(), all[1].words[2].text.as_str()), (Some("group"), "$group"));
    }
}
