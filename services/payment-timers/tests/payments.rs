//! Given documents and money, when days open: what is owed, what fires, what waits.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use gst_events::{
    Alert, DayOpened, EventPayload, ImsAction, ImsRecordDecided, ImsSection, InvoiceBooked, InvoicePaymentChanged,
    NoteAccepted, PaymentChange, PaymentMade, PaymentReallocated, PaymentTimerFired, PaymentTimerWarning,
    RegisterDiffers, RulebookActivated, TimersPassed, Topic,
};
use gst_rules::{Rulebook, rule};
use gst_types::{DocumentKey, DocumentKind, IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts};
use payment_timers::{PaymentTimers, view};
use std::collections::BTreeMap;
use stream::{StateView, TimerSchedule, WorkerName};
use stream_testkit::{SimulatedBroker, TopologyDriver};

const JOURNAL: &str = Topic::RecipientJournal.name();
const SUPPLIER: &str = "29AAACT4321C1ZR";

struct Bench {
    driver: TopologyDriver,
    numbers: u32,
}

fn header(id: &str, event: &str, class: &str, time: &str) -> Vec<(String, Vec<u8>)> {
    let pairs = [("ce_id", id), ("ce_type", event), ("itc-class", class), ("ce_time", time)];
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn mark<P: EventPayload>(broker: &SimulatedBroker, id: &str, payload: &P) {
    let headers = header(id, P::TYPE.0, "mark", "2024-01-01T00:00:00+05:30");
    broker.publish_to(JOURNAL, 0, "", headers, serde_json::to_vec(payload).unwrap());
}

impl Bench {
    fn new(config: &[(&str, &str)]) -> Self {
        let mut driver = TopologyDriver::new(1);
        driver.add(&[JOURNAL], PaymentTimers::new);
        driver.set_mark_writer(|broker: &SimulatedBroker, day| {
            let date = IstDate::from_naive(day);
            let opened = DayOpened { date, commands: Vec::new(), command_offsets: BTreeMap::new() };
            mark(broker, &format!("day/{date}"), &opened);
            Ok(())
        });
        let rows = config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let digest = Rulebook::embedded().released_digest().to_owned();
        mark(driver.broker(), "rules", &RulebookActivated { digest, rows });
        driver.run_until_idle().unwrap();
        Self { driver, numbers: 0 }
    }

    fn day(&mut self, day: &str) {
        self.driver.advance_to(date(day).naive()).unwrap();
    }

    fn tell<P: EventPayload>(&mut self, at: IstInstant, payload: &P) {
        self.numbers += 1;
        let id = format!("event-{}", self.numbers);
        let headers = header(&id, P::TYPE.0, P::CLASS.code(), &at.to_string());
        let value = serde_json::to_vec(payload).unwrap();
        self.driver.broker().publish(JOURNAL, &recipient().to_string(), headers, value);
        self.driver.run_until_idle().unwrap();
    }

    fn said<P: EventPayload>(&self) -> Vec<P> {
        let records = self.driver.read_all(JOURNAL);
        let of_type = records.iter().filter(|record| record.header("ce_type") == Some(P::TYPE.0));
        of_type.map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
    }

    fn rows(&self) -> StateView<'_> {
        StateView::new(self.driver.rows(WorkerName("payment-timers"), 0).unwrap())
    }

    fn unpaid(&self, document: &DocumentKey) -> Paise {
        view::document(&self.rows(), recipient(), document).unwrap().unwrap().unpaid
    }
}

fn recipient() -> RecipientGstin {
    "27AAACR1234A1Z3".parse().unwrap()
}

fn date(text: &str) -> IstDate {
    text.parse().unwrap()
}

fn at(day: &str) -> IstInstant {
    format!("{day}T12:00:00").parse().unwrap()
}

fn rupees(amount: i64) -> Paise {
    Paise::from_rupees(amount)
}

