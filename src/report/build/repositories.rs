//! Many builds: the worst of each provision, and repositories with the worst first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::assess::catalogue::PROVISIONS;
use crate::assess::finding::Standing;
use crate::report::model::{BuildV1, RepositoryV1, ValueV1};

/// Worst first, as [`Standing`] is ordered.
const STANDINGS: [Standing; 4] = [
    Standing::Contradicted,
    Standing::NotEvidenced,
    Standing::PartlyEvidenced,
    Standing::Evidenced,
];

fn rank(standing: &str) -> usize {
    STANDINGS.iter().position(|one| one.name() == standing).unwrap_or(0)
}

/// The worst standing of each provision, in their order.
pub(super) fn worst<'a>(
    builds: impl Iterator<Item = &'a BuildV1> + Clone,
) -> Vec<(&'static str, String)> {
    let of = |number: &'static str| {
        let provisions = builds.clone().flat_map(|build| &build.provisions);
        let standings = provisions.filter(|one| one.number == number).map(|one| &one.standing);
        standings.min_by_key(|standing| rank(standing)).map(|worst| (number, worst.clone()))
    };
    PROVISIONS.iter().filter_map(|provision| of(provision.number)).collect()
}

fn failed<'a>(builds: impl Iterator<Item = &'a BuildV1>) -> u64 {
    let findings = builds.flat_map(|build| &build.provisions).flat_map(|one| &one.findings);
    findings.filter(|finding| finding.status == "fail").count() as u64
}

/// Orders by how bad it is: what is contradicted before what isn't evidenced, and so on; then what fails most.
fn badness<'a>(builds: impl Iterator<Item = &'a BuildV1> + Clone) -> (Vec<usize>, Reverse<u64>) {
    let mut ranks: Vec<usize> = worst(builds.clone()).iter().map(|(_, one)| rank(one)).collect();
    ranks.sort_unstable();
    (ranks, Reverse(failed(builds)))
}

fn repository(build: &BuildV1) -> &str {
    build.repository.as_deref().unwrap_or("(no repository)")
}

/// Sorts builds by their repositories' order, then by their own.
pub(super) fn worst_first(builds: &mut Vec<BuildV1>) {
    let mut by: BTreeMap<String, Vec<BuildV1>> = BTreeMap::new();
    for build in builds.drain(..) {
        by.entry(repository(&build).to_owned()).or_default().push(build);
    }
    let mut groups: Vec<_> = by.into_iter().collect();
    groups.sort_by_cached_key(|(name, group)| (badness(group.iter()), name.clone()));
    for (_, mut group) in groups {
        group.sort_by_cached_key(|build| (badness(std::iter::once(build)), build.lane.clone()));
        builds.extend(group);
    }
}

/// A row each, in the order of the builds.
pub(super) fn rows(builds: &[BuildV1]) -> Vec<RepositoryV1> {
    let groups = builds.chunk_by(|one, two| repository(one) == repository(two));
    let row = |group: &[BuildV1]| {
        let mut remedies: Vec<(&str, usize)> = Vec::new();
        for remedy in group.iter().flat_map(|build| &build.remedies) {
            match remedies.iter_mut().find(|(text, _)| *text == remedy.text) {
                Some((_, questions)) => *questions += remedy.questions.len(),
                None => remedies.push((&remedy.text, remedy.questions.len())),
            }
        }
        // Of equal ones the first.
        let first = remedies.iter().rev().max_by_key(|(_, questions)| *questions);
        let standings = worst(group.iter()).into_iter();
        RepositoryV1 {
            repository: group.first().map(repository).unwrap_or_default().to_owned(),
            standings: standings
                .map(|(number, standing)| ValueV1 { name: number.to_owned(), value: standing })
                .collect(),
            failed: failed(group.iter()),
            lanes: group.len() as u64,
            builds: group.iter().map(|build| build.lane_builds).sum(),
            first_remedy: first.map(|(text, _)| (*text).to_owned()),
        }
    };
    groups.map(row).collect()
}
