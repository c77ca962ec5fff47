//! What `gstr2b` reads and how each event is routed.

use crate::desk::Desk;
use crate::outcome::Outcome;
use crate::{credit, lines, publish};
use gst_events::{
    ActiveRulebook, Alert, ClaimNotInStatement, CreditAvailed, CreditClaimed, EventPayload, Gstr2bChunk, Gstr2bSealed,
    ImsRecordDecided, Outgoing, PeriodLocked, ReturnClaimsTold, StatementDue,
};
use stream::{Context, DecideError, DecisionOf, Processor, Reaction, Route, StateView, WorkerName};

gst_events::reads! {
    /// What `gstr2b` reads from the recipient journal.
    pub enum Event {
        ImsRecordDecided,
        StatementDue,
        PeriodLocked,
        CreditClaimed,
    }
}

/// The worker that publishes statements and says which credit is availed from them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gstr2b;

impl Gstr2b {
    /// The worker.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Processor for Gstr2b {
    const NAME: WorkerName = WorkerName("gstr2b");
    const REACTIONS: &'static [Reaction] = &[
        Reaction { reads: ImsRecordDecided::TYPE, causes: &[] },
        Reaction { reads: StatementDue::TYPE, causes: &[Gstr2bChunk::TYPE, Gstr2bSealed::TYPE] },
        Reaction {
            reads: PeriodLocked::TYPE,
            causes: &[CreditAvailed::TYPE, ClaimNotInStatement::TYPE, ReturnClaimsTold::TYPE, Alert::TYPE],
        },
        Reaction { reads: CreditClaimed::TYPE, causes: &[CreditAvailed::TYPE, ClaimNotInStatement::TYPE, Alert::TYPE] },
    ];
    type Event = Event;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = Outcome;

    fn route(&self, event: &Event) -> Route {
        Route::Key(match event {
            Event::ImsRecordDecided(one) => one.recipient.to_string(),
            Event::StatementDue(one) => one.recipient.to_string(),
            Event::PeriodLocked(one) => one.gstin.to_string(),
            Event::CreditClaimed(one) => one.recipient.to_string(),
        })
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        context: &Context<'_, ActiveRulebook>,
    ) -> Result<DecisionOf<Self>, DecideError> {
        let desk = Desk::open(*rows, context)?;
        match event {
            Event::ImsRecordDecided(one) => lines::decided(desk, one),
            Event::StatementDue(one) => publish::due(desk, one),
            Event::PeriodLocked(one) => credit::locked(desk, one),
            Event::CreditClaimed(one) => credit::claimed(desk, one),
        }
    }
}
