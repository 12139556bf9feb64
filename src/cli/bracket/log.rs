//! What the change log of a build stands on, looked at when its bracket opens: the lock that counts, the
//! commits since the build before, and whether definitions are as they were committed.

use std::path::Path;
use std::sync::Arc;

use super::beside::Beside;
use super::changes::{Approved, LOCK_PART, Logged};
use super::open::{NOT_REACHED, Noted, Open};
use crate::base::digest::Sha256;
use crate::base::file;
use crate::capture::git::{self, AllowedSigners, Range, Watch};
use crate::capture::platform::Platform;
use crate::format::evidence::{Definition, PathText, Source};
use crate::format::fact::{Basis, Fact, Gap};
use crate::format::lock::LOCK_FILE;
use crate::format::settings::PinnedFile;

/// Most bytes of a file of allowed signers.
const SIGNERS_MAX: u64 = 1 << 20;

impl Open<'_> {
    /// Looks at the repository once more, beside the limit of time that the bracket has.
    pub(super) fn log(
        &self,
        platform: &mut Platform,
        source: Option<&Source>,
        noted: &mut Noted,
    ) -> Logged {
        let (before, gaps) = self.before.clone();
        noted.gaps.extend(gaps);
        let (root, path) =
            (self.scope.root.clone(), lock_path(self.scope.wanted.project.as_deref()));
        let definitions: Vec<_> = platform.pipeline.definitions.iter().map(path_of).collect();
        let committed = Beside::start("lock", move || {
            (git::committed(&root, &path), git::is_committed(&root, &definitions))
        });
        let commits = match before.place {
            None => Fact::unavailable(Basis::Read, before.why_none.clone().unwrap_or_default()),
            Some(_) => {
                let commit = before.baseline.get().and_then(|baseline| baseline.commit.clone());
                let tag = source.and_then(|source| source.last_tag.clone());
                let watch = Watch::new(&self.scope.wanted.settings.changed_paths);
                let watch = watch.unwrap_or_else(|error| {
                    noted.gaps.push(Gap::without_cure("changes.commits", error.to_string()));
                    Watch::default()
                });
                let pinned = self.scope.wanted.settings.allowed_signers.as_ref();
                let signers = pinned.and_then(|pinned| {
                    signers(&self.scope.root, pinned).map_err(|gap| noted.gaps.push(gap)).ok()
                });
                let (root, redactor) = (self.scope.root.clone(), Arc::clone(self.redactor));
                let look = Beside::start("commits", move || {
                    let range = Range { baseline: commit.as_deref(), last_tag: tag.as_ref() };
                    git::history(&root, &range, &watch, signers.as_ref(), &redactor, &|| false)
                });
                noted.wait("changes.commits", look, self.give_up)
            }
        };
        let lock = match committed.wait(self.give_up) {
            Some((committed, as_committed)) => {
                let definitions = &mut platform.pipeline.definitions;
                for (definition, committed) in definitions.iter_mut().zip(as_committed) {
                    definition.committed = committed;
                }
                Approved::of(committed, &mut noted.gaps)
            }
            None => {
                noted.gaps.push(Gap::without_cure(LOCK_PART, NOT_REACHED));
                Fact::unavailable(Basis::Read, NOT_REACHED)
            }
        };
        Logged { before, commits, lock }
    }
}

/// Where a project's lock is, relative to the root.
pub(in crate::cli) fn lock_path(project: Option<&str>) -> String {
    project.map_or_else(|| LOCK_FILE.to_owned(), |project| format!("{project}/{LOCK_FILE}"))
}

/// Whether definitions are as HEAD has them.
pub(super) fn note_committed(root: &Path, definitions: &mut [Definition]) {
    let paths: Vec<_> = definitions.iter().map(path_of).collect();
    for (definition, committed) in definitions.iter_mut().zip(git::is_committed(root, &paths)) {
        definition.committed = committed;
    }
}

/// One that isn't UTF-8 is no path that git can be asked for here: it counts as unknown.
fn path_of(definition: &Definition) -> String {
    match &definition.path {
        PathText::Path(path) => path.clone(),
        PathText::PathHex(_) => String::new(),
    }
}

/// The signers, if the file is the one that was pinned: whoever can change it could sign as anybody.
fn signers(root: &Path, pinned: &PinnedFile) -> Result<AllowedSigners, Gap> {
    let gap = |reason: String| {
        let cure = "pin the file as it is in `proofmark.toml`: [changes] allowed_signers = { path = \"..\", sha256 = \"..\" }";
        Gap::new("changes.commits.allowed_signers", reason, cure)
    };
    let bytes = file::read_regular(&root.join(&pinned.path), SIGNERS_MAX)
        .map_err(|error| gap(format!("the file of allowed signers: {error}")))?;
    let found = Sha256::of(&bytes);
    if found != pinned.sha256 {
        return Err(gap(format!(
            "the file of allowed signers isn't the one that was pinned: expected sha256 {}, found {found}",
            pinned.sha256
        )));
    }
    AllowedSigners::parse(&bytes)
        .map_err(|error| gap(format!("the file of allowed signers: {error}")))
}
