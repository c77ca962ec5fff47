//! What `ims` reads and how each event is routed; the rules are in [`crate::decide`].

use crate::desk::{Desk, WORKER};
use crate::outcome::Outcome;
use crate::{actions, bills, days, records, registration, statements};
use gst_events::{
    ActionProposed, ActionRefused, ActiveRulebook, Alert, AnnualReturnFiled, BillOfEntryAmended, BillOfEntryMovedIn,
    BillOfEntryMovedOut, BillOfEntryReceived, BillOfEntryStatusChanged, DayOpened, DocumentChanged, DocumentFiled,
    DocumentSaved, DocumentWithdrawn, DueDateExtended, EventPayload, EventType, ImsActionApproved, ImsActionDenied,
    ImsActionRequested, ImsRecord, ImsRecordDecided, IsdDocumentReported, LiabilityRaised, Outgoing, PeriodLocked,
    PermanentReversalRecorded, PortalDiverged, RecipientReturnFiled, Request, Rule37aReversalListed, StatementDue,
    StatementRequested, TaxpayerRegistered,
};
use gst_rules::rule::PD_6;
use gst_types::{Gstin, IstInstant};
use stream::{
    Context, DecideError, DecisionOf, JobSource, Processor, Reaction, Route, StateError, StateView, WorkerName,
};

gst_events::reads! {
    /// What `ims` reads from the recipient journal.
    pub enum Event {
        TaxpayerRegistered,
        DocumentSaved,
        DocumentChanged,
        DocumentWithdrawn,
        DocumentFiled,
        IsdDocumentReported,
        Rule37aReversalListed,
        BillOfEntryReceived,
        BillOfEntryAmended,
        BillOfEntryStatusChanged,
        BillOfEntryMovedOut,
        BillOfEntryMovedIn,
        ImsActionRequested,
        ImsActionApproved,
        ImsActionDenied,
        StatementRequested,
        RecipientReturnFiled,
        AnnualReturnFiled,
        PermanentReversalRecorded,
        DayOpened,
        DueDateExtended,
    }
}

/// A record and what may be said with it: its decision, its public picture, answers to actions that waited, alerts.
const OF_A_RECORD: &[EventType] = &[
    ImsRecordDecided::TYPE,
    ImsRecord::TYPE,
    ActionRefused::TYPE,
    PortalDiverged::TYPE,
    StatementDue::TYPE,
    Request::TYPE,
    Alert::TYPE,
];
const OF_AN_ACTION: &[EventType] = &[
    ImsRecordDecided::TYPE,
    ImsRecord::TYPE,
    ActionRefused::TYPE,
    ActionProposed::TYPE,
    PortalDiverged::TYPE,
    StatementDue::TYPE,
    Request::TYPE,
    Alert::TYPE,
];
const OF_A_RETURN: &[EventType] = &[
    ImsRecordDecided::TYPE,
    ImsRecord::TYPE,
    ActionRefused::TYPE,
    PortalDiverged::TYPE,
    StatementDue::TYPE,
    PeriodLocked::TYPE,
    LiabilityRaised::TYPE,
    Request::TYPE,
    Alert::TYPE,
];

const fn reaction(reads: EventType, causes: &'static [EventType]) -> Reaction {
    Reaction { reads, causes }
}

/// The worker that alone decides which record counts, where and how much, and that a statement is due, stale or locked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ims;

