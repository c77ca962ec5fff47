//! IMS: downloads in the API's and the offline tool's spelling, save and reset bodies, answers; and Bills of Entry.

#![expect(clippy::unwrap_used, reason = "helpers of tests end a test as tests do")]

use gst_types::{Paise, RecipientGstin, TaxAmounts};
use gstn_formats::boe::{BoeRecord, BoeVocabulary, ImportSection};
use gstn_formats::check::{FileKind, check_file};
use gstn_formats::codes::{BoeAmendType, ImsAction, InvoiceType, SourceFilingStatus, SourceForm};
use gstn_formats::gstr1::Gstr1Section;
use gstn_formats::ims_download::ImsDownload;
use gstn_formats::ims_result::{FailedRecord, RecordFailure, RequestReport};
use gstn_formats::ims_save::{ImsRequest, ResetBody, SaveBody};
use gstn_formats::{DeclaredReduction, Extra, ImsRecord, ImsState, SourcePeriod, same_json};
use proptest::prelude::*;
use serde_json::{Value, json};

const SUPPLIER: &str = "27AAACS5678B1ZC";
const RECIPIENT: &str = "29AAACR1234C1ZI";

fn recipient() -> RecipientGstin {
    RECIPIENT.parse().unwrap()
}

fn offline_note() -> Value {
    json!({
        "stin": SUPPLIER, "tradenm": "Some Trader ", "nt_num": "CN-1", "nt_dt": "16-10-2025", "inv_typ": "SEZWP",
        "val": 118, "action": "A", "pos": "29", "txval": 100, "iamt": 18, "camt": 0, "samt": 0, "cess": 0,
        "srcform": "R1", "rtnprd": "10", "srcfilstatus": "FILED", "ispendactblocked": true,
        "itcRedReqBlocked": "N", "itc_red_req": "Y", "decl_igst": 9.5, "remarks": "half", "sRtnPrd": "10"
    })
}

#[test]
fn the_offline_tools_spelling_means_the_same_and_survives() {
    let file = json!({ "imsDetails": { "b2bcn": [offline_note()], "b2b": [] } });
    let record = ImsDownload::parse(&file).unwrap().records().remove(0).unwrap();
    assert_eq!(record.section, Gstr1Section::CN);
    assert_eq!(record.filing_status, Some(SourceFilingStatus::Filed));
    assert_eq!(record.source_period, Some(SourcePeriod::Month(10)));
    assert_eq!(record.source_period.unwrap().in_year(2025).unwrap().to_string(), "102025");
    assert_eq!(record.invoice_type, Some(InvoiceType::SezWithPayment));
    assert_eq!(record.state.pending_blocked, Some(true));
    assert_eq!(record.state.reduction_blocked, Some(false));
    let declared = TaxAmounts { igst: Paise::new(950), ..TaxAmounts::ZERO };
    assert_eq!(record.state.reduction, Some(DeclaredReduction::Partial(declared)));
    assert!(same_json(&record.to_value(), &offline_note()));
    assert!(check_file("offline", &file).is_ok());
}

#[test]
fn rd_9_a_declaration_has_the_portals_names() {
    // The names of RD-9 as the API spells them.
    let mut note = json!({
        "stin": SUPPLIER, "nt_num": "CN-1", "nt_dt": "16-10-2025", "inv_typ": "R", "val": 118, "action": "A",
        "pos": "27", "txval": 100, "iamt": 0, "camt": 9, "samt": 9, "cess": 0, "srcform": "R1", "rtnprd": "102025",
        "itcRedReq": "Y", "declIgst": 0, "declCgst": 4.5, "declSgst": 4.5, "declCess": 0, "remarks": "half"
    });
    let read = ImsRecord::parse(Gstr1Section::CN, &note).unwrap();
    let declared = TaxAmounts { cgst: Paise::new(450), sgst: Paise::new(450), ..TaxAmounts::ZERO };
    assert_eq!(read.state.reduction, Some(DeclaredReduction::Partial(declared)));
    assert_eq!(read.state.remarks.as_deref(), Some("half"));
    assert!(same_json(&read.to_value(), &note));
    // Amounts are left out for a full reduction, and NO takes none.
    for name in ["declIgst", "declCgst", "declSgst", "declCess"] {
        note.as_object_mut().unwrap().remove(name);
    }
    let full = ImsRecord::parse(Gstr1Section::CN, &note).unwrap();
    assert_eq!(full.state.reduction, Some(DeclaredReduction::Full));
    note["itcRedReq"] = json!("N");
    let none = ImsRecord::parse(Gstr1Section::CN, &note).unwrap();
    assert_eq!(none.state.reduction, Some(DeclaredReduction::NotRequired));
}

