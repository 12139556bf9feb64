//! The one door to the variables, and what of them is recorded: values by allowlist, names of the rest.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::redact::Redactor;
use crate::base::system;
use crate::format::evidence::{Change, Environment, PRELOADS, VariableChange};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};

/// Our own variables: none of them reaches the build.
pub const OWN_PREFIX: &str = "PROOFMARK_";
/// Until the caller fills a fact in.
const NOT_LOOKED_AT: &str = "not looked at";
/// Longest value that is recorded, in bytes.
const VALUE_MAX: usize = 4096;
/// Most names that are recorded.
const NAMES_MAX: usize = 4096;

/// Variables whose values are recorded (after redaction): what a build commonly depends on, and what
/// the platforms say of the run.
const ALLOWED: &[&str] = &[
    "AR",
    "AS",
    "CC",
    "CFLAGS",
    "CGO_ENABLED",
    "CI",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "DEBIAN_FRONTEND",
    "FC",
    "GOARCH",
    "GOFLAGS",
    "GOOS",
    "GOPROXY",
    "GOSUMDB",
    "GOTOOLCHAIN",
    "HOSTTYPE",
    "ImageOS",
    "ImageVersion",
    "JAVA_HOME",
    "JAVA_TOOL_OPTIONS",
    "LANG",
    "LANGUAGE",
    "LD",
    "LDFLAGS",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LTO",
    "MAKEFLAGS",
    "MAVEN_OPTS",
    "NODE_ENV",
    "NODE_OPTIONS",
    "OSTYPE",
    "PKG_CONFIG_PATH",
    "PYTHONHASHSEED",
    "PYTHONPATH",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "SHELL",
    "SOURCE_DATE_EPOCH",
    "TERM",
    "TZ",
    "CARGO_BUILD_TARGET",
    "CARGO_INCREMENTAL",
    "CARGO_NET_OFFLINE",
    "CARGO_TARGET_DIR",
    "DYLD_INSERT_LIBRARIES",
    "BASH_ENV",
    "ENV",
    // GitHub Actions.
    "GITHUB_ACTIONS",
    "GITHUB_ACTION_REF",
    "GITHUB_ACTION_REPOSITORY",
    "GITHUB_ACTOR_ID",
    "GITHUB_BASE_REF",
    "GITHUB_EVENT_NAME",
    "GITHUB_HEAD_REF",
    "GITHUB_JOB",
    "GITHUB_REF",
    "GITHUB_REF_NAME",
    "GITHUB_REF_PROTECTED",
    "GITHUB_REF_TYPE",
    "GITHUB_REPOSITORY",
    "GITHUB_REPOSITORY_ID",
    "GITHUB_REPOSITORY_OWNER_ID",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_NUMBER",
    "GITHUB_SERVER_URL",
    "GITHUB_SHA",
    "GITHUB_WORKFLOW",
    "GITHUB_WORKFLOW_REF",
    "GITHUB_WORKFLOW_SHA",
    "RUNNER_ARCH",
    "RUNNER_ENVIRONMENT",
    "RUNNER_NAME",
    "RUNNER_OS",
    // GitLab CI.
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_REF_NAME",
    "CI_COMMIT_REF_PROTECTED",
    "CI_COMMIT_SHA",
    "CI_COMMIT_TAG",
    "CI_CONFIG_PATH",
    "CI_DEFAULT_BRANCH",
    "CI_DISPOSABLE_ENVIRONMENT",
    "CI_ENVIRONMENT_NAME",
    "CI_JOB_ID",
    "CI_JOB_IMAGE",
    "CI_JOB_NAME",
    "CI_JOB_STAGE",
    "CI_MERGE_REQUEST_IID",
    "CI_PIPELINE_ID",
    "CI_PIPELINE_IID",
    "CI_PIPELINE_SOURCE",
    "CI_PROJECT_ID",
    "CI_PROJECT_PATH",
    "CI_PROJECT_URL",
    "CI_RUNNER_EXECUTABLE_ARCH",
    "CI_RUNNER_ID",
    "CI_RUNNER_VERSION",
    "CI_SERVER_URL",
    "CI_SERVER_VERSION",
    "CI_SHARED_ENVIRONMENT",
    "GITLAB_CI",
];

