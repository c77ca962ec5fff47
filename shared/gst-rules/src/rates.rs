//! Rates: change of rate (RATE-2), groups (RATE-1, RATE-3) and the tax of a document (RND-1, GID-2).

use crate::amount::percent_of;
use gst_types::{IstDate, Paise, StateCode, TaxAmounts};
use rust_decimal::Decimal;

/// A change of rate and the three events of a supply (RATE-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupplyAcrossChange {
    /// First day of the new rate.
    pub change_date: IstDate,
    /// The day of the supply.
    pub supplied_on: IstDate,
    /// The day of the invoice.
    pub invoice_on: IstDate,
    /// The day of the payment.
    pub paid_on: IstDate,
}

/// When a supply is taxed, and at which of the two rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfSupply {
    /// The day.
    pub on: IstDate,
    /// Whether the new rate applies.
    pub at_new_rate: bool,
}

/// RATE-2, section 14: of supply, invoice and payment the two on the same side of the change decide about the rate. Where
/// invoice and payment agree with each other the earlier is the day; else the one on the side of the supply.
#[must_use]
pub fn time_of_supply(supply: &SupplyAcrossChange) -> TimeOfSupply {
    let is_after = |date: IstDate| date >= supply.change_date;
    let supplied_after = is_after(supply.supplied_on);
    let earlier = supply.invoice_on.min(supply.paid_on);
    match (is_after(supply.invoice_on), is_after(supply.paid_on)) {
        (true, true) => TimeOfSupply { on: earlier, at_new_rate: true },
        (false, false) => TimeOfSupply { on: earlier, at_new_rate: false },
        (invoiced_after, _) if invoiced_after == supplied_after => {
            TimeOfSupply { on: supply.invoice_on, at_new_rate: supplied_after }
        }
        (true | false, _) => TimeOfSupply { on: supply.paid_on, at_new_rate: supplied_after },
    }
}

/// RND-1, GID-2: the tax of a document, each head rounded apart: CGST and SGST at half the rate where the supplier's State
/// is the place of supply, IGST otherwise.
#[must_use]
pub fn document_tax(
    taxable_value: Paise,
    rate_percent: Decimal,
    supplier_state: StateCode,
    place_of_supply: StateCode,
) -> TaxAmounts {
    if supplier_state == place_of_supply {
        let half = percent_of(taxable_value, rate_percent / Decimal::TWO);
        TaxAmounts { cgst: half, sgst: half, ..TaxAmounts::ZERO }
    } else {
        TaxAmounts { igst: percent_of(taxable_value, rate_percent), ..TaxAmounts::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(supplied: &str, invoice: &str, paid: &str) -> (String, bool) {
        let day = |text: &str| text.parse().unwrap();
        let found = time_of_supply(&SupplyAcrossChange {
            change_date: day("2025-09-22"),
            supplied_on: day(supplied),
            invoice_on: day(invoice),
            paid_on: day(paid),
        });
        (found.on.to_string(), found.at_new_rate)
    }

    #[test]
    fn rate_2_all_eight_sides() {
        let (before, early, after, late) = ("2025-09-10", "2025-09-21", "2025-09-22", "2025-09-28");
        assert_eq!(of(before, after, late), (after.to_owned(), true));
        assert_eq!(of(before, early, late), (early.to_owned(), false));
        assert_eq!(of(before, late, early), (early.to_owned(), false));
        assert_eq!(of(before, early, before), (before.to_owned(), false));
        assert_eq!(of(after, early, late), (late.to_owned(), true));
        assert_eq!(of(after, early, before), (before.to_owned(), false));
        assert_eq!(of(after, late, early), (late.to_owned(), true));
        assert_eq!(of(after, late, after), (after.to_owned(), true));
    }

    #[test]
    fn rnd_1_each_head_apart() {
        let of = |state: &str| {
            let value = "1234.56".parse().unwrap();
            document_tax(value, Decimal::from(18), "27".parse().unwrap(), state.parse().unwrap())
        };
        assert_eq!(of("29").igst, Paise::new(22_222));
        assert_eq!((of("27").cgst, of("27").sgst), (Paise::new(11_111), Paise::new(11_111)));
    }

    #[test]
    fn rate_1_rate_3_groups_are_dated() {
        let rate = |group: &str, on: &str| {
            crate::Rulebook::embedded().group_rate(group, on.parse().unwrap()).map(|rate| (rate.gst_percent, rate.cess))
        };
        assert_eq!(rate("STANDARD_12", "2025-09-21"), Some((Some(Decimal::from(12)), false)));
        assert_eq!(rate("STANDARD_12", "2025-09-22"), Some((None, false)));
        assert_eq!(rate("TOBACCO", "2026-01-31"), Some((Some(Decimal::from(28)), true)));
        assert_eq!(rate("TOBACCO", "2026-02-01"), Some((Some(Decimal::from(40)), false)));
        assert_eq!(rate("UNKNOWN", "2026-02-01"), None);
    }
}
