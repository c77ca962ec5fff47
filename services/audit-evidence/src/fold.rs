//! The packs that the evidence topic tells, for whoever reads it (AUD-7).
//!
//! [`EvidenceFold`] puts each added artefact behind those it knows and checks its link; what it then has of a document is
//! the pack as [`crate::view::pack`] gives it, with the same hash, after every event of the topic. A whole pack may come
//! at any time: it must agree with what was told before, and a reader may begin with it. What is told again changes
//! nothing.

use crate::chain::seal;
use crate::pack::PACK_ARTEFACTS_MAX;
use crate::verify::{EvidenceFault, object, verify_addition, verify_judgement, verify_pack};
use gst_events::{CreditSubject, EvidenceAdded, EvidenceArtefact, EvidenceDeleted, EvidencePack};
use gst_types::RecipientGstin;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is wrong with an event of the topic, and with whose evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{about}{fault}")]
pub struct FoldFault {
    /// The document and its recipient, as far as they are known, and where it was read: words in front of the fault.
    pub about: String,
    /// What is wrong.
    pub fault: EvidenceFault,
}

impl From<EvidenceFault> for FoldFault {
    fn from(fault: EvidenceFault) -> Self {
        Self { about: String::new(), fault }
    }
}

impl FoldFault {
    /// The same fault, of that line of a file.
    pub(crate) fn in_line(self, line: usize) -> Self {
        Self { about: format!("line {line}: {}", self.about), fault: self.fault }
    }
}

/// Every pack told so far. It grows with the number of documents; who needs a few of them passes on only those.
#[derive(Debug, Clone, Default)]
pub struct EvidenceFold {
    /// The chains and judgements; sealed when they are asked for.
    packs: BTreeMap<(RecipientGstin, CreditSubject), EvidencePack>,
}

impl EvidenceFold {
    /// Hears an event of the topic: the JSON value of an `EvidenceAdded`, an `EvidencePack` or an `EvidenceDeleted`.
    ///
    /// # Errors
    /// [`FoldFault`] where it is none of these, was changed, or does not follow from what was told before. It then changes
    /// nothing.
    pub fn tell(&mut self, event: &[u8]) -> Result<(), FoldFault> {
        self.tell_fields(&object(event)?)
    }

    pub(crate) fn tell_fields(&mut self, fields: &Map<String, Value>) -> Result<(), FoldFault> {
        let told = if fields.contains_key("artefacts") {
            self.pack_told(fields)
        } else if fields.contains_key("artefact") {
            self.added(fields)
        } else if fields.contains_key("last_hash") {
            self.deleted(fields)
        } else {
            Err(EvidenceFault::NotAPack("field artefacts or artefact is missing".to_owned()))
        };
        told.map_err(|fault| FoldFault { about: about(fields), fault })
    }

    /// The pack of a document as the topic tells it, sealed.
    #[must_use]
    pub fn pack(&self, recipient: RecipientGstin, subject: &CreditSubject) -> Option<EvidencePack> {
        self.packs.get(&(recipient, subject.clone())).map(sealed)
    }

    /// Every pack, sealed, by recipient and document.
    pub fn packs(&self) -> impl Iterator<Item = EvidencePack> {
        self.packs.values().map(sealed)
    }

