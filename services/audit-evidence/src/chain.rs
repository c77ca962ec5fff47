//! The hash chain of a pack: canonical JSON and SHA-256 (AUD-7). [`crate::verify()`] is the check of it.
//!
//! An artefact's hash covers everything in it, also the hash of the one before; the pack's hash covers the pack. So that
//! a change can be named and not only noticed, each field has a short digest of its own.

use data_encoding::HEXLOWER;
use gst_events::{Acceptance, Actor, CreditSubject, EvidenceAdded, EvidenceArtefact, EvidencePack};
use gst_types::{IstDate, IstInstant, RecipientGstin};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Bytes of a field's digest, written as twice as many digits: enough to tell a change; the security is in the hash.
const FIELD_DIGEST_BYTES: usize = 8;

/// Room for an artefact's text; most have one to two thousand bytes.
const ARTEFACT_TEXT_BYTES: usize = 2048;

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
    let mut text = Vec::with_capacity(ARTEFACT_TEXT_BYTES);
    artefact.field_digests = digests_as_written(&artefact, &mut text);
    text.clear();
    write_plain(&SortedArtefact::from(&artefact), &mut text);
    artefact.hash = sha256_of(&text);
    artefact
}

/// The digests of [`artefact_digests`], from the artefact itself: every event of a document makes one, so that no tree is
/// built for it.
fn digests_as_written(artefact: &EvidenceArtefact, text: &mut Vec<u8>) -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    let SortedArtefact { actor, artefact: number, captured_at, event_id, facts, kind, .. } = artefact.into();
    if let Some(actor) = actor {
        digests.insert("actor".to_owned(), digest_as_written(&actor, text));
    }
    digests.insert("artefact".to_owned(), digest_as_written(&number, text));
    digests.insert("captured_at".to_owned(), digest_as_written(&captured_at, text));
    digests.insert("event_id".to_owned(), digest_as_written(event_id, text));
    digests.insert("kind".to_owned(), digest_as_written(kind, text));
    for (fact, value) in facts {
        digests.insert(format!("facts.{fact}"), digest_as_written(value, text));
    }
    digests
}

fn digest_as_written<T: Serialize + ?Sized>(value: &T, text: &mut Vec<u8>) -> String {
    text.clear();
    write_plain(value, text);
    short_digest(text)
}

/// An artefact as its row keeps it, without its fields' digests: they are half of it and follow from the rest.
pub(crate) fn kept(artefact: &EvidenceArtefact) -> Result<String, serde_json::Error> {
    let none = BTreeMap::new();
    serde_json::to_string(&SortedArtefact { field_digests: &none, ..artefact.into() })
}

/// The whole artefact of a row. Its hash is the one that was made with it: a row that was changed does not verify.
pub(crate) fn restored(json: &str) -> Result<EvidenceArtefact, serde_json::Error> {
    let mut artefact: EvidenceArtefact = serde_json::from_str(json)?;
    artefact.field_digests = digests_as_written(&artefact, &mut Vec::new());
    Ok(artefact)
}

/// Closes an addition with its hash.
pub(crate) fn seal_addition(addition: &mut EvidenceAdded) {
    let mut text = Vec::with_capacity(ARTEFACT_TEXT_BYTES);
    write_plain(&SortedAddition::from(&*addition), &mut text);
    addition.hash = sha256_of(&text);
}

/// Closes a pack: its fields' digests and its hash. The long chain is hashed as it is written; everything else is small.
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
    /// Empty while it is being made: a hash does not cover itself.
    #[serde(skip_serializing_if = "str::is_empty")]
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

/// An addition without its hash, with its fields in the order of the canonical form.
#[derive(Serialize)]
struct SortedAddition<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    acceptance: Option<Acceptance>,
    artefact: SortedArtefact<'a>,
    complete: bool,
    findings: &'a [String],
    keep_until: IstDate,
    missing: &'a [u32],
    recipient: RecipientGstin,
    subject: &'a CreditSubject,
    warnings: &'a [String],
}

impl<'a> From<&'a EvidenceAdded> for SortedAddition<'a> {
    fn from(addition: &'a EvidenceAdded) -> Self {
        // Named one by one, as above.
        let EvidenceAdded {
            recipient,
            subject,
            artefact,
            complete,
            acceptance,
            missing,
            warnings,
            findings,
            keep_until,
            hash: _,
        } = addition;
        Self {
            acceptance: *acceptance,
            artefact: artefact.into(),
            complete: *complete,
            findings,
            keep_until: *keep_until,
            missing,
            recipient: *recipient,
            subject,
            warnings,
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

/// Nothing is copied: each value is written where it belongs.
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
    short_digest(&canonical_bytes(value))
}

fn short_digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    HEXLOWER.encode(digest.get(..FIELD_DIGEST_BYTES).unwrap_or_default())
}

/// Payloads are plain data with text keys, which always become an object.
fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

pub(crate) fn hash_of(fields: &Map<String, Value>) -> String {
    let mut text = Vec::new();
    write_object(fields, Some("hash"), None, &mut text);
    sha256_of(&text)
}

fn text_object(texts: &BTreeMap<String, String>) -> Value {
    Value::Object(texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect())
}

/// Every field but those that the chain itself consists of; a fact is a field of its own.
pub(crate) fn artefact_digests(fields: &Map<String, Value>) -> BTreeMap<String, String> {
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
pub(crate) fn pack_digests(fields: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    for (name, value) in fields.iter().filter(|(name, _)| !["field_digests", "hash"].contains(&name.as_str())) {
        let last_hash = value.as_array().and_then(|chain| chain.last()).and_then(|last| last.get("hash"));
        let told = if name == "artefacts" { last_hash.unwrap_or(&Value::Null) } else { value };
        digests.insert(name.clone(), field_digest(told));
    }
    digests
}
