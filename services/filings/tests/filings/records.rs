//! Saving, deleting and filing: refusals in their order, edits, amendments, numbers of a year.

use crate::support::*;
use gst_events::{ImsSection, Origin, SupplierForm};
use stream::WorkerConfig;

const GSTR1: SupplierForm = SupplierForm::Gstr1;

fn with_filed_invoice(own: &[(&str, &str)]) -> World {
    let mut world = World::with_rules(own);
    world.tell(&saved("o", ImsSection::B2b, "INV-1", 100).fact);
    world.tell(&filed(GSTR1, "102025", "2025-11-10T10:00:00"));
    world
}

fn later(id: &str, section: ImsSection, number: &str, igst: i64) -> Saved {
    saved(id, section, number, igst).within(GSTR1, "112025")
}

#[test]
fn in_1_in_2_a_record_is_told_when_saved_and_when_filed() {
    let mut world = World::new();
    assert_eq!(
        world.tell(&saved("o", ImsSection::B2b, "INV-1", 100).fact),
        ["first saved o 100.00 amends -", "APPLIED -"]
    );
    let said = world.tell(&filed(GSTR1, "102025", "2025-11-10T10:00:00"));
    assert_eq!(said, ["first filed o 100.00 amends - MONTHLY", "APPLIED -"]);
    assert_eq!(world.tell(&filed(GSTR1, "112025", "2025-12-10T10:00:00")), ["APPLIED -"], "a form may be empty");
}

#[test]
fn section_16_refusals_come_in_their_order() {
    // Everything is wrong with the record at once; each line mends the first thing refused.
    let mut world = with_filed_invoice(&[]);
    world.tell(&later("x", ImsSection::B2b, "INV-9", 1).fact);
    let amendment = |form, of, number, original| {
        saved("a", ImsSection::B2ba, number, 120).within(form, of).amends(original, "2025-10-05")
    };
    let table = [
        (amendment(GSTR1, "102025", "IN_V", "INV-7"), "REFUSED ALREADY_FILED"),
        (amendment(GSTR1, "112025", "IN_V", "INV-7"), "REFUSED DOCUMENT_NUMBER_INVALID"),
        (amendment(GSTR1, "112025", "INV-9", "INV-7"), "REFUSED ORIGINAL_NOT_FOUND"),
        (amendment(GSTR1, "112025", "INV-9", "INV-9"), "REFUSED ORIGINAL_NOT_FOUND"),
        (amendment(GSTR1, "112025", "INV-9", "INV-1"), "REFUSED DUPLICATE_DOCUMENT_NUMBER_IN_FY"),
    ];
    for (fact, refusal) in table {
        assert_eq!(world.tell(&fact), [refusal]);
    }
    assert_eq!(world.tell(&amendment(GSTR1, "112025", "INV-1", "inv-1"))[0], "first saved a 120.00 amends o");
    // Another form: the same original again is refused before the number is looked at.
    let again = amendment(SupplierForm::Gstr1a, "102025", "INV-9", "INV-1");
    assert_eq!(world.tell(&again), ["REFUSED ALREADY_AMENDED_ONCE"]);
}

#[test]
fn eg_1_a_number_is_used_once_a_year_and_kind() {
    let mut world = with_filed_invoice(&[]);
    let refused = ["REFUSED DUPLICATE_DOCUMENT_NUMBER_IN_FY"];
    assert_eq!(world.tell(&later("b", ImsSection::B2b, "INV-1", 1).fact), refused);
    assert_eq!(world.tell(&later("b", ImsSection::B2b, " inv-1 ", 1).fact), refused, "ID-7: letter case");
    assert_eq!(world.tell(&later("b", ImsSection::B2b, "INV-1", 1).to(SECOND).fact), refused, "any recipient");
    assert_eq!(world.tell(&later("c", ImsSection::Cn, "INV-1", 1).fact)[1], "APPLIED -", "a note may repeat it");
    assert_eq!(world.tell(&later("d", ImsSection::B2b, "INV-01", 1).fact)[1], "APPLIED -", "ID-7: zeros count");
    let next_year = later("e", ImsSection::B2b, "INV-1", 1).dated("2026-04-01").within(GSTR1, "042026");
    assert_eq!(world.tell(&next_year.fact)[1], "APPLIED -");
}

#[test]
fn eg_3_a_document_of_an_iff_is_not_repeated_in_the_quarter() {
    let mut world = World::new();
    world.tell(&saved("i", ImsSection::B2b, "INV-1", 1).within(SupplierForm::Iff, "102025").fact);
    let repeat = saved("q", ImsSection::B2b, "INV-1", 1).within(GSTR1, "122025");
    assert_eq!(world.tell(&repeat.fact), ["REFUSED DUPLICATE_DOCUMENT_NUMBER_IN_FY"]);
}

