//! The events, one file per family. Each takes a fact into the rows of its document and lets it be replayed.

pub mod apportion;
pub mod credit;
pub mod filing;
pub mod imports;
pub mod payments;
pub mod supplier;
pub mod taxpayer;
mod year;

use crate::replay::{Surroundings, replay};
use crate::rows::{
    self, AliasRow, AnnualReturnRow, BalanceRow, CreditRow, Fact, PassedRow, RecipientRow, RulebookRow, Step,
    SubjectPointerRow, WatchRow, WatchingRow,
};
use gst_events::{Alert, CreditSubject, Outgoing, SupplierWatched};
use gst_rules::{RuleRef, Rulebook};
use gst_types::{DocumentKind, FinancialYear, IstDate, IstInstant, RecipientGstin};
use std::collections::BTreeMap;
use stream::{DecideError, Draft, RowKey, StateError};

/// Annual returns or balances of one recipient read at a time.
const PAGE: usize = 500;

/// One decision in the making, for one recipient.
#[derive(Debug)]
pub struct Work<'w, 'a> {
    /// Rows and outputs.
    pub draft: &'w mut Draft<'a, Outgoing>,
    /// The rules in force.
    pub rules: &'w Rulebook,
    /// Whose credit.
    pub recipient: RecipientGstin,
    /// The last day opened.
    pub today: Option<IstDate>,
    /// The id of the event that is decided.
    pub trigger: &'w str,
}

/// What the ledger has to say to people; the rest of an alert follows from whose credit it is.
pub(crate) struct LedgerAlert<'t> {
    pub(crate) code: &'t str,
    pub(crate) subject: Option<&'t CreditSubject>,
    pub(crate) date: IstDate,
    pub(crate) message: String,
    pub(crate) rule: Option<RuleRef>,
}

impl Work<'_, '_> {
    /// Tells people.
    pub(crate) fn alert(&mut self, alert: LedgerAlert<'_>) {
        let alert = Alert {
            code: alert.code.to_owned(),
            gstin: self.recipient.gstin(),
            subject: alert.subject.cloned(),
            date: alert.date,
            message: alert.message,
            rule: alert.rule,
            worker: "itc-ledger".to_owned(),
        };
        self.draft.emit(Outgoing::alert(self.recipient.gstin(), &alert));
    }

