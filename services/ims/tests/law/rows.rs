//! Sections 2, 6, 12 to 15: what enters, the rows, the timeline, edge cases and settled conflicts.

use crate::support::*;
use gst_events::*;
use gst_types::FilingFrequency;
use stream_testkit::MemoryRows;

const ON_REQUEST: (&str, &str) = ("draft_generation", "ON_REQUEST");

fn amends(id: &'static str, section: ImsSection, rupees: i64) -> Document {
    Document { original: Some("o"), return_period: "112025", ..document(id, section, rupees) }
}

/// The flags of one record: reject, pending and declaration, as commands meet them.
fn offered(desk: &mut Desk, id: &str, when: &str) -> (bool, bool, bool) {
    let shown = desk.shown(id, when);
    let reject = desk.act(id, ImsAction::Reject, when) == "DECIDED";
    desk.act(id, ImsAction::NoAction, when);
    (reject, shown.pending_allowed, shown.itc_reduction_allowed)
}

#[test]
fn ac_1_ac_9_ac_10_in_3_the_matrix_of_originals() {
    let sections = [ImsSection::B2b, ImsSection::Dn, ImsSection::Eco, ImsSection::Cn];
    let flags = [(true, true, false), (true, true, false), (true, true, false), (true, true, true)];
    for (section, expected) in sections.into_iter().zip(flags) {
        let mut desk = Desk::new("102025");
        desk.file(&document("d", section, 100), "2025-11-10T10:00:00");
        assert_eq!(desk.shown("d", "2025-11-11T10:00:00").action, ImsAction::NoAction);
        assert_eq!(offered(&mut desk, "d", "2025-11-11T10:00:00"), expected, "{section:?}");
    }
}

#[test]
fn ac_9_ac_10_the_matrix_of_amendments() {
    use ImsAction::{Accept, Reject};
    use ImsSection::{B2b, B2ba, Cn, Cna};
    // Original, its fate, amendment; pending is tried after the limit of AC-5, the declaration before it.
    let rows = [
        (B2b, 900, Accept, B2ba, 1200, true, false),
        (B2b, 900, Accept, B2ba, 900, true, false),
        (B2b, 900, Accept, B2ba, 600, false, true),
        (B2b, 900, Reject, B2ba, 600, true, false),
        (Cn, 900, Accept, Cna, 1200, false, true),
        (Cn, 900, Reject, Cna, 1200, false, true),
        (Cn, 900, Accept, Cna, 600, true, false),
        (Cn, 900, Accept, Cna, 900, true, false),
        (Cn, 900, Reject, Cna, 600, false, true),
    ];
    for (original, first, fate, amended, second, pending_after, declares) in rows {
        let mut desk = Desk::new("102025");
        desk.file(&document("o", original, first), "2025-11-10T10:00:00");
        desk.act("o", fate, "2025-11-11T10:00:00");
        desk.close("102025", "2025-11-14T10:00:00");
        desk.file(&amends("a", amended, second), "2025-12-10T10:00:00");
        let what = format!("{original:?} {first} {fate:?}, {amended:?} {second}");
        let before = desk.shown("a", "2025-12-11T10:00:00");
        assert!(before.pending_allowed, "{what}");
        assert_eq!(before.itc_reduction_allowed, declares, "{what}");
        assert_eq!(desk.shown("a", "2026-01-21T00:00:00").pending_allowed, pending_after, "{what}");
    }
}

#[test]
fn ac_11_each_action_of_a_bulk_is_answered_by_itself() {
    let mut desk = Desk::new("102025");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    desk.act("i", ImsAction::Accept, "2025-11-11T10:00:00");
    desk.act("unknown", ImsAction::Accept, "2025-11-11T10:00:00");
    desk.act("i", ImsAction::Reject, "2025-11-11T10:00:00");
    let answers = desk.heard::<Request>();
    let statuses: Vec<RequestStatus> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [RequestStatus::Applied, RequestStatus::Refused, RequestStatus::Applied]);
    assert_eq!(answers[1].code.as_deref(), Some("NOT_IN_IMS"));
}

