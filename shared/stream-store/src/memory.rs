//! Rows in memory only.

use crate::merge::merged;
use crate::recent::Recent;
use std::collections::BTreeMap;
use stream::{CommittedBatch, NoRows, RowChange, StateError, StateRead, Store, StoreError, StoredCheckpoint};

/// A store that forgets everything when the process ends; the changelog brings it back.
#[derive(Debug, Default)]
pub struct MemoryStore {
    partitions: BTreeMap<u32, MemoryRows>,
}

#[derive(Debug, Default)]
struct MemoryRows {
    rows: Recent,
    stored: Option<StoredCheckpoint>,
}

impl StateRead for MemoryRows {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.rows.get(key).cloned().flatten())
    }

    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        merged(self.rows.range(from, to), std::iter::empty(), limit)
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn rows(&self, partition: u32) -> &dyn StateRead {
        match self.partitions.get(&partition) {
            Some(rows) => rows,
            None => &NoRows,
        }
    }

    fn apply(&mut self, committed: &CommittedBatch) -> Result<(), StoreError> {
        for (partition, rows) in &committed.staged.rows {
            let kept = self.partitions.entry(*partition).or_default();
            rows.iter().for_each(|row| kept.rows.put(row));
        }
        for (partition, stored) in checkpoints(committed) {
            self.partitions.entry(partition).or_default().stored = Some(stored);
        }
        Ok(())
    }

    fn checkpoint(&self, partition: u32) -> Result<Option<StoredCheckpoint>, StoreError> {
        Ok(self.partitions.get(&partition).and_then(|rows| rows.stored.clone()))
    }

    fn apply_restored(
        &mut self,
        partition: u32,
        rows: Vec<RowChange>,
        stored: Option<StoredCheckpoint>,
    ) -> Result<(), StoreError> {
        let kept = self.partitions.entry(partition).or_default();
        rows.iter().for_each(|row| kept.rows.put(row));
        if stored.is_some() {
            kept.stored = stored;
        }
        Ok(())
    }

    fn clear(&mut self, partition: u32) -> Result<(), StoreError> {
        self.partitions.remove(&partition);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The checkpoints of a committed batch with the changelog offsets behind them.
pub(crate) fn checkpoints(committed: &CommittedBatch) -> impl Iterator<Item = (u32, StoredCheckpoint)> {
    committed.staged.checkpoints.iter().filter_map(|(partition, checkpoint)| {
        let changelog_next = *committed.changelog_next.get(partition)?;
        Some((*partition, StoredCheckpoint { checkpoint: Some(checkpoint.clone()), changelog_next }))
    })
}
