//! JSON in which what would act on a terminal is escaped: the value is the same, the bytes are harmless.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

use super::escape::is_active;

/// Writes a value on one line.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *to, Ascii(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    writeln!(to)
}

/// A value as JSON on one line, without its end.
///
/// # Errors
/// When the value cannot be JSON.
pub fn text(value: &impl Serialize) -> io::Result<String> {
    let mut line = Vec::new();
    write(&mut line, value)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

struct Ascii(CompactFormatter);

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_active) {
            self.0.write_string_fragment(writer, &rest[..at])?;
            let character = rest[at..].chars().next().unwrap_or_default();
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + character.len_utf8()..];
        }
        self.0.write_string_fragment(writer, rest)
    }
}
