//! The desk at which one taxpayer's event is decided: its rows, profile and calendar, and what is said.

use crate::dates::Dates;
use crate::decide::line::count;
use crate::decide::matrix::liability;
use crate::decide::standing::{Book, Standing, has_ims};
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::rows::{DependentRow, Due, DueRow, LiableRow, PeriodRow, ProfileRow, RecordRow, RecordState, key};
use crate::say;
use crate::view::ims_record;
use gst_events::{
    ActionRefused, ActiveRulebook, Alert, CreditSubject, Origin, Outgoing, PortalDiverged, RecordId, Request,
    RequestStatus, Topic,
};
use gst_rules::RuleRef;
use gst_types::{IstDate, IstInstant, RecipientGstin, TaxPeriod};
use stream::{Context, Cursor, DecideError, Decision, Draft, StateView};

/// What `ims` decides about one event.
pub(crate) type Decided = Decision<Outgoing, Outcome>;

/// The worker's name in results and alerts.
pub(crate) const WORKER: &str = "ims";

/// Room for the changes and events of one more record on a page.
const ROOM_OF_A_RECORD: usize = 16;

/// One decision in the making.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    /// What changes and what is said.
    pub(crate) draft: Draft<'a, Outgoing>,
    /// The event's surroundings.
    pub(crate) context: &'a Context<'a, ActiveRulebook>,
    /// The taxpayer.
    pub(crate) recipient: RecipientGstin,
    /// Its profile, with the changes so far.
    pub(crate) profile: ProfileRow,
    /// Its calendar.
    pub(crate) dates: Dates<'a>,
}

impl<'a> Desk<'a> {
    /// Sits down for the taxpayer of `context.key`.
    ///
    /// # Errors
    /// [`DecideError`] where the key is no GSTIN or rows cannot be read.
    pub(crate) fn open(rows: StateView<'a>, context: &'a Context<'a, ActiveRulebook>) -> Result<Self, DecideError> {
        let recipient: RecipientGstin =
            context.key.parse().map_err(|_| DecideError::Broken("the journal's key is no GSTIN".to_owned()))?;
        let profile = rows.get(&key::profile(recipient))?.unwrap_or_default();
        let dates = Dates::read(rows, context.rules, recipient)?;
        Ok(Self { draft: Draft::new(rows), context, recipient, profile, dates })
    }

