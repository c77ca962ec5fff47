//! Steps, reference dates, amendments of value and GSTIN.

use crate::support::*;
use gst_events::{BillOfEntryType, Origin};
use gst_types::TaxAmounts;

#[test]
fn boe_4_a_word_that_nobody_knows_is_kept_and_changes_nothing() {
    let mut world = World::new();
    assert_eq!(world.tell(&reported(FIRST, 18_000, None)), ["first received b1 IMPG 18000.00 -"]);
    assert_eq!(world.view().status, None);
    assert_eq!(
        world.tell(&step("2025-11-20T11:00:00", "ASSESSMENT_COMPLETE")),
        ["first ASSESSMENT_COMPLETE (ASSESSMENT_COMPLETE) -"]
    );
    assert_eq!(
        world.tell(&step("2025-11-21T11:00:00", "Awaiting RMS")),
        ["first ASSESSMENT_COMPLETE (Awaiting RMS) -"]
    );
    assert_eq!(world.view().status, Some("ASSESSMENT_COMPLETE"));
}

#[test]
fn boe_5_boe_6_deferred_duty_makes_the_later_day_count_once() {
    // Worked in BOE-6: out of charge 10 Apr 2026, deferred duty paid 1 May 2026.
    let mut world = World::new();
    world.tell(&reported(FIRST, 18_000, None));
    assert_eq!(world.tell(&step("2026-04-10T15:00:00", "OUT_OF_CHARGE")), ["first OUT_OF_CHARGE (OUT_OF_CHARGE) -"]);
    assert_eq!((world.view().credit, world.view().reference_date), (TaxAmounts::ZERO, None));
    let said = world.tell(&step("2026-05-01T15:00:00", "DUTY_PAID"));
    assert_eq!(said, ["first DUTY_PAID (DUTY_PAID) 2026-05-01 ELIGIBLE"]);
    let said = world.tell(&step("2026-05-02T15:00:00", "DUTY_PAID"));
    assert_eq!(said, ["first DUTY_PAID (DUTY_PAID) 2026-05-01"], "only once");
    let view = world.view();
    assert_eq!(view.itc_eligible_at, Some(at("2026-05-01T15:00:00")));
    assert_eq!(view.return_period.unwrap().to_string(), "052026");
    assert_eq!(view.credit.igst.to_string(), "18000.00");
}

#[test]
fn boe_2_no_credit_for_into_bond_transit_and_transhipment() {
    for kind in [BillOfEntryType::IntoBond, BillOfEntryType::Transit, BillOfEntryType::Transhipment] {
        let mut world = World::new();
        world.tell(&of_type(kind));
        world.tell(&step("2025-11-21T10:00:00", "DUTY_PAID"));
        world.tell(&step("2025-11-22T10:00:00", "OUT_OF_CHARGE"));
        assert_eq!((world.view().itc_eligible_at, world.view().credit), (None, TaxAmounts::ZERO), "{kind:?}");
    }
    for kind in [BillOfEntryType::ExBond, BillOfEntryType::Sez, BillOfEntryType::Courier, BillOfEntryType::Baggage] {
        let mut world = World::new();
        world.tell(&of_type(kind));
        world.tell(&step("2025-11-21T10:00:00", "DUTY_PAID"));
        world.tell(&step("2025-11-22T10:00:00", "OUT_OF_CHARGE"));
        assert_eq!(world.view().itc_eligible_at, Some(at("2025-11-22T10:00:00")), "{kind:?}");
    }
}

#[test]
fn boe_6_the_feeds_reference_date_holds() {
    let mut world = World::new();
    assert_eq!(
        world.tell(&reported(FIRST, 18_000, Some("2025-11-20"))),
        ["first received b1 IMPG 18000.00 2025-11-20"]
    );
    assert_eq!(world.view().return_period.unwrap().to_string(), "112025");
}

