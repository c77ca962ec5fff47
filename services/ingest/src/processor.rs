//! The worker: asks how a message is taken apart and says what follows.

use crate::decide::{Intake, take};
use crate::feed::{FeedRecord, message_type};
use crate::outcome::IngestOutcome;
use gst_events::{
    ActiveRulebook, AdvanceAdjusted, Alert, AnnualReturnFiled, BookAdjusted, CommercialNoteReceived, CreditCategorySet,
    CreditClaimed, CreditLedgerBalanceReported, CustomsBillGstinAmended, CustomsBillReported, CustomsBillValueAmended,
    CustomsDutyReported, CustomsStatusReported, EventPayload, EvidenceReferenced, GoodsReceived, ImsActionApproved,
    ImsActionDenied, ImsActionRequested, InvoiceBooked, InvoiceCorrected, IsdDocumentFiled, NoteAccepted,
    OperatorCommand, Outgoing, PaymentMade, PaymentReallocated, PermanentReversalRecorded, RecipientReturnFiled,
    ReversalStatementOpened, Rule37aReversalListed, StatementRequested, SupplierRecordDeleted, SupplierRecordSaved,
    SupplierReturnFiled, SupplierStatusReported, TaxpayerRegistered, TdsDeducted, TurnoverReported,
};
use gst_rules::Rulebook;
use gst_rules::rulebook::GstinChecksum;
use stream::{
    Context, DecideError, Decision, DecisionOf, EventType, Processor, Reaction, Route, StateView, WorkerName,
};

/// The worker.
#[derive(Debug, Clone)]
pub struct Ingest {
    checksum: GstinChecksum,
}

impl Ingest {
    /// The worker under the embedded rulebook.
    #[must_use]
    pub fn new() -> Self {
        Self::with_rulebook(&Rulebook::embedded())
    }

    /// The worker under a deployment's rulebook: feeds carry no marks, so it is told at the start.
    #[must_use]
    pub fn with_rulebook(rulebook: &Rulebook) -> Self {
        Self { checksum: rulebook.gstin_checksum() }
    }
}

impl Default for Ingest {
    fn default() -> Self {
        Self::new()
    }
}

/// A fact that is forwarded under its own type.
macro_rules! forwarded {
    ($($payload:ident),+ $(,)?) => {
        &[
            Reaction {
                reads: EventType(message_type::RETURN_SAVED),
                causes: &[SupplierRecordSaved::TYPE, SupplierRecordDeleted::TYPE, Alert::TYPE],
            },
            Reaction {
                reads: EventType(message_type::RETURN_DELETED),
                causes: &[SupplierRecordDeleted::TYPE, Alert::TYPE],
            },
            Reaction {
                reads: EventType(message_type::RETURN_FILED),
                causes: &[
                    SupplierRecordSaved::TYPE,
                    SupplierRecordDeleted::TYPE,
                    SupplierReturnFiled::TYPE,
                    IsdDocumentFiled::TYPE,
                    Alert::TYPE,
                ],
            },
            Reaction { reads: EventType(message_type::IMS_SAVE), causes: &[ImsActionRequested::TYPE, Alert::TYPE] },
            Reaction {
                reads: EventType(message_type::BILL_OF_ENTRY),
                causes: &[CustomsBillReported::TYPE, CustomsBillValueAmended::TYPE, Alert::TYPE],
            },
            Reaction {
                reads: EventType(message_type::FILING_STATUS),
                causes: &[SupplierStatusReported::TYPE, Alert::TYPE],
            },
            // GSTN's own JSON without headers is recognised by its content.
            Reaction {
                reads: EventType(""),
                causes: &[
                    SupplierRecordSaved::TYPE,
                    SupplierRecordDeleted::TYPE,
                    SupplierReturnFiled::TYPE,
                    IsdDocumentFiled::TYPE,
                    ImsActionRequested::TYPE,
                    CustomsBillReported::TYPE,
                    CustomsBillValueAmended::TYPE,
                    SupplierStatusReported::TYPE,
                    Alert::TYPE,
                ],
            },
            $(Reaction { reads: $payload::TYPE, causes: &[$payload::TYPE, Alert::TYPE] },)+
        ]
    };
}

impl Processor for Ingest {
    const NAME: WorkerName = WorkerName("ingest");
    const REACTIONS: &'static [Reaction] = forwarded![
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
    ];
    const HAS_ROWS: bool = false;
    type Event = FeedRecord;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = IngestOutcome;

    fn route(&self, _: &FeedRecord) -> Route {
        Route::Partition
    }

    fn decide(
        &self,
        _: &StateView<'_>,
        record: &FeedRecord,
        _: &Context<'_, ActiveRulebook>,
    ) -> Result<DecisionOf<Self>, DecideError> {
        let mut intake = Intake::new(self.checksum);
        let outcome = take(record, &mut intake).map_err(DecideError::Unusable)?;
        let (events, dead_letters) = intake.finish(record.day());
        Ok(Decision { rows: Vec::new(), events, timers: Vec::new(), dead_letters, resume: None, outcome })
    }
}
