//! Processors, decisions, jobs and the generic worker loop behind ports. No tax and no Kafka in here. Pure.
//!
//! A worker is a pure function ([`Processor::decide`]) with a loop around it ([`Worker`]). The loop reads one ordered
//! log per partition, asks the processor, and commits outputs, changed rows, checkpoint and input offsets in one
//! transaction of the [`Log`]. Only a [`CommittedBatch`] may reach the [`Store`] and the [`TimerIndex`].

mod assignment;
mod batch;
mod commit;
mod decide;
mod draft;
mod event;
mod follow;
mod index;
mod jobs;
mod kept;
mod measure;
mod orders;
mod overlay;
mod pages;
mod partition;
mod ports;
mod processor;
mod queue;
mod repeats;
mod row;
mod status;
mod trace;
mod wire;
mod worker;

pub use draft::Draft;
pub use event::{
    Class, DeadLetter, Decode, DecodeFailure, Encode, EventMeta, EventType, InputRecord, Mark, OutputRecord, Position,
    SourcePartition,
};
pub use kept::{
    JobRow, KeptRecord, KeyRow, ParkedRow, RulesRow, SeenRow, SeenUntilRow, WaitingRow, Walk, parked_key,
    show_kept_row, waiting_key,
};
pub use measure::{IndexRepairs, RestoreProgress, Timing, Timings, TransactionEnds, TransactionOutcome, WorkPhase};
pub use orders::{Answer, Order, OrderAction, REPLAYED_HEADER, Verdict};
pub use overlay::NoRows;
pub use ports::{
    ChangelogRecord, Checkpoint, CommitError, CommittedBatch, Log, LogError, PollLimits, Polled, StagedBatch, Store,
    StoreError, StoredCheckpoint, TimerError, TimerIndex,
};
pub use processor::{
    Context, Cursor, DecideError, Decision, DecisionOf, JobSource, Outcome, OutcomeKind, PageLimits, Processor,
    Reaction, Route, Rules, TimerEntry, TimerSchedule, WorkerName,
};
pub use repeats::TOO_OLD_TO_TELL_REPEAT;
pub use row::{Row, RowChange, RowKey, StateError, StateRead, StateView, read_row, show_row, write_row};
pub use status::{Counters, IndexPhase, PartitionStatus, Phase, WorkerStatus};
pub use trace::{DecisionSpan, DecisionWatch, TraceContext};
pub use wire::{
    DEAD_LETTERS_TOPIC, changelog_topic, dead_letter_headers, each_output_header, murmur2, output_headers,
    partition_for_key,
};
pub use worker::{Step, Worker, WorkerConfig, WorkerError};

/// A row as people are shown it.
pub type ShownRow = serde_json::Value;
