//! Switches of the rulebook, two-person approval, and corners that random stories found.

use crate::support::*;
use gst_events::*;
use gst_rules::calendar::CalendarItem;
use gst_types::{FilingFrequency, IstDate};
use ims::Event;

const ON_REQUEST: (&str, &str) = ("draft_generation", "ON_REQUEST");

fn amends(id: &'static str, section: ImsSection, rupees: i64, original: &'static str) -> Document {
    Document { return_period: "112025", original: Some(original), ..document(id, section, rupees) }
}

fn isd(id: &str, document_type: IsdDocumentType, eligible: bool) -> Event {
    Event::IsdDocumentReported(Box::new(IsdDocumentReported {
        record_id: RecordId(id.to_owned()),
        isd: SUPPLIER.parse().unwrap(),
        recipient: recipient(),
        return_period: period("102025"),
        document_type,
        number: id.to_owned(),
        date: "2025-10-31".parse().unwrap(),
        original: None,
        tax: tax(50),
        itc_eligible: eligible,
        filed_at: at("2025-11-13T23:00:00"),
    }))
}

#[test]
fn cf_6_isd_documents_are_acted_on_where_the_rulebook_lets_them_into_ims() {
    let mut desk = Desk::with("102025", FilingFrequency::Monthly, &[ON_REQUEST, ("isd_in_ims", "true")]);
    desk.tell(isd("invoice", IsdDocumentType::Invoice, true));
    desk.tell(isd("note", IsdDocumentType::CreditNote, true));
    desk.tell(isd("blocked", IsdDocumentType::Invoice, false));
    let shown = desk.shown("invoice", "2025-11-14T10:00:00");
    assert!(shown.visible_in_ims && shown.pending_allowed && shown.section.is_none());
    assert_eq!(shown.acceptance, Some(Acceptance::Deemed));
    assert_eq!(desk.act("invoice", ImsAction::Pending, "2025-11-14T10:00:00"), "DECIDED");
    assert_eq!(desk.line("invoice"), None);
    assert_eq!(desk.act("note", ImsAction::Reject, "2025-11-14T10:00:00"), "DECIDED");
    assert_eq!(desk.line("note"), line("102025", "6.B.I.ISD-CN", 50));
    assert_eq!(desk.act("invoice", ImsAction::Reject, "2025-11-14T10:01:00"), "DECIDED");
    assert_eq!(desk.line("invoice"), line("102025", "6.A.II.ISD", 50));
    assert_eq!(desk.act("blocked", ImsAction::Accept, "2025-11-14T10:00:00"), "NOT_IN_IMS");
    desk.close("102025", "2025-11-14T11:00:00");
    assert!(desk.heard::<LiabilityRaised>().is_empty(), "a distributor has no liability of a rejected note");
}

#[test]
fn ac_6_pd_6_a_due_date_that_is_corrected_to_an_earlier_day_ends_pending_on_that_day() {
    let mut desk = Desk::new("102025");
    desk.file(&document("c", ImsSection::Cn, 100), "2025-11-10T10:00:00");
    desk.extend(CalendarItem::Gstr3bMonthly, "112025", "2025-12-31", "2025-11-11T10:00:00");
    desk.act("c", ImsAction::Pending, "2025-11-12T10:00:00");
    desk.extend(CalendarItem::Gstr3bMonthly, "112025", "2025-12-24", "2025-11-20T10:00:00");
    desk.open_days("2025-12-24T10:00:00");
    assert_eq!(desk.line("c"), None);
    desk.open_days("2025-12-25T00:00:00");
    assert_eq!(desk.line("c"), line("102025", "3.B.I.B2B-CN", 100));
    desk.open_days("2026-01-02T00:00:00");
    assert_eq!(desk.line("c"), line("102025", "3.B.I.B2B-CN", 100), "the old day finds nothing to do");
}

#[test]
fn am_4_am_13_a_version_behind_an_ineligible_one_supersedes_the_first() {
    let mut desk = Desk::with("112025", FilingFrequency::Monthly, &[ON_REQUEST, ("amendment_chain", "CHAIN")]);
    let first = Document { return_period: "112025", ..document("o", ImsSection::B2b, 900) };
    // For a recipient of another State the place of supply would be the supplier's own: here the time limit is past.
    desk.file(&first, "2025-12-01T10:00:00");
    let late = Document { date: "2024-03-01", ..amends("a", ImsSection::B2ba, 950, "o") };
    desk.file(&late, "2025-12-02T10:00:00");
    assert_eq!(desk.line("a"), line("112025", "4.A.I.B2BA", 950));
    assert_eq!(desk.line("o"), line("112025", "3.A.I.B2B", 900), "an ineligible amendment supersedes nothing");
    desk.file(&amends("b", ImsSection::B2ba, 1000, "a"), "2025-12-03T10:00:00");
    assert_eq!(desk.line("b"), line("112025", "3.A.I.B2BA", 1000));
    assert_eq!((desk.line("o"), desk.line("a")), (None, None), "the last version of a statement counts alone");
}

