//! What verified statements amount to. Pure: no input or output, no clock.

pub mod assurance;
pub mod catalogue;
pub mod chain;
pub mod embedded;
pub mod facts;
pub mod finding;
pub mod policy;
pub mod vouched;

#[cfg(test)]
mod tests;