    /// The row of a document or Bill of Entry.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn credit(&self, subject: &CreditSubject) -> Result<Option<CreditRow>, StateError> {
        let row: Option<CreditRow> = self.draft.get(&rows::credit_key(self.recipient, subject))?;
        // An entry of a debit note that counts with its invoice hangs on the invoice.
        match row.as_ref().and_then(|row| row.parent.clone()) {
            Some(parent) => self.draft.get(&rows::credit_key(self.recipient, &CreditSubject::Document(parent))),
            None => Ok(row),
        }
    }

    /// The row of exactly that document or Bill of Entry.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn own_credit(&self, subject: &CreditSubject) -> Result<CreditRow, StateError> {
        let row: Option<CreditRow> = self.draft.get(&rows::credit_key(self.recipient, subject))?;
        Ok(row.unwrap_or_else(|| CreditRow::new(subject)))
    }

    /// The row on which the credit of a subject hangs: its own, that of the first version of an amended document, or
    /// under PARENT that of the invoice.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn owner(&self, subject: &CreditSubject) -> Result<(CreditRow, CreditSubject), StateError> {
        let mut subject = subject.clone();
        if let CreditSubject::Document(document) = &subject {
            let alias: Option<AliasRow> = self.draft.get(&rows::alias_key(self.recipient, document))?;
            subject = alias.map_or(subject, |alias| CreditSubject::Document(alias.document));
        }
        let row = self.own_credit(&subject)?;
        match row.parent.clone() {
            Some(parent) => Ok((self.own_credit(&CreditSubject::Document(parent))?, subject)),
            None => Ok((row, subject)),
        }
    }

    /// The recipient.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn recipient_row(&self) -> Result<RecipientRow, StateError> {
        Ok(self.draft.get(&rows::recipient_key(self.recipient))?.unwrap_or_default())
    }

    /// Every known balance of the credit ledger, by day.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn balances(&self) -> Result<Vec<BalanceRow>, StateError> {
        self.all(&rows::balances_of(self.recipient)).map(|rows| rows.into_iter().map(|(_, row)| row).collect())
    }

    pub(crate) fn all<R: stream::Row>(&self, prefix: &RowKey) -> Result<Vec<(RowKey, R)>, StateError> {
        let mut found: Vec<(RowKey, R)> = Vec::new();
        loop {
            let after = found.last().map(|(key, _)| key.clone());
            let page: Vec<(RowKey, R)> = self.draft.scan(prefix, after.as_ref(), PAGE)?;
            let full = page.len() == PAGE;
            found.extend(page);
            if !full {
                return Ok(found);
            }
        }
    }

    fn annual_returns(&self) -> Result<BTreeMap<FinancialYear, IstDate>, StateError> {
        let rows: Vec<(RowKey, AnnualReturnRow)> = self.all(&rows::annual_returns_of(self.recipient))?;
        let year = |key: &RowKey| key.parts().nth(1).and_then(|part| part.parse().ok());
        Ok(rows.into_iter().filter_map(|(key, row)| Some((year(&key)?, row.filed_on))).collect())
    }

    /// Adds a fact to a document. Its instant is the legal one.
    pub fn add_step(&mut self, row: &mut CreditRow, at: IstInstant, fact: Fact) -> Result<(), StateError> {
        let rules = self.remember_rules()?;
        row.step_count += 1;
        row.steps.push(Step { at, number: row.step_count, trigger: self.trigger.to_owned(), rules, fact });
        Ok(())
    }

    /// Keeps the rulebook that facts arrive under, so that a replay years later applies it to them.
    fn remember_rules(&mut self) -> Result<String, StateError> {
        let digest: String = self.rules.digest().chars().take(16).collect();
        let key = rows::rulebook_key(&digest);
        if self.draft.get::<RulebookRow>(&key)?.is_none() {
            let row =
                RulebookRow { released: self.rules.released_digest().to_owned(), own: self.rules.own_rows().clone() };
            self.draft.put(&key, &row);
        }
        Ok(digest)
    }

    fn rules_of(&self, row: &CreditRow) -> Result<BTreeMap<String, Rulebook>, DecideError> {
        let now: String = self.rules.digest().chars().take(16).collect();
        let mut found = BTreeMap::from([(now, self.rules.clone())]);
        for step in &row.steps {
            if found.contains_key(&step.rules) {
                continue;
            }
            let kept: Option<RulebookRow> = self.draft.get(&rows::rulebook_key(&step.rules))?;
            let kept =
                kept.ok_or_else(|| DecideError::Broken("a fact names a rulebook that is not kept".to_owned()))?;
            let rules = Rulebook::activate(&kept.released, &kept.own)
                .map_err(|error| DecideError::Broken(format!("a kept rulebook cannot be read: {error}")))?;
            found.insert(step.rules.clone(), rules);
        }
        Ok(found)
    }

    /// Replays a document and publishes what is new.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn settle(&mut self, mut row: CreditRow) -> Result<CreditRow, DecideError> {
        let mut recipient = self.recipient_row()?;
        let partition: Option<PassedRow> = self.draft.get(&rows::passed_key())?;
        let passed = partition.map(|row| row.date).max(recipient.passed);
        let watch = match (row.supplier, row.supplier_period) {
            (Some(supplier), Some(period)) => {
                self.draft.get::<WatchRow>(&rows::watch_key(self.recipient, supplier, period))?
            }
            (Some(_) | None, _) => None,
        };
        let annual = self.annual_returns()?;
        let rules = self.rules_of(&row)?;
        let around = Surroundings {
            recipient: &recipient,
            watch,
            annual: &annual,
            passed,
            rules: &rules,
            rules_now: self.rules,
        };
        let replayed = replay(&row, &around);
        row.summary = replayed.summary;
        self.publish(&mut row, &mut recipient, replayed.outcomes)?;
        self.watch_supplier(&mut row, watch)?;
        self.set_due(&mut row, passed);
        self.draft.put(&rows::recipient_key(self.recipient), &recipient);
        self.draft.put(&rows::credit_key(self.recipient, &row.subject), &row);
        Ok(row)
    }

    /// R37A-1: the first credit on documents of a supplier and period begins the watch.
    fn watch_supplier(&mut self, row: &mut CreditRow, watch: Option<WatchRow>) -> Result<(), StateError> {
        let (Some(supplier), Some(period)) = (row.supplier, row.supplier_period) else { return Ok(()) };
        if row.summary.first_claim.is_none() || row.watched == Some(period) || !is_watchable(&row.subject) {
            return Ok(());
        }
        if let Some(before) = row.watched {
            self.draft.delete(&rows::watching_key(self.recipient, supplier, before, row));
        }
        row.watched = Some(period);
        let pointer = WatchingRow { subject: row.subject.clone(), period };
        self.draft.put(&rows::watching_key(self.recipient, supplier, period, row), &pointer);
        if watch.is_none() {
            self.draft.put(&rows::watch_key(self.recipient, supplier, period), &WatchRow::default());
            let event = SupplierWatched { supplier, period, recipient: self.recipient };
            self.draft.emit(Outgoing::to_supplier(supplier, &event));
        }
        Ok(())
    }

    /// R37A-2: a row under 1 October, while that day is ahead.
    fn set_due(&mut self, row: &mut CreditRow, passed: Option<IstDate>) {
        let watchable = row.watched.is_some();
        let ahead = |day: &IstDate| watchable && passed.is_none_or(|passed| *day > passed);
        let due = row.summary.due_37a.filter(ahead);
        if row.due_under == due {
            return;
        }
        if let Some(day) = row.due_under {
            self.draft.delete(&rows::due_key(day, self.recipient, row));
        }
        if let Some(day) = due {
            let pointer = SubjectPointerRow { subject: row.subject.clone() };
            self.draft.put(&rows::due_key(day, self.recipient, row), &pointer);
        }
        row.due_under = due;
    }

    /// Changes the order of arrival of a document, on which its index rows hang.
    pub fn set_arrival(&mut self, row: &mut CreditRow, arrival: u64) {
        if row.arrival == arrival {
            return;
        }
        if let (Some(supplier), Some(period)) = (row.supplier, row.watched.take()) {
            self.draft.delete(&rows::watching_key(self.recipient, supplier, period, row));
        }
        if let Some(day) = row.due_under.take() {
            self.draft.delete(&rows::due_key(day, self.recipient, row));
        }
        row.arrival = arrival;
    }
}

/// R37A-1: documents that a supplier reports in GSTR-1; not those of a distributor, and no Bill of Entry.
fn is_watchable(subject: &CreditSubject) -> bool {
    match subject {
        CreditSubject::Document(document) => match document.kind {
            DocumentKind::Invoice | DocumentKind::DebitNote | DocumentKind::Eco => true,
            DocumentKind::CreditNote | DocumentKind::IsdInvoice | DocumentKind::IsdCreditNote => false,
        },
        CreditSubject::BillOfEntry(_) => false,
    }
}
