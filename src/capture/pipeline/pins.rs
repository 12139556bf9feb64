//! How far what a reference names can change without a change of the definition.
//!
//! Nothing is asked for over the network: a tag can't be told from a branch, so only what can't move at all
//! counts as pinned.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::find::Family;
use crate::format::evidence::Pin;

/// What stands between a remote file's address and its digest, as references are recorded.
pub(super) const INTEGRITY: &str = " integrity=";

/// The pin of a reference by its text as the definition has it, nothing withheld.
pub(super) fn pin(kind: &str, text: &str, family: Family) -> Pin {
    let text = text.trim();
    if own_component(text).is_some() || own_file(text).is_some() {
        return Pin::SameCommit;
    }
    // Looked at before all else: what an expression gives may make of a digest the name of a tag.
    if is_undecided(text, family) {
        return Pin::NotDecidable;
    }
    match (kind, family) {
        ("image", family) => image(text, family),
        ("include", Family::GitLab) => include(text),
        _ => uses(text),
    }
}

fn is_undecided(text: &str, family: Family) -> bool {
    match family {
        Family::GitHub => text.contains("${{"),
        Family::GitLab => {
            text.contains('$') || text.contains("!reference") || has_percent_variable(text)
        }
    }
}

/// `%NAME%`, which GitLab expands as well.
fn has_percent_variable(text: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let mut parts = text.split('%').skip(1).peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_some() && is_name(part) {
            return true;
        }
    }
    false
}

fn uses(text: &str) -> Pin {
    if let Some(path) = local_path(text) {
        return if inside(path).is_some() { Pin::SameCommit } else { Pin::NotDecidable };
    }
    if text.starts_with("docker://") {
        return image(text, Family::GitHub);
    }
    let Some((name, at)) = text.split_once('@') else { return Pin::Unpinned };
    let mut parts = name.split('/');
    let is_named = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
    if !(is_named(parts.next()) && is_named(parts.next())) || name.contains(char::is_whitespace) {
        return Pin::Unpinned;
    }
    match at {
        at if is_commit(at) || (at.len() == 64 && is_hex(at)) => Pin::Commit,
        at if is_version(at) => Pin::Tag,
        _ => Pin::Unpinned,
    }
}

/// What stands behind `./` and `$/`.
pub(super) fn local_path(uses: &str) -> Option<&str> {
    uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/"))
}

/// A path without `.` and `..`; none where it leads out of the folder that it starts from.
pub(super) fn inside(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn image(text: &str, family: Family) -> Pin {
    // What has the scheme is an image, whatever its name.
    let is_named = text.starts_with("docker://");
    let text = text.strip_prefix("docker://").unwrap_or(text);
    // No image has a capital in its name.
    let last = text.rsplit('/').next().unwrap_or_default();
    let is_dockerfile =
        last == "Dockerfile" || last.starts_with("Dockerfile.") || last.ends_with(".Dockerfile");
    if family == Family::GitHub && !is_named && is_dockerfile && !text.contains([':', '@']) {
        return if inside(text).is_some() { Pin::SameCommit } else { Pin::NotDecidable };
    }
    let digest = text.split_once('@').filter(|(name, _)| !name.is_empty());
    let digest = digest.and_then(|(_, digest)| digest.strip_prefix("sha256:"));
    let is_lower = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match digest {
        Some(digest) if digest.len() == 64 && digest.as_bytes().iter().all(is_lower) => Pin::Digest,
        _ => Pin::Unpinned,
    }
}

fn include(text: &str) -> Pin {
    let Some((prefix, rest)) = text.split_once(':') else { return Pin::SameCommit };
    match prefix {
        "template" => Pin::Platform,
        "artifact" => Pin::NotDecidable,
        "remote" => remote(rest),
        "project" => by_ref(project_ref(rest)),
        "component" => by_ref(rest.rsplit_once('@').map(|(_, at)| at)),
        "needs" | "trigger" => Pin::Unpinned,
        _ if is_address(text) => Pin::Unpinned,
        _ => Pin::SameCommit,
    }
}

/// Whether an `include` that is a text is of a file elsewhere.
pub(super) fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
}

