//! Actions of the recipient: commands of users and facts of the portal, early ones, and two-person approval.

use crate::decide::action::Asked;
use crate::desk::{Decided, Desk};
use crate::outcome::Outcome;
use crate::records::{document_kind, target_of};
use crate::refusal::Refusal;
use crate::rows::{DocumentRow, Due, ProposalRow, RecordState, WaitingRow, key};
use gst_events::{
    ActionProposed, CreditSubject, ImsAction, ImsActionApproved, ImsActionDenied, ImsActionRequested, ImsTarget,
    Origin, Outgoing, RecordId, RequestStatus,
};
use gst_rules::rule::{AC_2, AC_3, AM_1, EG_6};
use gst_types::{DocumentKey, IstInstant};
use stream::DecideError;

/// More actions than anybody takes before a document is known; a bound for the row.
const WAITING_MAX: usize = 100;

/// Where an action points.
enum Target {
    Known(RecordId),
    /// A version that the supplier has replaced since the action (AM-1).
    Replaced,
    Unknown,
    Waits(String),
}

impl Asked {
    fn of(request: &ImsActionRequested) -> Self {
        let remarks = request.remarks.clone().filter(|remarks| !remarks.trim().is_empty());
        Self {
            action: request.action,
            remarks,
            reduction: request.itc_reduction,
            previous: request.previous_action,
            at: request.at,
        }
    }
}

fn target_text(target: &ImsTarget) -> Option<String> {
    match target {
        ImsTarget::Record { .. } => None,
        ImsTarget::Document { section, supplier, number, date } => {
            let key = DocumentKey::new(*supplier, document_kind(*section)?, number.parse().ok()?, *date);
            Some(target_of(*section, &CreditSubject::Document(key)))
        }
        ImsTarget::BillOfEntry { section, bill_of_entry } => {
            Some(target_of(*section, &CreditSubject::BillOfEntry(bill_of_entry.clone())))
        }
    }
}

