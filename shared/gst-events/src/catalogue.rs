//! The list of all event types, for schemas, contracts and the proof that each has one writer.

use crate::reads::EventPayload;
use schemars::Schema;
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
}

macro_rules! catalogued {
    ($($payload:ident),+ $(,)?) => {
        vec![$(Catalogued {
            event_type: <crate::$payload as EventPayload>::TYPE,
            payload: stringify!($payload),
            class: <crate::$payload as EventPayload>::CLASS,
            writers: <crate::$payload as EventPayload>::WRITERS,
            schema: schemars::schema_for!(crate::$payload),
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
        BillOfEntryReceived,
        BillOfEntryAmended,
        BillOfEntryStatusChanged,
        BillOfEntryMovedOut,
        BillOfEntryMovedIn,
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
        InvoicePaymentChanged,
        PaymentTimerFired,
        PaymentTimerWarning,
        RegisterDiffers,
        TimersPassed,
        LedgerEntryChanged,
        SupplierWatched,
        LedgerEntry,
        ImsRecord,
        Gstr2bChunk,
        Gstr2bSealed,
        SupplierLiability,
        EvidencePack,
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
