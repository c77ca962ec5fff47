//! GSTR-2B: both shapes, every leaf of the totals, file parts, and that building and reading are one.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test as tests do")]

use gst_types::{Paise, TaxAmounts};
use gstn_formats::boe::{BoeRecord, ImportSection};
use gstn_formats::check::{Verdict, check_file};
use gstn_formats::codes::{ImsAction, InvoiceType, IsdDocumentType, ItcAvailability, NoteType, UnavailableReason};
use gstn_formats::gstr2b::{
    FilePart, Gstr2b, IsdDocument, IsdSection, OriginalDocument, Placement, StatementHeader, StatementLine,
    SummaryBlock, SummaryGroup, SummaryLeaf, SupplierHeader, SupplyDocument, SupplySection,
};
use gstn_formats::{DeclaredReduction, Extra, ImsState, same_json};
use proptest::prelude::*;
use serde_json::{Value, json};

const SUPPLIER: &str = "27AAACS5678B1ZC";

fn header() -> StatementHeader {
    StatementHeader {
        recipient: "29AAACR1234C1ZI".parse().unwrap(),
        period: "112025".parse().unwrap(),
        generated_on: "2025-12-14".parse().unwrap(),
        version: "1.0".to_owned(),
    }
}

fn supplier(period: &str) -> SupplierHeader {
    SupplierHeader {
        supplier: SUPPLIER.parse().unwrap(),
        trade_name: Some("Some Trader".to_owned()),
        period: Some(period.parse().unwrap()),
        filed_on: Some("2025-12-11".parse().unwrap()),
    }
}

fn igst(rupees: i64) -> TaxAmounts {
    TaxAmounts { igst: Paise::from_rupees(rupees), ..TaxAmounts::ZERO }
}

fn document(section: SupplySection, note: Option<NoteType>, rupees: i64) -> SupplyDocument {
    let original = section.is_amendment().then(|| OriginalDocument {
        number: "OLD".to_owned(),
        date: "2025-10-01".parse().unwrap(),
        note_type: note,
    });
    SupplyDocument {
        number: format!("D-{rupees}"),
        date: "2025-11-10".parse().unwrap(),
        note_type: note,
        invoice_type: Some(InvoiceType::Regular),
        original,
        document_value: Paise::from_rupees(rupees * 11),
        place_of_supply: Some("29".parse().unwrap()),
        reverse_charge: Some(false),
        availability: Some(ItcAvailability::Available),
        reason: None,
        taxable_value: Paise::from_rupees(rupees * 10),
        tax: igst(rupees),
        items: None,
        differential_rate: None,
        ims_status: Some(ImsAction::Accept),
        reduction: None,
        remarks: None,
        irn: None,
        extra: Extra::default(),
    }
}

fn line(section: SupplySection, document: SupplyDocument, placement: Placement) -> StatementLine {
    StatementLine::Supply { section, supplier: supplier("112025"), document: Box::new(document), placement }
}

fn bill(rupees: i64, sez: bool) -> BoeRecord {
    BoeRecord {
        recipient: None,
        id: "INNSA1/4000001/2025-11-02".parse().unwrap(),
        reference_date: Some("2025-11-05".parse().unwrap()),
        received_on: None,
        taxable_value: Paise::from_rupees(rupees * 10),
        igst: Paise::from_rupees(rupees),
        cess: Paise::from_rupees(1),
        amended: Some(false),
        amend_type: None,
        sez_supplier: sez.then(|| SUPPLIER.parse().unwrap()),
        sez_trade_name: sez.then(|| "Zone".to_owned()),
        credit_period: None,
        state: ImsState::default(),
        extra: Extra::default(),
    }
}

fn distributor(kind: IsdDocumentType, eligible: bool, rupees: i64) -> StatementLine {
    let document = IsdDocument {
        document_type: kind,
        number: format!("I-{rupees}"),
        date: "2025-11-03".parse().unwrap(),
        invoice_number: None,
        invoice_date: None,
        tax: igst(rupees),
        eligible: Some(eligible),
        original: None,
        extra: Extra::default(),
    };
    StatementLine::Distributor { section: IsdSection::Isd, supplier: supplier("112025"), document: Box::new(document) }
}

