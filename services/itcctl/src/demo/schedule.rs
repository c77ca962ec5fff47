//! The year as records for the feeds, day by day, in GSTN's own shapes where GSTN has one.

use super::year::{DemoAction, DemoBill, DemoDocument, DemoYear};
use crate::feed::translation::{Supplement, Translated, at_hour};
use crate::feed_record::{Feed, FeedRecord, SupplierReturn, SupplierStep};
use anyhow::{Context, Result};
use gst_events::{
    BillOfEntryDetails, BillOfEntryType, CreditSubject, CustomsBillGstinAmended, CustomsBillReported,
    CustomsStatusReported, EventPayload, GoodsReceived, ImsActionRequested, ImsSection, ImsTarget, InvoiceBooked,
    ItcReduction, NoteAccepted, Origin, PaymentMade, RecipientReturnFiled, RecordId, StatementRequested, SupplierForm,
    TaxpayerRegistered, TaxpayerRole, TdsDeducted, TdsKind,
};
use gst_types::{DocumentKey, FilingFrequency, Gstin, IstDate, Paise, RecipientGstin, TaxPeriod};
use gstn_formats::Extra;
use gstn_formats::codes::InvoiceType;
use gstn_formats::gstr1::{Gstr1, Gstr1Document, Gstr1Section};
use std::collections::BTreeMap;

/// Records by the day on which they are sent.
pub(crate) type Schedule = BTreeMap<IstDate, Vec<FeedRecord>>;

// Hours of a day: each kind of thing has its own, so that the order within a day is the same everywhere.
const SAVED: u32 = 9;
const FILED: u32 = 10;
const ACTED: u32 = 11;
const BOOKED: u32 = 12;
const PAID: u32 = 13;
const ASKED: u32 = 15;
const RETURN_FILED: u32 = 18;

struct Writer<'a> {
    year: &'a DemoYear,
    days: BTreeMap<IstDate, Translated>,
}

/// Turns the year into records.
///
/// # Errors
/// A message where the year names a party or form that it does not have.
pub(crate) fn schedule(year: &DemoYear) -> Result<Schedule> {
    let mut writer = Writer { year, days: BTreeMap::new() };
    writer.registrations();
    writer.forms()?;
    for document in &year.documents {
        writer.actions_on(document)?;
    }
    for bill in &year.bills {
        writer.bill(bill)?;
    }
    for document in &year.documents {
        writer.register(document)?;
    }
    for (index, document) in year.documents.iter().enumerate() {
        writer.payments(index, document)?;
    }
    writer.returns();
    let days = writer.days.into_iter().filter(|(day, _)| *day <= year.last_day);
    Ok(days.map(|(day, translated)| (day, translated.records)).collect())
}

