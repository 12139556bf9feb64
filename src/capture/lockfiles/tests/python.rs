//! Poetry, uv, PDM, Pipenv, `pylock.toml`, `requirements.txt`.

use super::*;

pub(super) const UV: &str = r#"version = 1
revision = 3
requires-python = ">=3.9"

[[package]]
name = "demo"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "iniconfig" },
]

[package.metadata]
requires-dist = [{ name = "iniconfig", specifier = "==2.0.0" }]

[[package]]
name = "iniconfig"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.pythonhosted.org/packages/d7/iniconfig-2.0.0.tar.gz", hash = "sha256:2d91e135bf72d31a410b17c16da610a82cb55f6b0477d1a902134b24a455b8b3", size = 4646, upload-time = "2023-01-07T11:08:11.254Z" }
wheels = [
    { url = "https://files.pythonhosted.org/packages/ef/iniconfig-2.0.0-py3-none-any.whl", hash = "sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374", size = 5892 },
]

[[package]]
name = "fork"
version = "1.0"
source = { git = "https://github.com/owner/fork?rev=main#2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c" }
"#;

#[test]
fn uv() {
    let (file, list) = one("uv.lock", UV);
    assert_eq!(
        list,
        [
            "demo 0.1.0 path -",
            "fork 1.0 git+https://github.com/owner/fork?rev=main#2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c -",
            "iniconfig 2.0.0 https://pypi.org/simple sha256:2d91e,sha256:b6a85",
        ]
    );
    assert_eq!(
        (file.form.as_str(), file.dependencies, file.without_checksum),
        ("uv.lock version 1", 3, 1)
    );
    assert_eq!(file.trouble, None);
}

pub(super) const POETRY2: &str = r#"
[[package]]
name = "iniconfig"
version = "2.0.0"
optional = false
files = [
    {file = "iniconfig-2.0.0-py3-none-any.whl", hash = "sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374"},
]

[[package]]
name = "fork"
version = "1.0"
files = []

[package.source]
type = "git"
url = "https://github.com/owner/fork.git"
reference = "main"
resolved_reference = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c"

[[package]]
name = "own"
version = "0"

[package.source]
type = "directory"
url = "libs/own"

[metadata]
lock-version = "2.1"
"#;

#[test]
fn poetry() {
    let (file, list) = one("poetry.lock", POETRY2);
    assert_eq!(
        list,
        [
            "fork 1.0 git+https://github.com/owner/fork.git#2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c -",
            "iniconfig 2.0.0 - sha256:b6a85",
            "own 0 path -",
        ]
    );
    assert_eq!((file.form.as_str(), file.without_checksum), ("poetry.lock version 2.1", 1));
    let first = format!(
        "[[package]]\nname = \"a\"\nversion = \"1\"\n[metadata]\nlock-version = \"1.1\"\n\
         [metadata.files]\na = [{{file = \"a.whl\", hash = \"sha256:{SHA256}\"}}]\n"
    );
    assert_eq!(one("poetry.lock", &first).1, ["a 1 - sha256:e3b0c"]);
    let oldest = format!(
        "[[package]]\nname = \"a\"\nversion = \"1\"\n[metadata.hashes]\na = [\"{SHA256}\"]\n"
    );
    assert_eq!(one("poetry.lock", &oldest).1, ["a 1 - sha256:e3b0c"]);
}

pub(super) const PYLOCK: &str = r#"lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "iniconfig"
version = "2.0.0"
index = "https://pypi.org/simple"
sdist = { url = "https://files.pythonhosted.org/x.tar.gz", upload-time = 2023-01-07T11:08:11Z, size = 4646, hashes = { sha256 = "2d91e135bf72d31a410b17c16da610a82cb55f6b0477d1a902134b24a455b8b3" } }
wheels = [{ url = "https://files.pythonhosted.org/x.whl", size = 5892, hashes = { sha256 = "b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374" } }]

[[packages]]
name = "here"
directory = { path = "libs/here" }

