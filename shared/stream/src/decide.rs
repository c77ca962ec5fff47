//! One record, one decision: marks, decoding, panics, reactions, deterministic ids.

use crate::event::{Class, DeadLetter, Decode, DecodeFailure, Encode, EventMeta, InputRecord, Mark, OutputRecord};
use crate::follow::Place;
use crate::kept::{RulesRow, rules_key};
use crate::partition::{Stop, unknown_rules};
use crate::ports::{Log, Store, TimerIndex};
use crate::processor::{
    Context, Cursor, DecideError, DecisionOf, Outcome, OutcomeKind, PageLimits, Processor, Route, Rules,
};
use crate::row::StateView;
use crate::worker::{Worker, WorkerError};
use chrono::NaiveDate;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An event on the way to a decision for one key.
pub(crate) struct Case<'a, E> {
    pub(crate) record: &'a InputRecord,
    pub(crate) meta: &'a EventMeta,
    pub(crate) event: &'a E,
    pub(crate) key: &'a str,
    pub(crate) day: Option<NaiveDate>,
    pub(crate) rules: u64,
    pub(crate) job: bool,
}

/// How far a case came.
pub(crate) enum Progress {
    /// It is decided.
    Done(OutcomeKind),
    /// It is put aside whole.
    DeadLettered,
    /// It goes on from there in a later page.
    More(Cursor, u32),
    /// We are wrong; it stands there.
    Broken(String, Option<Cursor>, u32),
}

/// What one call of `decide` gave.
pub(crate) enum Decided<D> {
    Decision(D),
    Unusable(DeadLetter),
    Broken(String),
}

/// What reading a record as an event gave.
enum Read<E> {
    Skipped,
    Event(Box<E>, Route),
    Unusable(DeadLetter),
}

