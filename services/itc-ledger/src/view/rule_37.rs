//! The rule 37 report, in the columns that users ask for.

use super::PAGE;
use crate::post::entry_id;
use crate::rows::{self, CreditRow, PaymentState};
use crate::state::{TimerState, state_on};
use gst_events::{CreditSubject, LedgerEntryKind};
use gst_rules::Rulebook;
use gst_rules::rule37::{CreditAtStake, target};
use gst_types::{DocumentKey, IstDate, Paise, RecipientGstin, SupplierGstin, TaxAmounts};
use serde::Serialize;
use stream::{RowKey, StateError, StateView};

/// One document in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule37Row {
    /// The document; its number is in it.
    pub document: DocumentKey,
    /// The supplier.
    pub supplier: SupplierGstin,
    /// The date of issue.
    pub document_date: IstDate,
    /// The last day to pay; absent without a timer.
    pub due_date: Option<IstDate>,
    /// Value with the tax charged on the document.
    pub invoice_amount: Paise,
    /// Its taxable value.
    pub taxable_amount: Paise,
    /// Its tax by head.
    pub tax: TaxAmounts,
    /// What is payable after credit notes.
    pub payable: Paise,
    /// Paid, with what is deemed paid.
    pub paid: Paise,
    /// Outstanding.
    pub outstanding: Paise,
    /// Days since the date of issue.
    pub days: i64,
    /// Credit that is reversed, or that would be if day 181 were today.
    pub itc_to_reverse: TaxAmounts,
    /// Of it, what stands reversed.
    pub itc_reversed: TaxAmounts,
    /// The state (R37-17).
    pub status: TimerState,
    /// The entry of the latest reversal.
    pub reversal_reference: Option<String>,
}

/// Which documents the report shows; each condition that is absent lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule37Filter {
    /// Only those of that supplier.
    pub supplier: Option<SupplierGstin>,
    /// Only those issued on that day or later.
    pub issued_from: Option<IstDate>,
    /// Only those issued on that day or earlier.
    pub issued_to: Option<IstDate>,
    /// Only those whose last day to pay is that day or earlier.
    pub due_to: Option<IstDate>,
    /// Only those in one of these states.
    pub states: Vec<TimerState>,
    /// Only those older than 180 days.
    pub overdue: bool,
}

impl Rule37Filter {
    fn lets_through(&self, row: &Rule37Row) -> bool {
        self.supplier.is_none_or(|supplier| supplier == row.supplier)
            && self.issued_from.is_none_or(|from| from <= row.document_date)
            && self.issued_to.is_none_or(|to| row.document_date <= to)
            && self.due_to.is_none_or(|to| row.due_date.is_some_and(|due| due <= to))
            && (self.states.is_empty() || self.states.contains(&row.status))
            && (!self.overdue || row.days > i64::from(gst_rules::calendar::DAYS_TO_PAY))
    }
}

/// A page of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule37Page {
    /// Its documents, by supplier and number.
    pub rows: Vec<Rule37Row>,
    /// Where the next page begins; absent behind the last.
    pub next: Option<CreditSubject>,
}

/// The rule 37 report of a recipient as of a day, at most `limit` documents behind `after` that the filter lets through.
/// Documents without money to owe (a debit note that counts with its invoice, an import) are not in it.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn rule_37_report(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    rules: &Rulebook,
    today: IstDate,
    filter: &Rule37Filter,
    after: Option<&CreditSubject>,
    limit: usize,
) -> Result<Rule37Page, StateError> {
    let mut found = Vec::new();
    let mut after = after.map(|subject| rows::credit_key(recipient, subject));
    loop {
        let page: Vec<(RowKey, CreditRow)> = rows.scan(&rows::credits_of(recipient), after.as_ref(), PAGE)?;
        let is_last = page.len() < PAGE;
        for (key, row) in page {
            let shown = row_of(&row, recipient, rules, today).filter(|shown| filter.lets_through(shown));
            if let Some(shown) = shown {
                if found.len() == limit {
                    return Ok(Rule37Page { next: last_of(&found), rows: found });
                }
                found.push(shown);
            }
            after = Some(key);
        }
        if is_last {
            return Ok(Rule37Page { rows: found, next: None });
        }
    }
}

fn last_of(rows: &[Rule37Row]) -> Option<CreditSubject> {
    rows.last().map(|row| CreditSubject::Document(row.document.clone()))
}

fn row_of(row: &CreditRow, recipient: RecipientGstin, rules: &Rulebook, today: IstDate) -> Option<Rule37Row> {
    let CreditSubject::Document(document) = &row.subject else { return None };
    let state = row.summary.state.as_ref().filter(|_| row.parent.is_none())?;
    let (status, _) = state_on(row, today);
    let reversal = row.published.iter().rev().find(|one| one.kind == LedgerEntryKind::Reversal && !one.out);
    Some(Rule37Row {
        document: document.clone(),
        supplier: document.supplier,
        document_date: state.document_date,
        due_date: state.fires_on.map(|day| day.minus_days(1)),
        invoice_amount: state.document_value,
        taxable_amount: state.taxable_value,
        tax: state.tax,
        payable: state.payable,
        paid: state.paid,
        outstanding: state.unpaid,
        days: today.days_since(state.document_date),
        itc_to_reverse: at_stake(row, state, rules),
        itc_reversed: row.summary.reversed,
        status,
        reversal_reference: reversal.map(|one| entry_id(recipient, one.number)),
    })
}

/// R37-4: what is reversed if day 181 comes as things stand; none without a timer.
fn at_stake(row: &CreditRow, state: &PaymentState, rules: &Rulebook) -> TaxAmounts {
    let credit = CreditAtStake {
        availed: row.summary.all_availed(),
        note_tax: row.summary.note_tax,
        permanent: row.summary.permanent,
    };
    if state.fires_on.is_some() { target(rules, &credit, state.unpaid, state.payable) } else { TaxAmounts::ZERO }
}
