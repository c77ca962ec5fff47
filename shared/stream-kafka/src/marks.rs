//! The calendar's writer: the same marks into every partition of several topics, in one transaction.

use crate::client::Complaints;
use crate::reader::TopicReader;
use crate::record::native_headers;
use crate::settings::{self, KafkaSettings};
use crate::transaction::{Outgoing, Transactions};
use std::time::Duration;
use stream::{CommitError, EventMeta, InputRecord, LogError, OutputRecord, WorkerName};

/// A transactional writer with a stable id: opening it fences every earlier one, so that only one writes. The id is the worker's name. Its position
/// is in its marks, therefore its transactions carry no offsets (the one exception to T6).
pub struct MarkWriter {
    worker: WorkerName,
    transactions: Transactions,
    reader: TopicReader,
    fenced: Option<String>,
}

impl std::fmt::Debug for MarkWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "MarkWriter({})", self.worker)
    }
}

impl MarkWriter {
    /// Opens the writer, fences earlier ones of the same name and ends what they left open: what [`MarkWriter::last`]
    /// then reads is the truth.
    ///
    /// # Errors
    /// [`LogError`] where the brokers do not answer or refuse.
    pub fn open(kafka: &KafkaSettings, worker: WorkerName) -> Result<Self, LogError> {
        // No linger: marks are few, and the next thing done is to wait for them.
        let config = settings::transactional_producer(kafka, worker.0, Duration::ZERO);
        let mut transactions = Transactions::new(config, Complaints::default());
        transactions.ensure()?;
        let reader = TopicReader::open(kafka, &format!("{worker}.reader"))?;
        Ok(Self { worker, transactions, reader, fenced: None })
    }

    /// Writes the same marks, in order, to every partition of every topic, all or nothing. The topic and partition that
    /// an [`OutputRecord`] names are not looked at.
    ///
    /// # Errors
    /// [`CommitError`]. After [`CommitError::Fenced`] another writer is at work: end. After
    /// [`CommitError::OutcomeUnknown`] open a new writer and read [`MarkWriter::last`] before writing again.
    pub fn write(&mut self, topics: &[&str], marks: &[(EventMeta, OutputRecord)]) -> Result<(), CommitError> {
        if let Some(reason) = &self.fenced {
            // A new producer would fence the newer writer in turn.
            return Err(CommitError::Fenced(reason.clone()));
        }
        let mut places = Vec::new();
        for topic in topics {
            let count = self.reader.partition_count(topic).map_err(|error| CommitError::Retry(error.to_string()))?;
            places.extend((0..count).map(|partition| (*topic, partition)));
        }
        let worker = self.worker;
        let outcome = self.transactions.run(
            &mut |send| {
                for (topic, partition) in &places {
                    for (meta, mark) in marks {
                        send(Outgoing {
                            topic,
                            partition: *partition,
                            key: Some(mark.key.as_bytes()),
                            value: Some(&mark.value),
                            headers: Some(native_headers(worker, meta, mark)),
                            tracked: false,
                        })?;
                    }
                }
                Ok(())
            },
            None,
        );
        match outcome {
            Ok(_) => Ok(()),
            Err(refused) => {
                if let CommitError::Fenced(reason) = &refused.error {
                    self.fenced = Some(reason.clone());
                }
                Err(refused.error)
            }
        }
    }

    /// The last record of the first partition of a topic that `wanted` takes. Every partition has the same marks.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer.
    pub fn last(
        &mut self,
        topic: &str,
        wanted: &dyn Fn(&InputRecord) -> bool,
    ) -> Result<Option<InputRecord>, LogError> {
        self.reader.last(topic, 0, wanted)
    }

    /// The reader beside the writer, for commands and other topics.
    pub fn reader(&mut self) -> &mut TopicReader {
        &mut self.reader
    }
}
