//! What the file may say, and what is answered where it says something else.

use super::*;

fn error(text: &str) -> String {
    Settings::parse(text).unwrap_err().to_string()
}

#[test]
fn without_a_word_nothing_is_chosen() {
    for text in ["", "# nothing\n", "[tools]\n[disclosure]\n[caches]\n"] {
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings, Settings::default());
        for part in Part::ALL {
            assert_eq!(settings.disclosure.seals(*part), part.sealed_by_default());
        }
    }
}

#[test]
fn what_is_chosen_is_read() {
    let settings = Settings::parse(
        r#"
        [tools]
        names = ["protoc", "wasm-opt", "g++", "protoc"]
        [disclosure]
        seal = ["environment.other_variables", "source.dirty"]
        publish = ["packages.list", "environment.path"]
        [caches]
        digest = true
        "#,
    )
    .unwrap();
    assert_eq!(settings.tools, ["protoc", "wasm-opt", "g++"]);
    assert!(settings.digest_caches);
    let seals = |part| settings.disclosure.seals(part);
    assert!(seals(Part::OtherVariables) && seals(Part::Dirty) && seals(Part::Variables));
    assert!(!seals(Part::Packages) && !seals(Part::Path) && !seals(Part::InputFiles));
}

#[test]
fn paths_of_projects_and_of_changes_are_read() {
    let hex = "0f".repeat(32);
    let settings = Settings::parse(&format!(
        "also = [\"libs/common/\", \"./Cargo.lock\", \"a/*\"]\n[changes]\npaths = [\"tools/**\"]\nallowed_signers = {{ path = \".ci/signers\", sha256 = \"{hex}\" }}\n"
    ))
    .unwrap();
    assert_eq!(settings.also, ["libs/common", "Cargo.lock", "a/*"]);
    assert_eq!(settings.changed_paths, ["tools/**"]);
    let signers = settings.allowed_signers.unwrap();
    assert_eq!((signers.path.as_str(), signers.sha256.to_string()), (".ci/signers", hex));
}

#[test]
fn a_path_stays_below_the_root_and_a_hundred_are_the_most() {
    for path in ["", "/etc", "a/../../b", "..", "[a"] {
        let key = "also";
        let text = format!("also = [\"x\", \"{path}\"]");
        assert_eq!(Settings::parse(&text), Err(SettingsError::NoPath { key, place: 2 }), "{path}");
        let key = "changes.paths";
        let text = format!("[changes]\npaths = [\"{path}\"]");
        assert_eq!(Settings::parse(&text), Err(SettingsError::NoPath { key, place: 1 }), "{path}");
    }
    let many = |number: usize| {
        let names: Vec<_> = (0..number).map(|n| format!("\"p{n}\"")).collect();
        Settings::parse(&format!("also = [{}]", names.join(",")))
    };
    assert_eq!(many(PATHS_MAX).unwrap().also.len(), PATHS_MAX);
    let (key, found) = ("also", PATHS_MAX + 1);
    assert_eq!(many(PATHS_MAX + 1), Err(SettingsError::TooManyPaths { key, found }));
}

#[test]
fn allowed_signers_have_a_file_and_its_digest() {
    let hex = "0f".repeat(32);
    let with = |table: &str| error(&format!("[changes]\nallowed_signers = {table}"));
    let path = "changes.allowed_signers.path";
    assert!(with(&format!("{{ sha256 = \"{hex}\" }}")).starts_with(path));
    assert!(with("{ path = \"a\" }").starts_with("changes.allowed_signers.sha256 is missing"));
    assert!(with("{ path = \"a\", sha256 = \"0f\" }").contains("is no SHA-256"));
    for given in ["", "/a", "../a", "a*", "."] {
        let said = with(&format!("{{ path = \"{given}\", sha256 = \"{hex}\" }}"));
        assert!(said.starts_with(path), "{given}: {said}");
    }
    assert_eq!(with("1"), "expected changes.allowed_signers to be a table, found a number");
    assert!(with(&format!("{{ path = \"a\", sha256 = \"{hex}\", x = 1 }}")).contains(".x`"));
}

#[test]
fn every_part_has_one_name_that_leads_back_to_it() {
    for part in Part::ALL {
        assert_eq!(Part::named(part.name()), Some(*part));
        let text = format!("[disclosure]\nseal = [\"{}\"]\n", part.name());
        assert!(Settings::parse(&text).unwrap().disclosure.seals(*part));
    }
    assert_eq!(Part::named("environment"), None);
}

#[test]
fn a_word_that_is_not_known_is_named_with_those_that_are() {
    assert_eq!(
        error("[disclosures]\n"),
        "`disclosures` isn't known; known: `tools`, `disclosure`, `caches`, `also`, `changes`"
    );
    assert_eq!(
        error("[disclosure]\nseals = []\n"),
        "`disclosure.seals` isn't known; known: `seal`, `publish`"
    );
    assert_eq!(error("[tools]\nargs = 1\n"), "`tools.args` isn't known; known: `names`");
    assert!(error("[caches.digest]\n").starts_with("expected caches.digest to be"));
    assert!(error("\"a\\u001b[2J\" = 1").starts_with("`a\\u{1b}[2J` isn't known"));
}

