//! A pack in the making: the chain grows, the judgement follows, what is new is published.

use crate::capture::{Capture, Effect};
use crate::chain::{ArtefactContent, kept, link, restored, seal, seal_addition, sha256_hex};
use crate::judge::judge;
use crate::rows::{
    ActorRow, AliasRow, ArtefactRow, DueRow, Judgement, PackRow, RecordSeen, ReportedRow, ReturnRow, alias_key,
    artefact_key, artefacts_prefix, due_key, pack_key, reported_prefix, return_key,
};
use chrono::DateTime;
use gst_events::{Actor, CreditSubject, EvidenceAdded, EvidenceArtefact, EvidencePack, Outgoing, Topic};
use gst_rules::Rulebook;
use gst_rules::audit::{Retention, retention};
use gst_rules::calendar::annual_return_due;
use gst_types::{FinancialYear, IstDate, IstInstant, RecipientGstin, TaxPeriod};
use std::collections::BTreeMap;
use stream::{DecideError, Draft, StateError};

/// Artefacts that one published pack carries: a common document has ten to twenty. Of a longer chain the end is sent, so
/// that a pack stays far below the topic's message limit.
pub(crate) const PACK_ARTEFACTS_MAX: u64 = 200;

/// What an artefact takes from its event's headers and its place in time.
#[derive(Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) rulebook: &'a Rulebook,
    pub(crate) event_id: &'a str,
    /// Who asked for the decision that is captured, where known.
    pub(crate) asked_by: Option<ActorRow>,
    /// The day of the log.
    pub(crate) day: Option<IstDate>,
}

/// Puts a capture into its document's pack; whether anything was published.
pub(crate) fn add(
    draft: &mut Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    capture: Capture,
    origin: &Origin<'_>,
) -> Result<bool, DecideError> {
    let subject = first_version(draft, recipient, &capture.subject)?;
    let key = pack_key(recipient, &subject);
    let (mut pack, is_new) = match draft.get::<PackRow>(&key)? {
        Some(pack) => (pack, false),
        None if capture.begins => (PackRow::new(keep_until(&subject)), true),
        None => return Ok(false),
    };
    if is_new {
        // A document older than its retention is kept until the day after it came.
        let day = pack.keep_until.max(origin.day.unwrap_or(pack.keep_until)).next();
        let what = DueRow::Pack(subject.clone());
        draft.put(&due_key(day, recipient, &what), &what);
    }
    let is_led_to = remember_ways(draft, recipient, &subject, &capture, &mut pack);
    let says_new = apply(&capture, &mut pack);
    let added = match capture.kind {
        Some(_) if says_new => Some(append(draft, recipient, &subject, &mut pack, capture, origin)?),
        Some(_) | None => None,
    };
    let judgement = judge(origin.rulebook, &subject, &pack);
    let before = std::mem::replace(&mut pack.judgement, judgement);
    if is_new || is_led_to || says_new || before != pack.judgement {
        draft.put(&key, &pack);
    }
    let (adds, is_whole) = (added.is_some(), pack.last_position > 0 && is_told_whole(added.is_some(), &before, &pack));
    if let Some(artefact) = added {
        let addition = addition(recipient, &subject, &pack, artefact);
        draft.emit(Outgoing::public(Topic::Evidence, recipient.gstin(), &addition));
    }
    if is_whole {
        let whole = published(draft, recipient, &subject, &pack)?;
        draft.emit(Outgoing::public(Topic::Evidence, recipient.gstin(), &whole));
    }
    Ok(adds || is_whole)
}

/// An artefact is told with the judgement after it, so the whole pack follows only where the verdict changes: completeness,
/// findings, warnings. A judgement that changes without an artefact has no other voice, whatever changes in it.
fn is_told_whole(adds: bool, before: &Judgement, pack: &PackRow) -> bool {
    let Judgement { complete, missing, warnings, findings } = &pack.judgement;
    let verdict_changes = before.complete != *complete || before.findings != *findings || before.warnings != *warnings;
    verdict_changes || !adds && before.missing != *missing
}

/// The document that an amended number leads to.
fn first_version(
    draft: &Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
) -> Result<CreditSubject, StateError> {
    match subject {
        CreditSubject::BillOfEntry(_) => Ok(subject.clone()),
        CreditSubject::Document(key) => {
            let alias = draft.get::<AliasRow>(&alias_key(recipient, key))?;
            Ok(alias.map_or_else(|| subject.clone(), |alias| CreditSubject::Document(alias.first)))
        }
    }
}