#[test]
fn gn_2_gn_8_gn_9_in_8_a_record_counts_in_one_row_of_its_own_statement() {
    let mut desk = Desk::new("102025");
    desk.file(&document("in", ImsSection::B2b, 100), "2025-11-11T23:59:59");
    desk.file(&document("after", ImsSection::B2b, 100), "2025-11-12T00:00:00");
    desk.generate("102025", "2025-11-14T10:00:00");
    assert_eq!(desk.line("in"), line("102025", "3.A.I.B2B", 100));
    assert_eq!(desk.line("after"), line("112025", "3.A.I.B2B", 100), "recompute never pulls it in");
}

#[test]
fn gn_4_pd_5_a_quarterly_filer_gets_the_third_month_only() {
    let mut desk = Desk::with("122025", FilingFrequency::Quarterly, &[ON_REQUEST]);
    assert_eq!(desk.generate("112025", "2025-12-14T10:00:00"), "NOT_GENERATED_QRMP_MONTH_1_OR_2");
    assert_eq!(desk.generate("122025", "2026-01-14T10:00:00"), "DECIDED");
}

#[test]
fn gn_10_ed_1_before_ims_every_record_counts_in_full_and_takes_no_action() {
    let mut desk = Desk::new("092024");
    let early = Document { date: "2024-09-05", return_period: "092024", ..document("o", ImsSection::B2b, 900) };
    desk.file(&early, "2024-10-10T10:00:00");
    assert_eq!(desk.act("o", ImsAction::Reject, "2024-10-12T10:00:00"), "NOT_IN_IMS");
    assert_eq!(desk.line("o"), line("092024", "3.A.I.B2B", 900));
    assert_eq!(desk.returned("092024", "2024-10-20T10:00:00", Origin::User), "DECIDED", "GN-6 came with IMS");
    let amended = Document { date: "2024-09-05", return_period: "102024", ..amends("a", ImsSection::B2ba, 1200) };
    desk.file(&amended, "2024-11-10T10:00:00");
    assert_eq!(desk.line("a"), line("102024", "3.A.I.B2BA", 300), "AM-13: by difference");
}

#[test]
fn ed_2_ed_3_ed_9_the_statement_chooses_the_rules() {
    let mut desk = Desk::new("092025");
    let note = Document { date: "2025-09-15", return_period: "092025", ..document("n", ImsSection::Cn, 100) };
    desk.file(&note, "2025-10-11T10:00:00");
    let when = "2025-10-12T10:00:00";
    assert_eq!(desk.declare("n", None, false, Some("x"), when), "ITC_REDUCTION_BLOCKED");
    let next = Document { date: "2025-03-15", ..document("m", ImsSection::Cn, 100) };
    desk.file(&next, "2025-11-11T10:00:00");
    assert_eq!(desk.declare("m", None, false, Some("x"), "2025-11-11T11:00:00"), "DECIDED", "not the document date");
}

#[test]
fn rd_8_cf_13_silence_reduces_in_full_and_no_reduces_nothing() {
    let mut desk = Desk::new("102025");
    desk.file(&document("n", ImsSection::Cn, 900), "2025-11-10T10:00:00");
    assert_eq!(desk.line("n"), line("102025", "3.B.I.B2B-CN", 900));
    desk.declare("n", None, true, None, "2025-11-11T10:00:00");
    assert_eq!(desk.line("n"), line("102025", "3.B.I.B2B-CN", 900));
    desk.declare("n", None, false, Some("never availed"), "2025-11-11T11:00:00");
    assert_eq!(desk.line("n"), line("102025", "3.B.I.B2B-CN", 0));
}

#[test]
fn sl_5_rejected_invoices_debit_notes_and_eco_documents_raise_nothing() {
    let mut desk = Desk::new("102025");
    for (id, section) in [("i", ImsSection::B2b), ("d", ImsSection::Dn), ("e", ImsSection::Eco)] {
        desk.file(&document(id, section, 100), "2025-11-10T10:00:00");
        desk.act(id, ImsAction::Reject, "2025-11-11T10:00:00");
    }
    desk.close("102025", "2025-11-14T10:00:00");
    assert!(desk.heard::<LiabilityRaised>().is_empty());
}

