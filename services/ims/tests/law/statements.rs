//! Section 6: generation, recompute, lock; the portal's facts, early facts, two-person approval.

use crate::support::*;
use gst_events::*;
use gst_rules::calendar::CalendarItem;
use gst_types::FilingFrequency;
use ims::Event;

fn due(desk: &Desk) -> Vec<(String, u32)> {
    desk.heard::<StatementDue>().iter().map(|due| (due.period.to_string(), due.version)).collect()
}

#[test]
fn gn_1_gn_3_gn_7_too_early_out_of_sequence_and_versions() {
    let mut desk = Desk::new("102025");
    assert_eq!(desk.generate("102025", "2025-11-13T23:59:59"), "GSTR2B_NOT_AVAILABLE");
    assert_eq!(desk.generate("102025", "2025-11-14T00:00:00"), "DECIDED");
    assert_eq!(desk.generate("102025", "2025-11-14T10:00:00"), "DECIDED");
    assert_eq!(desk.generate("112025", "2025-12-14T10:00:00"), "PREVIOUS_GSTR3B_NOT_FILED");
    assert_eq!(desk.returned("102025", "2025-12-15T10:00:00", Origin::User), "DECIDED");
    assert_eq!(desk.returned("102025", "2025-12-15T10:00:00", Origin::User), "ALREADY_FILED");
    assert_eq!(desk.generate("102025", "2025-12-15T11:00:00"), "LOCKED_AFTER_GSTR3B");
    assert_eq!(desk.returned("112025", "2025-12-15T11:00:00", Origin::User), "GSTR2B_NOT_AVAILABLE");
    assert_eq!(due(&desk), [("102025".to_owned(), 1), ("102025".to_owned(), 2)]);
}

#[test]
fn gn_1_the_draft_is_made_on_the_14th_without_being_asked_for() {
    let mut desk = Desk::with("102025", FilingFrequency::Monthly, &[]);
    desk.open_days("2025-11-13T10:00:00");
    assert!(due(&desk).is_empty());
    desk.open_days("2025-11-14T00:00:00");
    assert_eq!(due(&desk), [("102025".to_owned(), 1)]);
    desk.open_days("2025-12-16T00:00:00");
    assert_eq!(due(&desk).len(), 1, "GN-3: the next one waits for the return");
    desk.returned("102025", "2025-12-16T10:00:00", Origin::User);
    assert_eq!(due(&desk).last().unwrap(), &("112025".to_owned(), 1), "at once when filed on the 16th");
}

#[test]
fn gn_1_pd_6_an_extended_cut_off_moves_the_draft() {
    let mut desk = Desk::with("102025", FilingFrequency::Monthly, &[]);
    desk.extend(CalendarItem::Gstr1Monthly, "102025", "2025-11-18", "2025-11-10T10:00:00");
    desk.open_days("2025-11-18T10:00:00");
    assert!(due(&desk).is_empty());
    desk.open_days("2025-11-19T00:00:00");
    assert_eq!(due(&desk), [("102025".to_owned(), 1)]);
}

#[test]
fn gn_5_gn_6_a_changed_action_makes_the_draft_stale_until_recompute() {
    let mut desk = Desk::new("102025");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    desk.act("i", ImsAction::Accept, "2025-11-11T10:00:00");
    desk.generate("102025", "2025-11-14T10:00:00");
    desk.act("i", ImsAction::Accept, "2025-11-15T10:00:00");
    let stale = |desk: &Desk| {
        ims::view::taxpayer_view(&stream::StateView::new(&desk.rows), &desk.rules, recipient()).unwrap().stale
    };
    assert!(!stale(&desk), "the same action leaves it valid");
    desk.act("i", ImsAction::Reject, "2025-11-15T11:00:00");
    desk.act("i", ImsAction::Accept, "2025-11-15T12:00:00");
    assert!(stale(&desk), "also when the old action is put back");
    assert_eq!(desk.returned("102025", "2025-11-16T10:00:00", Origin::User), "RECOMPUTE_REQUIRED");
    desk.generate("102025", "2025-11-16T11:00:00");
    assert_eq!(desk.returned("102025", "2025-11-16T12:00:00", Origin::User), "DECIDED");
}

