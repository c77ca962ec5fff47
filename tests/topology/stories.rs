//! A quarter of random months of two suppliers and two recipients, and what holds in every one of them.

use crate::bench::{Bench, Document, Lines, action, cases, gstr3b, period, statement};
use gst_events::{ImsAction, PublishedLine, RequestStatus, SupplierForm, Topic};
use gst_types::TaxAmounts;
use gstn_formats::gstr1::Gstr1Section;
use itcctl::feed_record::{FeedRecord, SupplierStep};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const RECIPIENTS: [&str; 2] = ["27AAACR1234A1Z3", "27AAACG9999K1ZP"];
const SUPPLIERS: [&str; 2] = ["29AAACT4321C1ZR", "27AAACS5678B1ZC"];
const ACTIONS: [ImsAction; 4] = [ImsAction::Accept, ImsAction::Reject, ImsAction::Pending, ImsAction::NoAction];
/// The return periods, and year and month of the calendar in which they are filed.
const MONTHS: [(&str, &str); 3] = [("102025", "2025-11"), ("112025", "2025-12"), ("122025", "2026-01")];
/// Documents and amendments: the index of the document amended, the supplier, the recipient.
const POOL: [(Gstr1Section, &str, Option<usize>, usize, usize); 9] = [
    (Gstr1Section::B2B, "A", None, 0, 0),
    (Gstr1Section::B2BA, "A", Some(0), 0, 0),
    (Gstr1Section::CN, "C", None, 0, 0),
    (Gstr1Section::CNA, "C", Some(2), 0, 0),
    (Gstr1Section::DN, "D", None, 1, 0),
    (Gstr1Section::DNA, "D-2", Some(4), 1, 0),
    (Gstr1Section::B2B, "E", None, 1, 1),
    (Gstr1Section::B2BA, "E", Some(6), 1, 1),
    (Gstr1Section::ECO, "F", None, 1, 0),
];

/// What happens on a day of a month.
#[derive(Debug, Clone)]
enum What {
    Save(usize, i64),
    Delete(usize),
    File(usize),
    Act(usize, usize),
    Generate(usize),
    Return(usize),
    Again(usize),
}

/// A step of a story: month, day, what.
type Step = (usize, u32, What);

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        6 => (0..POOL.len(), 1..2000_i64).prop_map(|(index, rupees)| What::Save(index, rupees)),
        1 => (0..POOL.len()).prop_map(What::Delete),
        1 => (0..2_usize).prop_map(What::File),
        8 => (0..POOL.len(), 0..4_usize).prop_map(|(index, word)| What::Act(index, word)),
        1 => (0..2_usize).prop_map(What::Generate),
        1 => (0..2_usize).prop_map(What::Return),
        3 => (0..40_usize).prop_map(What::Again),
    ]
}

/// Originals saved early and amendments later, most of them; random steps; and in every month a filing of each supplier
/// and a statement and return of each recipient.
fn story() -> impl Strategy<Value = Vec<Step>> {
    let random = prop::collection::vec((0..3_usize, 1..19_u32, what()), 3..14);
    let amounts = prop::collection::vec((0..10_usize, 1..2000_i64), POOL.len());
    (random, amounts).prop_map(|(mut steps, amounts)| {
        for (index, (month, rupees)) in amounts.into_iter().enumerate() {
            let (earliest, day) = if POOL[index].2.is_some() { (1, 4) } else { (0, 2) };
            // Of ten, six come in the first month that they can, two a month later, and two not at all.
            match month {
                0..6 => steps.push((earliest, day, What::Save(index, rupees))),
                6..8 => steps.push((earliest + 1, day, What::Save(index, rupees))),
                _ => {}
            }
        }
        for month in 0..3 {
            for party in 0..2 {
                let fixed = [(10, What::File(party)), (19, What::Generate(party)), (19, What::Return(party))];
                steps.extend(fixed.map(|(day, what)| (month, day, what)));
            }
        }
        steps.sort_by_key(|(month, day, _)| (*month, *day));
        steps
    })
}

