//! `proofmark lock`: what is written and what is left, whose word is taken, and what each answer's code is.

use std::fs;

use super::harness::{EVIDENCE, Place, SECTIONS, UNSIGNED};

const LOCK: &str = "proofmark.lock";

/// A job of a platform, so that the lane has a name.
const JOB: &[(&str, &str)] = &[
    ("GITLAB_CI", "true"),
    ("CI_PROJECT_ID", "7"),
    ("CI_JOB_NAME", "build"),
    ("CI_COMMIT_BRANCH", "main"),
    ("CI_DEFAULT_BRANCH", "main"),
];

/// A place in which a build of that job has run.
fn built() -> Place {
    let place = Place::new();
    place.run(&["-a", "a"], "echo >a").vars(JOB).exits(0);
    place
}

/// What counts is the lock that is committed.
fn commit(place: &Place, text: impl AsRef<[u8]>) {
    place.write(LOCK, text);
    let name = "-c user.name=A -c user.email=a@example.org";
    let line =
        format!("git init -q && git add -f {LOCK} && git {name} commit -q --allow-empty -m x");
    place.shell(&line).exits(0);
}

fn from(place: &Place, flags: &[&str]) -> super::harness::Call {
    let key = place.public(1);
    place.call(&[&["lock", "--from", EVIDENCE, "--trust-key", &key], flags].concat())
}

#[test]
fn the_lane_of_a_signed_build_is_written_and_then_there_is_nothing_to_do() {
    let place = built();
    from(&place, &[]).exits(0).tells("lane build-default-branch (new)").tells("git add");
    let text = place.text(LOCK);
    assert!(text.starts_with("# The approved build environment"), "{text}");
    let matched = "[lanes.build-default-branch.match]\nrepository_id = \"7\"\ndefinition = \".gitlab-ci.yml\"\njob = \"build\"\nref_kind = \"default branch\"\n";
    assert!(text.contains(matched), "{text}");
    from(&place, &[]).exits(0).tells("nothing was changed");
    assert_eq!(place.text(LOCK), text);
}

#[test]
fn what_people_wrote_stays_to_the_byte() {
    let place = built();
    let text = "# ours\r\nversion = 1 # one\r\n\r\n[shared.references]\r\n'x: uses y' = { version   =   'y@1', reason = \"it's ours\", expires = 2020-01-01 }\r\n\r\n# the other\r\n[lanes.other.match]\r\nref_kind = 'tag'\r\n# end";
    place.write(LOCK, text);
    from(&place, &[]).exits(0);
    let after = place.text(LOCK);
    // What stands at the end stays there.
    let (begins, ends) = text.rsplit_once("# end").unwrap();
    assert!(
        after.starts_with(begins) && after.ends_with(&format!("\r\n# end{ends}\r\n")),
        "{after}"
    );
    assert!(after.contains("\r\n[lanes.build-default-branch.match]\r\n"), "{after}");
}

#[test]
fn evidence_that_another_key_signed_changes_nothing_and_checks_nothing() {
    let place = built();
    let other = place.public(2);
    let call = |flags: &[&str]| place.call(&[&["lock", "--from", EVIDENCE], flags].concat());
    call(&["--trust-key", &other]).exits(1).tells("found none that verifies");
    call(&[]).exits(2).tells("no key to check it with");
    assert!(!place.has(LOCK));
    from(&place, &[]).exits(0);
    commit(&place, place.read(LOCK));
    call(&["--check", "--trust-key", &other]).exits(3).tells("found none that verifies");
    call(&["--check"]).exits(3).tells("no key to check it with");
}

#[test]
fn the_users_own_key_is_trusted_where_none_is_named() {
    let place = Place::new();
    place.call(&["run", "--", "true"]).exits(0);
    place.call(&["lock", "--from", EVIDENCE]).exits(0);
    assert!(place.text(LOCK).contains("ref_kind = \"other\""));
}

