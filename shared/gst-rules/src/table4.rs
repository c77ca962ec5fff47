//! GSTR-3B Table 4: which line each kind of entry goes to (T4-1 to T4-10), and what it does to our re-claim pool (ECR-5).

use crate::rule::{self, RuleRef};
use gst_types::TaxAmounts;

/// A line of GSTR-3B, in the order of the form.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub enum ReturnLine {
    /// 3.1(a), output tax.
    #[serde(rename = "3.1a")]
    OutputTax,
    /// 4(A)(1), import of goods.
    #[serde(rename = "4A1")]
    ImportOfGoods,
    /// 4(A)(2), import of services.
    #[serde(rename = "4A2")]
    ImportOfServices,
    /// 4(A)(3), other inward supplies under reverse charge.
    #[serde(rename = "4A3")]
    ReverseCharge,
    /// 4(A)(4), from an input service distributor.
    #[serde(rename = "4A4")]
    IsdCredit,
    /// 4(A)(5), all other credit.
    #[serde(rename = "4A5")]
    AllOther,
    /// 4(B)(1), permanent reversals.
    #[serde(rename = "4B1")]
    PermanentReversal,
    /// 4(B)(2), other reversals.
    #[serde(rename = "4B2")]
    OtherReversal,
    /// 4(D)(1), re-claims, as information.
    #[serde(rename = "4D1")]
    Reclaimed,
    /// 4(D)(2), credit that is barred, as information.
    #[serde(rename = "4D2")]
    Barred,
}

impl ReturnLine {
    /// All lines, in the order of the form.
    pub const ALL: [Self; 10] = [
        Self::OutputTax,
        Self::ImportOfGoods,
        Self::ImportOfServices,
        Self::ReverseCharge,
        Self::IsdCredit,
        Self::AllOther,
        Self::PermanentReversal,
        Self::OtherReversal,
        Self::Reclaimed,
        Self::Barred,
    ];

    /// The word used in events and case files, such as `4A5`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutputTax => "3.1a",
            Self::ImportOfGoods => "4A1",
            Self::ImportOfServices => "4A2",
            Self::ReverseCharge => "4A3",
            Self::IsdCredit => "4A4",
            Self::AllOther => "4A5",
            Self::PermanentReversal => "4B1",
            Self::OtherReversal => "4B2",
            Self::Reclaimed => "4D1",
            Self::Barred => "4D2",
        }
    }

    /// What the line does to 4(C), the credit that the ledger receives: adds, takes away, or nothing.
    #[must_use]
    pub const fn sign_in_net_credit(self) -> i8 {
        match self {
            Self::ImportOfGoods | Self::ImportOfServices | Self::ReverseCharge | Self::IsdCredit | Self::AllOther => 1,
            Self::PermanentReversal | Self::OtherReversal => -1,
            Self::OutputTax | Self::Reclaimed | Self::Barred => 0,
        }
    }
}

/// What an amount in the return is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// IGST and cess of a Bill of Entry.
    ImportGoodsBoe,
    /// Import of services, tax paid under reverse charge; paying the vendor is no condition (conflict C13).
    ImportServicesRcm,
    /// Other reverse charge.
    DomesticRcm,
    /// Credit through an input service distributor.
    IsdCredit,
    /// Invoices and debit notes of suppliers.
    AllOther,
    /// Credit note; its amount is deducted.
    CreditNoteAccepted,
    /// Re-claim of an earlier temporary reversal.
    Reclaim,
    /// Re-claim of reverse-charge credit reversed earlier (ECR-4).
    ReclaimOfRcmCredit,
    /// Half of a bank's credit.
    Rule38,
    /// Apportionment of inputs and services.
    Rule42,
    /// Apportionment of capital goods.
    Rule43,
    /// Blocked credit.
    Blocked17Sub5,
    /// Supplier not paid within 180 days.
    Rule37Reversal,
    /// Supplier did not file GSTR-3B.
    Rule37aReversal,
    /// Goods or services not received.
    GoodsNotReceived16Sub2b,
    /// Supplier did not pay the tax.
    SupplierTaxUnpaid16Sub2c,
    /// Barred by section 16(4).
    TimeBarred16Sub4,
    /// Barred by place of supply.
    PosRestricted,
    /// Sale of capital goods.
    CapitalGoodsSale18Sub6,
    /// Exempt-only capital goods moved to common use.
    Rule43Tie,
    /// Reversal that the previous GSTIN of a Bill of Entry made by itself, outside GSTR-2B.
    BoeGstinChangedReversal,
}

