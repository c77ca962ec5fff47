//! What a filed return does: totals compared, the reversal statement asked; and credit notes that name no invoice.

use crate::support::monthly::{RECIPIENT, SUPPLIER, igst, recipient, story};
use crate::support::story::Story;
use gst_events::{
    Alert, ClaimedLine, CreditAvailed, CreditCategorySet, CreditSubject, EntryStatus, EventPayload, FilingDiffers,
    LedgerEntry, Origin, PeriodLocked, RecordId, ReturnClaimsTold, ReversalStatementOpened, Topic,
};
use gst_rules::{Rulebook, rule};
use gst_types::{DocumentKey, DocumentKind, IstInstant, TaxAmounts, TaxPeriod};
use itc_ledger::view;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) fn at(text: &str) -> IstInstant {
    text.parse().unwrap()
}

pub(crate) fn period(text: &str) -> TaxPeriod {
    text.parse().unwrap()
}

/// An invoice of 18,000.00 IGST, and its claim.
pub(crate) fn invoice_and_claim(issued: &str, received: &str, claimed: &str, claim_period: &str) -> Vec<Value> {
    vec![
        json!({"type": "document_received", "at": received, "record": {"ref": "A", "supplier_gstin": SUPPLIER,
            "recipient_gstin": RECIPIENT, "document_number": "INV-1", "document_date": issued,
            "taxable_value": "100000.00", "igst": "18000.00", "document_value": "118000.00"}}),
        json!({"type": "itc_claimed", "at": claimed, "ref": "A", "return_period": claim_period, "igst": "18000.00"}),
    ]
}

pub(crate) fn lock(story: &mut Story, of: &str, filed_at: &str, origin: Origin, table4: &[(&str, &str)]) {
    let locked = PeriodLocked {
        gstin: recipient().gstin(),
        period: period(of),
        filed_at: at(filed_at),
        statement_version: None,
        table4: table4.iter().map(|(line, tax)| ((*line).to_owned(), igst(tax))).collect(),
        arn: Some("AA2710240000001".to_owned()),
        origin,
    };
    story.bench.open_to(at(filed_at));
    story.bench.tell(RECIPIENT, at(filed_at), &locked);
}

pub(crate) fn claims_told(story: &mut Story, of: &str, filed_at: &str) {
    let told = ReturnClaimsTold { recipient: recipient(), period: period(of), filed_at: at(filed_at) };
    story.bench.tell(RECIPIENT, at(filed_at), &told);
}

fn decisions<P: EventPayload>(story: &Story) -> Vec<P> {
    let records = story.bench.all(Topic::RecipientJournal);
    let of_type = records.iter().filter(|record| record.header("ce_type") == Some(P::TYPE.0));
    of_type.map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
}

pub(crate) fn alerts(story: &Story, code: &str) -> Vec<Alert> {
    let alerts = story.bench.all(Topic::Alerts);
    let alerts = alerts.iter().map(|record| serde_json::from_slice::<Alert>(&record.value).unwrap());
    alerts.filter(|alert| alert.code == code).collect()
}

fn posted(story: &Story) -> usize {
    let entries = story.bench.all(Topic::Ledger);
    let entries = entries.iter().map(|record| serde_json::from_slice::<LedgerEntry>(&record.value).unwrap());
    entries.filter(|entry| entry.status == EntryStatus::Posted).count()
}

