//! The loop's side of the worker: whom an event concerns, and the decision for it.

use crate::capture;
use crate::pack::{self, Origin};
use crate::purge;
use crate::rows::{ActorRow, DueRow, ReportedRow, ReturnRow, actor_key, due_key, reported_prefix, return_key};
use gst_events::{
    ActionProposed, ActiveRulebook, Actor, AdvanceAdjusted, BillOfEntryAmended, BillOfEntryMovedIn,
    BillOfEntryMovedOut, BillOfEntryReceived, BillOfEntryStatusChanged, BookAdjusted, CommercialNoteReceived,
    CreditAvailed, DayOpened, DocumentFiled, EventPayload, EventType, EvidenceAdded, EvidenceDeleted, EvidencePack,
    EvidenceReferenced, GoodsReceived, ImsActionApproved, ImsActionRequested, ImsRecordDecided, InvoiceBooked,
    InvoiceCorrected, InvoicePaymentChanged, IsdDocumentReported, LedgerEntryChanged, NoteAccepted, Outgoing,
    PaymentMade, PaymentReallocated, PaymentTimerFired, PeriodLocked, Request, RequestStatus, SupplierGstr3bStatus,
    TdsDeducted, reads,
};
use gst_rules::audit::{Retention, retention};
use gst_rules::calendar::annual_return_due;
use gst_rules::rule;
use gst_types::{IstDate, IstInstant, RecipientGstin};
use stream::{
    Context, Cursor, DecideError, DecisionOf, Draft, JobSource, Outcome, OutcomeKind, Processor, Reaction, Route,
    RowKey, StateError, StateView, WorkerName,
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
        ActionProposed,
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

const PACK: &[EventType] = &[EvidenceAdded::TYPE, EvidencePack::TYPE];
const PACK_OR_ANSWER: &[EventType] = &[EvidenceAdded::TYPE, EvidencePack::TYPE, Request::TYPE];
const DELETION: &[EventType] = &[EvidenceDeleted::TYPE];

/// Documents of a supplier's period that are read at a time: a return has tens of them, and a page ends before its limit.
const REPORTED_AT_A_TIME: usize = 50;

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
    /// A pack grew or its judgement changed.
    PackChanged,
    /// It is kept for artefacts to come.
    Remembered,
    /// It proves nothing about a document that was not known.
    NothingToKeep,
    /// A reference to a file that cannot be evidence.
    FileRefused,
    /// What was kept long enough is gone.
    RetentionEnded,
}

