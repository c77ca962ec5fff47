//! Why a command is refused: the codes of section 16, and our own for two-person approval.

use gst_rules::RuleRef;
use gst_rules::rule::{
    AC_3, AC_7, AC_8, AM_2, EG_6, EL_4, GN_1, GN_3, GN_4, GN_5, GN_6, GN_7, IN_4, RD_3, RD_4, RD_5, RD_6,
};

/// A refused command; it changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Unknown, deleted, replaced, withdrawn or bypassing IMS.
    NotInIms,
    /// The record is final, or the period is closed.
    Locked,
    /// Imports cannot be rejected.
    RejectNotAllowedForBoe,
    /// An earlier version is undecided in another statement.
    OriginalNotFinalised,
    /// Pending is not offered; the rule says why.
    PendingBlocked(RuleRef),
    /// More than 250 characters.
    RemarksTooLong,
    /// A declaration with another action.
    ReductionOnlyOnAccept,
    /// No declaration on this record.
    ReductionBlocked,
    /// More than the record can reduce.
    ReductionExceedsDocument,
    /// Declared central and State tax differ.
    CgstSgstMustMatch,
    /// Partial or nil reduction without remarks.
    RemarksRequired,
    /// No statement for the first two months of a quarter.
    QuarterlyInnerMonth,
    /// The GSTR-3B of the period before is not filed.
    PreviousNotFiled,
    /// Too early, or no version was made.
    StatementNotAvailable(RuleRef),
    /// The GSTR-3B is filed already.
    AlreadyFiled,
    /// The draft is stale.
    RecomputeRequired,
    /// The sender saw another action than the stored one.
    ActionChanged,
    /// Two-person approval needs to know who asks.
    ActorRequired,
    /// No such proposal, or it was answered.
    ProposalUnknown,
    /// The proposal's last day is past.
    ProposalExpired,
    /// The same person twice.
    SamePersonTwice,
    /// A second person turned the proposal down.
    ProposalDenied,
}

