//! Processes come and go: whoever owns a partition, each event counts once.

use crate::toy::{Bank, JOURNAL, PUBLIC, date, deposit, fact, open_day, said};
use proptest::prelude::*;
use std::collections::BTreeMap;
use stream::{Processor, Step, Worker, WorkerConfig};
use stream_testkit::{Fault, MemoryStore, SimulatedBroker, SimulatedLog, SimulatedLogSettings, SimulatedTimerIndex};

type BankWorker = Worker<Bank, SimulatedLog, MemoryStore, SimulatedTimerIndex>;

/// What happens to the processes.
#[derive(Debug, Clone)]
enum Happening {
    /// A place's process does so many steps.
    Steps(usize, u8),
    /// A place's process ends as by kill -9, and a new one starts there, with or without its disk.
    Kill(usize, bool),
    /// A place's session times out, while its process goes on believing.
    Expire(usize),
    /// Somebody's next commit goes wrong.
    Fault(Fault),
    /// A fact comes.
    Fact(u8),
    /// A day begins.
    Day,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0_usize..3, 1_u8..6).prop_map(|(place, steps)| Happening::Steps(place, steps)),
        1 => (0_usize..3, any::<bool>()).prop_map(|(place, keep)| Happening::Kill(place, keep)),
        1 => (0_usize..3).prop_map(Happening::Expire),
        1 => prop_oneof![Just(Fault::UnknownCommitted), Just(Fault::UnknownAborted), Just(Fault::Abort)]
            .prop_map(Happening::Fault),
        4 => (0_u8..8).prop_map(Happening::Fact),
        2 => Just(Happening::Day),
    ]
}

struct Places {
    broker: SimulatedBroker,
    workers: BTreeMap<usize, (String, BankWorker)>,
    started: u32,
}

impl Places {
    fn new() -> Self {
        Self { broker: SimulatedBroker::new(4), workers: BTreeMap::new(), started: 0 }
    }

    fn start(&mut self, place: usize, store: MemoryStore) {
        self.started += 1;
        let member = format!("m{}", self.started);
        let settings = SimulatedLogSettings {
            worker: Bank::NAME,
            member: member.clone(),
            transactional_id: format!("bank-{place}"),
            inputs: vec![JOURNAL.to_owned()],
        };
        let mut config = WorkerConfig {
            batch_changes_max: 4,
            page_changes_max: 2,
            restore_records_max: 5,
            ..WorkerConfig::default()
        };
        config.poll.records_max = 3;
        let log = SimulatedLog::new(&self.broker, settings);
        self.workers.insert(place, (member, Worker::new(Bank, log, store, SimulatedTimerIndex::new(), config)));
    }

    fn steps(&mut self, place: usize, count: u8) {
        if !self.workers.contains_key(&place) {
            self.start(place, MemoryStore::new());
        }
        for _ in 0..count {
            if let Some((_, worker)) = self.workers.get_mut(&place) {
                worker.step().unwrap();
            }
        }
    }

    fn kill(&mut self, place: usize, keep_store: bool) {
        if let Some((member, worker)) = self.workers.remove(&place) {
            let (_, store, _) = worker.into_parts();
            self.broker.expire_member("bank", &member);
            self.start(place, if keep_store { store } else { MemoryStore::new() });
        }
    }

    fn rest(&mut self) {
        self.steps(0, 1);
        loop {
            let version = self.broker.version();
            let steps = self.workers.values_mut().map(|(_, worker)| worker.step().unwrap());
            let busy = steps.filter(|step| *step != Step::Idle).count();
            if busy == 0 && self.broker.version() == version {
                return;
            }
        }
    }
}

fn play(happenings: &[Happening], disturbed: bool) -> BTreeMap<String, Vec<String>> {
    let mut places = Places::new();
    let mut day = date("2025-01-01");
    for (number, happening) in happenings.iter().enumerate() {
        match happening {
            Happening::Fact(key) => {
                let event = if key % 3 == 0 { said("hello", 5) } else { deposit(1) };
                fact(&places.broker, JOURNAL, &format!("key-{key}"), &format!("f{number}"), &event);
            }
            Happening::Day => {
                open_day(&places.broker, day);
                day = day.succ_opt().unwrap();
            }
            Happening::Steps(place, count) if disturbed => places.steps(*place, *count),
            Happening::Kill(place, keep) if disturbed => places.kill(*place, *keep),
            Happening::Expire(place) if disturbed => {
                if let Some((member, _)) = places.workers.get(place) {
                    places.broker.expire_member("bank", member);
                }
            }
            Happening::Fault(fault) if disturbed => places.broker.inject(Bank::NAME, 0, *fault),
            Happening::Steps(..) | Happening::Kill(..) | Happening::Expire(_) | Happening::Fault(_) => {}
        }
    }
    places.rest();
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in places.broker.read_committed(PUBLIC, &mut BTreeMap::new()) {
        let text = format!("{} {}", record.meta().id, String::from_utf8_lossy(&record.value));
        said.entry(record.key_text().to_owned()).or_default().push(text);
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn processes_that_come_and_go_change_nothing_that_is_said(
        happenings in proptest::collection::vec(happening(), 1..80),
    ) {
        prop_assert_eq!(play(&happenings, true), play(&happenings, false));
    }
}
