//! Archives that somebody altered, or made by other means: what tar and gzip can say beside names and contents
//! is said to us by none.
//!
//! CVE-2021-32803, CVE-2021-37701, CVE-2024-12905, CVE-2025-45582, CVE-2025-62518: links, names that leave the
//! folder, and headers of which two readers make two archives.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use tar::{EntryType, Header};

use crate::forge::{APP, Bench, EVIL, Run, build, good_lines, key, sha256, sign_by, subject};

const PACK: &str = "p.tar.gz";

/// An entry as it is written: header and content.
struct Entry {
    header: Header,
    bytes: Vec<u8>,
}

fn entry(name: &str, bytes: &[u8]) -> Entry {
    let mut header = Header::new_ustar();
    let field = &mut header.as_old_mut().name;
    field[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    Entry { header, bytes: bytes.to_vec() }
}

fn special(name: &str, kind: EntryType, target: &str) -> Entry {
    let mut entry = entry(name, b"");
    entry.header.set_entry_type(kind);
    entry.header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
    entry.header.set_cksum();
    entry
}

fn tar_of(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend_from_slice(entry.header.as_bytes());
        bytes.extend_from_slice(&entry.bytes);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let gzip = GzBuilder::new().mtime(0).operating_system(255);
    let mut gzip = gzip.write(Vec::new(), Compression::new(6));
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// A bench with a pack of the vendor's.
fn packed() -> Bench {
    let bench = Bench::new();
    bench.lines("e.sigstore.jsonl", &good_lines());
    let run = bench.run(&["pack", "e.sigstore.jsonl", "-o", PACK, "--key", "key1.pub"]);
    assert_eq!(run.code, 0, "{run:?}");
    bench
}

fn original(bench: &Bench) -> Vec<u8> {
    std::fs::read(bench.path(PACK)).unwrap()
}

fn members(bench: &Bench) -> BTreeMap<String, Vec<u8>> {
    let mut unzipped = Vec::new();
    flate2::read::GzDecoder::new(original(bench).as_slice()).read_to_end(&mut unzipped).unwrap();
    let mut archive = tar::Archive::new(unzipped.as_slice());
    let all = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), bytes)
    });
    all.collect()
}

/// What `pack` would list, so that nothing but the change itself is wrong.
fn listed(mut members: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let old: Value = serde_json::from_slice(&members["MANIFEST.json"]).unwrap();
    let tool = old["tool"].as_str().unwrap().to_owned();
    let manifest = proofmark::format::pack::Manifest::of(tool, &members);
    members.insert("MANIFEST.json".to_owned(), manifest.text().unwrap());
    members
}

fn entries(members: &BTreeMap<String, Vec<u8>>) -> Vec<Entry> {
    members.iter().map(|(name, bytes)| entry(name, bytes)).collect()
}

fn verify(bench: &Bench, packed: &[u8]) -> Run {
    bench.file("x.tar.gz", packed);
    let run = bench.run(&["verify", "--pack", "x.tar.gz", "--key", "key1.pub", "--format", "json"]);
    let left: Vec<_> = std::fs::read_dir(bench.path("")).unwrap().collect();
    assert_eq!(left.len(), 7, "nothing is unpacked");
    run
}

#[track_caller]
fn refused(run: &Run, reason: &str) -> String {
    assert_eq!(run.code, 1, "{run:?}");
    let json = run.json();
    assert_eq!(json["pack"]["verdict"], "refused", "{run:?}");
    assert_eq!(json["pack"]["reason"]["code"], reason, "{run:?}");
    json["pack"]["reason"]["message"].as_str().unwrap().to_owned()
}

#[track_caller]
fn altered(bench: &Bench, packed: &[u8], words: &str) {
    let message = refused(&verify(bench, packed), "pack-altered");
    assert!(message.contains(words), "{message}");
}

#[test]
fn what_is_forged_here_is_what_pack_writes() {
    let bench = packed();
    let same = gzip(&tar_of(&entries(&listed(members(&bench)))));
    assert!(same == original(&bench), "else every refusal below could be for another reason");
    assert_eq!(verify(&bench, &same).code, 0);
}

