//! Customs duty on a Bill of Entry (DUT-1 to DUT-9): assessable value, the chain of duties, IGST and cess.

use crate::amount::{at_exchange_rate, percent_of, to_whole_rupees};
use crate::bill_of_entry::BillOfEntryType;
use crate::rulebook::{DatedRate, ExbondExchangeRate, LandingCharge, Rulebook};
use gst_types::{IstDate, Paise};
use rust_decimal::Decimal;

/// A price in a foreign currency, as far as its parts are known (DUT-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeOnBoard {
    /// Price free on board.
    pub fob: Decimal,
    /// Freight, if known.
    pub freight: Option<Decimal>,
    /// Insurance, if known.
    pub insurance: Option<Decimal>,
    /// Whether the goods came by air: freight is then never more than 20% of FOB.
    pub by_air: bool,
}

/// What the assessable value is computed from (DUT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// The assessable value itself, in rupees.
    Assessable(Paise),
    /// Cost, insurance and freight in a foreign currency.
    Cif(Decimal),
    /// Free on board in a foreign currency.
    Fob(FreeOnBoard),
}

/// Rates in percent and amounts of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyRates {
    /// Basic customs duty.
    pub bcd: Decimal,
    /// Agriculture Infrastructure and Development Cess.
    pub aidc: Decimal,
    /// Anti-dumping duty, an amount.
    pub anti_dumping: Paise,
    /// Social Welfare Surcharge.
    pub sws: Decimal,
    /// IGST.
    pub igst: Decimal,
    /// Compensation cess.
    pub cess: Decimal,
    /// Prices of sales in bond, in their order (DUT-8).
    pub sale_prices_in_bond: Vec<Paise>,
}

/// The assessable value and the parts taken for it, in rupees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssessableValue {
    /// Free on board, freight and insurance as taken; only where the value started from FOB.
    pub parts: Option<FobParts>,
    /// The value.
    pub value: Paise,
}

/// The parts of a value that started from FOB, in rupees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FobParts {
    /// Free on board.
    pub fob: Paise,
    /// Freight taken.
    pub freight: Paise,
    /// Insurance taken.
    pub insurance: Paise,
}

/// Percent of FOB that freight counts as where it is unknown, and the cap of air freight (DUT-5).
const FREIGHT_PERCENT: Decimal = Decimal::from_parts(20, 0, 0, false, 0);
/// Percent that insurance counts as where it is unknown: 1.125 (DUT-5).
const INSURANCE_PERCENT: Decimal = Decimal::from_parts(1125, 0, 0, false, 3);

/// DUT-1, DUT-5: the assessable value in rupees at that rate of exchange.
#[must_use]
pub fn assessable_value(rulebook: &Rulebook, value: &Value, exchange_rate: Decimal) -> AssessableValue {
    match value {
        Value::Assessable(value) => AssessableValue { parts: None, value: *value },
        Value::Cif(cif) => {
            let cif = at_exchange_rate(*cif, exchange_rate);
            AssessableValue { parts: None, value: with_landing_charge(rulebook, cif) }
        }
        Value::Fob(price) => {
            let parts = fob_parts(price, exchange_rate);
            let cif = parts.fob + parts.freight + parts.insurance;
            AssessableValue { parts: Some(parts), value: with_landing_charge(rulebook, cif) }
        }
    }
}

fn with_landing_charge(rulebook: &Rulebook, cif: Paise) -> Paise {
    match rulebook.landing_charge() {
        LandingCharge::ActualOnly => cif,
        LandingCharge::Notional1Pct => cif + percent_of(cif, Decimal::ONE),
    }
}

/// DUT-5: known parts are converted one by one; unknown ones are shares in rupees. Insurance that is derived from FOB and
/// freight takes the actual freight, also where the cap of air freight cuts what is added.
fn fob_parts(price: &FreeOnBoard, exchange_rate: Decimal) -> FobParts {
    let in_rupees = |foreign: Decimal| at_exchange_rate(foreign, exchange_rate);
    let fob = in_rupees(price.fob);
    let (freight, insurance) = match (price.freight.map(in_rupees), price.insurance.map(in_rupees)) {
        (Some(freight), Some(insurance)) => (freight, insurance),
        (Some(freight), None) => (freight, percent_of(fob + freight, INSURANCE_PERCENT)),
        (None, Some(insurance)) => (percent_of(fob + insurance, FREIGHT_PERCENT), insurance),
        (None, None) => (percent_of(fob, FREIGHT_PERCENT), percent_of(fob, INSURANCE_PERCENT)),
    };
    let freight = if price.by_air { freight.min(percent_of(fob, FREIGHT_PERCENT)) } else { freight };
    FobParts { fob, freight, insurance }
}

