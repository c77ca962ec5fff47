//! The whole topology on the simulated log, and short words for what feeds tell it.

use gst_events::{
    EventPayload, Gstr2bChunk, Gstr2bSealed, ImsAction, ImsActionRequested, ImsRecordDecided, ImsSection, ImsTarget,
    Origin, PublishedLine, RecipientReturnFiled, Request, RequestStatus, StatementRequested, SupplierForm,
    TaxpayerRegistered, TaxpayerRole, Topic,
};
use gst_types::{FilingFrequency, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use gstn_formats::Extra;
use gstn_formats::gstr1::{Gstr1, Gstr1Document, Gstr1Section};
use itc_engine::simulation::Simulation;
use itcctl::feed_record::{Feed, FeedRecord, SupplierReturn, SupplierStep};
use proptest::test_runner::Config as ProptestConfig;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use stream::WorkerName;

/// So many cases, or as many as `PROPTEST_CASES` says; a failure prints the seed that finds it again.
pub(crate) fn cases(many: u32) -> ProptestConfig {
    let told = ProptestConfig::default();
    // Without the variable the library's own default stands there.
    let cases = if told.cases == LIBRARY_DEFAULT { many } else { told.cases };
    ProptestConfig { cases, ..told }
}

const LIBRARY_DEFAULT: u32 = 256;

pub(crate) fn at(text: &str) -> IstInstant {
    text.parse().unwrap()
}

pub(crate) fn period(text: &str) -> TaxPeriod {
    text.parse().unwrap()
}

/// So many rupees of IGST.
pub(crate) fn igst(rupees: i64) -> TaxAmounts {
    TaxAmounts { igst: Paise::from_rupees(rupees), ..TaxAmounts::ZERO }
}

/// A document as a supplier reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) section: Gstr1Section,
    pub(crate) supplier: &'static str,
    pub(crate) recipient: &'static str,
    pub(crate) number: String,
    pub(crate) date: &'static str,
    pub(crate) original: Option<(String, &'static str)>,
    pub(crate) rupees: i64,
    pub(crate) form: SupplierForm,
    pub(crate) return_period: &'static str,
}

impl Document {
    pub(crate) fn reported(&self, delete: bool) -> Gstr1Document {
        let tax = igst(self.rupees);
        let taxable_value = Paise::from_rupees(self.rupees * 10);
        Gstr1Document {
            section: self.section,
            supplier: self.supplier.parse().unwrap(),
            recipient: self.recipient.parse().unwrap(),
            number: self.number.clone(),
            date: self.date.parse().unwrap(),
            original: self.original.as_ref().map(|(number, date)| (number.clone(), date.parse().unwrap())),
            invoice_type: None,
            place_of_supply: Some(self.recipient[..2].parse().unwrap()),
            reverse_charge: false,
            taxable_value,
            tax,
            document_value: taxable_value + tax.total(),
            delete,
            irn: None,
            ecommerce_supplier: None,
            items: Vec::new(),
            extra: Extra::default(),
        }
    }

    /// The record as an action names it.
    pub(crate) fn target(&self) -> ImsTarget {
        let section: ImsSection = serde_json::from_value(self.section.code().into()).unwrap();
        let supplier: SupplierGstin = self.supplier.parse().unwrap();
        ImsTarget::Document { section, supplier, number: self.number.clone(), date: self.date.parse().unwrap() }
    }

    /// The record of a feed that saves, deletes or files it.
    pub(crate) fn step(&self, id: &str, step: SupplierStep, when: &str) -> FeedRecord {
        let period = period(self.return_period);
        let documents = match step {
            SupplierStep::Saved => vec![self.reported(false)],
            SupplierStep::Deleted => vec![self.reported(true)],
            SupplierStep::Filed => Vec::new(),
        };
        let body = Gstr1::build(self.supplier.parse().unwrap(), period, &documents);
        let (happened_at, sent_at) = (at(when), at(when));
        let form =
            SupplierReturn { supplier: self.supplier, form: self.form, happened_at, sent_at, origin: Origin::User };
        FeedRecord::supplier_return(id, step, &form, &body)
    }
}

/// A fact of a taxpayer, as its feed carries it.
pub(crate) fn taxpayer<P: EventPayload>(id: &str, gstin: &str, when: &str, fact: &P) -> FeedRecord {
    FeedRecord::fact(Feed::TaxpayerEvents, id, gstin, Some(at(when)), fact)
}

/// An action of a recipient.
pub(crate) fn action(id: &str, document: &Document, action: ImsAction, when: &str) -> FeedRecord {
    let fact = ImsActionRequested {
        recipient: document.recipient.parse().unwrap(),
        target: document.target(),
        action,
        remarks: None,
        itc_reduction: None,
        previous_action: None,
        at: at(when),
        actor: None,
        origin: Origin::User,
    };
    taxpayer(id, document.recipient, when, &fact)
}

pub(crate) fn statement(id: &str, recipient: &str, of: &str, when: &str) -> FeedRecord {
    let fact = StatementRequested {
        recipient: recipient.parse().unwrap(),
        period: period(of),
        at: at(when),
        origin: Origin::User,
    };
    taxpayer(id, recipient, when, &fact)
}

pub(crate) fn gstr3b(id: &str, recipient: &str, of: &str, when: &str) -> FeedRecord {
    let fact = RecipientReturnFiled {
        recipient: recipient.parse().unwrap(),
        period: period(of),
        filed_at: at(when),
        arn: None,
        table4: BTreeMap::new(),
        origin: Origin::User,
    };
    taxpayer(id, recipient, when, &fact)
}

/// The lines that count, by recipient and record: statement, table and rupees of IGST.
pub(crate) type Lines = BTreeMap<(String, String), (String, String, i64)>;

/// The workers, and the days in the test's hand.
pub(crate) struct Bench {
    pub(crate) simulation: Simulation,
}

impl Bench {
    /// The workers that a statement comes from. Statements on request; monthly filers of these GSTINs whose earliest open period is that one.
    pub(crate) fn new(recipients: &[&str], suppliers: &[&str], first_open: &str) -> Self {
        let rows = [("draft_generation".to_owned(), "ON_REQUEST".to_owned())].into();
        Self::with(Simulation::start_statements(1, &rows).unwrap(), recipients, suppliers, first_open)
    }

    /// As [`Bench::new`], with every worker.
    pub(crate) fn whole(recipients: &[&str], suppliers: &[&str], first_open: &str) -> Self {
        let rows = [("draft_generation".to_owned(), "ON_REQUEST".to_owned())].into();
        Self::with(Simulation::start(1, &rows).unwrap(), recipients, suppliers, first_open)
    }

    fn with(simulation: Simulation, recipients: &[&str], suppliers: &[&str], first_open: &str) -> Self {
        let mut bench = Self { simulation };
        for (gstins, role) in [(recipients, TaxpayerRole::Recipient), (suppliers, TaxpayerRole::Supplier)] {
            for gstin in gstins {
                let fact = TaxpayerRegistered {
                    gstin: gstin.parse().unwrap(),
                    role,
                    filing_frequency: FilingFrequency::Monthly,
                    gstr3b_due_day: Some(20),
                    first_open_period: (role == TaxpayerRole::Recipient).then(|| period(first_open)),
                    effective_from: None,
                    needs_approval: false,
                    at: None,
                };
                let id = format!("registered {gstin}");
                bench.tell(FeedRecord::fact(Feed::TaxpayerEvents, &id, gstin, None, &fact));
            }
        }
        bench
    }

    /// Publishes a record and lets every worker come to rest.
    pub(crate) fn tell(&mut self, record: FeedRecord) {
        let headers = record.header_bytes();
        self.simulation.publish(record.feed.topic(), &record.key, headers, record.value).unwrap();
    }

    /// Publishes a record of that instant, its days opened before it; tells what was answered.
    pub(crate) fn at(&mut self, when: &str, record: FeedRecord) -> Option<(RequestStatus, Option<String>)> {
        self.open(when);
        let id = record.headers.iter().find(|(name, _)| name == "ce_id").unwrap().1.clone();
        self.tell(record);
        let answers = self.simulation.read_new(Topic::Results.name());
        let mut answers = answers.iter().map(|record| serde_json::from_slice::<Request>(&record.value).unwrap());
        answers.rfind(|answer| answer.request_id == id).map(|answer| (answer.status, answer.code))
    }

    pub(crate) fn open(&mut self, when: &str) {
        self.simulation.open_days_to(at(when).date()).unwrap();
    }

    /// What was published of a type on a topic, in order.
    pub(crate) fn heard<P: EventPayload + DeserializeOwned>(&self, topic: Topic) -> Vec<P> {
        let records = self.simulation.read_all(topic.name());
        let of_type = records.iter().filter(|record| record.header("ce_type") == Some(P::TYPE.0));
        of_type.map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
    }

    /// The lines of the last version of a statement, by table and record, and its manifest.
    pub(crate) fn lines(&self, recipient: &str, of: &str) -> Option<(Gstr2bSealed, Vec<PublishedLine>)> {
        let recipient: RecipientGstin = recipient.parse().unwrap();
        let mut sealed = self.heard::<Gstr2bSealed>(Topic::Gstr2b).into_iter();
        let last = sealed.rfind(|one| one.recipient == recipient && one.period == period(of))?;
        let chunks = self.heard::<Gstr2bChunk>(Topic::Gstr2b);
        let mut lines = Vec::new();
        for named in &last.chunks {
            let chunk = chunks.iter().find(|chunk| {
                chunk.recipient == recipient
                    && chunk.period == last.period
                    && chunk.chunk == named.chunk
                    && chunk.version == named.version
            });
            lines.extend(chunk.unwrap().lines.clone());
        }
        Some((last, lines))
    }

    /// What was decided on records since the last call: the lines that count by now are kept up to date.
    pub(crate) fn count(&mut self, lines: &mut Lines) -> usize {
        let new = self.simulation.read_new(Topic::RecipientJournal.name());
        let decided = new.iter().filter(|record| record.header("ce_type") == Some(ImsRecordDecided::TYPE.0));
        let mut many = 0;
        for record in decided {
            let one: ImsRecordDecided = serde_json::from_slice(&record.value).unwrap();
            let key = (one.recipient.to_string(), one.record_id.0);
            lines.remove(&key);
            if let Some(line) = one.line {
                lines.insert(key, (line.period.to_string(), line.table.to_string(), line.effect.igst.get() / 100));
            }
            many += 1;
        }
        many
    }

    /// The rows that a worker's rules keep; the loop's own, such as the ids of repeats, are left out.
    pub(crate) fn rows(&self, worker: &'static str) -> BTreeMap<String, Vec<u8>> {
        let view = self.simulation.rows(WorkerName(worker), 0).unwrap();
        let rows = view.raw().range("", "~", usize::MAX).unwrap();
        rows.into_iter().collect()
    }
}