impl Refusal {
    /// The code of section 16.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotInIms => "NOT_IN_IMS",
            Self::Locked => "LOCKED_AFTER_GSTR3B",
            Self::RejectNotAllowedForBoe => "REJECT_NOT_ALLOWED_FOR_BOE",
            Self::OriginalNotFinalised => "ORIGINAL_NOT_FINALISED",
            Self::PendingBlocked(_) => "PENDING_BLOCKED",
            Self::RemarksTooLong => "REMARKS_TOO_LONG",
            Self::ReductionOnlyOnAccept => "ITC_REDUCTION_ONLY_ON_ACCEPT",
            Self::ReductionBlocked => "ITC_REDUCTION_BLOCKED",
            Self::ReductionExceedsDocument => "ITC_REDUCTION_EXCEEDS_DOCUMENT",
            Self::CgstSgstMustMatch => "CGST_SGST_MUST_MATCH",
            Self::RemarksRequired => "REMARKS_REQUIRED",
            Self::QuarterlyInnerMonth => "NOT_GENERATED_QRMP_MONTH_1_OR_2",
            Self::PreviousNotFiled => "PREVIOUS_GSTR3B_NOT_FILED",
            Self::StatementNotAvailable(_) => "GSTR2B_NOT_AVAILABLE",
            Self::AlreadyFiled => "ALREADY_FILED",
            Self::RecomputeRequired => "RECOMPUTE_REQUIRED",
            Self::ActionChanged => "ACTION_CHANGED",
            Self::ActorRequired => "ACTOR_REQUIRED",
            Self::ProposalUnknown => "PROPOSAL_UNKNOWN",
            Self::ProposalExpired => "PROPOSAL_EXPIRED",
            Self::SamePersonTwice => "SAME_PERSON_TWICE",
            Self::ProposalDenied => "PROPOSAL_DENIED",
        }
    }

    /// The portal's own code, where public documents name one; the other refusals have only ours.
    #[must_use]
    pub const fn portal_code(self) -> Option<&'static str> {
        match self {
            // The previous action is not the stored one, or the supplier changed the document.
            Self::ActionChanged => Some("IMSSAV0010"),
            // No GSTR-2B, because the GSTR-3B of the period before is not filed.
            Self::PreviousNotFiled => Some("GTR2B-002"),
            Self::NotInIms
            | Self::Locked
            | Self::RejectNotAllowedForBoe
            | Self::OriginalNotFinalised
            | Self::PendingBlocked(_)
            | Self::RemarksTooLong
            | Self::ReductionOnlyOnAccept
            | Self::ReductionBlocked
            | Self::ReductionExceedsDocument
            | Self::CgstSgstMustMatch
            | Self::RemarksRequired
            | Self::QuarterlyInnerMonth
            | Self::StatementNotAvailable(_)
            | Self::AlreadyFiled
            | Self::RecomputeRequired
            | Self::ActorRequired
            | Self::ProposalUnknown
            | Self::ProposalExpired
            | Self::SamePersonTwice
            | Self::ProposalDenied => None,
        }
    }

    /// The rule behind it.
    #[must_use]
    pub const fn rule(self) -> RuleRef {
        match self {
            Self::NotInIms => IN_4,
            Self::Locked | Self::ActionChanged => AC_3,
            Self::RejectNotAllowedForBoe => AC_7,
            Self::OriginalNotFinalised => AM_2,
            Self::PendingBlocked(rule) | Self::StatementNotAvailable(rule) => rule,
            Self::RemarksTooLong => AC_8,
            Self::ReductionOnlyOnAccept | Self::ReductionBlocked => RD_6,
            Self::ReductionExceedsDocument => RD_3,
            Self::CgstSgstMustMatch => RD_5,
            Self::RemarksRequired => RD_4,
            Self::QuarterlyInnerMonth => GN_4,
            Self::PreviousNotFiled => GN_3,
            Self::AlreadyFiled => GN_7,
            Self::RecomputeRequired => GN_5,
            Self::ActorRequired
            | Self::ProposalUnknown
            | Self::ProposalExpired
            | Self::SamePersonTwice
            | Self::ProposalDenied => EG_6,
        }
    }

    /// Plain words.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NotInIms => "the record is not on this taxpayer's IMS dashboard",
            Self::Locked => "the GSTR-3B of that period is filed, so nothing can be changed any more",
            Self::RejectNotAllowedForBoe => "a Bill of Entry can be accepted or left pending, never rejected",
            Self::OriginalNotFinalised => {
                "decide the original record and file the GSTR-3B of its period before acting on its amendment"
            }
            Self::PendingBlocked(EL_4) => "the time limit of section 16(4) is past, so the record cannot stay pending",
            Self::PendingBlocked(_) => "this record can only be accepted or rejected now, not left pending",
            Self::RemarksTooLong => "remarks may have at most 250 characters",
            Self::ReductionOnlyOnAccept => "a reduction of credit can be declared only when accepting",
            Self::ReductionBlocked => "no reduction of credit can be declared for this record",
            Self::ReductionExceedsDocument => {
                "the declared reduction is below zero or above what the record can reduce"
            }
            Self::CgstSgstMustMatch => "the declared central tax and State tax must be equal",
            Self::RemarksRequired => "give remarks with a partial or nil reduction",
            Self::QuarterlyInnerMonth => "a quarterly filer has one statement and return for the quarter",
            Self::PreviousNotFiled => "file the GSTR-3B of the period before first",
            Self::StatementNotAvailable(GN_6) => "generate GSTR-2B of this period before filing its GSTR-3B",
            Self::StatementNotAvailable(_) => "GSTR-2B of this period cannot be generated yet",
            Self::AlreadyFiled => "the GSTR-3B of this period is filed already",
            Self::RecomputeRequired => "an action changed after the draft: recompute GSTR-2B before filing",
            Self::ActionChanged => "somebody changed the action since you last saw it",
            Self::ActorRequired => "this taxpayer's actions need a second person, so say who asks",
            Self::ProposalUnknown => "there is no such proposal, or it was answered already",
            Self::ProposalExpired => "the proposal's last day is past",
            Self::ProposalDenied => "a second person turned the action down",
            Self::SamePersonTwice => "the person who proposed an action cannot approve it",
        }
    }
}

/// A statement that is too early (GN-1).
pub(crate) const TOO_EARLY: Refusal = Refusal::StatementNotAvailable(GN_1);
/// A return without a statement (GN-6).
pub(crate) const NO_VERSION: Refusal = Refusal::StatementNotAvailable(GN_6);
