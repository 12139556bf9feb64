//! The newest evidence that a workflow left behind.

use std::cmp::Reverse;

use serde::Deserialize;

use super::{CURE_RUNS, JSON, VERSION, Workflow, refused};
use crate::base::text::cut;
use crate::net::archive::{Archive, ArchiveError};
use crate::net::client::Client;
use crate::net::{FILE_MAX, Fetched, Lost, NetError, Refusal, SHOWN, Wanted, reply, sections_name};

/// Runs, and releases, that are looked at.
const PLACES_MAX: usize = 10;
/// Artefacts that are downloaded.
const DOWNLOADS_MAX: usize = 10;
/// Artefacts of one run that are listed: one page.
const LISTED_MAX: u64 = 100;
/// How the names of artefacts begin that may hold evidence.
const ARTEFACT_PREFIX: &str = "proofmark";

const BYTES: &[(&str, &str)] = &[("Accept", "application/octet-stream"), VERSION];

const CURE_RELEASES: &str = "give the job `permissions: { contents: read }`";
const CURE_KEEP: &str = "upload the evidence as a workflow artefact whose name begins with `proofmark` \
    and with a longer `retention-days`, attach it to releases, or give it by --baseline FILE";

#[derive(Deserialize)]
struct Artefacts {
    #[serde(default)]
    total_count: u64,
    artifacts: Vec<Artefact>,
}

#[derive(Deserialize)]
struct Artefact {
    id: u64,
    name: String,
    #[serde(default)]
    size_in_bytes: u64,
    #[serde(default)]
    expired: bool,
}

#[derive(Deserialize)]
struct Release {
    tag_name: String,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    assets: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    id: u64,
    name: String,
}

impl Workflow {
    /// The newest evidence that is wanted: out of an artefact of the workflow's newest successful run
    /// that left one, else of the newest release. `current_run` is passed over.
    ///
    /// Where a place can't be looked through there is no evidence, and not an older one of another
    /// place: a chain that goes on from an older link has two ends.
    ///
    /// # Errors
    /// Where there is none, or it can't be had.
    pub fn newest_evidence(
        &self,
        client: &Client<'_>,
        current_run: Option<u64>,
        wanted: &Wanted<'_>,
    ) -> Result<Fetched, Lost> {
        let mut search =
            Search { workflow: self, client, wanted, downloads: DOWNLOADS_MAX, nothing: None };
        if let Some(found) = search.artefacts(current_run)? {
            return Ok(found);
        }
        if let Some(found) = search.releases()? {
            return Ok(found);
        }
        let nothing = search.nothing.unwrap_or_else(|| {
            Lost::new(
                "no artefact of the workflow's earlier successful runs holds evidence",
                CURE_KEEP,
            )
        });
        let reason = format!("{}; no release has a fitting {}", nothing.reason, wanted.name);
        Err(Lost { reason, ..nothing })
    }
}

struct Search<'a> {
    workflow: &'a Workflow,
    client: &'a Client<'a>,
    wanted: &'a Wanted<'a>,
    /// That are left.
    downloads: usize,
    /// Why the newest place that might have had evidence has none.
    nothing: Option<Lost>,
}

