//! Where evidence of the build before is kept.

use std::path::Path;

use super::{Candidate, Looking, Loss, Which, remote};
use crate::base::file::{self, FileError, Overwrite};
use crate::base::text::{cut, printable, printable_path};
use crate::capture::git::notes::{self, Note, Notes};
use crate::cli::failure::Failure;
use crate::format::bundle::FILE_MAX;
use crate::net::{Fetched, Lost, Wanted};
use crate::write::Destination;

/// The evidence that was named.
pub(super) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    file::read_regular(path, FILE_MAX).map_err(|error| {
        Failure::usage(format_args!("--baseline: {error}"))
            .hint("name the evidence file of the build before, or auto, git-notes, none")
    })
}

impl Looking<'_> {
    /// What is there. A loss is no error; a file that was named and isn't there is one.
    pub(super) fn candidates(
        &self,
        which: &Which,
    ) -> Result<Result<Vec<Candidate>, Loss>, Failure> {
        match which {
            Which::File(path) => {
                let evidence = file(path)?;
                let own = Destination::new(path, Overwrite::Never);
                let beside = own.sections();
                let sections = match file::read_regular(beside, FILE_MAX) {
                    Ok(sections) => Some(sections),
                    Err(FileError::NotFound { .. }) => None,
                    Err(error) => {
                        let shown = printable_path(beside);
                        self.talk.notice(format_args!("{shown} is not used: {error}"));
                        None
                    }
                };
                Ok(Ok(vec![Candidate { evidence, sections, from: "file".to_owned() }]))
            }
            Which::Auto => {
                let fits = |evidence: &[u8]| self.may_be_of_this_lane(evidence);
                let wanted = Wanted { name: self.evidence_name, fits: &fits };
                let found = remote::auto(self.variables, self.platform, &wanted, &|| false);
                Ok(self.fetched(found))
            }
            Which::Url(url) => Ok(self.fetched(remote::url(self.variables, url, &|| false))),
            Which::GitNotes => Ok(self.noted()),
            // Nothing is looked for.
            Which::None => Ok(Ok(Vec::new())),
        }
    }

    /// A note that can't be read may be the newest: going on to an older one would make a fork of it.
    fn noted(&self) -> Result<Vec<Candidate>, Loss> {
        let Notes { found, missing } = notes::notes(&self.scope.root, &|| false);
        if let Some(missing) = missing.first() {
            let cure = missing.cure().unwrap_or("give the evidence by --baseline FILE");
            return Err(Loss::new(missing.to_string(), cure));
        }
        let candidate = |note: Note| Candidate {
            evidence: note.content,
            sections: None,
            from: format!("git note on commit {}", printable(&cut(&note.commit, 12))),
        };
        Ok(found.into_iter().map(candidate).collect())
    }

    fn fetched(&self, found: Result<Fetched, Lost>) -> Result<Vec<Candidate>, Loss> {
        let Fetched { evidence, sections, sections_lost, from } = found.map_err(Loss::from)?;
        if let Some(lost) = sections_lost {
            let reason = format!("the baseline's sealed parts are not compared: {}", lost.reason);
            self.talk.notice(reason);
        }
        Ok(vec![Candidate { evidence, sections, from }])
    }
}

impl From<Lost> for Loss {
    fn from(Lost { reason, cure }: Lost) -> Self {
        Self {
            reason,
            cure: cure.unwrap_or_else(|| "give the evidence by --baseline FILE".to_owned()),
        }
    }
}
