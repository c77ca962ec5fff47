//! What an operator orders for one key: parked keys are released, waiting events dropped, dead letters replayed. An
//! order is a record of the log like any other, so it is carried out once, in its place, and answered in the same
//! transaction.

use crate::decide::{Case, Progress, is_fact};
use crate::event::{DeadLetter, Decode, Encode, EventMeta, InputRecord, SourcePartition};
use crate::kept::{KeptRecord, waiting_key};
use crate::kept::{
    KeyRow, ParkedRow, SeenRow, SeenUntilRow, WaitingRow, key_key, parked_key, seen_key, seen_until_key,
};
use crate::partition::Stop;
use crate::ports::{Log, Store, TimerIndex};
use crate::processor::{OutcomeKind, Processor, Route, WorkerName};
use crate::row::StateView;
use crate::worker::Worker;

/// The header of a replayed record: the place of its dead letter. It marks a fact that may be older than the window in
/// which repeats are recognised, because an operator has looked at it.
pub const REPLAYED_HEADER: &str = "itc-dead-letter-replayed";

/// How far behind the head of a parked key's queue an event can be dropped: those before it are written again.
const DROP_DEPTH_MAX: u64 = 1_000;

/// What an operator wants of one worker for one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The worker.
    pub worker: String,
    /// The key.
    pub key: String,
    /// What it is to do.
    pub action: OrderAction,
}

/// What an operator can order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderAction {
    /// Decide a parked key's waiting events again, in their order.
    Release,
    /// Put one waiting event of a parked key among the dead letters.
    Drop {
        /// Its id.
        event_id: String,
    },
    /// Take a dead letter in again, as it was or mended.
    Replay {
        /// The letter's place, `partition/offset`.
        letter: String,
        /// The record that was put aside, from its own place.
        record: Box<KeptRecord>,
    },
    /// Leave a dead letter aside for good.
    Discard {
        /// The letter's place, `partition/offset`.
        letter: String,
    },
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The key is released; that many events are decided now.
    Released(u64),
    /// The event is among the dead letters, code `DROPPED`.
    Dropped,
    /// The letter's record was decided.
    Replayed,
    /// The letter's record waits for its key's turn.
    ReplayWaits,
    /// The letter's record was decided before, so nothing changed.
    ReplayRepeats,
    /// The letter stays aside for good.
    Discarded,
    /// The same order came before.
    Repeated,
    /// The letter was replayed or discarded before.
    LetterDone,
    /// The record is unusable still: there is a new letter.
    PutAsideAgain,
    /// The key is not parked.
    NotParked,
    /// No such event waits.
    NoSuchEvent,
    /// Too many events stand before it.
    TooDeep,
    /// This worker does not read events of that type, or they concern no single key.
    NotReplayable,
    /// The event belongs to another key.
    OtherKey,
}

impl Verdict {
    /// The class.
    #[must_use]
    pub const fn kind(self) -> OutcomeKind {
        match self {
            Self::Released(_) | Self::Dropped | Self::Replayed | Self::Discarded => OutcomeKind::Decided,
            Self::ReplayWaits => OutcomeKind::Waiting,
            Self::Repeated | Self::ReplayRepeats => OutcomeKind::Duplicate,
            Self::LetterDone
            | Self::PutAsideAgain
            | Self::NotParked
            | Self::NoSuchEvent
            | Self::TooDeep
            | Self::NotReplayable
            | Self::OtherKey => OutcomeKind::Refused,
        }
    }

    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Released(_) => "RELEASED",
            Self::Dropped => "DROPPED",
            Self::Replayed => "REPLAYED",
            Self::ReplayWaits => "REPLAY_WAITS",
            Self::ReplayRepeats => "REPLAY_REPEATS",
            Self::Discarded => "DISCARDED",
            Self::Repeated => "DUPLICATE_IGNORED",
            Self::LetterDone => "LETTER_DONE",
            Self::PutAsideAgain => "PUT_ASIDE_AGAIN",
            Self::NotParked => "NOT_PARKED",
            Self::NoSuchEvent => "NO_SUCH_EVENT",
            Self::TooDeep => "TOO_DEEP",
            Self::NotReplayable => "NOT_REPLAYABLE",
            Self::OtherKey => "OTHER_KEY",
        }
    }

    /// What an operator reads.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Released(1) => "released: 1 event is decided now".to_owned(),
            Self::Released(waiting) => format!("released: {waiting} events are decided now, in their order"),
            Self::Dropped => "the event is among the dead letters, code DROPPED; the key stays parked until its \
                              release"
                .to_owned(),
            Self::Replayed => "the record was taken in again".to_owned(),
            Self::ReplayWaits => "the record waits for its key's turn".to_owned(),
            Self::ReplayRepeats => "the record was decided before; nothing changed".to_owned(),
            Self::Discarded => "the letter stays aside for good".to_owned(),
            Self::Repeated => "this command came before; nothing changed".to_owned(),
            Self::LetterDone => "this letter was replayed or dropped before; nothing changed".to_owned(),
            Self::PutAsideAgain => "it cannot be used still: there is a new dead letter".to_owned(),
            Self::NotParked => "the key is not parked".to_owned(),
            Self::NoSuchEvent => "no event with this id waits for the key".to_owned(),
            Self::TooDeep => format!("more than {DROP_DEPTH_MAX} events stand before it; release or drop those first"),
            Self::NotReplayable => "this worker cannot decide such a record for one key".to_owned(),
            Self::OtherKey => "the record belongs to another key".to_owned(),
        }
    }
}

