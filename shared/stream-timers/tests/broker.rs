//! The index against a real Redis. It runs where `ITC_TEST_REDIS` gives a URL, and says so where not.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests fail the test, and skipping is shown")]

use chrono::NaiveDate;
use std::collections::BTreeMap;
use stream::{TimerEntry, TimerIndex};
use stream_timers::{DayTotals, RedisSettings, RedisTimerIndex, bucket_of};

#[path = "broker/secure.rs"]
mod secure;

const BUCKETS: u32 = 4;

#[expect(clippy::disallowed_methods, reason = "the tests are told by the environment where a Redis is")]
fn index(test: &str) -> Option<(RedisTimerIndex, redis::Connection)> {
    let Ok(url) = std::env::var("ITC_TEST_REDIS") else {
        println!("SKIPPED: {test}: ITC_TEST_REDIS gives no URL");
        return None;
    };
    let connection = redis::Client::open(url.as_str()).expect("a URL").get_connection().expect("answers");
    let index =
        RedisTimerIndex::open(&RedisSettings { url, buckets: BUCKETS, ..RedisSettings::default() }).expect("opens");
    Some((index, connection))
}

fn wipe(connection: &mut redis::Connection, partition: u32) {
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("timers:{{{partition}}}:*")).query(connection).expect("answers");
    for key in keys {
        redis::cmd("DEL").arg(key).exec(connection).expect("answers");
    }
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 10, day).expect("a date")
}

fn entry(on: u32, number: u32, documents: u64) -> TimerEntry {
    TimerEntry {
        fires_on: day(on),
        key: format!("29AAAAA{number:04}A1Z5"),
        documents,
        credit_at_stake_in_paise: i64::from(number) * 100,
    }
}

fn paged(index: &mut RedisTimerIndex, partition: u32, on: u32, limit: usize) -> Vec<TimerEntry> {
    let mut all: Vec<TimerEntry> = Vec::new();
    loop {
        let after = all.last().map(|entry| entry.key.clone());
        let page = index.due(partition, day(on), after.as_deref(), limit).expect("answers");
        assert!(page.len() <= limit);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[test]
fn entries_are_paged_by_bucket_and_key_whatever_the_page() {
    let Some((mut index, mut connection)) = index("entries_are_paged_by_bucket_and_key") else { return };
    wipe(&mut connection, 9001);
    let mut entries: Vec<TimerEntry> = (0..50).map(|number| entry(13, number, 1)).collect();
    index.apply(9001, &entries, 7).expect("answers");
    index.apply(9001, &entries, 7).expect("twice is harmless");
    assert_eq!(index.watermark(9001).expect("answers"), Some(7));
    assert_eq!(index.count(9001, day(13)).expect("answers"), 50);
    assert_eq!(index.count(9001, day(14)).expect("answers"), 0);
    entries.sort_by_key(|entry| (bucket_of(&entry.key, BUCKETS), entry.key.clone()));
    for limit in [1, 2, 7, 49, 50, 51, 1000] {
        assert_eq!(paged(&mut index, 9001, 13, limit), entries, "pages of {limit}");
    }
    // A key that is not there any more still has its place.
    index.apply(9001, &[entry(13, 20, 0)], 8).expect("answers");
    let gone = entry(13, 20, 0).key;
    let rest = index.due(9001, day(13), Some(&gone), 1000).expect("answers");
    let place = entries.iter().position(|entry| entry.key == gone).expect("was there");
    assert_eq!(rest, entries[place + 1..]);
    wipe(&mut connection, 9001);
}

#[test]
fn an_absolute_value_replaces_and_zero_removes() {
    let Some((mut index, mut connection)) = index("an_absolute_value_replaces_and_zero_removes") else { return };
    wipe(&mut connection, 9002);
    index.apply(9002, &[entry(13, 1, 2), entry(13, 2, 1), entry(14, 1, 1)], 1).expect("answers");
    index.apply(9002, &[entry(13, 1, 5), entry(13, 2, 0)], 2).expect("answers");
    assert_eq!(paged(&mut index, 9002, 13, 10), [entry(13, 1, 5)]);
    let days = index.days(9002).expect("answers");
    let totals = |documents| DayTotals { keys: 1, documents, credit_at_stake_in_paise: 100 };
    assert_eq!(days, BTreeMap::from([(day(13), totals(5)), (day(14), totals(1))]));
    wipe(&mut connection, 9002);
}

#[test]
fn a_day_is_replaced_whole_and_other_days_stay() {
    let Some((mut index, mut connection)) = index("a_day_is_replaced_whole_and_other_days_stay") else { return };
    wipe(&mut connection, 9003);
    index.apply(9003, &[entry(13, 1, 1), entry(13, 2, 1), entry(14, 3, 1)], 1).expect("answers");
    // Somebody wrote nonsense by hand: it is not read, so that the count gives it away.
    let key = format!("timers:{{9003}}:2024-10-13:{}", bucket_of("x", BUCKETS));
    redis::cmd("HSET").arg(key).arg("x").arg("much").exec(&mut connection).expect("answers");
    assert_eq!(index.count(9003, day(13)).expect("answers"), 3);
    assert_eq!(paged(&mut index, 9003, 13, 10).len(), 2);
    let many: Vec<TimerEntry> = (0..5_000).map(|number| entry(13, number, 3)).collect();
    index.replace_day(9003, day(13), &many).expect("answers");
    assert_eq!(index.count(9003, day(13)).expect("answers"), 5_000);
    assert_eq!(paged(&mut index, 9003, 13, 777).len(), 5_000);
    assert_eq!(index.count(9003, day(14)).expect("answers"), 1);
    wipe(&mut connection, 9003);
    assert_eq!(index.watermark(9003).expect("answers"), None, "a flushed index knows nothing");
}

#[test]
fn a_cleared_partition_keeps_no_day_no_bucket_and_no_watermark_and_others_stay() {
    let Some((mut index, mut connection)) = index("a_cleared_partition_keeps_nothing") else { return };
    wipe(&mut connection, 9005);
    wipe(&mut connection, 9006);
    let many: Vec<TimerEntry> = (0..3_000).map(|number| entry(1 + number % 28, number, 1)).collect();
    index.apply(9005, &many, 4).expect("answers");
    index.apply(9006, &[entry(13, 1, 1)], 9).expect("answers");
    // Of a deployment with more buckets.
    redis::cmd("HSET").arg("timers:{9005}:2024-10-13:77").arg("x").arg("1:1").exec(&mut connection).expect("answers");
    index.clear(9005).expect("answers");
    let left: Vec<String> = redis::cmd("KEYS").arg("timers:{9005}:*").query(&mut connection).expect("answers");
    assert_eq!((left, index.watermark(9005).expect("answers")), (Vec::new(), None));
    assert_eq!(index.watermark(9006).expect("answers"), Some(9));
    assert_eq!(index.count(9006, day(13)).expect("answers"), 1);
    wipe(&mut connection, 9006);
}

#[test]
fn a_watermark_that_is_no_number_is_none() {
    let Some((mut index, mut connection)) = index("a_watermark_that_is_no_number_is_none") else { return };
    wipe(&mut connection, 9004);
    redis::cmd("SET").arg("timers:{9004}:watermark").arg("soon").exec(&mut connection).expect("answers");
    assert_eq!(index.watermark(9004).expect("answers"), None);
    wipe(&mut connection, 9004);
}
