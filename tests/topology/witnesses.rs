//! R37A-7: the portal's Table 5 line and our own due event of 1 October are two witnesses of one cause.

use crate::bench::{Bench, at, igst, period, taxpayer};
use gst_events::{
    Alert, CreditClaimed, CreditSubject, EntryStatus, InvoiceBooked, LedgerCause, LedgerEntry, LedgerEntryKind,
    PaymentMade, Rule37aReversalListed, SupplierStatusReported, Topic,
};
use gst_types::{DocumentKey, Paise};
use itcctl::feed_record::{Feed, FeedRecord};

const RECIPIENT: &str = "27AAACR1234A1Z3";
const SUPPLIER: &str = "29AAACT4321C1ZR";
const INVOICE: &str = "29AAACT4321C1ZR:INVOICE:A-1:2024-25";

/// An invoice of May 2024, paid in time, its credit availed in the return of May 2024; the supplier's GSTR-3B of May 2024
/// is reported as not filed. So the supplier had until 30 September 2025 (R37A-2).
fn availed() -> Bench {
    let mut bench = Bench::whole(&[RECIPIENT], &[SUPPLIER], "052024");
    let document: DocumentKey = INVOICE.parse().unwrap();
    let value = Paise::from_rupees(118_000);
    let booked = InvoiceBooked {
        recipient: RECIPIENT.parse().unwrap(),
        document: document.clone(),
        document_date: "2024-05-10".parse().unwrap(),
        taxable_value: Paise::from_rupees(100_000),
        tax: igst(18_000),
        document_value: value,
        reverse_charge: false,
        schedule_i: false,
        section_15_2_b_amount: Paise::ZERO,
        supplier_period: Some(period("052024")),
        invoice: None,
        at: at("2024-05-12T10:00:00"),
    };
    let register = |id: &str, when: &str, fact: &CreditClaimed| {
        FeedRecord::fact(Feed::PurchaseRegister, id, RECIPIENT, Some(at(when)), fact)
    };
    bench.at(
        "2024-05-12T10:00:00",
        FeedRecord::fact(Feed::PurchaseRegister, "booked", RECIPIENT, Some(booked.at), &booked),
    );
    let paid = PaymentMade {
        recipient: RECIPIENT.parse().unwrap(),
        payment_id: "paid".to_owned(),
        supplier: SUPPLIER.parse().unwrap(),
        document: Some(document.clone()),
        amount: value,
        advance_id: None,
        debit_date: None,
        instrument_date: None,
        supplier_credit_date: None,
        at: at("2024-05-15T10:00:00"),
    };
    bench.at("2024-05-15T10:00:00", FeedRecord::fact(Feed::SupplierPayments, "paid", RECIPIENT, Some(paid.at), &paid));
    let claimed = CreditClaimed {
        recipient: RECIPIENT.parse().unwrap(),
        claim_id: "claim".to_owned(),
        subject: CreditSubject::Document(document),
        return_period: period("052024"),
        filed_at: Some(at("2024-06-20T10:00:00")),
        tax: igst(18_000),
        at: at("2024-06-20T10:00:00"),
    };
    bench.at("2024-06-20T10:00:00", register("claimed", "2024-06-20T10:00:00", &claimed));
    let status = SupplierStatusReported {
        supplier: SUPPLIER.parse().unwrap(),
        period: period("052024"),
        filed: false,
        at: at("2025-09-01T10:00:00"),
    };
    bench.at("2025-09-01T10:00:00", taxpayer("status", SUPPLIER, "2025-09-01T10:00:00", &status));
    bench
}

fn listed(bench: &mut Bench, when: &str, rupees: i64) {
    let fact = Rule37aReversalListed {
        record_id: gst_events::RecordId("listed#0".to_owned()),
        recipient: RECIPIENT.parse().unwrap(),
        supplier: SUPPLIER.parse().unwrap(),
        section: gst_events::ImsSection::B2b,
        number: "A-1".to_owned(),
        date: "2024-05-10".parse().unwrap(),
        tax: igst(rupees),
        at: at(when),
    };
    bench.at(when, taxpayer("listed", RECIPIENT, when, &fact));
}

/// Day and rupees of the reversals.
fn reversals(bench: &Bench) -> Vec<(String, i64)> {
    let entries = bench.heard::<LedgerEntry>(Topic::Ledger).into_iter();
    let due = entries.filter(|entry| entry.status == EntryStatus::Due && entry.entry == LedgerEntryKind::Reversal);
    due.map(|entry| {
        assert_eq!(entry.cause, Some(LedgerCause::Rule37a));
        (entry.date.to_string(), entry.tax.igst.get() / 100)
    })
    .collect()
}

fn alerts(bench: &Bench) -> Vec<String> {
    let alerts = bench.heard::<Alert>(Topic::Alerts).into_iter();
    alerts.map(|alert| alert.code).filter(|code| code.starts_with("RULE_37A")).collect()
}

#[test]
fn r37a_7_the_portals_line_comes_first_and_ours_posts_nothing() {
    let mut bench = availed();
    listed(&mut bench, "2025-09-15T10:00:00", 18_000);
    assert_eq!(reversals(&bench), [("2025-09-15".to_owned(), 18_000)]);
    bench.open("2025-10-02T00:00:00");
    assert_eq!(reversals(&bench).len(), 1);
    assert_eq!(alerts(&bench), [""; 0]);
}

#[test]
fn r37a_7_our_due_event_comes_first_and_the_portals_line_posts_nothing() {
    let mut bench = availed();
    bench.open("2025-10-01T00:00:00");
    assert_eq!(reversals(&bench), [("2025-10-01".to_owned(), 18_000)]);
    listed(&mut bench, "2025-10-15T10:00:00", 18_000);
    assert_eq!(reversals(&bench).len(), 1);
    assert_eq!(alerts(&bench), [""; 0]);
}

#[test]
fn r37a_7_a_difference_in_amount_is_an_alert() {
    let mut bench = availed();
    bench.open("2025-10-01T00:00:00");
    listed(&mut bench, "2025-10-15T10:00:00", 17_000);
    assert_eq!(alerts(&bench), ["RULE_37A_AMOUNT_DIFFERS"]);
    assert_eq!(reversals(&bench).len(), 1);
}
