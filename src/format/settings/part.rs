//! The parts of the evidence that can be sealed, and which of them are.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! parts {
    ($($(#[doc = $doc:literal])+ $part:ident = $name:literal, $sealed:literal;)+) => {
        /// A part of the evidence that can be sealed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Part {
            $($(#[doc = $doc])+ $part,)+
        }

        impl Part {
            /// Every part.
            pub const ALL: &'static [Self] = &[$(Self::$part,)+];

            /// What `proofmark.toml` calls it; its section has this name too, or one that begins with it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$part => $name,)+
                }
            }

            /// Whether it is sealed unless the settings publish it: what is of use to an attacker, or
            /// names people.
            #[must_use]
            pub const fn sealed_by_default(self) -> bool {
                match self {
                    $(Self::$part => $sealed,)+
                }
            }
        }
    };
}

parts! {
    /// The command's arguments.
    Argv = "build.command.argv", false;
    /// Files that differ from the commit.
    Dirty = "source.dirty", false;
    /// Who made the commit.
    PeopleNames = "source.people.names", true;
    /// The list of inputs.
    InputFiles = "inputs.files", false;
    /// Inputs that changed during the build.
    ChangedDuringBuild = "inputs.changed_during_build", false;
    /// Where the caches are.
    CachePaths = "inputs.caches.paths", true;
    /// The list of outputs.
    OutputFiles = "outputs.files", false;
    /// What the lockfiles name.
    Dependencies = "dependencies.list", false;
    /// Values of variables.
    Variables = "environment.variables", true;
    /// Names of the other variables.
    OtherVariables = "environment.other_variables", false;
    /// The entries of `PATH`.
    Path = "environment.path", true;
    /// What is mounted into the container.
    Mounts = "environment.container.mounts", true;
    /// Values of git's settings.
    GitValues = "environment.git_configuration.values", true;
    /// What other users of the machine can write to.
    WritablePaths = "environment.signs.writable_paths", true;
    /// Where the tools are.
    ToolPaths = "tools.paths", true;
    /// The people that a platform's tokens name.
    IdentityPeople = "identity.people", true;
    /// The people and machines that a platform's API names.
    ControlDetails = "controls.details", true;
    /// What of the environment changed since the build before.
    Changes = "changes.environment", false;
    /// The same for places that are sealed.
    ChangeDetails = "changes.details", true;
    /// The commits since the build before.
    Commits = "changes.commits.list", false;
    /// Their people.
    CommitPeople = "changes.commits.people", true;
    /// What is installed, of every package manager.
    Packages = "packages.list", true;
}

/// By its name.
impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| serde::de::Error::custom("no such part"))
    }
}

impl Part {
    /// The part of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|part| part.name() == name)
    }
}

/// Which parts stand in the signed file and which in a section of another one.
///
/// No part is in both lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    pub(super) seal: BTreeSet<Part>,
    pub(super) publish: BTreeSet<Part>,
}

impl Disclosure {
    /// Whether `part` is sealed, however short it is. One that isn't stands in the signed file, unless it
    /// is too long for it.
    #[must_use]
    pub fn seals(&self, part: Part) -> bool {
        self.seal.contains(&part) || (part.sealed_by_default() && !self.publish.contains(&part))
    }
}
