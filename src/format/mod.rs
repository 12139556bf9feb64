//! The wire forms, and nothing but the wire forms.
//!
//! Parsing is strict (duplicate keys, depth and sizes are refused at the border) and knows nothing of
//! trust: a value of these types may come from anyone.

pub mod bundle;
pub mod claims;
pub mod dsse;
pub mod evidence;
pub mod fact;
pub mod json;
pub mod key;
pub mod lock;
pub mod pack;
pub mod repository;
pub mod sbom;
pub mod section;
pub mod settings;
pub mod slsa;
pub mod statement;
pub mod vsa;
