//! Apportionment of common credit: rule 42, rule 43, rule 38 (APP-2 to APP-5).
//!
//! A return is apportioned when its claims are told, with the turnover of its period, or with the ratio of the last period
//! before it that has one. Each document gives up its share, so that rule 37 finds only what is left (APP-2). The shares
//! are differences of one running figure: together they are the figure of the whole return, without a paisa of drift.

use super::year::{YearsOf, is_in_year, moves_common_credit};
use super::{LedgerAlert, Work};
use crate::rows::{self, ApportionedRow, CreditRow, Fact, ReturnEntryRow, ShareRow, SubjectPointerRow, TurnoverRow};
use gst_events::{CreditSubject, ExclusiveUse, PermanentReversalRule, TurnoverReported};
use gst_rules::apportionment::{Rule42Credit, Turnover, rule_38, rule_42, rule_43_share};
use gst_rules::rule;
use gst_types::{Head, IstDate, IstInstant, Paise, TaxAmounts, TaxPeriod};
use stream::{Cursor, DecideError, RowKey};

/// Documents apportioned in one page at most; each may settle its document, which writes up to ten rows and events.
pub(super) const PAGE: usize = 50;

/// Life of capital goods (APP-4).
const LIFE_IN_MONTHS: i32 = 60;

/// One walk over a return.
struct Walk {
    period: TaxPeriod,
    turnover: TurnoverRow,
    /// When the shares hold: the filing of the return, or a turnover told later.
    at: IstInstant,
    /// The return in which they stand.
    return_period: TaxPeriod,
    so_far: ApportionedRow,
}

impl Walk {
    const fn ratio(&self) -> Turnover {
        Turnover { exempt: self.turnover.exempt, total: self.turnover.total }
    }

    /// What goes out of that much common credit of inputs and services (D1 + D2, or the half of rule 38).
    fn out_of(&self, common: TaxAmounts) -> TaxAmounts {
        common.map(|_, credit| {
            if self.turnover.section_17_4 {
                return rule_38(credit, Paise::ZERO, Paise::ZERO, Paise::ZERO).reversed;
            }
            let credit = Rule42Credit {
                total: credit,
                non_business: Paise::ZERO,
                exempt_only: Paise::ZERO,
                blocked: Paise::ZERO,
                taxable_only: Paise::ZERO,
                common_use_non_business: self.turnover.common_use_non_business,
            };
            rule_42(&credit, self.ratio()).common_out
        })
    }

    fn working(&self, provision: PermanentReversalRule, credit: TaxAmounts, months: u32) -> String {
        let heads = Head::ALL.into_iter().filter(|head| !credit.of(*head).is_zero());
        let (exempt, total) = (self.turnover.exempt, self.turnover.total);
        let factor = match provision {
            PermanentReversalRule::Rule38 => "50 %".to_owned(),
            PermanentReversalRule::Rule43 => format!("{months} / 60 × {exempt} / {total}"),
            PermanentReversalRule::Rule42
            | PermanentReversalRule::Section17_5
            | PermanentReversalRule::BoeGstinChanged => {
                let half_personal = if self.turnover.common_use_non_business { " + 5 %" } else { "" };
                format!("({exempt} / {total}{half_personal})")
            }
        };
        heads.map(|head| format!("{}: {} × {factor}", head.code(), credit.of(head))).collect::<Vec<_>>().join("; ")
    }
}

