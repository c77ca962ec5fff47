//! Whatever order the streams behind the recipient's journal arrive in, the same entries stand (architecture, section 3).

use crate::support::story::Story;
use gst_events::{EntryStatus, LedgerEntry, Topic};
use gst_types::TaxAmounts;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stream::InputRecord;
use stream_testkit::TopologyDriver;

const RECIPIENT: &str = "27AAACR1234A1Z3";
const SUPPLIER: &str = "29AAACT4321C1ZR";
const JOURNAL: &str = Topic::RecipientJournal.name();

/// A move of a random history: what happens, and on which day after the invoice.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    Claim(u32),
    Pay(u32, i64),
    Note(u32),
    Permanent(u32),
    NotFiled(u32),
    Filed(u32),
    Amend(u32, i64),
}

pub(crate) fn event_of(number: usize, one: &Move) -> (u32, Value) {
    // Every fact has a second of its own, so that no order is left to chance.
    let at = |day: &u32| {
        let date: gst_types::IstDate = "2024-05-15".parse().unwrap();
        format!("{}T12:00:{number:02}", date.plus_days(*day))
    };
    let period = |day: &u32| {
        let date: gst_types::IstDate = "2024-05-15".parse().unwrap();
        gst_types::TaxPeriod::of(date.plus_days(*day)).to_string()
    };
    match one {
        Move::Claim(day) => (
            *day,
            json!({"type": "itc_claimed", "at": at(day), "ref": "A", "return_period": period(day), "igst": "9000.00"}),
        ),
        Move::Pay(day, rupees) => {
            (*day, json!({"type": "payment_made", "at": at(day), "ref": "A", "amount": format!("{rupees}.00")}))
        }
        Move::Note(day) => (
            *day,
            json!({"type": "credit_note_accepted", "at": at(day), "record": {"ref": format!("N{number}"), "invoice_ref": "A",
                "document_number": format!("N{number}"), "document_date": at(day)[..10].to_owned(),
                "taxable_value": "5000.00", "igst": "900.00", "document_value": "5900.00"}}),
        ),
        Move::Permanent(day) => (
            *day,
            json!({"type": "itc_reversed_permanently", "at": at(day), "ref": "A", "rule": "42",
                "return_period": period(day), "igst": "500.00"}),
        ),
        Move::NotFiled(day) => {
            (*day, json!({"type": "supplier_gstr3b_not_filed", "at": at(day), "gstin": SUPPLIER, "period": "052024"}))
        }
        Move::Filed(day) => {
            (*day, json!({"type": "supplier_gstr3b_filed", "at": at(day), "gstin": SUPPLIER, "period": "052024"}))
        }
        Move::Amend(day, rupees) => (
            *day,
            json!({"type": "document_amended", "at": at(day), "record": {"ref": "A",
                "taxable_value": format!("{rupees}.00"), "igst": "18000.00", "document_value": format!("{rupees}.00")}}),
        ),
    }
}

pub(crate) fn history() -> impl Strategy<Value = Vec<Move>> {
    let day = 1_u32..650;
    let one = prop_oneof![
        3 => day.clone().prop_map(Move::Claim),
        4 => (day.clone(), 1_i64..70_000).prop_map(|(day, rupees)| Move::Pay(day, rupees)),
        1 => day.clone().prop_map(Move::Note),
        1 => day.clone().prop_map(Move::Permanent),
        1 => day.clone().prop_map(Move::NotFiled),
        1 => day.clone().prop_map(Move::Filed),
        1 => (day, 90_000_i64..150_000).prop_map(|(day, rupees)| Move::Amend(day, rupees)),
    ];
    proptest::collection::vec(one, 1..9)
}

pub(crate) fn told(moves: &[Move], config: &BTreeMap<String, String>) -> Story {
    let mut events: Vec<(u32, Value)> = moves.iter().enumerate().map(|(number, one)| event_of(number, one)).collect();
    events.sort_by_key(|(day, event)| (*day, event["at"].as_str().map(str::to_owned)));
    let mut story = Story::new(config);
    story.event(&json!({"type": "recipient_registered", "gstin": RECIPIENT, "filing_frequency": "MONTHLY"}));
    story.event(&json!({"type": "document_received", "at": "2024-05-15T10:00:00", "record": {"ref": "A",
        "supplier_gstin": SUPPLIER, "recipient_gstin": RECIPIENT, "document_number": "A", "document_date": "2024-05-15",
        "taxable_value": "100000.00", "igst": "18000.00", "document_value": "118000.00"}}));
    for (_, event) in &events {
        story.event(event);
    }
    story.event(&json!({"type": "clock_advanced", "at": "2026-03-01T00:00:00"}));
    story
}

fn entries(records: Vec<InputRecord>) -> Vec<LedgerEntry> {
    let read = |record: InputRecord| serde_json::from_slice::<LedgerEntry>(&record.value).unwrap();
    records.into_iter().map(read).filter(|entry| entry.status == EntryStatus::Due).collect()
}

/// What is left when an entry and the one that undoes it are taken away.
fn standing(entries: &[LedgerEntry]) -> Vec<String> {
    let undone: Vec<&str> = entries.iter().filter_map(|entry| entry.cancels.as_deref()).collect();
    let mut left: Vec<String> = entries
        .iter()
        .filter(|entry| entry.cancels.is_none() && !undone.contains(&entry.entry_id.as_str()))
        .map(|entry| {
            format!(
                "{} {:?} {:?} {:?} {} {} {:?}",
                entry.date,
                entry.entry,
                entry.cause,
                entry.reason,
                entry.return_period,
                entry.tax.igst,
                entry.unpaid_after
            )
        })
        .collect();
    left.sort();
    left
}

