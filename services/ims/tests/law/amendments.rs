//! Sections 7 and 9: amendments, holds, supersession, and the supplier's liability.

use crate::support::*;
use gst_events::*;

fn amendment(id: &'static str, section: ImsSection, rupees: i64) -> Document {
    Document { original: Some("o"), return_period: "112025", ..document(id, section, rupees) }
}

/// An original of Oct 2025, acted on and locked, and its amendment of Nov 2025.
fn after_lock(original: ImsSection, first: i64, action: ImsAction, amended: ImsSection, second: i64) -> Desk {
    let mut desk = Desk::new("102025");
    desk.file(&document("o", original, first), "2025-11-10T10:00:00");
    desk.act("o", action, "2025-11-11T10:00:00");
    desk.close("102025", "2025-11-14T10:00:00");
    desk.file(&amendment("a", amended, second), "2025-12-10T10:00:00");
    desk
}

#[test]
fn am_5_am_6_an_accepted_original_leaves_the_difference() {
    let desk = after_lock(ImsSection::B2b, 900, ImsAction::Accept, ImsSection::B2ba, 1200);
    assert_eq!(desk.line("a"), line("112025", "3.A.I.B2BA", 300));
    let desk = after_lock(ImsSection::B2b, 900, ImsAction::NoAction, ImsSection::B2ba, 600);
    assert_eq!(desk.line("a"), line("112025", "3.A.I.B2BA", -300));
}

#[test]
fn am_7_sl_4_a_rejected_original_counts_again_in_full() {
    let desk = after_lock(ImsSection::B2b, 900, ImsAction::Reject, ImsSection::B2ba, 900);
    assert_eq!(desk.line("a"), line("112025", "3.A.I.B2BA", 900));
    assert!(desk.heard::<LiabilityRaised>().is_empty(), "SL-5: a rejected invoice costs the supplier nothing more");
}

#[test]
fn am_9_credit_note_amendments() {
    let raised = after_lock(ImsSection::Cn, 900, ImsAction::Accept, ImsSection::Cna, 1200);
    assert_eq!(raised.line("a"), line("112025", "3.B.I.B2B-CNA", 300));
    let lowered = after_lock(ImsSection::Cn, 900, ImsAction::Accept, ImsSection::Cna, 600);
    assert_eq!(lowered.line("a"), line("112025", "3.B.I.B2B-CNA", -300));
    let refurnished = after_lock(ImsSection::Cn, 900, ImsAction::Reject, ImsSection::Cna, 900);
    assert_eq!(refurnished.line("a"), line("112025", "3.B.I.B2B-CNA", 900));
}

#[test]
fn am_2_am_3_an_amendment_waits_for_its_original() {
    let mut desk = Desk::new("102025");
    desk.file(&document("o", ImsSection::B2b, 900), "2025-11-10T10:00:00");
    desk.act("o", ImsAction::Pending, "2025-11-12T10:00:00");
    desk.close("102025", "2025-11-20T10:00:00");
    desk.file(&amendment("a", ImsSection::B2ba, 1200), "2025-12-10T10:00:00");
    assert_eq!(desk.line("a"), None);
    assert_eq!(desk.act("a", ImsAction::Accept, "2025-12-11T10:00:00"), "ORIGINAL_NOT_FINALISED");
    desk.act("o", ImsAction::Accept, "2025-12-11T11:00:00");
    assert_eq!(desk.act("a", ImsAction::Accept, "2025-12-11T12:00:00"), "ORIGINAL_NOT_FINALISED");
    desk.close("112025", "2025-12-20T10:00:00");
    assert_eq!(desk.line("o"), line("112025", "3.A.I.B2B", 900));
    assert_eq!(desk.line("a"), line("122025", "3.A.I.B2BA", 300));
    assert_eq!(desk.act("a", ImsAction::Accept, "2025-12-21T10:00:00"), "DECIDED");
}

