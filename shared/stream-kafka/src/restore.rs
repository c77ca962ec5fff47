//! Reading a changelog to its end. T3: to the high watermark, read committed.

use crate::client::Listener;
use crate::log::{KafkaLog, REQUEST_TIMEOUT};
use crate::record::i32_of;
use crate::settings::{self, LogSettings};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use stream::{ChangelogRecord, LogError};

/// Every open transaction ends within its timeout and the brokers' sweep of 1 s (10 s by default); what is open for
/// longer hangs and needs an operator.
const HANGING_AFTER: Duration = LogSettings::TRANSACTION_TIMEOUT.saturating_mul(4);
/// How often the end of the stable part is asked for while it is behind.
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// One fetch without an answer for this long is trouble with the broker.
const STALLED_AFTER: Duration = Duration::from_secs(30);
/// How often progress is told, and the group is served.
const TELL_EVERY: Duration = Duration::from_secs(2);

pub(crate) fn restore(
    log: &mut KafkaLog,
    partition: u32,
    from: i64,
    apply: &mut dyn FnMut(ChangelogRecord) -> ControlFlow<()>,
) -> Result<i64, LogError> {
    let Some(topic) = log.settings.changelog.clone() else {
        return Err(LogError::Fatal("a worker without rows has no changelog to restore from".to_owned()));
    };
    // First the producer: its init_transactions ends what an older one of this id left open, so that the high watermark
    // asked for afterwards is above everything that can still become true.
    log.transactions.ensure()?;
    let (earliest, end) = log.watermarks(&topic, partition)?;
    if from > end {
        return Err(LogError::Halt(format!(
            "{topic}/{partition} ends at {end}, before {from}, up to where the store has read it: the changelog was \
             truncated or made anew. If it is complete, clear the store of this partition"
        )));
    }
    // Nothing of a compacted topic is deleted from its front; an operator's purge is taken as it is.
    let from = from.max(earliest);
    if from >= end {
        return Ok(end);
    }
    let reader = open_reader(log)?;
    wait_until_stable(log, &reader, &topic, partition, end)?;
    let broken_off = read_to_end(log, &reader, Span { topic: &topic, partition, from, end }, apply)?;
    Ok(broken_off.unwrap_or(end))
}

fn open_reader(log: &KafkaLog) -> Result<BaseConsumer<Listener>, LogError> {
    let client_id = format!("{}.restore", log.settings.member());
    settings::assigned_reader(&log.settings.kafka, &log.settings.name, &client_id)
        .create_with_context(Listener { complaints: log.complaints.clone() })
        .map_err(|error| LogError::Fatal(format!("the restore client cannot be made: {error}")))
}

/// Waits until the last stable offset, which this `read_committed` client is told, has reached the high watermark.
fn wait_until_stable(
    log: &mut KafkaLog,
    reader: &BaseConsumer<Listener>,
    topic: &str,
    partition: u32,
    end: i64,
) -> Result<(), LogError> {
    let began = now();
    loop {
        let (_, stable) = reader
            .fetch_watermarks(topic, i32_of(partition), REQUEST_TIMEOUT)
            .map_err(|error| log.retry(format_args!("the stable end of {topic}/{partition}"), &error))?;
        if stable >= end {
            return Ok(());
        }
        if began.elapsed() > HANGING_AFTER {
            return Err(LogError::Halt(format!(
                "hanging transaction in {topic}/{partition}: the stable part ends at {stable} and has not reached {end} for \
                 {} s. Find it with `kafka-transactions.sh find-hanging` and abort it, then restart",
                HANGING_AFTER.as_secs()
            )));
        }
        log.keep_alive();
        std::thread::park_timeout(ASK_AGAIN);
    }
}

struct Span<'a> {
    topic: &'a str,
    partition: u32,
    from: i64,
    end: i64,
}

/// Reads until the library says that it has reached the stable end, which is at or above `end` by now. The position of
/// the last record would not do: behind it may stand markers and aborted records, which are never delivered. `Some` is
/// the offset at which `apply` broke off.
fn read_to_end(
    log: &mut KafkaLog,
    reader: &BaseConsumer<Listener>,
    span: Span<'_>,
    apply: &mut dyn FnMut(ChangelogRecord) -> ControlFlow<()>,
) -> Result<Option<i64>, LogError> {
    let Span { topic, partition, from, end } = span;
    let mut list = TopicPartitionList::with_capacity(1);
    list.add_partition_offset(topic, i32_of(partition), Offset::Offset(from))
        .and_then(|()| reader.assign(&list))
        .map_err(|error| log.retry("the restore", &error))?;
    let (mut records, mut told, mut last_record) = (0_u64, now(), now());
    loop {
        match reader.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                last_record = now();
                records += 1;
                let next = message.offset() + 1;
                if changelog_record(&message).is_some_and(|record| apply(record).is_break()) {
                    tracing::info!(topic, partition, records, from, next, end, "restored a piece from the changelog");
                    return Ok(Some(next));
                }
                // Nothing behind `end` is needed, however fast others write.
                if next >= end {
                    return Ok(None);
                }
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                tracing::info!(topic, partition, records, from, end, "restored from the changelog");
                return Ok(None);
            }
            Some(Err(error)) => return Err(log.retry(format_args!("restoring {topic}/{partition}"), &error)),
            None if last_record.elapsed() > STALLED_AFTER => {
                let message = format!("restoring {topic}/{partition}: no answer for {} s", STALLED_AFTER.as_secs());
                return Err(log.try_again(log.complaints.explain(message)));
            }
            None => {}
        }
        if told.elapsed() > TELL_EVERY {
            told = now();
            tracing::info!(topic, partition, records, from, end, "restoring from the changelog");
            log.keep_alive();
        }
    }
}

/// A record whose key is not text is not ours; rows are keyed by text only.
fn changelog_record(message: &impl Message) -> Option<ChangelogRecord> {
    let key = std::str::from_utf8(message.key()?).ok()?.to_owned();
    Some(ChangelogRecord { key, value: message.payload().map(<[u8]>::to_vec), offset: message.offset() })
}

#[expect(clippy::disallowed_methods, reason = "waiting for a broker is measured in real time and decides nothing")]
fn now() -> Instant {
    Instant::now()
}
