//! Documents of suppliers: number (ID-5, ID-7), kind and uniqueness key (ID-6).

use crate::date::IstDate;
use crate::gstin::SupplierGstin;
use crate::period::FinancialYear;
use crate::text::text_form;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A document number: 1 to 16 of letters, digits, `/` and `-`, trimmed and upper-cased (ID-5, ID-7). Leading zeros count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentNumber(String);

/// A text that is no document number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a document number has 1 to 16 letters, digits, / or - (ID-5)")]
pub struct DocumentNumberError;

impl DocumentNumberError {
    /// Stable code for metrics, refusals and dead letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "DOCUMENT_NUMBER_INVALID"
    }
}

impl DocumentNumber {
    /// The number as text, upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for DocumentNumber {
    type Err = DocumentNumberError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let right = (1..=16).contains(&trimmed.len())
            && trimmed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/' || byte == b'-');
        if right { Ok(Self(trimmed.to_ascii_uppercase())) } else { Err(DocumentNumberError) }
    }
}

text_form!(DocumentNumber, "DocumentNumber", "^[0-9A-Z/-]{1,16}$", "document number, upper case (ID-5, ID-7)");

/// The kinds whose numbers are counted apart (ID-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DocumentKind {
    /// Invoice.
    Invoice,
    /// Credit note.
    CreditNote,
    /// Debit note.
    DebitNote,
    /// Document of an e-commerce operator under section 9(5).
    Eco,
    /// Invoice of an input service distributor.
    IsdInvoice,
    /// Credit note of an input service distributor.
    IsdCreditNote,
}

impl DocumentKind {
    /// The word used in keys, events and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invoice => "INVOICE",
            Self::CreditNote => "CREDIT_NOTE",
            Self::DebitNote => "DEBIT_NOTE",
            Self::Eco => "ECO",
            Self::IsdInvoice => "ISD_INVOICE",
            Self::IsdCreditNote => "ISD_CREDIT_NOTE",
        }
    }

    /// The kind of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Invoice, Self::CreditNote, Self::DebitNote, Self::Eco, Self::IsdInvoice, Self::IsdCreditNote]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// What makes two reports the same document (ID-6): supplier, kind, number and financial year of the document date.
///
/// Written `SUPPLIER:KIND:NUMBER:YEAR` in row keys and on the command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKey {
    /// Who issued it.
    pub supplier: SupplierGstin,
    /// What it is.
    pub kind: DocumentKind,
    /// Its number.
    pub number: DocumentNumber,
    /// The financial year of its date.
    pub financial_year: FinancialYear,
}

impl DocumentKey {
    /// The key of a document of that date.
    #[must_use]
    pub fn new(supplier: SupplierGstin, kind: DocumentKind, number: DocumentNumber, date: IstDate) -> Self {
        Self { supplier, kind, number, financial_year: FinancialYear::of(date) }
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}:{}", self.supplier, self.kind.code(), self.number, self.financial_year)
    }
}

/// A text that is no document key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a document key is SUPPLIER:KIND:NUMBER:YEAR (ID-6)")]
pub struct DocumentKeyError;

impl FromStr for DocumentKey {
    type Err = DocumentKeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(':');
        let (Some(supplier), Some(kind), Some(number), Some(year), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(DocumentKeyError);
        };
        Ok(Self {
            supplier: supplier.parse().map_err(|_| DocumentKeyError)?,
            kind: DocumentKind::from_code(kind).ok_or(DocumentKeyError)?,
            number: number.parse().map_err(|_| DocumentKeyError)?,
            financial_year: year.parse().map_err(|_| DocumentKeyError)?,
        })
    }
}

text_form!(
    DocumentKey,
    "DocumentKey",
    "^[0-9A-Z]{15}:[A-Z_]+:[0-9A-Z/-]{1,16}:[0-9]{4}-[0-9]{2}$",
    "document key, SUPPLIER:KIND:NUMBER:YEAR (ID-6)"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_7_letter_case_is_folded_and_zeros_are_kept() {
        let number = |text: &str| text.parse::<DocumentNumber>().unwrap();
        assert_eq!(number(" inv-1 "), number("INV-1"));
        assert_ne!(number("001"), number("1"));
        assert!("".parse::<DocumentNumber>().is_err());
        assert!("12345678901234567".parse::<DocumentNumber>().is_err());
        assert!("A_1".parse::<DocumentNumber>().is_err());
    }

    #[test]
    fn id_6_the_key_round_trips() {
        let key = DocumentKey::new(
            "27AAACS5678B1ZC".parse().unwrap(),
            DocumentKind::CreditNote,
            "cn/1".parse().unwrap(),
            "2026-03-31".parse().unwrap(),
        );
        assert_eq!(key.to_string(), "27AAACS5678B1ZC:CREDIT_NOTE:CN/1:2025-26");
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}