fn document(index: usize, rupees: i64, month: usize) -> Document {
    let (section, number, original, supplier, recipient) = POOL[index];
    Document {
        section,
        supplier: SUPPLIERS[supplier],
        recipient: RECIPIENTS[recipient],
        number: number.to_owned(),
        date: "2025-10-05",
        original: original.map(|index| (POOL[index].1.to_owned(), "2025-10-05")),
        rupees,
        form: SupplierForm::Gstr1,
        return_period: MONTHS[month].0,
    }
}

/// The record of a step.
fn told(number: usize, (month, day, what): &Step) -> Option<(String, FeedRecord)> {
    let (of, calendar) = MONTHS[*month];
    let when = format!("{calendar}-{day:02}T{:02}:{:02}:00", 9 + number / 60, number % 60);
    let id = format!("step-{number}");
    let record = match what {
        What::Save(index, rupees) => document(*index, *rupees, *month).step(&id, SupplierStep::Saved, &when),
        What::Delete(index) => document(*index, 0, *month).step(&id, SupplierStep::Deleted, &when),
        What::File(supplier) => {
            Document { supplier: SUPPLIERS[*supplier], ..document(0, 0, *month) }.step(&id, SupplierStep::Filed, &when)
        }
        What::Act(index, word) => action(&id, &document(*index, 0, *month), ACTIONS[*word], &when),
        What::Generate(recipient) => statement(&id, RECIPIENTS[*recipient], of, &when),
        What::Return(recipient) => gstr3b(&id, RECIPIENTS[*recipient], of, &when),
        What::Again(_) => return None,
    };
    Some((when, record))
}

/// A story told step by step, checked after each.
struct Told {
    bench: Bench,
    sent: Vec<FeedRecord>,
    /// Of each record ever saved: which of the pool it is, and its rupees.
    saved: BTreeMap<String, (usize, i64)>,
    /// Of each of the pool, the action that stands, as far as commands were applied.
    standing: BTreeMap<usize, ImsAction>,
    lines: Lines,
}

type Rows = Vec<BTreeMap<String, Vec<u8>>>;

const WORKERS: [&str; 3] = ["filings", "ims", "gstr2b"];
/// What the world is told, but for answers.
const SAID: [Topic; 4] = [Topic::ImsRecords, Topic::Gstr2b, Topic::SupplierLiability, Topic::Alerts];

impl Told {
    fn new() -> Self {
        let bench = Bench::new(&RECIPIENTS, &SUPPLIERS, "102025");
        Self { bench, sent: Vec::new(), saved: BTreeMap::new(), standing: BTreeMap::new(), lines: Lines::new() }
    }

    fn rows(&self) -> Rows {
        WORKERS.iter().map(|worker| self.bench.rows(worker)).collect()
    }

    /// How much was said and decided since the last call.
    fn news(&mut self) -> usize {
        let said = SAID.iter().map(|topic| self.bench.simulation.read_new(topic.name()).len());
        said.sum::<usize>() + self.bench.count(&mut self.lines)
    }

    fn step(&mut self, number: usize, step: &Step) -> Result<(), TestCaseError> {
        let Some((when, record)) = told(number, step) else {
            let What::Again(which) = step.2 else { return Ok(()) };
            return self.again(which);
        };
        self.bench.open(&when);
        self.news();
        let before = self.rows();
        let answer = self.bench.at(&when, record.clone());
        self.sent.push(record);
        let news = self.news();
        if let Some((RequestStatus::Refused, code)) = &answer {
            prop_assert_eq!(&before, &self.rows(), "{:?} refused with {:?} changed something", step, code);
            prop_assert_eq!(news, 0, "{:?} refused with {:?} said something", step, code);
            return Ok(());
        }
        match step.2 {
            What::Save(index, rupees) => {
                self.saved.insert(format!("step-{number}#0"), (index, rupees));
                self.standing.remove(&index);
            }
            What::Act(index, word) => {
                self.standing.insert(index, ACTIONS[word]);
            }
            What::Delete(_) | What::File(_) | What::Generate(_) | What::Return(_) | What::Again(_) => {}
        }
        self.totals()?;
        self.no_ordinary_pending_record_counts()
    }

