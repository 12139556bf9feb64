//! The credentials planted wherever a build has something of the kind, and everything that is written or said
//! searched for them.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::corpus::{Credential, credentials};
use super::harness::{Call, EVIDENCE, Place, Said, lines, payload};
use super::net::Net;

pub(crate) static ALL: LazyLock<Vec<Credential>> = LazyLock::new(credentials);
static NET: LazyLock<Net> = LazyLock::new(|| {
    let all = ALL.iter().flat_map(|one| one.secrets.iter().map(|s| (one.kind, s.as_str())));
    Net::new(all)
});

pub(crate) fn secrets() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|one| one.secrets.iter().map(String::as_str))
}

/// Those that are seen without flags before them.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    ALL.iter().filter(|one| !one.is_command).map(|one| one.text.as_str())
}

/// Those that a file may be called.
pub(crate) fn file_names() -> impl Iterator<Item = &'static str> {
    texts().filter(|text| !text.contains('/') && text.len() <= 250)
}

pub(crate) fn escaped(secret: &str) -> String {
    secret.replace('+', "%2B").replace('/', "%2F")
}

/// Folders of its own for all that a program may leave somewhere.
pub(crate) trait Homely {
    fn at_home(self, place: &Place) -> Self;
}

impl Homely for Call {
    fn at_home(self, place: &Place) -> Self {
        fs::create_dir_all(place.outside("tmp")).unwrap();
        let xdg = ["CONFIG", "CACHE", "DATA", "STATE"].map(|name| format!("XDG_{name}_HOME"));
        let call = xdg.iter().fold(self, |call, name| call.var(name, place.outside("home/xdg")));
        call.var("TMPDIR", place.outside("tmp")).var("XDG_RUNTIME_DIR", place.outside("home/run"))
    }
}

/// What the command does in the middle of a bracket: it takes a copy of what lies about.
pub(crate) const COPY: &str = "cp -r \"$TMPDIR\" ../tmp ../home ../copies 2>/dev/null; true";

fn below(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        into.push(("a name".to_owned(), entry.file_name().into_vec()));
        if entry.file_type().unwrap().is_dir() {
            below(&path, into);
        } else {
            into.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
        }
    }
}

/// Everything that proofmark wrote or said, payloads decoded.
fn left(place: &Place, said: &Said) -> Vec<(String, Vec<u8>)> {
    let mut all =
        vec![("stdout".into(), said.out.clone()), ("stderr".into(), said.err.clone().into())];
    for folder in ["home", "tmp", "copies"] {
        below(&place.outside(folder), &mut all);
    }
    for name in place.names().iter().filter(|name| name.contains("proofmark.")) {
        all.push((name.clone(), place.read(name)));
        if name == EVIDENCE {
            let payloads = lines(&place.at(name)).iter().map(payload).collect::<Vec<_>>();
            all.push((format!("payloads of {name}"), payloads.concat()));
        }
    }
    all
}

#[track_caller]
pub(crate) fn nothing_shows(place: &Place, said: &Said) {
    for (name, bytes) in left(place, said) {
        nothing_in(&name, &bytes);
    }
}

#[track_caller]
pub(crate) fn nothing_in(name: &str, bytes: &[u8]) {
    let caught = NET.caught(bytes);
    let some = &caught[..caught.len().min(12)];
    assert!(caught.is_empty(), "in {name}: {} such as {some:?}", caught.len());
}

/// The evidence, shown in both ways.
#[track_caller]
fn inspected(place: &Place) {
    for arguments in [&["inspect", EVIDENCE][..], &["inspect", "--format", "json", EVIDENCE]] {
        let said = place.call(arguments).at_home(place).exits(0);
        nothing_shows(place, &said);
    }
}

#[test]
fn values_of_variables_that_were_asked_for() {
    let place = Place::new();
    let names: Vec<_> = (0..ALL.len()).map(|i| format!("SETTING_{i}")).collect();
    let flags: Vec<_> = names.iter().flat_map(|name| ["--env", name.as_str()]).collect();
    let call = names.iter().zip(ALL.iter()).fold(
        place.run(&[&["-a", "a"][..], &flags].concat(), &format!("echo >a; {COPY}")),
        |call, (name, one)| call.var(name, &one.text),
    );
    let said = call.at_home(&place).exits(0);
    nothing_shows(&place, &said);
    inspected(&place);
    let found = place.evidence()["redactions"].to_string();
    for name in &names {
        assert!(found.contains(&format!("variable {name}\"")), "{name}");
    }
}

