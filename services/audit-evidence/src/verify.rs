//! The check that anyone can run offline (AUD-7): what is wrong is named, artefact and field.

use crate::chain::{artefact_digests, hash_of, pack_digests};
use gst_events::{EvidenceAdded, EvidencePack};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a pack, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceFault {
    /// It is no JSON.
    #[error("line {line}, column {column}: not JSON")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It is JSON, but no evidence pack.
    #[error("not an evidence pack: {0}")]
    NotAPack(String),
    /// An artefact does not follow the one before.
    #[error("artefact at position {position}: field {field} does not follow from the artefact before (AUD-7)")]
    Link {
        /// Position in the chain.
        position: u64,
        /// `position` or `previous_hash`.
        field: &'static str,
    },
    /// A field of an artefact is not what was recorded.
    #[error("artefact at position {position}: field {field} is not what was recorded (AUD-7)")]
    ArtefactField {
        /// Position in the chain.
        position: u64,
        /// The field, such as `facts.tax_igst`.
        field: String,
    },
    /// A field of the pack is not what was recorded.
    #[error("the pack: field {field} is not what was recorded (AUD-7)")]
    PackField {
        /// The field.
        field: String,
    },
    /// The judgement told with an artefact is not what was recorded.
    #[error("the judgement told with the artefact at position {position} is not what was recorded (AUD-7)")]
    Addition {
        /// Position of the artefact.
        position: u64,
    },
    /// Artefacts were told, but not those before them.
    #[error("artefact at position {position} is missing: the next one told is at position {found} (AUD-7)")]
    Gap {
        /// Position of the first missing one.
        position: u64,
        /// Position of the next one told.
        found: u64,
    },
    /// Two artefacts were told at one place of the chain.
    #[error("artefact at position {position} is not the one that was told before (AUD-7)")]
    Differs {
        /// Position in the chain.
        position: u64,
    },
    /// The judgement contradicts itself.
    #[error("the pack: field complete contradicts missing and findings (AUD-3)")]
    Contradiction,
}

impl EvidenceFault {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "EVIDENCE_NOT_JSON",
            Self::NotAPack(_) => "EVIDENCE_NOT_A_PACK",
            Self::Link { .. } => "EVIDENCE_CHAIN_BROKEN",
            Self::ArtefactField { .. } => "EVIDENCE_ARTEFACT_CHANGED",
            Self::PackField { .. } => "EVIDENCE_PACK_CHANGED",
            Self::Addition { .. } => "EVIDENCE_JUDGEMENT_CHANGED",
            Self::Gap { .. } => "EVIDENCE_ARTEFACT_MISSING",
            Self::Differs { .. } => "EVIDENCE_ARTEFACT_DIFFERS",
            Self::Contradiction => "EVIDENCE_PACK_CONTRADICTS_ITSELF",
        }
    }
}

/// Checks a pack offline, from its own text alone: every field, every link, the whole.
///
/// # Errors
/// [`EvidenceFault`], the first in the order of the chain; it names artefact and field.
pub fn verify(pack: &str) -> Result<(), EvidenceFault> {
    verify_pack(&object(pack.as_bytes())?).map(drop)
}

/// The JSON object of a text.
pub(crate) fn object(text: &[u8]) -> Result<Map<String, Value>, EvidenceFault> {
    let value: Value = serde_json::from_slice(text)
        .map_err(|error| EvidenceFault::NotJson { line: error.line(), column: error.column() })?;
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(EvidenceFault::NotAPack("an object is expected".to_owned()))
        }
    }
}

/// A pack's fields as what they are, once every one of them, every link and the whole is checked.
pub(crate) fn verify_pack(fields: &Map<String, Value>) -> Result<EvidencePack, EvidenceFault> {
    let Some(Value::Array(artefacts)) = fields.get("artefacts") else {
        return Err(EvidenceFault::NotAPack("field artefacts is missing".to_owned()));
    };
    let mut before: Option<(u64, &str)> = None;
    for (index, artefact) in (1_u64..).zip(artefacts) {
        let Value::Object(artefact) = artefact else {
            return Err(EvidenceFault::NotAPack(format!("artefact {index} is no object")));
        };
        before = Some(verify_artefact(artefact, index, before)?);
    }
    verify_whole(fields)
}

