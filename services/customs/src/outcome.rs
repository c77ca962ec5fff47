//! How `customs` decides; each outcome names its rule.

gst_events::outcomes! {
    /// What became of an event.
    enum CustomsOutcome;
    /// A bill is known for the first time.
    Received = "BILL_RECEIVED", Decided, ID_12;
    /// A known bill came again and says nothing new.
    ReceivedAgain = "BILL_RECEIVED_AGAIN", Decided, BE_13;
    /// A known bill came again and brought its reference date.
    ReferenceDateGiven = "REFERENCE_DATE_GIVEN", Decided, BE_13;
    /// A bill went a step further.
    Stepped = "STEP_TAKEN", Decided, BOE_4;
    /// The step made credit available for the first time.
    BecameEligible = "CREDIT_AVAILABLE", Decided, BOE_5;
    /// A bill of a type that never gives credit went a step further.
    SteppedWithoutCredit = "STEP_WITHOUT_CREDIT", Decided, BOE_2;
    /// A word that nobody knows: kept, nothing else changes.
    UnknownWord = "STATUS_WORD_UNKNOWN", Decided, BOE_4;
    /// A step of a bill that is not known yet.
    EarlyStep = "BILL_NOT_KNOWN_YET", Waiting, BOE_4;
    /// What the bill says of its duties is taken in.
    DutyTaken = "DUTIES_TAKEN", Decided, DUT_4;
    /// Duties of a bill that is not known yet.
    EarlyDuty = "DUTIES_WAIT_FOR_BILL", Waiting, DUT_4;
    /// Values were amended.
    ValueAmended = "VALUE_AMENDED", Decided, BE_4;
    /// The bill went to another GSTIN, which gets a credit record.
    Moved = "GSTIN_AMENDED", Decided, BE_6;
    /// The bill went to another GSTIN, which has a record of it already.
    MovedWithoutCredit = "GSTIN_AMENDED_CREDIT_EXISTS", Decided, BE_10;
    /// The bill is not known, or the previous GSTIN never had it.
    OriginalNotFound = "ORIGINAL_NOT_FOUND", Refused, BE_11;
    /// Another business.
    PanMismatch = "PAN_MISMATCH", Refused, BE_11;
    /// Only one change of GSTIN is allowed.
    GstinAlreadyAmendedOnce = "GSTIN_ALREADY_AMENDED_ONCE", Refused, BE_11;
    /// A value amendment stands on the same day.
    SameDayAsValueAmendment = "AMENDMENT_SAME_DAY_AS_VALUE_AMENDMENT", Refused, BE_11;
    /// A change of GSTIN stands on the same day.
    SameDayAsGstinAmendment = "AMENDMENT_SAME_DAY_AS_GSTIN_AMENDMENT", Refused, BE_11;
}

impl CustomsOutcome {
    /// What a refused sender reads.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::OriginalNotFound => "no such bill of entry is known, or not at the previous GSTIN",
            Self::PanMismatch => "the new GSTIN belongs to another PAN; a bill moves only within one PAN",
            Self::GstinAlreadyAmendedOnce => "the GSTIN of this bill was amended before; it can be amended once",
            Self::SameDayAsValueAmendment => "the value of this bill was amended on the same day",
            Self::SameDayAsGstinAmendment => "the GSTIN of this bill was amended on the same day",
            Self::Received
            | Self::ReceivedAgain
            | Self::ReferenceDateGiven
            | Self::Stepped
            | Self::BecameEligible
            | Self::SteppedWithoutCredit
            | Self::UnknownWord
            | Self::EarlyStep
            | Self::DutyTaken
            | Self::EarlyDuty
            | Self::ValueAmended
            | Self::Moved
            | Self::MovedWithoutCredit => "done",
        }
    }
}
