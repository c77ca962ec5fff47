//! Rule 42(2): the year ends with the return of the September behind it (APP-3).

use crate::apportionment::{FILED, claimed, file, turnover};
use crate::filing::{alerts, at, lines_of};
use crate::support::monthly::{RECIPIENT, SUPPLIER, igst, story};
use crate::support::story::Story;
use gst_events::{InterestBasis, LedgerEntry, LedgerEntryKind, Topic};
use gst_rules::rule;
use gst_types::TaxAmounts;
use serde_json::{Value, json};

/// An invoice with that much IGST, paid at once, so that rule 37 asks for nothing.
fn paid(name: &str, tax: &str, value: &str, claim_period: &str, claimed: &str) -> Vec<Value> {
    vec![
        json!({"type": "document_received", "at": "2024-04-16T10:00:00", "record": {"ref": name,
            "supplier_gstin": SUPPLIER, "recipient_gstin": RECIPIENT, "document_number": name,
            "document_date": "2024-04-15", "taxable_value": value, "igst": tax, "document_value": value}}),
        json!({"type": "payment_made", "at": "2024-04-17T10:00:00", "ref": name, "amount": value}),
        json!({"type": "itc_claimed", "at": claimed, "ref": name, "return_period": claim_period, "igst": tax}),
    ]
}

/// April gives up 10 % of A, May 40 % of B; with June the year's ratio is 50 %: 18,000.00 in place of 9,000.00.
fn shortage() -> Story {
    let a = paid("A", "18000.00", "100000.00", "042024", "2024-05-20T10:00:00");
    let b = paid("B", "18000.00", "100000.00", "052024", "2024-06-20T10:00:00");
    // Events are in time order: both invoices and payments, then the claims.
    let mut story = story(&[a[0].clone(), b[0].clone(), a[1].clone(), b[1].clone(), a[2].clone()]);
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "10.00", false);
    file(&mut story, "042024", FILED);
    story.event(&b[2]);
    turnover(&mut story, "052024", "2024-06-20T11:00:00", "40.00", false);
    file(&mut story, "052024", "2024-06-20T12:00:00");
    turnover(&mut story, "062024", "2024-07-20T10:00:00", "100.00", false);
    story
}

/// What the year took out of each document, and its interest, as posted.
fn of_the_year(story: &Story) -> Vec<(String, TaxAmounts, Option<TaxAmounts>)> {
    let entries = story.bench.all(Topic::Ledger);
    let entries = entries.iter().map(|record| serde_json::from_slice::<LedgerEntry>(&record.value).unwrap());
    let posted = entries.filter(|entry| {
        entry.entry == LedgerEntryKind::PermanentReversal
            && entry.posted_at.is_some()
            && entry.date.to_string().as_str() > "2025-09-30"
    });
    let name = |entry: &LedgerEntry| {
        let subject = entry.subject.to_string();
        ["A", "B"].into_iter().find(|name| subject.contains(&format!(":{name}:"))).unwrap_or_default().to_owned()
    };
    posted.map(|entry| (name(&entry), entry.tax, entry.interest.map(|interest| interest.total))).collect()
}

#[test]
fn app_3_what_the_months_gave_up_too_much_comes_back_with_the_september_return() {
    let mut story = claimed();
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "20.00", false);
    file(&mut story, "042024", FILED);
    turnover(&mut story, "052024", "2024-06-19T09:00:00", "0.00", false);
    file(&mut story, "092025", "2025-10-20T10:00:00");
    // 18,000.00 × 20 / 200 = 1,800.00 for the year; April gave up 3,600.00.
    assert_eq!(lines_of(&story, "092025")["4B1"], igst("-1800.00"));
    let [told] = alerts(&story, "RULE_42_YEAR_DIFFERS").try_into().unwrap();
    let words = "18000.00 × 20.00 / 200.00 = 1800.00, in the returns 3600.00; the excess of 1800.00 comes back";
    assert!(told.message.contains(words), "{}", told.message);
    let entries = of_the_year(&story);
    assert!(entries.iter().all(|(_, _, interest)| interest.is_none()), "an excess bears no interest: {entries:?}");
}

