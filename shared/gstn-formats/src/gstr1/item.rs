//! Rate rows of a document (`itms`).

use crate::error::{FieldError, Problem};
use crate::number::amount_to_number;
use crate::object::{Extra, Names, Reader, Writer, required};
use gst_types::{Head, Paise, TaxAmounts};
use serde_json::{Number, Value};

/// The heads as GSTR-1, GSTR-1A, IFF and GSTR-2A name them.
pub(crate) const HEADS: [Names; 4] = [&["iamt"], &["camt"], &["samt"], &["csamt"]];

/// Rates of the schedules in hundredths of a percent, tried before a rate is computed from the amounts.
const SCHEDULED_RATES: [i64; 13] = [0, 10, 25, 100, 150, 300, 500, 600, 750, 1_200, 1_800, 2_800, 4_000];

/// One rate of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gstr1Item {
    /// Row id; no serial number: the offline tool writes rate × 100 + 1.
    pub number: Option<Number>,
    /// Rate in percent.
    pub rate: Option<Number>,
    /// Taxable value.
    pub taxable_value: Paise,
    /// Tax of the row.
    pub tax: TaxAmounts,
    /// What else the row holds.
    pub extra: Extra,
    /// What else its `itm_det` holds.
    pub detail_extra: Extra,
}

impl Gstr1Item {
    /// The row that stands for a whole document.
    pub(crate) fn of_totals(taxable_value: Paise, tax: TaxAmounts) -> Self {
        Self {
            number: Some(Number::from(1)),
            rate: Some(implied_rate(taxable_value, &tax)),
            taxable_value,
            tax,
            extra: Extra::default(),
            detail_extra: Extra::default(),
        }
    }

    pub(crate) fn read(value: &Value) -> Result<Self, FieldError> {
        let mut row = Reader::new(value)?;
        let number = row.number(&["num"])?;
        let detail = required(row.take(&["itm_det"]), "itm_det")?;
        let mut detail =
            Reader::new(&detail).map_err(|_| FieldError::new("itm_det", Problem::WrongShape("an object")))?;
        let within = |error: FieldError| error.within("itm_det");
        let rate = detail.number(&["rt"]).map_err(within)?;
        let taxable_value = detail.amount(&["txval"]).map_err(within)?;
        let tax = detail.tax(&HEADS).map_err(within)?;
        Ok(Self { number, rate, taxable_value, tax, extra: row.finish(), detail_extra: detail.finish() })
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut detail = Writer::new(&self.detail_extra);
        if let Some(rate) = &self.rate {
            detail.put("rt", Value::Number(rate.clone()));
        }
        detail.amount("txval", self.taxable_value);
        detail.tax(&HEADS, &self.tax);
        let mut row = Writer::new(&self.extra);
        if let Some(number) = &self.number {
            row.put("num", Value::Number(number.clone()));
        }
        row.put("itm_det", detail.finish());
        row.finish()
    }
}

/// The rate that these amounts show, in percent: a rate of the schedules where it gives the tax to within two paise
/// (each head is rounded by itself), else the quotient to two decimals. Cess has rates of its own and does not count.
fn implied_rate(taxable_value: Paise, tax: &TaxAmounts) -> Number {
    let charged: i128 =
        Head::ALL.iter().filter(|head| **head != Head::Cess).map(|head| i128::from(tax.of(*head).get())).sum();
    let value = i128::from(taxable_value.get());
    let fits = |rate: &&i64| (value * i128::from(**rate) - charged * 10_000).abs() <= 20_000;
    let hundredths = match SCHEDULED_RATES.iter().find(fits) {
        Some(rate) => *rate,
        None if value == 0 => 0,
        // GSTN's field ends at 999.99 percent.
        None => i64::try_from((charged * 10_000 / value).clamp(0, 99_999)).unwrap_or(0),
    };
    amount_to_number(Paise::new(hundredths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduled_rate_is_found_behind_rounding() {
        let rate = |value, igst, half| {
            let tax = TaxAmounts {
                igst: Paise::new(igst),
                cgst: Paise::new(half),
                sgst: Paise::new(half),
                cess: Paise::ZERO,
            };
            implied_rate(Paise::new(value), &tax).to_string()
        };
        assert_eq!(rate(8_331_400, 0, 749_826), "18");
        assert_eq!(rate(25_555, 0, 639), "5");
        assert_eq!(rate(1_000_000, 7_500, 0), "0.75");
        assert_eq!(rate(1_000_000, 2_500, 0), "0.25");
        assert_eq!(rate(0, 0, 0), "0");
    }
}