#[test]
fn early_steps_wait_for_their_bill() {
    let mut world = World::new();
    assert!(world.tell(&step("2025-11-19T10:00:00", "DUTY_PAID")).is_empty());
    assert!(world.tell(&step("2025-11-19T12:00:00", "OUT_OF_CHARGE")).is_empty());
    let said = world.tell(&reported(FIRST, 18_000, None));
    let then = ["first DUTY_PAID (DUTY_PAID) -", "first OUT_OF_CHARGE (OUT_OF_CHARGE) 2025-11-19 ELIGIBLE"];
    assert_eq!((said[0].as_str(), &said[1..]), ("first received b1 IMPG 18000.00 -", &then.map(str::to_owned)[..]));
}

#[test]
fn be_11_values_of_a_bill_that_nobody_reported_cannot_be_amended() {
    let mut world = World::new();
    let said = world.tell(&value("v1", FIRST, 18_000, None, "2025-12-22T10:00:00"));
    assert_eq!(said, ["REFUSED ORIGINAL_NOT_FOUND", "alert ORIGINAL_NOT_FOUND"]);
    world.tell(&reported(FIRST, 18_000, Some("2025-11-20")));
    let said = world.tell(&value("v2", SECOND, 20_000, None, "2025-12-23T10:00:00"));
    assert_eq!(said.len(), 1, "BE-5: without a version at that GSTIN it counts in full");
}

#[test]
fn be_13_a_bill_that_comes_again_brings_at_most_its_reference_date() {
    let mut world = World::new();
    world.tell(&reported(FIRST, 18_000, None));
    assert_eq!(world.tell(&reported(FIRST, 18_000, Some("2025-11-21"))), ["first - () 2025-11-21"]);
    assert!(world.tell(&reported(FIRST, 18_000, Some("2025-11-25"))).is_empty());
    assert_eq!(world.view().reference_date.unwrap().to_string(), "2025-11-21");
}

#[test]
fn boe_10_amendments_before_and_after_credit_arises() {
    let mut world = World::new();
    world.tell(&reported(FIRST, 18_000, None));
    let said = world.tell(&value("v1", FIRST, 20_000, None, "2025-11-25T10:00:00"));
    assert_eq!(said, ["first amended v1 IMPGA 20000.00 - before 18000.00 eligible -"]);
    world.tell(&step("2025-11-21T10:00:00", "DUTY_PAID"));
    let said = world.tell(&step("2025-11-22T10:00:00", "OUT_OF_CHARGE"));
    assert_eq!(said, ["first OUT_OF_CHARGE (OUT_OF_CHARGE) 2025-11-25 ELIGIBLE"], "BOE-6: the amendment is latest");
    let said = world.tell(&value("v2", FIRST, 19_000, None, "2026-09-03T10:00:00"));
    assert_eq!(said, ["first amended v2 IMPGA 19000.00 2026-09-03 before 20000.00 eligible 2025-11-22"]);
    let view = world.view();
    assert_eq!(view.credit.igst.to_string(), "19000.00");
    assert_eq!(view.return_period.unwrap().to_string(), "092026");
}

#[test]
fn be_6_be_7_be_8_a_move_writes_both_sides() {
    let mut world = World::new();
    world.tell(&reported(FIRST, 18_000, Some("2025-11-20")));
    let said = world.tell(&moved(FIRST, SECOND, "2025-12-22"));
    assert_eq!(
        said,
        ["first out rev IMPGA 18000.00 2025-12-24", "second in new IMPGA 18000.00 2025-12-24", "APPLIED -"]
    );
    // BE-5: a later value amendment is the new holder's, whomever it names.
    let said = world.tell(&value("v", FIRST, 20_000, Some("2026-01-10"), "2026-01-10T10:00:00"));
    assert_eq!(said, ["second amended v IMPGA 20000.00 2026-01-10 before 18000.00 eligible -"]);
}

#[test]
fn be_10_worked_example_the_new_holder_has_its_credit_already() {
    let mut world = World::new();
    world.tell(&reported(FIRST, 18_000, Some("2025-04-15")));
    let said = world.tell(&value("val", SECOND, 20_000, Some("2025-07-10"), "2025-07-10T10:00:00"));
    assert_eq!(said, ["second amended val IMPGA 20000.00 2025-07-10 before 0.00 eligible -"]);
    let said = world.tell(&moved(FIRST, SECOND, "2025-06-12"));
    assert_eq!(said, ["first out rev IMPGA 18000.00 2025-12-24", "second in - IMPGA 20000.00 2025-12-24", "APPLIED -"]);
    assert_eq!(world.view().record_id.unwrap().0, "val");
}