#[test]
fn el_3_the_time_limit_by_filing_date_or_by_statement() {
    let row = |mode: &str, filed_at: &str| {
        let mut desk = Desk::with("102025", FilingFrequency::Monthly, &[ON_REQUEST, ("time_bar_mode", mode)]);
        let old = Document { date: "2024-12-05", return_period: "112025", ..document("i", ImsSection::B2b, 100) };
        desk.file(&old, filed_at);
        desk.line("i").unwrap().1
    };
    assert_eq!(row("FILING_DATE", "2025-11-30T23:59:59"), "3.A.I.B2B");
    assert_eq!(row("FILING_DATE", "2025-12-01T00:00:00"), "4.A.I.B2B");
    assert_eq!(row("STATEMENT_PERIOD", "2025-11-11T23:59:59"), "3.A.I.B2B");
    assert_eq!(row("STATEMENT_PERIOD", "2025-11-12T00:00:00"), "4.A.I.B2B");
}

#[test]
fn el_1_a_third_state_as_place_of_supply_is_no_restriction() {
    for place in ["27", "07"] {
        let mut desk = Desk::new("102025");
        desk.file(&Document { place, ..document("i", ImsSection::B2b, 100) }, "2025-11-10T10:00:00");
        assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
    }
}

#[test]
fn tb_1_tb_3_tb_4_tb_6_the_rows_of_each_section() {
    let rows = [
        (ImsSection::B2b, "A.I.B2B", "A.III.B2B"),
        (ImsSection::Dn, "A.I.B2B-DN", "A.III.B2B-DN"),
        (ImsSection::Cn, "B.I.B2B-CN", "B.I.B2B-CN-RC"),
    ];
    for (section, forward, reverse) in rows {
        let mut desk = Desk::new("102025");
        desk.file(&document("f", section, 100), "2025-11-10T10:00:00");
        desk.file(&Document { reverse_charge: true, ..document("r", section, 100) }, "2025-11-10T10:00:00");
        assert_eq!(desk.line("f"), line("102025", &format!("3.{forward}"), 100));
        assert_eq!(desk.line("r"), line("102025", &format!("3.{reverse}"), 100));
        desk.act("f", ImsAction::Reject, "2025-11-11T10:00:00");
        assert_eq!(desk.line("f"), line("102025", &format!("6.{forward}"), 100));
    }
    let mut desk = Desk::new("102025");
    desk.file(&document("e", ImsSection::Eco, 100), "2025-11-10T10:00:00");
    assert_eq!(desk.line("e"), line("102025", "3.A.I.ECO", 100));
}

#[test]
fn eg_4_eg_5_an_amendment_to_nil_takes_everything_back() {
    let mut desk = Desk::new("102025");
    desk.file(&document("o", ImsSection::B2b, 900), "2025-11-10T10:00:00");
    desk.close("102025", "2025-11-14T10:00:00");
    desk.file(&amends("a", ImsSection::B2ba, 0), "2025-12-10T10:00:00");
    assert_eq!(desk.line("a"), line("112025", "3.A.I.B2BA", -900));
    desk.file(&document("zero", ImsSection::B2b, 0), "2025-12-10T10:00:00");
    assert_eq!(desk.line("zero"), line("112025", "3.A.I.B2B", 0), "a line of zero amounts is still a line");
}

#[test]
fn eg_7_eg_8_accepted_then_lowered_and_a_late_supplier() {
    let mut desk = Desk::new("102025");
    desk.file(&document("o", ImsSection::B2b, 900), "2025-11-10T10:00:00");
    desk.act("o", ImsAction::Accept, "2025-11-11T10:00:00");
    desk.close("102025", "2025-11-14T10:00:00");
    desk.file(&amends("a", ImsSection::B2ba, 600), "2025-12-10T10:00:00");
    assert!(desk.shown("a", "2026-01-20T23:59:59").pending_allowed);
    assert!(!desk.shown("a", "2026-01-21T00:00:00").pending_allowed);
}

