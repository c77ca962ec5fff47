//! The recipient himself: how he files, his annual returns, his credit ledger, his filed returns.

use super::Work;
use crate::rows::{self, AnnualReturnRow, BalanceRow};
use gst_events::{AnnualReturnFiled, CreditLedgerBalanceReported, PeriodLocked, TaxpayerRegistered, TaxpayerRole};
use stream::DecideError;

impl Work<'_, '_> {
    /// CAL-4: how often he files decides what a period is.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn registered(&mut self, event: &TaxpayerRegistered) -> Result<(), DecideError> {
        match event.role {
            TaxpayerRole::Recipient | TaxpayerRole::Both => {}
            TaxpayerRole::Supplier => return Ok(()),
        }
        let mut row = self.recipient_row()?;
        row.frequencies.insert(event.effective_from, event.filing_frequency);
        self.draft.put(&rows::recipient_key(self.recipient), &row);
        Ok(())
    }

    /// TL-2: the annual return ends the time for credit of its year.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn annual_return(&mut self, event: &AnnualReturnFiled) -> Result<(), DecideError> {
        let key = rows::annual_key(self.recipient, event.financial_year);
        let filed_on = event.filed_at.date();
        let before: Option<AnnualReturnRow> = self.draft.get(&key)?;
        let filed_on = before.map_or(filed_on, |row| row.filed_on.min(filed_on));
        self.draft.put(&key, &AnnualReturnRow { filed_on });
        Ok(())
    }

    /// INT-2: a balance of the credit ledger.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn balance(&mut self, event: &CreditLedgerBalanceReported) -> Result<(), DecideError> {
        let mut recipient = self.recipient_row()?;
        recipient.balances += 1;
        let date = event.at.date();
        let row = BalanceRow { date, balance: event.balance, return_due_date: event.return_due_date };
        self.draft.put(&rows::balance_key(self.recipient, date, recipient.balances), &row);
        self.draft.put(&rows::recipient_key(self.recipient), &recipient);
        Ok(())
    }

    /// A return is filed: its due entries are posted, with interest. True where more are left for the next page.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn period_locked(&mut self, event: &PeriodLocked, limit: usize) -> Result<bool, DecideError> {
        let mut sums = self.table4(event.period)?;
        let filed_at = *sums.filed_at.get_or_insert(event.filed_at);
        self.draft.put(&rows::table4_key(self.recipient, event.period), &sums);
        let mut recipient = self.recipient_row()?;
        let more = self.post_period(&mut recipient, event.period, filed_at, limit)?;
        self.draft.put(&rows::recipient_key(self.recipient), &recipient);
        Ok(more)
    }
}
