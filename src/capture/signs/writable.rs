//! What other users of the machine can write to, by mode bits: the work tree, the folders of `PATH`, the tools.
//!
//! Whoever can write to a folder on the way to something, or to one that a link on the way lies in, can put
//! another thing in its place. A sticky folder forbids that, but for what isn't ours. Root is nobody's other:
//! it writes where it likes.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Look, Noted, PART};
use crate::base::access::Rights;
use crate::base::file;
use crate::base::system;
use crate::base::text::{count, lossless};
use crate::format::evidence::{Signs, WritableByOthers};
use crate::format::fact::{Gap, Sealable};

/// Most entries of `PATH` that are looked at.
const ENTRIES_MAX: usize = 256;
/// Most steps of one path, those of its links included.
const STEPS_MAX: usize = 512;
/// Most bytes of `/etc/passwd` and of `/etc/group`.
const ACCOUNTS_MAX: u64 = 4 << 20;

/// Who else can write; the wider the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    /// Another user, whose it is.
    Owner,
    /// A group that isn't the user's alone.
    Group,
    /// Every user.
    All,
}

impl By {
    const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Group => "group",
            Self::All => "all",
        }
    }
}

/// What it is that they can write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Path,
    Root,
    Tool,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Path => "PATH",
            Self::Root => "root",
            Self::Tool => "tool",
        }
    }
}

/// Whether anybody else can write; an error where it can't be told.
pub(super) type Who = Result<Option<By>, ()>;

/// The widest of two ways to one thing.
pub(super) fn widest(one: Who, other: Who) -> Who {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok(one.max(other)),
        (Ok(Some(by)), Err(())) | (Err(()), Ok(Some(by))) => Ok(Some(by)),
        _ => Err(()),
    }
}

/// What was found, each path once.
#[derive(Debug, Default)]
pub(super) struct Found {
    writable: BTreeMap<(What, String), By>,
    unknown: BTreeSet<String>,
}

impl Found {
    pub(super) fn add(&mut self, what: What, path: &str, who: Who) {
        match who {
            Ok(Some(by)) => {
                let known = self.writable.entry((what, path.to_owned())).or_insert(by);
                *known = by.max(*known);
            }
            Ok(None) => {}
            Err(()) => {
                self.unknown.insert(path.to_owned());
            }
        }
    }

    pub(super) fn gap(&self) -> Option<Gap> {
        let unknown = self.unknown.len() as u64;
        let reason = format!("who can write to {} isn't known", count(unknown, "path"));
        (unknown > 0).then(|| Gap::without_cure(&format!("{PART}.writable_by_others"), reason))
    }

    /// Adds it to what is there.
    pub(super) fn into_signs(self, signs: &mut Signs) {
        let mut counts: BTreeMap<(What, By), u64> = BTreeMap::new();
        for ((what, _), by) in &self.writable {
            *counts.entry((*what, *by)).or_default() += 1;
        }
        signs.writable_by_others.extend(counts.into_iter().map(|((what, by), count)| {
            WritableByOthers { what: what.word().to_owned(), by: by.word().to_owned(), count }
        }));
        signs.writable_by_others.sort();
        if let Sealable::Inline(paths) = &mut signs.writable_paths {
            paths.extend(self.writable.into_keys().map(|(_, path)| path));
            paths.sort();
            paths.dedup();
        }
    }
}

/// The users and groups that the system's files name; others it may know from elsewhere.
pub(super) struct Accounts {
    uid: u32,
    /// By group: whether anybody else is in it. A group that isn't there can't be told.
    shared: BTreeMap<u32, bool>,
}