#[test]
fn el_4_an_amendment_that_counts_instead_does_not_lapse_with_its_original() {
    let rules = [ON_REQUEST, ("amendment_chain", "CHAIN")];
    let mut desk = Desk::with("092025", FilingFrequency::Monthly, &rules);
    let old = Document { date: "2025-03-01", return_period: "092025", ..document("o", ImsSection::B2b, 900) };
    desk.file(&old, "2025-10-05T10:00:00");
    let young = Document { date: "2025-04-01", return_period: "092025", ..amends("a", ImsSection::B2ba, 950, "o") };
    desk.file(&young, "2025-10-06T10:00:00");
    desk.act("o", ImsAction::Pending, "2025-10-07T10:00:00");
    desk.act("a", ImsAction::Pending, "2025-10-07T10:00:00");
    desk.open_days("2025-12-01T00:00:00");
    assert_eq!(desk.act("o", ImsAction::Accept, "2025-12-01T10:00:00"), "LOCKED_AFTER_GSTR3B");
    assert!(desk.shown("a", "2025-12-01T10:00:00").visible_in_ims, "its own year ends later");
    assert_eq!(desk.act("a", ImsAction::Accept, "2025-12-01T10:00:00"), "DECIDED");
}

#[test]
fn be_5_a_moved_bill_and_its_value_amendment_count_once_also_before_october_2024() {
    let mut desk = Desk::new("092024");
    let details = |section, rupees: i64| BillOfEntryDetails {
        bill_of_entry: "INNSA1/2000001/2024-08-18".parse().unwrap(),
        section,
        bill_of_entry_type: BillOfEntryType::default(),
        importer: recipient(),
        taxable_value: gst_types::Paise::from_rupees(1000),
        tax: tax(rupees),
        sez_supplier: None,
        parent: None,
        reference_date: Some("2024-09-06".parse().unwrap()),
    };
    desk.tell(Event::BillOfEntryMovedIn(Box::new(BillOfEntryMovedIn {
        move_id: "m".to_owned(),
        record_id: Some(RecordId("in".to_owned())),
        details: details(ImsSection::Impga, 180),
        from: recipient(),
        amendment_date: "2024-09-06".parse().unwrap(),
        received_at: at("2024-09-06T10:00:00"),
    })));
    desk.tell(Event::BillOfEntryAmended(Box::new(BillOfEntryAmended {
        record_id: RecordId("value".to_owned()),
        details: details(ImsSection::Impga, 360),
        tax_before: tax(180),
        taxable_value_before: gst_types::Paise::ZERO,
        eligible_at: None,
        received_at: at("2024-09-18T10:00:00"),
    })));
    assert_eq!(desk.line("in"), None);
    assert_eq!(desk.line("value"), line("092024", "3.A.IV.IMPGA", 360));
    let amended: Vec<_> = desk.heard::<ImsRecordDecided>().into_iter().map(|decided| decided.bill_amendment).collect();
    assert!(amended.contains(&Some(BillAmendment::GstinIn)) && amended.contains(&Some(BillAmendment::Value)));
}

#[test]
fn el_4_a_whole_chain_held_behind_a_lapsed_original_goes_with_it() {
    let rules = [ON_REQUEST, ("amendment_chain", "CHAIN")];
    let mut desk = Desk::with("092025", FilingFrequency::Monthly, &rules);
    let old = Document { date: "2025-03-01", return_period: "092025", ..document("o", ImsSection::B2b, 900) };
    desk.file(&old, "2025-10-05T10:00:00");
    desk.act("o", ImsAction::Pending, "2025-10-06T10:00:00");
    let held = |id, original| Document { date: "2025-03-01", ..amends(id, ImsSection::B2ba, 950, original) };
    desk.file(&held("a", "o"), "2025-10-20T10:00:00");
    desk.file(&held("b", "a"), "2025-11-05T10:00:00");
    desk.open_days("2025-12-01T00:00:00");
    for id in ["o", "a", "b"] {
        assert_eq!(desk.act(id, ImsAction::Accept, "2025-12-01T10:00:00"), "LOCKED_AFTER_GSTR3B", "{id}");
    }
    desk.close("092025", "2025-12-14T10:00:00");
    assert_eq!(desk.line("b"), None);
}

