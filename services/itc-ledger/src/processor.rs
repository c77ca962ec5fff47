//! The worker as the loop sees it.

use crate::decide::Work;
use crate::rows::{self, PassedRow};
use gst_events::{
    ActiveRulebook, Alert, AnnualReturnFiled, BillOfEntryAmended, BillOfEntryMovedIn, BillOfEntryMovedOut,
    BillOfEntryReceived, BillOfEntryStatusChanged, CreditAvailed, CreditCategorySet, CreditLedgerBalanceReported,
    EventPayload, FilingDiffers, ImsRecordDecided, InvoicePaymentChanged, LedgerEntry, LedgerEntryChanged, Outgoing,
    PaymentTimerFired, PeriodLocked, PermanentReversalRecorded, Request, ReturnClaimsTold, ReversalStatementOpened,
    SupplierGstr3bStatus, SupplierWatched, TaxpayerRegistered, TimersPassed, TurnoverReported,
};
use gst_rules::{RuleRef, rule};
use gst_types::{Gstin, IstDate, RecipientGstin};
use stream::{
    Context, Cursor, DecideError, Decision, Draft, EventType, JobSource, Outcome, OutcomeKind, Processor, Reaction,
    Route, StateError, StateView, WorkerName,
};

gst_events::reads! {
    /// What itc-ledger reads.
    pub enum Event {
        CreditAvailed, InvoicePaymentChanged, PaymentTimerFired, TimersPassed, PermanentReversalRecorded,
        BillOfEntryReceived, BillOfEntryAmended, BillOfEntryStatusChanged, BillOfEntryMovedOut, BillOfEntryMovedIn,
        SupplierGstr3bStatus, ImsRecordDecided, AnnualReturnFiled, CreditLedgerBalanceReported, PeriodLocked,
        TaxpayerRegistered, ReturnClaimsTold, ReversalStatementOpened, CreditCategorySet,
        TurnoverReported,
    }
}

/// What decided: the rule under which a fact was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerOutcome {
    /// The fact was taken in under that rule.
    Recorded(RuleRef),
    /// It concerns no credit.
    NoEffect,
}

impl Outcome for LedgerOutcome {
    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Decided
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "RECORDED",
            Self::NoEffect => "NO_EFFECT",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Recorded(rule) => rule.code(),
            Self::NoEffect => rule::R37_12.code(),
        }
    }
}

/// Rows and events that settling one document or posting one entry makes at most, nearly always fewer.
const CHANGES_OF_ONE: usize = 10;

/// What a fact about a document may cause.
const OF_A_FACT: &[EventType] = &[
    LedgerEntryChanged::TYPE,
    LedgerEntry::TYPE,
    SupplierWatched::TYPE,
    FilingDiffers::TYPE,
    Alert::TYPE,
    Request::TYPE,
];

/// What is heard of a watched supplier begins no watch, so that a watch never causes itself.
const OF_A_STATUS: &[EventType] = &[LedgerEntryChanged::TYPE, LedgerEntry::TYPE, Alert::TYPE, Request::TYPE];

const fn reaction(reads: EventType, causes: &'static [EventType]) -> Reaction {
    Reaction { reads, causes }
}

/// The worker `itc-ledger`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ItcLedger;

