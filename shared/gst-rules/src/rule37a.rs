//! Rule 37A: which financial year counts (R37A-1), the dates that follow (R37A-2), and whether interest is due (R37A-3).

use crate::calendar::{Rule37aDates, rule_37a_dates};
use crate::rulebook::{Rule37aYear, Rulebook, TimelyRule37aInterest};
use gst_types::{FilingFrequency, FinancialYear, IstDate, TaxPeriod};

/// R37A-1: the financial year in which credit was availed: that of the return period, or that of the day on which the
/// return was filed.
#[must_use]
pub fn availed_year(rulebook: &Rulebook, return_period: TaxPeriod, filed_on: IstDate) -> FinancialYear {
    match rulebook.rule_37a_year() {
        Rule37aYear::ReturnPeriod => return_period.financial_year(),
        Rule37aYear::FilingDate => FinancialYear::of(filed_on),
    }
}

/// R37A-2: the dates of rule 37A for credit availed in that year by a recipient of that frequency.
#[must_use]
pub fn dates(rulebook: &Rulebook, year: FinancialYear, frequency: FilingFrequency) -> Rule37aDates {
    rule_37a_dates(year, rulebook.rule_37a_return(), frequency)
}

/// R37A-1: the rule is in force from 26 Dec 2022; a due day before that binds nobody.
#[must_use]
pub fn is_in_force(dates: &Rule37aDates) -> bool {
    IstDate::from_ymd(2022, 12, 26).is_some_and(|from| dates.due_on >= from)
}

/// R37A-3: whether interest is due on a rule 37A reversal in a return filed on that day.
#[must_use]
pub fn is_interest_due(rulebook: &Rulebook, dates: &Rule37aDates, reversed_on: IstDate) -> bool {
    let timely = reversed_on <= dates.recipient_deadline;
    match rulebook.timely_rule_37a_interest() {
        TimelyRule37aInterest::None => !timely,
        TimelyRule37aInterest::Section41 => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r37a_1_the_year_of_the_return_by_default() {
        let period = "032025".parse().unwrap();
        let filed_on = "2025-04-20".parse().unwrap();
        assert_eq!(availed_year(&Rulebook::embedded(), period, filed_on).to_string(), "2024-25");
        let own = [("r37a.fy_basis".to_owned(), "FILING_DATE".to_owned())].into();
        let rulebook = Rulebook::embedded().with_overrides(&own).unwrap();
        assert_eq!(availed_year(&rulebook, period, filed_on).to_string(), "2025-26");
    }

    #[test]
    fn r37a_1_the_first_due_day_is_1_october_2023() {
        let of = |year: &str| dates(&Rulebook::embedded(), year.parse().unwrap(), FilingFrequency::Monthly);
        assert!(!is_in_force(&of("2021-22")));
        assert!(is_in_force(&of("2022-23")));
    }

    #[test]
    fn r37a_3_no_interest_up_to_30_november() {
        let rulebook = Rulebook::embedded();
        let dates = dates(&rulebook, "2024-25".parse().unwrap(), FilingFrequency::Monthly);
        assert!(!is_interest_due(&rulebook, &dates, "2025-11-30".parse().unwrap()));
        assert!(is_interest_due(&rulebook, &dates, "2025-12-01".parse().unwrap()));
    }
}
