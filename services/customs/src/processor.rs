//! Reads the row of a bill, asks the rules, writes it back; answers who asked.

use crate::decide::{self, Verdict};
use crate::duty_warnings;
use crate::outcome::CustomsOutcome;
use crate::rows::{BillRow, EarlyRow, Step, bill_key, early_key};
use gst_events::{
    ActiveRulebook, Alert, BillOfEntryAmended, BillOfEntryDutyDiffers, BillOfEntryMovedIn, BillOfEntryMovedOut,
    BillOfEntryReceived, BillOfEntryStatusChanged, CreditSubject, CustomsBillGstinAmended, CustomsBillReported,
    CustomsBillValueAmended, CustomsDutyReported, CustomsStatusReported, EventPayload, Origin, Outgoing, Request,
    RequestStatus,
};
use gst_types::{BillOfEntryId, IstInstant, RecipientGstin};
use stream::{Context, DecideError, DecisionOf, Draft, Outcome, Processor, Reaction, Route, StateView, WorkerName};

gst_events::reads! {
    /// What `customs` reads.
    pub enum Event {
        CustomsBillReported, CustomsStatusReported, CustomsBillValueAmended, CustomsBillGstinAmended,
        CustomsDutyReported,
    }
}

/// The worker.
#[derive(Debug, Clone, Copy, Default)]
pub struct Customs;

impl Customs {
    /// The worker.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// Who speaks, for the answer to a fact.
struct Sender {
    bill_of_entry: BillOfEntryId,
    gstin: Option<RecipientGstin>,
    at: IstInstant,
    origin: Origin,
}

impl Sender {
    fn of(event: &Event) -> Self {
        let sender = |bill: &BillOfEntryId, gstin, at, origin| Self { bill_of_entry: bill.clone(), gstin, at, origin };
        match event {
            Event::CustomsBillReported(fact) => {
                let details = &fact.details;
                sender(&details.bill_of_entry, Some(details.importer), fact.received_at, Origin::Portal)
            }
            Event::CustomsStatusReported(fact) => sender(&fact.bill_of_entry, None, fact.at, Origin::Portal),
            Event::CustomsBillValueAmended(fact) => {
                let details = &fact.details;
                sender(&details.bill_of_entry, Some(details.importer), fact.received_at, Origin::Portal)
            }
            Event::CustomsBillGstinAmended(fact) => {
                sender(&fact.bill_of_entry, Some(fact.from), fact.received_at, fact.origin)
            }
            Event::CustomsDutyReported(fact) => {
                sender(&fact.bill_of_entry, Some(fact.importer), fact.at, Origin::Portal)
            }
        }
    }

    /// The answer to the fact, for the GSTIN that it is about.
    fn answer(&self, context: &Context<'_, ActiveRulebook>, outcome: CustomsOutcome) -> Option<Outgoing> {
        let refused = outcome.kind() == stream::OutcomeKind::Refused;
        let status = if refused { RequestStatus::Refused } else { RequestStatus::Applied };
        self.result(&Request {
            code: refused.then(|| outcome.code().to_owned()),
            rule: Some(outcome.rule_ref()),
            at: Some(self.at),
            ..Request::answer(context.meta, Customs::NAME, status, outcome.message())
        })
    }

    fn result(&self, request: &Request) -> Option<Outgoing> {
        self.gstin.map(|gstin| Outgoing::result(gstin.gstin(), request))
    }

