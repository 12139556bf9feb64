//! What the parsers hand over, and what of it is fit to be recorded.

use std::fmt::Write as _;

use crate::base::text::{count, printable};
pub(super) use crate::capture::markup::Bad;

/// Longest name, in bytes.
const NAME_MAX: usize = 512;
/// Longest version.
const VERSION_MAX: usize = 256;
/// Longest source.
pub(super) const SOURCE_MAX: usize = 2048;

/// All texts of one file, and of all: one long source can stand for each of a million short names.
pub(super) const TEXT_MAX: usize = 64 << 20;

/// Where a dependency is to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The lockfile doesn't say: the ecosystem's usual registry.
    Unstated,
    /// The project itself.
    Project,
    /// It lies inside another dependency, whose checksum covers it.
    Bundled,
    /// A registry, a URL, a repository.
    From(String),
}

impl Origin {
    pub(super) fn stated(text: Option<&str>) -> Self {
        text.map_or(Self::Unstated, |text| Self::From(text.to_owned()))
    }

    /// Whether it is short enough to be recorded.
    pub(super) fn fits(&self) -> bool {
        !matches!(self, Self::From(text) if text.len() > SOURCE_MAX)
    }

    /// A repository with its commit.
    pub(super) fn repository(url: &str, commit: Option<&str>) -> Self {
        // `git@host:path` has no scheme that `git+` could stand before.
        let scheme = if url.starts_with("git+") || !url.contains("://") { "" } else { "git+" };
        let commit = commit.map(|commit| format!("#{commit}")).unwrap_or_default();
        Self::From(format!("{scheme}{url}{commit}"))
    }

    /// As the evidence has it.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Unstated => None,
            Self::Project => Some("path".to_owned()),
            Self::Bundled => Some("bundled".to_owned()),
            // A file must not be able to pass off what it names as the project's own.
            Self::From(text) if text == "path" || text == "bundled" => Some(format!("file:{text}")),
            Self::From(text) => Some(text.clone()),
        }
    }

    /// From elsewhere than the project, and so in need of a checksum of its own.
    pub(super) const fn needs_checksum(&self) -> bool {
        matches!(self, Self::Unstated | Self::From(_))
    }
}

/// One dependency as a file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) origin: Origin,
    pub(super) checksums: Vec<String>,
}

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) form: String,
    pub(super) list: Vec<Named>,
    /// Files that this one includes, relative to its folder.
    pub(super) includes: Vec<String>,
    /// Requirements that ask for no exact version.
    pub(super) unpinned: u64,
    /// Folders between the root and the file.
    depth: usize,
    unfit: u64,
    /// Bytes of all texts so far.
    bytes: usize,
    odd_checksums: u64,
    other: Vec<String>,
}

impl Found {
    pub(super) fn at_depth(depth: usize) -> Self {
        Self { depth, ..Self::default() }
    }

    /// Takes a dependency, unless a text of it is empty or too long: what is cut could pass for
    /// another.
    pub(super) fn add(
        &mut self,
        name: &str,
        version: Option<&str>,
        origin: Origin,
        checksums: Vec<String>,
    ) {
        // Half of an address would stand there, of which nobody could tell any more that it is the half
        // with the password.
        let fits = !name.is_empty()
            && !name.contains("://")
            && name.len() <= NAME_MAX
            && version.is_none_or(|version| version.len() <= VERSION_MAX)
            && origin.fits();
        if !fits {
            self.unfit += 1;
            return;
        }
        let source = if let Origin::From(text) = &origin { text.len() } else { 0 };
        self.bytes += name.len() + version.map_or(0, str::len) + source;
        if self.bytes > TEXT_MAX {
            self.unfit += 1;
            return;
        }
        let version = version.filter(|version| !version.is_empty()).map(str::to_owned);
        self.list.push(Named { name: name.to_owned(), version, origin, checksums });
    }

    /// An entry from which no dependency can be made.
    pub(super) fn unfit(&mut self) {
        self.unfit += 1;
    }

    /// Says what was not understood.
    pub(super) fn trouble(&mut self, what: impl Into<String>) {
        if self.other.len() < 4 {
            self.other.push(what.into());
        }
    }

    /// States the form, and whether it is a version that we know.
    pub(super) fn form(&mut self, name: &str, version: Option<&str>, known: &[&str]) {
        self.form = name.to_owned();
        let Some(version) = version else {
            self.trouble("states no version of its form");
            return;
        };
        let shown: String = printable(version).chars().take(32).collect();
        let _ = write!(self.form, " version {shown}");
        let is_known = known.iter().any(|known| {
            version.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        if !is_known {
            self.trouble("is of a version that isn't known");
        }
    }

    /// A checksum, if it is one.
    pub(super) fn checksum(&mut self, checksum: Option<String>) -> Vec<String> {
        self.odd_checksums += u64::from(checksum.is_none());
        checksum.into_iter().collect()
    }

    /// Several.
    pub(super) fn checksums(
        &mut self,
        all: impl IntoIterator<Item = Option<String>>,
    ) -> Vec<String> {
        all.into_iter().flat_map(|one| self.checksum(one)).collect()
    }

    /// A path that the file names: in the project, or out of the root.
    pub(super) fn local(&self, path: &str) -> Origin {
        let schemes = ["file:", "link:", "portal:", "directory:"];
        let plain = schemes.iter().find_map(|scheme| path.strip_prefix(scheme)).unwrap_or(path);
        let absolute =
            plain.starts_with(['/', '\\', '~']) || plain.as_bytes().get(1) == Some(&b':');
        let mut depth = Some(self.depth);
        for part in plain.split(['/', '\\']) {
            depth = match part {
                "" | "." => depth,
                ".." => depth.and_then(|depth| depth.checked_sub(1)),
                _ => depth.map(|depth| depth + 1),
            };
        }
        if absolute || depth.is_none() {
            Origin::From(format!("file:{plain}"))
        } else {
            Origin::Project
        }
    }

    /// Why the file was not parsed whole.
    pub(super) fn all_trouble(&self) -> Option<String> {
        let mut all = self.other.clone();
        if self.unfit > 0 {
            all.push(format!("{} without a fit name", count(self.unfit, "item")));
        }
        if self.odd_checksums > 0 {
            all.push(format!("{} not of their form", count(self.odd_checksums, "checksum")));
        }
        (!all.is_empty()).then(|| all.join("; "))
    }
}
