//! The report as JSON.

use super::model::ReportV1;

/// Writes the report, indented, with a line feed at its end.
///
/// # Errors
/// Where it can't be written as JSON, which is a fault of ours.
pub fn json(report: &ReportV1) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(report).map(|text| text + "\n")
}