    /// The rows as they are now, for the rules.
    #[must_use]
    pub(crate) fn book(&self) -> Book<'_> {
        Book {
            rows: StateView::new(&self.draft),
            rules: self.context.rules,
            recipient: self.recipient,
            profile: &self.profile,
            dates: &self.dates,
        }
    }

    /// A record as it is now.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub(crate) fn record(&self, id: &RecordId) -> Result<Option<RecordRow>, DecideError> {
        Ok(self.draft.get(&key::record(self.recipient, id))?)
    }

    /// The id of the fact that came through a feed: what a result answers.
    #[must_use]
    pub(crate) fn request_id(&self) -> String {
        self.context.meta.cause.clone().unwrap_or_else(|| self.context.meta.id.clone())
    }

    /// Whether the page has no room for one more record.
    #[must_use]
    pub(crate) fn is_page_full(&self) -> bool {
        let used = self.draft.change_count() + self.draft.event_count();
        used > 0 && used + ROOM_OF_A_RECORD > self.context.page.changes_max
    }

    /// Writes the profile.
    pub(crate) fn put_profile(&mut self) {
        self.draft.put(&key::profile(self.recipient), &self.profile);
    }

    /// Decides anew where a record counts, keeps the indexes and says what changed.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read or a record lacks what its kind needs.
    pub(crate) fn settle(&mut self, id: &RecordId, mut record: RecordRow, now: IstInstant) -> Result<(), DecideError> {
        let record_key = key::record(self.recipient, id);
        let before: Option<RecordRow> = self.draft.get(&record_key)?;
        let standing = match record.state {
            RecordState::Filed => self.book().standing(&record)?,
            RecordState::Saved | RecordState::Withdrawn | RecordState::Lapsed => None,
        };
        if let Some(standing) = &standing {
            self.note_first_statement(standing.home, now)?;
        }
        if record.state == RecordState::Lapsed || !self.book().is_final(&record) {
            self.place(&mut record, standing.as_ref())?;
        }
        self.index(id, before.as_ref(), &record, standing.as_ref())?;
        self.schedule(id, &mut record, standing.as_ref(), now);
        self.draft.put(&record_key, &record);
        self.say_record(id, before.as_ref(), &record, now)
    }

    fn place(&self, record: &mut RecordRow, standing: Option<&Standing>) -> Result<(), DecideError> {
        match standing {
            Some(standing) => {
                let period = self.profile.open_from(standing.home);
                let counted = count(self.context.rules, record, standing, period)?;
                record.superseded = standing.superseded;
                record.counts_in = counted.counts_in;
                record.line = counted.line;
                record.rule = counted.rule;
            }
            None => {
                record.counts_in = None;
                record.line = None;
            }
        }
        Ok(())
    }

    /// Keeps the rows through which a lock finds what it changes.
    fn index(
        &mut self,
        id: &RecordId,
        before: Option<&RecordRow>,
        after: &RecordRow,
        standing: Option<&Standing>,
    ) -> Result<(), DecideError> {
        let dependent = key::dependent(self.recipient, id);
        let depends = standing.is_some_and(|standing| standing.depends) && !self.book().is_final(after);
        let listed = self.draft.get::<DependentRow>(&dependent)?.is_some();
        match (depends, listed) {
            (true, false) => self.draft.put(&dependent, &DependentRow {}),
            (false, true) => self.draft.delete(&dependent),
            (true, true) | (false, false) => {}
        }
        let rejected =
            |record: &RecordRow| record.line.as_ref().filter(|line| line.table.table() == 6).map(|line| line.period);
        // What is final raised its liability at the lock, and no later event may list it again.
        if self.book().is_final(after) && before.is_some_and(|before| self.book().is_final(before)) {
            return Ok(());
        }
        if let Some(period) = before.and_then(rejected) {
            self.draft.delete(&key::liable(self.recipient, period, id));
        }
        if let (Some(period), Some(standing)) = (rejected(after), standing) {
            let accepted = standing.accepted.as_ref();
            let amount = self.book().matrix(after, standing).and_then(|row| liability(row, after, accepted));
            if let Some(tax) = amount {
                self.draft.put(&key::liable(self.recipient, period, id), &LiableRow { tax });
            }
        }
        Ok(())
    }

    /// Keeps the day on which lapse of time changes a pending record.
    fn schedule(&mut self, id: &RecordId, record: &mut RecordRow, standing: Option<&Standing>, now: IstInstant) {
        let due_on = self.book().expiry(record, standing, now).map(|(day, _)| day);
        if record.due_on == due_on {
            return;
        }
        let what = Due::Record(id.clone());
        if let Some(old) = record.due_on {
            self.draft.delete(&key::due(old, self.recipient, &what));
        }
        if let Some(new) = due_on {
            self.draft.put(&key::due(new, self.recipient, &what), &DueRow { what: what.clone() });
        }
        record.due_on = due_on;
    }

    fn say_record(
        &mut self,
        id: &RecordId,
        before: Option<&RecordRow>,
        after: &RecordRow,
        now: IstInstant,
    ) -> Result<(), DecideError> {
        let said = say::record_decided(&self.book(), id, after, now);
        let unchanged = before.is_some_and(|before| say::record_decided(&self.book(), id, before, now) == said);
        if unchanged {
            return Ok(());
        }
        self.draft.emit(Outgoing::to_recipient(self.recipient, &said));
        let shown = ims_record(&self.book(), id, after, now)?;
        if let Some(shown) = shown {
            self.draft.emit(Outgoing::public(Topic::ImsRecords, self.recipient.gstin(), &shown));
        }
        Ok(())
    }

    /// Without a known return the earliest statement of a record is the first open one.
    fn note_first_statement(&mut self, home: TaxPeriod, now: IstInstant) -> Result<(), DecideError> {
        let first = self.profile.first_statement.is_none_or(|first| home < first);
        if self.profile.locked_through.is_some() || !first {
            return Ok(());
        }
        self.profile.first_statement = Some(home);
        self.put_profile();
        self.plan_draft(now)
    }

    /// GN-5: the draft of the earliest open period no longer is what counts, because of a record of that home.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub(crate) fn make_stale(&mut self, home: TaxPeriod) -> Result<(), DecideError> {
        let Some(open) = self.profile.earliest_open() else { return Ok(()) };
        let period_key = key::period(self.recipient, open);
        let Some(mut period) = self.draft.get::<PeriodRow>(&period_key)? else { return Ok(()) };
        if has_ims(open) && home <= open && period.version > 0 && !period.stale {
            period.stale = true;
            self.draft.put(&period_key, &period);
        }
        Ok(())
    }

    /// Puts something on the list of a day.
    pub(crate) fn put_due(&mut self, on: IstDate, what: Due) {
        self.draft.put(&key::due(on, self.recipient, &what), &DueRow { what });
    }

    /// Answers a request.
    pub(crate) fn answer(
        &mut self,
        request_id: String,
        status: RequestStatus,
        message: &str,
        rule: RuleRef,
        at: IstInstant,
    ) {
        let request = Request {
            request_id,
            status,
            code: None,
            portal_code: None,
            record_id: None,
            message: message.to_owned(),
            rule: Some(rule),
            worker: WORKER.to_owned(),
            at: Some(at),
        };
        self.draft.emit(Outgoing::result(self.recipient.gstin(), &request));
    }

    /// Says that a request was refused.
    pub(crate) fn say_refused(&mut self, request_id: String, refusal: Refusal, at: IstInstant) {
        let refused = ActionRefused {
            recipient: self.recipient,
            request_id: request_id.clone(),
            code: refusal.code().to_owned(),
            rule: refusal.rule(),
            at,
        };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &refused));
        let request = Request {
            request_id,
            status: RequestStatus::Refused,
            code: Some(refusal.code().to_owned()),
            portal_code: refusal.portal_code().map(str::to_owned),
            record_id: None,
            message: refusal.message().to_owned(),
            rule: Some(refusal.rule()),
            worker: WORKER.to_owned(),
            at: Some(at),
        };
        self.draft.emit(Outgoing::result(self.recipient.gstin(), &request));
    }

    /// Says that the portal did what our rules refuse.
    pub(crate) fn say_diverged(&mut self, fact_id: String, refusal: Refusal, at: IstInstant) {
        let diverged = PortalDiverged {
            recipient: self.recipient,
            fact_id,
            code: refusal.code().to_owned(),
            rule: refusal.rule(),
            at,
        };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &diverged));
    }

    /// Answers a command with APPLIED; a fact of the portal needs no answer.
    pub(crate) fn say_applied(&mut self, origin: Origin, message: &str, rule: RuleRef, at: IstInstant) {
        match origin {
            Origin::User => {
                let id = self.request_id();
                self.answer(id, RequestStatus::Applied, message, rule, at);
            }
            Origin::Portal => {}
        }
    }

    /// Tells a person to look.
    pub(crate) fn alert(
        &mut self,
        code: &str,
        subject: Option<&CreditSubject>,
        date: IstDate,
        message: &str,
        rule: RuleRef,
    ) {
        let alert = Alert {
            code: code.to_owned(),
            gstin: self.recipient.gstin(),
            subject: subject.cloned(),
            date,
            message: message.to_owned(),
            rule: Some(rule),
            worker: WORKER.to_owned(),
        };
        self.draft.emit(Outgoing::alert(self.recipient.gstin(), &alert));
    }

    /// Ends the decision.
    #[must_use]
    pub(crate) fn decided(self, rule: RuleRef) -> Decided {
        self.draft.finish(Outcome::Decided(rule))
    }

    /// Ends a page of the decision.
    #[must_use]
    pub(crate) fn page(self, rule: RuleRef, cursor: impl Into<String>) -> Decided {
        self.draft.finish_page(Outcome::Decided(rule), Some(Cursor(cursor.into())))
    }

    /// Ends with a refusal: nothing but the answer.
    #[must_use]
    pub(crate) fn refused(mut self, refusal: Refusal, at: IstInstant) -> Decided {
        let id = self.request_id();
        self.say_refused(id, refusal, at);
        self.draft.finish(Outcome::Refused(refusal))
    }
}
