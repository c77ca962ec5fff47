//! What `payment-timers` decides: what each document still owes, and which timers fired. Key: recipient GSTIN.

use crate::reads::event_types;
use gst_rules::RuleRef;
use gst_types::{DocumentKey, IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a document has no running timer (R37-5, R37-6, R37-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TimerExclusion {
    /// The recipient pays the tax.
    ReverseCharge,
    /// Supply without consideration: deemed paid.
    ScheduleI,
    /// Credit through a distributor: his invoice carries the timer.
    IsdCredit,
    /// Paid to customs.
    ImportBoe,
    /// The debit note counts with its invoice.
    DebitNoteInParent,
    /// Debit notes have no timer.
    DebitNoteWithoutTimer,
}

/// What changed about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentChange {
    /// It became known.
    DocumentKnown,
    /// Money was settled on it.
    Payment,
    /// Money dated in time arrived after day 181 (R37-10).
    LateInput,
    /// A credit note with GST was accepted.
    CreditNote,
    /// Its amounts or date were corrected.
    Amendment,
    /// Settled money was moved.
    Reallocation,
}

/// What a document owes after a change: the whole current truth, not a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoicePaymentChanged {
    /// Who owes.
    pub recipient: RecipientGstin,
    /// The document that carries the timer; a debit note under PARENT is told as its invoice.
    pub document: DocumentKey,
    /// To whom.
    pub supplier: SupplierGstin,
    /// The date of issue that counts.
    pub document_date: IstDate,
    /// Full tax of the document as it stands.
    pub tax: TaxAmounts,
    /// Its taxable value.
    #[serde(default)]
    pub taxable_value: Paise,
    /// Its value with the tax charged on it.
    #[serde(default)]
    pub document_value: Paise,
    /// Invoice total less GST credit notes (R37-4).
    pub payable: Paise,
    /// Settled, with what is deemed paid.
    pub paid: Paise,
    /// Payable less paid, never below zero.
    pub unpaid: Paise,
    /// Tax of the credit notes accepted against it, which shrinks the base (R37-4).
    pub note_tax: TaxAmounts,
    /// The last good day; absent without a timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day_to_pay: Option<IstDate>,
    /// Day 181; absent without a timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fires_on: Option<IstDate>,
    /// Why there is no timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusion: Option<TimerExclusion>,
    /// The period in which the supplier reported it (R37A-1).
    pub supplier_period: TaxPeriod,
    /// Of a debit note, its invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<DocumentKey>,
    /// Of a debit note, the date of its invoice as it stands, where the invoice is known (TL-5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_date: Option<IstDate>,
    /// Of a credit note just accepted: the note, and its tax, which goes out through 4(A)(5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_note: Option<DocumentKey>,
    /// Tax of that credit note.
    #[serde(default)]
    pub credit_note_tax: TaxAmounts,
    /// Of an amendment that brings it: the credit of the document from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itc_availed: Option<TaxAmounts>,
    /// What changed.
    pub change: PaymentChange,
    /// The legal day of the change.
    pub effective_on: IstDate,
    /// The instant at which we were told.
    pub at: IstInstant,
    /// The order of the document's arrival among the recipient's.
    pub arrival: u64,
    /// The rule.
    pub rule: RuleRef,
}

/// Day 181 of a document has come (R37-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentTimerFired {
    /// Who owes.
    pub recipient: RecipientGstin,
    /// What.
    pub document: DocumentKey,
    /// The day, [`InvoicePaymentChanged::fires_on`].
    pub fires_on: IstDate,
    /// Payable at the end of day 180.
    pub payable: Paise,
    /// Paid at the end of day 180.
    pub paid: Paise,
    /// Unpaid at the end of day 180.
    pub unpaid: Paise,
    /// The order of the document's arrival.
    pub arrival: u64,
    /// The rule.
    pub rule: RuleRef,
}

/// A document nears day 181.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentTimerWarning {
    /// Who owes.
    pub recipient: RecipientGstin,
    /// What.
    pub document: DocumentKey,
    /// Days since the document date.
    pub day_number: u32,
    /// The last good day.
    pub last_day_to_pay: IstDate,
    /// Unpaid so far.
    pub unpaid: Paise,
    /// Credit that hangs on it.
    pub credit_at_stake: TaxAmounts,
}

/// Every timer of a day in this partition has fired: whoever acts on that day himself, acts now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimersPassed {
    /// The day.
    pub date: IstDate,
}

/// Register and portal tell the same document differently; the filed document counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisterDiffers {
    /// Whose register.
    pub recipient: RecipientGstin,
    /// The document.
    pub document: DocumentKey,
    /// The field that differs.
    pub field: String,
    /// As booked.
    pub register: String,
    /// As filed.
    pub filed: String,
}

event_types!(Decision by ["payment-timers"]:
    InvoicePaymentChanged = "itc.invoice-payment-changed.v1",
    PaymentTimerFired = "itc.payment-timer-fired.v1",
    PaymentTimerWarning = "itc.payment-timer-warning.v1",
    RegisterDiffers = "itc.register-differs.v1",
);
event_types!(Mark by ["payment-timers"]:
    TimersPassed = "itc.timers-passed.v1",
);
