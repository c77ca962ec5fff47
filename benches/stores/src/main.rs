//! Embedded stores with a worker's access pattern: rows by text key, point reads, ranges by prefix, one atomic batch with a
//! checkpoint for each commit, restore from a changelog, cold start. CPU time counts all threads of the process.
//!
//! `cargo run --release -- [ROWS] [CONTENDER…]`; RocksDB needs `--features rocksdb`.

mod contenders;

use contenders::{Contender, Rows};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

const READS: usize = 200_000;
const RANGES: usize = 20_000;
const BATCHES: usize = 60;
const BATCH_ROWS: usize = 5_000;
const RESTORE_CHUNK: usize = 10_000;
const VALUE_BYTES: usize = 106;
/// A worker reads mostly what it wrote lately: so many of a hundred reads are of the last rows.
const RECENT_PERCENT: usize = 90;
const RECENT_ROWS: usize = 20_000;

/// A place in 0..rows for each number, in no order.
fn scattered(number: usize, rows: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % rows
}

/// 20 rows a taxpayer.
fn prefix(number: usize) -> String {
    format!("document|27AAACR{:06}A1Z3|", number / 20)
}

fn key(number: usize) -> String {
    format!("{}INV/{number:08}", prefix(number))
}

fn value(number: usize) -> Vec<u8> {
    (0..VALUE_BYTES).map(|at| u8::try_from((number * 31 + at * 7) % 251).unwrap_or_default()).collect()
}

/// CPU time of this process, all its threads, the kernel's work for it included.
fn cpu() -> Outcome<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let behind = text.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks = behind.split_whitespace().skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(Duration::from_millis(10) * ticks)
}

/// CPU and wall time for each, in microseconds.
fn each(count: usize, work: impl FnOnce() -> Outcome<()>) -> Outcome<(f64, f64)> {
    let (cpu_before, began) = (cpu()?, Instant::now());
    work()?;
    let (wall, used) = (began.elapsed(), cpu()? - cpu_before);
    let of = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    Ok((of(used), of(wall)))
}

fn bytes_below(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += if found.is_dir() { bytes_below(&entry.path())? } else { found.len() };
    }
    Ok(bytes)
}

fn measure(contender: &Contender, rows: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let mut store = (contender.open)(folder.path())?;
    let restore = each(rows, || {
        for start in (0..rows).step_by(RESTORE_CHUNK) {
            let chunk = start..(start + RESTORE_CHUNK).min(rows);
            store.write(&chunk.map(|n| scattered(n, rows)).map(|n| (key(n), value(n))).collect::<Vec<_>>())?;
        }
        store.settle()
    })?;
    let batch = each(BATCHES * BATCH_ROWS, || {
        for number in 0..BATCHES {
            let numbers = (0..BATCH_ROWS).map(|row| scattered(number * BATCH_ROWS + row, rows));
            store.write(&numbers.map(|n| (key(n), value(n + 1))).collect::<Vec<_>>())?;
        }
        store.settle()
    })?;
    let hit = each(READS, || {
        for number in 0..READS {
            assert!(black_box(store.get(&key(scattered(number, rows)))?).is_some());
        }
        Ok(())
    })?;
    let miss = each(READS, || {
        for number in 0..READS {
            assert!(black_box(store.get(&format!("{}x", key(scattered(number, rows))))?).is_none());
        }
        Ok(())
    })?;
    let range = each(RANGES, || {
        for number in 0..RANGES {
            let from = prefix(scattered(number, rows));
            let to = format!("{}}}", from.trim_end_matches('|'));
            assert_eq!(black_box(store.range(&from, &to)?), 20.min(rows));
        }
        Ok(())
    })?;
    let worker = worker(store.as_mut(), rows)?;
    drop(store);
    let disk = bytes_below(folder.path())?;
    let began = Instant::now();
    let store = (contender.open)(folder.path())?;
    assert!(store.get(&key(scattered(1, rows)))?.is_some(), "what was written is there");
    let opened = began.elapsed();
    println!(
        "| {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} s | {} MB | {} ms |",
        contender.name,
        hit.0,
        miss.0,
        range.0,
        batch.0,
        worker.0,
        restore.0,
        restore.1 * rows as f64 / 1e6,
        disk / 1_000_000,
        opened.as_millis(),
    );
    Ok(())
}

/// Read a row, write it and a new one; most rows were written lately; a commit for each batch.
fn worker(store: &mut dyn Rows, rows: usize) -> Outcome<(f64, f64)> {
    each(BATCHES * BATCH_ROWS, || {
        let mut written: Vec<usize> = (0..RECENT_ROWS).map(|number| scattered(number, rows)).collect();
        for number in 0..BATCHES {
            let mut batch = Vec::with_capacity(BATCH_ROWS);
            for row in 0..BATCH_ROWS {
                let at = number * BATCH_ROWS + row;
                let recent = written[scattered(at, written.len())];
                let wanted = if at % 100 < RECENT_PERCENT { recent } else { scattered(at, rows) };
                let found = store.get(&key(wanted))?;
                assert!(found.is_some());
                let place = at % RECENT_ROWS;
                written[place] = wanted;
                batch.push((key(wanted), value(at)));
            }
            store.write(&batch)?;
        }
        store.settle()
    })
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rows = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let named: Vec<&String> = arguments.iter().filter(|argument| argument.parse::<usize>().is_err()).collect();
    println!("{rows} rows of {VALUE_BYTES} bytes; CPU microseconds for each, restore in seconds of wall time\n");
    println!(
        "| store | hit | miss | range of 20 | row of a batch of {BATCH_ROWS} | worker | restored row | restore | disk | cold start |"
    );
    println!("| --- |{}", " ---: |".repeat(9));
    for contender in contenders::ALL {
        if named.is_empty() || named.iter().any(|name| *name == contender.name) {
            measure(contender, rows)?;
        }
    }
    Ok(())
}
