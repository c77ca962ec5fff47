//! The month that is fed: as many documents as wanted, of the same mix at every size, made one by one so that a million
//! need no memory.

use crate::demo::parties;
use crate::feed::translation::at_hour;
use crate::feed_record::{Feed, FeedRecord, SupplierReturn, SupplierStep};
use anyhow::{Context, Result};
use gst_events::{
    BillOfEntryDetails, BillOfEntryType, CreditClaimed, CreditSubject, CustomsBillReported, CustomsStatusReported,
    EventPayload, GoodsReceived, ImsAction, ImsActionRequested, ImsSection, ImsTarget, InvoiceBooked, Origin,
    PaymentMade, RecipientReturnFiled, RecordId, SupplierForm, TaxpayerRegistered, TaxpayerRole,
};
use gst_types::{
    BillOfEntryId, DocumentKey, DocumentKind, FilingFrequency, Gstin, IstDate, Paise, RecipientGstin, SupplierGstin,
    TaxAmounts, TaxPeriod,
};
use gstn_formats::Extra;
use gstn_formats::codes::InvoiceType;
use gstn_formats::gstr1::{Gstr1, Gstr1Document, Gstr1Section};
use std::collections::BTreeMap;

/// Taxpayers that take credit; each has more documents the more there are.
pub(super) const RECIPIENTS: usize = 200;
/// Documents of one return: suppliers are as many as needed, so that a message has the same size at every size.
const DOCUMENTS_OF_A_RETURN: usize = 20;
/// One Bill of Entry for so many documents.
const DOCUMENTS_PER_BILL: usize = 50;
/// Of a hundred documents.
const ACTED_ON_PERCENT: usize = 50;
const PAID_PERCENT: usize = 50;

/// Takes each record as it is made.
pub(super) type Each<'a> = &'a mut dyn FnMut(FeedRecord) -> Result<()>;

/// The month. Numbers of documents begin at `first`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Story {
    pub(super) first: usize,
    pub(super) documents: usize,
}

struct Document {
    recipient: RecipientGstin,
    supplier: SupplierGstin,
    number: String,
    date: IstDate,
    taxable_value: Paise,
    tax: TaxAmounts,
}

fn day(month: u32, day: u32) -> Result<IstDate> {
    IstDate::from_ymd(2025, month, day).context("a day of the story")
}

/// The day with which the calendar begins: everybody registers.
pub(super) fn first_day() -> Result<IstDate> {
    day(11, 1)
}

/// The day of the facts: suppliers have filed on the 11th, recipients act on the 13th.
pub(super) fn day_of_facts() -> Result<IstDate> {
    day(12, 13)
}

/// The day on which every recipient files its return; the statement was drafted on the 14th.
pub(super) fn day_of_returns() -> Result<IstDate> {
    day(12, 20)
}

fn period() -> Result<TaxPeriod> {
    Ok(TaxPeriod::new(2025, 11)?)
}

fn recipient(index: usize) -> Result<RecipientGstin> {
    Ok(RecipientGstin(parties::gstin("27", &format!("AAKCS{:04}Q", 1 + index % RECIPIENTS))?))
}

/// The supplier of that position: the letters of its PAN count what four digits do not hold.
fn supplier(index: usize) -> Result<SupplierGstin> {
    let letter = |digit: usize| char::from(b'A' + u8::try_from(digit % 26).unwrap_or_default());
    let (digits, rest) = (index % 10_000, index / 10_000);
    let pan = format!("{}{}AC{}{digits:04}K", letter(rest / 26), letter(rest), letter(index));
    Ok(SupplierGstin(parties::gstin("07", &pan)?))
}

/// Numbers in no order: the multiplier of Knuth's multiplicative hash.
const fn scattered(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) >> 7
}

fn fact<P: EventPayload>(feed: Feed, id: &str, key: &str, on: IstDate, hour: u32, fact: &P) -> FeedRecord {
    FeedRecord::fact(feed, id, key, Some(at_hour(on, hour)), fact)
}

impl Document {
    fn of(number: usize) -> Result<Self> {
        let taxable_value = Paise::from_rupees(i64::try_from(2_000 + scattered(number) % 400_000)?);
        Ok(Self {
            recipient: recipient(scattered(number))?,
            supplier: supplier(number / DOCUMENTS_OF_A_RETURN)?,
            number: document_number(number),
            date: period()?.day(1 + u32::try_from(number % 28)?),
            taxable_value,
            tax: TaxAmounts { igst: Paise::new(taxable_value.get() * 18 / 100), ..TaxAmounts::ZERO },
        })
    }

    fn value(&self) -> Paise {
        self.taxable_value + self.tax.total()
    }

    fn key(&self) -> Result<DocumentKey> {
        Ok(DocumentKey::new(self.supplier, DocumentKind::Invoice, self.number.parse()?, self.date))
    }

