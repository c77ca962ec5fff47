//! Saving a record: the refusals of section 16 in their order, edits (IN-6), links of amendments (AM-10, AM-11), the
//! numbers of a year (ID-6, EG-1).

use super::file::file_one;
use super::{Filing, Verdict, audience, document_in, is_amendment, kind_of};
use crate::outcome::FilingsOutcome as Found;
use crate::rows::{
    self, DocumentName, DocumentRow, NumberRow, NumberUse, ReturnRow, SavedRow, SupplierRow, VersionRow,
};
use gst_events::{
    DocumentChanged, DocumentSaved, DocumentWithdrawn, FiledDocument, Origin, Outgoing, RecordId, SupplierRecordSaved,
    WithdrawalReason,
};
use gst_rules::Rulebook;
use gst_rules::rulebook::AmendmentChain;
use gst_types::{DocumentKind, DocumentNumber, FinancialYear, SupplierGstin};
use stream::{DecideError, RowKey};

/// What an amendment amends.
struct Link {
    root: DocumentName,
    document: DocumentRow,
    /// Whether a command would be refused, and why.
    refusal: Option<Found>,
}

/// A supplier saves a record. What the portal says is applied where a command would be refused, except a number that is
/// none and a number that another document has: such a record can have no key of its own.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn save(draft: &mut Filing<'_>, fact: &SupplierRecordSaved, rules: &Rulebook) -> Result<Verdict, DecideError> {
    let record = &fact.record;
    let supplier = record.supplier;
    let command = fact.origin == Origin::User;
    let filed: Option<ReturnRow> = draft.get(&rows::return_key(supplier, fact.form, fact.return_period))?;
    if filed.is_some() && command {
        return Ok(Found::AlreadyFiled.into());
    }
    let (Ok(number), Some(kind)) = (record.number.parse::<DocumentNumber>(), kind_of(record.section)) else {
        return Ok(Found::DocumentNumberInvalid.into());
    };
    let known: SupplierRow = draft.get(&rows::supplier_key(supplier))?.unwrap_or_default();
    let mut document = FiledDocument {
        record_id: fact.record_id.clone(),
        record: record.clone(),
        form: fact.form,
        return_period: fact.return_period,
        supplier_frequency: known.frequency_in(fact.return_period),
        saved_at: fact.at,
        original_record_id: None,
    };
    let amends = is_amendment(record.section);
    let root = if amends { Some(root_of(draft, &document, kind, rules)?) } else { None };
    let key = rows::saved_key(&document, &number, root.as_ref().map(|(root, _)| root));
    let link = match root {
        Some((root, named)) => Some(link(draft, &document, root, named, &key, rules)?),
        None => None,
    };
    let refusal = link.as_ref().and_then(|link| link.refusal);
    if let (true, Some(refusal)) = (command, refusal) {
        return Ok(refusal.into());
    }
    let own = DocumentName { kind, number: number.clone(), date: record.date };
    let name = link.as_ref().map_or(own, |link| link.root.clone());
    let before: Option<SavedRow> = draft.get(&key)?;
    // Two rows of one file are two documents with one number, not an edit.
    if before.as_ref().is_some_and(|before| in_one_message(&before.record_id, &fact.record_id)) {
        return Ok(Found::DuplicateDocumentNumber.into());
    }
    if is_duplicate(draft, &name, &document, &number, before.as_ref().map(|_| key.as_str()))? {
        return Ok(Found::DuplicateDocumentNumber.into());
    }
    let latest = link.as_ref().and_then(|link| link.document.versions.last());
    document.original_record_id = latest.map(|version| version.record_id.clone());
    let row = SavedRow {
        record_id: fact.record_id.clone(),
        document: serde_json::to_string(&document).map_err(|error| DecideError::Broken(error.to_string()))?,
        root: link.as_ref().map(|link| link.root.clone()),
        previous_recipient: latest.map(|version| version.recipient),
    };
    let outcome = put(draft, &key, &row, before.as_ref(), &document, rules)?;
    use_number(draft, &name, &document, &number, before.as_ref(), &key)?;
    if let Some(mut link) = link {
        link.document.saved_amendment = Some(key.as_str().to_owned());
        draft.put(&rows::document_key(supplier, &link.root), &link.document);
    }
    if let Some(filed) = &filed {
        file_one(draft, &key, &row, filed.filed_at, rules)?;
    }
    let diverged = refusal.or_else(|| filed.map(|_| Found::AlreadyFiled));
    Ok(Verdict { outcome, diverged, resume: None })
}

