//! A bill's own figures against the computation of duty: a warning, never a correction.

use crate::support::{FIRST, World, at, id, of_type, reported, step, value};
use gst_events::{BillOfEntryType, CustomsDutyReported, CustomsStation};
use gst_types::Paise;

/// Seed 003 with the law: value 10,00,000, BCD 15%, SWS 15,000.00, base 11,65,000.00, IGST 18% 2,09,700.00.
fn duties() -> CustomsDutyReported {
    CustomsDutyReported {
        bill_of_entry: id(),
        importer: FIRST.parse().unwrap(),
        assessable_value: Paise::from_rupees(1_000_000),
        bcd: Paise::from_rupees(150_000),
        aidc: Paise::ZERO,
        sws: Paise::from_rupees(15_000),
        other_duties: Paise::ZERO,
        sale_price_in_bond: None,
        igst_percent: "18".parse().ok(),
        rate_group: None,
        cess_percent: None,
        presented_on: None,
        arrived_on: None,
        station: None,
        from_country: None,
        at: at("2025-11-20T11:00:00"),
    }
}

/// The bill with that IGST on a base of 11,65,000.00.
fn bill(igst: i64) -> gst_events::CustomsBillReported {
    let mut fact = reported(FIRST, igst, None);
    fact.details.taxable_value = Paise::from_rupees(1_165_000);
    fact
}

fn differs(said: &[String]) -> Vec<&String> {
    said.iter().filter(|words| words.contains("duty")).collect()
}

#[test]
fn dut_4_a_bill_in_step_with_its_own_figures_is_not_warned_about() {
    let mut world = World::new();
    world.tell(&bill(209_700));
    assert_eq!(world.tell(&duties()), Vec::<String>::new());
    assert_eq!(world.duty().igst, Some(Paise::from_rupees(209_700)));
}

#[test]
fn dut_4_igst_without_the_surcharge_in_its_base_is_told_and_customs_figure_stays() {
    let mut world = World::new();
    world.tell(&bill(207_000));
    let said = world.tell(&duties());
    assert_eq!(said, vec!["first duty igst 207000.00 not 209700.00".to_owned(), "alert BOE_DUTY_DIFFERS".to_owned()]);
    world.tell(&step("2025-11-21T10:00:00", "OUT_OF_CHARGE"));
    world.tell(&step("2025-11-21T11:00:00", "DUTY_PAID"));
    assert_eq!(world.view().credit.igst, Paise::from_rupees(207_000));
}

#[test]
fn dut_9_one_rupee_of_rounding_is_no_difference() {
    for (igst, warned) in [(209_701, 0), (209_702, 1)] {
        let mut world = World::new();
        world.tell(&bill(igst));
        assert_eq!(differs(&world.tell(&duties())).len(), warned, "{igst}");
    }
}

#[test]
fn dut_4_duties_told_before_the_bill_wait_and_an_amendment_that_mends_it_says_so() {
    let mut world = World::new();
    assert_eq!(world.tell(&duties()), Vec::<String>::new());
    assert_eq!(differs(&world.tell(&bill(207_000))).len(), 1);
    let mut mended = value("b1a", FIRST, 209_700, None, "2025-12-01T10:00:00");
    mended.details.taxable_value = Paise::from_rupees(1_165_000);
    let said = world.tell(&mended);
    assert_eq!(differs(&said), vec![&"first duty in order".to_owned()]);
}

#[test]
fn dut_7_rate_1_the_rate_of_a_group_is_that_of_the_day_of_arrival() {
    let of_group = |arrived: &str| CustomsDutyReported {
        igst_percent: None,
        rate_group: Some("STANDARD_12".to_owned()),
        presented_on: "2025-09-20".parse().ok(),
        arrived_on: arrived.parse().ok(),
        ..duties()
    };
    let mut world = World::new();
    world.tell(&bill(139_800));
    assert_eq!(differs(&world.tell(&of_group("2025-09-21"))).len(), 0, "12% until 21 September 2025");
    assert_eq!(world.duty().igst_percent.map(|percent| percent.to_string()).as_deref(), Some("12"));
    let mut later = World::new();
    later.tell(&bill(139_800));
    later.tell(&of_group("2025-09-22"));
    assert_eq!(later.duty().igst_percent, None, "the group has ended; an unknown rate is not judged");
}

#[test]
fn dut_8_the_sale_price_in_bond_counts_where_it_is_higher() {
    let mut world = World::new();
    world.tell(&bill(209_700));
    let sold = CustomsDutyReported { sale_price_in_bond: Some(Paise::from_rupees(1_200_000)), ..duties() };
    let said = world.tell(&sold);
    assert!(said[0].contains("taxable_value 1165000.00 not 1200000.00"), "{said:?}");
    assert!(said[0].contains("igst 209700.00 not 216000.00"), "{said:?}");
}

#[test]
fn boe_2_a_bill_that_bears_no_igst_is_not_checked() {
    let mut world = World::new();
    world.tell(&of_type(BillOfEntryType::IntoBond));
    assert_eq!(world.tell(&duties()), Vec::<String>::new());
}

#[test]
fn boe_8_a_late_filing_is_told_once_with_its_charge() {
    let late = CustomsDutyReported {
        station: Some(CustomsStation::SeaPort),
        from_country: Some("CN".to_owned()),
        arrived_on: "2025-11-10".parse().ok(),
        presented_on: "2025-11-14".parse().ok(),
        ..duties()
    };
    let mut world = World::new();
    world.tell(&bill(209_700));
    assert_eq!(world.tell(&late), vec!["alert BOE_FILED_LATE 5 days 35000.00".to_owned()]);
    assert_eq!(world.tell(&late), Vec::<String>::new());
    let in_time = CustomsDutyReported { presented_on: "2025-11-09".parse().ok(), ..late };
    let mut other = World::new();
    other.tell(&bill(209_700));
    assert_eq!(other.tell(&in_time), Vec::<String>::new());
}
