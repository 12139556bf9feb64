//! Made-up credentials. Prefixes are put together here, so that no scanner of the repository finds
//! what only looks like one.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

const HEX: &str = "0123456789abcdef";
const CAPITAL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Prefix, alphabet and length of what follows, rule.
const PREFIXED: &[(&str, &str, usize, Rule)] = &[
    (concat!("gh", "p_"), BASE62, 36, Rule::GithubToken),
    (concat!("gh", "o_"), BASE62, 36, Rule::GithubToken),
    (concat!("gh", "u_"), BASE62, 36, Rule::GithubToken),
    (concat!("gh", "s_"), BASE62, 36, Rule::GithubToken),
    (concat!("gh", "r_"), BASE62, 36, Rule::GithubToken),
    (concat!("github", "_pat_"), BASE62, 82, Rule::GithubToken),
    (concat!("gl", "pat-"), URL64, 20, Rule::GitlabToken),
    (concat!("gl", "dt-"), URL64, 20, Rule::GitlabToken),
    (concat!("gl", "rt-"), URL64, 20, Rule::GitlabToken),
    (concat!("gl", "cbt-"), URL64, 22, Rule::GitlabToken),
    (concat!("gl", "ptt-"), HEX, 40, Rule::GitlabToken),
    (concat!("gl", "ft-"), URL64, 20, Rule::GitlabToken),
    (concat!("gl", "soat-"), URL64, 20, Rule::GitlabToken),
    (concat!("AK", "IA"), CAPITAL, 16, Rule::AwsAccessKey),
    (concat!("AS", "IA"), CAPITAL, 16, Rule::AwsAccessKey),
    (concat!("AI", "za"), URL64, 35, Rule::GoogleToken),
    (concat!("ya", "29."), URL64, 60, Rule::GoogleToken),
    (concat!("GOC", "SPX-"), URL64, 28, Rule::GoogleToken),
    (concat!("xox", "b-123456789012-"), BASE62, 24, Rule::SlackToken),
    (concat!("xox", "p-123456789012-"), BASE62, 24, Rule::SlackToken),
    (concat!("xox", "a-2-"), BASE62, 24, Rule::SlackToken),
    (concat!("xox", "s-"), BASE62, 24, Rule::SlackToken),
    (concat!("xa", "pp-1-"), BASE62, 40, Rule::SlackToken),
    (concat!("sk_", "live_"), BASE62, 24, Rule::StripeKey),
    (concat!("rk_", "live_"), BASE62, 24, Rule::StripeKey),
    (concat!("wh", "sec_"), BASE64, 32, Rule::StripeKey),
    (concat!("S", "K"), HEX, 32, Rule::TwilioKey),
    (concat!("npm", "_"), BASE62, 36, Rule::NpmToken),
    (concat!("pypi", "-AgE"), URL64, 90, Rule::PypiToken),
    (concat!("ci", "o"), BASE62, 32, Rule::CratesIoToken),
    (concat!("ruby", "gems_"), HEX, 48, Rule::RubygemsToken),
    (concat!("dckr", "_pat_"), URL64, 27, Rule::DockerToken),
    (concat!("h", "f_"), BASE62, 34, Rule::HuggingFaceToken),
    (concat!("s", "k-"), BASE62, 48, Rule::AiProviderKey),
    (concat!("s", "k-proj-"), URL64, 60, Rule::AiProviderKey),
    (concat!("s", "k-ant-api03-"), URL64, 93, Rule::AiProviderKey),
    (concat!("dop", "_v1_"), HEX, 64, Rule::DigitaloceanToken),
    (concat!("dp", ".pt."), BASE62, 43, Rule::DopplerToken),
    (concat!("hv", "s."), URL64, 90, Rule::VaultToken),
    (concat!("hv", "b."), URL64, 120, Rule::VaultToken),
    (concat!("da", "pi"), HEX, 32, Rule::DatabricksToken),
    (concat!("AGE-", "SECRET-KEY-1"), CAPITAL, 58, Rule::AgeKey),
    (concat!("MC4CAQAw", "BQYDK2VwBCIEI"), BASE64, 43, Rule::PrivateKey),
    (concat!("MIIEv", "QIBADANBgkq"), BASE64, 200, Rule::PrivateKey),
    (concat!("MHcCA", "QEEI"), BASE64, 120, Rule::PrivateKey),
    (concat!("b3BlbnNz", "aC1rZXktdjE"), BASE64, 120, Rule::PrivateKey),
    (concat!("RWRT", "Y0Iy"), BASE64, 204, Rule::PrivateKey),
    (concat!("LS0tLS1C", "RUdJTiBQUklWQVRFIEtF"), BASE64, 120, Rule::PrivateKey),
    (concat!("lin_", "api_"), BASE62, 40, Rule::VendorToken),
    (concat!("gl", "sa_"), BASE62, 41, Rule::VendorToken),
    (concat!("AT", "ATT3"), URL64, 186, Rule::VendorToken),
    (concat!("ts", "key-auth-"), BASE62, 30, Rule::VendorToken),
    (
        concat!("https://hooks.sl", "ack.com/services/T00000000/B00000000/"),
        BASE62,
        24,
        Rule::WebhookUrl,
    ),
    (
        concat!("https://disc", "ord.com/api/webhooks/123456789012345678/"),
        URL64,
        68,
        Rule::WebhookUrl,
    ),
    (concat!("https://api.tele", "gram.org/bot123456789:"), URL64, 35, Rule::BotToken),
    ("123456789:AA", URL64, 33, Rule::BotToken),
    (concat!("ey", "JhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0NTY3ODkwIn0."), URL64, 43, Rule::Jwt),
    ("Authorization: Bearer ", BASE62, 20, Rule::Authorization),
    ("authorization: token ", HEX, 40, Rule::Authorization),
    ("Proxy-Authorization: Digest ", BASE62, 20, Rule::Authorization),
    ("Authorization: ", BASE62, 12, Rule::Authorization),
    ("curl says Bearer ", HEX, 32, Rule::Authorization),
    ("Cookie: session=", BASE62, 12, Rule::Cookie),
    ("Set-Cookie: a=b; id=", BASE62, 12, Rule::Cookie),
    ("X-Api-Key: ", BASE62, 12, Rule::NameTells),
    ("X-Vault-Token:", BASE62, 12, Rule::NameTells),
    ("PRIVATE-TOKEN: ", BASE62, 12, Rule::NameTells),
    ("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=", BASE64, 86, Rule::NameTells),
    ("https://x.blob.core.windows.net/c?sv=2022-11-02&sp=r&sig=", BASE62, 12, Rule::UrlParameter),
    ("SharedAccessSignature sr=x&sig=", BASE62, 16, Rule::UrlParameter),
    ("Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=", BASE64, 43, Rule::NameTells),
    ("Server=db;Database=x;User Id=sa;Password=", BASE62, 10, Rule::NameTells),
    ("jdbc:mysql://h/db?user=u&password=", BASE62, 10, Rule::UrlParameter),
    ("jdbc:sqlserver://h;user=sa;password=", BASE62, 10, Rule::NameTells),
    ("host=h port=5432 user=u password=", BASE62, 10, Rule::NameTells),
    ("password = \"", BASE62, 10, Rule::NameTells),
    ("{\"user\": \"u\", \"password\": \"", BASE62, 10, Rule::NameTells),
    ("{\\\"user\\\": \\\"u\\\", \\\"apiKey\\\": \\\"", BASE62, 10, Rule::NameTells),
    ("{\"auths\":{\"ghcr.io\":{\"auth\":\"", BASE64, 20, Rule::NameTells),
    ("x: 1\npassword: ", BASE62, 10, Rule::NameTells),
    ("client_secret: ", BASE62, 10, Rule::NameTells),
    ("//registry.npmjs.org/:_authToken=", BASE62, 36, Rule::NameTells),
    ("machine example.com login me password ", BASE62, 10, Rule::NameTells),
    ("?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=", BASE62, 20, Rule::UrlParameter),
    ("?X-Amz-Date=20260131T000000Z&X-Amz-Signature=", HEX, 64, Rule::UrlParameter),
    ("export NPM_TOKEN=", BASE62, 10, Rule::NameTells),
    ("", BASE62, 40, Rule::HighEntropy),
    ("key is ", URL64, 43, Rule::HighEntropy),
];

