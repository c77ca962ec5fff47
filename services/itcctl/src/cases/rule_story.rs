//! Events of rule stories as records of the feeds. They are told as facts (`origin: PORTAL`) and enter through the
//! register, payments, taxpayer and customs feeds, not through supplier filings.

use super::fields::Fields;
use super::ims_story::{action_word, bill_details, bill_reference, gstr3b_filed, registered, status_reported};
use super::references::{Referenced, References};
use crate::feed_record::{Feed, FeedRecord};
use anyhow::{Result, anyhow};
use gst_events::{
    AdvanceAdjusted, AnnualReturnFiled, BookAdjusted, CommercialNoteReceived, CreditClaimed,
    CreditLedgerBalanceReported, CreditSubject, CustomsBillReported, CustomsBillValueAmended, CustomsStatusReported,
    ImsActionRequested, ImsSection, ImsTarget, InvoiceBooked, InvoiceCorrected, NoteAccepted, Origin, PaymentMade,
    PaymentReallocated, PermanentReversalRecorded, PermanentReversalRule, RecordId, TaxpayerRole, TdsDeducted, TdsKind,
};
use gst_types::{DocumentKey, DocumentKind, RecipientGstin, SupplierGstin};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a story has said so far.
#[derive(Debug, Default)]
pub(crate) struct RuleStory {
    pub(crate) refs: References,
    /// Names in the order in which they were given; later names of one subject are its amendments.
    pub(crate) order: Vec<String>,
    pub(crate) recipient: Option<RecipientGstin>,
    /// Documents that the story names before it tells of them, such as money that comes before its invoice.
    ahead: BTreeMap<String, DocumentKey>,
}

impl RuleStory {
    /// A story of these events, of which nothing is told yet.
    pub(crate) fn of(given: &[Value]) -> Self {
        let told = given.iter().filter_map(|event| {
            let event = Fields::of(event).ok().filter(|event| event.text("type").ok() == Some("document_received"))?;
            let record = event.object("record").ok()?;
            Some((record.text("ref").ok()?.to_owned(), key_of(&record).ok()?))
        });
        Self { ahead: told.collect(), ..Self::default() }
    }

    /// Translates one event; `id` becomes the id of its feed record.
    pub(crate) fn feed_record(&mut self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        match event.text("type")? {
            "recipient_registered" => {
                self.recipient = Some(RecipientGstin(event.parse("gstin")?));
                registered(event, id, TaxpayerRole::Recipient)
            }
            "supplier_registered" => registered(event, id, TaxpayerRole::Supplier),
            "document_received" => self.document_received(event, id),
            "document_amended" => self.document_amended(event, id),
            "ims_action" => self.ims_action(event, id),
            "itc_claimed" => self.itc_claimed(event, id),
            "itc_reversed_permanently" => self.reversed_permanently(event, id),
            "credit_note_accepted" => self.credit_note_accepted(event, id),
            "commercial_credit_note" => self.commercial_note(event, id),
            "payment_made" => self.payment_made(event, id),
            "advance_adjusted" => self.advance_adjusted(event, id),
            "tds_deducted" => self.tds_deducted(event, id),
            "book_adjustment" => self.book_adjusted(event, id),
            "payment_reallocated" => self.payment_reallocated(event, id),
            "supplier_gstr3b_not_filed" => status_reported(event, id, false),
            "supplier_gstr3b_filed" => status_reported(event, id, true),
            "gstr3b_filed" => gstr3b_filed(event, id, Origin::Portal),
            "annual_return_filed" => self.annual_return(event, id),
            "credit_ledger_balance" => self.balance(event, id),
            "boe_received" => self.boe_received(event, id),
            "boe_status_changed" => self.boe_status(event, id),
            "boe_value_amended" => self.boe_value_amended(event, id),
            other => Err(anyhow!("event type {other} is not known")),
        }
    }

    pub(crate) fn recipient(&self) -> Result<RecipientGstin> {
        self.recipient.ok_or_else(|| anyhow!("no recipient is registered"))
    }

