//! Claims of the register that no statement has.

use crate::statement::{Desk, period, recipient, tax};
use gst_events::{Alert, ClaimNotInStatement, CreditAvailed, CreditClaimed, CreditSubject};
use gstr2b::Event;

const BILL: &str = "INNSA1/4000001/2026-04-08";

fn claimed(subject: &str) -> Event {
    Event::CreditClaimed(Box::new(CreditClaimed {
        recipient: recipient(),
        claim_id: "claim".to_owned(),
        subject: subject.parse().unwrap(),
        return_period: period("042026"),
        filed_at: Some("2026-05-20T10:00:00".parse().unwrap()),
        tax: tax(180),
        at: "2026-05-20T10:00:00".parse().unwrap(),
    }))
}

fn alerts(desk: &Desk) -> Vec<(String, String, String)> {
    let of = |alert: Alert| {
        let subject = alert.subject.as_ref().map(CreditSubject::to_string).unwrap_or_default();
        (alert.code, subject, alert.rule.unwrap().to_string())
    };
    desk.heard::<Alert>().into_iter().map(of).collect()
}

#[test]
fn boe_11_boe_12_credit_of_an_import_that_no_statement_has_is_taken_and_flagged() {
    let mut desk = Desk::new();
    desk.tell(&claimed(BILL));
    assert_eq!(alerts(&desk), [("BOE_NOT_IN_2B".to_owned(), BILL.to_owned(), "BOE-12".to_owned())]);
    // Credit is not lost in law: the claim goes on, without a line.
    assert_eq!(desk.heard::<CreditAvailed>()[0].claimed, tax(180));
    assert_eq!(desk.heard::<CreditAvailed>()[0].line, None);
    assert_eq!(desk.heard::<ClaimNotInStatement>().len(), 1);
}

#[test]
fn elg_3_credit_of_a_document_needs_a_line_of_gstr_2b() {
    let invoice = "27AAACS5678B1ZC:INVOICE:A:2025-26";
    let mut desk = Desk::new();
    desk.tell(&claimed(invoice));
    let expected = ("CLAIM_NOT_IN_STATEMENT".to_owned(), invoice.to_owned(), "ELG-3".to_owned());
    assert_eq!(alerts(&desk), [expected]);
    let mut desk = Desk::new();
    desk.count("A", Some("3.A.I.B2B"), 180);
    desk.tell(&claimed(invoice));
    assert_eq!(alerts(&desk), []);
}
