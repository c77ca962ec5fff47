//! The order in which feeds arrive does not decide law: between two marks each feed keeps its own order, and how the
//! feeds and taxpayers mix changes no statement.

use crate::bench::{Bench, Document, Lines, action, cases, gstr3b, statement};
use gst_events::{ImsAction, SupplierForm};
use gstn_formats::gstr1::Gstr1Section;
use itcctl::feed_record::{FeedRecord, SupplierStep};
use proptest::prelude::*;

const ACTIONS: [ImsAction; 4] = [ImsAction::Accept, ImsAction::Reject, ImsAction::Pending, ImsAction::NoAction];

/// What one feed tells.
#[derive(Debug, Clone)]
enum Step {
    Save(usize, i64),
    Delete(usize),
    File(usize),
    Act(usize, usize),
}

const FIRST: &str = "29AAACT4321C1ZR";
const SECOND: &str = "27AAACS5678B1ZC";
const TAKER: &str = "27AAACR1234A1Z3";
const OTHER: &str = "27AAACG9999K1ZP";

/// Documents of November 2025: of the first supplier an invoice and amendments of October's invoice and credit note, of
/// the second a debit note and, for another recipient, a credit note.
fn document(index: usize, rupees: i64) -> Document {
    let of = |section, supplier, number: &str, original: Option<&str>| Document {
        section,
        supplier,
        recipient: TAKER,
        number: number.to_owned(),
        date: "2025-11-05",
        original: original.map(|number| (number.to_owned(), "2025-10-05")),
        rupees,
        form: SupplierForm::Gstr1,
        return_period: "112025",
    };
    match index {
        0 => of(Gstr1Section::B2B, FIRST, "N-1", None),
        1 => of(Gstr1Section::B2BA, FIRST, "O-1", Some("O-1")),
        2 => of(Gstr1Section::CNA, FIRST, "C-1", Some("C-1")),
        3 => of(Gstr1Section::DN, SECOND, "D-1", None),
        _ => Document { recipient: OTHER, ..of(Gstr1Section::CN, SECOND, "C-9", None) },
    }
}

fn supplier_of(index: usize) -> usize {
    usize::from(index >= 3)
}

/// October: an invoice and a credit note, both accepted by silence and locked.
fn october() -> Bench {
    let mut bench = Bench::new(&[TAKER, OTHER], &[FIRST, SECOND], "102025");
    let of = |section, number: &str, rupees| Document {
        date: "2025-10-05",
        original: None,
        return_period: "102025",
        number: number.to_owned(),
        rupees,
        section,
        ..document(0, 0)
    };
    let (invoice, note) = (of(Gstr1Section::B2B, "O-1", 1000), of(Gstr1Section::CN, "C-1", 300));
    bench.at("2025-11-11T10:00:00", invoice.step("o-1", SupplierStep::Saved, "2025-11-11T10:00:00"));
    bench.at("2025-11-11T10:01:00", note.step("c-1", SupplierStep::Saved, "2025-11-11T10:01:00"));
    bench.at("2025-11-11T10:02:00", note.step("filed", SupplierStep::Filed, "2025-11-11T10:02:00"));
    bench.at("2025-11-14T10:00:00", statement("october", TAKER, "102025", "2025-11-14T10:00:00"));
    bench.at("2025-11-14T11:00:00", gstr3b("locked", TAKER, "102025", "2025-11-14T11:00:00"));
    bench.open("2025-11-15T00:00:00");
    bench
}

/// The record of a step; steps of one second each, so that their order in law is that of their numbers.
fn told(number: usize, step: &Step) -> FeedRecord {
    let when = format!("2025-11-15T10:{:02}:{:02}", number / 60, number % 60);
    let id = format!("step-{number}");
    match step {
        Step::Save(index, rupees) => document(*index, *rupees).step(&id, SupplierStep::Saved, &when),
        Step::Delete(index) => document(*index, 0).step(&id, SupplierStep::Deleted, &when),
        Step::File(supplier) => document(supplier * 3, 0).step(&id, SupplierStep::Filed, &when),
        Step::Act(index, word) => action(&id, &document(*index, 0), ACTIONS[*word], &when),
    }
}

/// Which feed and key a step belongs to: two suppliers and two recipients. Each keeps its own order.
fn stream_of(step: &Step) -> usize {
    match step {
        Step::Save(index, _) | Step::Delete(index) => supplier_of(*index),
        Step::File(supplier) => *supplier,
        Step::Act(index, _) => 2 + usize::from(*index == 4),
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..5_usize, 1..2000_i64).prop_map(|(index, rupees)| Step::Save(index, rupees)),
        1 => (0..5_usize).prop_map(Step::Delete),
        1 => (0..2_usize).prop_map(Step::File),
        5 => (0..5_usize, 0..4_usize).prop_map(|(index, word)| Step::Act(index, word)),
    ]
}

/// A document deleted is not saved again that day: an action that comes early would not say which of the two it means.
fn no_second_life(steps: Vec<Step>) -> Vec<Step> {
    let mut deleted = [false; 5];
    let lives = |step: &Step| match step {
        Step::Save(index, _) => !deleted[*index],
        Step::Delete(index) => {
            deleted[*index] = true;
            true
        }
        Step::File(_) | Step::Act(..) => true,
    };
    let mut lives = lives;
    steps.into_iter().filter(|step| lives(step)).collect()
}

/// The lines that November's statement has after the steps in that order.
fn november(steps: &[Step], order: &[usize]) -> Lines {
    let mut bench = october();
    for number in order {
        bench.tell(told(*number, &steps[*number]));
    }
    let mut lines = Lines::new();
    bench.count(&mut lines);
    lines
}

/// Mixes the streams: each pick takes the next step of one of those that have any left.
fn mixed(steps: &[Step], picks: &[usize]) -> Vec<usize> {
    let mut streams: [Vec<usize>; 4] = Default::default();
    for (number, step) in steps.iter().enumerate().rev() {
        streams[stream_of(step)].push(number);
    }
    let mut picks = picks.iter().cycle();
    let mut order = Vec::new();
    while order.len() < steps.len() {
        let open: Vec<usize> = (0..4).filter(|stream| !streams[*stream].is_empty()).collect();
        let pick = open[picks.next().copied().unwrap_or(0) % open.len()];
        order.extend(streams[pick].pop());
    }
    order
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn gn_11_am_1_any_interleaving_of_edits_filings_and_actions_gives_the_same_statement(
        steps in prop::collection::vec(step(), 1..16).prop_map(no_second_life),
        picks in prop::collection::vec(0..12_usize, 16),
    ) {
        let in_order: Vec<usize> = (0..steps.len()).collect();
        let order = mixed(&steps, &picks);
        prop_assert_eq!(november(&steps, &in_order), november(&steps, &order), "order {:?}", order);
    }
}
