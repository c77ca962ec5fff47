//! Invoice Management System records: what counts, where and how much.
