//! Architecture, contracts, cases, scenarios, simulation and broker suites.