/// AUD-6: 72 months after the due date of the annual return of the document's year. Proceedings are held by an operator,
/// who then does not purge.
fn keep_until(subject: &CreditSubject) -> IstDate {
    let year = match subject {
        CreditSubject::Document(key) => key.financial_year,
        CreditSubject::BillOfEntry(id) => FinancialYear::of(id.date),
    };
    let due = annual_return_due(year);
    match retention(due, None, false) {
        Retention::Until(day) => day,
        Retention::IndefiniteHold => due,
    }
}

/// The other ways to this pack: an amended number, the supplier's period. Whether one of them is new.
fn remember_ways(
    draft: &mut Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
    capture: &Capture,
    pack: &mut PackRow,
) -> bool {
    let mut is_new = false;
    if let (Some(amended), CreditSubject::Document(first)) = (&capture.alias, subject)
        && amended != first
        && pack.aliases.insert(amended.clone())
    {
        draft.put(&alias_key(recipient, amended), &AliasRow { first: first.clone() });
        is_new = true;
    }
    let Some((supplier, period)) = capture.reported else { return is_new };
    if pack.reported == Some((supplier, period)) {
        return is_new;
    }
    // What the supplier filed outweighs what the register assumed, and never the other way.
    let is_filed = matches!(capture.effect, Effect::Filed { .. });
    match pack.reported {
        Some(_) if !is_filed => return is_new,
        Some((supplier, period)) => draft.delete(&reported_prefix(recipient, supplier, period).with(subject)),
        None => {}
    }
    pack.reported = Some((supplier, period));
    let key = reported_prefix(recipient, supplier, period).with(subject);
    draft.put(&key, &ReportedRow { subject: subject.clone() });
    true
}

/// Changes what the judgement needs; `false` where the event says nothing that was not captured before.
fn apply(capture: &Capture, pack: &mut PackRow) -> bool {
    match &capture.effect {
        Effect::Link => {}
        Effect::Booked(seen) => pack.booked = Some(*seen),
        Effect::Amounts { taxable_value, tax } => {
            if let Some(seen) = &mut pack.booked {
                (seen.taxable_value, seen.tax) = (*taxable_value, *tax);
            }
        }
        Effect::Received(on) => pack.received_on = Some(pack.received_on.map_or(*on, |before| before.min(*on))),
        Effect::File(number) => {
            pack.files.insert(*number);
        }
        Effect::Filed { seen, receiving_state, .. } => {
            pack.filed = Some(*seen);
            pack.receiving_state = *receiving_state;
        }
        Effect::Record { record_id, acceptance, accepted_on, seen } => {
            let digest = digest_of(capture);
            let before = pack.records.get(record_id);
            if before.is_some_and(|before| before.digest == digest) {
                return false;
            }
            // Being confirmed does not make an acceptance younger.
            let since = before.filter(|before| before.acceptance.is_some()).and_then(|before| before.accepted_on);
            let accepted_on = acceptance.map(|_| since.unwrap_or(*accepted_on));
            pack.records.insert(record_id.clone(), RecordSeen { acceptance: *acceptance, accepted_on, digest });
            pack.filed = Some(*seen);
        }
        Effect::Line { availed_on } => {
            pack.line_seen = true;
            pack.availed_on = [pack.availed_on, *availed_on].into_iter().flatten().min();
        }
        Effect::PaymentSeen => pack.payment_seen = true,
        Effect::Settled { settlement, duty } => {
            let before = pack.settlement.and_then(|settlement| settlement.last_paid_on);
            let mut settlement = *settlement;
            settlement.last_paid_on = settlement.last_paid_on.max(before);
            pack.settlement = Some(settlement);
            pack.payment_duty = *duty;
        }
        Effect::DutyPaid => pack.duty_paid = true,
        Effect::Rule37Reversal => pack.has_rule_37_reversal = true,
        Effect::Reclaim => pack.has_reclaim = true,
    }
    true
}

fn digest_of(capture: &Capture) -> String {
    // A closed type with text keys always becomes JSON; the kind is part of what is said.
    let facts = serde_json::to_string(&capture.facts.0).unwrap_or_default();
    sha256_hex(&format!("{} {facts}", capture.kind.as_deref().unwrap_or_default()))[..16].to_owned()
}

fn append(
    draft: &mut Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
    pack: &mut PackRow,
    capture: Capture,
    origin: &Origin<'_>,
) -> Result<EvidenceArtefact, DecideError> {
    let content = content(draft, recipient, subject, pack, capture, origin)?;
    let artefact = link(pack.last_position + 1, &pack.last_hash, content);
    let json = kept(&artefact).map_err(|error| DecideError::Broken(error.to_string()))?;
    draft.put(&artefact_key(recipient, subject, artefact.position), &ArtefactRow { json });
    pack.last_position = artefact.position;
    pack.last_hash.clone_from(&artefact.hash);
    Ok(artefact)
}