#[test]
fn an_unsigned_capture_is_proposed_with_a_notice_and_never_in_place_of_a_signed_one() {
    let place = Place::new();
    place.call(&["run", "--sign", "never", "--", "true"]).exits(0);
    let key = place.public(1);
    place.call(&["lock", "--from", UNSIGNED, "--trust-key", &key]).exits(1).tells("nobody signed");
    place.call(&["lock", "--from", UNSIGNED]).exits(0).tells("nobody signed it").notices(1);
    fs::remove_file(place.at(LOCK)).unwrap();

    let signed = built();
    let mixed = [signed.read(EVIDENCE), place.read(UNSIGNED)].concat();
    signed.write(EVIDENCE, mixed);
    let home = signed.outside("home/.config/proofmark");
    fs::create_dir_all(&home).unwrap();
    fs::copy(signed.public(1), home.join("key.pem.pub")).unwrap();
    signed.call(&["lock", "--from", EVIDENCE]).exits(1).tells("it has other lines too");
    assert!(!signed.has(LOCK));
}

#[test]
fn what_failed_is_not_approved_and_can_be_checked() {
    let place = Place::new();
    place.run(&[], "exit 3").vars(JOB).exits(3);
    from(&place, &[]).exits(1).tells("what failed, or was not seen, isn't approved");
    assert!(!place.has(LOCK));
    commit(&place, "version = 1\n");
    from(&place, &["--check"]).exits(1).shows("covers nothing");

    let attested = Place::new();
    attested.write("a", "");
    let key = attested.key(1);
    attested.call(&["attest", "a", "--key", &key]).exits(0);
    from(&attested, &[]).exits(1).tells("or was not seen");
}

#[test]
fn sections_are_those_of_this_evidence_or_there_are_none() {
    let place = built();
    let others = built();
    let own = place.read(SECTIONS);
    place.write(SECTIONS, others.read(SECTIONS));
    from(&place, &[]).exits(1).tells("is sealed by no statement");
    assert!(!place.has(LOCK));
    fs::remove_file(place.at(SECTIONS)).unwrap();
    from(&place, &[]).exits(0).tells("sealed part").notices(1);
    place.write(SECTIONS, own);
    from(&place, &[]).exits(0).notices(0);
    place.write(SECTIONS, others.read(SECTIONS));
    commit(&place, place.read(LOCK));
    from(&place, &["--check"]).exits(3).tells("is sealed by no statement");
}

#[test]
fn of_several_builds_each_lane_gets_its_part() {
    let place = built();
    let first = place.read(EVIDENCE);
    fs::remove_file(place.at(EVIDENCE)).unwrap();
    fs::remove_file(place.at(SECTIONS)).unwrap();
    place.run(&["-a", "b"], "echo >b").vars(JOB).var("CI_JOB_NAME", "other").exits(0);
    let second = place.read(EVIDENCE);
    fs::remove_file(place.at(SECTIONS)).unwrap();
    place.write(EVIDENCE, [first, second].concat());
    from(&place, &[]).exits(0);
    let text = place.text(LOCK);
    assert!(text.contains("job = \"build\"") && text.contains("job = \"other\""), "{text}");
}

#[test]
fn a_lock_that_is_no_file_is_neither_read_nor_replaced() {
    let place = built();
    let elsewhere = place.outside("elsewhere");
    fs::write(&elsewhere, "version = 1\n").unwrap();
    let kinds: [&dyn Fn(); 3] = [
        &|| std::os::unix::fs::symlink(&elsewhere, place.at(LOCK)).unwrap(),
        &|| {
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mkfifoat(rustix::fs::CWD, place.at(LOCK), mode).unwrap();
        },
        &|| fs::create_dir(place.at(LOCK)).unwrap(),
    ];
    for make in kinds {
        make();
        let kind = fs::symlink_metadata(place.at(LOCK)).unwrap().file_type();
        from(&place, &[]).exits(2).tells("isn't a regular file");
        assert_eq!(fs::symlink_metadata(place.at(LOCK)).unwrap().file_type(), kind);
        let _ = fs::remove_file(place.at(LOCK)).or_else(|_| fs::remove_dir(place.at(LOCK)));
    }
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "version = 1\n");
    std::os::unix::fs::symlink(&elsewhere, place.at(LOCK)).unwrap();
    let line =
        format!("git init -q && git add {LOCK} && git -c user.name=A -c user.email=a commit -qm x");
    place.shell(&line).exits(0);
    from(&place, &["--check"]).exits(3).tells("is no regular file");
}

