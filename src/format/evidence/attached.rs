//! Documents that were given with the build: for what no job can see.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;

/// A document, bound by its digest. Nothing of it is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// `access-review`, `mfa-export`, `audit-log`, `penetration-test`, `policy` or `other`.
    pub kind: String,
    /// The file's name.
    pub name: String,
    /// SHA-256 of the file.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// The day that the document is of, as who attached it says (`YYYY-MM-DD`); absent where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What it covers, as who attached it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}
