//! The timer index in memory, as a Redis that may vanish, go back or be wrong.

use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stream::{TimerEntry, TimerError, TimerIndex};

/// What fires on a day, by bucket and key.
type Day = BTreeMap<(u32, String), (u64, i64)>;

#[derive(Debug, Clone, Default)]
struct State {
    watermarks: BTreeMap<u32, u64>,
    days: BTreeMap<(u32, NaiveDate), Day>,
}

#[derive(Debug, Default)]
struct Shared {
    state: State,
    snapshot: State,
    unavailable: bool,
    calls: u64,
}

/// A timer index that outlives the worker that writes it. Clones are the same index.
#[derive(Debug, Clone, Default)]
pub struct SimulatedTimerIndex {
    shared: Arc<Mutex<Shared>>,
    /// Whether the process that holds this clone has died.
    death: Arc<AtomicBool>,
}

/// Buckets of the simulated index; few, so that the order of buckets differs from the order of keys in small tests.
const BUCKETS: u32 = 4;

fn bucket_of(key: &str) -> u32 {
    key.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) % BUCKETS
}

impl SimulatedTimerIndex {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same index in the hands of a process that may die before it tells it something.
    #[must_use]
    pub fn of_process(&self, death: Arc<AtomicBool>) -> Self {
        Self { shared: Arc::clone(&self.shared), death }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self) -> Result<MutexGuard<'_, Shared>, TimerError> {
        let mut shared = self.lock();
        shared.calls += 1;
        let away = shared.unavailable || self.death.load(Ordering::Relaxed);
        if away { Err(TimerError::Unavailable("switched off".to_owned())) } else { Ok(shared) }
    }

    /// Switches the index off or on.
    pub fn set_available(&self, available: bool) {
        self.lock().unavailable = !available;
    }

    /// Loses everything, as FLUSHALL does.
    pub fn wipe(&self) {
        self.lock().state = State::default();
    }

    /// Remembers the present state for [`SimulatedTimerIndex::roll_back`].
    pub fn snapshot(&self) {
        let mut shared = self.lock();
        shared.snapshot = shared.state.clone();
    }

    /// Goes back to the last snapshot: what was written since is lost, the watermark with it.
    pub fn roll_back(&self) {
        let mut shared = self.lock();
        shared.state = shared.snapshot.clone();
    }

    /// Loses every second key of every day, and keeps the watermark: a partial restore.
    pub fn lose_half(&self) {
        for day in self.lock().state.days.values_mut() {
            let mut keep = false;
            day.retain(|_, _| {
                keep = !keep;
                keep
            });
        }
    }

    /// Replaces every key by another one, so that counts agree and nothing else does.
    pub fn falsify(&self) {
        for day in self.lock().state.days.values_mut() {
            let entries = std::mem::take(day);
            *day = entries.into_iter().map(|((bucket, key), value)| ((bucket, format!("{key}?")), value)).collect();
        }
    }

    /// What the index holds of a partition, for comparison with rows.
    #[must_use]
    pub fn entries(&self, partition: u32) -> Vec<TimerEntry> {
        let shared = self.lock();
        let days = shared.state.days.iter().filter(|((of, _), _)| *of == partition);
        days.flat_map(|((_, day), entries)| entries.iter().map(|(place, value)| entry(*day, place, *value))).collect()
    }

    /// How often the index was asked or told something.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }
}

fn entry(fires_on: NaiveDate, (_, key): &(u32, String), (documents, credit): (u64, i64)) -> TimerEntry {
    TimerEntry { fires_on, key: key.clone(), documents, credit_at_stake_in_paise: credit }
}

fn write(state: &mut State, partition: u32, entry: &TimerEntry) {
    let place = (partition, entry.fires_on);
    let key = (bucket_of(&entry.key), entry.key.clone());
    if entry.documents > 0 {
        let value = (entry.documents, entry.credit_at_stake_in_paise);
        state.days.entry(place).or_default().insert(key, value);
    } else if let Some(day) = state.days.get_mut(&place) {
        day.remove(&key);
        if day.is_empty() {
            state.days.remove(&place);
        }
    }
}

impl TimerIndex for SimulatedTimerIndex {
    fn watermark(&mut self, partition: u32) -> Result<Option<u64>, TimerError> {
        Ok(self.reach()?.state.watermarks.get(&partition).copied())
    }

    fn apply(&mut self, partition: u32, entries: &[TimerEntry], watermark: u64) -> Result<(), TimerError> {
        let mut shared = self.reach()?;
        for entry in entries {
            write(&mut shared.state, partition, entry);
        }
        shared.state.watermarks.insert(partition, watermark);
        Ok(())
    }

    fn count(&mut self, partition: u32, fires_on: NaiveDate) -> Result<u64, TimerError> {
        let shared = self.reach()?;
        let count = shared.state.days.get(&(partition, fires_on)).map_or(0, BTreeMap::len);
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    fn due(
        &mut self,
        partition: u32,
        fires_on: NaiveDate,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TimerEntry>, TimerError> {
        let shared = self.reach()?;
        let Some(day) = shared.state.days.get(&(partition, fires_on)) else { return Ok(Vec::new()) };
        let after = after.map(|key| (bucket_of(key), key.to_owned()));
        let behind = day.iter().filter(|(place, _)| after.as_ref().is_none_or(|after| *place > after));
        Ok(behind.take(limit).map(|(place, value)| entry(fires_on, place, *value)).collect())
    }

    fn clear(&mut self, partition: u32) -> Result<(), TimerError> {
        let mut shared = self.reach()?;
        shared.state.watermarks.remove(&partition);
        shared.state.days.retain(|(of, _), _| *of != partition);
        Ok(())
    }

    fn replace_day(&mut self, partition: u32, fires_on: NaiveDate, entries: &[TimerEntry]) -> Result<(), TimerError> {
        let mut shared = self.reach()?;
        shared.state.days.remove(&(partition, fires_on));
        for entry in entries {
            write(&mut shared.state, partition, entry);
        }
        Ok(())
    }
}
