//! Apportionment: distribution by an ISD (ELG-4), rule 42 (APP-3), rule 43 (APP-4) and rule 38 (APP-5).

use crate::amount::{divided, percent_of};
use crate::capital_goods::quarters_or_part;
use gst_types::{Head, IstDate, Paise, StateCode, TaxAmounts};
use rust_decimal::Decimal;

/// A unit that an ISD distributes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsdRecipient {
    /// Its State.
    pub state: StateCode,
    /// Its turnover of the previous financial year.
    pub turnover: Paise,
}

/// ELG-4: the shares of the recipients, in their order. Each head is split apart by turnover, the last recipient takes
/// the difference. Inside the ISD's State heads stay; elsewhere CGST and SGST arrive as IGST.
#[must_use]
pub fn isd_distribution(credit: TaxAmounts, isd_state: StateCode, recipients: &[IsdRecipient]) -> Vec<TaxAmounts> {
    let total: Paise = recipients.iter().map(|recipient| recipient.turnover).sum();
    let mut left = credit;
    let mut shares = Vec::with_capacity(recipients.len());
    for (index, recipient) in recipients.iter().enumerate() {
        let is_last = index + 1 == recipients.len();
        let share = if is_last { left } else { credit.map(|_, amount| amount.proportion(recipient.turnover, total)) };
        left -= share;
        shares.push(if recipient.state == isd_state { share } else { as_integrated_tax(share) });
    }
    shares
}

fn as_integrated_tax(share: TaxAmounts) -> TaxAmounts {
    let mut outside = TaxAmounts::ZERO;
    outside.set(Head::Igst, share.igst + share.cgst + share.sgst);
    outside.set(Head::Cess, share.cess);
    outside
}

/// The credit of inputs and services of a period and head (APP-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule42Credit {
    /// T: all of it.
    pub total: Paise,
    /// T1: used only outside business.
    pub non_business: Paise,
    /// T2: used only for exempt supplies.
    pub exempt_only: Paise,
    /// T3: blocked by section 17(5).
    pub blocked: Paise,
    /// T4: used only for taxable supplies.
    pub taxable_only: Paise,
    /// Whether the common credit is partly used outside business (D2).
    pub common_use_non_business: bool,
}

/// Turnover of the State in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turnover {
    /// E: exempt turnover.
    pub exempt: Paise,
    /// F: all turnover.
    pub total: Paise,
}

/// The result of rule 42.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule42 {
    /// Credit after exclusive use and blocking.
    pub c1: Paise,
    /// Common credit.
    pub c2: Paise,
    /// Share of exempt turnover.
    pub d1: Paise,
    /// Five percent for use outside business.
    pub d2: Paise,
    /// Common credit that stays.
    pub c3: Paise,
    /// T1 + T2 + T3, out through 4(B)(1).
    pub exclusive_out: Paise,
    /// D1 + D2, out through 4(B)(1).
    pub common_out: Paise,
}

/// APP-3: rule 42 for one period and head. Blocked credit and exclusive use go first (APP-2); of the common rest only business
/// and taxable use keep credit (APP-1).
#[must_use]
pub fn rule_42(credit: &Rule42Credit, turnover: Turnover) -> Rule42 {
    let exclusive_out = credit.non_business + credit.exempt_only + credit.blocked;
    let c1 = credit.total - exclusive_out;
    let c2 = c1 - credit.taxable_only;
    let d1 = c2.proportion(turnover.exempt, turnover.total);
    let d2 = if credit.common_use_non_business { percent_of(c2, Decimal::from(5)) } else { Paise::ZERO };
    Rule42 { c1, c2, d1, d2, c3: c2 - d1 - d2, exclusive_out, common_out: d1 + d2 }
}

/// APP-3: D1 and D2 of a whole financial year and head, as rule 42(2) calculates them finally: its common credit, the part of
/// that which was also used outside business, and its turnover.
#[must_use]
pub fn rule_42_year(common: Paise, partly_non_business: Paise, turnover: Turnover) -> Paise {
    common.proportion(turnover.exempt, turnover.total) + percent_of(partly_non_business, Decimal::from(5))
}