#[test]
fn be_11_refusals_come_in_their_order() {
    let mut world = World::new();
    assert_eq!(world.tell(&moved(FIRST, OTHER_PAN, "2025-12-22")), ["REFUSED ORIGINAL_NOT_FOUND"]);
    world.tell(&reported(FIRST, 18_000, Some("2025-11-20")));
    assert_eq!(world.tell(&moved(SECOND, OTHER_PAN, "2025-12-22")), ["REFUSED ORIGINAL_NOT_FOUND"]);
    assert_eq!(world.tell(&moved(FIRST, OTHER_PAN, "2025-12-22")), ["REFUSED PAN_MISMATCH"]);
    // The refused change of GSTIN does not count.
    world.tell(&value("v1", FIRST, 20_000, Some("2025-12-22"), "2025-12-22T11:00:00"));
    let same_day = ["REFUSED AMENDMENT_SAME_DAY_AS_VALUE_AMENDMENT"];
    assert_eq!(world.tell(&moved(FIRST, SECOND, "2025-12-22")), same_day);
    assert_eq!(world.tell(&moved(FIRST, SECOND, "2025-12-23"))[2], "APPLIED -");
    assert_eq!(world.tell(&moved(SECOND, OTHER_PAN, "2025-12-22")), ["REFUSED PAN_MISMATCH"]);
    assert_eq!(world.tell(&moved(SECOND, FIRST, "2025-12-22")), ["REFUSED GSTIN_ALREADY_AMENDED_ONCE"]);
    assert_eq!(world.tell(&moved(SECOND, THIRD, "2025-12-24")), ["REFUSED GSTIN_ALREADY_AMENDED_ONCE"]);
    let said = world.tell(&value("v2", SECOND, 21_000, Some("2025-12-23"), "2025-12-24T11:00:00"));
    assert_eq!(said, ["REFUSED AMENDMENT_SAME_DAY_AS_GSTIN_AMENDMENT", "alert AMENDMENT_SAME_DAY_AS_GSTIN_AMENDMENT"]);
    let said = world.tell(&value("v3", SECOND, 21_000, Some("2025-12-24"), "2025-12-24T11:00:00"));
    assert_eq!(
        said,
        ["second amended v3 IMPGA 21000.00 2025-12-24 before 20000.00 eligible -"],
        "a refused one left no day"
    );
}

#[test]
fn eg_6_a_repeat_is_ignored_with_an_answer() {
    let mut world = World::new();
    world.tell(&reported(FIRST, 18_000, Some("2025-11-20")));
    let mut by_portal = moved(FIRST, OTHER_PAN, "2025-12-22");
    by_portal.origin = Origin::Portal;
    assert_eq!(world.tell_as("same", &by_portal), ["REFUSED PAN_MISMATCH", "alert PAN_MISMATCH"]);
    assert_eq!(world.tell_as("same", &moved(FIRST, SECOND, "2025-12-23")), ["DUPLICATE_IGNORED -"]);
}

#[test]
fn id_12_be_1_sez_bills_keep_their_section() {
    let mut world = World::new();
    let mut fact = reported(FIRST, 18_000, Some("2025-11-20"));
    fact.details.section = gst_events::ImsSection::Impgsez;
    assert_eq!(world.tell(&fact), ["first received b1 IMPGSEZ 18000.00 2025-11-20"]);
    let said = world.tell(&moved(FIRST, SECOND, "2025-12-22"));
    assert_eq!(said[..2], ["first out rev IMPGSEZA 18000.00 2025-12-24", "second in new IMPGSEZA 18000.00 2025-12-24"]);
}

#[test]
fn boe_2_warehousing_is_another_word_for_into_bond() {
    let kind: BillOfEntryType = serde_json::from_str("\"WAREHOUSING\"").unwrap();
    assert_eq!(kind, BillOfEntryType::IntoBond);
}
