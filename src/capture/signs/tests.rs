//! Machines made of folders, hostile ones too.
#![expect(clippy::disallowed_methods, reason = "a test's own files")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::places::{FILES, VARIABLES};
use super::writable::By;
use super::*;
use crate::base::access::Rights;
use crate::base::digest::Sha256;
use crate::format::evidence::{ToolPath, WritableByOthers};
use crate::format::fact::Sealable;

/// `system`, `home` and `tree`, empty.
struct Machine {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["system", "home", "tree"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let machine = Self { folder, variables: Vec::new() };
        // Whatever the umask is, the group of who runs the tests is theirs alone.
        let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
        machine.file("system/etc/passwd", format!("own:x:{}:{}::/:\n", uid.as_raw(), gid.as_raw()));
        machine.file("system/etc/group", format!("own:x:{}:\n", gid.as_raw()));
        machine
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn captured(&self) -> Captured<Signs> {
        let variables = Variables::new(self.variables.iter().cloned());
        let (system, home, root) = (self.at("system"), self.at("home"), self.at("tree"));
        let redactor = Redactor::new(Vec::new());
        let (home, variables, redactor) = (Some(home.as_path()), &variables, &redactor);
        Look { system: &system, home, root: &root, variables, redactor }.capture()
    }

    fn signs(&self) -> Signs {
        self.captured().fact.value.unwrap()
    }

    fn credentials(&self) -> Vec<String> {
        self.signs().credentials.into_iter().map(|c| format!("{} {}", c.kind, c.name)).collect()
    }

    fn writable(&self) -> Vec<WritableByOthers> {
        self.signs().writable_by_others
    }

    fn gaps(&self, part: &str) -> Vec<String> {
        let part = format!("{PART}.{part}");
        let gaps = self.captured().gaps.into_iter().filter(|gap| gap.part == part);
        gaps.map(|gap| gap.reason).collect()
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn counted(what: &str, by: &str, count: u64) -> WritableByOthers {
    WritableByOthers { what: what.to_owned(), by: by.to_owned(), count }
}

const ID: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn the_machine_is_known_again_and_its_id_is_nowhere() {
    let machine = Machine::new();
    machine.file("system/etc/machine-id", format!("{ID}\n"));
    let signs = machine.signs();
    let known = signs.machine.clone().unwrap();
    assert_eq!(known.len(), 32);
    assert_eq!(Some(&known), machine.signs().machine.as_ref());
    assert!(!Sha256::of(ID.as_bytes()).to_string().contains(&known));
    let text = format!("{signs:?}");
    assert!(!text.contains(ID) && !text.contains(&ID[..16]));
    let other = Machine::new();
    other.file("system/var/lib/dbus/machine-id", ID.replace('0', "1"));
    assert_ne!(other.signs().machine.unwrap(), known);
    assert!(Redactor::new(Vec::new()).scrub(&known).rules.is_empty(), "it comes through the door");
}

#[test]
fn what_is_no_machine_id_is_none() {
    for text in ["", "\n", "uninitialized\n"] {
        let machine = Machine::new();
        machine.file("system/etc/machine-id", text);
        assert_eq!((machine.signs().machine, machine.gaps("machine").len()), (None, 0), "{text:?}");
    }
    let zeros = "0".repeat(32);
    for bytes in [&b"\xff\0\x1b[2J"[..], b"0123", zeros.as_bytes(), &ID.as_bytes()[1..]] {
        let machine = Machine::new();
        machine.file("system/etc/machine-id", bytes);
        assert_eq!((machine.signs().machine, machine.gaps("machine").len()), (None, 1));
    }
    let machine = Machine::new();
    machine.file("system/etc/machine-id", "x");
    let file = fs::File::options().write(true).open(machine.at("system/etc/machine-id")).unwrap();
    file.set_len(1 << 30).unwrap();
    assert_eq!(machine.signs().machine, None);
    assert!(machine.gaps("machine")[0].contains("larger than"));
    fs::remove_file(machine.at("system/etc/machine-id")).unwrap();
    symlink("/dev/zero", machine.at("system/etc/machine-id")).unwrap();
    assert!(machine.gaps("machine")[0].contains("isn't a regular file"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_boot_is_told_by_the_kernel_or_is_a_gap() {
    let machine = Machine::new();
    assert_eq!((machine.signs().booted, machine.gaps("booted").len()), (None, 1));
    machine.file("system/proc/stat", "cpu 1 2\nbtime 1700000000\nprocesses 1\n");
    assert_eq!(machine.signs().booted.unwrap().to_string(), "2023-11-14T22:13:20Z");
    machine.file("system/proc/stat", "btime soon\n");
    assert_eq!((machine.signs().booted, machine.gaps("booted").len()), (None, 1));
}

#[test]
fn a_folder_that_all_can_write_to_is_counted_and_its_path_kept_apart() {
    let machine = Machine::new();
    fs::create_dir(machine.at("closed")).unwrap();
    fs::create_dir(machine.at("open")).unwrap();
    let path = format!("{}:{0}:{}", machine.text("open"), machine.text("closed"));
    let machine = machine.var("PATH", &path);
    assert_eq!(machine.writable(), []);
    mode(&machine.at("open"), 0o1777);
    mode(&machine.at("tree"), 0o777);
    assert_eq!(machine.writable(), [counted("PATH", "all", 1), counted("root", "all", 1)]);
    let paths = machine.signs().writable_paths;
    let paths = paths.inline().unwrap();
    assert_eq!(paths[..], [machine.text("open"), machine.text("tree")], "each once, sorted");
}

#[test]
fn a_folder_above_lets_others_exchange_what_is_below_unless_it_is_sticky() {
    let machine = Machine::new();
    let machine = machine.var("PATH", "");
    for name in ["above/bin", "above/deep/bin"] {
        fs::create_dir_all(machine.at(name)).unwrap();
    }
    let path = format!("{}:{}", machine.text("above/bin"), machine.text("above/deep/bin"));
    let machine = machine.var("PATH", &path);
    mode(&machine.at("above"), 0o777);
    assert_eq!(machine.writable(), [counted("PATH", "all", 2)]);
    mode(&machine.at("above"), 0o1777);
    assert_eq!(machine.writable(), []);
}

#[test]
fn what_a_link_lies_in_and_what_is_not_there_yet_count_too() {
    let machine = Machine::new();
    for name in ["open", "bin", "sticky"] {
        fs::create_dir(machine.at(name)).unwrap();
    }
    symlink("../bin", machine.at("open/link")).unwrap();
    symlink(machine.at("open/link"), machine.at("outer")).unwrap();
    let machine = machine.var("PATH", "");
    let path =
        |names: &[&str]| names.iter().map(|name| machine.text(name)).collect::<Vec<_>>().join(":");
    let names = path(&["outer", "bin", "sticky/none/bin", "none/bin"]);
    let machine = machine.var("PATH", &names);
    assert_eq!(machine.writable(), []);
    mode(&machine.at("open"), 0o777);
    assert_eq!(machine.writable(), [counted("PATH", "all", 1)]);
    // Nobody can exchange what is in a sticky folder, and anybody can make what isn't.
    mode(&machine.at("sticky"), 0o1777);
    assert_eq!(machine.writable(), [counted("PATH", "all", 2)]);
}

#[test]
fn links_in_a_circle_and_paths_without_an_end_are_not_known() {
    let machine = Machine::new();
    symlink("b", machine.at("a")).unwrap();
    symlink("a", machine.at("b")).unwrap();
    let long = format!("{}{}", machine.text("tree"), "/..".repeat(2000));
    let path = format!("{}:{long}", machine.text("a"));
    let machine = machine.var("PATH", &path);
    assert_eq!(machine.writable(), []);
    let gaps = machine.gaps("writable_by_others");
    assert!(gaps.iter().any(|gap| gap.contains("2 paths")), "{gaps:?}");
}

#[test]
fn a_path_of_ten_thousand_entries_is_looked_at_in_part_and_says_so() {
    let entries: Vec<_> = (0..10_000).map(|n| format!("/nonexistent/{n}")).collect();
    let machine = Machine::new().var("PATH", &entries.join(":"));
    let gaps = machine.gaps("writable_by_others");
    assert!(gaps.iter().any(|gap| gap.contains("more than 256 entries")), "{gaps:?}");
    assert_eq!(machine.signs().writable_paths.inline().unwrap().len(), 0);
}

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nbuild:x:1000:1000::/home/b:/bin/sh\n\
    other:x:1001:50::/:/bin/sh\nbroken:x\nno:x:number:7::/:\n";
const GROUP: &str = "root:x:0:\nbuild:x:1000:\nstaff:x:20:build,root\ndocker:x:30:build,other\n\
    others:x:50:\nmade:x:60:stranger\nshort:x\n";

#[test]
fn a_group_counts_unless_it_is_the_users_alone() {
    let accounts = Accounts::new(1000, PASSWD, GROUP);
    let who = |group: u32| {
        let found = Rights { owner: 1000, group, mode: 0o775 };
        accounts.writes_to(found)
    };
    for own in [0, 20, 1000] {
        assert_eq!(who(own), None, "{own}");
    }
    for shared in [30, 50, 60, 4711] {
        assert_eq!(who(shared), Some(By::Group), "{shared}");
    }
    assert_eq!(
        Accounts::new(1000, "", "").writes_to(Rights { owner: 0, group: 0, mode: 0o775 }),
        Some(By::Group)
    );
}

#[test]
fn what_is_anothers_is_writable_by_its_owner_but_root_is_nobodys_other() {
    let accounts = Accounts::new(1000, PASSWD, GROUP);
    let rights = |owner, mode| Rights { owner, group: 1000, mode };
    assert_eq!(accounts.writes_to(rights(1001, 0o755)), Some(By::Owner));
    assert_eq!(accounts.writes_to(rights(0, 0o755)), None);
    assert_eq!(accounts.writes_to(rights(1001, 0o757)), Some(By::All));
    let sticky = rights(0, 0o1777);
    assert_eq!(accounts.exchanges(sticky, rights(1000, 0o755)), None);
    assert_eq!(accounts.exchanges(sticky, rights(1001, 0o755)), Some(By::Owner));
    assert_eq!(accounts.exchanges(rights(1001, 0o1777), rights(0, 0o755)), Some(By::Owner));
    assert_eq!(widest(Ok(Some(By::Owner)), Ok(Some(By::All))), Ok(Some(By::All)));
    assert_eq!(widest(Err(()), Ok(None)), Err(()));
}

#[test]
fn the_tools_files_are_added_once_they_are_known() {
    let machine = Machine::new();
    let (open, closed) = (machine.file("bin/cc", ""), machine.file("bin/ld", ""));
    mode(&open, 0o777);
    mode(&closed, 0o755);
    let tool = |path: &Path| ToolPath {
        found: path.to_str().unwrap().to_owned(),
        file: path.to_str().unwrap().to_owned(),
    };
    let mut paths = std::collections::BTreeMap::new();
    for (name, path) in [("cc", &open), ("gcc", &open), ("ld", &closed)] {
        paths.insert(name.to_owned(), tool(path));
    }
    paths.insert("make".to_owned(), tool(Path::new("/[withheld: token]/make")));
    let tools = Tools { list: Vec::new(), paths: Sealable::Inline(paths) };
    let (mut fact, mut gaps) = (machine.captured().fact, Vec::new());
    note_tools(&mut fact, Some(&tools), &mut gaps);
    let signs = fact.value.unwrap();
    assert_eq!(signs.writable_by_others, [counted("tool", "all", 1)]);
    assert_eq!(signs.writable_paths.inline().unwrap()[..], [open.to_str().unwrap()]);
    assert!(gaps[0].reason.contains("1 path"), "{gaps:?}");
    let mut nothing = Fact::unavailable(Basis::Read, "x");
    note_tools(&mut nothing, Some(&tools), &mut gaps);
    assert!(nothing.value.is_none());
}

#[test]
fn credentials_are_named_and_those_that_end_with_the_job_are_not() {
    let machine = Machine::new()
        .var("AWS_ACCESS_KEY_ID", "a")
        .var("CARGO_REGISTRIES_INNER_TOKEN", "b")
        .var("NPM_TOKEN", "")
        .var("TF_TOKEN_app_terraform_io", "c")
        .var("VAULT_TOKEN", "d");
    let expected = [
        "variable AWS_ACCESS_KEY_ID",
        "variable CARGO_REGISTRIES_INNER_TOKEN",
        "variable TF_TOKEN_app_terraform_io",
        "variable VAULT_TOKEN",
    ];
    assert_eq!(machine.credentials(), expected, "an empty one is none");
    let machine = machine.var("AWS_SESSION_TOKEN", "e");
    assert_eq!(machine.credentials(), expected[1..]);
}

#[test]
fn a_file_of_googles_counts_unless_it_refers_to_the_jobs_own_identity() {
    let machine = Machine::new();
    let path = machine.file("key.json", r#"{"type":"service_account","private_key":"x"}"#);
    let machine = machine.var("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap());
    let expected = ["variable GOOGLE_APPLICATION_CREDENTIALS"];
    assert_eq!(machine.credentials(), expected);
    machine.file("key.json", "{".repeat(100_000));
    assert_eq!(machine.credentials(), expected);
    machine.file("key.json", r#"{"type":"external_account"}"#);
    assert_eq!(machine.credentials(), [""; 0]);
}

#[test]
fn files_below_the_home_are_named_and_nothing_of_them_leaves() {
    let machine = Machine::new();
    let secret = "s3cr3t-0f-the-house";
    for (name, content) in [
        ("home/.aws/credentials", format!("[default]\naws_secret_access_key={secret}")),
        ("home/.cargo/credentials.toml", format!("token = \"{secret}\"")),
        ("home/.docker/config.json", format!(r#"{{"auths":{{"ghcr.io":{{"auth":"{secret}"}}}}}}"#)),
        ("home/.git-credentials", format!("https://u:{secret}@example.org")),
        ("home/.npmrc", format!("//registry.npmjs.org/:_authToken={secret}\n")),
        ("home/.pypirc", format!("[pypi]\nusername = u\npassword = {secret}\n")),
        ("home/.ssh/deploy", format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{secret}\n")),
        ("home/.ssh/id_rsa.pub", format!("ssh-rsa {secret}")),
        ("home/.ssh/known_hosts", "example.org ssh-rsa AAAA".to_owned()),
        ("home/.gnupg/private-keys-v1.d/A.key", format!("(21:protected-private-key{secret}")),
    ] {
        machine.file(name, content);
    }
    let expected = [
        "file .aws/credentials",
        "file .cargo/credentials.toml",
        "file .docker/config.json",
        "file .git-credentials",
        "file .gnupg/private-keys-v1.d/A.key",
        "file .npmrc",
        "file .pypirc",
        "file .ssh/deploy",
    ];
    assert_eq!(machine.credentials(), expected);
    let text = format!("{:?}", machine.captured());
    assert!(!text.contains(secret) && !text.contains("ghcr.io"), "{text}");
}

#[test]
fn settings_without_a_credential_in_them_are_none() {
    let machine = Machine::new();
    for (name, content) in [
        ("home/.docker/config.json", r#"{"auths":{"ghcr.io":{}},"credsStore":"pass"}"#),
        ("home/.npmrc", "//x/:_authToken=${NODE_AUTH_TOKEN}\n; //y/:_authToken=z\nregistry=x\n"),
        ("home/.pypirc", "[pypi]\nusername = __token__\n#password = x\npassword =\n"),
        ("home/.netrc", ""),
        ("home/.config/gh/hosts.yml", "github.com:\n    user: x\n    oauth_token: \"\"\n"),
    ] {
        machine.file(name, content);
    }
    fs::create_dir_all(machine.at("home/.kube/config")).unwrap();
    assert_eq!(machine.credentials(), [""; 0]);
}

#[test]
fn a_variable_that_moves_a_file_is_followed() {
    let machine = Machine::new();
    machine.file("moved/credentials.toml", "token = \"x\"");
    machine.file("moved/npmrc", "_auth=x");
    machine.file("home/.cargo/credentials.toml", "token = \"unused\"");
    let (cargo, npm) = (machine.text("moved"), machine.text("moved/npmrc"));
    let machine = machine.var("CARGO_HOME", &cargo).var("NPM_CONFIG_USERCONFIG", &npm);
    let expected = ["file $CARGO_HOME/credentials.toml", "file $NPM_CONFIG_USERCONFIG"];
    assert_eq!(machine.credentials(), expected);
}

#[test]
fn a_home_that_is_hostile_is_neither_waited_for_nor_believed() {
    let machine = Machine::new();
    rustix::fs::mkfifoat(rustix::fs::CWD, machine.at("home/.npmrc"), rustix::fs::Mode::RUSR)
        .unwrap();
    symlink("/dev/zero", machine.at("home/.pypirc")).unwrap();
    symlink(".netrc", machine.at("home/.netrc")).unwrap();
    let huge = machine.file("home/.docker/config.json", "{");
    fs::File::options().write(true).open(huge).unwrap().set_len(1 << 30).unwrap();
    let key = "-----BEGIN PRIVATE KEY-----\n";
    for n in 0..300 {
        machine.file(&format!("home/.ssh/{n}"), key);
    }
    machine.file("home/.gnupg/private-keys-v1.d/\u{1b}[2J\u{202e}", "Key: (");
    let found = machine.credentials();
    assert_eq!(found.len(), 256);
    assert_eq!(found[0], "file .gnupg/private-keys-v1.d/\\u{1b}[2J\\u{202e}");
    let gaps = machine.gaps("credentials");
    for part in [".docker/config.json is larger", ".ssh has more than 256", "257 were found"] {
        assert!(gaps.iter().any(|gap| gap.contains(part)), "{part}: {gaps:?}");
    }
}

#[test]
fn a_file_that_is_called_like_a_credential_is_named_without_it() {
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    let machine = Machine::new();
    machine.file(&format!("home/.ssh/{token}"), "-----BEGIN PRIVATE KEY-----\n");
    let captured = machine.captured();
    assert!(!format!("{captured:?}").contains(token));
    assert_eq!(captured.redactions.len(), 1);
}

#[test]
fn a_home_behind_a_link_is_followed_and_one_that_is_no_folder_holds_nothing() {
    let machine = Machine::new();
    machine.file("real/.netrc", "machine x");
    fs::remove_dir(machine.at("home")).unwrap();
    symlink("real", machine.at("home")).unwrap();
    assert_eq!(machine.credentials(), ["file .netrc"]);
    fs::remove_file(machine.at("home")).unwrap();
    symlink("home", machine.at("home")).unwrap();
    assert_eq!(machine.credentials(), [""; 0]);
    assert!(machine.gaps("credentials")[0].contains("home folder"), "a circle");
    let variables = Variables::default();
    let redactor = Redactor::new(Vec::new());
    let (system, root) = (machine.at("system"), machine.at("tree"));
    let look = Look {
        system: &system,
        home: None,
        root: &root,
        variables: &variables,
        redactor: &redactor,
    };
    assert!(look.capture().gaps.iter().any(|gap| gap.reason.contains("no home folder")));
}

#[test]
fn the_tables_are_sorted_and_name_nothing_twice() {
    assert!(VARIABLES.is_sorted_by(|one, two| one.0 < two.0));
    let mut names: Vec<_> = FILES.iter().map(|place| (place.folder, place.name)).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_person_at_work_shows() {
    let machine = Machine::new()
        .var("SSH_CONNECTION", "1.2.3.4 5 6.7.8.9 22")
        .var("TMUX", "/tmp/tmate-0/x,1,0")
        .var("RUNNER_DEBUG", "1")
        .var("CI_DEBUG_TRACE", "false")
        .var("USER", "../../etc")
        .var("STY", "");
    machine.file("system/tmp/tmate.sock", "");
    let variables = Variables::new(machine.variables.iter().cloned());
    let (system, redactor) = (machine.at("system"), Redactor::new(Vec::new()));
    let root = machine.at("tree");
    let look = Look {
        system: &system,
        home: None,
        root: &root,
        variables: &variables,
        redactor: &redactor,
    };
    let found = look.sessions_with(&[("standard input", true), ("standard error", false)]);
    let found: Vec<_> = found.iter().map(|s| format!("{}: {}", s.kind, s.seen_by)).collect();
    let expected = [
        "terminal: standard input",
        "ssh: variable SSH_CONNECTION",
        "tmux: variable TMUX",
        "debug logging: variable RUNNER_DEBUG",
        "tmate: variable TMUX",
        "tmate: /tmp/tmate.sock",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_runtimes_socket_is_one_that_can_be_written_to() {
    let machine = Machine::new();
    assert!(!machine.signs().runtime_socket_writable);
    fs::create_dir_all(machine.at("system/var/run")).unwrap();
    machine.file("system/var/run/docker.sock", "");
    assert!(!machine.signs().runtime_socket_writable, "a file is no socket");
    fs::remove_file(machine.at("system/var/run/docker.sock")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(machine.at("system/var/run/docker.sock"));
    assert!(machine.signs().runtime_socket_writable);
}

#[test]
fn the_build_before_is_on_this_machine_another_or_an_unknown_one() {
    let of =
        |machine: Option<&str>| Signs { machine: machine.map(str::to_owned), ..Signs::default() };
    let seen = |now: Option<&str>, before: Option<Option<&str>>| {
        let mut fact = Fact::observed(Basis::Read, of(now));
        note_seen_before(&mut fact, before.map(of).as_ref());
        fact.value.unwrap().machine_seen_before
    };
    assert_eq!(seen(Some("a"), Some(Some("a"))), Some(true));
    assert_eq!(seen(Some("a"), Some(Some("b"))), Some(false));
    for (now, before) in [(None, Some(Some("a"))), (Some("a"), Some(None)), (Some("a"), None)] {
        assert_eq!(seen(now, before), None);
    }
}
