//! Read-only questions over committed rows: the blocks of a story, the rule 37 report and Table 4 with its trace.

mod notes;
mod returns;
mod rule_37;

pub use notes::{UnlinkedNote, unlinked_notes};
pub use returns::{
    ReturnView, ReverseChargeView, StatementView, Table4Draft, TraceView, filed_returns, filing_differences, itc_elg,
    return_of, reversal_statement, reverse_charge_statement, table4_draft, trace,
};
pub use rule_37::{Rule37Filter, Rule37Page, Rule37Row, rule_37_report};

use crate::replay::limit_of;
use crate::rows::{self, AnnualReturnRow, BillRow, CreditRow, EntryPointerRow, EntryRow, PaymentState, RecipientRow};
use crate::state::{TimerState, state_on};
use gst_events::{CreditSubject, CustomsStatusWord, InterestBasis, LedgerCause, LedgerEntry, TimerExclusion};
use gst_rules::Rulebook;
use gst_rules::time_limit::{LimitedDocument, TimeLimitFacts, cutoff};
use gst_types::{BillOfEntryId, IstDate, IstInstant, Paise, RecipientGstin, TaxAmounts, TaxPeriod};
use serde::Serialize;
use stream::{RowKey, StateError, StateView};

/// Rows of one recipient read at a time.
pub(crate) const PAGE: usize = 500;

/// A document's 180 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimerView {
    /// The document or Bill of Entry.
    pub subject: CreditSubject,
    /// The state (R37-17).
    pub state: TimerState,
    /// Why there is no timer.
    pub exclusion: Option<TimerExclusion>,
    /// The last good day.
    pub last_day_to_pay: Option<IstDate>,
    /// The day on which the timer fires.
    pub day_181: Option<IstDate>,
}

fn credit(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
) -> Result<Option<CreditRow>, StateError> {
    rows.get(&rows::credit_key(recipient, subject))
}

/// The 180 days of a document, as of a day; `None` for one that nobody told of. A Bill of Entry is known with its bill.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn timer(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
    today: IstDate,
) -> Result<Option<TimerView>, StateError> {
    if let CreditSubject::BillOfEntry(bill) = subject {
        let known: Option<BillRow> = rows.get(&rows::bill_key(recipient, bill))?;
        return Ok(known.map(|_| TimerView {
            subject: subject.clone(),
            state: TimerState::NotStarted,
            exclusion: Some(TimerExclusion::ImportBoe),
            last_day_to_pay: None,
            day_181: None,
        }));
    }
    Ok(credit(rows, recipient, subject)?.map(|row| timer_of(&row, today)))
}

fn timer_of(row: &CreditRow, today: IstDate) -> TimerView {
    let (state, exclusion) = state_on(row, today);
    let day_181 = match (&row.parent, &row.summary.state) {
        (None, Some(state)) => state.fires_on,
        (Some(_), _) | (None, None) => None,
    };
    let last_day_to_pay = day_181.map(|day| day.minus_days(1));
    TimerView { subject: row.subject.clone(), state, exclusion, last_day_to_pay, day_181 }
}

/// Money and credit of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    /// The document or Bill of Entry.
    pub subject: CreditSubject,
    /// The last day of section 16(4).
    pub section_16_4_cutoff: IstDate,
    /// Money, of a document with a timer or under Schedule I.
    pub money: Option<MoneyView>,
    /// Credit; of a debit note that counts with its invoice, the invoice carries it.
    pub credit: Option<CreditView>,
}

/// What a document owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MoneyView {
    /// Total less credit notes.
    pub payable: Paise,
    /// Settled, with what is deemed paid.
    pub paid: Paise,
    /// Payable less paid.
    pub unpaid: Paise,
}

/// The credit of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CreditView {
    /// Availed.
    pub availed: TaxAmounts,
    /// Availed less credit notes and permanent reversals.
    pub base: TaxAmounts,
    /// Reversed and not re-claimed, all causes.
    pub reversed: TaxAmounts,
}

/// Money and credit of a document or Bill of Entry.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn document(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
    rules: &Rulebook,
) -> Result<Option<DocumentView>, StateError> {
    let Some(row) = credit(rows, recipient, subject)?.or(bill_without_credit(rows, recipient, subject)?) else {
        return Ok(None);
    };
    let state = match &row.parent {
        Some(parent) => debit_note_state(rows, recipient, &row, parent)?,
        None => row.summary.state.clone(),
    };
    let mut facts = match subject {
        CreditSubject::BillOfEntry(bill) => TimeLimitFacts::of(LimitedDocument::BillOfEntry, bill.date),
        CreditSubject::Document(document) => {
            let known = state.as_ref().map(|state| {
                let reverse_charge = state.exclusion == Some(TimerExclusion::ReverseCharge);
                (state.document_date, state.invoice_date, reverse_charge)
            });
            limit_of(document, known)
        }
    };
    let annual: Option<AnnualReturnRow> = rows.get(&rows::annual_key(recipient, facts.financial_year()))?;
    facts.annual_return_filed_on = annual.map(|row| row.filed_on);
    let in_parent = row.parent.is_some();
    let summary = &row.summary;
    Ok(Some(DocumentView {
        subject: subject.clone(),
        section_16_4_cutoff: cutoff(rules, &facts).cutoff,
        money: if in_parent { None } else { summary.state.as_ref().and_then(money_of) },
        credit: (!in_parent).then(|| CreditView {
            availed: summary.all_availed(),
            base: summary.base(),
            reversed: summary.reversed,
        }),
    }))
}

/// A Bill of Entry that customs told of and nobody claimed yet.
fn bill_without_credit(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
) -> Result<Option<CreditRow>, StateError> {
    let CreditSubject::BillOfEntry(bill) = subject else { return Ok(None) };
    let known: Option<BillRow> = rows.get(&rows::bill_key(recipient, bill))?;
    Ok(known.map(|_| CreditRow::new(subject)))
}

