//! Git's configuration, level by level, as git itself would find it.
//!
//! libgit2 follows `include.path` and `includeIf`; what an included file says counts as said by the file
//! that includes it.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{Config, ConfigLevel};

use super::open::{self, Trouble, words};
use super::path;
use crate::capture::environment::Variables;
use crate::format::fact::Gap;

const PART: &str = "environment.git_configuration";
/// Most bytes of a file that a variable puts in the place of a usual one.
const FILE_MAX: u64 = 16 << 20;

/// Where a setting stands, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The machine's.
    System,
    /// The user's, in the folder for configuration.
    Xdg,
    /// The user's.
    Global,
    /// The repository's.
    Local,
    /// One work tree's.
    Worktree,
    /// Variables.
    Environment,
}

impl Scope {
    /// As it stands in evidence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Xdg => "xdg",
            Self::Global => "global",
            Self::Local => "local",
            Self::Worktree => "worktree",
            Self::Environment => "environment",
        }
    }

    const fn of(level: ConfigLevel) -> Self {
        match level {
            ConfigLevel::ProgramData | ConfigLevel::System => Self::System,
            ConfigLevel::XDG => Self::Xdg,
            ConfigLevel::Global => Self::Global,
            ConfigLevel::Worktree => Self::Worktree,
            ConfigLevel::Local | ConfigLevel::App | ConfigLevel::Highest => Self::Local,
        }
    }
}

/// Given scope, name and value of a setting. Of the name the section and the last part are in lower case.
/// Bytes that aren't UTF-8 are `\xNN`; a setting without a value is `true`.
pub type Each<'a> = &'a mut dyn FnMut(Scope, &str, &str);

/// The repository that the levels were read for.
#[derive(Debug, Default)]
pub struct Place {
    /// Where its hooks are unless a setting says otherwise.
    pub hooks: Option<PathBuf>,
    /// Where hooks run.
    pub work_tree: Option<PathBuf>,
    /// No level could be read.
    pub unread: bool,
}

/// Reads every level but the variables' own settings.
///
/// What `GIT_CONFIG_GLOBAL`, `GIT_CONFIG_SYSTEM` and `GIT_CONFIG_NOSYSTEM` say is heeded. Without a
/// repository the machine's and the user's levels are read.
pub fn read(root: &Path, variables: &Variables, each: Each<'_>, gaps: &mut Vec<Gap>) -> Place {
    let found = path::real(root).map_err(Trouble::Root).and_then(|root| open::find(&root));
    let found = found.unwrap_or_else(|trouble| {
        let reason = format!("the repository's own settings aren't known: {trouble}");
        gaps.push(match trouble.cure() {
            Some(cure) => Gap::new(PART, reason, cure),
            None => Gap::without_cure(PART, reason),
        });
        None
    });
    let replaced = Replaced::new(variables);
    let config = match &found {
        Some(found) => found.repo.config(),
        None => Config::open_default(),
    };
    let visited = config.and_then(|mut config| config.snapshot()).and_then(|config| {
        visit(&config, |level, name, value| {
            let scope = Scope::of(level);
            if !replaced.takes_the_place_of(scope) {
                each(scope, name, value);
            }
        })
    });
    let unread = visited.is_err();
    if let Err(error) = visited {
        let reason = format!("libgit2 can't read the configuration: {}", words(&error));
        gaps.push(Gap::new(PART, reason, "see what `git config --list --show-origin` says"));
    }
    for (scope, variable, file) in &replaced.files {
        if let Err(why) = file_in_place(file, |name, value| each(*scope, name, value)) {
            let reason = format!("the file that {variable} names can't be read: {why}");
            gaps.push(Gap::new(PART, reason, "see what `git config --list --show-origin` says"));
        }
    }
    found.map_or_else(
        || Place { unread, ..Place::default() },
        |found| Place {
            hooks: Some(found.repo.commondir().join("hooks")),
            work_tree: Some(found.repo.workdir().unwrap_or_else(|| found.repo.path()).to_owned()),
            unread,
        },
    )
}

fn visit(
    config: &Config,
    mut each: impl FnMut(ConfigLevel, &str, &str),
) -> Result<(), git2::Error> {
    config.entries(None)?.for_each(|entry| {
        let value = if entry.has_value() { entry.value_bytes() } else { b"true" };
        each(entry.level(), &path::text(entry.name_bytes()), &path::text(value));
    })
}

