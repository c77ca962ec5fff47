//! The IMS rules at one taxpayer's desk: each test names the rules that it shows, numbers are those of the reference.

#[cfg(test)]
mod actions;
#[cfg(test)]
mod amendments;
#[cfg(test)]
mod bills;
#[cfg(test)]
mod late;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod support;
#[cfg(test)]
mod switches;