/// The duties of one item, two decimals each (DUT-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duties {
    /// The assessable value.
    pub assessable_value: Paise,
    /// Basic customs duty.
    pub bcd: Paise,
    /// Agriculture Infrastructure and Development Cess.
    pub aidc: Paise,
    /// Social Welfare Surcharge.
    pub sws: Paise,
    /// Anti-dumping duty.
    pub anti_dumping: Paise,
    /// Assessable value and every customs duty: the value of section 3(8).
    pub section_3_8_value: Paise,
    /// The base of IGST and cess: that value, or the last sale price in bond if higher (DUT-8).
    pub igst_base: Paise,
    /// IGST.
    pub igst: Paise,
    /// Compensation cess.
    pub cess: Paise,
}

impl Duties {
    /// Duties that never give credit (BOE-1).
    #[must_use]
    pub fn not_creditable(&self) -> Paise {
        self.bcd + self.aidc + self.sws + self.anti_dumping
    }

    /// All duties and taxes.
    #[must_use]
    pub fn total(&self) -> Paise {
        self.not_creditable() + self.igst + self.cess
    }

    /// Assessable value and the duties that give no credit.
    #[must_use]
    pub fn net_cost_after_itc(&self) -> Paise {
        self.assessable_value + self.not_creditable()
    }

    /// DUT-9: each duty in whole rupees, as it is paid; credit of IGST and cess is what is paid.
    #[must_use]
    pub fn payable(&self) -> PayableDuties {
        PayableDuties {
            bcd: to_whole_rupees(self.bcd),
            aidc: to_whole_rupees(self.aidc),
            sws: to_whole_rupees(self.sws),
            anti_dumping: to_whole_rupees(self.anti_dumping),
            igst: to_whole_rupees(self.igst),
            cess: to_whole_rupees(self.cess),
        }
    }
}

/// Duties in whole rupees (DUT-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PayableDuties {
    /// Basic customs duty.
    pub bcd: Paise,
    /// Agriculture Infrastructure and Development Cess.
    pub aidc: Paise,
    /// Social Welfare Surcharge.
    pub sws: Paise,
    /// Anti-dumping duty.
    pub anti_dumping: Paise,
    /// IGST.
    pub igst: Paise,
    /// Compensation cess.
    pub cess: Paise,
}

impl PayableDuties {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> Paise {
        self.bcd + self.aidc + self.sws + self.anti_dumping + self.igst + self.cess
    }
}

/// DUT-2 to DUT-4, DUT-6, DUT-8: the chain of duties on an assessable value. Each step takes the two decimals of the step
/// before (DUT-9).
#[must_use]
pub fn duties(rulebook: &Rulebook, assessable_value: Paise, rates: &DutyRates) -> Duties {
    let bcd = percent_of(assessable_value, rates.bcd);
    let aidc = percent_of(assessable_value, rates.aidc);
    let surcharged = if rulebook.social_welfare_surcharge_on_aidc() { bcd + aidc } else { bcd };
    let sws = percent_of(surcharged, rates.sws);
    let section_3_8_value = assessable_value + bcd + aidc + sws + rates.anti_dumping;
    let igst_base = rates.sale_prices_in_bond.last().map_or(section_3_8_value, |last| section_3_8_value.max(*last));
    Duties {
        assessable_value,
        bcd,
        aidc,
        sws,
        anti_dumping: rates.anti_dumping,
        section_3_8_value,
        igst_base,
        igst: percent_of(igst_base, rates.igst),
        cess: percent_of(igst_base, rates.cess),
    }
}

/// The days that decide about rates (DUT-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateDates {
    /// The day of the duty and IGST rates.
    pub duty_rate_date: IstDate,
    /// The day of the exchange rate.
    pub exchange_rate_date: IstDate,
}

