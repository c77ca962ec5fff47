//! Events of IMS stories as records of the feeds. They speak as `origin: USER`, so they can be refused.

use super::fields::Fields;
use super::references::{Referenced, References};
use crate::feed_record::{Feed, FeedRecord, SupplierReturn, SupplierStep};
use anyhow::{Result, anyhow};
use gst_events::{
    BillOfEntryDetails, BillOfEntryType, CreditSubject, CustomsBillGstinAmended, CustomsBillReported,
    CustomsBillValueAmended, ImsAction, ImsActionRequested, ImsSection, ImsTarget, ItcReduction, Origin,
    RecipientReturnFiled, RecordId, Rule37aReversalListed, StatementRequested, SupplierForm, SupplierStatusReported,
    TaxpayerRegistered, TaxpayerRole,
};
use gst_types::{
    BillOfEntryId, FilingFrequency, IstDate, IstInstant, Paise, RecipientGstin, SupplierGstin, TaxAmounts,
};
use gstn_formats::Extra;
use gstn_formats::codes::InvoiceType;
use gstn_formats::gstr1::{Gstr1, Gstr1Document, Gstr1Section};
use serde_json::{Value, json};

/// Translates one event; `id` becomes the id of its feed record.
pub(crate) fn feed_record(event: &Fields<'_>, id: &str, refs: &mut References) -> Result<FeedRecord> {
    match event.text("type")? {
        "recipient_registered" => registered(event, id, TaxpayerRole::Recipient),
        "supplier_registered" => registered(event, id, TaxpayerRole::Supplier),
        "supplier_record_saved" => record_saved(event, id, refs),
        "supplier_record_deleted" => record_deleted(event, id, refs),
        "supplier_return_filed" => return_filed(event, id),
        "supplier_gstr3b_filed" => status_reported(event, id, true),
        "supplier_gstr3b_not_filed" => status_reported(event, id, false),
        "ims_action" => ims_action(event, id, refs),
        "gstr2b_generate" | "gstr2b_recompute" => statement_requested(event, id),
        "gstr3b_filed" => gstr3b_filed(event, id, Origin::User),
        "boe_received" => boe_received(event, id, refs),
        "boe_value_amended" => boe_value_amended(event, id, refs),
        "boe_gstin_amended" => boe_gstin_amended(event, id, refs),
        "isd_document_filed" => isd_document_filed(event, id, refs),
        "rule37a_reversal_listed" => rule37a_listed(event, id, refs),
        other => Err(anyhow!("event type {other} is not known")),
    }
}

pub(crate) fn frequency(event: &Fields<'_>) -> Result<FilingFrequency> {
    match event.text("filing_frequency")? {
        "MONTHLY" => Ok(FilingFrequency::Monthly),
        "QUARTERLY" => Ok(FilingFrequency::Quarterly),
        other => Err(anyhow!("field filing_frequency: {other} is neither MONTHLY nor QUARTERLY")),
    }
}

pub(crate) fn registered(event: &Fields<'_>, id: &str, role: TaxpayerRole) -> Result<FeedRecord> {
    let due_day = event.0.get("gstr3b_due_day").and_then(Value::as_u64).and_then(|day| u32::try_from(day).ok());
    let fact = TaxpayerRegistered {
        gstin: event.parse("gstin")?,
        role,
        filing_frequency: frequency(event)?,
        gstr3b_due_day: due_day,
        first_open_period: event.optional("first_open_period")?,
        effective_from: None,
        needs_approval: false,
        at: None,
    };
    Ok(FeedRecord::fact(Feed::TaxpayerEvents, id, event.text("gstin")?, None, &fact))
}

fn form(event: &Fields<'_>) -> Result<SupplierForm> {
    match event.text("form")? {
        "GSTR1" => Ok(SupplierForm::Gstr1),
        "IFF" => Ok(SupplierForm::Iff),
        "GSTR1A" => Ok(SupplierForm::Gstr1a),
        "GSTR5" => Ok(SupplierForm::Gstr5),
        "GSTR6" => Ok(SupplierForm::Gstr6),
        other => Err(anyhow!("field form: {other} is not known")),
    }
}

pub(crate) fn section(record: &Fields<'_>) -> Result<ImsSection> {
    let word = record.text("section")?;
    serde_json::from_value(json!(word)).map_err(|_| anyhow!("field section: {word} is not known"))
}

fn supplier_return<'a>(event: &Fields<'_>, supplier: &'a str) -> Result<SupplierReturn<'a>> {
    let at = event.at()?;
    Ok(SupplierReturn { supplier, form: form(event)?, happened_at: at, sent_at: at, origin: Origin::User })
}

