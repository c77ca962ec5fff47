//! Statements from the feeds to the published chunks: when a draft is made, what makes it stale, what a version changed.

use crate::bench::{Bench, Document, action, at, gstr3b, igst, period, statement};
use gst_events::{
    Alert, BillOfEntryDetails, BillOfEntryType, CustomsBillGstinAmended, CustomsBillReported, DueDateExtended,
    Gstr2bChunk, Gstr2bSealed, ImsAction, ImsSection, Origin, RecordId, RequestStatus, StatementReason, SupplierForm,
    TaxpayerRegistered, TaxpayerRole, Topic,
};
use gst_rules::calendar::CalendarItem;
use gst_types::{FilingFrequency, Paise};
use gstn_formats::gstr1::Gstr1Section;
use gstn_formats::gstr2b::Gstr2b;
use itc_engine::simulation::Simulation;
use itcctl::feed_record::{Feed, FeedRecord, SupplierStep};
use stream::{StateView, WorkerName};

pub(crate) const FIRST: &str = "27AAACG9999K1ZP";
pub(crate) const SECOND: &str = "33AAACG9999K1ZW";
pub(crate) const SUPPLIER: &str = "29AAACT4321C1ZR";

pub(crate) fn invoice(number: &str, of: &'static str) -> Document {
    Document {
        section: Gstr1Section::B2B,
        supplier: SUPPLIER,
        recipient: FIRST,
        number: number.to_owned(),
        date: "2025-10-05",
        original: None,
        rupees: 100,
        form: SupplierForm::Gstr1,
        return_period: of,
    }
}

/// Taxpayers whose drafts are made without being asked for, as the rulebook's default says.
fn automatic(recipients: &[&str], first_open: &str) -> Bench {
    let mut bench = Bench { simulation: Simulation::start(1, &std::collections::BTreeMap::new()).unwrap() };
    for gstin in recipients {
        let fact = TaxpayerRegistered {
            gstin: gstin.parse().unwrap(),
            role: TaxpayerRole::Recipient,
            filing_frequency: FilingFrequency::Monthly,
            gstr3b_due_day: Some(20),
            first_open_period: Some(period(first_open)),
            effective_from: None,
            needs_approval: false,
            at: None,
        };
        bench.tell(FeedRecord::fact(Feed::TaxpayerEvents, &format!("registered {gstin}"), gstin, None, &fact));
    }
    bench
}

/// Saves and files documents of one form.
pub(crate) fn file(bench: &mut Bench, documents: &[Document], when: &str) {
    for document in documents {
        let id = format!("saved {} {}", document.section.code(), document.number);
        bench.at(when, document.step(&id, SupplierStep::Saved, when));
    }
    let form = &documents[0];
    bench.at(when, form.step(&format!("filed {} {when}", form.number), SupplierStep::Filed, when));
}

/// Statements as they were sealed: recipient, period, version and number of lines.
fn sealed(bench: &Bench) -> Vec<(String, String, u32, u64)> {
    let all = bench.heard::<Gstr2bSealed>(Topic::Gstr2b);
    all.into_iter().map(|one| (one.recipient.to_string(), one.period.to_string(), one.version, one.lines)).collect()
}

fn entry(recipient: &str, of: &str, version: u32, lines: u64) -> (String, String, u32, u64) {
    (recipient.to_owned(), of.to_owned(), version, lines)
}

#[test]
fn gn_1_drafts_are_made_on_the_14th_for_every_open_taxpayer() {
    let mut bench = automatic(&[FIRST, SECOND], "102025");
    file(&mut bench, &[invoice("A-1", "102025")], "2025-11-11T10:00:00");
    bench.open("2025-11-13T23:00:00");
    assert!(sealed(&bench).is_empty());
    bench.open("2025-11-14T00:00:00");
    let mut made = sealed(&bench);
    made.sort();
    assert_eq!(made, [entry(FIRST, "102025", 1, 1), entry(SECOND, "102025", 1, 0)]);
    assert_eq!(bench.heard::<Gstr2bSealed>(Topic::Gstr2b)[0].reason, StatementReason::Generated);
    bench.open("2025-12-20T00:00:00");
    assert_eq!(sealed(&bench).len(), 2, "GN-3: the next one waits for the return");
}