impl ItcLedger {
    /// The worker; it keeps nothing between decisions.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Processor for ItcLedger {
    const NAME: WorkerName = WorkerName("itc-ledger");
    const REACTIONS: &'static [Reaction] = &[
        reaction(CreditAvailed::TYPE, OF_A_FACT),
        reaction(InvoicePaymentChanged::TYPE, OF_A_FACT),
        reaction(PaymentTimerFired::TYPE, OF_A_FACT),
        reaction(TimersPassed::TYPE, OF_A_FACT),
        reaction(PermanentReversalRecorded::TYPE, OF_A_FACT),
        reaction(BillOfEntryReceived::TYPE, OF_A_FACT),
        reaction(BillOfEntryAmended::TYPE, OF_A_FACT),
        reaction(BillOfEntryStatusChanged::TYPE, OF_A_FACT),
        reaction(BillOfEntryMovedOut::TYPE, OF_A_FACT),
        reaction(BillOfEntryMovedIn::TYPE, OF_A_FACT),
        reaction(SupplierGstr3bStatus::TYPE, OF_A_STATUS),
        reaction(ImsRecordDecided::TYPE, OF_A_FACT),
        reaction(AnnualReturnFiled::TYPE, &[]),
        reaction(CreditLedgerBalanceReported::TYPE, &[]),
        reaction(PeriodLocked::TYPE, OF_A_FACT),
        reaction(TaxpayerRegistered::TYPE, &[]),
        reaction(ReturnClaimsTold::TYPE, OF_A_FACT),
        reaction(ReversalStatementOpened::TYPE, &[]),
        reaction(CreditCategorySet::TYPE, OF_A_FACT),
        reaction(TurnoverReported::TYPE, OF_A_FACT),
    ];
    type Event = Event;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = LedgerOutcome;

    fn route(&self, event: &Event) -> Route {
        let key = |gstin: Gstin| Route::Key(gstin.to_string());
        match event {
            Event::CreditAvailed(event) => key(event.recipient.gstin()),
            Event::InvoicePaymentChanged(event) => key(event.recipient.gstin()),
            Event::PaymentTimerFired(event) => key(event.recipient.gstin()),
            Event::TimersPassed(_) => Route::Job(JobSource::Rows),
            Event::PermanentReversalRecorded(event) => key(event.recipient.gstin()),
            Event::BillOfEntryReceived(event) => key(event.details.importer.gstin()),
            Event::BillOfEntryAmended(event) => key(event.details.importer.gstin()),
            Event::BillOfEntryStatusChanged(event) => key(event.details.importer.gstin()),
            Event::BillOfEntryMovedOut(event) => key(event.details.importer.gstin()),
            Event::BillOfEntryMovedIn(event) => key(event.details.importer.gstin()),
            Event::SupplierGstr3bStatus(event) => key(event.recipient.gstin()),
            Event::ImsRecordDecided(event) => key(event.recipient.gstin()),
            Event::AnnualReturnFiled(event) => key(event.recipient.gstin()),
            Event::CreditLedgerBalanceReported(event) => key(event.recipient.gstin()),
            Event::PeriodLocked(event) => key(event.gstin),
            Event::TaxpayerRegistered(event) => key(event.gstin),
            Event::ReturnClaimsTold(event) => key(event.recipient.gstin()),
            Event::ReversalStatementOpened(event) => key(event.recipient.gstin()),
            Event::CreditCategorySet(event) => key(event.recipient.gstin()),
            Event::TurnoverReported(event) => key(event.recipient.gstin()),
        }
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        context: &Context<'_, ActiveRulebook>,
    ) -> Result<Decision<Outgoing, LedgerOutcome>, DecideError> {
        let recipient: RecipientGstin =
            context.key.parse().map_err(|_| DecideError::Broken("the key is no GSTIN".to_owned()))?;
        let mut draft = Draft::new(*rows);
        let mut work = Work {
            draft: &mut draft,
            rules: context.rules,
            recipient,
            today: context.day.map(IstDate::from_naive),
            trigger: &context.meta.id,
        };
        let (outcome, resume) = decide_event(&mut work, event, context)?;
        Ok(draft.finish_page(outcome, resume))
    }

    fn job_keys(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StateError> {
        let Event::TimersPassed(passed) = event else { return Ok(Vec::new()) };
        let mut keys = rows.parts_under(&rows::due_on(passed.date), after, limit)?;
        keys.extend(rows.parts_under(&rows::blocked_on(passed.date), after, limit)?);
        keys.sort();
        keys.dedup();
        keys.truncate(limit);
        Ok(keys)
    }

    fn job_closed(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        _context: &Context<'_, ActiveRulebook>,
    ) -> Result<Option<Decision<Outgoing, LedgerOutcome>>, DecideError> {
        let Event::TimersPassed(passed) = event else { return Ok(None) };
        let mut draft = Draft::new(*rows);
        draft.put(&rows::passed_key(), &PassedRow { date: passed.date });
        Ok(Some(draft.finish(LedgerOutcome::Recorded(rule::R37A_2))))
    }

    fn repeated(&self, event: &Event, context: &Context<'_, ActiveRulebook>) -> Vec<Outgoing> {
        let Event::PermanentReversalRecorded(event) = event else { return Vec::new() };
        let request = Request::repeated(context.meta, Self::NAME, Some(event.at));
        vec![Outgoing::result(event.recipient.gstin(), &request)]
    }
}

