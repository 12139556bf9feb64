//! What a first look sees.

use super::*;
use crate::base::digest::Sha256;

#[test]
fn paths_are_sorted_by_their_bytes_and_hashed() {
    // `.` sorts before `/`, and `/` before `0`.
    let files = ["a/b", "a.txt", "a0", "a/c/d", "B", "ü"].map(|path| (path, path));
    let folder = Folder::new(&files);
    let tree = folder.read();
    assert_eq!(names(&tree), ["B", "a.txt", "a/b", "a/c/d", "a0", "ü"]);
    for entry in tree.iter() {
        assert_eq!(entry.digest, Some(Sha256::of(entry.path)));
        assert_eq!(entry.size, entry.path.len() as u64);
        assert_eq!((entry.kind, entry.content), (Kind::File, Content::Read));
        assert_eq!(tree.get(entry.path), Some(entry));
    }
    assert_eq!(tree.get(b"a"), None);
    assert!(tree.is_complete() && tree.problems().is_empty());
    assert_eq!(tree.totals(), Totals { files: 6, bytes: 18 });
}

#[test]
fn many_files_of_all_sizes_are_each_hashed_once() {
    let folder = Folder::new(&[]);
    let content =
        |n: usize| vec![n as u8; if n.is_multiple_of(50) { 1_100_000 + n } else { n * 7 }];
    for n in 0..300 {
        folder.write(&format!("{}/{n}", n % 7), &content(n));
    }
    let done = std::sync::Mutex::new((0, 0));
    let progress = |files, bytes| {
        let mut done = done.lock().unwrap();
        *done = (done.0 + files, done.1 + bytes);
    };
    let tree = Tree::read(&folder.walk(&|| false, &progress)).unwrap();
    assert_eq!(tree.len(), 300);
    for n in 0..300 {
        let entry = tree.get(format!("{}/{n}", n % 7).as_bytes()).unwrap();
        assert_eq!(entry.digest, Some(Sha256::of(&content(n))), "{n}");
    }
    assert_eq!(*done.lock().unwrap(), (300, tree.totals().bytes));
}

#[test]
fn an_empty_tree_has_the_digest_of_nothing() {
    let tree = Folder::new(&[]).read();
    assert!(tree.is_empty());
    assert_eq!(tree.root_digest(|_| true), Sha256::of(b""));
    assert_eq!(tree.dir_hash(), Some(Sha256::of(b"")));
    let folder = Folder::new(&[]);
    let walk = folder.walk(&|| false, &|_, _| ());
    let missing = Walk { root: Path::new("/does/not/exist"), ..walk };
    assert!(Tree::read(&missing).is_err());
}

#[test]
fn git_our_outputs_and_excluded_folders_are_left_out_at_any_depth() {
    let mut folder = Folder::new(&[
        (".git/HEAD", ""),
        ("sub/.git", "gitdir: x"),
        ("sub/deep/.git/config", ""),
        ("x.git", ""),
        (".gitignore", ""),
        ("node_modules/a/b", ""),
        ("sub/target1/o", ""),
        ("sub/keep", ""),
        ("out.jsonl", ""),
        ("keys/k.pem", ""),
    ]);
    folder.exclude = Patterns::new(&["node_modules", "**/target*"]).unwrap();
    folder.skip = vec!["out.jsonl".into(), "keys/k.pem".into()];
    assert_eq!(names(&folder.read()), [".gitignore", "sub/keep", "x.git"]);
}

#[test]
fn go_would_give_the_same_hash1() {
    let folder = Folder::new(&[("go.mod", "module x\n"), ("a/b.go", "package a\n"), ("a.go", "")]);
    // python3: import hashlib as h
    // files = {"go.mod": b"module x\n", "a/b.go": b"package a\n", "a.go": b""}
    // h.sha256("".join(f"{h.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files)).encode()).hexdigest()
    let hex = "9a80e36087a9e76e0e3a59006fdeb7b846d7e460f8c92815383ec670848d1dce";
    assert_eq!(folder.read().dir_hash().unwrap().to_string(), hex);
    // h.sha256("".join(f"f - {h.sha256(files[n]).hexdigest()} {n.encode().hex()}\n" for n in sorted(files)).encode()).hexdigest()
    let hex = "5d6b21855c78272653070d8287637d768e839d7d2c619ff90f1035bb1ac24be7";
    assert_eq!(folder.read().root_digest(|_| true).to_string(), hex);
    assert_eq!(folder.read().root_digest(|_| false), Sha256::of(b""));
}