#[test]
fn am_4_in_one_statement_the_amendment_counts_alone() {
    let mut desk = Desk::new("102025");
    desk.file(&document("o", ImsSection::B2b, 900), "2025-11-05T10:00:00");
    desk.act("o", ImsAction::Reject, "2025-11-06T10:00:00");
    let same =
        Document { form: SupplierForm::Gstr1a, return_period: "092025", ..amendment("a", ImsSection::B2ba, 600) };
    desk.file(&same, "2025-11-10T10:00:00");
    assert_eq!(desk.line("o"), None);
    assert_eq!(desk.line("a"), line("102025", "3.A.I.B2BA", 600));
    desk.generate("102025", "2025-11-14T10:00:00");
    desk.act("o", ImsAction::Accept, "2025-11-15T10:00:00");
    assert_eq!(desk.returned("102025", "2025-11-20T10:00:00", Origin::User), "DECIDED", "GN-5: no effect, not stale");
    assert_eq!(desk.act("o", ImsAction::Accept, "2025-11-21T10:00:00"), "LOCKED_AFTER_GSTR3B");
}

#[test]
fn am_8_a_rejected_amendment_leaves_the_original() {
    let mut desk = after_lock(ImsSection::B2b, 900, ImsAction::Accept, ImsSection::B2ba, 600);
    desk.act("a", ImsAction::Reject, "2025-12-11T10:00:00");
    assert_eq!(desk.line("a"), line("112025", "6.A.I.B2BA", 600));
    assert_eq!(desk.line("o"), line("102025", "3.A.I.B2B", 900));
}

#[test]
fn am_13_an_ineligible_amendment_supersedes_nothing() {
    let mut desk = Desk::new("112025");
    let old = Document { date: "2024-12-01", ..document("o", ImsSection::B2b, 900) };
    desk.file(&old, "2025-11-20T10:00:00");
    let barred = Document { date: "2024-12-01", ..amendment("a", ImsSection::B2ba, 600) };
    desk.file(&barred, "2025-12-05T10:00:00");
    assert_eq!(desk.line("o"), line("112025", "3.A.I.B2B", 900));
    assert_eq!(desk.line("a"), line("112025", "4.A.I.B2BA", 600));
    assert_eq!(desk.heard::<Alert>().last().unwrap().code, "AMENDMENT_NOT_AVAILABLE");
}

#[test]
fn sl_1_sl_2_sl_3_a_locked_rejection_is_told_to_the_supplier_once() {
    let mut desk = after_lock(ImsSection::Cn, 900, ImsAction::Accept, ImsSection::Cna, 1200);
    desk.act("a", ImsAction::Reject, "2025-12-11T10:00:00");
    assert!(desk.heard::<LiabilityRaised>().is_empty(), "nothing fires while it can still be changed");
    desk.close("112025", "2025-12-14T10:00:00");
    let raised = desk.heard::<LiabilityRaised>();
    assert_eq!(raised.len(), 1);
    assert_eq!((raised[0].tax, raised[0].reported_period), (tax(300), period("112025")));
    desk.file(&Document { original: Some("a"), ..amendment("b", ImsSection::Cna, 1200) }, "2026-01-05T10:00:00");
    desk.close("122025", "2026-01-14T10:00:00");
    assert_eq!(desk.heard::<LiabilityRaised>().len(), 1);
}

#[test]
fn sl_2_downward_after_acceptance_costs_the_difference() {
    let mut desk = after_lock(ImsSection::B2b, 900, ImsAction::Accept, ImsSection::B2ba, 600);
    desk.act("a", ImsAction::Reject, "2025-12-11T10:00:00");
    desk.close("112025", "2025-12-14T10:00:00");
    assert_eq!(desk.heard::<LiabilityRaised>()[0].tax, tax(300));
}

#[test]
fn el_4_an_amendment_held_behind_a_lapsed_original_goes_with_it() {
    let mut desk = Desk::new("092025");
    let old = Document { date: "2025-03-01", return_period: "092025", ..document("o", ImsSection::B2b, 900) };
    desk.file(&old, "2025-10-05T10:00:00");
    desk.act("o", ImsAction::Pending, "2025-10-06T10:00:00");
    desk.close("092025", "2025-10-14T10:00:00");
    let held = Document { date: "2025-03-01", return_period: "102025", ..amendment("a", ImsSection::B2ba, 950) };
    desk.file(&held, "2025-11-05T10:00:00");
    desk.open_days("2025-12-01T00:00:00");
    assert_eq!(desk.act("a", ImsAction::Accept, "2025-12-01T10:00:00"), "LOCKED_AFTER_GSTR3B");
    assert_eq!(desk.line("a"), None);
}
