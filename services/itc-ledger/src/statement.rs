//! The Electronic Credit Reversal and Re-claimed Statement (ECR-1 to ECR-3) and its reverse-charge twin
//! (ECR-4) as filed returns move them.

use crate::rows::Table4Row;
use gst_rules::ecrrs::{ReturnLines, ReverseChargeCheck, rcm_statement};
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

/// The line of a filed return with the reverse-charge tax paid in it.
pub const REVERSE_CHARGE_TAX: &str = "3.1d";

/// Credit of reverse charge in a return: 4(A)(2) and 4(A)(3).
#[must_use]
pub fn reverse_charge_credit(sums: &Table4Row) -> TaxAmounts {
    let of = |line: ReturnLine| sums.lines.get(line.code()).copied().unwrap_or_default();
    of(ReturnLine::ImportOfServices) + of(ReturnLine::ReverseCharge)
}

/// ECR-4: reverse-charge credit against tax paid and the balance before; `None` before period 2024-08 and while nobody said
/// what was paid in 3.1(d).
#[must_use]
pub fn reverse_charge_check(period: TaxPeriod, balance: TaxAmounts, sums: &Table4Row) -> Option<ReverseChargeCheck> {
    let paid = sums.as_filed.get(REVERSE_CHARGE_TAX)?;
    ((period.year(), period.month()) >= (2024, 8)).then(|| rcm_statement(balance, *paid, reverse_charge_credit(sums)))
}
