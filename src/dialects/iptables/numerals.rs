//! Numbers as iptables reads them.

/// A number up to `max`: decimal, octal behind `0`, hexadecimal behind `0x`, as C's strtoul with
/// base 0.
pub(super) fn number(text: &str, max: u64) -> Option<u64> {
    // The usual case, quickly.
    let decimal = |bytes: &[u8]| {
        let digits = bytes
            .iter()
            .try_fold(0_u64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')));
        digits.filter(|number| *number <= max)
    };
    match text.as_bytes() {
        bytes @ [b'1'..=b'9', ..] if bytes.len() < 19 => return decimal(bytes),
        _ => {}
    }
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    // The standard library would take a sign.
    if !digits.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().filter(|number| *number <= max)
}

/// `VALUE[/MASK]`, both of 32 bits; without a mask it has all bits.
pub(super) fn masked(text: &str) -> Option<(u32, u32)> {
    let (value, mask) = text.split_once('/').unwrap_or((text, "0xffffffff"));
    Some((word(value)?, word(mask)?))
}

/// A number of 32 bits.
pub(super) fn word(text: &str) -> Option<u32> {
    number(text, u64::from(u32::MAX)).map(|number| number as u32)
}

/// `LOW:HIGH`, `LOW:`, `:HIGH` or one number, none above `max`.
pub(super) fn range(text: &str, max: u64) -> Option<(u64, u64)> {
    let Some((low, high)) = text.split_once(':') else {
        return number(text, max).map(|only| (only, only));
    };
    let low = if low.is_empty() { 0 } else { number(low, max)? };
    let high = if high.is_empty() { max } else { number(high, max)? };
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_does() {
        assert_eq!(number("80", 100), Some(80));
        assert_eq!(number("0x50", 100), Some(80));
        assert_eq!(number("010", 100), Some(8));
        assert_eq!(number("0", 100), Some(0));
        assert_eq!(number("080", 100), None);
        assert_eq!(number("+8", 100), None);
        assert_eq!(number("0x", 100), None);
        assert_eq!(number("101", 100), None);
    }
}