#[test]
fn in_6_saving_again_edits_and_another_recipient_withdraws() {
    let mut world = World::new();
    world.tell(&saved("v1", ImsSection::B2b, "INV-1", 100).fact);
    let said = world.tell(&saved("v2", ImsSection::B2b, "inv-1", 90).dated("2025-10-06").fact);
    assert_eq!(said[0], "first changed v2 90.00 amends - replaces v1");
    let said = world.tell(&saved("v3", ImsSection::B2b, "INV-1", 90).to(SECOND).fact);
    assert_eq!(said[..2], ["first withdrawn v2 RECIPIENT_CHANGED", "second saved v3 90.00 amends -"]);
    let said = world.tell(&filed(GSTR1, "102025", "2025-11-10T10:00:00"));
    assert_eq!(said, ["second filed v3 90.00 amends - MONTHLY", "APPLIED -"]);
}

#[test]
fn in_6_a_deleted_record_disappears_and_frees_its_number() {
    let mut world = World::new();
    world.tell(&saved("v1", ImsSection::B2b, "INV-1", 100).fact);
    assert_eq!(world.tell(&deleted(ImsSection::B2b, "inv-1")), ["first withdrawn v1 DELETED", "APPLIED -"]);
    assert_eq!(world.tell(&deleted(ImsSection::B2b, "INV-1")), ["REFUSED RECORD_NOT_FOUND"]);
    assert_eq!(world.tell(&later("v2", ImsSection::B2b, "INV-1", 1).fact)[1], "APPLIED -");
    world.tell(&filed(GSTR1, "112025", "2025-12-10T10:00:00"));
    assert_eq!(world.tell(&deleted(ImsSection::B2b, "INV-1")), ["REFUSED ALREADY_FILED"]);
}

#[test]
fn filing_again_is_refused() {
    let mut world = with_filed_invoice(&[]);
    assert_eq!(world.tell(&filed(GSTR1, "102025", "2025-11-12T10:00:00")), ["REFUSED ALREADY_FILED"]);
    let mut by_portal = filed(GSTR1, "102025", "2025-11-12T10:00:00");
    by_portal.origin = Origin::Portal;
    assert!(world.tell(&by_portal).is_empty());
}

#[test]
fn am_10_the_new_number_is_taken_and_the_link_is_the_old_one() {
    let mut world = with_filed_invoice(&[]);
    let amendment = later("a", ImsSection::B2ba, "INV-2", 120).amends("INV-1", "2025-10-05");
    assert_eq!(world.tell(&amendment)[0], "first saved a 120.00 amends o");
    assert_eq!(world.tell(&later("x", ImsSection::B2b, "INV-2", 1).fact), ["REFUSED DUPLICATE_DOCUMENT_NUMBER_IN_FY"]);
    // An edit of the amendment frees the number that it had.
    let edited = later("a2", ImsSection::B2ba, "INV-3", 130).amends("INV-1", "2025-10-05");
    assert_eq!(world.tell(&edited)[0], "first changed a2 130.00 amends o replaces a");
    assert_eq!(world.tell(&later("x", ImsSection::B2b, "INV-2", 1).fact)[1], "APPLIED -");
    let other_date = later("b", ImsSection::B2ba, "INV-4", 1).amends("INV-1", "2025-10-06");
    assert_eq!(world.tell(&other_date), ["REFUSED ORIGINAL_NOT_FOUND"]);
    let other_kind = later("b", ImsSection::Cna, "INV-4", 1).amends("INV-1", "2025-10-05");
    assert_eq!(world.tell(&other_kind), ["REFUSED ORIGINAL_NOT_FOUND"]);
}

#[test]
fn am_11_once_and_deleting_the_amendment_frees_the_document() {
    let mut world = with_filed_invoice(&[]);
    let again = |id| later(id, ImsSection::B2ba, "INV-1", 120).within(GSTR1, "122025").amends("INV-1", "2025-10-05");
    world.tell(&later("a", ImsSection::B2ba, "INV-1", 110).amends("INV-1", "2025-10-05"));
    assert_eq!(world.tell(&again("b")), ["REFUSED ALREADY_AMENDED_ONCE"], "an unfiled one counts");
    world.tell(&deleted(ImsSection::B2ba, "INV-1"));
    assert_eq!(world.tell(&again("c"))[0], "first saved c 120.00 amends o");
    world.tell(&filed(GSTR1, "122025", "2026-01-10T10:00:00"));
    let third = later("d", ImsSection::B2ba, "INV-1", 90).within(GSTR1, "012026").amends("INV-1", "2025-10-05");
    assert_eq!(world.tell(&third), ["REFUSED ALREADY_AMENDED_ONCE"]);
}