#[test]
fn what_variables_tell_is_secret_in_every_spelling_everywhere() {
    let place = Place::new();
    let mut line = "echo >a; :".to_owned();
    for secret in secrets() {
        line.push_str(&format!(
            " x{}y {}",
            hex::encode(secret),
            STANDARD.encode(format!("u:{secret}"))
        ));
    }
    let mut call = place.run(&["-a", "a", "--env", "COPY_0", "--env", "COPY_1"], &line);
    for (i, secret) in secrets().enumerate() {
        call = call.var(format!("A_{i}_TOKEN"), secret).var(format!("PROOFMARK_X_{i}"), secret);
        call = call.var(format!("COPY_{i}"), STANDARD.encode(format!("ab{secret}")));
    }
    let said = call.at_home(&place).exits(0);
    nothing_shows(&place, &said);
}

#[test]
fn names_of_variables() {
    let place = Place::new();
    let call = texts()
        .filter(|text| !text.contains('='))
        .fold(place.run(&["-a", "a"], "echo >a"), |call, text| {
            call.var(text, "1").var(format!("LC_{text}"), "1")
        });
    nothing_shows(&place, &call.at_home(&place).exits(0));
}

#[test]
fn arguments_of_the_command() {
    let place = Place::new();
    let key = place.key(1);
    let mut arguments = ["run", "--key", &key, "--", "sh", "-c", COPY].map(str::to_owned).to_vec();
    for one in ALL.iter() {
        arguments.extend([one.text.clone(), format!("--setting={}", one.text)]);
        for secret in &one.secrets {
            arguments.extend(["--password".to_owned(), secret.clone()]);
            arguments.push(format!("--api-token={secret}"));
            arguments.push(format!("https://me:{}@example.com/x", escaped(secret)));
            arguments.push(format!("https://example.com/x?access_token={}", escaped(secret)));
            arguments.extend(["mysql".to_owned(), format!("-p{secret}")]);
        }
    }
    let said = place.call(&arguments).at_home(&place).exits(0);
    nothing_shows(&place, &said);
    inspected(&place);
}

#[test]
fn lines_for_a_shell() {
    let place = Place::new();
    // A private key is refused before anything is run.
    let refused = ["PRIVATE KEY", concat!("MC4CAQAw", "BQYDK2Vw")];
    let lines = ALL.iter().filter(|one| !refused.iter().any(|sign| one.text.contains(sign)));
    let quoted: Vec<_> =
        lines.map(|one| format!(": '{}'\n", one.text.replace('\'', "'\\''"))).collect();
    for some in quoted.chunks(60) {
        let key = place.key(1);
        let said = place
            .call(&["run", "--force", "--key", &key, "--shell", &some.concat()])
            .at_home(&place)
            .exits(0);
        nothing_shows(&place, &said);
    }
}

/// Files named like credentials, also beside bytes that aren't UTF-8.
pub(crate) fn odd_files(place: &Place) {
    for (i, name) in file_names().enumerate() {
        place.write(format!("in/{name}"), "1");
        place.write(format!("in/{i}/{name}/x"), "2");
        let raw = [name.as_bytes(), b"\xff"].concat();
        place.write(Path::new("in").join(OsString::from_vec(raw)), "3");
    }
}

#[test]
fn names_of_files() {
    let place = Place::new();
    odd_files(&place);
    // A repository, in which all of them are dirty or tracked.
    place.repository("https://example.com/o/r.git");
    let line = format!("cp -r in out && rm -r in && echo >a; {COPY}");
    let said = place.run(&["-a", "a", "--exclude", "../copies"], "true").go();
    assert_eq!(said.code, Some(125), "{}", said.err);
    let said = place.run(&["-a", "a"], &line).at_home(&place).exits(0);
    nothing_shows(&place, &said);
    let evidence = place.evidence();
    for part in ["inputs", "outputs"] {
        let files = evidence[part]["value"]["files"].as_array().unwrap();
        assert!(files.len() >= 3 * file_names().count(), "{}", files.len());
        assert!(files.iter().all(|file| file["sha256"].is_string()), "the digests stay");
        let found = evidence["redactions"].to_string();
        assert!(found.contains(&format!("\"{part}.files\"")), "{found}");
    }
    inspected(&place);
    let key = place.public(1);
    nothing_shows(&place, &place.call(&["verify", "--key", &key, "a"]).at_home(&place).exits(0));
}

