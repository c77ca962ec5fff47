//! Facts in our own words: decoded, checked, and forwarded under the same type to the journal of whom they concern.

use super::problem::{letter, of_json};
use super::{Intake, not_of_feed};
use crate::feed::{Feed, FeedRecord};
use gst_events::{
    AdvanceAdjusted, AnnualReturnFiled, BillOfEntryDetails, BookAdjusted, CommercialNoteReceived, CreditCategorySet,
    CreditClaimed, CreditLedgerBalanceReported, CustomsBillGstinAmended, CustomsBillReported, CustomsBillValueAmended,
    CustomsDutyReported, CustomsStatusReported, EventPayload, EvidenceReferenced, GoodsReceived, ImsActionApproved,
    ImsActionDenied, ImsActionRequested, ImsSection, InvoiceBooked, InvoiceCorrected, IsdDocumentFiled, NoteAccepted,
    OperatorCommand, Outgoing, PaymentMade, PaymentReallocated, PermanentReversalRecorded, RecipientReturnFiled,
    RecordId, ReversalStatementOpened, Rule37aReversalListed, StatementRequested, SupplierRecordDeleted,
    SupplierRecordSaved, SupplierReturnFiled, SupplierStatusReported, TaxpayerRegistered, TaxpayerRole, TdsDeducted,
    TurnoverReported,
};
use gst_types::{Gstin, RecipientGstin, SupplierGstin};
use serde_json::Value;
use stream::DeadLetter;

/// Where GSTINs stand in facts.
const GSTIN_FIELDS: [&str; 7] = ["gstin", "supplier", "recipient", "isd", "importer", "from", "to"];
/// Where keys stand that begin with a supplier's GSTIN.
const KEY_FIELDS: [&str; 4] = ["document", "note", "invoice", "subject"];

/// Forwards a fact; false where it concerns no journal.
pub(super) fn take(feed: Feed, record: &FeedRecord, value: &Value, intake: &mut Intake) -> Result<bool, DeadLetter> {
    if feed == Feed::OperatorCommands {
        return command(record, intake);
    }
    let forwarded = match feed {
        Feed::SupplierFilings => supplier(record)?,
        Feed::TaxpayerEvents => taxpayer(record)?,
        Feed::BillsOfEntry => customs(record)?,
        Feed::PurchaseRegister => register(record)?,
        Feed::SupplierPayments => payments(record)?,
        Feed::OperatorCommands => None,
    };
    let Some(facts) = forwarded else {
        let known = [supplier, taxpayer, customs, register, payments].iter().any(|of| !matches!(of(record), Ok(None)));
        return Err(if known {
            not_of_feed(feed)
        } else {
            letter("EVENT_TYPE_UNKNOWN", "ce_type", "GSTN", "the type of the message is not known")
        });
    };
    check_gstins(value, "", intake)?;
    facts.into_iter().for_each(|fact| intake.forward(fact));
    Ok(true)
}

fn read<P: EventPayload>(record: &FeedRecord) -> Result<P, DeadLetter> {
    serde_json::from_slice(&record.value).map_err(|error| of_json(&record.value, &error))
}

/// Gives a record its id where the sender did not.
fn name(record_id: &mut RecordId, record: &FeedRecord, suffix: &str) {
    if record_id.0.is_empty() {
        record_id.0 = format!("{}#{suffix}", record.id);
    }
}

/// Facts to forward; `None` where the type is not of this feed.
type Forwarded = Result<Option<Vec<Outgoing>>, DeadLetter>;

/// Tries each payload type of a feed in turn.
macro_rules! forward {
    ($record:ident; $($payload:ident: $fact:ident => $facts:expr;)+) => {
        match $record.event_type.as_str() {
            $(event_type if event_type == <$payload as EventPayload>::TYPE.0 => {
                let $fact: $payload = read($record)?;
                Ok(Some($facts))
            })+
            _ => Ok(None),
        }
    };
}

