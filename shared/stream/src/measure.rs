//! What a worker measures of its own work. All time is the log's clock, so that nothing in here reads one, and nothing that
//! is measured is ever looked at by a decision.

use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A piece of the loop whose time is measured, in the order of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum WorkPhase {
    /// Waiting for records and taking them over.
    Poll,
    /// Deciding them, or a page of a job.
    Decide,
    /// Handing outputs, dead letters and rows to the producer.
    Produce,
    /// Waiting until the brokers have taken them.
    Flush,
    /// Sending the input offsets to the transaction, with the check of the group's generation.
    SendOffsets,
    /// Asking for the commit, and its answer.
    Commit,
    /// Writing rows and checkpoint to the store.
    Store,
    /// Telling the timer index, or repairing it.
    TimerIndex,
    /// Reading a changelog.
    Restore,
}

impl WorkPhase {
    /// The word in metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Decide => "decide",
            Self::Produce => "produce",
            Self::Flush => "flush",
            Self::SendOffsets => "send_offsets",
            Self::Commit => "commit",
            Self::Store => "store",
            Self::TimerIndex => "timer_index",
            Self::Restore => "restore",
        }
    }
}

/// How often something took how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// How often it took at most the bound of the same place, and behind them how often longer.
    pub counts: [u64; Self::BOUNDS.len() + 1],
    /// All of it together.
    pub total: Duration,
}

impl Timing {
    /// From a write to memory to a broker that does not answer.
    pub const BOUNDS: [Duration; 8] = [
        Duration::from_millis(1),
        Duration::from_millis(5),
        Duration::from_millis(20),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(500),
        Duration::from_secs(2),
        Duration::from_secs(10),
    ];

    /// Adds one more.
    pub fn add(&mut self, took: Duration) {
        let place = Self::BOUNDS.iter().position(|bound| took <= *bound).unwrap_or(Self::BOUNDS.len());
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.total = self.total.saturating_add(took);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.total = self.total.saturating_add(other.total);
    }

    /// How often it was measured.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// How long each phase took.
pub type Timings = BTreeMap<WorkPhase, Timing>;

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum TransactionOutcome {
    /// It is true.
    Committed,
    /// Nothing of it is; its records are decided again.
    Aborted,
    /// It may be either; the checkpoint says which.
    Unknown,
    /// Somebody else owns the partitions now.
    Fenced,
    /// The process stops for it.
    Failed,
}

impl TransactionOutcome {
    /// The word in metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Aborted => "aborted",
            Self::Unknown => "unknown",
            Self::Fenced => "fenced",
            Self::Failed => "failed",
        }
    }
}

/// How many transactions ended in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TransactionEnds {
    /// How they ended.
    pub outcome: TransactionOutcome,
    /// In which phase.
    pub phase: WorkPhase,
    /// How many.
    pub count: u64,
}

/// How far a restore is. It comes in pieces, and counts as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreProgress {
    /// Records of the changelog that it has read, in all its pieces.
    pub records: u64,
    /// Whether it has come to the end of the changelog.
    pub ended: bool,
}

/// What was done to keep the timer index like the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct IndexRepairs {
    /// Rebuilds begun: the watermark differed, the bucket count changed, or too much waited for the index.
    pub rebuilds: u64,
    /// Days compared with the rows before their timers fire.
    pub days_compared: u64,
    /// Of these, the days that differed and were written anew.
    pub days_repaired: u64,
    /// Entries written by rebuilds and repairs.
    pub entries_written: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_counted_once_at_the_smallest_bound_that_holds_it() {
        let mut timing = Timing::default();
        for millis in [0, 1, 2, 20, 21, 10_000, 10_001] {
            timing.add(Duration::from_millis(millis));
        }
        assert_eq!(timing.counts, [2, 1, 1, 1, 0, 0, 0, 1, 1]);
        assert_eq!((timing.count(), timing.total), (7, Duration::from_millis(20_045)));
        let mut twice = timing;
        twice.merge(&timing);
        assert_eq!((twice.count(), twice.total), (14, Duration::from_millis(40_090)));
    }
}
