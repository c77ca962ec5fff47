//! Every numbered rule of the references in `docs/rules` has its constant, and no constant is invented.

use gst_rules::RuleRef;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The codes that stand in bold (`**AC-6 ...`) or open a row of the tables whose rules are rows (`| T4-1 |`, `| C1 |`).
fn codes_of(text: &str) -> BTreeSet<String> {
    let in_bold = text.split("**").skip(1).step_by(2).filter_map(|bold| bold.split_whitespace().next());
    let in_rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let is_rule = |code: &&str| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let of_family = |(family, number): (&str, &str)| {
            digits(number) && family != "GSTR" && family.starts_with(char::is_uppercase)
        };
        code.rsplit_once('-').is_some_and(of_family) || code.strip_prefix('C').is_some_and(digits)
    };
    in_bold.chain(in_rows).filter(is_rule).map(str::to_owned).collect()
}

#[test]
fn every_rule_of_the_references_has_its_constant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    let mut written = BTreeSet::new();
    for name in ["ims-and-gstr2b.md", "payment-reversal-and-customs.md"] {
        written.extend(codes_of(&fs::read_to_string(folder.join(name)).unwrap()));
    }
    let known: BTreeSet<String> = RuleRef::ALL.iter().map(|rule| rule.code().to_owned()).collect();
    assert_eq!(written.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "rules without a constant");
    assert_eq!(known.difference(&written).collect::<Vec<_>>(), Vec::<&String>::new(), "constants without a rule");
}
