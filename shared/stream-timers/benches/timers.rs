//! The timer index in a real Redis: bytes of memory for each entry at 100,000 taxpayers on 20 days, and how fast it is
//! written and counted. Beside it, in the same run, the same entries in one sorted set a day, as timers are often kept.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a benchmark says what it finds and fails where it cannot; its figures are no money"
)]

use chrono::{Days, NaiveDate};
use std::time::Instant;
use stream::{TimerEntry, TimerIndex};
use stream_timers::{RedisSettings, RedisTimerIndex};

const TAXPAYERS: usize = 100_000;
const DAYS: u64 = 20;
/// 100,000 taxpayers over 512, rounded up to a power of two.
const BUCKETS: u32 = 256;
const PARTITION: u32 = 4_000_000;
const BATCH: usize = 5_000;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the benchmark is told by the environment where a Redis is")]
fn url() -> Option<String> {
    std::env::var("REDIS_URL").ok().filter(|url| !url.is_empty())
}

fn used_memory(connection: &mut redis::Connection) -> f64 {
    let info: String = redis::cmd("INFO").arg("memory").query(connection).expect("answers");
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).expect("a figure");
    line.trim().parse().expect("a figure")
}

fn entries(day: u64) -> Vec<TimerEntry> {
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date");
    let fires_on = first.checked_add_days(Days::new(day)).expect("a date");
    let entry = |number: usize| TimerEntry {
        fires_on,
        key: format!("27AAAC{}{number:06}Z3", ["R", "S", "T"][number % 3]),
        documents: u64::try_from(number % 7).expect("few") + 1,
        credit_at_stake_in_paise: i64::try_from(number).expect("few") * 1_800,
    };
    (0..TAXPAYERS).map(entry).collect()
}

fn main() {
    let Some(url) = url() else {
        println!("SKIPPED: timers: REDIS_URL gives no Redis; `make bench` starts one");
        return;
    };
    let mut connection = redis::Client::open(url.as_str()).expect("a URL").get_connection().expect("answers");
    redis::cmd("FLUSHALL").exec(&mut connection).expect("answers");
    let count = f64::from(u32::try_from(TAXPAYERS).expect("few")) * 20.0;

    let before = used_memory(&mut connection);
    let mut index =
        RedisTimerIndex::open(&RedisSettings { url, buckets: BUCKETS, ..RedisSettings::default() }).expect("opens");
    let began = now();
    for day in 0..DAYS {
        for batch in entries(day).chunks(BATCH) {
            index.apply(PARTITION, batch, day + 1).expect("applies");
        }
    }
    let written = began.elapsed().as_secs_f64();
    let ours = (used_memory(&mut connection) - before) / count;
    let began = now();
    for day in 0..DAYS {
        let fires_on = entries(day)[0].fires_on;
        assert_eq!(index.count(PARTITION, fires_on).expect("answers"), u64::try_from(TAXPAYERS).expect("few"));
    }
    let counted = began.elapsed().as_secs_f64() / 20.0 * 1e3;

    redis::cmd("FLUSHALL").exec(&mut connection).expect("answers");
    let before = used_memory(&mut connection);
    let began = now();
    for day in 0..DAYS {
        for batch in entries(day).chunks(BATCH) {
            let mut add = redis::cmd("ZADD");
            add.arg(format!("bench:{day}"));
            for entry in batch {
                add.arg(entry.credit_at_stake_in_paise).arg(&entry.key);
            }
            add.exec(&mut connection).expect("answers");
        }
    }
    let set_written = began.elapsed().as_secs_f64();
    let sorted_set = (used_memory(&mut connection) - before) / count;
    redis::cmd("FLUSHALL").exec(&mut connection).expect("answers");

    println!("timer index: {TAXPAYERS} taxpayers x {DAYS} days, {BUCKETS} buckets a day");
    println!("| | ours | one sorted set a day | ours / sorted set |\n| --- | ---: | ---: | ---: |");
    println!("| bytes an entry | {ours:.1} | {sorted_set:.1} | {:.2} |", ours / sorted_set);
    println!(
        "| entries written a second | {:.0} | {:.0} | {:.2} |",
        count / written,
        count / set_written,
        set_written / written
    );
    println!("| a day of {TAXPAYERS} counted, ms | {counted:.1} | | |");
    assert!(ours <= 40.0, "an entry takes {ours:.1} bytes, the limit is 40");
}