/// DUT-7, also for the IGST rate, to which section 14 does not apply (RATE-4): duty rates of the day of presentation, of
/// arrival where the bill was presented before it, and of the ex-bond bill;
/// exchange rate of the true day of presentation, of the into-bond bill for goods from a warehouse.
#[must_use]
pub fn rate_dates(
    rulebook: &Rulebook,
    kind: BillOfEntryType,
    presented_on: IstDate,
    entry_inwards_on: Option<IstDate>,
    into_bond_presented_on: Option<IstDate>,
) -> RateDates {
    if kind != BillOfEntryType::ExBond {
        let duty_rate_date = entry_inwards_on.map_or(presented_on, |arrived| arrived.max(presented_on));
        return RateDates { duty_rate_date, exchange_rate_date: presented_on };
    }
    let exchange_rate_date = match rulebook.exbond_exchange_rate() {
        ExbondExchangeRate::IntoBondDate => into_bond_presented_on.unwrap_or(presented_on),
        ExbondExchangeRate::ExBondDate => presented_on,
    };
    RateDates { duty_rate_date: presented_on, exchange_rate_date }
}

/// The rate of a dated table on a day: that of the latest row that has begun.
#[must_use]
pub fn rate_on(table: &[DatedRate], on: IstDate) -> Option<Decimal> {
    table.iter().filter(|row| row.from <= on).max_by_key(|row| row.from).map(|row| row.percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Paise {
        text.parse().unwrap()
    }

    fn rates(bcd: i64, igst: i64) -> DutyRates {
        DutyRates {
            bcd: Decimal::from(bcd),
            aidc: Decimal::ZERO,
            anti_dumping: Paise::ZERO,
            sws: Decimal::TEN,
            igst: Decimal::from(igst),
            cess: Decimal::ZERO,
            sale_prices_in_bond: Vec::new(),
        }
    }

    fn fob(freight: Option<&str>, insurance: Option<&str>, by_air: bool) -> AssessableValue {
        let part = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let price =
            FreeOnBoard { fob: Decimal::from(10_000), freight: part(freight), insurance: part(insurance), by_air };
        assessable_value(&Rulebook::embedded(), &Value::Fob(price), Decimal::from(85))
    }

    #[test]
    fn dut_4_worked() {
        let found = duties(&Rulebook::embedded(), amount("1000000.00"), &rates(15, 18));
        assert_eq!((found.sws, found.igst_base), (amount("15000.00"), amount("1165000.00")));
        assert_eq!((found.igst, found.total()), (amount("209700.00"), amount("374700.00")));
    }

    #[test]
    fn dut_5_unknown_freight_and_insurance() {
        let found = fob(None, None, false);
        let parts = found.parts.unwrap();
        assert_eq!((parts.freight, parts.insurance), (amount("170000.00"), amount("9562.50")));
        assert_eq!(found.value, amount("1029562.50"));
    }

    #[test]
    fn dut_5_insurance_follows_the_actual_air_freight() {
        let parts = fob(Some("4000"), None, true).parts.unwrap();
        assert_eq!(parts.freight, amount("170000.00"));
        assert_eq!(parts.insurance, amount("13387.50"));
    }

    #[test]
    fn dut_8_the_last_sale_price_counts_where_it_is_higher() {
        let sold = |prices: &[&str]| DutyRates {
            sale_prices_in_bond: prices.iter().map(|price| amount(price)).collect(),
            ..rates(10, 18)
        };
        let base = |prices| duties(&Rulebook::embedded(), amount("200000.00"), &sold(prices)).igst_base;
        assert_eq!(base(&["300000.00", "240000.00"]), amount("240000.00"));
        assert_eq!(base(&["300000.00", "210000.00"]), amount("222000.00"));
    }

    #[test]
    fn dut_7_a_bill_presented_before_arrival() {
        let day = |text: &str| text.parse::<IstDate>().unwrap();
        let dates = |arrived: &str| {
            let kind = BillOfEntryType::HomeConsumption;
            rate_dates(&Rulebook::embedded(), kind, day("2025-09-20"), Some(day(arrived)), None)
        };
        assert_eq!(dates("2025-09-24").duty_rate_date, day("2025-09-24"));
        assert_eq!(dates("2025-09-24").exchange_rate_date, day("2025-09-20"));
        assert_eq!(dates("2025-09-18").duty_rate_date, day("2025-09-20"));
    }

    #[test]
    fn dut_9_totals_are_whole_rupees() {
        let found = duties(&Rulebook::embedded(), amount("1029562.50"), &rates(10, 18));
        assert_eq!(found.payable().total(), amount("318959.00"));
    }
}
