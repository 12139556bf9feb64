//! A bracket between its two ends: one file in a folder of the user's own, outside of the root.
//!
//! Any step in between runs as the same user and can write the file anew. So the digest of what was
//! written goes to the job's log and to the step's outputs, which later steps can't alter, and comes
//! back with `--state-digest`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Facts, Opening};
use crate::base::digest::Sha256;
use crate::base::pack::{Masks, Packer, UnpackError, Unpacker};
use crate::base::private::{PrivateError, PrivateFolder};
use crate::base::text::{lossless, printable, printable_path};
use crate::base::tree::{Patterns, Tree, Walk, each_path};
use crate::base::{dirs, file, random};
use crate::capture::environment::Variables;
use crate::capture::git::Classes;
use crate::capture::redact::Redactor;
use crate::capture::withhold_part;
use crate::cli::failure::Failure;
use crate::format::evidence::BracketState;
use crate::format::json;

/// How the file begins; another version of the form has another line.
const MAGIC: &[u8] = b"proofmark bracket 1\n";
/// How the files' names end.
const ENDING: &str = ".bracket";
/// Most bytes that are read back: some five million files.
const STATE_MAX: u64 = 1 << 30;
/// The folder, in the place that the platform or the user has for such things.
const FOLDER: &str = "proofmark-brackets";

/// Where the state of one root and session is.
pub(in crate::cli) struct Session {
    folder: PrivateFolder,
    name: String,
    session: String,
    root: PathBuf,
}

/// What stands first in the file, so that a person can be told what is open.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    root: String,
    session: String,
    started: String,
}

impl Session {
    /// Finds the place: `RUNNER_TEMP`, which is emptied with the job, else the user's folder for caches.
    pub(in crate::cli) fn at(
        variables: &Variables,
        root: &Path,
        session: &str,
    ) -> Result<Self, Failure> {
        if session.len() > 256 {
            return Err(Failure::usage("--session: expected at most 256 bytes"));
        }
        let runner = variables.raw("RUNNER_TEMP").map(PathBuf::from).filter(|p| p.is_absolute());
        let base = runner.and_then(|path| outside(&path, root));
        let base = match base {
            Some(base) => base,
            None => users_own(root)?,
        };
        let folder = PrivateFolder::open(&base, FOLDER).map_err(unusable)?;
        let mut id = Packer::default();
        id.bytes(lossless(root.as_os_str()).as_bytes());
        id.bytes(session.as_bytes());
        let id = Sha256::of(&id.finish()).to_string();
        let name = format!("{}{ENDING}", id.get(..32).unwrap_or(&id));
        Ok(Self { folder, name, session: session.to_owned(), root: root.to_owned() })
    }

    /// Where the file is.
    pub(in crate::cli) fn path(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }

    /// Says that a bracket is open, if one is.
    pub(in crate::cli) fn check_free(&self) -> Result<(), Failure> {
        if self.folder.has(&self.name) { Err(self.is_open()) } else { Ok(()) }
    }

    fn is_open(&self) -> Failure {
        let since =
            self.head(&self.name).map(|head| format!(" since {}", printable(&head.started)));
        Failure::trouble(format_args!(
            "a bracket is open already for {}{}{}",
            printable_path(&self.root),
            self.named(),
            since.unwrap_or_default()
        ))
        .hint("close it with `proofmark finish`, open another with --session NAME, or give it up with `proofmark begin --restart`")
    }

    fn named(&self) -> String {
        if self.session.is_empty() {
            String::new()
        } else {
            format!(", session {}", printable(&self.session))
        }
    }

    /// Gives an open bracket up. Whether there was one.
    pub(in crate::cli) fn give_up(&self) -> Result<bool, Failure> {
        let there = self.folder.has(&self.name);
        self.folder.remove(&self.name).map_err(unusable)?;
        // What a kill has left of one that was never opened.
        let begin = format!("{}.", self.name);
        for draft in self.folder.names().iter().filter(|name| name.starts_with(&begin)) {
            self.folder.remove(draft).map_err(unusable)?;
        }
        Ok(there)
    }

