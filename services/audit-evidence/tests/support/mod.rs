//! One recipient's desk: events in, evidence out, rows in memory. After every event the topic comes to the rows' packs.

use audit_evidence::{AuditEvidence, Event, EvidenceFold, EvidenceOutcome, view};
use gst_events::{ActiveRulebook, EventPayload, EvidencePack, Topic};
use gst_types::IstDate;
use serde_json::{Value, json};
use std::sync::Arc;
use stream::{
    Context, Cursor, Decode, Encode, InputRecord, OutputRecord, PageLimits, Processor, Route, Rules, SourcePartition,
    StateView,
};
use stream_testkit::MemoryRows;

/// The recipient of all tests.
pub(crate) const RECIPIENT: &str = "27AAPFU0939F1ZV";
/// The supplier of the worked pack (AUD-8); its check digit is wrong.
pub(crate) const SUPPLIER: &str = "29AAACX0123A1Z5";
/// The document of the worked pack.
pub(crate) const DOCUMENT: &str = "29AAACX0123A1Z5:INVOICE:INV/2026-04-1547:2026-27";

#[derive(Debug)]
pub(crate) struct Desk {
    rows: MemoryRows,
    rules: ActiveRulebook,
    day: Option<IstDate>,
    changes_max: usize,
    offset: i64,
    pub(crate) outcomes: Vec<EvidenceOutcome>,
    pub(crate) outputs: Vec<OutputRecord>,
    /// What a reader of the topic has.
    pub(crate) fold: EvidenceFold,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            rows: MemoryRows::default(),
            rules: ActiveRulebook::initial(),
            day: None,
            changes_max: 1000,
            offset: 0,
            outcomes: Vec::new(),
            outputs: Vec::new(),
            fold: EvidenceFold::default(),
        }
    }

    pub(crate) fn with_page(changes_max: usize) -> Self {
        Self { changes_max, ..Self::new() }
    }

    /// Tells an event; its id is the number of its arrival.
    pub(crate) fn tell<P: EventPayload>(&mut self, value: Value) -> &mut Self {
        self.tell_because::<P>(value, None)
    }

    pub(crate) fn tell_because<P: EventPayload>(&mut self, value: Value, cause: Option<&str>) -> &mut Self {
        self.offset += 1;
        let mut headers = vec![
            ("ce_id".to_owned(), format!("e{}", self.offset).into_bytes()),
            ("ce_type".to_owned(), P::TYPE.0.as_bytes().to_vec()),
        ];
        headers.extend(cause.map(|cause| ("ce_causationid".to_owned(), cause.as_bytes().to_vec())));
        let record = InputRecord {
            source: SourcePartition { topic: Arc::from("itc.recipient-journal.v1"), partition: 0 },
            offset: self.offset,
            timestamp_in_ms: None,
            key: None,
            headers,
            value: value.to_string().into_bytes(),
        };
        let event = Event::decode(&record).unwrap().unwrap();
        match AuditEvidence::new().route(&event) {
            Route::Key(key) => self.decide(&record, &event, &key),
            Route::Job(_) => self.job(&record, &event),
            Route::Partition => panic!("the worker has no such event"),
        }
        self.compare();
        self
    }

    /// AUD-7: who folds the topic has the pack of the view, with its hash. A long chain is compared now and then only.
    fn compare(&self) {
        let rows = StateView::new(&self.rows);
        let (packs, _) = view::packs(&rows, RECIPIENT.parse().unwrap(), false, None, 1000).unwrap();
        assert_eq!(packs.len(), self.fold.len());
        let looked_at = packs.iter().filter(|pack| pack.artefacts < 20 || self.offset % 50 == 0);
        for pack in looked_at.map(|pack| &pack.subject) {
            let folded = self.fold.pack(RECIPIENT.parse().unwrap(), pack);
            assert_eq!(folded, self.pack_of(&pack.to_string()), "after event {}", self.offset);
        }
    }

    fn job(&mut self, record: &InputRecord, event: &Event) {
        let Event::DayOpened(day) = event else { panic!("only a day opens a job") };
        self.day = Some(day.date);
        let keys = AuditEvidence::new().job_keys(&StateView::new(&self.rows), event, None, 100).unwrap();
        for key in keys {
            self.decide(record, event, &key);
        }
    }

    fn decide(&mut self, record: &InputRecord, event: &Event, key: &str) {
        let mut cursor: Option<Cursor> = None;
        loop {
            let context = Context {
                rules: &self.rules,
                key,
                cursor: cursor.as_ref(),
                meta: &record.meta(),
                position: record.position(),
                day: self.day.map(IstDate::naive),
                page: PageLimits { changes_max: self.changes_max },
            };
            let decision = AuditEvidence::new().decide(&StateView::new(&self.rows), event, &context).unwrap();
            for change in decision.rows {
                self.rows.change(&change);
            }
            let outputs: Vec<OutputRecord> = decision.events.iter().map(Encode::encode).collect();
            for output in outputs.iter().filter(|output| output.topic == Topic::Evidence.name()) {
                self.fold.tell(&output.value).unwrap();
            }
            self.outputs.extend(outputs);
            self.outcomes.push(decision.outcome);
            cursor = decision.resume;
            if cursor.is_none() {
                return;
            }
        }
    }

    /// The pack as the view has it.
    pub(crate) fn pack(&self) -> EvidencePack {
        self.pack_of(DOCUMENT).expect("there is a pack")
    }

    pub(crate) fn pack_of(&self, subject: &str) -> Option<EvidencePack> {
        view::pack(&StateView::new(&self.rows), RECIPIENT.parse().unwrap(), &subject.parse().unwrap()).unwrap()
    }

    pub(crate) fn incomplete(&self) -> Vec<String> {
        let rows = StateView::new(&self.rows);
        let (packs, _) = view::packs(&rows, RECIPIENT.parse().unwrap(), true, None, 10).unwrap();
        packs.into_iter().map(|pack| pack.subject.to_string()).collect()
    }

    pub(crate) fn row_count(&self) -> usize {
        self.rows.0.len()
    }

    /// The pack as somebody keeps it, as text.
    pub(crate) fn exported(&self) -> String {
        serde_json::to_string(&self.pack()).unwrap()
    }

    /// What was told on the evidence topic, as lines.
    pub(crate) fn topic(&self) -> Vec<String> {
        let told = self.outputs.iter().filter(|output| output.topic == Topic::Evidence.name());
        told.map(|output| String::from_utf8(output.value.clone()).unwrap()).collect()
    }

    /// How often an event of that type was told.
    pub(crate) fn count<P: EventPayload>(&self) -> usize {
        self.outputs.iter().filter(|output| output.event_type == P::TYPE).count()
    }

    /// Somebody changes what the rows hold.
    pub(crate) fn change_rows(&mut self, from: &str, to: &str) {
        for value in self.rows.0.values_mut() {
            let places: Vec<usize> = (0..value.len()).filter(|at| value[*at..].starts_with(from.as_bytes())).collect();
            places.into_iter().for_each(|at| value[at..at + from.len()].copy_from_slice(to.as_bytes()));
        }
    }

    /// The last output, as text.
    pub(crate) fn last_told(&self) -> String {
        String::from_utf8(self.outputs.last().unwrap().value.clone()).unwrap()
    }
}