#[test]
fn a_large_file_is_hashed_as_a_whole() {
    let folder = Folder::new(&[]);
    let content: Vec<u8> = (0..40 << 20_u32).map(|n: u32| (n >> 8) as u8 ^ n as u8).collect();
    folder.write("large", &content);
    let expected = Sha256::of(&content);
    assert_eq!(folder.read().get(b"large").unwrap().digest, Some(expected));
    let hashed =
        hash::hash_file(&folder.path("large"), hash::Links::Refuse, true, &|| false).unwrap();
    assert_eq!((hashed.sha256, hashed.size), (expected, 40 << 20));
    assert_eq!(hashed.sha512, Some(crate::base::digest::Sha512::of(&content)));
    assert!(!hashed.changed_while_read);
    let stopped = hash::hash_file(&folder.path("large"), hash::Links::Refuse, false, &|| true);
    assert!(matches!(stopped, Err(hash::HashError::Stopped)));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_said_so() {
    for size in [5 << 20, 40 << 20] {
        let folder = Folder::new(&[("quiet", "x")]);
        folder.write("busy", &vec![1; size]);
        let once = std::sync::Once::new();
        // Called in the middle of the large file.
        let progress = |_, bytes| {
            if bytes > 1_000_000 {
                once.call_once(|| folder.write("busy", b"short"));
            }
        };
        let tree = Tree::read(&folder.walk(&|| false, &progress)).unwrap();
        assert_eq!(troubles(&tree), [("busy".to_owned(), Trouble::ChangedWhileRead)]);
        assert_eq!(tree.get(b"busy").unwrap().content, Content::ChangedWhileRead);
        assert_eq!(tree.get(b"quiet").unwrap().content, Content::Read);
        assert_eq!(tree.dir_hash(), None);
    }
}

#[test]
fn what_was_not_reached_before_the_stop_is_a_problem_and_has_no_digest() {
    let folder = Folder::new(&[]);
    (0..100).for_each(|n| folder.write(&n.to_string(), b"x"));
    let tree = Tree::read(&folder.walk(&|| true, &|_, _| ())).unwrap();
    assert!(!tree.is_complete());
    assert_eq!((tree.len(), tree.not_reached(), tree.problems().len()), (64, 64, 8));
    assert!(
        tree.iter().all(|entry| entry.digest.is_none() && entry.content == Content::NotReached)
    );
    assert_eq!(tree.dir_hash(), None);

    // In the middle of the only file, with the walk at its end.
    let folder = Folder::new(&[]);
    folder.write("large", &vec![0; 10 << 20]);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let tree =
        Tree::read(&folder.walk(&|| stop.load(std::sync::atomic::Ordering::Relaxed), &|_, _| {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }))
        .unwrap();
    assert_eq!((tree.is_complete(), tree.not_reached()), (true, 1));
    assert_eq!(troubles(&tree), [("large".to_owned(), Trouble::NotReached)]);
}

#[test]
fn a_path_costs_less_than_a_hundred_bytes_beside_its_name() {
    assert!(size_of::<table::Row>() <= 80, "{}", size_of::<table::Row>());
    assert!(size_of::<table::Block>() / 64 <= 1);
}

#[test]
fn many_named_files_come_back_in_their_order() {
    let folder = Folder::new(&[]);
    (0..100).for_each(|n| folder.write(&n.to_string(), n.to_string().as_bytes()));
    let mut paths: Vec<_> = (0..100).map(|n: u32| folder.path(&n.to_string())).collect();
    paths.push(folder.path("missing"));
    paths.push(folder.path(""));
    let hashed = hash::hash_all(&paths, hash::Links::Follow, false, &|| false, &|_, _| ());
    assert_eq!(hashed.len(), 102);
    for (n, hashed) in hashed.iter().take(100).enumerate() {
        assert_eq!(hashed.as_ref().unwrap().sha256, Sha256::of(n.to_string().as_bytes()));
    }
    assert!(
        matches!(&hashed[100], Err(hash::HashError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound)
    );
    assert!(hashed[101].is_err());
}