/// Reads a file that a variable names; as for git, one that isn't there says nothing.
fn file_in_place(file: &Path, mut each: impl FnMut(&str, &str)) -> Result<(), String> {
    match fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.kind().to_string()),
        Ok(metadata) if metadata.len() > FILE_MAX => {
            return Err(format!("it is larger than {FILE_MAX} bytes"));
        }
        Ok(metadata) if metadata.is_file() => {}
        // `/dev/null` is how one says that there is none.
        Ok(_) if file == Path::new("/dev/null") => return Ok(()),
        Ok(_) => return Err("it isn't a regular file".to_owned()),
    }
    let config = Config::open(file).and_then(|mut config| config.snapshot());
    config
        .and_then(|config| visit(&config, |_, name, value| each(name, value)))
        .map_err(|error| words(&error))
}

/// The levels that variables put another file in the place of, or leave out.
#[derive(Debug, Default)]
struct Replaced {
    no_system: bool,
    files: Vec<(Scope, &'static str, PathBuf)>,
}

impl Replaced {
    fn new(variables: &Variables) -> Self {
        let no_system = variables
            .text("GIT_CONFIG_NOSYSTEM")
            .is_some_and(|value| Config::parse_bool(value).unwrap_or(true));
        let mut files = Vec::new();
        for (scope, name) in
            [(Scope::System, "GIT_CONFIG_SYSTEM"), (Scope::Global, "GIT_CONFIG_GLOBAL")]
        {
            if let Some(file) = variables.raw(name).filter(|_| !no_system || scope != Scope::System)
            {
                files.push((scope, name, PathBuf::from(file)));
            }
        }
        Self { no_system, files }
    }

    fn takes_the_place_of(&self, scope: Scope) -> bool {
        let is_named = |named| self.files.iter().any(|(scope, ..)| *scope == named);
        match scope {
            Scope::System => self.no_system || is_named(Scope::System),
            // The one file stands for both of the user's.
            Scope::Xdg | Scope::Global => is_named(Scope::Global),
            Scope::Local | Scope::Worktree | Scope::Environment => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::file::{Access, Overwrite, write_bytes};

    fn replaced(pairs: &[(&str, &str)]) -> Vec<&'static str> {
        let replaced = Replaced::new(&Variables::new(pairs.iter().copied()));
        let all = [Scope::System, Scope::Xdg, Scope::Global, Scope::Local, Scope::Worktree];
        all.into_iter().filter(|s| replaced.takes_the_place_of(*s)).map(Scope::name).collect()
    }

    #[test]
    fn variables_replace_the_levels_that_git_has_them_replace() {
        assert_eq!(replaced(&[]), [""; 0]);
        assert_eq!(replaced(&[("GIT_CONFIG_NOSYSTEM", "yes")]), ["system"]);
        assert_eq!(replaced(&[("GIT_CONFIG_NOSYSTEM", "0")]), [""; 0]);
        assert_eq!(replaced(&[("GIT_CONFIG_SYSTEM", "/x")]), ["system"]);
        assert_eq!(replaced(&[("GIT_CONFIG_GLOBAL", "/x")]), ["xdg", "global"]);
        let both = [("GIT_CONFIG_SYSTEM", "/x"), ("GIT_CONFIG_NOSYSTEM", "1")];
        assert!(Replaced::new(&Variables::new(both)).files.is_empty());
    }

    #[test]
    fn a_file_in_the_place_of_a_level_is_read_if_it_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let read = |path: &Path| {
            let mut found = Vec::new();
            file_in_place(path, |name, value| found.push(format!("{name}={value}"))).map(|()| found)
        };
        let path = folder.path().join("config");
        let write = |content: &str| {
            write_bytes(&path, Overwrite::Replace, Access::Umask, content.as_bytes()).unwrap();
        };
        write("[Core]\nHooksPath = x\nBare\n");
        assert_eq!(
            read(&path),
            Ok(vec!["core.hookspath=x".to_owned(), "core.bare=true".to_owned()])
        );
        write("[core\n");
        assert!(read(&path).is_err_and(|why| !why.contains("config")));
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(FILE_MAX + 1).unwrap();
        assert_eq!(read(&path), Err("it is larger than 16777216 bytes".to_owned()));
        assert_eq!(read(&folder.path().join("none")), Ok(Vec::new()));
        assert_eq!(read(folder.path()), Err("it isn't a regular file".to_owned()));
    }
}
