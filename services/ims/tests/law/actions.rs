//! Sections 3 to 5, 8: statements by filing instant, the action matrix, limits of Pending, declarations.

use crate::support::*;
use gst_events::*;
use gst_rules::calendar::CalendarItem;
use gst_types::FilingFrequency;

fn home(document: &Document, filed_at: &str, frequency: FilingFrequency) -> String {
    let mut desk = Desk::new("102025");
    desk.frequency = frequency;
    desk.file(document, filed_at);
    desk.shown(document.id, filed_at).gstr2b_period.unwrap().to_string()
}

#[test]
fn pd_1_pd_2_pd_3_pd_4_the_filing_instant_chooses_the_statement() {
    let gstr1 = document("i", ImsSection::B2b, 100);
    assert_eq!(home(&gstr1, "2025-11-11T23:59:59", FilingFrequency::Monthly), "102025");
    assert_eq!(home(&gstr1, "2025-11-12T00:00:00", FilingFrequency::Monthly), "112025");
    let august = Document { return_period: "082025", ..gstr1.clone() };
    assert_eq!(home(&august, "2025-10-20T10:00:00", FilingFrequency::Monthly), "102025");
    let iff = Document { form: SupplierForm::Iff, ..gstr1.clone() };
    assert_eq!(home(&iff, "2025-11-13T23:00:00", FilingFrequency::Quarterly), "102025");
    assert_eq!(home(&iff, "2025-12-14T00:00:00", FilingFrequency::Quarterly), "122025");
    let amendment_form = Document { form: SupplierForm::Gstr1a, return_period: "092025", ..gstr1 };
    assert_eq!(home(&amendment_form, "2025-10-11T10:00:00", FilingFrequency::Monthly), "102025");
}

#[test]
fn pd_6_an_extension_moves_only_what_is_filed_after_it_was_entered() {
    let mut desk = Desk::new("102025");
    let before = document("before", ImsSection::B2b, 100);
    let after = document("after", ImsSection::B2b, 100);
    desk.file(&before, "2025-11-12T09:00:00");
    desk.extend(CalendarItem::Gstr1Monthly, "102025", "2025-11-15", "2025-11-12T10:00:00");
    desk.file(&after, "2025-11-15T23:00:00");
    assert_eq!(desk.shown("before", "2025-11-16T00:00:00").gstr2b_period, Some(period("112025")));
    assert_eq!(desk.shown("after", "2025-11-16T00:00:00").gstr2b_period, Some(period("102025")));
    assert_eq!(desk.generate("102025", "2025-11-15T23:30:00"), "GSTR2B_NOT_AVAILABLE");
    assert_eq!(desk.generate("102025", "2025-11-16T00:00:00"), "DECIDED");
}

#[test]
fn pd_5_a_quarterly_recipient_has_one_statement_for_the_quarter() {
    let rules = [("draft_generation", "ON_REQUEST")];
    let mut desk = Desk::with("122025", FilingFrequency::Quarterly, &rules);
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    assert_eq!(desk.line("i"), line("122025", "3.A.I.B2B", 100));
    assert_eq!(desk.generate("102025", "2025-11-14T10:00:00"), "NOT_GENERATED_QRMP_MONTH_1_OR_2");
    assert_eq!(desk.returned("112025", "2025-12-20T10:00:00", Origin::User), "NOT_GENERATED_QRMP_MONTH_1_OR_2");
}

#[test]
fn ac_2_ef_1_ef_2_ef_3_ef_4_the_last_action_wins_and_silence_accepts() {
    let mut desk = Desk::new("102025");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
    desk.act("i", ImsAction::Reject, "2025-11-11T10:00:00");
    assert_eq!(desk.line("i"), line("102025", "6.A.I.B2B", 100));
    desk.act("i", ImsAction::Pending, "2025-11-11T11:00:00");
    assert_eq!(desk.line("i"), None);
    desk.act("i", ImsAction::Accept, "2025-11-11T12:00:00");
    assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
    assert_eq!(desk.heard::<ImsRecordDecided>().last().unwrap().acceptance, Some(Acceptance::Explicit));
    desk.act("i", ImsAction::NoAction, "2025-11-11T13:00:00");
    assert_eq!(desk.heard::<ImsRecordDecided>().last().unwrap().acceptance, Some(Acceptance::Deemed));
}

#[test]
fn ac_3_ef_6_ef_7_filing_gstr3b_makes_it_final() {
    let mut desk = Desk::new("102025");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    desk.close("102025", "2025-11-14T10:00:00");
    assert_eq!(desk.act("i", ImsAction::Reject, "2025-11-15T10:00:00"), "LOCKED_AFTER_GSTR3B");
    assert!(!desk.shown("i", "2025-11-15T10:00:00").visible_in_ims);
}

