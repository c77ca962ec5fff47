//! Rule 37 in amounts: what is unpaid (R37-4), the target of reversal (R37-4, R37-10, R37-14) and how the causes of rules
//! 37 and 37A overlap (R37-14). When a timer fires is in [`crate::calendar`].

use crate::rulebook::{ReversalBase, Rulebook};
use gst_types::{Paise, TaxAmounts};

/// Credit of a document per head, as far as rule 37 asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CreditAtStake {
    /// Credit availed.
    pub availed: TaxAmounts,
    /// Tax of accepted GST credit notes (R37-11).
    pub note_tax: TaxAmounts,
    /// Permanent reversals: section 17(5), rules 38, 42 and 43 (R37-14).
    pub permanent: TaxAmounts,
}

impl CreditAtStake {
    /// R37-4: credit availed less notes and permanent reversals, per head, never below zero. Only credit availed can be
    /// reversed (R37-1).
    #[must_use]
    pub fn base(&self) -> TaxAmounts {
        (self.availed - self.note_tax - self.permanent).or_zero_if_negative()
    }
}

/// R37-4: what is unpaid of a document; neither it nor the payable amount falls below zero.
#[must_use]
pub fn unpaid(payable: Paise, paid: Paise) -> Paise {
    (payable.or_zero_if_negative() - paid).or_zero_if_negative()
}

/// R37-4, R37-10, R37-14: the target of reversal under rule 37 per head, computed afresh after every event; zero where
/// nothing is payable.
#[must_use]
pub fn target(rulebook: &Rulebook, credit: &CreditAtStake, unpaid: Paise, payable: Paise) -> TaxAmounts {
    let share = |amounts: TaxAmounts| {
        if payable > Paise::ZERO {
            amounts.map(|_, amount| amount.proportion(unpaid, payable))
        } else {
            TaxAmounts::ZERO
        }
    };
    match rulebook.reversal_base() {
        ReversalBase::NetAvailed => share(credit.base()),
        ReversalBase::GrossLessReversed => {
            let gross = (credit.availed - credit.note_tax).or_zero_if_negative();
            (share(gross) - credit.permanent).or_zero_if_negative()
        }
    }
}

/// R37-14: what stands reversed: the larger of the two causes' targets, per head; rule 37A takes the whole base while its
/// cause is open.
#[must_use]
pub fn reversed_for_both_causes(target_37: TaxAmounts, base: TaxAmounts, is_rule_37a_open: bool) -> TaxAmounts {
    if is_rule_37a_open { target_37.max(&base) } else { target_37 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn igst(rupees: i64) -> TaxAmounts {
        TaxAmounts { igst: Paise::from_rupees(rupees), ..TaxAmounts::ZERO }
    }

    fn of(credit: &CreditAtStake, unpaid: i64, payable: i64, base: &str) -> TaxAmounts {
        let own = [("r37.reversal_base".to_owned(), base.to_owned())].into();
        let rulebook = Rulebook::embedded().with_overrides(&own).unwrap();
        target(&rulebook, credit, Paise::from_rupees(unpaid), Paise::from_rupees(payable))
    }

    #[test]
    fn r37_10_worked_targets() {
        let credit = CreditAtStake { availed: igst(18_000), ..CreditAtStake::default() };
        assert_eq!(of(&credit, 59_000, 118_000, "NET_AVAILED"), igst(9_000));
        assert_eq!(of(&credit, 29_500, 118_000, "NET_AVAILED"), igst(4_500));
        assert_eq!(of(&credit, 0, 118_000, "NET_AVAILED"), TaxAmounts::ZERO);
        assert_eq!(of(&credit, 0, 0, "NET_AVAILED"), TaxAmounts::ZERO);
    }

    #[test]
    fn r37_11_worked_credit_note() {
        let credit = CreditAtStake { availed: igst(18_000), note_tax: igst(3_600), ..CreditAtStake::default() };
        assert_eq!(of(&credit, 47_200, 94_400, "NET_AVAILED"), igst(7_200));
    }

    #[test]
    fn r37_14_the_two_bases_agree_where_nothing_was_paid() {
        let credit = CreditAtStake { availed: igst(18_000), permanent: igst(6_000), ..CreditAtStake::default() };
        for base in ["NET_AVAILED", "GROSS_LESS_REVERSED"] {
            assert_eq!(of(&credit, 118_000, 118_000, base), igst(12_000));
        }
        assert_eq!(of(&credit, 59_000, 118_000, "NET_AVAILED"), igst(6_000));
        assert_eq!(of(&credit, 59_000, 118_000, "GROSS_LESS_REVERSED"), igst(3_000));
    }

    #[test]
    fn r37_14_credit_returns_when_both_causes_are_clear() {
        assert_eq!(reversed_for_both_causes(igst(10_800), igst(18_000), true), igst(18_000));
        assert_eq!(reversed_for_both_causes(igst(10_800), igst(18_000), false), igst(10_800));
        assert_eq!(reversed_for_both_causes(TaxAmounts::ZERO, igst(18_000), true), igst(18_000));
    }

    #[test]
    fn r37_4_nothing_falls_below_zero() {
        assert_eq!(unpaid(Paise::from_rupees(100), Paise::from_rupees(120)), Paise::ZERO);
        assert_eq!(unpaid(Paise::from_rupees(-5), Paise::ZERO), Paise::ZERO);
        let credit = CreditAtStake { availed: igst(100), note_tax: igst(120), ..CreditAtStake::default() };
        assert_eq!(credit.base(), TaxAmounts::ZERO);
    }

    proptest::proptest! {
        #[test]
        fn r37_14_a_target_never_exceeds_its_base(
            availed in 0_i64..1_000_000, note in 0_i64..1_000_000, permanent in 0_i64..1_000_000,
            payable in 0_i64..10_000_000, paid in 0_i64..10_000_000,
        ) {
            let one = |paise| TaxAmounts { cgst: Paise::new(paise), ..TaxAmounts::ZERO };
            let credit = CreditAtStake { availed: one(availed), note_tax: one(note), permanent: one(permanent) };
            let rest = unpaid(Paise::new(payable), Paise::new(paid));
            for base in [ReversalBase::NetAvailed, ReversalBase::GrossLessReversed] {
                let own = [("r37.reversal_base".to_owned(), base.code().to_owned())].into();
                let rulebook = Rulebook::embedded().with_overrides(&own).unwrap();
                let found = target(&rulebook, &credit, rest, Paise::new(payable));
                proptest::prop_assert!(!found.has_negative() && found.cgst <= credit.base().cgst);
            }
        }
    }
}
