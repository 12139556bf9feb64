//! Ground floor: digests, names, time, and the one door each to disk, randomness, processes and agents.
//!
//! Knows nothing of formats, evidence or trust.

pub mod access;
pub mod agent;
pub mod digest;
pub mod dirs;
pub mod file;
pub mod markup;
pub mod name;
pub mod pack;
pub mod private;
pub mod process;
pub mod random;
pub mod system;
pub mod text;
pub mod time;
pub mod tree;
