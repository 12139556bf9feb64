//! What GitLab's package registry holds of earlier builds. Pipelines can't be asked for: their API takes
//! no job token.

use serde::Deserialize;

use super::client::{Ask, Client};
use super::{
    Cures, FILE_MAX, Fetched, GIVE_BASELINE, Lost, NetError, Refusal, SHOWN, Token, Url, Wanted,
    reply, sections_name,
};
use crate::base::text::cut;

/// Versions of the package that are looked at.
const VERSIONS_MAX: usize = 5;

const CURE_TOKEN: &str = "the job's own CI_JOB_TOKEN is needed, while the job runs";
const CURE_ACCESS: &str = "turn the package registry on for the project, and let its job tokens read it \
    (Settings > CI/CD > Job token permissions)";
const CURE_KEEP: &str = "upload the evidence as a file of the generic package `proofmark`: \
    curl --header \"JOB-TOKEN: $CI_JOB_TOKEN\" --upload-file FILE \
    \"$CI_API_V4_URL/projects/$CI_PROJECT_ID/packages/generic/proofmark/VERSION/FILE\"; \
    or give it by --baseline FILE";

/// One package of a project's generic registry.
#[derive(Debug, Clone)]
pub struct Registry {
    /// The API (`CI_API_V4_URL`).
    pub api: Url,
    /// The project's id.
    pub project: String,
    /// The package's name.
    pub package: String,
    /// Who asks.
    pub token: Option<Token>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    status: Option<String>,
}

impl Registry {
    /// The evidence of the newest version that has what is wanted.
    ///
    /// # Errors
    /// Where there is none, or it can't be had.
    pub fn newest_evidence(
        &self,
        client: &Client<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<Fetched, Lost> {
        let name = wanted.name;
        let query = [
            ("package_type", "generic"),
            ("package_name", &*self.package),
            ("order_by", "created_at"),
            ("sort", "desc"),
            ("per_page", "5"),
        ];
        let mut packages: Vec<Package> = self
            .url(&["packages"], &query)
            .and_then(|url| reply(client, &url, &[], self.token.as_ref()))
            .map_err(|refusal| refused("the project's packages", &refusal))?;
        // The server takes the name for a part of one.
        packages.retain(|package| {
            package.name == self.package
                && package.status.as_deref().is_none_or(|status| status == "default")
        });
        for Package { version, .. } in packages.iter().take(VERSIONS_MAX) {
            let Some(evidence) = self.file(client, version, name)? else { continue };
            if !(wanted.fits)(&evidence) {
                continue;
            }
            let sections =
                sections_name(name).map_or(Ok(None), |name| self.file(client, version, &name));
            let from = format!("package {} {}", self.package, cut(version, SHOWN));
            return Ok(Fetched::new(evidence, sections, from));
        }
        let reason = match packages.len() {
            0 => format!("the project has no package {}", self.package),
            _ => format!(
                "none of the newest versions of package {} has a fitting {name}",
                self.package
            ),
        };
        Err(Lost::new(reason, CURE_KEEP))
    }

    /// Why the pipelines behind missing numbers stay unknown.
    #[must_use]
    pub fn pipelines(&self) -> Lost {
        Lost::plain("GitLab's API shows no pipelines to a job token")
    }

    fn file(
        &self,
        client: &Client<'_>,
        version: &str,
        name: &str,
    ) -> Result<Option<Vec<u8>>, Lost> {
        let ask = |url: Url| {
            let token = self.token.as_ref();
            client.get(&Ask { url: &url, cap: FILE_MAX, headers: &[], token }).map_err(Refusal::Net)
        };
        match self.url(&["packages", "generic", &self.package, version, name], &[]).and_then(ask) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Refusal::Net(NetError::Status { code: 404, .. })) => Ok(None),
            Err(refusal) => {
                let version = cut(version, SHOWN);
                Err(refused(&format!("{name} of package {} {version}", self.package), &refusal))
            }
        }
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Refusal> {
        let project = ["projects", &*self.project];
        self.api.below(&[&project, path].concat(), query).map_err(Refusal::Net)
    }
}

fn refused(what: &str, refusal: &Refusal) -> Lost {
    let cures = Cures {
        who: "the job token",
        token: CURE_TOKEN,
        access: CURE_ACCESS,
        instead: GIVE_BASELINE,
    };
    cures.refused(what, refusal)
}