/// AM-10, AM-11: the first name of the document that an amendment means, and whether it names one at all. In a chain the
/// link may name any filed version; otherwise only the original's own name counts.
fn root_of(
    draft: &Filing<'_>,
    document: &FiledDocument,
    kind: DocumentKind,
    rules: &Rulebook,
) -> Result<(DocumentName, bool), DecideError> {
    let record = &document.record;
    let named = record.original.as_ref().and_then(|original| {
        let number = original.number.parse().ok()?;
        Some(DocumentName { kind, number, date: original.date })
    });
    let Some(named) = named else {
        let number = record.number.parse().map_err(|_| DecideError::Broken("a checked number is none".to_owned()))?;
        return Ok((DocumentName { kind, number, date: record.date }, false));
    };
    let version: Option<VersionRow> = match rules.amendment_chain() {
        AmendmentChain::Chain => draft.get(&rows::version_key(record.supplier, &named))?,
        AmendmentChain::Single => None,
    };
    Ok((version.map_or(named, |version| version.root), true))
}

/// AM-10, AM-11: finds the original, and whether it may be amended now.
fn link(
    draft: &Filing<'_>,
    document: &FiledDocument,
    root: DocumentName,
    named: bool,
    key: &RowKey,
    rules: &Rulebook,
) -> Result<Link, DecideError> {
    let found: Option<DocumentRow> = draft.get(&rows::document_key(document.record.supplier, &root))?;
    let Some(found) = found.filter(|_| named) else {
        return Ok(Link { root, document: DocumentRow::default(), refusal: Some(Found::OriginalNotFound) });
    };
    let edits = found.saved_amendment.as_deref() == Some(key.as_str());
    if found.versions.is_empty() && !edits {
        return Ok(Link { root, document: found, refusal: Some(Found::OriginalNotFound) });
    }
    let amended = match rules.amendment_chain() {
        AmendmentChain::Single => found.is_amended(),
        AmendmentChain::Chain => false,
    };
    let refused = !edits && (amended || found.saved_amendment.is_some());
    Ok(Link { root, document: found, refusal: refused.then_some(Found::AlreadyAmendedOnce) })
}

/// Whether two records came in one message: record ids are the message's id, `#` and a number.
fn in_one_message(one: &RecordId, other: &RecordId) -> bool {
    match (one.0.rsplit_once('#'), other.0.rsplit_once('#')) {
        (Some((first, _)), Some((second, _))) => first == second,
        (_, _) => false,
    }
}

/// EG-1 to EG-3: whether another document of the year has the number, in whatever form or period (GSTR-1A: EG-2). An edit keeps its own number; an amendment may keep the
/// numbers of the document that it amends (AM-10).
fn is_duplicate(
    draft: &Filing<'_>,
    name: &DocumentName,
    document: &FiledDocument,
    number: &DocumentNumber,
    own_saved: Option<&str>,
) -> Result<bool, DecideError> {
    let record = &document.record;
    let key = rows::number_key(record.supplier, name.kind, FinancialYear::of(record.date), number);
    let Some(used) = draft.get::<NumberRow>(&key)? else { return Ok(false) };
    let by_others = used.uses.iter().any(|one| Some(one.saved.as_str()) != own_saved);
    let same_document = is_amendment(record.section) && used.document == *name;
    Ok(by_others && !same_document)
}

