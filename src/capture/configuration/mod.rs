//! Configuration of the machine, the user and the repository that makes a build fetch from elsewhere,
//! trust somebody else or run something that nobody typed.

mod ca_bundle;
mod effects;
mod git;
mod given;
mod hooks;
#[cfg(test)]
mod tests;

pub use ca_bundle::ca_bundle;
pub use git::git;
