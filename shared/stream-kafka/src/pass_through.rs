//! The least that exactly once can cost: records are read and written again in transactions, with nothing decided in
//! between. Benchmarks hold workers against it.

use crate::client::{Complaints, Listener};
use crate::record::{i32_of, u32_of, weight_of};
use crate::settings::{self, KafkaSettings, LogSettings};
use crate::transaction::{Outgoing, Refused, Transactions};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;
use stream::{CommitError, LogError};

/// Records of one partition that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// The first offset.
    pub from: i64,
    /// The offset behind the last.
    pub to: i64,
}

/// Records that are written while a number of records is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// How many, spread evenly.
    pub records: u64,
    /// How many bytes each value has, at most: the value of a record read is cut to it.
    pub bytes_each: usize,
}

/// What a pass-through reads and writes.
#[derive(Debug, Clone)]
pub struct PassThroughSettings {
    /// Where Kafka is.
    pub kafka: KafkaSettings,
    /// Names the group, the clients and the transactional id.
    pub name: String,
    /// What is read.
    pub inputs: Vec<Stretch>,
    /// Over how many records read the written ones are spread; where there are more, nothing is written for the rest.
    pub records: u64,
    /// The topic that is written.
    pub output: String,
    /// Its partitions.
    pub partitions: u32,
    /// Records with the headers of the record read, as a worker's events.
    pub events: Written,
    /// Records without headers, as a worker's rows.
    pub rows: Written,
    /// Records and bytes of a transaction.
    pub batch: (usize, usize),
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PassedThrough {
    /// Records read.
    pub read: u64,
    /// Records written.
    pub written: u64,
    /// Transactions.
    pub commits: u64,
    /// Transactions that were aborted and repeated.
    pub aborts: u64,
}

/// Reads and writes again, exactly once.
pub struct PassThrough {
    settings: PassThroughSettings,
    consumer: BaseConsumer<Listener>,
    transactions: Transactions,
    /// Where each partition ends, until it is reached.
    open: BTreeMap<(String, u32), i64>,
    done: PassedThrough,
    owed: (Owed, Owed),
}

impl std::fmt::Debug for PassThrough {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PassThrough({:?})", self.done)
    }
}

impl PassThrough {
    /// Connects, so that the run itself only reads and writes.
    ///
    /// # Errors
    /// [`LogError`] where the broker does not answer or refuses.
    pub fn open(settings: PassThroughSettings) -> Result<Self, LogError> {
        let complaints = Complaints::default();
        let fatal = |error: KafkaError| LogError::Fatal(format!("the pass-through cannot be made: {error}"));
        let consumer: BaseConsumer<Listener> =
            settings::assigned_reader(&settings.kafka, &settings.name, &format!("{}.consumer", settings.name))
                .create_with_context(Listener { complaints: complaints.clone() })
                .map_err(fatal)?;
        let linger = LogSettings::new(settings.kafka.clone(), stream::WorkerName("none"), "", 0).linger;
        let producer = settings::transactional_producer(&settings.kafka, &settings.name, linger);
        let mut transactions = Transactions::new(producer, complaints);
        transactions.ensure()?;
        let filled = settings.inputs.iter().filter(|input| input.from < input.to);
        let open = filled.map(|input| ((input.topic.clone(), input.partition), input.to)).collect();
        let owed = (Owed::of(settings.events), Owed::of(settings.rows));
        Ok(Self { settings, consumer, transactions, open, done: PassedThrough::default(), owed })
    }

    /// Reads everything and writes what was asked for.
    ///
    /// # Errors
    /// [`LogError`] where a transaction does not commit: a benchmark does not repeat it.
    pub fn run(mut self) -> Result<PassedThrough, LogError> {
        let fatal = |error: KafkaError| LogError::Fatal(format!("the pass-through: {error}"));
        let mut list = TopicPartitionList::new();
        for input in self.settings.inputs.iter().filter(|input| input.from < input.to) {
            list.add_partition_offset(&input.topic, i32_of(input.partition), Offset::Offset(input.from))
                .map_err(fatal)?;
        }
        self.consumer.assign(&list).map_err(fatal)?;
        while !self.open.is_empty() {
            self.batch()?;
        }
        Ok(self.done)
    }