impl Work<'_, '_> {
    /// Turnover of a period: the return is apportioned with it where its claims are told already.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn turnover_reported(
        &mut self,
        event: &TurnoverReported,
        after: Option<&Cursor>,
    ) -> Result<Option<Cursor>, DecideError> {
        let bounds = event.exempt >= Paise::ZERO && event.total > Paise::ZERO && event.exempt <= event.total;
        if !bounds {
            let message = format!(
                "turnover of {}: exempt {} of {}; the total must be above zero and hold the exempt part; nothing changed",
                event.period, event.exempt, event.total
            );
            self.alert(LedgerAlert {
                code: "TURNOVER_UNUSABLE",
                subject: None,
                date: event.at.date(),
                message,
                rule: Some(rule::APP_3),
            });
            return Ok(None);
        }
        let row = TurnoverRow {
            exempt: event.exempt,
            total: event.total,
            common_use_non_business: event.common_use_non_business,
            section_17_4: event.section_17_4,
            at: event.at,
        };
        self.draft.put(&rows::turnover_key(self.recipient, event.period), &row);
        let sums = self.table4(event.period)?;
        match sums.filed_at.filter(|_| sums.is_compared) {
            Some(filed_at) => self.apportion(event.period, filed_at, after),
            None => {
                let return_period = self.recipient_row()?.period_of(event.at.date());
                let of = YearsOf { period: event.period, is_apportioned: false, at: event.at, return_period };
                self.calculate_years(&of, after)
            }
        }
    }

    /// APP-3 to APP-5: takes the shares of a filed return out of its documents, a page at a time.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub(crate) fn apportion(
        &mut self,
        period: TaxPeriod,
        filed_at: IstInstant,
        after: Option<&Cursor>,
    ) -> Result<Option<Cursor>, DecideError> {
        let Some(turnover) = self.turnover_for(period)? else { return Ok(None) };
        let late = turnover.at > filed_at;
        let return_period = if late { self.recipient_row()?.period_of(turnover.at.date()) } else { period };
        let at = turnover.at.max(filed_at);
        let years = YearsOf { period, is_apportioned: true, at, return_period };
        if is_in_year(after) {
            return self.calculate_years(&years, after);
        }
        let key = rows::apportioned_key(self.recipient, period);
        let so_far = match after {
            Some(_) => self.draft.get(&key)?.unwrap_or_default(),
            None => ApportionedRow::default(),
        };
        let mut walk = Walk { period, turnover, at, return_period, so_far };
        let capital = rows::capital_goods_of(self.recipient);
        let after = after.map(|cursor| RowKey::from_text(cursor.0.clone()));
        let in_capital = after.as_ref().is_some_and(|after| after.as_str().starts_with(capital.as_str()));
        let next = if in_capital {
            self.capital_goods(&mut walk, after.as_ref())?
        } else {
            let next = self.inputs(&mut walk, after.as_ref())?;
            if next.is_some() { next } else { self.capital_goods(&mut walk, None)? }
        };
        self.draft.put(&key, &walk.so_far);
        match next {
            Some(key) => Ok(Some(Cursor(key.as_str().to_owned()))),
            None => self.calculate_years(&years, None),
        }
    }

    /// The turnover of a period, or of the last one before it that has one.
    fn turnover_for(&self, period: TaxPeriod) -> Result<Option<TurnoverRow>, DecideError> {
        Ok(turnover_of(&self.turnovers()?, period).cloned())
    }

    /// Every turnover told, by period.
    pub(super) fn turnovers(&self) -> Result<Vec<(TaxPeriod, TurnoverRow)>, DecideError> {
        let told: Vec<(RowKey, TurnoverRow)> = self.all(&rows::turnovers_of(self.recipient))?;
        Ok(told.into_iter().filter_map(|(key, row)| Some((rows::period_in(&key)?, row))).collect())
    }

    /// APP-3, APP-5: inputs and services, entry by entry.
    fn inputs(&mut self, walk: &mut Walk, after: Option<&RowKey>) -> Result<Option<RowKey>, DecideError> {
        let prefix = rows::entries_of_period(self.recipient, walk.period);
        let page: Vec<(RowKey, ReturnEntryRow)> = self.draft.scan(&prefix, after, PAGE)?;
        let more = page.len() == PAGE;
        let last = page.last().map(|(key, _)| key.clone());
        for (_, pointer) in page {
            let entry = self.entry(pointer.number)?;
            let (row, _) = self.owner(&entry.subject)?;
            if !moves_common_credit(entry.entry) || !is_common_input(&row, walk.turnover.section_17_4) {
                continue;
            }
            let before = walk.out_of(walk.so_far.common);
            walk.so_far.common += entry.tax;
            let share = walk.out_of(walk.so_far.common) - before;
            let key = rows::share_of_entry(self.recipient, walk.period, pointer.number);
            let provision =
                if walk.turnover.section_17_4 { PermanentReversalRule::Rule38 } else { PermanentReversalRule::Rule42 };
            let working = walk.working(provision, entry.tax, 1);
            self.give_up(walk, row, &entry.subject, &key, share, (provision, working))?;
        }
        Ok(if more { last } else { None })
    }

    /// APP-4: capital goods in common use, a sixtieth a month for 60 months from the invoice. Banks halve them with the rest.
    fn capital_goods(&mut self, walk: &mut Walk, after: Option<&RowKey>) -> Result<Option<RowKey>, DecideError> {
        let prefix = rows::capital_goods_of(self.recipient);
        let page: Vec<(RowKey, SubjectPointerRow)> = self.draft.scan(&prefix, after, PAGE)?;
        let more = page.len() == PAGE && !walk.turnover.section_17_4;
        let last = page.last().map(|(key, _)| key.clone());
        for (_, pointer) in page.into_iter().filter(|_| !walk.turnover.section_17_4) {
            let row = self.own_credit(&pointer.subject)?;
            let months = self.months_of_life(&row, walk.period)?;
            let credit = (row.summary.all_availed() - row.summary.note_tax).or_zero_if_negative();
            if months == 0 || credit.is_zero() {
                continue;
            }
            let before = rule_43_share(walk.so_far.capital_months, walk.ratio());
            walk.so_far.capital_months += (0..months).fold(TaxAmounts::ZERO, |sum, _| sum + credit);
            let share = rule_43_share(walk.so_far.capital_months, walk.ratio()) - before;
            let key = rows::share_of_asset(self.recipient, walk.period, &pointer.subject);
            let working = walk.working(PermanentReversalRule::Rule43, credit, months);
            self.give_up(walk, row, &pointer.subject, &key, share, (PermanentReversalRule::Rule43, working))?;
        }
        Ok(if more { last } else { None })
    }

    /// Months of a return in which the life of a capital good runs, from the month of its invoice and not before its credit
    /// was taken. A quarter has three.
    fn months_of_life(&self, row: &CreditRow, period: TaxPeriod) -> Result<u32, DecideError> {
        let claimed = row.summary.first_claim.map(|(_, claimed)| claimed);
        let Some(issued) = date_of(row).filter(|_| claimed.is_some_and(|claimed| claimed <= period)) else {
            return Ok(0);
        };
        let frequency = self.recipient_row()?.frequency_on(period.last_day());
        let months = match frequency {
            gst_types::FilingFrequency::Monthly => 1,
            gst_types::FilingFrequency::Quarterly => 3,
        };
        let number = |of: TaxPeriod| of.year() * 12 + i32::try_from(of.month()).unwrap_or(0);
        let age_at_end = number(period) - number(TaxPeriod::of(issued));
        let in_life = (0..months).filter(|back| (0..LIFE_IN_MONTHS).contains(&(age_at_end - back))).count();
        Ok(u32::try_from(in_life).unwrap_or(0))
    }

    /// Posts what a document gives up beyond what it gave up already.
    fn give_up(
        &mut self,
        walk: &Walk,
        mut row: CreditRow,
        subject: &CreditSubject,
        key: &RowKey,
        share: TaxAmounts,
        (provision, working): (PermanentReversalRule, String),
    ) -> Result<(), DecideError> {
        let before: ShareRow = self.draft.get(key)?.unwrap_or_default();
        let tax = share - before.tax;
        if tax.is_zero() {
            return Ok(());
        }
        self.draft.put(key, &ShareRow { tax: share });
        let fact = Fact::Permanent {
            subject: subject.clone(),
            rule: provision,
            return_period: walk.return_period,
            tax,
            working: Some(working),
            interest_from: None,
        };
        self.add_step(&mut row, walk.at, fact)?;
        self.settle(row)?;
        Ok(())
    }
}

