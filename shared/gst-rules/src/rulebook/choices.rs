//! The closed lists of values of the rulebook's choices, each with its key.

/// A key of the rulebook whose value is one of a few words.
pub trait Choice: Sized + Copy + 'static {
    /// The key of the rulebook.
    const KEY: &'static str;
    /// The words, default first.
    const CODES: &'static [&'static str];
    /// The value that holds where no row says otherwise.
    const DEFAULT: Self;
    /// The value of that word.
    fn from_code(code: &str) -> Option<Self>;
}

macro_rules! choice {
    ($(#[$meta:meta])* $name:ident, $key:literal { $(#[$first_meta:meta])* $first:ident = $first_code:literal
        $(, $(#[$variant_meta:meta])* $variant:ident = $code:literal)* $(,)? }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $(#[$first_meta])* $first,
            $($(#[$variant_meta])* $variant),*
        }

        impl $name {
            /// The word of the rulebook.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    Self::$first => $first_code,
                    $(Self::$variant => $code),*
                }
            }
        }

        impl Choice for $name {
            const KEY: &'static str = $key;
            const CODES: &'static [&'static str] = &[$first_code, $($code),*];
            const DEFAULT: Self = Self::$first;
            fn from_code(code: &str) -> Option<Self> {
                match code {
                    $first_code => Some(Self::$first),
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

choice! {
    /// The return that a reversal under rule 37 stands in (R37-3, conflict C2).
    PeriodRule, "r37.period_rule" {
        /// The period that contains day 181.
        PeriodOfDay181 = "PERIOD_OF_DAY_181",
        /// The period after the one that contains day 180.
        NextPeriod = "NEXT_PERIOD",
    }
}
choice! {
    /// Which day of a payment counts (R37-7).
    PaymentDateBasis, "r37.payment_date" {
        /// The day the recipient's account is debited.
        BankDebit = "BANK_DEBIT",
        /// The date of the instrument.
        Instrument = "INSTRUMENT",
        /// The day the supplier's account is credited.
        SupplierCredit = "SUPPLIER_CREDIT",
    }
}
choice! {
    /// Whether a commercial credit note without GST settles the invoice (R37-11).
    CommercialCreditNote, "r37.commercial_cn" {
        /// It counts as settled amount (Circular 251/08/2025).
        Settled = "SETTLED",
        /// It leaves the amount unpaid.
        Unpaid = "UNPAID",
    }
}
choice! {
    /// What happens to a claim made after day 180 of an unpaid document (R37-12).
    LateClaim, "r37.late_claim" {
        /// The claim is held with a warning.
        BlockUntilPaid = "BLOCK_UNTIL_PAID",
        /// The claim and an equal reversal stand in the same return.
        ClaimAndReverse = "CLAIM_AND_REVERSE",
    }
}
choice! {
    /// How permanent reversals enter the target of rule 37 (R37-14).
    ReversalBase, "r37.reversal_base" {
        /// They shrink the base first.
        NetAvailed = "NET_AVAILED",
        /// They are deducted from the share of the gross credit.
        GrossLessReversed = "GROSS_LESS_REVERSED",
    }
}
choice! {
    /// How reversal and re-claim in one period are posted (R37-9).
    SamePeriodNetting, "r37.same_period_netting" {
        /// Both entries in full.
        Gross = "GROSS",
        /// Only the difference.
        Net = "NET",
    }
}
choice! {
    /// Where money without a document goes (R37-15).
    Allocation, "r37.allocation" {
        /// To the oldest unpaid document of that supplier.
        ExplicitThenFifo = "EXPLICIT_THEN_FIFO",
        /// On account.
        ExplicitOnly = "EXPLICIT_ONLY",
    }
}
choice! {
    /// Which 180 days a debit note has (R37-16).
    DebitNoteTimer, "r37.debit_note_timer" {
        /// Its own, from its own date.
        Own = "OWN",
        /// Those of its invoice.
        Parent = "PARENT",
        /// None.
        None = "NONE",
    }
}
choice! {
    /// Which financial year counts for rule 37A (R37A-1).
    Rule37aYear, "r37a.fy_basis" {
        /// That of the return period in which the credit was availed.
        ReturnPeriod = "RETURN_PERIOD",
        /// That of the day on which that return was filed.
        FilingDate = "FILING_DATE",
    }
}
choice! {
    /// The return in which a monthly recipient reverses under rule 37A (R37A-2).
    Rule37aReturn, "r37a.reversal_return" {
        /// October's, due on 20 November.
        October = "OCTOBER",
        /// September's.
        September = "SEPTEMBER",
    }
}
choice! {
    /// Interest on a rule 37A reversal made by 30 November (R37A-3).
    TimelyRule37aInterest, "r37a.interest_if_timely" {
        /// None.
        None = "NONE",
        /// As section 41(2) says.
        Section41 = "SECTION_41",
    }
}
choice! {
    /// Which day interest starts (INT-1, conflict C3).
    InterestBasis, "interest.basis" {
        /// By the law on day 181 and by what is known of the credit ledger.
        Auto = "AUTO",
        /// From the day the return with the claim was filed.
        Availment = "AVAILMENT",
        /// From utilisation, on the part utilised.
        Utilisation = "UTILISATION",
    }
}
choice! {
    /// Which days of a span bear interest (INT-4).
    DayCount, "interest.day_count" {
        /// The start is left out, the end counts.
        ExcludeStart = "EXCLUDE_START",
        /// Both count.
        IncludeBoth = "INCLUDE_BOTH",
    }
}
choice! {
    /// What an excess re-claim does to GSTR-3B (ECR-2).
    ReversalStatementCheck, "ecrrs.validation" {
        /// The return is refused and posts nothing.
        Block = "BLOCK",
        /// The return is posted with a warning.
        Warn = "WARN",
    }
}
choice! {
    /// Whether section 16(4) reaches Bills of Entry (TL-7).
    BillOfEntryTimeLimit, "s16_4.boe" {
        /// Allowed, with the flag that it is disputed.
        Soft = "SOFT",
        /// It does not reach them.
        None = "NONE",
        /// It bars them.
        Hard = "HARD",
    }
}
choice! {
    /// The day that ends the right to credit for documents of a financial year (TL-1, TL-3, conflict C4, CF-8).
    TimeLimitRule, "s16_4.cutoff" {
        /// 30 November after the year.
        November30 = "NOVEMBER_30",
        /// The due date of the September return after the year.
        SeptemberReturn = "SEPTEMBER_RETURN",
    }
}
choice! {
    /// How the reduced credit of capital goods sold is computed (CG-1, CG-2, conflict C11).
    CapitalGoodsMethod, "capital_goods.method" {
        /// By remaining months.
        Rule44Sub6 = "RULE_44_6",
        /// Five points for each quarter or part.
        Rule40Sub2 = "RULE_40_2",
    }
}
choice! {
    /// How IGST credit left after IGST liability is split (UTL-2).
    IgstRemainder, "util.igst_remainder" {
        /// First what the own credit cannot cover, then CGST, then SGST.
        MinCashThenCgstFirst = "MIN_CASH_THEN_CGST_FIRST",
        /// CGST liability before SGST liability.
        CgstFirst = "CGST_FIRST",
        /// SGST liability before CGST liability.
        SgstFirst = "SGST_FIRST",
        /// In proportion to the two liabilities.
        Proportional = "PROPORTIONAL",
        /// As `util.explicit_split` says.
        Explicit = "EXPLICIT",
    }
}
choice! {
    /// In which order CGST and SGST credit pay IGST liability (UTL-4).
    IgstLiabilityFrom, "util.igst_liability_from" {
        /// SGST only when no CGST credit is left.
        StatuteCgstFirst = "STATUTE_CGST_FIRST",
        /// SGST credit before CGST credit.
        SgstFirst = "SGST_FIRST",
        /// In proportion to the credit left.
        Proportional = "PROPORTIONAL",
    }
}
choice! {
    /// Whether a notional landing charge is added to the assessable value (DUT-1, conflict C5).
    LandingCharge, "customs.landing_charge" {
        /// Only actual charges up to the place of importation.
        ActualOnly = "ACTUAL_ONLY",
        /// One percent of CIF, as before 26 Sep 2017.
        Notional1Pct = "NOTIONAL_1PCT",
    }
}
choice! {
    /// Which day's exchange rate an ex-bond bill takes (DUT-7, conflict C7).
    ExbondExchangeRate, "customs.exbond_fx" {
        /// That of the into-bond bill.
        IntoBondDate = "INTO_BOND_DATE",
        /// That of the ex-bond bill.
        ExBondDate = "EX_BOND_DATE",
    }
}
choice! {
    /// By when a Bill of Entry is filed (BOE-8, conflict C8).
    BillOfEntryDeadline, "boe.deadline" {
        /// By kind of customs station and country.
        Regulation2018 = "REGULATION_2018",
        /// Always the day before arrival.
        GeneralPrecedingDay = "GENERAL_PRECEDING_DAY",
    }
}
choice! {
    /// What a wrong GSTIN check digit does at intake (GID-1, conflict C15).
    GstinChecksum, "gstin.checksum" {
        /// A warning.
        Warn = "WARN",
        /// The record is refused.
        Reject = "REJECT",
        /// Nothing; the digit is not looked at.
        Off = "OFF",
    }
}
