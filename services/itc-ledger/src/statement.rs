//! The Electronic Credit Reversal and Re-claimed Statement (ECR-1 to ECR-3) as Table 4 moves it.

use crate::rows::Table4Row;
use gst_rules::ecrrs::ReturnLines;
use gst_rules::table4::ReturnLine;
use gst_types::{TaxAmounts, TaxPeriod};

/// What a return does to the statement.
#[must_use]
pub fn lines_of(period: TaxPeriod, sums: &Table4Row) -> ReturnLines {
    let of = |line: ReturnLine| sums.lines.get(line.code()).copied().unwrap_or_default();
    ReturnLines {
        return_period: period,
        reversed: of(ReturnLine::OtherReversal),
        reclaimed: of(ReturnLine::Reclaimed),
        credit_available: None,
    }
}

/// ECR-1: the balance after a return, from sums in time order. A blocked return posts nothing (ECR-2).
#[must_use]
pub fn statement_after(balance: TaxAmounts, sums: &Table4Row) -> TaxAmounts {
    if sums.blocked_at.is_some() {
        return balance;
    }
    let of = |line: ReturnLine| sums.lines.get(line.code()).copied().unwrap_or_default();
    balance + of(ReturnLine::OtherReversal) - of(ReturnLine::Reclaimed)
}
