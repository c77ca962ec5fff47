//! Bills of Entry as they reach a taxpayer (section 10).

use crate::desk::{Decided, Desk};
use crate::records::{blank, link_amendment};
use crate::rows::{BillRow, RecordKind, RecordRow, RecordState, key};
use gst_events::{
    BillOfEntryAmended, BillOfEntryDetails, BillOfEntryMovedIn, BillOfEntryMovedOut, BillOfEntryReceived,
    BillOfEntryStatusChanged, CreditSubject, ImsSection, PermanentReversalRecorded, PermanentReversalRule, RecordId,
};
use gst_rules::rule::{BE_3, BE_4, BE_7, BE_8, BE_10, BE_12, T4_9};
use gst_types::{IstDate, IstInstant, TaxAmounts};
use stream::DecideError;

/// IMPGA or IMPGSEZA: what an amendment of that Bill of Entry is shown as (BE-1).
const fn amendment_section(section: ImsSection) -> ImsSection {
    match section {
        ImsSection::Impgsez | ImsSection::Impgseza => ImsSection::Impgseza,
        ImsSection::Impg
        | ImsSection::Impga
        | ImsSection::B2b
        | ImsSection::B2ba
        | ImsSection::Dn
        | ImsSection::Dna
        | ImsSection::Cn
        | ImsSection::Cna
        | ImsSection::Eco
        | ImsSection::Ecoa => ImsSection::Impga,
    }
}

fn row_of(details: &BillOfEntryDetails, kind: RecordKind, section: ImsSection, received_at: IstInstant) -> RecordRow {
    let id = &details.bill_of_entry;
    RecordRow {
        section: Some(section),
        supplier: details.sez_supplier,
        number: id.number().to_owned(),
        filed_at: Some(received_at),
        taxable_value: details.taxable_value,
        document_value: details.taxable_value + details.tax.total(),
        rule: BE_3,
        ..blank(kind, CreditSubject::BillOfEntry(id.clone()), id.date, details.tax)
    }
}

impl Desk<'_> {
    fn bill(&self, subject: &CreditSubject) -> Result<BillRow, DecideError> {
        Ok(self.draft.get(&key::bill(self.recipient, subject))?.unwrap_or_default())
    }

    /// Settles a record of a Bill of Entry with its statement (PD-8).
    fn receive(
        &mut self,
        id: &RecordId,
        mut row: RecordRow,
        reference_date: IstDate,
        received_at: IstInstant,
    ) -> Result<(), DecideError> {
        row.reference_date = Some(reference_date);
        row.window = Some(self.dates.window_of_import(reference_date, received_at));
        if let Some(home) = self.book().home(&row) {
            self.flag_late(&mut row, home, received_at);
            self.make_stale(home)?;
        }
        self.arrive(id, row, received_at)
    }

    /// A further version of a Bill of Entry; the version before learns of it (BE-5).
    fn add_version(
        &mut self,
        id: &RecordId,
        mut row: RecordRow,
        reference_date: IstDate,
        received_at: IstInstant,
    ) -> Result<(), DecideError> {
        let subject = row.subject.clone();
        let mut bill = self.bill(&subject)?;
        if bill.versions.contains(id) {
            return Ok(());
        }
        let previous = match row.kind {
            RecordKind::BillOfEntry => bill.versions.last().cloned(),
            RecordKind::BillOfEntryIn
            | RecordKind::BillOfEntryReversal
            | RecordKind::Document
            | RecordKind::Isd
            | RecordKind::Rule37a => None,
        };
        row.original.clone_from(&previous);
        bill.versions.push(id.clone());
        self.draft.put(&key::bill(self.recipient, &subject), &bill);
        self.receive(id, row, reference_date, received_at)?;
        match previous {
            Some(previous) => link_amendment(self, &previous, id, received_at),
            None => Ok(()),
        }
    }
}

/// BE-3: a Bill of Entry; without a reference date it is no IMS record yet.
pub(crate) fn received(mut desk: Desk<'_>, event: &BillOfEntryReceived) -> Result<Decided, DecideError> {
    first_version(&mut desk, &event.record_id, &event.details, event.received_at)?;
    Ok(desk.decided(BE_3))
}

/// BE-3, BE-13: with the step that makes the reference date known, it becomes an IMS record.
pub(crate) fn status_changed(mut desk: Desk<'_>, event: &BillOfEntryStatusChanged) -> Result<Decided, DecideError> {
    let complete_at = event.received_at.max(event.at);
    first_version(&mut desk, &event.record_id, &event.details, complete_at)?;
    Ok(desk.decided(BE_3))
}

fn first_version(
    desk: &mut Desk<'_>,
    id: &RecordId,
    details: &BillOfEntryDetails,
    received_at: IstInstant,
) -> Result<(), DecideError> {
    let Some(reference_date) = details.reference_date else { return Ok(()) };
    let row = row_of(details, RecordKind::BillOfEntry, details.section, received_at);
    if desk.bill(&row.subject)?.versions.is_empty() {
        desk.add_version(id, row, reference_date, received_at)?;
    }
    Ok(())
}

