//! What the file may say, what is answered where it says something else, and what an update leaves alone.

use super::*;

mod change;
mod property;

fn digest(of: &str) -> Sha256 {
    Sha256::of(of.as_bytes())
}

fn entry(version: &str, content: &str) -> Entry {
    Entry { version: Some(version.to_owned()), sha256: Some(digest(content)), ..Entry::default() }
}

fn lane(job: &str) -> Lane {
    Lane {
        repository_id: Some("1".to_owned()),
        definition: Some(".github/workflows/release.yml".to_owned()),
        job: Some(job.to_owned()),
        ref_kind: "default branch".to_owned(),
        ..Lane::default()
    }
}

fn section<'a>(entries: impl IntoIterator<Item = (Class, &'a str, Entry)>) -> Section {
    let mut section = Section::new();
    for (class, name, entry) in entries {
        section.entry(class).or_default().insert(name.to_owned(), entry);
    }
    section
}

const MATCH: &str = "[lanes.a.match]\nref_kind = \"tag\"\n";

fn parse(text: &str) -> Result<Lock, LockError> {
    Lock::parse(&format!("version = 1\n{text}"))
}

#[track_caller]
fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read_in_every_form_that_toml_has() {
    let hex = digest("x").to_string();
    let block = format!(
        "[classes]\ntools = \"exact\"\n[shared.tools]\ncargo = {{ version = \"1\", sha256 = \"{hex}\", reason = \"r\", ticket = \"t\", expires = 2027-01-31 }}\n[lanes.a.match]\nrepository_id = \"1\"\nproject = \"p\"\ndefinition = \"d\"\njob = \"j\"\nleg = \"l\"\nref_kind = \"tag\"\n[lanes.a.classes]\ntools = \"ignored\"\n[lanes.a.tools]\nnode = {{ absent = true }}\n"
    );
    let dotted = format!(
        "classes.tools = 'exact'\nshared.tools.cargo.version = '1'\nshared.tools.cargo.sha256 = '{hex}'\nshared.tools.cargo = {{}}\n"
    );
    assert!(parse(&dotted).is_err(), "redefined");
    let lock = parse(&block).unwrap();
    let cargo = &lock.shared[&Class::Tools]["cargo"];
    assert_eq!(cargo.sha256, Some(digest("x")));
    assert_eq!(cargo.expires.as_deref(), Some("2027-01-31"));
    assert_eq!((cargo.reason.as_deref(), cargo.ticket.as_deref()), (Some("r"), Some("t")));
    assert_eq!(lock.modes[&Class::Tools], Mode::Exact);
    let own = &lock.lanes["a"];
    assert_eq!(own.lane.leg.as_deref(), Some("l"));
    assert_eq!(own.modes[&Class::Tools], Mode::Ignored);
    assert!(own.section[&Class::Tools]["node"].absent);
    let inline = format!(
        "classes = {{ tools = 'exact' }}\nshared = {{ tools = {{ cargo = {{ version = '1', sha256 = '{hex}', reason = 'r', ticket = 't', expires = 2027-01-31 }} }} }}\nlanes.a = {{ match = {{ repository_id = '1', project = 'p', definition = 'd', job = 'j', leg = 'l', ref_kind = 'tag' }}, classes.tools = 'ignored', tools.node.absent = true }}\n"
    );
    assert_eq!(parse(&inline).unwrap(), lock);
}

#[test]
fn a_lane_sees_its_own_entries_before_the_shared_ones() {
    let text = format!(
        "[classes]\ntools = 'exact'\npackages = 'exact'\n[shared.tools]\ncargo = {{ version = '1' }}\nnode = {{ version = '2' }}\n{MATCH}[lanes.a.classes]\ntools = 'version'\n[lanes.a.tools]\ncargo = {{ version = '3' }}\nnode = {{ absent = true }}\n"
    );
    let lock = parse(&text).unwrap();
    let tag = Lane { ref_kind: "tag".to_owned(), ..Lane::default() };
    let effective = lock.effective(&tag).unwrap();
    assert_eq!(effective.name, "a");
    assert_eq!(effective.modes[&Class::Tools], Mode::Version);
    assert_eq!(effective.modes[&Class::Packages], Mode::Exact);
    let tools = &effective.section[&Class::Tools];
    assert_eq!(tools.keys().collect::<Vec<_>>(), ["cargo"]);
    assert_eq!(tools["cargo"].version.as_deref(), Some("3"));
    assert_eq!(lock.effective(&Lane { job: Some(String::new()), ..tag }), None);
}