#[test]
fn a_value_of_another_type_is_refused() {
    for (text, expected) in [
        ("tools = 1", "expected tools to be a table, found a number"),
        ("[tools]\nnames = \"cc\"", "expected tools.names to be a list of strings, found a string"),
        (
            "[tools]\nnames = [\"cc\", 1]",
            "expected entry 2 of tools.names to be a string, found a number",
        ),
        ("[[tools]]\nnames = []", "expected tools to be a table, found a list"),
        (
            "[caches]\ndigest = \"yes\"",
            "expected caches.digest to be `true` or `false`, found a string",
        ),
        (
            "[disclosure]\nseal = {}",
            "expected disclosure.seal to be a list of strings, found a table",
        ),
    ] {
        assert_eq!(error(text), expected);
    }
}

#[test]
fn a_tool_is_a_plain_name_without_a_path_or_arguments() {
    let long = "x".repeat(TOOL_NAME_MAX + 1);
    for name in [
        "",
        "/bin/sh",
        "../x",
        "a/b",
        "a\\\\b",
        "C:x",
        "-c",
        "--version",
        "sh -c id",
        "a\\tb",
        "a\\u0000",
        "a\\u202eb",
        ".",
        "..",
        ".hidden",
        "a;b",
        "$(id)",
        "a*",
        "ü",
        &long,
    ] {
        let text = format!("[tools]\nnames = [\"cc\", \"{name}\"]");
        assert_eq!(Settings::parse(&text), Err(SettingsError::ToolName { place: 2 }), "{name}");
    }
    let text = format!("[tools]\nnames = [\"{}\"]", "x".repeat(TOOL_NAME_MAX));
    assert!(Settings::parse(&text).is_ok());
}

#[test]
fn a_hundred_tools_are_the_most() {
    let many = |number: usize| {
        let names: Vec<_> = (0..number).map(|n| format!("\"t{n}\"")).collect();
        Settings::parse(&format!("[tools]\nnames = [{}]", names.join(",")))
    };
    assert_eq!(many(TOOLS_MAX).unwrap().tools.len(), TOOLS_MAX);
    assert_eq!(many(TOOLS_MAX + 1), Err(SettingsError::TooManyTools { found: TOOLS_MAX + 1 }));
}

#[test]
fn a_part_can_not_be_sealed_and_published() {
    let text =
        "[disclosure]\nseal = [\"tools.paths\"]\npublish = [\"source.dirty\", \"tools.paths\"]";
    assert_eq!(Settings::parse(text), Err(SettingsError::Contradiction { part: Part::ToolPaths }));
    let text = "[disclosure]\npublish = [\"source.dirty\", \"environment\"]";
    assert!(error(text).starts_with("entry 2 of disclosure.publish is no part; known: `build.c"));
}

#[test]
fn no_error_repeats_a_value() {
    let secret = "hunter2hunter2";
    for text in [
        format!("[tools]\nnames = [\"{secret} x\"]"),
        format!("[tools]\nnames = \"{secret}\""),
        format!("tools = \"{secret}\""),
        format!("[caches]\ndigest = \"{secret}\""),
        format!("[disclosure]\nseal = [\"{secret}\"]"),
        format!("also = [\"/{secret}\"]"),
        format!("also = \"{secret}\""),
        format!("[changes]\npaths = [\"../{secret}\"]"),
        format!("[changes]\nallowed_signers = {{ path = \"/{secret}\", sha256 = \"\" }}"),
        format!("[changes]\nallowed_signers = {{ path = \"a\", sha256 = \"{secret}\" }}"),
        format!("[caches]\ndigest = {secret}"),
        format!("[caches]\ndigest = \"{secret}"),
        format!("[caches]\ndigest = \"{secret}\\q\""),
        format!("[caches]\ndigest = \"{secret}\" {secret}"),
        format!("[caches]\ndigest = \"{secret}\"\ndigest = \"{secret}\""),
        format!("[caches]\ndigest = \"{secret}\"\ndigest.x = \"{secret}\""),
        secret.to_owned(),
    ] {
        let error = Settings::parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{text}: {error}");
    }
    assert!(error("\n\n[caches]\ndigest = maybe").starts_with("line 4 is no TOML: "));
}

#[test]
fn hostile_files_are_refused_in_time() {
    let deep = format!("[tools]\nnames = {}", "[".repeat(SETTINGS_MAX - 100));
    assert!(matches!(Settings::parse(&deep), Err(SettingsError::Syntax { .. })));
    let dotted = format!("{}x = 1", "a.".repeat(SETTINGS_MAX / 2 - 100));
    assert!(Settings::parse(&dotted).is_err());
    let large = " ".repeat(SETTINGS_MAX + 1);
    let found = SETTINGS_MAX + 1;
    assert_eq!(Settings::parse(&large), Err(SettingsError::TooLarge { found }));
}
