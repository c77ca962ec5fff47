//! The vocabulary of GST as types: identifiers, periods, dates and money.
//!
//! Pure: no clock, no randomness, no input or output. Two things that could be confused (a supplier's and a recipient's
//! GSTIN, a period and a financial year, paise and rupees) are two types. Every type that travels has one text form,
//! used in events, rows and on the command line.

mod bill_of_entry;
mod date;
mod document;
mod gstin;
mod money;
mod percent;
mod period;
mod text;

pub use bill_of_entry::{BillOfEntryId, BillOfEntryIdError, PortCode};
pub use date::{DateError, IstDate, IstInstant};
pub use document::{DocumentKey, DocumentKeyError, DocumentKind, DocumentNumber, DocumentNumberError};
pub use gstin::{Gstin, GstinError, GstinValidity, RecipientGstin, StateCode, StateCodeError, SupplierGstin};
pub use money::{Head, MoneyError, Paise, TaxAmounts, round_half_up_to_paise};
pub use percent::{Percent, PercentError};
pub use period::{FilingFrequency, FinancialYear, PeriodError, TaxPeriod};