#[test]
fn gn_1_pd_6_an_extended_cut_off_moves_the_draft_and_takes_what_is_filed_until_then() {
    let mut bench = automatic(&[FIRST], "102025");
    bench.open("2025-11-10T10:00:00");
    let extension = DueDateExtended {
        item: CalendarItem::Gstr1Monthly,
        period: period("102025"),
        date: "2025-11-17".parse().unwrap(),
        entered_at: at("2025-11-10T10:00:00"),
    };
    bench.simulation.extend_due_date(&extension).unwrap();
    file(&mut bench, &[invoice("A-1", "102025")], "2025-11-16T10:00:00");
    bench.open("2025-11-17T10:00:00");
    assert!(sealed(&bench).is_empty(), "not on the 14th");
    bench.open("2025-11-18T00:00:00");
    assert_eq!(sealed(&bench), [entry(FIRST, "102025", 1, 1)]);
}

#[test]
fn gn_3_a_draft_is_made_when_the_return_before_is_filed_on_the_16th() {
    let mut bench = automatic(&[FIRST], "102025");
    file(&mut bench, &[invoice("A-1", "102025")], "2025-12-05T10:00:00");
    bench.open("2025-12-15T10:00:00");
    assert_eq!(sealed(&bench), [entry(FIRST, "102025", 1, 0)], "November waits for October's GSTR-3B");
    bench.at("2025-12-16T10:00:00", gstr3b("return", FIRST, "102025", "2025-12-16T10:00:00"));
    assert_eq!(sealed(&bench)[1..], [entry(FIRST, "112025", 1, 1)]);
}

#[test]
fn gn_3_statements_are_strictly_in_sequence() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    let mut ask = |id: &str, of: &str, when: &str| bench.at(when, statement(id, FIRST, of, when)).unwrap();
    let refused = |code: &str| (RequestStatus::Refused, Some(code.to_owned()));
    assert_eq!(ask("early", "102025", "2025-11-13T23:59:59"), refused("GSTR2B_NOT_AVAILABLE"));
    assert_eq!(ask("ahead", "112025", "2025-12-14T10:00:00"), refused("PREVIOUS_GSTR3B_NOT_FILED"));
    assert_eq!(ask("october", "102025", "2025-12-14T10:00:00"), (RequestStatus::Applied, None));
}

#[test]
fn gn_5_gn_6_gn_7_a_version_says_what_changed_and_which_event_caused_it() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    let documents = [invoice("A-1", "102025"), invoice("A-2", "102025"), invoice("A-3", "102025")];
    file(&mut bench, &documents, "2025-11-10T10:00:00");
    let pending = action("pending", &documents[2], ImsAction::Pending, "2025-11-11T10:00:00");
    bench.at("2025-11-11T10:00:00", pending);
    bench.at("2025-11-14T10:00:00", statement("first", FIRST, "102025", "2025-11-14T10:00:00"));
    for (id, document, what) in [
        ("reject", &documents[0], ImsAction::Reject),
        ("wait", &documents[1], ImsAction::Pending),
        ("take", &documents[2], ImsAction::Accept),
    ] {
        bench.at("2025-11-15T10:00:00", action(id, document, what, "2025-11-15T10:00:00"));
    }
    let refused = bench.at("2025-11-15T11:00:00", gstr3b("too soon", FIRST, "102025", "2025-11-15T11:00:00"));
    assert_eq!(refused, Some((RequestStatus::Refused, Some("RECOMPUTE_REQUIRED".to_owned()))));
    bench.at("2025-11-15T12:00:00", statement("second", FIRST, "102025", "2025-11-15T12:00:00"));
    let (last, lines) = bench.lines(FIRST, "102025").unwrap();
    assert_eq!((last.version, last.reason, lines.len()), (2, StatementReason::Recomputed, 2));
    let said = |document: &str, words: &str, cause: &str| {
        let found = last.changes.iter().find(|change| change.contains(&format!("saved B2B {document}#0")));
        let change = found.unwrap_or_else(|| panic!("nothing about {document} in {:?}", last.changes));
        assert!(change.starts_with(words) && change.contains(cause), "{change}");
    };
    said("A-1", "changed 3.A.I.B2B to 6.A.I.B2B", "reject");
    said("A-2", "left 3.A.I.B2B", "wait");
    said("A-3", "entered 3.A.I.B2B", "take");
    let filed = bench.at("2025-11-20T10:00:00", gstr3b("return", FIRST, "102025", "2025-11-20T10:00:00"));
    assert_eq!(filed, Some((RequestStatus::Applied, None)));
}

