//! What must never be withheld.

use super::*;

const TEXTS: &[&str] = &[
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
    "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
    "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "sha384-OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb",
    "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
    "\"integrity\": \"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"",
    "golang.org/x/text v0.14.0 h1:ScX5w1eTa3QqT8oi6+ziP7dTV1S2+ALU0bI+0zXKWiQ=",
    "sha256:1b4j5k0m8y2a9v7w6x3z5q1r0p8n7l6k5j4h3g2f1d0s9a8b7c6v",
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c",
    "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDxuoXOxySDbCIuvXk",
    "MD5:d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e",
    "123e4567-e89b-12d3-a456-426614174000",
    "github_123e4567-e89b-12d3-a456-426614174000",
    "1.2.3-rc.4+build.20240131",
    "rustc 1.95.0 (59807616e 2026-04-14)",
    "/usr/lib/x86_64-linux-gnu/libgcc_s.so.1",
    "/usr/lib/x86_64-linux-gnu/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner",
    "/home/runner/_temp/123e4567-e89b-12d3-a456-426614174000.sh",
    "/home/u/project/node_modules/@babel/plugin-syntax-object-rest-spread/lib/index.js",
    "node_modules/.pnpm/@babel+core@7.23.0_supports-color@5.5.0/node_modules/@babel/core",
    "C:\\Program Files\\Microsoft Visual Studio\\2022\\Enterprise\\VC\\Tools\\MSVC\\14.38.33130\\bin",
    "C:\\Users\\runneradmin\\AppData\\Local\\Temp",
    "D:/a/proofmark/proofmark/target/release/deps/proofmark-0a1b2c3d4e5f6789.exe",
    "/home/builder/.cargo/registry/src/index-6f17d22bba15001f/serde_json-1.0.108/src/lib.rs",
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/hostedtoolcache/Python/3.12.1/x64/bin",
    "/private/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/",
    "/nix/store/8ckxc8biqqfdwyhr0w70jgrcb4h7a4y5-glibc-2.38-27/lib",
    "nix/store/s66mzxpvicwk07gjbjfw9izjfa797vsw-hello-2.12.1",
    "/Applications/Xcode_15.0.1.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/bin",
    "x86_64-unknown-linux-gnu",
    "thumbv8m.main-none-eabihf",
    "aarch64-apple-darwin20.6.0",
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=clang",
    "AbstractSingletonProxyFactoryBeanDefinitionParserDelegate",
    "org.springframework.beans.factory.config.PropertyPlaceholderConfigurer",
    "RandomAccessFileInputStreamXMLHttpRequestHandlerV2Test",
    "this-is-a-very-long-kebab-case-name-of-a-branch-for-issue-12345",
    "test_that_the_signature_of_a_tampered_statement_is_refused_by_v2",
    "eslint-plugin-react-hooks-with-typescript-config-prettier-9",
    "2026-01-31T23:59:59.123456789Z",
    "Thu, 01 Jan 1970 00:00:00 +0000",
    "20260131T235959Z",
    "https://github.com/owner/repository/actions/runs/1234567890/attempts/1",
    "https://example.com:8443/path/to/thing?page=2&sort=asc#section-4",
    "https://proxy.golang.org/github.com/pkg/errors/@v/v0.9.1.info",
    "https://unpkg.com/react@18.2.0/umd/react.production.min.js",
    "git+https://github.com/rust-lang/crates.io-index#serde@1.0.200",
    "registry+https://github.com/rust-lang/crates.io-index",
    "http://localhost:8080/a@b",
    "http://[::1]:8080/a@b",
    "pkg:npm/%40angular/animation@12.3.1",
    "npm:string-width@^4.2.0",
    "@typescript-eslint/eslint-plugin@6.19.0",
    "docker.io/library/alpine:3.19@sha256:c5b1261d6d3e43071626931fc004f70149baeba2c8ec672bd4f27761f8e1ad6b",
    "ghcr.io/owner/my-secret:1.2.3",
    "refs/heads/feature/add-password-reset-token",
    "refs/pull/123/merge",
    "git@github.com:owner/repository.git",
    "ssh://git@github.com/owner/repository.git",
    "git+ssh://git@github.com/owner/repository.git",
    "owner/repo/.github/workflows/release-binaries.yml@refs/heads/main",
    "1234567890123",
    "en_US.UTF-8",
    "LC_ALL=C.UTF-8",
    "--keyid SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDxuoXOxySDbCIuvXk",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@host",
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=",
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
    "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ8kd2Y7a9kPz4xN1vW0sG5hJt3cwCgYIKoZIzj0EAwIw\nDzENMAsGA1UEAwwEdGVzdDAeFw0yNjAxMDEwMDAwMDBaFw0yNzAxMDEwMDAwMDBa\n-----END CERTIFICATE-----",
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
    "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUNvd0JRWURLMlZ3QXlFQUdiOUVDV21FemY2RlFickJaOXc3bHNoUWhxb3d0cmJMREZ3NHJYQXhadUU9Ci0tLS0tRU5EIFBVQkxJQyBLRVktLS0tLQo=",
    "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
    "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    "-C target-feature=+crt-static -C link-arg=-Wl,--build-id=sha1 -C codegen-units=1",
    "fix: do not print the token when the password is wrong",
    "error: wrong password: try again",
    "the bearer of good news",
    "basic usage of the tool",
    "*.tar=01;31:*.tgz=01;31:*.arc=01;31",
    "https://docs.rs/serde/1.0.0/serde/de/trait.Deserializer.html#method.deserialize_identifier",
    "libstdc++-13-dev:amd64=13.2.0-23ubuntu4",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
    "docker://alpine:3.19@sha256:c5b1261d6d3e43071626931fc004f70149baeba2c8ec672bd4f27761f8e1ad6b",
    "oci://ghcr.io/o/r@sha256:c5b1261d6d3e43071626931fc004f70149baeba2c8ec672bd4f27761f8e1ad6b",
    "permissions:\n  id-token: write\n  contents: read",
    "give the step `env: { GITHUB_TOKEN: \"${{ github.token }}\" }`",
    "IFLA_INET6_TOKEN = 7,",
    "[withheld: jwt]",
];