/// Of a debit note that counts with its invoice, the date that the invoice's facts keep.
fn debit_note_state(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    row: &CreditRow,
    parent: &gst_types::DocumentKey,
) -> Result<Option<PaymentState>, StateError> {
    let parent = credit(rows, recipient, &CreditSubject::Document(parent.clone()))?;
    let Some(parent) = parent else { return Ok(None) };
    let date = parent.steps.iter().rev().find_map(|step| {
        let rows::Fact::DebitNote { document, document_date, invoice_date, .. } = &step.fact else { return None };
        (CreditSubject::Document(document.clone()) == row.subject).then_some((*document_date, *invoice_date))
    });
    let template = parent.summary.state;
    Ok(date.zip(template).map(|((document_date, invoice_date), state)| PaymentState {
        document_date,
        invoice_date,
        exclusion: Some(TimerExclusion::DebitNoteInParent),
        ..state
    }))
}

fn money_of(state: &PaymentState) -> Option<MoneyView> {
    let shown = match state.exclusion {
        None | Some(TimerExclusion::ScheduleI) => true,
        Some(
            TimerExclusion::ReverseCharge
            | TimerExclusion::IsdCredit
            | TimerExclusion::ImportBoe
            | TimerExclusion::DebitNoteInParent
            | TimerExclusion::DebitNoteWithoutTimer,
        ) => false,
    };
    shown.then_some(MoneyView { payable: state.payable, paid: state.paid, unpaid: state.unpaid })
}

/// One span of interest of a posted reversal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InterestView {
    /// On what.
    pub subject: CreditSubject,
    /// The cause of the reversal.
    pub cause: Option<LedgerCause>,
    /// The return.
    pub return_period: TaxPeriod,
    /// How it was computed.
    pub basis: InterestBasis,
    /// Whether it is only the largest possible.
    pub ceiling: bool,
    /// First day, not counted.
    pub from: IstDate,
    /// Last day.
    pub to: IstDate,
    /// Counted days.
    pub days: i64,
    /// Interest by head.
    pub interest: TaxAmounts,
}

/// Interest, a row for each span, in the order of the filed returns.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn interest(rows: &StateView<'_>, recipient: RecipientGstin) -> Result<Vec<InterestView>, StateError> {
    let pointers: Vec<(RowKey, EntryPointerRow)> = all(rows, &rows::interests_of(recipient))?;
    let mut views = Vec::new();
    for (_, pointer) in pointers {
        let Some(entry) = entry(rows, recipient, pointer.number)? else { continue };
        let Some(interest) = &entry.interest else { continue };
        views.extend(interest.slices.iter().map(|slice| InterestView {
            subject: entry.subject.clone(),
            cause: entry.cause,
            return_period: entry.return_period,
            basis: interest.basis,
            ceiling: interest.ceiling,
            from: slice.from,
            to: slice.to,
            days: slice.days,
            interest: slice.interest,
        }));
    }
    Ok(views)
}

/// One entry as it stands.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn entry(rows: &StateView<'_>, recipient: RecipientGstin, number: u64) -> Result<Option<LedgerEntry>, StateError> {
    let row: Option<EntryRow> = rows.get(&rows::entry_key(recipient, number))?;
    Ok(row.and_then(|row| serde_json::from_str(&row.json).ok()))
}

/// Entries of a recipient behind that number, in the order in which they became due, at most `limit`.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn entries(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    after: u64,
    limit: usize,
) -> Result<Vec<LedgerEntry>, StateError> {
    let after = rows::entry_key(recipient, after);
    let page: Vec<(RowKey, EntryRow)> = rows.scan(&rows::entries_of(recipient), Some(&after), limit)?;
    Ok(page.into_iter().filter_map(|(_, row)| serde_json::from_str(&row.json).ok()).collect())
}

pub(crate) fn all<R: stream::Row>(rows: &StateView<'_>, prefix: &RowKey) -> Result<Vec<(RowKey, R)>, StateError> {
    let mut found: Vec<(RowKey, R)> = Vec::new();
    loop {
        let after = found.last().map(|(key, _)| key.clone());
        let page: Vec<(RowKey, R)> = rows.scan(prefix, after.as_ref(), PAGE)?;
        let full = page.len() == PAGE;
        found.extend(page);
        if !full {
            return Ok(found);
        }
    }
}

/// A Bill of Entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BillView {
    /// Which one.
    pub key: BillOfEntryId,
    /// The last step known.
    pub status: Option<CustomsStatusWord>,
    /// Since when credit may be taken.
    pub itc_eligible_at: Option<IstInstant>,
    /// The reference date.
    pub reference_date: Option<IstDate>,
    /// The recipient's period of that date.
    pub return_period: Option<TaxPeriod>,
    /// The credit; zero while it is not eligible.
    pub credit: TaxAmounts,
}

/// A Bill of Entry of a recipient.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn bill(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    bill: &BillOfEntryId,
) -> Result<Option<BillView>, StateError> {
    let row: Option<BillRow> = rows.get(&rows::bill_key(recipient, bill))?;
    let taxpayer: RecipientRow = rows.get(&rows::recipient_key(recipient))?.unwrap_or_default();
    Ok(row.map(|row| {
        let reference_date = row.eligible_at.and(row.reference_date);
        BillView {
            key: row.bill_of_entry,
            status: row.status,
            itc_eligible_at: row.eligible_at,
            reference_date,
            return_period: reference_date.map(|day| taxpayer.period_of(day)),
            credit: if row.eligible_at.is_some() { row.tax } else { TaxAmounts::ZERO },
        }
    }))
}
