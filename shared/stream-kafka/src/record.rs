//! Records of Kafka as records of `stream`, and back.

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use std::collections::BTreeMap;
use std::sync::Arc;
use stream::{EventMeta, InputRecord, OutputRecord, SourcePartition, WorkerName, each_output_header};

/// Kafka numbers partitions from 0; negative numbers never name a partition that was read.
pub(crate) fn u32_of(partition: i32) -> u32 {
    u32::try_from(partition).unwrap_or_default()
}

/// The partition as Kafka's library wants it; our counts are far below the limit.
pub(crate) fn i32_of(partition: u32) -> i32 {
    i32::try_from(partition).unwrap_or(i32::MAX)
}

/// Topic names, shared instead of copied for each record.
#[derive(Debug, Default)]
pub(crate) struct TopicNames(BTreeMap<String, Arc<str>>);

impl TopicNames {
    pub(crate) fn shared(&mut self, topic: &str) -> Arc<str> {
        if let Some(shared) = self.0.get(topic) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = topic.into();
        self.0.insert(topic.to_owned(), Arc::clone(&shared));
        shared
    }
}

/// The record, or only its place where nobody reads its type.
pub(crate) fn input_record(
    message: &BorrowedMessage<'_>,
    names: &mut TopicNames,
    reads: fn(&str) -> bool,
) -> InputRecord {
    let mut record = InputRecord {
        source: SourcePartition { topic: names.shared(message.topic()), partition: u32_of(message.partition()) },
        offset: message.offset(),
        timestamp_in_ms: message.timestamp().to_millis(),
        key: None,
        headers: Vec::new(),
        value: Vec::new(),
    };
    let headers = message.headers();
    if !headers.and_then(event_type_of).is_none_or(reads) {
        return record;
    }
    record.key = message.key().map(<[u8]>::to_vec);
    if let Some(headers) = headers {
        let owned = |header: Header<'_, &[u8]>| (header.key.to_owned(), header.value.unwrap_or_default().to_vec());
        record.headers.reserve_exact(headers.count());
        record.headers.extend(headers.iter().map(owned));
    }
    record.value = message.payload().unwrap_or_default().to_vec();
    record
}

/// The last `ce_type`, as [`InputRecord::header`] reads it.
fn event_type_of(headers: &BorrowedHeaders) -> Option<&str> {
    let last = headers.iter().filter(|header| header.key == "ce_type").last()?;
    std::str::from_utf8(last.value?).ok()
}

/// What a record weighs against a limit of bytes.
pub(crate) fn weight(record: &InputRecord) -> usize {
    record.key.as_ref().map_or(0, Vec::len) + record.value.len()
}

/// The same of a record that is still the library's.
pub(crate) fn weight_of(message: &BorrowedMessage<'_>) -> usize {
    message.key().map_or(0, <[u8]>::len) + message.payload().map_or(0, <[u8]>::len)
}

/// The headers of an output in the library's form, without a copy in between: this runs once for each output.
pub(crate) fn native_headers(worker: WorkerName, meta: &EventMeta, output: &OutputRecord) -> OwnedHeaders {
    let mut headers = Some(OwnedHeaders::new_with_capacity(11 + output.headers.len()));
    each_output_header(worker, meta, output, &mut |key, value| {
        headers = headers.take().map(|owned| owned.insert(Header { key, value: Some(value) }));
    });
    headers.unwrap_or_default()
}

pub(crate) fn owned_headers(headers: &[(String, Vec<u8>)]) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |owned, (key, value)| {
        owned.insert(Header { key, value: Some(value) })
    })
}
