//! Evidence files: each read and authenticated once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::artefacts::Item;
use super::label;
use crate::base::text::count;
use crate::cli::check_args::bundle_of;
use crate::read::{self, Evidence};
use crate::verify::{Authenticated, Trust, authenticate};

/// One evidence file, read and authenticated once, however many artefacts it serves.
pub(super) struct Bundle {
    pub(super) path: PathBuf,
    pub(super) content: Result<(Evidence, Authenticated), String>,
}

/// Evidence files by path.
pub(super) struct Bundles {
    pub(super) named: Option<PathBuf>,
    pub(super) trust: Trust,
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
        let trust = &self.trust;
        let named = self.named.as_deref() == Some(path);
        self.loaded.entry(path.to_owned()).or_insert_with(|| {
            // One that was only found there may be a pipe, put there so that the check never ends.
            if !named && !path.is_file() {
                let why = format!("{} isn't a regular file", label(path));
                return Bundle { path: path.to_owned(), content: Err(why) };
            }
            let content = match read::file(path) {
                Ok(evidence) if evidence.is_empty() => Err(nothing_in(&evidence)),
                Ok(evidence) => {
                    let authenticated = authenticate(&evidence, trust);
                    Ok((evidence, authenticated))
                }
                Err(error) => Err(error.to_string()),
            };
            Bundle { path: path.to_owned(), content }
        })
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
