//! Random lives of one Bill of Entry: values amended, moved to another GSTIN of the same PAN, acted on and carried.

use crate::bench::{Bench, at, cases, gstr3b, igst, period, statement, taxpayer};
use gst_events::{
    BillOfEntryDetails, BillOfEntryType, CustomsBillGstinAmended, CustomsBillReported, CustomsBillValueAmended,
    ImsAction, ImsActionRequested, ImsSection, ImsTarget, Origin, RecordId, RequestStatus,
};
use gst_types::{BillOfEntryId, Paise};
use itcctl::feed_record::{Feed, FeedRecord};
use proptest::prelude::*;
use std::collections::BTreeMap;

const OLD: &str = "27AAACG9999K1ZP";
const NEW: &str = "33AAACG9999K1ZW";
const BILL: &str = "INNSA1/2000001/2025-11-01";
/// The statements, and year and month of the calendar in which they are made.
const MONTHS: [(&str, &str); 3] = [("112025", "2025-12"), ("122025", "2026-01"), ("012026", "2026-02")];
/// BE-2: Reject is not offered, and is refused.
const ACTIONS: [ImsAction; 4] = [ImsAction::Accept, ImsAction::Pending, ImsAction::NoAction, ImsAction::Reject];

#[derive(Debug, Clone)]
enum What {
    Amend(i64),
    Move,
    Act(bool, usize),
    Statement,
    Return,
}

fn story() -> impl Strategy<Value = Vec<(usize, u32, What)>> {
    let what = prop_oneof![
        3 => (1..2000_i64).prop_map(What::Amend),
        1 => Just(What::Move),
        5 => (any::<bool>(), 0..4_usize).prop_map(|(new, word)| What::Act(new, word)),
    ];
    let random = prop::collection::vec((0..3_usize, 1..19_u32, what), 1..12);
    random.prop_map(|mut steps| {
        for month in 0..3 {
            steps.extend([(month, 19, What::Statement), (month, 20, What::Return)]);
        }
        steps.sort_by_key(|(month, day, _)| (*month, *day));
        steps
    })
}

fn bill() -> BillOfEntryId {
    BILL.parse().unwrap()
}

/// The life of the bill as it was told.
struct Life {
    bench: Bench,
    owner: &'static str,
    /// The value of each record.
    values: BTreeMap<String, i64>,
    /// Whether a version was locked at the old GSTIN when the bill moved; `None` while it has not.
    locked_when_moved: Option<bool>,
}

impl Life {
    fn begin(rupees: i64) -> Self {
        let bench = Bench::new(&[OLD, NEW], &[], "112025");
        let mut life = Self { bench, owner: OLD, values: BTreeMap::new(), locked_when_moved: None };
        let when = "2025-11-20T10:00:00";
        let fact = CustomsBillReported {
            record_id: RecordId("first#0".to_owned()),
            details: life.details(rupees, when),
            received_at: at(when),
        };
        life.values.insert("first#0".to_owned(), rupees);
        life.bench.at(when, FeedRecord::fact(Feed::BillsOfEntry, "first", BILL, Some(at(when)), &fact));
        life
    }

    fn details(&self, rupees: i64, when: &str) -> BillOfEntryDetails {
        BillOfEntryDetails {
            bill_of_entry: bill(),
            section: if when.starts_with("2025-11-20") { ImsSection::Impg } else { ImsSection::Impga },
            bill_of_entry_type: BillOfEntryType::default(),
            importer: self.owner.parse().unwrap(),
            taxable_value: Paise::from_rupees(rupees * 10),
            tax: igst(rupees),
            sez_supplier: None,
            parent: None,
            reference_date: Some(at(when).date()),
        }
    }

    fn step(&mut self, number: usize, (month, day, what): &(usize, u32, What)) {
        let (of, calendar) = MONTHS[*month];
        let when = format!("{calendar}-{day:02}T{:02}:00:00", 9 + number / 4);
        let id = format!("step-{number}");
        match what {
            What::Amend(rupees) => self.amend(&id, &when, *rupees),
            What::Move => self.moves(&id, &when),
            What::Act(new, word) => {
                let fact = ImsActionRequested {
                    recipient: if *new { NEW } else { OLD }.parse().unwrap(),
                    target: ImsTarget::BillOfEntry { section: ImsSection::Impga, bill_of_entry: bill() },
                    action: ACTIONS[*word],
                    remarks: None,
                    itc_reduction: None,
                    previous_action: None,
                    at: at(&when),
                    actor: None,
                    origin: Origin::User,
                };
                let answer = self.bench.at(&when, taxpayer(&id, &fact.recipient.to_string(), &when, &fact));
                assert!(ACTIONS[*word] != ImsAction::Reject || answer.unwrap().0 != RequestStatus::Applied);
            }
            What::Statement => {
                for gstin in [OLD, NEW] {
                    self.bench.at(&when, statement(&format!("{id} {gstin}"), gstin, of, &when));
                }
            }
            What::Return => {
                for gstin in [OLD, NEW] {
                    let answer = self.bench.at(&when, gstr3b(&format!("{id} {gstin}"), gstin, of, &when));
                    assert_eq!(answer.unwrap().0, RequestStatus::Applied, "{gstin} {of}");
                }
            }
        }
    }

