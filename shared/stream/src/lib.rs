//! Processors, decisions, jobs and the generic worker loop behind ports. No tax, no Kafka. Pure.