#[test]
fn a_changed_record_is_written_as_changed() {
    let mut record = ImsRecord::parse(Gstr1Section::CN, &offline_note()).unwrap();
    record.state.pending_blocked = Some(false);
    record.filing_status = Some(SourceFilingStatus::NotFiled);
    record.state.reduction = Some(DeclaredReduction::NotRequired);
    let written = record.to_value();
    assert_eq!(written["ispendactblocked"], json!("N"));
    assert_eq!(written["srcfilstatus"], json!("Not Filed"));
    assert_eq!(written["itc_red_req"], json!("N"));
    assert_eq!(written.get("decl_igst"), None);
}

#[test]
fn section_codes_of_the_api_and_of_a_provider_are_read() {
    let file = json!({ "B2BCN": [offline_note()], "CN": [offline_note()], "isdcn": [{}] });
    assert_eq!(ImsDownload::parse(&file).unwrap().records().len(), 2);
    assert!(ImsDownload::parse(&json!({ "foo": [] })).is_err());
}

#[test]
fn a_bad_record_is_named_and_the_others_are_read() {
    let mut bad = offline_note();
    bad["rtnprd"] = json!("13");
    let read = ImsDownload::parse(&json!({ "b2bcn": [bad, offline_note()] })).unwrap().records();
    let error = read[0].clone().unwrap_err();
    assert_eq!((error.code(), error.field.as_str(), error.record), ("PERIOD_INVALID", "rtnprd", Some(0)));
    assert!(read[1].is_ok());
}

fn save_record() -> ImsRecord {
    ImsRecord {
        section: Gstr1Section::CN,
        supplier: SUPPLIER.parse().unwrap(),
        trade_name: None,
        number: "CN-1".to_owned(),
        date: "2025-10-16".parse().unwrap(),
        original: None,
        invoice_type: Some(InvoiceType::Regular),
        source_form: Some(SourceForm::Gstr1),
        source_period: Some(SourcePeriod::Period("102025".parse().unwrap())),
        filing_status: None,
        document_value: Paise::from_rupees(118),
        taxable_value: Paise::from_rupees(100),
        tax: TaxAmounts { igst: Paise::from_rupees(18), ..TaxAmounts::ZERO },
        place_of_supply: Some("29".parse().unwrap()),
        state: ImsState {
            action: Some(ImsAction::Accept),
            previous_action: Some(ImsAction::NoAction),
            reduction: Some(DeclaredReduction::Full),
            ..ImsState::default()
        },
        extra: Extra::default(),
    }
}

fn bill() -> BoeRecord {
    BoeRecord {
        recipient: None,
        id: "INNSA1/4000001/2025-10-02".parse().unwrap(),
        reference_date: Some("2025-10-05".parse().unwrap()),
        received_on: None,
        taxable_value: Paise::from_rupees(1_000),
        igst: Paise::from_rupees(180),
        cess: Paise::ZERO,
        amended: None,
        amend_type: None,
        sez_supplier: None,
        sez_trade_name: None,
        credit_period: None,
        state: ImsState { action: Some(ImsAction::Pending), ..ImsState::default() },
        extra: Extra::default(),
    }
}

/// Golden: the body as it goes to IMS.
#[test]
fn a_save_body_is_written_so() {
    let body = SaveBody::build(recipient(), &[save_record()], &[(ImportSection::ImpgaSez, bill())]);
    let expected = concat!(
        r#"{"rtin":"29AAACR1234C1ZI","reqtyp":"SAVE","invdata":{"b2bcn":[{"stin":"27AAACS5678B1ZC","nt_num":"CN-1","#,
        r#""nt_dt":"16-10-2025","inv_typ":"R","srcform":"R1","rtnprd":"102025","val":118,"pos":"29","txval":100,"#,
        r#""iamt":18,"camt":0,"samt":0,"cess":0,"action":"A","prev_status":"N","itcRedReq":"Y"}]},"#,
        r#""boedata":{"impgseza":[{"irefdt":"05-10-2025","portcd":"INNSA1","boenum":"4000001","boedt":"02-10-2025","#,
        r#""txval":1000,"igst":180,"cess":0,"action":"P"}]}}"#
    );
    assert_eq!(body.to_string(), expected);
    let read = SaveBody::parse(&body).unwrap();
    assert_eq!(read.records(), [Ok(save_record())]);
    assert_eq!(read.bills_of_entry(), [Ok((ImportSection::ImpgaSez, bill()))]);
    assert_eq!(check_file("save", &body).kind, Some(FileKind::ImsSave));
    assert!(check_file("save", &body).is_ok());
}

