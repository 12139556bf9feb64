//! The hooks that git would run in this repository.

use std::fs;
use std::path::Path;

use crate::base::tree::hash::{Links, hash_file};
use crate::format::evidence::GitHook;
use crate::format::fact::Gap;

const PART: &str = "environment.git_configuration.hooks";
/// Most bytes of one hook.
const HOOK_MAX: u64 = 16 << 20;

/// The names by which git looks for hooks, sorted. A file of another name is never run.
const NAMES: [&str; 28] = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// The hooks in `folder`; git runs those that are executable.
pub(super) fn read(folder: &Path, gaps: &mut Vec<Gap>) -> Vec<GitHook> {
    let mut hooks = Vec::new();
    for name in NAMES {
        let file = folder.join(name);
        // A link is followed, as git does.
        let Ok(metadata) = fs::metadata(&file) else { continue };
        if !is_executable(&metadata) {
            continue;
        }
        let hashed = if metadata.len() > HOOK_MAX {
            Err(format!("it is larger than {HOOK_MAX} bytes"))
        } else {
            hash_file(&file, Links::Follow, false, &|| false).map_err(|error| error.to_string())
        };
        let sha256 = match hashed {
            Ok(hashed) => Some(hashed.sha256),
            Err(why) => {
                let reason = format!("no digest of the hook {name}: {why}");
                gaps.push(Gap::new(PART, reason, "remove it, or let it be a readable file"));
                None
            }
        };
        hooks.push(GitHook { name: name.to_owned(), sha256 });
    }
    hooks
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    !metadata.is_dir() && metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(metadata: &fs::Metadata) -> bool {
    metadata.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_each_once() {
        assert!(NAMES.is_sorted_by(|a, b| a < b));
    }
}
