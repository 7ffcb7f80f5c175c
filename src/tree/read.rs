//! Serde on nodes: any type that derives `Deserialize` can be read from a tree, every mistake has its
//! place, and `Spanned<T>` learns where its value stands.
//!
//! Types must not use `flatten`, `untagged` or internal tags: serde then buffers, and places are lost.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, SeqAccessDeserializer, U32Deserializer};

use serde::de::{self, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};

use super::{Kind, Mistake, Node, nearest};
use crate::source::{FileId, Span, Spanned};

/// The name by which a `Spanned<T>` makes itself known to [`Reader`].
const SPANNED: &str = "$fwlint::Spanned";
const SPANNED_FIELDS: &[&str] = &["file", "start", "end", "value"];

/// The name by which a [`OneOrMany`] does.
const ONE_OR_MANY: &str = "$fwlint::OneOrMany";

/// A value, or a list of values: what may be written either way.
#[derive(Clone, Debug)]
pub struct OneOrMany<T>(pub Vec<T>);

/// Reads one node.
#[derive(Clone, Copy)]
pub struct Reader<'node, 'text> {
    /// The node.
    pub node: &'node Node<'text>,
}

impl<'node> Reader<'node, '_> {
    /// Gives a mistake that has no place yet the place of the node.
    fn place<T>(self, result: Result<T, Mistake>) -> Result<T, Mistake> {
        result.map_err(|mut mistake| {
            mistake.span.get_or_insert(self.node.span);
            mistake
        })
    }

    /// Reads the node for another, with what a type finds wrong with it at its place.
    pub fn value<S: DeserializeSeed<'node>>(self, seed: S) -> Result<S::Value, Mistake> {
        self.place(seed.deserialize(self))
    }

    /// Reads a number written in decimal digits, which is what the visitor of an integer wants to see.
    fn integer<V: Visitor<'node>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let Kind::Number(text) = &self.node.kind else { return self.any(visitor) };
        let result = match (text.parse::<u64>(), text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _, _) => visitor.visit_u64(number),
            (_, Ok(number), _) => visitor.visit_i64(number),
            (_, _, Ok(number)) => visitor.visit_f64(number),
            _ => visitor.visit_borrowed_str(text),
        };
        self.place(result)
    }

    fn any<V: Visitor<'node>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let result = match &self.node.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Number(_) => return self.integer(visitor),
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            Kind::List(items) => visitor.visit_seq(Items { rest: items.iter() }),
            Kind::Map(entries) => {
                let mut entries = Entries { rest: entries.iter(), waiting: None };
                let result = visitor.visit_map(&mut entries);
                // What is wrong before a value was asked for is wrong with its key.
                match entries.waiting {
                    Some((key, _)) => Reader { node: key }.place(result),
                    None => result,
                }
            }
        };
        self.place(result)
    }
}

macro_rules! deserialize_integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            self.integer(visitor)
        }
    )*};
}

macro_rules! deserialize_texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            match &self.node.kind {
                // A number where a text is wanted: `4` in `edge-ip-version: 4`.
                Kind::Number(text) => self.place(visitor.visit_borrowed_str(text)),
                _ => self.any(visitor),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'de, '_> {
    type Error = Mistake;

    deserialize_integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
    }

    deserialize_texts! { deserialize_str deserialize_string deserialize_char deserialize_identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.node.kind {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match &self.node.kind {
            Kind::List(_) if name == ONE_OR_MANY => self.any(visitor),
            _ => self.place(visitor.visit_newtype_struct(self)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let result = match &self.node.kind {
            Kind::Text(text) => visitor.visit_enum(BorrowedStrDeserializer::<Mistake>::new(text)),
            Kind::Number(text) => visitor.visit_enum(BorrowedStrDeserializer::<Mistake>::new(text)),
            // `false` is how YAML reads the word in `level: off` of version 1.1, and never a variant here.
            kind => Err(Mistake::unplaced(format!("expected a word, found {}", kind.describe()))),
        };
        self.place(result)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        if name == SPANNED {
            return visitor.visit_map(SpannedFields { node: self.node, next: 0 });
        }
        // Types that derive `Deserialize` would take a list for their fields in order.
        if let kind @ Kind::List(_) = &self.node.kind {
            let message = format!("expected keys and values, found {}", kind.describe());
            return self.place(Err(Mistake::unplaced(message)));
        }
        self.any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i128 u128 bytes byte_buf unit unit_struct seq tuple tuple_struct map ignored_any
    }
}

/// The items of a list.
struct Items<'node, 'text> {
    rest: std::slice::Iter<'node, Node<'text>>,
}

impl<'node> de::SeqAccess<'node> for Items<'node, '_> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'node>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        self.rest.next().map(|node| Reader { node }.value(seed)).transpose()
    }
}

/// The entries of a map.
struct Entries<'node, 'text> {
    rest: std::slice::Iter<'node, (Node<'text>, Node<'text>)>,
    /// The entry whose key has been read and whose value has not.
    waiting: Option<&'node (Node<'text>, Node<'text>)>,
}

impl<'node> de::MapAccess<'node> for Entries<'node, '_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'node>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some(entry) = self.rest.next() else { return Ok(None) };
        self.waiting = Some(entry);
        Reader { node: &entry.0 }.value(seed).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'node>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        match self.waiting.take() {
            Some((_, node)) => Reader { node }.value(seed),
            None => Err(Mistake::unplaced("a value without a key".to_string())),
        }
    }
}

/// The fields of a `Spanned<T>`, made up from the node.
struct SpannedFields<'node, 'text> {
    node: &'node Node<'text>,
    next: usize,
}