/// The events of the worked pack (AUD-8).
pub(crate) fn booked() -> Value {
    json!({ "recipient": RECIPIENT, "document": DOCUMENT, "document_date": "2026-04-08", "taxable_value": "2330000.00",
        "tax": { "igst": "419400.00" }, "document_value": "2749400.00", "at": "2026-04-09T10:00:00+05:30" })
}

pub(crate) fn received() -> Value {
    json!({ "recipient": RECIPIENT, "subject": DOCUMENT, "receipt_number": "GRN-77", "kind": "GRN",
        "received_on": "2026-04-12", "actor": { "subject": "store.keeper", "role": "STORES" },
        "at": "2026-04-12T17:05:00+05:30" })
}

pub(crate) fn decided(action: &str, acceptance: Option<&str>) -> Value {
    json!({ "recipient": RECIPIENT, "record_id": "s1#0", "subject": DOCUMENT, "section": "B2B", "supplier": SUPPLIER,
        "number": "INV/2026-04-1547", "date": "2026-04-08", "form": "GSTR1", "return_period": "042026",
        "filed_at": "2026-05-10T11:00:00+05:30", "taxable_value": "2330000.00", "document_value": "2749400.00",
        "tax": { "igst": "419400.00" }, "reverse_charge": false, "action": action, "acceptance": acceptance,
        "decided_at": "2026-04-15T14:32:00+05:30", "rule": "EF-1" })
}

pub(crate) fn entry(kind: &str, cause: Option<&str>, period: &str, date: &str) -> Value {
    json!({ "entry": { "entry_id": format!("{kind}/{date}"), "recipient": RECIPIENT, "subject": DOCUMENT,
        "entry": kind, "cause": cause, "return_period": period, "lines": ["4A5"], "date": date,
        "tax": { "igst": "419400.00" }, "status": "DUE", "rule": "R37-4", "rulebook_digest": "d" } })
}

pub(crate) fn settled(on: &str) -> Value {
    json!({ "recipient": RECIPIENT, "document": DOCUMENT, "supplier": SUPPLIER, "document_date": "2026-04-08",
        "tax": { "igst": "419400.00" }, "payable": "2749400.00", "paid": "2749400.00", "unpaid": "0.00", "note_tax": {},
        "supplier_period": "042026", "change": "PAYMENT", "effective_on": on, "at": format!("{on}T12:00:00+05:30"),
        "arrival": 1, "rule": "R37-7" })
}
