//! The vocabulary of GST as types: identifiers, periods, dates and money. Pure.
