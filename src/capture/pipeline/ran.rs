//! The definition at the commit that the platform says it ran.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::digest::Sha256;
use crate::capture::git::{self, Committed};
use crate::capture::platform::{Kind, Platform};
use crate::format::evidence::Ran;
use crate::format::fact::{Basis, Fact};

type Claims = BTreeMap<String, String>;

/// A definition, and the commit that it was taken from.
struct Named {
    path: String,
    commit: String,
    /// Who names the commit.
    by: &'static str,
}

/// Compares the definition on the disk with the one at the commit that the platform names: by a claim of its
/// token where there is one, else by a variable.
#[must_use]
pub fn ran(root: &Path, platform: &Platform, claims: Option<&Claims>) -> Fact<Ran> {
    let named = match platform.kind {
        Kind::GitHub => github(platform, claims),
        Kind::GitLab => gitlab(claims),
        Kind::UnknownCi | Kind::Local => {
            return Fact::not_applicable("no platform that is known names a definition");
        }
    };
    match named.and_then(|named| compare(root, named)) {
        Ok(ran) => Fact::observed(Basis::Recomputed, ran),
        Err(why) => Fact::unavailable(Basis::Recomputed, why),
    }
}

fn claim<'c>(claims: Option<&'c Claims>, name: &str) -> Option<&'c str> {
    claims?.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn github(platform: &Platform, claims: Option<&Claims>) -> Result<Named, String> {
    if let (Some(commit), Some(reference)) =
        (claim(claims, "workflow_sha"), claim(claims, "workflow_ref"))
    {
        // `owner/repository/path@ref`; the ref may have an `@` in it, and no path that is looked for has.
        let (whole, _) = reference.split_once('@').ok_or(NO_PATH)?;
        let slashes: Vec<_> = whole.match_indices('/').take(2).map(|(at, _)| at).collect();
        let [_, second] = slashes.as_slice() else { return Err(NO_PATH.to_owned()) };
        let (slug, path) = whole.split_at_checked(*second).ok_or(NO_PATH)?;
        let own = claim(claims, "repository");
        if own.is_some_and(|own| !own.eq_ignore_ascii_case(slug)) {
            return Err(ELSEWHERE.to_owned());
        }
        let (path, commit) = (path.trim_start_matches('/').to_owned(), commit.to_owned());
        return Ok(Named { path, commit, by: "token claim workflow_sha" });
    }
    let commit = platform.pipeline.definition_commit.clone().ok_or(NO_COMMIT)?;
    let path = platform.workflow_path.clone().ok_or(NO_PATH)?;
    Ok(Named { path, commit, by: "variable GITHUB_WORKFLOW_SHA" })
}

/// No variable of GitLab's names the commit.
fn gitlab(claims: Option<&Claims>) -> Result<Named, String> {
    let commit = claim(claims, "ci_config_sha").ok_or(NO_COMMIT)?;
    // `host/group/project//path@ref`.
    let reference = claim(claims, "ci_config_ref_uri").ok_or(NO_PATH)?;
    let (project, rest) = reference.split_once("//").ok_or(NO_PATH)?;
    let (path, _) = rest.split_once('@').ok_or(NO_PATH)?;
    let own = claim(claims, "project_path");
    let is_own = |own: &str| {
        project.split_once('/').is_some_and(|(_, project)| project.eq_ignore_ascii_case(own))
    };
    if own.is_some_and(|own| !is_own(own)) {
        return Err(ELSEWHERE.to_owned());
    }
    let (path, commit) = (path.to_owned(), commit.to_owned());
    Ok(Named { path, commit, by: "token claim ci_config_sha" })
}

const NO_COMMIT: &str = "nobody names the commit that the definition was taken from";
const NO_PATH: &str = "nobody names the definition's path";
const ELSEWHERE: &str = "the definition lies in another repository";