fn gstr1_document(record: &Fields<'_>) -> Result<Gstr1Document> {
    let tax = record.heads()?;
    let taxable_value = record.amount("taxable_value")?;
    let reverse_charge = record.flag("reverse_charge");
    let original = match record.optional_object("original") {
        Some(original) => Some((original.text("document_number")?.to_owned(), original.date("document_date")?)),
        None => None,
    };
    let word = record.text("section")?;
    let section = Gstr1Section::ALL
        .into_iter()
        .find(|section| section.code() == word)
        .ok_or_else(|| anyhow!("field section: {word} is not known"))?;
    Ok(Gstr1Document {
        original,
        invoice_type: record.optional_text("invoice_type").and_then(|word| InvoiceType::read(word).ok()),
        place_of_supply: Some(record.parse("place_of_supply")?),
        reverse_charge,
        taxable_value,
        tax,
        document_value: if reverse_charge { taxable_value } else { taxable_value + tax.total() },
        ..bare_document(
            section,
            SupplierGstin(record.parse("supplier_gstin")?),
            RecipientGstin(record.parse("recipient_gstin")?),
            record.text("document_number")?,
            record.date("document_date")?,
        )
    })
}

fn bare_document(
    section: Gstr1Section,
    supplier: SupplierGstin,
    recipient: RecipientGstin,
    number: &str,
    date: IstDate,
) -> Gstr1Document {
    Gstr1Document {
        section,
        supplier,
        recipient,
        number: number.to_owned(),
        date,
        original: None,
        invoice_type: None,
        place_of_supply: None,
        reverse_charge: false,
        taxable_value: Paise::ZERO,
        tax: TaxAmounts::ZERO,
        document_value: Paise::ZERO,
        delete: false,
        irn: None,
        ecommerce_supplier: None,
        items: Vec::new(),
        extra: Extra::default(),
    }
}

fn record_saved(event: &Fields<'_>, id: &str, refs: &mut References) -> Result<FeedRecord> {
    let record = event.object("record")?;
    let document = gstr1_document(&record)?;
    let period = event.parse("return_period")?;
    let body = Gstr1::build(document.supplier, period, std::slice::from_ref(&document));
    let referenced = Referenced {
        record_id: RecordId(format!("{id}#0")),
        subject: None,
        section: Some(section(&record)?),
        supplier: Some(document.supplier),
        recipient: Some(document.recipient),
        number: document.number.clone(),
        date: document.date,
        form: Some((form(event)?, period)),
    };
    refs.set(record.text("ref")?, referenced);
    let supplier = record.text("supplier_gstin")?;
    Ok(FeedRecord::supplier_return(id, SupplierStep::Saved, &supplier_return(event, supplier)?, &body))
}

fn record_deleted(event: &Fields<'_>, id: &str, refs: &References) -> Result<FeedRecord> {
    let name = event.text("ref")?;
    let known = refs.get(name).ok_or_else(|| anyhow!("field ref: {name} is not known"))?;
    let (Some(supplier), Some(recipient), Some(section), Some((form, period))) =
        (known.supplier, known.recipient, known.section, known.form)
    else {
        return Err(anyhow!("field ref: {name} is no supplier's record"));
    };
    let section = Gstr1Section::ALL
        .into_iter()
        .find(|candidate| json!(section) == json!(candidate.code()))
        .ok_or_else(|| anyhow!("field ref: {name} has no section of GSTR-1"))?;
    let document =
        Gstr1Document { delete: true, ..bare_document(section, supplier, recipient, &known.number, known.date) };
    let body = Gstr1::build(supplier, period, std::slice::from_ref(&document));
    let at = event.at()?;
    let supplier = supplier.to_string();
    let step = SupplierReturn { supplier: &supplier, form, happened_at: at, sent_at: at, origin: Origin::User };
    Ok(FeedRecord::supplier_return(id, SupplierStep::Deleted, &step, &body))
}

fn return_filed(event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
    let supplier = event.text("supplier_gstin")?;
    let body = Gstr1::build(event.parse("supplier_gstin")?, event.parse("return_period")?, &[]);
    Ok(FeedRecord::supplier_return(id, SupplierStep::Filed, &supplier_return(event, supplier)?, &body))
}

pub(crate) fn status_reported(event: &Fields<'_>, id: &str, filed: bool) -> Result<FeedRecord> {
    let at = event.at()?;
    let fact = SupplierStatusReported {
        supplier: SupplierGstin(event.parse("gstin")?),
        period: event.parse("period")?,
        filed,
        at,
    };
    Ok(FeedRecord::fact(Feed::TaxpayerEvents, id, event.text("gstin")?, Some(at), &fact))
}