impl Writer<'_> {
    fn day(&mut self, day: IstDate) -> &mut Translated {
        self.days.entry(day).or_default()
    }

    fn fact<P: EventPayload>(&mut self, feed: Feed, key: &str, on: IstDate, hour: u32, fact: &P) {
        self.day(on).fact(feed, key, at_hour(on, hour), &Supplement::default(), fact);
    }

    fn recipient(&self, index: usize) -> Result<RecipientGstin> {
        Ok(self.year.recipients.get(index).context("a recipient of the year")?.gstin)
    }

    fn registrations(&mut self) {
        let year = self.year;
        for recipient in &year.recipients {
            let first = recipient.returns.first().map(|(period, _)| *period);
            self.register_party(recipient.gstin.gstin(), TaxpayerRole::Recipient, recipient.frequency, first);
        }
        for supplier in &year.suppliers {
            self.register_party(supplier.gstin.gstin(), TaxpayerRole::Supplier, supplier.frequency, None);
        }
    }

    fn register_party(
        &mut self,
        gstin: Gstin,
        role: TaxpayerRole,
        filing_frequency: FilingFrequency,
        first_open_period: Option<TaxPeriod>,
    ) {
        let first_day = self.year.first_day;
        let fact = TaxpayerRegistered {
            gstin,
            role,
            filing_frequency,
            gstr3b_due_day: None,
            first_open_period,
            effective_from: None,
            needs_approval: false,
            at: Some(first_day.start()),
        };
        self.fact(Feed::TaxpayerEvents, &gstin.to_string(), first_day, 0, &fact);
    }

    /// Early saves, then each form as it is filed, with what was not saved before or was saved wrongly.
    fn forms(&mut self) -> Result<()> {
        let year = self.year;
        for (index, form) in year.forms.iter().enumerate() {
            let mut early: BTreeMap<IstDate, Vec<Gstr1Document>> = BTreeMap::new();
            let mut with_filing = Vec::new();
            for document in year.documents.iter().filter(|document| document.form == index) {
                match document.saved_on {
                    Some(day) => early.entry(day).or_default().push(self.gstr1(document, document.saved_wrong)?),
                    None => with_filing.push(self.gstr1(document, false)?),
                }
                if document.saved_wrong {
                    with_filing.push(self.gstr1(document, false)?);
                }
            }
            for (day, documents) in early {
                self.supplier_return(index, SupplierStep::Saved, day, &documents)?;
            }
            self.supplier_return(index, SupplierStep::Filed, form.filed_on, &with_filing)?;
        }
        Ok(())
    }

    fn supplier_return(
        &mut self,
        form: usize,
        step: SupplierStep,
        on: IstDate,
        documents: &[Gstr1Document],
    ) -> Result<()> {
        let form = self.year.forms.get(form).context("a form of the year")?;
        let supplier = self.year.suppliers.get(form.supplier).context("a supplier of the year")?.gstin;
        let word = if form.is_iff { SupplierForm::Iff } else { SupplierForm::Gstr1 };
        let body = Gstr1::build(supplier, form.period, documents);
        let text = supplier.to_string();
        let (verb, hour) = if step == SupplierStep::Filed { ("filed", FILED) } else { ("saved", SAVED) };
        let at = at_hour(on, hour);
        let envelope =
            SupplierReturn { supplier: &text, form: word, happened_at: at, sent_at: at, origin: Origin::User };
        let id = format!("demo/{text}/{}/{verb}/{on}", form.period);
        self.day(on).records.push(FeedRecord::supplier_return(&id, step, &envelope, &body));
        Ok(())
    }

    fn gstr1(&self, document: &DemoDocument, wrong: bool) -> Result<Gstr1Document> {
        // One digit too many, as it happens.
        let tenfold = |amount: Paise| Paise::new(amount.get() * if wrong { 10 } else { 1 });
        let (taxable_value, tax) = (tenfold(document.taxable_value), document.tax.map(|_, amount| tenfold(amount)));
        Ok(Gstr1Document {
            section: document.section,
            supplier: self.year.suppliers.get(document.supplier).context("a supplier of the year")?.gstin,
            recipient: self.recipient(document.recipient)?,
            number: document.number.clone(),
            date: document.date,
            original: None,
            invoice_type: Some(InvoiceType::Regular),
            place_of_supply: Some(document.place_of_supply),
            reverse_charge: document.reverse_charge,
            taxable_value,
            tax,
            document_value: tenfold(document.document_value),
            delete: false,
            irn: None,
            ecommerce_supplier: None,
            items: Vec::new(),
            extra: Extra::default(),
        })
    }

    fn actions_on(&mut self, document: &DemoDocument) -> Result<()> {
        let supplier = self.year.suppliers.get(document.supplier).context("a supplier of the year")?.gstin;
        let section = match document.section {
            Gstr1Section::CN | Gstr1Section::CNA => ImsSection::Cn,
            Gstr1Section::DN | Gstr1Section::DNA => ImsSection::Dn,
            Gstr1Section::B2B | Gstr1Section::B2BA | Gstr1Section::ECO | Gstr1Section::ECOA => ImsSection::B2b,
        };
        let (number, date) = (document.number.clone(), document.date);
        let target = ImsTarget::Document { section, supplier, number, date };
        document.actions.iter().try_for_each(|action| self.action(document.recipient, &target, action))
    }

    fn action(&mut self, recipient: usize, target: &ImsTarget, action: &DemoAction) -> Result<()> {
        let recipient = self.recipient(recipient)?;
        let fact = ImsActionRequested {
            recipient,
            target: target.clone(),
            action: action.action,
            remarks: action.declared.map(|_| "half of this credit was never taken".to_owned()),
            itc_reduction: action.declared.map(|declared| ItcReduction { required: true, declared: Some(declared) }),
            previous_action: None,
            at: at_hour(action.on, ACTED),
            actor: None,
            origin: Origin::User,
        };
        self.fact(Feed::TaxpayerEvents, &recipient.to_string(), action.on, ACTED, &fact);
        Ok(())
    }

    fn bill(&mut self, bill: &DemoBill) -> Result<()> {
        let importer = self.recipient(bill.recipient)?;
        let details = BillOfEntryDetails {
            bill_of_entry: bill.id.clone(),
            section: ImsSection::Impg,
            bill_of_entry_type: BillOfEntryType::HomeConsumption,
            importer,
            taxable_value: bill.taxable_value,
            tax: bill.tax,
            sez_supplier: None,
            parent: None,
            reference_date: None,
        };
        let key = bill.id.to_string();
        let received_at = at_hour(bill.reported_on, SAVED);
        let fact = CustomsBillReported { record_id: RecordId::default(), details, received_at };
        self.fact(Feed::BillsOfEntry, &key, bill.reported_on, SAVED, &fact);
        for (hour, status) in [(SAVED, "DUTY_PAID"), (FILED, "OUT_OF_CHARGE")] {
            let at = at_hour(bill.released_on, hour);
            let fact = CustomsStatusReported { bill_of_entry: bill.id.clone(), status: status.to_owned(), at };
            self.fact(Feed::BillsOfEntry, &key, bill.released_on, hour, &fact);
        }
        let target = ImsTarget::BillOfEntry { section: ImsSection::Impg, bill_of_entry: bill.id.clone() };
        bill.actions.iter().try_for_each(|action| self.action(bill.recipient, &target, action))?;
        let Some(moved) = bill.moved else { return Ok(()) };
        let fact = CustomsBillGstinAmended {
            bill_of_entry: bill.id.clone(),
            from: importer,
            to: self.recipient(moved.to)?,
            amendment_date: moved.on,
            reversal_record_id: RecordId::default(),
            credit_record_id: RecordId::default(),
            received_at: at_hour(moved.on, SAVED),
            origin: Origin::User,
        };
        self.fact(Feed::BillsOfEntry, &key, moved.on, SAVED, &fact);
        Ok(())
    }

    fn register(&mut self, document: &DemoDocument) -> Result<()> {
        let recipient = self.recipient(document.recipient)?;
        let own = self.year.key(document).context("a document has a key")?;
        let key = recipient.to_string();
        self.note(document, recipient, &own)?;
        if let Some(booked_on) = document.booked_on {
            let fact = InvoiceBooked {
                recipient,
                document: own.clone(),
                document_date: document.date,
                taxable_value: document.taxable_value,
                tax: document.tax,
                document_value: document.document_value,
                reverse_charge: document.reverse_charge,
                schedule_i: false,
                section_15_2_b_amount: Paise::ZERO,
                supplier_period: self.year.forms.get(document.form).map(|form| form.period),
                invoice: None,
                at: at_hour(booked_on, BOOKED),
            };
            self.fact(Feed::PurchaseRegister, &key, booked_on, BOOKED, &fact);
        }
        if let Some(received_on) = document.received_on {
            let fact = GoodsReceived {
                recipient,
                receipt_number: format!("GRN/{}", document.number),
                subject: CreditSubject::Document(own),
                kind: "GRN".to_owned(),
                received_on,
                actor: None,
                at: at_hour(received_on, BOOKED),
            };
            self.fact(Feed::PurchaseRegister, &key, received_on, BOOKED, &fact);
        }
        Ok(())
    }

    fn note(&mut self, document: &DemoDocument, recipient: RecipientGstin, own: &DocumentKey) -> Result<()> {
        let Some(noted) = document.noted else { return Ok(()) };
        let invoice = self.year.documents.get(noted.invoice).and_then(|invoice| self.year.key(invoice));
        let fact = NoteAccepted {
            recipient,
            note: own.clone(),
            note_date: document.date,
            invoice: invoice.context("a credit note has its invoice")?,
            taxable_value: document.taxable_value,
            tax: document.tax,
            document_value: document.document_value,
            at: at_hour(noted.accepted_on, BOOKED),
        };
        self.fact(Feed::PurchaseRegister, &recipient.to_string(), noted.accepted_on, BOOKED, &fact);
        Ok(())
    }

    fn payments(&mut self, index: usize, document: &DemoDocument) -> Result<()> {
        let recipient = self.recipient(document.recipient)?;
        let own = self.year.key(document).context("a document has a key")?;
        let key = recipient.to_string();
        for (position, payment) in document.payments.iter().enumerate() {
            let (amount, at) = (payment.amount, at_hour(payment.told_on, PAID));
            let id = format!("UTR{:06}{position}", index + 1);
            if payment.deducted {
                let (document, kind) = (own.clone(), TdsKind::IncomeTax);
                let fact = TdsDeducted { recipient, deduction_id: id, document, kind, amount, at };
                self.fact(Feed::SupplierPayments, &key, payment.told_on, PAID, &fact);
                continue;
            }
            let fact = PaymentMade {
                recipient,
                payment_id: id,
                supplier: own.supplier,
                document: Some(own.clone()),
                amount,
                advance_id: None,
                debit_date: Some(payment.paid_on),
                instrument_date: None,
                supplier_credit_date: None,
                at,
            };
            self.fact(Feed::SupplierPayments, &key, payment.told_on, PAID, &fact);
        }
        Ok(())
    }

    /// Each return, and before it the statement again where something was decided after the draft (GN-5, GN-6).
    fn returns(&mut self) {
        let year = self.year;
        for (index, recipient) in year.recipients.iter().enumerate() {
            let key = recipient.gstin.to_string();
            let mut earlier: Option<IstDate> = None;
            for (period, filed_on) in &recipient.returns {
                let draft_on = period.next().day(14);
                let decided = |action: &DemoAction| action.on >= draft_on && action.on <= *filed_on;
                let own = year.documents.iter().filter(|document| document.recipient == index);
                let acted = own.flat_map(|document| &document.actions).any(decided)
                    || year
                        .bills
                        .iter()
                        .filter(|bill| bill.recipient == index)
                        .flat_map(|bill| &bill.actions)
                        .any(decided);
                // A draft that had to wait for the return before is made on demand (GN-3).
                let waited = earlier.replace(*filed_on).is_some_and(|earlier| earlier >= draft_on);
                if acted || waited {
                    let (at, period) = (at_hour(*filed_on, ASKED), *period);
                    let fact = StatementRequested { recipient: recipient.gstin, period, at, origin: Origin::User };
                    self.fact(Feed::TaxpayerEvents, &key, *filed_on, ASKED, &fact);
                }
                let fact = RecipientReturnFiled {
                    recipient: recipient.gstin,
                    period: *period,
                    filed_at: at_hour(*filed_on, RETURN_FILED),
                    arn: Some(format!("AA{}{period}", recipient.gstin.gstin().state())),
                    table4: BTreeMap::new(),
                    origin: Origin::User,
                };
                self.fact(Feed::TaxpayerEvents, &key, *filed_on, RETURN_FILED, &fact);
            }
        }
    }
}