    fn name(&mut self, name: &str, referenced: Referenced) {
        self.order.push(name.to_owned());
        self.refs.set(name, referenced);
    }

    fn known(&self, name: &str) -> Result<&Referenced> {
        self.refs.get(name).ok_or_else(|| anyhow!("ref {name} is not known"))
    }

    fn document(&self, event: &Fields<'_>, field: &str) -> Result<DocumentKey> {
        let name = event.text(field)?;
        if let (None, Some(document)) = (self.refs.get(name), self.ahead.get(name)) {
            return Ok(document.clone());
        }
        self.known(name)?.document().cloned().ok_or_else(|| anyhow!("ref {name} is no document"))
    }

    fn subject(&self, event: &Fields<'_>) -> Result<CreditSubject> {
        let name = event.text("ref")?;
        if let (None, Some(document)) = (self.refs.get(name), self.ahead.get(name)) {
            return Ok(CreditSubject::Document(document.clone()));
        }
        self.known(name)?.subject.clone().ok_or_else(|| anyhow!("ref {name} carries no credit"))
    }

    fn fact<P: gst_events::EventPayload>(
        &self,
        feed: Feed,
        id: &str,
        event: &Fields<'_>,
        fact: &P,
    ) -> Result<FeedRecord> {
        Ok(FeedRecord::fact(feed, id, &self.recipient()?.to_string(), Some(event.at()?), fact))
    }

    fn document_received(&mut self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let record = event.object("record")?;
        let document = key_of(&record)?;
        let date = record.date("document_date")?;
        let invoice = match record.optional_text("invoice_ref") {
            Some(_) => Some(self.document(&record, "invoice_ref")?),
            None => None,
        };
        let fact = InvoiceBooked {
            recipient: RecipientGstin(record.parse("recipient_gstin")?),
            document: document.clone(),
            document_date: date,
            taxable_value: record.amount("taxable_value")?,
            tax: record.heads()?,
            document_value: record.amount("document_value")?,
            reverse_charge: record.flag("reverse_charge"),
            schedule_i: record.flag("schedule_i"),
            section_15_2_b_amount: record.amount("section_15_2_b_amount")?,
            supplier_period: record.optional("supplier_period")?,
            invoice,
            at: event.at()?,
        };
        self.name(record.text("ref")?, document_reference(id, document, &fact));
        self.fact(Feed::PurchaseRegister, id, event, &fact)
    }

    fn document_amended(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let record = event.object("record")?;
        let fact = InvoiceCorrected {
            recipient: self.recipient()?,
            document: self.document(&record, "ref")?,
            document_date: record.optional("document_date")?,
            taxable_value: record.amount("taxable_value")?,
            tax: record.heads()?,
            document_value: record.amount("document_value")?,
            itc_availed: event.optional_object("itc_availed").map(|heads| heads.heads()).transpose()?,
            at: event.at()?,
        };
        self.fact(Feed::PurchaseRegister, id, event, &fact)
    }

    fn ims_action(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let known = self.known(event.text("ref")?)?;
        let supplier = known.supplier.ok_or_else(|| anyhow!("an action needs a supplier's document"))?;
        let fact = ImsActionRequested {
            recipient: RecipientGstin(event.parse("gstin")?),
            target: ImsTarget::Document {
                section: known.section.unwrap_or(ImsSection::B2b),
                supplier,
                number: known.number.clone(),
                date: known.date,
            },
            action: action_word(event)?,
            remarks: None,
            itc_reduction: None,
            previous_action: None,
            at: event.at()?,
            actor: None,
            origin: Origin::Portal,
        };
        self.fact(Feed::TaxpayerEvents, id, event, &fact)
    }

    fn itc_claimed(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let fact = CreditClaimed {
            recipient: self.recipient()?,
            claim_id: id.to_owned(),
            subject: self.subject(event)?,
            return_period: event.parse("return_period")?,
            filed_at: Some(event.at()?),
            tax: event.heads()?,
            at: event.at()?,
        };
        self.fact(Feed::PurchaseRegister, id, event, &fact)
    }