/// An order with what became of it, for whoever writes the answer.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The order.
    pub order: &'a Order,
    /// The headers of the order's record.
    pub meta: &'a EventMeta,
    /// The worker.
    pub worker: WorkerName,
    /// What became of it.
    pub verdict: Verdict,
}

impl<P: Processor, L: Log, S: Store, T: TimerIndex> Worker<P, L, S, T> {
    /// Carries an order out, once, and answers it.
    pub(crate) fn take_order(&mut self, record: &InputRecord, meta: &EventMeta, order: &Order) -> Result<(), Stop> {
        let verdict = if P::HAS_ROWS {
            self.carry_out(record, meta, order)?
        } else {
            self.carry_out_without_rows(record, order)?
        };
        *self.batch.outcomes.entry((verdict.code(), "ENGINE")).or_default() += 1;
        let answer = Answer { order, meta, worker: P::NAME, verdict };
        if let Some(event) = P::Output::answer(&answer) {
            let output = event.encode();
            // A repeat stands at a place of its own, so its answer has an id of its own.
            let place = if verdict == Verdict::Repeated { format!("-{}", record.offset) } else { String::new() };
            let meta = EventMeta {
                id: format!("{}/{}/answer{place}", meta.id, P::NAME),
                event_type: output.event_type.0.to_owned(),
                cause: Some(meta.id.clone()),
                class: Some(output.class),
                ..meta.clone()
            };
            self.batch.bytes += output.value.len();
            self.batch.outputs.push((meta, output));
        }
        Ok(())
    }

    fn carry_out(&mut self, record: &InputRecord, meta: &EventMeta, order: &Order) -> Result<Verdict, Stop> {
        let (source, key) = (&record.source, order.key.as_str());
        if self.noted(source, key, &meta.id)? {
            self.batch.counters(source).duplicate += 1;
            return Ok(Verdict::Repeated);
        }
        self.note(record, key, &meta.id);
        let verdict = match &order.action {
            OrderAction::Release => self.release_key(source, key)?,
            OrderAction::Drop { event_id } => self.drop_waiting(source, key, event_id)?,
            OrderAction::Discard { letter } if self.noted(source, key, &letter_id(letter))? => Verdict::LetterDone,
            OrderAction::Discard { letter } => {
                self.note(record, key, &letter_id(letter));
                Verdict::Discarded
            }
            OrderAction::Replay { letter, .. } if self.noted(source, key, &letter_id(letter))? => Verdict::LetterDone,
            OrderAction::Replay { letter, record: kept } => {
                let mut replayed = InputRecord::from((**kept).clone());
                replayed.source.clone_from(source);
                mark_as_replayed(&mut replayed, letter);
                return self.replay(record, order, letter, &replayed);
            }
        };
        self.count(record, verdict.kind());
        Ok(verdict)
    }

    /// A worker without rows only takes letters in again. Whoever decides what comes of them recognises repeats.
    fn carry_out_without_rows(&mut self, record: &InputRecord, order: &Order) -> Result<Verdict, Stop> {
        let (letter, kept) = match &order.action {
            OrderAction::Replay { letter, record } => (letter, record),
            OrderAction::Discard { .. } => {
                self.count(record, OutcomeKind::Decided);
                return Ok(Verdict::Discarded);
            }
            OrderAction::Release | OrderAction::Drop { .. } => {
                self.count(record, OutcomeKind::Refused);
                return Ok(Verdict::NotParked);
            }
        };
        let mut replayed = InputRecord::from((**kept).clone());
        mark_as_replayed(&mut replayed, letter);
        let letters = self.batch.dead_letters.len();
        // It is decided as a record of its own topic, at the place of the order.
        let Some(event) = self.read_or_put_aside(&replayed, record) else {
            self.name_place(letters, &replayed);
            return Ok(Verdict::PutAsideAgain);
        };
        let placed = InputRecord { source: record.source.clone(), ..replayed.clone() };
        self.take_feed_record(&placed, &replayed.meta(), &event)?;
        self.name_place(letters, &replayed);
        Ok(if self.batch.dead_letters.len() > letters { Verdict::PutAsideAgain } else { Verdict::Replayed })
    }

