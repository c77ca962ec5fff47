//! What users of today's tools complain of, on IMS, GSTR-2B and Bills of Entry: each test is named after what it prevents.

use crate::bench::{Bench, Document, action, at, gstr3b, statement, taxpayer};
use crate::statements::{FIRST, SECOND, SUPPLIER, bill, file, invoice, reported};
use gst_events::{
    CustomsBillValueAmended, Gstr2bSealed, ImsAction, ImsActionRequested, ImsRecord, ImsSection, ItcReduction, Origin,
    RecordId, Request, RequestStatus, Topic,
};
use gstn_formats::gstr1::{Gstr1, Gstr1Section};
use itcctl::feed_record::{Feed, FeedRecord, SupplierReturn, SupplierStep};

/// Generates and files a period.
fn close(bench: &mut Bench, recipient: &str, of: &str, when: &str) {
    bench.at(when, statement(&format!("{recipient} draft {of}"), recipient, of, when));
    let filed = bench.at(when, gstr3b(&format!("{recipient} return {of}"), recipient, of, when));
    assert_eq!(filed, Some((RequestStatus::Applied, None)));
}

#[test]
fn a_late_suppliers_record_does_not_erase_the_statement_that_missed_it() {
    // The complaint's own months: missing in June's statement, filed by its supplier in August.
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "062025");
    file(&mut bench, &[Document { date: "2025-06-02", ..invoice("A-1", "062025") }], "2025-07-10T10:00:00");
    close(&mut bench, FIRST, "062025", "2025-07-20T10:00:00");
    let (before, lines_before) = bench.lines(FIRST, "062025").unwrap();
    let missed = Document { date: "2025-06-20", form: gst_events::SupplierForm::Gstr1a, ..invoice("A-2", "062025") };
    file(&mut bench, &[missed], "2025-08-05T10:00:00");
    close(&mut bench, FIRST, "072025", "2025-08-20T10:00:00");
    assert_eq!(bench.lines(FIRST, "062025").unwrap(), (before, lines_before), "June still says that it was missing");
    let july = bench.lines(FIRST, "072025").unwrap().1;
    assert_eq!(july.iter().map(|line| line.number.as_str()).collect::<Vec<_>>(), ["A-2"]);
}

#[test]
fn a_bill_of_entry_does_not_vanish_when_it_is_downloaded_again_without_its_supplier() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    let mut with_supplier = bill(ImsSection::Impgsez, 180);
    with_supplier.sez_supplier = Some(SUPPLIER.parse().unwrap());
    bench.at("2025-10-12T10:00:00", reported("first", with_supplier.clone(), "2025-10-12T10:00:00"));
    let without = bill(ImsSection::Impgsez, 180);
    bench.at("2025-10-20T10:00:00", reported("second", without, "2025-10-20T10:00:00"));
    bench.at("2025-10-21T10:00:00", reported("third", with_supplier, "2025-10-21T10:00:00"));
    close(&mut bench, FIRST, "102025", "2025-11-14T10:00:00");
    let lines = bench.lines(FIRST, "102025").unwrap().1;
    assert_eq!(lines.len(), 1, "port, number and date name it, nothing else");
    assert_eq!(lines[0].table.as_str(), "3.A.IV.IMPGSEZ", "and goods from a SEZ have a row of their own");
}

#[test]
fn an_accepted_credit_note_without_a_declaration_is_not_rejected_by_the_rules_of_october_2025() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "092025");
    let note = |number: &str, of| Document { section: Gstr1Section::CN, rupees: 30, ..invoice(number, of) };
    file(&mut bench, &[note("N-1", "092025")], "2025-10-10T10:00:00");
    let declared = |id: &str, document: &Document, when: &str| {
        let fact = ImsActionRequested {
            recipient: FIRST.parse().unwrap(),
            target: document.target(),
            action: ImsAction::Accept,
            remarks: Some("availed nothing".to_owned()),
            itc_reduction: Some(ItcReduction { required: false, declared: None }),
            previous_action: None,
            at: at(when),
            actor: None,
            origin: Origin::User,
        };
        taxpayer(id, FIRST, when, &fact)
    };
    let refused = bench.at("2025-10-11T10:00:00", declared("s", &note("N-1", "092025"), "2025-10-11T10:00:00"));
    assert_eq!(refused, Some((RequestStatus::Refused, Some("ITC_REDUCTION_BLOCKED".to_owned()))), "rules are dated");
    close(&mut bench, FIRST, "092025", "2025-10-20T10:00:00");
    file(&mut bench, &[note("N-2", "102025"), note("N-3", "102025")], "2025-11-10T10:00:00");
    let plain = action("plain", &note("N-2", "102025"), ImsAction::Accept, "2025-11-11T10:00:00");
    assert_eq!(bench.at("2025-11-11T10:00:00", plain), Some((RequestStatus::Applied, None)));
    let nothing = declared("nothing", &note("N-3", "102025"), "2025-11-11T10:00:00");
    assert_eq!(bench.at("2025-11-11T10:00:00", nothing), Some((RequestStatus::Applied, None)));
    close(&mut bench, FIRST, "102025", "2025-11-14T10:00:00");
    let mut reduced: Vec<_> = bench.lines(FIRST, "102025").unwrap().1;
    reduced.sort_by(|one, other| one.number.cmp(&other.number));
    let amounts: Vec<_> = reduced.iter().map(|line| line.effect.igst.get() / 100).collect();
    assert_eq!(amounts, [30, 0], "silence on the question is the full reduction");
}