    fn reversed_permanently(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let rule: PermanentReversalRule = serde_json::from_value(json!(event.text("rule")?))
            .map_err(|_| anyhow!("field rule is none of 38, 42, 43, 17_5"))?;
        let fact = PermanentReversalRecorded {
            recipient: self.recipient()?,
            reversal_id: id.to_owned(),
            subject: self.subject(event)?,
            rule,
            return_period: event.parse("return_period")?,
            tax: event.heads()?,
            at: event.at()?,
        };
        self.fact(Feed::PurchaseRegister, id, event, &fact)
    }

    fn credit_note_accepted(&mut self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let record = event.object("record")?;
        let invoice = self.document(&record, "invoice_ref")?;
        let date = record.date("document_date")?;
        let note = DocumentKey::new(invoice.supplier, DocumentKind::CreditNote, record.parse("document_number")?, date);
        let fact = NoteAccepted {
            recipient: self.recipient()?,
            note: note.clone(),
            note_date: date,
            invoice,
            taxable_value: record.amount("taxable_value")?,
            tax: record.heads()?,
            document_value: record.amount("document_value")?,
            at: event.at()?,
        };
        let supplier = note.supplier;
        let known = Referenced {
            record_id: RecordId(id.to_owned()),
            subject: Some(CreditSubject::Document(note)),
            section: Some(ImsSection::Cn),
            supplier: Some(supplier),
            recipient: self.recipient,
            number: record.text("document_number")?.to_owned(),
            date,
            form: None,
        };
        self.name(record.text("ref")?, known);
        self.fact(Feed::PurchaseRegister, id, event, &fact)
    }

    fn commercial_note(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let fact = CommercialNoteReceived {
            recipient: self.recipient()?,
            note_id: id.to_owned(),
            document: self.document(event, "ref")?,
            amount: event.amount("amount")?,
            at: event.at()?,
        };
        self.fact(Feed::SupplierPayments, id, event, &fact)
    }

    fn payment_made(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let document = match event.optional_text("ref") {
            Some(_) => Some(self.document(event, "ref")?),
            None => None,
        };
        let supplier = match &document {
            Some(document) => document.supplier,
            None => SupplierGstin(event.parse("supplier_gstin")?),
        };
        let fact = PaymentMade {
            recipient: self.recipient()?,
            payment_id: id.to_owned(),
            supplier,
            document,
            amount: event.amount("amount")?,
            advance_id: event.optional_text("advance_ref").map(str::to_owned),
            debit_date: event.optional("debit_date")?,
            instrument_date: event.optional("instrument_date")?,
            supplier_credit_date: event.optional("supplier_credit_date")?,
            at: event.at()?,
        };
        self.fact(Feed::SupplierPayments, id, event, &fact)
    }

    fn advance_adjusted(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let fact = AdvanceAdjusted {
            recipient: self.recipient()?,
            adjustment_id: id.to_owned(),
            advance_id: event.text("advance_ref")?.to_owned(),
            document: self.document(event, "ref")?,
            amount: event.amount("amount")?,
            at: event.at()?,
        };
        self.fact(Feed::SupplierPayments, id, event, &fact)
    }

    fn tds_deducted(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let kind: TdsKind = serde_json::from_value(json!(event.optional_text("tds_kind").unwrap_or("INCOME_TAX")))
            .map_err(|_| anyhow!("field tds_kind is not known"))?;
        let fact = TdsDeducted {
            recipient: self.recipient()?,
            deduction_id: id.to_owned(),
            document: self.document(event, "ref")?,
            kind,
            amount: event.amount("amount")?,
            at: event.at()?,
        };
        self.fact(Feed::SupplierPayments, id, event, &fact)
    }

    fn book_adjusted(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let fact = BookAdjusted {
            recipient: self.recipient()?,
            adjustment_id: id.to_owned(),
            document: self.document(event, "ref")?,
            amount: event.amount("amount")?,
            confirmation_document: event.optional_text("confirmation_document").map(str::to_owned),
            at: event.at()?,
        };
        self.fact(Feed::SupplierPayments, id, event, &fact)
    }