#[test]
fn inputs_of_what_is_attested() {
    let place = Place::new();
    odd_files(&place);
    place.write("a", "1");
    let key = place.key(1);
    let said = place.call(&["attest", "--key", &key, "-i", "in", "a"]).at_home(&place).exits(0);
    nothing_shows(&place, &said);
}

#[test]
fn files_that_are_named_like_credentials_are_no_artefacts() {
    for name in file_names().step_by(23) {
        let place = Place::new();
        let key = place.key(1);
        let said = place.run(&["-a", "*"], &format!("echo >'{name}'")).at_home(&place).exits(125);
        nothing_shows(&place, &said.tells("looks like a credential"));
        place.write(name, "1");
        for arguments in [
            &["attest", "--force", "--key", &key, "./"][..],
            &["attest", "--force", "--key", &key, &format!("./{name}")],
        ] {
            let said = place.call(arguments).at_home(&place).exits(1);
            nothing_shows(&place, &said.tells("looks like a credential"));
        }
        place.write("a", "1");
        let named = format!("a={name}");
        if !name.contains(['=', '\\', '\n', ':']) {
            let said = place.run(&["--force", "-a", &named], "true").at_home(&place).exits(125);
            nothing_shows(&place, &said.tells("looks like a credential"));
        }
    }
}

#[test]
fn names_of_folders_and_patterns() {
    let place = Place::new();
    let plain =
        |text: &&str| !text.contains(['*', '?', '[', ']', '{', '}', '\\', '/', '\n', '"', '!']);
    let flags: Vec<_> =
        file_names().filter(plain).map(|name| format!("--exclude={name}")).collect();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    assert!(flags.len() > 100);
    let name = file_names().find(plain).unwrap();
    fs::create_dir(place.at(name)).unwrap();
    let out = format!("../{name}/{EVIDENCE}");
    let key = place.beside(&format!("tree/{name}/{name}.pem"));
    fs::copy(place.key(1), &key).unwrap();
    let fixed = ["run", "--root", "..", "--key", &key, "-o", &out, "-a", "a"];
    let said = place
        .call(&[&fixed[..], &flags, &["--", "sh", "-c", "echo >a"]].concat())
        .inside(place.at(name))
        .var("PATH", format!("/usr/bin:/bin:/opt/{name}"))
        .at_home(&place)
        .exits(0);
    fs::rename(place.at(format!("{name}/{EVIDENCE}")), place.at(EVIDENCE)).unwrap();
    let sections = "proofmark.sections.jsonl";
    let _ = fs::rename(place.at(format!("{name}/{sections}")), place.at(sections));
    nothing_shows(&place, &said);
}

