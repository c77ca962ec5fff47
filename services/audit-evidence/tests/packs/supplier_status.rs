//! R37A-6: section 16(2)(c) asks for the tax paid; the proxy is the supplier's GSTR-3B, and the pack keeps its status.

use crate::support::{Desk, RECIPIENT, SUPPLIER, booked};
use gst_events::{InvoiceBooked, SupplierGstr3bStatus};
use serde_json::json;

#[test]
fn r37a_6_the_pack_keeps_the_suppliers_gstr_3b_status() {
    let mut desk = Desk::new();
    desk.tell::<InvoiceBooked>(booked());
    for status in ["UNKNOWN", "NOT_FILED", "FILED"] {
        desk.tell::<SupplierGstr3bStatus>(json!({ "recipient": RECIPIENT, "supplier": SUPPLIER, "periods": ["042026"],
            "status": status, "at": "2026-05-25T10:00:00+05:30" }));
        let pack = desk.pack();
        let told = pack.artefacts.last().unwrap();
        assert_eq!((told.kind.as_str(), told.artefact), ("SUPPLIER_GSTR3B_STATUS", 0));
        assert_eq!(told.facts["supplier_gstr3b_status"], status);
        assert_eq!(told.facts["supplier_period"], "042026");
    }
    // GSTR-1 evidence proves reporting, not payment: the status is a link beside the five artefacts and completes none.
    assert_eq!(desk.pack().missing, [2, 3, 4, 5]);
}