impl<'node> de::MapAccess<'node> for SpannedFields<'node, '_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'node>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some(field) = SPANNED_FIELDS.get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(BorrowedStrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'node>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let number = |number: u32| -> U32Deserializer<Mistake> { number.into_deserializer() };
        let span = self.node.span;
        match self.next {
            1 => seed.deserialize(number(span.file.0)),
            2 => seed.deserialize(number(span.start)),
            3 => seed.deserialize(number(span.end)),
            _ => Reader { node: self.node }.value(seed),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "$fwlint::Spanned")]
        struct Fields<T> {
            file: u32,
            start: u32,
            end: u32,
            value: T,
        }
        let Fields { file, start, end, value } = Fields::deserialize(deserializer)?;
        Ok(Spanned { value, span: Span { file: FileId(file), start, end } })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Vec<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a value or a list of values")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, items: A) -> Result<Vec<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items))
            }

            fn visit_newtype_struct<D: de::Deserializer<'de>>(self, one: D) -> Result<Vec<T>, D::Error> {
                T::deserialize(one).map(|value| vec![value])
            }
        }

        deserializer.deserialize_newtype_struct(ONE_OR_MANY, Either(PhantomData)).map(OneOrMany)
    }
}

impl Mistake {
    fn unplaced(message: String) -> Self {
        Mistake { span: None, message, help: None }
    }

    fn one_of(what: &str, found: &str, expected: &'static [&'static str]) -> Self {
        let mut mistake = Mistake::unplaced(format!("{what} `{found}`"));
        mistake.help = Some(match nearest(found, expected.iter().copied()) {
            Some(name) => format!("Did you mean `{name}`?"),
            None => format!("It is one of {}.", expected.join(", ")),
        });
        mistake
    }
}

impl de::Error for Mistake {
    fn custom<T: Display>(message: T) -> Self {
        Mistake::unplaced(message.to_string())
    }

    fn invalid_type(found: Unexpected, expected: &dyn de::Expected) -> Self {
        let found = match found {
            Unexpected::Unit => "nothing".to_string(),
            Unexpected::Seq => "a list".to_string(),
            Unexpected::Map => "a map".to_string(),
            Unexpected::Str(text) => format!("`{text}`"),
            Unexpected::Bool(value) => format!("`{value}`"),
            Unexpected::Unsigned(number) => format!("`{number}`"),
            Unexpected::Signed(number) => format!("`{number}`"),
            other => other.to_string(),
        };
        Mistake::unplaced(format!("expected {}, found {found}", in_words(&expected.to_string())))
    }

    fn invalid_value(found: Unexpected, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        Mistake::one_of("unknown key", found, expected)
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Mistake::one_of("unknown value", found, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Mistake::unplaced(format!("the key `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Mistake::unplaced(format!("the key `{field}` is there twice"))
    }
}

/// What serde and Rust call something, in the words of people.
fn in_words(expected: &str) -> String {
    match expected {
        "a boolean" => "true or false".to_owned(),
        "a string" => "a text".to_owned(),
        "u8" => format!("a number from 0 to {}", u8::MAX),
        "u16" => format!("a number from 0 to {}", u16::MAX),
        "u32" => format!("a number from 0 to {}", u32::MAX),
        "u64" | "i64" | "f64" => "a number".to_owned(),
        _ if expected.starts_with("struct ") => "keys and values".to_owned(),
        _ => expected.replace("a sequence", "a list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::yaml;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Allow {
        name: Spanned<String>,
        #[serde(default)]
        ports: Vec<Spanned<u16>>,
        action: Option<Action>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Action {
        Accept,
        #[serde(rename = "4")]
        Four,
    }

    fn read(text: &str) -> Result<Allow, (u32, String, Option<String>)> {
        yaml(FileId(7), text).expect("it is YAML")[0].read().map_err(|mistake| {
            (mistake.span.map_or(u32::MAX, |span| span.start), mistake.message, mistake.help)
        })
    }

    #[test]
    fn values_learn_their_places() {
        let allow = read("name: 'web'\nports: [80, 443]\naction: 4\n").expect("it fits");
        assert_eq!(allow.name, Spanned::new("web".to_string(), Span::new(FileId(7), 6, 11)));
        assert_eq!(allow.ports[1].span, Span::new(FileId(7), 24, 27));
        assert_eq!(allow.action, Some(Action::Four));
        assert_eq!(read("name: 1\naction:\n").expect("it fits").action, None);
    }

    #[test]
    fn mistakes_know_their_places_and_the_nearest_right_name() {
        let fault = |text: &str| read(text).expect_err(text);
        let help = |text: &str| Some(text.to_string());
        let (at, message, hint) = fault("name: a\nprots: []\n");
        assert_eq!((at, &*message, hint), (8, "unknown key `prots`", help("Did you mean `ports`?")));
        let (at, message, hint) = fault("name: a\naction: acept\n");
        assert_eq!((at, &*message, hint), (16, "unknown value `acept`", help("Did you mean `accept`?")));
        let (at, message, _) = fault("name: a\nports: [70000]\n");
        assert_eq!((at, &*message), (16, "expected a number from 0 to 65535, found `70000`"));
        let (at, message, _) = fault("ports: []\n");
        assert_eq!((at, &*message), (0, "the key `name` is missing"));
        let (at, message, _) = fault("name: a\nname: b\n");
        assert_eq!((at, &*message), (8, "the key `name` is there twice"));
        let (at, message, _) = fault("[a, [1]]\n");
        assert_eq!((at, &*message), (0, "expected keys and values, found a list"));
    }
}