#[test]
fn submodules_and_git_s_configuration() {
    let place = Place::new();
    place.write("a.txt", "1");
    let commit = place.repository("https://example.com/o/r.git");
    let repository = git2::Repository::open(place.at("")).unwrap();
    let mut index = repository.index().unwrap();
    let mut modules = String::new();
    for (i, secret) in secrets().enumerate() {
        let path = format!("sub/{i}");
        let url = match i % 3 {
            0 => format!("https://me:{}@example.com/o/r.git", escaped(secret)),
            1 => format!("https://{}@example.com/o/r.git", escaped(secret)),
            _ => format!("https://example.com/o/r.git?private_token={}", escaped(secret)),
        };
        modules.push_str(&format!("[submodule \"{path}\"]\n\tpath = {path}\n\turl = {url}\n"));
        let entry = git2::IndexEntry {
            ctime: git2::IndexTime::new(0, 0),
            mtime: git2::IndexTime::new(0, 0),
            dev: 0,
            ino: 0,
            mode: 0o160_000,
            uid: 0,
            gid: 0,
            file_size: 0,
            id: git2::Oid::from_str(&commit).unwrap(),
            flags: 0,
            flags_extended: 0,
            path: path.into_bytes(),
        };
        index.add(&entry).unwrap();
    }
    place.write(".gitmodules", modules);
    index.add_path(Path::new(".gitmodules")).unwrap();
    index.write().unwrap();
    // Configuration that carries credentials, or leads to them.
    let mut config = fs::read_to_string(place.at(".git/config")).unwrap();
    for (i, secret) in secrets().enumerate() {
        let base = format!("https://me:{}@example.com/{i}/", escaped(secret));
        let mut set = |section: &str, of: &str, name: &str, value: &str| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            config.push_str(&format!("[{section} \"{of}\"]\n\t{name} = \"{value}\"\n"));
        };
        set("url", &base, "insteadOf", &format!("https://x{i}/"));
        let header = format!("AUTHORIZATION: basic {}", STANDARD.encode(format!("x:{secret}")));
        set("http", &format!("https://h{i}/"), "extraHeader", &header);
        let helper = format!("!f() {{ echo password={secret}; }}; f");
        set("credential", &format!("https://h{i}/"), "helper", &helper);
        set("filter", &format!("f{i}"), "clean", &format!("x --password {secret}"));
    }
    place.write(".git/config", config);
    nothing_shows(&place, &place.run(&[], COPY).at_home(&place).exits(0));
    let submodules = &place.evidence()["source"]["value"]["submodules"];
    assert_eq!(submodules.as_array().unwrap().len(), secrets().count());
    inspected(&place);
}

#[test]
fn the_url_of_the_remote() {
    let place = Place::new();
    place.write("a.txt", "1");
    place.repository("https://example.com/o/r.git");
    let repository = git2::Repository::open(place.at("")).unwrap();
    for (i, secret) in secrets().enumerate().step_by(17) {
        let url = match i % 3 {
            0 => format!("https://me:{}@example.com/o/r.git?token={0}", escaped(secret)),
            1 => format!("https://{}@example.com/o/r.git", escaped(secret)),
            _ => format!("ssh://git:{}@example.com/o/r.git#token={0}", escaped(secret)),
        };
        repository.remote_set_url("origin", &url).unwrap();
        nothing_shows(&place, &place.run(&["--force"], "true").at_home(&place).exits(0));
    }
}

#[test]
fn branches_and_tags_and_remotes_by_name() {
    let place = Place::new();
    place.write("a.txt", "1");
    place.repository("https://example.com/o/r.git");
    let repository = git2::Repository::open(place.at("")).unwrap();
    let head = repository.head().unwrap().peel_to_commit().unwrap();
    let legal = |name: &&str| git2::Reference::is_valid_name(&format!("refs/heads/{name}"));
    let mut names = file_names().filter(legal);
    let mut rounds = 0;
    while let (Some(branch), Some(tag), Some(remote)) = (names.next(), names.next(), names.next()) {
        rounds += 1;
        if rounds % 6 != 1 {
            continue;
        }
        repository.branch(branch, &head, true).unwrap();
        repository.set_head(&format!("refs/heads/{branch}")).unwrap();
        repository.tag_lightweight(tag, head.as_object(), true).unwrap();
        let other = repository.remotes().unwrap();
        for name in other.iter().flatten().flatten().map(str::to_owned).collect::<Vec<_>>() {
            repository.remote_delete(&name).unwrap();
        }
        let _ = repository.remote(remote, "https://example.com/o/r.git");
        let said = place
            .run(&["--force"], "true")
            .vars(&[
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_REF_NAME", branch),
                ("GITHUB_HEAD_REF", tag),
            ])
            .vars(&[("GITHUB_WORKFLOW", tag), ("GITHUB_JOB", branch), ("RUNNER_NAME", remote)])
            .vars(&[(
                "GITHUB_WORKFLOW_REF",
                &format!("o/r/.github/workflows/{tag}@refs/heads/{branch}"),
            )])
            .vars(&[
                ("GITHUB_REPOSITORY", "o/r"),
                ("GITHUB_SERVER_URL", &format!("https://{tag}@h")),
            ])
            .vars(&[("GITHUB_REF", &format!("refs/heads/{branch}"))])
            .at_home(&place)
            .exits(0);
        nothing_shows(&place, &said);
        let said = place
            .run(&["--force"], "true")
            .vars(&[("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_IID", tag), ("CI_JOB_NAME", branch)])
            .vars(&[("CI_CONFIG_PATH", remote), ("CI_JOB_IMAGE", tag)])
            .at_home(&place)
            .exits(0);
        nothing_shows(&place, &said);
    }
    assert!(rounds > 20);
}

