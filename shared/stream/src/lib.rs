//! Processors, decisions, jobs and the generic worker loop behind ports. No tax and no Kafka in here. Pure.
//!
//! A worker is a pure function ([`Processor::decide`]) with a loop around it ([`Worker`]). The loop reads one ordered
//! log per partition, asks the processor, and commits outputs, changed rows, checkpoint and input offsets in one
//! transaction of the [`Log`]. Only a [`CommittedBatch`] may reach the [`Store`] and the [`TimerIndex`].

mod draft;
mod event;
mod ports;
mod processor;
mod row;

pub use draft::Draft;
pub use event::{
    Class, DeadLetter, Decode, DecodeFailure, Encode, EventMeta, EventType, InputRecord, Mark, OutputRecord, Position,
    SourcePartition,
};
pub use ports::{
    ChangelogRecord, Checkpoint, CommitError, CommittedBatch, Log, LogError, PollLimits, Polled, StagedBatch, Store,
    StoreError, StoredCheckpoint, TimerError, TimerIndex,
};
pub use processor::{
    Context, Cursor, DecideError, Decision, DecisionOf, JobSource, Outcome, OutcomeKind, PageLimits, Processor,
    Reaction, Route, Rules, TimerEntry, TimerSchedule, WorkerName,
};
pub use row::{Row, RowChange, RowKey, StateError, StateRead, StateView, read_row, write_row};