#[test]
fn an_archive_that_is_cut_off_is_refused() {
    let bench = packed();
    let whole = original(&bench);
    for length in [20, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        altered(&bench, &whole[..length], "cut off or damaged");
    }
    for (bytes, words) in [(&b""[..], "gzipped"), (b"{}", "gzipped")] {
        let run = verify(&bench, bytes);
        assert_eq!(run.code, 3, "{run:?}");
        let message = run.json()["pack"]["reason"]["message"].to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_bit_that_flips_is_refused_wherever_it_changes_anything() {
    let bench = packed();
    let whole = original(&bench);
    let unzipped = |bytes: &[u8]| {
        let mut found = Vec::new();
        let read = flate2::bufread::GzDecoder::new(bytes).read_to_end(&mut found);
        read.ok().map(|_| found)
    };
    let mut refusals = 0;
    for at in (10..whole.len()).step_by(whole.len() / 24) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let run = verify(&bench, &bytes);
        // Deflate has bits that say nothing.
        if unzipped(&bytes) == unzipped(&whole) {
            assert_eq!(run.code, 0, "{run:?}");
        } else {
            refused(&run, "pack-altered");
            refusals += 1;
        }
    }
    assert!(refusals > 20);
}

#[test]
fn what_stands_behind_the_end_is_refused() {
    let bench = packed();
    let whole = original(&bench);
    altered(&bench, &[&whole[..], b"\0"].concat(), "behind the end");
    // A second member of gzip, which most readers join to the first.
    altered(&bench, &[&whole[..], &whole].concat(), "behind the end");
    let tar = tar_of(&entries(&members(&bench)));
    let (first, second) = tar.split_at(1024);
    altered(&bench, &[gzip(first), gzip(second)].concat(), "");
    // And a second archive behind the first one's end, which only some read.
    altered(&bench, &gzip(&[&tar[..], &tar_of(&[entry("x", b"1")])].concat()), "");
    altered(&bench, &gzip(&[&tar[..], &[0; 512]].concat()), "more than its files do");
    altered(&bench, &gzip(&tar[..tar.len() - 512]), "");
}

#[test]
fn a_file_too_many_or_too_few_is_refused() {
    let bench = packed();
    let with = |name: &str| {
        let mut all = members(&bench);
        all.insert(name.to_owned(), b"{}".to_vec());
        all
    };
    let pack = |members: &BTreeMap<String, Vec<u8>>| gzip(&tar_of(&entries(members)));
    altered(&bench, &pack(&listed(with("extra.txt"))), "no pack has: extra.txt");
    altered(&bench, &pack(&listed(with("sections/x"))), "no pack has");
    let name = "evidence/0002-x.sigstore.jsonl";
    altered(&bench, &pack(&with(name)), "isn't as MANIFEST.json lists it");
    for name in members(&bench).into_keys() {
        let mut all = members(&bench);
        all.remove(&name);
        refused(&verify(&bench, &pack(&all)), "pack-altered");
        if name != "MANIFEST.json" {
            altered(&bench, &pack(&listed(all)), "missing");
        }
    }
    altered(&bench, &gzip(&tar_of(&[])), "missing");
}

#[test]
fn two_files_of_one_name_are_refused() {
    let bench = packed();
    let mut all = entries(&members(&bench));
    all.push(entry("report.html", b"<h1>Everything is fine</h1>"));
    altered(&bench, &gzip(&tar_of(&all)), "two files are named report.html");
    let mut all = entries(&members(&bench));
    all.reverse();
    altered(&bench, &gzip(&tar_of(&all)), "more than its files do");
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    let bench = packed();
    let names = ["../x", "/etc/x", "evidence/../../x", "evidence/0001-../x.sigstore.jsonl", "a\\b"];
    for name in names.into_iter().chain(["./trust.json", "C:x", ""]) {
        let mut all = members(&bench);
        all.insert(name.to_owned(), b"1".to_vec());
        refused(&verify(&bench, &gzip(&tar_of(&entries(&listed(all))))), "pack-altered");
    }
}

#[test]
fn whatever_is_no_regular_file_is_refused() {
    let bench = packed();
    for (kind, words) in [
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Char, "a device"),
        (EntryType::Block, "a device"),
        (EntryType::Directory, "a folder"),
        (EntryType::Fifo, "a FIFO"),
        (EntryType::GNUSparse, "a file with holes"),
        (EntryType::Continuous, "something else"),
        (EntryType::new(b'Z'), "something else"),
    ] {
        // In the place of a file, and beside all of them.
        let mut all = entries(&members(&bench));
        let name = "report.html";
        let at = members(&bench).keys().position(|found| found == name).unwrap();
        all[at] = special(name, kind, "/etc/passwd");
        altered(&bench, &gzip(&tar_of(&all)), words);
        let mut all = entries(&members(&bench));
        all.push(special("zz", kind, "trust.json"));
        altered(&bench, &gzip(&tar_of(&all)), words);
    }
}

#[test]
fn a_header_that_renames_or_resizes_the_next_file_is_refused() {
    let bench = packed();
    let record = |text: &str| {
        let length = text.len() + 4;
        format!("{length} {text}\n").into_bytes()
    };
    let inner = record("path=report.html");
    for (kind, bytes, words) in [
        (EntryType::XHeader, inner.clone(), "changes the next file"),
        (EntryType::XHeader, record("size=1"), "changes the next file"),
        (EntryType::XGlobalHeader, inner, "changes all files"),
        (EntryType::GNULongName, b"report.html\0".to_vec(), "changes the next file"),
        (EntryType::GNULongLink, b"report.html\0".to_vec(), "changes the next file"),
    ] {
        let mut all = entries(&members(&bench));
        let mut extra = entry("x", &bytes);
        extra.header.set_entry_type(kind);
        extra.header.set_cksum();
        all.insert(0, extra);
        altered(&bench, &gzip(&tar_of(&all)), words);
    }
}