    fn gstr1(&self) -> Gstr1Document {
        Gstr1Document {
            section: Gstr1Section::B2B,
            supplier: self.supplier,
            recipient: self.recipient,
            number: self.number.clone(),
            date: self.date,
            original: None,
            invoice_type: Some(InvoiceType::Regular),
            place_of_supply: Some(self.recipient.gstin().state()),
            reverse_charge: false,
            taxable_value: self.taxable_value,
            tax: self.tax,
            document_value: self.value(),
            delete: false,
            irn: None,
            ecommerce_supplier: None,
            items: Vec::new(),
            extra: Extra::default(),
        }
    }
}

/// The number of a document, as it stands on it.
pub(super) fn document_number(number: usize) -> String {
    format!("B{number:08}")
}

impl Story {
    fn numbers(self) -> std::ops::Range<usize> {
        self.first..self.first + self.documents
    }

    /// Everybody registers on the first day.
    pub(super) fn registrations(self, each: Each<'_>) -> Result<()> {
        for index in 0..RECIPIENTS {
            each(registration(recipient(index)?.gstin(), TaxpayerRole::Recipient)?)?;
        }
        for index in 0..self.documents.div_ceil(DOCUMENTS_OF_A_RETURN) {
            each(registration(supplier(index)?.gstin(), TaxpayerRole::Supplier)?)?;
        }
        Ok(())
    }

    /// Each supplier's return with its documents, and bills of entry.
    pub(super) fn filings(self, each: Each<'_>) -> Result<()> {
        for start in self.numbers().step_by(DOCUMENTS_OF_A_RETURN) {
            let end = (start + DOCUMENTS_OF_A_RETURN).min(self.first + self.documents);
            each(filing(SupplierStep::Filed, start, end)?)?;
        }
        for index in 0..self.documents / DOCUMENTS_PER_BILL {
            bill(index, each)?;
        }
        Ok(())
    }

    /// What recipients do with the documents: act, book, receive, pay.
    pub(super) fn reactions(self, each: Each<'_>) -> Result<()> {
        let on = day_of_facts()?;
        for number in self.numbers() {
            let document = Document::of(number)?;
            let key = document.recipient.to_string();
            if number % 100 < ACTED_ON_PERCENT {
                each(action(number, &document, on)?)?;
            }
            each(booking(number, &document, on)?)?;
            let received = GoodsReceived {
                recipient: document.recipient,
                receipt_number: format!("GRN/{number}"),
                subject: CreditSubject::Document(document.key()?),
                kind: "GRN".to_owned(),
                received_on: on,
                actor: None,
                at: at_hour(on, 12),
            };
            each(fact(Feed::PurchaseRegister, &format!("receipt-{number}"), &key, on, 12, &received))?;
            if number % 100 >= 100 - PAID_PERCENT {
                each(payment(number, &document, on)?)?;
            }
        }
        Ok(())
    }

    /// Every recipient files its GSTR-3B.
    pub(super) fn returns(each: Each<'_>) -> Result<()> {
        let (on, period) = (day_of_returns()?, period()?);
        for index in 0..RECIPIENTS {
            let recipient = recipient(index)?;
            let filed = RecipientReturnFiled {
                recipient,
                period,
                filed_at: at_hour(on, 18),
                arn: None,
                table4: BTreeMap::new(),
                origin: Origin::User,
            };
            each(fact(Feed::TaxpayerEvents, &format!("return-{index}"), &recipient.to_string(), on, 18, &filed))?;
        }
        Ok(())
    }
}

fn registration(gstin: Gstin, role: TaxpayerRole) -> Result<FeedRecord> {
    let on = first_day()?;
    let registered = TaxpayerRegistered {
        gstin,
        role,
        filing_frequency: FilingFrequency::Monthly,
        gstr3b_due_day: None,
        first_open_period: (role == TaxpayerRole::Recipient).then(period).transpose()?,
        effective_from: None,
        needs_approval: false,
        at: Some(on.start()),
    };
    Ok(fact(Feed::TaxpayerEvents, &format!("registration-{gstin}"), &gstin.to_string(), on, 0, &registered))
}

/// One document that a supplier saves: it is in IMS before the return is filed.
pub(super) fn saved(number: usize) -> Result<FeedRecord> {
    filing(SupplierStep::Saved, number, number + 1)
}

/// One return with the documents from `start` to `end`.
fn filing(step: SupplierStep, start: usize, end: usize) -> Result<FeedRecord> {
    let documents: Vec<Document> = (start..end).map(Document::of).collect::<Result<_>>()?;
    let supplier = documents.first().context("a return has documents")?.supplier;
    let body: Vec<Gstr1Document> = documents.iter().map(Document::gstr1).collect();
    let at = at_hour(day(12, 11)?, 10);
    let text = supplier.to_string();
    let form = SupplierReturn {
        supplier: &text,
        form: SupplierForm::Gstr1,
        happened_at: at,
        sent_at: at,
        origin: Origin::User,
    };
    let body = Gstr1::build(supplier, period()?, &body);
    Ok(FeedRecord::supplier_return(&format!("filing-{start}"), step, &form, &body))
}

