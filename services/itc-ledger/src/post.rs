//! Publishing: the difference of the entries that should stand to those that do, and what a filed return does to them.

use crate::decide::{LedgerAlert, Work};
use crate::interest;
use crate::replay::{Planned, PlannedAlert, Planning};
use crate::rows::{self, CreditRow, EntryPointerRow, EntryRow, Published, RecipientRow, ReturnEntryRow, Table4Row};
use crate::table4;
use gst_events::{
    EntryStatus, InterestBasis, LedgerCause, LedgerEntry, LedgerEntryChanged, LedgerEntryKind, LedgerReason, Outgoing,
    Topic,
};
use gst_rules::rule;
use gst_types::{IstInstant, TaxPeriod};
use std::collections::BTreeMap;
use stream::{DecideError, RowKey};

/// An entry about to be published, whatever it comes from.
struct Draftable {
    planned: Planned,
    cancels: Option<u64>,
    linked: Option<u64>,
}

impl Work<'_, '_> {
    /// Publishes what is new, undoes what no longer stands, and gives alerts not given before.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read or an entry cannot be read back.
    pub fn publish(
        &mut self,
        row: &mut CreditRow,
        recipient: &mut RecipientRow,
        outcomes: Vec<Planning>,
    ) -> Result<(), DecideError> {
        let mut entries = Vec::new();
        for outcome in outcomes {
            match outcome {
                Planning::Entry(planned) => entries.push(*planned),
                Planning::Alert(alert) => self.alert_once(row, &alert),
            }
        }
        let (new, gone) = difference(&row.published, entries);
        for index in gone {
            self.undo(row, recipient, index)?;
        }
        for planned in new {
            let (cancels, linked) = links_of(row, &planned);
            self.add(row, recipient, Draftable { planned, cancels, linked })?;
        }
        Ok(())
    }

    fn alert_once(&mut self, row: &mut CreditRow, alert: &PlannedAlert) {
        let given = (alert.trigger.clone(), alert.code.to_owned());
        if row.alerted.contains(&given) {
            return;
        }
        row.alerted.push(given);
        self.alert(LedgerAlert {
            code: alert.code,
            subject: Some(&alert.subject),
            date: alert.date,
            message: alert.message.to_owned(),
            rule: Some(alert.rule),
        });
    }

    /// A second entry that names the first (architecture, section 3): an input that should have come earlier has come.
    fn undo(&mut self, row: &mut CreditRow, recipient: &mut RecipientRow, index: usize) -> Result<(), DecideError> {
        let gone = row.published[index].clone();
        row.published[index].out = true;
        let known_on = row.steps.last().map_or(gone.date, |step| step.at.date());
        let date = self.today.map_or(known_on, |today| today.max(known_on)).max(gone.date);
        let (kind, tax) = match gone.kind {
            LedgerEntryKind::Reversal => (LedgerEntryKind::Reclaim, gone.tax),
            LedgerEntryKind::Reclaim => (LedgerEntryKind::Reversal, gone.tax),
            LedgerEntryKind::ItcAvailed
            | LedgerEntryKind::TimeBarred
            | LedgerEntryKind::CreditNote
            | LedgerEntryKind::Amendment
            | LedgerEntryKind::PermanentReversal
            | LedgerEntryKind::ImportCreditAvailable
            | LedgerEntryKind::ImportCreditDelta => (gone.kind, -gone.tax),
        };
        let before = self.entry(gone.number)?;
        let planned = Planned {
            trigger: format!("undoes/{}", gone.number),
            subject: gone.subject.clone(),
            kind,
            cause: gone.cause,
            reason: gone.cause.map(|_| LedgerReason::LateInput),
            period: gone.period.max(recipient.period_of(date)),
            period_is_given: false,
            date,
            tax,
            interest_from: None,
            unpaid_after: row.summary.state.as_ref().map(|state| state.unpaid),
            lines: lines_for(kind, gone.cause, &before.lines),
            rule: rule::R37_10,
            applied: BTreeMap::new(),
            rules: before.rulebook_digest.chars().take(16).collect(),
        };
        self.add(row, recipient, Draftable { planned, cancels: Some(gone.number), linked: Some(gone.number) })?;
        if let Some(last) = row.published.last_mut() {
            last.out = true;
        }
        Ok(())
    }