#[test]
fn eg_10_a_late_return_does_not_stop_the_limit() {
    let mut desk = Desk::new("102025");
    desk.file(&document("n", ImsSection::Cn, 100), "2025-11-10T10:00:00");
    desk.act("n", ImsAction::Pending, "2025-11-12T10:00:00");
    desk.generate("102025", "2025-11-14T10:00:00");
    desk.open_days("2025-12-21T00:00:00");
    assert_eq!(desk.line("n"), line("102025", "3.B.I.B2B-CN", 100), "the earliest open statement takes it");
    assert_eq!(desk.returned("102025", "2025-12-22T10:00:00", Origin::User), "RECOMPUTE_REQUIRED");
}

#[test]
fn cf_2_cf_7_silence_stays_acceptance_and_invoices_wait_until_the_time_limit() {
    let mut desk = Desk::new("102025");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
    assert!(desk.shown("i", "2026-11-30T23:59:59").pending_allowed);
    assert!(!desk.shown("i", "2026-12-01T00:00:00").pending_allowed);
}

#[test]
fn cf_3_cf_4_a_gstr1a_inside_the_old_window_goes_to_the_next_period() {
    let mut desk = Desk::new("092025");
    let form = Document { form: SupplierForm::Gstr1a, return_period: "092025", ..document("i", ImsSection::B2b, 100) };
    desk.file(&form, "2025-10-11T10:00:00");
    assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
}

#[test]
fn cf_6_gstr5_documents_bypass_ims_unless_the_rulebook_lets_them_in() {
    for (switch, outcome) in [("false", "NOT_IN_IMS"), ("true", "DECIDED")] {
        let mut desk = Desk::with("102025", FilingFrequency::Monthly, &[ON_REQUEST, ("gstr5_in_ims", switch)]);
        let form = Document { form: SupplierForm::Gstr5, ..document("i", ImsSection::B2b, 100) };
        desk.file(&form, "2025-11-13T10:00:00");
        assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100), "PD-3: until the 13th");
        assert_eq!(desk.act("i", ImsAction::Accept, "2025-11-13T11:00:00"), outcome);
    }
}

#[test]
fn cf_8_el_2_the_annual_return_ends_the_limit_earlier() {
    let mut desk = Desk::new("102025");
    desk.tell(ims::Event::AnnualReturnFiled(Box::new(AnnualReturnFiled {
        recipient: recipient(),
        financial_year: "2024-25".parse().unwrap(),
        filed_at: at("2025-11-05T10:00:00"),
    })));
    let old = Document { date: "2024-12-05", ..document("i", ImsSection::B2b, 100) };
    desk.file(&old, "2025-11-06T10:00:00");
    assert_eq!(desk.line("i"), line("102025", "4.A.I.B2B", 100));
}

#[test]
fn cf_9_cf_11_remarks_are_taken_with_accept_and_rejection_is_no_pending() {
    let mut desk = Desk::new("102025");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    let mut accept = desk.request("i", ImsAction::Accept, "2025-11-11T10:00:00");
    accept.remarks = Some("seen".to_owned());
    assert_eq!(desk.ask(accept), "DECIDED");
    assert_eq!(desk.shown("i", "2025-11-11T10:00:00").remarks.as_deref(), Some("seen"));
}

#[test]
fn in_5_documents_that_came_before_the_registration_are_decided_again() {
    let mut desk = Desk::new("122025");
    desk.rows = MemoryRows::default();
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
    desk.tell(ims::Event::TaxpayerRegistered(Box::new(TaxpayerRegistered {
        gstin: recipient().gstin(),
        role: TaxpayerRole::Both,
        filing_frequency: FilingFrequency::Quarterly,
        gstr3b_due_day: Some(22),
        first_open_period: Some(period("122025")),
        effective_from: None,
        needs_approval: false,
        at: None,
    })));
    assert_eq!(desk.line("i"), line("122025", "3.A.I.B2B", 100));
}
