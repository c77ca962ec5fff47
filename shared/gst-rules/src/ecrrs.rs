//! The Electronic Credit Reversal and Re-claimed Statement (ECR-1 to ECR-3) and its reverse-charge twin (ECR-4).

use crate::rulebook::{ReversalStatementCheck, Rulebook};
use gst_types::{TaxAmounts, TaxPeriod};

/// What a return does to the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnLines {
    /// The period of the return.
    pub return_period: TaxPeriod,
    /// Reversals in 4(B)(2).
    pub reversed: TaxAmounts,
    /// Re-claims in 4(D)(1).
    pub reclaimed: TaxAmounts,
    /// Credit of the period that can bear the reversals, where it is known (ECR-3).
    pub credit_available: Option<TaxAmounts>,
}

/// What the portal does with a return (ECR-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementStatus {
    /// Posted.
    Ok,
    /// Posted with a warning.
    Warned,
    /// Refused; it posts nothing.
    Blocked,
}

impl StatementStatus {
    /// The word used in events and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warned => "WARNED",
            Self::Blocked => "BLOCKED",
        }
    }
}

/// The check of one return against the balance before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementCheck {
    /// What happens to the return.
    pub status: StatementStatus,
    /// The most that 4(D)(1) may be: balance before plus 4(B)(2). Below zero where a negative balance is left (ECR-3).
    pub allowed_reclaim: TaxAmounts,
    /// By how much 4(D)(1) is above it.
    pub excess: TaxAmounts,
    /// What 4(B)(2) must still take out of a negative balance (ECR-3).
    pub still_to_reverse: TaxAmounts,
    /// The balance after the return; the one before where it is refused.
    pub closing: TaxAmounts,
    /// Reversals that the credit of the period does not bear, which become tax payable (ECR-3).
    pub added_to_liability: Option<TaxAmounts>,
}

/// ECR-1 to ECR-3: checks one return against the balance before it, head by head, and posts it.
#[must_use]
pub fn check_return(rulebook: &Rulebook, balance_before: TaxAmounts, lines: &ReturnLines) -> StatementCheck {
    let allowed_reclaim = balance_before + lines.reversed;
    let excess = (lines.reclaimed - allowed_reclaim).or_zero_if_negative();
    let status = match (excess.is_zero(), rulebook.reversal_statement_check(lines.return_period)) {
        (true, _) => StatementStatus::Ok,
        (false, ReversalStatementCheck::Warn) => StatementStatus::Warned,
        (false, ReversalStatementCheck::Block) => StatementStatus::Blocked,
    };
    let posted = match status {
        StatementStatus::Ok | StatementStatus::Warned => true,
        StatementStatus::Blocked => false,
    };
    let added = |credit: TaxAmounts| {
        if posted { (lines.reversed - credit).or_zero_if_negative() } else { TaxAmounts::ZERO }
    };
    StatementCheck {
        status,
        allowed_reclaim,
        excess,
        still_to_reverse: (-allowed_reclaim).or_zero_if_negative(),
        closing: if posted { allowed_reclaim - lines.reclaimed } else { balance_before },
        added_to_liability: lines.credit_available.map(added),
    }
}

/// ECR-1: checks returns one after the other, from an opening balance.
#[must_use]
pub fn reversal_statement(rulebook: &Rulebook, opening: TaxAmounts, returns: &[ReturnLines]) -> Vec<StatementCheck> {
    let mut balance = opening;
    let mut checks = Vec::with_capacity(returns.len());
    for lines in returns {
        let check = check_return(rulebook, balance, lines);
        balance = check.closing;
        checks.push(check);
    }
    checks
}

/// The check of reverse-charge credit against the tax paid on it (ECR-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReverseChargeCheck {
    /// Credit above tax paid plus opening balance; zero where the return is in order.
    pub excess: TaxAmounts,
    /// The balance after the return; `None` where there is an excess.
    pub closing: Option<TaxAmounts>,
}

/// ECR-4: 4(A)(2) + 4(A)(3) may be at most the reverse-charge tax paid in 3.1(d) plus the balance before.
#[must_use]
pub fn rcm_statement(opening: TaxAmounts, tax_paid: TaxAmounts, credit_taken: TaxAmounts) -> ReverseChargeCheck {
    let closing = opening + tax_paid - credit_taken;
    let excess = (-closing).or_zero_if_negative();
    ReverseChargeCheck { excess, closing: excess.is_zero().then_some(closing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn igst(text: &str) -> TaxAmounts {
        TaxAmounts { igst: text.parse().unwrap(), ..TaxAmounts::ZERO }
    }

    fn lines(period: &str, reversed: &str, reclaimed: &str) -> ReturnLines {
        ReturnLines {
            return_period: period.parse().unwrap(),
            reversed: igst(reversed),
            reclaimed: igst(reclaimed),
            credit_available: None,
        }
    }

    #[test]
    fn ecr_2_worked_excess_is_refused() {
        let returns = [
            lines("042026", "9000.00", "0.00"),
            lines("052026", "1000.00", "12000.00"),
            lines("062026", "0.00", "3500.00"),
        ];
        let checks = reversal_statement(&Rulebook::embedded(), igst("5000.00"), &returns);
        assert_eq!(checks[1].closing, igst("3000.00"));
        assert_eq!(checks[2].status, StatementStatus::Blocked);
        assert_eq!(checks[2].excess, igst("500.00"));
        assert_eq!(checks[2].closing, igst("3000.00"));
    }

    #[test]
    fn ecr_3_a_negative_balance_must_be_wiped_out() {
        let check = check_return(&Rulebook::embedded(), igst("-50.00"), &lines("012026", "20.00", "0.00"));
        assert_eq!(check.status, StatementStatus::Blocked);
        assert_eq!(check.still_to_reverse, igst("30.00"));
    }

    #[test]
    fn ecr_4_credit_is_bounded_by_tax_paid() {
        let check = rcm_statement(igst("100.00"), igst("900.00"), igst("1000.01"));
        assert_eq!((check.excess, check.closing), (igst("0.01"), None));
    }
}