/// Decides one event; the cursor says where a page ended.
fn decide_event(
    work: &mut Work<'_, '_>,
    event: &Event,
    context: &Context<'_, ActiveRulebook>,
) -> Result<(LedgerOutcome, Option<Cursor>), DecideError> {
    let limit = (context.page.changes_max / CHANGES_OF_ONE).max(1);
    let mut resume = None;
    let decided_under = match event {
        Event::CreditAvailed(event) => {
            work.credit_availed(event)?;
            event.rule
        }
        Event::InvoicePaymentChanged(event) => {
            work.payment_changed(event)?;
            event.rule
        }
        Event::PaymentTimerFired(event) => {
            work.timer_fired(event)?;
            rule::R37_4
        }
        Event::TimersPassed(event) => {
            let more = work.day_passed(event.date, limit)?;
            resume = more.then(|| next_page(context));
            rule::R37A_2
        }
        Event::PermanentReversalRecorded(event) => {
            work.reversed_permanently(event)?;
            rule::R37_14
        }
        Event::BillOfEntryReceived(_)
        | Event::BillOfEntryAmended(_)
        | Event::BillOfEntryStatusChanged(_)
        | Event::BillOfEntryMovedOut(_)
        | Event::BillOfEntryMovedIn(_) => decide_import(work, event)?,
        Event::SupplierGstr3bStatus(event) => {
            resume = work.supplier_status(event, context.cursor, limit)?;
            rule::R37A_4
        }
        Event::ImsRecordDecided(event) => match work.ims_record(event)? {
            true => rule::R37A_7,
            false => return Ok((LedgerOutcome::NoEffect, None)),
        },
        Event::AnnualReturnFiled(_)
        | Event::CreditLedgerBalanceReported(_)
        | Event::TaxpayerRegistered(_)
        | Event::ReversalStatementOpened(_) => decide_profile(work, event)?,
        Event::PeriodLocked(event) => {
            let more = work.period_locked(event, limit)?;
            resume = more.then(|| next_page(context));
            rule::R37_18
        }
        Event::ReturnClaimsTold(event) => {
            resume = work.claims_told(event, context.cursor)?;
            rule::R37_18
        }
        Event::CreditCategorySet(event) => {
            work.category_set(event)?;
            rule::BLK_3
        }
        Event::TurnoverReported(event) => {
            resume = work.turnover_reported(event, context.cursor)?;
            rule::APP_3
        }
    };
    Ok((LedgerOutcome::Recorded(decided_under), resume))
}

/// Decides what is told of the recipient himself; other events concern documents and returns.
fn decide_profile(work: &mut Work<'_, '_>, event: &Event) -> Result<RuleRef, DecideError> {
    if let Event::AnnualReturnFiled(event) = event {
        work.annual_return(event)?;
        return Ok(rule::TL_2);
    } else if let Event::CreditLedgerBalanceReported(event) = event {
        work.balance(event)?;
        return Ok(rule::INT_2);
    } else if let Event::ReversalStatementOpened(event) = event {
        work.statement_opened(event)?;
        return Ok(rule::ECR_1);
    } else if let Event::TaxpayerRegistered(event) = event {
        work.registered(event)?;
    }
    Ok(rule::CAL_4)
}

/// Decides what customs told; other events concern no import.
fn decide_import(work: &mut Work<'_, '_>, event: &Event) -> Result<RuleRef, DecideError> {
    if let Event::BillOfEntryReceived(event) = event {
        work.bill_received(event)?;
    } else if let Event::BillOfEntryAmended(event) = event {
        work.bill_amended(event)?;
        return Ok(rule::BOE_10);
    } else if let Event::BillOfEntryStatusChanged(event) = event {
        work.bill_status(event)?;
    } else if let Event::BillOfEntryMovedOut(event) = event {
        work.bill_moved_out(event)?;
        return Ok(rule::T4_9);
    } else if let Event::BillOfEntryMovedIn(event) = event {
        work.bill_moved_in(event)?;
        return Ok(rule::BOE_10);
    }
    Ok(rule::BOE_5)
}

/// A page that takes its rows away begins at the start again; only its number differs.
fn next_page(context: &Context<'_, ActiveRulebook>) -> Cursor {
    let page = context.cursor.and_then(|cursor| cursor.0.parse::<u64>().ok()).unwrap_or(0);
    Cursor((page + 1).to_string())
}
