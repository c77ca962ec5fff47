//! A simulated log, simulated Redis, faults and the topology driver: all workers in one process, no clock, no network.
//!
//! The workers that run here are the ones that run on Kafka: only their ports differ. [`SimulatedBroker`] keeps topics
//! with real transaction semantics, [`SimulatedTimerIndex`] can be wiped, rolled back or switched off, and
//! [`TopologyDriver`] runs workers until none has anything left to do.

mod broker;
mod driver;
mod group;
mod index;
mod log;
mod mistake;
mod store;
mod topic;

pub use broker::{Fault, SimulatedBroker};
pub use driver::{AnyWorker, DriverError, MarkWriter, RunReport, TopologyDriver};
pub use index::SimulatedTimerIndex;
pub use log::{SimulatedLog, SimulatedLogSettings};
pub use mistake::Mistake;
pub use store::{MemoryRows, MemoryStore};