/// Before the secret, after it, rule. The secret is a short password that no value rule knows.
const AROUND: &[(&str, &str, Rule)] = &[
    ("postgres://user:", "@host:5432/db", Rule::UrlUserinfo),
    ("postgresql+asyncpg://user:", "@host/db?sslmode=require", Rule::UrlUserinfo),
    ("mongodb+srv://user:", "@cluster0.example.net/db", Rule::UrlUserinfo),
    ("redis://:", "@host:6379/0", Rule::UrlUserinfo),
    ("amqp://guest:", "@rabbit:5672/vhost", Rule::UrlUserinfo),
    ("https://", "@github.com/o/r.git", Rule::UrlUserinfo),
    ("https://oauth2:", "@gitlab.com/o/r.git", Rule::UrlUserinfo),
    ("https://x-access-token:", "@github.com/o/r", Rule::UrlUserinfo),
    ("git+ssh://", "@host/o/r.git", Rule::UrlUserinfo),
    ("ftp://u:a/b#", "@host/x", Rule::UrlUserinfo),
    ("<server><password>", "</password></server>", Rule::NameTells),
    ("user:", "@tcp(127.0.0.1:3306)/db", Rule::ConnectionString),
    ("jdbc:oracle:thin:scott/", "@//host:1521/sid", Rule::ConnectionString),
];