/// The variables of this process, read once.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    /// Reads them all.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one door to the variables")]
    pub fn read() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Takes given ones, for tests and for replay.
    pub fn new<N: Into<OsString>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// A value; empty is missing, and so is one that isn't UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(OsStr::new(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// A value as it stands; empty is missing.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The names that are UTF-8, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| name.to_str())
    }

    /// What the build gets: everything but our own variables.
    #[must_use]
    pub fn for_build(&self) -> Vec<(OsString, OsString)> {
        let others = self.0.iter().filter(|(name, _)| !is_own(name));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Names and values as text, without loss of a value's being there: bytes that aren't UTF-8 are
    /// replaced.
    pub fn lossy(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        })
    }
}

/// Shows names alone.
impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Names are compared without case: on some systems they have none.
fn is_own(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes
        .get(..OWN_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX.as_bytes()))
}

/// What was captured.
#[derive(Debug)]
pub struct Captured {
    /// The facts; nothing is sealed yet.
    pub environment: Environment,
    /// What was withheld of them.
    pub redactions: Vec<Withheld>,
    /// What is missing.
    pub gaps: Vec<Gap>,
}

/// Captures the machine, the user and the variables.
///
/// `also` are further names whose values are recorded. A value that looks like a credential is withheld
/// even where its name is allowed.
#[must_use]
pub fn capture(variables: &Variables, also: &[String], redactor: &Redactor) -> Captured {
    let mut redactions = Vec::new();
    let mut gaps = Vec::new();
    let mut values = BTreeMap::new();
    let mut names = Vec::new();
    for name in also.iter().filter(|name| !variables.0.contains_key(OsStr::new(name))) {
        let reason = format!("{} was asked for and is not set", redactor.scrub(name).text);
        gaps.push(Gap::new("environment.variables", reason, "set it, or don't name it with --env"));
    }
    for (name, value) in variables.lossy().filter(|(name, _)| !is_own(OsStr::new(name))) {
        let allowed =
            ALLOWED.contains(&name.as_str()) || name.starts_with("LC_") || also.contains(&name);
        if !allowed {
            names.push(redactor.scrub(&name).text);
            continue;
        }
        let scrubbed = redactor.scrub_variable(&name, &value);
        redactions.extend(scrubbed.rules.iter().map(|rule| Withheld {
            place: format!("variable {name}"),
            rule: rule.id().to_owned(),
        }));
        let mut text = scrubbed.text;
        if text.len() > VALUE_MAX {
            text = text.chars().take(VALUE_MAX / 4).collect();
            let reason =
                format!("the value of {name} is longer than {VALUE_MAX} bytes and was cut");
            gaps.push(Gap::without_cure("environment.variables", reason));
        }
        values.insert(name, text);
    }
    if names.len() > NAMES_MAX {
        let reason = format!("{} names of variables were left out", names.len() - NAMES_MAX);
        gaps.push(Gap::without_cure("environment.other_variables", reason));
        names.truncate(NAMES_MAX);
    }
    let uid = system::uid();
    let path = variables.raw("PATH").map(|path| {
        let entries = std::env::split_paths(path);
        entries.map(|entry| redactor.scrub(&entry.to_string_lossy()).text).collect()
    });
    let image = variables.text("ImageOS").map(|os| {
        let version = variables.text("ImageVersion").unwrap_or("version not stated");
        redactor.scrub(&format!("{os} {version}")).text
    });
    let mut container_signs = system::container_signs(Path::new("/"));
    if variables.text("KUBERNETES_SERVICE_HOST").is_some() {
        container_signs.push("KUBERNETES_SERVICE_HOST".to_owned());
    }
    let environment = Environment {
        os: std::env::consts::OS.to_owned(),
        os_release: system::release(),
        kernel: system::kernel(),
        architecture: std::env::consts::ARCH.to_owned(),
        cpus: system::cpus(),
        uid,
        privileged: uid.map(|uid| uid == 0),
        umask: system::umask(),
        locale: ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| variables.text(name))
            .map(|locale| redactor.scrub(locale).text),
        container_signs,
        runner_image: image
            .or_else(|| variables.text("CI_JOB_IMAGE").map(|image| redactor.scrub(image).text)),
        variables: Sealable::Inline(values),
        other_variables: Sealable::Inline(names),
        fingerprints: None,
        preloads: PRELOADS
            .iter()
            .filter(|name| variables.raw(name).is_some())
            .map(|name| (*name).to_owned())
            .collect(),
        changed_variables: Vec::new(),
        path: Sealable::Inline(path.unwrap_or_default()),
        container: Fact::unavailable(Basis::Read, NOT_LOOKED_AT),
        git_configuration: Fact::unavailable(Basis::Read, NOT_LOOKED_AT),
        ca_bundle: Fact::unavailable(Basis::Read, NOT_LOOKED_AT),
        signs: Fact::unavailable(Basis::Read, NOT_LOOKED_AT),
    };
    Captured { environment, redactions, gaps }
}

