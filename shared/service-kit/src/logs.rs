//! Log lines without GSTINs.

use crate::settings::{LogFormat, Settings};
use std::io::{self, Write};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// A writer that masks every GSTIN in what passes through, so that no line of any library can show one.
#[derive(Debug)]
pub struct Masking<W>(pub W);

impl<W: Write> Write for Masking<W> {
    /// The formatter writes a line at once, so that no GSTIN is cut in two.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(&mask_gstins(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The line with each GSTIN replaced by its State code and stars.
#[must_use]
pub fn mask_gstins(line: &[u8]) -> Vec<u8> {
    const LENGTH: usize = 15;
    let mut masked = line.to_vec();
    let mut start = 0;
    while start + LENGTH <= line.len() {
        if is_gstin(&line[start..start + LENGTH]) {
            masked[start + 2..start + LENGTH].fill(b'*');
            start += LENGTH;
        } else {
            start += 1;
        }
    }
    masked
}

/// Two digits of the State, ten of a PAN (or of a TDS number or UIN, which mix digits and letters), three more. Small
/// letters count too: a feed may have them.
fn is_gstin(text: &[u8]) -> bool {
    let (state, rest) = text.split_at(2);
    state.iter().all(u8::is_ascii_digit)
        && rest.iter().all(u8::is_ascii_alphanumeric)
        && rest[..10].iter().any(u8::is_ascii_alphabetic)
        && rest[..10].iter().filter(|letter| letter.is_ascii_digit()).count() >= 3
}

/// Starts logging to standard error. Call it once.
///
/// # Errors
/// Where the filter cannot be used, or logging has been started before.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.logs.level)
        .map_err(|error| anyhow::anyhow!("logs.level `{}` cannot be used: {error}", settings.logs.level))?;
    let writer = || Masking(io::stderr());
    let lines = match settings.logs.format {
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(writer).boxed(),
        LogFormat::Text => fmt::layer().with_ansi(false).with_writer(writer).boxed(),
    };
    let subscriber = registry().with(filter).with(lines);
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| anyhow::anyhow!("logging was started before: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gstins_are_masked_wherever_they_stand() {
        let masked = |line: &str| String::from_utf8(mask_gstins(line.as_bytes())).expect("is text");
        assert_eq!(masked(r#"{"key":"29AAGCB7383J1Z4"}"#), r#"{"key":"29*************"}"#);
        assert_eq!(masked("ims|27aapfu0939f1zv|x"), "ims|27*************|x");
        assert_eq!(masked("29AAGCB7383J1Z429AAGCB7383J1Z4"), "29*************29*************");
        // A UIN and a TDS deductor.
        assert_eq!(masked("0717USA12345NF2 29BLRP01234A1DZ"), "07************* 29*************");
        for kept in ["2026-11-22T02:00:00.000000Z", "offset 123456789012345", "itc.recipient-journal.v1", ""] {
            assert_eq!(masked(kept), kept);
        }
    }

    #[test]
    fn the_writer_masks_and_counts_the_whole_line() {
        let mut written = Vec::new();
        let line = b"gstin 29AAGCB7383J1Z4\n";
        assert_eq!(Masking(&mut written).write(line).expect("writes"), line.len());
        assert_eq!(written, b"gstin 29*************\n");
    }
}
