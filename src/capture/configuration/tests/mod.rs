//! Configurations as they are, and as somebody would write them who wants to hide something.

mod ca_bundle;

use std::path::{Path, PathBuf};

use super::git;
use crate::base::digest::Sha256;
use crate::base::file::{self, Access, Overwrite};
use crate::capture::Captured;
use crate::capture::environment::Variables;
use crate::capture::redact::Redactor;
use crate::format::evidence::GitConfiguration;
use crate::format::fact::Status;

const TOKEN: &str = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");

/// A folder with a repository in `repo`, and room beside it.
struct Fixture(tempfile::TempDir);

impl Fixture {
    /// A repository that has this `.git/config` behind what it must have.
    fn new(config: &str) -> Self {
        let fixture = Self::nothing();
        fixture.write("repo/.git/HEAD", "ref: refs/heads/main\n");
        fixture.write("repo/.git/config", &format!("[core]\nbare = false\n{config}"));
        for folder in ["objects", "refs"] {
            std::fs::create_dir(fixture.at("repo/.git").join(folder)).unwrap();
        }
        fixture
    }

    fn nothing() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(fixture.at("repo")).unwrap();
        fixture
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        self.at(path).to_str().unwrap().to_owned()
    }

    fn write(&self, path: &str, content: &str) -> PathBuf {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        file::write_bytes(&path, Overwrite::Replace, Access::Umask, content.as_bytes()).unwrap();
        path
    }

    fn hook(&self, path: &str, content: &str) {
        let path = self.write(path, content);
        executable(&path);
    }

    /// The configuration, whatever the machine and its user have: nothing but what `also` says.
    fn git(&self, also: &[(&str, &str)]) -> Captured<GitConfiguration> {
        let none = [("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")];
        let variables = Variables::new(none.iter().chain(also).copied());
        git(&self.at("repo"), &variables, &Redactor::default())
    }
}

#[cfg(unix)]
fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn executable(_: &Path) {}

fn seen(captured: &Captured<GitConfiguration>) -> &GitConfiguration {
    captured.fact.get().unwrap_or_else(|| panic!("{captured:?}"))
}

/// `scope: name (effect)`, without the variables that the fixture itself sets.
fn settings(captured: &Captured<GitConfiguration>) -> Vec<String> {
    let all = seen(captured).settings.iter();
    all.filter(|setting| !setting.name.starts_with("GIT_CONFIG_"))
        .map(|setting| format!("{}: {} ({})", setting.scope, setting.name, setting.effect))
        .collect()
}

fn values<'c>(captured: &'c Captured<GitConfiguration>, name: &str) -> &'c [String] {
    &seen(captured).values.inline().unwrap()[name]
}

fn hooks(captured: &Captured<GitConfiguration>) -> Vec<&str> {
    seen(captured).hooks.iter().map(|hook| hook.name.as_str()).collect()
}

#[test]
fn settings_of_every_scope_are_told_apart() {
    let fixture = Fixture::new("[extensions]\nworktreeConfig = true\n[core]\nsshCommand = a\n");
    fixture.write("repo/.git/config.worktree", "[core]\nsshCommand = w\n");
    fixture.write("system", "[http]\nproxy = http://proxy:3128\n");
    fixture.write(
        "global",
        "[url \"https://Mirror.example/\"]\ninsteadOf = https://a/\ninsteadOf = https://b/\n",
    );
    let (system, global) = (fixture.text("system"), fixture.text("global"));
    let captured = fixture.git(&[
        ("GIT_CONFIG_NOSYSTEM", "false"),
        ("GIT_CONFIG_SYSTEM", &system),
        ("GIT_CONFIG_GLOBAL", &global),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "protocol.ext.allow"),
        ("GIT_CONFIG_VALUE_0", "always"),
        ("GIT_CONFIG_PARAMETERS", "'http.sslVerify'='false'"),
        ("GIT_SSH_COMMAND", "ssh -F /x"),
        ("GIT_SSL_NO_VERIFY", "1"),
    ]);
    assert_eq!(
        settings(&captured),
        [
            "environment: GIT_SSH_COMMAND (runs a program)",
            "environment: GIT_SSL_NO_VERIFY (weakens TLS)",
            "environment: http.sslverify (weakens TLS)",
            "environment: protocol.ext.allow (allows what git refuses)",
            "global: url.https://Mirror.example/.insteadof (rewrites addresses)",
            "local: core.sshcommand (runs a program)",
            "system: http.proxy (goes through a proxy)",
            "worktree: core.sshcommand (runs a program)",
        ]
    );
    let rewritten = values(&captured, "global: url.https://Mirror.example/.insteadof");
    assert_eq!(rewritten, ["https://a/", "https://b/"]);
    assert_eq!(values(&captured, "worktree: core.sshcommand"), ["w"]);
    assert_eq!(captured.gaps, []);
    assert_eq!(captured.redactions, []);
}

