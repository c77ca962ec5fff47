//! What a document owes (R37-4, R37-5), as pure arithmetic.

use gst_types::Paise;

/// The amounts of one document that decide what it owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Invoice total with all taxes charged on it, with debit notes that count with it (R37-16).
    pub total: Paise,
    /// Value with tax of the GST credit notes accepted against it (R37-11).
    pub notes: Paise,
    /// Part deemed paid under section 15(2)(b) (R37-5).
    pub deemed: Paise,
    /// Settled money.
    pub settled: Paise,
    /// Supply without consideration: all is deemed paid (R37-5).
    pub all_deemed: bool,
}

impl Balance {
    /// R37-4: total less credit notes, never below zero.
    #[must_use]
    pub fn payable(&self) -> Paise {
        (self.total - self.notes).or_zero_if_negative()
    }

    /// R37-4: settled money with what is deemed paid.
    #[must_use]
    pub fn paid(&self) -> Paise {
        if self.all_deemed { self.payable() } else { self.deemed + self.settled }
    }

    /// R37-4: payable less paid, never below zero.
    #[must_use]
    pub fn unpaid(&self) -> Paise {
        (self.payable() - self.paid()).or_zero_if_negative()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rupees(amount: i64) -> Paise {
        Paise::from_rupees(amount)
    }

    #[test]
    fn r37_4_half_paid() {
        let balance = Balance { total: rupees(118_000), settled: rupees(59_000), ..Balance::default() };
        assert_eq!(balance.unpaid(), rupees(59_000));
    }

    #[test]
    fn r37_11_a_note_lowers_payable() {
        let balance =
            Balance { total: rupees(118_000), notes: rupees(23_600), settled: rupees(47_200), ..Balance::default() };
        assert_eq!((balance.payable(), balance.unpaid()), (rupees(94_400), rupees(47_200)));
    }

    #[test]
    fn r37_4_nothing_falls_below_zero() {
        let balance = Balance { total: rupees(100), notes: rupees(150), settled: rupees(80), ..Balance::default() };
        assert_eq!((balance.payable(), balance.paid(), balance.unpaid()), (Paise::ZERO, rupees(80), Paise::ZERO));
    }

    #[test]
    fn r37_5_schedule_i_is_paid_whole() {
        let balance = Balance { total: rupees(236_000), all_deemed: true, ..Balance::default() };
        assert_eq!((balance.paid(), balance.unpaid()), (rupees(236_000), Paise::ZERO));
    }

    #[test]
    fn r37_5_the_part_of_section_15_2_b_is_deemed_paid() {
        let balance = Balance {
            total: Paise::new(3_933_333),
            deemed: rupees(1_180),
            settled: rupees(10_000),
            ..Balance::default()
        };
        assert_eq!(balance.unpaid(), Paise::new(2_815_333));
    }
}
