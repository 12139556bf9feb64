//! The claims that a checker compares, out of the predicates that it knows, by whatever version and
//! build type.
//!
//! Read from the JSON itself and not through the types that are written: a claim that the predicate
//! doesn't have, or has in an unknown shape, is `None`, and the rest still counts.

use serde_json::Value;

use super::evidence::{BUILD_EVIDENCE, BUILD_URN, Bracket, Companion, Outcome};
use super::json::Object;
use super::repository::same_repository;
use super::slsa::{BUILDER_PREFIX, BYPRODUCT_EVIDENCE, PROVENANCE_V0_2, PROVENANCE_V1};
use super::statement::Statement;
use crate::base::time::Time;

/// What a statement says of the build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The source repository's URL, as it stands.
    pub source: Option<String>,
    /// The commit.
    pub commit: Option<String>,
    /// The full ref.
    pub ref_name: Option<String>,
    /// `builder.id`.
    pub builder: Option<String>,
    /// When the build ended.
    pub finished: Option<Time>,
    /// The id of the proofmark build that made the statement or that it belongs to.
    pub build_id: Option<String>,
    /// What only build evidence says.
    pub evidence: Option<EvidenceClaims>,
}

/// What only build evidence says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceClaims {
    /// How the build ended; unknown where it isn't said.
    pub outcome: Outcome,
    /// How the build was seen; unknown where it isn't said.
    pub bracket: Bracket,
    /// The other statements of the bracket. `None` where the list can't be read, which binds nothing.
    pub companions: Option<Vec<Companion>>,
    /// How many gaps it admits.
    pub gaps: usize,
}

impl Claims {
    /// Reads a statement's predicate by its type; of an unknown type there are no claims.
    #[must_use]
    pub fn of(statement: &Statement) -> Self {
        match statement.predicate_type.as_str() {
            BUILD_EVIDENCE => Self::build_evidence(&statement.predicate),
            PROVENANCE_V1 => Self::provenance_v1(&statement.predicate),
            PROVENANCE_V0_2 => Self::provenance_v0_2(&statement.predicate),
            _ => Self::default(),
        }
    }

    /// Whether this is a provenance line of ours, which counts only beside its build evidence.
    #[must_use]
    pub fn is_our_provenance(&self) -> bool {
        let ours = self.builder.as_deref().is_some_and(|id| id.starts_with(BUILDER_PREFIX));
        self.evidence.is_none() && (ours || self.build_id.is_some())
    }

    fn build_evidence(predicate: &Value) -> Self {
        let text = |pointer: &str| predicate.pointer(pointer)?.as_str().map(str::to_owned);
        // A value counts where it was observed: one left beside "unavailable" was not.
        let observed = text("/source/status").as_deref() == Some("observed");
        let source = |name: &str| text(&format!("/source/value/{name}")).filter(|_| observed);
        let read = |pointer: &str| predicate.pointer(pointer).cloned();
        let outcome = read("/build/outcome").and_then(|v| serde_json::from_value(v).ok());
        let bracket = read("/build/bracket").and_then(|v| serde_json::from_value(v).ok());
        Self {
            source: source("repository"),
            commit: source("commit"),
            ref_name: source("ref"),
            builder: None,
            finished: text("/build/finished").and_then(|t| t.parse().ok()),
            build_id: text("/build/id"),
            evidence: Some(EvidenceClaims {
                outcome: outcome.unwrap_or(Outcome::Unknown),
                bracket: bracket.unwrap_or(Bracket::Unknown),
                companions: match predicate.get("companions") {
                    None => Some(Vec::new()),
                    Some(list) => serde_json::from_value::<Vec<Object<Companion>>>(list.clone())
                        .ok()
                        .map(|list| list.into_iter().map(|Object(companion)| companion).collect()),
                },
                gaps: predicate.get("gaps").and_then(Value::as_array).map_or(0, Vec::len),
            }),
        }
    }

