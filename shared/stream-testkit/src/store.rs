//! The store port in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use stream::{CommittedBatch, RowChange, StateError, StateRead, Store, StoreError, StoredCheckpoint};

/// Rows in key order, for whoever decides without a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryRows(pub BTreeMap<String, Vec<u8>>);

impl MemoryRows {
    /// Puts or deletes one row.
    pub fn change(&mut self, change: &RowChange) {
        match &change.value {
            Some(value) => self.0.insert(change.key.as_str().to_owned(), value.clone()),
            None => self.0.remove(change.key.as_str()),
        };
    }
}

impl StateRead for MemoryRows {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.0.get(key).cloned())
    }

    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let rows = self.0.range::<str, _>((Bound::Included(from), Bound::Excluded(to)));
        Ok(rows.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

/// Rows of one partition.
#[derive(Debug, Clone, Default)]
struct PartitionRows {
    rows: MemoryRows,
    stored: Option<StoredCheckpoint>,
}

static NO_ROWS: MemoryRows = MemoryRows(BTreeMap::new());

/// An embedded store that keeps everything in memory. A clone is what a disk held at that moment.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    partitions: BTreeMap<u32, PartitionRows>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows a partition has.
    #[must_use]
    pub fn row_count(&self, partition: u32) -> usize {
        self.partitions.get(&partition).map_or(0, |partition| partition.rows.0.len())
    }

    /// Every row of a partition, in key order; to compare two runs.
    #[must_use]
    pub fn all_rows(&self, partition: u32) -> BTreeMap<String, Vec<u8>> {
        self.partitions.get(&partition).map(|partition| partition.rows.0.clone()).unwrap_or_default()
    }
}

impl Store for MemoryStore {
    fn rows(&self, partition: u32) -> &dyn StateRead {
        self.partitions.get(&partition).map_or(&NO_ROWS, |partition| &partition.rows)
    }

    fn apply(&mut self, committed: &CommittedBatch) -> Result<(), StoreError> {
        for (number, changes) in &committed.staged.rows {
            let partition = self.partitions.entry(*number).or_default();
            changes.iter().for_each(|change| partition.rows.change(change));
        }
        for (number, checkpoint) in &committed.staged.checkpoints {
            let changelog_next = committed.changelog_next.get(number).copied().unwrap_or_default();
            let stored = StoredCheckpoint { checkpoint: Some(checkpoint.clone()), changelog_next };
            self.partitions.entry(*number).or_default().stored = Some(stored);
        }
        Ok(())
    }

    fn checkpoint(&self, partition: u32) -> Result<Option<StoredCheckpoint>, StoreError> {
        Ok(self.partitions.get(&partition).and_then(|partition| partition.stored.clone()))
    }

    fn apply_restored(
        &mut self,
        partition: u32,
        rows: Vec<RowChange>,
        stored: Option<StoredCheckpoint>,
    ) -> Result<(), StoreError> {
        let partition = self.partitions.entry(partition).or_default();
        rows.iter().for_each(|change| partition.rows.change(change));
        if stored.is_some() {
            partition.stored = stored;
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
