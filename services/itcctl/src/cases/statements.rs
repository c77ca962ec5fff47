//! The published GSTR-2B statements, put together from manifests and chunks as a reader does.

use anyhow::{Result, anyhow};
use gst_events::{Gstr2bChunk, Gstr2bSealed, PublishedLine, Topic};
use gst_types::{RecipientGstin, TaxPeriod};
use itc_engine::simulation::Simulation;
use std::collections::BTreeMap;

/// The last version of each statement, with its lines.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    sealed: BTreeMap<(RecipientGstin, TaxPeriod), Gstr2bSealed>,
    chunks: BTreeMap<(RecipientGstin, TaxPeriod, String, u32), Gstr2bChunk>,
}

impl Statements {
    /// Reads everything published so far.
    pub(crate) fn read(simulation: &Simulation) -> Result<Self> {
        let mut statements = Self::default();
        for record in simulation.read_all(Topic::Gstr2b.name()) {
            if record.header("ce_type") == Some("itc.gstr2b-sealed.v1") {
                let sealed: Gstr2bSealed = serde_json::from_slice(&record.value)?;
                statements.sealed.insert((sealed.recipient, sealed.period), sealed);
            } else {
                let chunk: Gstr2bChunk = serde_json::from_slice(&record.value)?;
                let key = (chunk.recipient, chunk.period, chunk.chunk.clone(), chunk.version);
                statements.chunks.insert(key, chunk);
            }
        }
        Ok(statements)
    }

    /// The last version of a statement.
    pub(crate) fn last(&self, recipient: RecipientGstin, period: TaxPeriod) -> Option<&Gstr2bSealed> {
        self.sealed.get(&(recipient, period))
    }

    /// The lines of a sealed statement.
    pub(crate) fn lines(&self, sealed: &Gstr2bSealed) -> Result<Vec<&PublishedLine>> {
        let mut lines = Vec::new();
        for named in &sealed.chunks {
            let key = (sealed.recipient, sealed.period, named.chunk.clone(), named.version);
            let chunk = self.chunks.get(&key).ok_or_else(|| anyhow!("chunk {} was never published", named.chunk))?;
            lines.extend(&chunk.lines);
        }
        Ok(lines)
    }
}
