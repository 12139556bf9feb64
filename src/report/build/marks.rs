//! What in the pipeline's definitions deserves a look.

use super::pins::path;
use super::{ENTRIES_MAX, name, sentence};
use crate::format::evidence::{Definition, Mark, Pipeline};
use crate::report::model::MarkV1;

/// The first 1,000.
pub(super) fn marks(pipeline: Option<&Pipeline>) -> Vec<MarkV1> {
    let definitions = pipeline.map(|pipeline| pipeline.definitions.as_slice()).unwrap_or_default();
    let all = definitions.iter().flat_map(|of| of.marks.iter().map(move |mark| (of, mark)));
    let one = |(definition, mark): (&Definition, &Mark)| MarkV1 {
        definition: path(&definition.path),
        kind: name(&mark.kind),
        place: name(&mark.place),
        what: sentence(&mark.what),
        line: mark.line,
    };
    all.take(ENTRIES_MAX).map(one).collect()
}
