//! Credit availed, reversed and re-claimed per document, head and cause.