    /// Letters written because of a replay name the place of the record that was put aside first.
    fn name_place(&mut self, from: usize, replayed: &InputRecord) {
        for (record, _) in self.batch.dead_letters.iter_mut().skip(from) {
            record.clone_from(replayed);
        }
    }

    fn read_or_put_aside(&mut self, replayed: &InputRecord, order: &InputRecord) -> Option<P::Event> {
        let letter = match P::Event::decode(replayed) {
            Ok(Some(event)) => return Some(event),
            Ok(None) => not_readable("the worker does not read records of this type"),
            Err(crate::event::DecodeFailure(letter)) => letter,
        };
        self.batch.counters(&order.source).dead_lettered += 1;
        self.batch.dead_letters.push((replayed.clone(), letter));
        None
    }

    fn release_key(&mut self, source: &SourcePartition, key: &str) -> Result<Verdict, Stop> {
        let mut row = self.key_row(source.partition, key)?;
        if !row.parked {
            return Ok(Verdict::NotParked);
        }
        if let Some((head, _)) = self.parked_head(source, key, &row)?
            && !head.job
        {
            let counters = self.batch.counters(source);
            counters.parked -= 1;
            counters.waiting += 1;
        }
        row.parked = false;
        self.batch.put(source.partition, &key_key(key), &row);
        self.batch.delete(source.partition, &parked_key(key));
        if let Some(partition) = self.partitions.get_mut(source) {
            partition.parked.remove(key);
            // Also an empty queue: working it off deletes the key's row.
            partition.waiting.insert(key.to_owned());
        }
        Ok(Verdict::Released(row.next - row.first))
    }

    /// The event at which a key was parked, if it still heads the queue.
    fn parked_head(
        &self,
        source: &SourcePartition,
        key: &str,
        row: &KeyRow,
    ) -> Result<Option<(WaitingRow, ParkedRow)>, Stop> {
        let rows = self.batch.view(source.partition, self.store.rows(source.partition));
        let view = StateView::new(&rows);
        let head = view.get::<WaitingRow>(&waiting_key(key, row.first))?;
        let parked = view.get::<ParkedRow>(&parked_key(key))?;
        Ok(head.zip(parked).filter(|(head, parked)| head.record.offset == parked.offset))
    }

    fn drop_waiting(&mut self, source: &SourcePartition, key: &str, event_id: &str) -> Result<Verdict, Stop> {
        let mut row = self.key_row(source.partition, key)?;
        if !row.parked {
            return Ok(Verdict::NotParked);
        }
        let mut before = Vec::new();
        let dropped = loop {
            let number = row.first + u64::try_from(before.len()).unwrap_or(u64::MAX);
            if number >= row.next {
                return Ok(Verdict::NoSuchEvent);
            }
            if number - row.first >= DROP_DEPTH_MAX {
                return Ok(Verdict::TooDeep);
            }
            let rows = self.batch.view(source.partition, self.store.rows(source.partition));
            let Some(item) = StateView::new(&rows).get::<WaitingRow>(&waiting_key(key, number))? else {
                return Err(Stop::Halt("a waiting event is missing from the rows; rebuild the partition".to_owned()));
            };
            if InputRecord::from(item.record.clone()).meta().id == event_id {
                break item;
            }
            before.push(item);
        };
        let parked_here = before.is_empty() && self.parked_head(source, key, &row)?.is_some();
        // Those before it move up, so that the queue has no hole.
        for (number, item) in (row.first + 1..).zip(&before) {
            self.batch.put(source.partition, &waiting_key(key, number), item);
        }
        self.batch.delete(source.partition, &waiting_key(key, row.first));
        row.first += 1;
        self.batch.put(source.partition, &key_key(key), &row);
        if !dropped.job {
            let counters = self.batch.counters(source);
            *(if parked_here { &mut counters.parked } else { &mut counters.waiting }) -= 1;
            counters.dead_lettered += 1;
        }
        let mut record = InputRecord::from(dropped.record);
        record.source.clone_from(source);
        self.batch.bytes += record.value.len();
        self.batch.dead_letters.push((record, dropped_letter()));
        Ok(Verdict::Dropped)
    }

