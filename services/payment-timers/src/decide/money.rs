//! What counts as payment (R37-7, R37-11) and where it goes (R37-15).

use super::{Change, Work};
use crate::rows::{self, AccountRow, AdvanceRow, DocumentRow, KeptFact, PointerRow, Settlement};
use gst_events::{
    AdvanceAdjusted, Alert, BookAdjusted, CommercialNoteReceived, CreditSubject, Outgoing, PaymentChange, PaymentMade,
    PaymentReallocated, TdsDeducted, TimerExclusion,
};
use gst_rules::rule;
use gst_rules::rulebook::{Allocation, CommercialCreditNote, PaymentDateBasis};
use gst_types::{DocumentKey, IstDate, IstInstant, Paise, SupplierGstin};
use stream::{RowKey, StateError};

/// Unpaid documents read at a time while a lump is allocated.
const OPEN_PAGE: usize = 64;

/// What became of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It went to documents or on account (R37-15).
    Allocated,
    /// Its document is not known yet.
    WaitsForDocument,
    /// It counts from a later day.
    WaitsForDay,
    /// An option says that it does not count.
    DoesNotCount,
}

impl Work<'_, '_> {
    /// R37-7: a payment, on the day that the configuration names; an advance counts for nothing until it is adjusted.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn payment_made(&mut self, event: &PaymentMade) -> Result<Settled, StateError> {
        if let Some(advance_id) = &event.advance_id {
            let key = rows::advance_key(self.recipient, advance_id);
            let before: Option<AdvanceRow> = self.draft.get(&key)?;
            let mut row =
                before.unwrap_or(AdvanceRow { supplier: event.supplier, paid: Paise::ZERO, adjusted: Paise::ZERO });
            row.paid += event.amount;
            self.draft.put(&key, &row);
            return Ok(Settled::DoesNotCount);
        }
        let named = match self.rules.payment_date_basis() {
            PaymentDateBasis::BankDebit => event.debit_date,
            PaymentDateBasis::Instrument => event.instrument_date,
            PaymentDateBasis::SupplierCredit => event.supplier_credit_date,
        };
        let settlement = Settlement {
            recipient: self.recipient,
            supplier: event.supplier,
            document: event.document.clone(),
            amount: event.amount,
            counts_on: named.unwrap_or_else(|| event.at.date()),
            at: event.at,
            moved: false,
        };
        self.settle(settlement)
    }

    /// R37-7: tax deducted at source, where it counts.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn tds_deducted(&mut self, event: &TdsDeducted) -> Result<Settled, StateError> {
        if !self.rules.tds_counts() {
            return Ok(Settled::DoesNotCount);
        }
        self.settle(self.told(&event.document, event.amount, event.at))
    }

    /// R37-7: a set-off with a confirmation, where it counts; without one it is warned about.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn book_adjusted(&mut self, event: &BookAdjusted) -> Result<Settled, StateError> {
        let confirmed = event.confirmation_document.as_deref().is_some_and(|document| !document.trim().is_empty());
        if !confirmed {
            let alert = Alert {
                code: "BOOK_ADJUSTMENT_UNCONFIRMED".to_owned(),
                gstin: self.recipient.gstin(),
                subject: Some(CreditSubject::Document(event.document.clone())),
                date: event.at.date(),
                message: "a set-off without the supplier's confirmation does not count as payment".to_owned(),
                rule: Some(rule::R37_7),
                worker: "payment-timers".to_owned(),
            };
            self.draft.emit(Outgoing::alert(self.recipient.gstin(), &alert));
        }
        if !confirmed || !self.rules.book_adjustment_counts() {
            return Ok(Settled::DoesNotCount);
        }
        self.settle(self.told(&event.document, event.amount, event.at))
    }

    /// R37-7: a part of an advance, which counts from the day of the adjustment.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn advance_adjusted(&mut self, event: &AdvanceAdjusted) -> Result<Settled, StateError> {
        let key = rows::advance_key(self.recipient, &event.advance_id);
        let before: Option<AdvanceRow> = self.draft.get(&key)?;
        let mut row = before.unwrap_or(AdvanceRow {
            supplier: event.document.supplier,
            paid: Paise::ZERO,
            adjusted: Paise::ZERO,
        });
        row.adjusted += event.amount;
        self.draft.put(&key, &row);
        self.settle(self.told(&event.document, event.amount, event.at))
    }

    /// R37-11: a commercial note, where it settles.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn commercial_note(&mut self, event: &CommercialNoteReceived) -> Result<Settled, StateError> {
        match self.rules.commercial_credit_note() {
            CommercialCreditNote::Settled => self.settle(self.told(&event.document, event.amount, event.at)),
            CommercialCreditNote::Unpaid => Ok(Settled::DoesNotCount),
        }
    }

    /// R37-15: settled money moves, from the day of the move; the document that loses it comes first.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn payment_reallocated(&mut self, event: &PaymentReallocated) -> Result<Settled, StateError> {
        let Some(mut from) = self.owner(&event.from)? else {
            self.keep_early(&event.from, &KeptFact::Move(event.clone()))?;
            return Ok(Settled::WaitsForDocument);
        };
        let amount = event.amount.min(from.settled).or_zero_if_negative();
        from.settled -= amount;
        self.tell(from, &Change::of(PaymentChange::Reallocation, event.at))?;
        let money = Settlement { moved: true, ..self.told(&event.to, amount, event.at) };
        self.settle(money)
    }

    fn told(&self, document: &DocumentKey, amount: Paise, at: IstInstant) -> Settlement {
        Settlement {
            recipient: self.recipient,
            supplier: document.supplier,
            document: Some(document.clone()),
            amount,
            counts_on: at.date(),
            at,
            moved: false,
        }
    }

    /// R37-15: first the document named, then the oldest unpaid ones of the supplier, then on account.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn settle(&mut self, money: Settlement) -> Result<Settled, StateError> {
        if self.counts_later(&money)? {
            return Ok(Settled::WaitsForDay);
        }
        let mut rest = money.amount;
        if let Some(document) = &money.document {
            match self.owner(document)? {
                Some(row) => rest -= self.pay(row, &money, rest)?,
                None => {
                    self.keep_early(document, &KeptFact::Money(money.clone()))?;
                    return Ok(Settled::WaitsForDocument);
                }
            }
        }
        match self.rules.allocation() {
            Allocation::ExplicitThenFifo => rest = self.pay_oldest(&money, rest)?,
            Allocation::ExplicitOnly => {}
        }
        self.put_on_account(money.supplier, rest)?;
        Ok(Settled::Allocated)
    }

    /// R37-7: money dated after the day on which we were told of it counts from its own day.
    fn counts_later(&mut self, money: &Settlement) -> Result<bool, StateError> {
        let day = money.counts_on;
        let over = self.today.is_some_and(|today| day < today) || self.passed()?.is_some_and(|passed| day <= passed);
        if day <= money.at.date() || over {
            return Ok(false);
        }
        let number = self.next_number()?;
        self.draft.put(&rows::later_money_key(day, self.recipient, number), &KeptFact::Money(money.clone()));
        Ok(true)
    }

    /// Settles money whose day has come.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn settle_day(&mut self, day: IstDate, limit: usize) -> Result<bool, StateError> {
        let prefix = rows::later_money_of(day, self.recipient);
        let page: Vec<(RowKey, KeptFact)> = self.draft.scan(&prefix, None, limit.max(1))?;
        let more = page.len() == limit.max(1);
        for (key, fact) in page {
            self.draft.delete(&key);
            if let KeptFact::Money(money) = fact {
                self.settle(Settlement { at: day.start(), ..money })?;
            }
        }
        Ok(more)
    }

    /// Puts money on one document; returns what it took. One with a timer takes no more than it still owes.
    fn pay(&mut self, mut row: DocumentRow, money: &Settlement, rest: Paise) -> Result<Paise, StateError> {
        let taken = if row.has_timer() { rest.min(row.balance().unpaid()) } else { rest };
        if taken <= Paise::ZERO {
            return Ok(Paise::ZERO);
        }
        if row.exclusion == Some(TimerExclusion::ScheduleI) {
            self.alert_deemed_paid(&row.document, taken, money.at.date());
        }
        row.settled += taken;
        let change = Change { effective_on: money.counts_on, ..Change::of(self.kind_of(&row, money), money.at) };
        self.tell(row, &change)?;
        Ok(taken)
    }

    /// R37-5: a supply without consideration owes nothing; money that names it stays with it and is told, to be re-allocated.
    fn alert_deemed_paid(&mut self, document: &DocumentKey, amount: Paise, date: IstDate) {
        let alert = Alert {
            code: "PAYMENT_OF_SCHEDULE_I_SUPPLY".to_owned(),
            gstin: self.recipient.gstin(),
            subject: Some(CreditSubject::Document(document.clone())),
            date,
            message: format!(
                "{amount} names a supply without consideration, which is deemed paid (Schedule I): re-allocate it, or correct \
                 the register"
            ),
            rule: Some(rule::R37_5),
            worker: "payment-timers".to_owned(),
        };
        self.draft.emit(Outgoing::alert(self.recipient.gstin(), &alert));
    }

    /// R37-10: money dated in time for a document that reaches us after its day 181 is a correction.
    fn kind_of(&self, row: &DocumentRow, money: &Settlement) -> PaymentChange {
        if money.moved {
            return PaymentChange::Reallocation;
        }
        let late = |fires_on: IstDate| {
            let known_on = self.today.map_or(money.at.date(), |today| today.max(money.at.date()));
            money.counts_on < fires_on && known_on >= fires_on
        };
        if row.fires_on().is_some_and(late) { PaymentChange::LateInput } else { PaymentChange::Payment }
    }

    fn pay_oldest(&mut self, money: &Settlement, mut rest: Paise) -> Result<Paise, StateError> {
        let own = rows::open_of(self.recipient, money.supplier);
        while rest > Paise::ZERO {
            let page: Vec<(RowKey, PointerRow)> = self.draft.scan(&own, None, OPEN_PAGE)?;
            let Some((_, pointer)) = page.first() else { break };
            let Some(row) = self.document(&pointer.document)? else { break };
            let taken = self.pay(row, money, rest)?;
            if taken <= Paise::ZERO {
                break;
            }
            rest -= taken;
        }
        if rest > Paise::ZERO && self.rules.allocate_same_pan() {
            rest = self.pay_oldest_of_pan(money, rest)?;
        }
        Ok(rest)
    }

    fn pay_oldest_of_pan(&mut self, money: &Settlement, mut rest: Paise) -> Result<Paise, StateError> {
        let prefix = rows::open_of_pan(self.recipient, money.supplier);
        let mut open: Vec<DocumentRow> = Vec::new();
        let mut after: Option<RowKey> = None;
        loop {
            let page: Vec<(RowKey, PointerRow)> = self.draft.scan(&prefix, after.as_ref(), OPEN_PAGE)?;
            let full = page.len() == OPEN_PAGE;
            for (key, pointer) in page {
                open.extend(self.document(&pointer.document)?);
                after = Some(key);
            }
            if !full {
                break;
            }
        }
        open.sort_by_key(|row| (row.open_under, row.arrival));
        for row in open {
            if rest <= Paise::ZERO {
                break;
            }
            rest -= self.pay(row, money, rest)?;
        }
        Ok(rest)
    }

    fn put_on_account(&mut self, supplier: SupplierGstin, amount: Paise) -> Result<(), StateError> {
        if amount <= Paise::ZERO {
            return Ok(());
        }
        let key = rows::account_key(self.recipient, supplier);
        let before: Option<AccountRow> = self.draft.get(&key)?;
        let total = before.map_or(Paise::ZERO, |row| row.amount) + amount;
        self.draft.put(&key, &AccountRow { amount: total });
        Ok(())
    }
}
