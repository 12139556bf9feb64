//! Files that were made to hurt: secrets in addresses, bombs, what only looks like a lockfile.

use super::*;

const TOKEN: &str = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");

/// The evidence of some files, as it would be published.
fn published(files: &[(&str, &str)]) -> (String, Vec<Withheld>) {
    let found = captured(files);
    let text = serde_json::to_string(&(&found.fact, &found.gaps)).unwrap();
    (text, found.redactions)
}

#[test]
fn credentials_in_addresses_are_withheld_in_every_form() {
    let user = "https://deploy:hunter2-hunter2@npm.example.com";
    let entry = |resolved: &str| {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/a": {{"version": "1.0.0", "resolved": "{resolved}"}}}}}}"#
        )
    };
    let files = [
        ("package-lock.json", entry(&format!("{user}/a/-/a-1.0.0.tgz"))),
        ("package-lock.json", entry(&format!("https://npm.example.com/a.tgz?token={TOKEN}"))),
        ("package-lock.json", entry("git+https://hunter2-hunter2@example.com/a.git#abc")),
        ("yarn.lock", format!("a@^1:\n  version \"1.0.0\"\n  resolved \"{user}/a-1.0.0.tgz\"\n")),
        ("yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fdeploy%3Ahunter2-hunter2%40npm.example.com%2Fa.tgz\"\n".to_owned()),
        ("pnpm-lock.yaml", format!("lockfileVersion: '6.0'\npackages:\n  {user}/a.tgz:\n    name: a\n    resolution: {{tarball: {user}/a.tgz}}\n")),
        ("pnpm-lock.yaml", format!("lockfileVersion: '9.0'\npackages:\n  a@{user}/a.tgz:\n    resolution: {{integrity: {SRI}, tarball: {user}/a.tgz}}\n")),
        ("Cargo.lock", "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://deploy:hunter2-hunter2@example.com/a#abc\"\n".to_owned()),
        ("uv.lock", format!("version = 1\n[[package]]\nname = \"a\"\nsource = {{ registry = \"{user}/simple\" }}\n")),
        ("Pipfile.lock", format!(r#"{{"_meta": {{"pipfile-spec": 6, "sources": [{{"name": "x", "url": "{user}"}}]}}, "default": {{"a": {{"index": "x"}}}}}}"#)),
        ("requirements.txt", format!("a @ {user}/a.whl\n-e git+{user}\n{user}\nb @ git+ssh://deploy:hunter2-hunter2@example.com/b ; x\n")),
        ("Gemfile.lock", format!("GEM\n  remote: {user}/\n  remote: https://rubygems.org/\n  specs:\n    a (1)\n")),
        ("Gemfile.lock", "GIT\n  remote: deploy:hunter2-hunter2@example.com:a.git\n  revision: abc\n  specs:\n    a (1)\n".to_owned()),
        ("composer.lock", format!(r#"{{"packages": [{{"name": "a/b", "version": "1", "dist": {{"type": "zip", "url": "{user}/a.zip"}}}}]}}"#)),
    ];
    for (path, text) in files {
        let (evidence, withheld) = published(&[(path, &text)]);
        assert!(evidence.contains("example.com"), "{path}: {evidence}");
        assert!(!evidence.contains("hunter2") && !evidence.contains(TOKEN), "{path}: {evidence}");
        assert!(withheld.iter().all(|one| one.place == "dependencies.list"));
        assert!(!withheld.is_empty(), "{path}: {text}");
    }
}

#[test]
fn secrets_that_are_known_are_withheld_in_names_and_versions() {
    let lock = "version = 4\n[[package]]\nname = \"swordfish-swordfish\"\nversion = \"1.0.0-swordfish-swordfish\"\n";
    let folder = Folder::new(&[("Cargo.lock", lock.as_bytes())]);
    let redactor = Redactor::new(["swordfish-swordfish".to_owned()]);
    let found = capture(folder.root(), &folder.tree(), &redactor);
    assert!(!serde_json::to_string(&found.fact).unwrap().contains("swordfish"));
    assert_eq!(found.redactions[0].rule, "known-secret");
}

#[test]
fn what_is_no_secret_stays_and_nothing_is_said_to_be_withheld() {
    for (path, text) in [
        ("Cargo.lock", super::forms::CARGO4),
        ("go.sum", super::forms::GO),
        ("Gemfile.lock", super::forms::GEMFILE),
        ("package-lock.json", super::javascript::NPM3),
        ("uv.lock", super::python::UV),
        (
            "Gemfile.lock",
            "GIT\n  remote: git@github.com:owner/a.git\n  revision: abc\n  specs:\n    a (1)\n",
        ),
    ] {
        let (evidence, withheld) = published(&[(path, text)]);
        assert!(withheld.is_empty() && !evidence.contains("withheld"), "{path}: {evidence}");
    }
}

/// A parser's own words often repeat what it met.
#[test]
fn no_trouble_repeats_what_stands_in_the_file() {
    for (path, text) in [
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": "s3cr3t"}"#),
        ("package-lock.json", r#"{"lockfileVersion": 3, s3cr3t"#),
        ("Cargo.lock", "version = s3cr3t"),
        ("Cargo.lock", "[[package]]\nname = 'a'\ns3cr3t"),
        ("pnpm-lock.yaml", "a: *s3cr3t"),
        ("pnpm-lock.yaml", "packages: s3cr3t"),
        ("yarn.lock", "s3cr3t"),
        ("go.sum", "s3cr3t"),
        ("gradle/verification-metadata.xml", "<verification-metadata s3cr3t"),
    ] {
        let trouble = trouble(path, text.as_bytes());
        assert!(!trouble.is_empty() && !trouble.contains("s3cr3t"), "{path}: {trouble}");
    }
}

#[test]
fn aliases_and_depth_and_doubled_keys_are_refused() {
    let bomb = "lockfileVersion: '9.0'\nx: &a [x, x]\ny: &b [*a, *a]\npackages: {z: *b}\n";
    assert!(trouble("pnpm-lock.yaml", bomb.as_bytes()).contains("aliases"));
    let deep = |open: &str, close: &str, n: usize| open.repeat(n) + &close.repeat(n);
    for (path, text) in [
        ("pnpm-lock.yaml", deep("[", "]", 200_000)),
        ("pnpm-lock.yaml", deep("{a: ", "}", 200_000)),
        ("pnpm-lock.yaml", "- ".repeat(200_000)),
        ("pnpm-lock.yaml", "? ".repeat(200_000)),
        ("pnpm-lock.yaml", (0..2000).map(|n| " ".repeat(n) + "a:\n").collect()),
        ("package-lock.json", deep("[", "]", 200_000)),
        ("package-lock.json", deep(r#"{"dependencies":"#, "}", 200_000)),
        ("bun.lock", deep("[", "]", 200_000)),
        ("Cargo.lock", format!("a = {}", deep("[", "]", 200_000))),
        ("Cargo.lock", format!("a = {}1", "{a=".repeat(200_000))),
        ("Cargo.lock", format!("[{}a]", "a.".repeat(200_000))),
        ("Cargo.lock", format!("{}a = 1", "a.".repeat(200_000))),
        ("gradle/verification-metadata.xml", deep("<a>", "</a>", 200_000)),
    ] {
        assert!(!trouble(path, text.as_bytes()).is_empty(), "{path}: {}", &text[..40]);
    }
    for (path, text) in [
        (
            "package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1", "version": "2"}}}"#,
        ),
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": {}, "packages": {}}"#),
        ("Cargo.lock", "version = 4\nversion = 3"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: {}\npackages: {}\n"),
    ] {
        assert!(!trouble(path, text.as_bytes()).is_empty(), "{path}: {text}");
    }
}

#[test]
fn no_entity_of_a_document_is_expanded() {
    let xml = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><verification-metadata><components>\
               <component group=\"&a;\" name=\"b\" version=\"1\"/></components></verification-metadata>";
    assert!(trouble("gradle/verification-metadata.xml", xml.as_bytes()).contains("document type"));
    let xml = "<verification-metadata><component group=\"&a;\" name=\"b\" version=\"1\"/></verification-metadata>";
    assert!(trouble("gradle/verification-metadata.xml", xml.as_bytes()).contains("XML"));
}

#[test]
fn what_is_no_text_is_said_so() {
    assert_eq!(trouble("Cargo.lock", b"version = 4\n# \xff\xfe"), "isn't UTF-8");
    assert_eq!(trouble("requirements.txt", b"\xff\xfea\0=\0=\x001\0"), "isn't UTF-8");
    assert_eq!(trouble("go.sum", b"a v1 h1:\0"), "has a NUL byte");
    assert!(trouble("package-lock.json", b"").contains("JSON"));
}

#[test]
fn texts_that_are_too_long_are_left_out_and_said() {
    let lock = |name: usize, version: usize, source: usize| {
        let package = |name: &str, version: &str, source: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\n"
            )
        };
        let long = package(&"n".repeat(name), &"1".repeat(version), &"s ".repeat(source / 2));
        one("Cargo.lock", &format!("version = 4\n{}{long}", package("ok", "1", "s")))
    };
    assert_eq!(lock(512, 256, 2048).1.len(), 2);
    for (name, version, source) in [(513, 1, 2), (1, 257, 2), (1, 1, 2050), (0, 1, 2)] {
        let (file, list) = lock(name, version, source);
        assert_eq!((file.dependencies, list.len()), (1, 1));
        assert_eq!(file.trouble.as_deref(), Some("1 item without a fit name"));
    }
}

/// Whoever reads the evidence in a terminal must not be played with.
#[test]
fn escape_sequences_in_names_lose_their_force() {
    let text = r#"{"lockfileVersion": 3, "packages": {"node_modules/b\nc": {}}}"#;
    assert_eq!(one("package-lock.json", text).1, ["b\\u{a}c - - -"]);
    let text = r#"{"lockfileVersion": 3, "packages": {"node_modules/a\u001b[2J\u202e": {"version": "1\u0000", "resolved": "x\u001b"}}}"#;
    let (_, list) = one("package-lock.json", text);
    assert_eq!(list, ["a\\u{1b}[2J\\u{202e} 1\\u{0} x\\u{1b} -"]);
}

/// Only what has the length of a checksum is one: anything else proves nothing and may be a secret.
#[test]
fn checksums_of_another_form_are_not_repeated_and_don_t_count() {
    for value in ["sha512-s3cr3t", "s3cr3t", "sha512-", "sha999-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg"]
    {
        let text = format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/a": {{"version": "1", "integrity": "{value}"}}}}}}"#
        );
        let (file, list) = one("package-lock.json", &text);
        assert_eq!(list, ["a 1 - -"]);
        assert_eq!(file.without_checksum, 1);
        assert_eq!(file.trouble.as_deref(), Some("1 checksum not of their form"));
    }
}

/// `path` says that it is the project's own, and needs no checksum.
#[test]
fn a_source_can_t_pass_itself_off_as_the_project() {
    for word in ["path", "bundled"] {
        let text = format!(
            "version = 4\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = \"{word}\"\n"
        );
        let (file, list) = one("Cargo.lock", &text);
        assert_eq!(
            (list[0].as_str(), file.without_checksum),
            (format!("a 1 file:{word} -").as_str(), 1)
        );
    }
    for path in ["/abs", "..", "../a", "a/../../b", "a/../../lock", "C:\\x", "..\\x", "~/x"] {
        let text = format!(
            "version = 1\n[[package]]\nname = \"a\"\nsource = {{ directory = '{path}' }}\n"
        );
        assert_eq!(one("uv.lock", &text).0.without_checksum, 1, "{path}");
        let inside = captured(&[("s/uv.lock", &text)]);
        let climbs = matches!(path, ".." | "../a" | "a/../../b" | "a/../../lock" | "..\\x");
        assert_eq!(inside.fact.get().unwrap().without_checksum, u64::from(!climbs), "{path}");
    }
}

#[test]
fn the_list_has_an_end_and_what_is_beyond_it_is_said() {
    let folder = Folder::new(&[
        ("a/gradle.lockfile", b"a:b:1=x\na:b:2=x\na:b:3=x\n"),
        ("b/gradle.lockfile", b"a:b:4=x\n"),
    ]);
    let (tree, reader, redactor) =
        (folder.tree(), Reader::open(folder.root()).unwrap(), Redactor::default());
    let mut pass = Pass::new(&reader, &tree, &redactor);
    pass.most = 2;
    let mut gaps = Vec::new();
    pass.read_all(&find::find(&tree).locks, &mut gaps);
    let (fact, _) = pass.finish(Vec::new(), &mut gaps);
    let named: Vec<_> = fact.lockfiles.iter().map(|one| one.dependencies).collect();
    assert_eq!((fact.count, named), (2, vec![3, 1]));
    assert_eq!(gaps[0].reason, "the list is full, and 2 of its entries were left out");
}

#[test]
fn very_many_entries_are_read_in_time_that_grows_with_their_number() {
    let lines: String = (0..100_000).map(|number| format!("a:b:{number}=x\n")).collect();
    let mut found = Found::at_depth(0);
    gradle::lockfile(&lines, "gradle.lockfile", &mut found).unwrap();
    assert_eq!(found.list.len(), 100_000);
    let keys: String = (0..100_000).map(|number| format!("\"{number}\": {{}},")).collect();
    let text = format!("{{\"lockfileVersion\": 3, \"packages\": {{{keys} \"x\": {{}}}}}}");
    let mut found = Found::at_depth(0);
    npm::parse(&text, "package-lock.json", &mut found).unwrap();
    assert_eq!(found.list.len(), 100_001);
}

/// Names are looked at many at once, and each by itself where there is anything.
#[test]
fn one_secret_among_many_names_is_withheld_and_no_other_name() {
    let secrets = [
        TOKEN,
        concat!("xox", "b-123456789012-abcdefghijkl"),
        "swordfish-swordfish",
        "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MFFXRVJU",
        concat!("AK", "IAIOSFODNN7EXAMPLE"),
    ];
    let redactor = Redactor::new(["swordfish-swordfish".to_owned()]);
    for secret in secrets {
        for before in ["a/folders/b", "x:-----BEGIN", "a/store/", "sha256:", "h1:", "v/1."] {
            let mut text = String::new();
            for number in 0..70 {
                text.push_str(&format!("g:{before}:{number}\n"));
                text.push_str(&format!(
                    "g:{}:{number}\n",
                    if number == 33 { secret } else { "plain" }
                ));
            }
            let folder = Folder::new(&[("gradle.lockfile", text.as_bytes())]);
            let found = capture(folder.root(), &folder.tree(), &redactor);
            let published = serde_json::to_string(&found.fact).unwrap();
            assert!(!published.contains(secret), "{before} {secret}");
            assert_eq!(published.matches("withheld:").count(), 1, "{before} {secret}");
            assert_eq!(found.fact.get().unwrap().count, 140);
        }
    }
}

/// One long source for a million short names would fill the memory.
#[test]
fn a_long_source_is_not_held_for_each_of_very_many_names() {
    let specs: String = (0..60_000).map(|number| format!("    {number} (1)\n")).collect();
    let text = |length: usize| format!("GEM\n  remote: {}\n  specs:\n{specs}", "u".repeat(length));
    let kept = |length: usize| {
        let mut found = Found::at_depth(0);
        other::bundler(&text(length), "Gemfile.lock", &mut found).unwrap();
        (found.list.len(), found.all_trouble().is_some())
    };
    assert_eq!(kept(100), (60_000, false));
    assert_eq!(kept(1 << 20), (0, true));
    let (some, trouble) = kept(2000);
    assert!(some < 60_000 && some > 30_000 && trouble, "{some}");
}