    fn provenance_v1(predicate: &Value) -> Self {
        let text = |pointer: &str| predicate.pointer(pointer)?.as_str().map(str::to_owned);
        let definition = "/buildDefinition/externalParameters";
        let dependencies = predicate.pointer("/buildDefinition/resolvedDependencies");
        let source = text(&format!("{definition}/workflow/repository"))
            .or_else(|| text(&format!("{definition}/source")));
        // Of several repositories the commit is that of the one which the parameters name.
        let uri = |d: &Value| d.pointer("/uri").and_then(Value::as_str).map(str::to_owned);
        let git = dependencies.and_then(Value::as_array).and_then(|list| {
            list.iter().find(|d| {
                let uri = uri(d).filter(|uri| uri.starts_with("git+"));
                uri.is_some_and(|uri| {
                    let repository = GitUri::parse(&uri).repository;
                    source.as_ref().is_none_or(|source| same_repository(source, &repository))
                })
            })
        });
        let git_uri = git.and_then(|d| d.pointer("/uri")?.as_str()).map(GitUri::parse);
        let byproducts = predicate.pointer("/runDetails/byproducts").and_then(Value::as_array);
        Self {
            source: source.or_else(|| git_uri.as_ref().map(|uri| uri.repository.clone())),
            commit: git.and_then(|d| {
                let digest = d.pointer("/digest/gitCommit").or_else(|| d.pointer("/digest/sha1"));
                digest?.as_str().map(str::to_owned)
            }),
            ref_name: text(&format!("{definition}/workflow/ref"))
                .or_else(|| git_uri.and_then(|uri| uri.ref_name)),
            builder: text("/runDetails/builder/id"),
            finished: text("/runDetails/metadata/finishedOn").and_then(|t| t.parse().ok()),
            build_id: byproducts.into_iter().flatten().find_map(|byproduct| {
                let name = byproduct.get("name")?.as_str()?;
                let uri = byproduct.get("uri")?.as_str()?;
                (name == BYPRODUCT_EVIDENCE)
                    .then(|| uri.strip_prefix(BUILD_URN).map(str::to_owned))
                    .flatten()
            }),
            evidence: None,
        }
    }

    fn provenance_v0_2(predicate: &Value) -> Self {
        let text = |pointer: &str| predicate.pointer(pointer)?.as_str().map(str::to_owned);
        let uri = text("/invocation/configSource/uri").map(|uri| GitUri::parse(&uri));
        Self {
            source: uri.as_ref().map(|uri| uri.repository.clone()),
            commit: text("/invocation/configSource/digest/sha1"),
            ref_name: uri.and_then(|uri| uri.ref_name),
            builder: text("/builder/id"),
            finished: text("/metadata/buildFinishedOn").and_then(|t| t.parse().ok()),
            build_id: None,
            evidence: None,
        }
    }
}

/// `git+https://host/owner/name@refs/heads/main` in its parts.
struct GitUri {
    repository: String,
    ref_name: Option<String>,
}

impl GitUri {
    fn parse(uri: &str) -> Self {
        let uri = uri.strip_prefix("git+").unwrap_or(uri);
        match uri.rsplit_once('@') {
            Some((repository, name)) if name.starts_with("refs/") => {
                Self { repository: repository.to_owned(), ref_name: Some(name.to_owned()) }
            }
            _ => Self { repository: uri.to_owned(), ref_name: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::slsa::BUILD_TYPE_GITHUB;
    use serde_json::json;

    #[test]
    fn claims_are_read_from_each_known_shape() {
        let github = json!({
            "buildDefinition": {
                "buildType": BUILD_TYPE_GITHUB,
                "externalParameters": {"workflow": {"ref": "refs/heads/main", "repository": "https://github.com/octo/app", "path": "x"}},
                "resolvedDependencies": [{"uri": "git+https://github.com/octo/app@refs/heads/main", "digest": {"gitCommit": "ab"}}]},
            "runDetails": {"builder": {"id": "b"}, "metadata": {"finishedOn": "2026-01-01T00:00:00Z"},
                "byproducts": [{"name": "log"}, {"name": "build-evidence", "uri": "urn:proofmark:build:7"}]}});
        let claims = Claims::provenance_v1(&github);
        assert_eq!(claims.source.as_deref(), Some("https://github.com/octo/app"));
        assert_eq!(claims.commit.as_deref(), Some("ab"));
        assert_eq!(claims.ref_name.as_deref(), Some("refs/heads/main"));
        assert_eq!(claims.build_id.as_deref(), Some("7"));
        assert!(claims.finished.is_some());

        let several = json!({"buildDefinition": {
            "externalParameters": {"source": "https://example.com/o/r"},
            "resolvedDependencies": [
                {"uri": "git+https://example.com/other/tool@refs/heads/x", "digest": {"gitCommit": "ff"}},
                {"uri": "git+https://example.com/o/r.git@refs/heads/main", "digest": {"gitCommit": "ab"}}]}});
        let claims = Claims::provenance_v1(&several);
        assert_eq!(claims.commit.as_deref(), Some("ab"));
        assert_eq!(claims.ref_name.as_deref(), Some("refs/heads/main"));

        let old = json!({"builder": {"id": "b"}, "invocation": {"configSource":
            {"uri": "git+https://github.com/octo/app@refs/tags/v1", "digest": {"sha1": "cd"}}}});
        let claims = Claims::provenance_v0_2(&old);
        assert_eq!(claims.ref_name.as_deref(), Some("refs/tags/v1"));
        assert_eq!(claims.commit.as_deref(), Some("cd"));
        assert_eq!(Claims::provenance_v1(&json!([1, {"a": null}])), Claims::default());
    }
}