fn igst(amount: i64) -> TaxAmounts {
    TaxAmounts { igst: rupees(amount), ..TaxAmounts::ZERO }
}

fn key(supplier: &str, number: &str, day: &str) -> DocumentKey {
    let supplier: SupplierGstin = supplier.parse().unwrap();
    DocumentKey::new(supplier, DocumentKind::Invoice, number.parse().unwrap(), date(day))
}

fn booked(document: &DocumentKey, day: &str, told: &str) -> InvoiceBooked {
    InvoiceBooked {
        recipient: recipient(),
        document: document.clone(),
        document_date: date(day),
        taxable_value: rupees(100_000),
        tax: igst(18_000),
        document_value: rupees(118_000),
        reverse_charge: false,
        schedule_i: false,
        section_15_2_b_amount: Paise::ZERO,
        supplier_period: None,
        invoice: None,
        at: at(told),
    }
}

fn paid(document: Option<&DocumentKey>, supplier: &str, amount: i64, day: &str) -> PaymentMade {
    PaymentMade {
        recipient: recipient(),
        payment_id: day.to_owned(),
        supplier: supplier.parse().unwrap(),
        document: document.cloned(),
        amount: rupees(amount),
        advance_id: None,
        debit_date: None,
        instrument_date: None,
        supplier_credit_date: None,
        at: at(day),
    }
}

#[test]
fn r37_2_fires_on_day_181_and_not_before_then_says_that_the_day_has_passed() {
    let mut bench = Bench::new(&[]);
    let document = key(SUPPLIER, "A", "2024-04-15");
    bench.day("2024-04-15");
    bench.tell(at("2024-04-15"), &booked(&document, "2024-04-15", "2024-04-15"));
    bench.day("2024-10-12");
    assert!(bench.said::<PaymentTimerFired>().is_empty());
    assert_eq!(PaymentTimers.expected(&bench.rows(), date("2024-10-13").naive()).unwrap(), 1);
    bench.day("2024-10-13");
    let fired = bench.said::<PaymentTimerFired>();
    assert_eq!((fired.len(), fired[0].fires_on, fired[0].unpaid), (1, date("2024-10-13"), rupees(118_000)));
    assert_eq!(bench.said::<TimersPassed>().last().unwrap().date, date("2024-10-13"));
    assert_eq!(PaymentTimers.expected(&bench.rows(), date("2024-10-13").naive()).unwrap(), 0);
}

#[test]
fn r37_17_warns_on_days_150_165_and_175_while_something_is_unpaid() {
    let mut bench = Bench::new(&[]);
    let (open, settled) = (key(SUPPLIER, "A", "2024-04-15"), key(SUPPLIER, "B", "2024-04-15"));
    bench.day("2024-04-15");
    bench.tell(at("2024-04-15"), &booked(&open, "2024-04-15", "2024-04-15"));
    bench.tell(at("2024-04-15"), &booked(&settled, "2024-04-15", "2024-04-15"));
    bench.tell(at("2024-04-15"), &paid(Some(&settled), SUPPLIER, 118_000, "2024-04-15"));
    bench.day("2024-10-20");
    let days: Vec<u32> = bench.said::<PaymentTimerWarning>().iter().map(|warning| warning.day_number).collect();
    assert_eq!(days, [150, 165, 175]);
    assert_eq!(bench.said::<PaymentTimerFired>().len(), 1);
}

#[test]
fn r37_15_money_of_a_document_not_known_yet_waits_for_it() {
    let mut bench = Bench::new(&[]);
    let document = key(SUPPLIER, "A", "2024-04-15");
    bench.day("2024-04-20");
    bench.tell(at("2024-04-20"), &paid(Some(&document), SUPPLIER, 18_000, "2024-04-20"));
    assert!(view::unallocated(&bench.rows(), recipient()).unwrap().is_empty());
    bench.tell(at("2024-04-20"), &booked(&document, "2024-04-15", "2024-04-20"));
    assert_eq!(bench.unpaid(&document), rupees(100_000));
}

