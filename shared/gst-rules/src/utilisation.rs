//! Order of using credit (UTL-1 to UTL-6).

use crate::rulebook::{IgstLiabilityFrom, IgstRemainder, Rulebook};
use gst_types::{Head, Paise, TaxAmounts, TaxPeriod};
use std::collections::BTreeMap;

/// What credit paid what, what is left and what is paid in cash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utilisation {
    /// Amounts above zero by head of credit and head of liability.
    pub used: BTreeMap<(Head, Head), Paise>,
    /// Liability that no credit paid, reverse charge included (UTL-6).
    pub pay_in_cash: TaxAmounts,
    /// Credit that stays in the ledger.
    pub credit_left: TaxAmounts,
}

/// What is still owed and what credit is still there, while it is used.
struct Accounts {
    liability: TaxAmounts,
    credit: TaxAmounts,
    used: BTreeMap<(Head, Head), Paise>,
}

impl Accounts {
    /// UTL-1: pays as much as there is of both, and at most `limit`.
    fn pay_at_most(&mut self, from: Head, to: Head, limit: Paise) {
        let amount = limit.min(self.credit.of(from)).min(self.liability.of(to)).or_zero_if_negative();
        if amount.is_zero() {
            return;
        }
        self.credit.set(from, self.credit.of(from) - amount);
        self.liability.set(to, self.liability.of(to) - amount);
        *self.used.entry((from, to)).or_insert(Paise::ZERO) += amount;
    }

    fn pay(&mut self, from: Head, to: Head) {
        self.pay_at_most(from, to, self.credit.of(from));
    }
}

/// UTL-1 to UTL-6, in the order of UTL-5: uses credit for the liability of one return, that of IGST first (conflict C17). Without a period any configured order is allowed.
#[must_use]
pub fn utilise_credit(
    rulebook: &Rulebook,
    liability: TaxAmounts,
    credit: TaxAmounts,
    reverse_charge: TaxAmounts,
    return_period: Option<TaxPeriod>,
) -> Utilisation {
    let mut accounts = Accounts { liability, credit, used: BTreeMap::new() };
    accounts.pay(Head::Igst, Head::Igst);
    split_igst_credit(rulebook, &mut accounts);
    accounts.pay(Head::Cgst, Head::Cgst);
    accounts.pay(Head::Sgst, Head::Sgst);
    pay_rest_of_igst(rulebook.igst_liability_from(return_period), &mut accounts);
    accounts.pay(Head::Cess, Head::Cess);
    Utilisation { used: accounts.used, pay_in_cash: accounts.liability + reverse_charge, credit_left: accounts.credit }
}

/// UTL-2, UTL-3: IGST credit that IGST liability left, in the configured split; what is left after it goes to CGST, then
/// SGST, so that own credit is touched only when IGST credit is used up.
fn split_igst_credit(rulebook: &Rulebook, accounts: &mut Accounts) {
    let owed = |accounts: &Accounts, head| accounts.liability.of(head);
    match rulebook.igst_remainder() {
        IgstRemainder::MinCashThenCgstFirst => {
            for head in [Head::Cgst, Head::Sgst] {
                let uncovered = owed(accounts, head) - accounts.credit.of(head);
                accounts.pay_at_most(Head::Igst, head, uncovered);
            }
        }
        IgstRemainder::CgstFirst => {}
        IgstRemainder::SgstFirst => accounts.pay(Head::Igst, Head::Sgst),
        IgstRemainder::Proportional => {
            let (cgst, sgst) = (owed(accounts, Head::Cgst), owed(accounts, Head::Sgst));
            let usable = accounts.credit.igst.min(cgst + sgst);
            let for_cgst = usable.proportion(cgst, cgst + sgst);
            accounts.pay_at_most(Head::Igst, Head::Cgst, for_cgst);
            accounts.pay_at_most(Head::Igst, Head::Sgst, usable - for_cgst);
        }
        IgstRemainder::Explicit => {
            let (for_cgst, for_sgst) = rulebook.explicit_split();
            accounts.pay_at_most(Head::Igst, Head::Cgst, for_cgst);
            accounts.pay_at_most(Head::Igst, Head::Sgst, for_sgst);
        }
    }
    accounts.pay(Head::Igst, Head::Cgst);
    accounts.pay(Head::Igst, Head::Sgst);
}

