//! Documents that are given with the build: attachments, and provenance that the platform made.

mod attachment;
pub mod provenance;

pub use attachment::{AttachError, KINDS, Said, attach};
