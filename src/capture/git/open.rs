//! Finding the repository and opening it, whoever owns it; or saying why it can't be opened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use git2::{Config, ErrorCode, Repository};

use super::path;
use crate::base::file;
use crate::base::text::printable;
use crate::format::fact::Gap;

/// Most bytes that a `.git` file or a `commondir` file may have: a path and a word.
const POINTER_MAX: u64 = 16 << 10;

/// Why there are no facts although there is a repository. The text is the fact's reason.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// Objects are fetched on demand, which libgit2 can't do.
    #[error("libgit2 doesn't open a partial clone (extensions.partialClone)")]
    PartialClone,
    /// Object names that libgit2 knows only as an experiment.
    #[error(
        "libgit2 doesn't open a repository whose object names aren't SHA-1 (extensions.objectFormat)"
    )]
    ObjectFormat,
    /// Something newer than libgit2.
    #[error("libgit2 doesn't know the repository's {name}")]
    Extension {
        /// Such as `extensions.refstorage`.
        name: String,
    },
    /// A `.git` that git itself would pass over, or that points nowhere.
    #[error("there is a `.git`, and it is no repository (HEAD, objects or refs are missing)")]
    NotARepository,
    /// `core.worktree`, or a root inside the repository's own folder.
    #[error("the repository's work tree doesn't hold the root")]
    Elsewhere,
    /// The root itself.
    #[error("the root can't be looked at: {0}")]
    Root(io::ErrorKind),
    /// Anything else that libgit2 says.
    #[error("libgit2 can't read {what}: {message}")]
    Unreadable {
        /// `the repository`, `HEAD`, `the index` or `the state of the work tree`.
        what: &'static str,
        /// libgit2's words without paths.
        message: String,
    },
}

impl Trouble {
    pub(super) fn unreadable(what: &'static str) -> impl FnOnce(git2::Error) -> Self {
        move |error| Self::Unreadable { what, message: words(&error) }
    }

    /// The gap that it leaves in a part of the evidence.
    pub(super) fn gap(&self, part: &str, reason: impl Into<String>) -> Gap {
        match self.cure() {
            Some(cure) => Gap::new(part, reason, cure),
            None => Gap::without_cure(part, reason),
        }
    }

    /// What the user can do.
    pub(super) fn cure(&self) -> Option<&'static str> {
        match self {
            Self::PartialClone => Some(
                "clone without `--filter` (actions/checkout: without `filter` and `sparse-checkout`)",
            ),
            Self::ObjectFormat => None,
            Self::Extension { .. } => Some("clone anew without this extension"),
            Self::NotARepository => {
                Some("clone again; in a container, mount the whole repository that `.git` names")
            }
            Self::Elsewhere => Some("unset core.worktree, or give a `--root` inside the work tree"),
            Self::Root(_) => Some("give a `--root` that is there and can be entered"),
            Self::Unreadable { message, .. } if message.contains("'link'") => {
                Some("`git update-index --no-split-index`")
            }
            Self::Unreadable { message, .. } if message.contains("'sdir'") => {
                Some("`git sparse-checkout reapply --no-sparse-index`")
            }
            Self::Unreadable { .. } => {
                Some("see what `git status` and `git fsck` say, or clone again")
            }
        }
    }
}

/// What libgit2 says, without the machine's paths: the evidence is made to be published.
pub(super) fn words(error: &git2::Error) -> String {
    let is_path = |text: &str| text.contains(['/', '\\']);
    let parts: Vec<&str> = error
        .message()
        .split('\'')
        .enumerate()
        .map(|(place, part)| if place % 2 == 1 && is_path(part) { ".." } else { part })
        .collect();
    let text = parts.join("'");
    if is_path(&text) { "a file of it can't be read".to_owned() } else { printable(&text) }
}

/// The real root, and the repository that it lies in.
pub(super) fn find_at(root: &Path) -> Result<Option<(PathBuf, Found)>, Trouble> {
    let root = path::real(root).map_err(Trouble::Root)?;
    Ok(find(&root)?.map(|found| (root, found)))
}

/// A repository, and how it was come by.
pub(super) struct Found {
    pub(super) repo: Repository,
    pub(super) foreign_owner: bool,
    /// `.git` isn't a folder.
    pub(super) separate_git_dir: bool,
}

impl Found {
    /// The root relative to the repository's top, with a slash at its end; empty where they are one, and
    /// where there is no work tree.
    pub(super) fn below(&self, root: &Path) -> Result<Vec<u8>, Trouble> {
        let Some(work_tree) = self.repo.workdir() else { return Ok(Vec::new()) };
        let work_tree = path::real(work_tree).or(Err(Trouble::Elsewhere))?;
        root.strip_prefix(&work_tree).map(path::prefix).or(Err(Trouble::Elsewhere))
    }

    /// Whether the history is said to be cut off.
    pub(super) fn is_shallow(&self) -> bool {
        // libgit2 looks beside HEAD, which for a linked work tree is the wrong folder.
        fs::metadata(self.repo.commondir().join("shallow")).is_ok_and(|file| file.len() > 0)
    }
}