[[packages]]
name = "fork"
vcs = { type = "git", url = "https://github.com/owner/fork", commit-id = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c" }

[[packages]]
name = "zip"
archive = { url = "https://example.com/zip.zip", hashes = { sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" } }
"#;

#[test]
fn pylock() {
    let (file, list) = one("pylock.dev.toml", PYLOCK);
    assert_eq!(
        list,
        [
            "fork - git+https://github.com/owner/fork#2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c -",
            "here - path -",
            "iniconfig 2.0.0 https://pypi.org/simple sha256:2d91e,sha256:b6a85",
            "zip - https://example.com/zip.zip sha256:e3b0c",
        ]
    );
    assert_eq!((file.form.as_str(), file.without_checksum), ("pylock.toml version 1.0", 1));
}

pub(super) const PIPFILE: &str = r#"{
  "_meta": {
    "hash": {"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    "pipfile-spec": 6, "requires": {},
    "sources": [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": true}]
  },
  "default": {
    "iniconfig": {
      "hashes": ["sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374"],
      "index": "pypi", "version": "==2.0.0"
    },
    "own": {"editable": true, "path": "."}
  },
  "develop": {"fork": {"git": "https://github.com/owner/fork", "ref": "2cf24db"}}
}"#;

#[test]
fn pipenv() {
    let (file, list) = one("Pipfile.lock", PIPFILE);
    assert_eq!(
        list,
        [
            "fork - git+https://github.com/owner/fork#2cf24db -",
            "iniconfig 2.0.0 https://pypi.org/simple sha256:b6a85",
            "own - path -",
        ]
    );
    assert_eq!((file.form.as_str(), file.without_checksum), ("Pipfile.lock version 6", 1));
}

pub(super) const PDM: &str = r#"[metadata]
groups = ["default"]
lock_version = "4.5.0"

[[package]]
name = "iniconfig"
version = "2.0.0"
files = [
    {file = "iniconfig-2.0.0-py3-none-any.whl", hash = "sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374"},
]

[[package]]
name = "fork"
version = "1.0"
git = "https://github.com/owner/fork"
revision = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c"
"#;

#[test]
fn pdm() {
    let (file, list) = one("pdm.lock", PDM);
    assert_eq!(
        list,
        [
            "fork 1.0 git+https://github.com/owner/fork#2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c -",
            "iniconfig 2.0.0 - sha256:b6a85",
        ]
    );
    assert_eq!((file.form.as_str(), file.without_checksum), ("pdm.lock version 4.5.0", 1));
}

pub(super) const REQUIREMENTS: &str = "# made by a tool
--index-url https://pypi.org/simple
-c constraints.txt
iniconfig==2.0.0 \\
    --hash=sha256:2d91e135bf72d31a410b17c16da610a82cb55f6b0477d1a902134b24a455b8b3 \\
    --hash sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374
    # via demo
Django[argon2,bcrypt] == 4.2.1 ; python_version >= \"3.8\"  # web
loose>=1.0,<2
bare
wild==1.*
-e git+https://github.com/owner/fork.git@main#egg=fork
-e .
archive @ https://example.com/archive-1.0.zip#sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
./libs/own
../../far-1.0-py3-none-any.whl
";

#[test]
fn requirements() {
    let (file, list) = one("requirements-dev.txt", REQUIREMENTS);
    assert_eq!(
        list,
        [
            ". - path -",
            "Django 4.2.1 - -",
            "archive - https://example.com/archive-1.0.zip#sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 sha256:e3b0c",
            "bare - - -",
            "far-1.0-py3-none-any.whl - file:../../far-1.0-py3-none-any.whl -",
            "fork - git+https://github.com/owner/fork.git@main#egg=fork -",
            "iniconfig 2.0.0 - sha256:2d91e,sha256:b6a85",
            "loose - - -",
            "own - path -",
            "wild - - -",
        ]
    );
    assert_eq!(file.form, "requirements.txt with constraints");
    assert_eq!((file.dependencies, file.without_checksum, file.trouble), (10, 6, None));
}

#[test]
fn requirements_include_others_and_those_that_pin_nothing_are_unlocked() {
    let pinned = format!("a==1 --hash=sha256:{SHA256}\n");
    let found = captured(&[
        ("requirements.txt", "-r deps/base.txt\n-r ../away.txt\n"),
        ("deps/base.txt", "-r base.txt\nb>=1\n"),
        ("other/requirements.txt", &pinned),
        ("other/sub/requirements.txt", "c\n"),
    ]);
    let fact = found.fact.get().unwrap();
    let paths: Vec<_> = fact.unlocked.iter().map(|one| one.path.clone()).collect();
    assert_eq!(paths, [PathText::Path("deps/base.txt".to_owned())]);
    assert_eq!(fact.count, 3);
    let trouble: Vec<_> = fact.lockfiles.iter().filter_map(|one| one.trouble.as_deref()).collect();
    assert_eq!(trouble, ["includes a file that isn't below the root"]);
}

#[test]
fn prose_is_no_requirement() {
    let (file, list) = one("requirements.txt", "The system shall be fast.\nAnd safe.\n");
    assert!(list.is_empty());
    assert_eq!(file.trouble.as_deref(), Some("2 items without a fit name"));
}
