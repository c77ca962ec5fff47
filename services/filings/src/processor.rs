//! Asks the rules about one supplier's fact and answers who sent it.

use crate::decide::{self, StatusReport, Verdict};
use crate::outcome::FilingsOutcome;
use gst_events::{
    ActiveRulebook, Alert, DocumentChanged, DocumentFiled, DocumentSaved, DocumentWithdrawn, EventPayload,
    IsdDocumentFiled, IsdDocumentReported, LiabilityRaised, Origin, Outgoing, PeriodLocked, RecordId, Request,
    RequestStatus, SupplierGstr3bStatus, SupplierLiability, SupplierRecordDeleted, SupplierRecordSaved,
    SupplierReturnFiled, SupplierStatusReported, SupplierWatched, TaxpayerRegistered, TaxpayerRole,
};
use gst_rules::rulebook::SupplierOwnReturn;
use gst_types::{IstInstant, SupplierGstin};
use stream::{
    Context, DecideError, DecisionOf, Draft, Outcome, OutcomeKind, Processor, Reaction, Route, StateView, WorkerName,
};

gst_events::reads! {
    /// What `filings` reads.
    pub enum Event {
        TaxpayerRegistered,
        SupplierRecordSaved,
        SupplierRecordDeleted,
        SupplierReturnFiled,
        IsdDocumentFiled,
        SupplierStatusReported,
        PeriodLocked,
        LiabilityRaised,
        SupplierWatched,
    }
}

/// The worker.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filings;

impl Filings {
    /// The worker.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// Who is answered, if anybody: those who ask, and those who are refused.
struct Sender {
    supplier: SupplierGstin,
    at: Option<IstInstant>,
    /// `None` where the event neither asks nor tells but is another worker's decision.
    origin: Option<Origin>,
    /// Of a message with many records, which one.
    record_id: Option<RecordId>,
}

impl Sender {
    fn of(event: &Event) -> Self {
        let record_id = match event {
            Event::SupplierRecordSaved(fact) => Some(fact.record_id.clone()),
            Event::IsdDocumentFiled(fact) => Some(fact.record_id.clone()),
            Event::SupplierRecordDeleted(fact) => fact.record_id.clone(),
            Event::TaxpayerRegistered(_)
            | Event::SupplierReturnFiled(_)
            | Event::SupplierStatusReported(_)
            | Event::PeriodLocked(_)
            | Event::LiabilityRaised(_)
            | Event::SupplierWatched(_) => None,
        };
        let sender = |supplier, at, origin| Self { supplier, at, origin, record_id: record_id.clone() };
        let told = Some(Origin::Portal);
        match event {
            Event::TaxpayerRegistered(fact) => sender(SupplierGstin(fact.gstin), fact.at, told),
            Event::SupplierRecordSaved(fact) => sender(fact.record.supplier, Some(fact.at), Some(fact.origin)),
            Event::SupplierRecordDeleted(fact) => sender(fact.supplier, Some(fact.at), Some(fact.origin)),
            Event::SupplierReturnFiled(fact) => sender(fact.supplier, Some(fact.filed_at), Some(fact.origin)),
            Event::IsdDocumentFiled(fact) => sender(fact.isd, Some(fact.filed_at), told),
            Event::SupplierStatusReported(fact) => sender(fact.supplier, Some(fact.at), told),
            Event::PeriodLocked(event) => sender(SupplierGstin(event.gstin), Some(event.filed_at), None),
            Event::LiabilityRaised(event) => sender(event.supplier, Some(event.raised_at), None),
            Event::SupplierWatched(event) => sender(event.supplier, None, None),
        }
    }

    fn answer(&self, context: &Context<'_, ActiveRulebook>, outcome: FilingsOutcome) -> Outgoing {
        let refused = outcome.kind() == OutcomeKind::Refused;
        let status = if refused { RequestStatus::Refused } else { RequestStatus::Applied };
        let request = Request {
            code: refused.then(|| outcome.code().to_owned()),
            record_id: self.record_id.clone(),
            rule: Some(outcome.rule_ref()),
            at: self.at,
            ..Request::answer(context.meta, Filings::NAME, status, outcome.message())
        };
        Outgoing::result(self.supplier.gstin(), &request)
    }

