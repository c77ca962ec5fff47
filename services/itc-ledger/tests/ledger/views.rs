//! What the views show: Table 4 with the entries behind it, and the rule 37 report.

use crate::support::monthly::{RECIPIENT, SUPPLIER, igst, recipient};
use crate::support::story::Story;
use gst_rules::Rulebook;
use gst_types::{IstDate, Paise, TaxAmounts};
use itc_ledger::state::TimerState;
use itc_ledger::view::{self, Rule37Filter, Rule37Row};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn rupees(amount: i64) -> Paise {
    Paise::from_rupees(amount)
}

/// R37-9: invoice of 15 Apr 2024, half paid in time; 29,500.00 more on 20 Oct 2024, in the period of day 181.
fn late_in_its_own_period(config: &[(&str, &str)]) -> Story {
    let config: BTreeMap<String, String> =
        config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let mut story = Story::new(&config);
    let events = [
        json!({"type": "recipient_registered", "gstin": RECIPIENT, "filing_frequency": "MONTHLY"}),
        json!({"type": "document_received", "at": "2024-04-16T10:00:00", "record": {"ref": "A",
            "supplier_gstin": SUPPLIER, "recipient_gstin": RECIPIENT, "document_number": "INV-1",
            "document_date": "2024-04-15", "taxable_value": "100000.00", "igst": "18000.00",
            "document_value": "118000.00"}}),
        json!({"type": "itc_claimed", "at": "2024-05-20T10:00:00", "ref": "A", "return_period": "042024",
            "igst": "18000.00"}),
        json!({"type": "payment_made", "at": "2024-06-01T10:00:00", "ref": "A", "amount": "59000.00"}),
        json!({"type": "payment_made", "at": "2024-10-20T10:00:00", "ref": "A", "amount": "29500.00"}),
    ];
    for event in &events {
        story.event(event);
    }
    story
}

fn report(story: &Story, today: &str, filter: &Rule37Filter) -> Vec<Rule37Row> {
    let rows = story.bench.rows("itc-ledger");
    let today: IstDate = today.parse().unwrap();
    let rules = Rulebook::embedded();
    view::rule_37_report(&rows, recipient(), &rules, today, filter, None, 100).unwrap().rows
}

fn by_line(draft: &view::Table4Draft) -> BTreeMap<String, TaxAmounts> {
    let mut sums: BTreeMap<String, TaxAmounts> = BTreeMap::new();
    for one in &draft.trace {
        *sums.entry(one.line.clone()).or_default() += one.tax;
    }
    sums
}

#[test]
fn r37_9_each_rupee_of_table_4_leads_to_an_entry_gross_and_net() {
    for (netting, reversed, reclaimed) in [("GROSS", "9000.00", "4500.00"), ("NET", "4500.00", "0.00")] {
        let story = late_in_its_own_period(&[("r37.same_period_netting", netting)]);
        let rows = story.bench.rows("itc-ledger");
        let draft = view::table4_draft(&rows, recipient(), "102024".parse().unwrap()).unwrap();
        assert_eq!(draft.table4.lines["4B2"], igst(reversed), "{netting}");
        assert_eq!(draft.table4.lines["4D1"], igst(reclaimed), "{netting}");
        let traced = by_line(&draft);
        for (line, tax) in &draft.table4.lines {
            assert_eq!(traced.get(line).copied().unwrap_or_default(), *tax, "{netting} {line}");
        }
        assert!(draft.trace.iter().all(|one| one.entry.subject.to_string().contains("INV-1")));
    }
}

#[test]
fn t4_6_the_draft_is_gstns_itc_elg() {
    let story = late_in_its_own_period(&[]);
    let rows = story.bench.rows("itc-ledger");
    let draft = view::table4_draft(&rows, recipient(), "102024".parse().unwrap()).unwrap();
    let row = |list: &str, kind: &str| -> Value {
        let rows = draft.itc_elg[list].as_array().unwrap();
        rows.iter().find(|row| row["ty"] == kind).unwrap()["iamt"].clone()
    };
    assert_eq!(row("itc_rev", "OTH").to_string(), "9000");
    assert_eq!(row("itc_avl", "OTH").to_string(), "4500");
    assert_eq!(row("itc_inelg", "RUL").to_string(), "4500");
    assert_eq!(draft.itc_elg["itc_net"]["iamt"].to_string(), "-4500");
}

#[test]
fn r37_18_the_report_has_the_columns_that_users_ask_for() {
    let story = late_in_its_own_period(&[]);
    let found = report(&story, "2024-10-21", &Rule37Filter::default());
    let [row] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((row.document.number.to_string(), row.supplier.to_string()), ("INV-1".to_owned(), SUPPLIER.to_owned()));
    assert_eq!(row.due_date.map(|day| day.to_string()).as_deref(), Some("2024-10-12"));
    assert_eq!((row.invoice_amount, row.taxable_amount, row.tax), (rupees(118_000), rupees(100_000), igst("18000.00")));
    assert_eq!((row.paid, row.outstanding, row.days), (rupees(88_500), rupees(29_500), 189));
    assert_eq!((row.itc_to_reverse, row.itc_reversed), (igst("4500.00"), igst("4500.00")));
    assert_eq!((row.status, row.reversal_reference.is_some()), (TimerState::PartReclaimed, true));
}

#[test]
fn r37_18_the_report_is_filtered() {
    let story = late_in_its_own_period(&[]);
    let count = |filter: Rule37Filter| report(&story, "2024-10-21", &filter).len();
    let day = |text: &str| text.parse::<IstDate>().ok();
    assert_eq!(count(Rule37Filter { supplier: SUPPLIER.parse().ok(), ..Rule37Filter::default() }), 1);
    assert_eq!(count(Rule37Filter { supplier: RECIPIENT.parse().ok(), ..Rule37Filter::default() }), 0);
    assert_eq!(count(Rule37Filter { issued_from: day("2024-04-16"), ..Rule37Filter::default() }), 0);
    assert_eq!(count(Rule37Filter { issued_to: day("2024-04-15"), ..Rule37Filter::default() }), 1);
    assert_eq!(count(Rule37Filter { due_to: day("2024-10-11"), ..Rule37Filter::default() }), 0);
    assert_eq!(count(Rule37Filter { overdue: true, ..Rule37Filter::default() }), 1);
    assert_eq!(count(Rule37Filter { states: vec![TimerState::Armed], ..Rule37Filter::default() }), 0);
}
