//! `proofmark notes push`, with real repositories as remotes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::harness::{Call, Place, UNSIGNED, contains, lines, wait_until};

const NOTES: &str = "refs/notes/proofmark";

/// A repository in the tree with a commit, and a bare one that it was pushed to.
struct Clone {
    place: Place,
    commit: String,
}

impl Clone {
    fn new() -> Self {
        let place = Place::new();
        place.write("app", "app");
        let remote = place.beside("remote.git");
        let commit = place.repository(&remote);
        let clone = Self { place, commit };
        clone.git(&["init", "-q", "--bare", &remote]);
        clone.git(&["push", "-q", "origin", "main"]);
        clone
    }

    fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let vars = [
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.org"),
        ];
        let call = self.place.program("git").arguments(arguments).vars(&vars).inside(folder);
        call.exits(0).text().trim().to_owned()
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.place.at(""), arguments)
    }

    fn remote(&self, arguments: &[&str]) -> String {
        self.git_in(&self.place.outside("remote.git"), arguments)
    }

    /// Evidence of a build of the commit, signed with this key.
    fn evidence(&self, name: &str, key: u8) -> String {
        let (path, key) = (self.place.beside(name), self.place.key(key));
        self.place.call(&["attest", "-q", "--key", &key, "-o", &path, "app"]).exits(0);
        path
    }

    fn push(&self, file: &str) -> Call {
        self.place.call(&["notes", "push", file])
    }

    /// The note at the remote.
    fn note(&self) -> String {
        self.remote(&["notes", "--ref=proofmark", "show", &self.commit])
    }

    fn refs(&self) -> String {
        self.git(&["for-each-ref"])
    }

    /// A hook of the remote's.
    fn hook(&self, name: &str, body: &str) {
        script(&self.place.outside("remote.git/hooks").join(name), body);
    }
}

fn script(path: &Path, body: &str) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_owned()
}

/// Whether the note holds every line of the file, as it stands there.
#[track_caller]
fn assert_holds(note: &str, file: &str) {
    for line in fs::read_to_string(file).unwrap().lines() {
        assert_eq!(note.lines().filter(|held| *held == line).count(), 1, "{note}");
    }
}

#[test]
fn the_first_push_makes_the_note_and_moves_the_local_one() {
    let clone = Clone::new();
    let file = clone.evidence("one", 1);
    let count = lines(Path::new(&file)).len();
    let public = clone.place.public(1);
    let said = clone.push(&file).arguments(&["--trust-key", &public]).exits(0);
    said.tells(&format!("pushed {count} line"))
        .tells(&clone.commit)
        .tells("at try 1 (signatures verified)")
        .notices(0);
    assert_holds(&clone.note(), &file);
    assert_eq!(clone.git(&["rev-parse", NOTES]), clone.remote(&["rev-parse", NOTES]));
    let made = clone.git(&["log", "-1", "--format=%an <%ae>", NOTES]);
    assert_eq!(made, "proofmark <proofmark@localhost>", "no name that the user didn't give");
}

#[test]
fn a_second_build_of_the_commit_is_added_and_the_same_one_is_not() {
    let clone = Clone::new();
    let (one, two) = (clone.evidence("one", 1), clone.evidence("two", 1));
    clone.push(&one).exits(0).tells("signatures not verified: no --trust-key");
    clone.push(&two).exits(0);
    let notes = clone.remote(&["rev-parse", NOTES]);
    for _ in 0..2 {
        clone.push(&one).exits(0).tells("nothing to push");
    }
    assert_eq!(clone.remote(&["rev-parse", NOTES]), notes);
    assert_holds(&clone.note(), &one);
    assert_holds(&clone.note(), &two);
    assert_eq!(clone.remote(&["rev-list", "--count", NOTES]), "2");
}

#[test]
fn what_others_put_there_is_kept_as_it_is() {
    let clone = Clone::new();
    clone.git(&["notes", "--ref=proofmark", "add", "-m", "not { JSON \u{e4}"]);
    clone.git(&["push", "-q", "origin", NOTES]);
    let other = clone.git(&["commit-tree", "-m", "other", "HEAD^{tree}"]);
    clone.git(&["notes", "--ref=proofmark", "add", "-m", "another commit's", &other]);
    clone.git(&["push", "-q", "origin", NOTES]);
    let file = clone.evidence("one", 1);
    clone.push(&file).exits(0);
    assert!(clone.note().starts_with("not { JSON \u{e4}\n"));
    assert_holds(&clone.note(), &file);
    let kept = clone.remote(&["notes", "--ref=proofmark", "show", &other]);
    assert_eq!(kept, "another commit's");
    assert_eq!(clone.remote(&["ls-tree", "-r", NOTES]).lines().count(), 2, "one note a commit");
}

