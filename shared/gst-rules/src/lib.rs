//! The effective-dated rulebook, rule references, date arithmetic, interest and duty. Pure.
