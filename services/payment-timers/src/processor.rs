//! The worker as the loop sees it: what it reads, whom it concerns, and the schedule of its timers.

use crate::decide::Work;
use crate::decide::money::Settled;
use crate::decide::notes::NoteCounted;
use crate::decide::portal::PortalRecord;
use crate::rows::{self, DueCountRow, DueRow, PassedRow, RecipientRow};
use chrono::NaiveDate;
use gst_events::{
    ActiveRulebook, AdvanceAdjusted, Alert, BookAdjusted, CommercialNoteReceived, DayOpened, EventPayload,
    ImsRecordDecided, InvoiceBooked, InvoiceCorrected, InvoicePaymentChanged, LedgerEntryChanged, NoteAccepted,
    Outgoing, PaymentMade, PaymentReallocated, PaymentTimerFired, PaymentTimerWarning, RegisterDiffers, Request,
    TdsDeducted, TimersPassed,
};
use gst_rules::{RuleRef, rule};
use gst_types::{IstDate, RecipientGstin};
use stream::{
    Context, Cursor, DecideError, Decision, Draft, EventType, JobSource, Outcome, OutcomeKind, Processor, Reaction,
    Route, RowKey, StateError, StateView, TimerEntry, TimerSchedule, WorkerName,
};

gst_events::reads! {
    /// What payment-timers reads.
    pub enum Event {
        InvoiceBooked, InvoiceCorrected, NoteAccepted, PaymentMade, TdsDeducted, BookAdjusted, AdvanceAdjusted,
        CommercialNoteReceived, PaymentReallocated, ImsRecordDecided, LedgerEntryChanged, DayOpened, TimersPassed,
    }
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerOutcome {
    /// A document, note or correction was taken in.
    Recorded(RuleRef),
    /// Money was settled (R37-15), or noted as an advance or as not counting (R37-7).
    Money(Settled),
    /// A credit note was counted before.
    NoteCountedBefore,
    /// It waits for its document.
    Waits,
    /// It changes nothing here.
    NoEffect,
    /// Timers fired (R37-2).
    Fired,
    /// What happens behind the timers of a day was done (R37-17).
    Warned,
}

impl Outcome for TimerOutcome {
    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Waits | Self::Money(Settled::WaitsForDocument) => OutcomeKind::Waiting,
            Self::NoteCountedBefore => OutcomeKind::Duplicate,
            Self::Recorded(_)
            | Self::Money(Settled::Allocated | Settled::WaitsForDay | Settled::DoesNotCount)
            | Self::NoEffect
            | Self::Fired
            | Self::Warned => OutcomeKind::Decided,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "RECORDED",
            Self::Money(Settled::Allocated) => "ALLOCATED",
            Self::Money(Settled::WaitsForDay) => "WAITS_FOR_DAY",
            Self::Money(Settled::DoesNotCount) => "DOES_NOT_COUNT",
            Self::Money(Settled::WaitsForDocument) | Self::Waits => "WAITS_FOR_DOCUMENT",
            Self::NoteCountedBefore => "NOTE_COUNTED_BEFORE",
            Self::NoEffect => "NO_EFFECT",
            Self::Fired => "FIRED",
            Self::Warned => "WARNED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Recorded(rule) => rule.code(),
            Self::Money(Settled::Allocated | Settled::WaitsForDocument) => rule::R37_15.code(),
            Self::Money(Settled::WaitsForDay | Settled::DoesNotCount) => rule::R37_7.code(),
            Self::NoteCountedBefore | Self::Waits => rule::R37_11.code(),
            Self::NoEffect => rule::R37_12.code(),
            Self::Fired => rule::R37_2.code(),
            Self::Warned => rule::R37_17.code(),
        }
    }
}

/// What a change of a document may cause.
const OF_A_CHANGE: &[EventType] =
    &[InvoicePaymentChanged::TYPE, PaymentTimerFired::TYPE, RegisterDiffers::TYPE, Alert::TYPE, Request::TYPE];

const fn reaction(reads: EventType, causes: &'static [EventType]) -> Reaction {
    Reaction { reads, causes }
}

/// The worker `payment-timers`.
#[derive(Debug, Clone, Copy, Default)]
pub struct PaymentTimers;

