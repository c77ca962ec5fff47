//! GSTR-3B of suppliers: who hears of it, which period a liability goes to, and how a supplier files.

use crate::support::*;
use gst_events::{
    ImsSection, IsdDocumentFiled, IsdDocumentType, LiabilityRaised, Origin, PeriodLocked, RecordId, SupplierForm,
    SupplierStatusReported, SupplierWatched, TaxpayerRegistered, TaxpayerRole,
};
use gst_types::{DocumentKey, DocumentKind, FilingFrequency, Paise, TaxAmounts};

fn reported(of: &str, filed: bool, when: &str) -> SupplierStatusReported {
    SupplierStatusReported { supplier: supplier(), period: period(of), filed, at: at(when) }
}

fn watched(of: &str, who: &str) -> SupplierWatched {
    SupplierWatched { supplier: supplier(), period: period(of), recipient: recipient(who) }
}

fn registered(frequency: FilingFrequency, from: Option<&str>) -> TaxpayerRegistered {
    TaxpayerRegistered {
        gstin: supplier().gstin(),
        role: TaxpayerRole::Supplier,
        filing_frequency: frequency,
        gstr3b_due_day: None,
        first_open_period: None,
        effective_from: from.map(period),
        needs_approval: false,
        at: None,
    }
}

fn raised(reported_period: &str, when: &str) -> LiabilityRaised {
    let key =
        DocumentKey::new(supplier(), DocumentKind::CreditNote, "CN-1".parse().unwrap(), "2025-10-05".parse().unwrap());
    LiabilityRaised {
        supplier: supplier(),
        recipient: recipient(FIRST),
        record_id: RecordId("o".to_owned()),
        document: key,
        reported_period: period(reported_period),
        tax: TaxAmounts { igst: Paise::from_rupees(1800), ..TaxAmounts::ZERO },
        raised_at: at(when),
        rule: gst_rules::rule::SL_2,
    }
}

#[test]
fn r37a_4_watchers_hear_at_once_and_at_every_change() {
    let mut world = World::new();
    assert_eq!(world.tell(&watched("102025", FIRST)), ["first 102025 UNKNOWN -"]);
    assert!(world.tell(&reported("112025", false, "2026-01-10T10:00:00")).is_empty(), "another period");
    assert_eq!(world.tell(&reported("102025", false, "2026-01-10T10:00:00")), ["first 102025 NOT_FILED 2026-01-10"]);
    assert!(world.tell(&reported("102025", false, "2026-01-10T10:00:00")).is_empty(), "nothing new");
    let both = ["first 102025 NOT_FILED 2026-01-10", "first 102025 FILED 2026-10-01"];
    assert_eq!(world.tell(&reported("102025", true, "2026-10-01T10:00:00")), both);
    // Whoever watches late hears the same.
    let late = world.tell(&watched("102025", SECOND));
    assert_eq!(late, ["second 102025 NOT_FILED 2026-01-10", "second 102025 FILED 2026-10-01"]);
}

#[test]
fn r37a_4_a_quarterly_supplier_answers_with_its_quarter() {
    let mut world = World::new();
    world.tell(&registered(FilingFrequency::Quarterly, None));
    assert_eq!(world.tell(&watched("102025", FIRST)), ["first 102025 UNKNOWN -"]);
    assert_eq!(world.tell(&watched("122025", SECOND)), ["second 122025 UNKNOWN -"]);
    let said = world.tell(&reported("122025", false, "2026-02-01T10:00:00"));
    assert_eq!(said, ["first 102025 NOT_FILED 2026-02-01", "second 122025 NOT_FILED 2026-02-01"]);
}

#[test]
fn r37a_4_whoever_watches_months_of_one_return_hears_of_it_once() {
    let mut world = World::new();
    world.tell(&registered(FilingFrequency::Quarterly, None));
    world.tell(&watched("122025", FIRST));
    world.tell(&watched("112025", SECOND));
    assert_eq!(world.tell(&watched("102025", FIRST)), ["first 102025 UNKNOWN -"], "the new month alone");
    world.tell(&watched("012026", FIRST));
    let said = world.tell(&reported("122025", true, "2026-02-01T10:00:00"));
    assert_eq!(said, ["first 102025+122025 FILED 2026-02-01", "second 112025 FILED 2026-02-01"]);
    // Of a monthly supplier each month has a return of its own.
    let mut world = World::new();
    world.tell(&watched("102025", FIRST));
    world.tell(&watched("112025", FIRST));
    assert_eq!(world.tell(&reported("112025", true, "2025-12-20T10:00:00")), ["first 112025 FILED 2025-12-20"]);
}

#[test]
fn r37a_4_a_page_full_of_liabilities_goes_on_with_the_watchers() {
    let config = stream::WorkerConfig { page_changes_max: 4, ..stream::WorkerConfig::default() };
    let mut world = World::start(&[], config);
    world.tell(&watched("112025", FIRST));
    for number in 0..3 {
        let mut raised = raised("102025", "2025-12-25T10:00:00");
        raised.record_id = RecordId(format!("o{number}"));
        world.tell(&raised);
    }
    let said = world.tell(&reported("112025", true, "2025-12-20T10:00:00"));
    assert!(said.contains(&"first 112025 FILED 2025-12-20".to_owned()), "{said:?}");
    assert_eq!(said.len(), 7, "{said:?}");
}

