//! Rule 37A: what is known of the supplier's return, the portal's list, and 1 October.

use super::{LedgerAlert, Work};
use crate::rows::{self, AliasRow, Fact, RecipientRow, SubjectPointerRow, WatchRow, WatchingRow};
use gst_events::{CreditSubject, Gstr3bFilingStatus, ImsRecordDecided, SupplierGstr3bStatus};
use gst_rules::rule;
use gst_types::{IstDate, TaxAmounts, TaxPeriod};
use stream::{Cursor, DecideError, RowKey};

impl Work<'_, '_> {
    /// R37A-4: a status; the first report of a period not filed and its filing are kept. A quarterly supplier's return
    /// concerns all its months at once, so the documents of all of them are settled by arrival.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn supplier_status(
        &mut self,
        event: &SupplierGstr3bStatus,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Option<Cursor>, DecideError> {
        for period in &event.periods {
            self.keep_status(event, *period)?;
        }
        let Some(quarter) = event.periods.first() else { return Ok(None) };
        let prefix = rows::watching(self.recipient, event.supplier, *quarter);
        let after = after.map(|cursor| RowKey::from_text(cursor.0.clone()));
        let page: Vec<(RowKey, WatchingRow)> = self.draft.scan(&prefix, after.as_ref(), limit)?;
        let more = page.len() == limit;
        let mut last = None;
        for (key, pointer) in page {
            if event.periods.contains(&pointer.period) {
                let row = self.own_credit(&pointer.subject)?;
                self.settle(row)?;
            }
            last = Some(key);
        }
        Ok(if more { last.map(|key| Cursor(key.as_str().to_owned())) } else { None })
    }

    fn keep_status(&mut self, event: &SupplierGstr3bStatus, period: TaxPeriod) -> Result<(), DecideError> {
        let key = rows::watch_key(self.recipient, event.supplier, period);
        let mut watch: WatchRow = self.draft.get(&key)?.unwrap_or_default();
        match (event.status, event.at) {
            (Gstr3bFilingStatus::Filed, Some(at)) => {
                watch.filed_at = Some(watch.filed_at.map_or(at, |before| before.min(at)));
            }
            (Gstr3bFilingStatus::NotFiled, Some(at)) => {
                watch.not_filed_at = Some(watch.not_filed_at.map_or(at, |before| before.min(at)));
            }
            (Gstr3bFilingStatus::Unknown, _) | (Gstr3bFilingStatus::Filed | Gstr3bFilingStatus::NotFiled, None) => {}
        }
        self.draft.put(&key, &watch);
        Ok(())
    }

    /// R37A-2: a day of its own, behind day 181: what falls due on it, in order of arrival.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn day_passed(&mut self, day: IstDate, limit: usize) -> Result<bool, DecideError> {
        let recipient = self.recipient_row()?;
        if recipient != RecipientRow::default() {
            self.draft.put(&rows::recipient_key(self.recipient), &RecipientRow { passed: Some(day), ..recipient });
        }
        let prefix = rows::due_of(day, self.recipient);
        let page: Vec<(RowKey, SubjectPointerRow)> = self.draft.scan(&prefix, None, limit)?;
        let more = page.len() == limit;
        for (key, pointer) in page {
            self.draft.delete(&key);
            let mut row = self.own_credit(&pointer.subject)?;
            row.due_under = None;
            let row = self.settle(row)?;
            let watch = match (row.supplier, row.supplier_period) {
                (Some(supplier), Some(period)) => {
                    self.draft.get::<WatchRow>(&rows::watch_key(self.recipient, supplier, period))?
                }
                (Some(_) | None, _) => None,
            };
            if watch.is_none_or(|watch| watch.filed_at.is_none() && watch.not_filed_at.is_none()) {
                self.alert(LedgerAlert {
                    code: "RULE_37A_STATUS_UNKNOWN",
                    subject: Some(&row.subject),
                    date: day,
                    message: "nobody said whether the supplier filed its GSTR-3B; nothing is reversed".to_owned(),
                    rule: Some(rule::R37A_4),
                });
            }
        }
        Ok(more || self.blocked_returns(day, limit)?)
    }

    /// R37A-7: a line of Table 5 and our own due event are one cause; and the key of an amendment leads to its document.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn ims_record(&mut self, event: &ImsRecordDecided) -> Result<bool, DecideError> {
        if let (CreditSubject::Document(document), Some(first)) = (&event.subject, &event.amends_document)
            && document != first
        {
            self.draft.put(&rows::alias_key(self.recipient, document), &AliasRow { document: first.clone() });
        }
        let Some(line) = event.line.as_ref().filter(|line| line.table.table() == 5) else { return Ok(false) };
        let (mut row, _) = self.owner(&event.subject)?;
        let listed = row.steps.iter().any(|step| matches!(step.fact, Fact::Listed { .. }));
        if listed || line.effect == TaxAmounts::ZERO {
            return Ok(false);
        }
        self.add_step(&mut row, event.decided_at, Fact::Listed { tax: line.effect })?;
        let row = self.settle(row)?;
        if row.summary.base() != line.effect {
            self.alert(LedgerAlert {
                code: "RULE_37A_AMOUNT_DIFFERS",
                subject: Some(&row.subject),
                date: event.decided_at.date(),
                message: "the portal's reversal under rule 37A differs from the credit of the document".to_owned(),
                rule: Some(rule::R37A_4),
            });
        }
        Ok(true)
    }
}