pub(crate) fn action_word(event: &Fields<'_>) -> Result<ImsAction> {
    match event.text("action")? {
        "ACCEPT" => Ok(ImsAction::Accept),
        "REJECT" => Ok(ImsAction::Reject),
        "PENDING" => Ok(ImsAction::Pending),
        "NO_ACTION" => Ok(ImsAction::NoAction),
        other => Err(anyhow!("field action: {other} is not known")),
    }
}

fn ims_action(event: &Fields<'_>, id: &str, refs: &References) -> Result<FeedRecord> {
    let name = event.text("ref")?;
    // A name that no record ever had is still a command, about a record that does not exist.
    let record_id = refs.get(name).map_or_else(|| RecordId(format!("unknown {name}")), |known| known.record_id.clone());
    let itc_reduction = match event.optional_object("itc_reduction") {
        Some(reduction) => Some(ItcReduction {
            required: reduction.text("required")? == "YES",
            declared: if reduction.has_any_head() { Some(reduction.heads()?) } else { None },
        }),
        None => None,
    };
    let at = event.at()?;
    let fact = ImsActionRequested {
        recipient: RecipientGstin(event.parse("gstin")?),
        target: ImsTarget::Record { record_id },
        action: action_word(event)?,
        remarks: event.optional_text("remarks").map(str::to_owned),
        itc_reduction,
        previous_action: None,
        at,
        actor: None,
        origin: Origin::User,
    };
    Ok(FeedRecord::fact(Feed::TaxpayerEvents, id, event.text("gstin")?, Some(at), &fact))
}

fn statement_requested(event: &Fields<'_>, id: &str) -> Result<FeedRecord> {
    let at = event.at()?;
    let fact = StatementRequested {
        recipient: RecipientGstin(event.parse("gstin")?),
        period: event.parse("period")?,
        at,
        origin: Origin::User,
    };
    Ok(FeedRecord::fact(Feed::TaxpayerEvents, id, event.text("gstin")?, Some(at), &fact))
}

pub(crate) fn gstr3b_filed(event: &Fields<'_>, id: &str, origin: Origin) -> Result<FeedRecord> {
    let filed_at = event.at()?;
    let fact = RecipientReturnFiled {
        recipient: RecipientGstin(event.parse("gstin")?),
        period: event.parse("period")?,
        filed_at,
        arn: None,
        table4: std::collections::BTreeMap::new(),
        origin,
    };
    Ok(FeedRecord::fact(Feed::TaxpayerEvents, id, event.text("gstin")?, Some(filed_at), &fact))
}

pub(crate) fn bill_id(fields: &Fields<'_>) -> Result<BillOfEntryId> {
    Ok(BillOfEntryId::new(fields.parse("port_code")?, fields.text("boe_number")?, fields.date("boe_date")?)?)
}

/// The content of a Bill of Entry; `reference_date` as given, or the fallback.
pub(crate) fn bill_details(record: &Fields<'_>, fallback: Option<IstInstant>) -> Result<BillOfEntryDetails> {
    let heads = record.heads()?;
    let bill_of_entry_type = match record.optional_text("boe_type") {
        Some(word) => {
            serde_json::from_value(json!(word)).map_err(|_| anyhow!("field boe_type: {word} is not known"))?
        }
        None => BillOfEntryType::default(),
    };
    Ok(BillOfEntryDetails {
        bill_of_entry: bill_id(record)?,
        section: section(record)?,
        bill_of_entry_type,
        importer: RecipientGstin(record.parse("importer_gstin")?),
        taxable_value: record.amount("taxable_value")?,
        tax: TaxAmounts { igst: heads.igst, cess: heads.cess, ..TaxAmounts::ZERO },
        sez_supplier: record.optional("sez_supplier_gstin")?,
        parent: None,
        reference_date: record.optional("reference_date")?.or(fallback.map(IstInstant::date)),
    })
}

pub(crate) fn bill_reference(id: &str, details: &BillOfEntryDetails, suffix: &str) -> Referenced {
    Referenced {
        record_id: RecordId(format!("{id}#{suffix}")),
        subject: Some(CreditSubject::BillOfEntry(details.bill_of_entry.clone())),
        section: Some(details.section),
        supplier: None,
        recipient: Some(details.importer),
        number: details.bill_of_entry.number().to_owned(),
        date: details.bill_of_entry.date,
        form: None,
    }
}

fn boe_received(event: &Fields<'_>, id: &str, refs: &mut References) -> Result<FeedRecord> {
    let record = event.object("record")?;
    let received_at = event.at()?;
    let details = bill_details(&record, Some(received_at))?;
    let known = bill_reference(id, &details, "0");
    let fact = CustomsBillReported { record_id: known.record_id.clone(), details, received_at };
    refs.set(record.text("ref")?, known);
    let key = fact.details.bill_of_entry.to_string();
    Ok(FeedRecord::fact(Feed::BillsOfEntry, id, &key, Some(received_at), &fact))
}