#[test]
fn without_a_repository_the_users_settings_are_read_all_the_same() {
    let fixture = Fixture::nothing();
    fixture.write("global", "[core]\nhooksPath = /x\n");
    let captured = fixture.git(&[("GIT_CONFIG_GLOBAL", &fixture.text("global"))]);
    assert_eq!(settings(&captured), ["global: core.hookspath (runs a program)"]);
    assert!(hooks(&captured).is_empty() && captured.gaps.is_empty());
}

#[test]
fn a_repository_that_can_not_be_opened_is_a_gap() {
    let fixture = Fixture::nothing();
    fixture.write("repo/.git/config", "[core]\nsshCommand = x\n");
    let captured = fixture.git(&[]);
    assert_eq!(settings(&captured), [""; 0]);
    let reason = &captured.gaps[0].reason;
    assert!(reason.starts_with("the repository's own settings aren't known: there is a `.git`"));
}

#[test]
fn what_an_included_file_says_is_seen_and_that_it_is_included() {
    let fixture = Fixture::new("[include]\npath = ../../other\npath = ../../missing\n");
    fixture.write("other", "[filter \"x\"]\nclean = run-me\n");
    let captured = fixture.git(&[]);
    assert_eq!(
        settings(&captured),
        ["local: filter.x.clean (runs a program)", "local: include.path (reads another file)",]
    );
    assert_eq!(values(&captured, "local: include.path"), ["../../other", "../../missing"]);
}

#[test]
fn no_secret_gets_out_by_a_name_or_a_value() {
    let basic = "QUtJQTpodW50ZXIyLWh1bnRlcjItaHVudGVyMg==";
    let password = "correct-horse-9";
    let config = format!(
        r#"
        [http "https://host/"]
            extraheader = AUTHORIZATION: basic {basic}
            extraheader = X-Harmless: {password}
            proxy = http://user:{password}@proxy:3128
            cookieFile = /home/x/.cookies
        [http]
            extraheader = PRIVATE-TOKEN: {password}
            proxy = user:{password}@proxy:3128
        [url "https://x-access-token:{TOKEN}@github.com/"]
            insteadOf = https://github.com/
        [url "https://{password}@example.com/"]
            insteadOf = https://user:{password}@example.org/
        [credential]
            helper = "!f() {{ echo username=x; echo password={password}; }}; f"
            helper = "!gh auth git-credential"
        [credential "https://user:{password}@host"]
            helper = store --file /x
        [core]
            sshCommand = SSHPASS={TOKEN} sshpass -e ssh
            gitProxy = x --password {password}
        [alias]
            a = "!curl -H 'Authorization: Bearer {password}' https://x/?token={password}"
            {TOKEN} = !id
        [remote "{TOKEN}"]
            proxy = socks5://user:{password}@proxy
        "#,
        TOKEN = TOKEN.replace('_', "-"),
    );
    // A name of an alias takes no underscore; there a token of another make.
    let config = config
        .replace(&TOKEN.replace('_', "-"), TOKEN)
        .replace(&format!("{TOKEN} = !id"), "glpat-0123456789abcdefghij = !id");
    let fixture = Fixture::new(&config);
    let parameters = format!("'http.https://other/.extraheader=AUTHORIZATION: basic {basic}'");
    let captured = fixture.git(&[
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "http.extraHeader"),
        ("GIT_CONFIG_VALUE_0", password),
        ("GIT_CONFIG_PARAMETERS", &parameters),
        ("HTTPS_PROXY", "http://user:correct-horse-9@proxy:1"),
        ("https_proxy", "user:correct-horse-9@proxy:1"),
    ]);
    assert!(captured.gaps.is_empty(), "{:?}", captured.gaps);
    let text = format!("{captured:?}{}", serde_json::to_string(&captured.fact).unwrap());
    for secret in [basic, password, "0123456789abcdefghij", "hunter2", "aHVudGVyMi"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let mark = "[withheld: authorization]";
    assert_eq!(values(&captured, "local: http.https://host/.extraheader"), [mark, mark]);
    assert_eq!(values(&captured, "local: credential.helper"), [mark, "!gh auth git-credential"]);
    assert_eq!(values(&captured, "local: http.https://host/.cookiefile"), ["/home/x/.cookies"]);
    let places: Vec<_> =
        captured.redactions.iter().map(|withheld| withheld.place.as_str()).collect();
    for place in ["git setting http.extraheader", "name of a git setting (url.insteadof)"] {
        assert!(places.contains(&place), "{places:?}");
    }
    // Each setting is there all the same.
    let names = settings(&captured);
    assert_eq!(names.iter().filter(|name| name.contains("insteadof")).count(), 2, "{names:?}");
    assert!(names.contains(&"environment: http.extraheader (sends credentials)".to_owned()));
}

