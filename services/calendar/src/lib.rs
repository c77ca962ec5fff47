//! Writes days, rulebooks and extended due dates into every journal.
