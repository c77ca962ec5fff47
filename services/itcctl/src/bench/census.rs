//! How topics grew between two looks: records and bytes, counted by reading them.

use crate::topics;
use anyhow::Result;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use stream_kafka::{KafkaSettings, TopicReader};

/// What came to a topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Grown {
    pub(super) records: u64,
    /// Keys, values and headers, as they are before compression.
    pub(super) bytes: u64,
    /// Values alone.
    pub(super) value_bytes: u64,
}

impl Grown {
    pub(super) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.value_bytes += other.value_bytes;
    }
}

/// Remembers where every topic of ours ended.
#[derive(Debug)]
pub(super) struct Census {
    reader: TopicReader,
    ends: BTreeMap<String, BTreeMap<u32, i64>>,
}

impl Census {
    /// Begins with topics as they are.
    pub(super) fn begin(kafka: &KafkaSettings) -> Result<Self> {
        let reader = TopicReader::open(kafka, "itcctl-bench")?;
        let mut census = Self { reader, ends: BTreeMap::new() };
        for topic in topics::names()? {
            let ends = census.reader.stable_ends(&topic)?;
            census.ends.insert(topic, ends);
        }
        Ok(census)
    }

    /// What came since the last look, by topic.
    pub(super) fn grown(&mut self) -> Result<BTreeMap<String, Grown>> {
        let mut all = BTreeMap::new();
        for (topic, before) in &mut self.ends {
            let ends = self.reader.stable_ends(topic)?;
            if ends == *before {
                continue;
            }
            let starts: Vec<(u32, i64)> = before.iter().map(|(partition, end)| (*partition, *end)).collect();
            let mut grown = Grown::default();
            self.reader.read(topic, &starts, &mut |record| {
                let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
                let bytes = record.key.as_ref().map_or(0, Vec::len) + record.value.len() + headers;
                grown.records += 1;
                grown.bytes += u64::try_from(bytes).unwrap_or_default();
                grown.value_bytes += u64::try_from(record.value.len()).unwrap_or_default();
                ControlFlow::Continue(())
            })?;
            *before = ends;
            all.insert(topic.clone(), grown);
        }
        Ok(all)
    }
}
