//! The public filing status of taxpayers (`EFiledlist`): each filed GSTR-3B is a report on a supplier (R37A-4). The list
//! names filed returns only; what is not in it is not reported as not filed.

use super::Intake;
use super::problem::{letter, of_format, of_record};
use crate::feed::FeedRecord;
use gst_events::{Outgoing, SupplierStatusReported};
use gst_types::{Gstin, IstDate, SupplierGstin};
use gstn_formats::filing_status::EFiledList;
use serde_json::Value;
use stream::DeadLetter;

pub(super) fn take(record: &FeedRecord, value: &Value, intake: &mut Intake) -> Result<(), DeadLetter> {
    let lists = EFiledList::parse_all(value).map_err(|error| of_format(&error))?;
    for list in lists {
        for read in list.returns {
            let filed = match read {
                Ok(filed) => filed,
                Err(error) => {
                    intake.put_aside(of_record(&error, ""));
                    continue;
                }
            };
            if filed.return_type != "GSTR3B" || !filed.is_filed() {
                continue;
            }
            let filer = filed.filer.or(list.filer).or_else(|| Gstin::parse(&record.subject).ok());
            let Some(filer) = filer else {
                let message = "neither the entry nor the header ce_subject names the taxpayer";
                return Err(letter("GSTIN_MISSING", "ce_subject", "ID-1", message));
            };
            intake.check(filer, "gstin")?;
            let fact = SupplierStatusReported {
                supplier: SupplierGstin(filer),
                period: filed.period,
                filed: true,
                at: IstDate::start(filed.filed_on),
            };
            intake.forward(Outgoing::to_supplier(fact.supplier, &fact));
        }
    }
    Ok(())
}
