//! Section 10: Bills of Entry.

use crate::support::*;
use gst_events::*;
use gst_types::{Paise, TaxAmounts};
use ims::Event;

const BILL: &str = "INNSA1/2000001/2025-11-18";

fn igst(rupees: i64) -> TaxAmounts {
    TaxAmounts { igst: Paise::from_rupees(rupees), ..TaxAmounts::ZERO }
}

fn details(section: ImsSection, rupees: i64, reference_date: &str) -> BillOfEntryDetails {
    BillOfEntryDetails {
        bill_of_entry: BILL.parse().unwrap(),
        section,
        bill_of_entry_type: BillOfEntryType::HomeConsumption,
        importer: recipient(),
        taxable_value: Paise::from_rupees(100_000),
        tax: igst(rupees),
        sez_supplier: None,
        parent: None,
        reference_date: Some(reference_date.parse().unwrap()),
    }
}

impl Desk {
    fn receive(&mut self, id: &str, rupees: i64, received_at: &str) {
        self.open_days(received_at);
        self.tell(Event::BillOfEntryReceived(Box::new(BillOfEntryReceived {
            record_id: RecordId(id.to_owned()),
            details: details(ImsSection::Impg, rupees, "2025-11-20"),
            received_at: at(received_at),
        })));
    }

    fn amend(&mut self, id: &str, rupees: i64, received_at: &str) {
        self.open_days(received_at);
        self.tell(Event::BillOfEntryAmended(Box::new(BillOfEntryAmended {
            record_id: RecordId(id.to_owned()),
            details: details(ImsSection::Impga, rupees, &received_at[..10]),
            tax_before: igst(0),
            taxable_value_before: Paise::ZERO,
            eligible_at: None,
            received_at: at(received_at),
        })));
    }

    fn move_out(&mut self, id: &str, received_at: &str) {
        self.open_days(received_at);
        self.tell(Event::BillOfEntryMovedOut(Box::new(BillOfEntryMovedOut {
            move_id: "move".to_owned(),
            record_id: RecordId(id.to_owned()),
            details: details(ImsSection::Impg, 18_000, "2025-11-20"),
            to: "33AAACG9999K1ZW".parse().unwrap(),
            amendment_date: received_at[..10].parse().unwrap(),
            received_at: at(received_at),
        })));
    }

    fn import(&self, id: &str) -> Option<(String, String, i64)> {
        let decided = self.heard::<ImsRecordDecided>();
        let last = decided.into_iter().rev().find(|decided| decided.record_id.0 == id)?;
        last.line.map(|line| (line.period.to_string(), line.table.to_string(), line.effect.igst.get() / 100))
    }
}

#[test]
fn pd_8_be_3_received_by_the_13th() {
    for (received, statement) in [("2025-12-13T23:59:59", "112025"), ("2025-12-14T00:00:00", "122025")] {
        let mut desk = Desk::new("112025");
        desk.receive("b", 18_000, received);
        assert_eq!(desk.import("b"), line(statement, "3.A.IV.IMPG", 18_000));
    }
}

#[test]
fn ac_7_be_2_be_14_ed_4_a_bill_is_accepted_or_pending_never_rejected() {
    let mut desk = Desk::new("112025");
    desk.receive("b", 18_000, "2025-11-21T10:00:00");
    assert_eq!(desk.act("b", ImsAction::Reject, "2025-11-22T10:00:00"), "REJECT_NOT_ALLOWED_FOR_BOE");
    assert_eq!(desk.act("b", ImsAction::Pending, "2025-11-22T10:00:00"), "DECIDED");
    assert_eq!(desk.import("b"), None);
    desk.open_days("2026-12-02T10:00:00");
    assert_eq!(desk.shown("b", "2026-12-02T10:00:00").action, ImsAction::Pending, "BE-14: no time limit");
}

#[test]
fn be_4_be_5_a_value_amendment_counts_by_difference_or_alone() {
    let mut desk = Desk::new("112025");
    desk.receive("b1", 18_000, "2025-11-20T10:00:00");
    desk.amend("b2", 20_000, "2025-11-25T10:00:00");
    assert_eq!(desk.import("b1"), None, "one statement: the amendment counts alone");
    assert_eq!(desk.import("b2"), line("112025", "3.A.IV.IMPGA", 20_000));
    desk.close("112025", "2025-12-14T10:00:00");
    desk.amend("b3", 15_000, "2025-12-22T10:00:00");
    assert_eq!(desk.import("b3"), line("122025", "3.A.IV.IMPGA", -5_000));
}

