//! The purchase register as CSV: one line a document, with its receipt and its claim where they are known.

use super::table::{Row, Table, Wrong};
use super::translation::{Supplement, Translated, at_hour, content_id};
use crate::feed_record::Feed;
use gst_events::{CreditClaimed, CreditSubject, GoodsReceived, InvoiceBooked, NoteAccepted};
use gst_types::{DocumentKey, DocumentKind, IstInstant, RecipientGstin};

/// The columns; only the document, its amounts and `booked_on` must be there.
pub(super) const COLUMNS: [&str; 24] = [
    "recipient_gstin",
    "supplier_gstin",
    "document_kind",
    "document_number",
    "document_date",
    "taxable_value",
    "igst",
    "cgst",
    "sgst",
    "cess",
    "document_value",
    "booked_on",
    "reverse_charge",
    "schedule_i",
    "section_15_2_b_amount",
    "supplier_period",
    "invoice_number",
    "invoice_date",
    "receipt_number",
    "receipt_kind",
    "received_on",
    "claim_period",
    "claim_filed_on",
    "claim_id",
];

/// Translates a purchase register.
pub(super) fn translate(table: &Table, with: &Supplement) -> Translated {
    let mut out = Translated::of("purchase register");
    for row in table.rows() {
        match entry(&row, with) {
            Ok(facts) => {
                facts.publish(with, &mut out);
                out.count(Feed::PurchaseRegister, 1);
            }
            Err(wrong) => out.refuse(format!("line {}", row.line), wrong.code, wrong.message, wrong.rule),
        }
    }
    out
}

/// Everything that one line tells; a line is taken whole or refused whole.
struct Facts {
    recipient: RecipientGstin,
    at: IstInstant,
    invoice: Option<InvoiceBooked>,
    note: Option<NoteAccepted>,
    receipt: Option<GoodsReceived>,
    claim: Option<CreditClaimed>,
}

impl Facts {
    fn publish(&self, with: &Supplement, out: &mut Translated) {
        let key = self.recipient.to_string();
        if let Some(fact) = &self.invoice {
            out.fact(Feed::PurchaseRegister, &key, self.at, with, fact);
        }
        if let Some(fact) = &self.note {
            out.fact(Feed::PurchaseRegister, &key, self.at, with, fact);
        }
        if let Some(fact) = &self.receipt {
            out.fact(Feed::PurchaseRegister, &key, fact.at, with, fact);
        }
        if let Some(fact) = &self.claim {
            out.fact(Feed::PurchaseRegister, &key, fact.at, with, fact);
        }
    }
}

fn entry(row: &Row<'_>, with: &Supplement) -> Result<Facts, Wrong> {
    let recipient = row.recipient(with)?;
    let at = at_hour(row.required_day("booked_on")?, 12);
    let document = row.document()?;
    let is_note = match document.kind {
        DocumentKind::CreditNote => true,
        DocumentKind::Invoice | DocumentKind::DebitNote | DocumentKind::IsdInvoice => false,
        DocumentKind::Eco | DocumentKind::IsdCreditNote => {
            let message = "`document_kind` should be one of INVOICE, DEBIT_NOTE, ISD_INVOICE, CREDIT_NOTE".to_owned();
            return Err(Wrong::new("CODE_UNKNOWN", message, "ID-6"));
        }
    };
    Ok(Facts {
        recipient,
        at,
        invoice: if is_note { None } else { Some(booked(row, recipient, &document, at)?) },
        note: if is_note { Some(note(row, recipient, &document, at)?) } else { None },
        receipt: receipt(row, recipient, &document)?,
        claim: claim(row, recipient, &document)?,
    })
}

fn invoice_of(row: &Row<'_>) -> Result<Option<DocumentKey>, Wrong> {
    let Some(number) = row.optional("invoice_number")? else { return Ok(None) };
    Ok(Some(DocumentKey::new(row.supplier()?, DocumentKind::Invoice, number, row.required_day("invoice_date")?)))
}

fn booked(
    row: &Row<'_>,
    recipient: RecipientGstin,
    document: &DocumentKey,
    at: IstInstant,
) -> Result<InvoiceBooked, Wrong> {
    Ok(InvoiceBooked {
        recipient,
        document: document.clone(),
        document_date: row.required_day("document_date")?,
        taxable_value: row.required("taxable_value")?,
        tax: row.tax()?,
        document_value: row.required("document_value")?,
        reverse_charge: row.flag("reverse_charge")?,
        schedule_i: row.flag("schedule_i")?,
        section_15_2_b_amount: row.amount("section_15_2_b_amount")?,
        supplier_period: row.optional("supplier_period")?,
        invoice: invoice_of(row)?,
        at,
    })
}

fn note(row: &Row<'_>, recipient: RecipientGstin, note: &DocumentKey, at: IstInstant) -> Result<NoteAccepted, Wrong> {
    let missing = || {
        let message = "`invoice_number` is missing: which invoice does the credit note lower?".to_owned();
        Wrong::new("FIELD_MISSING", message, "R37-11")
    };
    Ok(NoteAccepted {
        recipient,
        note: note.clone(),
        note_date: row.required_day("document_date")?,
        invoice: invoice_of(row)?.ok_or_else(missing)?,
        taxable_value: row.required("taxable_value")?,
        tax: row.tax()?,
        document_value: row.required("document_value")?,
        at,
    })
}

fn receipt(row: &Row<'_>, recipient: RecipientGstin, document: &DocumentKey) -> Result<Option<GoodsReceived>, Wrong> {
    let Some(receipt_number) = row.text("receipt_number") else { return Ok(None) };
    let received_on = row.required_day("received_on")?;
    Ok(Some(GoodsReceived {
        recipient,
        subject: CreditSubject::Document(document.clone()),
        receipt_number: receipt_number.to_owned(),
        kind: row.text("receipt_kind").unwrap_or("GRN").to_ascii_uppercase(),
        received_on,
        actor: None,
        at: at_hour(received_on, 12),
    }))
}

fn claim(row: &Row<'_>, recipient: RecipientGstin, document: &DocumentKey) -> Result<Option<CreditClaimed>, Wrong> {
    let Some(return_period) = row.optional("claim_period")? else { return Ok(None) };
    let filed_at = row.day("claim_filed_on")?.map(|day| at_hour(day, 18));
    let subject = CreditSubject::Document(document.clone());
    let (period, name) = (row.text("claim_period").unwrap_or_default(), subject.to_string());
    let claim_id = row.text("claim_id").map_or_else(|| content_id(&[&name, period], b"claim"), str::to_owned);
    let at = match filed_at {
        Some(at) => at,
        None => at_hour(row.required_day("booked_on")?, 12),
    };
    Ok(Some(CreditClaimed { recipient, claim_id, subject, return_period, filed_at, tax: row.tax()?, at }))
}
