//! The one HTTP client: caps, time limits, redirect rule, tokens bound to an origin; and what the
//! platforms are asked for with it.

pub mod answer;
mod archive;
pub mod client;
mod error;
pub mod github;
pub mod gitlab;
pub mod gitlab_job;
mod limited;
pub mod oidc;
mod proxy;
#[cfg(test)]
mod tests;
mod token;
mod url;

use serde::de::DeserializeOwned;

use client::{Ask, Client};
pub use error::NetError;
pub use proxy::Proxy;
pub use token::{Scheme, Token};
pub use url::{Origin, Url};

/// Most bytes of a platform's reply.
const REPLY_MAX: u64 = 4 << 20;
/// Most bytes of an evidence file, and of its sections.
const FILE_MAX: u64 = 64 << 20;
/// Characters of a name from outside that are shown.
const SHOWN: usize = 80;

/// What helps where a baseline can't be asked for.
const GIVE_BASELINE: &str = "give the evidence by --baseline FILE";
/// What helps where the platform can't be asked about the job.
const ASK_NOBODY: &str = "ask nobody by --offline";

/// An evidence file from elsewhere. Nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The file.
    pub evidence: Vec<u8>,
    /// Its sealed sections, where they are there too.
    pub sections: Option<Vec<u8>>,
    /// Why they aren't, where they may be there and couldn't be had.
    pub sections_lost: Option<Lost>,
    /// Where it was, in words.
    pub from: String,
}

impl Fetched {
    fn new(evidence: Vec<u8>, sections: Result<Option<Vec<u8>>, Lost>, from: String) -> Self {
        let (sections, sections_lost) = match sections {
            Ok(sections) => (sections, None),
            Err(lost) => (None, Some(lost)),
        };
        Self { evidence, sections, sections_lost, from }
    }
}

/// Which evidence is looked for.
pub struct Wanted<'a> {
    /// The file's name.
    pub name: &'a str,
    /// Whether a file of that name is the right one: one workflow may leave several behind, one a job.
    pub fits: &'a dyn Fn(&[u8]) -> bool,
}

/// Why there is none, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Why.
    pub reason: String,
    /// What helps, where something does.
    pub cure: Option<String>,
}

impl Lost {
    /// A loss with what helps.
    pub fn new(reason: impl Into<String>, cure: &str) -> Self {
        Self { reason: reason.into(), cure: Some(cure.to_owned()) }
    }

    /// A loss that nobody can help.
    pub fn plain(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), cure: None }
    }

    /// One whose cure doesn't depend on who was asked: statuses are left to the caller.
    fn network(what: &str, error: &NetError, instead: &str) -> Self {
        let reason = format!("{what}: {error}");
        let (reason, cure) = match error {
            NetError::Status { is_limited: true, .. } => {
                (format!("{reason} (too many requests)"), "try again later, or")
            }
            NetError::Tls { .. } => {
                (reason, "hosts with a certificate of a private authority aren't asked;")
            }
            NetError::Unreachable { .. } | NetError::TimedOut { .. } => {
                (reason, "let the job reach this host (a proxy is named by HTTPS_PROXY), or")
            }
            _ => return Self::plain(reason),
        };
        Self::new(reason, &format!("{cure} {instead}"))
    }

    /// A reply that isn't what its documentation says.
    fn malformed(what: &str) -> Self {
        Self::plain(format!("{what}: the reply can't be read"))
    }
}

/// The evidence file at an address, and the sections beside it. No token is sent.
///
/// # Errors
/// Where the file can't be had.
pub fn fetch(client: &Client<'_>, url: &Url) -> Result<Fetched, Lost> {
    let ask = |url: &Url| client.get(&Ask { url, cap: FILE_MAX, headers: &[], token: None });
    let evidence = ask(url).map_err(|error| match error {
        NetError::Status { code: 401 | 403 | 404, is_limited: false, .. } => Lost::new(
            format!("{url}: {error}"),
            "no token is sent to an address; fetch the file in a step of the job, and give it by --baseline FILE",
        ),
        _ => Lost::network(&url.to_string(), &error, GIVE_BASELINE),
    })?;
    let beside = sections_name(url.path()).map(|path| url.with_path(&path));
    let sections = match beside.map(|url| url.and_then(|url| ask(&url))) {
        Some(Ok(bytes)) => Ok(Some(bytes)),
        None | Some(Err(NetError::Status { code: 404, .. })) => Ok(None),
        Some(Err(error)) => {
            Err(Lost::network("the sections beside the baseline", &error, GIVE_BASELINE))
        }
    };
    Ok(Fetched::new(evidence, sections, url.to_string()))
}

/// The name (or path) of the sections that belong to an evidence file.
fn sections_name(name: &str) -> Option<String> {
    [".sigstore.jsonl", ".sigstore.json", ".jsonl", ".json"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .map(|stem| format!("{stem}.sections.jsonl"))
}

/// A platform's reply, read as `T`.
fn reply<T: DeserializeOwned>(
    client: &Client<'_>,
    url: &Url,
    headers: &[(&'static str, &'static str)],
    token: Option<&Token>,
) -> Result<T, Refusal> {
    let bytes = client.get(&Ask { url, cap: REPLY_MAX, headers, token }).map_err(Refusal::Net)?;
    serde_json::from_slice(&bytes).map_err(|_invalid| Refusal::Malformed)
}

/// Why a platform's reply is of no use.
#[derive(Debug)]
enum Refusal {
    Net(NetError),
    /// Not what its documentation says.
    Malformed,
}

/// What helps where a platform refuses.
#[derive(Clone, Copy)]
struct Cures<'a> {
    /// Who asks, in words.
    who: &'a str,
    /// Where the token is refused.
    token: &'a str,
    /// Where it may not read what is asked for.
    access: &'a str,
    /// Where the host can't be asked.
    instead: &'a str,
}

impl Cures<'_> {
    fn lost(&self, what: &str, error: &NetError) -> Lost {
        let who = self.who;
        match error {
            NetError::Status { code: 401, .. } => {
                Lost::new(format!("{what}: {who} was refused (401)"), self.token)
            }
            NetError::Status { code: 403, is_limited: false, .. } => {
                Lost::new(format!("{what}: {who} may not read them (403)"), self.access)
            }
            NetError::Status { code: 404, .. } => Lost::new(
                format!("{what}: not there, or {who} may not see them (404)"),
                self.access,
            ),
            error => Lost::network(what, error, self.instead),
        }
    }

    fn refused(&self, what: &str, refusal: &Refusal) -> Lost {
        match refusal {
            Refusal::Malformed => Lost::malformed(what),
            Refusal::Net(error) => self.lost(what, error),
        }
    }
}
