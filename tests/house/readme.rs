//! README's commands are run, and its output is what the program prints.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::root;

/// The fenced block that follows the line `<!-- NAME -->`.
fn block(name: &str) -> String {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let marker = format!("<!-- {name} -->");
    let mut lines = text.lines().skip_while(|line| *line != marker).skip(1);
    let fence = lines.find(|line| !line.is_empty()).unwrap_or_default();
    assert!(fence.starts_with("```"), "no fenced block after {marker}");
    let lines: Vec<_> = lines.take_while(|line| !line.starts_with("```")).collect();
    lines.join("\n")
}

/// What differs from run to run, blotted out.
fn blotted(text: &str) -> String {
    let mut out = Vec::new();
    for line in text.lines() {
        let words: Vec<_> = line
            .split_whitespace()
            .map(|word| {
                let bare = word.trim_end_matches([',', ')', ';', ':']);
                let tail = &word[bare.len()..];
                let time = bare.len() == 20 && bare.ends_with('Z') && bare.contains('T');
                let hex =
                    |text: &str| text.len() >= 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
                let number = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit());
                // How many gaps, parts and sealed parts there are depends on the machine.
                let counted = ["the evidence admits", "assurance ", "sealed parts at hand"];
                if number && counted.iter().any(|words| line.contains(words)) {
                    "N".to_owned()
                } else if bare.starts_with("MCowBQYDK2Vw") {
                    format!("KEY{tail}")
                } else if bare.starts_with("SHA256:") {
                    format!("SHA256:..{tail}")
                } else if hex(bare) {
                    format!("HEX{tail}")
                } else if bare.strip_prefix("sha256:").is_some_and(hex) {
                    format!("sha256:..{tail}")
                } else if time {
                    format!("TIME{tail}")
                } else {
                    word.to_owned()
                }
            })
            .collect();
        out.push(words.join(" "));
    }
    out.join("\n")
}

fn scrubbed(folder: &Path) -> Command {
    let mut command = Command::new("bash");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let bin = Path::new(env!("CARGO_BIN_EXE_proofmark")).parent().unwrap();
    let mut paths = vec![bin.to_owned()];
    paths.extend(std::env::split_paths(&path));
    command
        .env_clear()
        .env("PATH", std::env::join_paths(paths).unwrap())
        .env("HOME", folder.parent().unwrap())
        .env("LC_ALL", "C")
        .current_dir(folder);
    command
}

/// Lines that begin with `$ ` are run one after the other; what follows each is what it prints.
#[test]
#[cfg(unix)]
fn the_sessions_in_the_readme_print_what_the_readme_shows() {
    let folder = tempfile::tempdir().unwrap();
    let names: BTreeSet<String> = std::fs::read_to_string(root().join("README.md"))
        .unwrap()
        .lines()
        .filter_map(|line| {
            let name = line.strip_prefix("<!-- session")?.strip_suffix(" -->")?;
            Some(format!("session{name}"))
        })
        .collect();
    assert!(!names.is_empty());
    for name in names {
        let text = block(&name);
        let work = folder.path().join(name.replace(' ', "-"));
        std::fs::create_dir(&work).unwrap();
        let mut expected = String::new();
        let mut command = String::new();
        let mut pairs = Vec::new();
        for line in text.lines() {
            if let Some(next) = line.strip_prefix("$ ") {
                if !command.is_empty() {
                    pairs.push((command, std::mem::take(&mut expected)));
                }
                command = next.to_owned();
            } else {
                expected.push_str(line);
                expected.push('\n');
            }
        }
        pairs.push((command, expected));
        // One shell, as at a terminal: what one command exports the next one sees.
        let lines = pairs.iter().map(|(command, _)| format!("printf '\\036'\n{command}\n"));
        let script = format!("exec 2>&1\n{}", lines.collect::<String>());
        let output = scrubbed(&work).args(["-c", &script]).output().unwrap();
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut said = found.split('\u{1e}').skip(1);
        for (command, expected) in pairs {
            let found = said.next().unwrap_or_default();
            assert_eq!(blotted(expected.trim()), blotted(found.trim()), "{name}: $ {command}");
        }
    }
}

/// The two commands are for a fresh clone, where the gate runs them; here it is enough that they are
/// there, and that what they run exists.
#[test]
fn the_readme_has_the_command_for_the_main_job_and_the_one_for_the_tests() {
    let main = block("main");
    for word in ["cargo build --release --locked", "proofmark run", "proofmark verify"] {
        assert!(main.contains(word), "{word}");
    }
    assert!(block("test").contains("cargo test --locked"));
}