#[test]
fn ac_4_a_specified_record_before_october_2025_cannot_be_pending() {
    let mut desk = Desk::new("092025");
    let note = Document { date: "2025-09-15", return_period: "092025", ..document("n", ImsSection::Cn, 100) };
    desk.file(&note, "2025-10-11T10:00:00");
    assert_eq!(desk.act("n", ImsAction::Pending, "2025-10-11T11:00:00"), "PENDING_BLOCKED");
}

#[test]
fn ac_5_ac_6_ef_5_pending_for_one_period_then_silence() {
    let mut desk = Desk::new("102025");
    desk.file(&document("n", ImsSection::Cn, 100), "2025-11-10T10:00:00");
    assert_eq!(desk.act("n", ImsAction::Pending, "2025-11-12T10:00:00"), "DECIDED");
    desk.close("102025", "2025-11-20T10:00:00");
    desk.generate("112025", "2025-12-14T10:00:00");
    assert!(desk.shown("n", "2025-12-20T23:59:59").pending_allowed);
    desk.open_days("2025-12-21T00:00:00");
    let shown = desk.shown("n", "2025-12-21T00:00:00");
    assert_eq!((shown.action, shown.pending_allowed), (ImsAction::NoAction, false));
    assert_eq!(desk.line("n"), line("112025", "3.B.I.B2B-CN", 100));
    assert_eq!(desk.returned("112025", "2025-12-22T10:00:00", Origin::User), "RECOMPUTE_REQUIRED");
    assert_eq!(desk.act("n", ImsAction::Pending, "2025-12-22T10:00:00"), "PENDING_BLOCKED");
}

#[test]
fn ac_5_an_extended_gstr3b_moves_the_limit() {
    let mut desk = Desk::new("102025");
    desk.file(&document("n", ImsSection::Cn, 100), "2025-11-10T10:00:00");
    desk.act("n", ImsAction::Pending, "2025-11-12T10:00:00");
    desk.extend(CalendarItem::Gstr3bMonthly, "112025", "2025-12-24", "2025-12-19T10:00:00");
    desk.open_days("2025-12-24T10:00:00");
    assert_eq!(desk.shown("n", "2025-12-24T10:00:00").action, ImsAction::Pending);
    desk.open_days("2025-12-25T00:00:00");
    assert_eq!(desk.shown("n", "2025-12-25T00:00:00").action, ImsAction::NoAction);
}

#[test]
fn el_4_a_pending_invoice_lapses_after_30_november() {
    let mut desk = Desk::new("102025");
    let old = Document { date: "2024-12-05", ..document("i", ImsSection::B2b, 100) };
    desk.file(&old, "2025-11-10T10:00:00");
    desk.act("i", ImsAction::Pending, "2025-11-12T10:00:00");
    assert!(desk.shown("i", "2025-11-30T23:59:59").visible_in_ims);
    desk.open_days("2025-12-01T00:00:00");
    assert!(!desk.shown("i", "2025-12-01T00:00:00").visible_in_ims);
    assert_eq!(desk.act("i", ImsAction::Accept, "2025-12-01T10:00:00"), "LOCKED_AFTER_GSTR3B");
    assert_eq!(desk.line("i"), None);
}

#[test]
fn cf_1_pending_becomes_no_action_on_day_31_only_under_that_policy() {
    for (policy, action) in [("OFFICIAL", ImsAction::Pending), ("DAY_31", ImsAction::NoAction)] {
        let rules = [("draft_generation", "ON_REQUEST"), ("pending_policy", policy)];
        let mut desk = Desk::with("102025", FilingFrequency::Monthly, &rules);
        desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
        desk.act("i", ImsAction::Pending, "2025-11-12T10:00:00");
        desk.act("i", ImsAction::Pending, "2025-11-20T10:00:00");
        desk.open_days("2025-12-11T10:00:00");
        assert_eq!(desk.shown("i", "2025-12-11T10:00:00").action, ImsAction::Pending);
        desk.open_days("2025-12-12T00:00:00");
        assert_eq!(desk.shown("i", "2025-12-12T00:00:00").action, action, "{policy}");
    }
}

