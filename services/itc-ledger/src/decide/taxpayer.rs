//! The recipient himself: how he files, his annual returns, his credit ledger, his filed returns.

use super::Work;
use crate::post::statement_after;
use crate::rows::{self, AnnualReturnRow, BalanceRow, Table4Row};
use gst_events::{
    Alert, AnnualReturnFiled, CreditLedgerBalanceReported, Outgoing, PeriodLocked, TaxpayerRegistered, TaxpayerRole,
};
use gst_rules::ecrrs::{ReturnLines, check_return};
use gst_rules::rule;
use gst_types::TaxAmounts;
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

    /// ECR-2: re-claims of the return above what the reversal statement holds are told; the return is filed all the same.
    fn check_statement(&mut self, event: &PeriodLocked) -> Result<(), DecideError> {
        let mut balance = TaxAmounts::ZERO;
        for (key, sums) in self.all::<Table4Row>(&rows::returns_of(self.recipient))? {
            if key == rows::table4_key(self.recipient, event.period) {
                let of = |line: &str| sums.lines.get(line).copied().unwrap_or_default();
                let lines = ReturnLines {
                    return_period: event.period,
                    reversed: of("4B2"),
                    reclaimed: of("4D1"),
                    credit_available: None,
                };
                if !check_return(self.rules, balance, &lines).excess.is_zero() {
                    self.alert_excess(event);
                }
                return Ok(());
            }
            balance = statement_after(balance, &sums);
        }
        Ok(())
    }

    fn alert_excess(&mut self, event: &PeriodLocked) {
        let alert = Alert {
            code: "ECRRS_RECLAIM_EXCEEDS_BALANCE".to_owned(),
            gstin: self.recipient.gstin(),
            subject: None,
            date: event.filed_at.date(),
            message: format!("re-claims of {} exceed the balance of the reversal statement", event.period),
            rule: Some(rule::ECR_2),
            worker: "itc-ledger".to_owned(),
        };
        self.draft.emit(Outgoing::alert(self.recipient.gstin(), &alert));
    }

    /// A return is filed: its due entries are posted, with interest. True where more are left for the next page.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn period_locked(&mut self, event: &PeriodLocked, limit: usize) -> Result<bool, DecideError> {
        let mut sums = self.table4(event.period)?;
        let filed_at = *sums.filed_at.get_or_insert(event.filed_at);
        self.draft.put(&rows::table4_key(self.recipient, event.period), &sums);
        self.check_statement(event)?;
        let mut recipient = self.recipient_row()?;
        let more = self.post_period(&mut recipient, event.period, filed_at, limit)?;
        self.draft.put(&rows::recipient_key(self.recipient), &recipient);
        Ok(more)
    }
}