/// One line for each leaf that the arithmetic distinguishes, each with tax of its own.
fn lines() -> Vec<StatementLine> {
    use SupplySection::{B2b, Cdnr, Cdnra, Ecom};
    let statement = Placement::Statement;
    let reverse_charge = |mut document: SupplyDocument| {
        document.reverse_charge = Some(true);
        document
    };
    let mut blocked = document(B2b, None, 4);
    blocked.availability = Some(ItcAvailability::NotAvailable);
    blocked.reason = Some(UnavailableReason::PlaceOfSupply);
    vec![
        line(B2b, document(B2b, None, 1), statement),
        line(B2b, document(B2b, None, 2), statement),
        line(B2b, reverse_charge(document(B2b, None, 3)), statement),
        line(B2b, blocked, statement),
        line(Cdnr, document(Cdnr, Some(NoteType::Debit), 5), statement),
        line(Cdnr, document(Cdnr, Some(NoteType::Credit), 6), statement),
        line(Cdnr, reverse_charge(document(Cdnr, Some(NoteType::Credit), 7)), statement),
        line(Cdnra, reverse_charge(document(Cdnra, Some(NoteType::Credit), 8)), statement),
        line(Ecom, document(Ecom, None, 9), statement),
        line(B2b, document(B2b, None, 10), Placement::Reversal),
        line(B2b, document(B2b, None, 11), Placement::Rejected),
        line(Cdnr, document(Cdnr, Some(NoteType::Credit), 12), Placement::Rejected),
        distributor(IsdDocumentType::Invoice, true, 13),
        distributor(IsdDocumentType::CreditNote, false, 14),
        StatementLine::Import { section: ImportSection::Impg, bill: Box::new(bill(15, false)) },
        StatementLine::Import { section: ImportSection::ImpgSez, bill: Box::new(bill(16, true)) },
        StatementLine::Import { section: ImportSection::ImpgaSez, bill: Box::new(bill(17, true)) },
    ]
}

#[test]
fn every_document_counts_in_one_leaf() {
    use SummaryBlock::{Available, Rejected, Reversal, Unavailable};
    use SummaryGroup::{CreditNotes, Distributor, Imports, NonReverseCharge, ReverseCharge};
    let statement = Gstr2b::build(&header(), &lines());
    let summary = statement.summary.as_ref().unwrap();
    let expected = [
        (Available, NonReverseCharge, SummaryLeaf::B2b, 3),
        (Available, ReverseCharge, SummaryLeaf::B2b, 3),
        (Unavailable, NonReverseCharge, SummaryLeaf::B2b, 4),
        (Available, NonReverseCharge, SummaryLeaf::Cdnr, 5),
        (Available, CreditNotes, SummaryLeaf::Cdnr, 6),
        (Available, CreditNotes, SummaryLeaf::CdnrReverseCharge, 7),
        (Available, CreditNotes, SummaryLeaf::CdnraReverseCharge, 8),
        (Available, NonReverseCharge, SummaryLeaf::Ecom, 9),
        (Reversal, NonReverseCharge, SummaryLeaf::B2b, 10),
        (Rejected, NonReverseCharge, SummaryLeaf::B2b, 11),
        (Rejected, CreditNotes, SummaryLeaf::Cdnr, 12),
        (Available, Distributor, SummaryLeaf::Isd, 13),
        (Unavailable, CreditNotes, SummaryLeaf::Isd, 14),
        (Available, Imports, SummaryLeaf::Impg, 15),
        (Available, Imports, SummaryLeaf::ImpgSez, 16),
        (Available, Imports, SummaryLeaf::ImpgaSez, 17),
    ];
    for (block, group, leaf, rupees) in expected {
        let totals = summary.leaf(block, group, leaf).unwrap_or_else(|| panic!("{block:?} {group:?} {leaf:?}"));
        assert_eq!(totals.tax.igst, Paise::from_rupees(rupees), "{block:?} {group:?} {leaf:?}");
    }
    let leaves = summary.blocks.values().flat_map(|block| block.groups.values()).map(|group| group.leaves.len());
    assert_eq!(leaves.sum::<usize>(), expected.len());
    let group = &summary.blocks[&Available].groups[&NonReverseCharge];
    assert_eq!(group.totals.tax.igst, Paise::from_rupees(3 + 5 + 9));
}

