//! An operator at the simulated log: what is shown, what is ordered, and what the workers make of it.

use super::commands::{self, Signature};
use super::letters::{self, LetterPlace, Wanted};
use super::parking;
use super::topics::{COMMANDS, Command, Topics, note_answer};
use anyhow::Result;
use gst_events::{ActiveRulebook, EventPayload, Outgoing, Request, StatementRequested, TaxpayerRegistered};
use ingest::Ingest;
use itc_engine::topology::{FEEDS, FROM_RECIPIENTS};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stream::{
    Context, DecideError, Decision, InputRecord, Outcome, OutcomeKind, Processor, Reaction, Route, StateView,
    WorkerName,
};
use stream_testkit::TopologyDriver;

const RECIPIENT: &str = "27AAACR1234A1Z3";

/// The simulated log as the operator's topics.
struct Simulated(TopologyDriver);

impl Topics for Simulated {
    fn read(&mut self, topic: &str, each: &mut dyn FnMut(InputRecord) -> ControlFlow<()>) -> Result<()> {
        let _ = self.0.read_all(topic).into_iter().try_for_each(each);
        Ok(())
    }

    fn record(&mut self, topic: &str, partition: u32, offset: i64) -> Result<Option<InputRecord>> {
        let all = self.0.read_all(topic);
        Ok(all.into_iter().find(|record| record.source.partition == partition && record.offset == offset))
    }

    fn order(&mut self, commands: &[Command], _: Duration) -> Result<BTreeMap<String, Request>> {
        let before = self.0.read_all("itc.results.v1").len();
        for command in commands {
            let record = command.record(None)?;
            let key = String::from_utf8_lossy(&record.key).into_owned();
            self.0.broker().publish(COMMANDS, &key, record.headers, record.value);
        }
        self.0.run_until_idle()?;
        let mut open: BTreeSet<&str> = commands.iter().map(|command| command.id.as_str()).collect();
        let mut found = BTreeMap::new();
        for record in self.0.read_all("itc.results.v1").iter().skip(before) {
            note_answer(record, &mut open, &mut found);
        }
        Ok(found)
    }
}

#[derive(Debug)]
struct Registered;

impl Outcome for Registered {
    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Decided
    }

    fn code(&self) -> &'static str {
        "REGISTERED"
    }

    fn rule(&self) -> &'static str {
        "TEST"
    }
}

gst_events::reads! {
    /// What the stand-in reads.
    enum Event {
        TaxpayerRegistered,
        StatementRequested,
    }
}

/// Stands in for `ims`, with a bug until it is mended.
struct StandIn(Arc<AtomicBool>);

impl Processor for StandIn {
    const NAME: WorkerName = WorkerName("ims");
    const REACTIONS: &'static [Reaction] = &[Reaction { reads: StatementRequested::TYPE, causes: &[Request::TYPE] }];
    type Event = Event;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = Registered;

    fn route(&self, event: &Event) -> Route {
        Route::Key(match event {
            Event::TaxpayerRegistered(fact) => fact.gstin.to_string(),
            Event::StatementRequested(fact) => fact.recipient.to_string(),
        })
    }

    fn decide(
        &self,
        _: &StateView<'_>,
        event: &Event,
        _: &Context<'_, ActiveRulebook>,
    ) -> Result<Decision<Outgoing, Registered>, DecideError> {
        match event {
            Event::TaxpayerRegistered(_) if !self.0.load(Ordering::Relaxed) => {
                Err(DecideError::Broken("the stand-in has a bug".to_owned()))
            }
            Event::TaxpayerRegistered(_) | Event::StatementRequested(_) => Ok(Decision {
                rows: Vec::new(),
                events: Vec::new(),
                timers: Vec::new(),
                dead_letters: Vec::new(),
                resume: None,
                outcome: Registered,
            }),
        }
    }
}