impl Desk<'_> {
    fn find(&self, target: &ImsTarget, at: IstInstant) -> Result<Target, DecideError> {
        if let ImsTarget::Record { record_id } = target {
            let known = self.record(record_id)?.is_some();
            return Ok(if known { Target::Known(record_id.clone()) } else { Target::Unknown });
        }
        let Some(text) = target_text(target) else { return Ok(Target::Unknown) };
        let row: Option<DocumentRow> = self.draft.get(&key::document(self.recipient, &text))?;
        Ok(match row {
            Some(row) if row.reset_at.is_some_and(|reset_at| at <= reset_at) => Target::Replaced,
            Some(row) => Target::Known(row.record_id),
            None => Target::Waits(text),
        })
    }

    fn check(&self, target: &Target, asked: &Asked) -> Result<Option<Refusal>, DecideError> {
        match target {
            Target::Known(id) => Ok(self.book().check_action(self.record(id)?.as_ref(), asked)?),
            Target::Unknown => Ok(Some(Refusal::NotInIms)),
            Target::Replaced | Target::Waits(_) => Ok(None),
        }
    }

    /// Stores an action with its remarks and declaration in place of the last ones (AC-2, RD-7); GN-5 where it changes what the
    /// open draft rests on.
    fn store_action(&mut self, id: &RecordId, asked: &Asked) -> Result<(), DecideError> {
        let Some(mut row) = self.record(id)? else { return Ok(()) };
        let reduction = asked.reduction.map(Into::into);
        let same = row.action == asked.action && row.reduction == reduction && row.remarks == asked.remarks;
        row.pending_since = match (asked.action, row.action, row.pending_since) {
            // Repeating Pending does not restart the count (CF-1).
            (ImsAction::Pending, ImsAction::Pending, Some(since)) => Some(since),
            (ImsAction::Pending, _, _) => Some(asked.at.date()),
            (ImsAction::NoAction | ImsAction::Accept | ImsAction::Reject, _, _) => None,
        };
        row.action = asked.action;
        row.reduction = reduction;
        row.remarks.clone_from(&asked.remarks);
        row.acted_at = Some(asked.at);
        if let (false, RecordState::Filed, false, Some(home)) =
            (same, row.state, row.superseded, self.book().home(&row))
        {
            self.make_stale(home)?;
        }
        self.settle(id, row, asked.at)
    }

    /// Decides an action that was allowed to come here, and answers it under `request_id`.
    fn act(
        &mut self,
        request_id: &str,
        origin: Origin,
        target: &Target,
        asked: &Asked,
    ) -> Result<Outcome, DecideError> {
        let refusal = self.check(target, asked)?;
        match (refusal, origin, target) {
            (Some(refusal), Origin::User, _) => {
                self.say_refused(request_id.to_owned(), refusal, asked.at);
                return Ok(Outcome::Refused(refusal));
            }
            (Some(refusal), Origin::Portal, _) => {
                self.say_diverged(request_id.to_owned(), refusal, asked.at);
                if matches!(refusal, Refusal::NotInIms | Refusal::Locked) {
                    // There is nothing to apply it to: the record is not there, or what it changed is filed.
                    return Ok(Outcome::Decided(AC_3));
                }
            }
            (None, Origin::User | Origin::Portal, _) => {}
        }
        if let Target::Known(id) = target {
            self.store_action(id, asked)?;
        }
        let (words, rule) = match target {
            Target::Replaced => ("the supplier has changed the record since: the action is reset", AM_1),
            Target::Known(_) | Target::Unknown | Target::Waits(_) => ("the action is stored", AC_2),
        };
        if origin == Origin::User {
            self.answer(request_id.to_owned(), RequestStatus::Applied, words, rule, asked.at);
        }
        Ok(Outcome::Decided(rule))
    }

    fn wait(&mut self, request_id: &str, text: &str, request: &ImsActionRequested) -> Result<Outcome, DecideError> {
        let waiting_key = key::waiting(self.recipient, text);
        let mut row: WaitingRow = self.draft.get(&waiting_key)?.unwrap_or_default();
        if row.requests.len() == WAITING_MAX {
            self.say_refused(request_id.to_owned(), Refusal::NotInIms, request.at);
            return Ok(Outcome::Refused(Refusal::NotInIms));
        }
        if row.requests.is_empty() {
            let days = self.context.rules.waiting_days_max();
            self.put_due(request.at.date().plus_days(days), Due::Waiting(text.to_owned()));
        }
        row.requests.push((request_id.to_owned(), json(request)?));
        self.draft.put(&waiting_key, &row);
        let words = "the document is not known yet; the action waits for it";
        self.answer(request_id.to_owned(), RequestStatus::Waiting, words, EG_6, request.at);
        Ok(Outcome::Waiting(EG_6))
    }

    /// Decides the actions that waited for a record, oldest first.
    pub(crate) fn decide_waiting(&mut self, text: &str, id: &RecordId) -> Result<(), DecideError> {
        let waiting_key = key::waiting(self.recipient, text);
        let Some(row) = self.draft.get::<WaitingRow>(&waiting_key)? else { return Ok(()) };
        self.draft.delete(&waiting_key);
        for (request_id, text) in row.requests {
            let request = parsed(&text)?;
            self.act(&request_id, request.origin, &Target::Known(id.clone()), &Asked::of(&request))?;
        }
        Ok(())
    }

    fn propose(&mut self, request: &ImsActionRequested) -> Result<Outcome, DecideError> {
        let proposal_id = self.request_id();
        let expires_on = request.at.date().plus_days(self.context.rules.approval_days());
        let row = ProposalRow { request: json(request)?, expires_on };
        self.draft.put(&key::proposal(self.recipient, &proposal_id), &row);
        self.put_due(expires_on.next(), Due::Proposal(proposal_id.clone()));
        let proposed = ActionProposed { proposal_id: proposal_id.clone(), request: request.clone(), expires_on };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &proposed));
        let words = "the action waits for a second person";
        self.answer(proposal_id, RequestStatus::Waiting, words, AC_2, request.at);
        Ok(Outcome::Waiting(AC_2))
    }

    fn take_proposal(&mut self, id: &str, at: IstInstant) -> Result<Result<ImsActionRequested, Refusal>, DecideError> {
        let proposal_key = key::proposal(self.recipient, id);
        let Some(row) = self.draft.get::<ProposalRow>(&proposal_key)? else {
            return Ok(Err(Refusal::ProposalUnknown));
        };
        if row.expires_on < at.date() {
            return Ok(Err(Refusal::ProposalExpired));
        }
        Ok(Ok(parsed(&row.request)?))
    }

    fn close_proposal(&mut self, id: &str) -> Result<(), DecideError> {
        let proposal_key = key::proposal(self.recipient, id);
        if let Some(row) = self.draft.get::<ProposalRow>(&proposal_key)? {
            self.draft.delete(&key::due(row.expires_on.next(), self.recipient, &Due::Proposal(id.to_owned())));
        }
        self.draft.delete(&proposal_key);
        Ok(())
    }
}

