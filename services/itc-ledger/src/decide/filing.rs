//! A GSTR-3B of the recipient is filed: the reversal statement is asked, entries are posted, totals are compared.

use super::{LedgerAlert, Work};
use crate::rows::{self, BlockedRow, Table4Row};
use crate::statement::{REVERSE_CHARGE_TAX, lines_of, reverse_charge_check, statement_after};
use gst_events::{FiledLineDifference, FilingDiffers, Origin, Outgoing, PeriodLocked, ReturnClaimsTold};
use gst_rules::ecrrs::{StatementCheck, StatementStatus, check_return};
use gst_rules::rule;
use gst_rules::table4::ReturnLine;
use gst_types::{Head, IstDate, TaxAmounts, TaxPeriod};
use std::collections::BTreeMap;
use stream::{Cursor, DecideError, RowKey};

impl Work<'_, '_> {
    /// A return is filed: its due entries are posted, with interest. True where more are left for the next page.
    ///
    /// ECR-2: where re-claims exceed the reversal statement, the return is warned about and posted, or from the period on
    /// from which the portal blocks, it posts nothing and is looked at again every day. What the portal itself says was
    /// filed is a fact, and posted with a warning.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn period_locked(&mut self, event: &PeriodLocked, limit: usize) -> Result<bool, DecideError> {
        let mut sums = self.table4(event.period)?;
        if !event.table4.is_empty() {
            sums.as_filed = event.table4.clone();
        }
        sums.arn = event.arn.clone().or(sums.arn);
        if sums.filed_at.is_none() {
            let check = self.check_statement(event.period)?;
            let date = event.filed_at.date();
            match (check.status, event.origin) {
                (StatementStatus::Ok, _) => {}
                (StatementStatus::Warned, _) | (StatementStatus::Blocked, Origin::Portal) => {
                    self.alert_excess(event.period, date, &check, "the return is posted as it was filed");
                }
                (StatementStatus::Blocked, Origin::User) => {
                    self.alert_excess(event.period, date, &check, "the return is blocked and posts nothing");
                    sums.blocked_at = Some(event.filed_at);
                    self.draft.put(&rows::table4_key(self.recipient, event.period), &sums);
                    self.look_again(event.period, self.today.map_or(date, |today| today.max(date)).next());
                    return Ok(false);
                }
            }
        }
        let filed_at = *sums.filed_at.get_or_insert(event.filed_at);
        sums.blocked_at = None;
        self.draft.put(&rows::table4_key(self.recipient, event.period), &sums);
        self.post_return(event.period, filed_at, limit)
    }

    fn post_return(
        &mut self,
        period: TaxPeriod,
        filed_at: gst_types::IstInstant,
        limit: usize,
    ) -> Result<bool, DecideError> {
        let mut recipient = self.recipient_row()?;
        let more = self.post_period(&mut recipient, period, filed_at, limit)?;
        self.draft.put(&rows::recipient_key(self.recipient), &recipient);
        Ok(more)
    }

    fn look_again(&mut self, period: TaxPeriod, on: IstDate) {
        self.draft.put(&rows::blocked_key(on, self.recipient, period), &BlockedRow { period });
    }

    /// ECR-2, ECR-3: blocked returns whose statement is in order now are posted, as filed on the day on which they were;
    /// the others wait for the next day. True where more is left for the next page.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn blocked_returns(&mut self, day: IstDate, limit: usize) -> Result<bool, DecideError> {
        let prefix = rows::blocked_of(day, self.recipient);
        let waiting: Vec<(RowKey, BlockedRow)> = self.draft.scan(&prefix, None, limit)?;
        for (key, BlockedRow { period }) in waiting {
            let mut sums = self.table4(period)?;
            if let Some(blocked_at) = sums.blocked_at {
                if self.check_statement(period)?.status == StatementStatus::Blocked {
                    self.draft.delete(&key);
                    self.look_again(period, day.next());
                    continue;
                }
                sums.blocked_at = None;
                sums.filed_at = Some(blocked_at);
                self.draft.put(&rows::table4_key(self.recipient, period), &sums);
            }
            // The row stays until the last page of the return is posted.
            if let Some(filed_at) = sums.filed_at
                && self.post_return(period, filed_at, limit)?
            {
                return Ok(true);
            }
            self.draft.delete(&key);
        }
        Ok(false)
    }

    /// ECR-1 to ECR-3: the return of a period against the balance before it. A blocked return posts nothing, so it moves no
    /// balance.
    fn check_statement(&self, period: TaxPeriod) -> Result<StatementCheck, DecideError> {
        let mut balance = self.recipient_row()?.opening;
        let mut own = Table4Row::default();
        for (key, sums) in self.all::<Table4Row>(&rows::returns_of(self.recipient))? {
            if key == rows::table4_key(self.recipient, period) {
                own = sums;
                break;
            }
            // Text order is time order; a return that is not there comes before the first that is later.
            if key.as_str() > rows::table4_key(self.recipient, period).as_str() {
                break;
            }
            balance = statement_after(balance, &sums);
        }
        Ok(check_return(self.rules, balance, &lines_of(period, &own)))
    }

    fn alert_excess(&mut self, period: TaxPeriod, date: IstDate, check: &StatementCheck, effect: &str) {
        self.alert(LedgerAlert {
            code: "ECRRS_RECLAIM_EXCEEDS_BALANCE",
            subject: None,
            date,
            message: format!(
                "{}: re-claims of {period} exceed the reversal statement by {}; {effect}",
                check.status.code(),
                by_head(check.excess)
            ),
            rule: Some(rule::ECR_2),
        });
    }

    /// Every claim of a filed return is told: its common credit is apportioned, and its totals can be compared with ours.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn claims_told(
        &mut self,
        event: &ReturnClaimsTold,
        after: Option<&Cursor>,
    ) -> Result<Option<Cursor>, DecideError> {
        let next = self.apportion(event.period, event.filed_at, after)?;
        if next.is_none() {
            let mut sums = self.table4(event.period)?;
            sums.is_compared = true;
            self.tell_differences(event.period, &mut sums);
            self.draft.put(&rows::table4_key(self.recipient, event.period), &sums);
            self.check_reverse_charge(event.period, event.filed_at.date())?;
        }
        Ok(next)
    }

    /// ECR-4: whether the reverse-charge credit of a return is within the tax paid on it in 3.1(d) and the balance before;
    /// nothing is said while 3.1(d) is not told.
    fn check_reverse_charge(&mut self, period: TaxPeriod, date: IstDate) -> Result<(), DecideError> {
        let mut balance = TaxAmounts::ZERO;
        for (key, sums) in self.all::<Table4Row>(&rows::returns_of(self.recipient))? {
            let Some(of) = rows::period_in(&key) else { continue };
            let Some(checked) = reverse_charge_check(of, balance, &sums) else { continue };
            balance = checked.closing.unwrap_or(balance);
            if of == period && !checked.excess.is_zero() {
                self.alert(LedgerAlert {
                    code: "RCM_CREDIT_EXCEEDS_TAX_PAID",
                    subject: None,
                    date,
                    message: format!(
                        "4(A)(2) and 4(A)(3) of {period} exceed the reverse-charge tax paid in 3.1(d) and the balance \
                         before by {}",
                        by_head(checked.excess)
                    ),
                    rule: Some(rule::ECR_4),
                });
            }
        }
        Ok(())
    }

    /// Says in which lines the filed Table 4 differs from ours, whenever that changes.
    pub(crate) fn tell_differences(&mut self, period: TaxPeriod, sums: &mut Table4Row) {
        let Some(filed_at) = sums.filed_at.or(sums.blocked_at).filter(|_| sums.is_compared) else { return };
        let lines = differences(sums);
        let told: BTreeMap<String, TaxAmounts> = lines.iter().map(|one| (one.line.clone(), one.difference)).collect();
        if told == sums.differences {
            return;
        }
        sums.differences = told;
        if !lines.is_empty() {
            let names: Vec<&str> = lines.iter().map(|one| one.line.as_str()).collect();
            self.alert(LedgerAlert {
                code: "FILING_DIFFERS",
                subject: None,
                date: filed_at.date(),
                message: format!("the GSTR-3B of {period} was filed with other totals than ours: {}", names.join(", ")),
                rule: None,
            });
        }
        let event = FilingDiffers { recipient: self.recipient, period, filed_at, arn: sums.arn.clone(), lines };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &event));
    }
}

/// By line of Table 4, filed less ours, in the order of the form. A filed table has every line, so one that is not told was
/// filed as zero; nothing is compared where no table was told.
#[must_use]
pub fn differences(sums: &Table4Row) -> Vec<FiledLineDifference> {
    if sums.as_filed.keys().all(|line| line == REVERSE_CHARGE_TAX) {
        return Vec::new();
    }
    let lines = ReturnLine::ALL.iter().filter(|line| **line != ReturnLine::OutputTax);
    let of = |from: &BTreeMap<String, TaxAmounts>, line: &str| from.get(line).copied().unwrap_or_default();
    let compared = lines.map(|line| {
        let (ours, filed) = (of(&sums.lines, line.code()), of(&sums.as_filed, line.code()));
        FiledLineDifference { line: line.code().to_owned(), ours, filed, difference: filed - ours }
    });
    compared.filter(|one| !one.difference.is_zero()).collect()
}

/// Amounts as people read them, by head.
fn by_head(tax: TaxAmounts) -> String {
    let heads = Head::ALL.into_iter().filter(|head| !tax.of(*head).is_zero());
    heads.map(|head| format!("{} {}", head.code(), tax.of(head))).collect::<Vec<_>>().join(", ")
}
