//! Evidence files: each read and authenticated once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::artefacts::Item;
use super::label;
use super::tokens::{self, Assessed};
use crate::assess::assurance::Brought;
use crate::base::digest::Sha256;
use crate::base::text::count;
use crate::base::time::Time;
use crate::cli::check_args::{Issuers, bundle_of};
use crate::read::{self, Evidence};
use crate::verify::{Authenticated, Trust, authenticate};

/// One evidence file, read and authenticated once, however many artefacts it serves.
pub(super) struct Bundle {
    pub(super) path: PathBuf,
    pub(super) content: Content,
    /// Of its verified build evidence, by the payload's digest.
    pub(super) assessed: BTreeMap<Sha256, Assessed>,
}

/// What a file gave, or why nothing.
pub(super) type Content = Result<(Evidence, Authenticated), String>;

impl Bundle {
    fn new(path: &Path, content: Content, brought: &Brought<'_>, now: Time) -> Self {
        let assessed = content.as_ref().map(|(_, all)| tokens::assess(all, brought, now));
        let assessed = assessed.unwrap_or_default();
        Self { path: path.to_owned(), content, assessed }
    }
}

/// Evidence files by path.
pub(super) struct Bundles {
    pub(super) named: Option<PathBuf>,
    pub(super) trust: Trust,
    pub(super) issuers: Issuers,
    pub(super) now: Time,
    pub(super) loaded: BTreeMap<PathBuf, Bundle>,
}

impl Bundles {
    /// Which evidence file an item is checked against.
    pub(super) fn path_of(&self, item: &Item) -> Option<PathBuf> {
        if let Some(named) = &self.named {
            return Some(named.clone());
        }
        if let Some(bundle) = &item.bundle {
            return Some(bundle.clone());
        }
        item.path().and_then(|path| bundle_of(None, path))
    }

    pub(super) fn load(&mut self, path: &Path) -> &Bundle {
        let (trust, brought, now) = (&self.trust, self.issuers.brought(), self.now);
        let named = self.named.as_deref() == Some(path);
        self.loaded.entry(path.to_owned()).or_insert_with(|| {
            // One that was only found there may be a pipe, put there so that the check never ends.
            if !named && !path.is_file() {
                let why = format!("{} isn't a regular file", label(path));
                let assessed = BTreeMap::new();
                return Bundle { path: path.to_owned(), content: Err(why), assessed };
            }
            let content = match read::file(path) {
                Ok(evidence) if evidence.is_empty() => Err(nothing_in(&evidence)),
                Ok(evidence) => {
                    let authenticated = authenticate(&evidence, trust);
                    Ok((evidence, authenticated))
                }
                Err(error) => Err(error.to_string()),
            };
            Bundle::new(path, content, &brought, now)
        })
    }

    /// Takes what was read of a file already.
    pub(super) fn insert(&mut self, path: &Path, content: Content) {
        let bundle = Bundle::new(path, content, &self.issuers.brought(), self.now);
        self.loaded.insert(path.to_owned(), bundle);
    }

    /// Whether every accepted statement must have a token that vouches for it.
    pub(super) fn demands_token(&self) -> bool {
        self.issuers.brought().keys.is_some()
    }

    pub(super) fn get(&self, item: &Item) -> Option<&Bundle> {
        self.loaded.get(&self.path_of(item)?)
    }
}

fn nothing_in(evidence: &Evidence) -> String {
    match evidence.malformed.first() {
        Some(first) => format!(
            "{} can't be parsed; line {}: {}",
            count(evidence.malformed.len() as u64, "line"),
            first.line,
            first.error
        ),
        None => match evidence.passed_over.first() {
            Some(first) => format!("line {} is {}", first.line, first.what),
            None => "it is empty".to_owned(),
        },
    }
}