#[test]
fn r37a_4_many_watchers_hear_page_by_page() {
    let config = stream::WorkerConfig { page_changes_max: 4, ..stream::WorkerConfig::default() };
    let mut world = World::start(&[], config);
    for number in 0..30 {
        world.tell(&watched("102025", &format!("27AAACR{:04}A1Z3", 1000 + number)));
    }
    assert_eq!(world.tell(&reported("102025", true, "2025-11-20T10:00:00")).len(), 30);
}

#[test]
fn sl_3_the_next_period_whose_return_is_not_filed() {
    let mut world = World::new();
    assert_eq!(world.tell(&raised("102025", "2025-11-20T10:00:00")), ["liability 112025 1800.00"]);
    let mut world = World::new();
    world.tell(&reported("112025", true, "2025-12-20T10:00:00"));
    world.tell(&reported("012026", true, "2026-02-20T10:00:00"));
    assert_eq!(world.tell(&raised("102025", "2026-02-21T10:00:00")), ["liability 122025 1800.00"], "gaps are open");
}

#[test]
fn sl_3_the_order_of_hearing_does_not_matter() {
    let mut world = World::new();
    world.tell(&raised("102025", "2025-12-25T10:00:00"));
    let late = world.tell(&reported("112025", true, "2025-12-20T10:00:00"));
    assert_eq!(late, ["liability 112025 -1800.00", "liability 122025 1800.00"]);
    assert!(world.tell(&reported("122025", true, "2026-01-20T10:00:00")).is_empty(), "filed after the rejection");
}

#[test]
fn sl_3_a_quarterly_supplier_has_the_next_quarter() {
    let mut world = World::new();
    world.tell(&registered(FilingFrequency::Quarterly, None));
    assert_eq!(world.tell(&raised("122025", "2026-01-22T10:00:00")), ["liability 032026 1800.00"]);
    let mut world = World::new();
    world.tell(&registered(FilingFrequency::Quarterly, None));
    assert_eq!(world.tell(&raised("102025", "2025-12-20T10:00:00")), ["liability 032026 1800.00"], "an IFF's month");
}

/// The supplier's own GSTR-3B, filed with us.
fn own_return_of_november() -> PeriodLocked {
    PeriodLocked {
        gstin: supplier().gstin(),
        period: period("112025"),
        filed_at: at("2025-12-18T10:00:00"),
        statement_version: Some(1),
        table4: std::collections::BTreeMap::new(),
        arn: None,
        origin: Origin::User,
    }
}

#[test]
fn sl_3_the_suppliers_own_filing_with_us_counts() {
    let mut world = World::new();
    assert!(world.tell(&own_return_of_november()).is_empty());
    assert_eq!(world.tell(&raised("102025", "2025-12-20T10:00:00")), ["liability 122025 1800.00"]);
}

#[test]
fn sl_3_only_a_report_counts_where_the_rulebook_says_so() {
    let mut world = World::with_rules(&[("supplier_own_return", "REPORTED_ONLY")]);
    assert!(world.tell(&own_return_of_november()).is_empty());
    assert_eq!(world.tell(&raised("102025", "2025-12-20T10:00:00")), ["liability 112025 1800.00"]);
}

#[test]
fn eg_9_frequency_changes_at_quarter_starts() {
    let mut world = World::new();
    world.tell(&registered(FilingFrequency::Monthly, None));
    world.tell(&registered(FilingFrequency::Quarterly, Some("112025")));
    let mut frequency_in = |id: &str, of: &str| {
        world.tell(&saved(id, ImsSection::B2b, id, 1).within(SupplierForm::Gstr1, of).fact);
        let said = world.tell(&filed(SupplierForm::Gstr1, of, "2026-05-10T10:00:00"));
        said[0].rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(frequency_in("A1", "122025"), "MONTHLY");
    assert_eq!(frequency_in("A2", "032026"), "QUARTERLY");
}

#[test]
fn in_4_isd_documents_go_straight_to_the_recipient_once() {
    let mut world = World::new();
    let document = IsdDocumentFiled {
        record_id: RecordId("i".to_owned()),
        isd: supplier(),
        recipient: recipient(FIRST),
        return_period: period("102025"),
        document_type: IsdDocumentType::Invoice,
        number: "ISD-1".to_owned(),
        date: "2025-10-31".parse().unwrap(),
        original: None,
        tax: TaxAmounts::ZERO,
        itc_eligible: true,
        filed_at: at("2025-11-12T10:00:00"),
    };
    assert_eq!(world.tell(&document), ["first isd ISD-1"]);
    let said = world.tell(&document);
    assert_eq!(said, ["REFUSED DUPLICATE_DOCUMENT_NUMBER_IN_FY", "alert DUPLICATE_DOCUMENT_NUMBER_IN_FY"]);
}