/// The artefact's own facts and those that every artefact has (AUD-2).
fn content(
    draft: &Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
    pack: &PackRow,
    capture: Capture,
    origin: &Origin<'_>,
) -> Result<ArtefactContent, DecideError> {
    let known_date = pack.booked.or(pack.filed).map(|seen| seen.date);
    let document_date = capture.document_date.or(known_date);
    let number = match subject {
        CreditSubject::Document(key) => key.number.to_string(),
        CreditSubject::BillOfEntry(id) => id.number().to_owned(),
    };
    let period: Option<TaxPeriod> = capture.facts.0.get("return_period").and_then(|period| period.parse().ok());
    let filed = match period {
        Some(period) => draft.get::<ReturnRow>(&return_key(recipient, period))?,
        None => None,
    };
    let day_number = capture.paid_on.zip(known_date).map(|(paid, invoiced)| paid.days_since(invoiced));
    let facts = capture
        .facts
        .with("document", subject)
        .with("document_number", number)
        .maybe("document_date", document_date)
        .with("source_system", capture.source.code())
        .with("captured_at_utc", utc(capture.at))
        .maybe("day_number", day_number)
        .maybe("return_filed_at", filed.as_ref().map(|filed| filed.filed_at))
        .maybe("arn", filed.and_then(|filed| filed.arn));
    let asked_by = origin.asked_by.as_ref();
    // Where two persons are needed both are named, with their instants.
    let facts = match asked_by.and_then(|row| Some((row, row.proposer.as_ref()?))) {
        Some((approver, (proposer, proposed_at))) => facts
            .with("proposed_by", proposer)
            .with("proposed_at", proposed_at)
            .with("approved_by", &approver.subject)
            .with("approved_at", approver.at),
        None => facts,
    };
    let asker = asked_by.map(|row| Actor { subject: row.subject.clone(), role: row.role.clone() });
    Ok(ArtefactContent {
        artefact: capture.artefact,
        kind: capture.kind.unwrap_or_default(),
        event_id: origin.event_id.to_owned(),
        captured_at: capture.at,
        actor: capture.actor.or(asker).unwrap_or_else(|| capture.source.actor()),
        facts: facts.0,
    })
}

fn utc(at: IstInstant) -> String {
    let instant = DateTime::from_timestamp(at.unix_seconds(), 0);
    instant.map(|instant| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// What is told of one artefact.
fn addition(
    recipient: RecipientGstin,
    subject: &CreditSubject,
    pack: &PackRow,
    artefact: EvidenceArtefact,
) -> EvidenceAdded {
    let mut addition = EvidenceAdded {
        recipient,
        subject: subject.clone(),
        artefact,
        complete: pack.judgement.complete,
        acceptance: pack.acceptance(),
        missing: missing(pack),
        warnings: pack.judgement.warnings.clone(),
        findings: pack.judgement.findings.clone(),
        keep_until: pack.keep_until,
        hash: String::new(),
    };
    seal_addition(&mut addition);
    addition
}

fn missing(pack: &PackRow) -> Vec<u32> {
    pack.judgement.missing.iter().copied().map(u32::from).collect()
}

fn published(
    draft: &Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
    pack: &PackRow,
) -> Result<EvidencePack, DecideError> {
    let skipped = pack.last_position.saturating_sub(PACK_ARTEFACTS_MAX);
    let after = (skipped > 0).then(|| artefact_key(recipient, subject, skipped));
    let limit = usize::try_from(PACK_ARTEFACTS_MAX).unwrap_or(usize::MAX);
    let rows = draft.scan::<ArtefactRow>(&artefacts_prefix(recipient, subject), after.as_ref(), limit)?;
    let artefacts = rows.iter().map(|(_, row)| restored(&row.json)).collect::<Result<Vec<_>, _>>();
    let artefacts = artefacts.map_err(|error| DecideError::Broken(error.to_string()))?;
    Ok(sealed(recipient, subject, pack, artefacts))
}

/// The pack as it is published.
pub(crate) fn sealed(
    recipient: RecipientGstin,
    subject: &CreditSubject,
    pack: &PackRow,
    artefacts: Vec<EvidenceArtefact>,
) -> EvidencePack {
    let mut sealed = EvidencePack {
        recipient,
        subject: subject.clone(),
        artefacts,
        complete: pack.judgement.complete,
        acceptance: pack.acceptance(),
        missing: missing(pack),
        warnings: pack.judgement.warnings.clone(),
        findings: pack.judgement.findings.clone(),
        keep_until: pack.keep_until,
        field_digests: BTreeMap::new(),
        hash: String::new(),
    };
    seal(&mut sealed);
    sealed
}