#[test]
fn what_is_built_checks_and_reads_back() {
    let statement = Gstr2b::build(&header(), &lines());
    let value = statement.to_value();
    let report = check_file("built", &value);
    assert_eq!(report.verdict, Verdict::Ok, "{report}");
    assert!(report.is_ok() && report.records == lines().len());
    assert_eq!(Gstr2b::parse(&value).unwrap(), statement);
    assert_eq!(Gstr2b::build(&header(), &lines()).to_value().to_string(), value.to_string());
}

#[test]
fn a_wrong_total_is_named() {
    let mut value = Gstr2b::build(&header(), &lines()).to_value();
    value["data"]["itcsumm"]["itcRejected"]["othersup"]["cdnr"]["igst"] = json!(11);
    value["data"]["cpsumm"]["b2b"][0]["ttldocs"] = json!(5);
    let report = check_file("x.json", &value);
    assert!(!report.is_ok());
    assert_eq!(
        report.to_string(),
        "DIFFERS x.json: GSTR-2B, 17 records; itcRejected.othersup.cdnr.igst: documents 12.00, summary 11.00; \
         cpsumm.b2b[27**********1ZC 112025].ttldocs: documents 4, summary 5"
    );
}

/// Golden: a statement of one line, as it is published.
#[test]
fn a_statement_is_written_so() {
    let one = [line(SupplySection::B2b, document(SupplySection::B2b, None, 1), Placement::Statement)];
    let expected = concat!(
        r#"{"data":{"gstin":"29AAACR1234C1ZI","rtnprd":"112025","version":"1.0","gendt":"14-12-2025","#,
        r#""itcsumm":{"itcavl":{"nonrevsup":{"txval":10,"igst":1,"cgst":0,"sgst":0,"cess":0,"#,
        r#""b2b":{"txval":10,"igst":1,"cgst":0,"sgst":0,"cess":0}}}},"#,
        r#""cpsumm":{"b2b":[{"ctin":"27AAACS5678B1ZC","trdnm":"Some Trader","supprd":"112025","#,
        r#""supfildt":"11-12-2025","ttldocs":1,"txval":10,"igst":1,"cgst":0,"sgst":0,"cess":0}]},"#,
        r#""docdata":{"b2b":[{"ctin":"27AAACS5678B1ZC","trdnm":"Some Trader","supfildt":"11-12-2025","#,
        r#""supprd":"112025","inv":[{"inum":"D-1","typ":"R","dt":"10-11-2025","val":11,"pos":"29","rev":"N","#,
        r#""itcavl":"Y","rsn":"","txval":10,"igst":1,"cgst":0,"sgst":0,"cess":0,"imsStatus":"A"}]}]}}}"#
    );
    assert_eq!(Gstr2b::build(&header(), &one).to_value().to_string(), expected);
}

#[test]
fn a_part_has_documents_and_its_number_but_no_totals() {
    let part = FilePart { count: 3, number: Some(2) };
    let value = Gstr2b::build_part(&header(), &lines()[..2], Some(part)).to_value();
    assert_eq!((value["data"]["fc"].clone(), value["data"]["file_num"].clone()), (json!(3), json!(2)));
    assert_eq!(value["data"].get("itcsumm"), None);
    assert_eq!(Gstr2b::parse(&value).unwrap().part, Some(part));
    assert_eq!(check_file("part", &value).verdict, Verdict::NoSummary);
}

