//! Words of nft: names, numbers, addresses, quoted texts.
//!
//! As the patterns of nft's own scanner (`scanner.l`) have it: a name begins with a letter and may hold
//! `/`, `-` and `.`; what begins with a digit ends before these, but for the dots of an address.

use std::net::Ipv6Addr;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, one_of, satisfy};
use nom::combinator::{opt, peek, recognize, verify};
use nom::multi::many0_count;
use nom::sequence::{delimited, pair};
use nom::{IResult, Parser};

/// A word at the beginning of a text, without its quotes.
pub(super) fn word(text: &str) -> IResult<&str, &str> {
    match plain(text.as_bytes()) {
        0 => any_word(text),
        length => Ok((&text[length..], &text[..length])),
    }
}

/// A word of any kind.
fn any_word(text: &str) -> IResult<&str, &str> {
    alt((quoted, with_colons, class, number, name)).parse(text)
}

/// How long the word is at the beginning of a text, if it is one of those of which nearly all rules are made: a name or a
/// number of ASCII, behind which nothing stands that could belong to a word of another kind. Otherwise 0.
fn plain(text: &[u8]) -> usize {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let length = match text.first() {
        Some(byte) if byte.is_ascii_alphabetic() => {
            text.iter().take_while(|byte| is_letter(**byte) || matches!(byte, b'/' | b'-' | b'.')).count()
        }
        Some(byte) if byte.is_ascii_digit() => {
            // A dot belongs to the number if more of it follows.
            let mut parts = text.iter().zip(text[1..].iter().chain([&0]));
            parts
                .position(|(byte, next)| !(is_letter(*byte) || *byte == b'.' && is_letter(*next)))
                .unwrap_or(text.len())
        }
        _ => 0,
    };
    match text.get(length) {
        Some(b':' | b'*' | b'\\' | 0x80..) => 0,
        // A dot before a letter of another alphabet may belong to the number.
        Some(b'.') if text.get(length + 1).is_some_and(|byte| !byte.is_ascii()) => 0,
        _ => length,
    }
}

/// Can a word begin with this byte?
pub(super) fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'"' | b'_' | b':' | b'\\') || byte >= 0x80
}

/// `"any text of one line"`.
fn quoted(text: &str) -> IResult<&str, &str> {
    delimited(char('"'), take_till(|c| c == '"' || c == '\n'), char('"')).parse(text)
}

/// An IPv6 or MAC address.
fn with_colons(text: &str) -> IResult<&str, &str> {
    let digits = take_while1(|c: char| c.is_ascii_hexdigit() || c == ':' || c == '.');
    let not_name = |text: &&str| is_mac(text) || text.parse::<Ipv6Addr>().is_ok();
    // A group has four digits at most: nothing is looked for beyond.
    let begins = take_while_m_n(0, 4, |c: char| c.is_ascii_hexdigit());
    let (_, _) = peek(pair(begins, char(':'))).parse(text)?;
    verify(digits, not_name).parse(text)
}

/// A class of traffic control, `1:2`: what stands behind it is a sign, or it is a key and its value.
fn class(text: &str) -> IResult<&str, &str> {
    let number = || take_while_m_n(1, 4, |c: char| c.is_ascii_hexdigit());
    let (rest, class) = recognize((number(), char(':'), number())).parse(text)?;
    let (_, _) = peek(one_of(" \t\n:-},")).parse(rest)?;
    Ok((rest, class))
}

/// What begins with a digit: `22`, `0x16`, `10.0.0.1`, `1h30m`.
fn number(text: &str) -> IResult<&str, &str> {
    let (_, _) = peek(satisfy(|c| c.is_ascii_digit())).parse(text)?;
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let dotted = pair(char('.'), take_while1(is_part));
    recognize(pair(take_while1(is_part), many0_count(dotted))).parse(text)
}

/// A name, perhaps with a `*` at its end or a `\*` for a star that is meant.
fn name(text: &str) -> IResult<&str, &str> {
    let is_first = |c: char| c.is_alphabetic() || c == '_' || c == '.';
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '-' | '.');
    let plain = recognize(pair(satisfy(is_first), take_while(is_part)));
    let star = || alt((tag("\\*"), tag("*")));
    let starred = recognize((opt(plain), star(), take_while(is_part)));
    let plain = recognize(pair(satisfy(is_first), take_while(is_part)));
    alt((starred, plain)).parse(text).and_then(|(rest, word)| match word {
        // A lone `*` or `.` is a sign, not a name.
        "*" | "." => Err(nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Verify))),
        word => Ok((rest, word)),
    })
}

fn is_mac(text: &str) -> bool {
    let is_byte = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(is_byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(text: &str) -> Option<&str> {
        word(text).ok().map(|(_, word)| word)
    }

    proptest! {
        #[test]
        fn what_is_read_at_once_is_what_is_read_by_all_rules(text in "[a-f0-9zé_./:*\\\\ \"-]{0,12}") {
            prop_assert_eq!(word(&text).ok(), any_word(&text).ok());
        }
    }

    #[test]
    fn numbers_end_before_signs_and_names_do_not() {
        assert_eq!(first("10.0.0.0/8"), Some("10.0.0.0"));
        assert_eq!(first("1024-65535"), Some("1024"));
        assert_eq!(first("22:accept"), Some("22"));
        assert_eq!(first("80 . 443"), Some("80"));
        assert_eq!(first("nd-router-advert,"), Some("nd-router-advert"));
        assert_eq!(first("1h30m "), Some("1h30m"));
    }

    #[test]
    fn addresses_have_colons() {
        assert_eq!(first("fe80::/10"), Some("fe80::"));
        assert_eq!(first("::1-::5"), Some("::1"));
        assert_eq!(first("::ffff:0.0.0.0/96"), Some("::ffff:0.0.0.0"));
        assert_eq!(first("00:11:22:33:44:55 accept"), Some("00:11:22:33:44:55"));
        assert_eq!(first("ab:cd:ef:01:02:03"), Some("ab:cd:ef:01:02:03"));
    }

    #[test]
    fn classes_have_one_colon_and_end_before_a_sign() {
        assert_eq!(first("1:2 accept"), Some("1:2"));
        assert_eq!(first("abcd:1-abcd:9 "), Some("abcd:1"));
        assert_eq!(first("1:3:accept"), Some("1:3"));
        assert_eq!(first("22:drop"), Some("22"));
        assert_eq!(first("80:10.0.0.1"), Some("80"));
    }

    #[test]
    fn stars_stand_in_names_of_interfaces() {
        assert_eq!(first("eth* accept"), Some("eth*"));
        assert_eq!(first("eth\\*x"), Some("eth\\*x"));
        assert_eq!(first("\"a b\" c"), Some("a b"));
        assert_eq!(first("* : drop"), None);
        assert_eq!(first(". tcp"), None);
        assert_eq!(first("\"open\nnext"), None);
    }
}
