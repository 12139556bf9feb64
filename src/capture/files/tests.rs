//! What a bracket makes of a folder before and after.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::base::digest::Sha256;
use crate::base::time::nanoseconds;
use crate::base::tree::{PatternError, Walk, compare};

struct Folder(tempfile::TempDir, Patterns);

impl Folder {
    fn new(files: &[&str]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap(), Patterns::default());
        files.iter().for_each(|path| folder.write(path, path));
        folder
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn write(&self, path: &str, content: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), content).unwrap();
    }

    fn walk(&self) -> Walk<'_> {
        Walk {
            root: self.0.path(),
            exclude: &self.1,
            skip: &[],
            stop: &|| false,
            progress: &|_, _| (),
        }
    }

    fn read(&self) -> Tree {
        Tree::read(&self.walk()).unwrap()
    }

    fn compare<'b>(&self, before: &'b Tree) -> Differences<'b> {
        compare(before, &self.walk(), nanoseconds(), false).unwrap()
    }

    fn select(&self, before: &Tree, arguments: &[(&str, &str)]) -> Result<Selection, SelectError> {
        let argument = |(source, name): &(&str, &str)| ArtefactArg {
            source: (*source).to_owned(),
            name: name.parse().ok(),
        };
        let arguments: Vec<_> = arguments.iter().map(argument).collect();
        select(&arguments, &self.compare(before))
    }
}

fn path(text: &str) -> PathText {
    PathText::Path(text.to_owned())
}

fn names(selection: &Selection) -> Vec<&str> {
    selection.artefacts.iter().map(|artefact| artefact.name.as_str()).collect()
}

#[test]
fn inputs_are_counted_by_what_git_makes_of_them() {
    let folder = Folder::new(&["a", "cache/bb", "new"]);
    let class = |path: &[u8]| match path {
        b"a" => Some(GitClass::Tracked),
        b"new" => Some(GitClass::Untracked),
        _ => Some(GitClass::Ignored),
    };
    let tree = folder.read();
    let (inputs, gaps) = super::inputs(&tree, None, Some(&class), vec!["x/*".into()]);
    assert_eq!(gaps, []);
    assert_eq!(inputs.all, Count { files: 3, bytes: 12 });
    assert_eq!(inputs.tracked, Some(Count { files: 1, bytes: 1 }));
    assert_eq!(inputs.untracked, Some(Count { files: 1, bytes: 3 }));
    assert_eq!(inputs.ignored, Some(Count { files: 1, bytes: 8 }));
    assert_eq!(inputs.excluded, [".git", "x/*"]);
    let Some(Sealable::Inline(files)) = inputs.files else { panic!() };
    assert_eq!(files[1].path, path("cache/bb"));
    assert_eq!(files[1].sha256, Some(Sha256::of(b"cache/bb")));
    assert_eq!((files[1].git, files[1].change), (Some(GitClass::Ignored), None));
    assert_eq!(inputs.root, tree.root_digest(|_| true));

    let (inputs, _) = super::inputs(&tree, None, None, vec![]);
    assert_eq!((inputs.tracked, inputs.untracked, inputs.ignored), (None, None, None));
}

#[test]
fn named_inputs_replace_all_others() {
    let folder = Folder::new(&["src/a", "src/b", "other"]);
    let tree = folder.read();
    let include = Patterns::new(&["src"]).unwrap();
    let (inputs, gaps) = super::inputs(&tree, Some(&include), None, vec![]);
    assert_eq!((inputs.all.files, gaps.len()), (2, 0));
    assert_eq!(inputs.root, tree.root_digest(|path| path.starts_with(b"src/")));
    assert_ne!(inputs.root, tree.root_digest(|_| true));
    let include = Patterns::new(&["nothing"]).unwrap();
    let (_, gaps) = super::inputs(&tree, Some(&include), None, vec![]);
    assert_eq!(gaps[0].reason, "no file is what the inputs were said to be");
}

