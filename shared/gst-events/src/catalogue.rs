//! The list of all event types, for schemas, contracts and the proof that each has one writer.

use crate::reads::EventPayload;
use schemars::Schema;
use serde_json::Value;
use stream::{Class, EventType};

/// One type of event as the catalogue knows it.
#[derive(Debug, Clone)]
pub struct Catalogued {
    /// The `ce_type`.
    pub event_type: EventType,
    /// The payload type's name.
    pub payload: &'static str,
    /// The class.
    pub class: Class,
    /// Who writes it.
    pub writers: &'static [&'static str],
    /// Its JSON Schema (2020-12).
    pub schema: Schema,
    /// Reads a value as the payload type and writes it again.
    pub rewrite: fn(&[u8]) -> Result<Vec<u8>, serde_json::Error>,
}

impl Catalogued {
    /// The schema as it is checked in. What we publish is closed: a reader may rely on there being no other field. Feeds
    /// and journals are read tolerantly, so that a field can be added before every reader knows it.
    #[must_use]
    pub fn published_schema(&self) -> Value {
        let mut schema = self.schema.clone().to_value();
        if let Value::Object(fields) = &mut schema {
            fields.insert("$id".to_owned(), Value::from(format!("urn:itc-engine:event:{}", self.event_type)));
            fields.insert("x-itc-class".to_owned(), Value::from(self.class.code()));
            fields.insert("x-itc-writers".to_owned(), Value::from(self.writers));
        }
        match self.class {
            Class::Public => close(&mut schema),
            Class::Fact | Class::Decision | Class::Mark => {}
        }
        schema
    }
}

/// Closes every object that names its properties.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(Value::is_object) && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn rewrite<P: EventPayload>(value: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&serde_json::from_slice::<P>(value)?)
}

macro_rules! catalogued {
    ($($payload:ident),+ $(,)?) => {
        vec![$(Catalogued {
            event_type: <crate::$payload as EventPayload>::TYPE,
            payload: stringify!($payload),
            class: <crate::$payload as EventPayload>::CLASS,
            writers: <crate::$payload as EventPayload>::WRITERS,
            schema: schemars::schema_for!(crate::$payload),
            rewrite: rewrite::<crate::$payload>,
        }),+]
    };
}

/// Every type of event, in the order of their way through the workers.
#[expect(clippy::too_many_lines, reason = "one line for each type of event, and nothing else")]
#[must_use]
pub fn catalogue() -> Vec<Catalogued> {
    catalogued![
        SupplierRecordSaved,
        SupplierRecordDeleted,
        SupplierReturnFiled,
        IsdDocumentFiled,
        SupplierStatusReported,
        TaxpayerRegistered,
        ImsActionRequested,
        ImsActionApproved,
        ImsActionDenied,
        StatementRequested,
        RecipientReturnFiled,
        AnnualReturnFiled,
        CreditLedgerBalanceReported,
        ReversalStatementOpened,
        Rule37aReversalListed,
        OperatorCommand,
        InvoiceBooked,
        InvoiceCorrected,
        GoodsReceived,
        NoteAccepted,
        CreditClaimed,
        PermanentReversalRecorded,
        CreditCategorySet,
        TurnoverReported,
        EvidenceReferenced,
        PaymentMade,
        TdsDeducted,
        BookAdjusted,
        AdvanceAdjusted,
        CommercialNoteReceived,
        PaymentReallocated,
        CustomsBillReported,
        CustomsStatusReported,
        CustomsBillValueAmended,
        CustomsBillGstinAmended,
        CustomsDutyReported,
        BillOfEntryReceived,
        BillOfEntryAmended,
        BillOfEntryStatusChanged,
        BillOfEntryMovedOut,
        BillOfEntryMovedIn,
        BillOfEntryDutyDiffers,
        DayOpened,
        RulebookActivated,
        DueDateExtended,
        DocumentSaved,
        DocumentChanged,
        DocumentWithdrawn,
        DocumentFiled,
        IsdDocumentReported,
        SupplierGstr3bStatus,
        ImsRecordDecided,
        ActionRefused,
        ActionProposed,
        StatementDue,
        PeriodLocked,
        LiabilityRaised,
        PortalDiverged,
        CreditAvailed,
        ClaimNotInStatement,
        ReturnClaimsTold,
        InvoicePaymentChanged,
        PaymentTimerFired,
        PaymentTimerWarning,
        RegisterDiffers,
        TimersPassed,
        LedgerEntryChanged,
        SupplierWatched,
        FilingDiffers,
        LedgerEntry,
        ImsRecord,
        Gstr2bChunk,
        Gstr2bSealed,
        SupplierLiability,
        EvidenceAdded,
        EvidencePack,
        EvidenceDeleted,
        Request,
        Alert,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_type_has_a_name_of_its_own() {
        let types = catalogue();
        let names: BTreeSet<_> = types.iter().map(|entry| entry.event_type.0).collect();
        assert_eq!(names.len(), types.len());
    }

    #[test]
    fn every_type_but_results_and_alerts_has_one_writer() {
        for entry in catalogue() {
            let shared = ["itc.request-result.v1", "itc.alert.v1"].contains(&entry.event_type.0);
            assert_eq!(entry.writers.len() == 1, !shared, "{}", entry.event_type);
        }
    }
}