impl PaymentTimers {
    /// The worker; it keeps nothing between decisions.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Processor for PaymentTimers {
    const NAME: WorkerName = WorkerName("payment-timers");
    const REACTIONS: &'static [Reaction] = &[
        reaction(InvoiceBooked::TYPE, OF_A_CHANGE),
        reaction(InvoiceCorrected::TYPE, OF_A_CHANGE),
        reaction(NoteAccepted::TYPE, OF_A_CHANGE),
        reaction(PaymentMade::TYPE, OF_A_CHANGE),
        reaction(TdsDeducted::TYPE, OF_A_CHANGE),
        reaction(BookAdjusted::TYPE, OF_A_CHANGE),
        reaction(AdvanceAdjusted::TYPE, OF_A_CHANGE),
        reaction(CommercialNoteReceived::TYPE, OF_A_CHANGE),
        reaction(PaymentReallocated::TYPE, OF_A_CHANGE),
        reaction(ImsRecordDecided::TYPE, OF_A_CHANGE),
        reaction(LedgerEntryChanged::TYPE, &[]),
        reaction(DayOpened::TYPE, &[PaymentTimerFired::TYPE, TimersPassed::TYPE]),
        reaction(TimersPassed::TYPE, &[PaymentTimerWarning::TYPE, InvoicePaymentChanged::TYPE, Alert::TYPE]),
    ];
    type Event = Event;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = TimerOutcome;

    fn route(&self, event: &Event) -> Route {
        let key = |recipient: RecipientGstin| Route::Key(recipient.to_string());
        match event {
            Event::InvoiceBooked(event) => key(event.recipient),
            Event::InvoiceCorrected(event) => key(event.recipient),
            Event::NoteAccepted(event) => key(event.recipient),
            Event::PaymentMade(event) => key(event.recipient),
            Event::TdsDeducted(event) => key(event.recipient),
            Event::BookAdjusted(event) => key(event.recipient),
            Event::AdvanceAdjusted(event) => key(event.recipient),
            Event::CommercialNoteReceived(event) => key(event.recipient),
            Event::PaymentReallocated(event) => key(event.recipient),
            Event::ImsRecordDecided(event) => key(event.recipient),
            Event::LedgerEntryChanged(event) => key(event.entry.recipient),
            Event::DayOpened(event) => Route::Job(JobSource::Timers(event.date.naive())),
            Event::TimersPassed(_) => Route::Job(JobSource::Rows),
        }
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        context: &Context<'_, ActiveRulebook>,
    ) -> Result<Decision<Outgoing, TimerOutcome>, DecideError> {
        let mut draft = Draft::new(*rows);
        let recipient: RecipientGstin = match (context.key.parse(), event) {
            (Ok(recipient), _) => recipient,
            // Somebody wrote into the index; no row is that key's, so that nothing is due.
            (Err(_), Event::DayOpened(_)) => return Ok(draft.finish_page(TimerOutcome::Fired, None)),
            (Err(_), _) => return Err(DecideError::Broken("the key is no GSTIN".to_owned())),
        };
        let mut work =
            Work { draft: &mut draft, rules: context.rules, recipient, today: context.day.map(IstDate::from_naive) };
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
        rows.parts_under(&rows::later_on(passed.date), after, limit)
    }

    fn job_closed(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        context: &Context<'_, ActiveRulebook>,
    ) -> Result<Option<Decision<Outgoing, TimerOutcome>>, DecideError> {
        let mut draft = Draft::new(*rows);
        let outcome = if let Event::DayOpened(day) = event {
            let passed = TimersPassed { date: day.date };
            draft.emit(Outgoing::to_recipient_partition(context.position.partition, &passed));
            TimerOutcome::Fired
        } else if let Event::TimersPassed(passed) = event {
            draft.put(&rows::passed_key(), &PassedRow { date: passed.date });
            TimerOutcome::Warned
        } else {
            return Ok(None);
        };
        Ok(Some(draft.finish(outcome)))
    }

    fn repeated(&self, event: &Event, context: &Context<'_, ActiveRulebook>) -> Vec<Outgoing> {
        let Some(recipient) = recipient_of_fact(event) else { return Vec::new() };
        let request = Request::repeated(context.meta, Self::NAME, None);
        vec![Outgoing::result(recipient.gstin(), &request)]
    }

    fn timers(&self) -> Option<&dyn TimerSchedule> {
        Some(self)
    }
}

