//! Serialisation of types that travel as one piece of text: their `Display` and `FromStr` are the wire form. Dates and
//! amounts stand many times in every row and event, so their digits are written here and not by a formatting language.

use std::fmt::{self, Write};

/// The longest text that is written on the stack; the longest of our own is a Bill of Entry of 40 characters.
const SHORT_TEXT_BYTES: usize = 64;

/// A short text under construction, without an allocation.
struct ShortText {
    bytes: [u8; SHORT_TEXT_BYTES],
    used: usize,
}

impl Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.used + text.len();
        self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

/// Serialises by `Display`, once: `collect_str` asks a binary format to format twice, first for the length.
pub(crate) fn serialize_text<S: serde::Serializer>(
    value: &impl fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut text = ShortText { bytes: [0; SHORT_TEXT_BYTES], used: 0 };
    let written = write!(text, "{value}").is_ok();
    match std::str::from_utf8(&text.bytes[..text.used]) {
        Ok(text) if written => serializer.serialize_str(text),
        Ok(_) | Err(_) => serializer.collect_str(value),
    }
}

/// Writes a number's last digits, as many as `to` has room for.
pub(crate) fn write_digits(mut number: u64, to: &mut [u8]) {
    for digit in to.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

/// Reads a text of digits only; `None` where it is empty, has anything else, or too many of them.
pub(crate) fn read_digits(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// Writes bytes that are ASCII.
pub(crate) fn write_ascii(formatter: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    formatter.write_str(std::str::from_utf8(bytes).map_err(|_| fmt::Error)?)
}

/// Implements serde and JSON Schema for a type whose wire form is its `Display`/`FromStr` text.
macro_rules! text_form {
    ($type:ty, $name:literal, $pattern:literal, $description:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::text::serialize_text(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str($description)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $description })
            }
        }
    };
}

pub(crate) use text_form;
