//! Which parts go into sections, and under which salt.

use serde::Serialize;

use crate::base::digest::Sha256;
use crate::capture::Capture;
use crate::format::fact::Sealable;
use crate::format::json::{self, JsonError};
use crate::format::section::{INLINE_ENTRIES_MAX, SealedSection};
use crate::format::settings::{Disclosure, Part};

/// Moves parts into sections, each under a salt of its own.
pub(super) struct Sealer<'a> {
    disclosure: &'a Disclosure,
    seed: [u8; 32],
    inline_max: usize,
    sections: Vec<SealedSection>,
}

impl<'a> Sealer<'a> {
    pub(super) fn new(disclosure: &'a Disclosure, seed: [u8; 32], inline_max: usize) -> Self {
        Self { disclosure, seed, inline_max, sections: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<SealedSection> {
        self.sections
    }

    /// Every part that can be sealed; what is long is sealed whatever was asked for.
    pub(super) fn seal_all(&mut self, capture: &mut Capture) -> Result<(), JsonError> {
        if let Some(command) = &mut capture.build.command {
            self.list(Part::Argv, &mut command.argv)?;
        }
        if let Some(identity) = &mut capture.identity.value {
            self.part(Part::IdentityPeople, &mut identity.people, |people| people.len())?;
        }
        if let Some(controls) = &mut capture.controls.value {
            self.part(Part::ControlDetails, &mut controls.details, |details| details.len())?;
        }
        if let Some(source) = &mut capture.source.value {
            self.list(Part::Dirty, &mut source.dirty)?;
            if let Some(people) = &mut source.people {
                self.part(Part::PeopleNames, &mut people.names, |people| people.names.len())?;
            }
        }
        if let Some(inputs) = &mut capture.inputs.value {
            if let Some(files) = &mut inputs.files {
                self.list(Part::InputFiles, files)?;
            }
            self.list(Part::ChangedDuringBuild, &mut inputs.changed_during_build)?;
            if let Some(caches) = &mut inputs.caches.value {
                self.part(Part::CachePaths, &mut caches.paths, |paths| paths.len())?;
            }
        }
        if let Some(outputs) = &mut capture.outputs.value
            && let Some(files) = &mut outputs.files
        {
            self.list(Part::OutputFiles, files)?;
        }
        if let Some(dependencies) = &mut capture.dependencies.value {
            self.list(Part::Dependencies, &mut dependencies.list)?;
        }
        if let Some(environment) = &mut capture.environment.value {
            self.part(Part::Variables, &mut environment.variables, |values| values.len())?;
            self.list(Part::OtherVariables, &mut environment.other_variables)?;
            self.list(Part::Path, &mut environment.path)?;
            if let Some(container) = &mut environment.container.value {
                self.list(Part::Mounts, &mut container.mounts)?;
            }
            if let Some(signs) = &mut environment.signs.value {
                self.list(Part::WritablePaths, &mut signs.writable_paths)?;
            }
            if let Some(git) = &mut environment.git_configuration.value {
                self.part(Part::GitValues, &mut git.values, |values| values.len())?;
            }
        }
        if let Some(tools) = &mut capture.tools.value {
            self.part(Part::ToolPaths, &mut tools.paths, |paths| paths.len())?;
        }
        if let Some(changes) = &mut capture.changes.value {
            self.list(Part::Changes, &mut changes.environment)?;
            self.list(Part::ChangeDetails, &mut changes.details)?;
            if let Some(commits) = &mut changes.commits.value {
                self.list(Part::Commits, &mut commits.list)?;
                self.part(Part::CommitPeople, &mut commits.people, |people| people.names.len())?;
            }
        }
        for (manager, set) in capture.packages.value.iter_mut().flatten() {
            let name = format!("packages.{manager}.list");
            self.named(&name, Part::Packages, &mut set.list, Vec::len)?;
        }
        Ok(())
    }

    fn list<T: Serialize>(
        &mut self,
        part: Part,
        list: &mut Sealable<Vec<T>>,
    ) -> Result<(), JsonError> {
        self.named(part.name(), part, list, Vec::len)
    }

    fn part<T: Serialize>(
        &mut self,
        part: Part,
        value: &mut Sealable<T>,
        length: impl Fn(&T) -> usize,
    ) -> Result<(), JsonError> {
        self.named(part.name(), part, value, length)
    }

    /// An empty part tells nothing that would have to be kept back.
    fn named<T: Serialize>(
        &mut self,
        name: &str,
        part: Part,
        value: &mut Sealable<T>,
        length: impl Fn(&T) -> usize,
    ) -> Result<(), JsonError> {
        let Some(content) = value.inline() else { return Ok(()) };
        let entries = length(content);
        let is_long = || -> Result<bool, JsonError> {
            // Every entry takes more than two bytes: a short list needs no measuring.
            Ok(entries > INLINE_ENTRIES_MAX
                || (entries > self.inline_max / 4096
                    && json::to_line(content)?.len() > self.inline_max))
        };
        if entries > 0 && (self.disclosure.seals(part) || is_long()?) {
            let section = SealedSection::new(name, self.salt(name), content)?;
            *value = Sealable::Sealed { sealed: section.seal() };
            self.sections.push(section);
        }
        Ok(())
    }

    /// 128 bits that nobody can tell from random ones without the seed, which is thrown away.
    fn salt(&self, name: &str) -> [u8; 16] {
        let digest = Sha256::of(&[&self.seed[..], name.as_bytes()].concat());
        let mut salt = [0; 16];
        salt.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        salt
    }
}
