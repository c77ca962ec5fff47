//! One typed getter for each key. A getter takes a day, a period or a year exactly where the rule names one.

use super::Rulebook;
use super::choices::*;
use super::ims_choices::*;
use super::keys::split_of;
use gst_types::{FilingFrequency, FinancialYear, IstDate, Paise, StateCode, TaxPeriod};
use rust_decimal::Decimal;

/// A value of a dated table and the day from which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedRate {
    /// First day of the rate.
    pub from: IstDate,
    /// The rate in percent.
    pub percent: Decimal,
}

/// The rate of a group of goods on a day (RATE-1, RATE-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupRate {
    /// The GST rate in percent; `None` where the group has none on that day.
    pub gst_percent: Option<Decimal>,
    /// Whether compensation cess applies.
    pub cess: bool,
}

/// From this period the portal frees the order in which CGST and SGST credit pay IGST (UTL-4).
const FREE_ORDER_FROM: (i32, u32) = (2026, 2);

macro_rules! choice_getters {
    ($($(#[$meta:meta])* $name:ident -> $choice:ty;)+) => {
        impl Rulebook {
            $(
                $(#[$meta])*
                #[must_use]
                pub fn $name(&self) -> $choice {
                    self.choice()
                }
            )+
        }
    };
}

choice_getters! {
    /// R37-3: the return that a rule 37 reversal stands in.
    period_rule -> PeriodRule;
    /// R37-7: which day of a payment counts.
    payment_date_basis -> PaymentDateBasis;
    /// R37-11: whether a commercial credit note settles.
    commercial_credit_note -> CommercialCreditNote;
    /// R37-12: what a late claim does.
    late_claim -> LateClaim;
    /// R37-14: how permanent reversals enter the target.
    reversal_base -> ReversalBase;
    /// R37-9: whether entries of one period are netted.
    same_period_netting -> SamePeriodNetting;
    /// R37-15: where unreferenced money goes.
    allocation -> Allocation;
    /// R37-16: the timer of debit notes.
    debit_note_timer -> DebitNoteTimer;
    /// R37A-1: the financial year of rule 37A.
    rule_37a_year -> Rule37aYear;
    /// R37A-2: the return of a rule 37A reversal.
    rule_37a_return -> Rule37aReturn;
    /// R37A-3: interest on a timely rule 37A reversal.
    timely_rule_37a_interest -> TimelyRule37aInterest;
    /// INT-1: which day interest starts.
    interest_basis -> InterestBasis;
    /// INT-4: which days bear interest.
    day_count -> DayCount;
    /// TL-7: section 16(4) and Bills of Entry.
    bill_of_entry_time_limit -> BillOfEntryTimeLimit;
    /// CG-2: the reduced credit of capital goods sold.
    capital_goods_method -> CapitalGoodsMethod;
    /// UTL-2: the split of IGST credit.
    igst_remainder -> IgstRemainder;
    /// DUT-1: notional landing charge.
    landing_charge -> LandingCharge;
    /// DUT-7: the exchange rate of an ex-bond bill.
    exbond_exchange_rate -> ExbondExchangeRate;
    /// BOE-8: by when a Bill of Entry is filed.
    bill_of_entry_deadline -> BillOfEntryDeadline;
    /// GID-1: what a wrong check digit does.
    gstin_checksum -> GstinChecksum;
    /// CF-1: how long a record may stay pending.
    pending_policy -> PendingPolicy;
    /// EL-3: how the time limit of reason `C` is tested.
    time_bar_mode -> TimeBarMode;
    /// AC-7: how long a Bill of Entry may stay pending.
    bill_of_entry_pending_limit -> BillOfEntryPendingLimit;
    /// BE-8: whether the reversal record may be pending.
    reversal_record_pending -> ReversalRecordPending;
    /// BE-8: what silence on the reversal record means.
    reversal_record_default -> ReversalRecordDefault;
    /// AC-4: pending of downward ECO amendments before Oct 2025.
    eco_downward_2024 -> EcoDownward2024;
    /// AM-11: how often a document may be amended.
    amendment_chain -> AmendmentChain;
    /// AM-12: what a change of the recipient GSTIN does.
    supplier_gstin_change -> SupplierGstinChange;
    /// TB-4: where Part B of Table 4 goes.
    table4_part_b -> Table4PartB;
    /// GN-1: how the first draft comes about.
    draft_generation -> DraftGeneration;
    /// GN-3: whether statements are strictly sequential.
    statement_sequence -> StatementSequence;
    /// SL-3: whether a supplier's own GSTR-3B closes its period for liabilities.
    supplier_own_return -> SupplierOwnReturn;
}

impl Rulebook {
    fn choice<C: Choice>(&self) -> C {
        self.always(C::KEY).and_then(C::from_code).unwrap_or(C::DEFAULT)
    }

    fn choice_on<C: Choice>(&self, on: IstDate) -> C {
        self.value(C::KEY, on).and_then(C::from_code).unwrap_or(C::DEFAULT)
    }

    fn flag(&self, key: &str) -> bool {
        self.always(key) == Some("true")
    }

    fn number(&self, key: &str, default: u32) -> u32 {
        self.always(key).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    fn day_of_month(&self, key: &str, period: TaxPeriod, default: u32) -> u32 {
        self.value(key, period.first_day()).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// R37-7: whether tax deducted at source counts as payment.
    #[must_use]
    pub fn tds_counts(&self) -> bool {
        self.flag("r37.tds_counts")
    }

    /// R37-7: whether a confirmed set-off counts as payment.
    #[must_use]
    pub fn book_adjustment_counts(&self) -> bool {
        self.flag("r37.book_adjustment_counts")
    }

    /// R37-15: whether money may go to another registration of the supplier's PAN.
    #[must_use]
    pub fn allocate_same_pan(&self) -> bool {
        self.flag("r37.allocate_same_pan")
    }

    /// R37-17: the days since the invoice date on which a warning is given, in rising order.
    #[must_use]
    pub fn warning_days(&self) -> Vec<u32> {
        let days = self.always("r37.warning_days").unwrap_or_default();
        days.split(',').filter_map(|day| day.trim().parse().ok()).collect()
    }

    /// INT-1: the interest rates of section 50, oldest first.
    #[must_use]
    pub fn interest_rates(&self) -> Vec<DatedRate> {
        let rows = self.inner.rows.get("interest.rate").map(Vec::as_slice).unwrap_or_default();
        let start = IstDate::from_naive(chrono::NaiveDate::MIN);
        rows.iter()
            .filter_map(|row| {
                Some(DatedRate { from: row.valid_from.unwrap_or(start), percent: row.value.parse().ok()? })
            })
            .collect()
    }

    /// ECR-2: what an excess re-claim does to the return of that period.
    #[must_use]
    pub fn reversal_statement_check(&self, period: TaxPeriod) -> ReversalStatementCheck {
        self.choice_on(period.first_day())
    }

    /// TL-1, TL-3: the rule of section 16(4) for documents of that financial year.
    #[must_use]
    pub fn time_limit_rule(&self, year: FinancialYear) -> TimeLimitRule {
        self.choice_on(year.first_day())
    }

    /// UTL-2: the amounts of IGST credit for CGST and for SGST liability under `EXPLICIT`; zero where none are given.
    #[must_use]
    pub fn explicit_split(&self) -> (Paise, Paise) {
        self.always("util.explicit_split").and_then(split_of).unwrap_or((Paise::ZERO, Paise::ZERO))
    }

    /// UTL-4: in which order CGST and SGST credit pay IGST in that period; before 2026-02 always the statute's.
    #[must_use]
    pub fn igst_liability_from(&self, period: Option<TaxPeriod>) -> IgstLiabilityFrom {
        let free = period.is_none_or(|period| (period.year(), period.month()) >= FREE_ORDER_FROM);
        if free { self.choice() } else { IgstLiabilityFrom::StatuteCgstFirst }
    }

    /// DUT-3: the rate of Social Welfare Surcharge in percent.
    #[must_use]
    pub fn social_welfare_surcharge_percent(&self) -> Decimal {
        self.always("customs.sws_rate").and_then(|text| text.parse().ok()).unwrap_or(Decimal::TEN)
    }

    /// DUT-3: whether Social Welfare Surcharge is levied on AIDC.
    #[must_use]
    pub fn social_welfare_surcharge_on_aidc(&self) -> bool {
        self.flag("customs.sws_on_aidc")
    }

    /// CF-1: the days of `DAY_31`.
    #[must_use]
    pub fn pending_days(&self) -> u32 {
        self.number("pending_days", 30)
    }

    /// CF-6: whether ISD documents pass through IMS.
    #[must_use]
    pub fn isd_in_ims(&self) -> bool {
        self.flag("isd_in_ims")
    }

    /// CF-6: whether GSTR-5 documents pass through IMS.
    #[must_use]
    pub fn gstr5_in_ims(&self) -> bool {
        self.flag("gstr5_in_ims")
    }

    /// CF-5, ED-8: whether Table 4 of GSTR-3B is locked to the statement. Announced, never found in an official text: nothing
    /// acts on it yet.
    #[must_use]
    pub fn itc_lock(&self) -> bool {
        self.flag("itc_lock")
    }

    /// AC-2: for how many days an action waits for a second person.
    #[must_use]
    pub fn approval_days(&self) -> u32 {
        self.number("approval_days", 7)
    }

    /// EG-6: for how many days event ids are kept to recognise repeats.
    #[must_use]
    pub fn repeat_window_days(&self) -> u32 {
        self.number("repeat_window_days", 400)
    }

    /// For how many days a fact may wait for its document before an alert.
    #[must_use]
    pub fn waiting_days_max(&self) -> u32 {
        self.number("waiting_days_max", 90)
    }

    /// PD-1: last day of the month after `period` for a monthly GSTR-1.
    #[must_use]
    pub fn gstr1_monthly_day(&self, period: TaxPeriod) -> u32 {
        self.day_of_month("calendar.gstr1_monthly_day", period, 11)
    }

    /// PD-3: last day of the month after `period` for a quarterly GSTR-1, IFF, GSTR-5 and GSTR-6.
    #[must_use]
    pub fn gstr1_quarterly_day(&self, period: TaxPeriod) -> u32 {
        self.day_of_month("calendar.gstr1_quarterly_day", period, 13)
    }

    /// PD-8: last day of the month after `period` on which a Bill of Entry of it may be received.
    #[must_use]
    pub fn import_day(&self, period: TaxPeriod) -> u32 {
        self.day_of_month("calendar.import_day", period, 13)
    }

    /// GN-1: the day of the month after `period` on which the draft is made.
    #[must_use]
    pub fn draft_day(&self, period: TaxPeriod) -> u32 {
        self.day_of_month("calendar.draft_day", period, 14)
    }

    /// CAL-5: the day of the month after the period on which GSTR-3B is due. For a quarter, `period` is its last month.
    #[must_use]
    pub fn gstr3b_due_day(&self, period: TaxPeriod, frequency: FilingFrequency, state: StateCode) -> u32 {
        match frequency {
            FilingFrequency::Monthly => self.day_of_month("calendar.gstr3b_monthly_day", period, 20),
            FilingFrequency::Quarterly if self.is_in_first_state_group(period, state) => {
                self.day_of_month("calendar.gstr3b_quarterly_day_first_group", period, 22)
            }
            FilingFrequency::Quarterly => self.day_of_month("calendar.gstr3b_quarterly_day_other_states", period, 24),
        }
    }

    /// CAL-5: whether the State's quarterly GSTR-3B is due on the earlier of the two days.
    #[must_use]
    pub fn is_in_first_state_group(&self, period: TaxPeriod, state: StateCode) -> bool {
        let states = self.value("calendar.gstr3b_first_group_states", period.first_day()).unwrap_or_default();
        let code = state.to_string();
        states.split(',').any(|listed| listed.trim() == code)
    }

    /// RATE-1, RATE-3: the rate of a group of goods on a day; `None` for a group that the table lacks.
    #[must_use]
    pub fn group_rate(&self, group: &str, on: IstDate) -> Option<GroupRate> {
        let key = format!("gst.rate.{group}");
        super::definition(&key)?;
        Some(GroupRate {
            gst_percent: self.value(&key, on).and_then(|text| text.parse().ok()),
            cess: self.value(&format!("gst.cess.{group}"), on) == Some("true"),
        })
    }
}
