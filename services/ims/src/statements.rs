//! Generating, recomputing and locking: section 6, and the supplier's liability at the lock (section 9).

use crate::decide::standing::has_ims;
use crate::desk::{Decided, Desk};
use crate::outcome::Outcome;
use crate::refusal::{NO_VERSION, Refusal, TOO_EARLY};
use crate::rows::{DependentRow, Due, LiableRow, PeriodRow, key, sortable};
use gst_events::{
    CreditSubject, LiabilityRaised, Origin, Outgoing, PeriodLocked, RecipientReturnFiled, RecordId, StatementDue,
    StatementReason, StatementRequested,
};
use gst_rules::rule::{EF_6, GN_1, GN_5, GN_7, SL_1};
use gst_rules::rulebook::{DraftGeneration, StatementSequence};
use gst_types::{IstInstant, SupplierGstin, TaxPeriod};
use stream::{DecideError, RowKey};

/// How many index rows are read at once.
const PAGE: usize = 200;
/// The phase of a lock in which liabilities are raised.
const LIABILITIES: &str = "liabilities";
/// The phase in which held amendments are looked at; the key follows.
const DEPENDENTS: &str = "dependents:";

impl Desk<'_> {
    fn period_row(&self, period: TaxPeriod) -> Result<PeriodRow, DecideError> {
        Ok(self.draft.get(&key::period(self.recipient, period))?.unwrap_or_default())
    }

    /// Whether the GSTR-3B of the period before is missing (GN-3).
    fn previous_is_open(&self, period: TaxPeriod) -> bool {
        let independent = self.context.rules.statement_sequence() == StatementSequence::Independent;
        let unknown = self.profile.locked_through.is_none();
        !independent && !unknown && self.profile.earliest_open() != Some(period)
    }

    /// The checks of a generation, in the order of section 16.
    fn check_statement(&self, period: TaxPeriod, at: IstInstant) -> Option<Refusal> {
        if has_ims(period) && self.profile.is_inner_month(period) {
            return Some(Refusal::QuarterlyInnerMonth);
        }
        if self.profile.is_locked(period) {
            return Some(Refusal::Locked);
        }
        if has_ims(period) && self.previous_is_open(period) {
            return Some(Refusal::PreviousNotFiled);
        }
        (at < self.dates.draft_from(period, at).start()).then_some(TOO_EARLY)
    }

    /// The checks of a return, in the order of section 16.
    fn check_return(&self, period: TaxPeriod) -> Result<Option<Refusal>, DecideError> {
        if self.profile.is_inner_month(period) {
            return Ok(Some(Refusal::QuarterlyInnerMonth));
        }
        let row = self.period_row(period)?;
        if self.profile.is_locked(period) || row.filed_at.is_some() {
            return Ok(Some(Refusal::AlreadyFiled));
        }
        if self.previous_is_open(period) {
            return Ok(Some(Refusal::PreviousNotFiled));
        }
        if has_ims(period) && row.version == 0 {
            return Ok(Some(NO_VERSION));
        }
        Ok((has_ims(period) && row.stale).then_some(Refusal::RecomputeRequired))
    }

    /// GN-7: the next version of a statement, from what counts now.
    fn generate(&mut self, period: TaxPeriod, at: IstInstant) -> Result<(), DecideError> {
        let mut row = self.period_row(period)?;
        row.version += 1;
        row.stale = false;
        self.draft.put(&key::period(self.recipient, period), &row);
        let due = StatementDue {
            recipient: self.recipient,
            period,
            version: row.version,
            reason: if row.version == 1 { StatementReason::Generated } else { StatementReason::Recomputed },
            generated_at: at,
            filing_frequency: self.profile.frequency_of(period),
        };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &due));
        Ok(())
    }

    /// GN-1: makes the first draft of the earliest open period if its day has come, else puts it on the list of that day.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub(crate) fn plan_draft(&mut self, now: IstInstant) -> Result<(), DecideError> {
        let Some(open) = self.profile.earliest_open() else { return Ok(()) };
        let from = self.dates.draft_from(open, now);
        let opened = self.context.day.is_some_and(|day| from.naive() <= day);
        if !opened {
            self.put_due(from, Due::Draft);
            return Ok(());
        }
        let automatic = self.context.rules.draft_generation() == DraftGeneration::Automatic;
        if automatic && self.period_row(open)?.version == 0 {
            self.generate(open, now.max(from.start()))?;
        }
        Ok(())
    }

    /// SL-1: rejections of the locked period become final; true where the page is full.
    fn raise_liabilities(&mut self, period: TaxPeriod, filed_at: IstInstant) -> Result<bool, DecideError> {
        let prefix = key::liables(self.recipient);
        let locked = sortable(period);
        loop {
            let page = self.draft.scan::<LiableRow>(&prefix, None, PAGE)?;
            let mut seen = 0;
            for (row_key, row) in page {
                let mut parts = row_key.parts().skip(1).map(str::to_owned);
                let (Some(of), Some(id)) = (parts.next(), parts.next()) else { continue };
                if of > locked {
                    return Ok(false);
                }
                if self.is_page_full() {
                    return Ok(true);
                }
                self.raise(&RecordId(id.replace("%7C", "|")), &row, filed_at)?;
                self.draft.delete(&row_key);
                seen += 1;
            }
            if seen == 0 {
                return Ok(false);
            }
        }
    }

    fn raise(&mut self, id: &RecordId, row: &LiableRow, filed_at: IstInstant) -> Result<(), DecideError> {
        let Some(record) = self.record(id)? else { return Ok(()) };
        let (CreditSubject::Document(document), Some(supplier), Some(reported_period)) =
            (&record.subject, record.supplier, record.return_period)
        else {
            return Ok(());
        };
        let raised = LiabilityRaised {
            supplier,
            recipient: self.recipient,
            record_id: id.clone(),
            document: document.clone(),
            reported_period,
            tax: row.tax,
            raised_at: filed_at,
            rule: SL_1,
        };
        self.draft.emit(Outgoing::to_supplier(supplier, &raised));
        Ok(())
    }

    /// AM-3: amendments whose earlier versions are final now join the next open statement. `Some` is where to go on.
    fn release_dependents(
        &mut self,
        after: Option<RowKey>,
        filed_at: IstInstant,
    ) -> Result<Option<RowKey>, DecideError> {
        let prefix = key::dependents(self.recipient);
        let mut after = after;
        loop {
            let page = self.draft.scan::<DependentRow>(&prefix, after.as_ref(), PAGE)?;
            if page.is_empty() {
                return Ok(None);
            }
            for (row_key, _) in page {
                if self.is_page_full() {
                    return Ok(Some(after.unwrap_or(prefix)));
                }
                let id = RecordId(row_key.parts().nth(1).unwrap_or_default().replace("%7C", "|"));
                match self.record(&id)? {
                    Some(record) => self.settle(&id, record, filed_at)?,
                    None => self.draft.delete(&row_key),
                }
                after = Some(row_key);
            }
        }
    }

    /// EF-6: the period and those before it are final from here on.
    fn lock(&mut self, event: &RecipientReturnFiled) -> Result<(), DecideError> {
        let period_key = key::period(self.recipient, event.period);
        let mut row = self.period_row(event.period)?;
        row.filed_at = Some(event.filed_at);
        self.draft.put(&period_key, &row);
        self.profile.locked_through = self.profile.locked_through.max(Some(event.period));
        self.put_profile();
        let locked = PeriodLocked {
            gstin: self.recipient.gstin(),
            period: event.period,
            filed_at: event.filed_at,
            statement_version: (row.version > 0).then_some(row.version),
            table4: event.table4.clone(),
            arn: event.arn.clone(),
            origin: event.origin,
        };
        self.draft.emit(Outgoing::to_recipient(self.recipient, &locked));
        self.draft.emit(Outgoing::to_supplier(SupplierGstin(self.recipient.gstin()), &locked));
        Ok(())
    }
}

