//! Secrets that only their names, their flags or their place in a URL give away.

use super::*;

#[test]
fn variables_are_withheld_for_their_names() {
    for name in [
        "TOKEN",
        "GITHUB_TOKEN",
        "GITHUBTOKEN",
        "npmToken",
        "db_password",
        "PGPASSWORD",
        "MYSQL_PWD",
        "DB_PASS",
        "SSHPASS",
        "MY_SECRET",
        "SECRET_KEY_BASE",
        "CREDENTIALS",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "API_KEY",
        "ApiKey",
        "apikey",
        "MY_APIKEY2",
        "PRIVATE_KEY",
        "SIGNING_KEY",
        "ENCRYPTION_KEY",
        "NPM_AUTH",
        "npm_config_//registry.npmjs.org/:_authToken",
        "PASSPHRASE",
        "GH_PAT",
        "CI_JOB_JWT",
        "CI_JOB_JWT_V2",
        "SESSION_KEY",
        "AZURE_STORAGE_CONNECTION_STRING",
        "SENTRY_DSN",
        "SLACK_WEBHOOK_URL",
        "DOCKER_AUTH_CONFIG",
        "VAULT_SECRET_ID",
        "RAILS_MASTER_KEY",
        "ACTIONS_RUNTIME_TOKEN",
        "auth.token",
        "deploy-key",
        "PROOFMARK_KEY",
        "PROOFMARK_SIGNING_KEY_PEM",
    ] {
        let scrubbed = scrub_variable(name, "tulips!in may");
        assert!(super::super::rule::is_mark(&scrubbed.text), "{name}: {scrubbed:?}");
        assert!(is_secret_variable(name, "tulips!in may"));
        assert_eq!(scrub_variable(name, &scrubbed.text).text, scrubbed.text);
        let word = format!("{name}=tulips!in may");
        let (args, _) = scrub_argv(&argv(&["env", &word]));
        assert_gone(&args[1], "tulips!in may", &word);
    }
    for name in ["PROOFMARK_KEY", "PROOFMARK_TOKEN_X", "proofmark_monkey"] {
        assert_eq!(scrub_variable(name, "1").text, "[withheld: proofmark-secret]");
        assert_eq!(scrub_variable(name, "/a/path").text, "[withheld: proofmark-secret]");
    }
    // A slash in front makes no path of a key, nor does a scheme make a webhook harmless.
    let key = format!("/{}", Dice(8).text(BASE64, 39));
    assert_eq!(scrub_variable("API_TOKEN", &key).text, "[withheld: name-tells]");
    assert_eq!(scrub_variable("API_TOKEN", "/x9!").text, "[withheld: name-tells]");
    assert_eq!(scrub_variable("WEBHOOK", "https://x.example/y").text, "[withheld: name-tells]");
    let url = scrub_variable("TOKEN_URL", "https://u:p@h/x?token=abc");
    assert_eq!(url.text, "https://[withheld: url-userinfo]@h/x?token=[withheld: url-parameter]");
    for value in
        ["x --password tulips!in-may", "curl -u me:tulips!in-may h", "UID=sa;PWD=tulips!in-may"]
    {
        assert_gone(&scrub_variable("DEPLOY", value).text, "tulips!in-may", value);
    }
    let proxy = scrub_variable("https_proxy", "user:pw@proxy:3128");
    assert_eq!(proxy.text, "[withheld: url-userinfo]@proxy:3128");
}