    /// Keeps an open bracket, and gives the digest of what was written. No credential is kept: what looks
    /// like one is withheld here already, and of a path that does only a keyed digest is written.
    pub(in crate::cli) fn save(
        &self,
        opening: &mut Opening,
        redactor: &Redactor,
    ) -> Result<Sha256, Failure> {
        withhold_facts(&mut opening.facts, redactor).map_err(Failure::trouble)?;
        let head = Head {
            root: redactor.scrub(&lossless(self.root.as_os_str())).text,
            session: redactor.scrub(&self.session).text,
            started: opening.facts.started.to_string(),
        };
        let secret = |path: &[u8]| redactor.withholds_path(path);
        let key = random::bytes().map_err(Failure::trouble)?;
        let masks = Masks { key, masks: &secret };
        let mut packer = Packer::default();
        packer.raw(MAGIC);
        packer.bytes(&json::to_line(&head).map_err(Failure::trouble)?);
        packer.bytes(&json::to_line(&opening.facts).map_err(Failure::trouble)?);
        packer.raw(&masks.key);
        packer.byte(u8::from(opening.classes.is_some()));
        if let Some(classes) = &opening.classes {
            classes.pack(&mut packer, &masks);
        }
        opening.before.pack(&mut packer, &masks);
        let bytes = packer.finish();
        match self.folder.create(&self.name, &bytes) {
            Ok(()) => Ok(Sha256::of(&bytes)),
            Err(PrivateError::Exists(_)) => Err(self.is_open()),
            Err(error) => Err(unusable(error)),
        }
    }

    /// Reads it back. `told` is the digest that the closing was told.
    pub(in crate::cli) fn load(
        &self,
        told: Option<Sha256>,
    ) -> Result<(Opening, BracketState), Failure> {
        let bytes = match self.folder.read(&self.name, STATE_MAX) {
            Ok(bytes) => bytes,
            Err(PrivateError::NotFound(_)) => return Err(self.none_open()),
            Err(error) => return Err(unusable(error)),
        };
        let found = Sha256::of(&bytes);
        if let Some(told) = told.filter(|told| *told != found) {
            return Err(Failure::trouble(format_args!(
                "the bracket's state was changed after it was opened: expected sha256 {told} (--state-digest), found {found}"
            ))
            .hint("a step in between wrote it, or the digest is another bracket's; nothing was signed: find out which step, and build again"));
        }
        let opening = unpack(&bytes, &self.root).map_err(|_error| {
            Failure::trouble(format_args!(
                "the bracket's state can't be read: {} was changed, or another version of proofmark opened the bracket",
                printable_path(&self.path())
            ))
            .hint("use one version for both ends; give the bracket up with `proofmark begin --restart`")
        })?;
        let state = BracketState {
            sha256: found,
            digest_was_told: told.is_some(),
            opened_by: opening.facts.opened_by.clone(),
        };
        Ok((opening, state))
    }

    /// The evidence is written: the bracket is over.
    pub(in crate::cli) fn remove(&self) -> Result<(), Failure> {
        self.folder.remove(&self.name).map_err(unusable)
    }

    fn none_open(&self) -> Failure {
        let failure = Failure::trouble(format_args!(
            "no bracket is open for {}{}",
            printable_path(&self.root),
            self.named()
        ));
        let names = self.folder.names();
        let open: Vec<_> = names
            .iter()
            .filter(|name| name.ends_with(ENDING))
            .filter_map(|name| self.head(name))
            .map(|head| {
                let session = match head.session.as_str() {
                    "" => String::new(),
                    name => format!(" --session {}", printable(name)),
                };
                format!("--root {}{session}", printable(&head.root))
            })
            .take(4)
            .collect();
        if open.is_empty() {
            failure.hint("open one with `proofmark begin` in an earlier step of the same job")
        } else {
            failure.hint(format!("open here: {}", open.join("; ")))
        }
    }

    fn head(&self, name: &str) -> Option<Head> {
        let bytes = self.folder.read(name, STATE_MAX).ok()?;
        let mut from = Unpacker::new(bytes.strip_prefix(MAGIC)?);
        serde_json::from_slice(from.bytes().ok()?).ok()
    }
}

