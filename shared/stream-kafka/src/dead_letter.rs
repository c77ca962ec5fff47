//! Dead letters: the raw bytes as the value, everything else in headers, so that whatever could come in can be put
//! aside, found, mended and released.

use stream::{DeadLetter, InputRecord};

/// Where dead letters go.
pub(crate) const TOPIC: &str = "itc.dead-letters.v1";

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
    /// The headers for a record that is put aside.
    #[must_use]
    pub fn of(worker: &str, build: &str, record: &InputRecord, letter: &DeadLetter) -> Self {
        let seen_before = record.header(FIRST_SEEN).and_then(|text| text.parse().ok());
        Self {
            worker: worker.to_owned(),
            source_topic: record.source.topic.to_string(),
            source_partition: record.source.partition,
            source_offset: record.offset,
            original_key: record.key.clone(),
            code: letter.code.clone(),
            field: letter.field.clone(),
            rule: letter.rule.clone(),
            message: letter.message.clone(),
            is_whole: letter.part.is_none(),
            first_seen_in_ms: seen_before.or(record.timestamp_in_ms),
            build: build.to_owned(),
        }
    }

    /// As headers of a record. The original key is the record's own.
    #[must_use]
    pub fn to_headers(&self) -> Vec<(String, Vec<u8>)> {
        let mut headers: Vec<(String, Vec<u8>)> = Vec::with_capacity(12);
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.as_bytes().to_vec()));
        add(WORKER, &self.worker);
        add(SOURCE_TOPIC, &self.source_topic);
        add(SOURCE_PARTITION, &self.source_partition.to_string());
        add(SOURCE_OFFSET, &self.source_offset.to_string());
        add(CODE, &self.code);
        add(FIELD, &self.field);
        add(RULE, &self.rule);
        add(MESSAGE, &self.message);
        add(WHOLE, if self.is_whole { "true" } else { "false" });
        add(BUILD, &self.build);
        if let Some(first_seen) = self.first_seen_in_ms {
            add(FIRST_SEEN, &first_seen.to_string());
        }
        headers
    }

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

/// The headers of a dead letter's record: the original ones, then ours. Ours of an earlier letter are left out.
pub(crate) fn all_headers(headers: &DeadLetterHeaders, record: &InputRecord) -> Vec<(String, Vec<u8>)> {
    let original = record.headers.iter().filter(|(name, _)| !DeadLetterHeaders::is_own(name)).cloned();
    original.chain(headers.to_headers()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::SourcePartition;

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

    fn as_record(headers: &DeadLetterHeaders, original: &InputRecord) -> InputRecord {
        InputRecord { headers: all_headers(headers, original), ..original.clone() }
    }

    #[test]
    fn headers_come_back_as_they_were_written() {
        for key in [None, Some(Vec::new()), Some(vec![0, 159, 146, 150])] {
            for part in [None, Some(b"{}".to_vec())] {
                let original = record(key.clone());
                let headers = DeadLetterHeaders::of("ingest", "0.1.0", &original, &letter(part));
                let written = as_record(&headers, &original);
                assert_eq!(DeadLetterHeaders::from_record(&written), Ok(headers));
                assert_eq!(written.header("ce_id"), Some("id-1"), "original headers are kept");
            }
        }
    }

    #[test]
    fn a_released_letter_that_fails_again_keeps_the_day_it_was_first_seen() {
        let original = record(None);
        let first = DeadLetterHeaders::of("ingest", "0.1.0", &original, &letter(None));
        assert_eq!(first.first_seen_in_ms, Some(1_735_689_600_123));
        let released = InputRecord { timestamp_in_ms: Some(1_800_000_000_000), ..as_record(&first, &original) };
        let second = DeadLetterHeaders::of("ingest", "0.2.0", &released, &letter(None));
        assert_eq!(second.first_seen_in_ms, first.first_seen_in_ms);
        assert_eq!(DeadLetterHeaders::from_record(&as_record(&second, &released)), Ok(second));
    }

    #[test]
    fn another_record_is_refused_by_the_header_it_lacks() {
        assert_eq!(DeadLetterHeaders::from_record(&record(None)), Err(DeadLetterError("itc-dead-letter-worker")));
    }
}
