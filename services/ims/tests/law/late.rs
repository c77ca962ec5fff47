//! Feeds that arrive in another order than things happened.

use crate::support::*;
use gst_events::*;
use ims::Event;

fn on_document(desk: &Desk, when: &str) -> ImsActionRequested {
    let target = ImsTarget::Document {
        section: ImsSection::B2b,
        supplier: SUPPLIER.parse().unwrap(),
        number: "v1".to_owned(),
        date: "2025-10-15".parse().unwrap(),
    };
    ImsActionRequested { target, ..desk.request("v1", ImsAction::Reject, when) }
}

/// A document saved at 10:00 and edited at 12:00.
fn edited() -> (Desk, Document) {
    let mut desk = Desk::new("102025");
    let first = document("v1", ImsSection::B2b, 100);
    let second = Document { id: "v2", number: "v1", ..document("v2", ImsSection::B2b, 120) };
    desk.save(&first, "2025-11-05T10:00:00");
    desk.change(&second, "v1", "2025-11-05T12:00:00");
    (desk, second)
}

#[test]
fn am_1_gn_11_an_action_that_arrives_after_the_edit_it_came_before_is_reset() {
    let (mut desk, second) = edited();
    let early = on_document(&desk, "2025-11-05T11:00:00");
    assert_eq!(desk.ask(early), "DECIDED");
    let answer = desk.heard::<Request>().pop().unwrap();
    assert_eq!((answer.status, answer.rule.unwrap().to_string()), (RequestStatus::Applied, "AM-1".to_owned()));
    assert_eq!(desk.shown("v2", "2025-11-05T13:00:00").action, ImsAction::NoAction);
    // At the instant of the edit it is still the old version's, a second later it is the new one's.
    let same = on_document(&desk, "2025-11-05T12:00:00");
    desk.ask(same);
    assert_eq!(desk.shown("v2", "2025-11-05T13:00:00").action, ImsAction::NoAction);
    let later = on_document(&desk, "2025-11-05T12:00:01");
    desk.ask(later);
    assert_eq!(desk.shown("v2", "2025-11-05T13:00:00").action, ImsAction::Reject);
    // Filing changes nothing of that.
    desk.file(&second, "2025-11-10T10:00:00");
    let early = ImsActionRequested { action: ImsAction::Accept, ..on_document(&desk, "2025-11-05T11:30:00") };
    desk.ask(early);
    assert_eq!(desk.line("v2"), line("102025", "6.A.I.B2B", 120));
}

/// Saved at 10:00, deleted at 12:00, saved again at 14:00; an action of `when` is heard before all three.
fn acted_before_delete_and_resave(when: &str) -> ImsAction {
    let mut desk = Desk::new("102025");
    let early = on_document(&desk, when);
    assert_eq!(desk.ask(early), "WAITING");
    desk.save(&document("v1", ImsSection::B2b, 100), "2025-11-05T10:00:00");
    desk.tell(Event::DocumentWithdrawn(Box::new(DocumentWithdrawn {
        recipient: recipient(),
        record_id: RecordId("v1".to_owned()),
        at: at("2025-11-05T12:00:00"),
        reason: WithdrawalReason::Deleted,
    })));
    let again = Document { id: "v2", number: "v1", ..document("v2", ImsSection::B2b, 120) };
    desk.save(&again, "2025-11-05T14:00:00");
    desk.shown("v2", "2025-11-05T16:00:00").action
}

#[test]
fn eg_6_an_early_action_on_a_record_that_is_deleted_and_saved_again_finds_the_version_it_was_taken_on() {
    assert_eq!(acted_before_delete_and_resave("2025-11-05T15:00:00"), ImsAction::Reject);
    // Taken on the first version it is gone with it (IN-6), and while there was none it was taken on nothing.
    assert_eq!(acted_before_delete_and_resave("2025-11-05T11:00:00"), ImsAction::NoAction);
    assert_eq!(acted_before_delete_and_resave("2025-11-05T13:00:00"), ImsAction::NoAction);
    // At the instant of the second save it is still the old version's (AM-1).
    assert_eq!(acted_before_delete_and_resave("2025-11-05T14:00:00"), ImsAction::NoAction);
    assert_eq!(acted_before_delete_and_resave("2025-11-05T14:00:01"), ImsAction::Reject);
}

#[test]
fn gn_11_an_action_before_the_first_save_waits_and_counts() {
    let mut desk = Desk::new("102025");
    let early = on_document(&desk, "2025-11-05T09:00:00");
    assert_eq!(desk.ask(early), "WAITING");
    desk.save(&document("v1", ImsSection::B2b, 100), "2025-11-05T10:00:00");
    assert_eq!(desk.shown("v1", "2025-11-05T13:00:00").action, ImsAction::Reject);
}
