//! Repository URLs in their many spellings.

/// Compares two repository URLs without scheme, userinfo, trailing `.git` and `/`, the host in lower
/// case. `git@host:path` is `host/path`.
#[must_use]
pub fn same_repository(one: &str, other: &str) -> bool {
    let one = normalise(one);
    // Two empty wishes are no repository that both mean.
    one != "/" && one == normalise(other)
}

fn normalise(url: &str) -> String {
    let url = url.trim();
    let url = url.strip_prefix("git+").unwrap_or(url);
    let (rest, scp) = match url.split_once("://") {
        Some((_, rest)) => (rest.to_owned(), false),
        None => (url.to_owned(), true),
    };
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority.to_owned(), path.to_owned()),
        None => (rest, String::new()),
    };
    let authority = authority.rsplit('@').next().unwrap_or_default().to_owned();
    // `git@host:owner/name`: what looks like a port is the first part of the path.
    let (host, path) = match authority.split_once(':') {
        Some((host, first)) if scp && !first.bytes().all(|b| b.is_ascii_digit()) => {
            let path = if path.is_empty() { first.to_owned() } else { format!("{first}/{path}") };
            (host.to_owned(), path)
        }
        _ => (authority, path),
    };
    let mut path = path.trim_matches('/');
    path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    format!("{}/{path}", host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_repository_are_equal_and_others_are_not() {
        let wanted = "https://GitHub.com/octo/App";
        for same in [
            "github.com/octo/App",
            "https://github.com/octo/App.git",
            "https://user:pw@github.com/octo/App/",
            "git@github.com:octo/App.git",
            "ssh://git@github.com/octo/App.git",
            "git+https://github.com/octo/App",
        ] {
            assert!(same_repository(wanted, same), "{same}");
        }
        for other in [
            "https://github.com/octo/app",
            "https://github.com/octo/App2",
            "https://github.com.evil.example/octo/App",
            "https://evil.example/github.com/octo/App",
            "https://github.com@evil.example/octo/App",
            "https://github.com:8443/octo/App",
            "",
        ] {
            assert!(!same_repository(wanted, other), "{other}");
        }
        assert!(!same_repository("", ""));
    }
}
