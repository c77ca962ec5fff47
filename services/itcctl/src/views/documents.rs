//! Which document somebody means: its key, or its number alone where only one document of the taxpayer has it.

use super::nothing_known;
use super::source::{AUDIT_EVIDENCE, Source, read};
use anyhow::{Result, bail};
use gst_events::CreditSubject;
use gst_types::RecipientGstin;

/// Packs read at a time.
const PAGE: usize = 500;
/// Documents named where a number means several.
const NAMED_MAX: usize = 12;

/// The number of a document, without its supplier and year.
pub(crate) fn number_of(subject: &CreditSubject) -> String {
    match subject {
        CreditSubject::Document(key) => key.number.to_string(),
        CreditSubject::BillOfEntry(bill) => bill.number().to_owned(),
    }
}

/// The document in words: `invoice INV-1 of 29…, 2025-26`, `Bill of Entry 10123 of INBOM4, 2025-11-10`.
pub(crate) fn in_words(subject: &CreditSubject) -> String {
    use gst_types::DocumentKind as Kind;
    match subject {
        CreditSubject::Document(key) => {
            let kind = match key.kind {
                Kind::Invoice => "invoice",
                Kind::CreditNote => "credit note",
                Kind::DebitNote => "debit note",
                Kind::Eco => "e-commerce document",
                Kind::IsdInvoice => "ISD invoice",
                Kind::IsdCreditNote => "ISD credit note",
            };
            format!("{kind} {} of {}, {}", key.number, key.supplier, key.financial_year)
        }
        CreditSubject::BillOfEntry(bill) => {
            format!("Bill of Entry {} of {}, {}", bill.number(), bill.port_code, bill.date)
        }
    }
}

/// Finds the document that a text names.
///
/// # Errors
/// A message that says how a document is named, or names those that it may mean.
pub(crate) fn find(source: &dyn Source, recipient: RecipientGstin, text: &str) -> Result<CreditSubject> {
    if let Ok(subject) = text.parse::<CreditSubject>() {
        return Ok(subject);
    }
    if text.contains(':') {
        bail!(
            "{text} names no document: a document is SUPPLIER:KIND:NUMBER:YEAR, such as 29AAACP1234M1ZK:INVOICE:INV-1:2025-26 \
             (ID-6), a Bill of Entry PORT/NUMBER/YYYY-MM-DD (ID-12); a number alone will do where it is the only one"
        );
    }
    let rows = source.rows(AUDIT_EVIDENCE, recipient)?;
    let mut after = None;
    let mut found: Vec<CreditSubject> = Vec::new();
    let mut any = false;
    loop {
        let (page, next) =
            read(rows.as_ref(), |view| audit_evidence::view::packs(view, recipient, false, after.as_ref(), PAGE))?;
        any |= !page.is_empty();
        let subjects = page.into_iter().map(|pack| pack.subject);
        found.extend(subjects.filter(|subject| number_of(subject).eq_ignore_ascii_case(text.trim())));
        if next.is_none() {
            break;
        }
        after = next;
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] if !any => Err(nothing_known(rows.as_ref(), recipient, AUDIT_EVIDENCE.0)),
        [] => bail!(
            "{recipient} has no document with the number {text}; a document that is only saved is named in full, \
             SUPPLIER:KIND:NUMBER:YEAR"
        ),
        several => {
            let named: Vec<String> = several.iter().take(NAMED_MAX).map(|subject| format!("  {subject}")).collect();
            bail!("{} documents have the number {text}; name one in full:\n{}", several.len(), named.join("\n"))
        }
    }
}
