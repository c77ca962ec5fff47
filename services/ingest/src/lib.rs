//! Validates, splits and re-keys feeds into journals; decides no tax.