impl Search<'_> {
    fn artefacts(&mut self, current_run: Option<u64>) -> Result<Option<Fetched>, Lost> {
        let mut query =
            vec![("status", "success"), ("per_page", "10"), ("exclude_pull_requests", "true")];
        query.extend(self.workflow.branch.as_deref().map(|branch| ("branch", branch)));
        let mut runs = self.workflow.runs(self.client, &query)?;
        // The filters are the server's; a branch of a fork may be called `main` too.
        runs.retain(|run| {
            let is_own = run.head_repository.as_ref().is_some_and(|repository| {
                repository.full_name.eq_ignore_ascii_case(&self.workflow.repository)
            });
            is_own && run.conclusion.as_deref() == Some("success") && Some(run.id) != current_run
        });
        runs.sort_by_key(|run| Reverse(run.run_number));
        for run in runs.iter().take(PLACES_MAX) {
            if let Some(found) = self.artefacts_of(run.id)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn artefacts_of(&mut self, run: u64) -> Result<Option<Fetched>, Lost> {
        let path = ["actions", "runs", &*run.to_string(), "artifacts"];
        let Artefacts { mut artifacts, total_count } = self
            .workflow
            .url(&path, &[("per_page", &*LISTED_MAX.to_string())])
            .and_then(|url| reply(self.client, &url, JSON, self.workflow.token.as_ref()))
            .map_err(|refusal| {
                refused(&format!("the artefacts of run {run}"), &refusal, CURE_RUNS)
            })?;
        artifacts.retain(|artefact| artefact.name.starts_with(ARTEFACT_PREFIX));
        artifacts.sort_by_key(|artefact| Reverse(artefact.id));
        let mut blocked = (total_count > LISTED_MAX)
            .then(|| Lost::plain(format!("run {run} has more than {LISTED_MAX} artefacts")));
        for artefact in artifacts {
            let what = format!("artefact {} of run {run}", cut(&artefact.name, SHOWN));
            let expired = || Lost::new(format!("{what} has expired"), CURE_KEEP);
            if artefact.expired {
                self.nothing.get_or_insert_with(expired);
                continue;
            }
            if artefact.size_in_bytes > FILE_MAX {
                let reason = format!("{what} is larger than {} MiB", FILE_MAX >> 20);
                blocked = Some(Lost::plain(reason));
                continue;
            }
            match self.unpacked(artefact.id) {
                Ok(Ok(Some((evidence, _)))) if !(self.wanted.fits)(&evidence) => {
                    let reason = format!("{what} holds the evidence of other builds");
                    self.nothing.get_or_insert_with(|| Lost::new(reason, CURE_KEEP));
                }
                Ok(Ok(Some((evidence, sections)))) => {
                    let from = format!("workflow artefact of run {run}");
                    return Ok(Some(Fetched::new(evidence, sections, from)));
                }
                Ok(Ok(None)) => {
                    let reason = format!("{what} doesn't hold {}", self.wanted.name);
                    self.nothing.get_or_insert_with(|| Lost::new(reason, CURE_KEEP));
                }
                Ok(Err(error)) => blocked = Some(Lost::plain(format!("{what}: {error}"))),
                Err(None) => {
                    let reason =
                        format!("{DOWNLOADS_MAX} artefacts were looked through, none fits");
                    return Err(Lost::new(reason, CURE_KEEP));
                }
                Err(Some(Refusal::Net(NetError::Status { code: 410, .. }))) => {
                    self.nothing.get_or_insert_with(expired);
                }
                Err(Some(refusal)) => return Err(refused(&what, &refusal, CURE_RUNS)),
            }
        }
        // The evidence may be in what couldn't be looked into.
        blocked.map_or(Ok(None), Err)
    }

    /// What is wanted out of an artefact; `Err(None)` where no more may be downloaded.
    fn unpacked(
        &mut self,
        artefact: u64,
    ) -> Result<Result<Option<Unpacked>, ArchiveError>, Option<Refusal>> {
        self.downloads = self.downloads.checked_sub(1).ok_or(None)?;
        let path = ["actions", "artifacts", &*artefact.to_string(), "zip"];
        let bytes = self.workflow.download(self.client, &path, JSON).map_err(Some)?;
        Ok(unpack(&bytes, self.wanted.name))
    }

    fn releases(&self) -> Result<Option<Fetched>, Lost> {
        let releases: Vec<Release> = self
            .workflow
            .url(&["releases"], &[("per_page", "10")])
            .and_then(|url| reply(self.client, &url, JSON, self.workflow.token.as_ref()))
            .map_err(|refusal| refused("the releases", &refusal, CURE_RELEASES))?;
        for release in releases.iter().filter(|release| !release.draft).take(PLACES_MAX) {
            let tag = cut(&release.tag_name, SHOWN);
            let asset = |name: &str| -> Result<Option<Vec<u8>>, Lost> {
                let asset = release.assets.iter().find(|asset| asset.name == name);
                let Some(Asset { id, .. }) = asset else { return Ok(None) };
                let path = ["releases", "assets", &*id.to_string()];
                self.workflow.download(self.client, &path, BYTES).map(Some).map_err(|refusal| {
                    refused(&format!("{name} of release {tag}"), &refusal, CURE_RELEASES)
                })
            };
            let Some(evidence) = asset(self.wanted.name)? else { continue };
            if !(self.wanted.fits)(&evidence) {
                continue;
            }
            let sections = sections_name(self.wanted.name).map_or(Ok(None), |name| asset(&name));
            let from = format!("asset of release {tag}");
            return Ok(Some(Fetched::new(evidence, sections, from)));
        }
        Ok(None)
    }
}

/// The evidence, and its sections or why they can't be had.
type Unpacked = (Vec<u8>, Result<Option<Vec<u8>>, Lost>);

fn unpack(bytes: &[u8], name: &str) -> Result<Option<Unpacked>, ArchiveError> {
    let mut archive = Archive::open(bytes)?;
    let Some(evidence) = archive.take(name)? else { return Ok(None) };
    let sections = sections_name(name).map_or(Ok(None), |name| archive.take(&name));
    let lost = |error| Lost::plain(format!("the sections in the artefact: {error}"));
    Ok(Some((evidence, sections.map_err(lost))))
}
