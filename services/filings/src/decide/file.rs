//! Filing a form: every record saved in it is filed at that instant (IN-2, PD-2), page by page.

use super::{Filing, Verdict, audience, document_in, is_amendment, kind_of};
use crate::outcome::FilingsOutcome as Found;
use crate::rows::{self, DocumentName, DocumentRow, FiledVersion, ReturnRow, SavedRow, VersionRow};
use gst_events::{DocumentFiled, Origin, Outgoing, SupplierReturnFiled};
use gst_rules::Rulebook;
use gst_types::{DocumentNumber, IstInstant};
use stream::{Cursor, DecideError, RowKey};

/// Saved records read at once.
const SAVED_RECORDS_PER_READ: usize = 200;
/// Rows and events that one record may need: its saved row, document, two versions' names, and two recipients.
const CHANGES_PER_RECORD: usize = 6;

/// A supplier files a form; it may be empty. `cursor` is where the page before ended.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn file(
    draft: &mut Filing<'_>,
    fact: &SupplierReturnFiled,
    rules: &Rulebook,
    cursor: Option<&Cursor>,
    changes_max: usize,
) -> Result<Verdict, DecideError> {
    if cursor.is_none() {
        let key = rows::return_key(fact.supplier, fact.form, fact.return_period);
        if draft.get::<ReturnRow>(&key)?.is_some() {
            // What the portal saves in a filed form is filed at once, so nothing is left to do.
            return Ok(match fact.origin {
                Origin::User => Found::AlreadyFiled.into(),
                Origin::Portal => Found::FiledBefore.into(),
            });
        }
        draft.put(&key, &ReturnRow { filed_at: fact.filed_at });
    }
    let prefix = rows::saved_prefix(fact.supplier, fact.form, fact.return_period);
    let mut after = cursor.map(|cursor| RowKey::from_text(cursor.0.clone()));
    let mut done = 0;
    loop {
        let page: Vec<(RowKey, SavedRow)> = draft.scan(&prefix, after.as_ref(), SAVED_RECORDS_PER_READ)?;
        if page.is_empty() {
            return Ok(Found::Filed.into());
        }
        for (key, row) in page {
            let size = draft.change_count() + draft.event_count() + CHANGES_PER_RECORD;
            if let (Some(after), true) = (&after, done > 0 && size > changes_max) {
                let resume = Some(Cursor(after.as_str().to_owned()));
                return Ok(Verdict { outcome: Found::Filed, diverged: None, resume });
            }
            file_one(draft, &key, &row, fact.filed_at, rules)?;
            after = Some(key);
            done += 1;
        }
    }
}

/// One saved record becomes a filed version of its document.
pub(super) fn file_one(
    draft: &mut Filing<'_>,
    key: &RowKey,
    row: &SavedRow,
    filed_at: IstInstant,
    rules: &Rulebook,
) -> Result<(), DecideError> {
    let document = document_in(row)?;
    let record = &document.record;
    let (Ok(number), Some(kind)) = (record.number.parse::<DocumentNumber>(), kind_of(record.section)) else {
        return Err(DecideError::Broken("a saved record has no key".to_owned()));
    };
    let own = DocumentName { kind, number: number.clone(), date: record.date };
    let root = row.root.clone().unwrap_or_else(|| own.clone());
    let document_key = rows::document_key(record.supplier, &root);
    let mut versions: DocumentRow = draft.get(&document_key)?.unwrap_or_default();
    versions.saved_amendment.take_if(|saved| saved == key.as_str());
    versions.versions.push(FiledVersion {
        record_id: row.record_id.clone(),
        recipient: record.recipient,
        number,
        date: record.date,
        form: document.form,
        return_period: document.return_period,
        filed_at,
        amendment: is_amendment(record.section),
    });
    draft.put(&document_key, &versions);
    if own != root {
        draft.put(&rows::version_key(record.supplier, &own), &VersionRow { root });
    }
    draft.delete(key);
    for to in audience(&document, row.previous_recipient, rules.supplier_gstin_change()) {
        let event = DocumentFiled { document: to.document.clone(), filed_at, recipient_changed: to.recipient_changed };
        draft.emit(Outgoing::to_recipient(to.recipient(), &event));
    }
    Ok(())
}
