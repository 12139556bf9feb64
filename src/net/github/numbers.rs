//! What became of runs that left no evidence.

use std::collections::BTreeMap;

use super::{Run, Workflow};
use crate::base::text::cut;
use crate::net::client::Client;
use crate::net::{Lost, SHOWN};

/// Pages of runs that are read for their numbers, and runs on one.
const PAGES_MAX: usize = 20;
const PER_PAGE: usize = 50;

/// What the API says of a run number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunAnswer {
    /// There was such a run.
    Known(RunFacts),
    /// There is none: it was deleted, or there never was one.
    Unknown,
    /// It lies further back than was asked.
    NotAsked,
}

/// What the API says of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFacts {
    /// Its id.
    pub id: u64,
    /// `completed`, `in_progress`, ..
    pub status: Option<String>,
    /// `success`, `failure`, `cancelled`, ..
    pub conclusion: Option<String>,
    /// What started it.
    pub event: Option<String>,
    /// The commit.
    pub head_sha: Option<String>,
}

impl Workflow {
    /// What the API says of runs by their numbers.
    ///
    /// # Errors
    /// Where it says nothing.
    pub fn run_by_number(
        &self,
        client: &Client<'_>,
        numbers: &[u64],
    ) -> Result<BTreeMap<u64, RunAnswer>, Lost> {
        let mut answers: BTreeMap<_, _> =
            numbers.iter().map(|number| (*number, RunAnswer::NotAsked)).collect();
        let Some((&oldest, _)) = answers.first_key_value() else { return Ok(answers) };
        // Runs come newest first: from this number on, none is missing that is there.
        let mut seen_from = u64::MAX;
        for page in 1..=PAGES_MAX {
            let query = [("per_page", &*PER_PAGE.to_string()), ("page", &*page.to_string())];
            let runs = self.runs(client, &query)?;
            seen_from = runs.iter().map(|run| run.run_number).fold(seen_from, u64::min);
            // A page may be short of runs that the token can't see; past the last one it is empty.
            let is_last = runs.is_empty() || seen_from <= oldest;
            for run in runs {
                if let Some(answer) = answers.get_mut(&run.run_number) {
                    *answer = RunAnswer::Known(run.facts());
                }
            }
            if is_last {
                seen_from = 0;
                break;
            }
        }
        for (number, answer) in &mut answers {
            if *answer == RunAnswer::NotAsked && *number >= seen_from {
                *answer = RunAnswer::Unknown;
            }
        }
        Ok(answers)
    }
}

impl Run {
    fn facts(&self) -> RunFacts {
        let shown = |text: &Option<String>| text.as_deref().map(|text| cut(text, SHOWN));
        RunFacts {
            id: self.id,
            status: shown(&self.status),
            conclusion: shown(&self.conclusion),
            event: shown(&self.event),
            head_sha: shown(&self.head_sha),
        }
    }
}
