//! How events, dead letters and keys look in a log, for the real and the simulated one alike.

use crate::event::{DeadLetter, EventMeta, InputRecord, OutputRecord};
use crate::processor::WorkerName;

/// The topic of dead letters.
pub const DEAD_LETTERS_TOPIC: &str = "itc.dead-letters.v1";

const FIRST_SEEN: &str = "itc-dead-letter-first-seen-in-ms";

/// The changelog topic of a worker.
#[must_use]
pub fn changelog_topic(worker: WorkerName) -> String {
    format!("itc.{worker}.changelog.v1")
}

/// The headers of an output: CloudEvents 1.0 in binary mode, the class, the trace and the output's own.
#[must_use]
pub fn output_headers(worker: WorkerName, meta: &EventMeta, output: &OutputRecord) -> Vec<(String, Vec<u8>)> {
    let mut headers = Vec::with_capacity(11 + output.headers.len());
    each_output_header(worker, meta, output, &mut |name, value| {
        headers.push((name.to_owned(), value.as_bytes().to_vec()));
    });
    headers
}

/// Shows the same headers one by one, for a log that copies them into a form of its own.
pub fn each_output_header(
    worker: WorkerName,
    meta: &EventMeta,
    output: &OutputRecord,
    put: &mut dyn FnMut(&str, &str),
) {
    put("ce_specversion", "1.0");
    put("ce_id", &meta.id);
    put("ce_source", &format!("/itc-engine/{worker}"));
    put("ce_type", output.event_type.0);
    if let Some(time) = &meta.time {
        put("ce_time", time);
    }
    if !output.subject.is_empty() {
        put("ce_subject", &output.subject);
    }
    if let Some(cause) = &meta.cause {
        put("ce_causationid", cause);
    }
    if let Some(traceparent) = &meta.traceparent {
        put("traceparent", traceparent);
    }
    put("itc-class", output.class.code());
    put("content-type", "application/json");
    for (name, value) in &output.headers {
        put(name, value);
    }
}

/// The headers of a dead letter: those of the record it comes from, and behind them where it stood and what is wrong.
/// `build` names the program that says so.
#[must_use]
pub fn dead_letter_headers(
    worker: WorkerName,
    record: &InputRecord,
    letter: &DeadLetter,
    build: &str,
) -> Vec<(String, Vec<u8>)> {
    // Of a released letter that fails again, the headers of the earlier failure are replaced, except when it was first seen.
    let original = record.headers.iter().filter(|(name, _)| !name.starts_with("itc-dead-letter-"));
    let mut headers: Vec<(String, Vec<u8>)> = original.cloned().collect();
    let seen_before = record.header(FIRST_SEEN).map(str::to_owned);
    let mut put = |name: &str, value: &str| headers.push((name.to_owned(), value.as_bytes().to_vec()));
    put("itc-dead-letter-worker", worker.0);
    put("itc-dead-letter-topic", &record.source.topic);
    put("itc-dead-letter-partition", &record.source.partition.to_string());
    put("itc-dead-letter-offset", &record.offset.to_string());
    put("itc-dead-letter-code", &letter.code);
    put("itc-dead-letter-field", &letter.field);
    put("itc-dead-letter-rule", &letter.rule);
    put("itc-dead-letter-message", &letter.message);
    put("itc-dead-letter-whole", if letter.part.is_some() { "false" } else { "true" });
    put("itc-dead-letter-build", build);
    if let Some(first_seen) = seen_before.or_else(|| record.timestamp_in_ms.map(|timestamp| timestamp.to_string())) {
        put(FIRST_SEEN, &first_seen);
    }
    headers
}

/// The partition of a key, as Kafka's own clients choose it: murmur2, made positive, modulo the count.
#[must_use]
pub fn partition_for_key(key: &[u8], partition_count: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % partition_count.max(1)
}

/// Kafka's murmur2 with its fixed seed.
#[must_use]
pub fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    // Kafka keeps the length in 32 bits; keys are far shorter.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut hash = SEED ^ length;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = word.iter().rev().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
        k = k.wrapping_mul(M);
        k ^= k >> R;
        k = k.wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        hash ^= rest.iter().rev().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::murmur2;

    #[test]
    fn murmur2_equals_the_values_of_kafkas_own_test() {
        // org.apache.kafka.common.utils.UtilsTest.testMurmur2
        assert_eq!(murmur2(b"21").cast_signed(), -973_932_308);
        assert_eq!(murmur2(b"foobar").cast_signed(), -790_332_482);
        assert_eq!(murmur2(b"a-little-bit-long-string").cast_signed(), -985_981_536);
        assert_eq!(murmur2(b"a-little-bit-longer-string").cast_signed(), -1_486_304_829);
        assert_eq!(murmur2(b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8").cast_signed(), -58_897_971);
        assert_eq!(murmur2(b"abc").cast_signed(), 479_470_107);
    }
}
