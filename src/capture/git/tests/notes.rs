//! Notes as git writes them, and as nobody should.

use super::super::notes::{Missing, NOTES_REF, Notes, notes};
use super::Fixture;

const NOTES: &str = "--ref=proofmark";

impl Fixture {
    fn notes(&self) -> Notes {
        notes(&self.root(), &|| false)
    }

    fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    fn add_note(&self, text: &str) {
        self.git(&["notes", NOTES, "append", "-m", text]);
    }

    fn commit(&self, name: &str) -> String {
        self.git(&["commit", "-q", "--allow-empty", "-m", name]);
        self.head()
    }

    fn blob(&self, content: &str) -> String {
        self.write("blob", content);
        self.git(&["hash-object", "-w", "blob"])
    }

    /// A tree of lines as `ls-tree` prints them.
    fn tree(&self, lines: &str) -> String {
        self.write("listing", &if lines.is_empty() { String::new() } else { format!("{lines}\n") });
        let mut shell = super::command("sh");
        shell.args(["-c", "git mktree --missing <listing"]).current_dir(self.root());
        let made = shell.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    /// Notes with this tree.
    fn set_tree(&self, tree: &str) {
        let commit = self.git(&["commit-tree", "-m", "notes", tree]);
        self.git(&["update-ref", NOTES_REF, &commit]);
    }
}

fn texts(notes: &Notes) -> Vec<String> {
    let texts = notes.found.iter().map(|note| String::from_utf8_lossy(&note.content).into_owned());
    texts.collect()
}

#[test]
fn the_notes_of_the_newest_commits_are_found_first() {
    let fixture = Fixture::new();
    fixture.add_note("one");
    let first = fixture.head();
    fixture.commit("without");
    // A second later, so that it is newer by its own word too.
    fixture.git(&["-c", "user.name=A", "commit", "-q", "--allow-empty", "-m", "x"]);
    fixture.add_note("two");
    let found = fixture.notes();
    assert_eq!(texts(&found), ["two\n", "one\n"]);
    assert_eq!(
        (found.found[0].commit.clone(), found.found[1].commit.clone()),
        (fixture.head(), first)
    );
    assert_eq!(found.missing, []);
}

#[test]
fn what_is_not_there_says_so_each_in_its_own_way() {
    let nothing = Fixture::nothing();
    assert_eq!(nothing.notes().missing, [Missing::NoRepository]);
    let empty = Fixture::empty();
    assert_eq!(empty.notes().missing, [Missing::NoRef]);
    let fixture = Fixture::new();
    let missing = fixture.notes().missing;
    assert_eq!(missing, [Missing::NoRef]);
    let cure = "git fetch origin refs/notes/proofmark:refs/notes/proofmark";
    assert_eq!(missing[0].cure(), Some(cure));
    fixture.set_tree(&fixture.tree(""));
    let none = Missing::NoNote { commits: 1, cut_off: false };
    assert_eq!(fixture.notes().missing, [none]);
    assert_eq!(notes(&fixture.root(), &|| true).missing, [Missing::Stopped]);
    fixture.git(&["checkout", "-q", "--orphan", "other"]);
    assert_eq!(fixture.notes().missing, [Missing::NoCommit]);
    assert!(matches!(
        notes(&fixture.beside("none"), &|| false).missing[..],
        [Missing::Unreadable(_)]
    ));
}

#[test]
fn a_commit_that_is_no_ancestor_keeps_its_note() {
    let fixture = Fixture::new();
    fixture.git(&["checkout", "-qb", "side"]);
    fixture.commit("side");
    fixture.add_note("of another branch");
    fixture.git(&["checkout", "-q", "main"]);
    let none = Missing::NoNote { commits: 1, cut_off: false };
    assert_eq!(fixture.notes().missing, [none]);
}

#[test]
fn a_history_that_is_cut_off_says_so() {
    let fixture = Fixture::new();
    fixture.add_note("old");
    fixture.commit("two");
    let from = format!("file://{}", fixture.root().display());
    let clone = fixture.beside("clone");
    let clone_text = clone.to_str().unwrap();
    fixture.git(&["clone", "-q", "--depth=1", &from, clone_text]);
    fixture.git_in(&clone, &["fetch", "-q", "origin", "refs/notes/proofmark:refs/notes/proofmark"]);
    let found = notes(&clone, &|| false);
    assert_eq!(found.missing, [Missing::NoNote { commits: 1, cut_off: true }]);
    assert_eq!(found.missing[0].cure(), Some("git fetch --unshallow"));
}

#[test]
fn folders_of_any_depth_lead_to_a_note_and_several_are_joined() {
    let fixture = Fixture::new();
    let id = fixture.head();
    let (flat, deep) = (fixture.blob("flat"), fixture.blob("deep"));
    let mut tree = fixture.tree(&format!("100644 blob {deep}\t{}", &id[38..]));
    for at in (1..19).rev() {
        tree = fixture.tree(&format!("040000 tree {tree}\t{}", &id[at * 2..at * 2 + 2]));
    }
    fixture.set_tree(
        &fixture.tree(&format!("040000 tree {tree}\t{}\n100644 blob {flat}\t{id}", &id[..2])),
    );
    assert_eq!(texts(&fixture.notes()), ["flat\ndeep"]);
}

#[test]
fn a_note_that_is_no_file_is_named_and_the_others_are_read() {
    let fixture = Fixture::new();
    let old = fixture.head();
    let new = fixture.commit("two");
    let blob = fixture.blob("x");
    let inner = fixture.tree(&format!("100644 blob {blob}\tx"));
    for entry in [
        format!("040000 tree {inner}\t{new}"),
        format!("120000 blob {blob}\t{new}"),
        format!("160000 commit {old}\t{new}"),
        format!("100644 blob {}\t{new}", "1".repeat(40)),
    ] {
        fixture.set_tree(&fixture.tree(&format!("{entry}\n100644 blob {blob}\t{old}")));
        let found = fixture.notes();
        assert_eq!(texts(&found), ["x"], "{entry}");
        let [Missing::UnreadableNote { commit, .. }] = &found.missing[..] else {
            panic!("{entry}: {found:?}");
        };
        assert_eq!(commit, &new);
    }
    // A folder's name with a file in its place leads nowhere.
    fixture.set_tree(&fixture.tree(&format!("100644 blob {blob}\t{}", &new[..2])));
    assert!(matches!(fixture.notes().missing[..], [Missing::NoNote { commits: 2, .. }]));
}

#[test]
fn a_ref_that_leads_to_no_tree_is_unreadable_and_a_tag_is_followed() {
    let fixture = Fixture::new();
    fixture.add_note("one");
    let commit = fixture.git(&["rev-parse", NOTES_REF]);
    fixture.git(&["tag", "-a", "-m", "tag", "notes", &commit]);
    fixture.git(&["update-ref", NOTES_REF, "refs/tags/notes"]);
    assert_eq!(texts(&fixture.notes()), ["one\n"]);
    let blob = fixture.blob("x");
    fixture.git(&["update-ref", NOTES_REF, &blob]);
    assert!(matches!(fixture.notes().missing[..], [Missing::Unreadable(_)]));
    fixture.git(&["update-ref", "-d", NOTES_REF]);
    fixture.write(".git/refs/notes/proofmark", "garbage\n");
    assert!(matches!(fixture.notes().missing[..], [Missing::Unreadable(_)]));
}

#[test]
fn a_note_over_the_cap_is_not_read() {
    let fixture = Fixture::new();
    let old = fixture.head();
    let new = fixture.commit("two");
    let big = fixture.beside("repo/big");
    std::fs::File::create_new(&big).unwrap().set_len(super::super::notes::NOTE_MAX + 1).unwrap();
    let big = fixture.git(&["hash-object", "-w", "big"]);
    let small = fixture.blob("x");
    fixture
        .set_tree(&fixture.tree(&format!("100644 blob {big}\t{new}\n100644 blob {small}\t{old}")));
    let found = fixture.notes();
    assert_eq!(texts(&found), ["x"]);
    assert_eq!(found.missing, [Missing::TooLarge("a note over 64 MiB".to_owned())]);
}

#[test]
fn only_the_newest_few_are_given() {
    let fixture = Fixture::new();
    let blob = fixture.blob("x");
    let mut lines = Vec::new();
    for number in 0..22 {
        let id = fixture.commit(&format!("commit {number}"));
        lines.push(format!("100644 blob {blob}\t{id}"));
    }
    fixture.set_tree(&fixture.tree(&lines.join("\n")));
    assert_eq!(fixture.notes().found.len(), 20);
}
