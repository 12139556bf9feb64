//! What tools are asked, and which are not.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn a_tool_is_recorded_with_its_version_its_digest_and_where_it_lies() {
    let machine = Machine::new();
    let digest = machine.says("gcc-12", "gcc (Debian) 12.2.0");
    machine.link("gcc-12", "bin/gcc");
    machine.link("bin/gcc", "bin/cc");
    let found = machine.captured();
    for name in ["cc", "gcc"] {
        let expected = ToolFact {
            name: name.to_owned(),
            version: Some("gcc (Debian) 12.2.0".to_owned()),
            sha256_before: Some(digest),
            sha256_after: None,
            changed_during_build: false,
            shim: None,
        };
        assert_eq!(*found.tool(name), expected);
        assert_eq!(found.file(name), machine.at("gcc-12"));
    }
    let paths = found.fact.get().unwrap().paths.inline().unwrap();
    assert_eq!(paths["cc"].found, machine.at("bin/cc").to_str().unwrap());
    assert_eq!(found.fact.get().unwrap().list.len(), 2);
    assert!(found.gaps.is_empty() && found.redactions.is_empty());
}

#[test]
fn a_tool_that_gives_no_version_is_a_gap_and_keeps_its_digest() {
    let machine = Machine::new();
    machine.script("bin/ld", "PATH=/usr/bin:/bin; sleep 60");
    machine.script("bin/make", "echo 1.2; exit 3");
    machine.script("bin/ar", "echo none");
    machine.script("bin/as", ":");
    machine.script("bin/nm", "kill -9 $$");
    machine.write("bin/cmake", "#!/no/such/interpreter\n");
    shell(&format!("chmod 755 {}", machine.at("bin/cmake").display()));
    let found = machine.captured_within(500, &[]);
    for tool in &found.fact.get().unwrap().list {
        assert!(tool.version.is_none() && tool.sha256_before.is_some(), "{tool:?}");
    }
    assert_eq!(found.missing("tools.version"), ["cmake", "ld", "make, nm", "ar, as"]);
}

#[test]
fn the_answer_may_stand_on_the_other_stream_and_is_cut() {
    let machine = Machine::new();
    machine.script("bin/java", "[ $1 = -version ] && echo 'openjdk version \"17\"' >&2");
    machine.says("bin/go", &format!("go {}", "1 ".repeat(300)));
    let found = machine.captured();
    assert_eq!(found.version("java"), Some("openjdk version \"17\""));
    assert_eq!(found.version("go").unwrap().chars().count(), VERSION_MAX);
}

#[test]
fn a_token_in_an_answer_or_in_a_path_is_withheld() {
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    let mut machine = Machine::new();
    machine.says(&format!("{token}/cc"), &format!("cc 1 {token}"));
    machine.set_path(token);
    let mut found = machine.captured();
    let tools = found.fact.value.as_mut().unwrap();
    assert!(!serde_json::to_string(&tools).unwrap().contains("0123456789abcdefghij"));
    let places: Vec<_> = found.redactions.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(places, ["version of cc", "path of cc", "path of cc"]);
    machine.after(tools);
    assert!(!tools.list[0].changed_during_build, "a path that was withheld can't be compared");
}

#[test]
fn a_tool_below_the_root_is_never_run() {
    let mut machine = Machine::new();
    let digest = machine.trap("root/node_modules/.bin/cc");
    machine.link("root/node_modules/.bin/cc", "bin/gcc");
    machine.says("lib/python3", "Python 3");
    machine.link("lib/python3", "root/.venv/bin/python3");
    machine.link("root/node_modules", "elsewhere");
    machine.trap("root/node_modules/.bin/ld");
    machine.set_path("bin ./node_modules/.bin root/.venv/bin elsewhere/.bin");
    let found = machine.captured();
    machine.assert_nothing_ran();
    assert_eq!(found.tool("cc").sha256_before, Some(digest));
    assert_eq!(found.missing("tools.version"), ["cc, gcc, ld, python3"]);

    machine.set_path("elsewhere/.bin");
    assert_eq!(machine.captured().missing("tools.version"), ["cc, ld"]);
    machine.assert_nothing_ran();
}