/// Notes what is otherwise when the bracket closes: a step in between can set a variable for the steps after
/// it, and one that loads code into every program is how it would stay unseen.
///
/// Values are compared where they are recorded; of the others only the names are known.
pub fn note_changes(before: &mut Environment, now: &Environment) {
    let names = |environment: &Environment| -> BTreeMap<String, Option<String>> {
        let recorded = environment.variables.inline().into_iter().flatten();
        let recorded = recorded.map(|(name, value)| (name.clone(), Some(value.clone())));
        let others = environment.other_variables.inline().into_iter().flatten();
        recorded.chain(others.map(|name| (name.clone(), None))).collect()
    };
    let (then, now_names) = (names(before), names(now));
    let mut changes = Vec::new();
    for (name, value) in &now_names {
        match then.get(name) {
            None => changes.push((name, Change::Made)),
            Some(old) if old != value => changes.push((name, Change::Changed)),
            Some(_) => {}
        }
    }
    let gone = then.keys().filter(|name| !now_names.contains_key(*name));
    changes.extend(gone.map(|name| (name, Change::Deleted)));
    before.changed_variables = changes
        .into_iter()
        .map(|(name, change)| VariableChange { name: name.clone(), change })
        .collect();
    before.changed_variables.sort();
    before.preloads.extend(now.preloads.iter().cloned());
    before.preloads.sort_unstable();
    before.preloads.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pairs: &[(&str, &str)]) -> Captured {
        let variables = Variables::new(pairs.iter().copied());
        capture(&variables, &["EXTRA".to_owned()], &Redactor::new(Vec::new()))
    }

    #[test]
    fn values_are_recorded_by_allowlist_and_names_of_the_rest() {
        let found =
            captured(&[("RUSTFLAGS", "-g"), ("HOME", "/home/x"), ("EXTRA", "1"), ("LC_ALL", "C")]);
        let values = found.environment.variables.inline().unwrap();
        assert_eq!(values.keys().collect::<Vec<_>>(), ["EXTRA", "LC_ALL", "RUSTFLAGS"]);
        assert_eq!(found.environment.other_variables.inline().unwrap()[..], ["HOME"]);
    }

    #[test]
    fn an_allowed_value_that_looks_like_a_credential_is_withheld_and_said() {
        let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
        let found = captured(&[("EXTRA", token)]);
        let text = serde_json::to_string(&found.environment).unwrap();
        assert!(!text.contains("0123456789abcdefghij"));
        assert_eq!(found.redactions[0].place, "variable EXTRA");
    }

    #[test]
    fn our_own_variables_reach_neither_the_build_nor_the_evidence() {
        let pairs =
            [("PROOFMARK_KEY", "k"), ("Proofmark_x", "y"), ("A", "b"), ("PROOFMARKER", "c")];
        let names: Vec<_> = Variables::new(pairs).for_build().into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["A", "PROOFMARKER"]);
        assert_eq!(
            captured(&pairs).environment.other_variables.inline().unwrap()[..],
            ["A", "PROOFMARKER"]
        );
        assert!(!format!("{:?}", Variables::new([("A", "secret")])).contains("secret"));
    }

    #[test]
    fn what_loads_code_into_the_build_is_named() {
        let found = captured(&[("LD_PRELOAD", "/x.so"), ("RUSTC_WRAPPER", ""), ("BASH_ENV", "/e")]);
        assert_eq!(found.environment.preloads, ["BASH_ENV", "LD_PRELOAD"]);
    }

    #[test]
    fn what_a_step_in_between_set_for_the_steps_after_it_is_noted() {
        let at = |pairs: &[(&str, &str)]| captured(pairs).environment;
        let mut before = at(&[("CC", "gcc"), ("GONE", "x"), ("HOME", "/h"), ("TZ", "UTC")]);
        let after =
            at(&[("CC", "/tmp/cc"), ("HOME", "/other"), ("LD_PRELOAD", "/x.so"), ("TZ", "UTC")]);
        note_changes(&mut before, &after);
        let changes: Vec<_> =
            before.changed_variables.iter().map(|c| (c.name.as_str(), c.change)).collect();
        let expected =
            [("CC", Change::Changed), ("GONE", Change::Deleted), ("LD_PRELOAD", Change::Made)];
        assert_eq!(changes, expected, "the value of HOME isn't recorded");
        assert_eq!(before.preloads, ["LD_PRELOAD"]);
    }
}
