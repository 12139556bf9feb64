//! Which settings and variables of git matter to a build, and what each does to it.
//!
//! What git runs for people alone (pagers, editors, merge tools) is left out.

/// What a setting does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    Rewrites,
    Runs,
    Weakens,
    Trusts,
    Sends,
    Proxies,
    Reads,
    Allows,
    Moves,
}

impl Effect {
    /// As it stands in evidence.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Rewrites => "rewrites addresses",
            Self::Runs => "runs a program",
            Self::Weakens => "weakens TLS",
            Self::Trusts => "trusts other certificates",
            Self::Sends => "sends credentials",
            Self::Proxies => "goes through a proxy",
            Self::Reads => "reads another file",
            Self::Allows => "allows what git refuses",
            Self::Moves => "moves the repository",
        }
    }
}

/// Section, last part, effect; `*` is any. A subsection may stand between them.
const SETTINGS: &[(&str, &str, Effect)] = &[
    ("bundle", "uri", Effect::Rewrites),
    ("fetch", "bundleuri", Effect::Rewrites),
    ("http", "curloptresolve", Effect::Rewrites),
    ("lfs", "pushurl", Effect::Rewrites),
    ("lfs", "url", Effect::Rewrites),
    ("remote", "lfspushurl", Effect::Rewrites),
    ("remote", "lfsurl", Effect::Rewrites),
    ("url", "insteadof", Effect::Rewrites),
    ("url", "pushinsteadof", Effect::Rewrites),
    ("core", "alternaterefscommand", Effect::Runs),
    ("core", "askpass", Effect::Runs),
    ("core", "fsmonitor", Effect::Runs),
    ("core", "gitproxy", Effect::Runs),
    ("core", "hookspath", Effect::Runs),
    ("core", "sshcommand", Effect::Runs),
    ("credential", "helper", Effect::Runs),
    ("diff", "command", Effect::Runs),
    ("diff", "external", Effect::Runs),
    ("diff", "textconv", Effect::Runs),
    ("filter", "clean", Effect::Runs),
    ("filter", "process", Effect::Runs),
    ("filter", "smudge", Effect::Runs),
    ("gpg", "defaultkeycommand", Effect::Runs),
    ("gpg", "program", Effect::Runs),
    ("hook", "command", Effect::Runs),
    ("init", "templatedir", Effect::Runs),
    ("lfs", "path", Effect::Runs),
    ("merge", "driver", Effect::Runs),
    ("remote", "receivepack", Effect::Runs),
    ("remote", "uploadpack", Effect::Runs),
    ("remote", "vcs", Effect::Runs),
    ("tar", "command", Effect::Runs),
    ("trailer", "cmd", Effect::Runs),
    ("trailer", "command", Effect::Runs),
    ("uploadpack", "packobjectshook", Effect::Runs),
    // Only those that begin with `!`.
    ("alias", "*", Effect::Runs),
    ("submodule", "update", Effect::Runs),
    // Only the address of a remote helper, `helper::..`.
    ("remote", "pushurl", Effect::Runs),
    ("remote", "url", Effect::Runs),
    ("http", "proxysslverify", Effect::Weakens),
    ("http", "schannelcheckrevoke", Effect::Weakens),
    ("http", "sslcipherlist", Effect::Weakens),
    ("http", "sslverify", Effect::Weakens),
    ("http", "sslversion", Effect::Weakens),
    ("gpg", "allowedsignersfile", Effect::Trusts),
    ("http", "proxysslcainfo", Effect::Trusts),
    ("http", "schannelusesslcainfo", Effect::Trusts),
    ("http", "sslbackend", Effect::Trusts),
    ("http", "sslcainfo", Effect::Trusts),
    ("http", "sslcapath", Effect::Trusts),
    ("http", "cookiefile", Effect::Sends),
    ("http", "delegation", Effect::Sends),
    ("http", "emptyauth", Effect::Sends),
    ("http", "extraheader", Effect::Sends),
    ("http", "sslcert", Effect::Sends),
    ("http", "sslkey", Effect::Sends),
    ("http", "proxy", Effect::Proxies),
    ("remote", "proxy", Effect::Proxies),
    ("core", "attributesfile", Effect::Reads),
    ("include", "path", Effect::Reads),
    ("includeif", "path", Effect::Reads),
    ("fsck", "skiplist", Effect::Allows),
    ("http", "followredirects", Effect::Allows),
    ("protocol", "allow", Effect::Allows),
    ("safe", "barerepository", Effect::Allows),
    ("safe", "directory", Effect::Allows),
    ("core", "worktree", Effect::Moves),
];

