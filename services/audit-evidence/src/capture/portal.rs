//! The portal's side: the supplier's filing, the recipient's dashboard, the supplier's return (artefact 3).

use super::{Capture, Effect, Facts, Source, word};
use crate::rows::InvoiceSeen;
use gst_events::{
    Acceptance, CreditSubject, DocumentFiled, ImsRecordDecided, ImsSection, IsdDocumentReported, IsdDocumentType,
    SupplierGstr3bStatus,
};
use gst_types::{DocumentKey, DocumentKind, IstInstant, StateCode, TaxPeriod};

/// The supplier's filing with this document. An amendment belongs to the document that it amends.
pub(super) fn filed(event: &DocumentFiled) -> Option<Capture> {
    let document = &event.document;
    let record = &document.record;
    let kind = kind_of(record.section)?;
    let own = DocumentKey::new(record.supplier, kind, record.number.parse().ok()?, record.date);
    let original = record.original.as_ref().and_then(|original| {
        Some(DocumentKey::new(record.supplier, kind, original.number.parse().ok()?, original.date))
    });
    let facts = Facts::default()
        .with("supplier_gstin", record.supplier)
        .with("record_id", &document.record_id)
        .with("form", word(document.form))
        .with("gstr1_period", document.return_period)
        .with("gstr1_filed_at", event.filed_at)
        .with("place_of_supply", record.place_of_supply)
        .with("invoice_type", &record.invoice_type)
        .with("reported_number", &record.number)
        .with("document_value", record.document_value)
        .amounts(record.taxable_value, &record.tax)
        .maybe("irn", record.irn.as_ref());
    let seen = InvoiceSeen { date: record.date, taxable_value: record.taxable_value, tax: record.tax };
    let effect = Effect::Filed { seen, receiving_state: receiving_state(&record.invoice_type, record.place_of_supply) };
    let is_amendment = original.is_some();
    let kind = if is_amendment { "GSTR1_AMENDMENT_FILED" } else { "GSTR1_FILED" };
    let subject = CreditSubject::Document(original.unwrap_or_else(|| own.clone()));
    let mut capture = Capture::new(subject, 3, kind, event.filed_at, Source::Portal).facts(facts).effect(effect);
    capture.document_date = Some(record.date);
    // Rule 37A watches the period of the first version (R37A-1).
    capture.reported = (!is_amendment).then_some((record.supplier, document.return_period));
    capture.alias = is_amendment.then_some(own);
    Some(capture)
}

/// A supply to an SEZ unit is inter-State wherever the unit lies, so the place of supply tells nothing there (conflict C15).
fn receiving_state(invoice_type: &str, place_of_supply: StateCode) -> Option<StateCode> {
    (!invoice_type.starts_with("SEW")).then_some(place_of_supply)
}

const fn kind_of(section: ImsSection) -> Option<DocumentKind> {
    match section {
        ImsSection::B2b | ImsSection::B2ba => Some(DocumentKind::Invoice),
        ImsSection::Dn | ImsSection::Dna => Some(DocumentKind::DebitNote),
        ImsSection::Cn | ImsSection::Cna => Some(DocumentKind::CreditNote),
        ImsSection::Eco | ImsSection::Ecoa => Some(DocumentKind::Eco),
        ImsSection::Impg | ImsSection::Impga | ImsSection::Impgsez | ImsSection::Impgseza => None,
    }
}

/// A distributor's filing. It bypasses IMS (IN-4).
pub(super) fn distributed(event: &IsdDocumentReported) -> Option<Capture> {
    let kind = match event.document_type {
        IsdDocumentType::Invoice => DocumentKind::IsdInvoice,
        IsdDocumentType::CreditNote => DocumentKind::IsdCreditNote,
    };
    let key = DocumentKey::new(event.isd, kind, event.number.parse().ok()?, event.date);
    let facts = Facts::default()
        .with("supplier_gstin", event.isd)
        .with("record_id", &event.record_id)
        .with("gstr6_period", event.return_period)
        .with("gstr6_filed_at", event.filed_at)
        .with("itc_eligible", event.itc_eligible)
        .heads("tax", &event.tax);
    let capture =
        Capture::new(CreditSubject::Document(key), 3, "GSTR6_FILED", event.filed_at, Source::Portal).facts(facts);
    Some(capture.dated(event.date))
}

/// The document that a decided record belongs to: the first version of an amended one.
fn record_subject(event: &ImsRecordDecided) -> CreditSubject {
    match &event.amends_document {
        Some(first) => CreditSubject::Document(first.clone()),
        None => event.subject.clone(),
    }
}

/// The recipient's record. What never was in IMS is accepted by its presence in the statement (AUD-3).
pub(super) fn record_decided(event: &ImsRecordDecided) -> Capture {
    let in_credit_table = event.line.as_ref().is_some_and(|line| line.table.table() != 6);
    let bypasses_ims = event.section.is_none();
    let acceptance = event.acceptance.or_else(|| (bypasses_ims && in_credit_table).then_some(Acceptance::Deemed));
    let kind = match acceptance {
        Some(Acceptance::Explicit) => "ACCEPT".to_owned(),
        Some(Acceptance::Deemed) => "DEEMED_ACCEPTED".to_owned(),
        None => format!("IMS_{}", word(event.action)),
    };
    let facts = Facts::default()
        .with("record_id", &event.record_id)
        .with("action", word(event.action))
        .with("reported_number", &event.number)
        .maybe("gstr1_period", event.return_period)
        .maybe("gstr1_filed_at", event.filed_at)
        .maybe("gstr2b_period", event.line.as_ref().map(|line| line.period))
        .maybe("gstr2b_row", event.line.as_ref().map(|line| &line.table))
        .maybe("remarks", event.remarks.as_ref())
        .amounts(event.taxable_value, &event.tax)
        .with("rule", event.rule);
    let seen = InvoiceSeen { date: event.date, taxable_value: event.taxable_value, tax: event.tax };
    let effect = Effect::Record {
        record_id: event.record_id.to_string(),
        acceptance,
        accepted_on: event.decided_at.date(),
        seen,
    };
    let artefact = if acceptance.is_some() { 3 } else { 0 };
    let mut capture = Capture::new(record_subject(event), artefact, &kind, event.decided_at, Source::Portal)
        .facts(facts)
        .dated(event.date)
        .effect(effect);
    capture.begins = acceptance.is_some();
    capture.alias = match (&event.amends_document, &event.subject) {
        (Some(first), CreditSubject::Document(own)) if first != own => Some(own.clone()),
        (Some(_) | None, CreditSubject::Document(_) | CreditSubject::BillOfEntry(_)) => None,
    };
    capture
}

/// What is heard of the supplier's GSTR-3B of the document's period, the proxy for tax paid (R37A-6); `at` where the event
/// itself does not say.
pub(crate) fn supplier_status(
    event: &SupplierGstr3bStatus,
    period: TaxPeriod,
    subject: CreditSubject,
    at: IstInstant,
) -> Capture {
    let facts = Facts::default()
        .with("supplier_gstin", event.supplier)
        .with("supplier_period", period)
        .with("supplier_gstr3b_status", word(event.status))
        .maybe("supplier_gstr3b_at", event.at);
    Capture::new(subject, 0, "SUPPLIER_GSTR3B_STATUS", event.at.unwrap_or(at), Source::Portal).facts(facts)
}