/// Where a kind of entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// The lines; a re-claim goes to two.
    pub lines: &'static [ReturnLine],
    /// Effect on our own re-claim pool: 1, 0 or -1 (ECR-5).
    pub ecrrs_effect: i8,
    /// The rule that says so.
    pub rule: RuleRef,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 21] = [
        Self::ImportGoodsBoe,
        Self::ImportServicesRcm,
        Self::DomesticRcm,
        Self::IsdCredit,
        Self::AllOther,
        Self::CreditNoteAccepted,
        Self::Reclaim,
        Self::ReclaimOfRcmCredit,
        Self::Rule38,
        Self::Rule42,
        Self::Rule43,
        Self::Blocked17Sub5,
        Self::Rule37Reversal,
        Self::Rule37aReversal,
        Self::GoodsNotReceived16Sub2b,
        Self::SupplierTaxUnpaid16Sub2c,
        Self::TimeBarred16Sub4,
        Self::PosRestricted,
        Self::CapitalGoodsSale18Sub6,
        Self::Rule43Tie,
        Self::BoeGstinChangedReversal,
    ];

    /// The word used in events and case files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ImportGoodsBoe => "IMPORT_GOODS_BOE",
            Self::ImportServicesRcm => "IMPORT_SERVICES_RCM",
            Self::DomesticRcm => "DOMESTIC_RCM",
            Self::IsdCredit => "ISD_CREDIT",
            Self::AllOther => "ALL_OTHER",
            Self::CreditNoteAccepted => "CREDIT_NOTE_ACCEPTED",
            Self::Reclaim => "RECLAIM",
            Self::ReclaimOfRcmCredit => "RECLAIM_OF_RCM_CREDIT",
            Self::Rule38 => "RULE_38",
            Self::Rule42 => "RULE_42",
            Self::Rule43 => "RULE_43",
            Self::Blocked17Sub5 => "BLOCKED_17_5",
            Self::Rule37Reversal => "RULE_37_REVERSAL",
            Self::Rule37aReversal => "RULE_37A_REVERSAL",
            Self::GoodsNotReceived16Sub2b => "GOODS_NOT_RECEIVED_16_2_B",
            Self::SupplierTaxUnpaid16Sub2c => "SUPPLIER_TAX_UNPAID_16_2_C",
            Self::TimeBarred16Sub4 => "TIME_BARRED_16_4",
            Self::PosRestricted => "POS_RESTRICTED",
            Self::CapitalGoodsSale18Sub6 => "CAPITAL_GOODS_SALE_18_6",
            Self::Rule43Tie => "RULE_43_TIE",
            Self::BoeGstinChangedReversal => "BOE_GSTIN_CHANGED_REVERSAL",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// T4-1 to T4-10: the lines of a kind of entry, and its effect on our re-claim pool.
#[must_use]
pub const fn line(kind: EntryKind) -> Destination {
    const fn to(lines: &'static [ReturnLine], ecrrs_effect: i8, rule: RuleRef) -> Destination {
        Destination { lines, ecrrs_effect, rule }
    }
    match kind {
        EntryKind::ImportGoodsBoe => to(&[ReturnLine::ImportOfGoods], 0, rule::T4_1),
        EntryKind::ImportServicesRcm => to(&[ReturnLine::ImportOfServices], 0, rule::T4_2),
        EntryKind::DomesticRcm => to(&[ReturnLine::ReverseCharge], 0, rule::T4_3),
        EntryKind::IsdCredit => to(&[ReturnLine::IsdCredit], 0, rule::T4_4),
        EntryKind::AllOther | EntryKind::CreditNoteAccepted => to(&[ReturnLine::AllOther], 0, rule::T4_5),
        EntryKind::Reclaim | EntryKind::ReclaimOfRcmCredit => {
            to(&[ReturnLine::AllOther, ReturnLine::Reclaimed], -1, rule::T4_6)
        }
        EntryKind::Rule38 | EntryKind::Rule42 | EntryKind::Rule43 | EntryKind::Blocked17Sub5 => {
            to(&[ReturnLine::PermanentReversal], 0, rule::T4_7)
        }
        EntryKind::Rule37Reversal
        | EntryKind::Rule37aReversal
        | EntryKind::GoodsNotReceived16Sub2b
        | EntryKind::SupplierTaxUnpaid16Sub2c => to(&[ReturnLine::OtherReversal], 1, rule::T4_8),
        EntryKind::CapitalGoodsSale18Sub6 | EntryKind::Rule43Tie => to(&[ReturnLine::OutputTax], 0, rule::T4_9),
        EntryKind::BoeGstinChangedReversal => to(&[ReturnLine::OtherReversal], 0, rule::T4_9),
        EntryKind::TimeBarred16Sub4 | EntryKind::PosRestricted => to(&[ReturnLine::Barred], 0, rule::T4_10),
    }
}

