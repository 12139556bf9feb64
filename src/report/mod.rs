//! Findings, made readable: text, Markdown, HTML, and for machines JSON, SARIF and CSV.
//!
//! Everything is made from one frozen form, [`ReportV1`], in which every text from a statement is already cut and
//! without control characters; what is markup in a format is escaped where that format is written.

mod build;
mod csv;
pub mod explain;
mod html;
mod json;
mod markdown;
mod model;
mod officer;
#[cfg(test)]
mod sample;
mod sarif;
mod text;

pub use build::{Given, Newest, build, changes, event, policy, report, rules, since};
pub use csv::csv;
pub use html::html;
pub use json::json;
pub use markdown::{Audience, markdown};
pub use model::*;
pub use officer::{OFFICER_MAX, Officer, OfficerError, OfficerFile};
pub use sarif::sarif;
pub use text::{Style, text};