#[test]
fn owners_modes_and_times_of_ones_own_are_refused() {
    let bench = packed();
    let changes: [fn(&mut Header); 5] = [
        |header| header.set_mode(0o4755),
        |header| header.set_uid(1),
        |header| header.set_mtime(1),
        |header| header.set_username("root").unwrap(),
        |header| header.as_old_mut().linkname[0] = b'x',
    ];
    for change in changes {
        let mut all = entries(&members(&bench));
        change(&mut all[0].header);
        all[0].header.set_cksum();
        altered(&bench, &gzip(&tar_of(&all)), "more than its files do");
    }
    let tar = tar_of(&entries(&members(&bench)));
    let mut named = GzBuilder::new().mtime(0).filename("x").write(Vec::new(), Compression::new(6));
    named.write_all(&tar).unwrap();
    altered(&bench, &named.finish().unwrap(), "header of gzip");
}

#[test]
fn a_size_that_is_not_there_buys_no_memory_and_a_bomb_is_cut() {
    let bench = packed();
    for size in [1 << 40, 8_589_934_591] {
        let mut all = entries(&members(&bench));
        all[0].header.set_size(size);
        all[0].header.set_cksum();
        refused(&verify(&bench, &gzip(&tar_of(&all))), "pack-altered");
    }
    let mut all = entries(&members(&bench));
    all[0].header.as_old_mut().size = [0xff; 12];
    all[0].header.set_cksum();
    refused(&verify(&bench, &gzip(&tar_of(&all))), "pack-altered");
    // Zeros, a thousand of them in a byte.
    let mut bomb = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(1));
    for _ in 0..300 {
        bomb.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 4 << 20);
    let run = verify(&bench, &bomb);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.json()["pack"]["reason"]["message"].to_string().contains("at most"), "{run:?}");
    let file = std::fs::File::create(bench.path("x.tar.gz")).unwrap();
    file.set_len(10 << 30).unwrap();
    let run = bench.run(&["verify", "--pack", "x.tar.gz", "--key", "key1.pub"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("larger than"), "{run:?}");
}

#[test]
fn a_report_that_is_not_what_the_evidence_says_is_refused() {
    let bench = packed();
    for name in ["report.json", "report.html", "report.md", "COMMANDS.md"] {
        let mut all = members(&bench);
        all.get_mut(name).unwrap().extend_from_slice(b"everything is fine\n");
        let run = verify(&bench, &gzip(&tar_of(&entries(&listed(all)))));
        let message = refused(&run, "pack-report-differs");
        assert!(message.contains(name), "{message}");
        assert_eq!(run.json()["pack"]["report"], "different");
        assert_eq!(run.json()["pack"]["report_details"], json!([name]));
    }
}

#[test]
fn a_report_of_another_version_is_not_compared_and_that_is_said() {
    let bench = packed();
    let mut all = members(&bench);
    let tool = "proofmark 99.0\u{1b}[2J".to_owned();
    all.insert("report.html".to_owned(), b"another".to_vec());
    let manifest = proofmark::format::pack::Manifest::of(tool, &all);
    all.insert("MANIFEST.json".to_owned(), manifest.text().unwrap());
    let run = verify(&bench, &gzip(&tar_of(&entries(&all))));
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.json()["pack"]["report"], "not-compared");
    let not = run.json()["not_checked"].to_string();
    assert!(not.contains("the archive's reports"), "{not}");
    let run = bench.run(&["verify", "--pack", "x.tar.gz", "--key", "key1.pub"]);
    assert!(run.stdout.contains("NOT compared: proofmark 99.0"), "{run:?}");
    assert!(!run.stdout.contains('\u{1b}'));
}

/// Whoever alters a pack can write any version beside it.
#[test]
fn sections_and_policies_that_belong_to_nothing_are_no_part_of_a_pack_of_any_version() {
    let bench = packed();
    let lies = br#"{"name":"a","salt":"00000000000000000000000000000000","content":1}"#;
    for (name, bytes) in [("sections/1-e.sections.jsonl", &lies[..]), ("policy.toml", b"garbage")] {
        let mut all = members(&bench);
        all.insert(name.to_owned(), bytes.to_vec());
        let manifest = proofmark::format::pack::Manifest::of("proofmark 99.0".to_owned(), &all);
        all.insert("MANIFEST.json".to_owned(), manifest.text().unwrap());
        let run = verify(&bench, &gzip(&tar_of(&entries(&all))));
        assert_ne!(run.code, 0, "{name}: {run:?}");
    }
}

