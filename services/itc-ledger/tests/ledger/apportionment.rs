//! Rules 38, 42 and 43 of a return from the turnover told (APP-3 to APP-5), and the reversal a taxpayer makes himself (T4-9).

use crate::filing::{alerts, at, claims_told, invoice_and_claim, lines_of, lock, period};
use crate::support::monthly::{RECIPIENT, igst, recipient, story};
use crate::support::story::Story;
use gst_events::{
    CreditCategorySet, ExclusiveUse, LedgerEntry, Origin, PermanentReversalRecorded, PermanentReversalRule,
};
use gst_events::{Topic, TurnoverReported};
use gst_rules::rule;
use serde_json::json;

pub(crate) const FILED: &str = "2024-05-20T10:00:00";

pub(crate) fn claimed() -> Story {
    story(&invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", FILED, "042024"))
}

pub(crate) fn turnover(story: &mut Story, of: &str, told: &str, exempt: &str, section_17_4: bool) {
    let fact = TurnoverReported {
        recipient: recipient(),
        period: period(of),
        exempt: exempt.parse().unwrap(),
        total: "100.00".parse().unwrap(),
        common_use_non_business: false,
        section_17_4,
        at: at(told),
    };
    story.bench.open_to(at(told));
    story.bench.tell(RECIPIENT, at(told), &fact);
}

pub(crate) fn file(story: &mut Story, of: &str, filed_at: &str) {
    lock(story, of, filed_at, Origin::Portal, &[]);
    claims_told(story, of, filed_at);
}

fn used_for(story: &mut Story, category: &str, exclusive_use: Option<ExclusiveUse>) {
    let fact = CreditCategorySet {
        recipient: recipient(),
        subject: story.documents["A"].clone(),
        category: category.to_owned(),
        usage: None,
        exclusive_use,
        reason: None,
        at: at("2024-04-17T10:00:00"),
    };
    story.bench.tell(RECIPIENT, at("2024-04-17T10:00:00"), &fact);
}

#[test]
fn app_3_common_credit_gives_up_its_exempt_share_and_rule_37_finds_the_rest() {
    let mut story = claimed();
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "20.00", false);
    assert!(lines_of(&story, "042024")["4B1"].is_zero(), "the claims of the return are not told yet");
    file(&mut story, "042024", FILED);
    assert_eq!(lines_of(&story, "042024")["4B1"], igst("3600.00"));
    // Told better, but of before the filing: the same return.
    turnover(&mut story, "042024", "2024-05-20T09:30:00", "25.00", false);
    assert_eq!(lines_of(&story, "042024")["4B1"], igst("4500.00"));
    // Told after the filing: the difference goes to the period of its day, here back.
    turnover(&mut story, "042024", "2024-06-05T10:00:00", "10.00", false);
    assert_eq!(lines_of(&story, "042024")["4B1"], igst("4500.00"));
    assert_eq!(lines_of(&story, "062024")["4B1"], igst("-2700.00"));
    story.bench.open_to(at("2024-10-13T00:00:00"));
    assert_eq!(lines_of(&story, "102024")["4B2"], igst("16200.00"));
}

#[test]
fn app_3_the_entry_names_its_rule_and_shows_its_working() {
    let mut story = claimed();
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "20.00", false);
    file(&mut story, "042024", FILED);
    let entries = story.bench.all(Topic::Ledger);
    let entries: Vec<LedgerEntry> =
        entries.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect();
    let entry = entries.iter().find(|entry| entry.rule == rule::APP_3).unwrap();
    assert_eq!(entry.applied["apportionment.working"], "igst: 18000.00 × (20.00 / 100.00)");
}

#[test]
fn app_3_turnover_and_claims_give_the_same_in_either_order() {
    let mut story = claimed();
    file(&mut story, "042024", FILED);
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "20.00", false);
    assert_eq!(lines_of(&story, "042024")["4B1"], igst("3600.00"));
}