#[test]
fn flags_withhold_what_follows_them() {
    let secret = "tulips!in-may";
    let lines: &[&[&str]] = &[
        &["x", "--password", secret],
        &["x", "--password=tulips!in-may"],
        &["x", "--token", secret],
        &["x", "-token", secret],
        &["x", "--api-key", secret],
        &["x", "--apiKey=tulips!in-may"],
        &["x", "--access-key", secret],
        &["x", "--private-key", secret],
        &["x", "--secret", secret],
        &["x", "--client-secret=tulips!in-may"],
        &["x", "--registry-token", secret],
        &["skopeo", "copy", "--src-creds", "me:tulips!in-may"],
        &["curl", "-u", "me:tulips!in-may", "https://h"],
        &["curl", "-sSLu", "me:tulips!in-may", "https://h"],
        &["curl", "-ume:tulips!in-may", "https://h"],
        &["curl", "--user=me:tulips!in-may", "https://h"],
        &["curl", "--proxy-user", "me:tulips!in-may", "https://h"],
        &["curl", "-H", "Authorization: Bearer tulips!in-may"],
        &["curl", "-H", "X-Api-Key: tulips!in-may"],
        &["curl", "--header=Cookie: a=tulips!in-may; b=1"],
        &["curl", "https://me:tulips!in-may@h/x"],
        &["docker", "login", "-u", "me", "-p", secret],
        &["docker", "build", "--build-arg", "NPM_TOKEN=tulips!in-may", "."],
        &["cargo", "login", secret],
        &["twine", "upload", "-u", "me", "-p", secret],
        &["sshpass", "-ptulips!in-may", "ssh", "h"],
        &["openssl", "enc", "-passin", "pass:tulips!in-may"],
        &["mvn", "-Dgpg.passphrase=tulips!in-may"],
        &["gradle", "-Papi.key=tulips!in-may"],
        &["msbuild", "/p:Password=tulips!in-may"],
        &["helm", "install", "--set", "db.password=tulips!in-may"],
        &["kubectl", "create", "--from-literal=password=tulips!in-may"],
        &["git", "-c", "http.extraHeader=AUTHORIZATION: basic tulips!in-may"],
        &["sh", "-c", "x --password tulips!in-may && y"],
        &["sh", "-c", "x --password 'tulips!in-may' | y"],
        &["sh", "-c", "FOO_TOKEN=\"tulips!in-may\" x"],
        &["sh", "-c", "bash -c 'x --token tulips!in-may'; y"],
        &["sh", "-c", "ssh h \"bash -c 'x --token tulips!in-may'\""],
        &["sh", "-c", "don't curl -u me:tulips!in-may h"],
        &["sh", "-c", "curl -H \"Authorization: Bearer tulips!in-may\" https://h"],
        &["sh", "-c", "x --password=$(x --token tulips!in-may)"],
        &["powershell", "-Command", "$env:API_KEY = 'tulips!in-may'; x"],
    ];
    for line in lines {
        let (args, redactions) = scrub_argv(&argv(line));
        assert_gone(&args.join("\n"), secret, &line.join(" "));
        assert!(!redactions.is_empty());
        assert_eq!(scrub_argv(&args), (args, Vec::new()));
    }
    let (args, _) = scrub_argv(&argv(lines[33]));
    assert_eq!(args[2], "x --password [withheld: flag-value] && y");
    assert_eq!(scrub_argv(&argv(&["x", "--password", "1234"])).0[2], "[withheld: flag-value]");
    assert_eq!(
        scrub_argv(&argv(lines[39])).0[2],
        "curl -H \"Authorization: Bearer [withheld: authorization]\" https://h"
    );
}

#[test]
fn urls_lose_their_userinfo() {
    for (url, expected) in [
        ("https://u:p@host/o/r.git", "https://host/o/r.git"),
        ("https://token@host/o/r.git", "https://host/o/r.git"),
        ("https://git@host/o/r.git", "https://host/o/r.git"),
        ("https://a@b@host/", "https://host/"),
        ("https://u:p/q#r@host/x", "https://host/x"),
        ("ssh://git@host/o/r.git", "ssh://git@host/o/r.git"),
        ("ssh://deploy@host/o/r.git", "ssh://host/o/r.git"),
        ("ssh://git:pw@host/o/r.git", "ssh://host/o/r.git"),
        ("git+ssh://git@host/o/r.git", "git+ssh://git@host/o/r.git"),
        ("//u:p@host/x", "//host/x"),
        ("git@host:o/r.git", "git@host:o/r.git"),
        ("deploy@host:o/r.git", "host:o/r.git"),
        ("/srv/git/a@b:c", "/srv/git/a@b:c"),
        (
            "https://h/?a=1&access_token=x&b=2",
            "https://h/?a=1&access_token=[withheld: url-parameter]&b=2",
        ),
        (
            "https://h/?Signature=x#key=y",
            "https://h/?Signature=[withheld: url-parameter]#key=[withheld: url-parameter]",
        ),
        ("https://h/#id_token=x", "https://h/#id_token=[withheld: url-parameter]"),
    ] {
        let scrubbed = scrub_url(url);
        assert_eq!(scrubbed.text, expected);
        assert_eq!(scrub_url(expected).text, expected);
        assert_eq!(scrubbed.rules.is_empty(), url == expected);
    }
}

#[test]
fn a_value_that_is_learnt_late_is_found_from_then_on_by_all_who_hold_the_redactor() {
    let redactor = std::sync::Arc::new(Redactor::default());
    let other = std::sync::Arc::clone(&redactor);
    let text = "said correct horse battery, and d/correct%20horse%20battery";
    assert_eq!(other.scrub(text).text, text);
    redactor.learn("correct horse battery");
    let scrubbed = other.scrub(text);
    assert_eq!(scrubbed.rules, [Rule::KnownSecret]);
    assert!(!scrubbed.text.contains("horse"), "{}", scrubbed.text);
    assert!(other.may_find_in_path("d/correct horse battery", 2));
    assert_eq!(format!("{other:?}"), "Redactor(withheld)");
}
