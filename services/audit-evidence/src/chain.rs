//! The hash chain of a pack: canonical JSON, SHA-256, and the check that anyone can run offline (AUD-7).
//!
//! An artefact's hash covers everything in it, also the hash of the one before; the pack's hash covers the pack. So that
//! a change can be named and not only noticed, each field has a short digest of its own.

use data_encoding::HEXLOWER;
use gst_events::{Actor, EvidenceArtefact, EvidencePack};
use gst_types::IstInstant;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Digits of a field's digest: enough to tell a change; the security is in the hash.
const FIELD_DIGEST_DIGITS: usize = 16;

/// What an artefact says, before it has its place in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtefactContent {
    /// Artefact number 1 to 5; 0 for a further link.
    pub artefact: u32,
    /// What it is.
    pub kind: String,
    /// The event that it was taken from.
    pub event_id: String,
    /// When it was captured.
    pub captured_at: IstInstant,
    /// Who acted.
    pub actor: Actor,
    /// What it says.
    pub facts: BTreeMap<String, String>,
}

/// Gives an artefact its place behind `previous_hash`; the first has position 1 and an empty one.
#[must_use]
pub fn link(position: u64, previous_hash: &str, content: ArtefactContent) -> EvidenceArtefact {
    let mut artefact = EvidenceArtefact {
        position,
        artefact: content.artefact,
        kind: content.kind,
        event_id: content.event_id,
        captured_at: content.captured_at,
        actor: Some(content.actor),
        facts: content.facts,
        field_digests: BTreeMap::new(),
        previous_hash: previous_hash.to_owned(),
        hash: String::new(),
    };
    let mut fields = object(&artefact);
    artefact.field_digests = artefact_digests(&fields);
    fields.insert("field_digests".to_owned(), text_object(&artefact.field_digests));
    artefact.hash = hash_of(&fields);
    artefact
}

/// Closes a pack: its fields' digests and its hash. A pack is sealed with every event of its document, so that the long
/// chain is hashed as it is written; everything else is small.
pub fn seal(pack: &mut EvidencePack) {
    let chain = std::mem::take(&mut pack.artefacts);
    let mut fields = object(pack);
    let last = chain.last().map(|last| Map::from_iter([("hash".to_owned(), Value::from(last.hash.as_str()))]));
    fields.insert("artefacts".to_owned(), Value::Array(last.into_iter().map(Value::Object).collect()));
    pack.field_digests = pack_digests(&fields);
    fields.insert("field_digests".to_owned(), text_object(&pack.field_digests));
    let mut text = Vec::new();
    write_object(&fields, Some("hash"), Some(&chain), &mut text);
    pack.hash = sha256_of(&text);
    pack.artefacts = chain;
}

/// An artefact with its fields in the order of the canonical form.
#[derive(Serialize)]
struct SortedArtefact<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<SortedActor<'a>>,
    artefact: u32,
    captured_at: IstInstant,
    event_id: &'a str,
    facts: &'a BTreeMap<String, String>,
    field_digests: &'a BTreeMap<String, String>,
    hash: &'a str,
    kind: &'a str,
    position: u64,
    previous_hash: &'a str,
}

#[derive(Serialize)]
struct SortedActor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    subject: &'a str,
}

impl<'a> From<&'a EvidenceArtefact> for SortedArtefact<'a> {
    fn from(artefact: &'a EvidenceArtefact) -> Self {
        // Named one by one: a field that comes anew must find its place here.
        let EvidenceArtefact {
            position,
            artefact,
            kind,
            event_id,
            captured_at,
            actor,
            facts,
            field_digests,
            previous_hash,
            hash,
        } = artefact;
        let actor = actor.as_ref().map(|Actor { subject, role }| SortedActor { role: role.as_deref(), subject });
        Self {
            actor,
            artefact: *artefact,
            captured_at: *captured_at,
            event_id,
            facts,
            field_digests,
            hash,
            kind,
            position: *position,
            previous_hash,
        }
    }
}

/// JSON in the one form that is hashed: keys sorted, no white space, text and numbers as `serde_json` writes them.
#[must_use]
pub fn canonical(value: &Value) -> String {
    String::from_utf8(canonical_bytes(value)).unwrap_or_default()
}

fn canonical_bytes(value: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    write_canonical(value, &mut text);
    text
}

/// Half of this worker's time is spent here, so that nothing is copied: each value is written where it belongs.
fn write_canonical(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => write_object(fields, None, None, text),
        Value::Array(items) => {
            text.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write_canonical(item, text);
            }
            text.push(b']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => write_plain(value, text),
    }
}