#[test]
fn a_late_period_is_a_group_of_its_own() {
    let mut late = line(SupplySection::B2b, document(SupplySection::B2b, None, 3), Placement::Statement);
    if let StatementLine::Supply { supplier: header, .. } = &mut late {
        *header = supplier("102025");
    }
    let mut lines = lines();
    lines.truncate(2);
    lines.push(late);
    let statement = Gstr2b::build(&header(), &lines);
    let groups = &statement.documents.as_ref().unwrap().supplies[&SupplySection::B2b];
    assert_eq!(groups.iter().map(|group| group.documents.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(statement.suppliers.as_ref().unwrap().sections["b2b"].len(), 2);
}

/// A statement in other spellings: no `data`, rate rows, aliases, `itcrev` as an object, unknown keys everywhere.
fn foreign() -> Value {
    json!({
        "status": 1, "data": { "other": true, "data": {
            "rtnprd": "082024", "gstin": "29aaacr1234c1zi", "new_key": { "a": [1.50] },
            "docdata": {
                "b2b": [{ "ctin": SUPPLIER, "trdnm": null, "supprd": "082024", "cfs": "Y", "inv": [
                    { "inum": "1", "dt": "01-08-2024", "val": 118, "typ": "SEZWP", "pos": "29", "rev": "N",
                      "itcavl": "Y", "diffprcnt": 100, "chksum": "x", "items": [
                        { "rt": 18, "txval": 60, "cgst": 5.4, "sgst": 5.4, "hsn": "1" },
                        { "rt": 18, "txval": 40, "cgst": 3.6, "sgst": 3.6, "cess": 0 } ] } ] }],
                "cdnr": [{ "ctin": SUPPLIER, "supprd": "082024", "supfildt": "11-09-2024", "nt": [
                    { "ntnum": "2", "ntdt": "02-08-2024", "typ": "Credit Note", "suptyp": "R", "val": 1,
                      "itcavl": "N", "rsn": "Sec17(5)", "txval": 1, "igst": 0.18, "itcRedReq": "Y",
                      "diffprcnt": 0.65 } ] }],
                "eco": [], "impgseza": [{ "ctin": SUPPLIER, "boe": [
                    { "portcd": "INNSA1", "boenum": 77, "boedt": "03-08-2024", "igst": 2 } ] }],
                "itcrev": { "b2b": [], "note": "x" }, "tds": []
            }
        } }
    })
}

#[test]
fn other_spellings_and_unknown_keys_survive() {
    let statement = Gstr2b::parse(&foreign()).unwrap();
    assert!(same_json(&statement.to_value(), &foreign()), "{}", statement.to_value());
    let documents = statement.documents.as_ref().unwrap();
    let invoice = &documents.supplies[&SupplySection::B2b][0].documents[0];
    assert_eq!((invoice.taxable_value, invoice.tax.cgst), (Paise::from_rupees(100), Paise::from_rupees(9)));
    assert!(!invoice.has_differential_rate());
    let note = &documents.supplies[&SupplySection::Cdnr][0].documents[0];
    assert_eq!((note.note_type, note.reason), (Some(NoteType::Credit), None));
    assert_eq!(note.reduction, Some(DeclaredReduction::Full));
    assert!(note.has_differential_rate());
    assert_eq!(documents.imports[&ImportSection::ImpgaSez][0].bills()[0].id.number(), "77");
    assert_eq!(documents.len(), 3);
    assert!(check_file("foreign", &foreign()).is_ok());
}

#[test]
fn an_amended_bill_among_the_others_counts_as_amended() {
    let mut amended = bill(20, false);
    amended.amended = Some(true);
    let lines = [StatementLine::Import { section: ImportSection::Impg, bill: Box::new(amended) }];
    let summary = Gstr2b::build(&header(), &lines).summary.unwrap();
    let leaf = summary.leaf(SummaryBlock::Available, SummaryGroup::Imports, SummaryLeaf::Impga).unwrap();
    assert_eq!(leaf.tax.igst, Paise::from_rupees(20));
}

#[test]
fn rd_8_an_accepted_credit_note_counts_with_what_was_declared() {
    let counted = |reduction, placement, block| {
        let mut note = document(SupplySection::Cdnr, Some(NoteType::Credit), 100);
        note.reduction = reduction;
        let statement = Gstr2b::build(&header(), &[line(SupplySection::Cdnr, note, placement)]);
        assert_eq!(check_file("built", &statement.to_value()).verdict, Verdict::Ok);
        let summary = statement.summary.unwrap();
        summary.leaf(block, SummaryGroup::CreditNotes, SummaryLeaf::Cdnr).unwrap().tax
    };
    let in_table_3 = |reduction| counted(reduction, Placement::Statement, SummaryBlock::Available);
    assert_eq!(in_table_3(None), igst(100));
    assert_eq!(in_table_3(Some(DeclaredReduction::Full)), igst(100));
    assert_eq!(in_table_3(Some(DeclaredReduction::Partial(igst(40)))), igst(40));
    assert_eq!(in_table_3(Some(DeclaredReduction::NotRequired)), TaxAmounts::ZERO);
    let partial = Some(DeclaredReduction::Partial(igst(40)));
    assert_eq!(counted(partial, Placement::Rejected, SummaryBlock::Rejected), igst(100));
}

#[test]
fn a_bad_statement_names_the_place() {
    let mut value = Gstr2b::build(&header(), &lines()).to_value();
    value["data"]["docdata"]["b2b"][0]["inv"][1]["igst"] = json!("2");
    let error = Gstr2b::parse(&value).unwrap_err();
    assert_eq!((error.code(), error.rule()), ("AMOUNT_NOT_A_NUMBER", "ID-4"));
    assert!(error.to_string().starts_with("docdata.b2b[0]#1: "), "{error}");
    value["data"]["rtnprd"] = json!("132025");
    value["data"]["docdata"] = json!({});
    assert_eq!(Gstr2b::parse(&value).unwrap_err().code(), "PERIOD_INVALID");
}

prop_compose! {
    fn any_line()(
        section in prop::sample::select(SupplySection::ALL.to_vec()),
        credit in any::<bool>(),
        placement in prop::sample::select(vec![Placement::Statement, Placement::Reversal, Placement::Rejected]),
        rupees in 0_i64..1_000_000,
        heads in prop::array::uniform4(0_i64..9_999_999_999),
        reverse_charge in any::<bool>(),
        availability in prop::sample::select(vec![ItcAvailability::Available, ItcAvailability::NotAvailable]),
        period in prop::sample::select(vec!["092025", "102025", "112025"]),
        reduction in prop::sample::select(vec![None, Some(DeclaredReduction::Full), Some(DeclaredReduction::NotRequired)]),
    ) -> StatementLine {
        let is_note = matches!(section, SupplySection::Cdnr | SupplySection::Cdnra);
        let note = is_note.then_some(if credit { NoteType::Credit } else { NoteType::Debit });
        let mut document = document(section, note, rupees);
        document.tax = TaxAmounts {
            igst: Paise::new(heads[0]),
            cgst: Paise::new(heads[1]),
            sgst: Paise::new(heads[2]),
            cess: Paise::new(heads[3]),
        };
        document.reverse_charge = Some(reverse_charge);
        document.availability = Some(availability);
        document.reduction = reduction;
        StatementLine::Supply { section, supplier: supplier(period), document: Box::new(document), placement }
    }
}

proptest! {
    #[test]
    fn any_statement_reads_back_and_adds_up(lines in prop::collection::vec(any_line(), 0..20)) {
        let statement = Gstr2b::build(&header(), &lines);
        let value: Value = serde_json::from_str(&statement.to_value().to_string()).unwrap();
        prop_assert_eq!(&Gstr2b::parse(&value).unwrap(), &statement);
        let report = check_file("built", &value);
        prop_assert_eq!(&report.verdict, &Verdict::Ok, "{}", report);
        prop_assert!(report.is_ok());
    }
}