#[test]
fn app_3_a_shortage_goes_out_with_the_september_return_and_bears_interest_from_1_april() {
    let mut story = shortage();
    file(&mut story, "082025", "2025-09-20T10:00:00");
    assert!(alerts(&story, "RULE_42_YEAR_DIFFERS").is_empty(), "the year ends with September");
    file(&mut story, "092025", "2025-10-20T10:00:00");
    assert_eq!(lines_of(&story, "092025")["4B1"], igst("9000.00"));
    // A kept 16,200.00 and B 10,800.00; 202 days from 1 April to 20 October at 18 %.
    let expected = [("A", "5400.00", "537.93"), ("B", "3600.00", "358.62")];
    let expected = expected.map(|(name, tax, interest)| (name.to_owned(), igst(tax), Some(igst(interest))));
    assert_eq!(of_the_year(&story), expected);
    let entries = story.bench.all(Topic::Ledger);
    let last: LedgerEntry = serde_json::from_slice(&entries.last().unwrap().value).unwrap();
    assert_eq!((last.rule, last.interest_from), (rule::APP_3, Some("2025-04-01".parse().unwrap())));
    assert_eq!(last.interest.as_ref().map(|interest| interest.basis), Some(InterestBasis::NamedDay));
    assert_eq!(last.interest.unwrap().slices[0].working, "igst: 3600.00 × 202 × 18 / 36500");
    let words = "2024-25: igst: 36000.00 × 150.00 / 300.00 = 18000.00, in the returns 9000.00; \
                 difference 9000.00 × 10800.00 / 27000.00";
    assert_eq!(last.applied["apportionment.working"], words);
    assert!(!last.applied.contains_key("interest.basis"), "the rule names the day, no configuration");
}

#[test]
fn app_3_a_turnover_told_after_the_year_calculates_it_again() {
    let mut story = shortage();
    file(&mut story, "092025", "2025-10-20T10:00:00");
    file(&mut story, "092025", "2025-10-20T10:00:00");
    assert_eq!(of_the_year(&story).len(), 2, "the same return told again changes nothing");
    // June had 40 of 100: 36,000.00 × 90 / 300 = 10,800.00, so 7,200.00 of the 9,000.00 come back.
    turnover(&mut story, "062024", "2025-11-05T10:00:00", "40.00", false);
    assert_eq!(lines_of(&story, "092025")["4B1"], igst("9000.00"));
    assert_eq!(lines_of(&story, "112025")["4B1"], igst("-7200.00"));
}

#[test]
fn app_3_a_month_without_a_ratio_of_its_own_has_its_part_in_the_year() {
    let a = paid("A", "18000.00", "100000.00", "042024", "2024-05-20T10:00:00");
    let mut story = story(&a);
    file(&mut story, "042024", FILED);
    turnover(&mut story, "052024", "2024-06-20T11:00:00", "20.00", false);
    assert!(lines_of(&story, "042024")["4B1"].is_zero(), "nothing was known of April or before");
    file(&mut story, "092025", "2025-10-20T10:00:00");
    assert_eq!(lines_of(&story, "092025")["4B1"], igst("3600.00"));
}

#[test]
fn app_3_the_year_is_walked_in_pages_without_a_paisa_of_drift() {
    let documents: Vec<Vec<Value>> = (0..120)
        .map(|number| paid(&format!("N{number}"), "10.01", "100.00", "042024", "2024-05-20T10:00:00"))
        .collect();
    let in_time_order: Vec<Value> =
        (0..3).flat_map(|step| documents.iter().map(move |events| events[step].clone())).collect();
    let mut story = story(&in_time_order);
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "10.00", false);
    file(&mut story, "042024", FILED);
    turnover(&mut story, "052024", "2024-06-20T11:00:00", "20.00", false);
    file(&mut story, "092025", "2025-10-20T10:00:00");
    // 1,201.20 × 10 % = 120.12 in April, 1,201.20 × 30 / 200 = 180.18 for the year.
    assert_eq!(lines_of(&story, "042024")["4B1"], igst("120.12"));
    assert_eq!(lines_of(&story, "092025")["4B1"], igst("60.06"));
}

#[test]
fn app_5_a_banks_half_is_final() {
    let mut story = claimed();
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "0.00", true);
    file(&mut story, "042024", FILED);
    file(&mut story, "092025", "2025-10-20T10:00:00");
    assert!(lines_of(&story, "092025")["4B1"].is_zero());
    assert!(alerts(&story, "RULE_42_YEAR_DIFFERS").is_empty());
}

#[test]
fn app_4_capital_goods_have_no_calculation_of_the_year() {
    use gst_events::CreditCategorySet;
    let mut story = claimed();
    let fact = CreditCategorySet {
        recipient: crate::support::monthly::recipient(),
        subject: story.documents["A"].clone(),
        category: "CAPITAL_GOODS".to_owned(),
        usage: None,
        exclusive_use: None,
        reason: None,
        at: at("2024-04-17T10:00:00"),
    };
    story.bench.tell(RECIPIENT, at("2024-04-17T10:00:00"), &fact);
    turnover(&mut story, "042024", "2024-05-20T09:00:00", "25.00", false);
    file(&mut story, "042024", FILED);
    turnover(&mut story, "052024", "2024-06-20T09:00:00", "0.00", false);
    turnover(&mut story, "092025", "2025-10-20T09:00:00", "0.00", false);
    file(&mut story, "092025", "2025-10-20T10:00:00");
    // 300.00 a month × 25 / 100 in April; September has no exempt turnover, and April is not touched.
    assert_eq!(lines_of(&story, "042024")["4B1"], igst("75.00"));
    assert!(lines_of(&story, "092025")["4B1"].is_zero());
}