impl Outcome for EvidenceOutcome {
    fn kind(&self) -> OutcomeKind {
        match self {
            Self::PackChanged | Self::Remembered | Self::NothingToKeep | Self::RetentionEnded => OutcomeKind::Decided,
            Self::FileRefused => OutcomeKind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::PackChanged => "PACK_CHANGED",
            Self::Remembered => "REMEMBERED",
            Self::NothingToKeep => "NOTHING_TO_KEEP",
            Self::FileRefused => "FILE_REFUSED",
            Self::RetentionEnded => "RETENTION_ENDED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::PackChanged => rule::AUD_3.code(),
            Self::Remembered | Self::NothingToKeep => rule::AUD_1.code(),
            Self::FileRefused => rule::AUD_2.code(),
            Self::RetentionEnded => rule::AUD_6.code(),
        }
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
        reaction::<ActionProposed>(&[]),
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
        reaction::<DayOpened>(DELETION),
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
            Event::ActionProposed(event) => Route::Key(event.request.recipient.to_string()),
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
        event: &Event,
        context: &Context<'_, ActiveRulebook>,
    ) -> Result<DecisionOf<Self>, DecideError> {
        let recipient: RecipientGstin =
            context.key.parse().map_err(|_| DecideError::Broken("the key is no GSTIN (ID-1)".to_owned()))?;
        let mut draft = Draft::new(*rows);
        match event {
            Event::DayOpened(event) => {
                let more = purge::purge(&mut draft, recipient, event.date, context.page.changes_max)?;
                Ok(draft.finish_page(EvidenceOutcome::RetentionEnded, more.then(|| Cursor("more".to_owned()))))
            }
            Event::PeriodLocked(event) => {
                remember_return(&mut draft, recipient, event);
                Ok(draft.finish(EvidenceOutcome::Remembered))
            }
            Event::ImsActionRequested(event) => {
                let seen = Seen { key: &context.meta.id, at: event.at, proposer: None };
                Ok(remember_actor(draft, recipient, event.actor.as_ref(), seen, context))
            }
            Event::ActionProposed(event) => {
                let key = proposal_name(&event.proposal_id);
                let seen = Seen { key: &key, at: event.request.at, proposer: None };
                Ok(remember_actor(draft, recipient, event.request.actor.as_ref(), seen, context))
            }
            Event::ImsActionApproved(event) => {
                let proposed = draft.get::<ActorRow>(&actor_key(recipient, &proposal_name(&event.proposal_id)))?;
                let proposer = proposed.map(|row| (row.subject, row.at));
                let seen = Seen { key: &context.meta.id, at: event.at, proposer };
                Ok(remember_actor(draft, recipient, Some(&event.actor), seen, context))
            }
            Event::SupplierGstr3bStatus(event) => supplier_status(draft, recipient, event, context),
            Event::EvidenceReferenced(reference) => match refusal(reference) {
                Some((code, message)) => {
                    draft.emit(refused(recipient, (code, message), reference.at, context));
                    Ok(draft.finish(EvidenceOutcome::FileRefused))
                }
                None => captured(draft, recipient, event, context),
            },
            Event::InvoiceBooked(_)
            | Event::InvoiceCorrected(_)
            | Event::GoodsReceived(_)
            | Event::NoteAccepted(_)
            | Event::PaymentMade(_)
            | Event::TdsDeducted(_)
            | Event::BookAdjusted(_)
            | Event::AdvanceAdjusted(_)
            | Event::CommercialNoteReceived(_)
            | Event::PaymentReallocated(_)
            | Event::DocumentFiled(_)
            | Event::IsdDocumentReported(_)
            | Event::ImsRecordDecided(_)
            | Event::CreditAvailed(_)
            | Event::InvoicePaymentChanged(_)
            | Event::PaymentTimerFired(_)
            | Event::LedgerEntryChanged(_)
            | Event::BillOfEntryReceived(_)
            | Event::BillOfEntryAmended(_)
            | Event::BillOfEntryStatusChanged(_)
            | Event::BillOfEntryMovedOut(_)
            | Event::BillOfEntryMovedIn(_) => captured(draft, recipient, event, context),
        }
    }

    fn job_keys(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StateError> {
        let Event::DayOpened(event) = event else { return Ok(Vec::new()) };
        purge::keys(rows, event.date, after, limit)
    }

    fn repeated(&self, event: &Event, context: &Context<'_, ActiveRulebook>) -> Vec<Outgoing> {
        let (recipient, at) = if let Event::GoodsReceived(event) = event {
            (event.recipient, event.at)
        } else if let Event::EvidenceReferenced(event) = event {
            (event.recipient, event.at)
        } else {
            // Facts of others are answered by the worker that decides them.
            return Vec::new();
        };
        vec![Outgoing::result(recipient.gstin(), &Request::repeated(context.meta, Self::NAME, Some(at)))]
    }
}

type Made = Result<DecisionOf<AuditEvidence>, DecideError>;
type Log<'a> = Context<'a, ActiveRulebook>;

fn captured(mut draft: Draft<'_, Outgoing>, recipient: RecipientGstin, event: &Event, context: &Log<'_>) -> Made {
    let origin = Origin {
        rulebook: context.rules,
        event_id: &context.meta.id,
        asked_by: actor_behind(&draft, recipient, event, context)?,
        day: context.day.map(IstDate::from_naive),
    };
    let mut published = false;
    for capture in capture::of(event) {
        published |= pack::add(&mut draft, recipient, capture, &origin)?;
    }
    Ok(draft.finish(if published { EvidenceOutcome::PackChanged } else { EvidenceOutcome::NothingToKeep }))
}

/// Who asked for the action that a decision on a record carries out: the decision names the asking event as its cause.
fn actor_behind(
    draft: &Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    event: &Event,
    context: &Log<'_>,
) -> Result<Option<ActorRow>, StateError> {
    let (Event::ImsRecordDecided(_), Some(cause)) = (event, &context.meta.cause) else { return Ok(None) };
    draft.get::<ActorRow>(&actor_key(recipient, cause))
}

/// What is remembered of an actor, and under which event.
struct Seen<'a> {
    key: &'a str,
    at: IstInstant,
    proposer: Option<(String, IstInstant)>,
}