#[test]
fn two_who_push_at_once_both_succeed_and_nothing_is_lost() {
    let clone = Clone::new();
    let other = clone.place.beside("other");
    let remote = clone.place.beside("remote.git");
    clone.git(&["clone", "-q", &remote, &other]);
    let files: Vec<_> = (0..4).map(|n| clone.evidence(&n.to_string(), 1)).collect();
    for pair in files.chunks(2) {
        let here = clone.push(&pair[0]).start();
        let there = clone.push(&pair[1]).arguments(&["--root", &other]).start();
        for mut child in [here, there] {
            assert!(child.wait().unwrap().success());
        }
    }
    files.iter().for_each(|file| assert_holds(&clone.note(), file));
    assert_eq!(clone.remote(&["rev-list", "--count", NOTES]), "4");
}

#[test]
fn a_remote_that_always_moves_is_given_up_after_five_tries() {
    let clone = Clone::new();
    let file = clone.evidence("one", 1);
    let tries = clone.place.beside("tries");
    let body = format!(
        "echo x >>{tries}
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
old=$(git rev-parse -q --verify {NOTES})
git update-ref {NOTES} $(git commit-tree -m moved ${{old:+-p $old}} $(git mktree </dev/null))"
    );
    clone.hook("update", &body);
    let before = clone.refs();
    let said = clone.push(&file).exits(1);
    said.tells("changed at each of 5 tries").tells("nothing is forced");
    assert_eq!(fs::read_to_string(&tries).unwrap().lines().count(), 5);
    assert_eq!(clone.refs(), before, "nothing is left behind");
    assert_eq!(clone.remote(&["rev-list", "--count", NOTES]), "5", "only what moved it");
}

#[test]
fn a_remote_that_refuses_is_asked_once_and_its_words_are_repeated_without_secrets() {
    let clone = Clone::new();
    let file = clone.evidence("one", 1);
    let tries = clone.place.beside("tries");
    let body = format!(
        "echo x >>{tries}; printf 'see https://me:hunter2hunter2@example.org/a\\033[2J\\n' >&2; exit 1"
    );
    clone.hook("pre-receive", &body);
    let before = clone.refs();
    let said = clone.push(&file).exits(1).tells("pre-receive hook declined").tells("example.org/a");
    assert!(!said.err.contains("hunter2") && !said.err.contains('\u{1b}'), "{}", said.err);
    assert_eq!(fs::read_to_string(&tries).unwrap().lines().count(), 1);
    assert_eq!(clone.refs(), before);
}

#[test]
fn a_kill_leaves_the_repository_s_refs_as_they_were() {
    let clone = Clone::new();
    let file = clone.evidence("one", 1);
    let (started, go) = (clone.place.beside("started"), clone.place.beside("go"));
    let body = format!("touch {started}; until [ -e {go} ]; do sleep 0.02; done; exit 1");
    clone.hook("pre-receive", &body);
    let before = clone.refs();
    let mut child = clone.push(&file).start();
    wait_until("the push reaches the remote", || Path::new(&started).exists());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(clone.refs(), before);
    fs::write(&go, "").unwrap();
    fs::remove_file(clone.place.outside("remote.git/hooks/pre-receive")).unwrap();
    clone.push(&file).exits(0).tells("pushed");
    assert_holds(&clone.note(), &file);
}

