//! The worker alone on a simulated log: facts go in, short words of what it says come out.

use filings::Filings;
use gst_events::{
    EventPayload, ImsSection, Origin, OriginalDocument, RecordId, SupplierForm, SupplierRecord, SupplierRecordDeleted,
    SupplierRecordSaved, SupplierReturnFiled,
};
use gst_rules::Rulebook;
use gst_types::{IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use serde_json::Value;
use std::collections::BTreeMap;
use stream::WorkerConfig;
use stream_testkit::TopologyDriver;

pub(crate) const SUPPLIER: &str = "27AAACS5678B1ZC";
pub(crate) const FIRST: &str = "27AAACR1234A1Z3";
pub(crate) const SECOND: &str = "33AAACG9999K1ZW";

const OUTPUTS: [&str; 4] = ["itc.recipient-journal.v1", "itc.supplier-liability.v1", "itc.results.v1", "itc.alerts.v1"];

pub(crate) struct World {
    driver: TopologyDriver,
    number: u32,
}

pub(crate) fn supplier() -> SupplierGstin {
    SUPPLIER.parse().unwrap()
}

pub(crate) fn recipient(gstin: &str) -> RecipientGstin {
    gstin.parse().unwrap()
}

pub(crate) fn period(text: &str) -> TaxPeriod {
    text.parse().unwrap()
}

pub(crate) fn at(text: &str) -> IstInstant {
    text.parse().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_rules(&[])
    }

    pub(crate) fn with_rules(own: &[(&str, &str)]) -> Self {
        Self::start(own, WorkerConfig::default())
    }

    pub(crate) fn start(own: &[(&str, &str)], config: WorkerConfig) -> Self {
        let mut driver = TopologyDriver::new(1);
        driver.add_with(&["itc.supplier-journal.v1"], config, Filings::new);
        let mut world = Self { driver, number: 0 };
        let rows: BTreeMap<String, String> = own.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let digest = Rulebook::embedded().released_digest().to_owned();
        world.tell(&gst_events::RulebookActivated { digest, rows });
        world
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
        self.driver.publish("itc.supplier-journal.v1", SUPPLIER, &headers, &value);
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

    pub(crate) fn rows(&self) -> &dyn stream::StateRead {
        self.driver.rows(stream::WorkerName("filings"), 0).unwrap()
    }
}

fn words(event_type: &str, key: &str, body: &Value) -> String {
    let who = match key {
        FIRST => "first",
        SECOND => "second",
        SUPPLIER => "supplier",
        other => other,
    };
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let document = |body: &Value| {
        let document = &body["document"];
        let tax = text(&document["record"]["tax"]["igst"]);
        format!("{} {tax} amends {}", text(&document["record_id"]), text(&document["original_record_id"]))
    };
    match event_type {
        "itc.document-saved.v1" => format!("{who} saved {}", document(body)),
        "itc.document-changed.v1" => format!("{who} changed {} replaces {}", document(body), text(&body["replaces"])),
        "itc.document-withdrawn.v1" => {
            format!("{who} withdrawn {} {}", text(&body["record_id"]), text(&body["reason"]))
        }
        "itc.document-filed.v1" => {
            format!("{who} filed {} {}", document(body), body["document"]["supplier_frequency"].as_str().unwrap())
        }
        "itc.isd-document-reported.v1" => format!("{who} isd {}", text(&body["number"])),
        "itc.supplier-gstr3b-status.v1" => {
            format!(
                "{who} {} {} {}",
                body["periods"].as_array().unwrap().iter().map(text).collect::<Vec<_>>().join("+"),
                text(&body["status"]),
                body["at"].as_str().map_or("-", |at| &at[..10])
            )
        }
        "itc.supplier-liability-raised.v1" => {
            format!("liability {} {}", text(&body["period"]), text(&body["tax"]["igst"]))
        }
        "itc.request-result.v1" => format!("{} {}", text(&body["status"]), text(&body["code"])),
        "itc.alert.v1" => format!("alert {}", text(&body["code"])),
        other => other.to_owned(),
    }
}

/// A record in the making.
#[derive(Clone)]
pub(crate) struct Saved {
    pub(crate) fact: SupplierRecordSaved,
}

pub(crate) fn saved(id: &str, section: ImsSection, number: &str, igst: i64) -> Saved {
    let tax = TaxAmounts { igst: Paise::from_rupees(igst), ..TaxAmounts::ZERO };
    let record = SupplierRecord {
        section,
        supplier: supplier(),
        recipient: recipient(FIRST),
        number: number.to_owned(),
        date: "2025-10-05".parse().unwrap(),
        original: None,
        invoice_type: "R".to_owned(),
        place_of_supply: "27".parse().unwrap(),
        reverse_charge: false,
        taxable_value: Paise::from_rupees(igst * 5),
        tax,
        document_value: Paise::from_rupees(igst * 6),
        trade_name: None,
        irn: None,
    };
    let fact = SupplierRecordSaved {
        form: SupplierForm::Gstr1,
        return_period: period("102025"),
        record_id: RecordId(id.to_owned()),
        record,
        at: at("2025-11-03T10:00:00"),
        origin: Origin::User,
    };
    Saved { fact }
}

impl Saved {
    pub(crate) fn amends(mut self, number: &str, date: &str) -> SupplierRecordSaved {
        self.fact.record.original = Some(OriginalDocument { number: number.to_owned(), date: date.parse().unwrap() });
        self.fact
    }

    pub(crate) fn to(mut self, gstin: &str) -> Self {
        self.fact.record.recipient = recipient(gstin);
        self
    }

    pub(crate) fn dated(mut self, date: &str) -> Self {
        self.fact.record.date = date.parse().unwrap();
        self
    }

    pub(crate) fn within(mut self, form: SupplierForm, of: &str) -> Self {
        self.fact.form = form;
        self.fact.return_period = period(of);
        self
    }

    pub(crate) fn by_portal(mut self) -> Self {
        self.fact.origin = Origin::Portal;
        self
    }
}

pub(crate) fn deleted(section: ImsSection, number: &str) -> SupplierRecordDeleted {
    SupplierRecordDeleted {
        supplier: supplier(),
        form: None,
        return_period: None,
        record_id: None,
        section,
        number: number.to_owned(),
        date: "2025-10-05".parse().unwrap(),
        at: at("2025-11-04T10:00:00"),
        origin: Origin::User,
    }
}

pub(crate) fn filed(form: SupplierForm, of: &str, when: &str) -> SupplierReturnFiled {
    SupplierReturnFiled {
        supplier: supplier(),
        form,
        return_period: period(of),
        filed_at: at(when),
        origin: Origin::User,
    }
}
