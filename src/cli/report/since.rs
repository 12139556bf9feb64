//! `--new-since`: earlier evidence, verified under the same trust, or an earlier report, which is nobody's word.

use super::produce::{Request, builds};
use crate::base::file;
use crate::base::text::printable;
use crate::cli::evidence_files::Source;
use crate::cli::failure::{Failure, Fault};
use crate::cli::verify::label;
use crate::format::bundle::FILE_MAX;
use crate::format::json;
use crate::report::{self, BuildV1, NotVerifiedV1, ReportV1, SinceV1};

/// What moved, lanes that are gone, and what of the earlier evidence isn't verified.
pub(super) fn since(
    request: &Request<'_>,
    source: &Source,
    now: &[BuildV1],
) -> Result<(SinceV1, Vec<String>, Vec<NotVerifiedV1>), Failure> {
    let (name, content) = match source {
        Source::Path(path) if path.is_dir() => (label(path), None),
        Source::Path(path) => {
            let bytes = file::read(path, FILE_MAX)
                .map_err(|error| Failure::usage(format_args!("--new-since: {error}")))?;
            (label(path), Some(bytes))
        }
        Source::Bytes { name, bytes } => (printable(name), Some(bytes.clone())),
    };
    let old = content.as_deref().and_then(|bytes| json::parse::<ReportV1>(bytes).ok());
    if let Some(old) = old.filter(|old| old.version == 1) {
        let file = format!("{name}, a report that nobody signed");
        let (since, gone) = report::since(file, &printed(old.builds), now);
        return Ok((since, gone, Vec::new()));
    }
    let before = builds(&Request {
        files: std::slice::from_ref(source),
        sections: &[],
        policy: None,
        officer: None,
        since: None,
        ..*request
    })?;
    if before.builds.is_empty() {
        let why = before.not_verified.first().map(|not| format!(": {}", not.why));
        let why = why.unwrap_or_default();
        return Err(Failure::new(
            Fault::CouldNotTell,
            format_args!("--new-since: no build in {name} is verified{why}"),
        )
        .hint("give evidence that the same keys signed, or a report in JSON"));
    }
    let (since, gone) = report::since(name, &before.builds, now);
    Ok((since, gone, before.not_verified))
}

/// Whoever wrote the report may have written anything into it.
fn printed(mut builds: Vec<BuildV1>) -> Vec<BuildV1> {
    for build in &mut builds {
        let findings = build.provisions.iter_mut().flat_map(|one| &mut one.findings);
        for finding in findings {
            finding.status = printable(&finding.status);
            finding.assurance = finding.assurance.as_deref().map(printable);
        }
    }
    builds
}