impl Accounts {
    /// `None` where the system has no such numbers.
    pub(super) fn read(system: &Path) -> Option<Self> {
        let text = |name: &str| {
            let bytes = file::read_regular(&system.join(name), ACCOUNTS_MAX).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Some(Self::new(system::uid()?, &text("etc/passwd"), &text("etc/group")))
    }

    /// From texts as passwd(5) and group(5) have them.
    pub(super) fn new(uid: u32, passwd: &str, group: &str) -> Self {
        let (mut own, mut of_others) = (BTreeSet::from(["root"]), BTreeSet::new());
        for line in passwd.lines() {
            let mut fields = line.split(':');
            let (Some(name), Some(user), Some(group)) =
                (fields.next(), number(fields.nth(1)), number(fields.next()))
            else {
                continue;
            };
            if user == uid || user == 0 {
                own.insert(name);
            } else {
                of_others.insert(group);
            }
        }
        let mut shared = BTreeMap::new();
        for line in group.lines() {
            let mut fields = line.split(':').skip(2);
            let (Some(group), Some(members)) = (number(fields.next()), fields.next()) else {
                continue;
            };
            let mut members = members.split(',').map(str::trim).filter(|name| !name.is_empty());
            let is_shared = of_others.contains(&group) || members.any(|name| !own.contains(name));
            // Two names of one number are one group.
            *shared.entry(group).or_default() |= is_shared;
        }
        Self { uid, shared }
    }

    const fn is_ours(&self, rights: Rights) -> bool {
        rights.owner == self.uid || rights.owner == 0
    }

    /// Who else can write to it, whatever lies above.
    pub(super) fn writes_to(&self, rights: Rights) -> Option<By> {
        let is_shared = self.shared.get(&rights.group).copied().unwrap_or(true);
        if rights.lets_all_write() {
            Some(By::All)
        } else if rights.lets_group_write() && is_shared {
            Some(By::Group)
        } else {
            (!self.is_ours(rights)).then_some(By::Owner)
        }
    }

    /// Who else can put another thing in the place of what lies in a folder.
    pub(super) fn exchanges(&self, folder: Rights, inside: Rights) -> Option<By> {
        if !folder.is_sticky() {
            return self.writes_to(folder);
        }
        (!self.is_ours(folder) || !self.is_ours(inside)).then_some(By::Owner)
    }

    /// Who else can write to what is at an absolute path, or can put something there.
    ///
    /// Links are followed step by step: what each lies in counts. With `is_there`, nothing at the end of the
    /// path is an error: it was there a moment ago.
    pub(super) fn who_writes(&self, path: &Path, is_there: bool) -> Who {
        let mut todo: Vec<OsString> = Vec::new();
        let mut at = PathBuf::from("/");
        let mut folder = look(&at).or(Err(()))?.ok_or(())?.0;
        let mut widest = None;
        push(path, &mut todo, &mut at).ok_or(())?;
        let mut steps = 0;
        while let Some(step) = todo.pop() {
            steps += 1;
            if steps > STEPS_MAX {
                return Err(());
            }
            if step == *".." {
                at.pop();
                folder = look(&at).or(Err(()))?.ok_or(())?.0;
                continue;
            }
            let next = at.join(&step);
            let Some((rights, is_link)) = look(&next).or(Err(()))? else {
                // Whoever can make something in the folder can make this.
                return if is_there { Err(()) } else { Ok(widest.max(self.writes_to(folder))) };
            };
            widest = widest.max(self.exchanges(folder, rights));
            if is_link {
                let target = fs::read_link(&next).or(Err(()))?;
                push(&target, &mut todo, &mut at).ok_or(())?;
                folder = look(&at).or(Err(()))?.ok_or(())?.0;
                continue;
            }
            (at, folder) = (next, rights);
        }
        Ok(widest.max(self.writes_to(folder)))
    }
}

fn number(field: Option<&str>) -> Option<u32> {
    field?.parse().ok()
}

/// `None` where there is nothing.
fn look(path: &Path) -> io::Result<Option<(Rights, bool)>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => match Rights::of(&metadata) {
            Some(rights) => Ok(Some((rights, metadata.is_symlink()))),
            None => Err(io::ErrorKind::Unsupported.into()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts the steps of a path before those that are left. `None`: it has too many, or is of another system.
fn push(path: &Path, todo: &mut Vec<OsString>, at: &mut PathBuf) -> Option<()> {
    let mut steps = Vec::new();
    for component in path.components() {
        match component {
            Component::RootDir => *at = PathBuf::from("/"),
            Component::CurDir => {}
            Component::ParentDir => steps.push("..".into()),
            Component::Normal(name) => steps.push(name.to_owned()),
            Component::Prefix(_) => return None,
        }
        if steps.len() + todo.len() > STEPS_MAX {
            return None;
        }
    }
    todo.extend(steps.into_iter().rev());
    Some(())
}

impl Look<'_> {
    pub(super) fn writable(&self, noted: &mut Noted) -> Found {
        let part = "writable_by_others";
        let Some(accounts) = Accounts::read(self.system) else {
            noted.gap(part, "who can write where isn't told on this system");
            return Found::default();
        };
        noted.gap(part, "access control lists are not read, only mode bits");
        let mut found = Found::default();
        let mut add = |what: What, path: &Path, found: &mut Found| {
            let text = noted.text(self.redactor, &lossless(path.as_os_str()), PART);
            found.add(what, &text, accounts.who_writes(path, what == What::Root));
        };
        add(What::Root, self.root, &mut found);
        // Without one, a shell has folders of its own, which are the system's.
        let path = self.variables.raw("PATH").into_iter();
        let entries: Vec<_> = path.flat_map(std::env::split_paths).take(ENTRIES_MAX + 1).collect();
        let mut seen = BTreeSet::new();
        for entry in entries.iter().take(ENTRIES_MAX) {
            // A relative entry, an empty one too, is where the build looks from.
            let entry = self.root.join(entry);
            if seen.insert(entry.clone()) {
                add(What::Path, &entry, &mut found);
            }
        }
        if entries.len() > ENTRIES_MAX {
            let reason =
                format!("PATH has more than {ENTRIES_MAX} entries: the first were looked at");
            let part = format!("{PART}.{part}");
            noted.gaps.push(Gap::new(&part, reason, "give the build a shorter PATH"));
        }
        noted.gaps.extend(found.gap());
        found
    }
}