#[test]
fn a_reset_body_has_no_action() {
    let body = ResetBody::build(recipient(), &[save_record()], &[(ImportSection::Impg, bill())]);
    let record = &body["invdata"]["b2bcn"][0];
    assert_eq!((record.get("action"), record["prev_status"].as_str()), (None, Some("N")));
    assert_eq!(body["boedata"]["impg"][0].get("action"), None);
    let read = ResetBody::parse(&body).unwrap();
    assert_eq!((read.records().len(), read.bills_of_entry().len()), (1, 1));
    assert!(SaveBody::parse(&body).is_err());
}

#[test]
fn a_save_record_without_action_is_refused_by_itself() {
    let mut body = SaveBody::build(recipient(), &[save_record(), save_record()], &[]);
    body["invdata"]["b2bcn"][1]["action"] = Value::Null;
    let records = SaveBody::parse(&body).unwrap().records();
    assert!(records[0].is_ok());
    let error = records[1].clone().unwrap_err();
    assert_eq!((error.field.as_str(), error.code(), error.record), ("action", "FIELD_MISSING", Some(1)));
    assert_eq!(error.section, "invdata.b2bcn");
}

#[test]
fn headers_of_bodies_are_checked() {
    let code = |body: Value| ImsRequest::parse(&body).unwrap_err().code();
    assert_eq!(code(json!({ "reqtyp": "SAVE" })), "GSTIN_MISSING");
    assert_eq!(code(json!({ "rtin": RECIPIENT })), "FIELD_MISSING");
    assert_eq!(code(json!({ "rtin": RECIPIENT, "reqtyp": "DROP" })), "CODE_UNKNOWN");
}

#[test]
fn earlier_models_put_imports_into_invdata() {
    let record = bill().to_value(BoeVocabulary::Ims);
    let body = json!({ "rtin": RECIPIENT, "reqtyp": "SAVE", "invdata": { "impga": [record] } });
    let bills = SaveBody::parse(&body).unwrap().bills_of_entry();
    assert_eq!(bills, [Ok((ImportSection::Impga, bill()))]);
}

#[test]
fn the_answer_has_the_shape_of_a_request_status() {
    let failure = RecordFailure {
        section: "b2bcn".to_owned(),
        record: FailedRecord::Document {
            supplier: SUPPLIER.parse().unwrap(),
            number: "CN-1".to_owned(),
            period: Some("102025".parse().unwrap()),
        },
        code: "IMSSAV0010".to_owned(),
        message: "the previous action is another".to_owned(),
    };
    let bill = RecordFailure {
        section: "impg".to_owned(),
        record: FailedRecord::BillOfEntry("INNSA1/4000001/2025-10-02".parse().unwrap()),
        ..failure.clone()
    };
    let answer = RequestReport::of(2, vec![failure, bill]).to_value();
    let expected = json!({
        "status_cd": "PE", "transTypCd": "SAV", "proc_cnt": "2", "err_cnt": "2",
        "error_report": {
            "b2bcn": [{ "stin": SUPPLIER, "inv": [{ "inum": "CN-1", "rtnprd": "102025" }],
                        "error_cd": "IMSSAV0010", "error_msg": "the previous action is another" }],
            "impg": [{ "portcd": "INNSA1", "boenum": "4000001", "boedt": "02-10-2025",
                       "error_cd": "IMSSAV0010", "error_msg": "the previous action is another" }]
        }
    });
    assert_eq!(answer, expected);
    assert_eq!(RequestReport::of(3, Vec::new()).to_value()["status_cd"], json!("P"));
}

