//! Publishing to feeds from outside the engine: idempotent, with every delivery accounted for.

use crate::client::{Complaints, Deliveries, Sender};
use crate::record::{i32_of, owned_headers};
use crate::settings::{self, KafkaSettings};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use std::sync::Arc;
use std::time::Duration;

/// How a feed is published.
#[derive(Debug, Clone)]
pub struct PublisherSettings {
    /// Where Kafka is.
    pub kafka: KafkaSettings,
    /// Who publishes, for the broker's logs.
    pub client_id: String,
    /// How long a record may take to arrive before it counts as failed.
    pub delivery_timeout: Duration,
}

impl PublisherSettings {
    /// Settings with the usual timeout.
    #[must_use]
    pub fn new(kafka: KafkaSettings, client_id: impl Into<String>) -> Self {
        // 30 s: long enough for an election, short enough for somebody who waits at a terminal.
        Self { kafka, client_id: client_id.into(), delivery_timeout: Duration::from_secs(30) }
    }
}

/// A record for a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRecord {
    /// The topic.
    pub topic: String,
    /// The partition; usually `None`, so that the key decides.
    pub partition: Option<u32>,
    /// The key.
    pub key: Vec<u8>,
    /// Headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The value.
    pub value: Vec<u8>,
}

/// How far a publication is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Records handed over.
    pub sent: u64,
    /// Bytes of keys and values handed over.
    pub bytes: u64,
    /// Records that the broker has taken.
    pub delivered: u64,
    /// Records that it has not.
    pub failed: u64,
}

/// Why records were not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The producer cannot be made from these settings.
    #[error("the producer cannot be made: {0}")]
    Settings(String),
    /// Login or certificate were refused.
    #[error("{0}")]
    Rejected(String),
    /// Some records were not taken; the first reason is given.
    #[error("{failed} of {sent} records were not taken by the broker; the first: {reason}")]
    Delivery {
        /// Records that were not taken.
        failed: u64,
        /// Records handed over.
        sent: u64,
        /// Why the first was not taken.
        reason: String,
    },
    /// Deliveries were not answered in time.
    #[error("{waiting} of {sent} records were not answered in time: {reason}")]
    Unanswered {
        /// Records without an answer.
        waiting: u64,
        /// Records handed over.
        sent: u64,
        /// What the client last said.
        reason: String,
    },
}

/// Publishes records and counts their deliveries.
pub struct Publisher {
    producer: ThreadedProducer<Sender>,
    complaints: Complaints,
    deliveries: Arc<Deliveries>,
    progress: Progress,
    delivery_timeout: Duration,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Publisher({:?})", self.progress)
    }
}

impl Publisher {
    /// Opens a publisher. It connects on its own; a broker out of reach shows in [`Publisher::flush`].
    ///
    /// # Errors
    /// [`PublishError::Settings`] where the settings are refused.
    pub fn open(settings: PublisherSettings) -> Result<Self, PublishError> {
        let sender = Sender::default();
        let (complaints, deliveries) = (sender.complaints.clone(), Arc::clone(&sender.deliveries));
        let producer = settings::feed_producer(&settings.kafka, &settings.client_id, settings.delivery_timeout)
            .create_with_context(sender)
            .map_err(|error| PublishError::Settings(error.to_string()))?;
        let delivery_timeout = settings.delivery_timeout;
        Ok(Self { producer, complaints, deliveries, progress: Progress::default(), delivery_timeout })
    }

    /// Hands a record over; waits while the queue is full, telling `on_progress` meanwhile.
    ///
    /// # Errors
    /// [`PublishError::Delivery`] where this or an earlier record was not taken: nothing more is sent then.
    pub fn publish(&mut self, record: &FeedRecord, on_progress: &mut dyn FnMut(Progress)) -> Result<(), PublishError> {
        self.check()?;
        let mut outgoing = BaseRecord::<[u8], [u8], usize>::with_opaque_to(&record.topic, 0)
            .key(&record.key)
            .payload(&record.value)
            .headers(owned_headers(&record.headers));
        outgoing.partition = record.partition.map(i32_of);
        loop {
            match self.producer.send(outgoing) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), same)) => {
                    outgoing = same;
                    on_progress(self.progress());
                    self.check()?;
                    std::thread::park_timeout(Duration::from_millis(20));
                }
                Err((error, _)) => return Err(self.refused(&error.to_string())),
            }
        }
        self.progress.sent += 1;
        let bytes = u64::try_from(record.key.len() + record.value.len()).unwrap_or(u64::MAX);
        self.progress.bytes = self.progress.bytes.saturating_add(bytes);
        Ok(())
    }

    /// How far the publication is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let (delivered, failed) = self.deliveries.counts();
        Progress { delivered, failed, ..self.progress }
    }

    /// Waits until every record handed over so far is answered, telling `on_progress` meanwhile. More may follow.
    ///
    /// # Errors
    /// [`PublishError`] where not every record was taken.
    pub fn flush(&mut self, on_progress: &mut dyn FnMut(Progress)) -> Result<Progress, PublishError> {
        // 5 ms: an answer takes one or two, and somebody waits for it.
        const LOOK_AGAIN: Duration = Duration::from_millis(5);
        // A delivery has its own timeout; 5 s more for the answer to be served.
        let mut patience = self.delivery_timeout + Duration::from_secs(5);
        while self.producer.in_flight_count() > 0 && !patience.is_zero() {
            on_progress(self.progress());
            self.check()?;
            std::thread::park_timeout(LOOK_AGAIN);
            patience = patience.saturating_sub(LOOK_AGAIN);
        }
        let progress = self.progress();
        on_progress(progress);
        self.check()?;
        let waiting = progress.sent.saturating_sub(progress.delivered);
        if waiting > 0 {
            let reason = self.complaints.explain("no answer");
            return Err(PublishError::Unanswered { waiting, sent: progress.sent, reason });
        }
        Ok(progress)
    }

    fn check(&self) -> Result<(), PublishError> {
        if self.progress().delivered == 0
            && let Some(rejected) = self.complaints.rejected()
        {
            return Err(PublishError::Rejected(rejected));
        }
        match self.deliveries.failure() {
            None => Ok(()),
            Some((error, topic)) => Err(self.refused(&format!("{topic}: {error}"))),
        }
    }

    fn refused(&self, reason: &str) -> PublishError {
        let progress = self.progress();
        PublishError::Delivery {
            failed: progress.failed.max(1),
            sent: progress.sent.max(1),
            reason: self.complaints.explain(reason),
        }
    }
}