#[test]
fn r37_15_oldest_first_then_on_account_and_other_gstins_of_one_pan_only_if_allowed() {
    let other = "27AAACT4321C1ZV";
    for (allowed, left_of_other, on_account) in [("false", 118_000, 30_000), ("true", 88_000, 0)] {
        let mut bench = Bench::new(&[("r37.allocate_same_pan", allowed)]);
        let (own, same_pan) = (key(SUPPLIER, "A", "2024-04-15"), key(other, "B", "2024-04-01"));
        bench.day("2024-04-20");
        bench.tell(at("2024-04-20"), &booked(&own, "2024-04-15", "2024-04-20"));
        bench.tell(at("2024-04-20"), &booked(&same_pan, "2024-04-01", "2024-04-20"));
        bench.tell(at("2024-04-20"), &paid(None, SUPPLIER, 148_000, "2024-04-20"));
        assert_eq!(bench.unpaid(&own), Paise::ZERO);
        assert_eq!(bench.unpaid(&same_pan), rupees(left_of_other));
        let accounts = view::unallocated(&bench.rows(), recipient()).unwrap();
        assert_eq!(accounts.values().copied().sum::<Paise>(), rupees(on_account));
    }
}

#[test]
fn r37_7_money_dated_later_counts_from_its_own_day() {
    let mut bench = Bench::new(&[("r37.payment_date", "SUPPLIER_CREDIT")]);
    let document = key(SUPPLIER, "A", "2024-04-15");
    bench.day("2024-10-11");
    bench.tell(at("2024-10-11"), &booked(&document, "2024-04-15", "2024-10-11"));
    let credited = PaymentMade {
        supplier_credit_date: Some(date("2024-10-14")),
        ..paid(Some(&document), SUPPLIER, 118_000, "2024-10-11")
    };
    bench.tell(at("2024-10-11"), &credited);
    bench.day("2024-10-13");
    assert_eq!(bench.said::<PaymentTimerFired>()[0].unpaid, rupees(118_000));
    bench.day("2024-10-14");
    assert_eq!(bench.unpaid(&document), Paise::ZERO);
    assert_eq!(bench.said::<InvoicePaymentChanged>().last().unwrap().change, PaymentChange::Payment);
}

#[test]
fn r37_10_money_dated_in_time_that_comes_after_day_181_is_a_late_input() {
    let mut bench = Bench::new(&[]);
    let document = key(SUPPLIER, "A", "2024-04-15");
    bench.day("2024-04-15");
    bench.tell(at("2024-04-15"), &booked(&document, "2024-04-15", "2024-04-15"));
    bench.day("2024-10-14");
    let late = PaymentMade { debit_date: Some(date("2024-10-12")), ..paid(Some(&document), SUPPLIER, 1, "2024-10-14") };
    bench.tell(at("2024-10-14"), &late);
    assert_eq!(bench.said::<InvoicePaymentChanged>().last().unwrap().change, PaymentChange::LateInput);
}

#[test]
fn r37_11_a_note_of_two_witnesses_counts_once() {
    let mut bench = Bench::new(&[]);
    let document = key(SUPPLIER, "A", "2024-04-15");
    bench.day("2024-05-01");
    bench.tell(at("2024-05-01"), &booked(&document, "2024-04-15", "2024-05-01"));
    let note = NoteAccepted {
        recipient: recipient(),
        note: DocumentKey { kind: DocumentKind::CreditNote, ..key(SUPPLIER, "N", "2024-05-01") },
        note_date: date("2024-05-01"),
        invoice: document.clone(),
        taxable_value: rupees(20_000),
        tax: igst(3_600),
        document_value: rupees(23_600),
        at: at("2024-05-01"),
    };
    bench.tell(at("2024-05-01"), &note);
    bench.tell(at("2024-05-01"), &note);
    assert_eq!(bench.unpaid(&document), rupees(94_400));
}