/// The result of rule 43 for common capital goods in one period (APP-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule43 {
    /// Tc: common credit.
    pub common_credit: Paise,
    /// Tm: a sixtieth of each asset.
    pub monthly: Vec<Paise>,
    /// Tr: a sixtieth of all.
    pub monthly_total: Paise,
    /// Te: the exempt share of Tr, out through 4(B)(1).
    pub exempt_share: Paise,
}

/// Life of capital goods in months (rule 43).
const LIFE_IN_MONTHS: i128 = 60;

/// APP-4: rule 43 for the credit of each common asset. Te is rounded once, from the unrounded sum.
#[must_use]
pub fn rule_43(assets: &[Paise], turnover: Turnover) -> Rule43 {
    let common_credit: Paise = assets.iter().copied().sum();
    let paise = |amount: Paise| i128::from(amount.get());
    let sixtieth = |amount: Paise| divided(paise(amount), LIFE_IN_MONTHS);
    let exempt_share = divided(paise(common_credit) * paise(turnover.exempt), paise(turnover.total) * LIFE_IN_MONTHS);
    Rule43 {
        common_credit,
        monthly: assets.iter().copied().map(sixtieth).collect(),
        monthly_total: sixtieth(common_credit),
        exempt_share,
    }
}

/// APP-4 head by head: Te of common credit that is given times the months it stands for, rounded once.
#[must_use]
pub fn rule_43_share(credit_times_months: TaxAmounts, turnover: Turnover) -> TaxAmounts {
    let paise = |amount: Paise| i128::from(amount.get());
    let whole = paise(turnover.total) * LIFE_IN_MONTHS;
    credit_times_months.map(|_, credit| divided(paise(credit) * paise(turnover.exempt), whole))
}

/// Capital goods that moved from exempt-only to common use (APP-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonUse {
    /// Quarters or parts of quarters since the invoice.
    pub quarters_or_part: u32,
    /// Credit that comes in.
    pub credited: Paise,
    /// Tie: what is added to output tax, 3.1(a); zero before 1 Apr 2020, when the credit itself was reduced.
    pub added_to_output_tax: Paise,
    /// Whether the wording from 1 Apr 2020 applies.
    pub is_added_to_output_tax: bool,
}

/// APP-4: five percent of the credit for each quarter or part since the invoice, added to output tax from 1 Apr 2020 and
/// taken off the credit before.
#[must_use]
pub fn rule_43_common_use(credit: Paise, invoice_date: IstDate, moved_on: IstDate) -> CommonUse {
    let quarters_or_part = quarters_or_part(invoice_date, moved_on);
    let used = percent_of(credit, Decimal::from(quarters_or_part.saturating_mul(5).min(100)));
    let is_added_to_output_tax = IstDate::from_ymd(2020, 4, 1).is_some_and(|from| moved_on >= from);
    let (credited, added_to_output_tax) =
        if is_added_to_output_tax { (credit, used) } else { (credit - used, Paise::ZERO) };
    CommonUse { quarters_or_part, credited, added_to_output_tax, is_added_to_output_tax }
}

/// The result of rule 38 (APP-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule38 {
    /// What is halved.
    pub base_for_half: Paise,
    /// The half that stays.
    pub half_allowed: Paise,
    /// Credit on supplies from the same PAN, which stays in full.
    pub full_allowed: Paise,
    /// All that stays.
    pub credit_kept: Paise,
    /// All that goes out through 4(B)(1).
    pub reversed: Paise,
}