    /// Decides a letter's record as if it came now. Only facts are recognised by their own id, so the letter's place
    /// is kept: each letter is replayed once.
    fn replay(
        &mut self,
        order_record: &InputRecord,
        order: &Order,
        letter: &str,
        replayed: &InputRecord,
    ) -> Result<Verdict, Stop> {
        let (source, key) = (&order_record.source, order.key.as_str());
        let Some(event) = self.read_or_put_aside(replayed, order_record) else {
            self.note(order_record, key, &letter_id(letter));
            return Ok(Verdict::PutAsideAgain);
        };
        let refused = match self.processor.route(&event) {
            Route::Key(other) if other == key => None,
            Route::Key(_) => Some(Verdict::OtherKey),
            Route::Job(_) | Route::Partition => Some(Verdict::NotReplayable),
        };
        if let Some(verdict) = refused {
            self.count(order_record, verdict.kind());
            return Ok(verdict);
        }
        self.note(order_record, key, &letter_id(letter));
        self.run_open_jobs(source, key)?;
        let (day, rules) = self.moment(order_record);
        let meta = replayed.meta();
        let case = Case { record: replayed, meta: &meta, event: &event, key, day, rules, job: false };
        if self.partitions.get(source).is_some_and(|partition| partition.queue_exists(key)) {
            self.batch.counters(source).waiting += 1;
            self.enqueue(&case, None, 0, None)?;
            return Ok(Verdict::ReplayWaits);
        }
        match self.decide_event(&case, None, 0)? {
            Progress::Done(kind) => {
                self.count(replayed, kind);
                Ok(if kind == OutcomeKind::Duplicate { Verdict::ReplayRepeats } else { Verdict::Replayed })
            }
            Progress::DeadLettered => Ok(Verdict::PutAsideAgain),
            Progress::More(cursor, said) => {
                self.batch.counters(source).waiting += 1;
                self.enqueue(&case, Some(cursor), said, None)?;
                Ok(Verdict::ReplayWaits)
            }
            Progress::Broken(reason, cursor, said) => {
                self.batch.counters(source).parked += 1;
                self.enqueue(&case, cursor, said, None)?;
                self.park(&case, reason)?;
                Ok(Verdict::ReplayWaits)
            }
        }
    }

    /// Whether a key has met an order, or an order for a letter, before.
    fn noted(&self, source: &SourcePartition, key: &str, id: &str) -> Result<bool, Stop> {
        let rows = self.batch.view(source.partition, self.store.rows(source.partition));
        Ok(StateView::new(&rows).get::<SeenRow>(&seen_key(key, id))?.is_some())
    }

    fn note(&mut self, record: &InputRecord, key: &str, id: &str) {
        let (day, _) = self.moment(record);
        let until = crate::repeats::window_from(day, self.config.repeat_window_days);
        self.batch.put(record.source.partition, &seen_key(key, id), &SeenRow { until });
        self.batch.put(record.source.partition, &seen_until_key(until, key, id), &SeenUntilRow);
    }
}

/// A replayed fact is as old as it is: its repeat is recognised from now on.
pub(crate) fn is_replayed(case_record: &InputRecord, meta: &EventMeta) -> bool {
    is_fact(meta) && case_record.header(REPLAYED_HEADER).is_some()
}

fn mark_as_replayed(record: &mut InputRecord, letter: &str) {
    record.headers.retain(|(name, _)| name != REPLAYED_HEADER);
    record.headers.push((REPLAYED_HEADER.to_owned(), letter.as_bytes().to_vec()));
}

fn letter_id(letter: &str) -> String {
    format!("dead-letter/{letter}")
}

fn dropped_letter() -> DeadLetter {
    DeadLetter {
        code: "DROPPED".to_owned(),
        field: String::new(),
        rule: "ENGINE".to_owned(),
        message: "an operator took it out of a parked key's queue; the command and its reason are in \
                  itc.operator-commands.v1"
            .to_owned(),
        part: None,
    }
}

fn not_readable(message: &str) -> DeadLetter {
    DeadLetter {
        code: "NOT_READ".to_owned(),
        field: "ce_type".to_owned(),
        rule: "ENGINE".to_owned(),
        message: message.to_owned(),
        part: None,
    }
}
