//! Reads every record of a file and writes it back in its place: what comes out must say the same.

use crate::boe::{BoeRecord, BoeVocabulary, ImportSection};
use crate::filing_status::FiledReturn;
use crate::gstr1;
use crate::ims_download::section_from_key;
use crate::ims_record::ImsRecord;
use serde_json::Value;

/// Counts the records while it replaces them.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub(super) records: usize,
}

impl Rewritten {
    /// Replaces a record by what `rewrite` makes of it; a record that cannot be read stays as it is.
    fn replace(&mut self, record: &mut Value, rewrite: impl Fn(&Value) -> Option<Value>) {
        self.records += 1;
        if let Some(ours) = rewrite(record) {
            *record = ours;
        }
    }

    fn replace_list(&mut self, list: &mut Value, rewrite: impl Fn(&Value) -> Option<Value>) {
        for record in list.as_array_mut().into_iter().flatten() {
            self.replace(record, &rewrite);
        }
    }

    pub(super) fn gstr1(&mut self, file: &mut Value) {
        let file = below_data(file);
        for table in gstr1::Gstr1Table::ALL {
            let (top, inner) = table.keys();
            let Some(section) = file.get_mut(top) else { continue };
            let section = match inner {
                Some(inner) => match section.get_mut(inner) {
                    Some(section) => section,
                    None => continue,
                },
                None => section,
            };
            for group in section.as_array_mut().into_iter().flatten() {
                let header = group.clone();
                let Some(list) = group.get_mut(table.list_key()) else { continue };
                self.replace_list(list, |record| gstr1::rewrite_record(table, &header, record));
            }
        }
    }

    pub(super) fn ims_download(&mut self, file: &mut Value) {
        let file = below_data(file);
        let nested = file.get("imsDetails").is_some();
        let sections = if nested { file.get_mut("imsDetails") } else { Some(file) };
        if let Some(sections) = sections {
            self.ims_sections(sections);
        }
    }

    pub(super) fn ims_body(&mut self, body: &mut Value) {
        for key in ["invdata", "boedata"] {
            if let Some(sections) = body.get_mut(key) {
                self.ims_sections(sections);
            }
        }
    }

    fn ims_sections(&mut self, sections: &mut Value) {
        for (key, list) in sections.as_object_mut().into_iter().flatten() {
            if let Some(section) = section_from_key(key) {
                self.replace_list(list, |record| Some(ImsRecord::parse(section, record).ok()?.to_value()));
            } else if ImportSection::from_key(key).is_some() {
                self.replace_list(list, rewrite_bill);
            }
        }
    }

    pub(super) fn gstr2a(&mut self, file: &mut Value) {
        for (key, list) in below_data(file).as_object_mut().into_iter().flatten() {
            if ImportSection::from_key(key).is_some() {
                self.replace_list(list, |record| {
                    let bill = BoeRecord::parse(record, BoeVocabulary::Gstr2a).ok()?;
                    Some(bill.to_value(BoeVocabulary::Gstr2a))
                });
            }
        }
    }

    pub(super) fn bills(&mut self, file: &mut Value) {
        if file.is_array() {
            self.replace_list(file, rewrite_bill);
        } else {
            self.replace(below_data(file), rewrite_bill);
        }
    }

    pub(super) fn filing_status(&mut self, file: &mut Value) {
        let rewrite = |entry: &Value| Some(FiledReturn::parse(entry).ok()?.to_value());
        match file {
            Value::Array(taxpayers) => taxpayers.iter_mut().for_each(|taxpayer| self.filing_status(taxpayer)),
            alone => {
                let holder = below_data(alone);
                let list = if holder.get("EFiledlist").is_some() { "EFiledlist" } else { "efiledlist" };
                if let Some(list) = holder.get_mut(list) {
                    self.replace_list(list, rewrite);
                }
            }
        }
    }
}

fn rewrite_bill(record: &Value) -> Option<Value> {
    let (vocabulary, bill) = BoeRecord::parse_any(record).ok()?;
    Some(bill.to_value(vocabulary))
}

/// As `gstr1::unwrapped`, for writing.
fn below_data(value: &mut Value) -> &mut Value {
    let wrapped = value.get("gstin").is_none() && value.get("data").is_some_and(Value::is_object);
    if wrapped { below_data(&mut value["data"]) } else { value }
}