fn supplier(record: &FeedRecord) -> Forwarded {
    forward! { record;
        SupplierRecordSaved: fact => vec![saved(fact, record)?];
        SupplierRecordDeleted: fact => vec![Outgoing::to_supplier(fact.supplier, &fact)];
        SupplierReturnFiled: fact => vec![Outgoing::to_supplier(fact.supplier, &fact)];
        IsdDocumentFiled: fact => {
            let mut fact = fact;
            name(&mut fact.record_id, record, "0");
            vec![Outgoing::to_supplier(fact.isd, &fact)]
        };
    }
}

fn saved(mut fact: SupplierRecordSaved, record: &FeedRecord) -> Result<Outgoing, DeadLetter> {
    name(&mut fact.record_id, record, "0");
    match fact.record.section {
        ImsSection::Impg | ImsSection::Impga | ImsSection::Impgsez | ImsSection::Impgseza => {
            Err(letter("CODE_UNKNOWN", "record.section", "IN-3", "a supplier reports no Bills of Entry"))
        }
        ImsSection::B2b
        | ImsSection::B2ba
        | ImsSection::Dn
        | ImsSection::Dna
        | ImsSection::Cn
        | ImsSection::Cna
        | ImsSection::Eco
        | ImsSection::Ecoa => Ok(Outgoing::to_supplier(fact.record.supplier, &fact)),
    }
}

fn taxpayer(record: &FeedRecord) -> Forwarded {
    forward! { record;
        TaxpayerRegistered: fact => registered(&fact);
        ImsActionRequested: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        ImsActionApproved: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        ImsActionDenied: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        StatementRequested: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        RecipientReturnFiled: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        AnnualReturnFiled: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        CreditLedgerBalanceReported: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        ReversalStatementOpened: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        SupplierStatusReported: fact => vec![Outgoing::to_supplier(fact.supplier, &fact)];
        Rule37aReversalListed: fact => vec![listed(fact, record)?];
    }
}

/// TB-5: Table 5 has invoices, debit notes and their amendments.
fn listed(mut fact: Rule37aReversalListed, record: &FeedRecord) -> Result<Outgoing, DeadLetter> {
    name(&mut fact.record_id, record, "0");
    match fact.section {
        ImsSection::B2b | ImsSection::B2ba | ImsSection::Dn | ImsSection::Dna => {
            Ok(Outgoing::to_recipient(fact.recipient, &fact))
        }
        ImsSection::Cn
        | ImsSection::Cna
        | ImsSection::Eco
        | ImsSection::Ecoa
        | ImsSection::Impg
        | ImsSection::Impga
        | ImsSection::Impgsez
        | ImsSection::Impgseza => {
            let message = "a reversal under rule 37A should be of section B2B, B2BA, DN or DNA";
            Err(letter("CODE_UNKNOWN", "section", "TB-5", message))
        }
    }
}

/// To the journal of each role.
fn registered(fact: &TaxpayerRegistered) -> Vec<Outgoing> {
    let recipient = || Outgoing::to_recipient(RecipientGstin(fact.gstin), fact);
    let supplier = || Outgoing::to_supplier(SupplierGstin(fact.gstin), fact);
    match fact.role {
        TaxpayerRole::Recipient => vec![recipient()],
        TaxpayerRole::Supplier => vec![supplier()],
        TaxpayerRole::Both => vec![recipient(), supplier()],
    }
}

fn customs(record: &FeedRecord) -> Forwarded {
    forward! { record;
        CustomsBillReported: fact => {
            let mut fact = fact;
            name(&mut fact.record_id, record, "0");
            check_bill(&fact.details)?;
            vec![Outgoing::to_customs(&fact.details.bill_of_entry, &fact)]
        };
        CustomsStatusReported: fact => vec![Outgoing::to_customs(&fact.bill_of_entry, &fact)];
        CustomsDutyReported: fact => vec![Outgoing::to_customs(&fact.bill_of_entry, &fact)];
        CustomsBillValueAmended: fact => {
            let mut fact = fact;
            name(&mut fact.record_id, record, "0");
            check_bill(&fact.details)?;
            vec![Outgoing::to_customs(&fact.details.bill_of_entry, &fact)]
        };
        CustomsBillGstinAmended: fact => {
            let mut fact = fact;
            name(&mut fact.reversal_record_id, record, "out");
            name(&mut fact.credit_record_id, record, "in");
            vec![Outgoing::to_customs(&fact.bill_of_entry, &fact)]
        };
    }
}

