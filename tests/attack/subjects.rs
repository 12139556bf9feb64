//! Digests of subjects: which ones count, and what disagrees.

use proofmark::base::tree::hash::{Links, hash_file};
use serde_json::{Value, json};

use crate::forge::{APP, Bench, EVIL, evidence_of, sha256, sha512, sign};
use std::sync::atomic::{AtomicUsize, Ordering};

/// `verify app` with evidence over one subject of these digests.
fn with_digests(digests: &Value) -> crate::forge::Run {
    with_subjects(&json!([{"name": "app", "digest": digests}]))
}

fn with_subjects(subjects: &Value) -> crate::forge::Run {
    Bench::new().verify(&[sign(&evidence_of(subjects, "b1", "succeeded"))])
}

#[test]
fn a_subject_without_a_digest_matches_nothing() {
    // GHSA-vmvj-p3hw-39q3: nothing in common was no failure.
    with_digests(&json!({})).is_untold("not-a-subject");
    with_subjects(&json!([{"name": "app"}])).is_untold("not-a-subject");
    with_subjects(&json!([{}])).is_untold("not-a-subject");
    with_subjects(&json!([])).is_untold("not-a-subject");
}

#[test]
fn a_weak_digest_alone_matches_nothing() {
    // GHSA-pgpm-j729-qcvh: equality fell to the weakest digest in common. The values are those of the
    // artefact's very bytes.
    let weak = json!({
        "sha1": "959af80df0f62edf4b4ff913ad4be0b86ae0be97",
        "md5": "93b08c6e3dfacea5ae0dfb5c203005ee",
        "gitCommit": "9d2748e8607db5b8c7aab1df915ff35d8c581c24",
        "gitBlob": "9d2748e8607db5b8c7aab1df915ff35d8c581c24",
        "dirHash": sha256(APP),
        "crc32": "00000000"});
    with_digests(&weak).is_untold("not-a-subject");
    for (name, value) in weak.as_object().unwrap() {
        with_digests(&json!({name: value})).is_untold("not-a-subject");
    }
}

#[test]
fn a_digest_under_another_name_is_none() {
    for name in ["SHA256", "sha-256", "sha256 ", "", "sha3_256", "goModuleH1", "blake3"] {
        with_digests(&json!({name: sha256(APP)})).is_untold("not-a-subject");
    }
}

#[test]
fn a_malformed_sha256_matches_nothing() {
    let right = sha256(APP);
    let wrong = [
        String::new(),
        right[..63].to_owned(),
        right[..62].to_owned(),
        format!("{right}00"),
        format!("{right} "),
        format!("sha256:{right}"),
        format!("0x{}", &right[2..]),
        right.replace(char::is_alphabetic, "g"),
        "*".to_owned(),
    ];
    for digest in wrong {
        with_digests(&json!({"sha256": digest})).is_untold("not-a-subject");
    }
    with_digests(&json!({"sha256": right.to_uppercase()})).is_verified();
}

#[test]
fn a_sha512_that_disagrees_beside_an_agreeing_sha256_is_refused() {
    // GHSA-pgpm-j729-qcvh.
    let both =
        |sha256: &str, sha512: &str| with_digests(&json!({"sha256": sha256, "sha512": sha512}));
    both(&sha256(APP), &sha512(APP)).is_verified();
    for wrong in [&sha512(EVIL), "", "00", &sha256(APP), &"g".repeat(128)] {
        let run = both(&sha256(APP), wrong);
        run.is_refused("digest-disagrees");
        assert!(run.message().contains("sha512 disagrees beside a digest that agrees"), "{run:?}");
    }
}

#[test]
fn a_sha256_that_disagrees_beside_an_agreeing_sha512_is_refused() {
    let run = with_digests(&json!({"sha512": sha512(APP)}));
    run.is_verified();
    for wrong in [&sha256(EVIL), "", "00", &sha512(APP), &"g".repeat(64)] {
        let run = with_digests(&json!({"sha256": wrong, "sha512": sha512(APP)}));
        run.is_refused("digest-disagrees");
        assert!(run.message().contains("sha256 disagrees"), "{run:?}");
    }
}

#[test]
fn a_weak_digest_that_disagrees_is_not_compared() {
    with_digests(&json!({"sha256": sha256(APP), "sha1": "00", "md5": "x"})).is_verified();
}

#[test]
fn a_subject_that_disagrees_is_refused_although_another_of_the_same_line_agrees() {
    let good = json!({"name": "app", "digest": {"sha256": sha256(APP), "sha512": sha512(APP)}});
    let bad = json!({"name": "app", "digest": {"sha256": sha256(APP), "sha512": sha512(EVIL)}});
    let elsewhere = json!({"name": "x", "digest": {"sha256": sha256(EVIL), "sha512": sha512(APP)}});
    for subjects in [json!([good, bad]), json!([bad, good]), json!([good, elsewhere])] {
        with_subjects(&subjects).is_refused("digest-disagrees");
    }
}