#[test]
fn what_variables_know_as_secret_is_withheld_in_settings_too() {
    let fixture = Fixture::new("[core]\nsshCommand = ssh -l plain-but-secret\n");
    let variables =
        Variables::new([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")]);
    let redactor = Redactor::new(["plain-but-secret".to_owned()]);
    let captured = git(&fixture.at("repo"), &variables, &redactor);
    assert_eq!(values(&captured, "local: core.sshcommand"), ["ssh -l [withheld: known-secret]"]);
}

#[test]
fn a_flood_of_settings_neither_fills_the_evidence_nor_hides_another() {
    let mut config = String::new();
    for n in 0..20_000 {
        config.push_str(&format!("[url \"https://{n}/\"]\ninsteadOf = {n}\n"));
    }
    config.push_str("[core]\nsshCommand = x\nhooksPath = hooks\n");
    let fixture = Fixture::new(&config);
    fixture.hook("repo/hooks/pre-commit", "#!/bin/sh\n");
    let captured = fixture.git(&[]);
    let names = settings(&captured);
    assert_eq!(names.len(), 128 + 2);
    assert!(names.contains(&"local: core.sshcommand (runs a program)".to_owned()));
    assert_eq!(hooks(&captured), ["pre-commit"]);
    assert_eq!(
        captured.gaps[0].reason,
        "19872 settings were left out: 128 of each effect and scope are listed"
    );
}

#[test]
fn names_and_values_are_cut_and_can_not_repaint_a_terminal() {
    let long = "x".repeat(100_000);
    let fixture = Fixture::new(&format!(
        "[url \"{long}\"]\ninsteadOf = {long}\n[filter \"\u{1b}[2J\u{202e}\"]\nclean = \u{1b}]0 x\u{7}\n"
    ));
    let captured = fixture.git(&[]);
    let names = settings(&captured);
    assert_eq!(names[0], "local: filter.\\u{1b}[2J\\u{202e}.clean (runs a program)");
    assert!(names[1].len() < 400 && names.len() == 2);
    let values = seen(&captured).values.inline().unwrap();
    assert!(values.values().flatten().all(|value| value.len() <= 1024));
    assert_eq!(values["local: filter.\\u{1b}[2J\\u{202e}.clean"], ["\\u{1b}]0 x\\u{7}"]);
}

#[test]
fn a_secret_is_withheld_where_it_would_be_cut() {
    let fixture = Fixture::new(&format!("[core]\nsshCommand = {} {TOKEN}\n", "x ".repeat(500)));
    let captured = fixture.git(&[]);
    assert!(!values(&captured, "local: core.sshcommand")[0].contains("ghp"));
}

#[test]
fn variables_that_git_itself_would_refuse_are_gaps() {
    for (name, value) in [("GIT_CONFIG_COUNT", "5"), ("GIT_CONFIG_PARAMETERS", "'x")] {
        let captured = Fixture::new("").git(&[(name, value)]);
        assert_eq!(captured.gaps.len(), 1, "{name}");
        assert_eq!(captured.fact.status, Status::Observed);
    }
    let captured = Fixture::new("").git(&[("GIT_CONFIG_GLOBAL", "/")]);
    assert_eq!(
        captured.gaps[0].reason,
        "the file that GIT_CONFIG_GLOBAL names can't be read: it isn't a regular file"
    );
}

#[cfg(unix)]
#[test]
fn hooks_that_git_would_run_are_named_with_their_digests() {
    let fixture = Fixture::new("");
    fixture.hook("repo/.git/hooks/pre-commit", "#!/bin/sh\n");
    fixture.hook("repo/.git/hooks/post-checkout.sample", "x");
    fixture.hook("repo/.git/hooks/not-a-hook", "x");
    fixture.write("repo/.git/hooks/pre-push", "not executable");
    fixture.hook("real", "y");
    std::os::unix::fs::symlink(fixture.at("real"), fixture.at("repo/.git/hooks/post-checkout"))
        .unwrap();
    std::os::unix::fs::symlink("nowhere", fixture.at("repo/.git/hooks/update")).unwrap();
    std::fs::create_dir(fixture.at("repo/.git/hooks/post-merge")).unwrap();
    let captured = fixture.git(&[]);
    let found: Vec<_> =
        seen(&captured).hooks.iter().map(|hook| (hook.name.as_str(), hook.sha256)).collect();
    let digest = |content: &[u8]| Some(Sha256::of(content));
    assert_eq!(found, [("post-checkout", digest(b"y")), ("pre-commit", digest(b"#!/bin/sh\n"))]);
    assert_eq!(captured.gaps, []);
}

#[cfg(unix)]
#[test]
fn hooks_are_looked_for_where_the_strongest_setting_says() {
    let fixture = Fixture::new("[core]\nhooksPath = wrong\nhooksPath = in-tree\n");
    fixture.hook("repo/.git/hooks/pre-commit", "a");
    fixture.hook("repo/in-tree/pre-push", "b");
    fixture.hook("home/mine/commit-msg", "c");
    fixture.write("global", "[core]\nhooksPath = ~/mine\n");
    assert_eq!(hooks(&fixture.git(&[])), ["pre-push"]);
    let given = |path: &str| {
        let (home, global) = (fixture.text("home"), fixture.text("global"));
        fixture.git(&[
            ("HOME", &home),
            ("GIT_CONFIG_GLOBAL", &global),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "core.hooksPath"),
            ("GIT_CONFIG_VALUE_0", path),
        ])
    };
    assert_eq!(hooks(&given("~/mine")), ["commit-msg"]);
    assert_eq!(hooks(&given(&fixture.text("repo/.git/hooks"))), ["pre-commit"]);
    assert_eq!(hooks(&given("/dev/null")), [""; 0]);
    for odd in ["~other/x", "%(prefix)/x"] {
        let captured = given(odd);
        assert_eq!(hooks(&captured), [""; 0]);
        assert_eq!(captured.gaps[0].reason, "core.hooksPath is a place that only git can work out");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_hook_that_is_a_fifo_or_too_large_is_named_without_a_digest() {
    let fixture = Fixture::new("");
    fixture.hook("repo/.git/hooks/pre-commit", "");
    let large = fixture.at("repo/.git/hooks/pre-commit");
    std::fs::OpenOptions::new().write(true).open(large).unwrap().set_len((16 << 20) + 1).unwrap();
    fifo(&fixture.at("repo/.git/hooks/pre-push"));
    let captured = fixture.git(&[]);
    assert_eq!(hooks(&captured), ["pre-commit", "pre-push"]);
    assert!(seen(&captured).hooks.iter().all(|hook| hook.sha256.is_none()));
    assert_eq!(captured.gaps.len(), 2);
}

#[cfg(target_os = "linux")]
fn fifo(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).unwrap();
}