/// BE-4: the values changed; the record carries the whole revised values.
pub(crate) fn amended(mut desk: Desk<'_>, event: &BillOfEntryAmended) -> Result<Decided, DecideError> {
    let section = amendment_section(event.details.section);
    let row = row_of(&event.details, RecordKind::BillOfEntry, section, event.received_at);
    let reference_date = event.details.reference_date.unwrap_or(event.received_at.date());
    desk.add_version(&event.record_id, row, reference_date, event.received_at)?;
    Ok(desk.decided(BE_4))
}

/// BE-8, BE-12: the Bill of Entry left; a reversal record arises, and what is not locked is withdrawn.
pub(crate) fn moved_out(mut desk: Desk<'_>, event: &BillOfEntryMovedOut) -> Result<Decided, DecideError> {
    let section = amendment_section(event.details.section);
    let mut row = row_of(&event.details, RecordKind::BillOfEntryReversal, section, event.received_at);
    let subject = row.subject.clone();
    let mut bill = desk.bill(&subject)?;
    if bill.reversal.as_ref() == Some(&event.record_id) {
        return Ok(desk.decided(BE_8));
    }
    let original = original_amount(&desk, &bill, event.details.tax)?;
    row.reversal_limit = Some((original - bill.reversed_outside).or_zero_if_negative());
    let mut withdrawn = false;
    for id in bill.versions.clone() {
        withdrawn |= withdraw(&mut desk, &id, event.received_at)?;
    }
    if withdrawn {
        let words = "the Bill of Entry moved before its credit was locked: answer the reversal record with NO if none was taken";
        desk.alert("BOE_MOVED_UNDECIDED", Some(&subject), event.received_at.date(), words, BE_12);
    }
    bill.reversal = Some(event.record_id.clone());
    desk.draft.put(&key::bill(desk.recipient, &subject), &bill);
    // Its statement is the month of receipt, also of a change of GSTIN made before 1 Nov 2025 (BE-9).
    desk.receive(&event.record_id, row, event.received_at.date(), event.received_at)?;
    Ok(desk.decided(BE_8))
}

/// T4-9, BE-8 number 2: what the taxpayer reversed by himself lowers what is left to declare; never both for one rupee.
pub(crate) fn reversed_outside(mut desk: Desk<'_>, event: &PermanentReversalRecorded) -> Result<Decided, DecideError> {
    if event.rule != PermanentReversalRule::BoeGstinChanged {
        return Ok(desk.decided(T4_9));
    }
    let mut bill = desk.bill(&event.subject)?;
    bill.reversed_outside += event.tax;
    desk.draft.put(&key::bill(desk.recipient, &event.subject), &bill);
    let Some(id) = bill.reversal else { return Ok(desk.decided(T4_9)) };
    if let Some(mut record) = desk.record(&id)?.filter(|record| !desk.book().is_final(record)) {
        let limit = record.reversal_limit.unwrap_or(record.tax);
        record.reversal_limit = Some((limit - event.tax).or_zero_if_negative());
        if let Some(home) = desk.book().home(&record) {
            desk.make_stale(home)?;
        }
        desk.settle(&id, record, event.at)?;
    }
    Ok(desk.decided(T4_9))
}

/// BE-8 number 9: the value of the latest version locked here, else of the latest version, else as customs has it.
fn original_amount(desk: &Desk<'_>, bill: &BillRow, told: TaxAmounts) -> Result<TaxAmounts, DecideError> {
    let mut latest = None;
    for id in bill.versions.iter().rev() {
        let Some(version) = desk.record(id)? else { continue };
        if version.line.is_some() && desk.book().is_final(&version) {
            return Ok(version.tax);
        }
        latest.get_or_insert(version.tax);
    }
    Ok(latest.unwrap_or(told))
}

/// BE-12: takes a version that is not locked from the dashboard; true if it was there.
fn withdraw(desk: &mut Desk<'_>, id: &RecordId, now: IstInstant) -> Result<bool, DecideError> {
    let Some(mut version) = desk.record(id)? else { return Ok(false) };
    if version.state != RecordState::Filed || desk.book().is_final(&version) {
        return Ok(false);
    }
    if let (Some(home), false) = (desk.book().home(&version), version.superseded) {
        desk.make_stale(home)?;
    }
    version.state = RecordState::Withdrawn;
    version.rule = BE_12;
    desk.settle(id, version, now)?;
    Ok(true)
}

/// BE-7, BE-10: the Bill of Entry came; its full value counts, unless this taxpayer had a record of it before.
pub(crate) fn moved_in(mut desk: Desk<'_>, event: &BillOfEntryMovedIn) -> Result<Decided, DecideError> {
    let Some(id) = &event.record_id else { return Ok(desk.decided(BE_10)) };
    let section = amendment_section(event.details.section);
    let row = row_of(&event.details, RecordKind::BillOfEntryIn, section, event.received_at);
    desk.add_version(id, row, event.received_at.date(), event.received_at)?;
    Ok(desk.decided(BE_7))
}