/// An addition's fields, given position and hash of the artefact before: the link, every field, the judgement.
pub(crate) fn verify_addition(
    fields: &Map<String, Value>,
    addition: &EvidenceAdded,
    before: Option<(u64, &str)>,
) -> Result<(), EvidenceFault> {
    let Some(Value::Object(artefact)) = fields.get("artefact") else {
        return Err(EvidenceFault::NotAPack("field artefact is no object".to_owned()));
    };
    verify_artefact(artefact, 1, before)?;
    verify_judgement(fields, addition)
}

/// What an addition says besides its artefact.
pub(crate) fn verify_judgement(fields: &Map<String, Value>, addition: &EvidenceAdded) -> Result<(), EvidenceFault> {
    if addition.hash != hash_of(fields) {
        return Err(EvidenceFault::Addition { position: addition.artefact.position });
    }
    verify_verdict(addition.complete, &addition.missing, &addition.findings)
}

/// AUD-3: complete is what misses nothing and has no finding.
fn verify_verdict(complete: bool, missing: &[u32], findings: &[String]) -> Result<(), EvidenceFault> {
    let is_complete = missing.is_empty() && findings.is_empty();
    if complete == is_complete { Ok(()) } else { Err(EvidenceFault::Contradiction) }
}

fn verify_artefact<'a>(
    artefact: &'a Map<String, Value>,
    index: u64,
    before: Option<(u64, &str)>,
) -> Result<(u64, &'a str), EvidenceFault> {
    let position = artefact.get("position").and_then(Value::as_u64);
    let previous_hash = artefact.get("previous_hash").and_then(Value::as_str);
    let expected = before.map_or(position.unwrap_or(index).max(1), |(last, _)| last + 1);
    if position != Some(expected) {
        return Err(EvidenceFault::Link { position: expected, field: "position" });
    }
    let follows = match (before, previous_hash) {
        (Some((_, hash)), Some(previous)) => previous == hash,
        // The end of a very long chain begins behind an artefact that the pack does not carry.
        (None, Some(previous)) => previous.is_empty() == (expected == 1),
        (_, None) => false,
    };
    if !follows {
        return Err(EvidenceFault::Link { position: expected, field: "previous_hash" });
    }
    if let Some(field) = changed_field(artefact, artefact_digests(artefact)) {
        return Err(EvidenceFault::ArtefactField { position: expected, field });
    }
    match artefact.get("hash").and_then(Value::as_str) {
        Some(hash) if hash == hash_of(artefact) => Ok((expected, hash)),
        Some(_) | None => Err(EvidenceFault::ArtefactField { position: expected, field: "hash".to_owned() }),
    }
}

fn verify_whole(fields: &Map<String, Value>) -> Result<EvidencePack, EvidenceFault> {
    if let Some(field) = changed_field(fields, pack_digests(fields)) {
        return Err(EvidenceFault::PackField { field });
    }
    if fields.get("hash").and_then(Value::as_str) != Some(hash_of(fields).as_str()) {
        return Err(EvidenceFault::PackField { field: "hash".to_owned() });
    }
    let pack: EvidencePack = serde_json::from_value(Value::Object(fields.clone()))
        .map_err(|error| EvidenceFault::NotAPack(error.to_string()))?;
    verify_verdict(pack.complete, &pack.missing, &pack.findings)?;
    Ok(pack)
}

/// The first field, by name, whose content and recorded digest differ, also where one of the two is missing.
fn changed_field(fields: &Map<String, Value>, found: BTreeMap<String, String>) -> Option<String> {
    let empty = Map::new();
    let recorded = fields.get("field_digests").and_then(Value::as_object).unwrap_or(&empty);
    let names: BTreeSet<&str> = found.keys().chain(recorded.keys()).map(String::as_str).collect();
    names
        .into_iter()
        .find(|name| found.get(*name).map(String::as_str) != recorded.get(*name).and_then(Value::as_str))
        .map(str::to_owned)
}