#[test]
fn gn_11_a_late_fact_makes_the_draft_stale_or_counts_in_the_next_statement_with_an_alert() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    bench.at("2025-11-14T10:00:00", statement("draft", FIRST, "102025", "2025-11-14T10:00:00"));
    // Filed within October's window, heard of on the 15th.
    let late = invoice("A-1", "102025");
    bench.open("2025-11-15T10:00:00");
    bench.tell(late.step("saved late", SupplierStep::Saved, "2025-11-10T09:00:00"));
    bench.tell(late.step("filed late", SupplierStep::Filed, "2025-11-10T10:00:00"));
    let refused = bench.at("2025-11-16T10:00:00", gstr3b("stale", FIRST, "102025", "2025-11-16T10:00:00"));
    assert_eq!(refused, Some((RequestStatus::Refused, Some("RECOMPUTE_REQUIRED".to_owned()))));
    bench.at("2025-11-16T11:00:00", statement("again", FIRST, "102025", "2025-11-16T11:00:00"));
    assert_eq!(bench.lines(FIRST, "102025").unwrap().1.len(), 1);
    bench.at("2025-11-20T10:00:00", gstr3b("october", FIRST, "102025", "2025-11-20T10:00:00"));
    // A second form of October's window is heard of after October is locked.
    let later = Document { form: SupplierForm::Gstr1a, return_period: "092025", ..invoice("A-2", "092025") };
    bench.open("2025-11-25T10:00:00");
    bench.tell(later.step("saved later", SupplierStep::Saved, "2025-11-05T09:00:00"));
    bench.tell(later.step("filed later", SupplierStep::Filed, "2025-11-05T10:00:00"));
    assert!(bench.heard::<Alert>(Topic::Alerts).iter().any(|alert| alert.code == "LATE_FEED"));
    bench.at("2025-12-14T10:00:00", statement("november", FIRST, "112025", "2025-12-14T10:00:00"));
    let (_, lines) = bench.lines(FIRST, "112025").unwrap();
    assert_eq!(lines.iter().map(|line| (line.number.as_str(), line.late_feed)).collect::<Vec<_>>(), [("A-2", true)]);
    assert_eq!(bench.lines(FIRST, "102025").unwrap().0.version, 2, "the locked statement stays as it is");
}

#[test]
fn gn_7_one_change_touches_one_chunk() {
    let mut bench = Bench::new(&[FIRST], &[SUPPLIER], "102025");
    let note = Document { section: Gstr1Section::CN, rupees: 30, ..invoice("N-1", "102025") };
    let documents = [invoice("A-1", "102025"), invoice("A-2", "102025"), note.clone()];
    file(&mut bench, &documents, "2025-11-10T10:00:00");
    bench.at("2025-11-14T10:00:00", statement("first", FIRST, "102025", "2025-11-14T10:00:00"));
    let before = bench.heard::<Gstr2bChunk>(Topic::Gstr2b).len();
    bench.at("2025-11-15T10:00:00", action("reject", &note, ImsAction::Reject, "2025-11-15T10:00:00"));
    bench.at("2025-11-15T12:00:00", statement("second", FIRST, "102025", "2025-11-15T12:00:00"));
    let sent: Vec<_> = bench.heard::<Gstr2bChunk>(Topic::Gstr2b).split_off(before);
    assert_eq!(sent.len(), 1, "only the row into which the note went");
    assert!(sent[0].lines.iter().all(|line| line.table.as_str() == "6.B.I.B2B-CN"));
    let (last, _) = bench.lines(FIRST, "102025").unwrap();
    let versions: Vec<u32> = last.chunks.iter().map(|chunk| chunk.version).collect();
    assert_eq!(versions, [1, 2], "the manifest names the version that first carried each chunk");
}

