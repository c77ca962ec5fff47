//! The store: point reads, ranges by prefix, one atomic batch for each commit, restore of a million rows. Each figure
//! stands beside the same work on rows in memory, in the same run, because the machine differs and the ratio does not.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a benchmark says what it finds and fails where it cannot; its figures are no money"
)]

use std::hint::black_box;
use std::time::Instant;
use stream::{Checkpoint, CommittedBatch, RowChange, RowKey, StagedBatch, StateRead, Store, StoredCheckpoint};
use stream_store::{FjallSettings, FjallStore, MemoryStore};

const ROWS: usize = 1_000_000;
const READS: usize = 200_000;
const RANGES: usize = 20_000;
const RANGE_ROWS: usize = 50;
const BATCHES: usize = 40;
const BATCH_ROWS: usize = 5_000;
const RESTORE_CHUNK: usize = 10_000;
/// 106 bytes: the row of the measurements before building.
const VALUE_BYTES: usize = 106;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// Microseconds for each of so many, of what `work` does.
fn each(count: usize, work: impl FnOnce()) -> f64 {
    let began = now();
    work();
    began.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(count).expect("few"))
}

/// A place in 0..ROWS for each number, in no order.
const fn scattered(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % ROWS
}

/// 20 rows a taxpayer.
fn key(number: usize) -> RowKey {
    RowKey::table("document").with(format_args!("27AAACR{:06}A1Z3", number / 20)).with(format_args!("INV/{number:07}"))
}

fn value(number: usize) -> Vec<u8> {
    (0..VALUE_BYTES).map(|at| u8::try_from((number * 31 + at * 7) % 251).unwrap_or_default()).collect()
}

fn checkpoint(sequence: u64) -> Checkpoint {
    Checkpoint { sequence, next_offset: 0, day: None, schema: 1, partition_count: 1, timer_buckets: 64 }
}

#[derive(Clone, Copy)]
struct Figures {
    hit: f64,
    miss: f64,
    range: f64,
    batch: f64,
    restore: f64,
}

fn measure(store: &mut dyn Store) -> Figures {
    let restore = each(ROWS, || {
        for start in (0..ROWS).step_by(RESTORE_CHUNK) {
            let rows = (start..start + RESTORE_CHUNK).map(scattered);
            let rows = rows.map(|number| RowChange { key: key(number), value: Some(value(number)) }).collect();
            store.apply_restored(0, rows, None).expect("applies");
        }
        let stored = StoredCheckpoint { checkpoint: Some(checkpoint(1)), changelog_next: 1 };
        store.apply_restored(0, Vec::new(), Some(stored)).expect("applies");
        store.flush().expect("flushes");
    });
    let batch = each(BATCHES * BATCH_ROWS, || {
        for number in 0..BATCHES {
            let rows = (0..BATCH_ROWS).map(|row| {
                let at = scattered(number * BATCH_ROWS + row);
                RowChange { key: key(at), value: Some(value(at + 1)) }
            });
            let sequence = u64::try_from(number).expect("few") + 2;
            let staged = StagedBatch {
                rows: [(0, rows.collect())].into(),
                checkpoints: [(0, checkpoint(sequence))].into(),
                ..StagedBatch::default()
            };
            let next = i64::try_from(sequence).expect("few");
            store.apply(&CommittedBatch { staged, changelog_next: [(0, next)].into() }).expect("applies");
        }
        store.flush().expect("flushes");
    });
    let rows: &dyn StateRead = store.rows(0);
    let hit = each(READS, || {
        for number in 0..READS {
            assert!(black_box(rows.get(key(scattered(number)).as_str()).expect("reads")).is_some());
        }
    });
    let miss = each(READS, || {
        for number in 0..READS {
            let key = key(scattered(number)).with("none");
            assert!(black_box(rows.get(key.as_str()).expect("reads")).is_none());
        }
    });
    let range = each(RANGES, || {
        for number in 0..RANGES {
            let prefix = RowKey::table("document").with(format_args!("27AAACR{:06}A1Z3", scattered(number) / 20));
            let found = rows.range(prefix.as_str(), &prefix.after_prefix(), RANGE_ROWS).expect("reads");
            assert_eq!(black_box(found).len(), 20);
        }
    });
    Figures { hit, miss, range, batch, restore }
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = measure(&mut MemoryStore::new());
    let mut disk = FjallStore::open(FjallSettings::new(folder.path(), "bench")).expect("opens");
    let fjall = measure(&mut disk);
    drop(disk);
    let began = now();
    let reopened = FjallStore::open(FjallSettings::new(folder.path(), "bench")).expect("opens");
    let opened_in_ms = began.elapsed().as_millis();
    assert!(reopened.checkpoint(0).expect("reads").is_some(), "what was written is there");
    println!("store: {ROWS} rows of {VALUE_BYTES} bytes, microseconds of wall time for each");
    println!("| work | memory | disk | disk / memory |\n| --- | ---: | ---: | ---: |");
    let table = [
        ("point read, hit", memory.hit, fjall.hit),
        ("point read, miss", memory.miss, fjall.miss),
        ("range by prefix, 20 rows", memory.range, fjall.range),
        ("row of an atomic batch of 5,000", memory.batch, fjall.batch),
        ("restored row", memory.restore, fjall.restore),
    ];
    for (name, memory, disk) in table {
        println!("| {name} | {memory:.2} | {disk:.2} | {:.1} |", disk / memory);
    }
    println!("restore of {ROWS} rows: {:.1} s on disk; cold start of that store: {opened_in_ms} ms", fjall.restore);
}
