//! Records of Kafka as records of `stream`, and back.

use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use std::collections::BTreeMap;
use std::sync::Arc;
use stream::{EventMeta, InputRecord, OutputRecord, SourcePartition};

/// `ce_source` is this and the worker's name.
pub const CE_SOURCE_PREFIX: &str = "/itc-engine/";

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

pub(crate) fn input_record(message: &BorrowedMessage<'_>, names: &mut TopicNames) -> InputRecord {
    let headers = message.headers().map(|headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec())).collect()
    });
    InputRecord {
        source: SourcePartition { topic: names.shared(message.topic()), partition: u32_of(message.partition()) },
        offset: message.offset(),
        timestamp_in_ms: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        headers: headers.unwrap_or_default(),
        value: message.payload().unwrap_or_default().to_vec(),
    }
}

/// What a record weighs against a limit of bytes.
pub(crate) fn weight(record: &InputRecord) -> usize {
    record.key.as_ref().map_or(0, Vec::len) + record.value.len()
}

/// The headers of an output in the binary mode of CloudEvents' Kafka binding. `worker` is who says it.
#[must_use]
pub fn output_headers(worker: &str, meta: &EventMeta, output: &OutputRecord) -> Vec<(String, Vec<u8>)> {
    let mut headers = Vec::with_capacity(10 + output.headers.len());
    each_header(worker, meta, output, &mut |name, value| headers.push((name.to_owned(), value.as_bytes().to_vec())));
    headers
}

/// The same headers in the library's form, without a copy in between: this runs once for each output.
pub(crate) fn native_headers(worker: &str, meta: &EventMeta, output: &OutputRecord) -> OwnedHeaders {
    let mut headers = Some(OwnedHeaders::new_with_capacity(10 + output.headers.len()));
    each_header(worker, meta, output, &mut |key, value| {
        headers = headers.take().map(|owned| owned.insert(Header { key, value: Some(value) }));
    });
    headers.unwrap_or_default()
}

fn each_header(worker: &str, meta: &EventMeta, output: &OutputRecord, add: &mut dyn FnMut(&str, &str)) {
    add("ce_specversion", "1.0");
    add("ce_id", &meta.id);
    add("ce_source", &format!("{CE_SOURCE_PREFIX}{worker}"));
    add("ce_type", output.event_type.0);
    add("ce_subject", &output.subject);
    if let Some(time) = &meta.time {
        add("ce_time", time);
    }
    if let Some(cause) = &meta.cause {
        add("ce_causationid", cause);
    }
    if let Some(traceparent) = &meta.traceparent {
        add("traceparent", traceparent);
    }
    add("content-type", "application/json");
    add("itc-class", output.class.code());
    for (name, value) in &output.headers {
        add(name, value);
    }
}

pub(crate) fn owned_headers(headers: &[(String, Vec<u8>)]) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |owned, (key, value)| {
        owned.insert(Header { key, value: Some(value) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::{Class, EventType};

    #[test]
    fn an_output_is_read_back_with_the_same_meta() {
        let meta = EventMeta {
            id: "id-1".to_owned(),
            event_type: "ImsRecordDecided".to_owned(),
            time: Some("2025-01-01T00:00:00+05:30".to_owned()),
            cause: Some("id-0".to_owned()),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            class: Some(Class::Decision),
        };
        let output = OutputRecord {
            topic: "itc.recipient-journal.v1",
            key: "k".to_owned(),
            partition: None,
            event_type: EventType("ImsRecordDecided"),
            class: Class::Decision,
            subject: "s".to_owned(),
            headers: vec![("ce_sequence", "7".to_owned())],
            value: b"{}".to_vec(),
        };
        let record = InputRecord {
            source: SourcePartition { topic: "t".into(), partition: 0 },
            offset: 0,
            timestamp_in_ms: None,
            key: None,
            headers: output_headers("ims", &meta, &output),
            value: Vec::new(),
        };
        assert_eq!(record.meta(), meta);
        assert_eq!(record.header("ce_sequence"), Some("7"));
        assert_eq!(record.header("ce_source"), Some("/itc-engine/ims"));
    }
}