    fn payment_reallocated(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let fact = PaymentReallocated {
            recipient: self.recipient()?,
            reallocation_id: id.to_owned(),
            from: self.document(event, "from_ref")?,
            to: self.document(event, "to_ref")?,
            amount: event.amount("amount")?,
            at: event.at()?,
        };
        self.fact(Feed::SupplierPayments, id, event, &fact)
    }

    fn annual_return(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let fact = AnnualReturnFiled {
            recipient: RecipientGstin(event.parse("gstin")?),
            financial_year: event.parse("financial_year")?,
            filed_at: event.at()?,
        };
        self.fact(Feed::TaxpayerEvents, id, event, &fact)
    }

    fn balance(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let fact = CreditLedgerBalanceReported {
            recipient: self.recipient()?,
            at: event.at()?,
            balance: event.heads()?,
            return_due_date: event.optional("return_due_date")?,
        };
        self.fact(Feed::TaxpayerEvents, id, event, &fact)
    }

    fn boe_received(&mut self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let record = event.object("record")?;
        let mut details = bill_details(&record, None)?;
        if let Some(CreditSubject::BillOfEntry(parent)) =
            record.optional_text("parent_ref").and_then(|name| self.refs.get(name)).and_then(|it| it.subject.clone())
        {
            details.parent = Some(parent);
        }
        let known = bill_reference(id, &details, "0");
        let fact = CustomsBillReported { record_id: known.record_id.clone(), details, received_at: event.at()? };
        let key = fact.details.bill_of_entry.to_string();
        self.name(record.text("ref")?, known);
        Ok(FeedRecord::fact(Feed::BillsOfEntry, id, &key, Some(event.at()?), &fact))
    }

    fn boe_status(&self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let CreditSubject::BillOfEntry(bill_of_entry) = self.subject(event)? else {
            return Err(anyhow!("field ref is no Bill of Entry"));
        };
        let fact = CustomsStatusReported { bill_of_entry, status: event.text("status")?.to_owned(), at: event.at()? };
        let key = fact.bill_of_entry.to_string();
        Ok(FeedRecord::fact(Feed::BillsOfEntry, id, &key, Some(event.at()?), &fact))
    }

    fn boe_value_amended(&mut self, event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
        let record = event.object("record")?;
        let details = bill_details(&record, Some(event.at()?))?;
        let known = bill_reference(id, &details, "0");
        let fact = CustomsBillValueAmended { record_id: known.record_id.clone(), details, received_at: event.at()? };
        let key = fact.details.bill_of_entry.to_string();
        self.name(record.text("ref")?, known);
        Ok(FeedRecord::fact(Feed::BillsOfEntry, id, &key, Some(event.at()?), &fact))
    }
}

fn key_of(record: &Fields<'_>) -> Result<DocumentKey> {
    let kind = match record.optional_text("document_type").unwrap_or("INVOICE") {
        "INVOICE" => DocumentKind::Invoice,
        "DEBIT_NOTE" => DocumentKind::DebitNote,
        "ISD_INVOICE" => DocumentKind::IsdInvoice,
        other => return Err(anyhow!("field document_type: {other} is not known")),
    };
    let supplier = SupplierGstin(record.parse("supplier_gstin")?);
    Ok(DocumentKey::new(supplier, kind, record.parse("document_number")?, record.date("document_date")?))
}

fn document_reference(id: &str, document: DocumentKey, fact: &InvoiceBooked) -> Referenced {
    let section = match document.kind {
        DocumentKind::DebitNote => ImsSection::Dn,
        DocumentKind::CreditNote => ImsSection::Cn,
        DocumentKind::Eco => ImsSection::Eco,
        DocumentKind::Invoice | DocumentKind::IsdInvoice | DocumentKind::IsdCreditNote => ImsSection::B2b,
    };
    Referenced {
        record_id: RecordId(id.to_owned()),
        supplier: Some(document.supplier),
        number: document.number.to_string(),
        subject: Some(CreditSubject::Document(document)),
        section: Some(section),
        recipient: Some(fact.recipient),
        date: fact.document_date,
        form: None,
    }
}
