//! One supplier with 100,000 recipients: its GSTR-3B reaches each of them as a job of pages, and the filings of other
//! suppliers behind it on the same partition go on (rule 37A, R37A-4).
//!
//! `cargo bench -p filings --bench one_large_supplier [-- RECIPIENTS]`; `--test` runs a small one.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on says so by failing")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use filings::Filings;
use gst_events::{
    EventPayload, ImsSection, Origin, RecordId, RulebookActivated, SupplierForm, SupplierRecord, SupplierRecordSaved,
    SupplierReturnFiled, SupplierStatusReported, SupplierWatched,
};
use gst_rules::Rulebook;
use gst_types::{Gstin, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use stream::WorkerConfig;
use stream_testkit::{RunReport, TopologyDriver};

const JOURNAL: &str = "itc.supplier-journal.v1";
const TOLD: &str = "itc.recipient-journal.v1";
/// Suppliers that save a record and file their GSTR-1 behind the large one's return.
const OTHERS: u32 = 1_000;

/// A GSTIN of its own for each number and state.
fn gstin(state: u32, number: u32) -> Gstin {
    let letter = |place: u32| char::from(b'A' + u8::try_from(number / place % 26).unwrap());
    let (first, second) = (letter(10_000 * 26), letter(10_000));
    let first_14 = format!("{state:02}AAC{first}{second}{:04}A1Z", number % 10_000);
    let check = Gstin::check_character_of(&first_14).unwrap();
    format!("{first_14}{check}").parse().unwrap()
}

fn large_supplier() -> SupplierGstin {
    SupplierGstin(gstin(29, 0))
}

fn at(text: &str) -> IstInstant {
    text.parse().unwrap()
}

struct World {
    driver: TopologyDriver,
    number: u64,
}

impl World {
    fn new() -> Self {
        let mut driver = TopologyDriver::new(1);
        driver.add_with(&[JOURNAL], WorkerConfig::default(), Filings::new);
        let mut world = Self { driver, number: 0 };
        let digest = Rulebook::embedded().released_digest().to_owned();
        world.write("", &RulebookActivated { digest, rows: BTreeMap::new() });
        world
    }

    fn write<P: EventPayload>(&mut self, key: &str, fact: &P) {
        self.number += 1;
        let id = format!("fact-{}", self.number);
        let headers = [("ce_id", id.as_str()), ("ce_type", P::TYPE.0), ("itc-class", P::CLASS.code())];
        self.driver.publish(JOURNAL, key, &headers, &serde_json::to_vec(fact).unwrap());
    }

    fn run(&mut self) -> (RunReport, Duration) {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
        let started = Instant::now();
        let report = self.driver.run_until_idle().unwrap();
        (report, started.elapsed())
    }

    fn watch(&mut self, recipients: u32) {
        let period = "102025".parse().unwrap();
        for number in 0..recipients {
            let recipient = RecipientGstin(gstin(27, number));
            let watched = SupplierWatched { supplier: large_supplier(), period, recipient };
            self.write(&large_supplier().to_string(), &watched);
        }
    }

    fn file_gstr3b(&mut self) {
        let supplier = large_supplier();
        let filed = at("2025-11-20T10:00:00");
        let report = SupplierStatusReported { supplier, period: "102025".parse().unwrap(), filed: true, at: filed };
        self.write(&supplier.to_string(), &report);
    }

    fn other_filings(&mut self) {
        for number in 1..=OTHERS {
            let supplier = SupplierGstin(gstin(33, number));
            let record = SupplierRecord {
                section: ImsSection::B2b,
                supplier,
                recipient: RecipientGstin(gstin(27, 0)),
                number: "INV-1".to_owned(),
                date: "2025-10-05".parse().unwrap(),
                original: None,
                invoice_type: "R".to_owned(),
                place_of_supply: "27".parse().unwrap(),
                reverse_charge: false,
                taxable_value: Paise::from_rupees(100_000),
                tax: TaxAmounts { igst: Paise::from_rupees(18_000), ..TaxAmounts::ZERO },
                document_value: Paise::from_rupees(118_000),
                trade_name: None,
                irn: None,
            };
            let saved = SupplierRecordSaved {
                form: SupplierForm::Gstr1,
                return_period: "102025".parse().unwrap(),
                record_id: RecordId(format!("other-{number}#0")),
                record,
                at: at("2025-11-10T10:00:00"),
                origin: Origin::Portal,
            };
            let filed = SupplierReturnFiled {
                supplier,
                form: SupplierForm::Gstr1,
                return_period: "102025".parse().unwrap(),
                filed_at: at("2025-11-11T10:00:00"),
                origin: Origin::Portal,
            };
            self.write(&supplier.to_string(), &saved);
            self.write(&supplier.to_string(), &filed);
        }
    }
}

/// How many statuses of the large supplier stand in the journal before the last filing of another, and how many in all.
fn order(world: &mut World) -> (usize, usize, usize) {
    let (mut statuses, mut before_last, mut filings) = (0, 0, 0);
    for record in world.driver.read_committed(TOLD) {
        match record.header("ce_type") {
            Some("itc.supplier-gstr3b-status.v1") => statuses += 1,
            Some("itc.document-filed.v1") => {
                filings += 1;
                before_last = statuses;
            }
            Some(_) | None => {}
        }
    }
    (statuses, before_last, filings)
}

fn per_second(count: usize, took: Duration) -> String {
    let millis = took.as_millis().max(1);
    (u128::from(u64::try_from(count).unwrap_or(u64::MAX)) * 1_000 / millis).to_string()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let asked = arguments.iter().find_map(|argument| argument.parse::<u32>().ok());
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let recipients = asked.unwrap_or(if is_test { 30_000 } else { 100_000 });
    let mut world = World::new();
    world.watch(recipients);
    let (_, watched_in) = world.run();
    world.driver.read_committed(TOLD);
    world.file_gstr3b();
    world.other_filings();
    let (report, took) = world.run();
    let (statuses, before_last, filings) = order(&mut world);
    let rows = [
        ("recipients that watch the supplier", recipients.to_string()),
        ("time to take their watches in", format!("{} ms", watched_in.as_millis())),
        ("filings of other suppliers behind its GSTR-3B", filings.to_string()),
        ("statuses told to recipients", statuses.to_string()),
        ("time for both", format!("{} ms", took.as_millis())),
        ("statuses and filings a second", per_second(statuses + filings, took)),
        ("transactions", report.commits.to_string()),
        ("statuses told before the last other filing", format!("{before_last} of {statuses}")),
    ];
    println!("\none supplier's GSTR-3B, many recipients (one partition, simulated log, rows in memory)\n");
    for (what, value) in &rows {
        println!("  {what:<50} {value:>18}");
    }
    println!();
    assert_eq!(statuses, usize::try_from(recipients).unwrap(), "each recipient hears once");
    assert_eq!(filings, usize::try_from(OTHERS).unwrap(), "no other filing is lost");
    assert!(before_last < statuses, "other suppliers' filings do not wait for the last recipient");
}
