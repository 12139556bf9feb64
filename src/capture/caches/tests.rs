//! Homes in temporary folders.

use std::fs;

use super::*;

struct Machine {
    home: tempfile::TempDir,
    root: tempfile::TempDir,
}

impl Machine {
    fn new(files: &[&str]) -> Self {
        let machine =
            Self { home: tempfile::tempdir().unwrap(), root: tempfile::tempdir().unwrap() };
        files.iter().for_each(|path| write(&machine.home.path().join(path)));
        machine
    }

    fn variables(&self, more: &[(&str, &Path)]) -> Variables {
        let home = [("HOME", self.home.path()), ("LOCALAPPDATA", self.home.path())];
        Variables::new(
            home.into_iter().chain(more.iter().copied()).map(|(n, v)| (n, v.as_os_str())),
        )
    }

    fn captured(&self, more: &[(&str, &Path)], digest: bool) -> Captured<Caches> {
        capture(&self.variables(more), self.root.path(), digest, &|| false)
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own files")]
fn write(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "four").unwrap();
}

fn present(found: &Captured<Caches>) -> Vec<&str> {
    found.fact.get().unwrap().present.keys().map(String::as_str).collect()
}

#[test]
fn caches_at_their_usual_places_are_counted_and_the_others_named_as_absent() {
    let machine = Machine::new(&[
        ".cargo/registry/cache/a.crate",
        ".cargo/registry/index/b",
        ".m2/repository/a/a.jar",
        "go/pkg/mod/x/y.go",
        ".cargo/bin/cargo",
    ]);
    let found = machine.captured(&[], false);
    assert_eq!(present(&found), ["cargo registry", "go modules", "maven"]);
    let caches = found.fact.get().unwrap();
    let registry = &caches.present["cargo registry"];
    assert_eq!((registry.all, registry.root), (Some(Count { files: 2, bytes: 8 }), None));
    assert!(caches.absent.contains(&"cargo git".to_owned()) && caches.absent.is_sorted());
    assert_eq!(caches.absent.len() + caches.present.len(), 21, "all but the hosted tools");
    let paths = caches.paths.inline().unwrap();
    assert!(paths["maven"].ends_with("repository"));
    assert!(found.gaps.is_empty() && found.redactions.is_empty());
}

#[test]
fn variables_move_caches() {
    let machine = Machine::new(&["c/registry/x", "pip/x", "mod/x", ".cargo/registry/y", "tools/x"]);
    let at = |name: &str| machine.home.path().join(name);
    let (cargo, pip, modules, tools) = (at("c"), at("pip"), at("mod"), at("tools"));
    let more: [(&str, &Path); 5] = [
        ("CARGO_HOME", &cargo),
        ("PIP_CACHE_DIR", &pip),
        ("GOMODCACHE", &modules),
        ("GOCACHE", Path::new("off")),
        ("RUNNER_TOOL_CACHE", &tools),
    ];
    let found = machine.captured(&more, true);
    assert_eq!(present(&found), ["cargo registry", "go modules", "hosted tools", "pip"]);
    let caches = &found.fact.get().unwrap().present;
    assert_eq!(caches["hosted tools"], Cache { all: None, root: None });
    assert_eq!(caches["pip"].all, Some(Count { files: 1, bytes: 4 }));
    assert_eq!(caches["pip"].root, caches["go modules"].root);
    assert!(caches["pip"].root.is_some());
}

#[test]
fn what_lies_below_the_root_is_an_input_and_no_cache() {
    let machine = Machine::new(&[]);
    let inside = machine.root.path().join(".cargo");
    write(&inside.join("registry/x"));
    write(&machine.root.path().join("relative/x"));
    let more: [(&str, &Path); 2] =
        [("CARGO_HOME", &inside), ("PIP_CACHE_DIR", Path::new("relative"))];
    let found = machine.captured(&more, false);
    let caches = found.fact.get().unwrap();
    assert!(caches.present.is_empty());
    assert!(!caches.absent.iter().any(|name| name == "cargo registry" || name == "pip"));
}

#[test]
fn a_cache_that_is_too_large_or_takes_too_long_is_a_gap() {
    let machine = Machine::new(&["p/1", "p/2", "p/3"]);
    let place = || {
        let path = machine.home.path().join("p");
        vec![places::Place { name: "pip", path, only_named: false }]
    };
    let variables = machine.variables(&[]);
    let run = |most: u64, stop: Stop<'_>| {
        look(place(), &variables, machine.root.path(), true, most, stop)
    };
    let fine = run(3, &|| false);
    assert!(fine.gaps.is_empty());
    assert!(fine.fact.get().unwrap().present["pip"].root.is_some());
    for (found, reason) in [
        (run(2, &|| false), "the cache pip has more than 2 paths and was not counted"),
        (run(3, &|| true), "the cache pip was not counted in time"),
    ] {
        assert_eq!(found.fact.get().unwrap().present["pip"], Cache { all: None, root: None });
        assert_eq!(found.gaps[0].reason, reason);
    }
}

#[test]
fn credentials_in_a_path_are_withheld() {
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    let machine = Machine::new(&[&format!("{token}/x")]);
    let path = machine.home.path().join(token);
    let found = machine.captured(&[("PIP_CACHE_DIR", &path)], false);
    assert_eq!(present(&found), ["pip"]);
    assert!(!serde_json::to_string(&found.fact).unwrap().contains(token));
    assert_eq!(found.redactions[0].place, "inputs.caches.paths pip");
}

#[cfg(unix)]
#[test]
fn links_in_a_cache_are_counted_and_not_followed_and_a_linked_root_is_seen_through() {
    use std::os::unix::fs::symlink;
    let machine = Machine::new(&["big/1", "big/2"]);
    let home = machine.home.path();
    fs::create_dir(home.join("pip")).unwrap();
    symlink(home.join("big"), home.join("pip/link")).unwrap();
    symlink(home.join("pip"), home.join("pip/loop")).unwrap();
    let inside = home.join("inside");
    symlink(machine.root.path(), &inside).unwrap();
    let more: [(&str, &Path); 2] =
        [("PIP_CACHE_DIR", &home.join("pip")), ("UV_CACHE_DIR", &inside)];
    let found = machine.captured(&more, false);
    assert_eq!(present(&found), ["pip"]);
    let all = found.fact.get().unwrap().present["pip"].all;
    assert_eq!(all, Some(Count { files: 2, bytes: 0 }));
}
