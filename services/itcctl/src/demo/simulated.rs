//! The same processors on the simulated log, in this process.

use super::engine::Engine;
use crate::feed::publish::{FeedPort, SimulatedFeeds};
use crate::feed_record::FeedRecord;
use anyhow::{Context, Result};
use gst_types::IstDate;
use itc_engine::simulation::Simulation;
use std::collections::BTreeMap;
use stream::InputRecord;

/// More than one, so that keys spread as they do on Kafka; few, because every day is a record in each.
const PARTITIONS: u32 = 2;

/// The simulated topology.
pub(crate) struct SimulatedEngine(Simulation);

impl SimulatedEngine {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self(Simulation::start(PARTITIONS, &BTreeMap::new()).context("the simulated workers do not start")?))
    }

    /// The simulation, for questions after the year.
    pub(crate) fn simulation(&self) -> &Simulation {
        &self.0
    }
}

impl Engine for SimulatedEngine {
    fn feed(&mut self, records: &[FeedRecord]) -> Result<()> {
        let mut feeds = SimulatedFeeds(&mut self.0);
        records.iter().try_for_each(|record| feeds.publish(record))?;
        feeds.flush()
    }

    fn open_days_to(&mut self, day: IstDate) -> Result<()> {
        self.0.open_days_to(day).with_context(|| format!("opening {day}"))
    }

    fn read(&mut self, topic: &str) -> Result<Vec<InputRecord>> {
        Ok(self.0.read_all(topic))
    }
}