    fn amend(&mut self, id: &str, when: &str, rupees: i64) {
        let record_id = RecordId(format!("{id}#0"));
        let details = self.details(rupees, when);
        let fact = CustomsBillValueAmended { record_id, details, received_at: at(when) };
        self.bench.at(when, FeedRecord::fact(Feed::BillsOfEntry, id, BILL, Some(at(when)), &fact));
        self.values.insert(format!("{id}#0"), rupees);
    }

    fn moves(&mut self, id: &str, when: &str) {
        self.bench.open(when);
        let had_credit = self.locked(OLD).iter().any(|(_, _, effect)| *effect != 0);
        let fact = CustomsBillGstinAmended {
            bill_of_entry: bill(),
            from: OLD.parse().unwrap(),
            to: NEW.parse().unwrap(),
            amendment_date: at(when).date(),
            reversal_record_id: RecordId(format!("{id}#out")),
            credit_record_id: RecordId(format!("{id}#in")),
            received_at: at(when),
            origin: Origin::User,
        };
        let answer = self.bench.at(when, FeedRecord::fact(Feed::BillsOfEntry, id, BILL, Some(at(when)), &fact));
        if answer.unwrap().0 == RequestStatus::Applied {
            self.owner = NEW;
            self.locked_when_moved = Some(had_credit);
        }
    }

    /// Statement, record and effect of each line of the filed statements of a GSTIN.
    fn locked(&self, gstin: &str) -> Vec<(&'static str, String, i64)> {
        let rows = self.bench.simulation.rows(stream::WorkerName("gstr2b"), 0).unwrap();
        let who = gstin.parse().unwrap();
        let filed = |of: &&str| gstr2b::view::current(&rows, who, period(of)).unwrap().locked_at.is_some();
        let mut lines = Vec::new();
        for of in MONTHS.iter().map(|(of, _)| *of).filter(filed) {
            for line in self.bench.lines(gstin, of).unwrap().1 {
                assert!(line.table.to_string().starts_with("3.A.IV."), "{}", line.table);
                lines.push((of, line.record_id.0, line.effect.igst.get() / 100));
            }
        }
        lines
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn be_5_be_8_be_10_the_effects_of_a_bill_add_up_to_its_value_where_it_belongs(
        rupees in 1..2000_i64, steps in story(),
    ) {
        let mut life = Life::begin(rupees);
        for (number, step) in steps.iter().enumerate() {
            life.step(number, step);
        }
        for gstin in [OLD, NEW] {
            let lines = life.locked(gstin);
            let mut records: Vec<&String> = lines.iter().map(|(_, record, _)| record).collect();
            records.sort();
            records.dedup();
            prop_assert_eq!(records.len(), lines.len(), "a record counts twice: {:?}", lines);
            let sum: i64 = lines.iter().map(|(_, _, effect)| effect).sum();
            let last = lines.iter().rfind(|(_, record, _)| !record.ends_with("#out"));
            let last = last.map(|(_, record, _)| life.values.get(record).copied());
            let reversed = lines.iter().any(|(_, record, _)| record.ends_with("#out"));
            match (reversed, life.locked_when_moved, last) {
                // Given back in full: nothing is left of the credit that was locked before the move.
                (true, Some(true), _) => prop_assert_eq!(sum, 0, "{} {:?}", gstin, lines),
                // Never taken, and still reversed in full by silence (BE-12): the taxpayer should have answered NO.
                (true, _, _) => prop_assert!(sum < 0, "{} {:?}", gstin, lines),
                (false, _, Some(Some(value))) => prop_assert_eq!(sum, value, "{} {:?}", gstin, lines),
                // The record of the move itself: the value that the bill had then.
                (false, _, Some(None)) => prop_assert!(sum > 0, "{} {:?}", gstin, lines),
                (false, _, None) => prop_assert_eq!(sum, 0),
            }
        }
    }
}