#[test]
fn a_lock_that_can_not_be_parsed_is_left_as_it_is() {
    let place = built();
    let large = format!("version = 1\n{}", "#\n".repeat(5 << 20));
    let deep = format!("version = 1\nx = {}", "[".repeat(1 << 20));
    let dotted = format!("version = 1\n{}x = 1", "a.".repeat(1 << 20));
    for text in [
        "version = 1\n[shared.tools]\ncargo = 'hunter2hunter2'\n",
        "version = 2\n",
        "",
        "version = 1\n[lanes.a.match]\nref_kind = 'tag'\n[lanes.b.match]\nref_kind = 'tag'\n",
        &large,
        &deep,
        &dotted,
    ] {
        commit(&place, text);
        for flags in [&[][..], &["--check"]] {
            let said = from(&place, flags).exits(2).tells(LOCK);
            assert!(!said.err.contains("hunter2"), "{}", said.err);
        }
        assert_eq!(place.text(LOCK), text);
    }
    place.write(LOCK, b"\xff");
    from(&place, &[]).exits(2).tells("expected UTF-8");
    assert_eq!(place.read(LOCK), b"\xff");
}

#[test]
fn a_check_says_where_it_has_nothing_to_compare_with() {
    let place = built();
    from(&place, &["--check"]).exits(3).tells("there is no repository");
    place.write(LOCK, "version = 1\n");
    from(&place, &["--check"]).exits(3).tells("there is no repository");
    place.shell("git init -q").exits(0);
    from(&place, &["--check"]).exits(3).tells("the repository has no commit");
    place.shell("git -c user.name=A -c user.email=a commit -q --allow-empty -m x").exits(0);
    from(&place, &["--check"]).exits(3).tells("HEAD has no proofmark.lock");
    commit(&place, "version = 1\n");
    let key = place.public(1);
    for arguments in [
        &["lock", "--check", "--from", "none"][..],
        &["lock", "--from", "none"],
        &["lock", "--trust-key", &key],
        &["lock", "--from", EVIDENCE, "--leg", "x"],
        &["lock", "--from", EVIDENCE, "--config", "x"],
        &["lock", "--root", "none"],
        &["lock", "--project", "../x"],
        &["lock", "--project", "/x"],
        &["lock", "--project", ""],
        &["lock", "--from", EVIDENCE, "--trust-key", &key, "--project", "sub"],
        &["lock", "--force"],
    ] {
        place.call(arguments).exits(2);
    }
    assert_eq!(place.text(LOCK), "version = 1\n");
    place.write("text", "no evidence\n");
    place.call(&["lock", "--check", "--from", "text"]).exits(3);
    place.call(&["lock", "--from", "text"]).exits(1);
}

#[test]
fn a_check_ends_with_a_clear_answer() {
    let place = built();
    from(&place, &[]).exits(0);
    let text = place.text(LOCK);
    commit(&place, &text);
    let last = |code: i32| {
        let said = from(&place, &["--check"]).exits(code);
        said.text().lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(last(0), "no drift: the environment is the approved one");
    // A tool whose entry a person took out is not approved any more.
    let tool =
        text.lines().find(|line| line.starts_with("sh = ")).unwrap_or_else(|| panic!("{text}"));
    commit(&place, text.replace(&format!("\n{tool}\n"), "\n"));
    assert_eq!(last(1), "DRIFT: 1 difference from the approved environment");
    place.write(LOCK, "version = 1\n[classes]\ntools = 'pinned'\n");
    from(&place, &["--check"]).exits(1).tells("in the work tree can't be used");
}

#[test]
fn this_machine_is_no_runner_and_its_lane_comes_from_the_variables() {
    let place = Place::new();
    fs::create_dir(place.at("sub")).unwrap();
    let said = place.call(&["lock", "--project", "sub", "--leg", "linux"]).exits(0);
    assert!(said.err.contains("this machine isn't the runner"), "{}", said.err);
    let text = place.text("sub/proofmark.lock");
    assert!(text.contains("project = \"sub\"\nleg = \"linux\"\nref_kind = \"other\""), "{text}");
    assert!(!place.has(LOCK));

    let said = place.call(&["lock", "--leg", "{}"]).vars(JOB).exits(0);
    assert!(!said.err.contains("isn't the runner"), "{}", said.err);
    let text = place.text(LOCK);
    assert!(text.contains("job = \"build\"") && !text.contains("leg ="), "{text}");
    // No file of the tree was read, and none but the lock was written.
    assert_eq!(place.names(), [LOCK, "sub"]);
}
