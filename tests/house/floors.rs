//! No import points up or across; one door per effect.

use std::path::Path;

use super::sources;

/// What each floor may import: those below it in its own column, and the shared ground.
const FLOORS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("net", &["base"]),
    ("format", &["base"]),
    ("drift", &["base", "format"]),
    ("token", &["base", "format"]),
    ("capture", &["base", "format", "token"]),
    ("statement", &["base", "format", "capture"]),
    ("sign", &["base", "format"]),
    ("write", &["base", "format"]),
    ("read", &["base", "format"]),
    ("verify", &["base", "format", "read"]),
    ("assess", &["base", "format", "drift", "token", "verify"]),
    ("report", &["base", "format", "assess"]),
    (
        "cli",
        &[
            "base",
            "net",
            "format",
            "drift",
            "token",
            "capture",
            "statement",
            "sign",
            "write",
            "read",
            "verify",
            "assess",
            "report",
        ],
    ),
];

/// The floor that a file belongs to; `None` for `lib.rs` and `main.rs`.
fn floor(path: &Path) -> Option<String> {
    let first = path.components().next()?.as_os_str().to_str()?;
    (path.components().count() > 1).then(|| first.to_owned())
}

/// The floors that a file names by `crate::..`, comments and documentation left out.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in code {
        for rest in line.split("crate::").skip(1) {
            // `use crate::{a, b}` would hide the floors from this test.
            assert!(!rest.starts_with('{'), "write one `use crate::..` a line: {line}");
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.push(name);
        }
    }
    found
}

#[test]
fn every_floor_is_known_and_imports_only_what_lies_below_it() {
    let mut seen = 0;
    for (path, text) in sources() {
        let Some(floor) = floor(&path) else { continue };
        let allowed = FLOORS.iter().find(|(name, _)| *name == floor);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{}: unknown floor", path.display()));
        for import in imports(&text) {
            let fine = import == floor || allowed.contains(&import.as_str());
            assert!(fine, "{}: `{floor}` imports `{import}`", path.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "the test reads nothing: {seen}");
}

/// `super::super::..` must not climb out of the floor unseen.
#[test]
fn no_path_climbs_out_of_its_floor_by_super() {
    for (path, text) in sources() {
        if floor(&path).is_none() {
            continue;
        }
        let is_mod = path.ends_with("mod.rs");
        let depth = path.components().count() - usize::from(is_mod);
        // A module of tests inside the file is one floor further down.
        let inner = usize::from(text.contains("mod tests {"));
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let chain =
                line.match_indices("super::").filter(|(at, _)| line[*at..].starts_with("super::"));
            let longest = chain
                .map(|(at, _)| line[at..].split("super::").take_while(|p| p.is_empty()).count());
            let climbs = longest.max().unwrap_or(0);
            assert!(climbs < depth + inner, "{}: {line}", path.display());
        }
    }
}

/// A call that only some files may make.
const DOORS: &[(&str, &[&str])] = &[
    // The two ways to an unverified payload.
    (".envelope_to_verify()", &["verify/authenticate.rs"]),
    // (`notes push` carries lines, and asks them only where to.)
    (".unchecked()", &["cli/inspect.rs", "cli/notes/mod.rs", "cli/report/"]),
    // Findings over what nobody checked.
    ("Facts::unverified(", &["cli/report/", "assess/catalogue/changes/tests.rs"]),
    // Whoever makes a child process can leak the key to it.
    ("Command::new(", &["base/process/", "base/tree/tests/", "capture/git/tests/"]),
    ("Timestamp::now", &["base/time.rs"]),
    ("env::var", &["capture/environment.rs", "capture/git/tests/"]),
    ("getrandom::", &["base/random.rs"]),
    ("git2::", &["capture/git/"]),
    ("UnixStream::connect", &["base/agent.rs"]),
    ("rpassword::", &["cli/passphrase.rs"]),
    ("ureq::", &["net/"]),
    ("TcpStream::", &["net/tests/"]),
    // RSA is for tokens alone.
    ("ring::signature", &["token/"]),
];

#[test]
fn each_effect_has_one_door() {
    for (call, doors) in DOORS {
        let mut used = 0;
        for (path, text) in sources() {
            let name = path.to_str().unwrap().replace('\\', "/");
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code.filter(|line| line.contains(call)) {
                used += 1;
                let fine = doors.iter().any(|door| name.starts_with(door));
                assert!(fine, "{name}: {call} is for {doors:?} alone: {line}");
            }
        }
        assert!(used > 0, "{call} is used nowhere: the rule guards nothing");
    }
}

#[test]
fn every_module_says_what_it_is() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{} doesn't open with //!", path.display());
    }
}
