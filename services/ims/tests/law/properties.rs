//! What holds for every story: a refused command changes nothing, the order of taxpayers' facts between two marks does
//! not matter, what was decided is decided once, and under the official policy pending never becomes accepted.

use crate::support::*;
use gst_events::*;
use proptest::prelude::*;

const IDS: [&str; 4] = ["P0", "P1", "P2", "P3"];
const SECTIONS: [ImsSection; 4] = [ImsSection::B2b, ImsSection::Cn, ImsSection::Dn, ImsSection::Eco];
const ACTIONS: [ImsAction; 4] = [ImsAction::NoAction, ImsAction::Accept, ImsAction::Reject, ImsAction::Pending];

#[derive(Debug, Clone)]
enum Step {
    File(usize),
    Act(usize, usize),
    Declare(usize, i64),
    Generate,
    Return,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4_usize).prop_map(Step::File),
        (0..4_usize, 0..4_usize).prop_map(|(id, action)| Step::Act(id, action)),
        (0..4_usize, 0..150_i64).prop_map(|(id, rupees)| Step::Declare(id, rupees)),
        Just(Step::Generate),
        Just(Step::Return),
    ]
}

fn take(desk: &mut Desk, step: &Step, minute: usize) -> &'static str {
    let when = format!("2025-11-14T{:02}:{:02}:00", 1 + minute / 60, minute % 60);
    match step {
        Step::File(id) => desk.file(&document(IDS[*id], SECTIONS[*id], 100), "2025-11-10T10:00:00"),
        Step::Act(id, action) => desk.act(IDS[*id], ACTIONS[*action], &when),
        Step::Declare(id, rupees) => desk.declare(IDS[*id], Some(tax(*rupees)), true, Some("part"), &when),
        Step::Generate => desk.generate("102025", &when),
        Step::Return => desk.returned("102025", &when, Origin::User),
    }
}

/// So many cases, or as many as `PROPTEST_CASES` says; a failure prints the seed that finds it again.
fn cases(many: u32) -> ProptestConfig {
    let told = ProptestConfig::default();
    // Without the variable the library's own default of 256 stands there.
    let cases = if told.cases == 256 { many } else { told.cases };
    ProptestConfig { cases, ..told }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_refused_command_changes_nothing(steps in prop::collection::vec(step(), 1..40)) {
        let mut desk = Desk::new("102025");
        desk.open_days("2025-11-14T00:00:00");
        for (minute, one) in steps.iter().enumerate() {
            let before = desk.rows.clone();
            if take(&mut desk, one, minute) != "DECIDED" {
                prop_assert_eq!(&before, &desk.rows);
            }
        }
    }

    #[test]
    fn deciding_a_filing_again_changes_nothing(steps in prop::collection::vec(step(), 1..40), id in 0..4_usize) {
        let mut desk = Desk::new("102025");
        desk.open_days("2025-11-14T00:00:00");
        take(&mut desk, &Step::File(id), 0);
        for (minute, one) in steps.iter().enumerate() {
            take(&mut desk, one, minute);
        }
        let (before, said) = (desk.rows.clone(), desk.said.len());
        take(&mut desk, &Step::File(id), 0);
        prop_assert_eq!(&before, &desk.rows);
        prop_assert_eq!(said, desk.said.len());
    }

    #[test]
    fn what_is_final_never_changes_and_is_one_line(steps in prop::collection::vec(step(), 1..40)) {
        let mut desk = Desk::new("102025");
        desk.open_days("2025-11-14T00:00:00");
        let mut locked = None;
        for (minute, one) in steps.iter().enumerate() {
            let outcome = take(&mut desk, one, minute);
            if let (Step::Return, "DECIDED") = (one, outcome) {
                locked = Some(IDS.map(|id| desk.line(id)));
            }
        }
        for (lines, id) in locked.iter().flat_map(|lines| lines.iter().zip(IDS)) {
            if lines.as_ref().is_some_and(|(period, ..)| period == "102025") {
                prop_assert_eq!(lines, &desk.line(id));
            }
        }
    }

    #[test]
    fn cf_1_pending_never_becomes_accepted_by_itself(days in 1..300_u32) {
        let mut desk = Desk::new("102025");
        desk.file(&document("i", ImsSection::B2b, 100), "2025-11-10T10:00:00");
        desk.act("i", ImsAction::Pending, "2025-11-12T10:00:00");
        let last = at("2025-11-12T10:00:00").date().plus_days(days);
        desk.open_days(&last.start().to_string());
        prop_assert_eq!(desk.line("i"), None);
    }
}