/// The share of unusable records among the last ones.
#[derive(Default)]
pub(crate) struct RecentShare {
    read: u64,
    dead: u64,
}

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// Takes the next record of a partition into the batch.
    pub(crate) fn take_record(&mut self, record: &InputRecord) -> Result<(), Stop> {
        let Some(partition) = self.partitions.get_mut(&record.source) else { return Ok(()) };
        if partition.halted.is_some() || record.offset < partition.next_offset {
            return Ok(());
        }
        if let Some((_, reason)) = partition.halt_at.take_if(|(offset, _)| record.offset >= *offset) {
            partition.halted = Some(reason);
            // A partition that is not paused is only read in vain.
            let _ = self.log.pause(&record.source);
            return Ok(());
        }
        partition.next_offset = record.offset + 1;
        partition.read_up_to_in_ms = record.timestamp_in_ms.or(partition.read_up_to_in_ms);
        self.batch.records += 1;
        if !self.batch.touched.contains(&record.source) {
            self.batch.touched.insert(record.source.clone());
        }
        self.batch.counters(&record.source).read += 1;
        if P::HAS_ROWS && self.old_mark(record)? {
            self.batch.counters(&record.source).skipped += 1;
            return Ok(());
        }
        let meta = record.meta();
        match P::Event::order(record) {
            Ok(Some(order)) if order.worker == P::NAME.0 => {
                self.take_order(record, &meta, &order)?;
                return self.watch_share();
            }
            Ok(Some(_) | None) => {}
            Err(DecodeFailure(letter)) => {
                self.put_aside(record, letter);
                return self.watch_share();
            }
        }
        match self.read(record) {
            Read::Skipped => {
                self.batch.counters(&record.source).skipped += 1;
                return Ok(());
            }
            Read::Unusable(letter) => self.put_aside(record, letter),
            Read::Event(event, route) if P::HAS_ROWS => self.take_event(record, &meta, *event, route)?,
            Read::Event(event, _) => self.take_feed_record(record, &meta, &event)?,
        }
        self.watch_share()
    }

    /// Keeps the day and the rules. True for a day that was opened before.
    fn old_mark(&mut self, record: &InputRecord) -> Result<bool, Stop> {
        let mark = P::Event::mark(record)
            .map_err(|DecodeFailure(letter)| Stop::Halt(format!("a mark cannot be read: {}", letter.message)))?;
        let Some(partition) = self.partitions.get_mut(&record.source) else { return Ok(false) };
        match mark {
            None => Ok(false),
            Some(Mark::DayOpened(day)) => match partition.day {
                Some(last) if day <= last => Ok(true),
                Some(last) if Some(day) != last.succ_opt() => Err(Stop::Halt(format!(
                    "the day {day} follows {last}; the days between are missing from the journal: let calendar write them"
                ))),
                Some(_) | None => {
                    partition.day = Some(day);
                    partition.expiry_due = true;
                    Ok(false)
                }
            },
            Some(Mark::RulesActivated) => {
                let number = number_of(record);
                partition.rules.insert(number, P::Rules::activated(&record.value).map_err(unknown_rules)?);
                partition.rules_number = number;
                let row = RulesRow { payload: record.value.clone() };
                self.batch.put(record.source.partition, &rules_key(number), &row);
                Ok(false)
            }
        }
    }

    fn read(&self, record: &InputRecord) -> Read<P::Event> {
        let read = catch_unwind(AssertUnwindSafe(|| match P::Event::decode(record) {
            Ok(Some(event)) => {
                let route = self.processor.route(&event);
                Read::Event(Box::new(event), route)
            }
            Ok(None) => Read::Skipped,
            Err(DecodeFailure(letter)) => Read::Unusable(letter),
        }));
        read.unwrap_or_else(|panic| Read::Unusable(panic_letter(&panic_text(&*panic))))
    }

    fn take_event(
        &mut self,
        record: &InputRecord,
        meta: &EventMeta,
        event: P::Event,
        route: Route,
    ) -> Result<(), Stop> {
        match route {
            Route::Key(key) => self.take_keyed(record, meta, &event, &key),
            Route::Job(source) => {
                self.batch.counters(&record.source).decided += 1;
                self.open_job(record, source)
            }
            Route::Partition => {
                let (day, rules) = self.moment(record);
                let case = Case { record, meta, event: &event, key: "", day, rules, job: false };
                let prefix = format!("{}/{}/p{}", meta.id, P::NAME, record.source.partition);
                match self.decide_pages(&case, &prefix, None, 0)? {
                    Progress::Done(kind) => self.count(record, kind),
                    Progress::DeadLettered => {}
                    Progress::More(..) => return Err(halt_broken("a decision for a whole partition has no pages")),
                    Progress::Broken(reason, ..) => return Err(halt_broken(&reason)),
                }
                Ok(())
            }
        }
    }

    /// A record of a feed, at a worker without rows: a bug makes it a dead letter, others go on.
    pub(crate) fn take_feed_record(
        &mut self,
        record: &InputRecord,
        meta: &EventMeta,
        event: &P::Event,
    ) -> Result<(), Stop> {
        let case = Case { record, meta, event, key: record.key_text(), day: None, rules: 0, job: false };
        let prefix = format!("{}/{}", meta.id, P::NAME);
        let mut from = (None, 0);
        loop {
            match self.decide_pages(&case, &prefix, from.0.take(), from.1)? {
                Progress::Done(kind) => self.count(record, kind),
                Progress::DeadLettered => {}
                // There are no rows to keep the rest in, so the record is decided whole.
                Progress::More(cursor, said) => {
                    from = (Some(cursor), said);
                    continue;
                }
                Progress::Broken(reason, ..) => self.put_aside(record, panic_letter(&reason)),
            }
            return Ok(());
        }
    }

    /// Decides page after page, as far as the batch reaches.
    pub(crate) fn decide_pages(
        &mut self,
        case: &Case<'_, P::Event>,
        prefix: &str,
        mut cursor: Option<Cursor>,
        mut said: u32,
    ) -> Result<Progress, Stop> {
        loop {
            self.decision_begins();
            let decision = match self.decide_once(case, cursor.as_ref())? {
                Decided::Decision(decision) => decision,
                Decided::Unusable(letter) => {
                    if case.job {
                        self.batch.dead_letters.push((case.record.clone(), letter));
                    } else {
                        self.put_aside(case.record, letter);
                    }
                    return Ok(Progress::DeadLettered);
                }
                Decided::Broken(reason) => return Ok(Progress::Broken(reason, cursor, said)),
            };
            if decision.resume.is_some() && decision.resume == cursor {
                return Ok(Progress::Broken("a page ended where it began".to_owned(), cursor, said));
            }
            let kind = decision.outcome.kind();
            let next = decision.resume.clone();
            said = self.absorb(case, prefix, decision, said)?;
            match next {
                None => return Ok(Progress::Done(kind)),
                Some(next) if self.batch_is_full() => return Ok(Progress::More(next, said)),
                Some(next) => cursor = Some(next),
            }
        }
    }

    fn decide_once(&self, case: &Case<'_, P::Event>, cursor: Option<&Cursor>) -> Result<Decided<DecisionOf<P>>, Stop> {
        self.with_context(case, cursor, |processor, rows, context| processor.decide(rows, case.event, context))
    }

    /// Calls the processor with the rows, the rules and the day of a case, and catches a panic.
    pub(crate) fn with_context<D>(
        &self,
        case: &Case<'_, P::Event>,
        cursor: Option<&Cursor>,
        call: impl FnOnce(&P, &StateView<'_>, &Context<'_, P::Rules>) -> Result<D, DecideError>,
    ) -> Result<Decided<D>, Stop> {
        let Some(partition) = self.partitions.get(&case.record.source) else {
            return Err(Stop::Halt("the partition is not assigned".to_owned()));
        };
        let number = case.record.source.partition;
        let overlay = self.batch.view(number, crate::batch::rows_below(&self.store, P::HAS_ROWS, number));
        let context = Context {
            rules: partition.rules_of(case.rules)?,
            key: case.key,
            cursor,
            meta: case.meta,
            position: case.record.position(),
            day: case.day,
            page: PageLimits { changes_max: self.config.page_changes_max },
        };
        let view = StateView::new(&overlay);
        match catch_unwind(AssertUnwindSafe(|| call(&self.processor, &view, &context))) {
            Ok(Ok(decision)) => Ok(Decided::Decision(decision)),
            Ok(Err(DecideError::Unusable(letter))) => Ok(Decided::Unusable(letter)),
            Ok(Err(DecideError::Broken(reason))) => Ok(Decided::Broken(reason)),
            Ok(Err(DecideError::Read(error))) => Err(Stop::from(error)),
            Err(panic) => Ok(Decided::Broken(panic_text(&*panic))),
        }
    }

    /// Takes a decision into the batch; returns how many events are said so far.
    pub(crate) fn absorb(
        &mut self,
        case: &Case<'_, P::Event>,
        prefix: &str,
        decision: DecisionOf<P>,
        mut said: u32,
    ) -> Result<u32, Stop> {
        let partition = case.record.source.partition;
        if !P::HAS_ROWS && !decision.rows.is_empty() {
            return Err(contract::<P>("it has no rows but a decision changes some"));
        }
        for change in decision.rows {
            if change.key.as_str().starts_with(['~', '!']) {
                return Err(contract::<P>("tables whose names begin with ~ or ! are the loop's own"));
            }
            self.batch.change(partition, change.key.as_str().to_owned(), change.value);
        }
        let trace = Place::of(case.meta, prefix, said);
        let outputs = decision.events.len();
        for event in decision.events {
            self.say(case.meta, &trace.header, prefix, said, &event)?;
            said += 1;
        }
        self.follow(case, &trace, (decision.outcome.code(), decision.outcome.rule()), outputs);
        if !decision.timers.is_empty() {
            if self.processor.timers().is_none() {
                return Err(contract::<P>("a decision sets timers but it has no schedule of timers"));
            }
            self.batch.timers.entry(partition).or_default().extend(decision.timers);
        }
        for letter in decision.dead_letters {
            self.batch.dead_letters.push((case.record.clone(), letter));
        }
        *self.batch.outcomes.entry((decision.outcome.code(), decision.outcome.rule())).or_default() += 1;
        Ok(said)
    }

    /// Takes one event into the batch, with its id, cause, time and trace.
    pub(crate) fn say(
        &mut self,
        cause: &EventMeta,
        traceparent: &str,
        prefix: &str,
        number: u32,
        event: &P::Output,
    ) -> Result<(), Stop> {
        let output: OutputRecord = event.encode();
        let declared = P::REACTIONS.iter().filter(|reaction| reaction.reads.0 == cause.event_type);
        if !declared.flat_map(|reaction| reaction.causes).any(|causes| *causes == output.event_type) {
            return Err(Stop::from(WorkerError::UndeclaredReaction {
                worker: P::NAME,
                reads: cause.event_type.clone(),
                writes: output.event_type.0,
            }));
        }
        let meta = EventMeta {
            id: format!("{prefix}/{number}"),
            event_type: output.event_type.0.to_owned(),
            time: cause.time.clone(),
            cause: Some(cause.id.clone()),
            traceparent: Some(traceparent.to_owned()),
            class: Some(output.class),
        };
        self.batch.bytes += output.value.len();
        self.batch.outputs.push((meta, output));
        Ok(())
    }

    /// Puts a record aside whole.
    pub(crate) fn put_aside(&mut self, record: &InputRecord, letter: DeadLetter) {
        self.follow_aside(record, &letter);
        self.batch.counters(&record.source).dead_lettered += 1;
        self.batch.bytes += record.value.len();
        self.batch.dead_letters.push((record.clone(), letter));
        self.recent.dead += 1;
    }

    fn watch_share(&mut self) -> Result<(), Stop> {
        self.recent.read += 1;
        if self.recent.read < self.config.dead_letter_window_in_records {
            return Ok(());
        }
        let RecentShare { read, dead } = std::mem::take(&mut self.recent);
        let limit_in_percent = self.config.dead_letter_share_max_in_percent;
        if dead * 100 <= limit_in_percent * read {
            return Ok(());
        }
        let code = self.batch.dead_letters.last().map(|(_, letter)| letter.code.clone()).unwrap_or_default();
        Err(Stop::from(WorkerError::TooManyDeadLetters { dead, read, limit_in_percent, code }))
    }

    pub(crate) fn count(&mut self, record: &InputRecord, kind: OutcomeKind) {
        let counters = self.batch.counters(&record.source);
        match kind {
            OutcomeKind::Decided => counters.decided += 1,
            OutcomeKind::Refused => counters.refused += 1,
            OutcomeKind::Duplicate => counters.duplicate += 1,
            OutcomeKind::Waiting => counters.waiting += 1,
        }
    }

    /// The day and the rules at this place of the log.
    pub(crate) fn moment(&self, record: &InputRecord) -> (Option<NaiveDate>, u64) {
        self.partitions.get(&record.source).map_or((None, 0), |partition| (partition.day, partition.rules_number))
    }
}

/// The number of a job or of rules: one more than the offset of the record, which orders them and never repeats.
pub(crate) fn number_of(record: &InputRecord) -> u64 {
    u64::try_from(record.offset).unwrap_or(0) + 1
}

/// A short name of a key for ids; it does not show a taxpayer.
pub(crate) fn key_digest(key: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(key.as_bytes())[..8])
}

pub(crate) fn is_fact(meta: &EventMeta) -> bool {
    meta.class == Some(Class::Fact)
}

pub(crate) fn halt_broken(reason: &str) -> Stop {
    Stop::Halt(format!(
        "an event that concerns the whole partition cannot be decided ({reason}); run a build that can decide it"
    ))
}

pub(crate) fn contract<P: Processor>(what: &str) -> Stop {
    Stop::from(WorkerError::Contract { worker: P::NAME, what: what.to_owned() })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic without a message".to_owned())
}

fn panic_letter(reason: &str) -> DeadLetter {
    DeadLetter {
        code: "PANIC".to_owned(),
        field: String::new(),
        rule: "ENGINE".to_owned(),
        message: format!("the program failed at this record: {reason}"),
        part: None,
    }
}
