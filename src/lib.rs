//! proofmark brackets a build, signs what happened, and checks it.
pub mod base;
pub mod capture;
pub mod cli;
pub mod format;
pub mod read;
pub mod sign;
pub mod statement;
pub mod verify;
pub mod write;
