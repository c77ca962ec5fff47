//! The decision on a record as the journal carries it.

use crate::decide::standing::Book;
use crate::rows::{RecordKind, RecordRow};
use gst_events::{Acceptance, BillAmendment, ImsAction, ImsRecordDecided, ImsSection, OriginalDocument, RecordId};
use gst_types::IstInstant;

/// EF-4: how a record is accepted, if it counts as accepted and could have been acted on.
#[must_use]
pub(crate) fn acceptance(book: &Book<'_>, record: &RecordRow) -> Option<Acceptance> {
    let counts = record.line.as_ref().is_some_and(|line| line.table.table() == 3);
    let silent_kind = match record.kind {
        RecordKind::Rule37a => true,
        RecordKind::Isd => !book.is_isd_in_ims(record),
        RecordKind::Document
        | RecordKind::BillOfEntry
        | RecordKind::BillOfEntryIn
        | RecordKind::BillOfEntryReversal => false,
    };
    match record.action {
        ImsAction::Accept if counts => Some(Acceptance::Explicit),
        ImsAction::NoAction if counts && !silent_kind => Some(Acceptance::Deemed),
        ImsAction::Accept | ImsAction::NoAction | ImsAction::Reject | ImsAction::Pending => None,
    }
}

/// TB-9: what a record in the amendment sections of imports amends.
const fn bill_amendment(record: &RecordRow) -> Option<BillAmendment> {
    match record.kind {
        RecordKind::BillOfEntryIn => Some(BillAmendment::GstinIn),
        RecordKind::BillOfEntryReversal => Some(BillAmendment::GstinOut),
        RecordKind::BillOfEntry => match record.section {
            Some(ImsSection::Impga | ImsSection::Impgseza) => Some(BillAmendment::Value),
            _ => None,
        },
        RecordKind::Document | RecordKind::Isd | RecordKind::Rule37a => None,
    }
}

/// The whole current decision on a record.
#[must_use]
pub(crate) fn record_decided(book: &Book<'_>, id: &RecordId, record: &RecordRow, now: IstInstant) -> ImsRecordDecided {
    let section = match record.kind {
        RecordKind::Isd | RecordKind::Rule37a => None,
        RecordKind::Document
        | RecordKind::BillOfEntry
        | RecordKind::BillOfEntryIn
        | RecordKind::BillOfEntryReversal => record.section,
    };
    ImsRecordDecided {
        recipient: book.recipient,
        record_id: id.clone(),
        subject: record.subject.clone(),
        section,
        supplier: record.supplier,
        number: record.number.clone(),
        date: record.date,
        form: record.form,
        return_period: record.return_period,
        supplier_frequency: record.supplier_frequency,
        filed_at: record.filed_at,
        trade_name: record.trade_name.clone(),
        irn: record.irn.clone(),
        reference_date: record.reference_date,
        original: record
            .original_document
            .as_ref()
            .map(|(number, date)| OriginalDocument { number: number.clone(), date: *date }),
        bill_amendment: bill_amendment(record),
        amends: record.original.clone(),
        amends_document: record.first_version.clone(),
        taxable_value: record.taxable_value,
        document_value: record.document_value,
        tax: record.tax,
        place_of_supply: record.place_of_supply,
        invoice_type: record.invoice_type.clone(),
        reverse_charge: record.reverse_charge,
        action: record.action,
        acceptance: acceptance(book, record),
        itc_reduction: record.reduction.map(Into::into),
        remarks: record.remarks.clone(),
        line: record.line.as_ref().map(Into::into),
        home_period: book.home(record),
        decided_at: now,
        rule: record.rule,
    }
}
