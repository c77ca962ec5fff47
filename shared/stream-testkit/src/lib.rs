//! A simulated log, simulated Redis, faults and the topology driver.
