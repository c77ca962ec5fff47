//! The index itself.

use crate::connection::{Link, RedisSettings, SettingsError};
use crate::entry::{all_keys, bucket_of, day_of, hash_key, read_value, value_of, watermark_key};
use chrono::NaiveDate;
use redis::{FromRedisValue, Pipeline, Value};
use std::collections::BTreeMap;
use stream::{TimerEntry, TimerError, TimerIndex};

/// Fields written by one pipeline: some 100 KB, far from the answer timeout.
const FIELDS_PER_PIPELINE: usize = 2_000;
/// Keys looked at by one step of a scan.
const KEYS_PER_SCAN: usize = 1_000;

/// The timer index in Redis. It never waits long: without an answer it says that it is unavailable, and the loop goes on
/// with everything else.
pub struct RedisTimerIndex {
    link: Link,
    buckets: u32,
}

impl std::fmt::Debug for RedisTimerIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RedisTimerIndex({}, {} buckets)", self.link.address(), self.buckets)
    }
}

/// What the index has for a day, for people who look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayTotals {
    /// Taxpayers with something due.
    pub keys: u64,
    /// Their documents.
    pub documents: u64,
    /// The credit that hangs on them, in paise.
    pub credit_at_stake_in_paise: i64,
}

fn unreadable(error: impl std::fmt::Display) -> TimerError {
    TimerError::Unavailable(format!("the answer cannot be read: {error}"))
}

fn read<T: FromRedisValue>(value: Option<Value>) -> Result<T, TimerError> {
    let value = value.ok_or_else(|| unreadable("it is shorter than the question"))?;
    redis::from_redis_value(value).map_err(unreadable)
}

impl RedisTimerIndex {
    /// An index that connects when it is first asked.
    ///
    /// # Errors
    /// [`SettingsError`] where the URL cannot be used.
    pub fn open(settings: &RedisSettings) -> Result<Self, SettingsError> {
        Ok(Self { link: Link::new(settings)?, buckets: settings.buckets.max(1) })
    }

    /// Sends commands and reads their answers, one each.
    fn ask(&mut self, pipeline: &Pipeline) -> Result<std::vec::IntoIter<Value>, TimerError> {
        Ok(self.link.send(pipeline)?.into_iter())
    }

    /// How many fields each bucket of a day has.
    fn lengths(&mut self, partition: u32, fires_on: NaiveDate) -> Result<Vec<u64>, TimerError> {
        let mut pipeline = redis::pipe();
        for bucket in 0..self.buckets {
            pipeline.cmd("HLEN").arg(hash_key(partition, fires_on, bucket));
        }
        let mut answers = self.ask(&pipeline)?;
        (0..self.buckets).map(|_| read(answers.next())).collect()
    }

    /// The entries of some buckets, by bucket and key. Values that are not ours are left out: the count then differs from
    /// what rows say, and the day is repaired.
    fn entries(&mut self, partition: u32, fires_on: NaiveDate, buckets: &[u32]) -> Result<Vec<TimerEntry>, TimerError> {
        let mut pipeline = redis::pipe();
        for bucket in buckets {
            pipeline.cmd("HGETALL").arg(hash_key(partition, fires_on, *bucket));
        }
        let mut answers = self.ask(&pipeline)?;
        let mut entries = Vec::new();
        for bucket in buckets {
            let fields: BTreeMap<String, String> = read(answers.next())?;
            for (key, value) in fields {
                match read_value(&value) {
                    Some((documents, credit_at_stake_in_paise)) => {
                        entries.push(TimerEntry { fires_on, key, documents, credit_at_stake_in_paise });
                    }
                    None => tracing::warn!(partition, %fires_on, bucket, "a value of the timer index is not ours"),
                }
            }
        }
        Ok(entries)
    }

    /// What the index has, by day, for people who look; it reads every key of the partition.
    ///
    /// # Errors
    /// [`TimerError`] where Redis does not answer.
    pub fn days(&mut self, partition: u32) -> Result<BTreeMap<NaiveDate, DayTotals>, TimerError> {
        let mut days: BTreeMap<NaiveDate, DayTotals> = BTreeMap::new();
        let mut cursor = "0".to_owned();
        loop {
            let (next, keys) = self.scan(partition, &cursor)?;
            self.add_totals(&keys, &mut days)?;
            if next == "0" {
                return Ok(days);
            }
            cursor = next;
        }
    }

    /// Some keys of a partition, and the cursor behind them; "0" begins and ends.
    fn scan(&mut self, partition: u32, cursor: &str) -> Result<(String, Vec<String>), TimerError> {
        let mut scan = redis::pipe();
        scan.cmd("SCAN").arg(cursor).arg("MATCH").arg(all_keys(partition)).arg("COUNT").arg(KEYS_PER_SCAN);
        read(self.ask(&scan)?.next())
    }

