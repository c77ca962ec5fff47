//! What users of other tools complain of, about payments, reversals and the ledger: a test for each, named after what it
//! prevents.

use crate::support::monthly::{RECIPIENT, SUPPLIER, igst, recipient, story};
use crate::support::story::Story;
use gst_events::{Alert, EntryStatus, LedgerEntry, LedgerEntryKind, LedgerReason, Topic};
use gst_rules::Rulebook;
use gst_types::{Paise, TaxAmounts};
use itc_ledger::state::TimerState;
use itc_ledger::view::{self, Rule37Filter};
use serde_json::{Value, json};

fn invoice(name: &str, issued: &str, received: &str) -> Value {
    json!({"type": "document_received", "at": received, "record": {"ref": name, "supplier_gstin": SUPPLIER,
        "recipient_gstin": RECIPIENT, "document_number": name, "document_date": issued, "taxable_value": "100000.00",
        "igst": "18000.00", "document_value": "118000.00"}})
}

fn claim(name: &str, at: &str, period: &str) -> Value {
    json!({"type": "itc_claimed", "at": at, "ref": name, "return_period": period, "igst": "18000.00"})
}

fn filed(at: &str, period: &str) -> Value {
    json!({"type": "gstr3b_filed", "at": at, "gstin": RECIPIENT, "period": period})
}

fn paid(name: &str, at: &str, amount: &str) -> Value {
    json!({"type": "payment_made", "at": at, "ref": name, "amount": amount})
}

fn entries(story: &Story, status: EntryStatus) -> Vec<LedgerEntry> {
    let records = story.bench.all(Topic::Ledger);
    let entries = records.iter().map(|record| serde_json::from_slice::<LedgerEntry>(&record.value).unwrap());
    entries.filter(|entry| entry.status == status).collect()
}

/// IC #3937: tracking, reversal and re-availment on payment are one trail, and the report names the reversal.
#[test]
fn a_reversed_credit_is_not_forgotten_when_the_supplier_is_paid() {
    let story = story(&[
        invoice("INV-1", "2024-04-15", "2024-04-16T10:00:00"),
        claim("INV-1", "2024-05-20T10:00:00", "042024"),
        filed("2024-11-20T10:00:00", "102024"),
        paid("INV-1", "2024-12-05T10:00:00", "118000.00"),
    ]);
    let due = entries(&story, EntryStatus::Due);
    let [_, reversal, reclaim] = due.as_slice() else { panic!("{due:?}") };
    assert_eq!((reversal.reason, reclaim.reason), (Some(LedgerReason::Day181), Some(LedgerReason::Payment)));
    assert_eq!(reclaim.linked_entry_id.as_ref(), Some(&reversal.entry_id));
    assert_eq!(reversal.tax, reclaim.tax);
    let rows = story.bench.rows("itc-ledger");
    let filter = Rule37Filter { states: vec![TimerState::Cleared], ..Rule37Filter::default() };
    let today = "2024-12-06".parse().unwrap();
    let page = view::rule_37_report(&rows, recipient(), &Rulebook::embedded(), today, &filter, None, 10).unwrap();
    assert_eq!(page.rows[0].reversal_reference.as_ref(), Some(&reversal.entry_id));
}

/// IC #4570: what a later fact changes stands beside what was said before, and never in its place.
#[test]
fn a_late_fact_does_not_erase_what_was_said_before() {
    let mut story = story(&[
        invoice("INV-1", "2024-04-15", "2024-04-16T10:00:00"),
        claim("INV-1", "2024-05-20T10:00:00", "042024"),
        filed("2024-11-20T10:00:00", "102024"),
    ]);
    let before = entries(&story, EntryStatus::Due);
    let october = |story: &Story| {
        let rows = story.bench.rows("itc-ledger");
        view::return_of(&rows, recipient(), "102024".parse().unwrap()).unwrap().lines["4B2"]
    };
    assert_eq!(october(&story), igst("18000.00"));
    let mut late = paid("INV-1", "2024-12-05T10:00:00", "118000.00");
    late["debit_date"] = json!("2024-10-01");
    story.event(&late);
    let after = entries(&story, EntryStatus::Due);
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after.last().unwrap().cancels.as_ref(), Some(&before.last().unwrap().entry_id));
    assert_eq!(october(&story), igst("18000.00"), "the filed October return still shows the reversal");
}