fn action(number: usize, document: &Document, on: IstDate) -> Result<FeedRecord> {
    let target = ImsTarget::Document {
        section: ImsSection::B2b,
        supplier: document.supplier,
        number: document.number.clone(),
        date: document.date,
    };
    let acted = ImsActionRequested {
        recipient: document.recipient,
        target,
        action: ImsAction::Accept,
        remarks: None,
        itc_reduction: None,
        previous_action: None,
        at: at_hour(on, 11),
        actor: None,
        origin: Origin::User,
    };
    let key = document.recipient.to_string();
    Ok(fact(Feed::TaxpayerEvents, &format!("action-{number}"), &key, on, 11, &acted))
}

fn booking(number: usize, document: &Document, on: IstDate) -> Result<FeedRecord> {
    let booked = InvoiceBooked {
        recipient: document.recipient,
        document: document.key()?,
        document_date: document.date,
        taxable_value: document.taxable_value,
        tax: document.tax,
        document_value: document.value(),
        reverse_charge: false,
        schedule_i: false,
        section_15_2_b_amount: Paise::ZERO,
        supplier_period: Some(period()?),
        invoice: None,
        at: at_hour(on, 12),
    };
    let key = document.recipient.to_string();
    Ok(fact(Feed::PurchaseRegister, &format!("booking-{number}"), &key, on, 12, &booked))
}

fn payment(number: usize, document: &Document, on: IstDate) -> Result<FeedRecord> {
    let paid = PaymentMade {
        recipient: document.recipient,
        payment_id: format!("UTR{number:08}"),
        supplier: document.supplier,
        document: Some(document.key()?),
        amount: document.value(),
        advance_id: None,
        debit_date: Some(on),
        instrument_date: None,
        supplier_credit_date: None,
        at: at_hour(on, 13),
    };
    let key = document.recipient.to_string();
    Ok(fact(Feed::SupplierPayments, &format!("payment-{number}"), &key, on, 13, &paid))
}

/// A claim in a return that is filed: it becomes a ledger entry at once.
pub(super) fn claim(number: usize) -> Result<FeedRecord> {
    let document = Document::of(number)?;
    let on = day_of_returns()?;
    let claimed = CreditClaimed {
        recipient: document.recipient,
        claim_id: format!("claim-{number}"),
        subject: CreditSubject::Document(document.key()?),
        return_period: period()?.next(),
        filed_at: Some(at_hour(on, 19)),
        tax: document.tax,
        at: at_hour(on, 19),
    };
    let key = document.recipient.to_string();
    Ok(fact(Feed::PurchaseRegister, &format!("claim-{number}"), &key, on, 19, &claimed))
}

fn bill(index: usize, each: Each<'_>) -> Result<()> {
    let (reported, released) = (day(12, 5)?, day(12, 8)?);
    let taxable_value = Paise::from_rupees(i64::try_from(50_000 + scattered(index) % 900_000)?);
    let id = BillOfEntryId::new("INNSA1".parse()?, &format!("{}", 1_000_001 + index), reported)?;
    let key = id.to_string();
    let details = BillOfEntryDetails {
        bill_of_entry: id.clone(),
        section: ImsSection::Impg,
        bill_of_entry_type: BillOfEntryType::HomeConsumption,
        importer: recipient(scattered(index))?,
        taxable_value,
        tax: TaxAmounts { igst: Paise::from_rupees(taxable_value.get() * 18 / 10_000), ..TaxAmounts::ZERO },
        sez_supplier: None,
        parent: None,
        reference_date: None,
    };
    let received_at = at_hour(reported, 9);
    let told = CustomsBillReported { record_id: RecordId::default(), details, received_at };
    each(fact(Feed::BillsOfEntry, &format!("bill-{index}"), &key, reported, 9, &told))?;
    for (hour, status) in [(9, "DUTY_PAID"), (10, "OUT_OF_CHARGE")] {
        let at = at_hour(released, hour);
        let told = CustomsStatusReported { bill_of_entry: id.clone(), status: status.to_owned(), at };
        each(fact(Feed::BillsOfEntry, &format!("bill-{index}-{status}"), &key, released, hour, &told))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_document_has_its_facts_and_no_id_comes_twice() {
        let story = Story { first: 0, documents: 200 };
        let mut ids = BTreeSet::new();
        let mut feeds: BTreeMap<&str, usize> = BTreeMap::new();
        let mut each = |record: FeedRecord| {
            let id = record.headers.iter().find(|(name, _)| name == "ce_id").map(|(_, id)| id.clone()).unwrap();
            assert!(ids.insert(id.clone()), "{id} comes twice");
            *feeds.entry(record.feed.name()).or_default() += 1;
            Ok(())
        };
        story.registrations(&mut each).unwrap();
        story.filings(&mut each).unwrap();
        story.reactions(&mut each).unwrap();
        Story::returns(&mut each).unwrap();
        // 10 returns of 20 documents; 200 recipients and 10 suppliers register, 100 documents are acted on, 200 returns.
        let expected = [
            ("bills-of-entry", 12),
            ("purchase-register", 400),
            ("supplier-filings", 10),
            ("supplier-payments", 100),
            ("taxpayer-events", 510),
        ];
        assert_eq!(feeds, expected.into());
    }
}
