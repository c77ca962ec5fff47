//! The timer index in Redis.
