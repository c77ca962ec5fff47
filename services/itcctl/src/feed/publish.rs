//! Where records for the feeds go: Kafka, or the simulated log.

use crate::feed_record::FeedRecord;
use anyhow::Result;
use itc_engine::simulation::Simulation;
use stream_kafka::{KafkaSettings, Publisher, PublisherSettings};

/// A place to publish to.
pub trait FeedPort {
    /// Hands a record over.
    ///
    /// # Errors
    /// A message where it is not taken.
    fn publish(&mut self, record: &FeedRecord) -> Result<()>;

    /// Waits until everything handed over has arrived.
    ///
    /// # Errors
    /// A message where something has not.
    fn flush(&mut self) -> Result<()>;
}

/// Publishes to Kafka.
#[derive(Debug)]
pub struct KafkaFeeds {
    kafka: KafkaSettings,
    client_id: String,
    open: Option<Publisher>,
}

impl KafkaFeeds {
    /// A publisher to these brokers; it connects with the first record.
    #[must_use]
    pub fn new(kafka: KafkaSettings, client_id: &str) -> Self {
        Self { kafka, client_id: client_id.to_owned(), open: None }
    }
}

impl FeedPort for KafkaFeeds {
    fn publish(&mut self, record: &FeedRecord) -> Result<()> {
        let publisher = match &mut self.open {
            Some(publisher) => publisher,
            closed @ None => {
                let settings = PublisherSettings::new(self.kafka.clone(), self.client_id.clone());
                closed.insert(Publisher::open(settings)?)
            }
        };
        publisher.publish(&record.for_kafka(), &mut |_| {})?;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        // It stays open: connecting anew costs more than half a second.
        if let Some(publisher) = &mut self.open {
            publisher.flush(&mut |_| {})?;
        }
        Ok(())
    }
}

/// Publishes to the simulated log; the workers come to rest at the flush.
#[derive(Debug)]
pub struct SimulatedFeeds<'a>(pub &'a mut Simulation);

impl FeedPort for SimulatedFeeds<'_> {
    fn publish(&mut self, record: &FeedRecord) -> Result<()> {
        let broker = self.0.driver_mut().broker();
        broker.publish(record.feed.topic(), &record.key, record.header_bytes(), record.value.clone());
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.0.driver_mut().run_until_idle()?;
        Ok(())
    }
}