fn json(request: &ImsActionRequested) -> Result<String, DecideError> {
    serde_json::to_string(request).map_err(|error| DecideError::Broken(format!("a request cannot be kept: {error}")))
}

fn parsed(text: &str) -> Result<ImsActionRequested, DecideError> {
    serde_json::from_str(text).map_err(|error| DecideError::Broken(format!("a kept request cannot be read: {error}")))
}

/// AC-2, AC-3: an action, in the order of checks of section 16.
pub(crate) fn requested(mut desk: Desk<'_>, event: &ImsActionRequested) -> Result<Decided, DecideError> {
    let asked = Asked::of(event);
    let target = desk.find(&event.target, event.at)?;
    if event.origin == Origin::User && desk.profile.needs_approval {
        let refusal = match desk.check(&target, &asked)? {
            Some(refusal) => Some(refusal),
            None if event.actor.is_none() => Some(Refusal::ActorRequired),
            None => None,
        };
        if let Some(refusal) = refusal {
            return Ok(desk.refused(refusal, event.at));
        }
        let outcome = desk.propose(event)?;
        return Ok(desk.draft.finish(outcome));
    }
    let request_id = desk.request_id();
    let outcome = match &target {
        Target::Waits(text) => desk.wait(&request_id, text, event)?,
        Target::Known(_) | Target::Replaced | Target::Unknown => {
            desk.act(&request_id, event.origin, &target, &asked)?
        }
    };
    Ok(desk.draft.finish(outcome))
}

/// A second person approves: the action is decided as of now.
pub(crate) fn approved(mut desk: Desk<'_>, event: &ImsActionApproved) -> Result<Decided, DecideError> {
    let proposal = match desk.take_proposal(&event.proposal_id, event.at)? {
        Ok(proposal) => proposal,
        Err(refusal) => return Ok(desk.refused(refusal, event.at)),
    };
    if proposal.actor.as_ref().is_some_and(|maker| maker.subject == event.actor.subject) {
        return Ok(desk.refused(Refusal::SamePersonTwice, event.at));
    }
    desk.close_proposal(&event.proposal_id)?;
    let asked = Asked { at: event.at, ..Asked::of(&proposal) };
    let outcome = match desk.find(&proposal.target, event.at)? {
        Target::Waits(text) => {
            let request = ImsActionRequested { at: event.at, ..proposal };
            desk.wait(&event.proposal_id, &text, &request)?
        }
        target => desk.act(&event.proposal_id, Origin::User, &target, &asked)?,
    };
    desk.say_applied(Origin::User, "the proposal is approved", AC_2, event.at);
    Ok(desk.draft.finish(outcome))
}

/// A second person turns an action down.
pub(crate) fn denied(mut desk: Desk<'_>, event: &ImsActionDenied) -> Result<Decided, DecideError> {
    if let Err(refusal) = desk.take_proposal(&event.proposal_id, event.at)? {
        return Ok(desk.refused(refusal, event.at));
    }
    desk.close_proposal(&event.proposal_id)?;
    desk.say_refused(event.proposal_id.clone(), Refusal::ProposalDenied, event.at);
    desk.say_applied(Origin::User, "the proposal is turned down", AC_2, event.at);
    Ok(desk.decided(AC_2))
}