#[test]
fn gn_11_a_late_record_makes_stale_or_counts_in_the_next_statement() {
    let mut desk = Desk::new("102025");
    desk.generate("102025", "2025-11-14T10:00:00");
    let late = document("late", ImsSection::B2b, 100);
    desk.open_days("2025-11-15T10:00:00");
    desk.file(&late, "2025-11-10T10:00:00");
    assert_eq!(desk.returned("102025", "2025-11-16T10:00:00", Origin::User), "RECOMPUTE_REQUIRED");
    desk.close("102025", "2025-11-16T11:00:00");
    desk.file(&document("later", ImsSection::B2b, 100), "2025-11-10T11:00:00");
    assert_eq!(desk.line("later"), line("112025", "3.A.I.B2B", 100));
    assert!(desk.heard::<ImsRecordDecided>().last().unwrap().line.as_ref().unwrap().late_feed);
    assert_eq!(desk.heard::<Alert>().last().unwrap().code, "LATE_FEED");
}

#[test]
fn pd_7_a_pending_record_counts_in_the_earliest_open_period() {
    let mut desk = Desk::new("102025");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    desk.act("i", ImsAction::Pending, "2025-11-11T10:00:00");
    desk.close("102025", "2025-11-14T10:00:00");
    desk.act("i", ImsAction::Accept, "2025-11-15T10:00:00");
    assert_eq!(desk.line("i"), line("112025", "3.A.I.B2B", 100));
    assert_eq!(desk.shown("i", "2025-11-15T10:00:00").gstr2b_period, Some(period("102025")));
}