/// The journal told again to itc-ledger alone, each writer's records in their order, the writers mixed by `picks`.
fn told_again(story: &Story, picks: &[usize]) -> Vec<LedgerEntry> {
    let mut streams: BTreeMap<String, Vec<InputRecord>> = BTreeMap::new();
    let mut first = Vec::new();
    for record in story.bench.driver.read_all(JOURNAL) {
        let writer = match record.header("ce_type").unwrap_or_default() {
            "itc.day-opened.v1" | "itc.rulebook-activated.v1" | "itc.taxpayer-registered.v1" => {
                first.push(record);
                continue;
            }
            "itc.credit-availed.v1" => "gstr2b",
            "itc.supplier-gstr3b-status.v1" => "filings",
            "itc.permanent-reversal-recorded.v1" => "ingest",
            _ => "payment-timers",
        };
        streams.entry(writer.to_owned()).or_default().push(record);
    }
    let mut driver = TopologyDriver::new(1);
    driver.add(&[JOURNAL], itc_ledger::ItcLedger::new);
    let mut tell = |record: &InputRecord| {
        // The days are all open by now, and a fact sent long before them could not be told from a repeat.
        let sent = |(name, value): (String, Vec<u8>)| {
            let value = if name == "ce_time" { b"2026-03-01T00:00:00+05:30".to_vec() } else { value };
            (name, value)
        };
        let headers = record.headers.clone().into_iter().map(sent).collect();
        driver.broker().publish_to(JOURNAL, 0, record.key_text(), headers, record.value.clone());
    };
    first.iter().for_each(&mut tell);
    let mut picks = picks.iter().cycle();
    while !streams.is_empty() {
        let at = picks.next().copied().unwrap_or(0) % streams.len();
        let writer = streams.keys().nth(at).unwrap().clone();
        let stream = streams.get_mut(&writer).unwrap();
        tell(&stream.remove(0));
        if stream.is_empty() {
            streams.remove(&writer);
        }
    }
    driver.run_until_idle().unwrap();
    entries(driver.read_all(Topic::Ledger.name()))
}

fn reversed(entries: &[LedgerEntry]) -> TaxAmounts {
    use gst_events::LedgerEntryKind::{Reclaim, Reversal};
    entries.iter().fold(TaxAmounts::ZERO, |sum, entry| {
        if entry.entry == Reversal {
            sum + entry.tax
        } else if entry.entry == Reclaim {
            sum - entry.tax
        } else {
            sum
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn r37_10_posted_sums_equal_the_target_and_reclaims_never_exceed_reversals(moves in history(), late in any::<bool>()) {
        let choice = if late { "CLAIM_AND_REVERSE" } else { "BLOCK_UNTIL_PAID" };
        let config = [("r37.late_claim".to_owned(), choice.to_owned())].into();
        let story = told(&moves, &config);
        let published = entries(story.bench.all(Topic::Ledger));
        let rows = story.bench.rows("itc-ledger");
        let recipient = story.recipient.unwrap();
        let rules = gst_rules::Rulebook::embedded();
        let view = itc_ledger::view::document(&rows, recipient, &story.documents["A"], &rules).unwrap().unwrap();
        let credit = view.credit.unwrap();
        prop_assert_eq!(reversed(&published), credit.reversed);
        prop_assert!(!(credit.base - credit.reversed).has_negative());
        for end in 0..=published.len() {
            prop_assert!(!reversed(&published[..end]).has_negative());
        }
        let money = view.money.unwrap();
        let stake = gst_rules::rule37::CreditAtStake { availed: credit.base, ..Default::default() };
        if !credit.reversed.is_zero() && credit.reversed != credit.base {
            prop_assert_eq!(credit.reversed, gst_rules::rule37::target(&rules, &stake, money.unpaid, money.payable));
        }
    }

    #[test]
    fn r37_14_any_interleaving_leaves_the_same_entries(
        moves in history(), picks in proptest::collection::vec(0_usize..8, 40), late in any::<bool>(),
    ) {
        let choice = if late { "CLAIM_AND_REVERSE" } else { "BLOCK_UNTIL_PAID" };
        let config = [("r37.late_claim".to_owned(), choice.to_owned())].into();
        let story = told(&moves, &config);
        let in_order = standing(&entries(story.bench.all(Topic::Ledger)));
        let mixed = standing(&told_again(&story, &picks));
        prop_assert_eq!(in_order, mixed);
    }

    #[test]
    fn r37_15_the_order_of_one_days_payments_changes_no_final_figure(
        amounts in proptest::collection::vec(1_i64..60_000, 1..5), day in 1_u32..400,
    ) {
        let config = BTreeMap::new();
        let with = |amounts: &[i64]| {
            let mut moves = vec![Move::Claim(5)];
            moves.extend(amounts.iter().map(|rupees| Move::Pay(day, *rupees)));
            let story = told(&moves, &config);
            let rows = story.bench.rows("itc-ledger");
            let recipient = story.recipient.unwrap();
            let rules = gst_rules::Rulebook::embedded();
            let view = itc_ledger::view::document(&rows, recipient, &story.documents["A"], &rules).unwrap().unwrap();
            let accounts = payment_timers::view::unallocated(&story.bench.rows("payment-timers"), recipient).unwrap();
            (view, accounts)
        };
        let mut turned = amounts.clone();
        turned.reverse();
        prop_assert_eq!(with(&amounts), with(&turned));
    }
}