/// The name under which a proposer is remembered: the second person names the proposal, not its event.
fn proposal_name(proposal_id: &str) -> String {
    format!("proposal {proposal_id}")
}

fn remember_actor(
    mut draft: Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    actor: Option<&Actor>,
    seen: Seen<'_>,
    context: &Log<'_>,
) -> DecisionOf<AuditEvidence> {
    let Some(actor) = actor else { return draft.finish(EvidenceOutcome::NothingToKeep) };
    let Seen { key, at, proposer } = seen;
    let row = ActorRow { subject: actor.subject.clone(), role: actor.role.clone(), at, proposer };
    draft.put(&actor_key(recipient, key), &row);
    let today = context.day.map_or(at.date(), IstDate::from_naive);
    let what = DueRow::Actor(key.to_owned());
    draft.put(&due_key(today.plus_days(context.rules.waiting_days_max()).next(), recipient, &what), &what);
    draft.finish(EvidenceOutcome::Remembered)
}

fn remember_return(draft: &mut Draft<'_, Outgoing>, recipient: RecipientGstin, event: &PeriodLocked) {
    let row = ReturnRow { filed_at: event.filed_at, arn: event.arn.clone() };
    draft.put(&return_key(recipient, event.period), &row);
    let due = annual_return_due(event.period.financial_year());
    let until = match retention(due, None, false) {
        Retention::Until(day) => day,
        Retention::IndefiniteHold => due,
    };
    let what = DueRow::Return(event.period);
    draft.put(&due_key(until.max(event.filed_at.date()).next(), recipient, &what), &what);
}

/// A supplier's return concerns every document of its months: in pages, behind the document of the cursor.
fn supplier_status(
    mut draft: Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    event: &SupplierGstr3bStatus,
    context: &Log<'_>,
) -> Made {
    let day = context.day.map(IstDate::from_naive);
    let origin = Origin { rulebook: context.rules, event_id: &context.meta.id, asked_by: None, day };
    let mut after = context.cursor.map(|cursor| RowKey::from_text(cursor.0.as_str()));
    for period in &event.periods {
        let prefix = reported_prefix(recipient, event.supplier, *period);
        // A cursor in a later month: this one is done.
        if after.as_ref().is_some_and(|after| !after.as_str().starts_with(prefix.as_str())) {
            continue;
        }
        let at = day.unwrap_or_else(|| period.last_day()).start();
        loop {
            let found = draft.scan::<ReportedRow>(&prefix, after.as_ref(), REPORTED_AT_A_TIME)?;
            let is_last = found.len() < REPORTED_AT_A_TIME;
            for (key, row) in found {
                pack::add(&mut draft, recipient, capture::supplier_status(event, *period, row.subject, at), &origin)?;
                if draft.change_count() + draft.event_count() >= context.page.changes_max {
                    let cursor = Cursor(key.as_str().to_owned());
                    return Ok(draft.finish_page(EvidenceOutcome::PackChanged, Some(cursor)));
                }
                after = Some(key);
            }
            if is_last {
                break;
            }
        }
        after = None;
    }
    Ok(draft.finish(EvidenceOutcome::PackChanged))
}

/// AUD-2: a file proves one of five artefacts and is known by its hash.
fn refusal(reference: &EvidenceReferenced) -> Option<(&'static str, &'static str)> {
    let is_hash = reference.sha256.len() == 64 && reference.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !(1..=5).contains(&reference.artefact) {
        Some(("EVIDENCE_ARTEFACT_UNKNOWN", "field artefact: a number from 1 to 5 is expected (AUD-1)"))
    } else if !is_hash {
        Some(("EVIDENCE_HASH_INVALID", "field sha256: 64 hexadecimal digits are expected (AUD-2)"))
    } else {
        None
    }
}

fn refused(recipient: RecipientGstin, (code, message): (&str, &str), at: IstInstant, context: &Log<'_>) -> Outgoing {
    let request = Request {
        code: Some(code.to_owned()),
        rule: Some(rule::AUD_2),
        at: Some(at),
        ..Request::answer(context.meta, AuditEvidence::NAME, RequestStatus::Refused, message)
    };
    Outgoing::result(recipient.gstin(), &request)
}
