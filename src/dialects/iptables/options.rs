//! Options: their names and how many words they take.

/// An option.
#[derive(Debug, PartialEq, Eq)]
pub struct Opt {
    /// Its long name, without the dashes.
    pub name: &'static str,
    /// How many words it takes.
    pub takes: Takes,
}

/// How many words an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// This many.
    Words(usize),
    /// As many as this, while they do not look like options.
    UpTo(usize),
    /// One, and a second if it does not look like an option.
    OneOrTwo,
}

/// An option that takes no word.
pub const fn flag(name: &'static str) -> Opt {
    Opt { name, takes: Takes::Words(0) }
}

/// An option that takes one word.
pub const fn one(name: &'static str) -> Opt {
    Opt { name, takes: Takes::Words(1) }
}

/// An option that takes two words.
pub const fn two(name: &'static str) -> Opt {
    Opt { name, takes: Takes::Words(2) }
}

/// An option that takes a word or none.
pub const fn maybe(name: &'static str) -> Opt {
    Opt { name, takes: Takes::UpTo(1) }
}

/// The options that every command knows: letter, long name, words. Some letters have two names.
pub const BASE: &[(char, Opt)] = &[
    ('A', one("append")),
    ('C', one("check")),
    ('D', Opt { name: "delete", takes: Takes::OneOrTwo }),
    ('E', two("rename-chain")),
    ('F', maybe("flush")),
    ('I', Opt { name: "insert", takes: Takes::OneOrTwo }),
    ('L', Opt { name: "list", takes: Takes::UpTo(2) }),
    ('M', one("modprobe")),
    ('N', one("new-chain")),
    ('P', two("policy")),
    ('R', two("replace")),
    ('S', Opt { name: "list-rules", takes: Takes::UpTo(2) }),
    ('V', flag("version")),
    ('W', maybe("wait-interval")),
    ('X', maybe("delete-chain")),
    ('Z', Opt { name: "zero", takes: Takes::UpTo(2) }),
    ('0', flag("line-numbers")),
    ('4', flag("ipv4")),
    ('6', flag("ipv6")),
    ('c', one("set-counters")),
    ('d', one("destination")),
    ('d', one("dst")),
    ('f', flag("fragments")),
    ('g', one("goto")),
    ('h', maybe("help")),
    ('i', one("in-interface")),
    ('j', one("jump")),
    ('m', one("match")),
    ('n', flag("numeric")),
    ('o', one("out-interface")),
    ('p', one("protocol")),
    ('s', one("source")),
    ('s', one("src")),
    ('t', one("table")),
    ('v', flag("verbose")),
    ('w', maybe("wait")),
    ('x', flag("exact")),
];

/// The base option of a letter.
pub fn short(letter: char) -> Option<&'static Opt> {
    BASE.iter().find(|entry| entry.0 == letter && letter != '0').map(|entry| &entry.1)
}
