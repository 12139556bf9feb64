//! What files say that nobody checked.

use std::collections::BTreeMap;

use serde::Deserialize as _;

use super::produce::{LANES_MAX, Parts, Request, too_many};
use crate::assess::facts::Facts;
use crate::assess::finding::assess;
use crate::base::digest::Sha256;
use crate::base::text::cut;
use crate::base::time::Time;
use crate::cli::builds::NotVerified;
use crate::cli::evidence_files::File;
use crate::cli::failure::Failure;
use crate::cli::log::lane_name;
use crate::format::claims::Claims;
use crate::format::evidence::{BUILD_EVIDENCE, Lane, Outcome};
use crate::format::statement::Statement;
use crate::report::{self, Newest};

/// The newest build of a lane, by what it says itself.
struct Newer {
    order: (bool, Option<Time>, Sha256),
    statement: Statement,
    file: String,
    builds: u64,
}

pub(super) fn builds(
    _request: &Request<'_>,
    files: &[File],
    parts: &mut Parts,
) -> Result<(), Failure> {
    let mut lanes: BTreeMap<String, Newer> = BTreeMap::new();
    for file in files {
        let label = file.label();
        let evidence = match file.evidence() {
            Ok(evidence) => evidence,
            Err(error) => {
                parts.not(NotVerified { file: label, line: None, why: error.to_string() });
                continue;
            }
        };
        for line in &evidence.lines {
            if let Ok(statement) = line.unchecked() {
                take(&mut lanes, statement.show(), line.payload_digest(), &label);
            }
        }
        for unsigned in &evidence.unsigned {
            take(&mut lanes, unsigned.statement.show(), unsigned.sha256, &label);
        }
        for bad in &evidence.malformed {
            let why = format!("can't be parsed: {}", bad.error);
            parts.not(NotVerified { file: label.clone(), line: Some(bad.line), why });
        }
        if lanes.len() > LANES_MAX {
            return Err(too_many("lanes", LANES_MAX));
        }
    }
    for (lane, newest) in lanes {
        let facts = Facts::unverified(&newest.statement);
        parts.builds.push(report::build(Newest {
            lane,
            payload: newest.order.2,
            file: newest.file,
            facts: &facts,
            assessed: &assess(&facts),
            timeline: Vec::new(),
            lane_builds: newest.builds,
            chain: Vec::new(),
        }));
    }
    Ok(())
}

fn take(lanes: &mut BTreeMap<String, Newer>, statement: &Statement, payload: Sha256, file: &str) {
    if statement.predicate_type != BUILD_EVIDENCE {
        return;
    }
    let claims = Claims::of(statement);
    let outcome = claims.evidence.as_ref().map(|evidence| evidence.outcome);
    let lane =
        statement.predicate.pointer("/lane/value").and_then(|lane| Lane::deserialize(lane).ok());
    let name = match (&lane, outcome) {
        (_, Some(Outcome::NotApplicable)) => "attested files".to_owned(),
        (Some(lane), _) => cut(&lane_name(lane), 400),
        (None, _) => "no lane".to_owned(),
    };
    let order = (outcome == Some(Outcome::Succeeded), claims.finished, payload);
    let newer =
        |builds| Newer { order, statement: statement.clone(), file: file.to_owned(), builds };
    match lanes.get_mut(&name) {
        Some(known) => {
            // A file that was given twice is one build.
            known.builds += u64::from(known.order.2 != payload);
            if known.order < order {
                *known = newer(known.builds);
            }
        }
        None => drop(lanes.insert(name, newer(1))),
    }
}
