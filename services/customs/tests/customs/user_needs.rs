//! What users of other tools complain of, about Bills of Entry: a test for each, named after what it prevents.

use crate::support::{FIRST, World, at, id, of_type, reported, step, value};
use gst_events::{BillOfEntryType, ImsSection};
use gst_types::Paise;

fn cleared(world: &mut World) {
    world.tell(&step("2025-11-21T10:00:00", "OUT_OF_CHARGE"));
    world.tell(&step("2025-11-22T10:00:00", "DUTY_PAID"));
}

/// IC #4451: on the second download a bill vanished, because a missing supplier was once nothing and once empty.
#[test]
fn a_bill_does_not_vanish_when_it_is_downloaded_again() {
    let mut world = World::new();
    world.tell(&reported(FIRST, 18_000, None));
    cleared(&mut world);
    let before = world.view();
    let mut again = reported(FIRST, 18_000, None);
    for supplier in [None, "29AAACG9999K1ZA".parse().ok()] {
        again.details.sez_supplier = supplier;
        assert_eq!(world.tell(&again), Vec::<String>::new());
        assert_eq!(world.view(), before, "the identity is port, number and date alone (ID-12)");
    }
    assert_eq!((before.key, before.credit.igst), (id(), Paise::from_rupees(18_000)));
}

/// IC #4577: cancelling left counters behind, so that the amendment failed. A bill is its versions, and nothing is counted.
#[test]
fn a_cancelled_bill_can_still_be_amended() {
    let mut world = World::new();
    world.tell(&reported(FIRST, 18_000, None));
    cleared(&mut world);
    world.tell(&step("2025-11-25T10:00:00", "CANCELLED"));
    assert!(world.view().credit.is_zero());
    let said = world.tell(&value("b1a", FIRST, 19_000, None, "2025-12-01T10:00:00"));
    assert_eq!(said, vec!["first amended b1a IMPGA 19000.00 2025-12-01 before 18000.00 eligible -".to_owned()]);
    assert_eq!((world.view().status, world.view().itc_eligible_at), (Some("CANCELLED"), None));
}

/// IC #3965: the option of a bill was missing for goods cleared from an SEZ.
#[test]
fn goods_cleared_from_an_sez_are_a_bill_like_any_other() {
    let mut world = World::new();
    let mut fact = of_type(BillOfEntryType::Sez);
    fact.details.section = ImsSection::Impgsez;
    fact.details.sez_supplier = "29AAACG9999K1ZA".parse().ok();
    world.tell(&fact);
    cleared(&mut world);
    let view = world.view();
    assert_eq!((view.credit.igst, view.itc_eligible_at), (Paise::from_rupees(18_000), Some(at("2025-11-22T10:00:00"))));
}