/// IC #3103: credit stands on documents whose supplier was never heard to file.
#[test]
fn credit_of_a_supplier_that_nobody_heard_of_filing_does_not_pass_silently() {
    let story = story(&[
        invoice("INV-1", "2024-05-15", "2024-05-16T10:00:00"),
        claim("INV-1", "2024-06-20T10:00:00", "052024"),
        paid("INV-1", "2024-06-21T10:00:00", "118000.00"),
        json!({"type": "clock_advanced", "at": "2025-10-01T10:00:00"}),
    ]);
    let alerts = story.bench.all(Topic::Alerts);
    let alerts = alerts.iter().map(|record| serde_json::from_slice::<Alert>(&record.value).unwrap());
    let codes: Vec<String> = alerts.map(|alert| alert.code).collect();
    assert_eq!(codes, vec!["RULE_37A_STATUS_UNKNOWN"]);
    let reversed = entries(&story, EntryStatus::Due).iter().any(|entry| entry.entry == LedgerEntryKind::Reversal);
    assert!(!reversed, "nothing is reversed on silence (R37A-4)");
}

/// IC #4839: evidence that comes after a return was filed goes to an open return; the filed one stays closed.
#[test]
fn a_filed_return_is_not_rewritten_by_what_comes_late() {
    let mut story = story(&[
        invoice("INV-1", "2024-04-15", "2024-04-16T10:00:00"),
        claim("INV-1", "2024-05-20T10:00:00", "042024"),
        filed("2024-11-20T10:00:00", "102024"),
    ]);
    let lines = |story: &Story, period: &str| {
        let rows = story.bench.rows("itc-ledger");
        view::return_of(&rows, recipient(), period.parse().unwrap()).unwrap().lines
    };
    let filed = lines(&story, "102024");
    // A note accepted in October, told in December.
    story.bench.open_to("2024-12-05T10:00:00".parse().unwrap());
    story.event(&json!({"type": "credit_note_accepted", "at": "2024-12-05T10:00:00", "record": {"ref": "CN",
        "invoice_ref": "INV-1", "document_number": "CN-1", "document_date": "2024-10-20", "taxable_value": "20000.00",
        "igst": "3600.00", "document_value": "23600.00"}}));
    assert_eq!(lines(&story, "102024"), filed);
    assert_eq!(lines(&story, "122024")["4D1"], igst("3600.00"));
}

/// Why ERPs fail rule 37, first reason: ageing from the voucher's date instead of the invoice's.
#[test]
fn ageing_does_not_run_from_the_day_of_booking() {
    let story = story(&[
        invoice("INV-1", "2024-04-15", "2024-07-01T10:00:00"),
        claim("INV-1", "2024-07-20T10:00:00", "062024"),
        json!({"type": "clock_advanced", "at": "2024-10-13T10:00:00"}),
    ]);
    let due = entries(&story, EntryStatus::Due);
    assert_eq!(due.last().unwrap().date, "2024-10-13".parse().unwrap());
}

/// Second reason: payments that name no invoice.
#[test]
fn a_payment_without_an_invoice_is_neither_lost_nor_spread_at_will() {
    let mut story = story(&[
        invoice("INV-2", "2024-05-15", "2024-05-16T10:00:00"),
        invoice("INV-1", "2024-04-15", "2024-05-16T11:00:00"),
    ]);
    let lump = json!({"type": "payment_made", "at": "2024-06-01T10:00:00", "supplier_gstin": SUPPLIER,
        "amount": "250000.00"});
    story.event(&lump);
    let rows = story.bench.rows("payment-timers");
    let accounts = payment_timers::view::unallocated(&rows, recipient()).unwrap();
    assert_eq!(accounts[&SUPPLIER.parse().unwrap()], Paise::from_rupees(14_000), "2,50,000 less twice 1,18,000");
}

