//! A GSTR-2B against its own totals, per leaf and head, to the paisa.

use crate::gstr2b::{
    CounterpartyKey, CounterpartyRow, CounterpartySummary, DocumentSet, GroupTotals, Gstr2b, ItcSummary, SummaryBlock,
    SummaryGroup, SummaryLeaf, Totals, counterparty_summary, itc_summary,
};
use gst_types::{Head, Paise, TaxAmounts};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Tax of one head.
    Tax(Head),
    /// Taxable value, where the totals have one.
    TaxableValue,
    /// Number of documents.
    Documents,
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tax(head) => head.code(),
            Self::TaxableValue => "txval",
            Self::Documents => "ttldocs",
        })
    }
}

/// An amount or a number of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// An amount.
    Amount(Paise),
    /// A number of documents.
    Count(u64),
}

impl fmt::Display for Says {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => amount.fmt(formatter),
            Self::Count(count) => count.fmt(formatter),
        }
    }
}

/// One figure on which documents and totals disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The way to the figure (`itcavl.nonrevsup.b2b`, `cpsumm.b2b[27**********1ZV 112025]`).
    pub path: String,
    /// Which figure.
    pub head: Figure,
    /// What the documents add up to.
    pub documents_say: Says,
    /// What the totals say.
    pub summary_says: Says,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, head, documents_say, summary_says } = self;
        write!(formatter, "{path}.{head}: documents {documents_say}, summary {summary_says}")
    }
}

/// Every difference, or `None` where the file has no totals.
pub(super) fn differences(statement: &Gstr2b) -> Option<Vec<Difference>> {
    if statement.summary.is_none() && statement.suppliers.is_none() && statement.rejected_suppliers.is_none() {
        return None;
    }
    let nothing = DocumentSet::default();
    let documents = statement.documents.as_ref().unwrap_or(&nothing);
    let rejected = statement.rejected.as_ref().unwrap_or(&nothing);
    let mut found = Vec::new();
    if let Some(summary) = &statement.summary {
        compare_summary(&itc_summary(documents, rejected), summary, &mut found);
    }
    for (name, summary, set) in
        [("cpsumm", &statement.suppliers, documents), ("cpSummRej", &statement.rejected_suppliers, rejected)]
    {
        if let Some(summary) = summary {
            compare_counterparties(name, &counterparty_summary(set), summary, &mut found);
        }
    }
    Some(found)
}

fn compare_summary(computed: &ItcSummary, stated: &ItcSummary, found: &mut Vec<Difference>) {
    let nothing = GroupTotals::default();
    for block in SummaryBlock::ALL {
        for group in SummaryGroup::ALL {
            let of = |summary: &ItcSummary| {
                summary.blocks.get(block).and_then(|block| block.groups.get(group)).unwrap_or(&nothing).clone()
            };
            let (computed, stated) = (of(computed), of(stated));
            for leaf in SummaryLeaf::ALL {
                let none = Totals::default();
                let path = format!("{}.{}.{}", block.key(), group.key(), leaf.key());
                let leaf_of = |totals: &GroupTotals| totals.leaves.get(leaf).unwrap_or(&none).clone();
                compare_totals(&path, &leaf_of(&computed), &leaf_of(&stated), found);
            }
            let path = format!("{}.{}", block.key(), group.key());
            compare_totals(&path, &computed.totals, &stated.totals, found);
        }
    }
}

/// Compares the four heads, and the taxable value where the totals state one.
fn compare_totals(path: &str, computed: &Totals, stated: &Totals, found: &mut Vec<Difference>) {
    let mut compare = |head: Figure, documents: Paise, summary: Paise| {
        if documents != summary {
            found.push(Difference {
                path: path.to_owned(),
                head,
                documents_say: Says::Amount(documents),
                summary_says: Says::Amount(summary),
            });
        }
    };
    for head in Head::ALL {
        compare(Figure::Tax(head), computed.tax.of(head), stated.tax.of(head));
    }
    if let Some(stated) = stated.taxable_value {
        compare(Figure::TaxableValue, computed.taxable_value.unwrap_or(Paise::ZERO), stated);
    }
}

/// Rows of one key added up: a file may split a supplier's row.
type ByKey = BTreeMap<CounterpartyKey, (u64, Totals)>;

fn by_key(rows: Option<&Vec<CounterpartyRow>>) -> ByKey {
    let mut by_key = ByKey::new();
    for row in rows.into_iter().flatten() {
        let (documents, totals) = by_key.entry(row.key.clone()).or_default();
        *documents += row.documents;
        totals.add_totals(&row.totals);
    }
    by_key
}

fn compare_counterparties(
    name: &str,
    computed: &CounterpartySummary,
    stated: &CounterpartySummary,
    found: &mut Vec<Difference>,
) {
    let sections: BTreeSet<_> = computed.sections.keys().chain(stated.sections.keys()).collect();
    for section in sections {
        let computed = by_key(computed.sections.get(*section));
        let stated = by_key(stated.sections.get(*section));
        let nothing = (0, Totals { taxable_value: None, tax: TaxAmounts::ZERO, extra: crate::Extra::default() });
        let keys: BTreeSet<_> = computed.keys().chain(stated.keys()).collect();
        for key in keys {
            let path = format!("{name}.{section}[{}]", describe(key));
            let (ours, theirs) = (computed.get(key).unwrap_or(&nothing), stated.get(key).unwrap_or(&nothing));
            if ours.0 != theirs.0 {
                found.push(Difference {
                    path: path.clone(),
                    head: Figure::Documents,
                    documents_say: Says::Count(ours.0),
                    summary_says: Says::Count(theirs.0),
                });
            }
            compare_totals(&path, &ours.1, &theirs.1, found);
        }
    }
}

/// The row in words, the GSTIN masked: reports go to logs.
fn describe(key: &CounterpartyKey) -> String {
    let mut words = vec![key.supplier.masked()];
    words.extend(key.period.map(|period| period.to_string()));
    words.extend(key.document_type.clone());
    words.extend(key.port_code.as_ref().map(ToString::to_string));
    words.join(" ")
}
