//! Credit availed: by claims of the register, and at the lock of a statement.

use crate::desk::{Decided, Desk};
use crate::lines::{content_prefix, record_id, records_of};
use crate::outcome::Outcome;
use crate::rows::{AvailedRow, ClaimRow, ContentRow, LineRow, StatementRow, key};
use crate::totals::credit_of;
use gst_events::{
    Alert, ClaimNotInStatement, ClaimedLine, CreditAvailed, CreditClaimed, CreditSubject, Origin, Outgoing,
    PeriodLocked, RecordId, ReturnClaimsTold,
};
use gst_rules::rule::{BOE_12, EF_6, EL_5, ELG_3, TB_7};
use gst_types::{IstInstant, TaxAmounts, TaxPeriod};
use stream::{DecideError, RowKey};

/// Who says it.
const WORKER: &str = "gstr2b";
/// How many rows are read at once.
const PAGE: usize = 200;
/// The phase of a lock in which claims are availed.
const CLAIMS: &str = "claims";
/// The phase in which whole lines are availed; the key follows.
const LINES: &str = "lines:";

/// A line that counts as credit.
struct CreditLine {
    id: RecordId,
    line: LineRow,
    credit: TaxAmounts,
}

impl CreditLine {
    fn claimed(&self) -> ClaimedLine {
        ClaimedLine {
            record_id: self.id.clone(),
            period: self.line.period,
            table: self.line.table.clone(),
            credit: self.credit,
        }
    }
}

/// A claim on its way to be availed.
struct Claim<'c> {
    id: &'c str,
    subject: &'c CreditSubject,
    return_period: TaxPeriod,
    tax: TaxAmounts,
}

impl Desk<'_> {
    /// The line that a claim of a return is about: of its own statement, else the latest before, else the first after.
    fn line_for(&self, subject: &CreditSubject, return_period: TaxPeriod) -> Result<Option<CreditLine>, DecideError> {
        let mut best: Option<CreditLine> = None;
        for (id, line) in records_of(self, subject)? {
            let Some(credit) = credit_of(line.table.as_str(), line.effect) else { continue };
            let rank = |period: TaxPeriod| {
                let later = period > return_period;
                let months = period.year() * 12 + i32::try_from(period.month()).unwrap_or(0);
                (later, if later { months } else { -months })
            };
            if best.as_ref().is_none_or(|known| rank(line.period) < rank(known.line.period)) {
                best = Some(CreditLine { id, line, credit });
            }
        }
        Ok(best)
    }

    fn note(&mut self, id: &RecordId, change: impl FnOnce(&mut AvailedRow)) -> Result<(), DecideError> {
        let row_key = key::record::<AvailedRow>(self.recipient, id);
        let mut row: AvailedRow = self.draft.get(&row_key)?.unwrap_or_default();
        change(&mut row);
        self.draft.put(&row_key, &row);
        Ok(())
    }

    /// EL-5: what the register claims is availed with its line, or without one and said so.
    fn avail_claim(&mut self, claim: &Claim<'_>, at: IstInstant) -> Result<(), DecideError> {
        let line = self.line_for(claim.subject, claim.return_period)?;
        if let Some(line) = &line {
            self.note(&line.id, |row| row.filed += 1)?;
        }
        let availed = CreditAvailed {
            recipient: self.recipient,
            claim_id: claim.id.to_owned(),
            subject: claim.subject.clone(),
            return_period: claim.return_period,
            availed_at: at,
            claimed: claim.tax,
            line: line.as_ref().map(CreditLine::claimed),
            from_register: true,
            rule: EL_5,
        };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &availed));
        if line.is_none() {
            let missing = ClaimNotInStatement {
                recipient: self.recipient,
                claim_id: claim.id.to_owned(),
                subject: claim.subject.clone(),
                return_period: claim.return_period,
                claimed: claim.tax,
            };
            self.draft.emit(Outgoing::to_recipient(self.recipient, &missing));
            self.remind(claim, at);
        }
        Ok(())
    }

    /// Credit above GSTR-2B: of a document the condition of section 16(2)(aa) is open (ELG-3); of an import the credit is not
    /// lost, but the difference draws a mismatch notice and the bill should be fetched (BOE-11, BOE-12).
    fn remind(&mut self, claim: &Claim<'_>, at: IstInstant) {
        let (code, message, rule) = match claim.subject {
            CreditSubject::Document(_) => {
                ("CLAIM_NOT_IN_STATEMENT", "credit is claimed of a document that no GSTR-2B has", ELG_3)
            }
            CreditSubject::BillOfEntry(_) => (
                "BOE_NOT_IN_2B",
                "credit is claimed of a Bill of Entry that no GSTR-2B has: fetch it from customs",
                BOE_12,
            ),
        };
        let alert = Alert {
            code: code.to_owned(),
            gstin: self.recipient.gstin(),
            subject: Some(claim.subject.clone()),
            date: at.date(),
            message: message.to_owned(),
            rule: Some(rule),
            worker: WORKER.to_owned(),
        };
        self.draft.emit(Outgoing::alert(self.recipient.gstin(), &alert));
    }

    /// Claims that waited for this return; true where the page is full.
    fn avail_waiting(&mut self, period: TaxPeriod, at: IstInstant) -> Result<bool, DecideError> {
        let prefix = key::within::<ClaimRow>(self.recipient, period);
        loop {
            let page = self.draft.scan::<ClaimRow>(&prefix, None, PAGE)?;
            if page.is_empty() {
                return Ok(false);
            }
            for (row_key, row) in page {
                if self.is_page_full() {
                    return Ok(true);
                }
                self.draft.delete(&row_key);
                let id = record_id(&row_key, 2).0;
                let claim = Claim { id: &id, subject: &row.subject, return_period: period, tax: row.tax };
                self.avail_claim(&claim, at)?;
                self.note(&waiting_for(&row.subject), |row| row.waiting = row.waiting.saturating_sub(1))?;
            }
        }
    }

    /// Lines of the locked statement that nobody claimed are availed whole. `Some` is where to go on.
    fn avail_lines(&mut self, event: &PeriodLocked, after: Option<RowKey>) -> Result<Option<RowKey>, DecideError> {
        let prefix = content_prefix(self.recipient, event.period);
        let mut after = after;
        loop {
            let page = self.draft.scan::<ContentRow>(&prefix, after.as_ref(), PAGE)?;
            if page.is_empty() {
                return Ok(None);
            }
            for (row_key, _) in page {
                if self.is_page_full() {
                    return Ok(Some(after.unwrap_or(prefix)));
                }
                self.avail_line(event, record_id(&row_key, 4))?;
                after = Some(row_key);
            }
        }
    }

    fn avail_line(&mut self, event: &PeriodLocked, id: RecordId) -> Result<(), DecideError> {
        let Some(line) = self.draft.get::<LineRow>(&key::record::<LineRow>(self.recipient, &id))? else {
            return Ok(());
        };
        let Some(credit) = credit_of(line.table.as_str(), line.effect) else { return Ok(()) };
        if credit.is_zero() || self.is_claimed(&id, &line.subject)? {
            return Ok(());
        }
        let credit_line = CreditLine { id, line, credit };
        self.note(&credit_line.id, |row| row.filed += 1)?;
        let availed = CreditAvailed {
            recipient: self.recipient,
            claim_id: format!("{}/{}", event.period, credit_line.id),
            subject: credit_line.line.subject.clone(),
            return_period: event.period,
            availed_at: event.filed_at,
            claimed: credit,
            line: Some(credit_line.claimed()),
            from_register: false,
            rule: TB_7,
        };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &availed));
        Ok(())
    }

    /// Whether a claim was made for a line, or one is known for the document in a return that is not filed yet.
    fn is_claimed(&self, id: &RecordId, subject: &CreditSubject) -> Result<bool, DecideError> {
        let by_line: AvailedRow = self.draft.get(&key::record::<AvailedRow>(self.recipient, id))?.unwrap_or_default();
        if by_line.filed > 0 {
            return Ok(true);
        }
        let waiting =
            self.draft.get::<AvailedRow>(&key::record::<AvailedRow>(self.recipient, &waiting_for(subject)))?;
        Ok(waiting.is_some_and(|row| row.waiting > 0))
    }
}