impl Ims {
    /// The worker.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Processor for Ims {
    const NAME: WorkerName = WorkerName(WORKER);
    const REACTIONS: &'static [Reaction] = &[
        reaction(TaxpayerRegistered::TYPE, OF_A_RECORD),
        reaction(DocumentSaved::TYPE, OF_A_RECORD),
        reaction(DocumentChanged::TYPE, OF_A_RECORD),
        reaction(DocumentWithdrawn::TYPE, OF_A_RECORD),
        reaction(DocumentFiled::TYPE, OF_A_RECORD),
        reaction(IsdDocumentReported::TYPE, OF_A_RECORD),
        reaction(Rule37aReversalListed::TYPE, OF_A_RECORD),
        reaction(BillOfEntryReceived::TYPE, OF_A_RECORD),
        reaction(BillOfEntryAmended::TYPE, OF_A_RECORD),
        reaction(BillOfEntryStatusChanged::TYPE, OF_A_RECORD),
        reaction(BillOfEntryMovedOut::TYPE, OF_A_RECORD),
        reaction(BillOfEntryMovedIn::TYPE, OF_A_RECORD),
        reaction(ImsActionRequested::TYPE, OF_AN_ACTION),
        reaction(ImsActionApproved::TYPE, OF_AN_ACTION),
        reaction(ImsActionDenied::TYPE, OF_AN_ACTION),
        reaction(StatementRequested::TYPE, OF_A_RECORD),
        reaction(RecipientReturnFiled::TYPE, OF_A_RETURN),
        reaction(AnnualReturnFiled::TYPE, OF_A_RECORD),
        reaction(PermanentReversalRecorded::TYPE, OF_A_RECORD),
        reaction(DayOpened::TYPE, OF_A_RECORD),
        reaction(DueDateExtended::TYPE, &[]),
    ];
    type Event = Event;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = Outcome;

    fn route(&self, event: &Event) -> Route {
        match event {
            Event::TaxpayerRegistered(one) => key(one.gstin),
            Event::DocumentSaved(one) => key(one.document.record.recipient.gstin()),
            Event::DocumentChanged(one) => key(one.document.record.recipient.gstin()),
            Event::DocumentWithdrawn(one) => key(one.recipient.gstin()),
            Event::DocumentFiled(one) => key(one.document.record.recipient.gstin()),
            Event::IsdDocumentReported(one) => key(one.recipient.gstin()),
            Event::Rule37aReversalListed(one) => key(one.recipient.gstin()),
            Event::BillOfEntryReceived(one) => key(one.details.importer.gstin()),
            Event::BillOfEntryAmended(one) => key(one.details.importer.gstin()),
            Event::BillOfEntryStatusChanged(one) => key(one.details.importer.gstin()),
            Event::BillOfEntryMovedOut(one) => key(one.details.importer.gstin()),
            Event::BillOfEntryMovedIn(one) => key(one.details.importer.gstin()),
            Event::ImsActionRequested(one) => key(one.recipient.gstin()),
            Event::ImsActionApproved(one) => key(one.recipient.gstin()),
            Event::ImsActionDenied(one) => key(one.recipient.gstin()),
            Event::StatementRequested(one) => key(one.recipient.gstin()),
            Event::RecipientReturnFiled(one) => key(one.recipient.gstin()),
            Event::AnnualReturnFiled(one) => key(one.recipient.gstin()),
            Event::PermanentReversalRecorded(one) => key(one.recipient.gstin()),
            Event::DayOpened(_) => Route::Job(JobSource::Rows),
            Event::DueDateExtended(_) => Route::Partition,
        }
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        context: &Context<'_, ActiveRulebook>,
    ) -> Result<DecisionOf<Self>, DecideError> {
        if let Event::DueDateExtended(extension) = event {
            return Ok(days::extended(rows, extension)?.finish(Outcome::Decided(PD_6)));
        }
        let desk = Desk::open(*rows, context)?;
        match event {
            Event::TaxpayerRegistered(one) => registration::registered(desk, one),
            Event::DocumentSaved(one) => records::saved(desk, one),
            Event::DocumentChanged(one) => records::changed(desk, one),
            Event::DocumentWithdrawn(one) => records::withdrawn(desk, one),
            Event::DocumentFiled(one) => records::filed(desk, one),
            Event::IsdDocumentReported(one) => records::isd(desk, one),
            Event::Rule37aReversalListed(one) => records::rule_37a(desk, one),
            Event::BillOfEntryReceived(one) => bills::received(desk, one),
            Event::BillOfEntryAmended(one) => bills::amended(desk, one),
            Event::BillOfEntryStatusChanged(one) => bills::status_changed(desk, one),
            Event::BillOfEntryMovedOut(one) => bills::moved_out(desk, one),
            Event::BillOfEntryMovedIn(one) => bills::moved_in(desk, one),
            Event::ImsActionRequested(one) => actions::requested(desk, one),
            Event::ImsActionApproved(one) => actions::approved(desk, one),
            Event::ImsActionDenied(one) => actions::denied(desk, one),
            Event::StatementRequested(one) => statements::requested(desk, one),
            Event::RecipientReturnFiled(one) => statements::filed(desk, one),
            Event::AnnualReturnFiled(one) => registration::annual_return(desk, one),
            Event::PermanentReversalRecorded(one) => bills::reversed_outside(desk, one),
            Event::DayOpened(one) => days::opened(desk, one),
            Event::DueDateExtended(_) => Err(DecideError::Broken("an extension has no key".to_owned())),
        }
    }

    fn job_keys(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StateError> {
        match event {
            Event::DayOpened(day) => days::taxpayers_due(rows, day.date, after, limit),
            _ => Ok(Vec::new()),
        }
    }

    fn repeated(&self, event: &Event, context: &Context<'_, ActiveRulebook>) -> Vec<Outgoing> {
        let Some((gstin, at)) = answered(event) else { return Vec::new() };
        let request = Request::repeated(context.meta, Self::NAME, at);
        vec![Outgoing::result(gstin, &request)]
    }
}

fn key(gstin: Gstin) -> Route {
    Route::Key(gstin.to_string())
}

/// The facts that this worker answers, with the instant in them; decisions of other workers are answered there.
fn answered(event: &Event) -> Option<(Gstin, Option<IstInstant>)> {
    match event {
        Event::TaxpayerRegistered(one) => Some((one.gstin, one.at)),
        Event::Rule37aReversalListed(one) => Some((one.recipient.gstin(), Some(one.at))),
        Event::ImsActionRequested(one) => Some((one.recipient.gstin(), Some(one.at))),
        Event::ImsActionApproved(one) => Some((one.recipient.gstin(), Some(one.at))),
        Event::ImsActionDenied(one) => Some((one.recipient.gstin(), Some(one.at))),
        Event::StatementRequested(one) => Some((one.recipient.gstin(), Some(one.at))),
        Event::RecipientReturnFiled(one) => Some((one.recipient.gstin(), Some(one.filed_at))),
        Event::AnnualReturnFiled(one) => Some((one.recipient.gstin(), Some(one.filed_at))),
        Event::DocumentSaved(_)
        | Event::DocumentChanged(_)
        | Event::DocumentWithdrawn(_)
        | Event::DocumentFiled(_)
        | Event::IsdDocumentReported(_)
        | Event::BillOfEntryReceived(_)
        | Event::BillOfEntryAmended(_)
        | Event::BillOfEntryStatusChanged(_)
        | Event::BillOfEntryMovedOut(_)
        | Event::BillOfEntryMovedIn(_)
        | Event::PermanentReversalRecorded(_)
        | Event::DayOpened(_)
        | Event::DueDateExtended(_) => None,
    }
}