/// The repository that `root` lies in, looking upwards as git does: no further than the file system
/// reaches, and without asking `GIT_DIR` and its like, which whoever set them could point anywhere.
///
/// In two ways this is stricter than git, since the facts of another repository would be wrong for
/// what is built. A `.git` that is no repository is an error, where git looks further up. And a bare
/// repository inside a work tree isn't taken: its three names can be committed like any others.
pub(super) fn find(root: &Path) -> Result<Option<Found>, Trouble> {
    let file_system = path::device(root);
    let reach = || root.ancestors().take_while(|folder| path::device(folder) == file_system);
    for folder in reach() {
        match fs::symlink_metadata(folder.join(".git")) {
            Ok(_) => return open(folder).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            // Unavailable isn't absent.
            Err(error) => return Err(Trouble::Root(error.kind())),
        }
    }
    reach().find(|folder| is_bare(folder)).map(open).transpose()
}

fn is_bare(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

/// Opens the repository of the work tree `folder`, or the bare one that `folder` is.
pub(super) fn open(folder: &Path) -> Result<Found, Trouble> {
    let separate_git_dir =
        fs::symlink_metadata(folder.join(".git")).is_ok_and(|metadata| !metadata.is_dir());
    // Without `FROM_ENV` nothing is read from the environment but where the user's configuration is.
    let (opened, foreign_owner) = match Repository::open(folder) {
        Err(error) if error.code() == ErrorCode::Owner => (open_any_owners(folder), true),
        other => (other, false),
    };
    match opened {
        Ok(repo) => Ok(Found { repo, foreign_owner, separate_git_dir }),
        Err(error) => Err(explain(folder, &error)),
    }
}

/// Opens what belongs to somebody else. Git refuses it because a foreign configuration can make git
/// run programs; libgit2 runs none. In containers it is the usual case.
pub(super) fn open_any_owners(folder: &Path) -> Result<Repository, git2::Error> {
    let git_dir = git_dir(folder);
    // The owner is asked for in every way of opening but this one. It makes a repository without a
    // work tree, which is then put back.
    let repo = Repository::open_bare(&git_dir)?;
    let config = repo.config()?.snapshot()?;
    let linked = repo.path() != repo.commondir();
    let named = config.get_bytes("core.worktree").ok().map(path::from_bytes);
    let work_tree = match named {
        Some(named) if !linked => Some(git_dir.join(named)),
        _ if linked || git_dir != folder => Some(folder.to_owned()),
        _ => None,
    };
    if let Some(work_tree) = work_tree
        && (linked || !config.get_bool("core.bare").unwrap_or(false))
    {
        repo.set_workdir(&work_tree, false)?;
    }
    Ok(repo)
}

/// The repository's own folder: `.git`, what the file `.git` names, or `folder` itself.
fn git_dir(folder: &Path) -> PathBuf {
    let dot_git = folder.join(".git");
    if dot_git.is_dir() {
        return dot_git;
    }
    match pointer(&dot_git, b"gitdir:") {
        Some(named) => folder.join(named),
        None => folder.to_owned(),
    }
}

fn pointer(file: &Path, prefix: &[u8]) -> Option<PathBuf> {
    let bytes = file::read(file, POINTER_MAX).ok()?;
    Some(path::from_bytes(bytes.strip_prefix(prefix)?.trim_ascii()))
}

/// Finds the configuration that libgit2 stumbled over, so that the reason names it.
fn explain(folder: &Path, error: &git2::Error) -> Trouble {
    if error.code() == ErrorCode::NotFound {
        return Trouble::NotARepository;
    }
    let git_dir = git_dir(folder);
    let common = pointer(&git_dir.join("commondir"), b"").map(|common| git_dir.join(common));
    let file = common.unwrap_or(git_dir).join("config");
    let mut found: Vec<(String, String)> = Vec::new();
    if let Ok(config) = Config::open(&file)
        && let Ok(entries) = config.entries(Some(r"^extensions\."))
    {
        let _ = entries.for_each(|entry| {
            let value = if entry.has_value() { entry.value_bytes() } else { b"" };
            let text = |bytes| printable(&String::from_utf8_lossy(bytes)).to_ascii_lowercase();
            found.push((text(entry.name_bytes()), text(value)));
        });
    }
    let mut unknown = None;
    for (name, value) in found {
        match name.as_str() {
            "extensions.partialclone" => return Trouble::PartialClone,
            "extensions.objectformat" if value != "sha1" => return Trouble::ObjectFormat,
            "extensions.objectformat"
            | "extensions.noop"
            | "extensions.worktreeconfig"
            | "extensions.preciousobjects"
            | "extensions.relativeworktrees" => {}
            _ => unknown = Some(Trouble::Extension { name }),
        }
    }
    unknown.unwrap_or_else(|| Trouble::Unreadable { what: "the repository", message: words(error) })
}