    fn add(
        &mut self,
        row: &mut CreditRow,
        recipient: &mut RecipientRow,
        draftable: Draftable,
    ) -> Result<(), DecideError> {
        let Draftable { planned, cancels, linked } = draftable;
        recipient.entries += 1;
        let number = recipient.entries;
        let period = self.open_period(recipient, &planned)?;
        let entry = LedgerEntry {
            entry_id: entry_id(self.recipient, number),
            recipient: self.recipient,
            subject: planned.subject.clone(),
            supplier: row.supplier,
            entry: planned.kind,
            cause: planned.cause,
            reason: planned.reason,
            return_period: period,
            lines: planned.lines.clone(),
            date: planned.date,
            tax: planned.tax,
            unpaid_after: planned.unpaid_after,
            interest_from: planned.interest_from,
            status: EntryStatus::Due,
            interest: None,
            linked_entry_id: linked.map(|number| entry_id(self.recipient, number)),
            cancels: cancels.map(|number| entry_id(self.recipient, number)),
            reclaimable: planned.kind == LedgerEntryKind::Reversal,
            rule: planned.rule,
            applied: planned.applied.clone(),
            rulebook_digest: self.rules.digest().to_owned(),
            posted_at: None,
        };
        row.published.push(Published {
            number,
            trigger: planned.trigger,
            subject: planned.subject,
            kind: planned.kind,
            cause: planned.cause,
            tax: planned.tax,
            unpaid_after: planned.unpaid_after,
            planned_period: planned.period,
            period,
            date: planned.date,
            out: false,
        });
        self.write_entry(number, &entry);
        let mut sums = self.table4(period)?;
        let (last, before) = row.published.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
        let lines = table4::changes(self.rules.same_period_netting(), &entry, before, last);
        table4::add(&mut sums, &lines);
        self.tell_differences(period, &mut sums);
        let of_period = ReturnEntryRow { number, lines };
        self.draft.put(&rows::entry_of_period_key(self.recipient, period, number), &of_period);
        self.draft.put(&rows::table4_key(self.recipient, period), &sums);
        self.say(recipient, &entry);
        match sums.filed_at {
            // The return of a claim is filed already when its lines are told at the lock.
            Some(filed_at) => self.post_entry(recipient, number, entry, filed_at, row),
            None => {
                self.draft.put(&rows::open_key(self.recipient, period, number), &EntryPointerRow { number });
                Ok(())
            }
        }
    }

    /// The return of an entry: the one that the rule gives, or where that is filed, the next one that is not. Never
    /// rewrite a posted period.
    fn open_period(&self, recipient: &RecipientRow, planned: &Planned) -> Result<TaxPeriod, DecideError> {
        let mut period = planned.period;
        if planned.period_is_given {
            return Ok(period);
        }
        while self.table4(period)?.filed_at.is_some() {
            period = period.next_with(recipient.frequency_on(period.last_day()));
        }
        Ok(period)
    }

    /// The sums of a return.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn table4(&self, period: TaxPeriod) -> Result<Table4Row, DecideError> {
        Ok(self.draft.get(&rows::table4_key(self.recipient, period))?.unwrap_or_default())
    }

    /// One entry as it stands.
    ///
    /// # Errors
    /// [`DecideError::Broken`] where it is not there or cannot be read.
    pub fn entry(&self, number: u64) -> Result<LedgerEntry, DecideError> {
        let row: Option<EntryRow> = self.draft.get(&rows::entry_key(self.recipient, number))?;
        let json =
            row.ok_or_else(|| DecideError::Broken("an entry that was published is not in the rows".to_owned()))?;
        serde_json::from_str(&json.json)
            .map_err(|_| DecideError::Broken("an entry in the rows cannot be read".to_owned()))
    }

    /// R37A-7: the return with our reversal is filed, and the portal never listed the document in Table 5. The lock of that
    /// return is our choice of the moment: later lines would come too late for it.
    fn alert_not_listed(&mut self, row: &CreditRow, entry: &LedgerEntry, date: gst_types::IstDate) {
        let is_due_event = entry.cause == Some(LedgerCause::Rule37a)
            && entry.reason == Some(LedgerReason::SupplierNotFiled)
            && entry.entry == LedgerEntryKind::Reversal;
        let is_listed = row.steps.iter().any(|step| matches!(step.fact, rows::Fact::Listed { .. }));
        if !is_due_event || is_listed {
            return;
        }
        self.alert(LedgerAlert {
            code: "RULE_37A_NOT_LISTED",
            subject: Some(&entry.subject),
            date,
            message:
                "the return with the reversal under rule 37A is filed, and Table 5 of no GSTR-2B lists the document"
                    .to_owned(),
            rule: Some(rule::R37A_7),
        });
    }

    fn write_entry(&mut self, number: u64, entry: &LedgerEntry) {
        // An entry is plain data with text keys, which serde_json always writes.
        let json = serde_json::to_string(entry).unwrap_or_default();
        self.draft.put(&rows::entry_key(self.recipient, number), &EntryRow { json });
    }

    fn say(&mut self, recipient: &mut RecipientRow, entry: &LedgerEntry) {
        let changed = LedgerEntryChanged { entry: entry.clone() };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &changed));
        recipient.sequence += 1;
        let public = Outgoing::public(Topic::Ledger, self.recipient.gstin(), entry);
        self.draft.emit(public.with_sequence(recipient.sequence));
    }

    /// Posts the due entries of a return, oldest first, a page at a time; true where more are left.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn post_period(
        &mut self,
        recipient: &mut RecipientRow,
        period: TaxPeriod,
        filed_at: IstInstant,
        limit: usize,
    ) -> Result<bool, DecideError> {
        let prefix = rows::open_of_period(self.recipient, period);
        let page: Vec<(RowKey, EntryPointerRow)> = self.draft.scan(&prefix, None, limit)?;
        let more = page.len() == limit;
        for (key, pointer) in page {
            self.draft.delete(&key);
            let entry = self.entry(pointer.number)?;
            let row = self.credit(&entry.subject)?.unwrap_or_else(|| CreditRow::new(&entry.subject));
            self.post_entry(recipient, pointer.number, entry, filed_at, &row)?;
        }
        Ok(more)
    }

    fn post_entry(
        &mut self,
        recipient: &mut RecipientRow,
        number: u64,
        mut entry: LedgerEntry,
        filed_at: IstInstant,
        row: &CreditRow,
    ) -> Result<(), DecideError> {
        entry.status = EntryStatus::Posted;
        entry.posted_at = Some(filed_at);
        let undone = row.published.iter().any(|published| published.number == number && published.out);
        if !undone {
            entry.interest = interest::of_entry(self, recipient, row, &entry, filed_at.date())?;
        }
        if !undone {
            self.alert_not_listed(row, &entry, filed_at.date());
        }
        if let Some(interest) = &entry.interest {
            recipient.interests += 1;
            let key = rows::interest_key(self.recipient, recipient.interests);
            self.draft.put(&key, &EntryPointerRow { number });
            let mut sums = self.table4(entry.return_period)?;
            sums.interest += interest.total;
            self.draft.put(&rows::table4_key(self.recipient, entry.return_period), &sums);
            if interest.basis != InterestBasis::NamedDay {
                entry.applied.insert("interest.basis".to_owned(), self.rules.interest_basis().code().to_owned());
            }
            entry.applied.insert("interest.day_count".to_owned(), self.rules.day_count().code().to_owned());
        }
        self.write_entry(number, &entry);
        self.say(recipient, &entry);
        Ok(())
    }
}