fn remote(text: &str) -> Pin {
    let Some((address, digest)) = text.rsplit_once(INTEGRITY) else { return Pin::Unpinned };
    let digest = digest.strip_prefix("sha256-").and_then(|digest| STANDARD.decode(digest).ok());
    let is_whole = digest.is_some_and(|digest| digest.len() == 32);
    match is_whole && !address.contains(char::is_whitespace) {
        true => Pin::Integrity,
        false => Pin::Unpinned,
    }
}

/// Of `PROJECT@REF:FILE`, where the ref may be missing.
fn project_ref(text: &str) -> Option<&str> {
    let at = text.find(['@', ':'])?;
    let (_, rest) = text.split_at_checked(at)?;
    let rest = rest.strip_prefix('@')?;
    Some(rest.split_once(':').map_or(rest, |(at, _)| at))
}

fn by_ref(at: Option<&str>) -> Pin {
    match at {
        Some(at) if is_commit(at) => Pin::Commit,
        Some(at) if is_version(at) => Pin::Tag,
        _ => Pin::Unpinned,
    }
}

/// The name of a component of the project itself at the commit that runs.
pub(super) fn own_component(text: &str) -> Option<&str> {
    let (path, at) = text.strip_prefix("component:")?.rsplit_once('@')?;
    let mut parts = path.split('/');
    let host = parts.next()?;
    let is_own = is_variable(at, "CI_COMMIT_SHA")
        && (is_variable(host, "CI_SERVER_FQDN") || is_variable(host, "CI_SERVER_HOST"))
        && is_variable(parts.next()?, "CI_PROJECT_PATH");
    let name = parts.next().filter(|_| parts.next().is_none())?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (is_own && !name.is_empty() && name.bytes().all(is_name)).then_some(name)
}

/// The file of a project that is the project itself at the commit that runs.
pub(super) fn own_file(text: &str) -> Option<&str> {
    let (project, rest) = text.strip_prefix("project:")?.split_once('@')?;
    let (at, file) = rest.split_once(':')?;
    let is_own = is_variable(project, "CI_PROJECT_PATH") && is_variable(at, "CI_COMMIT_SHA");
    (is_own && !is_undecided(file, Family::GitLab)).then_some(file)
}