fn unpack(bytes: &[u8], root: &Path) -> Result<Opening, UnpackError> {
    let mut from = Unpacker::new(bytes.strip_prefix(MAGIC).ok_or(UnpackError)?);
    from.bytes()?;
    let facts: Facts = serde_json::from_slice(from.bytes()?).or(Err(UnpackError))?;
    let key = from.array()?;
    let mut paths = None;
    let mut unmask = |digest: &Sha256| {
        let paths = paths.get_or_insert_with(|| digests_of_paths(root, &key));
        paths.get(digest).cloned()
    };
    let classes = match from.byte()? {
        0 => None,
        1 => Some(Classes::unpack(&mut from, &mut unmask)?),
        _ => return Err(UnpackError),
    };
    let before = Tree::unpack(&mut from, &mut unmask)?;
    from.finish()?;
    Ok(Opening { facts, before, classes })
}

/// All that is below the root now, folders too, by the digests under which a path may have been kept.
fn digests_of_paths(root: &Path, key: &[u8; 16]) -> HashMap<Sha256, Vec<u8>> {
    let mut paths = HashMap::new();
    let walk = Walk {
        root,
        exclude: &Patterns::default(),
        skip: &[],
        stop: &|| false,
        progress: &|_, _| (),
    };
    each_path(&walk, &mut |path| {
        let folders = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for end in folders.map(|(end, _)| end).chain([path.len()]) {
            let path = path.get(..end).unwrap_or_default();
            paths.entry(Masks::digest(key, path)).or_insert_with(|| path.to_owned());
        }
    });
    paths
}

fn withhold_facts(facts: &mut Facts, redactor: &Redactor) -> Result<(), serde_json::Error> {
    let mut found = Vec::new();
    let all = &mut found;
    withhold_part("platform", &mut facts.platform, redactor, all)?;
    withhold_part("changes", &mut facts.logged, redactor, all)?;
    withhold_part("custody", &mut facts.custody, redactor, all)?;
    withhold_part("source", &mut facts.source, redactor, all)?;
    withhold_part("inputs.caches", &mut facts.caches, redactor, all)?;
    withhold_part("dependencies", &mut facts.dependencies, redactor, all)?;
    withhold_part("environment", &mut facts.environment, redactor, all)?;
    withhold_part("tools", &mut facts.tools, redactor, all)?;
    withhold_part("packages", &mut facts.packages, redactor, all)?;
    withhold_part("gaps", &mut facts.gaps, redactor, all)?;
    withhold_part("redactions", &mut facts.redactions, redactor, all)?;
    facts.redactions.append(&mut found);
    Ok(())
}

/// A folder that is there and doesn't lie in the root: what the build can delete, or what would be an
/// input, keeps no state.
fn outside(path: &Path, root: &Path) -> Option<PathBuf> {
    let real = path.canonicalize().ok().filter(|real| real.is_dir())?;
    (!real.starts_with(root)).then_some(real)
}

fn users_own(root: &Path) -> Result<PathBuf, Failure> {
    let hint = "set RUNNER_TEMP or XDG_CACHE_HOME to a folder outside of the root";
    let Some(cache) = dirs::cache() else {
        let message = "no place for the bracket's state: the user has no home folder";
        return Err(Failure::usage(message).hint(hint));
    };
    if !cache.starts_with(root) {
        file::make_private_folder(&cache).map_err(Failure::trouble)?;
    }
    outside(&cache, root).ok_or_else(|| {
        Failure::usage(format_args!(
            "no place for the bracket's state: expected a folder outside of the root, found {}",
            printable_path(&cache)
        ))
        .hint(hint)
    })
}

fn unusable(error: PrivateError) -> Failure {
    let hint = match &error {
        PrivateError::NotPrivate { .. } => {
            "somebody else may have put it there; look at it, remove it, and begin again"
        }
        _ => "see that there is room, and that the folder can be written",
    };
    Failure::trouble(format_args!("the bracket's state: {error}")).hint(hint)
}