const VARIABLES: &[(&str, &str)] = &[
    ("TOKENIZERS_PARALLELISM", "false"),
    ("KEYBOARD", "us"),
    ("MONKEY", "1"),
    ("PASSENGER_APP_ENV", "production"),
    ("CARGO_REGISTRIES_CRATES_IO_PROTOCOL", "sparse"),
    ("CARGO_REGISTRY_CREDENTIAL_PROVIDER", "cargo:token"),
    ("GPG_TTY", "/dev/pts/0"),
    ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"),
    ("SSH_AUTH_SOCK", "/tmp/ssh-Kq3Zabcd/agent.123"),
    ("AUTHOR", "A B"),
    ("GIT_AUTHOR_NAME", "A. U. Thor"),
    ("PWD", "/home/runner/work"),
    ("OLDPWD", "hunter2hunter2"),
    ("USE_TOKEN", "true"),
    ("MAX_TOKENS", "4096"),
    ("API_TOKEN", ""),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/home/runner/gha-creds-0a1b2c3d4e5f6789.json"),
    ("DB_PASSWORD_FILE", "/run/secrets/db_password"),
    ("SECRET_PATH", "secrets/db"),
    ("SIGNING_KEY", "release.key"),
    ("SSH_KEY", "C:\\Users\\me\\.ssh\\id_ed25519"),
    ("SSH_KEY", "~/.ssh/id_ed25519"),
    ("GIT_ASKPASS", "/usr/bin/ksshaskpass"),
    ("KEY", "release"),
    ("PATIENCE", "abc"),
    ("COMPASS", "north"),
    ("TOKEN_ID", "release-4"),
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "https://pipelines.actions.githubusercontent.com/x/y?api-version=2.0",
    ),
    ("PROOFMARK_KEY_FILE", "release.key"),
    ("PROOFMARK_COLOUR", "never"),
    ("HTTPS_PROXY", "http://proxy.example.com:3128"),
    ("NO_PROXY", "localhost,127.0.0.1,.example.com"),
];

const LINES: &[&[&str]] = &[
    &["git", "commit", "--author", "A B", "-m", "add the token parser"],
    &[
        "proofmark",
        "sign",
        "--key",
        "release.key",
        "--keyid",
        "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDxuoXOxySDbCIuvXk",
    ],
    &["cosign", "sign", "--key", "env://COSIGN_PRIVATE_KEY", "image"],
    &["x", "--private-key", "keys/release.pem", "--private-key=/etc/ssl/private/x.key"],
    &["docker", "build", "--secret", "id=npm,src=.npmrc", "--build-arg", "VERSION=1.2.3", "."],
    &["docker", "run", "-u", "1000:1000", "--user", "node:node", "alpine"],
    &["docker", "login", "--password-stdin", "ghcr.io"],
    &["sudo", "-u", "postgres", "psql"],
    &["gh", "auth", "login", "--with-token", "github.com"],
    &["gpg", "--list-secret-keys", "A035C8C19219BA821ECEA86B64E628F8D684696D"],
    &["openssl", "enc", "-passin", "env:FOO", "-passout", "file:x"],
    &["sh", "-c", "curl -fsSL --token \"$TOKEN\" -H 'Accept: text/html' https://example.com | sh"],
    &["sh", "-c", "FOO_TOKEN=${FOO_TOKEN} make -j4 CC=clang"],
    &[
        "cargo",
        "build",
        "--release",
        "--target",
        "x86_64-unknown-linux-gnu",
        "--features",
        "tokens,secrets",
    ],
    &["x", "--no-password", "value", "--token", "--verbose"],
    &["x", "--token-file", "t", "--auth-mode", "basic"],
];

#[test]
fn harmless_texts_stay_as_they_are() {
    assert!(TEXTS.len() >= 60);
    for text in TEXTS {
        for wrapped in [(*text).to_owned(), format!("A={text}"), format!("see {text} there")] {
            let scrubbed = scrub(&wrapped);
            assert_eq!(scrubbed.text, wrapped);
            assert!(scrubbed.rules.is_empty());
        }
        assert_eq!(scrub_variable("GITHUB_FOO", text).text, *text);
        assert_eq!(scrub_url(text).text, *text);
        assert_eq!(scrub_argv(&argv(&["make", text])), (argv(&["make", text]), Vec::new()));
    }
}

#[test]
fn harmless_variables_stay_as_they_are() {
    for (name, value) in VARIABLES {
        assert_eq!(scrub_variable(name, value).text, *value, "{name}");
        let word = format!("{name}={value}");
        assert_eq!(scrub_argv(&argv(&["env", &word])).0[1], word);
        assert!(!is_secret_variable(name, value));
    }
}

#[test]
fn harmless_command_lines_stay_as_they_are() {
    for line in LINES {
        assert_eq!(scrub_argv(&argv(line)), (argv(line), Vec::new()));
    }
}