#[test]
fn a_bill_of_entry_reads_the_same_in_three_spellings() {
    let gstr2a = json!({ "refdt": "05-10-2025", "portcd": "INNSA1", "benum": 4000001, "bedt": "02-10-2025",
                         "txval": 1000, "iamt": 180, "csamt": 0, "amd": "Y", "sgstin": SUPPLIER, "tdname": "Zone" });
    let gstr2b = json!({ "refdt": "05-10-2025", "portcode": "INNSA1", "boenum": "4000001", "boedt": "02-10-2025",
                         "txval": 1000, "igst": 180, "cess": 0, "isamd": "Y", "ctin": SUPPLIER, "trdnm": "Zone" });
    let ims = json!({ "irefdt": "05-10-2025", "portcd": "INNSA1", "boenum": "4000001", "boedt": "02-10-2025",
                      "txval": 1000, "igst": 180, "cess": 0, "isamd": "Y", "ctin": SUPPLIER, "trdnm": "Zone" });
    let spellings = [(BoeVocabulary::Gstr2a, &gstr2a), (BoeVocabulary::Gstr2b, &gstr2b), (BoeVocabulary::Ims, &ims)];
    let expected = BoeRecord::parse(&gstr2b, BoeVocabulary::Gstr2b).unwrap();
    assert_eq!((expected.id.to_string().as_str(), expected.amended), ("INNSA1/4000001/2025-10-02", Some(true)));
    for (vocabulary, record) in spellings {
        assert_eq!(BoeRecord::parse_any(record), Ok((vocabulary, expected.clone())));
        assert_eq!(&expected.to_value(vocabulary), record);
        // Reading under another vocabulary's eyes gives the same facts and the same JSON back.
        let tolerant = BoeRecord::parse(record, BoeVocabulary::Gstr2b).unwrap();
        assert_eq!((&tolerant.id, tolerant.tax()), (&expected.id, expected.tax()));
        assert!(same_json(&tolerant.to_value(BoeVocabulary::Gstr2b), record));
    }
}

#[test]
fn digits_of_a_bill_of_entry_are_kept() {
    let record = |number: Value| json!({ "portcode": "innsa1", "boenum": number, "boedt": "02-10-2025", "igst": 1, "amendType": "G" });
    let read = BoeRecord::parse(&record(json!("0012345")), BoeVocabulary::Gstr2b).unwrap();
    assert_eq!((read.id.number(), read.amend_type), ("0012345", Some(BoeAmendType::GstinIn)));
    assert_eq!(read.to_value(BoeVocabulary::Gstr2b), record(json!("0012345")));
    let error = BoeRecord::parse(&record(json!("12A")), BoeVocabulary::Gstr2b).unwrap_err();
    assert_eq!((error.problem.code(), error.problem.rule()), ("BOE_NUMBER_INVALID", "BOE-7"));
    let error = BoeRecord::parse(&json!({ "boenum": "1" }), BoeVocabulary::Gstr2b).unwrap_err();
    assert_eq!((error.field.as_str(), error.problem.code()), ("portcode", "FIELD_MISSING"));
}

prop_compose! {
    fn any_state()(
        action in prop::sample::select(vec![ImsAction::NoAction, ImsAction::Accept, ImsAction::Reject, ImsAction::Pending]),
        blocked in prop::option::of(any::<bool>()),
        kind in 0..4,
        declared in prop::array::uniform4(0_i64..1_000_000),
        remarks in prop::option::of("[a-z ]{1,20}"),
    ) -> ImsState {
        let amounts = TaxAmounts {
            igst: Paise::new(declared[0]),
            cgst: Paise::new(declared[1]),
            sgst: Paise::new(declared[2]),
            cess: Paise::new(declared[3]),
        };
        let reduction = match kind {
            0 => None,
            1 => Some(DeclaredReduction::NotRequired),
            2 => Some(DeclaredReduction::Full),
            _ => Some(DeclaredReduction::Partial(amounts)),
        };
        ImsState { action: Some(action), pending_blocked: blocked, reduction, remarks, ..ImsState::default() }
    }
}

proptest! {
    #[test]
    fn reading_what_was_built_gives_the_records(
        states in prop::collection::vec((prop::sample::select(Gstr1Section::ALL.to_vec()), any_state()), 1..8),
        bill_state in any_state(),
        section in prop::sample::select(ImportSection::ALL.to_vec()),
    ) {
        let mut records: Vec<ImsRecord> = states.into_iter().map(|(section, state)| {
            let original = section.is_amendment().then(|| ("O/1".to_owned(), "2025-09-01".parse().unwrap()));
            ImsRecord { section, state, original, ..save_record() }
        }).collect();
        records.sort_by_key(|record| record.section);
        let bill = BoeRecord { state: bill_state, ..bill() };
        let body = SaveBody::build(recipient(), &records, &[(section, bill.clone())]);
        let body = SaveBody::parse(&serde_json::from_str(&body.to_string()).unwrap()).unwrap();
        prop_assert_eq!(body.recipient, recipient());
        prop_assert_eq!(body.records(), records.into_iter().map(Ok).collect::<Vec<_>>());
        prop_assert_eq!(body.bills_of_entry(), vec![Ok((section, bill))]);
    }
}
