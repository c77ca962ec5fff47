//! Writing a supplier's file from documents.

use super::document::Gstr1Document;
use super::section::Gstr1Table;
use gst_types::{RecipientGstin, SupplierGstin, TaxPeriod};
use serde_json::{Map, Value};

/// What documents of one group share: recipient and, for an operator, the supplier behind it.
type GroupKey = (RecipientGstin, Option<SupplierGstin>);

pub(super) fn build(supplier: SupplierGstin, period: TaxPeriod, documents: &[Gstr1Document]) -> Value {
    let mut file = Map::new();
    file.insert("gstin".to_owned(), Value::from(supplier.to_string()));
    file.insert("fp".to_owned(), Value::from(period.to_string()));
    for table in Gstr1Table::ALL {
        let groups = groups_of(table, documents);
        if groups.is_empty() {
            continue;
        }
        let rows = Value::Array(groups.into_iter().map(|(key, records)| group(table, key, records)).collect());
        match table.keys() {
            (top, None) => {
                file.insert(top.to_owned(), rows);
            }
            (top, Some(inner)) => {
                let outer = file.entry(top).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(outer) = outer {
                    outer.insert(inner.to_owned(), rows);
                }
            }
        }
    }
    Value::Object(file)
}

/// Records by group, in the order in which groups first appear.
fn groups_of(table: Gstr1Table, documents: &[Gstr1Document]) -> Vec<(GroupKey, Vec<Value>)> {
    let mut position = std::collections::BTreeMap::<GroupKey, usize>::new();
    let mut groups: Vec<(GroupKey, Vec<Value>)> = Vec::new();
    for document in documents.iter().filter(|document| document.table() == table) {
        let key = (document.recipient, document.ecommerce_supplier);
        let index = *position.entry(key).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, records)) = groups.get_mut(index) {
            records.push(document.to_record());
        }
    }
    groups
}

fn group(table: Gstr1Table, (recipient, behind): GroupKey, records: Vec<Value>) -> Value {
    let mut group = Map::new();
    if let Some(behind) = behind {
        group.insert("stin".to_owned(), Value::from(behind.to_string()));
    }
    group.insert(table.recipient_key().to_owned(), Value::from(recipient.to_string()));
    group.insert(table.list_key().to_owned(), Value::Array(records));
    Value::Object(group)
}