/// BE-1: a section of imports, and no other heads than IGST and cess.
fn check_bill(details: &BillOfEntryDetails) -> Result<(), DeadLetter> {
    match details.section {
        ImsSection::Impg | ImsSection::Impga | ImsSection::Impgsez | ImsSection::Impgseza => {}
        ImsSection::B2b
        | ImsSection::B2ba
        | ImsSection::Dn
        | ImsSection::Dna
        | ImsSection::Cn
        | ImsSection::Cna
        | ImsSection::Eco
        | ImsSection::Ecoa => {
            let message = "the section of a Bill of Entry should be IMPG, IMPGA, IMPGSEZ or IMPGSEZA";
            return Err(letter("CODE_UNKNOWN", "details.section", "BE-1", message));
        }
    }
    if details.tax.cgst.is_zero() && details.tax.sgst.is_zero() {
        Ok(())
    } else {
        Err(letter("HEAD_NOT_ON_BILL_OF_ENTRY", "details.tax", "BE-1", "a Bill of Entry has only IGST and cess"))
    }
}

fn register(record: &FeedRecord) -> Forwarded {
    forward! { record;
        InvoiceBooked: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        InvoiceCorrected: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        GoodsReceived: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        NoteAccepted: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        CreditClaimed: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        PermanentReversalRecorded: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        CreditCategorySet: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        TurnoverReported: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        EvidenceReferenced: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
    }
}

fn payments(record: &FeedRecord) -> Forwarded {
    forward! { record;
        PaymentMade: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        TdsDeducted: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        BookAdjusted: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        AdvanceAdjusted: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        CommercialNoteReceived: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
        PaymentReallocated: fact => vec![Outgoing::to_recipient(fact.recipient, &fact)];
    }
}

/// A command goes into the journal that its worker reads; one for `*` is `calendar`'s.
fn command(record: &FeedRecord, intake: &mut Intake) -> Result<bool, DeadLetter> {
    if !record.event_type.is_empty() && record.event_type != OperatorCommand::TYPE.0 {
        return Err(not_of_feed(Feed::OperatorCommands));
    }
    let fact: OperatorCommand = read(record)?;
    if fact.key == "*" {
        return Ok(false);
    }
    let gstin = || {
        let wrong = |error: gst_types::GstinError| letter(error.code(), "key", "ID-1", error.to_string());
        fact.key.parse::<Gstin>().map_err(wrong)
    };
    intake.forward(match fact.worker.as_str() {
        "filings" => Outgoing::to_supplier(SupplierGstin(gstin()?), &fact),
        "customs" => {
            let wrong = |error: gst_types::BillOfEntryIdError| letter(error.code(), "key", "ID-12", error.to_string());
            Outgoing::to_customs(&fact.key.parse().map_err(wrong)?, &fact)
        }
        "ims" | "gstr2b" | "payment-timers" | "itc-ledger" | "audit-evidence" => {
            Outgoing::to_recipient(RecipientGstin(gstin()?), &fact)
        }
        _ => return Err(letter("CODE_UNKNOWN", "worker", "GSTN", "no worker of that name takes commands for one key")),
    });
    Ok(true)
}

/// Looks at every GSTIN of a fact (ID-2); their shape is checked by their types.
fn check_gstins(value: &Value, path: &str, intake: &mut Intake) -> Result<(), DeadLetter> {
    for (key, inner) in value.as_object().into_iter().flatten() {
        let field = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match inner {
            Value::Object(_) => check_gstins(inner, &field, intake)?,
            Value::String(text) if GSTIN_FIELDS.contains(&key.as_str()) || KEY_FIELDS.contains(&key.as_str()) => {
                let first = text.split(':').next().unwrap_or_default();
                if let Ok(gstin) = first.parse::<Gstin>() {
                    intake.check(gstin, &field)?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
        }
    }
    Ok(())
}