/// GN-7: a statement is asked for, the first version or a further one.
pub(crate) fn requested(mut desk: Desk<'_>, event: &StatementRequested) -> Result<Decided, DecideError> {
    if let Some(refusal) = desk.check_statement(event.period, event.at) {
        match event.origin {
            Origin::User => return Ok(desk.refused(refusal, event.at)),
            Origin::Portal => {
                let id = desk.request_id();
                desk.say_diverged(id, refusal, event.at);
                if matches!(refusal, Refusal::Locked | Refusal::QuarterlyInnerMonth) {
                    // A final or impossible statement has no further version.
                    return Ok(desk.decided(GN_7));
                }
            }
        }
    }
    desk.generate(event.period, event.at)?;
    desk.say_applied(event.origin, "GSTR-2B is generated", GN_7, event.at);
    Ok(desk.decided(GN_5))
}

/// EF-6: the recipient filed its GSTR-3B. What changes by it is found through index rows, page by page.
pub(crate) fn filed(mut desk: Desk<'_>, event: &RecipientReturnFiled) -> Result<Decided, DecideError> {
    let cursor = desk.context.cursor.map(|cursor| cursor.0.clone());
    let mut after = None;
    if cursor.is_none() {
        let told_before = desk.period_row(event.period)?.filed_at.is_some();
        if let Some(refusal) = desk.check_return(event.period)? {
            match event.origin {
                Origin::User => return Ok(desk.refused(refusal, event.filed_at)),
                // A period that only counted as filed is now told of; that is no difference.
                Origin::Portal if refusal == Refusal::AlreadyFiled && !told_before => {}
                Origin::Portal => {
                    let id = desk.request_id();
                    desk.say_diverged(id, refusal, event.filed_at);
                }
            }
        }
        if told_before {
            return Ok(desk.decided(EF_6));
        }
        desk.lock(event)?;
        desk.say_applied(event.origin, "the GSTR-3B is filed and its period closed", EF_6, event.filed_at);
    }
    match cursor.as_deref().and_then(|cursor| cursor.strip_prefix(DEPENDENTS)) {
        Some(row_key) => after = Some(RowKey::from_text(row_key)),
        None => {
            if desk.raise_liabilities(event.period, event.filed_at)? {
                return Ok(desk.page(SL_1, LIABILITIES));
            }
        }
    }
    if let Some(last) = desk.release_dependents(after, event.filed_at)? {
        return Ok(desk.page(EF_6, format!("{DEPENDENTS}{last}")));
    }
    desk.plan_draft(event.filed_at)?;
    Ok(desk.draft.finish(Outcome::Decided(EF_6)))
}

/// The draft of the earliest open period, where its day has come.
pub(crate) fn draft_due(desk: &mut Desk<'_>, now: IstInstant) -> Result<gst_rules::RuleRef, DecideError> {
    desk.plan_draft(now)?;
    Ok(GN_1)
}
