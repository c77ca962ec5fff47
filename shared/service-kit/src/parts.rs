//! The store and the timer index that a configuration chooses.

use crate::settings::{Settings, StoreKind};
use chrono::NaiveDate;
use std::time::Duration;
use stream::{
    CommittedBatch, RowChange, StateRead, Store, StoreError, StoredCheckpoint, TimerEntry, TimerError, TimerIndex,
};
use stream_store::{FjallSettings, FjallStore, MemoryStore};
use stream_timers::{NoTimerIndex, RedisTimerIndex};

/// The store of a stream thread.
#[derive(Debug)]
pub enum ChosenStore {
    /// Recent rows in memory, the others on disk.
    Disk(Box<FjallStore>),
    /// In memory only.
    Memory(MemoryStore),
}

impl ChosenStore {
    pub(crate) fn open(settings: &Settings, name: &str, thread: u32) -> Result<Self, StoreError> {
        let store = &settings.store;
        match store.kind {
            StoreKind::Memory => Ok(Self::Memory(MemoryStore::new())),
            StoreKind::Disk => {
                let folder = store.folder.join(name).join(thread.to_string());
                let disk = FjallStore::open(FjallSettings {
                    memory_max_in_bytes: store.memory_max_in_bytes,
                    changes_max: store.changes_max,
                    cache_in_bytes: store.cache_in_bytes,
                    age_max: Duration::from_secs(store.age_max_in_days.saturating_mul(86_400)),
                    ..FjallSettings::new(folder, name)
                })?;
                Ok(Self::Disk(Box::new(disk)))
            }
        }
    }

    fn chosen(&self) -> &dyn Store {
        match self {
            Self::Disk(store) => store.as_ref(),
            Self::Memory(store) => store,
        }
    }

    fn chosen_mut(&mut self) -> &mut dyn Store {
        match self {
            Self::Disk(store) => store.as_mut(),
            Self::Memory(store) => store,
        }
    }
}

impl Store for ChosenStore {
    fn rows(&self, partition: u32) -> &dyn StateRead {
        self.chosen().rows(partition)
    }

    fn apply(&mut self, committed: &CommittedBatch) -> Result<(), StoreError> {
        self.chosen_mut().apply(committed)
    }

    fn checkpoint(&self, partition: u32) -> Result<Option<StoredCheckpoint>, StoreError> {
        self.chosen().checkpoint(partition)
    }

    fn apply_restored(
        &mut self,
        partition: u32,
        rows: Vec<RowChange>,
        stored: Option<StoredCheckpoint>,
    ) -> Result<(), StoreError> {
        self.chosen_mut().apply_restored(partition, rows, stored)
    }

    fn clear(&mut self, partition: u32) -> Result<(), StoreError> {
        self.chosen_mut().clear(partition)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.chosen_mut().flush()
    }
}

/// The timer index of a stream thread.
#[derive(Debug)]
pub enum ChosenIndex {
    /// Redis, for the worker that owns timers.
    Redis(Box<RedisTimerIndex>),
    /// None, for all others.
    None(NoTimerIndex),
}

impl ChosenIndex {
    fn chosen(&mut self) -> &mut dyn TimerIndex {
        match self {
            Self::Redis(index) => index.as_mut(),
            Self::None(index) => index,
        }
    }
}

impl TimerIndex for ChosenIndex {
    fn watermark(&mut self, partition: u32) -> Result<Option<u64>, TimerError> {
        self.chosen().watermark(partition)
    }

    fn apply(&mut self, partition: u32, entries: &[TimerEntry], watermark: u64) -> Result<(), TimerError> {
        self.chosen().apply(partition, entries, watermark)
    }

    fn count(&mut self, partition: u32, fires_on: NaiveDate) -> Result<u64, TimerError> {
        self.chosen().count(partition, fires_on)
    }

    fn due(
        &mut self,
        partition: u32,
        fires_on: NaiveDate,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TimerEntry>, TimerError> {
        self.chosen().due(partition, fires_on, after, limit)
    }

    fn clear(&mut self, partition: u32) -> Result<(), TimerError> {
        self.chosen().clear(partition)
    }

    fn replace_day(&mut self, partition: u32, fires_on: NaiveDate, entries: &[TimerEntry]) -> Result<(), TimerError> {
        self.chosen().replace_day(partition, fires_on, entries)
    }
}