/// Names of tools that builds use, each of which answers with a credential.
const TOOLS: &[&str] = &[
    "ar", "bun", "bundle", "cargo", "cc", "clang", "cmake", "composer", "deno", "docker", "dotnet",
    "g++", "gcc", "git", "go", "gradle", "java", "javac", "ld", "make", "meson", "mvn", "ninja",
    "node", "npm", "php", "pip", "pnpm", "python", "python3", "ruby", "rustc", "swift", "tsc",
    "uv", "yarn", "zig",
];

#[test]
fn what_tools_say_and_what_lockfiles_and_settings_hold() {
    for skip in (0..ALL.len()).step_by(TOOLS.len()) {
        let place = Place::new();
        let bin = place.outside("bin");
        fs::create_dir(&bin).unwrap();
        let here = || ALL.iter().cycle().skip(skip);
        for (tool, one) in TOOLS.iter().zip(here()) {
            let text = one.text.replace('\'', "'\\''");
            fs::write(
                bin.join(tool),
                format!("#!/bin/sh\necho '{tool} 1.2.3 {text}'\necho '{text}' >&2\n"),
            )
            .unwrap();
            fs::set_permissions(bin.join(tool), PermissionsExt::from_mode(0o755)).unwrap();
        }
        lockfiles(&place, &here().take(TOOLS.len()).collect::<Vec<_>>());
        let said = place
            .run(&["-a", "a"], &format!("echo >a; {COPY}"))
            .var("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .at_home(&place)
            .exits(0);
        nothing_shows(&place, &said);
    }
}

pub(crate) fn lockfiles(place: &Place, some: &[&Credential]) {
    let (mut npm, mut cargo, mut pip, mut yarn, mut go) =
        (vec![], String::new(), String::new(), String::new(), String::new());
    for (i, one) in some.iter().enumerate() {
        let secret = &one.secrets[0];
        let (url, text) = (escaped(secret), one.text.replace('\n', " "));
        let user = format!("https://me:{url}@npm.example.com/x/-/x-1.0.0.tgz");
        let query = format!("https://npm.example.com/x-1.0.0.tgz?access_token={url}");
        npm.push((
            format!("node_modules/x{i}"),
            serde_json::json!({"version": "1.0.0", "resolved": user}),
        ));
        npm.push((
            format!("node_modules/y{i}"),
            serde_json::json!({"version": one.text, "resolved": query}),
        ));
        cargo.push_str(&format!("[[package]]\nname = \"x{i}\"\nversion = \"1.0.0\"\nsource = \"git+https://{url}@example.com/o/r?token={url}#4b825dc642cb6eb9a060e54bf8d69288fbee4904\"\n\n"));
        pip.push_str(&format!("--extra-index-url https://me:{url}@pypi.example.com/simple\nx{i}==1.0.0\ny{i} @ https://{url}@example.com/y.whl\n# {text}\n"));
        yarn.push_str(&format!("x{i}@^1.0.0:\n  version \"1.0.0\"\n  resolved \"{query}\"\n\n"));
        go.push_str(&format!("example.com/{i} v1.0.0 h1:{}=\n", "A".repeat(43)));
    }
    let npm: serde_json::Map<_, _> = npm.into_iter().collect();
    let npm = serde_json::json!({"name": "x", "lockfileVersion": 3, "packages": npm});
    place.write("package-lock.json", npm.to_string());
    place.write("Cargo.lock", format!("version = 4\n\n{cargo}"));
    place.write("requirements.txt", pip);
    place.write("yarn.lock", format!("# yarn lockfile v1\n\n{yarn}"));
    place.write("go.sum", go);
    let mut settings = String::new();
    for one in some {
        settings
            .push_str(&format!("//npm.example.com/:_authToken={}\n{}\n", one.secrets[0], one.text));
    }
    for name in
        [".npmrc", "pip.conf", ".netrc", ".cargo/credentials.toml", ".env", ".docker/config.json"]
    {
        place.write(name, &settings);
    }
}