#[test]
fn outputs_are_what_the_build_made_changed_and_deleted() {
    let folder = Folder::new(&["same", "changed", "deleted"]);
    let before = folder.read();
    folder.write("changed", "2");
    folder.write("made", "33");
    fs::remove_file(folder.path("deleted")).unwrap();
    let differences = folder.compare(&before);
    let (outputs, gaps) = super::outputs(&differences, None);
    assert_eq!(gaps, []);
    assert_eq!((outputs.made, outputs.changed, outputs.deleted), (1, 1, 1));
    assert_eq!(outputs.all, Count { files: 2, bytes: 3 });
    let Some(Sealable::Inline(files)) = outputs.files else { panic!() };
    let files: Vec<_> = files.iter().map(|file| (&file.path, file.change, file.sha256)).collect();
    assert_eq!(
        files,
        [
            (&path("changed"), Some(Change::Changed), Some(Sha256::of(b"2"))),
            (&path("deleted"), Some(Change::Deleted), Some(Sha256::of(b"deleted"))),
            (&path("made"), Some(Change::Made), Some(Sha256::of(b"33"))),
        ]
    );
    let record =
        |path: &str, content: &[u8]| format!("f - {} {}\n", Sha256::of(content), hex::encode(path));
    let records = record("changed", b"2") + &record("made", b"33");
    assert_eq!(outputs.root, Sha256::of(records.as_bytes()));
    let changed = changed_during_build(&differences, None);
    assert_eq!(changed, [path("changed"), path("deleted")]);
    let include = Patterns::new(&["deleted"]).unwrap();
    assert_eq!(changed_during_build(&differences, Some(&include)), [path("deleted")]);
}

#[test]
fn gaps_say_how_many_and_name_the_first_few() {
    let problem = |path: &str, trouble| Problem { path: path.as_bytes().to_owned(), trouble };
    let problems = [
        problem("a\u{1b}", Trouble::Unreadable("permission denied".into())),
        problem("b", Trouble::Unreadable("permission denied".into())),
        problem("c", Trouble::Unreadable("permission denied".into())),
        problem("d", Trouble::Unreadable("permission denied".into())),
        problem("", Trouble::UnreadableFolder("other error".into())),
        problem("log", Trouble::ChangedWhileRead),
        problem("z", Trouble::NotReached),
    ];
    let problems: Vec<_> = problems.iter().collect();
    let gaps = super::gaps("outputs", &problems, 7, false);
    let reasons: Vec<_> = gaps.iter().map(|gap| gap.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "4 files could not be read: a\\u{1b} (permission denied), b (permission denied), c (permission denied) and 1 more",
            "what is in 1 folder is not known: the root (other error)",
            "1 file changed while being read, so that the digest may be of a mixture: log",
            "stopped before 7 files could be read: z and 6 more",
            "stopped before all files were listed",
        ]
    );
    assert!(gaps.iter().all(|gap| gap.part == "outputs" && gap.cure.is_some()));
    assert_eq!(changed_while_read(&problems), [path("log")]);
}

#[test]
fn a_list_that_is_too_long_is_left_out_with_a_gap() {
    let mut gaps = Vec::new();
    assert!(listed("inputs", LISTED_MAX, &mut gaps, Vec::new).is_some() && gaps.is_empty());
    assert!(listed("inputs", LISTED_MAX + 1, &mut gaps, || panic!()).is_none());
    assert!(gaps[0].reason.starts_with("200001 files are counted"));
}