/// UTL-4: CGST and SGST credit left pays IGST liability left.
fn pay_rest_of_igst(order: IgstLiabilityFrom, accounts: &mut Accounts) {
    match order {
        IgstLiabilityFrom::StatuteCgstFirst => {}
        IgstLiabilityFrom::SgstFirst => accounts.pay(Head::Sgst, Head::Igst),
        IgstLiabilityFrom::Proportional => {
            let (cgst, sgst) = (accounts.credit.cgst, accounts.credit.sgst);
            let usable = accounts.liability.igst.min(cgst + sgst);
            let from_cgst = usable.proportion(cgst, cgst + sgst);
            accounts.pay_at_most(Head::Cgst, Head::Igst, from_cgst);
            accounts.pay_at_most(Head::Sgst, Head::Igst, usable - from_cgst);
        }
    }
    accounts.pay(Head::Cgst, Head::Igst);
    accounts.pay(Head::Sgst, Head::Igst);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(amounts: [i64; 4]) -> TaxAmounts {
        let [igst, cgst, sgst, cess] = amounts.map(Paise::new);
        TaxAmounts { igst, cgst, sgst, cess }
    }

    fn rulebook(remainder: &str, order: &str) -> Rulebook {
        let own = [
            ("util.igst_remainder".to_owned(), remainder.to_owned()),
            ("util.igst_liability_from".to_owned(), order.to_owned()),
            ("util.explicit_split".to_owned(), "{\"cgst\":\"1.00\",\"sgst\":\"2.00\"}".to_owned()),
        ];
        Rulebook::embedded().with_overrides(&own.into()).unwrap()
    }

    #[test]
    fn utl_5_worked_circular_98() {
        let (liability, credit) = (heads([1_000, 300, 300, 0]), heads([1_300, 200, 200, 0]));
        let found = utilise_credit(&Rulebook::embedded(), liability, credit, TaxAmounts::ZERO, None);
        assert_eq!(found.used[&(Head::Igst, Head::Cgst)], Paise::new(200));
        assert_eq!(found.used[&(Head::Igst, Head::Sgst)], Paise::new(100));
        assert_eq!(found.credit_left, heads([0, 100, 0, 0]));
        assert!(found.pay_in_cash.is_zero());
    }

    #[test]
    fn utl_6_reverse_charge_is_paid_in_cash() {
        let owed = heads([0, 7, 7, 0]);
        let found = utilise_credit(&Rulebook::embedded(), TaxAmounts::ZERO, heads([50, 50, 50, 0]), owed, None);
        assert_eq!(found.pay_in_cash, owed);
        assert!(found.used.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn utl_1_never_more_than_credit_or_liability(
            liability in proptest::array::uniform4(0_i64..1_000),
            credit in proptest::array::uniform4(0_i64..1_000),
            remainder in proptest::sample::select(vec!["MIN_CASH_THEN_CGST_FIRST", "CGST_FIRST", "SGST_FIRST", "PROPORTIONAL", "EXPLICIT"]),
            order in proptest::sample::select(vec!["STATUTE_CGST_FIRST", "SGST_FIRST", "PROPORTIONAL"]),
        ) {
            let (liability, credit) = (heads(liability), heads(credit));
            let found = utilise_credit(&rulebook(remainder, order), liability, credit, TaxAmounts::ZERO, None);
            let (mut paid, mut used) = (TaxAmounts::ZERO, TaxAmounts::ZERO);
            for ((from, to), amount) in &found.used {
                let never = matches!((from, to), (Head::Cgst, Head::Sgst) | (Head::Sgst, Head::Cgst))
                    || (*from == Head::Cess) != (*to == Head::Cess);
                proptest::prop_assert!(!never && *amount > Paise::ZERO);
                used.set(*from, used.of(*from) + *amount);
                paid.set(*to, paid.of(*to) + *amount);
            }
            proptest::prop_assert_eq!(used + found.credit_left, credit);
            proptest::prop_assert_eq!(paid + found.pay_in_cash, liability);
            proptest::prop_assert!(!found.credit_left.has_negative() && !found.pay_in_cash.has_negative());
            // UTL-3: own credit is used, or IGST paid by it, only where no IGST credit is left.
            let own_used = found.used.keys().any(|(from, _)| matches!(from, Head::Cgst | Head::Sgst));
            proptest::prop_assert!(!own_used || found.credit_left.igst.is_zero());
        }
    }
}
