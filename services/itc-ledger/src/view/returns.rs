//! GSTR-3B Table 4 of a return, from ledger entries, and the entries behind each line.

use super::all;
use crate::decide::filing;
use crate::rows::{self, RecipientRow, ReturnEntryRow, Table4Row};
use crate::statement::{REVERSE_CHARGE_TAX, lines_of, reverse_charge_check, reverse_charge_credit, statement_after};
use gst_events::{FiledLineDifference, LedgerEntry};
use gst_rules::Rulebook;
use gst_rules::amount::to_whole_rupees;
use gst_rules::ecrrs::check_return;
use gst_rules::table4::ReturnLine;
use gst_types::{IstInstant, RecipientGstin, TaxAmounts, TaxPeriod};
use gstn_formats::gstr3b::{ItcElg, Table4Line};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use stream::{RowKey, StateError, StateView};

/// Table 4 of a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReturnView {
    /// The period.
    pub return_period: TaxPeriod,
    /// `4A1` to `4D2`, each with four heads; every line is there.
    pub lines: BTreeMap<String, TaxAmounts>,
    /// 4(C): 4(A) less 4(B).
    pub net: TaxAmounts,
    /// Closing balance of the reversal statement (ECR-1).
    pub ecrrs_closing: TaxAmounts,
    /// Interest of its reversals in whole rupees per head (RND-3).
    pub interest: TaxAmounts,
    /// When it was filed.
    pub filed_at: Option<IstInstant>,
}

/// Every return of a recipient that has entries or was filed, in time order.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn filed_returns(rows: &StateView<'_>, recipient: RecipientGstin) -> Result<Vec<ReturnView>, StateError> {
    let sums: Vec<(RowKey, Table4Row)> = all(rows, &rows::returns_of(recipient))?;
    let mut balance = opening_of(rows, recipient)?;
    let mut views = Vec::with_capacity(sums.len());
    for (key, row) in &sums {
        balance = statement_after(balance, row);
        views.extend(rows::period_in(key).map(|period| view_of(period, row, balance)));
    }
    Ok(views)
}

fn opening_of(rows: &StateView<'_>, recipient: RecipientGstin) -> Result<TaxAmounts, StateError> {
    let row: Option<RecipientRow> = rows.get(&rows::recipient_key(recipient))?;
    Ok(row.map_or(TaxAmounts::ZERO, |row| row.opening))
}

/// A period of the reversal statement (ECR-1 to ECR-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementView {
    /// The period.
    pub return_period: TaxPeriod,
    /// Balance before it.
    pub opening: TaxAmounts,
    /// 4(B)(2) of the return.
    pub reversed: TaxAmounts,
    /// 4(D)(1) of the return.
    pub reclaimed: TaxAmounts,
    /// The most that 4(D)(1) may be.
    pub allowed_reclaim: TaxAmounts,
    /// By how much it is above that.
    pub excess: TaxAmounts,
    /// What 4(B)(2) must still take out of a negative balance.
    pub still_to_reverse: TaxAmounts,
    /// `OK`, `WARNED` or `BLOCKED`: what the portal does with the return, or would if it were filed as it stands.
    pub status: &'static str,
    /// Balance after it.
    pub closing: TaxAmounts,
    /// When it was filed; absent for a return that is open or blocked.
    pub filed_at: Option<IstInstant>,
}

/// The reversal statement of a recipient, a row for each return, checked by the rules (ECR-1 to ECR-3).
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn reversal_statement(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    rules: &Rulebook,
) -> Result<Vec<StatementView>, StateError> {
    let sums: Vec<(RowKey, Table4Row)> = all(rows, &rows::returns_of(recipient))?;
    let mut balance = opening_of(rows, recipient)?;
    let mut views = Vec::with_capacity(sums.len());
    for (key, row) in &sums {
        let opening = balance;
        balance = statement_after(balance, row);
        let Some(return_period) = rows::period_in(key) else { continue };
        let lines = lines_of(return_period, row);
        let check = check_return(rules, opening, &lines);
        views.push(StatementView {
            return_period,
            opening,
            reversed: lines.reversed,
            reclaimed: lines.reclaimed,
            allowed_reclaim: check.allowed_reclaim,
            excess: check.excess,
            still_to_reverse: check.still_to_reverse,
            status: check.status.code(),
            closing: balance,
            filed_at: row.filed_at,
        });
    }
    Ok(views)
}

/// A period of the reverse-charge statement (ECR-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReverseChargeView {
    /// The period.
    pub return_period: TaxPeriod,
    /// Balance before it.
    pub opening: TaxAmounts,
    /// Tax paid in 3.1(d), as filed.
    pub tax_paid: TaxAmounts,
    /// Credit in 4(A)(2) and 4(A)(3).
    pub credit: TaxAmounts,
    /// Credit above tax paid and balance.
    pub excess: TaxAmounts,
    /// Balance after it; the one before where the credit exceeds.
    pub closing: TaxAmounts,
}

