//! The rows of the simulated topology in this process.

use super::source::{DueTotals, PAYMENT_TIMERS, Rows, Source, Standing};
use anyhow::{Context, Result};
use gst_types::{IstDate, RecipientGstin};
use itc_engine::simulation::Simulation;
use std::collections::BTreeMap;
use stream::{StateError, StateRead, StateView, WorkerName, partition_for_key};

/// Days and taxpayers of one partition; a simulation has far fewer.
const DUE_MAX: usize = 1_000_000;

/// A simulation as a source.
#[derive(Debug)]
pub struct SimulatedSource<'a>(pub &'a Simulation);

struct SimulatedRows<'a> {
    rows: StateView<'a>,
    day: Option<IstDate>,
}

impl StateRead for SimulatedRows<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        self.rows.raw().get(key)
    }

    fn range(&self, from: &str, to: &str, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        self.rows.raw().range(from, to, limit)
    }
}

impl Rows for SimulatedRows<'_> {
    fn standing(&self) -> Standing {
        Standing { day: self.day, partition: None, offsets: None }
    }
}

impl Source for SimulatedSource<'_> {
    fn rows<'s>(&'s self, worker: WorkerName, recipient: RecipientGstin) -> Result<Box<dyn Rows + 's>> {
        let partition = partition_for_key(recipient.to_string().as_bytes(), self.0.partitions());
        let rows = self.0.rows(worker, partition)?;
        Ok(Box::new(SimulatedRows { rows, day: self.0.day() }))
    }

    fn due_days(&self) -> Result<BTreeMap<IstDate, DueTotals>> {
        let today = self.0.day().context("no day is opened yet")?;
        let mut days: BTreeMap<IstDate, DueTotals> = BTreeMap::new();
        for partition in 0..self.0.partitions() {
            let rows = self.0.rows(PAYMENT_TIMERS, partition)?;
            for due in payment_timers::view::due_next(&rows, today, DUE_MAX)? {
                let totals = days.entry(due.fires_on).or_default();
                totals.recipients += 1;
                totals.documents += due.documents;
                totals.credit_at_stake += due.credit_at_stake;
            }
        }
        Ok(days)
    }
}
