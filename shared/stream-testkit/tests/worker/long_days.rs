//! A day that concerns many keys, one of them with a part that is larger than a transaction, holds no other key up for
//! more than a page. What waits is counted in transactions, not in time.

use crate::toy::{Account, Bank, JOURNAL, Ok1, PUBLIC, ToyOutput, account_key, date, deposit, fact, open_day};
use proptest::prelude::*;
use std::collections::BTreeMap;
use stream::{Checkpoint, Draft, Processor, StateView, Step, Store, StoredCheckpoint, Worker, WorkerConfig};
use stream_testkit::{
    MemoryRows, MemoryStore, SimulatedBroker, SimulatedLog, SimulatedLogSettings, SimulatedTimerIndex,
};

type BankWorker = Worker<Bank, SimulatedLog, MemoryStore, SimulatedTimerIndex>;

/// A day to be walked.
struct Day {
    keys: u32,
    /// Which of them has a long part, and of how many lines.
    giant: u32,
    giants_lines: u32,
    config: WorkerConfig,
}

fn key(number: u32) -> String {
    format!("key-{number:07}")
}

/// The store of a process that knows that many accounts.
fn store(day: &Day) -> MemoryStore {
    let nothing = MemoryRows::default();
    let mut draft: Draft<'_, ToyOutput> = Draft::new(StateView::new(&nothing));
    for number in 0..day.keys {
        let lines = if number == day.giant { day.giants_lines } else { 1 };
        draft.put(&account_key(&key(number)), &Account { balance: 1, lines, sequence: 1 });
    }
    let checkpoint =
        Checkpoint { sequence: 1, next_offset: 0, day: None, schema: 1, partition_count: 1, timer_buckets: 64 };
    let mut store = MemoryStore::new();
    let stored = StoredCheckpoint { checkpoint: Some(checkpoint), changelog_next: 0 };
    store.apply_restored(0, draft.finish(Ok1).rows, Some(stored)).unwrap();
    store
}

fn bank(broker: &SimulatedBroker, day: &Day) -> BankWorker {
    let settings = SimulatedLogSettings {
        worker: Bank::NAME,
        member: "m0".to_owned(),
        transactional_id: "bank".to_owned(),
        inputs: vec![JOURNAL.to_owned()],
    };
    let log = SimulatedLog::new(broker, settings);
    Worker::new(Bank, log, store(day), SimulatedTimerIndex::new(), day.config.clone())
}

/// What was said of the day so far.
#[derive(Default)]
struct Heard {
    positions: BTreeMap<u32, i64>,
    /// By key, how many lines of the day.
    lines: BTreeMap<String, u32>,
    /// Of the last event that came late, whose it is and how many of its key's lines stood before its answer.
    answered: Option<(u32, u32)>,
}

impl Heard {
    fn listen(&mut self, broker: &SimulatedBroker) {
        for record in broker.read_committed(PUBLIC, &mut self.positions) {
            let of = record.key_text().to_owned();
            match record.meta().id.strip_prefix("late-").and_then(|id| id.split('/').next()?.parse().ok()) {
                Some(number) => self.answered = Some((number, self.lines.get(&of).copied().unwrap_or_default())),
                None => *self.lines.entry(of).or_default() += 1,
            }
        }
    }
}

/// What it came to.
#[derive(Debug, PartialEq, Eq)]
struct Walked {
    /// The most transactions of the day's that came between an event and its answer.
    longest_wait: u32,
    late: u32,
    pages: u32,
}

