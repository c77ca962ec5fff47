//! A supplier's saved and filed records, and who must hear of them.