#[test]
fn a_statement_that_waits_for_last_months_return_says_so() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    bench.open("2025-12-14T10:00:00");
    bench.tell(statement("ask", FIRST, "112025", "2025-12-14T10:00:00"));
    let answers = bench.heard::<Request>(Topic::Results);
    let answer = answers.iter().find(|answer| answer.request_id == "ask").unwrap();
    assert_eq!(answer.code.as_deref(), Some("PREVIOUS_GSTR3B_NOT_FILED"));
    assert_eq!(answer.portal_code.as_deref(), Some("GTR2B-002"));
    assert_eq!(answer.message, "file the GSTR-3B of the period before first");
}

#[test]
fn a_file_with_one_broken_row_does_not_end_green_without_its_rows() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    bench.open("2025-11-10T10:00:00");
    let rows = ["A-1", "A-2", "A-3"].map(|number| invoice(number, "102025").reported(false));
    let mut body = Gstr1::build(SUPPLIER.parse().unwrap(), crate::bench::period("102025"), &rows);
    body["b2b"][0]["inv"][1]["idt"] = "31-02-2025".into();
    let when = at("2025-11-10T10:00:00");
    let form = SupplierReturn {
        supplier: SUPPLIER,
        form: gst_events::SupplierForm::Gstr1,
        happened_at: when,
        sent_at: when,
        origin: Origin::User,
    };
    bench.tell(FeedRecord::supplier_return("batch", SupplierStep::Saved, &form, &body));
    let shown = bench.heard::<ImsRecord>(Topic::ImsRecords);
    assert_eq!(shown.iter().map(|record| record.number.as_str()).collect::<Vec<_>>(), ["A-1", "A-3"]);
    let aside = bench.simulation.read_new("itc.dead-letters.v1");
    assert_eq!(aside.len(), 1, "in = applied + put aside");
    assert!(aside[0].header("itc-dead-letter-field").unwrap().contains("inv[1].idt"), "and the field is named");
}

#[test]
fn an_accepted_record_whose_supplier_never_filed_gives_no_credit_and_shows_it() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    let saved = invoice("A-1", "102025");
    bench.at("2025-11-05T10:00:00", saved.step("saved", SupplierStep::Saved, "2025-11-05T10:00:00"));
    bench.at("2025-11-06T10:00:00", action("accept", &saved, ImsAction::Accept, "2025-11-06T10:00:00"));
    let shown = bench.heard::<ImsRecord>(Topic::ImsRecords);
    let last = shown.last().unwrap();
    assert_eq!((last.action, last.filed, last.acceptance), (ImsAction::Accept, false, None));
    close(&mut bench, FIRST, "102025", "2025-11-14T10:00:00");
    assert!(bench.lines(FIRST, "102025").unwrap().1.is_empty());
}

#[test]
fn an_amended_bill_is_a_version_and_no_counter() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    bench.at("2025-10-12T10:00:00", reported("bill", bill(ImsSection::Impg, 180), "2025-10-12T10:00:00"));
    close(&mut bench, FIRST, "102025", "2025-11-14T10:00:00");
    for (id, rupees, day) in [("nil", 0, "2025-11-16"), ("again", 200, "2025-11-18")] {
        let received_at = at(&format!("{day}T10:00:00"));
        let mut details = bill(ImsSection::Impga, rupees);
        details.reference_date = Some(day.parse().unwrap());
        let key = details.bill_of_entry.to_string();
        let fact = CustomsBillValueAmended { record_id: RecordId(format!("{id}#0")), details, received_at };
        bench.at(&format!("{day}T10:00:00"), FeedRecord::fact(Feed::BillsOfEntry, id, &key, Some(received_at), &fact));
    }
    close(&mut bench, FIRST, "112025", "2025-12-14T10:00:00");
    let lines = bench.lines(FIRST, "112025").unwrap().1;
    let counted: Vec<_> = lines.iter().map(|line| (line.record_id.0.as_str(), line.effect.igst.get() / 100)).collect();
    assert_eq!(counted, [("again#0", 20)], "the last version against what was counted, whatever came between");
}

#[test]
fn one_taxpayers_month_does_not_wait_for_anothers() {
    let mut bench = Bench::new(&[FIRST, SECOND], &[SUPPLIER], "102025");
    let other = Document { recipient: SECOND, ..invoice("B-1", "102025") };
    file(&mut bench, &[invoice("A-1", "102025"), other], "2025-11-10T10:00:00");
    close(&mut bench, SECOND, "102025", "2025-11-14T10:00:00");
    close(&mut bench, SECOND, "112025", "2025-12-14T10:00:00");
    close(&mut bench, FIRST, "102025", "2025-12-15T10:00:00");
    let made = bench.heard::<Gstr2bSealed>(Topic::Gstr2b);
    assert_eq!(made.iter().map(|one| one.lines).collect::<Vec<_>>(), [1, 0, 1]);
}

#[test]
fn a_filed_period_stays_closed_for_actions_that_come_after() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    let one = invoice("A-1", "102025");
    file(&mut bench, std::slice::from_ref(&one), "2025-11-10T10:00:00");
    close(&mut bench, FIRST, "102025", "2025-11-14T10:00:00");
    let late = bench.at("2025-11-21T10:00:00", action("late", &one, ImsAction::Reject, "2025-11-21T10:00:00"));
    assert_eq!(late, Some((RequestStatus::Refused, Some("LOCKED_AFTER_GSTR3B".to_owned()))));
    let again = bench.at("2025-11-21T11:00:00", statement("again", FIRST, "102025", "2025-11-21T11:00:00"));
    assert_eq!(again, Some((RequestStatus::Refused, Some("LOCKED_AFTER_GSTR3B".to_owned()))));
}