fn world() -> (Simulated, Arc<AtomicBool>) {
    let mended = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&mended);
    let mut driver = TopologyDriver::new(2);
    driver.add(&FEEDS, Ingest::new);
    driver.add(FROM_RECIPIENTS, move || StandIn(Arc::clone(&flag)));
    (Simulated(driver), mended)
}

fn by() -> Signature {
    Signature { reason: "mended in 0.1.1".to_owned(), actor: "anna".to_owned() }
}

fn feed(world: &mut Simulated, id: &str, event_type: &str, value: &str) {
    let headers = [("ce_id", id), ("ce_type", event_type)];
    world.0.publish("gst.taxpayer-events.v1", RECIPIENT, &headers, value.as_bytes());
    world.0.run_until_idle().expect("rests");
}

const REQUESTED: &str = r#"{"recipient":"27AAACR1234A1Z3","period":"042026","at":"2026-05-15T10:00:00+05:30"}"#;
const REGISTERED: &str = r#"{"gstin":"27AAACR1234A1Z3","role":"RECIPIENT","filing_frequency":"MONTHLY"}"#;

fn shown(show: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> String {
    let mut out = Vec::new();
    show(&mut out).expect("shows");
    String::from_utf8(out).expect("text")
}

fn place(world: &Simulated, at: usize) -> LetterPlace {
    let letters = world.0.read_all("itc.dead-letters.v1");
    LetterPlace { partition: letters[at].source.partition, offset: letters[at].offset }
}

#[test]
fn letters_are_counted_mended_and_taken_in_once() {
    let (mut world, _) = world();
    feed(&mut world, "e1", StatementRequested::TYPE.0, "{\"recipient\":");
    feed(&mut world, "e2", StatementRequested::TYPE.0, "not json");
    feed(&mut world, "e3", "itc.nonsense.v1", "{}");
    let list = |world: &mut Simulated, all| shown(|out| letters::list(world, &Wanted::default(), all, 20, out));
    let text = list(&mut world, false);
    assert!(text.contains("EVENT_TYPE_UNKNOWN") && text.contains("33 %"), "{text}");
    assert!(text.contains("the newest 3 of 3 open dead letters"), "{text}");
    let at = place(&world, 0);
    let text = shown(|out| letters::show(&mut world, at, true, out));
    assert!(text.contains("{\"recipient\":") && text.contains("gst.taxpayer-events.v1"), "{text}");

    // A dry run orders nothing.
    let file = std::env::temp_dir().join(format!("itcctl-operate-{}.json", std::process::id()));
    std::fs::write(&file, REQUESTED).expect("writes");
    let first = letters::choose(&mut world, &[at], &Wanted::default(), 100).expect("there");
    let orders = letters::replays(&first, Some(&file), &by()).expect("orders");
    let text = shown(|out| commands::give(&mut world, &orders, true, 1, out).map(drop));
    assert!(text.contains("would order") && text.contains("none given"), "{text}");
    assert!(world.0.read_all(COMMANDS).is_empty());

    // Mended, the first is taken in, once however often it is ordered.
    for _ in 0..2 {
        let mut out = Vec::new();
        assert!(commands::give(&mut world, &orders, false, 1, &mut out).expect("given"));
    }
    std::fs::remove_file(&file).expect("removes");
    let journal = world.0.read_all("itc.recipient-journal.v1");
    let ids: Vec<_> = journal.iter().map(|record| record.meta().id).collect();
    assert_eq!(ids, ["e1/ingest/0", "e1/ingest/0"], "the id that it had at first, which whoever decides recognises");
    assert_eq!(world.0.status(StandIn::NAME).expect("runs").counters().decided, 1);

    // The others as they were: nothing is lost, there is a new letter for each.
    let open = letters::choose(&mut world, &[], &Wanted { worker: Some("ingest".to_owned()), code: None }, 100);
    let open = open.expect("chosen");
    assert_eq!(open.len(), 2, "the first is no longer open");
    let orders = letters::replays(&open, None, &by()).expect("orders");
    let mut out = Vec::new();
    assert!(!commands::give(&mut world, &orders, false, 1, &mut out).expect("given"));
    let text = String::from_utf8(out).expect("text");
    assert!(text.contains("PUT_ASIDE_AGAIN"), "{text}");
    assert_eq!(world.0.read_all("itc.dead-letters.v1").len(), 5);

    // What is never to be taken in is dropped.
    let open = letters::choose(&mut world, &[], &Wanted { worker: Some("ingest".to_owned()), code: None }, 100);
    let orders = letters::discards(&open.expect("chosen"), &by()).expect("orders");
    assert!(commands::give(&mut world, &orders, false, 1, &mut Vec::new()).expect("given"));
    assert_eq!(list(&mut world, false), "no open dead letters\n");
    assert!(list(&mut world, true).contains("dropped"));
}

#[test]
fn a_filter_that_finds_too_many_letters_is_refused() {
    let (mut world, _) = world();
    for number in 0..3 {
        feed(&mut world, &format!("e{number}"), "itc.nonsense.v1", "{}");
    }
    let wanted = Wanted { worker: None, code: Some("EVENT_TYPE_UNKNOWN".to_owned()) };
    let refused = letters::choose(&mut world, &[], &wanted, 2).expect_err("too many").to_string();
    assert!(refused.contains("3 letters are of this kind, more than --at-most 2"), "{refused}");
    let missing = letters::choose(&mut world, &[LetterPlace { partition: 9, offset: 9 }], &wanted, 2);
    assert!(missing.expect_err("not there").to_string().contains("there is no dead letter 9/9"));
    assert!("9".parse::<LetterPlace>().is_err());
}

#[test]
fn a_parked_key_is_shown_thinned_out_and_released() {
    let (mut world, mended) = world();
    feed(&mut world, "e1", TaxpayerRegistered::TYPE.0, REGISTERED);
    feed(&mut world, "e2", StatementRequested::TYPE.0, REQUESTED);
    feed(&mut world, "e3", StatementRequested::TYPE.0, REQUESTED);
    let text = shown(|out| parking::list(&mut world, Some("ims"), 50, out));
    assert!(text.contains("the stand-in has a bug") && text.contains("1 of 1 parked keys"), "{text}");
    let text = shown(|out| parking::show(&mut world, "ims", RECIPIENT, out));
    assert!(text.contains("e2/ingest/0") && text.contains("e3/ingest/0"), "{text}");
    assert!(parking::list(&mut world, Some("nobody"), 50, &mut Vec::new()).is_err());

    let order = parking::drop_of(&mut world, "ims", RECIPIENT, "e2/ingest/0", &by()).expect("waits");
    assert!(commands::give(&mut world, &[order], false, 1, &mut Vec::new()).expect("given"));
    assert!(parking::drop_of(&mut world, "ims", RECIPIENT, "e2/ingest/0", &by()).is_err(), "it is gone");

    // Released before the bug is mended it parks again, and may be released again.
    for _ in 0..2 {
        let orders = parking::releases(&mut world, "ims", &[], &by()).expect("parked");
        assert_eq!(orders[0].what, "release, 2 waiting");
        assert!(commands::give(&mut world, &orders, false, 1, &mut Vec::new()).expect("given"));
        mended.store(true, Ordering::Relaxed);
    }
    assert_eq!(shown(|out| parking::list(&mut world, None, 50, out)), "no key is parked\n");
    let counters = world.0.status(StandIn::NAME).expect("runs").counters();
    assert_eq!((counters.parked, counters.waiting, counters.dead_lettered, counters.gap()), (0, 0, 1, 0));
    let refused = parking::releases(&mut world, "ims", &[RECIPIENT.to_owned()], &by()).expect_err("not parked");
    assert!(refused.to_string().contains("is not parked at ims"));
}
