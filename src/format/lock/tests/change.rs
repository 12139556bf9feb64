//! What an update writes, and what it leaves alone.

use super::*;

fn tools<const N: usize>(pairs: [(&str, &str); N]) -> Section {
    section(pairs.map(|(name, version)| (Class::Tools, name, entry(version, version))))
}

#[track_caller]
fn changed(text: &str, lane: &Lane, section: &Section) -> String {
    let changed = update(Some(text), lane, section).unwrap();
    assert_eq!(update(Some(&changed), lane, section).unwrap(), changed, "once is enough");
    changed
}

fn hex(of: &str) -> String {
    digest(of).to_string()
}

#[test]
fn a_first_lock_shares_everything_but_the_lane_and_its_image() {
    let image = Entry { version: Some("ubuntu24 1".to_owned()), ..Entry::default() };
    let mut all = tools([("node", "2"), ("cargo", "1")]);
    all.extend(section([
        (Class::RunnerImage, "runner image", image),
        (Class::Variables, "RUSTFLAGS", Entry::default()),
    ]));
    let text = update(None, &lane("build"), &all).unwrap();
    let expected = format!(
        "# The approved build environment: each build is compared with this file as the commit has it.
# `proofmark lock --from EVIDENCE` brings it up to date and keeps comments, reasons, tickets and expiries.
version = 1

[shared.tools]
cargo = {{ version = \"1\", sha256 = \"{}\" }}
node = {{ version = \"2\", sha256 = \"{}\" }}

[shared.variables]
RUSTFLAGS = {{}}

[lanes.build-default-branch.match]
repository_id = \"1\"
definition = \".github/workflows/release.yml\"
job = \"build\"
ref_kind = \"default branch\"

[lanes.build-default-branch.runner-image]
\"runner image\" = {{ version = \"ubuntu24 1\" }}
",
        hex("1"),
        hex("2")
    );
    assert_eq!(text, expected);
    assert_eq!(changed(&text, &lane("build"), &all), text);
}

#[test]
fn the_only_lane_changes_what_is_shared_and_words_stay() {
    let text = format!(
        "# head\nversion = 1 # one\n\n[classes] # modes\ntools = 'exact'\n\n[shared.tools]\n# compilers\ncargo   =   {{ reason = \"why\", version = '1', sha256 = '{}', expires = 2020-01-01, ticket = 'T-1' }} # eol\n\n# interpreters\nnode = {{ version = '2' }}\n\n# the lane\n[lanes.x.match]\nrepository_id = '1'\ndefinition = '.github/workflows/release.yml'\njob = 'build'\nref_kind = 'default branch'\n# end\n",
        hex("1")
    );
    let new = tools([("cargo", "9"), ("make", "4")]);
    let expected = text
        .replace("version = '1'", "version = \"9\"")
        .replace(&format!("'{}'", hex("1")), &format!("\"{}\"", hex("9")))
        .replace(
            "\n# interpreters\nnode = { version = '2' }\n",
            &format!("make = {{ version = \"4\", sha256 = \"{}\" }}\n\n# interpreters\n", hex("4")),
        );
    assert_eq!(changed(&text, &lane("build"), &new), expected);
}

#[test]
fn with_other_lanes_a_lane_gets_entries_of_its_own() {
    let first = update(None, &lane("a"), &tools([("cargo", "1"), ("node", "2")])).unwrap();
    let second = changed(&first, &lane("b"), &tools([("cargo", "1"), ("make", "4")]));
    let added = second.strip_prefix(first.as_str()).unwrap();
    assert_eq!(
        added,
        format!(
            "\n[lanes.b-default-branch.match]\nrepository_id = \"1\"\ndefinition = \".github/workflows/release.yml\"\njob = \"b\"\nref_kind = \"default branch\"\n\n[lanes.b-default-branch.tools]\nmake = {{ version = \"4\", sha256 = \"{}\" }}\nnode = {{ absent = true }}\n",
            hex("4")
        )
    );
    // The first lane can't change for both any more.
    let third = changed(&second, &lane("a"), &tools([("cargo", "5"), ("node", "2")]));
    assert!(third.contains("[lanes.a-default-branch.tools]\ncargo = { version = \"5\""), "{third}");
    // What is shared again isn't repeated.
    let fourth = changed(&third, &lane("a"), &tools([("cargo", "1"), ("node", "2")]));
    let lock = Lock::parse(&fourth).unwrap();
    assert!(lock.lanes["a-default-branch"].section[&Class::Tools].is_empty());
    let fifth = changed(&fourth, &lane("b"), &tools([("cargo", "1"), ("node", "2")]));
    assert!(
        Lock::parse(&fifth).unwrap().lanes["b-default-branch"].section[&Class::Tools].is_empty()
    );
}

#[test]
fn an_entry_with_words_is_never_taken_out_for_being_as_the_shared_one() {
    let text = "version = 1\n[shared.tools]\nx = { version = '1' }\n[lanes.a.match]\nref_kind = 'tag'\n[lanes.a.tools]\nx = { version = '2', reason = 'r' }\n[lanes.b.match]\nref_kind = 'other'\n";
    let tag = Lane { ref_kind: "tag".to_owned(), ..Lane::default() };
    let one = Entry { version: Some("1".to_owned()), ..Entry::default() };
    let text = changed(text, &tag, &section([(Class::Tools, "x", one)]));
    assert!(text.contains("x = { version = \"1\", reason = 'r' }"), "{text}");
}

#[test]
fn what_was_not_observed_is_left_alone_and_what_is_gone_is_not() {
    let all =
        [(Class::Tools, "cargo", entry("1", "1")), (Class::Packages, "dpkg", entry("1", "1"))];
    let text = update(None, &lane("a"), &section(all)).unwrap();
    assert_eq!(changed(&text, &lane("a"), &Section::new()), text);
    let without = Section::from([(Class::Tools, BTreeMap::new())]);
    let lock = Lock::parse(&changed(&text, &lane("a"), &without)).unwrap();
    assert!(lock.shared[&Class::Tools].is_empty() && lock.shared[&Class::Packages].len() == 1);
    // Nor can a section bring a class that a lock doesn't have.
    let foreign = section([(Class::Dependencies, "x", entry("1", "1"))]);
    assert_eq!(changed(&text, &lane("a"), &foreign), text);
}

#[test]
fn comments_stay_when_the_entry_below_them_goes() {
    let text = format!(
        "version = 1\n[shared.tools] # here\n# one\na = {{ version = '1' }} # with a\n# two\nb = {{ version = '1' }}\n# three\nc = {{ version = '1' }}\n{MATCH}"
    );
    let tag = Lane { ref_kind: "tag".to_owned(), ..Lane::default() };
    let keep = |names: &[&str]| {
        let one = Entry { version: Some("1".to_owned()), ..Entry::default() };
        let mut all = section(names.iter().map(|name| (Class::Tools, *name, one.clone())));
        all.entry(Class::Tools).or_default();
        let text = changed(&text, &tag, &all);
        let start = text.find("[shared").unwrap();
        text[start..text.find("[lanes").unwrap()].to_owned()
    };
    let line = |name: &str| format!("{name} = {{ version = '1' }}\n");
    let (b, c) = (line("b"), line("c"));
    assert_eq!(keep(&["b", "c"]), format!("[shared.tools] # here\n# one\n# two\n{b}# three\n{c}"));
    let a = "a = { version = '1' } # with a\n";
    assert_eq!(keep(&["a"]), format!("[shared.tools] # here\n# one\n{a}# two\n# three\n"));
    assert_eq!(keep(&[]), "[shared.tools] # here\n# one\n# two\n# three\n");
}

#[test]
fn line_endings_a_mark_and_a_missing_last_one_are_no_obstacle() {
    let text = format!("version = 1\r\n# c\r\n{}", MATCH.replace('\n', "\r\n"));
    let tag = Lane { ref_kind: "tag".to_owned(), ..Lane::default() };
    let new = tools([("x", "1")]);
    for text in [text.clone(), format!("\u{feff}{text}"), text.trim_end().to_owned()] {
        let after = changed(&text, &tag, &new);
        assert!(after.starts_with(&text), "{after:?}");
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    }
    let mixed = text.replacen("\r\n", "\n", 1);
    assert_eq!(update(Some(&mixed), &tag, &new), Err(LockError::Scattered));
    // Nothing to do, nothing to refuse.
    assert_eq!(update(Some(&mixed), &tag, &Section::new()).unwrap(), mixed);
    let scattered = format!(
        "version = 1\nshared.tools.a.version = '1'\nclasses.tools = 'exact'\nshared.tools.b.version = '1'\n{MATCH}"
    );
    assert_eq!(update(Some(&scattered), &tag, &new), Err(LockError::Scattered));
}

#[test]
fn a_lock_that_can_not_be_parsed_is_not_changed() {
    for text in ["", "version = 2", "version = 1\n[shared.toolz]", "nonsense"] {
        assert_eq!(
            update(Some(text), &lane("a"), &Section::new()).unwrap_err(),
            Lock::parse(text).unwrap_err()
        );
    }
}

#[test]
fn names_from_evidence_break_nothing_and_repaint_nothing() {
    let names = [
        "",
        " ",
        "a b",
        "a\nb",
        "x]\n[shared.packages]\ny",
        "\"",
        "'",
        "\\",
        "\"\"\"",
        "'''",
        "\u{1b}[2J",
        "\u{202e}evil",
        "\u{e0001}",
        "\u{7f}",
        "\0",
        "\r\n",
        "\r",
        "a.b",
        "a = {}",
        "# no comment",
        "ünïcode",
        "version",
        ".github/workflows/x.yml: uses actions/checkout",
    ];
    let all = section(names.map(|name| (Class::Tools, name, entry(name, name))));
    let mut lane = lane("a\n[shared.tools]");
    lane.leg = Some("{\"os\": \"\u{1b}]0;x\u{7}\"}".to_owned());
    let text = update(None, &lane, &all).unwrap();
    let effective = Lock::parse(&text).unwrap();
    let effective = effective.effective(&lane).unwrap();
    assert_eq!(effective.section, all);
    assert!(!text.chars().any(|c| c != '\n' && crate::base::text::is_unprintable(c)), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("sha256")).count(), names.len());
    // With carriage returns in the file as well as in the names.
    let text = text.replace('\n', "\r\n");
    let again = changed(&text, &lane, &tools([("\r\n", "9")]));
    assert!(Lock::parse(&again).unwrap().shared[&Class::Tools].contains_key("\r\n"));
}

#[test]
fn a_lane_is_named_by_what_it_is_for() {
    let name = |lane: &Lane, text: &str| {
        let text = update(Some(text), lane, &Section::new()).unwrap();
        let lock = Lock::parse(&text).unwrap();
        (lock.effective(lane).unwrap().name.to_owned(), text)
    };
    let with = |job: Option<&str>, leg: Option<&str>| Lane {
        job: job.map(str::to_owned),
        leg: leg.map(str::to_owned),
        ..lane("")
    };
    let empty = "version = 1\n";
    let (first, text) = name(&with(Some("build"), Some("{\"os\":\"linux\"}")), empty);
    assert_eq!(first, "build-os-linux-default-branch");
    // Another lane that reads the same.
    let (second, _) = name(&with(Some("build"), Some("[\"os\",\"linux\"]")), &text);
    assert_eq!(second, "build-os-linux-default-branch-2");
    assert_eq!(name(&with(None, None), empty).0, "release-default-branch");
    assert_eq!(name(&Lane::default(), empty).0, "build");
    let (long, text) = name(&with(Some(&"x".repeat(5000)), None), empty);
    assert!(long.len() <= LANE_NAME_MAX);
    assert_eq!(name(&with(Some(&"x".repeat(5001)), None), &text).0, format!("{long}-2"));
    assert_eq!(name(&with(Some("\u{202e}"), None), empty).0, "default-branch");
}

#[test]
fn what_would_be_over_a_cap_is_not_written() {
    let all = |number: usize| {
        let entries = (0..number).map(|n| (n.to_string(), Entry::default()));
        Section::from([(Class::Variables, entries.collect::<BTreeMap<_, _>>())])
    };
    let text = update(None, &lane("a"), &all(ENTRIES_MAX)).unwrap();
    assert_eq!(update(None, &lane("a"), &all(ENTRIES_MAX + 1)), Err(LockError::TooManyEntries));
    // All of them exchanged, in time.
    let others = (0..ENTRIES_MAX).map(|n| (format!("x{n}"), Entry::default()));
    let others = Section::from([(Class::Variables, others.collect::<BTreeMap<_, _>>())]);
    assert_eq!(
        Lock::parse(&update(Some(&text), &lane("a"), &others).unwrap()).unwrap().shared,
        others
    );
    let large = section([(Class::Tools, "x", entry(&"y".repeat(LOCK_MAX), ""))]);
    assert!(matches!(update(None, &lane("a"), &large), Err(LockError::TooLarge { .. })));
}