#[test]
fn the_portals_facts_are_applied_and_their_difference_is_told() {
    let mut desk = Desk::new("102025");
    desk.file(&document("n", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    assert_eq!(desk.returned("112025", "2025-12-20T10:00:00", Origin::Portal), "DECIDED");
    assert_eq!(desk.heard::<PortalDiverged>().last().unwrap().code, "PREVIOUS_GSTR3B_NOT_FILED");
    let locked = desk.said.iter().filter(|record| record.event_type == PeriodLocked::TYPE);
    let topics: Vec<&str> = locked.map(|record| record.topic).collect();
    assert_eq!(topics, ["itc.recipient-journal.v1", "itc.supplier-journal.v1"]);
    assert_eq!(desk.act("n", ImsAction::Reject, "2025-12-21T10:00:00"), "LOCKED_AFTER_GSTR3B");
}

#[test]
fn an_action_before_its_document_waits_for_it() {
    let mut desk = Desk::new("102025");
    let mut early = desk.request("i", ImsAction::Reject, "2025-11-09T10:00:00");
    early.target = ImsTarget::Document {
        section: ImsSection::B2b,
        supplier: SUPPLIER.parse().unwrap(),
        number: "i".to_owned(),
        date: "2025-10-15".parse().unwrap(),
    };
    assert_eq!(desk.ask(early), "WAITING");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    assert_eq!(desk.line("i"), line("102025", "6.A.I.B2B", 100));
    let statuses: Vec<RequestStatus> = desk.heard::<Request>().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [RequestStatus::Waiting, RequestStatus::Applied]);
}

#[test]
fn an_action_without_a_document_ends_after_the_longest_wait() {
    let mut desk = Desk::new("102025");
    let mut early = desk.request("i", ImsAction::Reject, "2025-11-09T10:00:00");
    early.target = ImsTarget::BillOfEntry {
        section: ImsSection::Impg,
        bill_of_entry: "INNSA1/2000001/2025-11-18".parse().unwrap(),
    };
    desk.ask(early);
    desk.open_days("2026-02-07T10:00:00");
    assert_eq!(desk.heard::<Alert>().last().unwrap().code, "ACTION_WITHOUT_DOCUMENT");
    assert_eq!(desk.heard::<Request>().last().unwrap().code.as_deref(), Some("NOT_IN_IMS"));
}

#[test]
fn a_second_person_approves_and_the_same_one_cannot() {
    let mut desk = two_persons(&[("draft_generation", "ON_REQUEST")]);
    let actor = |name: &str| Actor { subject: name.to_owned(), role: None };
    let mut asked = desk.request("i", ImsAction::Reject, "2025-11-11T10:00:00");
    assert_eq!(desk.ask(asked.clone()), "ACTOR_REQUIRED");
    asked.actor = Some(actor("maker"));
    assert_eq!(desk.ask(asked), "WAITING");
    assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
    let proposal_id = desk.heard::<ActionProposed>()[0].proposal_id.clone();
    let approve = |name: &str, when: &str| {
        Event::ImsActionApproved(Box::new(ImsActionApproved {
            recipient: recipient(),
            proposal_id: proposal_id.clone(),
            actor: actor(name),
            at: at(when),
        }))
    };
    assert_eq!(desk.tell(approve("maker", "2025-11-11T11:00:00")), "SAME_PERSON_TWICE");
    assert_eq!(desk.tell(approve("checker", "2025-11-11T12:00:00")), "DECIDED");
    assert_eq!(desk.line("i"), line("102025", "6.A.I.B2B", 100));
    assert_eq!(desk.tell(approve("checker", "2025-11-11T13:00:00")), "PROPOSAL_UNKNOWN");
}

#[test]
fn tb_2_tb_5_isd_documents_and_rule_37a_lines_go_straight_to_the_statement() {
    let mut desk = Desk::new("102025");
    desk.tell(Event::IsdDocumentReported(Box::new(IsdDocumentReported {
        record_id: RecordId("isd".to_owned()),
        isd: SUPPLIER.parse().unwrap(),
        recipient: recipient(),
        return_period: period("102025"),
        document_type: IsdDocumentType::CreditNote,
        number: "D1".to_owned(),
        date: "2025-10-31".parse().unwrap(),
        original: None,
        tax: tax(50),
        itc_eligible: true,
        filed_at: at("2025-11-13T23:00:00"),
    })));
    desk.tell(Event::Rule37aReversalListed(Box::new(Rule37aReversalListed {
        record_id: RecordId("37a".to_owned()),
        recipient: recipient(),
        supplier: SUPPLIER.parse().unwrap(),
        section: ImsSection::Dna,
        number: "X1".to_owned(),
        date: "2024-10-31".parse().unwrap(),
        tax: tax(70),
        at: at("2025-11-13T23:00:00"),
    })));
    assert_eq!(desk.line("isd"), line("102025", "3.B.I.ISD-CN", 50));
    assert_eq!(desk.line("37a"), line("112025", "5.A.I.B2B-DNA", 70));
    assert_eq!(desk.act("isd", ImsAction::Reject, "2025-11-14T10:00:00"), "NOT_IN_IMS");
}

#[test]
fn a_lock_runs_in_pages_of_any_size() {
    let numbers: Vec<String> = (0..40).map(|number| format!("N{number}")).collect();
    let run = |changes_max: usize| {
        let mut desk = Desk::new("102025");
        desk.changes_max = changes_max;
        for number in &numbers {
            let id: &'static str = Box::leak(number.clone().into_boxed_str());
            desk.file(&document(id, ImsSection::Cn, 100), "2025-11-10T10:00:00");
            desk.act(id, ImsAction::Reject, "2025-11-11T10:00:00");
        }
        desk.close("102025", "2025-11-14T10:00:00");
        (desk.rows.clone(), desk.heard::<LiabilityRaised>().len())
    };
    assert_eq!(run(20), run(500));
    assert_eq!(run(20).1, 40);
}
