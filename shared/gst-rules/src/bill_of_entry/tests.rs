//! Tests of the rules of Bills of Entry.

use super::*;

fn day(text: &str) -> IstDate {
    text.parse().unwrap()
}

fn after(kind: BillOfEntryType, steps: &[(&str, &str)]) -> Lifecycle {
    let mut life = Lifecycle::new(kind);
    for (at, word) in steps {
        life.apply(at.parse().unwrap(), word);
    }
    life
}

#[test]
fn boe_5_credit_needs_both_release_and_payment() {
    let deferred = [("2026-04-10T09:00:00", "OUT_OF_CHARGE"), ("2026-05-01T17:00:00", "DUTY_PAID")];
    let life = after(BillOfEntryType::HomeConsumption, &deferred);
    assert_eq!(life.eligible_at(), "2026-05-01T17:00:00".parse().ok());
    assert!(!after(BillOfEntryType::HomeConsumption, &deferred[..1]).is_credit_due());
}

#[test]
fn boe_2_an_into_bond_bill_never_gives_credit() {
    let life = after(
        BillOfEntryType::IntoBond,
        &[("2026-04-10T09:00:00", "DUTY_PAID"), ("2026-04-10T10:00:00", "OUT_OF_CHARGE")],
    );
    assert_eq!((life.eligible_at(), life.rule()), (None, BOE_2));
}

#[test]
fn boe_4_an_unknown_word_and_a_cancellation() {
    let life =
        after(BillOfEntryType::Courier, &[("2026-04-10T09:00:00", "FILED"), ("2026-04-11T09:00:00", "Awaiting RMS")]);
    assert_eq!(life.status(), Some(BillOfEntryStatus::Filed));
    let cancelled = [
        ("2026-04-10T09:00:00", "DUTY_PAID"),
        ("2026-04-11T09:00:00", "CANCELLED"),
        ("2026-04-12T09:00:00", "OUT_OF_CHARGE"),
    ];
    assert!(!after(BillOfEntryType::HomeConsumption, &cancelled).is_credit_due());
}

#[test]
fn boe_7_rows_of_a_search_request() {
    let row = |port: &str, number: &str, date: &str, reference: &str| SearchRow {
        port_code: port.to_owned(),
        number: number.to_owned(),
        date: day(date),
        reference_date: day(reference),
    };
    let rows = [
        row("INNSA1", "4567", "2026-03-05", "2026-03-04"),
        row("INNSA1", "4567", "2026-03-05", "2026-03-17"),
        row("INNSA1", "4567", "2026-03-05", "2026-03-16"),
        row("INDEL4", "4567", "2026-03-06", "2026-03-16"),
        row("INNSA-", "4567", "2026-03-05", "2026-03-16"),
        row("INNSA1", "12345678", "2026-03-05", "2026-03-16"),
    ];
    let results = judge_search(day("2026-03-20"), &rows);
    let expected = [
        SearchResult::ReferenceBeforeBoe,
        SearchResult::ReferenceTooRecent,
        SearchResult::Ok,
        SearchResult::DuplicateBoeNumber,
        SearchResult::BadPortCode,
        SearchResult::BadBoeNumber,
    ];
    assert_eq!(results, expected);
}

#[test]
fn boe_8_worked_long_haul_vessel() {
    let late =
        |station, country, filed| late_filing(&Rulebook::embedded(), station, country, day("2026-03-10"), day(filed));
    let found = late(Station::SeaPort, "CN", "2026-03-14");
    assert_eq!((found.days_late, found.charge), (5, Paise::from_rupees(35_000)));
    assert_eq!(late(Station::SeaPort, "LK", "2026-03-10").days_late, 0);
    assert_eq!(late(Station::Icd, "LK", "2026-03-10").days_late, 1);
    assert_eq!(late(Station::Airport, "CN", "2026-03-13").charge, Paise::from_rupees(15_000));
}

#[test]
fn boe_9_both_vocabularies_give_one_key() {
    let a: Value = serde_json::from_str(
        r#"{"refdt":"05-02-2026","portcd":"innsa1","benum":1234567,"bedt":"02-02-2026","txval":1110000.0,"iamt":199800.05,"amd":"N"}"#,
    )
    .unwrap();
    let b: Value = serde_json::from_str(
        r#"{"refdt":"05-02-2026","portcode":"INNSA1","boenum":"1234567","boedt":"02-02-2026","isamd":"Y","txval":"1110000","igst":199800.05,"cess":0}"#,
    )
    .unwrap();
    let a = normalise(Vocabulary::Gstr2a, &a).unwrap();
    let b = normalise(Vocabulary::Gstr2b, &b).unwrap();
    assert_eq!((a.id.to_string(), a.igst), (b.id.to_string(), b.igst));
    assert_eq!(a.id.to_string(), "INNSA1/1234567/2026-02-02");
    assert!(!a.amended && b.amended);
    let missing = normalise(Vocabulary::Gstr2b, &Value::Object(serde_json::Map::new())).unwrap_err();
    assert_eq!(missing.to_string(), "the record has no field portcode (BOE-9)");
}
