//! The loop on the simulated log, with a toy bank for its logic.

#[cfg(test)]
mod driver;
#[cfg(test)]
mod exactly_once;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod long_days;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod parking;
#[cfg(test)]
mod rebalance;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod store_trouble;
#[cfg(test)]
mod timers;
#[cfg(test)]
mod toy;
#[cfg(test)]
mod traps;
