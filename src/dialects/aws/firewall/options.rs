//! What the options of a rule ask (<https://docs.suricata.io/en/suricata-7.0.8/rules/index.html>).

use super::asked;
use super::suricata::{Setting, content};
use crate::dialects::cloud::Condition;
use crate::model::{Name, Said};
use crate::source::Span;

/// What says something about a rule, and asks nothing of packets.
const SILENT: [&str; 14] = [
    "msg",
    "sid",
    "rev",
    "gid",
    "classtype",
    "reference",
    "priority",
    "metadata",
    "noalert",
    "alert",
    "target",
    "requires",
    "tag",
    "logto",
];

/// What is said of the server's name, until the next buffer.
struct Content<'t> {
    text: String,
    span: Span,
    is_negated: bool,
    begins: bool,
    ends: bool,
    ignores_case: bool,
    /// Has a modifier that is not followed.
    is_odd: bool,
    length: Option<&'t str>,
}

/// The options in the making.
struct Reader<'t> {
    all: Vec<Condition>,
    /// Is the buffer that of the name in TLS?
    is_name: bool,
    /// Is a dot put in front of the name?
    has_dot: bool,
    last: Option<Content<'t>>,
    names: bool,
}

/// What the options of a rule ask of packets, all of it. The flag says whether they ask for the name in TLS.
pub fn conditions(options: &[Setting]) -> (Vec<Condition>, bool) {
    let mut reader = Reader { all: Vec::new(), is_name: false, has_dot: false, last: None, names: false };
    options.iter().for_each(|option| reader.take(*option));
    reader.finish();
    (reader.all, reader.names)
}

impl<'t> Reader<'t> {
    fn take(&mut self, option: Setting<'t>) {
        let key = option.key.value.to_ascii_lowercase();
        let value = option.value.unwrap_or_default();
        match (key.as_str(), &mut self.last) {
            (key, _) if SILENT.contains(&key) => {}
            ("flow", _) => self.flow(option),
            ("tls.sni" | "tls_sni", _) => {
                self.finish();
                (self.is_name, self.has_dot, self.names) = (true, false, true);
            }
            ("dotprefix", None) if self.is_name => self.has_dot = true,
            ("content", _) if self.is_name => {
                self.finish();
                let is_negated = value.starts_with('!');
                let text = content(value.trim_start_matches('!'));
                self.last = Some(Content {
                    is_odd: text.is_none(),
                    text: text.unwrap_or_default(),
                    span: option.key.span,
                    is_negated,
                    begins: false,
                    ends: false,
                    ignores_case: false,
                    length: None,
                });
            }
            ("startswith", Some(last)) => last.begins = true,
            ("endswith", Some(last)) => last.ends = true,
            ("nocase", Some(last)) => last.ignores_case = true,
            ("fast_pattern", Some(_)) => {}
            ("bsize", Some(last)) => last.length = option.value,
            ("depth" | "offset" | "distance" | "within" | "isdataat", Some(last)) => last.is_odd = true,
            ("app-layer-protocol", _) => {
                let name = value.trim_start_matches('!').to_ascii_lowercase();
                let is_negated = value.starts_with('!');
                let span = option.key.span;
                if name == "failed" || name.contains(',') {
                    return self.unknown(option);
                }
                self.all.push(asked::is_established(true, span));
                self.all.push(asked::said(Said::Protocol(name.into()), is_negated, span));
            }
            ("ssl_state", _) if value == "client_hello" => {
                self.all.push(asked::said(Said::Protocol("tls".into()), false, option.key.span));
            }
            (key, _) => {
                // Another buffer begins, or something of the packet is asked that nobody can tell.
                if key.contains('.') {
                    self.finish();
                    self.is_name = false;
                }
                self.unknown(option);
            }
        }
    }

    fn unknown(&mut self, option: Setting) {
        let text = match option.value {
            Some(value) => format!("{}:{value}", option.key.value),
            None => option.key.value.to_owned(),
        };
        self.all.push(Condition::none().or_unknown(text, option.key.span));
    }

    fn flow(&mut self, option: Setting) {
        let span = option.key.span;
        for word in option.value.unwrap_or_default().split(',').map(str::trim) {
            match word {
                "to_server" | "from_client" => self.all.push(asked::is_to_server(true, span)),
                "to_client" | "from_server" => self.all.push(asked::is_to_server(false, span)),
                "established" => self.all.push(asked::is_established(true, span)),
                "not_established" => self.all.push(asked::is_established(false, span)),
                "stateless" | "" => {}
                _ => self.all.push(Condition::none().or_unknown(format!("flow:{word}"), span)),
            }
        }
    }

    /// Ends a content, or a buffer that asks only to be there.
    fn finish(&mut self) {
        let Some(last) = self.last.take() else { return };
        let span = last.span;
        match last.name(self.has_dot) {
            Some(name) => self.all.push(asked::said(Said::ServerName(name), last.is_negated, span)),
            None => {
                let text = format!("tls.sni content {}", last.text);
                self.all.push(Condition::none().or_unknown(text, span));
            }
        }
    }
}

impl Content<'_> {
    /// The names that fulfil it; `None` where its modifiers are not followed.
    fn name(&self, has_dot: bool) -> Option<Name> {
        let text = if self.ignores_case { self.text.to_ascii_lowercase() } else { self.text.clone() };
        let is_whole = match self.length {
            None => self.begins && self.ends,
            Some(length) if length.trim().parse() == Ok(text.len()) => true,
            Some(_) => return None,
        };
        if self.is_odd {
            return None;
        }
        match has_dot {
            true => match text.strip_prefix('.') {
                Some(rest) if is_whole => Some(Name::Is(rest.into())),
                Some(rest) if self.ends => Some(Name::Within(rest.into())),
                None if self.ends && !is_whole => Some(Name::Ends(text.into())),
                _ => None,
            },
            false if is_whole => Some(Name::Is(text.into())),
            false if self.ends => Some(Name::Ends(text.into())),
            false if self.begins => Some(Name::Begins(text.into())),
            false => Some(Name::Has(text.into())),
        }
    }
}
