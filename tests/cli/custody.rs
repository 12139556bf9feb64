//! The key never meets the build: a command that looks for it everywhere that it can reach finds
//! nothing.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a test's own files and processes"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The user that the command runs as where the test has a choice. As root it could read anything.
const NOBODY: u32 = 65534;

/// Looks in its own environment, descriptors and arguments, then in those of all its ancestors and
/// in their memory. What it finds goes to `loot.own` and `loot.PID`; `out.txt` says where it was
/// let in.
const SPY: &str = r#"
tr '\000' '\n' </proc/$$/environ >loot.own
export -p >>loot.own
tr '\000' '\n' </proc/$$/cmdline >>loot.own
for n in 3 4 5 6 7 8 9; do ( cat <&$n ) >>loot.own 2>/dev/null; done
for fd in /proc/$$/fd/*; do
  if [ -f "$fd" ]; then dd if="$fd" bs=65536 count=16 >>loot.own 2>/dev/null; fi
done

try() { # WHAT PID COMMAND...
  what=$1 whose=$2
  shift 2
  if "$@" >>"loot.$whose" 2>/dev/null; then echo "$what $whose read"; else echo "$what $whose refused"; fi
}

parent_of() {
  while read -r name value; do
    if [ "$name" = PPid: ]; then echo "$value"; fi
  done <"/proc/$1/status"
}

pid=$$
while pid=$(parent_of "$pid") && [ "$pid" -gt 0 ]; do
  try cmdline "$pid" cat "/proc/$pid/cmdline"
  try environ "$pid" cat "/proc/$pid/environ"
  try maps "$pid" cat "/proc/$pid/maps"
  try mem "$pid" dd if="/proc/$pid/mem" count=0
  try fd "$pid" ls -l "/proc/$pid/fd"
  for fd in "/proc/$pid/fd"/*; do
    # Not from pipes and terminals: that would take from them what isn't ours.
    if [ -f "$fd" ]; then dd if="$fd" bs=65536 count=16 >>"loot.$pid" 2>/dev/null; fi
  done
  cat "/proc/$pid/maps" 2>/dev/null | grep -E '\[(heap|stack)\]' | while read -r range rest; do
    from=$((0x${range%-*} / 4096)) to=$((0x${range#*-} / 4096))
    if [ $((to - from)) -gt 2048 ]; then to=$((from + 2048)); fi
    dd if="/proc/$pid/mem" bs=4096 skip="$from" count=$((to - from)) >>"loot.$pid" 2>/dev/null
  done
done >out.txt
"#;

/// The spy's parent: an ancestor of the same user that isn't hardened. What the spy reads of it
/// shows that the spy is able to read.
const OPEN_PARENT: &str = "echo $$ >open-parent\nsh ./spy\ncode=$?\nexit $code\n";

/// A folder that [`NOBODY`] can write to, with the binary in it, because its own place may be
/// closed to them. The copy is readable: of a file that isn't, the kernel makes a process that is
/// closed from the start, and the test would show nothing.
fn stage() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let binary = folder.path().join("proofmark");
    // Copied by another process: a test beside this one that forks while we have the copy open for
    // writing would make it "text file busy".
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_proofmark")).arg(&binary).status();
    assert!(copied.expect("cp").success());
    for path in [folder.path(), &binary] {
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("permissions");
    }
    if is_root() {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("to give the folder away");
    }
    folder
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A shell in `folder`, without root's rights and without anything of our own environment.
fn sh(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(folder).stdin(Stdio::null()).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", folder).env("CANARY", "visible");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Each spelling of the key that is worth stealing, with its name.
fn spellings(pem: &str) -> Vec<(String, Vec<u8>)> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(&body).expect("a PEM body");
    // PKCS#8 v1 of an Ed25519 key ends with the seed.
    let seed = der.last_chunk::<32>().expect("a seed").to_vec();
    let (hex, base64) = (hex::encode(&seed), STANDARD.encode(&seed));
    let mut spellings = vec![
        ("the seed".to_owned(), seed),
        ("the seed in upper-case hexadecimal".to_owned(), hex.to_uppercase().into()),
        ("the seed in hexadecimal".to_owned(), hex.into()),
        ("the seed in base64".to_owned(), base64.into()),
        ("the key in DER".to_owned(), der),
    ];
    let lines = pem.lines().filter(|line| !line.starts_with("-----") && line.len() >= 16);
    spellings.extend(lines.map(|line| ("a line of the PEM".to_owned(), line.into())));
    spellings
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "looks into /proc")]
fn the_command_finds_no_key_anywhere() {
    let folder = stage();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("spy"), SPY).unwrap();
    fs::write(at("open"), OPEN_PARENT).unwrap();
    assert!(sh(folder.path(), "./proofmark keygen --out key.pem").status().unwrap().success());

    // The key is put into the variable by a shell that then becomes proofmark, and is read here
    // only afterwards: without root this process is an ancestor whose memory the spy may read.
    let run = "PROOFMARK_KEY=$(cat key.pem) exec ./proofmark run -a out.txt -o ev.sigstore.jsonl -- sh ./open";
    // Where this process's own output goes to a file, the spy would read that too, and find in it what other
    // tests have said.
    let mut call = sh(folder.path(), run);
    let mut proofmark = call.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let proofmark_s_id = proofmark.id().to_string();
    assert!(proofmark.wait().unwrap().success());
    assert!(at("ev.sigstore.jsonl").exists());

    let log = fs::read_to_string(at("out.txt")).unwrap();
    let open_parent = fs::read_to_string(at("open-parent")).unwrap().trim().to_owned();
    let said = |what: &str, pid: &str, outcome: &str| {
        let line = format!("{what} {pid} {outcome}");
        assert!(log.lines().any(|other| other == line), "expected `{line}` in\n{log}");
    };

    // The spy can see: its own environment, and that of an ancestor that isn't closed to it.
    let loot = |name: &str| fs::read(at(&format!("loot.{name}"))).unwrap();
    assert!(contains(&loot("own"), b"CANARY=visible"));
    assert!(contains(&loot(&open_parent), b"CANARY=visible"));
    for what in ["cmdline", "environ", "fd"] {
        said(what, &open_parent, "read");
    }

    // It came past proofmark and saw nothing but its arguments.
    said("cmdline", &proofmark_s_id, "read");
    for what in ["environ", "maps", "mem", "fd"] {
        said(what, &proofmark_s_id, "refused");
    }
    for whose in ["own", &open_parent, &proofmark_s_id] {
        for word in ["PROOFMARK_", "PRIVATE KEY"] {
            assert!(!contains(&loot(whose), word.as_bytes()), "{word} in loot.{whose}");
        }
    }

    let spellings = spellings(&fs::read_to_string(at("key.pem")).unwrap());
    let mut seen = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "out.txt" || name.starts_with("loot.") || name.starts_with("ev.") {
            seen += 1;
            let bytes = fs::read(&path).unwrap();
            for (what, spelling) in &spellings {
                assert!(!contains(&bytes, spelling), "{what} in {name}");
            }
        }
    }
    assert!(seen >= 5, "the loot of the spy itself, two ancestors, its log and the evidence");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "looks into /proc")]
fn the_command_gets_no_descriptor_but_those_it_is_passed() {
    let folder = stage();
    let descriptors = |flags: &str| {
        let line = format!(
            "exec 7</dev/null 9</dev/null
            exec ./proofmark run --sign never --force -o ev.jsonl {flags} -- sh -c 'ls /proc/self/fd >seen'"
        );
        let code = sh(folder.path(), &line).status().unwrap().code();
        let seen = fs::read_to_string(folder.path().join("seen")).unwrap_or_default();
        let _ = fs::remove_file(folder.path().join("seen"));
        (code, seen.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" "))
    };
    // 3 is the folder that `ls` reads.
    assert_eq!(descriptors(""), (Some(0), "0 1 2 3".into()));
    assert_eq!(descriptors("--pass-fd 7"), (Some(0), "0 1 2 3 7".into()));
    assert_eq!(descriptors("--pass-fd 7 --pass-fd 9"), (Some(0), "0 1 2 3 7 9".into()));
    assert_eq!(descriptors("--pass-fd 1"), (Some(0), "0 1 2 3".into()), "harmless");
    assert_eq!(descriptors("--pass-fd 8"), (Some(125), String::new()), "not open: nothing is run");
}
