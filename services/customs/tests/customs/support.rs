//! The worker alone on a simulated log: facts go in, short words of what it says come out.

use customs::Customs;
use customs::decide::duty::DutyCheck;
use customs::view::{BillView, bill, duty};
use gst_events::{
    BillOfEntryDetails, BillOfEntryType, CustomsBillGstinAmended, CustomsBillReported, CustomsBillValueAmended,
    CustomsStatusReported, EventPayload, ImsSection, Origin, RecordId,
};
use gst_rules::Rulebook;
use gst_types::{BillOfEntryId, IstInstant, Paise, TaxAmounts};
use serde_json::Value;
use stream::StateView;
use stream_testkit::TopologyDriver;

pub(crate) const BILL: &str = "INNSA1/2000001/2025-11-18";
pub(crate) const FIRST: &str = "27AAACG9999K1ZP";
pub(crate) const SECOND: &str = "33AAACG9999K1ZW";
pub(crate) const THIRD: &str = "29AAACG9999K1ZA";
pub(crate) const OTHER_PAN: &str = "33AAACX1111X1Z1";

const OUTPUTS: [&str; 3] = ["itc.recipient-journal.v1", "itc.results.v1", "itc.alerts.v1"];

pub(crate) struct World {
    driver: TopologyDriver,
    number: u32,
}

pub(crate) fn at(text: &str) -> IstInstant {
    text.parse().unwrap()
}

pub(crate) fn id() -> BillOfEntryId {
    BILL.parse().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        let mut driver = TopologyDriver::new(1);
        driver.add(&["itc.customs-journal.v1"], Customs::new);
        Self { driver, number: 0 }
    }

    /// Tells a fact and returns what the worker says to it, in words.
    pub(crate) fn tell<P: EventPayload>(&mut self, fact: &P) -> Vec<String> {
        self.number += 1;
        let id = format!("fact-{}", self.number);
        self.tell_as(&id, fact)
    }

    pub(crate) fn tell_as<P: EventPayload>(&mut self, id: &str, fact: &P) -> Vec<String> {
        let value = serde_json::to_vec(fact).unwrap();
        let headers = [("ce_id", id), ("ce_type", P::TYPE.0), ("itc-class", P::CLASS.code())];
        self.driver.publish("itc.customs-journal.v1", BILL, &headers, &value);
        self.driver.run_until_idle().unwrap();
        let mut said = Vec::new();
        for topic in OUTPUTS {
            for record in self.driver.read_committed(topic) {
                let body: Value = serde_json::from_slice(&record.value).unwrap();
                said.push(words(record.header("ce_type").unwrap(), record.key_text(), &body));
            }
        }
        said
    }

    pub(crate) fn duty(&self) -> DutyCheck {
        let rows = self.driver.rows(stream::WorkerName("customs"), 0).unwrap();
        duty(&StateView::new(rows), &id(), &Rulebook::embedded()).unwrap().unwrap()
    }

    pub(crate) fn view(&self) -> BillView {
        let rows = self.driver.rows(stream::WorkerName("customs"), 0).unwrap();
        bill(&StateView::new(rows), &id()).unwrap().unwrap()
    }
}

fn words(event_type: &str, key: &str, body: &Value) -> String {
    let who = match key {
        FIRST => "first",
        SECOND => "second",
        THIRD => "third",
        other => other,
    };
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let details = |body: &Value| {
        let details = &body["details"];
        let (section, tax) = (text(&details["section"]), text(&details["tax"]["igst"]));
        format!("{} {section} {tax} {}", text(&body["record_id"]), text(&details["reference_date"]))
    };
    match event_type {
        "itc.bill-of-entry-received.v1" => format!("{who} received {}", details(body)),
        "itc.bill-of-entry-amended.v1" => {
            let eligible = body["eligible_at"].as_str().map_or("-", |at| &at[..10]);
            format!("{who} amended {} before {} eligible {eligible}", details(body), text(&body["tax_before"]["igst"]))
        }
        "itc.bill-of-entry-status-changed.v1" => {
            let eligible = if body["became_eligible"] == Value::Bool(true) { " ELIGIBLE" } else { "" };
            let words = format!("{} ({})", text(&body["status"]), text(&body["raw_status"]));
            format!("{who} {words} {}{eligible}", text(&body["details"]["reference_date"]))
        }
        "itc.bill-of-entry-moved-out.v1" => format!("{who} out {}", details(body)),
        "itc.bill-of-entry-moved-in.v1" => format!("{who} in {}", details(body)),
        "itc.request-result.v1" => format!("{} {}", text(&body["status"]), text(&body["code"])),
        "itc.bill-of-entry-duty-differs.v1" => {
            let one = |one: &Value| {
                format!("{} {} not {}", text(&one["field"]), text(&one["customs"]), text(&one["computed"]))
            };
            let figures: Vec<String> = body["differences"].as_array().unwrap().iter().map(one).collect();
            let figures = if figures.is_empty() { "in order".to_owned() } else { figures.join(", ") };
            format!("{who} duty {figures}")
        }
        "itc.alert.v1" if body["code"] == "BOE_FILED_LATE" => {
            let message = text(&body["message"]);
            let words: Vec<&str> = message.split(' ').collect();
            format!("alert BOE_FILED_LATE {} days {}", words[4], words[11])
        }
        "itc.alert.v1" => format!("alert {}", text(&body["code"])),
        other => other.to_owned(),
    }
}

fn details(section: ImsSection, importer: &str, igst: i64, reference_date: Option<&str>) -> BillOfEntryDetails {
    BillOfEntryDetails {
        bill_of_entry: id(),
        section,
        bill_of_entry_type: BillOfEntryType::HomeConsumption,
        importer: importer.parse().unwrap(),
        taxable_value: Paise::from_rupees(igst * 5),
        tax: TaxAmounts { igst: Paise::from_rupees(igst), ..TaxAmounts::ZERO },
        sez_supplier: None,
        parent: None,
        reference_date: reference_date.map(|date| date.parse().unwrap()),
    }
}

pub(crate) fn reported(importer: &str, igst: i64, reference_date: Option<&str>) -> CustomsBillReported {
    CustomsBillReported {
        record_id: RecordId("b1".to_owned()),
        details: details(ImsSection::Impg, importer, igst, reference_date),
        received_at: at("2025-11-20T10:00:00"),
    }
}

pub(crate) fn of_type(kind: BillOfEntryType) -> CustomsBillReported {
    let mut fact = reported(FIRST, 18_000, None);
    fact.details.bill_of_entry_type = kind;
    fact
}

pub(crate) fn step(when: &str, word: &str) -> CustomsStatusReported {
    CustomsStatusReported { bill_of_entry: id(), status: word.to_owned(), at: at(when) }
}

pub(crate) fn value(
    record: &str,
    importer: &str,
    igst: i64,
    reference_date: Option<&str>,
    received: &str,
) -> CustomsBillValueAmended {
    CustomsBillValueAmended {
        record_id: RecordId(record.to_owned()),
        details: details(ImsSection::Impga, importer, igst, reference_date),
        received_at: at(received),
    }
}

pub(crate) fn moved(from: &str, to: &str, date: &str) -> CustomsBillGstinAmended {
    CustomsBillGstinAmended {
        bill_of_entry: id(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        amendment_date: date.parse().unwrap(),
        reversal_record_id: RecordId("rev".to_owned()),
        credit_record_id: RecordId("new".to_owned()),
        received_at: at("2025-12-24T10:00:00"),
        origin: Origin::User,
    }
}
