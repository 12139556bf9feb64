//! Many files at once: what is found, merged, passed over, not locked.

use super::*;

#[test]
fn without_any_manifest_there_is_nothing() {
    let found = captured(&[("src/main.rs", "fn main() {}"), ("pyproject.toml", "[tool.x]\n")]);
    assert_eq!(found.fact, Fact::absent(Basis::Read));
    assert!(found.gaps.is_empty());
}

#[test]
fn the_same_dependency_of_several_lockfiles_stands_once_with_the_checksums_of_all() {
    let lock = |checksum: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nwheels = [{{ hash = \"sha256:{checksum}\" }}]\n"
        )
    };
    let other = SHA256.replace('e', "f");
    let found = captured(&[
        ("b/uv.lock", &lock(SHA256)),
        ("a/uv.lock", &lock(&other)),
        ("c/uv.lock", "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\n"),
    ]);
    let fact = found.fact.get().unwrap();
    let list: Vec<_> = fact.list.inline().unwrap().iter().map(line).collect();
    assert_eq!(list, ["a 1 - sha256:e3b0c,sha256:f3b0c"]);
    assert_eq!((fact.count, fact.without_checksum), (1, 0));
    let each: Vec<_> = fact.lockfiles.iter().map(|one| one.without_checksum).collect();
    assert_eq!(each, [0, 0, 1]);
    assert!(fact.lockfiles.is_sorted());
}

#[test]
fn a_file_that_changed_since_it_was_hashed_is_not_parsed() {
    let folder = Folder::new(&[("Cargo.lock", super::forms::CARGO4.as_bytes())]);
    let tree = folder.tree();
    folder.write("Cargo.lock", super::forms::CARGO4.replace("hex", "hax").as_bytes());
    let found = capture(folder.root(), &tree, &Redactor::default());
    let fact = found.fact.get().unwrap();
    let file = &fact.lockfiles[0];
    assert_eq!(file.trouble.as_deref(), Some("changed between hashing and parsing"));
    assert_eq!((fact.count, file.sha256), (0, None));
    assert!(found.gaps[0].reason.contains("changed between hashing and parsing"));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_what_became_a_fifo_is_not_waited_for() {
    let outside = Folder::new(&[("Cargo.lock", super::forms::CARGO4.as_bytes())]);
    let folder = Folder::new(&[("go.sum", super::forms::GO.as_bytes())]);
    std::os::unix::fs::symlink(outside.root().join("Cargo.lock"), folder.root().join("Cargo.lock"))
        .unwrap();
    let tree = folder.tree();
    std::fs::remove_file(folder.root().join("go.sum")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.root().join("go.sum"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let found = capture(folder.root(), &tree, &Redactor::default());
    let fact = found.fact.get().unwrap();
    let trouble: Vec<_> = fact.lockfiles.iter().filter_map(|one| one.trouble.as_deref()).collect();
    assert_eq!(trouble[0], "is a link, and links aren't followed");
    assert!(trouble[1].starts_with("could not be read"), "{}", trouble[1]);
    assert_eq!(fact.count, 0);
}

#[test]
fn lockfiles_of_others_are_passed_over_and_counted() {
    let found = captured(&[
        ("Cargo.lock", super::forms::CARGO4),
        ("node_modules/x/package-lock.json", super::javascript::NPM3),
        ("a/vendor/y/Cargo.lock", super::forms::CARGO1),
        ("a/vendor/y/package.json", r#"{"dependencies": {"a": "1"}}"#),
    ]);
    let fact = found.fact.get().unwrap();
    assert_eq!((fact.lockfiles.len(), fact.unlocked.len()), (1, 0));
    let reason = "2 lockfiles of other projects passed over, in folders named node_modules, vendor";
    assert_eq!(found.gaps, [Gap::without_cure("dependencies", reason)]);
}

#[test]
fn manifests_that_ask_and_have_no_lockfile_are_named() {
    let asking: &[(&str, &str)] = &[
        ("r/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n"),
        ("j/package.json", r#"{"devDependencies": {"a": "^1"}}"#),
        ("p/pyproject.toml", "[project]\ndependencies = [\"a\"]\n"),
        ("po/pyproject.toml", "[tool.poetry.dependencies]\npython = \"^3\"\na = \"*\"\n"),
        ("pi/Pipfile", "[packages]\na = \"*\"\n"),
        ("g/go.mod", "module m\nrequire a.b/c v1.0.0\n"),
        ("gr/build.gradle", "dependencies { implementation 'a:b:1.0' }"),
        ("m/pom.xml", "<project><dependencies><dependency></dependency></dependencies></project>"),
        ("b/Gemfile", "source 'https://rubygems.org'\ngem \"rack\"\n"),
        ("c/composer.json", r#"{"require": {"php": ">=8", "psr/log": "^3"}}"#),
    ];
    let found = captured(asking);
    let mut expected: Vec<_> =
        asking.iter().map(|(path, _)| PathText::Path((*path).to_owned())).collect();
    expected.sort();
    let named: Vec<_> =
        found.fact.get().unwrap().unlocked.iter().map(|one| one.path.clone()).collect();
    assert_eq!(named, expected);
}

#[test]
fn manifests_that_ask_for_nothing_or_are_covered_from_above_are_not() {
    let found = captured(&[
        ("Cargo.lock", super::forms::CARGO4),
        ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
        ("a/Cargo.toml", "[dependencies]\nhex = \"0.4\"\n"),
        ("j/yarn.lock", super::javascript::YARN1),
        ("j/packages/x/package.json", r#"{"dependencies": {"a": "1"}}"#),
        (
            "k/package.json",
            r#"{"dependencies": {"a": "file:../a", "b": "workspace:*"}, "devDependencies": {}}"#,
        ),
        (
            "p/pyproject.toml",
            "[build-system]\nrequires = [\"hatchling\"]\n[project]\ndependencies = []\n",
        ),
        ("po/pyproject.toml", "[tool.poetry.dependencies]\npython = \"^3\"\n"),
        ("g/go.mod", "module m\nrequire a.b/c v1.0.0\nreplace a.b/c => ../c\n"),
        ("b/Gemfile", "# gem 'x'\ngemspec\n"),
        ("c/composer.json", r#"{"require": {"php": ">=8"}}"#),
        ("gr/build.gradle", "plugins { id 'java' }\n"),
        ("m/pom.xml", "<project/>"),
        ("tests/fixtures/x/package.json", r#"{"dependencies": {"a": "1"}}"#),
        ("bad/package.json", "{"),
    ]);
    assert_eq!(found.fact.get().unwrap().unlocked, []);
    assert!(found.gaps.is_empty());
}

#[test]
fn a_lockfile_covers_neither_what_stands_beside_its_folder_nor_another_ecosystem() {
    let found = captured(&[
        ("a/Cargo.lock", super::forms::CARGO4),
        ("ab/Cargo.toml", "[dependencies]\nhex = \"0.4\"\n"),
        ("a/package.json", r#"{"dependencies": {"a": "1"}}"#),
        ("a/pom.xml", "<dependency></dependency>"),
        ("a/gradle.lockfile", ""),
    ]);
    let unlocked = &found.fact.get().unwrap().unlocked;
    let named: Vec<_> = unlocked.iter().map(|one| one.ecosystem.as_str()).collect();
    assert_eq!(named, ["npm", "maven", "cargo"]);
}

#[test]
fn only_so_many_lockfiles_are_read() {
    let files: Vec<_> = (0..=FILES_MAX).map(|n| format!("{n}/gradle.lockfile")).collect();
    let files: Vec<_> = files.iter().map(|path| (path.as_str(), "a:b:1=x\n")).collect();
    let found = captured(&files);
    assert_eq!(found.fact.get().unwrap().lockfiles.len(), 1000);
    assert!(found.gaps[0].reason.starts_with("1 lockfile more than 1000"));
}

#[test]
fn the_capture_is_the_same_each_time() {
    let files =
        [("Cargo.lock", super::forms::CARGO4), ("j/package-lock.json", super::javascript::NPM3)];
    let (first, second) = (captured(&files), captured(&files));
    assert_eq!(
        serde_json::to_string(&first.fact).unwrap(),
        serde_json::to_string(&second.fact).unwrap()
    );
}
