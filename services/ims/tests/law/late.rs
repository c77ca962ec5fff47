//! Feeds that arrive in another order than things happened.

use crate::support::*;
use gst_events::*;

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

#[test]
fn gn_11_an_action_before_the_first_save_waits_and_counts() {
    let mut desk = Desk::new("102025");
    let early = on_document(&desk, "2025-11-05T09:00:00");
    assert_eq!(desk.ask(early), "WAITING");
    desk.save(&document("v1", ImsSection::B2b, 100), "2025-11-05T10:00:00");
    assert_eq!(desk.shown("v1", "2025-11-05T13:00:00").action, ImsAction::Reject);
}