#[test]
fn be_6_be_8_rd_3_the_previous_gstin_reverses_at_most_the_original() {
    let mut desk = Desk::new("112025");
    desk.receive("b1", 18_000, "2025-11-20T10:00:00");
    desk.close("112025", "2025-12-14T10:00:00");
    desk.move_out("rev", "2025-12-22T10:00:00");
    assert_eq!(desk.import("rev"), line("122025", "3.A.IV.IMPGA", -18_000));
    let when = "2025-12-23T10:00:00";
    assert_eq!(desk.declare("rev", Some(igst(18_001)), true, Some("x"), when), "ITC_REDUCTION_EXCEEDS_DOCUMENT");
    assert_eq!(desk.declare("rev", Some(igst(5_000)), true, None, when), "REMARKS_REQUIRED");
    assert_eq!(desk.declare("rev", Some(igst(5_000)), true, Some("part availed"), when), "DECIDED");
    assert_eq!(desk.import("rev"), line("122025", "3.A.IV.IMPGA", -5_000));
    assert_eq!(desk.declare("rev", None, false, Some("none availed"), when), "DECIDED");
    assert_eq!(desk.import("rev"), line("122025", "3.A.IV.IMPGA", 0));
}

#[test]
fn t4_9_be_8_what_the_taxpayer_reversed_himself_lowers_what_is_left_to_declare() {
    let own = |amount: i64, when: &str, desk: &mut Desk| {
        let subject = CreditSubject::BillOfEntry(details(ImsSection::Impg, 18_000, "2025-11-20").bill_of_entry);
        desk.tell(Event::PermanentReversalRecorded(Box::new(PermanentReversalRecorded {
            recipient: recipient(),
            reversal_id: when.to_owned(),
            subject,
            rule: PermanentReversalRule::BoeGstinChanged,
            return_period: "112025".parse().unwrap(),
            tax: igst(amount),
            at: at(when),
        })));
    };
    let mut desk = Desk::new("112025");
    desk.receive("b1", 18_000, "2025-11-20T10:00:00");
    desk.close("112025", "2025-12-14T10:00:00");
    own(4_000, "2025-12-20T10:00:00", &mut desk);
    desk.move_out("rev", "2025-12-22T10:00:00");
    assert_eq!(desk.import("rev"), line("122025", "3.A.IV.IMPGA", -14_000));
    own(5_000, "2025-12-22T11:00:00", &mut desk);
    assert_eq!(desk.import("rev"), line("122025", "3.A.IV.IMPGA", -9_000));
    let when = "2025-12-23T10:00:00";
    assert_eq!(desk.declare("rev", Some(igst(9_001)), true, Some("x"), when), "ITC_REDUCTION_EXCEEDS_DOCUMENT");
    assert_eq!(desk.declare("rev", Some(igst(9_000)), true, Some("x"), when), "DECIDED");
    own(18_000, "2025-12-24T10:00:00", &mut desk);
    assert_eq!(desk.import("rev"), line("122025", "3.A.IV.IMPGA", 0));
}

#[test]
fn be_12_an_undecided_original_is_withdrawn_and_the_draft_is_stale() {
    let mut desk = Desk::new("112025");
    desk.receive("b1", 18_000, "2025-11-20T10:00:00");
    desk.generate("112025", "2025-12-14T10:00:00");
    desk.move_out("rev", "2025-12-15T10:00:00");
    assert_eq!(desk.import("b1"), None);
    assert_eq!(desk.act("b1", ImsAction::Accept, "2025-12-15T11:00:00"), "NOT_IN_IMS");
    assert_eq!(desk.heard::<Alert>().last().unwrap().code, "BOE_MOVED_UNDECIDED");
    assert_eq!(desk.import("rev"), line("122025", "3.A.IV.IMPGA", -18_000));
    assert_eq!(desk.returned("112025", "2025-12-20T10:00:00", Origin::User), "RECOMPUTE_REQUIRED");
}

#[test]
fn be_7_be_10_the_new_gstin_gets_the_full_value_unless_it_had_a_record() {
    let moved = |record_id: Option<&str>| {
        let mut desk = Desk::new("112025");
        desk.open_days("2025-12-22T10:00:00");
        desk.tell(Event::BillOfEntryMovedIn(Box::new(BillOfEntryMovedIn {
            move_id: "move".to_owned(),
            record_id: record_id.map(|id| RecordId(id.to_owned())),
            details: details(ImsSection::Impg, 18_000, "2025-11-20"),
            from: "33AAACG9999K1ZW".parse().unwrap(),
            amendment_date: "2025-12-22".parse().unwrap(),
            received_at: at("2025-12-22T10:00:00"),
        })));
        desk
    };
    assert_eq!(moved(Some("new")).import("new"), line("122025", "3.A.IV.IMPGA", 18_000));
    assert!(moved(None).heard::<ImsRecordDecided>().is_empty());
}

#[test]
fn be_9_an_old_gstin_change_counts_in_the_month_of_receipt() {
    let mut desk = Desk::new("112025");
    desk.move_out("rev", "2025-12-30T10:00:00");
    assert_eq!(desk.import("rev"), line("122025", "3.A.IV.IMPGA", -18_000));
}
