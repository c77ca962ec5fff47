//! The worker alone on a simulated log: messages go in, short words of facts and dead letters come out.

use gst_rules::Rulebook;
use ingest::{Feed, Ingest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stream_testkit::TopologyDriver;

pub(crate) const SUPPLIER: &str = "27AAACS5678B1ZC";
pub(crate) const RECIPIENT: &str = "27AAACR1234A1Z3";

const OUTPUTS: [&str; 4] =
    ["itc.supplier-journal.v1", "itc.recipient-journal.v1", "itc.customs-journal.v1", "itc.alerts.v1"];

pub(crate) struct World {
    driver: TopologyDriver,
}

/// What a message became.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Became {
    /// `journal type key`.
    pub(crate) facts: Vec<String>,
    /// The facts themselves.
    pub(crate) bodies: Vec<Value>,
    /// `CODE field RULE`.
    pub(crate) put_aside: Vec<String>,
    /// The parts put aside; the whole message where it is not a part.
    pub(crate) parts: Vec<Vec<u8>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_checksum("WARN")
    }

    pub(crate) fn with_checksum(word: &str) -> Self {
        let own = BTreeMap::from([("gstin.checksum".to_owned(), word.to_owned())]);
        let rulebook = Rulebook::embedded().with_overrides(&own).unwrap();
        let mut driver = TopologyDriver::new(1);
        driver.add(&Feed::TOPICS, move || Ingest::with_rulebook(&rulebook));
        Self { driver }
    }

    pub(crate) fn take(&mut self, feed: &str, headers: &[(&str, &str)], value: &[u8]) -> Became {
        self.driver.publish(feed, "key", headers, value);
        self.driver.run_until_idle().unwrap();
        let mut became = Became::default();
        for topic in OUTPUTS {
            for record in self.driver.read_committed(topic) {
                let journal = topic.trim_start_matches("itc.").trim_end_matches(".v1");
                let event_type = record.header("ce_type").unwrap().trim_start_matches("itc.").trim_end_matches(".v1");
                became.facts.push(format!("{journal} {event_type} {}", record.key_text()));
                became.bodies.push(serde_json::from_slice(&record.value).unwrap());
            }
        }
        for record in self.driver.read_committed("itc.dead-letters.v1") {
            let all: BTreeMap<String, String> = record
                .headers
                .iter()
                .map(|(name, text)| (name.clone(), String::from_utf8_lossy(text).into_owned()))
                .collect();
            let find = |end: &str| {
                all.iter().find(|(name, _)| name.ends_with(end)).map_or_else(String::new, |(_, text)| text.clone())
            };
            became.put_aside.push(format!("{} {} {}", find("code"), find("field"), find("rule")));
            became.parts.push(record.value);
        }
        became
    }

    /// A GSTR-1 that is filed, with its usual headers.
    pub(crate) fn filing(&mut self, body: &Value) -> Became {
        let headers = return_headers("gst.supplier-return.filed.v1");
        self.take("gst.supplier-filings.v1", &headers, &serde_json::to_vec(body).unwrap())
    }
}

pub(crate) fn return_headers(event_type: &str) -> [(&str, &str); 5] {
    [
        ("ce_id", "m1"),
        ("ce_type", event_type),
        ("ce_form", "GSTR1"),
        ("ce_happenedat", "2025-11-10T10:00:00+05:30"),
        ("ce_origin", "USER"),
    ]
}

/// An invoice row of GSTN's JSON.
pub(crate) fn invoice(number: &Value, date: &str, taxable: &Value) -> Value {
    json!({
        "inum": number, "idt": date, "val": 118, "pos": "27", "rchrg": "N", "inv_typ": "R",
        "itms": [{ "num": 1, "itm_det": { "rt": 18, "txval": taxable, "iamt": 18.5, "camt": 0, "samt": 0, "csamt": 0 } }]
    })
}

pub(crate) fn gstr1(invoices: &[Value]) -> Value {
    json!({ "gstin": SUPPLIER, "fp": "102025", "b2b": [{ "ctin": RECIPIENT, "inv": invoices }] })
}
