//! Where the repository comes from.

use git2::Repository;

use super::path;
use super::settings::Settings;
use crate::base::text::printable;
use crate::capture::redact;
use crate::format::evidence::Source;
use crate::format::fact::{Gap, Withheld};

const PART: &str = "source.repository";

/// An address, as far as it may be published.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A URL, `host:path`, or a path relative to another URL.
    Url(String),
    /// A path of this machine.
    Local,
    /// `helper::..`: the arguments of a program.
    Helper,
}

/// Scrubs `url`; what was withheld is said under `place`.
pub(super) fn address(url: &[u8], place: &str, redactions: &mut Vec<Withheld>) -> Address {
    let url = path::text(url);
    let before_slash = url.split('/').next().unwrap_or_default();
    if before_slash.contains("::") {
        return Address::Helper;
    }
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let relative = url.starts_with("./") || url.starts_with("../");
    let local = match scheme.as_deref() {
        Some("file") => true,
        Some(_) => false,
        // One letter before the colon is a drive.
        None => !relative && before_slash.find(':').is_none_or(|host| host < 2),
    };
    if local {
        return Address::Local;
    }
    let scrubbed = redact::scrub_url(&url);
    redactions.extend(
        scrubbed
            .rules
            .iter()
            .map(|rule| Withheld { place: place.to_owned(), rule: rule.id().to_owned() }),
    );
    Address::Url(scrubbed.text)
}

/// Fills `repository`: from the remote `origin`, else from the only one.
pub(super) fn repository(
    repo: &Repository,
    settings: &Settings,
    source: &mut Source,
    gaps: &mut Vec<Gap>,
    redactions: &mut Vec<Withheld>,
) {
    let (name, url) = match settings.remotes.get_key_value(b"origin".as_slice()) {
        Some(origin) => origin,
        None => match (settings.remotes.len(), settings.remotes.first_key_value()) {
            (1, Some(only)) => only,
            (number, _) => {
                let reason = if number == 0 {
                    "the repository has no remote".to_owned()
                } else {
                    format!("none of the {number} remotes is named `origin`")
                };
                gaps.push(Gap::new(
                    PART,
                    reason,
                    "name the one that counts: `git remote add origin URL`",
                ));
                return;
            }
        },
    };
    let place = format!("remote {}", printable(&path::text(name)));
    let cure = "let it be the URL: `git remote set-url`";
    match address(url, &place, redactions) {
        Address::Local => {
            gaps.push(Gap::new(PART, format!("the URL of the {place} is a local path"), cure));
        }
        Address::Helper => {
            let reason = format!("the URL of the {place} is the command of a remote helper");
            gaps.push(Gap::new(PART, reason, cure));
        }
        Address::Url(text) if text.starts_with('.') => {
            gaps.push(Gap::new(PART, format!("the URL of the {place} is a local path"), cure));
        }
        Address::Url(text) => {
            if is_rewritten(repo, name, &text) {
                gaps.push(Gap::new(
                    PART,
                    format!(
                        "url.*.insteadOf makes git fetch from another place than the {place} says"
                    ),
                    "remove the setting, or set the URL itself",
                ));
            }
            source.repository = Some(text);
            source.repository_from = Some(place);
        }
    }
}

/// Whether `url.*.insteadOf` leads to another host or path; that it adds credentials or changes the
/// scheme is what it is there for in CI.
fn is_rewritten(repo: &Repository, name: &[u8], url: &str) -> bool {
    let Some(remote) = std::str::from_utf8(name).ok().and_then(|name| repo.find_remote(name).ok())
    else {
        return false;
    };
    match address(remote.url_bytes(), "", &mut Vec::new()) {
        Address::Url(effective) => place(&effective) != place(url),
        Address::Local | Address::Helper => true,
    }
}

/// Host and path: `git@host:a/b.git` and `https://host/a/b` are one place.
fn place(url: &str) -> String {
    let (rest, short) = match url.split_once("://") {
        Some((_, rest)) => (rest, false),
        None => (url, true),
    };
    let (host, path) = rest.split_once(if short { ':' } else { '/' }).unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host).to_ascii_lowercase();
    let path = path.trim_matches('/');
    format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_machine_or_a_command_is_no_address() {
        let address = |url: &str| address(url.as_bytes(), "remote origin", &mut Vec::new());
        for local in ["/srv/x.git", "file:///srv/x", "FILE://x/y", "C:/x", "c:\\x", "x/y", "x", ""]
        {
            assert_eq!(address(local), Address::Local, "{local:?}");
        }
        for helper in ["ext::sh -c id", "fd::17/x", "::x"] {
            assert_eq!(address(helper), Address::Helper, "{helper:?}");
        }
        for url in ["https://h/x", "ssh://git@h/x", "git@h:x/y.git", "host:x", "../x.git"] {
            assert!(matches!(address(url), Address::Url(_)), "{url:?}");
        }
    }

    #[test]
    fn forms_of_one_place_are_one_place() {
        let expected = place("https://example.com/a/b");
        for url in [
            "git@example.com:a/b.git",
            "ssh://git@Example.com/a/b.git",
            "http://x:y@example.com/a/b/",
        ] {
            assert_eq!(place(url), expected, "{url}");
        }
        assert_ne!(place("https://example.org/a/b"), expected);
    }
}