/// What the register said last of the use of a document.
fn use_of(row: &CreditRow) -> Option<(bool, Option<ExclusiveUse>, bool)> {
    row.steps.iter().rev().find_map(|step| match &step.fact {
        Fact::Category { blocked_by, exclusive_use, is_capital_goods } => {
            Some((blocked_by.is_some(), *exclusive_use, *is_capital_goods))
        }
        Fact::Payment(_)
        | Fact::Day181
        | Fact::DebitNote { .. }
        | Fact::Claim { .. }
        | Fact::Permanent { .. }
        | Fact::Listed { .. }
        | Fact::ImportEligible { .. }
        | Fact::ImportEnded
        | Fact::ImportDelta { .. } => None,
    })
}

/// The turnover of a period among those told, in order of periods, or of the last one before it that has one.
pub(super) fn turnover_of(told: &[(TaxPeriod, TurnoverRow)], period: TaxPeriod) -> Option<&TurnoverRow> {
    told.iter().rev().find(|(of, _)| *of <= period).map(|(_, turnover)| turnover)
}

/// APP-3: common is what is neither blocked nor exclusive, so also what nobody categorised (C2 = C1 - T4). A bank halves its
/// capital goods as well, and keeps in full what comes from its own PAN (APP-5).
pub(super) fn is_common_input(row: &CreditRow, is_bank: bool) -> bool {
    match use_of(row) {
        None => true,
        Some((true, _, _)) => false,
        Some((false, Some(ExclusiveUse::NonBusiness | ExclusiveUse::SamePan | ExclusiveUse::Exempt), _)) => false,
        Some((false, Some(ExclusiveUse::Taxable), _)) => is_bank,
        Some((false, None, is_capital_goods)) => is_bank || !is_capital_goods,
    }
}

/// The date of issue from which a life runs.
fn date_of(row: &CreditRow) -> Option<IstDate> {
    match &row.subject {
        CreditSubject::Document(document) => {
            let known = row.summary.state.as_ref().map(|state| state.document_date);
            Some(known.unwrap_or_else(|| document.financial_year.first_day()))
        }
        CreditSubject::BillOfEntry(bill) => Some(bill.date),
    }
}