/// Writes the saved row and tells recipients: saved, changed, or withdrawn where an edit took it away.
fn put(
    draft: &mut Filing<'_>,
    key: &RowKey,
    row: &SavedRow,
    before: Option<&SavedRow>,
    document: &FiledDocument,
    rules: &Rulebook,
) -> Result<Found, DecideError> {
    draft.put(key, row);
    let change = rules.supplier_gstin_change();
    let now = audience(document, row.previous_recipient, change);
    let Some(before) = before else {
        for to in now {
            draft.emit(Outgoing::to_recipient(to.recipient(), &DocumentSaved { document: to.document }));
        }
        return Ok(Found::Saved);
    };
    let earlier = audience(&document_in(before)?, before.previous_recipient, change);
    for gone in earlier.iter().filter(|gone| now.iter().all(|to| to.recipient() != gone.recipient())) {
        withdraw(draft, gone.recipient(), &before.record_id, WithdrawalReason::RecipientChanged, document.saved_at);
    }
    for to in now {
        let recipient = to.recipient();
        if earlier.iter().any(|heard| heard.recipient() == recipient) {
            let changed = DocumentChanged { document: to.document, replaces: before.record_id.clone() };
            draft.emit(Outgoing::to_recipient(recipient, &changed));
        } else {
            draft.emit(Outgoing::to_recipient(recipient, &DocumentSaved { document: to.document }));
        }
    }
    Ok(Found::Edited)
}

/// Tells a recipient that a saved record is gone.
pub(super) fn withdraw(
    draft: &mut Filing<'_>,
    recipient: gst_types::RecipientGstin,
    record_id: &RecordId,
    reason: WithdrawalReason,
    at: gst_types::IstInstant,
) {
    let event = DocumentWithdrawn { recipient, record_id: record_id.clone(), reason, at };
    draft.emit(Outgoing::to_recipient(recipient, &event));
}

/// Enters the number in its year's set (ID-6); an edit frees the number that it had before.
fn use_number(
    draft: &mut Filing<'_>,
    name: &DocumentName,
    document: &FiledDocument,
    number: &DocumentNumber,
    before: Option<&SavedRow>,
    saved: &RowKey,
) -> Result<(), DecideError> {
    let record = &document.record;
    if let Some(before) = before {
        free_number(draft, &document_in(before)?, saved.as_str())?;
    }
    let key = rows::number_key(record.supplier, name.kind, FinancialYear::of(record.date), number);
    let mut row: NumberRow = draft.get(&key)?.unwrap_or_else(|| NumberRow { document: name.clone(), uses: Vec::new() });
    row.uses.push(NumberUse {
        record_id: document.record_id.clone(),
        section: record.section,
        form: document.form,
        return_period: document.return_period,
        saved: saved.as_str().to_owned(),
    });
    draft.put(&key, &row);
    Ok(())
}

/// Takes a saved record's number out of its year's set.
pub(super) fn free_number(draft: &mut Filing<'_>, document: &FiledDocument, saved: &str) -> Result<(), DecideError> {
    let record = &document.record;
    let Some((key, mut row)) = number_row(draft, record.supplier, document)? else { return Ok(()) };
    row.uses.retain(|one| !(one.saved == saved && one.record_id == document.record_id));
    if row.uses.is_empty() {
        draft.delete(&key);
    } else {
        draft.put(&key, &row);
    }
    Ok(())
}

fn number_row(
    draft: &Filing<'_>,
    supplier: SupplierGstin,
    document: &FiledDocument,
) -> Result<Option<(RowKey, NumberRow)>, DecideError> {
    let record = &document.record;
    let (Ok(number), Some(kind)) = (record.number.parse(), kind_of(record.section)) else { return Ok(None) };
    let key = rows::number_key(supplier, kind, FinancialYear::of(record.date), &number);
    Ok(draft.get(&key)?.map(|row| (key, row)))
}