/// Fields in the order of their names, without the one left out; of a pack its chain in place of the field `artefacts`.
fn write_object(
    fields: &Map<String, Value>,
    left_out: Option<&str>,
    chain: Option<&[EvidenceArtefact]>,
    text: &mut Vec<u8>,
) {
    let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    text.push(b'{');
    let mut is_first = true;
    for (name, field) in sorted {
        if left_out.is_some_and(|left_out| left_out == name) {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            text.push(b',');
        }
        write_plain(name, text);
        text.push(b':');
        match chain.filter(|_| name == "artefacts") {
            Some(chain) => write_plain(&chain.iter().map(SortedArtefact::from).collect::<Vec<_>>(), text),
            None => write_canonical(field, text),
        }
    }
    text.push(b'}');
}

fn write_plain<T: Serialize + ?Sized>(value: &T, text: &mut Vec<u8>) {
    // Writing text and numbers to memory cannot fail.
    let _ = serde_json::to_writer(text, value);
}

/// SHA-256 of a text, hexadecimal.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    sha256_of(text.as_bytes())
}

fn sha256_of(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn field_digest(value: &Value) -> String {
    let mut digest = sha256_of(&canonical_bytes(value));
    digest.truncate(FIELD_DIGEST_DIGITS);
    digest
}

/// Payloads are plain data with text keys, which always become an object.
fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

fn hash_of(fields: &Map<String, Value>) -> String {
    let mut text = Vec::new();
    write_object(fields, Some("hash"), None, &mut text);
    sha256_of(&text)
}

fn text_object(texts: &BTreeMap<String, String>) -> Value {
    Value::Object(texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect())
}

/// Every field but those that the chain itself consists of; a fact is a field of its own.
fn artefact_digests(fields: &Map<String, Value>) -> BTreeMap<String, String> {
    let of_the_chain = ["position", "previous_hash", "field_digests", "hash"];
    let mut digests = BTreeMap::new();
    for (name, value) in fields.iter().filter(|(name, _)| !of_the_chain.contains(&name.as_str())) {
        match value {
            Value::Object(facts) if name == "facts" => {
                digests.extend(facts.iter().map(|(fact, value)| (format!("facts.{fact}"), field_digest(value))));
            }
            _ => {
                digests.insert(name.clone(), field_digest(value));
            }
        }
    }
    digests
}

/// Every field but digests and hash; the artefacts are told by the last one's hash, so that a cut-off end is noticed.
fn pack_digests(fields: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    for (name, value) in fields.iter().filter(|(name, _)| !["field_digests", "hash"].contains(&name.as_str())) {
        let last_hash = value.as_array().and_then(|chain| chain.last()).and_then(|last| last.get("hash"));
        let told = if name == "artefacts" { last_hash.unwrap_or(&Value::Null) } else { value };
        digests.insert(name.clone(), field_digest(told));
    }
    digests
}

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
            Self::Contradiction => "EVIDENCE_PACK_CONTRADICTS_ITSELF",
        }
    }
}

/// Checks a pack offline, from its own text alone: every field, every link, the whole.
///
/// # Errors
/// [`EvidenceFault`], the first in the order of the chain; it names artefact and field.
pub fn verify(pack: &str) -> Result<(), EvidenceFault> {
    let value: Value = serde_json::from_str(pack)
        .map_err(|error| EvidenceFault::NotJson { line: error.line(), column: error.column() })?;
    let Value::Object(fields) = value else {
        return Err(EvidenceFault::NotAPack("an object is expected".to_owned()));
    };
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
    verify_pack(&fields)
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

fn verify_pack(fields: &Map<String, Value>) -> Result<(), EvidenceFault> {
    if let Some(field) = changed_field(fields, pack_digests(fields)) {
        return Err(EvidenceFault::PackField { field });
    }
    if fields.get("hash").and_then(Value::as_str) != Some(hash_of(fields).as_str()) {
        return Err(EvidenceFault::PackField { field: "hash".to_owned() });
    }
    let pack: EvidencePack = serde_json::from_value(Value::Object(fields.clone()))
        .map_err(|error| EvidenceFault::NotAPack(error.to_string()))?;
    if pack.complete != (pack.missing.is_empty() && pack.findings.is_empty()) {
        return Err(EvidenceFault::Contradiction);
    }
    Ok(())
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