#[test]
fn ac_8_rd_2_rd_3_rd_4_rd_5_rd_6_rd_7_declarations_in_the_order_of_checks() {
    let mut desk = Desk::new("102025");
    desk.file(&document("n", ImsSection::Cn, 900), "2025-11-10T10:00:00");
    desk.file(&document("i", ImsSection::B2b, 900), "2025-11-10T10:00:00");
    let when = "2025-11-12T10:00:00";
    let long = "x".repeat(251);
    assert_eq!(desk.declare("n", None, true, Some(&long), when), "REMARKS_TOO_LONG");
    assert_eq!(desk.declare("i", None, true, None, when), "ITC_REDUCTION_BLOCKED");
    assert_eq!(desk.declare("n", Some(tax(901)), true, None, when), "ITC_REDUCTION_EXCEEDS_DOCUMENT");
    let uneven = gst_types::TaxAmounts { sgst: gst_types::Paise::ZERO, ..tax(100) };
    assert_eq!(desk.declare("n", Some(uneven), true, None, when), "CGST_SGST_MUST_MATCH");
    assert_eq!(desk.declare("n", Some(tax(100)), true, None, when), "REMARKS_REQUIRED");
    assert_eq!(desk.declare("n", None, false, None, when), "REMARKS_REQUIRED");
    assert_eq!(desk.declare("n", Some(tax(900)), true, None, when), "DECIDED");
    assert_eq!(desk.declare("n", Some(tax(100)), true, Some("part availed"), when), "DECIDED");
    assert_eq!(desk.line("n"), line("102025", "3.B.I.B2B-CN", 100));
    desk.declare("n", None, false, Some("never availed"), when);
    assert_eq!(desk.line("n"), line("102025", "3.B.I.B2B-CN", 0));
    desk.act("n", ImsAction::Accept, when);
    assert_eq!(desk.line("n"), line("102025", "3.B.I.B2B-CN", 900));
    let mut rejected = desk.request("n", ImsAction::Reject, when);
    rejected.itc_reduction = Some(ItcReduction { required: true, declared: None });
    assert_eq!(desk.ask(rejected), "ITC_REDUCTION_ONLY_ON_ACCEPT");
}

#[test]
fn in_1_in_2_in_6_am_1_an_edit_resets_the_action_of_the_saved_record() {
    let mut desk = Desk::new("102025");
    desk.save(&document("v1", ImsSection::B2b, 100), "2025-11-03T10:00:00");
    assert_eq!(desk.act("v1", ImsAction::Reject, "2025-11-04T10:00:00"), "DECIDED");
    assert_eq!(desk.line("v1"), None, "a saved record counts nowhere");
    let edited = Document { number: "v1", ..document("v2", ImsSection::B2b, 200) };
    desk.change(&edited, "v1", "2025-11-05T10:00:00");
    assert_eq!(desk.shown("v2", "2025-11-05T10:00:00").action, ImsAction::NoAction);
    assert_eq!(desk.act("v1", ImsAction::Accept, "2025-11-06T10:00:00"), "NOT_IN_IMS");
}

#[test]
fn ed_9_an_action_on_a_saved_record_is_kept_at_filing() {
    let mut desk = Desk::new("102025");
    let note = document("n", ImsSection::Cn, 100);
    desk.save(&note, "2025-10-20T10:00:00");
    assert_eq!(desk.declare("n", None, true, None, "2025-10-21T10:00:00"), "ITC_REDUCTION_BLOCKED");
    assert_eq!(desk.act("n", ImsAction::Pending, "2025-10-21T10:00:00"), "DECIDED");
    desk.file(&note, "2025-11-10T10:00:00");
    assert_eq!(desk.shown("n", "2025-11-10T10:00:00").action, ImsAction::Pending);
}

#[test]
fn in_4_el_1_el_2_bypass_records_take_no_action() {
    let mut desk = Desk::new("102025");
    let reverse = Document { reverse_charge: true, ..document("rc", ImsSection::B2b, 10) };
    desk.file(&reverse, "2025-11-10T10:00:00");
    assert_eq!(desk.line("rc"), line("102025", "3.A.III.B2B", 10));
    assert_eq!(desk.act("rc", ImsAction::Reject, "2025-11-11T10:00:00"), "NOT_IN_IMS");
    let late = Document { date: "2024-05-01", return_period: "112025", ..document("late", ImsSection::Dn, 10) };
    desk.file(&late, "2025-12-01T00:00:00");
    assert_eq!(desk.line("late"), line("112025", "4.A.I.B2B-DN", 10));
    let note = Document { date: "2024-05-01", return_period: "112025", ..document("note", ImsSection::Cn, 10) };
    desk.file(&note, "2025-12-01T00:00:00");
    assert_eq!(desk.line("note"), line("112025", "3.B.I.B2B-CN", 10), "the limit names invoices and debit notes only");
}