#[test]
fn a_line_that_disagrees_is_refused_although_another_line_agrees() {
    let bench = Bench::new();
    let bad = json!([{"name": "app", "digest": {"sha256": sha256(APP), "sha512": sha512(EVIL)}}]);
    let good = json!([{"name": "app", "digest": {"sha256": sha256(APP)}}]);
    let lines =
        [sign(&evidence_of(&good, "b1", "succeeded")), sign(&evidence_of(&bad, "b2", "succeeded"))];
    bench.verify(&lines).is_refused("digest-disagrees");
}

#[test]
fn a_size_that_disagrees_is_refused() {
    let with = |size: Value| {
        with_subjects(&json!([{"name": "app", "digest": {"sha256": sha256(APP)},
            "annotations": {"size": size}}]))
    };
    with(json!(APP.len())).is_verified();
    with(json!(APP.len() + 1)).is_refused("digest-disagrees");
    with(json!(0)).is_refused("digest-disagrees");
}

#[test]
fn a_sha512_that_a_digest_argument_cannot_answer_is_said() {
    let bench = Bench::new();
    let subjects =
        json!([{"name": "app", "digest": {"sha256": sha256(APP), "sha512": sha512(EVIL)}}]);
    let line = sign(&evidence_of(&subjects, "b1", "succeeded"));
    let digest = format!("sha256:{}", sha256(APP));
    let run = bench.verify_of(&[&digest], &[line], &["--key", "key1.pub"]);
    run.is_verified();
    run.notes("states a sha512 too");
    run.notes("which artefact it is was not checked");
}

#[test]
fn a_digest_argument_that_is_none_is_a_mistake() {
    let bench = Bench::new();
    for bad in ["sha256:", "sha256:00", "sha256:../app", &format!("sha256:{}0", sha256(APP))] {
        let run = bench.run(&["verify", bad, "--key", "key1.pub"]);
        run.is_usage("sha256");
    }
}

#[test]
fn an_altered_artefact_is_refused_and_one_of_no_name_could_not_be_told() {
    let bench = Bench::new();
    let lines = crate::forge::good_lines();
    bench.file("app", EVIL);
    bench.verify(&lines).is_refused("different-digest");
    bench.file("other", EVIL);
    bench.verify_of(&["other"], &lines, &["--key", "key1.pub"]).is_untold("not-a-subject");
    bench.file("app", b"");
    bench.verify(&lines).is_refused("different-digest");
}

#[test]
fn several_artefacts_are_as_good_as_their_worst() {
    let bench = Bench::new();
    bench.file("dir/app", EVIL);
    bench.file("stranger", EVIL);
    let lines = crate::forge::good_lines();
    let trust = ["--key", "key1.pub"];
    let run = bench.verify_of(&["app", "stranger"], &lines, &trust);
    run.is_untold("not-a-subject");
    let run = bench.verify_of(&["app", "stranger", "dir/app"], &lines, &trust);
    run.is_refused("different-digest");
    let run = bench.verify_of(&["app", "missing"], &lines, &trust);
    run.is_untold("unreadable");
}

#[test]
fn an_artefact_that_is_no_regular_file_is_not_read() {
    let bench = Bench::new();
    assert!(
        std::process::Command::new("mkfifo").arg(bench.path("fifo")).status().unwrap().success()
    );
    let trust = ["--key", "key1.pub"];
    for artefact in ["fifo", "/dev/null", "/dev/zero"] {
        let run = bench.verify_of(&[artefact], &crate::forge::good_lines(), &trust);
        run.is_untold("unreadable");
    }
}

#[test]
fn an_artefact_that_has_other_bytes_than_it_says_is_refused() {
    // From outside: a file of `/proc` has bytes and says that it has none, which is what a file that
    // grows while it is read looks like.
    let bench = Bench::new();
    if !std::path::Path::new("/proc/version").is_file() {
        return;
    }
    let lines = crate::forge::good_lines();
    let run = bench.verify_of(&["/proc/version"], &lines, &["--key", "key1.pub"]);
    run.is_refused("changed-while-read");
}

#[test]
fn an_artefact_that_grows_or_shrinks_or_changes_while_it_is_read_is_marked() {
    // The callback is asked in the middle of the file, so that the change always falls there.
    type Change = fn(&std::fs::File);
    let bench = Bench::new();
    let changes: [(&str, Change); 3] = [
        ("grows", |file| file.set_len((8 << 20) + 1).unwrap()),
        ("shrinks", |file| file.set_len(5 << 20).unwrap()),
        ("changes", |file| {
            use std::os::unix::fs::FileExt as _;
            file.write_all_at(b"x", 1).unwrap();
            let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
            file.set_modified(long_ago).unwrap();
        }),
    ];
    for size in [8 << 20, 40 << 20] {
        for (what, change) in changes {
            let path = bench.file("big", b"");
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_len(size).unwrap();
            let still = hash_file(&path, Links::Follow, false, &|| false).unwrap();
            assert!(!still.changed_while_read, "{what} {size}");
            // Asked once before the file is opened, then every few MiB.
            let asked = AtomicUsize::new(0);
            let hashed = hash_file(&path, Links::Follow, false, &|| {
                if asked.fetch_add(1, Ordering::Relaxed) == 1 {
                    change(&file);
                }
                false
            });
            assert!(asked.load(Ordering::Relaxed) > 1);
            assert!(hashed.unwrap().changed_while_read, "{what} {size}");
        }
    }
}