#[test]
fn an_artefact_is_a_glob_a_file_or_a_folder() {
    let folder = Folder::new(&["dist/a.tgz", "dist/b.tgz", "dist/x/c.tgz", "old", "a[1]"]);
    let before = Folder::new(&[]).read();
    let select = |source| folder.select(&before, &[(source, "")]).unwrap();
    assert_eq!(names(&select("dist/*")), ["a.tgz", "b.tgz"]);
    assert_eq!(names(&select("./dist/a.tgz")), ["a.tgz"]);
    assert_eq!(names(&select("dist/")), ["a.tgz", "b.tgz", "c.tgz"]);
    assert_eq!(names(&select("**/*.tgz")), ["a.tgz", "b.tgz", "c.tgz"]);
    assert_eq!(names(&select("a[1]")), ["a[1]"]);
    assert_eq!(names(&select(".")), ["a.tgz", "a[1]", "b.tgz", "c.tgz", "old"]);
    let nothing = select("nothing*");
    assert_eq!((nothing.artefacts.len(), nothing.matched_nothing), (0, vec!["nothing*".into()]));
    assert!(matches!(
        folder.select(&before, &[("../x", "")]),
        Err(SelectError::Pattern(PatternError::Outside { .. }))
    ));
}

#[test]
fn an_artefact_says_what_the_build_did_to_it() {
    let folder = Folder::new(&["same", "changed"]);
    let before = folder.read();
    folder.write("changed", "2");
    folder.write("made", "3");
    let selection = folder.select(&before, &[(".", "")]).unwrap();
    let changes: Vec<_> =
        selection.artefacts.iter().map(|a| (a.name.as_str(), a.change, a.size)).collect();
    assert_eq!(
        changes,
        [
            ("changed", Change::Changed, 1),
            ("made", Change::Made, 1),
            ("same", Change::Unchanged, 4)
        ]
    );
}

#[test]
fn two_equal_names_are_an_error_that_shows_how_to_name_one() {
    let folder = Folder::new(&["a/x", "b/x"]);
    let before = folder.read();
    let error = folder.select(&before, &[("*/x", "")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "two artefacts are named x: a/x and b/x (name one of them: -a b/x=NAME)"
    );
    let selection = folder.select(&before, &[("a/x", ""), ("b/x", "y")]).unwrap();
    assert_eq!(names(&selection), ["x", "y"]);
    // One path that two arguments match under one name counts once; under two names it is two.
    assert_eq!(names(&folder.select(&before, &[("a/x", ""), ("a/*", "")]).unwrap()), ["x"]);
    assert_eq!(names(&folder.select(&before, &[("a/x", ""), ("a/*", "z")]).unwrap()), ["x", "z"]);
    let error = folder.select(&before, &[("*/x", "one")]).unwrap_err();
    assert!(matches!(error, SelectError::NameForMany { number: 2, .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn what_is_no_sure_regular_file_is_no_artefact() {
    let folder = Folder::new(&["d/file"]);
    std::os::unix::fs::symlink("file", folder.path("d/link")).unwrap();
    let before = folder.read();
    let error = folder.select(&before, &[("d/link", "")]).unwrap_err();
    assert_eq!(error.to_string(), "the artefact d/link is a link, expected a regular file");
    assert_eq!(names(&folder.select(&before, &[("d/*", "")]).unwrap()), ["file"]);
    assert_eq!(names(&folder.select(&before, &[("d", "")]).unwrap()), ["file"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_base_name_that_is_no_subject_needs_another() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new(&["bad\\name"]);
    let before = folder.read();
    let error = folder.select(&before, &[("*", "")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the artefact bad\\name needs another name (-a SRC=NAME): the name has a backslash"
    );
    assert_eq!(names(&folder.select(&before, &[("*", "good")]).unwrap()), ["good"]);
    fs::remove_file(folder.path("bad\\name")).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"\xff");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fs::write(folder.0.path().join(name), "x").unwrap();
    let error = folder.select(&before, &[("*", "")]).unwrap_err();
    assert!(error.to_string().ends_with("its own isn't UTF-8"), "{error}");
    let (inputs, _) = super::inputs(&folder.read(), None, None, vec![]);
    let Some(Sealable::Inline(files)) = inputs.files else { panic!() };
    assert_eq!(files[0].path, PathText::PathHex("ff".into()));
}