pub(crate) fn entry_id(recipient: gst_types::RecipientGstin, number: u64) -> String {
    format!("{recipient}-{number:08}")
}

/// The entries that are not published yet, and the places of the published ones that should not stand.
fn difference(published: &[Published], expected: Vec<Planned>) -> (Vec<Planned>, Vec<usize>) {
    let mut open: Vec<usize> = (0..published.len()).filter(|index| !published[*index].out).collect();
    let mut new = Vec::new();
    for planned in expected {
        let same = |index: &usize| {
            let one = &published[*index];
            one.trigger == planned.trigger
                && one.subject == planned.subject
                && one.kind == planned.kind
                && one.cause == planned.cause
                && one.tax == planned.tax
                && one.unpaid_after == planned.unpaid_after
                && one.planned_period == planned.period
                && one.date == planned.date
        };
        match open.iter().position(same) {
            Some(found) => {
                open.remove(found);
            }
            None => new.push(planned),
        }
    }
    (new, open)
}

/// The reversal that a re-claim follows, and whether it undoes it whole because of an input that came late (R37-10).
fn links_of(row: &CreditRow, planned: &Planned) -> (Option<u64>, Option<u64>) {
    if planned.kind != LedgerEntryKind::Reclaim {
        return (None, None);
    }
    let last = row.published.iter().rev().find(|one| {
        one.kind == LedgerEntryKind::Reversal && !one.out && (one.cause == planned.cause || planned.cause.is_none())
    });
    let last =
        last.or_else(|| row.published.iter().rev().find(|one| one.kind == LedgerEntryKind::Reversal && !one.out));
    let undoes = planned.reason == Some(LedgerReason::LateInput);
    let cancels = last.filter(|one| undoes && one.tax == planned.tax).map(|one| one.number);
    (cancels, last.map(|one| one.number))
}

fn lines_for(kind: LedgerEntryKind, cause: Option<LedgerCause>, before: &[String]) -> Vec<String> {
    use crate::replay::lines_of;
    use gst_rules::table4::EntryKind;
    match (kind, cause) {
        (LedgerEntryKind::Reclaim, _) => lines_of(EntryKind::Reclaim),
        (LedgerEntryKind::Reversal, Some(LedgerCause::Rule37a)) => lines_of(EntryKind::Rule37aReversal),
        (LedgerEntryKind::Reversal, Some(LedgerCause::Rule37) | None) => lines_of(EntryKind::Rule37Reversal),
        (
            LedgerEntryKind::ItcAvailed
            | LedgerEntryKind::TimeBarred
            | LedgerEntryKind::CreditNote
            | LedgerEntryKind::Amendment
            | LedgerEntryKind::PermanentReversal
            | LedgerEntryKind::ImportCreditAvailable
            | LedgerEntryKind::ImportCreditDelta,
            _,
        ) => before.to_vec(),
    }
}