/// An output that takes the place of a key or a policy leaves whoever checks without it.
#[test]
fn no_output_takes_the_place_of_a_key_that_is_trusted() {
    let bench = packed();
    let before = std::fs::read(bench.path("key1.pub")).unwrap();
    for command in ["report", "pack"] {
        let run = bench.run(&[
            command,
            "e.sigstore.jsonl",
            "--key",
            "key1.pub",
            "-o",
            "key1.pub",
            "--force",
        ]);
        assert_eq!(run.code, 2, "{command}: {run:?}");
    }
    assert_eq!(std::fs::read(bench.path("key1.pub")).unwrap(), before);
}

#[test]
fn a_policy_without_an_artefact_is_never_accepted_and_ignored() {
    let bench = packed();
    let pack = ["verify", "--pack", PACK, "--key", "key1.pub"];
    assert_eq!(bench.run(&pack).code, 0);
    let run = bench.run(&[&pack[..], &["--policy", "customer"]].concat());
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn a_list_of_a_later_version_is_not_judged() {
    let bench = packed();
    for name in ["MANIFEST.json", "trust.json"] {
        let mut all = members(&bench);
        let mut value: Value = serde_json::from_slice(&all[name]).unwrap();
        value["version"] = json!(2);
        value["more"] = json!("x");
        all.insert(name.to_owned(), serde_json::to_vec_pretty(&value).unwrap());
        let all = if name == "trust.json" { listed(all) } else { all };
        let run = verify(&bench, &gzip(&tar_of(&entries(&all))));
        assert_eq!(run.code, 3, "{run:?}");
        assert_eq!(run.json()["pack"]["reason"]["code"], "pack-version");
    }
}

#[test]
fn evidence_of_another_key_is_refused_whatever_the_snapshot_says() {
    let bench = packed();
    // All of it made anew by somebody else, trust and report included.
    let lines = |n: u8| {
        let made = build("b1", &json!([subject("app", EVIL)]));
        [sign_by(&key(n), &made.provenance), sign_by(&key(n), &made.evidence)]
    };
    bench.lines("e.sigstore.jsonl", &lines(2));
    let make = ["pack", "e.sigstore.jsonl", "-o", PACK, "--key", "key2.pub", "--force"];
    assert_eq!(bench.run(&make).code, 0);
    let run = verify(&bench, &original(&bench));
    refused(&run, "no-signature-verifies");
    assert_eq!(run.json()["pack"]["report"], "not-compared");
    let not = run.json()["not_checked"].to_string();
    assert!(not.contains("the archive's reports"), "{not}");
    bench.file("app", EVIL);
    let with = ["verify", "app", "--pack", PACK, "--key", "key1.pub", "--format", "json"];
    bench.run(&with).is_refused("no-signature-verifies");
    let digest = format!("sha256:{}", sha256(APP));
    let with = ["verify", &digest, "--pack", PACK, "--key", "key1.pub", "--format", "json"];
    assert_eq!(bench.run(&with).code, 1);
}

#[test]
fn another_ones_snapshot_beside_true_evidence_is_said_and_counts_for_nothing() {
    let bench = packed();
    let theirs = {
        let make = ["pack", "e.sigstore.jsonl", "-o", "q.tar.gz", "--key", "key1.pub"];
        bench.run(&[&make[..], &["--key", "key3.pub"]].concat());
        let before = original(&bench);
        std::fs::rename(bench.path("q.tar.gz"), bench.path(PACK)).unwrap();
        let trust = members(&bench)["trust.json"].clone();
        bench.file(PACK, &before);
        trust
    };
    let mut all = members(&bench);
    all.insert("trust.json".to_owned(), theirs);
    let run = verify(&bench, &gzip(&tar_of(&entries(&listed(all)))));
    assert_eq!(run.code, 0, "{run:?}");
    let json = run.json();
    let said = json["pack"]["trust_differences"].as_array().unwrap();
    assert_eq!(said.len(), 1, "{run:?}");
    assert!(said[0].as_str().unwrap().contains("which you don't"), "{run:?}");
}

#[test]
fn a_line_that_nobody_signed_makes_a_pack_unverified() {
    let bench = packed();
    let name = "evidence/0001-e.sigstore.jsonl";
    let mut all = members(&bench);
    let evil = build("b2", &json!([subject("app", EVIL)]));
    let line = sign_by(&key(2), &evil.evidence);
    all.get_mut(name).unwrap().extend([line, b"\n".to_vec()].concat());
    let run = verify(&bench, &gzip(&tar_of(&entries(&listed(all)))));
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!(run.json()["pack"]["reason"]["code"], "pack-not-verified");
}