#[test]
fn rewritten_notes_are_built_upon_and_the_local_ones_are_kept() {
    let clone = Clone::new();
    let (one, two) = (clone.evidence("one", 1), clone.evidence("two", 1));
    clone.push(&one).exits(0);
    let local = clone.git(&["rev-parse", NOTES]);
    let tree = clone.remote(&["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let rewritten = clone.remote(&["commit-tree", "-m", "rewritten", &tree]);
    clone.remote(&["update-ref", NOTES, &rewritten]);
    clone.push(&two).exits(0).tells("was left as it is").tells("rewritten").notices(1);
    assert_eq!(clone.git(&["rev-parse", NOTES]), local);
    assert_eq!(clone.remote(&["rev-parse", &format!("{NOTES}^")]), rewritten);
    assert_holds(&clone.note(), &two);
}

#[test]
fn what_is_unsigned_or_signed_by_another_key_is_refused() {
    let clone = Clone::new();
    clone.place.call(&["attest", "-q", "--sign", "never", "app"]).exits(0);
    clone.push(UNSIGNED).exits(1).tells("nobody signed");
    let (one, public) = (clone.evidence("one", 1), clone.place.public(2));
    let said = clone.push(&one).arguments(&["--trust-key", &public]).exits(1);
    said.tells("no signature that verifies under --trust-key on line 1");
    // One good line doesn't carry a bad one along.
    let mixed = clone.place.beside("mixed");
    let two = clone.evidence("two", 2);
    let both = [fs::read(&two).unwrap(), fs::read(&one).unwrap()].concat();
    fs::write(&mixed, &both).unwrap();
    clone.push(&mixed).arguments(&["--trust-key", &public]).exits(1);
    for more in ["garbage\n", "{}\n"] {
        fs::write(&mixed, [&both, more.as_bytes()].concat()).unwrap();
        clone.push(&mixed).exits(1).tells("expected signed evidence");
    }
    fs::write(&mixed, "").unwrap();
    clone.push(&mixed).exits(1).tells("an empty file");
    assert_eq!(clone.remote(&["for-each-ref", "refs/notes"]), "");
}

#[test]
fn only_the_name_of_a_remote_is_taken_and_none_is_repeated_that_may_hold_a_password() {
    let clone = Clone::new();
    let file = clone.evidence("one", 1);
    let ran = clone.place.beside("ran");
    let ext = format!("ext::sh -c 'touch {ran}'");
    for remote in [
        "--upload-pack=/bin/false",
        "../remote.git",
        "https://me:hunter2hunter2@example.org/a",
        &ext,
        "",
        "a b",
    ] {
        let said = clone.push(&file).arguments(&[&format!("--remote={remote}")]).exits(2);
        assert!(said.err.contains("--remote") && !said.err.contains("hunter2"), "{}", said.err);
    }
    clone.push(&file).arguments(&["--remote", "none"]).exits(2).tells("no remote none");
    assert!(!Path::new(&ran).exists());
    clone.push("no-such-file").exits(2);
}

#[test]
fn evidence_of_another_repository_is_not_pushed() {
    let (clone, other) = (Clone::new(), Clone::new());
    other.place.write("app", "other");
    other.git(&["commit", "-q", "-a", "-m", "two"]);
    let file = other.evidence("one", 1);
    clone.push(&file).exits(1).tells("the repository has no commit");
    let nothing = clone.place.beside("home");
    clone.push(&file).arguments(&["--root", &nothing]).exits(1).tells("no repository");
}

#[test]
fn builds_of_several_commits_are_not_one_note() {
    let clone = Clone::new();
    let one = clone.evidence("one", 1);
    clone.place.write("app", "other");
    clone.git(&["commit", "-q", "-a", "-m", "two"]);
    let two = clone.evidence("two", 1);
    let both = clone.place.beside("both");
    fs::write(&both, [fs::read(&one).unwrap(), fs::read(&two).unwrap()].concat()).unwrap();
    clone.push(&both).exits(1).tells("several commits");
}

#[test]
fn git_gets_the_user_s_variables_and_none_of_ours_and_runs_no_hook() {
    let clone = Clone::new();
    let file = clone.evidence("one", 1);
    let (seen, ran) = (clone.place.beside("seen"), clone.place.beside("ran"));
    for hook in ["pre-push", "reference-transaction"] {
        script(&clone.place.at(".git/hooks").join(hook), &format!("touch {ran}"));
    }
    let git = clone.place.outside("bin/git");
    script(&git, &format!("env >>{seen}\nexec /usr/bin/git \"$@\""));
    let path = format!("{}:/usr/bin:/bin", clone.place.beside("bin"));
    clone
        .push(&file)
        .vars(&[("PATH", &path), ("PROOFMARK_KEY", "the key"), ("CREDENTIAL", "mine")])
        .var("GIT_DIR", "/nowhere")
        .exits(0);
    let seen = fs::read(&seen).unwrap();
    assert!(contains(&seen, b"\nCREDENTIAL=mine\n"));
    assert!(!contains(&seen, b"PROOFMARK_") && !contains(&seen, b"/nowhere"));
    assert!(!Path::new(&ran).exists());
}

#[test]
fn without_git_there_is_a_hint() {
    let clone = Clone::new();
    let file = clone.evidence("one", 1);
    let nothing = clone.place.beside("home");
    let said = clone.push(&file).var("PATH", nothing).exits(1);
    said.tells("git: no such program").tells("install git");
}

#[test]
fn what_stands_in_the_place_of_notes_is_left_alone() {
    let clone = Clone::new();
    let file = clone.evidence("one", 1);
    let blob = clone.remote(&["hash-object", "-w", "HEAD"]);
    clone.remote(&["update-ref", NOTES, &blob]);
    clone.push(&file).exits(1).tells("is no commit");
    assert_eq!(clone.remote(&["rev-parse", NOTES]), blob);
    let script = format!(
        "t=$(printf '100644 blob {blob}\\tx\\n' | git mktree)
t=$(printf \"040000 tree $t\\t{}\\n\" | git mktree)
git update-ref {NOTES} $(git commit-tree -m x $t)",
        clone.commit
    );
    let made = clone.place.program("sh").arguments(&["-c", &script]);
    let vars = [("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a"), ("GIT_COMMITTER_NAME", "A")];
    made.vars(&vars)
        .var("GIT_COMMITTER_EMAIL", "a")
        .inside(clone.place.outside("remote.git"))
        .exits(0);
    let before = clone.remote(&["rev-parse", NOTES]);
    clone.push(&file).exits(1).tells("is no file, and was left as it is");
    assert_eq!(clone.remote(&["rev-parse", NOTES]), before);
}
