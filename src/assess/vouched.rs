//! What was built, by a token that the checker verified, beside what statements say was.

use crate::base::text::cut;
use crate::format::claims::Claims;
use crate::format::repository::same_repository;
use crate::token::{Checked, Issuer, Platform};

/// What a token that the checker checked says was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// Its `iss`.
    issuer: String,
    /// The repository's path: `owner/name`, or a project's.
    repository: Option<String>,
    commit: Option<String>,
    ref_name: Option<String>,
}

impl Vouched {
    pub(super) fn of(platform: Platform, checked: &Checked) -> Self {
        let claim = |name: &str| checked.claims.get(name).cloned();
        let (repository, ref_name) = match platform {
            Platform::GitHub => ("repository", "ref"),
            Platform::GitLab => ("project_path", "ref_path"),
        };
        Self {
            issuer: checked.issuer.clone(),
            repository: claim(repository),
            commit: claim("sha"),
            ref_name: claim(ref_name),
        }
    }

    /// What a statement of the same build says otherwise. Expectations are met by what statements say: the
    /// platform has to say the same of each.
    #[must_use]
    pub fn contradicts(&self, claims: &Claims) -> Option<String> {
        let differs = |what: &str, claimed: Option<&String>, stated: Option<&String>| {
            let stated = stated.filter(|stated| claimed != Some(stated))?;
            let claimed = claimed.map_or("nothing".to_owned(), |text| cut(text, 200));
            let stated = cut(stated, 200);
            Some(format!("{what}: expected {claimed}, as the token says, found {stated}"))
        };
        let source = claims.source.as_ref().filter(|url| !self.is_repository(url));
        differs("repository", self.repository.as_ref(), source)
            .or_else(|| differs("commit", self.commit.as_ref(), claims.commit.as_ref()))
            .or_else(|| differs("ref", self.ref_name.as_ref(), claims.ref_name.as_ref()))
    }

    /// Whether an address is the repository's that the token names. Of an issuer that isn't a platform's own
    /// only the path is known.
    fn is_repository(&self, url: &str) -> bool {
        let Some(path) = &self.repository else { return false };
        let host = match self.issuer.strip_prefix("https://") {
            Some("gitlab.com") => Some("gitlab.com"),
            Some(rest) if Issuer::known(&self.issuer).is_some() => {
                match rest.split('/').next().and_then(|host| host.strip_prefix("token.actions.")) {
                    Some("githubusercontent.com") => Some("github.com"),
                    other => other,
                }
            }
            _ => None,
        };
        let own_host = || url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
        let Some(host) = host.or_else(own_host) else { return false };
        same_repository(&format!("https://{host}/{path}"), url)
    }
}