/// Decides one event; the cursor says where a page ended.
fn decide_event(
    work: &mut Work<'_, '_>,
    event: &Event,
    context: &Context<'_, ActiveRulebook>,
) -> Result<(TimerOutcome, Option<Cursor>), StateError> {
    let outcome = match event {
        Event::InvoiceBooked(event) => {
            work.invoice_booked(event)?;
            TimerOutcome::Recorded(rule::R37_2)
        }
        Event::InvoiceCorrected(event) => match work.invoice_corrected(event)? {
            true => TimerOutcome::Recorded(rule::R37_13),
            false => TimerOutcome::Waits,
        },
        Event::NoteAccepted(event) => match work.note_accepted(event)? {
            NoteCounted::Counted => TimerOutcome::Recorded(rule::R37_11),
            NoteCounted::CountedBefore => TimerOutcome::NoteCountedBefore,
            NoteCounted::Waits => TimerOutcome::Waits,
        },
        Event::PaymentMade(event) => TimerOutcome::Money(work.payment_made(event)?),
        Event::TdsDeducted(event) => TimerOutcome::Money(work.tds_deducted(event)?),
        Event::BookAdjusted(event) => TimerOutcome::Money(work.book_adjusted(event)?),
        Event::AdvanceAdjusted(event) => TimerOutcome::Money(work.advance_adjusted(event)?),
        Event::CommercialNoteReceived(event) => TimerOutcome::Money(work.commercial_note(event)?),
        Event::PaymentReallocated(event) => TimerOutcome::Money(work.payment_reallocated(event)?),
        Event::ImsRecordDecided(event) => match work.ims_record(event)? {
            PortalRecord::Filed => TimerOutcome::Recorded(rule::R37_2),
            PortalRecord::NotPaid => TimerOutcome::NoEffect,
        },
        Event::LedgerEntryChanged(event) => {
            work.ledger_entry(&event.entry)?;
            TimerOutcome::NoEffect
        }
        Event::DayOpened(day) => {
            let resume = work.fire_day(day.date, context.cursor, context.page.changes_max)?;
            return Ok((TimerOutcome::Fired, resume));
        }
        Event::TimersPassed(passed) => {
            let resume = behind_the_timers(work, passed.date, context)?;
            return Ok((TimerOutcome::Warned, resume));
        }
    };
    Ok((outcome, None))
}

/// What happens on a day behind its timers: money dated on it counts (R37-7), and warnings are told (R37-17).
fn behind_the_timers(
    work: &mut Work<'_, '_>,
    day: IstDate,
    context: &Context<'_, ActiveRulebook>,
) -> Result<Option<Cursor>, StateError> {
    let page = context.cursor.and_then(|cursor| cursor.0.parse::<u64>().ok()).unwrap_or(0);
    let key = rows::recipient_key(work.recipient);
    if let Some(row) = work.draft.get::<RecipientRow>(&key)? {
        work.draft.put(&key, &RecipientRow { passed: Some(day), ..row });
    }
    let more = work.settle_day(day, context.page.changes_max / 20)? || work.warn_day(day, context.page.changes_max)?;
    Ok(more.then(|| Cursor((page + 1).to_string())))
}

fn recipient_of_fact(event: &Event) -> Option<RecipientGstin> {
    match event {
        Event::InvoiceBooked(event) => Some(event.recipient),
        Event::InvoiceCorrected(event) => Some(event.recipient),
        Event::NoteAccepted(event) => Some(event.recipient),
        Event::PaymentMade(event) => Some(event.recipient),
        Event::TdsDeducted(event) => Some(event.recipient),
        Event::BookAdjusted(event) => Some(event.recipient),
        Event::AdvanceAdjusted(event) => Some(event.recipient),
        Event::CommercialNoteReceived(event) => Some(event.recipient),
        Event::PaymentReallocated(event) => Some(event.recipient),
        Event::ImsRecordDecided(_) | Event::LedgerEntryChanged(_) | Event::DayOpened(_) | Event::TimersPassed(_) => {
            None
        }
    }
}

impl TimerSchedule for PaymentTimers {
    fn expected(&self, rows: &StateView<'_>, fires_on: NaiveDate) -> Result<u64, StateError> {
        let key = rows::due_count_key(IstDate::from_naive(fires_on));
        Ok(rows.get::<DueCountRow>(&key)?.map_or(0, |row| row.recipients))
    }

    fn entries(
        &self,
        rows: &StateView<'_>,
        fires_on: NaiveDate,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TimerEntry>, StateError> {
        let prefix = rows::due_on(IstDate::from_naive(fires_on));
        let after = after.map(|key| prefix.clone().with(key));
        let page: Vec<(RowKey, DueRow)> = rows.scan(&prefix, after.as_ref(), limit)?;
        let entry = |(key, row): (RowKey, DueRow)| {
            key.parts().nth(1).map(|recipient| TimerEntry {
                fires_on,
                key: recipient.to_owned(),
                documents: row.documents,
                credit_at_stake_in_paise: row.stake_in_paise,
            })
        };
        Ok(page.into_iter().filter_map(entry).collect())
    }

    fn days(&self, rows: &StateView<'_>, after: Option<NaiveDate>, limit: usize) -> Result<Vec<NaiveDate>, StateError> {
        let after = after.map(|day| rows::due_count_key(IstDate::from_naive(day)));
        let page: Vec<(RowKey, DueCountRow)> = rows.scan(&RowKey::table("due_count"), after.as_ref(), limit)?;
        let day = |(key, _): (RowKey, DueCountRow)| {
            let date: IstDate = key.parts().next()?.parse().ok()?;
            Some(date.naive())
        };
        Ok(page.into_iter().filter_map(day).collect())
    }
}
