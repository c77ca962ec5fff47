//! What each document still owes, and when its 180 days end.