/// APP-5: rule 38 for a bank or financial institution under section 17(4).
#[must_use]
pub fn rule_38(total: Paise, non_business: Paise, blocked: Paise, same_pan: Paise) -> Rule38 {
    let base_for_half = total - non_business - blocked - same_pan;
    let half_allowed = percent_of(base_for_half, Decimal::from(50));
    let credit_kept = half_allowed + same_pan;
    Rule38 { base_for_half, half_allowed, full_allowed: same_pan, credit_kept, reversed: total - credit_kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rupees(amount: i64) -> Paise {
        Paise::from_rupees(amount)
    }

    #[test]
    fn app_3_worked() {
        let credit = Rule42Credit {
            total: rupees(1_000_000),
            non_business: rupees(40_000),
            exempt_only: rupees(60_000),
            blocked: rupees(100_000),
            taxable_only: rupees(500_000),
            common_use_non_business: true,
        };
        let found = rule_42(&credit, Turnover { exempt: rupees(20), total: rupees(100) });
        assert_eq!((found.c2, found.d1, found.d2), (rupees(300_000), rupees(60_000), rupees(15_000)));
        assert_eq!((found.c3, found.exclusive_out + found.common_out), (rupees(225_000), rupees(275_000)));
    }

    #[test]
    fn app_3_the_year_takes_its_own_ratio_and_five_percent_of_what_was_also_used_outside_business() {
        let turnover = Turnover { exempt: rupees(150), total: rupees(300) };
        assert_eq!(rule_42_year(rupees(36_000), Paise::ZERO, turnover), rupees(18_000));
        assert_eq!(rule_42_year(rupees(36_000), rupees(18_000), turnover), rupees(18_900));
        // One rounding for the year: three months of 33.33 at a third are 11.11 each, 99.99 at a third are 33.33.
        let third = Turnover { exempt: rupees(1), total: rupees(3) };
        assert_eq!(rule_42_year(Paise::new(9_999), Paise::ZERO, third), Paise::new(3_333));
    }

    #[test]
    fn app_4_te_is_not_made_of_rounded_parts() {
        let assets = [Paise::new(100), Paise::new(100), Paise::new(100)];
        let found = rule_43(&assets, Turnover { exempt: rupees(1), total: rupees(1) });
        assert_eq!(found.monthly, vec![Paise::new(2); 3]);
        assert_eq!((found.monthly_total, found.exempt_share), (Paise::new(5), Paise::new(5)));
    }

    #[test]
    fn app_4_the_tie_starts_in_april_2020() {
        let moved = |on: &str| rule_43_common_use(rupees(600_000), "2019-12-31".parse().unwrap(), on.parse().unwrap());
        let before = moved("2020-03-31");
        assert_eq!((before.quarters_or_part, before.credited), (1, rupees(570_000)));
        let after = moved("2020-04-01");
        assert_eq!((after.quarters_or_part, after.credited), (2, rupees(600_000)));
        assert_eq!(after.added_to_output_tax, rupees(60_000));
    }

    #[test]
    fn app_5_worked() {
        let found = rule_38(rupees(1_000_000), rupees(50_000), rupees(150_000), rupees(200_000));
        assert_eq!((found.half_allowed, found.credit_kept), (rupees(300_000), rupees(500_000)));
        assert_eq!(found.reversed, rupees(500_000));
    }

    proptest::proptest! {
        #[test]
        fn elg_4_shares_sum_to_the_credit(
            heads in proptest::array::uniform4(0_i64..1_000_000_000),
            turnovers in proptest::collection::vec((1_u32..40, 0_i64..1_000_000_000_000), 1..12),
        ) {
            let credit = TaxAmounts {
                igst: Paise::new(heads[0]), cgst: Paise::new(heads[1]), sgst: Paise::new(heads[2]), cess: Paise::new(heads[3]),
            };
            let recipients: Vec<IsdRecipient> = turnovers.iter().map(|(state, turnover)| IsdRecipient {
                state: format!("{state:02}").parse().unwrap(),
                turnover: Paise::new(*turnover),
            }).collect();
            let shares: TaxAmounts = isd_distribution(credit, "27".parse().unwrap(), &recipients).into_iter().sum();
            proptest::prop_assert_eq!(shares.total(), credit.total());
            proptest::prop_assert_eq!(shares.cess, credit.cess);
        }
    }
}
