//! A story of the case format, told to the workers.

use super::Bench;
use super::customs::Customs;
use super::filings::Filings;
use gst_events::{
    AdvanceAdjusted, AnnualReturnFiled, BillOfEntryDetails, BookAdjusted, CommercialNoteReceived, CreditAvailed,
    CreditLedgerBalanceReported, CreditSubject, EventPayload, InvoiceBooked, InvoiceCorrected, NoteAccepted, Origin,
    PaymentMade, PaymentReallocated, PeriodLocked, PermanentReversalRecorded, TaxpayerRegistered, TaxpayerRole,
    TdsDeducted,
};
use gst_rules::rule;
use gst_types::{
    BillOfEntryId, DocumentKey, DocumentKind, FilingFrequency, Gstin, Head, IstDate, IstInstant, RecipientGstin,
    SupplierGstin, TaxAmounts,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

pub(crate) fn parsed<T: FromStr>(value: &Value, key: &str) -> Option<T> {
    text(value, key).and_then(|text| text.parse().ok())
}

pub(crate) fn heads(value: &Value) -> TaxAmounts {
    let mut tax = TaxAmounts::ZERO;
    for head in Head::ALL {
        tax.set(head, parsed(value, head.code()).unwrap_or_default());
    }
    tax
}

/// What is known by the names of the story.
pub(crate) struct Story {
    pub(crate) bench: Bench,
    pub(crate) recipient: Option<RecipientGstin>,
    pub(crate) documents: BTreeMap<String, CreditSubject>,
    pub(crate) filings: Filings,
    pub(crate) customs: Customs,
    numbers: u64,
}

impl Story {
    pub(crate) fn new(config: &BTreeMap<String, String>) -> Self {
        Self {
            bench: Bench::new(config),
            recipient: None,
            documents: BTreeMap::new(),
            filings: Filings::default(),
            customs: Customs::default(),
            numbers: 0,
        }
    }

    fn who(&self) -> RecipientGstin {
        self.recipient.unwrap()
    }

    fn document(&self, name: &str) -> DocumentKey {
        match &self.documents[name] {
            CreditSubject::Document(document) => document.clone(),
            CreditSubject::BillOfEntry(_) => panic!("{name} is a bill"),
        }
    }

    fn named(&self, event: &Value, key: &str) -> DocumentKey {
        self.document(text(event, key).unwrap())
    }

    fn tell<P: EventPayload>(&mut self, at: IstInstant, payload: &P) {
        let key = self.who().to_string();
        self.bench.tell(&key, at, payload);
        self.filings.answer(&mut self.bench);
    }

    pub(crate) fn event(&mut self, event: &Value) {
        let at: IstInstant = parsed(event, "at").unwrap_or_else(|| "2000-01-01T00:00:00".parse().unwrap());
        if event.get("at").is_some() {
            self.bench.open_to(at);
            self.filings.answer(&mut self.bench);
        }
        self.numbers += 1;
        let id = format!("fact-{}", self.numbers);
        let kind = text(event, "type").unwrap();
        match kind {
            "recipient_registered" | "supplier_registered" => self.registered(event, kind),
            "document_received" => self.document_received(&event["record"], at),
            "document_amended" => self.document_amended(event, at),
            "ims_action" | "clock_advanced" => {}
            "itc_claimed" | "itc_reversed_permanently" => self.credit(event, kind, id, at),
            "credit_note_accepted" => self.credit_note(&event["record"], at),
            "payment_made" => self.payment(event, id, at),
            "commercial_credit_note" | "tds_deducted" | "book_adjustment" | "advance_adjusted" => {
                self.settled(event, kind, id, at);
            }
            "payment_reallocated" => {
                let moved = PaymentReallocated {
                    recipient: self.who(),
                    reallocation_id: id,
                    from: self.named(event, "from_ref"),
                    to: self.named(event, "to_ref"),
                    amount: parsed(event, "amount").unwrap(),
                    at,
                };
                self.tell(at, &moved);
            }
            "supplier_gstr3b_not_filed" | "supplier_gstr3b_filed" => {
                let of = (parsed(event, "gstin").unwrap(), parsed(event, "period").unwrap());
                self.filings.report(&mut self.bench, of, kind == "supplier_gstr3b_filed", at);
            }
            "gstr3b_filed" | "annual_return_filed" | "credit_ledger_balance" => self.taxpayer(event, kind, at),
            "boe_received" | "boe_value_amended" => self.bill(&event["record"], kind, at),
            "boe_status_changed" => {
                let (name, status) = (text(event, "ref").unwrap(), text(event, "status").unwrap());
                self.customs.status(&mut self.bench, name, status, at);
            }
            other => panic!("unknown event {other}"),
        }
    }

    fn registered(&mut self, event: &Value, kind: &str) {
        let gstin: Gstin = Gstin::parse(text(event, "gstin").unwrap()).unwrap();
        let frequency: FilingFrequency = serde_json::from_value(event["filing_frequency"].clone()).unwrap();
        if kind == "supplier_registered" {
            self.filings.frequencies.insert(SupplierGstin(gstin), frequency);
            return;
        }
        self.recipient = Some(RecipientGstin(gstin));
        let registered = TaxpayerRegistered {
            gstin,
            role: TaxpayerRole::Recipient,
            filing_frequency: frequency,
            gstr3b_due_day: None,
            first_open_period: None,
            effective_from: None,
            needs_approval: false,
            at: None,
        };
        self.tell("2000-01-01T00:00:00".parse().unwrap(), &registered);
    }

    /// Names the documents that the events will tell of, some of which other events name before that.
    pub(crate) fn look_ahead(&mut self, events: &[Value]) {
        for event in events.iter().filter(|event| event["type"] == "document_received") {
            self.name(&event["record"]);
        }
    }

    fn name(&mut self, record: &Value) -> DocumentKey {
        let kind = match text(record, "document_type").unwrap_or("INVOICE") {
            "DEBIT_NOTE" => DocumentKind::DebitNote,
            "ISD_INVOICE" => DocumentKind::IsdInvoice,
            _ => DocumentKind::Invoice,
        };
        let date: IstDate = parsed(record, "document_date").unwrap();
        let supplier: SupplierGstin = parsed(record, "supplier_gstin").unwrap();
        let document = DocumentKey::new(supplier, kind, parsed(record, "document_number").unwrap(), date);
        let name = text(record, "ref").unwrap().to_owned();
        self.documents.insert(name, CreditSubject::Document(document.clone()));
        document
    }

    fn document_received(&mut self, record: &Value, at: IstInstant) {
        let document = self.name(record);
        let date: IstDate = parsed(record, "document_date").unwrap();
        let flag = |key: &str| record.get(key).and_then(Value::as_bool).unwrap_or(false);
        let booked = InvoiceBooked {
            recipient: self.who(),
            document,
            document_date: date,
            taxable_value: parsed(record, "taxable_value").unwrap(),
            tax: heads(record),
            document_value: parsed(record, "document_value").unwrap(),
            reverse_charge: flag("reverse_charge"),
            schedule_i: flag("schedule_i"),
            section_15_2_b_amount: parsed(record, "section_15_2_b_amount").unwrap_or_default(),
            supplier_period: parsed(record, "supplier_period"),
            invoice: text(record, "invoice_ref").map(|name| self.document(name)),
            at,
        };
        self.tell(at, &booked);
    }

    fn document_amended(&mut self, event: &Value, at: IstInstant) {
        let record = &event["record"];
        let corrected = InvoiceCorrected {
            recipient: self.who(),
            document: self.named(record, "ref"),
            document_date: parsed(record, "document_date"),
            taxable_value: parsed(record, "taxable_value").unwrap(),
            tax: heads(record),
            document_value: parsed(record, "document_value").unwrap(),
            itc_availed: event.get("itc_availed").map(heads),
            at,
        };
        self.tell(at, &corrected);
    }

    fn credit(&mut self, event: &Value, kind: &str, id: String, at: IstInstant) {
        let subject = self.documents[text(event, "ref").unwrap()].clone();
        let return_period = parsed(event, "return_period").unwrap();
        let recipient = self.who();
        if kind == "itc_claimed" {
            let availed = CreditAvailed {
                recipient,
                claim_id: id,
                subject,
                return_period,
                availed_at: at,
                claimed: heads(event),
                line: None,
                from_register: true,
                rule: rule::T4_5,
            };
            self.tell(at, &availed);
        } else {
            let rule = serde_json::from_value(event["rule"].clone()).unwrap();
            let tax = heads(event);
            let reversed =
                PermanentReversalRecorded { recipient, reversal_id: id, subject, rule, return_period, tax, at };
            self.tell(at, &reversed);
        }
    }

    fn credit_note(&mut self, record: &Value, at: IstInstant) {
        let invoice = self.named(record, "invoice_ref");
        let date: IstDate = parsed(record, "document_date").unwrap();
        let number = parsed(record, "document_number").unwrap();
        let note = DocumentKey::new(invoice.supplier, DocumentKind::CreditNote, number, date);
        let accepted = NoteAccepted {
            recipient: self.who(),
            note,
            note_date: date,
            invoice,
            taxable_value: parsed(record, "taxable_value").unwrap(),
            tax: heads(record),
            document_value: parsed(record, "document_value").unwrap(),
            at,
        };
        self.tell(at, &accepted);
    }

    fn payment(&mut self, event: &Value, id: String, at: IstInstant) {
        let document = text(event, "ref").map(|name| self.document(name));
        let supplier = document.as_ref().map(|document| document.supplier);
        let made = PaymentMade {
            recipient: self.who(),
            payment_id: id,
            supplier: supplier.or_else(|| parsed(event, "supplier_gstin")).unwrap(),
            document,
            amount: parsed(event, "amount").unwrap(),
            advance_id: text(event, "advance_ref").map(str::to_owned),
            debit_date: parsed(event, "debit_date"),
            instrument_date: parsed(event, "instrument_date"),
            supplier_credit_date: parsed(event, "supplier_credit_date"),
            at,
        };
        self.tell(at, &made);
    }

    fn settled(&mut self, event: &Value, kind: &str, id: String, at: IstInstant) {
        let recipient = self.who();
        let document = self.named(event, "ref");
        let amount = parsed(event, "amount").unwrap();
        match kind {
            "commercial_credit_note" => {
                self.tell(at, &CommercialNoteReceived { recipient, note_id: id, document, amount, at });
            }
            "tds_deducted" => {
                let kind = serde_json::from_value(event["tds_kind"].clone()).unwrap();
                self.tell(at, &TdsDeducted { recipient, deduction_id: id, document, kind, amount, at });
            }
            "book_adjustment" => {
                let confirmation_document = text(event, "confirmation_document").map(str::to_owned);
                let adjusted =
                    BookAdjusted { recipient, adjustment_id: id, document, amount, confirmation_document, at };
                self.tell(at, &adjusted);
            }
            _ => {
                let advance_id = text(event, "advance_ref").unwrap().to_owned();
                self.tell(at, &AdvanceAdjusted { recipient, adjustment_id: id, advance_id, document, amount, at });
            }
        }
    }

    fn taxpayer(&mut self, event: &Value, kind: &str, at: IstInstant) {
        let recipient = self.who();
        match kind {
            "gstr3b_filed" => {
                let locked = PeriodLocked {
                    gstin: recipient.gstin(),
                    period: parsed(event, "period").unwrap(),
                    filed_at: at,
                    statement_version: None,
                    table4: BTreeMap::new(),
                    arn: None,
                    origin: Origin::Portal,
                };
                self.tell(at, &locked);
            }
            "annual_return_filed" => {
                let financial_year = parsed(event, "financial_year").unwrap();
                self.tell(at, &AnnualReturnFiled { recipient, financial_year, filed_at: at });
            }
            _ => {
                let reported = CreditLedgerBalanceReported {
                    recipient,
                    at,
                    balance: heads(event),
                    return_due_date: parsed(event, "return_due_date"),
                };
                self.tell(at, &reported);
            }
        }
    }

    fn bill(&mut self, record: &Value, kind: &str, at: IstInstant) {
        let id = BillOfEntryId::new(
            parsed(record, "port_code").unwrap(),
            text(record, "boe_number").unwrap(),
            parsed(record, "boe_date").unwrap(),
        )
        .unwrap();
        let details = BillOfEntryDetails {
            bill_of_entry: id.clone(),
            section: serde_json::from_value(record["section"].clone()).unwrap(),
            bill_of_entry_type: record
                .get("boe_type")
                .map(|word| serde_json::from_value(word.clone()).unwrap())
                .unwrap_or_default(),
            importer: parsed(record, "importer_gstin").unwrap(),
            taxable_value: parsed(record, "taxable_value").unwrap(),
            tax: heads(record),
            sez_supplier: None,
            parent: None,
            reference_date: None,
        };
        let name = text(record, "ref").unwrap();
        if kind == "boe_received" {
            self.documents.insert(name.to_owned(), CreditSubject::BillOfEntry(id));
            self.customs.received(&mut self.bench, name, details, at);
        } else {
            self.customs.amended(&mut self.bench, name, details, at);
        }
    }
}