/// A Bill of Entry of the first GSTIN.
pub(crate) fn bill(section: ImsSection, rupees: i64) -> BillOfEntryDetails {
    BillOfEntryDetails {
        bill_of_entry: "INNSA1/4000001/2025-10-08".parse().unwrap(),
        section,
        bill_of_entry_type: BillOfEntryType::default(),
        importer: FIRST.parse().unwrap(),
        taxable_value: Paise::from_rupees(1000),
        tax: igst(rupees),
        sez_supplier: None,
        parent: None,
        reference_date: Some("2025-10-10".parse().unwrap()),
    }
}

pub(crate) fn reported(id: &str, details: BillOfEntryDetails, when: &str) -> FeedRecord {
    let key = details.bill_of_entry.to_string();
    let fact = CustomsBillReported { record_id: RecordId(format!("{id}#0")), details, received_at: at(when) };
    FeedRecord::fact(Feed::BillsOfEntry, id, &key, Some(at(when)), &fact)
}

#[test]
fn tb_9_our_statement_read_again_by_the_portals_format_is_the_same_statement() {
    let mut bench = Bench::new(&[FIRST, SECOND], &[SUPPLIER], "102025");
    let note = Document { section: Gstr1Section::CN, rupees: 30, ..invoice("N-1", "102025") };
    let refused = invoice("A-2", "102025");
    file(&mut bench, &[invoice("A-1", "102025"), refused.clone(), note], "2025-11-10T10:00:00");
    bench.at("2025-11-11T10:00:00", action("reject", &refused, ImsAction::Reject, "2025-11-11T10:00:00"));
    bench.at("2025-10-12T10:00:00", reported("bill", bill(ImsSection::Impg, 180), "2025-10-12T10:00:00"));
    bench.at("2025-11-14T10:00:00", statement("first", FIRST, "102025", "2025-11-14T10:00:00"));
    bench.at("2025-11-20T10:00:00", gstr3b("october", FIRST, "102025", "2025-11-20T10:00:00"));
    let moved = CustomsBillGstinAmended {
        bill_of_entry: "INNSA1/4000001/2025-10-08".parse().unwrap(),
        from: FIRST.parse().unwrap(),
        to: SECOND.parse().unwrap(),
        amendment_date: "2025-11-22".parse().unwrap(),
        reversal_record_id: RecordId("moved#out".to_owned()),
        credit_record_id: RecordId("moved#in".to_owned()),
        received_at: at("2025-11-22T10:00:00"),
        origin: Origin::User,
    };
    let key = moved.bill_of_entry.to_string();
    let record = FeedRecord::fact(Feed::BillsOfEntry, "moved", &key, Some(moved.received_at), &moved);
    bench.at("2025-11-22T10:00:00", record);
    bench.at("2025-12-14T10:00:00", statement("second", FIRST, "112025", "2025-12-14T10:00:00"));
    let rows: StateView<'_> = bench.simulation.rows(WorkerName("gstr2b"), 0).unwrap();
    let first = FIRST.parse().unwrap();
    for of in ["102025", "112025"] {
        let json = gstr2b::view::gstn_json(&rows, first, period(of), None).unwrap().unwrap();
        assert_eq!(Gstr2b::parse(&json).unwrap().to_value(), json, "{of}");
        if of == "112025" {
            let text = json.to_string();
            assert!(text.contains("\"amendType\":\"D\"") && text.contains("\"isamd\":\"Y\""), "BE-8: {text}");
        }
    }
    let parts = gstr2b::view::gstn_json_parts(&rows, first, period("102025"), None, 3).unwrap().unwrap();
    let numbered: Vec<_> = parts.iter().map(|part| Gstr2b::parse(part).unwrap().part.unwrap()).collect();
    assert_eq!(numbered.iter().map(|part| (part.count, part.number)).collect::<Vec<_>>(), [(2, Some(1)), (2, Some(2))]);
}
