//! A slow oracle of one invoice, written from the rule reference alone: day by day, in rupees and paise of one head.
//! Random histories must give the same ledger rows.

use crate::interleavings::{Move, event_of, history, told};
use gst_events::{EntryStatus, LedgerEntry, Topic};
use gst_types::{IstDate, TaxPeriod};
use proptest::prelude::*;

#[derive(Default)]
struct Oracle {
    rows: Vec<String>,
    total: i64,
    notes: i64,
    note_tax: i64,
    paid: i64,
    availed: i64,
    permanent: i64,
    reversed: i64,
    expired: bool,
    not_filed: Option<u32>,
    filed: Option<u32>,
    open_37a: bool,
    first_claim: Option<u32>,
    latest: Option<TaxPeriod>,
    october: u32,
}

fn date(day: u32) -> IstDate {
    let start: IstDate = "2024-05-15".parse().unwrap();
    start.plus_days(day)
}

/// Half up, for amounts that are not negative.
fn share(base: i64, unpaid: i64, payable: i64) -> i64 {
    if payable == 0 { 0 } else { (base * unpaid * 2 + payable) / (payable * 2) }
}

impl Oracle {
    fn base(&self) -> i64 {
        (self.availed - self.note_tax - self.permanent).max(0)
    }

    fn payable(&self) -> i64 {
        (self.total - self.notes).max(0)
    }

    fn unpaid(&self) -> i64 {
        (self.payable() - self.paid).max(0)
    }

    fn row(&mut self, day: u32, what: &str, amount: i64) {
        if amount != 0 {
            self.rows.push(format!("{} {what} {amount}", date(day)));
        }
    }

    fn recompute(&mut self, day: u32, reason: &str, period: Option<TaxPeriod>) {
        let by_37 = if self.expired { share(self.base(), self.unpaid(), self.payable()) } else { 0 };
        let by_37a = if self.open_37a { self.base() } else { 0 };
        let target = by_37.max(by_37a);
        let change = target - self.reversed;
        self.reversed = target;
        if change != 0 {
            let period = period.unwrap_or_else(|| TaxPeriod::of(date(day)));
            let period = self.latest.map_or(period, |latest| latest.max(period));
            self.latest = Some(period);
            let kind = if change > 0 { "Reversal" } else { "Reclaim" };
            self.row(day, &format!("{kind} {reason} {period}"), change.abs());
        }
    }

    fn october_comes(&mut self, day: u32) {
        let reported = self.not_filed.is_some_and(|reported| reported <= day);
        if reported
            && self.filed.is_none_or(|filed| filed >= self.october)
            && self.first_claim.is_some()
            && !self.open_37a
        {
            self.open_37a = true;
            self.recompute(day, "SupplierNotFiled", None);
        }
    }

    fn apply(&mut self, day: u32, one: &Move, claim_and_reverse: bool) {
        match one {
            Move::Claim(_) => self.claim(day, claim_and_reverse),
            Move::Pay(_, rupees) => {
                self.paid += (rupees * 100).min(self.unpaid());
                self.recompute(day, "Payment", None);
            }
            Move::Note(_) => {
                self.notes += 590_000;
                self.note_tax += 90_000;
                self.row(day, &format!("CreditNote - {}", TaxPeriod::of(date(day))), -90_000);
                self.recompute(day, "CreditNote", None);
            }
            Move::Permanent(_) => {
                let taken = (self.availed - self.note_tax - self.permanent).clamp(0, 50_000);
                self.permanent += taken;
                self.row(day, &format!("PermanentReversal - {}", TaxPeriod::of(date(day))), taken);
                self.recompute(day, "PermanentReversal", None);
            }
            Move::NotFiled(_) => {
                self.not_filed = self.not_filed.or(Some(day));
                if day >= self.october && self.filed.is_none() {
                    self.october_comes(day);
                }
            }
            Move::Filed(_) => {
                self.filed = self.filed.or(Some(day));
                if self.open_37a {
                    self.open_37a = false;
                    self.recompute(day, "SupplierFiled", None);
                }
            }
            Move::Amend(_, rupees) => {
                self.total = rupees * 100;
                self.recompute(day, "Amendment", None);
            }
        }
    }

    fn claim(&mut self, day: u32, claim_and_reverse: bool) {
        let period = TaxPeriod::of(date(day));
        // The invoice is of 2024-25: 30 November 2025 is day 564.
        if date(day) > "2025-11-30".parse().unwrap() {
            self.row(day, &format!("TimeBarred - {period}"), 900_000);
            return;
        }
        if self.expired && self.unpaid() > 0 && !claim_and_reverse {
            return;
        }
        self.availed += 900_000;
        if self.first_claim.is_none() {
            self.first_claim = Some(day);
            // 1 October after the year of the claim's period: 2024-25 or 2025-26.
            let start: IstDate = "2024-05-15".parse().unwrap();
            let october = period.financial_year().day_after_year_end(10, 1);
            self.october = u32::try_from(october.days_since(start)).unwrap();
        }
        self.row(day, &format!("ItcAvailed - {period}"), 900_000);
        self.recompute(day, "Claim", Some(period));
    }
}

fn expected(moves: &[Move], claim_and_reverse: bool) -> Vec<String> {
    let mut oracle = Oracle { total: 11_800_000, october: u32::MAX, ..Oracle::default() };
    let numbered = |number: usize| event_of(number, &moves[number]);
    let mut order: Vec<usize> = (0..moves.len()).collect();
    order.sort_by_key(|number| (numbered(*number).0, *number));
    for day in 0..=655 {
        if day == 181 {
            oracle.expired = true;
            oracle.recompute(day, "Day181", None);
        }
        if day == oracle.october {
            oracle.october_comes(day);
        }
        for number in order.iter().filter(|number| numbered(**number).0 == day) {
            oracle.apply(day, &moves[*number], claim_and_reverse);
        }
    }
    oracle.rows
}

fn published(moves: &[Move], claim_and_reverse: bool) -> Vec<String> {
    let choice = if claim_and_reverse { "CLAIM_AND_REVERSE" } else { "BLOCK_UNTIL_PAID" };
    let story = told(moves, &[("r37.late_claim".to_owned(), choice.to_owned())].into());
    let records = story.bench.all(Topic::Ledger);
    let entries = records.into_iter().map(|record| serde_json::from_slice::<LedgerEntry>(&record.value).unwrap());
    entries
        .filter(|entry| entry.status == EntryStatus::Due)
        .map(|entry| {
            let reason = entry.reason.map_or_else(|| "-".to_owned(), |reason| format!("{reason:?}"));
            format!("{} {:?} {reason} {} {}", entry.date, entry.entry, entry.return_period, entry.tax.igst.get())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn r37_10_random_histories_agree_with_a_slow_oracle(moves in history(), claim_and_reverse in any::<bool>()) {
        prop_assert_eq!(published(&moves, claim_and_reverse), expected(&moves, claim_and_reverse));
    }
}