    /// How many packs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packs.is_empty()
    }

    fn added(&mut self, fields: &Map<String, Value>) -> Result<(), EvidenceFault> {
        let added: EvidenceAdded = typed(fields)?;
        let key = (added.recipient, added.subject.clone());
        let known = self.packs.get_mut(&key);
        let last = known.as_ref().and_then(|known| known.artefacts.last());
        let (position, expected) = (added.artefact.position, last.map_or(1, |last| last.position + 1));
        if position > expected {
            return Err(EvidenceFault::Gap { position: expected, found: position });
        }
        if position < expected {
            let is_known = known.is_some_and(|known| known.artefacts.contains(&added.artefact));
            return if is_known { verify_judgement(fields, &added) } else { Err(EvidenceFault::Differs { position }) };
        }
        verify_addition(fields, &added, last.map(|last| (last.position, last.hash.as_str())))?;
        match known {
            Some(known) => lengthen(known, added),
            None => drop(self.packs.insert(key, begun(added))),
        }
        Ok(())
    }

    fn pack_told(&mut self, fields: &Map<String, Value>) -> Result<(), EvidenceFault> {
        let pack = verify_pack(fields)?;
        let key = (pack.recipient, pack.subject.clone());
        if let Some(known) = self.packs.get(&key) {
            agree(&known.artefacts, &pack.artefacts)?;
            if last_position(&pack.artefacts) < last_position(&known.artefacts) {
                return Ok(());
            }
        }
        self.packs.insert(key, pack);
        Ok(())
    }

    fn deleted(&mut self, fields: &Map<String, Value>) -> Result<(), EvidenceFault> {
        let deleted: EvidenceDeleted = typed(fields)?;
        let key = (deleted.recipient, deleted.subject);
        let Some(last) = self.packs.get(&key).and_then(|known| known.artefacts.last()) else { return Ok(()) };
        if last.position < deleted.last_position {
            return Err(EvidenceFault::Gap { position: last.position + 1, found: deleted.last_position + 1 });
        }
        if (last.position, &last.hash) != (deleted.last_position, &deleted.last_hash) {
            return Err(EvidenceFault::Differs { position: deleted.last_position });
        }
        self.packs.remove(&key);
        Ok(())
    }
}

fn about(fields: &Map<String, Value>) -> String {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    match text("subject").zip(text("recipient")) {
        Some((subject, recipient)) => format!("{subject} of {recipient}: "),
        None => String::new(),
    }
}

fn typed<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, EvidenceFault> {
    serde_json::from_value(Value::Object(fields.clone())).map_err(|error| EvidenceFault::NotAPack(error.to_string()))
}

fn last_position(artefacts: &[EvidenceArtefact]) -> u64 {
    artefacts.last().map_or(0, |last| last.position)
}

/// Where two tell of one place of the chain, they tell the same, and between them nothing is missing.
fn agree(known: &[EvidenceArtefact], told: &[EvidenceArtefact]) -> Result<(), EvidenceFault> {
    let hashes: BTreeMap<u64, &str> = told.iter().map(|it| (it.position, it.hash.as_str())).collect();
    let differs = |it: &&EvidenceArtefact| hashes.get(&it.position).is_some_and(|hash| *hash != it.hash);
    if let Some(it) = known.iter().find(differs) {
        return Err(EvidenceFault::Differs { position: it.position });
    }
    let next = last_position(known) + 1;
    match told.first() {
        Some(first) if first.position > next => Err(EvidenceFault::Gap { position: next, found: first.position }),
        Some(_) | None => Ok(()),
    }
}

fn begun(added: EvidenceAdded) -> EvidencePack {
    EvidencePack {
        recipient: added.recipient,
        subject: added.subject,
        artefacts: vec![added.artefact],
        complete: added.complete,
        acceptance: added.acceptance,
        missing: added.missing,
        warnings: added.warnings,
        findings: added.findings,
        keep_until: added.keep_until,
        field_digests: BTreeMap::new(),
        hash: String::new(),
    }
}

fn lengthen(known: &mut EvidencePack, added: EvidenceAdded) {
    let mut artefacts = std::mem::take(&mut known.artefacts);
    let recent = added.artefact.position.saturating_sub(PACK_ARTEFACTS_MAX);
    artefacts.push(added.artefact.clone());
    artefacts.retain(|artefact| artefact.position > recent);
    *known = EvidencePack { artefacts, ..begun(added) };
}

fn sealed(pack: &EvidencePack) -> EvidencePack {
    let mut pack = pack.clone();
    seal(&mut pack);
    pack
}