#[test]
fn am_11_a_chain_names_any_filed_version_and_means_the_latest() {
    let mut world = with_filed_invoice(&[("amendment_chain", "CHAIN")]);
    world.tell(&later("a", ImsSection::B2ba, "INV-2", 110).amends("INV-1", "2025-10-05"));
    let next = |id, number: &str| {
        later(id, ImsSection::B2ba, "INV-3", 90).within(GSTR1, "122025").amends(number, "2025-10-05")
    };
    assert_eq!(world.tell(&next("b", "INV-1")), ["REFUSED ALREADY_AMENDED_ONCE"], "the first is not filed yet");
    world.tell(&filed(GSTR1, "112025", "2025-12-10T10:00:00"));
    assert_eq!(world.tell(&next("b0", "INV-2"))[0], "first saved b0 90.00 amends a");
    let edited = world.tell(&next("b", "INV-1"));
    assert_eq!(edited[0], "first changed b 90.00 amends a replaces b0", "IN-6: the same original by its other name");
    world.tell(&filed(GSTR1, "122025", "2026-01-10T10:00:00"));
    let last = later("c", ImsSection::B2ba, "INV-1", 80).within(GSTR1, "012026").amends("INV-1", "2025-10-05");
    assert_eq!(world.tell(&last)[0], "first saved c 80.00 amends b");
}

#[test]
fn am_11_without_chains_only_the_original_can_be_named() {
    let mut world = with_filed_invoice(&[]);
    world.tell(&later("a", ImsSection::B2ba, "INV-2", 110).amends("INV-1", "2025-10-05"));
    world.tell(&filed(GSTR1, "112025", "2025-12-10T10:00:00"));
    let by_new_number = later("b", ImsSection::B2ba, "INV-2", 90).within(GSTR1, "122025").amends("INV-2", "2025-10-05");
    assert_eq!(world.tell(&by_new_number), ["REFUSED ORIGINAL_NOT_FOUND"]);
}

#[test]
fn am_12_another_recipient_gets_the_document_and_the_previous_one_nil() {
    let mut world = with_filed_invoice(&[]);
    let moved = |id, to| later(id, ImsSection::B2ba, "INV-1", 120).to(to).amends("INV-1", "2025-10-05");
    let said = world.tell(&moved("a", SECOND));
    assert_eq!(said[..2], ["first saved a 0.00 amends o", "second saved a 120.00 amends -"]);
    let said = world.tell(&moved("a2", FIRST));
    assert_eq!(said[..2], ["second withdrawn a RECIPIENT_CHANGED", "first changed a2 120.00 amends o replaces a"]);
    world.tell(&moved("a3", SECOND));
    let said = world.tell(&filed(GSTR1, "112025", "2025-12-10T10:00:00"));
    assert_eq!(said[..2], ["first filed a3 0.00 amends o MONTHLY", "second filed a3 120.00 amends - MONTHLY"]);
}

#[test]
fn the_portal_is_applied_with_an_alert_except_a_duplicate() {
    let mut world = with_filed_invoice(&[]);
    let late = saved("p", ImsSection::B2b, "INV-5", 7).by_portal();
    let said = world.tell(&late.fact);
    assert_eq!(said, ["first saved p 7.00 amends -", "first filed p 7.00 amends - MONTHLY", "alert ALREADY_FILED"]);
    let unknown = later("u", ImsSection::B2ba, "INV-8", 8).by_portal().amends("INV-77", "2025-10-05");
    assert_eq!(world.tell(&unknown), ["first saved u 8.00 amends -", "alert ORIGINAL_NOT_FOUND"]);
    let repeat = later("r", ImsSection::B2b, "INV-1", 1).by_portal();
    assert_eq!(
        world.tell(&repeat.fact),
        ["REFUSED DUPLICATE_DOCUMENT_NUMBER_IN_FY", "alert DUPLICATE_DOCUMENT_NUMBER_IN_FY"]
    );
    let same_place = saved("s", ImsSection::B2b, "INV-1", 100).by_portal();
    assert_eq!(world.tell(&same_place.fact)[0], "REFUSED DUPLICATE_DOCUMENT_NUMBER_IN_FY", "a file fed twice");
}

#[test]
fn eg_6_a_repeat_is_ignored_even_if_the_first_was_refused() {
    let mut world = with_filed_invoice(&[]);
    let refused = saved("x", ImsSection::B2b, "INV-9", 1).fact;
    assert_eq!(world.tell_as("same", &refused), ["REFUSED ALREADY_FILED"]);
    assert_eq!(world.tell_as("same", &later("y", ImsSection::B2b, "INV-9", 1).fact), ["DUPLICATE_IGNORED -"]);
}

#[test]
fn a_large_form_is_filed_page_by_page_and_answered_once() {
    let config = WorkerConfig { page_changes_max: 12, ..WorkerConfig::default() };
    let mut world = World::start(&[], config);
    for number in 0..25 {
        world.tell(&saved(&format!("r{number:02}"), ImsSection::B2b, &format!("INV-{number:02}"), 1).fact);
    }
    let said = world.tell(&filed(GSTR1, "102025", "2025-11-10T10:00:00"));
    assert_eq!(said.iter().filter(|word| word.starts_with("first filed")).count(), 25);
    assert_eq!(said.iter().filter(|word| *word == "APPLIED -").count(), 1);
    let left =
        filings::view::saved_records(&stream::StateView::new(world.rows()), supplier(), GSTR1, period("102025"), 9);
    assert!(left.unwrap().is_empty());
}