/// The lines of one return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Table4 {
    lines: [TaxAmounts; ReturnLine::ALL.len()],
    not_reclaimable: TaxAmounts,
}

impl Table4 {
    /// Adds an amount of that kind to each of its lines; a credit note is deducted.
    pub fn add(&mut self, kind: EntryKind, amounts: TaxAmounts) {
        let signed = if kind == EntryKind::CreditNoteAccepted { -amounts } else { amounts };
        for line in line(kind).lines {
            self.lines[*line as usize] += signed;
        }
        if kind == EntryKind::BoeGstinChangedReversal {
            self.not_reclaimable += amounts;
        }
    }

    /// The amounts of one line.
    #[must_use]
    pub const fn of(&self, line: ReturnLine) -> TaxAmounts {
        self.lines[line as usize]
    }

    /// 4(C): 4(A) less 4(B), per head; what the credit ledger receives.
    #[must_use]
    pub fn net_credit(&self) -> TaxAmounts {
        ReturnLine::ALL.into_iter().fold(TaxAmounts::ZERO, |net, line| match line.sign_in_net_credit() {
            1 => net + self.of(line),
            -1 => net - self.of(line),
            _ => net,
        })
    }

    /// The part of 4(B)(2) that may never be re-claimed (ECR-5).
    #[must_use]
    pub const fn not_reclaimable(&self) -> TaxAmounts {
        self.not_reclaimable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn igst(text: &str) -> TaxAmounts {
        TaxAmounts { igst: text.parse().unwrap(), ..TaxAmounts::ZERO }
    }

    #[test]
    fn lines_stand_at_their_place_in_the_table() {
        for (index, line) in ReturnLine::ALL.into_iter().enumerate() {
            assert_eq!(line as usize, index);
        }
    }

    #[test]
    fn t4_5_a_negative_net_stays_negative() {
        let mut table = Table4::default();
        table.add(EntryKind::CreditNoteAccepted, igst("500.00"));
        table.add(EntryKind::AllOther, igst("200.00"));
        assert_eq!(table.of(ReturnLine::AllOther), igst("-300.00"));
        assert_eq!(table.net_credit(), igst("-300.00"));
    }

    #[test]
    fn t4_6_a_reclaim_stands_in_two_lines_and_counts_once() {
        let mut table = Table4::default();
        table.add(EntryKind::Reclaim, igst("45.00"));
        assert_eq!(table.of(ReturnLine::AllOther), igst("45.00"));
        assert_eq!(table.of(ReturnLine::Reclaimed), igst("45.00"));
        assert_eq!(table.net_credit(), igst("45.00"));
        assert_eq!(line(EntryKind::ReclaimOfRcmCredit).ecrrs_effect, -1);
    }

    #[test]
    fn t4_9_a_gstin_change_outside_the_statement_is_not_reclaimable() {
        let mut table = Table4::default();
        table.add(EntryKind::BoeGstinChangedReversal, igst("70.00"));
        assert_eq!(table.of(ReturnLine::OtherReversal), igst("70.00"));
        assert_eq!(table.not_reclaimable(), igst("70.00"));
        assert_eq!(line(EntryKind::BoeGstinChangedReversal).ecrrs_effect, 0);
    }

    #[test]
    fn t4_10_barred_credit_is_information_only() {
        let mut table = Table4::default();
        table.add(EntryKind::TimeBarred16Sub4, igst("11.00"));
        assert!(table.net_credit().is_zero());
    }

    #[test]
    fn every_kind_is_found_by_its_code() {
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::from_code(kind.code()), Some(kind));
        }
    }
}