#[test]
fn filed_totals_are_compared_with_ours_once_every_claim_is_told() {
    let mut story = story(&invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024"));
    let filed = [("4A5", "18500.00"), ("4B2", "100.00")];
    lock(&mut story, "042024", "2024-05-20T11:00:00", Origin::Portal, &filed);
    assert!(decisions::<FilingDiffers>(&story).is_empty(), "claims of the return may still come");
    claims_told(&mut story, "042024", "2024-05-20T11:00:00");
    let [told] = decisions::<FilingDiffers>(&story).try_into().unwrap();
    let lines: Vec<(String, TaxAmounts)> = told.lines.into_iter().map(|one| (one.line, one.difference)).collect();
    assert_eq!(lines, vec![("4A5".to_owned(), igst("500.00")), ("4B2".to_owned(), igst("100.00"))]);
    assert_eq!(alerts(&story, "FILING_DIFFERS").len(), 1);
    let rows = story.bench.rows("itc-ledger");
    assert_eq!(view::filing_differences(&rows, recipient(), period("042024")).unwrap().len(), 2);
}

#[test]
fn a_return_filed_as_ours_differs_in_nothing_and_one_without_totals_is_not_compared() {
    for filed in [&[("4A5", "18000.00")][..], &[]] {
        let mut story = story(&invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024"));
        lock(&mut story, "042024", "2024-05-20T11:00:00", Origin::Portal, filed);
        claims_told(&mut story, "042024", "2024-05-20T11:00:00");
        assert!(decisions::<FilingDiffers>(&story).is_empty());
    }
}

#[test]
fn a_claim_told_after_the_comparison_tells_the_difference_anew() {
    let events = invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024");
    let mut story = story(&events[..1]);
    lock(&mut story, "042024", "2024-05-20T11:00:00", Origin::Portal, &[("4A5", "18000.00")]);
    claims_told(&mut story, "042024", "2024-05-20T11:00:00");
    story.event(&events[1]);
    let told: Vec<usize> = decisions::<FilingDiffers>(&story).iter().map(|one| one.lines.len()).collect();
    assert_eq!(told, vec![1, 0], "the late claim closes the difference");
}

fn opening(story: &mut Story, opening: &str) {
    let at = at("2025-12-01T00:00:00");
    let opened = ReversalStatementOpened { recipient: recipient(), opening: igst(opening), at };
    story.bench.tell(RECIPIENT, at, &opened);
}

fn status_of(story: &Story, of: &str) -> (&'static str, TaxAmounts) {
    let rows = story.bench.rows("itc-ledger");
    let views = view::reversal_statement(&rows, recipient(), &Rulebook::embedded()).unwrap();
    let view = views.iter().find(|view| view.return_period == period(of)).unwrap();
    (view.status, view.closing)
}

#[test]
fn ecr_2_before_2026_an_excess_is_warned_about_and_posted() {
    let claim = invoice_and_claim("2025-10-15", "2025-10-16T10:00:00", "2026-01-20T10:00:00", "122025");
    let mut story = story(&claim);
    opening(&mut story, "-500.00");
    lock(&mut story, "122025", "2026-01-20T11:00:00", Origin::User, &[]);
    assert_eq!(posted(&story), 1);
    let [alert] = alerts(&story, "ECRRS_RECLAIM_EXCEEDS_BALANCE").try_into().unwrap();
    assert!(alert.message.starts_with("WARNED") && alert.message.contains("igst 500.00"), "{}", alert.message);
    assert_eq!(status_of(&story, "122025"), ("WARNED", igst("-500.00")));
}

#[test]
fn ecr_2_ecr_3_from_2026_a_blocked_return_posts_nothing_until_the_balance_is_wiped_out() {
    let claim = invoice_and_claim("2025-10-15", "2025-10-16T10:00:00", "2026-02-20T10:00:00", "012026");
    let mut story = story(&claim);
    opening(&mut story, "-500.00");
    lock(&mut story, "012026", "2026-02-20T11:00:00", Origin::User, &[]);
    assert_eq!(posted(&story), 0);
    let [alert] = alerts(&story, "ECRRS_RECLAIM_EXCEEDS_BALANCE").try_into().unwrap();
    assert!(alert.message.starts_with("BLOCKED"), "{}", alert.message);
    assert_eq!(status_of(&story, "012026").0, "BLOCKED");
    story.bench.open_to(at("2026-02-22T10:00:00"));
    assert_eq!(posted(&story), 0, "looked at again, still blocked");
    // The balance is corrected on the portal: the return is posted on the next day, as filed on its own.
    opening(&mut story, "0.00");
    story.bench.open_to(at("2026-02-23T10:00:00"));
    assert_eq!(posted(&story), 1);
    let rows = story.bench.rows("itc-ledger");
    let filed_at = view::return_of(&rows, recipient(), period("012026")).unwrap().filed_at;
    assert_eq!(filed_at, Some(at("2026-02-20T11:00:00")));
}

#[test]
fn ecr_2_what_the_portal_says_was_filed_is_posted_with_a_warning() {
    let claim = invoice_and_claim("2025-10-15", "2025-10-16T10:00:00", "2026-02-20T10:00:00", "012026");
    let mut story = story(&claim);
    opening(&mut story, "-500.00");
    lock(&mut story, "012026", "2026-02-20T11:00:00", Origin::Portal, &[]);
    assert_eq!((posted(&story), alerts(&story, "ECRRS_RECLAIM_EXCEEDS_BALANCE").len()), (1, 1));
}

#[test]
fn ecr_1_a_return_in_order_is_neither_warned_about_nor_blocked() {
    let claim = invoice_and_claim("2025-10-15", "2025-10-16T10:00:00", "2026-02-20T10:00:00", "012026");
    let mut story = story(&claim);
    lock(&mut story, "012026", "2026-02-20T11:00:00", Origin::User, &[]);
    assert_eq!((posted(&story), alerts(&story, "ECRRS_RECLAIM_EXCEEDS_BALANCE").len()), (1, 0));
}

fn note() -> DocumentKey {
    let date = "2024-06-10".parse().unwrap();
    DocumentKey::new(SUPPLIER.parse().unwrap(), DocumentKind::CreditNote, "CN-1".parse().unwrap(), date)
}

/// The line of a statement for a credit note of 3,600.00 IGST.
fn line_of_note(story: &mut Story) {
    let filed_at = at("2024-07-20T10:00:00");
    let line = ClaimedLine {
        record_id: RecordId("cn#0".to_owned()),
        period: period("062024"),
        table: "3.B.I.CDNR".parse().unwrap(),
        credit: igst("-3600.00"),
    };
    let availed = CreditAvailed {
        recipient: recipient(),
        claim_id: "062024/cn#0".to_owned(),
        subject: CreditSubject::Document(note()),
        return_period: period("062024"),
        availed_at: filed_at,
        claimed: igst("-3600.00"),
        line: Some(line),
        from_register: false,
        rule: rule::TB_7,
    };
    story.bench.open_to(filed_at);
    story.bench.tell(RECIPIENT, filed_at, &availed);
}

fn credit_of(story: &Story) -> (String, TaxAmounts) {
    let rows = story.bench.rows("itc-ledger");
    let invoice = &story.documents["A"];
    let found = view::document(&rows, recipient(), invoice, &Rulebook::embedded()).unwrap().unwrap();
    (found.money.unwrap().payable.to_string(), found.credit.unwrap().base)
}

#[test]
fn r37_11_a_note_that_names_no_invoice_is_visible_until_the_register_names_it() {
    let mut story = story(&invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024"));
    line_of_note(&mut story);
    assert_eq!(credit_of(&story), ("118000.00".to_owned(), igst("18000.00")), "payable and base fall together");
    assert_eq!(alerts(&story, "CREDIT_NOTE_NAMES_NO_INVOICE").len(), 1);
    let open = |story: &Story| view::unlinked_notes(&story.bench.rows("itc-ledger"), recipient(), None, 10).unwrap();
    assert_eq!(open(&story), vec![view::UnlinkedNote { note: note(), tax: igst("3600.00") }]);
    story.event(&json!({"type": "credit_note_accepted", "at": "2024-08-01T10:00:00", "record": {"ref": "CN",
        "invoice_ref": "A", "document_number": "CN-1", "document_date": "2024-06-10", "taxable_value": "20000.00",
        "igst": "3600.00", "document_value": "23600.00"}}));
    assert_eq!(credit_of(&story), ("94400.00".to_owned(), igst("14400.00")));
    assert!(open(&story).is_empty());
    // Its tax went out once, with the line.
    let rows = story.bench.rows("itc-ledger");
    let filed = view::return_of(&rows, recipient(), period("082024")).unwrap();
    assert_eq!(filed.lines["4A5"], TaxAmounts::ZERO);
}

#[test]
fn r37_11_a_note_that_the_register_named_first_is_never_asked_about() {
    let mut story = story(&invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024"));
    story.event(&json!({"type": "credit_note_accepted", "at": "2024-06-12T10:00:00", "record": {"ref": "CN",
        "invoice_ref": "A", "document_number": "CN-1", "document_date": "2024-06-10", "taxable_value": "20000.00",
        "igst": "3600.00", "document_value": "23600.00"}}));
    line_of_note(&mut story);
    assert!(alerts(&story, "CREDIT_NOTE_NAMES_NO_INVOICE").is_empty());
    let rows = story.bench.rows("itc-ledger");
    assert_eq!(view::return_of(&rows, recipient(), period("062024")).unwrap().lines["4A5"], igst("-3600.00"));
}

#[test]
fn r37a_2_a_report_later_on_1_october_goes_to_the_period_of_its_day() {
    let config = [("r37a.reversal_return".to_owned(), "SEPTEMBER".to_owned())].into();
    let mut story = Story::new(&config);
    story.event(&json!({"type": "recipient_registered", "gstin": RECIPIENT, "filing_frequency": "MONTHLY"}));
    for event in invoice_and_claim("2024-05-15", "2024-05-16T10:00:00", "2024-06-20T10:00:00", "052024") {
        story.event(&event);
    }
    story.event(&json!({"type": "payment_made", "at": "2024-06-21T10:00:00", "ref": "A", "amount": "118000.00"}));
    story.event(&json!({"type": "supplier_gstr3b_not_filed", "at": "2025-10-01T10:00:00", "gstin": SUPPLIER,
        "period": "052024"}));
    let rows = story.bench.rows("itc-ledger");
    assert_eq!(view::return_of(&rows, recipient(), period("102025")).unwrap().lines["4B2"], igst("18000.00"));
    assert!(view::return_of(&rows, recipient(), period("092025")).unwrap().lines["4B2"].is_zero());
}

fn categorise(story: &mut Story, at_text: &str, category: &str, usage: Option<&str>) {
    let set = CreditCategorySet {
        recipient: recipient(),
        subject: story.documents["A"].clone(),
        category: category.to_owned(),
        usage: usage.map(str::to_owned),
        exclusive_use: None,
        reason: None,
        at: at(at_text),
    };
    story.bench.open_to(at(at_text));
    story.bench.tell(RECIPIENT, at(at_text), &set);
}

pub(crate) fn lines_of(story: &Story, of: &str) -> BTreeMap<String, TaxAmounts> {
    view::return_of(&story.bench.rows("itc-ledger"), recipient(), period(of)).unwrap().lines
}

#[test]
fn blk_3_blocked_credit_goes_gross_into_4a_and_out_through_4b1_of_the_same_return() {
    let events = invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024");
    let mut story = story(&events[..1]);
    categorise(&mut story, "2024-04-17T10:00:00", "MOTOR_VEHICLE_UPTO_13", None);
    story.event(&events[1]);
    let lines = lines_of(&story, "042024");
    assert_eq!((lines["4A5"], lines["4B1"]), (igst("18000.00"), igst("18000.00")));
    // Nothing is left for rule 37 (APP-2).
    story.bench.open_to(at("2024-10-14T10:00:00"));
    assert!(lines_of(&story, "102024")["4B2"].is_zero());
}

#[test]
fn blk_2_an_exception_of_use_leaves_the_credit_alone() {
    let mut story = story(&invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024"));
    categorise(&mut story, "2024-06-17T10:00:00", "MOTOR_VEHICLE_UPTO_13", Some("FURTHER_SUPPLY"));
    assert!(lines_of(&story, "062024")["4B1"].is_zero());
}

#[test]
fn blk_3_a_category_set_after_the_claim_takes_the_rest_out_once() {
    let mut story = story(&invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024"));
    story.event(&json!({"type": "itc_reversed_permanently", "at": "2024-06-20T10:00:00", "ref": "A", "rule": "42",
        "return_period": "052024", "igst": "3000.00"}));
    categorise(&mut story, "2024-07-17T10:00:00", "FOOD", None);
    categorise(&mut story, "2024-07-18T10:00:00", "FOOD", None);
    assert_eq!(lines_of(&story, "072024")["4B1"], igst("15000.00"));
}

#[test]
fn blk_1_a_category_that_nobody_knows_changes_nothing_and_is_told() {
    let mut story = story(&invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", "2024-05-20T10:00:00", "042024"));
    categorise(&mut story, "2024-07-17T10:00:00", "YACHT", None);
    assert_eq!(alerts(&story, "CREDIT_CATEGORY_UNKNOWN").len(), 1);
    assert!(lines_of(&story, "072024")["4B1"].is_zero());
}

#[test]
fn boe_4_a_bill_that_was_cancelled_gives_no_credit_any_more() {
    let bill = |port: &str| {
        json!({"ref": "B", "section": "IMPG", "importer_gstin": RECIPIENT, "port_code": port, "boe_number": "1234567",
            "boe_date": "2026-04-01", "taxable_value": "277777.78", "igst": "50000.00"})
    };
    let step = |at: &str, status: &str| json!({"type": "boe_status_changed", "at": at, "ref": "B", "status": status});
    let claim = json!({"type": "itc_claimed", "at": "2026-05-20T10:00:00", "ref": "B", "return_period": "042026",
        "igst": "50000.00"});
    let mut events = vec![
        json!({"type": "boe_received", "at": "2026-04-02T10:00:00", "record": bill("INNSA1")}),
        step("2026-04-05T10:00:00", "DUTY_PAID"),
        step("2026-04-10T10:00:00", "OUT_OF_CHARGE"),
        step("2026-04-12T10:00:00", "CANCELLED"),
        claim.clone(),
    ];
    let before = story(&events);
    assert_eq!(alerts(&before, "BOE_CREDIT_NOT_DUE").len(), 1);
    events.truncate(3);
    events.extend([claim, step("2026-06-12T10:00:00", "CANCELLED")]);
    assert_eq!(alerts(&story(&events), "BOE_ENDED_WITH_CREDIT").len(), 1, "what was claimed stands, and is told");
}

#[test]
fn ecr_4_reverse_charge_credit_is_held_against_the_tax_paid_on_it() {
    let mut events = invoice_and_claim("2024-08-15", "2024-08-16T10:00:00", "2024-09-20T10:00:00", "082024");
    events[0]["record"]["reverse_charge"] = json!(true);
    events[0]["record"]["document_value"] = json!("100000.00");
    for (paid, excess) in [("18000.00", None), ("17999.99", Some("igst 0.01"))] {
        let mut story = story(&events);
        let filed = "2024-09-20T10:00:00";
        lock(&mut story, "082024", filed, Origin::Portal, &[("3.1d", paid), ("4A3", "18000.00")]);
        claims_told(&mut story, "082024", filed);
        let told = alerts(&story, "RCM_CREDIT_EXCEEDS_TAX_PAID");
        assert_eq!(told.len(), usize::from(excess.is_some()));
        assert!(excess.is_none_or(|excess| told[0].message.contains(excess)));
        let rows = story.bench.rows("itc-ledger");
        let statement = view::reverse_charge_statement(&rows, recipient()).unwrap();
        assert_eq!((statement[0].tax_paid, statement[0].credit), (igst(paid), igst("18000.00")));
    }
}

#[test]
fn r37a_7_a_table_5_line_that_never_comes_is_told_when_the_return_with_the_reversal_is_filed() {
    let mut events = invoice_and_claim("2024-05-15", "2024-05-16T10:00:00", "2024-06-20T10:00:00", "052024");
    events.push(json!({"type": "payment_made", "at": "2024-06-21T10:00:00", "ref": "A", "amount": "118000.00"}));
    events.push(json!({"type": "supplier_gstr3b_not_filed", "at": "2025-09-01T10:00:00", "gstin": SUPPLIER, "period": "052024"}));
    let mut story = story(&events);
    story.bench.open_to(at("2025-11-19T10:00:00"));
    assert!(alerts(&story, "RULE_37A_NOT_LISTED").is_empty());
    lock(&mut story, "102025", "2025-11-20T10:00:00", Origin::Portal, &[]);
    assert_eq!(alerts(&story, "RULE_37A_NOT_LISTED").len(), 1);
}