    fn alert(&self, outcome: FilingsOutcome, applied: bool) -> Option<Outgoing> {
        let what =
            if applied { "the portal's record was applied although" } else { "the portal's record was put aside:" };
        let alert = |at: IstInstant| Alert {
            code: outcome.code().to_owned(),
            gstin: self.supplier.gstin(),
            subject: None,
            date: at.date(),
            message: format!("{what} {}", outcome.message()),
            rule: Some(outcome.rule_ref()),
            worker: Filings::NAME.0.to_owned(),
        };
        self.at.map(|at| Outgoing::alert(self.supplier.gstin(), &alert(at)))
    }
}

fn judge(
    draft: &mut Draft<'_, Outgoing>,
    event: &Event,
    context: &Context<'_, ActiveRulebook>,
) -> Result<Verdict, DecideError> {
    let (rules, cursor, changes_max) = (context.rules, context.cursor, context.page.changes_max);
    Ok(match event {
        Event::TaxpayerRegistered(fact) => decide::registered(draft, fact)?.into(),
        Event::SupplierRecordSaved(fact) => decide::save(draft, fact, rules)?,
        Event::SupplierRecordDeleted(fact) => decide::delete(draft, fact, rules)?.into(),
        Event::SupplierReturnFiled(fact) => decide::file(draft, fact, rules, cursor, changes_max)?,
        Event::IsdDocumentFiled(fact) => decide::isd_filed(draft, fact)?.into(),
        Event::SupplierStatusReported(fact) => {
            let report = StatusReport { supplier: fact.supplier, period: fact.period, filed: fact.filed, at: fact.at };
            decide::reported(draft, &report, FilingsOutcome::StatusReported, cursor, changes_max)?
        }
        Event::PeriodLocked(_) if rules.supplier_own_return() == SupplierOwnReturn::ReportedOnly => {
            FilingsOutcome::OwnReturnFiled.into()
        }
        Event::PeriodLocked(event) => {
            let supplier = SupplierGstin(event.gstin);
            let report = StatusReport { supplier, period: event.period, filed: true, at: event.filed_at };
            decide::reported(draft, &report, FilingsOutcome::OwnReturnFiled, cursor, changes_max)?
        }
        Event::LiabilityRaised(event) => decide::liability_raised(draft, event)?.into(),
        Event::SupplierWatched(event) => decide::watched(draft, event)?.into(),
    })
}

impl Processor for Filings {
    const NAME: WorkerName = WorkerName("filings");
    const REACTIONS: &'static [Reaction] = &[
        Reaction { reads: TaxpayerRegistered::TYPE, causes: &[Request::TYPE] },
        Reaction {
            reads: SupplierRecordSaved::TYPE,
            causes: &[
                DocumentSaved::TYPE,
                DocumentChanged::TYPE,
                DocumentWithdrawn::TYPE,
                DocumentFiled::TYPE,
                Request::TYPE,
                Alert::TYPE,
            ],
        },
        Reaction { reads: SupplierRecordDeleted::TYPE, causes: &[DocumentWithdrawn::TYPE, Request::TYPE, Alert::TYPE] },
        Reaction { reads: SupplierReturnFiled::TYPE, causes: &[DocumentFiled::TYPE, Request::TYPE, Alert::TYPE] },
        Reaction { reads: IsdDocumentFiled::TYPE, causes: &[IsdDocumentReported::TYPE, Request::TYPE, Alert::TYPE] },
        Reaction {
            reads: SupplierStatusReported::TYPE,
            causes: &[SupplierGstr3bStatus::TYPE, SupplierLiability::TYPE, Request::TYPE],
        },
        Reaction { reads: PeriodLocked::TYPE, causes: &[SupplierGstr3bStatus::TYPE, SupplierLiability::TYPE] },
        Reaction { reads: LiabilityRaised::TYPE, causes: &[SupplierLiability::TYPE] },
        Reaction { reads: SupplierWatched::TYPE, causes: &[SupplierGstr3bStatus::TYPE] },
    ];
    type Event = Event;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = FilingsOutcome;

    fn route(&self, event: &Event) -> Route {
        Route::Key(Sender::of(event).supplier.to_string())
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        context: &Context<'_, ActiveRulebook>,
    ) -> Result<DecisionOf<Self>, DecideError> {
        let mut draft = Draft::new(*rows);
        let sender = Sender::of(event);
        let Verdict { outcome, diverged, resume } = judge(&mut draft, event, context)?;
        let refused = outcome.kind() == OutcomeKind::Refused;
        if resume.is_none() {
            if sender.origin.is_some() && (refused || sender.origin == Some(Origin::User)) {
                draft.emit(sender.answer(context, outcome));
            }
            let by_portal = sender.origin == Some(Origin::Portal);
            let alarming = if refused { Some(outcome) } else { diverged };
            if let (true, Some(alarming)) = (by_portal, alarming) {
                sender.alert(alarming, !refused).into_iter().for_each(|alert| draft.emit(alert));
            }
        }
        Ok(draft.finish_page(outcome, resume))
    }

    /// A registration in both roles is answered by `ims`.
    fn repeated(&self, event: &Event, context: &Context<'_, ActiveRulebook>) -> Vec<Outgoing> {
        let answered_elsewhere =
            matches!(event, Event::TaxpayerRegistered(fact) if fact.role != TaxpayerRole::Supplier);
        if answered_elsewhere {
            return Vec::new();
        }
        let sender = Sender::of(event);
        let repeated = Request::repeated(context.meta, Self::NAME, sender.at);
        vec![Outgoing::result(sender.supplier.gstin(), &Request { record_id: sender.record_id, ..repeated })]
    }
}