/// Variables that git heeds.
const VARIABLES: &[(&str, Effect)] = &[
    ("ALL_PROXY", Effect::Proxies),
    ("GIT_ALLOW_PROTOCOL", Effect::Allows),
    ("GIT_ALTERNATE_OBJECT_DIRECTORIES", Effect::Moves),
    ("GIT_ASKPASS", Effect::Runs),
    ("GIT_ATTR_SOURCE", Effect::Reads),
    ("GIT_COMMON_DIR", Effect::Moves),
    ("GIT_CONFIG", Effect::Reads),
    ("GIT_CONFIG_GLOBAL", Effect::Reads),
    ("GIT_CONFIG_NOSYSTEM", Effect::Reads),
    ("GIT_CONFIG_SYSTEM", Effect::Reads),
    ("GIT_DIR", Effect::Moves),
    ("GIT_EXEC_PATH", Effect::Runs),
    ("GIT_EXTERNAL_DIFF", Effect::Runs),
    ("GIT_INDEX_FILE", Effect::Moves),
    ("GIT_NAMESPACE", Effect::Moves),
    ("GIT_OBJECT_DIRECTORY", Effect::Moves),
    ("GIT_PROTOCOL_FROM_USER", Effect::Allows),
    ("GIT_PROXY_COMMAND", Effect::Runs),
    ("GIT_PROXY_SSL_CAINFO", Effect::Trusts),
    ("GIT_SSH", Effect::Runs),
    ("GIT_SSH_COMMAND", Effect::Runs),
    ("GIT_SSL_CAINFO", Effect::Trusts),
    ("GIT_SSL_CAPATH", Effect::Trusts),
    ("GIT_SSL_CERT", Effect::Sends),
    ("GIT_SSL_CIPHER_LIST", Effect::Weakens),
    ("GIT_SSL_KEY", Effect::Sends),
    ("GIT_SSL_NO_VERIFY", Effect::Weakens),
    ("GIT_SSL_VERSION", Effect::Weakens),
    ("GIT_TEMPLATE_DIR", Effect::Runs),
    ("GIT_WORK_TREE", Effect::Moves),
    ("HTTPS_PROXY", Effect::Proxies),
    ("HTTP_PROXY", Effect::Proxies),
    ("SSH_ASKPASS", Effect::Runs),
    ("all_proxy", Effect::Proxies),
    ("http_proxy", Effect::Proxies),
    ("https_proxy", Effect::Proxies),
];

/// A setting's name in its parts: `url.https://host/.insteadof` has all three.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'n> {
    pub(super) section: &'n str,
    pub(super) subsection: Option<&'n str>,
    pub(super) last: &'n str,
}

impl<'n> Name<'n> {
    pub(super) fn parse(name: &'n str) -> Option<Self> {
        let (section, rest) = name.split_once('.')?;
        Some(match rest.rsplit_once('.') {
            Some((subsection, last)) => Self { section, subsection: Some(subsection), last },
            None => Self { section, subsection: None, last: rest },
        })
    }
}

