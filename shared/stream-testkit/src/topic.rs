//! One partition of a topic: offsets, open transactions, the last stable offset.

use std::collections::BTreeMap;
use std::sync::Arc;
use stream::{InputRecord, SourcePartition};

/// The number of a transaction of the broker.
pub(crate) type TransactionId = usize;

/// What stands at an offset.
pub(crate) enum Entry {
    Record {
        transaction: Option<TransactionId>,
        record: Arc<InputRecord>,
    },
    /// The end of a transaction, which takes an offset as in Kafka.
    Marker,
    /// Compacted away.
    Removed,
}

/// A record before it has an offset.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewRecord {
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) value: Vec<u8>,
    /// A deleted row of a changelog.
    pub(crate) is_tombstone: bool,
}

pub(crate) struct PartitionLog {
    source: SourcePartition,
    entries: Vec<Entry>,
    tombstones: std::collections::BTreeSet<usize>,
    open: BTreeMap<TransactionId, usize>,
}

impl PartitionLog {
    pub(crate) fn new(topic: &Arc<str>, partition: u32) -> Self {
        let source = SourcePartition { topic: Arc::clone(topic), partition };
        Self { source, entries: Vec::new(), tombstones: std::collections::BTreeSet::new(), open: BTreeMap::new() }
    }

    pub(crate) fn append(&mut self, transaction: Option<TransactionId>, new: NewRecord) {
        let at = self.entries.len();
        if let Some(transaction) = transaction {
            self.open.entry(transaction).or_insert(at);
        }
        if new.is_tombstone {
            self.tombstones.insert(at);
        }
        let record = InputRecord {
            source: self.source.clone(),
            offset: offset_of(at),
            timestamp_in_ms: None,
            key: new.key,
            headers: new.headers,
            value: new.value,
        };
        self.entries.push(Entry::Record { transaction, record: Arc::new(record) });
    }

    /// Writes the marker that ends a transaction in this partition.
    pub(crate) fn end(&mut self, transaction: TransactionId) {
        if self.open.remove(&transaction).is_some() {
            self.entries.push(Entry::Marker);
        }
    }

    /// The offset behind the last one.
    pub(crate) fn high_watermark(&self) -> usize {
        self.entries.len()
    }

    /// The first offset of the oldest open transaction, else the high watermark.
    pub(crate) fn last_stable_offset(&self) -> usize {
        self.open.values().copied().min().unwrap_or(self.entries.len())
    }

    pub(crate) fn open_transactions(&self) -> Vec<TransactionId> {
        self.open.keys().copied().collect()
    }

    /// The records of committed transactions from `from` to `to`, with whether each is a tombstone.
    pub(crate) fn committed<'a>(
        &'a self,
        from: usize,
        to: usize,
        is_committed: impl Fn(TransactionId) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a Arc<InputRecord>, bool)> {
        let to = to.min(self.entries.len());
        let entries = self.entries.get(from.min(to)..to).unwrap_or_default();
        entries.iter().enumerate().filter_map(move |(at, entry)| match entry {
            Entry::Record { transaction, record } if transaction.is_none_or(&is_committed) => {
                Some((record, self.tombstones.contains(&(from + at))))
            }
            Entry::Record { .. } | Entry::Marker | Entry::Removed => None,
        })
    }

    /// Keeps the last committed record of each key below the last stable offset, as compaction does.
    pub(crate) fn compact(&mut self, is_committed: impl Fn(TransactionId) -> bool) {
        let stable = self.last_stable_offset();
        let mut last: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for (at, entry) in self.entries.iter().enumerate().take(stable) {
            if let Entry::Record { transaction, record } = entry
                && transaction.is_none_or(&is_committed)
            {
                last.insert(record.key.clone().unwrap_or_default(), at);
            }
        }
        for (at, entry) in self.entries.iter_mut().enumerate().take(stable) {
            let keep = match entry {
                Entry::Record { record, .. } => {
                    last.get(record.key.as_deref().unwrap_or_default()) == Some(&at) && !self.tombstones.contains(&at)
                }
                Entry::Marker | Entry::Removed => true,
            };
            if !keep {
                *entry = Entry::Removed;
            }
        }
    }
}

pub(crate) fn offset_of(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

pub(crate) fn index_of(offset: i64) -> usize {
    usize::try_from(offset).unwrap_or(0)
}