fn compare(root: &Path, named: Named) -> Result<Ran, String> {
    let Named { path, commit, by } = named;
    let is_id = matches!(commit.len(), 40 | 64) && commit.bytes().all(|c| c.is_ascii_hexdigit());
    if !is_id {
        return Err("what is named as the definition's commit is no id of one".to_owned());
    }
    match git::at_commit(root, &commit, &path) {
        Ok(file) => Ok(Ran {
            path,
            commit,
            commit_from: by.to_owned(),
            sha256: Sha256::of(&file.bytes),
            on_disk_is_same: file.on_disk_is_same,
        }),
        Err(why) => Err(match why {
            Committed::NoCommit => {
                "the definition's commit isn't in the clone: fetch all of the history (actions/checkout: `fetch-depth: 0`; GitLab: `GIT_DEPTH: 0`)".to_owned()
            }
            Committed::NoRepository => "there is no repository".to_owned(),
            Committed::NoSuchPath => "the commit has no file at the definition's path".to_owned(),
            Committed::NotRegular => "what the commit has at the definition's path is no file".to_owned(),
            Committed::TooLarge => "the definition at the commit is too large".to_owned(),
            Committed::Unreadable(why) => why,
            Committed::Found(_) => "the commit's file can't be told".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::environment::Variables;
    use crate::capture::git::tests::Fixture;
    use crate::capture::platform;
    use crate::capture::redact::Redactor;
    use crate::format::fact::Status;

    const PATH: &str = "dir/c";

    fn platform(pairs: &[(&str, &str)]) -> Platform {
        platform::capture(&Variables::new(pairs.iter().copied()), &Redactor::default())
    }

    fn claims(pairs: &[(&str, &str)]) -> Claims {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_claim_goes_before_a_variable() {
        let fixture = Fixture::new();
        let first = fixture.git(&["rev-parse", "HEAD"]);
        fixture.write(PATH, "other");
        fixture.git(&["commit", "-qam", "other"]);
        let second = fixture.git(&["rev-parse", "HEAD"]);
        let github = platform(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_WORKFLOW_REF", "o/r/dir/c@refs/heads/a@b"),
            ("GITHUB_WORKFLOW_SHA", &second),
        ]);
        let by_variable = ran(&fixture.root(), &github, None);
        assert_eq!(by_variable.basis, Basis::Recomputed);
        let found = by_variable.value.unwrap();
        assert_eq!(found.commit_from, "variable GITHUB_WORKFLOW_SHA");
        assert_eq!((found.commit.as_str(), found.path.as_str()), (second.as_str(), PATH));
        assert_eq!((found.on_disk_is_same, found.sha256), (Some(true), Sha256::of(b"other")));

        let reference = ("workflow_ref", "O/r/dir/c@refs/heads/main");
        let own = claims(&[("workflow_sha", &first), reference, ("repository", "o/R")]);
        let found = ran(&fixture.root().join("dir"), &github, Some(&own)).value.unwrap();
        assert_eq!(found.commit_from, "token claim workflow_sha");
        assert_eq!((found.on_disk_is_same, found.sha256), (Some(false), Sha256::of(b"dir/c")));

        let gitlab = platform(&[("GITLAB_CI", "true")]);
        let uri = ("ci_config_ref_uri", "gitlab.com/g/s/p//dir/c@refs/heads/main");
        let own = claims(&[("ci_config_sha", &first), uri, ("project_path", "g/s/p")]);
        let found = ran(&fixture.root(), &gitlab, Some(&own)).value.unwrap();
        assert_eq!(found.commit_from, "token claim ci_config_sha");
        assert_eq!((found.path.as_str(), found.on_disk_is_same), (PATH, Some(false)));
    }

    #[test]
    fn what_can_not_be_compared_says_why() {
        let fixture = Fixture::new();
        let head = fixture.git(&["rev-parse", "HEAD"]);
        let gone = "1".repeat(40);
        let github = platform(&[("GITHUB_ACTIONS", "true")]);
        let gitlab = platform(&[("GITLAB_CI", "true")]);
        let one = |commit, reference| {
            let own =
                [("workflow_sha", commit), ("workflow_ref", reference), ("repository", "o/r")];
            ran(&fixture.root(), &github, Some(&claims(&own)))
        };
        let two = |commit, reference| {
            let own = [
                ("ci_config_sha", commit),
                ("ci_config_ref_uri", reference),
                ("project_path", "g/p"),
            ];
            ran(&fixture.root(), &gitlab, Some(&claims(&own)))
        };
        let head = head.as_str();
        for (found, why) in [
            (one(&gone, "o/r/dir/c@x"), "`fetch-depth: 0`"),
            (one("main", "o/r/dir/c@x"), "no id of one"),
            (one("../../x", "o/r/dir/c@x"), "no id of one"),
            (one(head, "o/other/dir/c@x"), "another repository"),
            (one(head, "o/r/../c@x"), "no file"),
            (one(head, "o/r/dir@x"), "is no file"),
            (one(head, "o/r@x"), "nobody names"),
            (one(head, "o/r/dir/c"), "nobody names"),
            (two(head, "h/g/other//dir/c@x"), "another repository"),
            (two(head, "h/g/p/dir/c@x"), "nobody names"),
            (two("", "h/g/p//dir/c@x"), "nobody names"),
            (ran(&fixture.root(), &gitlab, None), "nobody names"),
            (ran(&fixture.root(), &github, None), "nobody names"),
        ] {
            assert_eq!(found.status, Status::Unavailable, "{why}");
            assert!(found.reason.as_deref().unwrap().contains(why), "{:?}, {why}", found.reason);
        }
        let found = ran(&fixture.root(), &platform(&[]), None);
        assert_eq!(found.status, Status::NotApplicable);
    }
}
