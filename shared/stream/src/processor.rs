//! What a worker is to the loop: a pure function from rows, event and rules to a decision.

use crate::event::{DeadLetter, Decode, Encode, EventMeta, EventType, Position};
use crate::row::{RowChange, StateError, StateView};
use chrono::NaiveDate;
use std::fmt;

/// The name of a worker, as in its topic names and its subcommand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerName(pub &'static str);

impl fmt::Display for WorkerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// One type of event that a worker reads, and the types that it may write because of it.
#[derive(Debug, Clone, Copy)]
pub struct Reaction {
    /// What is read.
    pub reads: EventType,
    /// What may follow; anything else is refused by the loop.
    pub causes: &'static [EventType],
}

/// Whom an event concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// One key. It is decided after every open job has been run for that key.
    Key(String),
    /// Many keys: the event opens a job, and is decided once for each of them.
    Job(JobSource),
    /// The partition as a whole; it is decided at once, with an empty key. Jobs that were opened before may reach some of
    /// their keys only afterwards, so what depends on it goes by the dates and instants inside the events.
    Partition,
}

/// Where the keys of a job come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobSource {
    /// [`Processor::job_keys`].
    Rows,
    /// The timer index: the keys with something due on the day of the mark.
    Timers(NaiveDate),
}

/// Where a decision that did not fit a page goes on; the processor's own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// How much one page of a decision may hold, so that a transaction stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimits {
    /// Events and changed rows of one page.
    pub changes_max: usize,
}

/// What a decision may look at besides rows and the event.
#[derive(Debug)]
pub struct Context<'a, R> {
    /// The rules in force at this place of the log.
    pub rules: &'a R,
    /// The key that is decided for.
    pub key: &'a str,
    /// Where the page before ended.
    pub cursor: Option<&'a Cursor>,
    /// The event's headers.
    pub meta: &'a EventMeta,
    /// The event's place; offsets order arrivals.
    pub position: Position,
    /// The last day opened in this partition; `None` before the first.
    pub day: Option<NaiveDate>,
    /// The limits of this page.
    pub page: PageLimits,
}

/// What now falls due on a day for a key, in absolute figures, so that applying it twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerEntry {
    /// The day on which the timer fires.
    pub fires_on: NaiveDate,
    /// Whose timer it is: the field of the index.
    pub key: String,
    /// How many documents fire; 0 removes the entry.
    pub documents: u64,
    /// The credit that hangs on them, in paise.
    pub credit_at_stake_in_paise: i64,
}

/// What a decision is: a value. The loop carries it out, all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<O, C> {
    /// Changed rows, at most one change a row.
    pub rows: Vec<RowChange>,
    /// What is said, in order.
    pub events: Vec<O>,
    /// What the timer index is told, after the commit.
    pub timers: Vec<TimerEntry>,
    /// Parts of the input that are put aside.
    pub dead_letters: Vec<DeadLetter>,
    /// Where to go on, where it did not fit the page.
    pub resume: Option<Cursor>,
    /// Which rule decided.
    pub outcome: C,
}

/// The class of an outcome; the loop counts by it, and conservation adds up over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutcomeKind {
    /// A rule decided.
    Decided,
    /// A rule refused.
    Refused,
    /// It was decided before.
    Duplicate,
    /// It waits for a fact that has not come yet.
    Waiting,
}

/// A worker's closed enum of outcomes; each names the rule that decided.
pub trait Outcome {
    /// The class.
    fn kind(&self) -> OutcomeKind;
    /// Stable code for metrics and spans.
    fn code(&self) -> &'static str;
    /// The rule, such as `AC-6`.
    fn rule(&self) -> &'static str;
}

/// Why an event was not decided.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DecideError {
    /// It never can be: it becomes a dead letter.
    #[error("unusable: {}", .0.code)]
    Unusable(DeadLetter),
    /// We are wrong: an invariant does not hold. The key is parked, others go on.
    #[error("broken invariant: {0}")]
    Broken(String),
    /// Rows could not be read: the batch is aborted and tried again.
    #[error(transparent)]
    Read(#[from] StateError),
}

