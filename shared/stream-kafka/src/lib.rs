//! Kafka transactions, rebalances, restore and dead letters behind the stream ports.
