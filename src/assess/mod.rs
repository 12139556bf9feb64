//! What verified statements amount to. Pure: no input or output, no clock.

pub mod chain;