    fn add_totals(&mut self, keys: &[String], days: &mut BTreeMap<NaiveDate, DayTotals>) -> Result<(), TimerError> {
        let hashes: Vec<(&String, NaiveDate)> =
            keys.iter().filter_map(|key| day_of(key).map(|day| (key, day))).collect();
        if hashes.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::pipe();
        for (key, _) in &hashes {
            pipeline.cmd("HVALS").arg(key);
        }
        let mut answers = self.ask(&pipeline)?;
        for (_, day) in hashes {
            let values: Vec<String> = read(answers.next())?;
            let totals = days.entry(day).or_default();
            for (documents, paise) in values.iter().filter_map(|value| read_value(value)) {
                totals.keys += 1;
                totals.documents += documents;
                totals.credit_at_stake_in_paise += paise;
            }
        }
        Ok(())
    }
}

fn write_entry(pipeline: &mut Pipeline, partition: u32, buckets: u32, entry: &TimerEntry) {
    let key = hash_key(partition, entry.fires_on, bucket_of(&entry.key, buckets));
    if entry.documents == 0 {
        pipeline.cmd("HDEL").arg(key).arg(&entry.key).ignore();
    } else {
        pipeline.cmd("HSET").arg(key).arg(&entry.key).arg(value_of(entry)).ignore();
    }
}

impl TimerIndex for RedisTimerIndex {
    fn watermark(&mut self, partition: u32) -> Result<Option<u64>, TimerError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("GET").arg(watermark_key(partition));
        let text: Option<String> = read(self.ask(&pipeline)?.next())?;
        // What is not a number is no watermark of ours: the index is then rebuilt.
        Ok(text.and_then(|text| text.parse().ok()))
    }

    fn apply(&mut self, partition: u32, entries: &[TimerEntry], watermark: u64) -> Result<(), TimerError> {
        for chunk in entries.chunks(FIELDS_PER_PIPELINE) {
            let mut pipeline = redis::pipe();
            for entry in chunk {
                write_entry(&mut pipeline, partition, self.buckets, entry);
            }
            self.ask(&pipeline)?;
        }
        // Last: a broken-off write leaves the watermark behind, and the same values are written again.
        let mut pipeline = redis::pipe();
        pipeline.cmd("SET").arg(watermark_key(partition)).arg(watermark).ignore();
        self.ask(&pipeline).map(|_| ())
    }

    fn count(&mut self, partition: u32, fires_on: NaiveDate) -> Result<u64, TimerError> {
        Ok(self.lengths(partition, fires_on)?.into_iter().sum())
    }

    fn due(
        &mut self,
        partition: u32,
        fires_on: NaiveDate,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TimerEntry>, TimerError> {
        let passed = after.map(|key| (bucket_of(key, self.buckets), key));
        let first = passed.map_or(0, |(bucket, _)| bucket);
        let mut due = Vec::new();
        let mut wanted: Vec<u32> = Vec::new();
        let mut expected: u64 = 0;
        let limit_in_fields = u64::try_from(limit).unwrap_or(u64::MAX);
        for (bucket, length) in (0..).zip(self.lengths(partition, fires_on)?).skip_while(|(bucket, _)| *bucket < first)
        {
            if length == 0 {
                continue;
            }
            wanted.push(bucket);
            // The bucket of `after` may be passed in part or in whole, so that it does not count.
            expected += if passed.is_some_and(|(of, _)| of == bucket) { 0 } else { length };
            if expected >= limit_in_fields {
                break;
            }
        }
        if !wanted.is_empty() {
            due = self.entries(partition, fires_on, &wanted)?;
        }
        if let Some((of, after)) = passed {
            due.retain(|entry| entry.key.as_str() > after || bucket_of(&entry.key, self.buckets) != of);
        }
        due.truncate(limit);
        Ok(due)
    }

    fn clear(&mut self, partition: u32) -> Result<(), TimerError> {
        let mut cursor = "0".to_owned();
        loop {
            let (next, keys) = self.scan(partition, &cursor)?;
            if !keys.is_empty() {
                let mut pipeline = redis::pipe();
                // Not DEL: a large hash is taken apart by another thread than the one that serves all others.
                pipeline.cmd("UNLINK").arg(keys).ignore();
                self.ask(&pipeline)?;
            }
            if next == "0" {
                return Ok(());
            }
            cursor = next;
        }
    }

    fn replace_day(&mut self, partition: u32, fires_on: NaiveDate, entries: &[TimerEntry]) -> Result<(), TimerError> {
        let mut pipeline = redis::pipe();
        for bucket in 0..self.buckets {
            pipeline.cmd("DEL").arg(hash_key(partition, fires_on, bucket)).ignore();
        }
        self.ask(&pipeline)?;
        for chunk in entries.chunks(FIELDS_PER_PIPELINE) {
            let mut pipeline = redis::pipe();
            for entry in chunk.iter().filter(|entry| entry.documents > 0) {
                write_entry(&mut pipeline, partition, self.buckets, entry);
            }
            if !pipeline.is_empty() {
                self.ask(&pipeline)?;
            }
        }
        Ok(())
    }
}
