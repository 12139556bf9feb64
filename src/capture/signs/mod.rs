//! What the machine itself shows of who may reach the build: signs, and none of them a proof.
//!
//! Nothing is run, and nothing is connected to. Of a credential only its name leaves: neither its value nor its
//! length nor a digest.

use std::path::Path;

mod credentials;
mod machine;
mod places;
mod sessions;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod writable;

use super::Captured;
use super::container;
use super::environment::Variables;
use super::redact::Redactor;
use crate::base::dirs;
use crate::base::file::FileError;
use crate::base::text::cut;
use crate::format::evidence::{Inputs, Signs, Tools};
use crate::format::fact::{Basis, Fact, Gap, Withheld};

use writable::{Accounts, Found, What, widest};

const PART: &str = "environment.signs";

/// What a look at the machine is given.
struct Look<'a> {
    /// `/`, but in tests.
    system: &'a Path,
    home: Option<&'a Path>,
    root: &'a Path,
    variables: &'a Variables,
    redactor: &'a Redactor,
}

/// What is missing, and what was withheld.
#[derive(Default)]
struct Noted {
    redactions: Vec<Withheld>,
    gaps: Vec<Gap>,
}

impl Noted {
    /// A text from outside, as it may leave.
    fn text(&mut self, redactor: &Redactor, text: &str, place: &str) -> String {
        /// Longest text, in characters.
        const LONGEST: usize = 1024;
        let scrubbed = redactor.scrub(text);
        self.redactions.extend(
            scrubbed
                .rules
                .iter()
                .map(|rule| Withheld { place: place.to_owned(), rule: rule.id().to_owned() }),
        );
        cut(&scrubbed.text, LONGEST)
    }

    fn gap(&mut self, part: &str, reason: impl Into<String>) {
        self.gaps.push(Gap::without_cure(&format!("{PART}.{part}"), reason));
    }
}

/// Looks at the machine. `root` is the work tree; the tools are added by [`note_tools`] once they are known.
#[must_use]
pub fn capture(variables: &Variables, root: &Path, redactor: &Redactor) -> Captured<Signs> {
    let home = variables.raw("HOME").map(Into::into).or_else(dirs::home);
    let home = home.as_deref().filter(|home| home.is_absolute());
    Look { system: Path::new("/"), home, root, variables, redactor }.capture()
}

impl Look<'_> {
    fn capture(&self) -> Captured<Signs> {
        let mut noted = Noted::default();
        let found = self.writable(&mut noted);
        let mut signs = Signs {
            booted: machine::booted(self.system, &mut noted),
            machine: machine::keyed_id(self.system, &mut noted),
            runtime_socket_writable: container::is_socket_writable(self.system, self.variables),
            credentials: self.credentials(&mut noted),
            sessions: self.sessions(),
            ..Signs::default()
        };
        found.into_signs(&mut signs);
        let Noted { redactions, gaps } = noted;
        Captured { fact: Fact::observed(Basis::Read, signs), redactions, gaps }
    }
}

/// Adds which of the tools' files others can write to, or put another in the place of.
pub fn note_tools(signs: &mut Fact<Signs>, tools: Option<&Tools>, gaps: &mut Vec<Gap>) {
    let (Some(signs), Some(tools)) = (&mut signs.value, tools) else { return };
    let Some(accounts) = Accounts::read(Path::new("/")) else { return };
    let mut found = Found::default();
    for path in tools.paths.inline().into_iter().flatten().map(|(_, path)| path) {
        // What was withheld of a path, or isn't UTF-8, leads nowhere: it counts as not known.
        let [named, behind] =
            [&path.found, &path.file].map(|path| accounts.who_writes(Path::new(path), true));
        found.add(What::Tool, &path.file, widest(named, behind));
    }
    gaps.extend(found.gap());
    found.into_signs(signs);
}

/// Adds how many files the work tree had that git doesn't track. Inputs that are only some of the files don't
/// tell.
pub fn note_untracked(signs: &mut Fact<Signs>, inputs: &Inputs, all_are_inputs: bool) {
    let count = inputs.untracked.zip(inputs.ignored).filter(|_| all_are_inputs);
    if let (Some(signs), Some((untracked, ignored))) = (&mut signs.value, count) {
        signs.untracked_files = Some(untracked.files.saturating_add(ignored.files));
    }
}

/// Adds whether the build before ran on this machine too.
pub fn note_seen_before(signs: &mut Fact<Signs>, before: Option<&Signs>) {
    let (Some(signs), Some(before)) = (&mut signs.value, before) else { return };
    let both = signs.machine.as_ref().zip(before.machine.as_ref());
    signs.machine_seen_before = both.map(|(now, then)| now == then);
}

/// Why a file can't be used, without its path.
fn why(error: &FileError) -> String {
    match error {
        FileError::NotFound { .. } => "doesn't exist".to_owned(),
        FileError::TooLarge { cap, .. } => format!("is larger than {cap} bytes"),
        FileError::Io { source, .. } => format!("can't be read: {}", source.kind()),
        FileError::NotRegular { .. } | FileError::Exists { .. } => {
            "isn't a regular file".to_owned()
        }
    }
}
