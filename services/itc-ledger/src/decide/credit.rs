//! Credit taken in returns, and credit taken away for good.

use super::{LedgerAlert, Work};
use crate::rows::{self, CreditRow, Fact, LineFact, NoteRow, SubjectPointerRow};
use gst_events::{CreditAvailed, CreditCategorySet, CreditSubject, PermanentReversalRecorded};
use gst_rules::eligibility::{Category, Eligibility, Purchase, RecipientKind, SupplierKind, Use, eligibility};
use gst_rules::rule;
use gst_types::{DocumentKey, DocumentKind, TaxAmounts};
use stream::DecideError;

impl Work<'_, '_> {
    /// A claim in a filed return, or a line of its statement.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn credit_availed(&mut self, event: &CreditAvailed) -> Result<(), DecideError> {
        let (mut row, subject) = self.owner(&event.subject)?;
        let tax = match &event.subject {
            CreditSubject::Document(note) if note.kind == DocumentKind::CreditNote => self.line_of_note(event, note)?,
            CreditSubject::Document(_) | CreditSubject::BillOfEntry(_) => event.claimed,
        };
        // Whether credit of a bill is due is for customs to say, also where a statement already has a line of it.
        let by_customs = event.from_register && matches!(subject, CreditSubject::BillOfEntry(_));
        let fact = Fact::Claim {
            subject,
            return_period: event.return_period,
            tax,
            line: event.line.as_ref().filter(|_| !by_customs).map(|line| LineFact {
                record: line.record_id.0.clone(),
                table: line.table.clone(),
                credit: line.credit,
            }),
        };
        self.add_step(&mut row, event.availed_at, fact)?;
        self.settle(row)?;
        Ok(())
    }

    /// R37-11: what the line of a credit note still takes out, signed as credit: what the register took out already is not
    /// taken twice. GST returns name no invoice in a credit note, so while the register names none, no invoice owes less
    /// and no base falls: both fall together, when it does.
    fn line_of_note(&mut self, event: &CreditAvailed, note: &DocumentKey) -> Result<TaxAmounts, DecideError> {
        let key = rows::note_key(self.recipient, note);
        let before: NoteRow = self.draft.get(&key)?.unwrap_or_default();
        let rest = (-event.claimed - before.by_register).or_zero_if_negative();
        let positive_back = event.claimed.or_zero_if_negative();
        let is_first = before.invoice.is_none() && before.by_line.is_zero() && !event.claimed.is_zero();
        self.draft.put(&key, &NoteRow { by_line: before.by_line - event.claimed, ..before });
        if is_first {
            self.alert(LedgerAlert {
                code: "CREDIT_NOTE_NAMES_NO_INVOICE",
                subject: Some(&event.subject),
                date: event.availed_at.date(),
                message: "tell the register which invoice this credit note lowers; until then what that invoice owes \
                          and the credit at stake stay as they are"
                    .to_owned(),
                rule: Some(rule::R37_11),
            });
        }
        Ok(positive_back - rest)
    }

    /// R37-14: a permanent reversal.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn reversed_permanently(&mut self, event: &PermanentReversalRecorded) -> Result<(), DecideError> {
        let (mut row, subject) = self.owner(&event.subject)?;
        let fact = Fact::Permanent {
            subject,
            rule: event.rule,
            return_period: event.return_period,
            tax: event.tax,
            working: None,
            interest_from: None,
        };
        self.add_step(&mut row, event.at, fact)?;
        self.settle(row)?;
        Ok(())
    }

    /// BLK-1 to BLK-3: what a document was bought for. A word that nobody knows changes nothing and is told.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn category_set(&mut self, event: &CreditCategorySet) -> Result<(), DecideError> {
        let usage = event.usage.as_deref().map(|word| (word, Use::from_code(word)));
        let (Some(category), false) =
            (Category::from_code(&event.category), usage.is_some_and(|(_, known)| known.is_none()))
        else {
            self.category_unknown(event);
            return Ok(());
        };
        let (mut row, _) = self.owner(&event.subject)?;
        let purchase = Purchase {
            recipient: RecipientKind::Regular,
            supplier: SupplierKind::Regular,
            category,
            used_for: usage.and_then(|(_, known)| known),
            statutory_obligation: false,
            capitalised: true,
            date: row.summary.state.as_ref().map(|state| state.document_date),
        };
        let blocked_by = match eligibility(&purchase) {
            Eligibility::Blocked(clause) => Some(clause.code().to_owned()),
            Eligibility::Eligible | Eligibility::Recipient(_) | Eligibility::Supplier(_) => None,
        };
        let is_capital_goods = category == Category::CapitalGoods;
        self.list_capital_goods(&row, is_capital_goods && event.exclusive_use.is_none() && blocked_by.is_none());
        let fact = Fact::Category { blocked_by, exclusive_use: event.exclusive_use, is_capital_goods };
        self.add_step(&mut row, event.at, fact)?;
        self.settle(row)?;
        Ok(())
    }

    /// APP-4: capital goods in common use are found under their recipient.
    fn list_capital_goods(&mut self, row: &CreditRow, is_common: bool) {
        let key = rows::capital_key(self.recipient, &row.subject);
        if is_common {
            self.draft.put(&key, &SubjectPointerRow { subject: row.subject.clone() });
        } else {
            self.draft.delete(&key);
        }
    }

    fn category_unknown(&mut self, event: &CreditCategorySet) {
        self.alert(LedgerAlert {
            code: "CREDIT_CATEGORY_UNKNOWN",
            subject: Some(&event.subject),
            date: event.at.date(),
            message: "category or usage is no word of BLK-1 or BLK-2, such as FOOD or FURTHER_SUPPLY; nothing changed"
                .to_owned(),
            rule: Some(rule::BLK_1),
        });
    }

    /// R37-11: of a credit note accepted in the register, the tax that no line of a statement has taken out already.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn note_to_post(
        &mut self,
        note: &DocumentKey,
        invoice: &DocumentKey,
        tax: TaxAmounts,
    ) -> Result<TaxAmounts, DecideError> {
        let key = rows::note_key(self.recipient, note);
        let before: NoteRow = self.draft.get(&key)?.unwrap_or_default();
        let rest = (tax - before.by_line).or_zero_if_negative();
        let by_register = before.by_register + rest;
        self.draft.put(&key, &NoteRow { by_register, invoice: Some(invoice.clone()), ..before });
        Ok(rest)
    }
}