/// The rules in force, as the log activates them.
pub trait Rules: Sized {
    /// The rules before any activation.
    fn initial() -> Self;

    /// The rules of an activation record.
    ///
    /// # Errors
    /// A message where this build does not know them; the partition halts.
    fn activated(payload: &[u8]) -> Result<Self, String>;
}

/// The schedule of a processor that owns timers: what its rows say, to compare and to repair the index with.
pub trait TimerSchedule {
    /// How many keys have something due on that day.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    fn expected(&self, rows: &StateView<'_>, fires_on: NaiveDate) -> Result<u64, StateError>;

    /// At most `limit` entries of that day by key, behind `after`.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    fn entries(
        &self,
        rows: &StateView<'_>,
        fires_on: NaiveDate,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TimerEntry>, StateError>;

    /// Every day on which something is due, at most `limit`, behind `after`; for rebuilding the index.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    fn days(&self, rows: &StateView<'_>, after: Option<NaiveDate>, limit: usize) -> Result<Vec<NaiveDate>, StateError>;
}

/// The decision of a processor.
pub type DecisionOf<P> = Decision<<P as Processor>::Output, <P as Processor>::Outcome>;

/// A worker's logic. Every method is pure: it reads through the view and returns a value.
pub trait Processor: Send {
    /// Its name.
    const NAME: WorkerName;
    /// What it reads and what may follow.
    const REACTIONS: &'static [Reaction];
    /// Whether it keeps rows. A worker without rows has no changelog and no checkpoint (`ingest`).
    const HAS_ROWS: bool = true;
    /// The events it reads.
    type Event: Decode;
    /// The events it writes.
    type Output: Encode;
    /// The rules it looks up.
    type Rules: Rules + Send;
    /// Its outcomes.
    type Outcome: Outcome;

    /// Whom an event concerns. An event that waits for its turn is decoded again from its record, so the key must
    /// follow from the record alone.
    fn route(&self, event: &Self::Event) -> Route;

    /// Decides an event for one key, `context.key`.
    ///
    /// The event of a job is decided for every key of its list, and, before a later event of some key is decided, for
    /// that key too, whether or not the list names it: where nothing of the key is concerned, the decision is empty.
    /// Outputs may depend on rows, event, rules and `context`, but not on where a page happens to end.
    ///
    /// Tables whose names begin with `~` or `!` are the loop's own.
    ///
    /// # Errors
    /// [`DecideError`]; a business refusal is no error but an outcome with its event.
    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Self::Event,
        context: &Context<'_, Self::Rules>,
    ) -> Result<Decision<Self::Output, Self::Outcome>, DecideError>;

    /// The keys of the job that `event` opens, ascending as keys of rows do, behind `after`, at most `limit`; fewer than
    /// `limit` means that there are no more. While the job runs, deciding a key may remove it from this list; a key that
    /// comes in later had the job run for it before the event that brought it in.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    fn job_keys(
        &self,
        _rows: &StateView<'_>,
        _event: &Self::Event,
        _after: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<String>, StateError> {
        Ok(Vec::new())
    }

    /// What is said once for the partition when the job of `event` has closed: every key's part of it is committed or
    /// in the same transaction, parked keys excepted. `context.key` is empty.
    ///
    /// # Errors
    /// [`DecideError`] as for [`Processor::decide`].
    fn job_closed(
        &self,
        _rows: &StateView<'_>,
        _event: &Self::Event,
        _context: &Context<'_, Self::Rules>,
    ) -> Result<Option<DecisionOf<Self>>, DecideError>
    where
        Self: Sized,
    {
        Ok(None)
    }

    /// What is said when a fact comes again (EG-6), such as a result `DUPLICATE_IGNORED`.
    fn repeated(&self, _event: &Self::Event, _context: &Context<'_, Self::Rules>) -> Vec<Self::Output> {
        Vec::new()
    }

    /// The schedule of the processor that owns timers.
    fn timers(&self) -> Option<&dyn TimerSchedule> {
        None
    }
}