/// The reverse-charge statement of a recipient, a row for each return from 2024-08 whose 3.1(d) is told (ECR-4).
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn reverse_charge_statement(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
) -> Result<Vec<ReverseChargeView>, StateError> {
    let sums: Vec<(RowKey, Table4Row)> = all(rows, &rows::returns_of(recipient))?;
    let mut opening = TaxAmounts::ZERO;
    let mut views = Vec::new();
    for (key, row) in &sums {
        let Some(return_period) = rows::period_in(key) else { continue };
        let Some(check) = reverse_charge_check(return_period, opening, row) else { continue };
        let closing = check.closing.unwrap_or(opening);
        views.push(ReverseChargeView {
            return_period,
            opening,
            tax_paid: row.as_filed.get(REVERSE_CHARGE_TAX).copied().unwrap_or_default(),
            credit: reverse_charge_credit(row),
            excess: check.excess,
            closing,
        });
        opening = closing;
    }
    Ok(views)
}

/// In which lines the filed Table 4 of a period differs from ours, as things stand; empty where nothing does or no table
/// was told.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn filing_differences(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
) -> Result<Vec<FiledLineDifference>, StateError> {
    let row: Option<Table4Row> = rows.get(&rows::table4_key(recipient, period))?;
    Ok(row.map(|row| filing::differences(&row)).unwrap_or_default())
}

/// The return of one period; all zero where nothing stands in it.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn return_of(rows: &StateView<'_>, recipient: RecipientGstin, period: TaxPeriod) -> Result<ReturnView, StateError> {
    let returns = filed_returns(rows, recipient)?;
    let before = returns.iter().rev().find(|view| view.return_period < period);
    let balance = match before {
        Some(view) => view.ecrrs_closing,
        None => opening_of(rows, recipient)?,
    };
    let found = returns.iter().find(|view| view.return_period == period).cloned();
    Ok(found.unwrap_or_else(|| view_of(period, &Table4Row::default(), balance)))
}

fn view_of(period: TaxPeriod, row: &Table4Row, balance: TaxAmounts) -> ReturnView {
    let mut lines = BTreeMap::new();
    let mut net = TaxAmounts::ZERO;
    for line in ReturnLine::ALL.into_iter().filter(|line| *line != ReturnLine::OutputTax) {
        let amounts = row.lines.get(line.code()).copied().unwrap_or_default();
        match line.sign_in_net_credit() {
            1 => net += amounts,
            -1 => net -= amounts,
            _ => {}
        }
        lines.insert(line.code().to_owned(), amounts);
    }
    ReturnView {
        return_period: period,
        lines,
        net,
        ecrrs_closing: balance,
        interest: row.interest.map(|_, amount| to_whole_rupees(amount)),
        filed_at: row.filed_at,
    }
}

/// An entry behind a line of Table 4.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceView {
    /// The line.
    pub line: String,
    /// What the entry adds to it; the amounts of a line's entries add up to the line, also where reversals and re-claims
    /// are netted (R37-9).
    pub tax: TaxAmounts,
    /// The entry, which names its document.
    pub entry: LedgerEntry,
}

/// The entries behind a return, line by line and in the order in which they became due; only one line where it is named.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn trace(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
    line: Option<&str>,
) -> Result<Vec<TraceView>, StateError> {
    let of_period: Vec<(RowKey, ReturnEntryRow)> = all(rows, &rows::entries_of_period(recipient, period))?;
    let mut found = Vec::new();
    for (_, row) in of_period {
        let Some(entry) = super::entry(rows, recipient, row.number)? else { continue };
        for (name, tax) in row.lines.into_iter().filter(|(name, _)| line.is_none_or(|line| line == name)) {
            found.push(TraceView { line: name, tax, entry: entry.clone() });
        }
    }
    found.sort_by(|one, other| one.line.cmp(&other.line));
    Ok(found)
}

/// The draft of GSTR-3B Table 4 of one return, with the entries behind each line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table4Draft {
    /// Whose return.
    pub recipient: RecipientGstin,
    /// The sums.
    pub table4: ReturnView,
    /// The entries behind them, line by line.
    pub trace: Vec<TraceView>,
    /// The same sums as GSTN's object `itc_elg`.
    pub itc_elg: Value,
}

/// The draft of Table 4 of a recipient and period, each rupee traced to documents (T4-1 to T4-10).
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn table4_draft(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    period: TaxPeriod,
) -> Result<Table4Draft, StateError> {
    let table4 = return_of(rows, recipient, period)?;
    let itc_elg = itc_elg(&table4).to_value();
    Ok(Table4Draft { recipient, trace: trace(rows, recipient, period, None)?, itc_elg, table4 })
}

/// Table 4 as GSTN writes it in GSTR-3B, 4(C) computed.
#[must_use]
pub fn itc_elg(table4: &ReturnView) -> ItcElg {
    let of = |line: Table4Line| table4.lines.get(code_of(line)).copied().unwrap_or_default();
    ItcElg::build(&Table4Line::ALL.into_iter().map(|line| (line, of(line))).collect())
}

const fn code_of(line: Table4Line) -> &'static str {
    match line {
        Table4Line::A1 => ReturnLine::ImportOfGoods.code(),
        Table4Line::A2 => ReturnLine::ImportOfServices.code(),
        Table4Line::A3 => ReturnLine::ReverseCharge.code(),
        Table4Line::A4 => ReturnLine::IsdCredit.code(),
        Table4Line::A5 => ReturnLine::AllOther.code(),
        Table4Line::B1 => ReturnLine::PermanentReversal.code(),
        Table4Line::B2 => ReturnLine::OtherReversal.code(),
        Table4Line::D1 => ReturnLine::Reclaimed.code(),
        Table4Line::D2 => ReturnLine::Barred.code(),
    }
}
