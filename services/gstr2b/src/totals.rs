//! Totals of a statement and what they populate in GSTR-3B (TB-7, TB-8).

use crate::rows::RowTotal;
use gst_rules::rulebook::Table4PartB;
use gst_types::TaxAmounts;
use std::collections::BTreeMap;

/// Where a row of GSTR-2B goes in Table 4 of GSTR-3B, and with which sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goes {
    Adds(&'static str),
    Deducts(&'static str),
    Nowhere,
}

/// The six lines that GSTR-2B populates.
pub const LINES: [&str; 6] = ["4A1", "4A3", "4A4", "4A5", "4B2", "4D2"];

fn destination(row: &str, part_b: Table4PartB) -> Goes {
    let parts: Vec<&str> = row.split('.').collect();
    match parts.as_slice() {
        ["3", "A", "I", _] => Goes::Adds("4A5"),
        ["3", "A", "II", _] => Goes::Adds("4A4"),
        ["3", "A", "III", _] => Goes::Adds("4A3"),
        ["3", "A", "IV", _] => Goes::Adds("4A1"),
        ["3", "B", _, name] if name.ends_with("-RC") => Goes::Deducts("4A3"),
        ["3", "B", _, name] if name.starts_with("ISD") => Goes::Deducts("4A4"),
        ["3", "B", ..] => Goes::Deducts("4A5"),
        ["4", "A", ..] => Goes::Adds("4D2"),
        ["4", "B", ..] => match part_b {
            Table4PartB::Net4d2 => Goes::Deducts("4D2"),
            Table4PartB::Gross4d2 => Goes::Nowhere,
        },
        ["5", ..] => Goes::Adds("4B2"),
        _ => Goes::Nowhere,
    }
}

/// TB-7: the lines of GSTR-3B Table 4; a negative line stays negative (TB-8, EG-5), that of imports too (CF-12).
#[must_use]
pub fn auto_population(totals: &BTreeMap<String, RowTotal>, part_b: Table4PartB) -> BTreeMap<String, TaxAmounts> {
    let mut lines: BTreeMap<String, TaxAmounts> =
        LINES.iter().map(|line| ((*line).to_owned(), TaxAmounts::ZERO)).collect();
    for (row, total) in totals {
        if let Some((line, amount)) = line_of(row, total.effect, part_b) {
            *lines.entry(line.to_owned()).or_default() += amount;
        }
    }
    lines
}

/// TB-7: the line of GSTR-3B Table 4 that a row of GSTR-2B populates, and with how much; `None` where it populates none.
#[must_use]
pub fn line_of(row: &str, effect: TaxAmounts, part_b: Table4PartB) -> Option<(&'static str, TaxAmounts)> {
    match destination(row, part_b) {
        Goes::Adds(line) => Some((line, effect)),
        Goes::Deducts(line) => Some((line, -effect)),
        Goes::Nowhere => None,
    }
}

/// What a row does to credit: Part A of Table 3 gives it, Part B takes it, the other tables do neither.
#[must_use]
pub fn credit_of(row: &str, effect: TaxAmounts) -> Option<TaxAmounts> {
    match row.get(..4) {
        Some("3.A.") => Some(effect),
        Some("3.B.") => Some(-effect),
        _ => None,
    }
}

/// Adds a line to the totals, or takes one away.
pub fn add(totals: &mut BTreeMap<String, RowTotal>, row: &str, effect: TaxAmounts, adds: bool) {
    // The row is nearly always there: its name is copied only for the first line.
    let mut total = totals.get(row).copied().unwrap_or_default();
    if adds {
        total.lines += 1;
        total.effect += effect;
    } else {
        total.lines = total.lines.saturating_sub(1);
        total.effect -= effect;
    }
    if total.lines == 0 && total.effect.is_zero() {
        totals.remove(row);
    } else if let Some(kept) = totals.get_mut(row) {
        *kept = total;
    } else {
        totals.insert(row.to_owned(), total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst_types::Paise;

    fn total(rupees: i64) -> RowTotal {
        let igst = Paise::from_rupees(rupees);
        RowTotal { lines: 1, effect: TaxAmounts { igst, ..TaxAmounts::ZERO } }
    }

    fn lines(rows: &[(&str, i64)], part_b: Table4PartB) -> BTreeMap<String, i64> {
        let totals = rows.iter().map(|(row, amount)| ((*row).to_owned(), total(*amount))).collect();
        let populated = auto_population(&totals, part_b);
        populated.into_iter().map(|(line, amount)| (line, amount.igst.get() / 100)).collect()
    }

    #[test]
    fn tb_7_each_row_goes_to_its_line() {
        let rows = [
            ("3.A.I.B2B", 100),
            ("3.B.I.B2B-CN", 30),
            ("3.A.II.ISD", 40),
            ("3.B.I.ISD-CN", 50),
            ("3.A.III.B2B", 7),
            ("3.B.I.B2B-CN-RC", 2),
            ("3.A.IV.IMPGA", -9),
            ("5.A.I.B2B", 4),
            ("6.A.I.B2B", 1000),
        ];
        let populated = lines(&rows, Table4PartB::Net4d2);
        assert_eq!(populated["4A5"], 70);
        assert_eq!(populated["4A4"], -10, "TB-8: a negative line stays negative");
        assert_eq!(populated["4A3"], 5);
        assert_eq!(populated["4A1"], -9, "CF-12: a negative import amendment stays in 4(A)(1)");
        assert_eq!(populated["4B2"], 4);
        assert_eq!(populated["4D2"], 0, "TB-6: rejected credit goes nowhere");
    }

    #[test]
    fn tb_4_part_b_nets_unless_the_rulebook_says_otherwise() {
        let rows = [("4.A.I.B2B", 100), ("4.B.I.B2B-CN", 120)];
        assert_eq!(lines(&rows, Table4PartB::Net4d2)["4D2"], -20);
        assert_eq!(lines(&rows, Table4PartB::Gross4d2)["4D2"], 100);
    }
}