#[test]
fn app_3_exclusive_use_is_free_or_goes_out_whole() {
    for (exclusive_use, out) in [(ExclusiveUse::Taxable, "0.00"), (ExclusiveUse::Exempt, "18000.00")] {
        let events = invoice_and_claim("2024-04-15", "2024-04-16T10:00:00", FILED, "042024");
        let mut story = story(&events[..1]);
        used_for(&mut story, "INPUT", Some(exclusive_use));
        story.event(&events[1]);
        turnover(&mut story, "042024", "2024-05-20T11:00:00", "20.00", false);
        file(&mut story, "042024", FILED);
        assert_eq!(lines_of(&story, "042024")["4B1"], igst(out));
    }
}

#[test]
fn app_4_capital_goods_in_common_use_give_up_a_sixtieth_a_month_with_the_last_known_ratio() {
    let mut story = claimed();
    used_for(&mut story, "CAPITAL_GOODS", None);
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "25.00", false);
    file(&mut story, "042024", FILED);
    file(&mut story, "052024", "2024-06-20T10:00:00");
    for of in ["042024", "052024"] {
        assert_eq!(lines_of(&story, of)["4B1"], igst("75.00"), "{of}");
    }
    // The life of 60 months from April 2024 ends with March 2029.
    file(&mut story, "042029", "2029-05-20T10:00:00");
    assert!(lines_of(&story, "042029")["4B1"].is_zero());
}

#[test]
fn app_5_a_bank_gives_up_half() {
    let mut story = claimed();
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "0.00", true);
    file(&mut story, "042024", FILED);
    assert_eq!(lines_of(&story, "042024")["4B1"], igst("9000.00"));
}

#[test]
fn app_3_a_turnover_that_is_none_is_told_and_changes_nothing() {
    let mut story = claimed();
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "100.01", false);
    file(&mut story, "042024", FILED);
    assert_eq!(alerts(&story, "TURNOVER_UNUSABLE").len(), 1);
    assert!(lines_of(&story, "042024")["4B1"].is_zero());
}

#[test]
fn t4_9_what_the_taxpayer_reverses_himself_goes_to_4b2_and_never_comes_back() {
    let bill = json!({"ref": "B", "section": "IMPG", "importer_gstin": RECIPIENT, "port_code": "INNSA1",
        "boe_number": "1234567", "boe_date": "2026-04-01", "taxable_value": "277777.78", "igst": "50000.00"});
    let step = |at: &str, status: &str| json!({"type": "boe_status_changed", "at": at, "ref": "B", "status": status});
    let mut story = story(&[
        json!({"type": "boe_received", "at": "2026-04-02T10:00:00", "record": bill}),
        step("2026-04-05T10:00:00", "DUTY_PAID"),
        step("2026-04-10T10:00:00", "OUT_OF_CHARGE"),
        json!({"type": "itc_claimed", "at": "2026-05-20T10:00:00", "ref": "B", "return_period": "042026", "igst": "50000.00"}),
    ]);
    let fact = PermanentReversalRecorded {
        recipient: recipient(),
        reversal_id: "own".to_owned(),
        subject: story.documents["B"].clone(),
        rule: PermanentReversalRule::BoeGstinChanged,
        return_period: period("052026"),
        tax: igst("60000.00"),
        at: at("2026-06-10T10:00:00"),
    };
    story.bench.open_to(at("2026-06-10T10:00:00"));
    story.bench.tell(RECIPIENT, at("2026-06-10T10:00:00"), &fact);
    assert_eq!(lines_of(&story, "052026")["4B2"], igst("50000.00"), "no more than was availed");
    let entries = story.bench.all(Topic::Ledger);
    let last: LedgerEntry = serde_json::from_slice(&entries.last().unwrap().value).unwrap();
    assert_eq!((last.rule, last.reclaimable), (rule::T4_9, false));
}
