//! Places in the text of a script.

/// Offset of the end of the line that holds an offset.
pub fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length)
}

/// Does a byte end a word that is not quoted?
pub fn is_end(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'
    )
}

/// The name of a variable at the beginning of a text; empty if there is none.
pub fn name_at(text: &str) -> &str {
    let length = match text.bytes().next() {
        Some(first) if first.is_ascii_alphabetic() || first == b'_' => {
            text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
        }
        Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => 1,
        _ => 0,
    };
    &text[..length]
}

/// Offset of what closes a construct whose inside begins here; quotes and nesting are minded.
pub fn closing(text: &str, from: usize, close: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut stack = vec![close];
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        let top = *stack.last()?;
        match byte {
            _ if byte == top => {
                stack.pop();
                if stack.is_empty() {
                    return Some(at);
                }
            }
            b'\\' => at += 1,
            b'$' if bytes.get(at + 1) == Some(&b'(') => {
                stack.push(b')');
                at += 1;
            }
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                stack.push(b'}');
                at += 1;
            }
            b'`' => stack.push(b'`'),
            b'"' => stack.push(b'"'),
            b'(' if top == b')' => stack.push(b')'),
            b'\'' if top != b'"' => at += 1 + memchr::memchr(b'\'', &bytes[at + 1..])?,
            _ => {}
        }
        at += 1;
    }
    None
}