fn propose(desk: &mut Desk, when: &str) -> String {
    let mut asked = desk.request("i", ImsAction::Reject, when);
    asked.actor = Some(Actor { subject: "maker".to_owned(), role: None });
    assert_eq!(desk.ask(asked), "WAITING");
    desk.heard::<ActionProposed>().last().unwrap().proposal_id.clone()
}

fn approve(desk: &mut Desk, proposal_id: &str, when: &str) -> &'static str {
    desk.open_days(when);
    desk.tell(Event::ImsActionApproved(Box::new(ImsActionApproved {
        recipient: recipient(),
        proposal_id: proposal_id.to_owned(),
        actor: Actor { subject: "checker".to_owned(), role: None },
        at: at(when),
    })))
}

#[test]
fn ac_2_a_proposal_expires_after_the_days_of_the_rulebook() {
    for (rules, last_day) in
        [(vec![ON_REQUEST], "2025-11-18"), (vec![ON_REQUEST, ("approval_days", "3")], "2025-11-14")]
    {
        let mut desk = two_persons(&rules);
        let proposal = propose(&mut desk, "2025-11-11T10:00:00");
        let told = desk.heard::<ActionProposed>()[0].clone();
        assert_eq!(told.expires_on, last_day.parse::<IstDate>().unwrap());
        assert_eq!(told.request.actor.unwrap().subject, "maker");
        let after = format!("{}T00:00:00", told.expires_on.next());
        assert_eq!(approve(&mut desk, &proposal, &after), "PROPOSAL_UNKNOWN", "the day after took it away");
        let answers: Vec<_> = desk.heard::<Request>().into_iter().filter_map(|answer| answer.code).collect();
        assert_eq!(answers, ["PROPOSAL_EXPIRED", "PROPOSAL_UNKNOWN"]);
        assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100), "nothing changed");
    }
}

#[test]
fn ac_2_a_proposal_that_is_turned_down_changes_nothing() {
    let mut desk = two_persons(&[ON_REQUEST]);
    let proposal_id = propose(&mut desk, "2025-11-11T10:00:00");
    desk.tell(Event::ImsActionDenied(Box::new(ImsActionDenied {
        recipient: recipient(),
        proposal_id: proposal_id.clone(),
        actor: Actor { subject: "checker".to_owned(), role: None },
        at: at("2025-11-12T10:00:00"),
        reason: None,
    })));
    assert!(desk.heard::<Request>().iter().any(|answer| answer.code.as_deref() == Some("PROPOSAL_DENIED")));
    assert_eq!(approve(&mut desk, &proposal_id, "2025-11-12T11:00:00"), "PROPOSAL_UNKNOWN");
    assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
}

#[test]
fn ac_2_what_is_refused_without_a_second_person_is_refused_at_once_with_one() {
    let mut desk = two_persons(&[ON_REQUEST]);
    desk.close("102025", "2025-11-20T10:00:00");
    let mut asked = desk.request("i", ImsAction::Reject, "2025-11-21T10:00:00");
    asked.actor = Some(Actor { subject: "maker".to_owned(), role: None });
    assert_eq!(desk.ask(asked), "LOCKED_AFTER_GSTR3B");
    assert!(desk.heard::<ActionProposed>().is_empty());
}

#[test]
fn ac_2_an_approval_is_decided_by_what_is_known_when_it_comes() {
    let mut desk = two_persons(&[ON_REQUEST]);
    let proposal_id = propose(&mut desk, "2025-11-19T10:00:00");
    desk.close("102025", "2025-11-20T10:00:00");
    assert_eq!(approve(&mut desk, &proposal_id, "2025-11-21T10:00:00"), "LOCKED_AFTER_GSTR3B");
    assert_eq!(desk.line("i"), line("102025", "3.A.I.B2B", 100));
}

#[test]
fn ac_11_refusals_carry_the_portals_code_where_it_has_one() {
    let mut desk = Desk::new("102025");
    desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
    let mut asked = desk.request("i", ImsAction::Accept, "2025-11-11T10:00:00");
    asked.previous_action = Some(ImsAction::Pending);
    assert_eq!(desk.ask(asked), "ACTION_CHANGED");
    assert_eq!(desk.generate("112025", "2025-12-14T10:00:00"), "PREVIOUS_GSTR3B_NOT_FILED");
    assert_eq!(desk.act("nobody", ImsAction::Accept, "2025-12-14T10:00:00"), "NOT_IN_IMS");
    let codes: Vec<_> = desk.heard::<Request>().into_iter().map(|answer| answer.portal_code).collect();
    assert_eq!(codes, [Some("IMSSAV0010".to_owned()), Some("GTR2B-002".to_owned()), None]);
    assert!(desk.heard::<Request>().iter().all(|answer| answer.message.len() > 20), "and plain words");
}