    /// EG-6: a record sent again is ignored, also one that was refused.
    fn again(&mut self, which: usize) -> Result<(), TestCaseError> {
        let Some(record) = self.sent.get(which % self.sent.len().max(1)).cloned() else { return Ok(()) };
        self.news();
        let before = self.rows();
        self.bench.tell(record.clone());
        prop_assert_eq!(before, self.rows(), "sent again: {:?}", record.headers);
        prop_assert_eq!(self.news(), 0, "sent again: {:?}", record.headers);
        Ok(())
    }

    /// Totals kept up to date are those added up from the rows.
    fn totals(&self) -> Result<(), TestCaseError> {
        for recipient in RECIPIENTS {
            let who = recipient.parse().unwrap();
            let rows = self.bench.simulation.rows(stream::WorkerName("gstr2b"), 0).unwrap();
            for (of, _) in MONTHS {
                let kept = gstr2b::view::current(&rows, who, period(of)).unwrap().totals;
                let added = gstr2b::view::recomputed_totals(&rows, who, period(of)).unwrap();
                prop_assert_eq!(kept, added, "{} {}", recipient, of);
            }
        }
        Ok(())
    }

    /// CF-1: an ordinary record whose standing action is Pending counts in no statement.
    fn no_ordinary_pending_record_counts(&self) -> Result<(), TestCaseError> {
        for ((_, record), line) in &self.lines {
            let (index, _) = self.saved[record];
            let ordinary = [0, 4, 6, 8].contains(&index);
            let pending = self.standing.get(&index) == Some(&ImsAction::Pending);
            prop_assert!(!ordinary || !pending, "{} is pending and counts in {:?}", record, line);
        }
        Ok(())
    }

    /// The statements of a recipient whose return is filed, in order.
    fn locked(&self, recipient: &str) -> Vec<(&'static str, Vec<PublishedLine>)> {
        let who = recipient.parse().unwrap();
        let rows = self.bench.simulation.rows(stream::WorkerName("gstr2b"), 0).unwrap();
        let locked = |of: &&str| gstr2b::view::current(&rows, who, period(of)).unwrap().locked_at.is_some();
        let periods = MONTHS.iter().map(|(of, _)| *of).filter(locked);
        periods.map(|of| (of, self.bench.lines(recipient, of).unwrap().1)).collect()
    }

    fn end(&self) -> Result<(), TestCaseError> {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for recipient in RECIPIENTS {
            let mut sums: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
            for (of, lines) in self.locked(recipient) {
                self.manifest(recipient, of, &lines)?;
                let mut counted = BTreeSet::new();
                for line in &lines {
                    let (index, rupees) = self.saved[&line.record_id.0];
                    let root = POOL[index].2.unwrap_or(index);
                    prop_assert_eq!(
                        seen.insert(line.record_id.0.clone(), recipient),
                        None,
                        "{} counts twice",
                        line.record_id
                    );
                    if !line.table.to_string().starts_with('6') {
                        prop_assert!(counted.insert(root), "document {} counts twice in {}", root, of);
                    }
                    let sign = match line.table.to_string().get(..3) {
                        Some("3.A") => 1,
                        Some("3.B") => -1,
                        _ => continue,
                    };
                    let sum = sums.entry(root).or_default();
                    sum.0 += sign * line.effect.igst.get() / 100;
                    sum.1 = sign * rupees;
                }
            }
            for (root, (sum, last)) in sums {
                prop_assert_eq!(sum, last, "effects of document {} against its last accepted value", root);
            }
        }
        Ok(())
    }

    /// The totals of a manifest are those of its lines.
    fn manifest(&self, recipient: &str, of: &str, lines: &[PublishedLine]) -> Result<(), TestCaseError> {
        let (sealed, _) = self.bench.lines(recipient, of).unwrap();
        let mut sums: BTreeMap<String, TaxAmounts> = BTreeMap::new();
        for line in lines {
            *sums.entry(line.table.to_string()).or_default() += line.effect;
        }
        prop_assert_eq!(sealed.totals, sums);
        prop_assert_eq!(usize::try_from(sealed.lines).unwrap(), lines.len());
        Ok(())
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn gn_9_cf_1_eg_6_what_holds_in_every_story(steps in story()) {
        let mut told = Told::new();
        for (number, step) in steps.iter().enumerate() {
            told.step(number, step)?;
        }
        told.end()?;
    }
}
