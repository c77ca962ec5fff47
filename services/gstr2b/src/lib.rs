//! GSTR-2B statements and the credit availed from them.