    fn batch(&mut self) -> Result<(), LogError> {
        let Self { settings, consumer, transactions, open, done, owed } = self;
        let batch = read(settings, consumer, open)?;
        if batch.is_empty() {
            return match open.keys().next() {
                None => Ok(()),
                Some((topic, partition)) => Err(LogError::Fatal(format!("{topic}/{partition} gives no record"))),
            };
        }
        let mut offsets = BTreeMap::new();
        for message in &batch {
            offsets.insert((message.topic().to_owned(), message.partition()), message.offset() + 1);
        }
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for ((topic, partition), next) in offsets {
            list.add_partition_offset(&topic, partition, Offset::Offset(next))
                .map_err(|error| LogError::Fatal(error.to_string()))?;
        }
        let group = consumer.group_metadata().ok_or_else(|| LogError::Fatal("the reader has no group".to_owned()))?;
        // A machine with much else to do may let a transaction time out; what it wrote is aborted and written again.
        const TRIES: u32 = 5;
        let before = *owed;
        for _ in 0..TRIES {
            let mut written = 0;
            *owed = before;
            let outcome = transactions.run(
                &mut |send| {
                    for message in &batch {
                        written += pass(settings, owed, message, send)?;
                    }
                    Ok(())
                },
                Some((&list, &group)),
            );
            match outcome {
                Ok(_) => {
                    done.read += u64::try_from(batch.len()).unwrap_or(u64::MAX);
                    done.written += written;
                    done.commits += 1;
                    return Ok(());
                }
                Err(Refused { error: CommitError::Retry(_), .. }) => done.aborts += 1,
                Err(Refused { error, .. }) => return Err(LogError::Fatal(error.to_string())),
            }
        }
        Err(LogError::Fatal(format!("a transaction of the pass-through was aborted {TRIES} times")))
    }
}

impl PassThroughSettings {
    /// How many topics have a partition of that number.
    fn inputs_of(&self, partition: u32) -> usize {
        self.inputs.iter().filter(|input| input.partition == partition && input.from < input.to).count()
    }
}

/// Reads the records of one transaction, fewer at the end.
fn read<'a>(
    settings: &PassThroughSettings,
    consumer: &'a BaseConsumer<Listener>,
    open: &mut BTreeMap<(String, u32), i64>,
) -> Result<Vec<BorrowedMessage<'a>>, LogError> {
    // For the first record of all the broker is asked anew; a batch that is not full waits for a fetch under way.
    const FIRST: Duration = Duration::from_secs(15);
    const NEXT: Duration = Duration::from_millis(20);
    let (records_max, bytes_max) = settings.batch;
    let mut batch: Vec<BorrowedMessage<'a>> = Vec::with_capacity(records_max);
    let mut bytes = 0;
    while batch.len() < records_max && bytes < bytes_max && !open.is_empty() {
        match consumer.poll(if batch.is_empty() { FIRST } else { NEXT }) {
            Some(Ok(message)) => {
                let place = (message.topic().to_owned(), u32_of(message.partition()));
                let Some(end) = open.get(&place).copied() else { continue };
                if message.offset() + 1 >= end {
                    open.remove(&place);
                }
                if message.offset() < end {
                    bytes += weight_of(&message);
                    batch.push(message);
                }
            }
            // The library names only the partition: what is left there are markers.
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                open.retain(|(_, number), _| *number != u32_of(partition) || settings.inputs_of(*number) > 1);
            }
            Some(Err(error)) => return Err(LogError::Fatal(format!("the pass-through reads: {error}"))),
            None => break,
        }
    }
    Ok(batch)
}

/// What is still to be written of one kind, and what has fallen due of it, times the number of records read.
#[derive(Debug, Clone, Copy)]
struct Owed {
    each: Written,
    left: u64,
    due: u64,
}

impl Owed {
    fn of(each: Written) -> Self {
        Self { each, left: each.records, due: 0 }
    }

    /// How many are to be written with the next record read.
    fn next(&mut self, read: u64) -> u64 {
        self.due += self.each.records;
        let count = (self.due / read).min(self.left);
        self.due %= read;
        self.left -= count;
        count
    }
}

/// Writes what falls due with one record read.
fn pass(
    settings: &PassThroughSettings,
    owed: &mut (Owed, Owed),
    message: &BorrowedMessage<'_>,
    send: crate::transaction::Send<'_>,
) -> Result<u64, crate::transaction::Failure> {
    let value = message.payload().unwrap_or_default();
    let partition = u32_of(message.partition()) % settings.partitions.max(1);
    let mut written = 0;
    for (owed, is_event) in [(&mut owed.0, true), (&mut owed.1, false)] {
        for _ in 0..owed.next(settings.records.max(1)) {
            written += 1;
            send(Outgoing {
                topic: &settings.output,
                partition,
                key: message.key(),
                value: Some(value.get(..owed.each.bytes_each).unwrap_or(value)),
                headers: message.headers().filter(|_| is_event).map(|headers| headers.detach()),
                tracked: false,
            })?;
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_spread_evenly_and_ends() {
        let mut owed = Owed::of(Written { records: 7, bytes_each: 0 });
        let written: Vec<u64> = (0..5).map(|_| owed.next(3)).collect();
        assert_eq!(written, [2, 2, 3, 0, 0]);
        let mut owed = Owed::of(Written { records: 2, bytes_each: 0 });
        let written: Vec<u64> = (0..5).map(|_| owed.next(4)).collect();
        assert_eq!(written, [0, 1, 0, 1, 0]);
    }
}
