//! What verified statements amount to. Pure: no input or output, no clock.

pub mod assurance;
pub mod chain;
pub mod embedded;
pub mod vouched;

#[cfg(test)]
mod tests;