/// Third reason: no link between interest and the day of the claim.
#[test]
fn interest_runs_from_the_return_with_the_claim() {
    let story = story(&[
        invoice("INV-1", "2024-04-15", "2024-04-16T10:00:00"),
        claim("INV-1", "2024-07-20T10:00:00", "062024"),
        filed("2024-11-20T10:00:00", "102024"),
    ]);
    let rows = story.bench.rows("itc-ledger");
    let [row] = view::interest(&rows, recipient()).unwrap().try_into().unwrap();
    // 20 July to 20 November are 123 days: 18,000.00 × 123 × 18 / 36500.
    assert_eq!((row.from, row.days), ("2024-07-20".parse().unwrap(), 123));
    assert_eq!(row.interest, igst("1091.84"));
    assert!(row.ceiling, "no balances are known");
}

/// thetaxcorp: rules 37 and 42 both reverse the same credit.
#[test]
fn rules_37_and_42_together_never_reverse_more_than_was_availed() {
    let permanent = |at: &str, period: &str, amount: &str| {
        json!({"type": "itc_reversed_permanently", "at": at, "ref": "INV-1", "rule": "42", "return_period": period,
            "igst": amount})
    };
    let story = story(&[
        invoice("INV-1", "2024-04-15", "2024-04-16T10:00:00"),
        claim("INV-1", "2024-05-20T10:00:00", "042024"),
        permanent("2024-06-20T10:00:00", "052024", "6000.00"),
        json!({"type": "clock_advanced", "at": "2024-10-13T10:00:00"}),
        permanent("2024-11-20T10:00:00", "102024", "15000.00"),
    ]);
    let (mut standing, mut gone) = (TaxAmounts::ZERO, TaxAmounts::ZERO);
    let due = entries(&story, EntryStatus::Due);
    for (index, entry) in due.iter().enumerate() {
        match entry.entry {
            LedgerEntryKind::Reversal => standing += entry.tax,
            LedgerEntryKind::Reclaim => standing -= entry.tax,
            LedgerEntryKind::PermanentReversal => gone += entry.tax,
            _ => {}
        }
        // An event's own entry stands first and what follows from it behind: the day's entries count together.
        let is_last_of_day = due.get(index + 1).is_none_or(|next| next.date != entry.date);
        assert!(!is_last_of_day || (standing + gone).igst <= Paise::from_rupees(18_000), "{entry:?}");
    }
    assert_eq!((standing, gone), (TaxAmounts::ZERO, igst("18000.00")), "12,000.00 come back as rule 42 takes them");
}

/// A re-claim that would take the reversal statement below zero: ours never do, document by document (ECR-2).
#[test]
fn a_reclaim_never_exceeds_the_reversal_statement() {
    let mut events = Vec::new();
    for (name, day) in [("INV-1", "2024-04-15"), ("INV-2", "2024-04-20")] {
        events.push(invoice(name, day, "2024-04-21T10:00:00"));
    }
    for name in ["INV-1", "INV-2"] {
        events.push(claim(name, "2024-05-20T10:00:00", "042024"));
    }
    events.push(paid("INV-1", "2024-10-14T10:00:00", "59000.00"));
    events.push(paid("INV-2", "2024-11-05T10:00:00", "118000.00"));
    events.push(paid("INV-1", "2025-01-05T10:00:00", "59000.00"));
    let story = story(&events);
    let rows = story.bench.rows("itc-ledger");
    let statement = view::reversal_statement(&rows, recipient(), &Rulebook::embedded()).unwrap();
    assert!(statement.iter().all(|row| row.status == "OK" && !row.closing.has_negative()), "{statement:?}");
    assert_eq!(statement.last().unwrap().closing, TaxAmounts::ZERO);
}
