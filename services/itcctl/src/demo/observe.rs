//! What the engine said, read from its topics: statements, ledger, records, answers, evidence, timers.

use super::engine::Engine;
use anyhow::{Context, Result};
use audit_evidence::EvidenceFold;
use gst_events::{
    EventPayload, EvidencePack, Gstr2bChunk, Gstr2bSealed, ImsRecord, InvoicePaymentChanged, LedgerEntry,
    PublishedLine, Request, RequestStatus, Topic,
};
use gst_types::{RecipientGstin, TaxPeriod};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use stream::InputRecord;

/// Where unusable records are put aside.
const DEAD_LETTERS: &str = "itc.dead-letters.v1";

/// One statement: its last version.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sealed: Gstr2bSealed,
    pub(crate) lines: Vec<PublishedLine>,
}

/// Everything read.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    pub(crate) statements: BTreeMap<(RecipientGstin, TaxPeriod), Statement>,
    /// Each entry as it stands last, in the order in which they first came.
    pub(crate) entries: Vec<LedgerEntry>,
    /// The last version of each record.
    pub(crate) records: BTreeMap<(RecipientGstin, String), ImsRecord>,
    /// The pack of each document, as the topic comes to it.
    pub(crate) evidence: BTreeMap<(RecipientGstin, String), EvidencePack>,
    /// What each document owes.
    pub(crate) owed: BTreeMap<(RecipientGstin, String), InvoicePaymentChanged>,
    pub(crate) answers: BTreeMap<RequestStatus, usize>,
    pub(crate) refusals: BTreeMap<String, usize>,
    pub(crate) dead_letters: Vec<String>,
    /// The recipients' journal, for timelines.
    pub(crate) journal: Vec<InputRecord>,
}

fn payload<T: DeserializeOwned>(record: &InputRecord) -> Result<T> {
    serde_json::from_slice(&record.value)
        .with_context(|| format!("{} holds something else than its type says", place_of(record)))
}

fn place_of(record: &InputRecord) -> String {
    format!("{}/{}@{}", record.source.topic, record.source.partition, record.offset)
}

fn is<P: EventPayload>(record: &InputRecord) -> bool {
    record.header("ce_type") == Some(P::TYPE.0)
}

impl Observed {
    /// Reads every topic that the tables need.
    pub(crate) fn read(engine: &mut dyn Engine) -> Result<Self> {
        let mut observed = Self::default();
        observed.read_statements(&engine.read(Topic::Gstr2b.name())?)?;
        observed.read_ledger(&engine.read(Topic::Ledger.name())?)?;
        for record in engine.read(Topic::ImsRecords.name())? {
            let it: ImsRecord = payload(&record)?;
            observed.records.insert((it.recipient, it.record_id.to_string()), it);
        }
        observed.read_evidence(&engine.read(Topic::Evidence.name())?)?;
        for record in engine.read(Topic::Results.name())? {
            let answer: Request = payload(&record)?;
            *observed.answers.entry(answer.status).or_default() += 1;
            if let (RequestStatus::Refused, Some(code)) = (answer.status, answer.code) {
                *observed.refusals.entry(code).or_default() += 1;
            }
        }
        for record in engine.read(DEAD_LETTERS)? {
            observed.dead_letters.push(dead_letter_text(&record));
        }
        observed.journal = engine.read(Topic::RecipientJournal.name())?;
        for record in observed.journal.iter().filter(|record| is::<InvoicePaymentChanged>(record)) {
            let change: InvoicePaymentChanged = payload(record)?;
            observed.owed.insert((change.recipient, change.document.to_string()), change);
        }
        Ok(observed)
    }

    fn read_statements(&mut self, records: &[InputRecord]) -> Result<()> {
        let mut chunks: BTreeMap<(RecipientGstin, TaxPeriod, String, u32), Vec<PublishedLine>> = BTreeMap::new();
        let mut sealed: BTreeMap<(RecipientGstin, TaxPeriod), Gstr2bSealed> = BTreeMap::new();
        for record in records {
            if is::<Gstr2bChunk>(record) {
                let chunk: Gstr2bChunk = payload(record)?;
                chunks.insert((chunk.recipient, chunk.period, chunk.chunk, chunk.version), chunk.lines);
            } else if is::<Gstr2bSealed>(record) {
                let manifest: Gstr2bSealed = payload(record)?;
                sealed.insert((manifest.recipient, manifest.period), manifest);
            }
        }
        for ((recipient, period), sealed) in sealed {
            let mut lines = Vec::new();
            for named in &sealed.chunks {
                let key = (recipient, period, named.chunk.clone(), named.version);
                let chunk =
                    chunks.get(&key).with_context(|| format!("chunk {} of {period} is missing", named.chunk))?;
                lines.extend(chunk.iter().cloned());
            }
            self.statements.insert((recipient, period), Statement { sealed, lines });
        }
        Ok(())
    }

    /// The packs that the topic comes to, every link checked.
    fn read_evidence(&mut self, records: &[InputRecord]) -> Result<()> {
        let mut fold = EvidenceFold::default();
        for record in records {
            fold.tell(&record.value).with_context(|| format!("{} does not verify", place_of(record)))?;
        }
        self.evidence = fold.packs().map(|pack| ((pack.recipient, pack.subject.to_string()), pack)).collect();
        Ok(())
    }

    fn read_ledger(&mut self, records: &[InputRecord]) -> Result<()> {
        let mut places: BTreeMap<(RecipientGstin, String), usize> = BTreeMap::new();
        for record in records {
            let entry: LedgerEntry = payload(record)?;
            let place = *places.entry((entry.recipient, entry.entry_id.clone())).or_insert_with(|| {
                self.entries.push(entry.clone());
                self.entries.len() - 1
            });
            if let Some(known) = self.entries.get_mut(place) {
                *known = entry;
            }
        }
        Ok(())
    }
}

/// Code, field and words of a dead letter; never its content.
fn dead_letter_text(letter: &InputRecord) -> String {
    let wanted = |name: &str| ["code", "field", "message", "reason", "worker"].iter().any(|word| name.contains(word));
    let headers = letter.headers.iter().filter(|(name, _)| wanted(name));
    headers.map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value))).collect::<Vec<_>>().join(" ")
}