#[test]
fn r37_15_what_a_move_takes_away_is_told_before_what_it_gives() {
    let mut bench = Bench::new(&[("r37.allocation", "EXPLICIT_ONLY")]);
    let (from, to) = (key(SUPPLIER, "A", "2024-04-15"), key(SUPPLIER, "B", "2024-04-15"));
    bench.day("2024-05-01");
    bench.tell(at("2024-05-01"), &booked(&from, "2024-04-15", "2024-05-01"));
    bench.tell(at("2024-05-01"), &booked(&to, "2024-04-15", "2024-05-01"));
    bench.tell(at("2024-05-01"), &paid(Some(&from), SUPPLIER, 118_000, "2024-05-01"));
    let moved = PaymentReallocated {
        recipient: recipient(),
        reallocation_id: "R".to_owned(),
        from: from.clone(),
        to: to.clone(),
        amount: rupees(50_000),
        at: at("2024-05-02"),
    };
    bench.tell(at("2024-05-02"), &moved);
    let told: Vec<_> =
        bench.said::<InvoicePaymentChanged>().into_iter().rev().take(2).map(|one| one.document).collect();
    assert_eq!(told, [to.clone(), from.clone()]);
    assert_eq!((bench.unpaid(&from), bench.unpaid(&to)), (rupees(50_000), rupees(68_000)));
}

#[test]
fn r37_13_the_filed_document_counts_and_the_difference_is_told() {
    let mut bench = Bench::new(&[]);
    let document = key(SUPPLIER, "A", "2024-04-15");
    bench.day("2024-05-11");
    bench.tell(at("2024-05-11"), &booked(&document, "2024-04-15", "2024-05-11"));
    let filed: ImsRecordDecided = serde_json::from_value(serde_json::json!({
        "recipient": recipient(), "record_id": "r1", "subject": document.to_string(), "section": "B2B",
        "supplier": SUPPLIER, "number": "A", "date": "2024-04-15", "return_period": "042024",
        "filed_at": "2024-05-11T10:00:00+05:30", "taxable_value": "100000.00", "document_value": "118001.00",
        "tax": {"igst": "18001.00"}, "reverse_charge": false, "action": ImsAction::NoAction,
        "decided_at": "2024-05-11T10:00:00+05:30", "rule": rule::EF_4,
    }))
    .unwrap();
    assert_eq!(filed.section, Some(ImsSection::B2b));
    bench.tell(at("2024-05-11"), &filed);
    bench.tell(at("2024-05-11"), &filed);
    let fields: Vec<String> = bench.said::<RegisterDiffers>().into_iter().map(|one| one.field).collect();
    assert_eq!(fields, ["document_value", "tax"]);
    assert_eq!(bench.unpaid(&document), rupees(118_001));
    assert_eq!(bench.said::<InvoicePaymentChanged>().len(), 2);
}

#[test]
fn r37_5_money_that_names_a_schedule_i_supply_is_told() {
    let mut bench = Bench::new(&[]);
    let document = key(SUPPLIER, "A", "2024-04-15");
    bench.day("2024-04-20");
    bench.tell(at("2024-04-20"), &InvoiceBooked { schedule_i: true, ..booked(&document, "2024-04-15", "2024-04-20") });
    bench.tell(at("2024-04-20"), &paid(Some(&document), SUPPLIER, 18_000, "2024-04-20"));
    let alerts = bench.driver.read_all(Topic::Alerts.name());
    let told: Vec<Alert> = alerts.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect();
    assert_eq!(told.iter().map(|alert| alert.code.as_str()).collect::<Vec<_>>(), ["PAYMENT_OF_SCHEDULE_I_SUPPLY"]);
    assert_eq!(bench.unpaid(&document), Paise::ZERO);
}
