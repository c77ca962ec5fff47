//! The recipient himself: how he files, his annual returns, his credit ledger, his reversal statement.

use super::Work;
use crate::rows::{self, AnnualReturnRow, BalanceRow, RecipientRow};
use gst_events::{
    AnnualReturnFiled, CreditLedgerBalanceReported, ReversalStatementOpened, TaxpayerRegistered, TaxpayerRole,
};
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

    /// ECR-1: the opening balance of the reversal statement.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn statement_opened(&mut self, event: &ReversalStatementOpened) -> Result<(), DecideError> {
        let recipient = RecipientRow { opening: event.opening, ..self.recipient_row()? };
        self.draft.put(&rows::recipient_key(self.recipient), &recipient);
        Ok(())
    }
}