#[test]
fn a_tool_that_any_user_could_have_put_there_is_never_run() {
    let mut machine = Machine::new();
    let open = |path: &str, mode| {
        fs::set_permissions(machine.at(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    machine.trap("open/cc");
    open("open", 0o1777);
    machine.trap("bin/ld");
    open("bin/ld", 0o777);
    machine.trap("above/bin/ar");
    open("above", 0o777);
    machine.link("open/cc", "bin/gcc");
    machine.set_path("bin open above/bin");
    let found = machine.captured();
    machine.assert_nothing_ran();
    assert_eq!(found.missing("tools.version"), ["ar, cc, gcc, ld"]);
}

#[test]
fn a_tool_sees_no_folder_of_the_project_and_no_home_in_it() {
    let mut machine = Machine::new();
    machine.script("bin/cc", "echo 1 \"<$PATH>\" \"<$HOME>\" \"<$TOKEN$PROOFMARK_KEY>\"");
    for folder in ["open", "x/shims", ".volta/bin", "home/.pyenv/shims", "root/bin"] {
        fs::create_dir_all(machine.at(folder)).unwrap();
    }
    shell(&format!("chmod 777 {}", machine.at("open").display()));
    machine.set_path(". root/bin bin open x/shims .volta/bin home/.pyenv/shims");
    // `PATH` of the machine begins with what is relative to the root.
    let path = machine.variables.iter().find(|(name, _)| *name == "PATH").unwrap().1.clone();
    machine.set("PATH", format!("{path}:bin:"));
    let (bin, pyenv) = (machine.at("bin"), machine.at("home/.pyenv/shims"));
    let seen = format!("<{}:{}>", bin.display(), pyenv.display());
    let home = machine.at("home").display().to_string();
    let found = machine.captured();
    assert_eq!(found.version("cc").unwrap(), format!("1 {seen} <{home}> <>"));
    machine.set("HOME", machine.at("root").to_str().unwrap());
    let found = machine.captured();
    assert_eq!(found.version("cc").unwrap(), format!("1 {seen} <> <>"));
}

#[test]
fn what_could_download_or_run_the_project_is_never_run() {
    let machine = Machine::new();
    let names = ["bundle", "composer", "gradlew", "mvnw", "pnpm", "sbt", "stack", "uvx", "yarn"];
    for name in names {
        machine.trap(&format!("bin/{name}"));
    }
    let found = machine.captured_within(20_000, &names);
    machine.assert_nothing_ran();
    assert_eq!(found.missing("tools.version"), [names.join(", ")]);
}

#[test]
fn what_is_slow_or_risky_to_run_is_read_from_beside_it() {
    let machine = Machine::new();
    for (name, file) in [
        ("npm", "lib/node_modules/npm/bin/npm-cli.js"),
        ("npx", "lib/node_modules/npm/bin/npx-cli.js"),
        ("tsc", "lib/node_modules/@x/node_modules/typescript/bin/tsc"),
        ("pip3", "py/bin/pip3"),
        ("mvn", "maven/bin/mvn"),
        ("javac", "jdk/bin/javac"),
    ] {
        machine.trap(file);
        machine.link(file, &format!("bin/{name}"));
    }
    let package =
        |name: &str, version: &str| format!("{{\"name\": \"{name}\", \"version\": \"{version}\"}}");
    machine.write("lib/node_modules/npm/package.json", &package("npm", "10.2.4"));
    let typescript = "lib/node_modules/@x/node_modules/typescript/package.json";
    machine.write(typescript, &package("typescript", "5.4.2\\u001b[31m"));
    machine.write("py/lib/python3.11/site-packages/pip-23.2.1.dist-info/METADATA", "");
    machine.write("maven/lib/maven-core-3.x.jar", "");
    machine.write("maven/lib/maven-core-3.8.7.jar", "");
    machine.write("jdk/release", "IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"17.0.15\"\n");
    let found = machine.captured();
    machine.assert_nothing_ran();
    let versions: Vec<_> = ["npm", "npx", "tsc", "pip3", "mvn", "javac"]
        .iter()
        .map(|name| found.version(name).unwrap_or("none"))
        .collect();
    let expected =
        ["npm 10.2.4", "npm 10.2.4", "typescript 5.4.2", "pip 23.2.1", "3.8.7", "17.0.15 Debian"];
    assert_eq!(versions, expected);

    machine.write("py/lib/python3/dist-packages/pip-20.dist-info/METADATA", "");
    assert_eq!(machine.captured().version("pip3"), None, "which of the two isn't told");
}

#[test]
fn names_of_the_configuration_are_plain_and_asked_for_their_version_alone() {
    let machine = Machine::new();
    machine.script("bin/own-tool", "[ \"$*\" = --version ] && echo own 7");
    machine.trap("bin/evil");
    let also = ["own-tool", "missing", "bin/evil", "../evil", "-x", "evil; evil", "own-tool"];
    let found = machine.captured_within(20_000, &also);
    machine.assert_nothing_ran();
    assert_eq!(found.version("own-tool"), Some("own 7"));
    assert_eq!(found.missing("tools"), ["missing", "-x, ../evil, bin/evil, evil; evil"]);
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    machine.trap(&format!("bin/{token}"));
    let found = machine.captured_within(20_000, &[token]);
    machine.assert_nothing_ran();
    assert_eq!(found.fact.get().unwrap().list.len(), 0);
    assert!(!format!("{found:?}").contains("0123456789abcdefghij"));
    let many = vec!["own-tool"; ALSO_MAX + 3];
    assert_eq!(machine.captured_within(20_000, &many).missing("tools"), ["3 names"]);
}

#[test]
fn what_is_too_large_or_no_file_has_no_digest() {
    let machine = Machine::new();
    machine.says("bin/dash", "1");
    let file = fs::OpenOptions::new().write(true).open(machine.at("bin/dash")).unwrap();
    file.set_len(FILE_MAX + 1).unwrap();
    shell(&format!("cd {} && mkfifo sh && chmod 755 sh", machine.at("bin").display()));
    let found = machine.captured();
    assert_eq!(found.missing("tools"), ["sh", "dash"]);
    assert!(found.fact.get().unwrap().list.iter().all(|tool| tool.sha256_before.is_none()));
}

#[test]
fn tools_that_all_hang_do_not_hold_up_the_build_one_after_the_other() {
    let machine = Machine::new();
    for name in table::TABLE.iter().map(|(name, _)| name).take(60) {
        machine.link("hang", &format!("bin/{name}"));
    }
    machine.script("hang", "PATH=/usr/bin:/bin; sleep 60");
    let start = std::time::Instant::now();
    let found = machine.captured_within(300, &[]);
    assert!(start.elapsed() < Duration::from_secs(30));
    let late = found.gaps.iter().find(|gap| gap.reason.ends_with("other tools took too long"));
    assert!(late.is_some());
}

#[test]
fn without_an_end_of_path_nothing_is_looked_up_and_that_is_said() {
    let mut machine = Machine::new();
    machine.set("PATH", "/x:".repeat(5000));
    let found = machine.captured();
    assert!(found.fact.get().is_none() && found.gaps.len() == 1);
    assert_eq!(found.fact.status, crate::format::fact::Status::Unavailable);
}
