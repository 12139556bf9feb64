//! Attacks on what a job says of itself by its platform's word: tokens that no platform signed, and platforms
//! that behave badly.

mod assurance;
mod claims;
mod jobs;
mod keys;
mod servers;
mod tokens;

use super::support;