/// What a setting does to a build; none for one that doesn't matter, or not with this value.
pub(super) fn of_setting(name: Name<'_>, value: &str) -> Option<Effect> {
    let Name { section, last, .. } = name;
    let (.., effect) = SETTINGS
        .iter()
        .find(|(first, end, _)| *first == section && (*end == last || *end == "*"))?;
    let matters = match (section, last) {
        ("alias", _) | ("submodule", "update") => value.trim_start().starts_with('!'),
        ("remote", "url" | "pushurl") => is_helper(value),
        // Built into git, where it is a boolean.
        ("core", "fsmonitor") => boolean(value).is_none(),
        ("core", "gitproxy") => !value.is_empty() && value != "none",
        ("http", "sslverify" | "proxysslverify" | "schannelcheckrevoke") => {
            boolean(value) != Some(true)
        }
        ("http", "schannelusesslcainfo" | "emptyauth") => boolean(value) == Some(true),
        ("http", "followredirects") => boolean(value) == Some(true),
        ("http", "delegation") => value != "none",
        // A folder within the repository: `lfs.storage` and its like have other names.
        ("lfs", "path") => name.subsection.is_some(),
        _ => true,
    };
    matters.then_some(*effect)
}

/// Variables that matter, with what each does. Git turns some on by their being there at all.
pub(super) fn of_variables() -> impl Iterator<Item = (&'static str, Effect)> {
    VARIABLES.iter().copied()
}

/// `ext::sh -c ..`: git runs `git-remote-ext`, which runs the rest.
fn is_helper(url: &str) -> bool {
    url.split('/').next().is_some_and(|start| start.contains("::") && !start.contains('['))
}

/// As git reads one; none for what is something else.
fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" | "" => Some(false),
        number => number.parse::<i64>().ok().map(|number| number != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(name: &str, value: &str) -> Option<&'static str> {
        of_setting(Name::parse(name)?, value).map(Effect::text)
    }

    #[test]
    fn what_rewrites_runs_weakens_or_sends_is_known() {
        for (name, value, expected) in [
            ("url.https://evil.example/.insteadof", "https://github.com/", "rewrites addresses"),
            ("url.a.b.c/.pushinsteadof", "x", "rewrites addresses"),
            ("core.hookspath", "/x", "runs a program"),
            ("core.fsmonitor", "/x", "runs a program"),
            ("credential.helper", "store", "runs a program"),
            ("credential.https://host.helper", "!x", "runs a program"),
            ("filter.lfs.process", "git-lfs", "runs a program"),
            ("alias.st", "!id", "runs a program"),
            ("alias.x.command", " !id", "runs a program"),
            ("submodule.x.update", "!id", "runs a program"),
            ("remote.origin.url", "ext::sh -c id", "runs a program"),
            ("lfs.customtransfer.x.path", "/x", "runs a program"),
            ("http.sslverify", "false", "weakens TLS"),
            ("http.https://host/.sslverify", "0", "weakens TLS"),
            ("http.sslverify", "gibberish", "weakens TLS"),
            ("http.https://host/.sslcainfo", "/x", "trusts other certificates"),
            ("http.extraheader", "x", "sends credentials"),
            ("http.proxy", "x", "goes through a proxy"),
            ("include.path", "x", "reads another file"),
            ("includeif.gitdir:/x/.path", "x", "reads another file"),
            ("protocol.ext.allow", "always", "allows what git refuses"),
            ("safe.directory", "*", "allows what git refuses"),
        ] {
            assert_eq!(effect(name, value), Some(expected), "{name}={value}");
        }
    }

    #[test]
    fn what_does_neither_is_left_out() {
        for (name, value) in [
            ("core.fsmonitor", "true"),
            ("core.fsmonitor", "false"),
            ("alias.st", "status"),
            ("submodule.x.update", "rebase"),
            ("remote.origin.url", "https://[2001:db8::1]/x"),
            ("remote.origin.url", "https://example.com/a::b"),
            ("http.sslverify", "true"),
            ("http.sslverify", "1"),
            ("http.followredirects", "initial"),
            ("user.name", "x"),
            ("core.pager", "less"),
            ("nothing", "x"),
            ("", ""),
            ("a.b.c.d", ""),
        ] {
            assert_eq!(effect(name, value), None, "{name}={value}");
        }
    }
}