fn is_variable(text: &str, name: &str) -> bool {
    text.strip_prefix('$').is_some_and(|rest| {
        rest == name || rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) == Some(name)
    })
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Three numbers, perhaps with a `v` before them, and what says more of the version behind them.
fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let numbers = text.split_once(['-', '+']).map_or(text, |(numbers, _)| numbers);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    numbers.split('.').count() == 3 && numbers.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "11bd71901bbe5b1630ceea73d27597364c9af683";
    const LONG: &str = "11bd71901bbe5b1630ceea73d27597364c9af68311bd71901bbe5b1630ceea73";
    const SUM: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[track_caller]
    fn all(kind: &str, family: Family, expected: Pin, texts: &[&str]) {
        for text in texts {
            let text = text.replace("OID", COMMIT).replace("LONG", LONG).replace("SUM", SUM);
            assert_eq!(pin(kind, &text, family), expected, "{kind} {text}");
        }
    }

    #[test]
    fn an_action_is_pinned_by_a_whole_commit_id_alone() {
        let upper = format!("o/r@{}", COMMIT.to_ascii_uppercase());
        let pinned = ["o/r@OID", "o/r/p/q@OID", &upper, "o/r@LONG", " o/r@OID "];
        all("uses", Family::GitHub, Pin::Commit, &pinned);
        let tags = ["o/r@v1.2.3", "o/r@1.2.3", "o/r/.github/workflows/x.yml@v10.0.1-rc.1"];
        all("uses", Family::GitHub, Pin::Tag, &tags);
        let moving = [
            "o/r@main",
            "o/r@v1",
            "o/r@v1.2",
            "o/r@1.2.3.4",
            "o/r@v1..3",
            "o/r@11bd719",
            "o/r@OID0",
            "o/r@gOID",
            "o/r@main@OID",
            "o/r@OID@main",
            "o/r",
            "o@OID",
            "/r@OID",
            "o/@OID",
            "o/r o/r@OID",
            "o/r@",
            "@OID",
            "",
            ".",
            "x",
        ];
        all("uses", Family::GitHub, Pin::Unpinned, &moving);
    }

    #[test]
    fn what_lies_in_the_repository_is_of_the_same_commit_unless_its_path_leads_out() {
        let inside = ["./", "./a/b", "$/a", "./a/../b", "./.github/workflows/x.yml"];
        all("uses", Family::GitHub, Pin::SameCommit, &inside);
        all("uses", Family::GitHub, Pin::NotDecidable, &["./../a", "$/a/../../b"]);
        let files = ["Dockerfile", "docker/Dockerfile", "Dockerfile.prod", "./x.Dockerfile"];
        all("image", Family::GitHub, Pin::SameCommit, &files);
        all("image", Family::GitHub, Pin::NotDecidable, &["../Dockerfile"]);
        let images = ["a/dockerfile", "img:Dockerfile", "r.io:5000/Dockerfile", "xDockerfile"];
        all("image", Family::GitHub, Pin::Unpinned, &images);
        all(
            "image",
            Family::GitHub,
            Pin::Unpinned,
            &["docker://Dockerfile", "docker://r.io/Dockerfile"],
        );
        all("image", Family::GitLab, Pin::Unpinned, &["Dockerfile"]);
    }

    #[test]
    fn an_image_is_pinned_by_a_whole_digest_alone() {
        for family in [Family::GitHub, Family::GitLab] {
            let pinned = ["i@sha256:LONG", "r.io:5000/a/i:1.2@sha256:LONG"];
            all("image", family, Pin::Digest, &pinned);
            let upper = format!("i@sha256:{}", LONG.to_ascii_uppercase());
            let moving = [
                "i",
                "i:1.2.3",
                "i:latest",
                "i@sha256:OID",
                "i@sha256:LONG0",
                "i@sha512:LONG",
                "i@LONG",
                "i:sha256-LONG",
                "@sha256:LONG",
                "i@sha256:LONG@sha256:LONG",
                "i@sha256:",
                "",
                &upper,
            ];
            all("image", family, Pin::Unpinned, &moving);
        }
        let pinned = ["docker://i@sha256:LONG", "docker://r.io/i:1@sha256:LONG"];
        all("uses", Family::GitHub, Pin::Digest, &pinned);
        all("image", Family::GitHub, Pin::Digest, &pinned);
        all("uses", Family::GitHub, Pin::Unpinned, &["docker://i:1", "docker://i@OID"]);
    }

    #[test]
    fn an_expression_decides_even_beside_what_looks_like_a_pin() {
        let texts = [
            "${{ x }}",
            "o/r@${{ x }}",
            "o/${{ x }}@OID",
            "i@sha256:LONG${{ x }}",
            "${{ x }}i@sha256:LONG",
            "./${{ x }}",
            "docker://${{ x }}@sha256:LONG",
            "${{ unclosed",
        ];
        all("uses", Family::GitHub, Pin::NotDecidable, &texts);
        all("image", Family::GitHub, Pin::NotDecidable, &texts);
        let texts = [
            "$IMAGE",
            "${I}@sha256:LONG",
            "i@sha256:LONG$X",
            "$[[ inputs.i ]]",
            "%IMAGE%",
            "a/%_I1%:1",
            "!reference [.base, image]",
        ];
        all("image", Family::GitLab, Pin::NotDecidable, &texts);
        all("image", Family::GitLab, Pin::Unpinned, &["a%20b%", "%", "%%", "%1A%"]);
    }

    #[test]
    fn a_file_of_gitlab_s_is_pinned_by_a_commit_or_a_digest() {
        let gitlab = |expected, texts: &[&str]| all("include", Family::GitLab, expected, texts);
        gitlab(Pin::SameCommit, &["/a.yml", "a.yml", "local:a.yml", "local:/ci/*.yml", "a:b.yml"]);
        gitlab(Pin::Platform, &["template:Auto-DevOps.gitlab-ci.yml"]);
        gitlab(Pin::NotDecidable, &["artifact:made.yml", "local:$X.yml", "!reference [.a, b]"]);
        gitlab(Pin::Commit, &["project:g/p@OID:/a.yml", "component:h/g/c/n@OID"]);
        gitlab(Pin::Tag, &["project:g/p@v1.2.3:/a.yml", "component:h/g/c/n@1.0.0"]);
        gitlab(Pin::Integrity, &["remote:https://x/a.yml integrity=sha256-SUM"]);
        gitlab(
            Pin::Unpinned,
            &[
                "project:g/p:/a.yml",
                "project:g/p:/a@OID",
                "project:g/p",
                "project:g/p@main:/OID",
                "project:g/p@11bd719:/a.yml",
                "project:g/p@LONG:/a.yml",
                "component:h/g/c/n",
                "component:h/g/c/n@~latest",
                "component:h/g/c/n@1.0",
                "component:h/g/c/n@1",
                "component:h/g/c/n@main",
                "https://x/a.yml",
                "HTTP://x/a.yml",
                "remote:https://x/a.yml",
                "remote:https://x/a.yml integrity=sha256-",
                "remote:https://x/a.yml integrity=sha256-SUMAAAA",
                "remote:https://x/a.yml integrity=sha256-AAAA",
                "remote:https://x/a.yml integrity=sha512-SUM",
                "remote:https://x/a.yml integrity=SUM",
                "remote:https://x/a.yml b integrity=sha256-SUM",
                "needs:g/p@main",
                "needs:g/p@OID",
                "trigger:g/p",
                "trigger:g/p@main",
                "trigger:g/p@OID",
            ],
        );
    }

    #[test]
    fn only_the_project_itself_at_the_running_commit_is_followed_through_variables() {
        let gitlab = |expected, texts: &[&str]| all("include", Family::GitLab, expected, texts);
        gitlab(
            Pin::SameCommit,
            &[
                "component:$CI_SERVER_FQDN/$CI_PROJECT_PATH/n@$CI_COMMIT_SHA",
                "component:${CI_SERVER_HOST}/${CI_PROJECT_PATH}/n@${CI_COMMIT_SHA}",
                "project:$CI_PROJECT_PATH@$CI_COMMIT_SHA:/a.yml",
            ],
        );
        gitlab(
            Pin::NotDecidable,
            &[
                "component:$CI_SERVER_FQDN/g/c/n@$CI_COMMIT_SHA",
                "component:$CI_SERVER_FQDN/$CI_PROJECT_PATH/n@$CI_COMMIT_SHA1",
                "component:$CI_SERVER_FQDN/$CI_PROJECT_PATH/n@v$CI_COMMIT_SHA",
                "component:$CI_SERVER_FQDN/$CI_PROJECT_PATH/n/m@$CI_COMMIT_SHA",
                "component:$CI_SERVER_FQDN/$CI_PROJECT_PATH/$N@$CI_COMMIT_SHA",
                "component:$CI_SERVER_FQDN/$CI_PROJECT_PATH/@$CI_COMMIT_SHA",
                "component:$CI_SERVER_FQDN/$CI_PROJECT_PATH/n@OID",
                "project:g/p@$CI_COMMIT_SHA:/a.yml",
                "project:$CI_PROJECT_PATH@$REF:/a.yml",
                "project:$CI_PROJECT_PATH@$CI_COMMIT_SHA:/$A.yml",
                "project:$P@OID:/a.yml",
                "remote:https://$H/a.yml integrity=sha256-SUM",
                "trigger:$P",
            ],
        );
    }
}
