//! Options: their names and how many words they take.

/// An option with a long name.
#[derive(Debug)]
pub(super) struct Opt {
    /// Its long name, without the dashes.
    pub name: &'static str,
    /// How many words it takes.
    pub takes: Takes,
}

/// How many words an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// This many.
    Words(usize),
    /// As many as this, while they do not look like options.
    UpTo(usize),
    /// One, and a second if it does not look like an option.
    OneOrTwo,
}

/// An option that takes no word.
pub(super) const fn flag(name: &'static str) -> Opt {
    Opt { name, takes: Takes::Words(0) }
}

/// An option that takes one word.
pub(super) const fn one(name: &'static str) -> Opt {
    Opt { name, takes: Takes::Words(1) }
}

/// An option that takes two words.
pub(super) const fn two(name: &'static str) -> Opt {
    Opt { name, takes: Takes::Words(2) }
}

/// An option that takes as many words as this, or fewer.
pub(super) const fn up_to(most: usize, name: &'static str) -> Opt {
    Opt { name, takes: Takes::UpTo(most) }
}

/// The options that every command knows: letter, long name, words. Some letters have two names.
pub(super) const BASE: &[(char, Opt)] = &[
    ('A', one("append")),
    ('C', one("check")),
    ('D', Opt { name: "delete", takes: Takes::OneOrTwo }),
    ('E', two("rename-chain")),
    ('F', up_to(1, "flush")),
    ('I', Opt { name: "insert", takes: Takes::OneOrTwo }),
    ('L', up_to(2, "list")),
    ('M', one("modprobe")),
    ('N', one("new-chain")),
    ('P', two("policy")),
    ('R', two("replace")),
    ('S', up_to(2, "list-rules")),
    ('V', flag("version")),
    ('W', up_to(1, "wait-interval")),
    ('X', up_to(1, "delete-chain")),
    ('Z', up_to(2, "zero")),
    ('0', flag("line-numbers")),
    ('4', flag("ipv4")),
    ('6', flag("ipv6")),
    ('c', one("set-counters")),
    ('d', one("destination")),
    ('d', one("dst")),
    ('f', flag("fragments")),
    ('g', one("goto")),
    ('h', up_to(1, "help")),
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
    ('w', up_to(1, "wait")),
    ('x', flag("exact")),
];

/// The base option of a letter.
pub(super) fn short(letter: char) -> Option<&'static Opt> {
    let at = BY_LETTER.get(letter as usize).copied().filter(|at| usize::from(*at) < BASE.len())?;
    Some(&BASE[usize::from(at)].1)
}

/// Where the options of letters stand among those of [`BASE`], the first of each letter. Letters are
/// looked up several times in every rule.
const BY_LETTER: [u8; 128] = {
    let mut table = [u8::MAX; 128];
    let mut at = BASE.len();
    while at > 0 {
        at -= 1;
        if BASE[at].0 != '0' {
            table[BASE[at].0 as usize] = at as u8;
        }
    }
    table
};

/// How the base option of a letter is mostly written, where it can be part of a rule.
pub(super) fn spelling(letter: char) -> &'static str {
    match letter {
        'p' => "-p",
        's' => "-s",
        'd' => "-d",
        'i' => "-i",
        'o' => "-o",
        'f' => "-f",
        'j' => "-j",
        'g' => "-g",
        'm' => "-m",
        _ => "-",
    }
}
