//! Lines and totals, kept up to date with every decision on a record.

use crate::desk::{Decided, Desk, json};
use crate::rows::{AvailedRow, ChangeRow, ContentRow, DirtyRow, LineRow, StatementRow, SubjectRow, key};
use crate::totals;
use data_encoding::HEXLOWER;
use gst_events::{CreditSubject, ImsRecordDecided, PublishedLine, RecordId, StatementLine};
use gst_rules::rule::{GN_2, GN_9};
use gst_types::RecipientGstin;
use sha2::{Digest, Sha256};
use stream::{DecideError, RowKey};

/// Hexadecimal digits of a supplier's hash that are kept: 65,536 buckets are more than any statement needs.
const HASH_DIGITS: usize = 4;

/// The hash that chooses a line's bucket: of its supplier, or of the Bill of Entry where there is none.
fn hash_of(event: &ImsRecordDecided) -> String {
    let text = match (&event.supplier, &event.subject) {
        (Some(supplier), _) => supplier.to_string(),
        (None, subject) => subject.to_string(),
    };
    let digest = Sha256::digest(text.as_bytes());
    HEXLOWER.encode(&digest[..HASH_DIGITS / 2])
}

fn published(event: &ImsRecordDecided, line: &StatementLine) -> PublishedLine {
    PublishedLine {
        record_id: event.record_id.clone(),
        subject: event.subject.clone(),
        supplier: event.supplier,
        trade_name: event.trade_name.clone(),
        section: event.section,
        form: event.form,
        place_of_supply: event.place_of_supply,
        invoice_type: event.invoice_type.clone(),
        original: event.original.clone(),
        irn: event.irn.clone(),
        reference_date: event.reference_date,
        bill_amendment: event.bill_amendment,
        action: Some(event.action),
        itc_reduction: event.itc_reduction,
        remarks: event.remarks.clone(),
        number: event.number.clone(),
        date: event.date,
        supplier_period: event.return_period,
        supplier_filed_on: event.filed_at.map(|filed| filed.date()),
        table: line.table.clone(),
        effect: line.effect,
        taxable_value: event.taxable_value,
        document_value: event.document_value,
        tax: event.tax,
        unavailable: line.unavailable,
        acceptance: event.acceptance,
        reverse_charge: event.reverse_charge,
        late_feed: line.late_feed,
        rule: event.rule,
    }
}

/// The bucket of a hash, once their number is fixed.
pub(crate) fn bucket_of(hash: &str, digits: u32) -> &str {
    let digits = usize::try_from(digits).unwrap_or(HASH_DIGITS).min(hash.len());
    &hash[..digits]
}

/// The prefix that a bucket's rows of a table of rows share. A bucket without digits is written `-`.
pub(crate) fn bucket_key(prefix: RowKey, table: &str, bucket: &str) -> RowKey {
    prefix.with(table).with(if bucket.is_empty() { "-" } else { bucket })
}

impl Desk<'_> {
    fn mark(
        &mut self,
        id: &RecordId,
        line: &LineRow,
        statement: &StatementRow,
        before: Option<&String>,
    ) -> Result<(), DecideError> {
        if statement.version == 0 {
            return Ok(());
        }
        let prefix = key::within::<DirtyRow>(self.recipient, line.period);
        let bucket = bucket_of(&line.hash, statement.bucket_digits);
        self.draft.put(&bucket_key(prefix, line.table.as_str(), bucket), &DirtyRow {});
        let change_key = key::within::<ChangeRow>(self.recipient, line.period).with(id);
        let known: Option<ChangeRow> = self.draft.get(&change_key)?;
        let before = known.map_or_else(|| before.cloned(), |known| known.before);
        self.draft.put(&change_key, &ChangeRow { before, cause: self.context.meta.id.clone() });
        Ok(())
    }

    fn take_out(&mut self, id: &RecordId, old: &LineRow) -> Result<Option<String>, DecideError> {
        let content_key = key::content(self.recipient, old, id);
        let content: Option<ContentRow> = self.draft.get(&content_key)?;
        let published = content.map(|content| content.line);
        let mut statement = self.statement(old.period)?;
        totals::add(&mut statement.totals, old.table.as_str(), old.effect, false);
        self.put_statement(old.period, &statement);
        self.draft.delete(&content_key);
        self.draft.delete(&key::subject(self.recipient, &old.subject).with(id));
        self.mark(id, old, &statement, published.as_ref())?;
        Ok(published)
    }

    fn put_in(&mut self, id: &RecordId, new: &LineRow, published: String) -> Result<(), DecideError> {
        let mut statement = self.statement(new.period)?;
        totals::add(&mut statement.totals, new.table.as_str(), new.effect, true);
        self.put_statement(new.period, &statement);
        self.draft.put(&key::content(self.recipient, new, id), &ContentRow { line: published });
        self.draft.put(&key::subject(self.recipient, &new.subject).with(id), &SubjectRow {});
        self.mark(id, new, &statement, None)
    }
}

/// GN-2, GN-9: a record counts otherwise, or no longer.
pub(crate) fn decided(mut desk: Desk<'_>, event: &ImsRecordDecided) -> Result<Decided, DecideError> {
    let id = &event.record_id;
    let line_key = key::record::<LineRow>(desk.recipient, id);
    let old: Option<LineRow> = desk.draft.get(&line_key)?;
    let new = event.line.as_ref().map(|line| LineRow {
        period: line.period,
        table: line.table.clone(),
        hash: hash_of(event),
        effect: line.effect,
        subject: event.subject.clone(),
    });
    let text = match &event.line {
        Some(line) => Some(json(&published(event, line))?),
        None => None,
    };
    if let (Some(old), Some(new), Some(text)) = (&old, &new, &text) {
        let kept: Option<ContentRow> = desk.draft.get(&key::content(desk.recipient, old, id))?;
        if old == new && kept.is_some_and(|kept| kept.line == *text) {
            return Ok(desk.decided(GN_9));
        }
    }
    if let Some(old) = &old {
        desk.take_out(id, old)?;
    }
    match (&new, text) {
        (Some(new), Some(text)) => {
            desk.put_in(id, new, text)?;
            desk.draft.put(&line_key, new);
        }
        (None, _) | (Some(_), None) => {
            desk.draft.delete(&line_key);
            desk.draft.delete(&key::record::<AvailedRow>(desk.recipient, id));
        }
    }
    Ok(desk.decided(GN_2))
}

/// The records that count for a document or Bill of Entry, in the order of their ids.
pub(crate) fn records_of(desk: &Desk<'_>, subject: &CreditSubject) -> Result<Vec<(RecordId, LineRow)>, DecideError> {
    /// A document has a handful of versions; more are not looked at.
    const VERSIONS_MAX: usize = 64;
    let prefix = key::subject(desk.recipient, subject);
    let mut found = Vec::new();
    for (row_key, _) in desk.draft.scan::<SubjectRow>(&prefix, None, VERSIONS_MAX)? {
        let id = record_id(&row_key, 2);
        let line: Option<LineRow> = desk.draft.get(&key::record::<LineRow>(desk.recipient, &id))?;
        found.extend(line.map(|line| (id, line)));
    }
    Ok(found)
}

/// The record named in a part of a key.
pub(crate) fn record_id(row_key: &RowKey, part: usize) -> RecordId {
    RecordId(row_key.parts().nth(part).unwrap_or_default().replace("%7C", "|"))
}

/// Reads the taxpayer of a view.
pub(crate) fn content_prefix(recipient: RecipientGstin, period: gst_types::TaxPeriod) -> RowKey {
    key::within::<ContentRow>(recipient, period)
}
