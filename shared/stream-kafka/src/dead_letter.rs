//! Dead letters: the raw bytes as the value, everything else in headers, so that whatever could come in can be put
//! aside, found, mended and released. `stream::dead_letter_headers` writes them; this reads them back.

use stream::InputRecord;

/// What the headers of a dead letter say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterHeaders {
    /// The worker that put it aside.
    pub worker: String,
    /// The topic it was read from.
    pub source_topic: String,
    /// The partition there.
    pub source_partition: u32,
    /// The offset there.
    pub source_offset: i64,
    /// The original key, byte for byte; `None` where there was none.
    pub original_key: Option<Vec<u8>>,
    /// Stable code, such as `AMOUNT_TOO_MANY_DECIMALS`.
    pub code: String,
    /// The field at fault; empty where it is the whole record.
    pub field: String,
    /// The rule that says so.
    pub rule: String,
    /// What an operator reads.
    pub message: String,
    /// Whether the value is the whole original value; otherwise it is only the part at fault.
    pub is_whole: bool,
    /// When the record was first read, as its timestamp says, in milliseconds since 1970; kept when it is released and
    /// fails again.
    pub first_seen_in_ms: Option<i64>,
    /// The build that put it aside.
    pub build: String,
}

/// A record of the dead-letter topic that is no dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("header {0} of the dead letter is missing or not readable")]
pub struct DeadLetterError(pub &'static str);

const PREFIX: &str = "itc-dead-letter-";
const WORKER: &str = "itc-dead-letter-worker";
const SOURCE_TOPIC: &str = "itc-dead-letter-topic";
const SOURCE_PARTITION: &str = "itc-dead-letter-partition";
const SOURCE_OFFSET: &str = "itc-dead-letter-offset";
const CODE: &str = "itc-dead-letter-code";
const FIELD: &str = "itc-dead-letter-field";
const RULE: &str = "itc-dead-letter-rule";
const MESSAGE: &str = "itc-dead-letter-message";
const WHOLE: &str = "itc-dead-letter-whole";
const FIRST_SEEN: &str = "itc-dead-letter-first-seen-in-ms";
const BUILD: &str = "itc-dead-letter-build";

impl DeadLetterHeaders {
    /// Reads the headers back from a record of the dead-letter topic.
    ///
    /// # Errors
    /// [`DeadLetterError`] names the header that is missing or not readable.
    pub fn from_record(record: &InputRecord) -> Result<Self, DeadLetterError> {
        let text = |name: &'static str| record.header(name).map(str::to_owned).ok_or(DeadLetterError(name));
        let first_seen = record.header(FIRST_SEEN).map(|text| text.parse().map_err(|_| DeadLetterError(FIRST_SEEN)));
        Ok(Self {
            worker: text(WORKER)?,
            source_topic: text(SOURCE_TOPIC)?,
            source_partition: text(SOURCE_PARTITION)?.parse().map_err(|_| DeadLetterError(SOURCE_PARTITION))?,
            source_offset: text(SOURCE_OFFSET)?.parse().map_err(|_| DeadLetterError(SOURCE_OFFSET))?,
            original_key: record.key.clone(),
            code: text(CODE)?,
            field: text(FIELD)?,
            rule: text(RULE)?,
            message: text(MESSAGE)?,
            is_whole: text(WHOLE)?.parse().map_err(|_| DeadLetterError(WHOLE))?,
            first_seen_in_ms: first_seen.transpose()?,
            build: text(BUILD)?,
        })
    }

    /// Whether a header is one of a dead letter's own; the others are the original record's.
    #[must_use]
    pub fn is_own(name: &str) -> bool {
        name.starts_with(PREFIX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::{DeadLetter, SourcePartition, WorkerName, dead_letter_headers};

    fn record(key: Option<Vec<u8>>) -> InputRecord {
        InputRecord {
            source: SourcePartition { topic: "gst.supplier-filings.v1".into(), partition: 3 },
            offset: 41,
            timestamp_in_ms: Some(1_735_689_600_123),
            key,
            headers: vec![("ce_id".to_owned(), b"id-1".to_vec())],
            value: vec![0xff, 0xfe, b'x'],
        }
    }

    fn letter(part: Option<Vec<u8>>) -> DeadLetter {
        DeadLetter {
            code: "AMOUNT_TOO_MANY_DECIMALS".to_owned(),
            field: "b2b[0].inv[2].itms[0].txval".to_owned(),
            rule: "ID-4".to_owned(),
            message: "three decimals where two are the limit".to_owned(),
            part,
        }
    }

    fn as_record(original: &InputRecord, letter: &DeadLetter, build: &str) -> InputRecord {
        let headers = dead_letter_headers(WorkerName("ingest"), original, letter, build);
        InputRecord {
            headers,
            value: letter.part.clone().unwrap_or_else(|| original.value.clone()),
            ..original.clone()
        }
    }

    #[test]
    fn headers_come_back_as_they_were_written() {
        for key in [None, Some(Vec::new()), Some(vec![0, 159, 146, 150])] {
            for part in [None, Some(b"{}".to_vec())] {
                let (original, letter) = (record(key.clone()), letter(part.clone()));
                let written = as_record(&original, &letter, "0.1.0");
                let expected = DeadLetterHeaders {
                    worker: "ingest".to_owned(),
                    source_topic: "gst.supplier-filings.v1".to_owned(),
                    source_partition: 3,
                    source_offset: 41,
                    original_key: key.clone(),
                    code: letter.code,
                    field: letter.field,
                    rule: letter.rule,
                    message: letter.message,
                    is_whole: part.is_none(),
                    first_seen_in_ms: Some(1_735_689_600_123),
                    build: "0.1.0".to_owned(),
                };
                assert_eq!(DeadLetterHeaders::from_record(&written), Ok(expected));
                assert_eq!(written.header("ce_id"), Some("id-1"), "original headers are kept");
            }
        }
    }

    #[test]
    fn a_released_letter_that_fails_again_keeps_when_it_was_first_seen() {
        let first = as_record(&record(None), &letter(None), "0.1.0");
        let released = InputRecord { timestamp_in_ms: Some(1_800_000_000_000), ..first };
        let second = as_record(&released, &letter(None), "0.2.0");
        let headers = DeadLetterHeaders::from_record(&second).expect("reads");
        assert_eq!((headers.first_seen_in_ms, headers.build.as_str()), (Some(1_735_689_600_123), "0.2.0"));
        assert_eq!(second.headers.len(), released.headers.len(), "the earlier failure's headers are replaced");
    }

    #[test]
    fn another_record_is_refused_by_the_header_it_lacks() {
        assert_eq!(DeadLetterHeaders::from_record(&record(None)), Err(DeadLetterError("itc-dead-letter-worker")));
    }
}
