//! A bill's own figures against the computation of duty (DUT-2 to DUT-9), and its filing against the deadline (BOE-8).
//!
//! Customs' figures count (DUT-9: credit is IGST as paid); a difference is a warning.

use crate::rows::{BillRow, type_for_rules};
use gst_events::{CustomsDutyReported, CustomsStation, DutyDifference};
use gst_rules::Rulebook;
use gst_rules::amount::{percent_of, to_whole_rupees};
use gst_rules::bill_of_entry::{LateFiling, Station, late_filing};
use gst_rules::duty::rate_dates;
use gst_types::{IstDate, Paise, Percent};

/// How far a figure may be from the computation: one rupee (RND-1, DUT-9).
const TOLERANCE: Paise = Paise::from_rupees(1);

/// What the computation says of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyCheck {
    /// The base of IGST and cess (DUT-4, DUT-8).
    pub igst_base: Paise,
    /// The day whose rates apply (DUT-7), where the day of presentation is known.
    pub duty_rate_date: Option<IstDate>,
    /// The rate of IGST: the bill's own, else that of its group on that day.
    pub igst_percent: Option<Percent>,
    /// IGST in whole rupees, where the rate is known.
    pub igst: Option<Paise>,
    /// Cess in whole rupees, where it is known.
    pub cess: Option<Paise>,
    /// What differs by more than a rupee.
    pub differences: Vec<DutyDifference>,
}

/// DUT-4, DUT-6 to DUT-9: checks a bill by its own figures. `None` for a bill that bears no IGST (BOE-2).
#[must_use]
pub fn check(bill: &BillRow, duty: &CustomsDutyReported, rules: &Rulebook) -> Option<DutyCheck> {
    let kind = type_for_rules(bill.kind);
    if !kind.gives_credit() {
        return None;
    }
    let section_3_8 = duty.assessable_value + duty.bcd + duty.aidc + duty.sws + duty.other_duties;
    let igst_base = duty.sale_price_in_bond.map_or(section_3_8, |sold| section_3_8.max(sold));
    let duty_rate_date =
        duty.presented_on.map(|presented| rate_dates(rules, kind, presented, duty.arrived_on, None).duty_rate_date);
    let of_group = duty.rate_group.as_deref().zip(duty_rate_date).and_then(|(group, on)| rules.group_rate(group, on));
    let group_percent = of_group.and_then(|rate| rate.gst_percent).and_then(|percent| Percent::try_from(percent).ok());
    let igst_percent = duty.igst_percent.or(group_percent);
    let of_base = |percent: Percent| to_whole_rupees(percent_of(igst_base, percent.get()));
    let igst = igst_percent.map(of_base);
    let no_cess = of_group.filter(|rate| !rate.cess).map(|_| Paise::ZERO);
    let cess = duty.cess_percent.map(of_base).or(no_cess);
    let figures = [
        ("taxable_value", bill.taxable_value, Some(igst_base)),
        ("igst", bill.tax.igst, igst),
        ("cess", bill.tax.cess, cess),
    ];
    let differences = figures.into_iter().filter_map(|(field, customs, computed)| {
        let computed = computed?;
        let apart = (customs - computed).max(computed - customs);
        (apart > TOLERANCE).then(|| DutyDifference { field: field.to_owned(), customs, computed })
    });
    let differences = differences.collect();
    Some(DutyCheck { igst_base, duty_rate_date, igst_percent, igst, cess, differences })
}

/// BOE-8: the filing against its deadline, where station, arrival and presentation are known.
#[must_use]
pub fn filing(duty: &CustomsDutyReported, rules: &Rulebook) -> Option<LateFiling> {
    let (station, arrived_on, presented_on) = (duty.station?, duty.arrived_on?, duty.presented_on?);
    let country = duty.from_country.as_deref().unwrap_or_default();
    Some(late_filing(rules, station_for_rules(station), country, arrived_on, presented_on))
}

const fn station_for_rules(station: CustomsStation) -> Station {
    match station {
        CustomsStation::SeaPort => Station::SeaPort,
        CustomsStation::Icd => Station::Icd,
        CustomsStation::AirFreightStation => Station::AirFreightStation,
        CustomsStation::Airport => Station::Airport,
        CustomsStation::LandStation => Station::LandStation,
    }
}