#[test]
fn a_word_that_is_not_known_is_named_with_those_that_are() {
    assert!(error("[share]\n").starts_with("line 2: `share` isn't known; known: `version`, "));
    assert!(error("[shared.toolz]\n").starts_with("line 2: `shared.toolz` isn't known"));
    // The lockfiles are its lock.
    assert!(error("[shared.dependencies]\n").contains("`shared.dependencies` isn't known"));
    assert!(error("[classes]\nunknown = 'exact'\n").contains("`classes.unknown` isn't known"));
    assert!(
        error("\n[shared.tools]\nx = { verison = '1' }\n")
            .starts_with("line 4: `shared.tools.x.verison`")
    );
    assert!(error("[lanes.a]\nmatches = {}\n").contains("`lanes.a.matches` isn't known"));
    assert!(error("[lanes.a.match]\nbranch = 'x'\n").contains("`lanes.a.match.branch`"));
    assert!(error("\"a\\u001b[2J\" = 1").contains("`a\\u{1b}[2J` isn't known"));
}

#[test]
fn a_value_of_another_type_or_without_a_meaning_is_refused() {
    for (text, expected) in [
        ("shared = 1", "line 2: expected shared to be a table, found a number"),
        ("[shared]\ntools = []", "line 3: expected shared.tools to be a table, found a list"),
        (
            "[shared.tools]\nx = '1'",
            "line 3: expected shared.tools.x to be a table, found a string",
        ),
        ("[[shared]]", "line 2: expected shared to be a table, found a list"),
        (
            "shared.tools.x.version = 1",
            "line 2: expected shared.tools.x.version to be a string, found a number",
        ),
        (
            "shared.tools.x.absent = 'yes'",
            "line 2: expected shared.tools.x.absent to be `true` or `false`, found a string",
        ),
        (
            "shared.tools.x.sha256 = 'ab'",
            "line 2: expected shared.tools.x.sha256 to be a digest of 64 hexadecimal digits, found something else",
        ),
        (
            "shared.tools.x.expires = '2027-01-01'",
            "line 2: expected shared.tools.x.expires to be a date such as 2027-01-31, without quotes, found a string",
        ),
        (
            "shared.tools.x.expires = 2027-01-01T00:00:00Z",
            "line 2: expected shared.tools.x.expires to be a date such as 2027-01-31, without quotes, found a time",
        ),
        (
            "shared.tools.x.expires = 12:00:00",
            "line 2: expected shared.tools.x.expires to be a date such as 2027-01-31, without quotes, found a time",
        ),
        (
            "classes.tools = 'loose'",
            "line 2: expected classes.tools to be `exact`, `version`, `present`, `git` or `ignored`, found something else",
        ),
        (
            "classes.tools = 'unknown'",
            "line 2: expected classes.tools to be `exact`, `version`, `present`, `git` or `ignored`, found something else",
        ),
        (
            "classes.tools = true",
            "line 2: expected classes.tools to be `exact`, `version`, `present`, `git` or `ignored`, found a boolean",
        ),
        ("lanes.a.tools = {}", "line 2: expected lanes.a.match, found none"),
        ("[lanes.a.match]\njob = 'x'", "line 2: expected lanes.a.match.ref_kind, found none"),
        (
            "shared.tools.x.absent = true",
            "line 2: shared.tools.x can't be absent: it is a lane that has none of what shared names",
        ),
        (
            "lanes.a = { match.ref_kind = 'tag', tools.x = { absent = true, version = '1' } }",
            "line 2: lanes.a.tools.x can't be absent and have a version or a digest",
        ),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
    for day in ["2027-02-29", "2027-13-01", "2027-00-10", "2027-1-1", "12027-01-01", "2027-04-31"] {
        let error = error(&format!("shared.tools.x.expires = {day}"));
        assert!(error.starts_with("line 2 is no TOML"), "{day}: {error}");
    }
}

#[test]
fn the_version_of_the_format_is_said_and_known() {
    assert_eq!(Lock::parse("").unwrap_err().to_string(), "line 1: expected version, found none");
    assert_eq!(Lock::parse("\nversion = 2"), Err(LockError::Version { line: 2 }));
    assert!(matches!(Lock::parse("version = '1'"), Err(LockError::Value { .. })));
    assert_eq!(Lock::parse("version = 1"), Ok(Lock::default()));
}

#[test]
fn lanes_have_plain_names_and_match_builds_of_their_own() {
    for name in ["\"\"", "\"a b\"", "\"a\\u001b[2J\"", "\"a.b\"", "\"\\u202e\"", &"x".repeat(101)] {
        let text = format!("[lanes.{name}.match]\nref_kind = 'tag'");
        assert_eq!(parse(&text), Err(LockError::LaneName { line: 2 }), "{name}");
    }
    let twice = format!("{MATCH}[lanes.b.match]\nref_kind = 'tag'\n");
    let same = LockError::SameLane { first: "a".to_owned(), second: "b".to_owned() };
    assert_eq!(parse(&twice), Err(same));
    let two = format!("{MATCH}[lanes.b.match]\nref_kind = 'tag'\nleg = ''\n");
    assert_eq!(parse(&two).unwrap().lanes.len(), 2);
}

#[test]
fn more_than_a_lock_can_need_is_refused() {
    let text = " ".repeat(LOCK_MAX + 1);
    assert_eq!(Lock::parse(&text), Err(LockError::TooLarge { found: LOCK_MAX + 1 }));
    let lanes = |number: usize| {
        let of = |n| format!("[lanes.l{n}.match]\nref_kind = 'tag'\njob = '{n}'\n");
        parse(&(0..number).map(of).collect::<String>())
    };
    assert_eq!(lanes(LANES_MAX).unwrap().lanes.len(), LANES_MAX);
    assert_eq!(lanes(LANES_MAX + 1), Err(LockError::TooManyLanes { found: LANES_MAX + 1 }));
    // Shared ones and a lane's count together.
    let entries = |number: usize| {
        let of = |n| format!("e{n} = {{}}\n");
        let (one, two) = (0..number / 2, number / 2..number);
        let (one, two): (String, String) = (one.map(of).collect(), two.map(of).collect());
        parse(&format!("[shared.variables]\n{one}{MATCH}[lanes.a.packages]\n{two}"))
    };
    assert!(entries(ENTRIES_MAX).is_ok());
    assert_eq!(entries(ENTRIES_MAX + 1), Err(LockError::TooManyEntries));
}

#[test]
fn tables_that_are_defined_again_are_no_toml() {
    for text in [
        "[shared.tools]\n[shared.tools]",
        "shared.tools.x = {}\n[shared.tools]",
        "[shared]\ntools.x.version = '1'\n[shared.tools.x]",
        "shared = {}\n[shared.tools]",
        "[shared.tools]\nx = {}\nx.version = '1'",
        "[shared.tools]\nx = {}\nx = {}",
        "[shared.tools]\nx = { version = '1', version = '2' }",
        "[lanes.a]\n[[lanes.a]]",
    ] {
        assert!(matches!(parse(text), Err(LockError::Syntax { .. })), "{text}");
    }
}

#[test]
fn hostile_files_are_refused_in_time() {
    let room = LOCK_MAX - 100;
    for text in [
        format!("x = {}", "[".repeat(room)),
        format!("x = {}", "{a=".repeat(room / 3)),
        format!("{}x = 1", "a.".repeat(room / 2)),
        format!("[{}x]", "a.".repeat(room / 2)),
        format!("x = \"{}", "\\u".repeat(room / 2)),
        "[[a]]\n".repeat(room / 6),
        "\u{feff}".repeat(room / 3),
        "\0".repeat(room),
    ] {
        assert!(parse(&text).is_err());
        assert!(
            update(Some(&format!("version = 1\n{text}")), &lane("a"), &Section::new()).is_err()
        );
    }
}

#[test]
fn no_error_repeats_a_value() {
    let secret = "hunter2hunter2";
    for text in [
        format!("shared = '{secret}'"),
        format!("shared.tools.x = '{secret}'"),
        format!("shared.tools.x.version = ['{secret}']"),
        format!("shared.tools.x.sha256 = '{secret}'"),
        format!("shared.tools.x.expires = '{secret}'"),
        format!("shared.tools.x.expires = {secret}"),
        format!("shared.tools.x.absent = '{secret}'"),
        format!("classes.tools = '{secret}'"),
        format!("[lanes.a.match]\nref_kind = ['{secret}']"),
        format!("shared.tools.x.version = '{secret}"),
        format!("shared.tools.x.version = \"{secret}\\q\""),
        format!("shared.tools.x.version = '{secret}' {secret}"),
        format!("shared.tools.x.version = '{secret}'\nshared.tools.x.version = '{secret}'"),
        secret.to_owned(),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{text}: {error}");
    }
    assert!(
        Lock::parse(&format!("version = '{secret}'"))
            .is_err_and(|e| !e.to_string().contains(secret))
    );
}