fn boe_value_amended(event: &Fields<'_>, id: &str, refs: &mut References) -> Result<FeedRecord> {
    let record = event.object("record")?;
    let received_at = event.at()?;
    let details = bill_details(&record, Some(received_at))?;
    let known = bill_reference(id, &details, "0");
    let fact = CustomsBillValueAmended { record_id: known.record_id.clone(), details, received_at };
    refs.set(record.text("ref")?, known);
    let key = fact.details.bill_of_entry.to_string();
    Ok(FeedRecord::fact(Feed::BillsOfEntry, id, &key, Some(received_at), &fact))
}

fn boe_gstin_amended(event: &Fields<'_>, id: &str, refs: &mut References) -> Result<FeedRecord> {
    let received_at = event.at()?;
    let fact = CustomsBillGstinAmended {
        bill_of_entry: bill_id(event)?,
        from: RecipientGstin(event.parse("from_gstin")?),
        to: RecipientGstin(event.parse("to_gstin")?),
        amendment_date: event.date("amendment_date")?,
        reversal_record_id: RecordId(format!("{id}#out")),
        credit_record_id: RecordId(format!("{id}#in")),
        received_at,
        origin: Origin::User,
    };
    let side = |record_id: &RecordId, recipient| Referenced {
        record_id: record_id.clone(),
        subject: Some(CreditSubject::BillOfEntry(fact.bill_of_entry.clone())),
        section: None,
        supplier: None,
        recipient: Some(recipient),
        number: fact.bill_of_entry.number().to_owned(),
        date: fact.bill_of_entry.date,
        form: None,
    };
    refs.set(event.text("reversal_ref")?, side(&fact.reversal_record_id, fact.from));
    if let Some(name) = event.optional_text("new_record_ref") {
        refs.set(name, side(&fact.credit_record_id, fact.to));
    }
    let key = fact.bill_of_entry.to_string();
    Ok(FeedRecord::fact(Feed::BillsOfEntry, id, &key, Some(received_at), &fact))
}

fn isd_document_filed(event: &Fields<'_>, id: &str, refs: &mut References) -> Result<FeedRecord> {
    let record = event.object("record")?;
    let heads = record.heads()?;
    let number = |amount: Paise| -> Result<Value> { Ok(serde_json::from_str(&amount.to_shortest())?) };
    let body = json!({
        "gstin": record.text("isd_gstin")?,
        "fp": event.text("return_period")?,
        "isd": [{
            "rtin": record.text("recipient_gstin")?,
            "doctyp": record.text("document_type")?,
            "docnum": record.text("document_number")?,
            "docdt": record.date("document_date")?.to_gstn(),
            "itcelg": record.text("itc_eligible")?,
            "igst": number(heads.igst)?,
            "cgst": number(heads.cgst)?,
            "sgst": number(heads.sgst)?,
            "cess": number(heads.cess)?,
        }],
    });
    refs.set(
        record.text("ref")?,
        Referenced {
            record_id: RecordId(format!("{id}#0")),
            subject: None,
            section: None,
            supplier: Some(SupplierGstin(record.parse("isd_gstin")?)),
            recipient: Some(RecipientGstin(record.parse("recipient_gstin")?)),
            number: record.text("document_number")?.to_owned(),
            date: record.date("document_date")?,
            form: None,
        },
    );
    let supplier = record.text("isd_gstin")?;
    Ok(FeedRecord::supplier_return(id, SupplierStep::Filed, &supplier_return(event, supplier)?, &body))
}

fn rule37a_listed(event: &Fields<'_>, id: &str, refs: &mut References) -> Result<FeedRecord> {
    let record = event.object("record")?;
    let at = event.at()?;
    let fact = Rule37aReversalListed {
        record_id: RecordId(format!("{id}#0")),
        recipient: RecipientGstin(record.parse("recipient_gstin")?),
        supplier: SupplierGstin(record.parse("supplier_gstin")?),
        section: section(&record)?,
        number: record.text("document_number")?.to_owned(),
        date: record.date("document_date")?,
        tax: record.heads()?,
        at,
    };
    refs.set(
        record.text("ref")?,
        Referenced {
            record_id: fact.record_id.clone(),
            subject: None,
            section: Some(fact.section),
            supplier: Some(fact.supplier),
            recipient: Some(fact.recipient),
            number: fact.number.clone(),
            date: fact.date,
            form: None,
        },
    );
    Ok(FeedRecord::fact(Feed::TaxpayerEvents, id, record.text("recipient_gstin")?, Some(at), &fact))
}