#[test]
fn tokens_and_named_values_are_withheld() {
    assert!(PREFIXED.len() + AROUND.len() >= 80);
    let mut dice = Dice(99);
    for &(prefix, alphabet, length, rule) in PREFIXED {
        for _ in 0..20 {
            let secret = format!("q9{}", dice.text(alphabet, length - 2));
            let secret = if alphabet == HEX { secret.replace('q', "a") } else { secret };
            let secret = if alphabet == CAPITAL { secret.replace("q9", "Q7") } else { secret };
            check(prefix, &secret, "", rule);
        }
    }
    for &(prefix, suffix, rule) in AROUND {
        for _ in 0..20 {
            let secret = format!("a{}", dice.text(BASE62, 11));
            check(prefix, &secret, suffix, rule);
        }
    }
}

/// By every door that the text may come through.
#[track_caller]
fn check(prefix: &str, secret: &str, suffix: &str, rule: Rule) {
    let text = format!("{prefix}{secret}{suffix}");
    let scrubbed = scrub(&text);
    assert_gone(&scrubbed.text, secret, &text);
    assert!(scrubbed.rules.contains(&rule), "{text}: {:?}", scrubbed.rules);
    assert_eq!(scrub(&scrubbed.text).text, scrubbed.text);
    assert_gone(&scrub_variable("GITHUB_FOO", &text).text, secret, &text);
    assert_gone(&scrub_url(&text).text, secret, &text);
    for line in [
        argv(&["run", &text]),
        argv(&["sh", "-c", &format!("echo \"{}\" && true", text.replace('"', "\\\""))]),
        argv(&["run", &format!("--option={text}")]),
    ] {
        let (args, redactions) = scrub_argv(&line);
        assert_gone(&args.join(" "), secret, &text);
        assert!(!redactions.is_empty());
        assert_eq!(scrub_argv(&args).0, args);
    }
}

#[test]
fn private_keys_are_withheld_in_every_armour() {
    let mut dice = Dice(5);
    let body = dice.text(BASE64, 64);
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "ENCRYPTED SIGSTORE PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let pem = format!("-----BEGIN {label}-----\n{body}\n{body}\n-----END {label}-----\n");
        for form in [
            pem.clone(),
            pem.replace('\n', "\\n"),
            pem.replace('\n', " "),
            pem.replace("-----END", ""),
            STANDARD.encode(&pem),
            format!("{{\"key\": \"{}\"}}", pem.replace('\n', "\\n")),
            format!("-----BEGIN PUBLIC KEY-----\n{pem}-----END PUBLIC KEY-----"),
        ] {
            let scrubbed = scrub(&form);
            assert_gone(&scrubbed.text, &body, &form);
            assert!(scrubbed.rules.contains(&Rule::PrivateKey), "{form}");
            assert!(!scrubbed.text.contains("LS0tLS1C"), "{}", scrubbed.text);
        }
        let after = scrub(&format!("a {pem}b"));
        assert_eq!(after.text, "a [withheld: private-key]\nb");
    }
    let putty = format!("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{body}\n");
    assert_eq!(scrub(&putty).text, "[withheld: private-key]");
    // Public lines around something that isn't a key don't hide it.
    let hidden = format!("-----BEGIN PUBLIC KEY-----\n{{{body}}}\n-----END PUBLIC KEY-----");
    assert_gone(&scrub(&hidden).text, &body, &hidden);
}

#[test]
fn tokens_of_several_parts_are_withheld_whole() {
    let mut dice = Dice(6);
    let mut part = |alphabet: &str, length| dice.text(alphabet, length);
    let parts = [
        (
            vec![format!("MT{}", part(BASE62, 22)), part(URL64, 6), part(URL64, 27)],
            ".",
            Rule::BotToken,
        ),
        (vec![part(BASE62, 14), "atlasv1".into(), part(BASE62, 67)], ".", Rule::TerraformToken),
        (vec![concat!("S", "G").into(), part(URL64, 22), part(URL64, 43)], ".", Rule::SendgridKey),
        (vec![format!("{}8Q", part(BASE62, 3)), part(URL64, 34)], "~", Rule::AzureSecret),
        (
            vec![format!("{}{}", concat!("AK", "IA"), part(CAPITAL, 16)), part(BASE64, 40)],
            " ",
            Rule::AwsSecretKey,
        ),
    ];
    for (parts, separator, rule) in parts {
        let text = parts.join(separator);
        let scrubbed = scrub(&text);
        assert!(scrubbed.rules.contains(&rule), "{text}: {scrubbed:?}");
        for part in parts.iter().filter(|p| p.len() > 7) {
            assert_gone(&scrubbed.text, part, &text);
        }
    }
    let pair = STANDARD.encode("user:hunter2");
    assert_eq!(scrub(&format!("Basic {pair}")).text, "Basic [withheld: authorization]");
    let claims = URL_SAFE_NO_PAD.encode("{\"sub\":\"someone\"}");
    let unsigned = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"));
    assert_eq!(scrub(&unsigned).text, "[withheld: jwt]");
}
