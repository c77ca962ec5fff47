//! The checks of an action, in the order of section 16, and the answer to it.

use crate::decide::matrix::{Family, family_of, reducible};
use crate::decide::standing::{Book, Standing, has_october_2025_rules};
use crate::refusal::Refusal;
use crate::rows::{RecordRow, RecordState};
use gst_events::{ImsAction, ItcReduction};
use gst_types::{IstInstant, TaxAmounts};
use stream::StateError;

/// AC-8.
const REMARKS_MAX: usize = 250;

/// What is asked of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The new state.
    pub action: ImsAction,
    /// Remarks, without those that are blank.
    pub remarks: Option<String>,
    /// The declaration.
    pub reduction: Option<ItcReduction>,
    /// The action that the sender last saw.
    pub previous: Option<ImsAction>,
    /// When.
    pub at: IstInstant,
}

impl Book<'_> {
    /// Checks an action in the order of section 16; `None` means that it is allowed.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn check_action(&self, record: Option<&RecordRow>, asked: &Asked) -> Result<Option<Refusal>, StateError> {
        let Some(record) = record.filter(|record| record.state != RecordState::Withdrawn) else {
            return Ok(Some(Refusal::NotInIms));
        };
        let filed = self.as_filed(record, asked.at);
        let Some(standing) = self.standing(&filed)? else { return Ok(Some(Refusal::NotInIms)) };
        if standing.bypass.is_some() {
            return Ok(Some(Refusal::NotInIms));
        }
        if self.is_final(record) {
            return Ok(Some(Refusal::Locked));
        }
        if asked.previous.is_some_and(|previous| previous != record.action) {
            return Ok(Some(Refusal::ActionChanged));
        }
        Ok(self.check_matrix(record.state == RecordState::Saved, &filed, &standing, asked).err())
    }

    /// Remarks may come with any action and are asked for by RD-4 alone (CF-9).
    fn check_matrix(&self, saved: bool, record: &RecordRow, standing: &Standing, asked: &Asked) -> Result<(), Refusal> {
        let import = matches!(family_of(record), Some(Family::Import | Family::ImportReversal));
        if asked.action == ImsAction::Reject && import {
            return Err(Refusal::RejectNotAllowedForBoe);
        }
        if standing.held {
            return Err(Refusal::OriginalNotFinalised);
        }
        if asked.action == ImsAction::Pending {
            let limit = self.pending_limit(record, standing, asked.at);
            if let Some(rule) = limit.blocked_on(asked.at.date()) {
                return Err(Refusal::PendingBlocked(rule));
            }
        }
        if asked.remarks.as_ref().is_some_and(|remarks| remarks.chars().count() > REMARKS_MAX) {
            return Err(Refusal::RemarksTooLong);
        }
        match asked.reduction {
            Some(answer) => self.check_reduction(saved, record, standing, asked, answer),
            None => Ok(()),
        }
    }

    fn check_reduction(
        &self,
        saved: bool,
        record: &RecordRow,
        standing: &Standing,
        asked: &Asked,
        answer: ItcReduction,
    ) -> Result<(), Refusal> {
        if asked.action != ImsAction::Accept {
            return Err(Refusal::ReductionOnlyOnAccept);
        }
        let full = self.reducible(saved, record, standing).ok_or(Refusal::ReductionBlocked)?;
        let declared = if answer.required { answer.declared } else { None };
        if let Some(amount) = declared {
            if amount.has_negative() || amount.max(&full) != full {
                return Err(Refusal::ReductionExceedsDocument);
            }
            if amount.cgst != amount.sgst {
                return Err(Refusal::CgstSgstMustMatch);
            }
        }
        let is_full = answer.required && declared.is_none_or(|amount| amount == full);
        if !is_full && asked.remarks.is_none() {
            return Err(Refusal::RemarksRequired);
        }
        Ok(())
    }

    /// What a declaration on this record may reach; `None` where none is allowed (RD-6).
    #[must_use]
    pub fn reducible(&self, saved: bool, record: &RecordRow, standing: &Standing) -> Option<TaxAmounts> {
        if saved || !has_october_2025_rules(standing.home) {
            return None;
        }
        let row = self.matrix(record, standing)?;
        reducible(row, record, standing.accepted.as_ref())
    }
}