    fn alert(&self, outcome: CustomsOutcome) -> Option<Outgoing> {
        let alert = |gstin: RecipientGstin| Alert {
            code: outcome.code().to_owned(),
            gstin: gstin.gstin(),
            subject: Some(CreditSubject::BillOfEntry(self.bill_of_entry.clone())),
            date: self.at.date(),
            message: outcome.message().to_owned(),
            rule: Some(outcome.rule_ref()),
            worker: Customs::NAME.0.to_owned(),
        };
        self.gstin.map(|gstin| Outgoing::alert(gstin.gstin(), &alert(gstin)))
    }
}

fn step_of(fact: &CustomsStatusReported) -> Step {
    Step { at: fact.at, word: fact.status.clone() }
}

fn judge(
    draft: &mut Draft<'_, Outgoing>,
    row: &mut Option<BillRow>,
    event: &Event,
    move_id: &str,
) -> Result<Verdict, DecideError> {
    Ok(match event {
        Event::CustomsBillReported(fact) => {
            let key = early_key(&fact.details.bill_of_entry);
            let early = draft.get::<EarlyRow>(&key)?;
            if early.is_some() {
                draft.delete(&key);
            }
            decide::report(row, early.unwrap_or_default().steps, fact)
        }
        Event::CustomsStatusReported(fact) => match row {
            Some(bill) => decide::step(bill, step_of(fact)),
            None => {
                let key = early_key(&fact.bill_of_entry);
                let mut early: EarlyRow = draft.get(&key)?.unwrap_or_default();
                if decide::early(&mut early, step_of(fact)) {
                    draft.put(&key, &early);
                }
                Verdict { events: Vec::new(), outcome: CustomsOutcome::EarlyStep }
            }
        },
        Event::CustomsBillValueAmended(fact) => decide::amend_value(row, fact),
        Event::CustomsBillGstinAmended(fact) => decide::amend_gstin(row, fact, move_id),
        Event::CustomsDutyReported(fact) => {
            duty_warnings::keep(draft, fact)?;
            let outcome = if row.is_some() { CustomsOutcome::DutyTaken } else { CustomsOutcome::EarlyDuty };
            Verdict { events: Vec::new(), outcome }
        }
    })
}

impl Processor for Customs {
    const NAME: WorkerName = WorkerName("customs");
    const REACTIONS: &'static [Reaction] = &[
        Reaction {
            reads: CustomsBillReported::TYPE,
            causes: &[
                BillOfEntryReceived::TYPE,
                BillOfEntryStatusChanged::TYPE,
                BillOfEntryDutyDiffers::TYPE,
                Request::TYPE,
                Alert::TYPE,
            ],
        },
        Reaction {
            reads: CustomsStatusReported::TYPE,
            causes: &[BillOfEntryStatusChanged::TYPE, BillOfEntryDutyDiffers::TYPE, Request::TYPE, Alert::TYPE],
        },
        Reaction {
            reads: CustomsBillValueAmended::TYPE,
            causes: &[BillOfEntryAmended::TYPE, BillOfEntryDutyDiffers::TYPE, Request::TYPE, Alert::TYPE],
        },
        Reaction {
            reads: CustomsDutyReported::TYPE,
            causes: &[BillOfEntryDutyDiffers::TYPE, Request::TYPE, Alert::TYPE],
        },
        Reaction {
            reads: CustomsBillGstinAmended::TYPE,
            causes: &[
                BillOfEntryMovedOut::TYPE,
                BillOfEntryMovedIn::TYPE,
                BillOfEntryDutyDiffers::TYPE,
                Request::TYPE,
                Alert::TYPE,
            ],
        },
    ];
    type Event = Event;
    type Output = Outgoing;
    type Rules = ActiveRulebook;
    type Outcome = CustomsOutcome;

    fn route(&self, event: &Event) -> Route {
        Route::Key(Sender::of(event).bill_of_entry.to_string())
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &Event,
        context: &Context<'_, ActiveRulebook>,
    ) -> Result<DecisionOf<Self>, DecideError> {
        let mut draft = Draft::new(*rows);
        let sender = Sender::of(event);
        let key = bill_key(&sender.bill_of_entry);
        let before: Option<BillRow> = draft.get(&key)?;
        let mut row = before.clone();
        let Verdict { events, outcome } = judge(&mut draft, &mut row, event, &context.meta.id)?;
        for event in events {
            draft.emit(event);
        }
        if let Some(row) = row {
            if before.as_ref() != Some(&row) {
                draft.put(&key, &row);
            }
            duty_warnings::tell(&mut draft, &row, context.rules, sender.at.date())?;
        }
        let refused = outcome.kind() == stream::OutcomeKind::Refused;
        if refused || sender.origin == Origin::User {
            sender.answer(context, outcome).into_iter().for_each(|answer| draft.emit(answer));
        }
        if refused && sender.origin == Origin::Portal {
            sender.alert(outcome).into_iter().for_each(|alert| draft.emit(alert));
        }
        Ok(draft.finish(outcome))
    }

    fn repeated(&self, event: &Event, context: &Context<'_, ActiveRulebook>) -> Vec<Outgoing> {
        let sender = Sender::of(event);
        sender.result(&Request::repeated(context.meta, Self::NAME, Some(sender.at))).into_iter().collect()
    }
}
