//! The loop's side of the worker: whom an event concerns, and the decision for it.

use gst_events::{
    ActiveRulebook, AdvanceAdjusted, BillOfEntryAmended, BillOfEntryMovedIn, BillOfEntryMovedOut, BillOfEntryReceived,
    BillOfEntryStatusChanged, BookAdjusted, CommercialNoteReceived, CreditAvailed, DayOpened, DocumentFiled,
    EventPayload, EventType, EvidencePack, EvidenceReferenced, GoodsReceived, ImsActionApproved, ImsActionRequested,
    ImsRecordDecided, InvoiceBooked, InvoiceCorrected, InvoicePaymentChanged, IsdDocumentReported, LedgerEntryChanged,
    NoteAccepted, Outgoing, PaymentMade, PaymentReallocated, PaymentTimerFired, PeriodLocked, Request,
    SupplierGstr3bStatus, TdsDeducted, reads,
};
use gst_rules::rule;
use stream::{
    Context, DecideError, DecisionOf, Draft, JobSource, Outcome, OutcomeKind, Processor, Reaction, Route, StateView,
    WorkerName,
};

reads! {
    /// What the worker reads of the recipients' journal.
    pub enum Event {
        InvoiceBooked,
        InvoiceCorrected,
        GoodsReceived,
        EvidenceReferenced,
        NoteAccepted,
        PaymentMade,
        TdsDeducted,
        BookAdjusted,
        AdvanceAdjusted,
        CommercialNoteReceived,
        PaymentReallocated,
        DocumentFiled,
        IsdDocumentReported,
        SupplierGstr3bStatus,
        ImsActionRequested,
        ImsActionApproved,
        ImsRecordDecided,
        PeriodLocked,
        CreditAvailed,
        InvoicePaymentChanged,
        PaymentTimerFired,
        LedgerEntryChanged,
        BillOfEntryReceived,
        BillOfEntryAmended,
        BillOfEntryStatusChanged,
        BillOfEntryMovedOut,
        BillOfEntryMovedIn,
        DayOpened,
    }
}

const PACK: &[EventType] = &[EvidencePack::TYPE];
const PACK_OR_ANSWER: &[EventType] = &[EvidencePack::TYPE, Request::TYPE];

const fn reaction<P: EventPayload>(causes: &'static [EventType]) -> Reaction {
    Reaction { reads: P::TYPE, causes }
}

/// The worker that keeps evidence.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditEvidence;

impl AuditEvidence {
    /// The worker.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceOutcome {
    /// It proves nothing about a document.
    NothingToKeep,
}

impl Outcome for EvidenceOutcome {
    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Decided
    }

    fn code(&self) -> &'static str {
        "NOTHING_TO_KEEP"
    }

    fn rule(&self) -> &'static str {
        rule::AUD_1.code()
    }
}

impl Processor for AuditEvidence {
    const NAME: WorkerName = WorkerName("audit-evidence");
    const REACTIONS: &'static [Reaction] = &[
        reaction::<InvoiceBooked>(PACK),
        reaction::<InvoiceCorrected>(PACK),
        reaction::<GoodsReceived>(PACK_OR_ANSWER),
        reaction::<EvidenceReferenced>(PACK_OR_ANSWER),
        reaction::<NoteAccepted>(PACK),
        reaction::<PaymentMade>(PACK),
        reaction::<TdsDeducted>(PACK),
        reaction::<BookAdjusted>(PACK),
        reaction::<AdvanceAdjusted>(PACK),
        reaction::<CommercialNoteReceived>(PACK),
        reaction::<PaymentReallocated>(PACK),
        reaction::<DocumentFiled>(PACK),
        reaction::<IsdDocumentReported>(PACK),
        reaction::<SupplierGstr3bStatus>(PACK),
        reaction::<ImsActionRequested>(&[]),
        reaction::<ImsActionApproved>(&[]),
        reaction::<ImsRecordDecided>(PACK),
        reaction::<PeriodLocked>(&[]),
        reaction::<CreditAvailed>(PACK),
        reaction::<InvoicePaymentChanged>(PACK),
        reaction::<PaymentTimerFired>(PACK),
        reaction::<LedgerEntryChanged>(PACK),
        reaction::<BillOfEntryReceived>(PACK),
        reaction::<BillOfEntryAmended>(PACK),
        reaction::<BillOfEntryStatusChanged>(PACK),
        reaction::<BillOfEntryMovedOut>(PACK),
        reaction::<BillOfEntryMovedIn>(PACK),
        reaction::<DayOpened>(&[]),
    ];
    type Event = Event;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = EvidenceOutcome;

    fn route(&self, event: &Event) -> Route {
        match event {
            Event::DayOpened(_) => Route::Job(JobSource::Rows),
            Event::InvoiceBooked(event) => Route::Key(event.recipient.to_string()),
            Event::InvoiceCorrected(event) => Route::Key(event.recipient.to_string()),
            Event::GoodsReceived(event) => Route::Key(event.recipient.to_string()),
            Event::EvidenceReferenced(event) => Route::Key(event.recipient.to_string()),
            Event::NoteAccepted(event) => Route::Key(event.recipient.to_string()),
            Event::PaymentMade(event) => Route::Key(event.recipient.to_string()),
            Event::TdsDeducted(event) => Route::Key(event.recipient.to_string()),
            Event::BookAdjusted(event) => Route::Key(event.recipient.to_string()),
            Event::AdvanceAdjusted(event) => Route::Key(event.recipient.to_string()),
            Event::CommercialNoteReceived(event) => Route::Key(event.recipient.to_string()),
            Event::PaymentReallocated(event) => Route::Key(event.recipient.to_string()),
            Event::DocumentFiled(event) => Route::Key(event.document.record.recipient.to_string()),
            Event::IsdDocumentReported(event) => Route::Key(event.recipient.to_string()),
            Event::SupplierGstr3bStatus(event) => Route::Key(event.recipient.to_string()),
            Event::ImsActionRequested(event) => Route::Key(event.recipient.to_string()),
            Event::ImsActionApproved(event) => Route::Key(event.recipient.to_string()),
            Event::ImsRecordDecided(event) => Route::Key(event.recipient.to_string()),
            Event::PeriodLocked(event) => Route::Key(event.gstin.to_string()),
            Event::CreditAvailed(event) => Route::Key(event.recipient.to_string()),
            Event::InvoicePaymentChanged(event) => Route::Key(event.recipient.to_string()),
            Event::PaymentTimerFired(event) => Route::Key(event.recipient.to_string()),
            Event::LedgerEntryChanged(event) => Route::Key(event.entry.recipient.to_string()),
            Event::BillOfEntryReceived(event) => Route::Key(event.details.importer.to_string()),
            Event::BillOfEntryAmended(event) => Route::Key(event.details.importer.to_string()),
            Event::BillOfEntryStatusChanged(event) => Route::Key(event.details.importer.to_string()),
            Event::BillOfEntryMovedOut(event) => Route::Key(event.details.importer.to_string()),
            Event::BillOfEntryMovedIn(event) => Route::Key(event.details.importer.to_string()),
        }
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        _event: &Event,
        _context: &Context<'_, ActiveRulebook>,
    ) -> Result<DecisionOf<Self>, DecideError> {
        Ok(Draft::new(*rows).finish(EvidenceOutcome::NothingToKeep))
    }
}
