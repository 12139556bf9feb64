//! proofmark brackets a build, signs what happened, and checks it.
pub mod assess;
pub mod base;
pub mod capture;
pub mod cli;
pub mod drift;
pub mod format;
pub mod net;
pub mod read;
pub mod report;
pub mod sign;
pub mod statement;
pub mod token;
pub mod verify;
pub mod write;
