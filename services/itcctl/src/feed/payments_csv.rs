//! Payments as CSV: money paid, advances and their adjustment, tax deducted, set-offs, commercial notes.

use super::table::{Row, Table, Wrong};
use super::translation::{Supplement, Translated, at_hour, content_id};
use crate::feed_record::Feed;
use gst_events::{AdvanceAdjusted, BookAdjusted, CommercialNoteReceived, PaymentMade, TdsDeducted, TdsKind};
use gst_types::{DocumentKey, IstDate, IstInstant, Paise, RecipientGstin};

/// The columns; only `supplier_gstin`, `amount` and `paid_on` must be there.
pub(super) const COLUMNS: [&str; 14] = [
    "payment_id",
    "kind",
    "recipient_gstin",
    "supplier_gstin",
    "document_kind",
    "document_number",
    "document_date",
    "amount",
    "paid_on",
    "instrument_date",
    "supplier_credit_date",
    "advance_id",
    "confirmation",
    "told_on",
];

const KINDS: &str = "PAYMENT, ADVANCE, ADVANCE_ADJUSTMENT, TDS_INCOME_TAX, TDS_GST, SET_OFF, COMMERCIAL_NOTE";

/// Translates a table of payments.
pub(super) fn translate(table: &Table, with: &Supplement) -> Translated {
    let mut out = Translated::of("payments");
    for row in table.rows() {
        match payment(&row, with, &mut out) {
            Ok(()) => out.count(Feed::SupplierPayments, 1),
            Err(wrong) => out.refuse(format!("line {}", row.line), wrong.code, wrong.message, wrong.rule),
        }
    }
    out
}

struct Money {
    recipient: RecipientGstin,
    id: String,
    amount: Paise,
    paid_on: IstDate,
    at: IstInstant,
}

fn money(row: &Row<'_>, with: &Supplement) -> Result<Money, Wrong> {
    let recipient = row.recipient(with)?;
    let amount: Paise = row.required("amount")?;
    if amount <= Paise::ZERO {
        return Err(Wrong::new("AMOUNT_NOT_POSITIVE", "`amount` should be above zero".to_owned(), "R37-7"));
    }
    let paid_on = row.required_day("paid_on")?;
    let words: Vec<&str> = COLUMNS.iter().map(|column| row.text(column).unwrap_or_default()).collect();
    let id = row.text("payment_id").map_or_else(|| content_id(&words, b"payment"), str::to_owned);
    let told_on = row.day("told_on")?.unwrap_or(paid_on);
    Ok(Money { recipient, id, amount, paid_on, at: at_hour(told_on, 13) })
}

fn payment(row: &Row<'_>, with: &Supplement, out: &mut Translated) -> Result<(), Wrong> {
    let money = money(row, with)?;
    let key = money.recipient.to_string();
    let (recipient, amount, at) = (money.recipient, money.amount, money.at);
    let kind = row.text("kind").map_or_else(|| "PAYMENT".to_owned(), str::to_ascii_uppercase);
    match kind.as_str() {
        "PAYMENT" | "ADVANCE" => {
            let fact = paid(row, money, kind == "ADVANCE")?;
            out.fact(Feed::SupplierPayments, &key, at, with, &fact);
        }
        "ADVANCE_ADJUSTMENT" => {
            let advance_id = row.required_text("advance_id")?.to_owned();
            let document = row.document()?;
            let fact = AdvanceAdjusted { recipient, adjustment_id: money.id, advance_id, document, amount, at };
            out.fact(Feed::SupplierPayments, &key, at, with, &fact);
        }
        "TDS_INCOME_TAX" | "TDS_GST" => {
            let kind = if kind == "TDS_GST" { TdsKind::GstSection51 } else { TdsKind::IncomeTax };
            let fact = TdsDeducted { recipient, deduction_id: money.id, document: row.document()?, kind, amount, at };
            out.fact(Feed::SupplierPayments, &key, at, with, &fact);
        }
        "SET_OFF" => {
            let confirmation_document = row.text("confirmation").map(str::to_owned);
            let document = row.document()?;
            let fact = BookAdjusted { recipient, adjustment_id: money.id, document, amount, confirmation_document, at };
            out.fact(Feed::SupplierPayments, &key, at, with, &fact);
        }
        "COMMERCIAL_NOTE" => {
            let fact = CommercialNoteReceived { recipient, note_id: money.id, document: row.document()?, amount, at };
            out.fact(Feed::SupplierPayments, &key, at, with, &fact);
        }
        _ => return Err(Wrong::new("CODE_UNKNOWN", format!("`kind` should be one of {KINDS}"), "R37-7")),
    }
    Ok(())
}

fn paid(row: &Row<'_>, money: Money, advance: bool) -> Result<PaymentMade, Wrong> {
    let document: Option<DocumentKey> =
        if row.text("document_number").is_some() { Some(row.document()?) } else { None };
    let advance_id = match (advance, row.text("advance_id")) {
        (true, Some(id)) => Some(id.to_owned()),
        (true, None) => Some(money.id.clone()),
        (false, _) => None,
    };
    Ok(PaymentMade {
        recipient: money.recipient,
        payment_id: money.id,
        supplier: row.supplier()?,
        document,
        amount: money.amount,
        advance_id,
        debit_date: Some(money.paid_on),
        instrument_date: row.day("instrument_date")?,
        supplier_credit_date: row.day("supplier_credit_date")?,
        at: money.at,
    })
}