/// Where the claims of a document that wait for their return are counted.
fn waiting_for(subject: &CreditSubject) -> RecordId {
    RecordId(format!("document {subject}"))
}

/// A claim: availed at once where the filing of its return is known, else when that return is filed.
pub(crate) fn claimed(mut desk: Desk<'_>, event: &CreditClaimed) -> Result<Decided, DecideError> {
    let locked_at = desk.statement(event.return_period)?.locked_at;
    let claim =
        Claim { id: &event.claim_id, subject: &event.subject, return_period: event.return_period, tax: event.tax };
    if let Some(filed_at) = event.filed_at.or(locked_at) {
        desk.avail_claim(&claim, filed_at)?;
        return Ok(desk.decided(EL_5));
    }
    let row_key = key::within::<ClaimRow>(desk.recipient, event.return_period).with(&event.claim_id);
    let known = desk.draft.get::<ClaimRow>(&row_key)?.is_some();
    desk.draft.put(&row_key, &ClaimRow { subject: event.subject.clone(), tax: event.tax });
    if !known {
        desk.note(&waiting_for(&event.subject), |row| row.waiting += 1)?;
    }
    Ok(desk.draft.finish(Outcome::Waiting(EL_5)))
}

/// EF-6: the GSTR-3B was filed. First the claims that waited for it, then the lines that nobody claimed.
pub(crate) fn locked(mut desk: Desk<'_>, event: &PeriodLocked) -> Result<Decided, DecideError> {
    let cursor = desk.context.cursor.map(|cursor| cursor.0.clone());
    if cursor.is_none() {
        let mut statement: StatementRow = desk.statement(event.period)?;
        statement.locked_at = Some(event.filed_at);
        desk.put_statement(event.period, &statement);
    }
    let after = cursor.as_deref().and_then(|cursor| cursor.strip_prefix(LINES)).map(RowKey::from_text);
    if after.is_none() && desk.avail_waiting(event.period, event.filed_at)? {
        return Ok(desk.page(EF_6, CLAIMS.to_owned()));
    }
    // The portal's return without any statement of ours says nothing about lines.
    let has_statement = event.statement_version.is_some() || event.origin == Origin::User;
    if has_statement && let Some(last) = desk.avail_lines(event, after)? {
        return Ok(desk.page(EF_6, format!("{LINES}{last}")));
    }
    let told = ReturnClaimsTold { recipient: desk.recipient, period: event.period, filed_at: event.filed_at };
    desk.draft.emit(Outgoing::to_recipient(desk.recipient, &told));
    Ok(desk.decided(EF_6))
}