/// Walks the day. After each of `moments` pages an event of one of the keys comes; it must see its key's part of the day.
fn walk(day: &Day, moments: &[(u32, u32)]) -> Walked {
    let broker = SimulatedBroker::new(1);
    let mut worker = bank(&broker, day);
    let mut heard = Heard::default();
    while worker.step().unwrap() != Step::Idle {}
    open_day(&broker, date("2025-01-01"));
    let mut walked = Walked { longest_wait: 0, late: 0, pages: 0 };
    let step = |worker: &mut BankWorker| matches!(worker.step().unwrap(), Step::Committed { .. });
    let is_open = |worker: &BankWorker| worker.status().partitions[0].open_jobs > 0;
    while !is_open(&worker) && heard.lines.is_empty() {
        walked.pages += u32::from(step(&mut worker));
        heard.listen(&broker);
    }
    for (after_pages, of) in moments.iter().copied() {
        let until = walked.pages + after_pages;
        while is_open(&worker) && walked.pages < until {
            walked.pages += u32::from(step(&mut worker));
        }
        // The giant's own events wait for its own part, however many pages that takes.
        if !is_open(&worker) || of == day.giant {
            continue;
        }
        heard.listen(&broker);
        fact(&broker, JOURNAL, &key(of), &format!("late-{}", walked.late), &deposit(5));
        let mut commits = 0;
        while heard.answered.is_none_or(|(number, _)| number != walked.late) {
            commits += u32::from(step(&mut worker));
            heard.listen(&broker);
        }
        assert_eq!(heard.answered, Some((walked.late, 1)), "{} sees its part of the day first", key(of));
        walked.longest_wait = walked.longest_wait.max(commits - 1);
        walked.pages += commits;
        walked.late += 1;
    }
    while worker.step().unwrap() != Step::Idle {}
    heard.listen(&broker);
    assert_eq!(heard.lines.remove("partition 0"), Some(1), "the day closes once");
    assert_eq!(heard.lines.len(), usize::try_from(day.keys).unwrap(), "every key has its part");
    for (number, (of, lines)) in (0..).zip(&heard.lines) {
        let expected = if number == day.giant { day.giants_lines } else { 1 };
        assert_eq!((of.as_str(), *lines), (key(number).as_str(), expected));
    }
    walked
}

/// Events of keys all over the table, spread over the day.
fn spread(keys: u32, count: u32) -> Vec<(u32, u32)> {
    // A stride without a common factor reaches all over the table.
    (0..count).map(|number| (1 + number % 3, (number * 7_919 + 13) % keys)).collect()
}

/// A day of that many keys, of which one has a part that fills `giants_lines / 1,000` transactions.
fn long_day(keys: u32) -> Day {
    let config = WorkerConfig { batch_changes_max: 1_000, page_changes_max: 200, ..WorkerConfig::default() };
    Day { keys, giant: keys / 3, giants_lines: 20_000, config }
}

#[test]
fn a_day_of_100_000_keys_and_a_part_of_twenty_transactions_hold_an_event_up_for_a_page() {
    let walked = walk(&long_day(100_000), &spread(100_000, 60));
    assert_eq!(walked.late, 60, "{walked:?}");
    assert!(walked.longest_wait <= 1, "{walked:?}");
}

#[test]
#[ignore = "a million keys in memory take half a minute; by hand: cargo test -p stream-testkit --test worker million -- --ignored"]
fn a_day_of_a_million_keys_holds_an_event_up_for_a_page() {
    let walked = walk(&long_day(1_000_000), &spread(1_000_000, 600));
    assert_eq!(walked.late, 600, "{walked:?}");
    assert!(walked.longest_wait <= 1, "{walked:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_event_in_any_long_day_waits_for_a_page_at_most(
        (keys, giant) in (20_u32..200).prop_flat_map(|keys| (Just(keys), 0..keys)),
        giants_lines in 1_u32..400,
        (batch, page, keys_max) in (12_usize..60, 2_usize..12, 1_usize..50),
        moments in proptest::collection::vec((0_u32..6, 0_u32..200), 1..12),
    ) {
        let config = WorkerConfig {
            batch_changes_max: batch,
            page_changes_max: page,
            page_keys_max: keys_max,
            ..WorkerConfig::default()
        };
        let moments: Vec<_> = moments.into_iter().map(|(after, of)| (after, of % keys)).collect();
        let walked = walk(&Day { keys, giant, giants_lines, config }, &moments);
        prop_assert!(walked.longest_wait <= 1, "{walked:?}");
    }
}
