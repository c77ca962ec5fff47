//! Topics, event types and workers tell one story: `deploy/topics.toml`, the catalogue of events, the code's own list, and
//! the page for outsiders.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be read fails them")]

use gst_events::{Catalogued, Class, Topic, catalogue};
use itc_tests::repository;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

fn topics() -> BTreeMap<String, toml::Table> {
    let text = std::fs::read_to_string(repository().join("deploy/topics.toml")).unwrap();
    let file: toml::Table = text.parse().unwrap();
    let topics = file["topic"].as_array().unwrap();
    topics.iter().map(|topic| (topic["name"].as_str().unwrap().to_owned(), topic.as_table().unwrap().clone())).collect()
}

fn writers(topic: &toml::Table) -> BTreeSet<String> {
    topic["writers"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Where a public event is published.
fn public_topic(event_type: &str) -> Option<Topic> {
    let name = event_type.trim_start_matches("itc.").trim_end_matches(".v1");
    match name {
        "ledger-entry" => Some(Topic::Ledger),
        "ims-record" => Some(Topic::ImsRecords),
        "gstr2b-chunk" | "gstr2b-sealed" => Some(Topic::Gstr2b),
        "supplier-liability-raised" => Some(Topic::SupplierLiability),
        "evidence-added" | "evidence-pack" | "evidence-deleted" => Some(Topic::Evidence),
        "request-result" => Some(Topic::Results),
        "alert" => Some(Topic::Alerts),
        _ => None,
    }
}

#[test]
fn every_topic_of_the_code_is_deployed() {
    let topics = topics();
    for topic in Topic::ALL {
        assert!(topics.contains_key(topic.name()), "{} is not in deploy/topics.toml", topic.name());
    }
}

#[test]
fn every_public_event_has_a_topic_that_its_writers_may_write() {
    let topics = topics();
    for entry in catalogue().iter().filter(|entry| entry.class == Class::Public) {
        let topic = public_topic(entry.event_type.0);
        let topic = topic.unwrap_or_else(|| panic!("{} has no topic", entry.event_type));
        let allowed = writers(&topics[topic.name()]);
        for writer in entry.writers {
            assert!(
                allowed.contains(*writer),
                "{writer} writes {} but may not write {}",
                entry.event_type,
                topic.name()
            );
        }
    }
}

#[test]
fn whoever_writes_into_journals_is_allowed_to() {
    let topics = topics();
    let journals = [Topic::RecipientJournal, Topic::SupplierJournal, Topic::CustomsJournal];
    let allowed: BTreeSet<String> = journals.iter().flat_map(|topic| writers(&topics[topic.name()])).collect();
    for entry in catalogue().iter().filter(|entry| entry.class != Class::Public) {
        for writer in entry.writers {
            assert!(allowed.contains(*writer), "{writer} writes {} but may write no journal", entry.event_type);
        }
    }
}

/// `AsyncAPI` 3.0 of what the world hears, from the same catalogue.
fn async_api(entries: &[Catalogued]) -> String {
    let mut channels = String::new();
    let mut operations = String::new();
    let mut messages = String::new();
    let public: Vec<(&Catalogued, Topic)> =
        entries.iter().filter_map(|entry| public_topic(entry.event_type.0).map(|topic| (entry, topic))).collect();
    for topic in Topic::ALL {
        let of_topic: Vec<&Catalogued> =
            public.iter().filter(|(_, at)| *at == topic).map(|(entry, _)| *entry).collect();
        if of_topic.is_empty() {
            continue;
        }
        let channel = topic.name().trim_start_matches("itc.").trim_end_matches(".v1");
        // Writing to a String cannot fail.
        let _ = write!(channels, "  {channel}:\n    address: {}\n    messages:\n", topic.name());
        let _ = write!(
            operations,
            "  publish-{channel}:\n    action: send\n    channel:\n      $ref: '#/channels/{channel}'\n"
        );
        for entry in of_topic {
            let name = entry.payload;
            let _ = write!(channels, "      {name}:\n        $ref: '#/components/messages/{name}'\n");
            let _ = write!(
                messages,
                "    {name}:\n      name: {}\n      title: {name}\n      summary: >-\n        {}\n      \
                 contentType: application/json\n      headers:\n        $ref: '#/components/schemas/CloudEventHeaders'\n      \
                 payload:\n        schemaFormat: application/schema+json;version=draft-2020-12\n        schema:\n          \
                 $ref: ../shared/gst-events/schemas/{}.json\n",
                entry.event_type,
                entry.schema.get("description").and_then(|text| text.as_str()).unwrap_or_default().replace('\n', " "),
                entry.event_type,
            );
        }
    }
    format!(
        "{HEAD}channels:\n{channels}operations:\n{operations}components:\n  schemas:\n{HEADERS}  messages:\n{messages}"
    )
}

const HEAD: &str = "\
# Generated from the catalogue of events; a test keeps it current.
asyncapi: 3.0.0
info:
  title: ITC Engine
  version: 0.1.0
  description: >-
    What the engine tells the world: IMS records, GSTR-2B statements, credit-ledger entries, supplier liability, evidence
    and its packs, results and alerts. CloudEvents 1.0, Kafka binding, binary mode. Money is a decimal string with two digits.
  license:
    name: Apache-2.0
defaultContentType: application/json
";

const HEADERS: &str = "    CloudEventHeaders:
      type: object
      required: [ce_specversion, ce_id, ce_source, ce_type]
      properties:
        ce_specversion: { type: string, const: '1.0' }
        ce_id: { type: string, description: 'The same id is the same event, however often it is delivered.' }
        ce_source: { type: string }
        ce_type: { type: string }
        ce_time: { type: string, format: date-time }
        ce_subject: { type: string, description: 'The GSTIN concerned.' }
        ce_causationid: { type: string, description: 'The id of the event that this one follows from.' }
        ce_sequence: { type: string, description: 'Gapless number per GSTIN, on the ledger and GSTR-2B topics.' }
        traceparent: { type: string }
";

#[expect(clippy::disallowed_methods, reason = "a switch of the test run itself, not configuration of a program")]
fn updates() -> bool {
    std::env::var("UPDATE_GOLDENS").is_ok_and(|value| value == "1")
}

#[test]
fn the_page_for_outsiders_is_current() {
    let path = repository().join("docs/asyncapi.yaml");
    let expected = async_api(&catalogue());
    if updates() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/asyncapi.yaml is not current: run with UPDATE_GOLDENS=1");
}
