//! Made-up credentials of every common kind. Prefixes are put together here, and what follows is rolled from
//! a fixed seed, so that no scanner of the repository finds what only looks like one.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::dice::{BASE62, BASE64, CAPITAL, Dice, HEX, LOWER, URL64};

/// A credential as it stands in a text, and what of it must never be seen.
pub(crate) struct Credential {
    pub(crate) kind: &'static str,
    /// Only a flag tells: nothing is to be seen where the text isn't taken for a command line.
    pub(crate) is_command: bool,
    pub(crate) text: String,
    pub(crate) secrets: Vec<String>,
}

/// Kind, what stands before the secret, its alphabet and length, and what stands behind it.
type Row = (&'static str, &'static str, &'static str, usize, &'static str);

const CLOUDS: &[Row] = &[
    ("AWS access key id", concat!("AK", "IA"), CAPITAL, 16, ""),
    ("AWS temporary key id", concat!("AS", "IA"), CAPITAL, 16, ""),
    ("AWS secret key, named", "AWS_SECRET_ACCESS_KEY=", BASE64, 40, ""),
    ("AWS secret key, profile", "aws_secret_access_key = ", BASE64, 40, ""),
    ("AWS secret key, alone", "", BASE64, 40, ""),
    ("AWS session token", "AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjE", BASE64, 300, ""),
    ("AWS session token, alone", "IQoJb3JpZ2luX2VjE", BASE64, 300, "=="),
    (
        "AWS signed URL",
        "https://b.s3.amazonaws.com/k?X-Amz-Expires=9&X-Amz-Signature=",
        HEX,
        64,
        "",
    ),
    (
        "AWS signed URL, token",
        "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=",
        BASE62,
        90,
        "&x=1",
    ),
    ("AWS Bedrock key", concat!("AB", "SKQmVkcm9ja0FQSUtleS"), BASE64, 110, ""),
    ("GCP API key", concat!("AI", "za"), URL64, 35, ""),
    ("GCP API key in a URL", "https://maps.googleapis.com/x?key=", URL64, 39, "&v=1"),
    ("GCP OAuth access token", concat!("ya", "29.a0"), URL64, 160, ""),
    ("GCP OAuth refresh token", concat!("1/", "/0"), URL64, 62, ""),
    ("GCP OAuth client secret", concat!("GOC", "SPX-"), URL64, 28, ""),
    ("GCP HMAC key", concat!("GO", "OG1E"), CAPITAL, 56, ""),
    ("Firebase messaging key", concat!("AAAA", "x1Zq9Wc:"), URL64, 134, ""),
    (
        "Azure storage key",
        "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=",
        BASE64,
        86,
        "==;EndpointSuffix=core.windows.net",
    ),
    ("Azure storage key, alone", "", BASE64, 86, "=="),
    (
        "Azure SAS URL",
        "https://x.blob.core.windows.net/c/b?sv=2022-11-02&ss=b&srt=o&sp=r&sig=",
        BASE62,
        43,
        "%3D",
    ),
    ("Azure SAS token", "?sv=2022-11-02&se=2027-01-01&sp=rl&sig=", BASE62, 43, "%3D"),
    ("Azure client secret", concat!("dT", "88Q~"), URL64, 34, ""),
    ("Azure client secret, named", "AZURE_CLIENT_SECRET=", URL64, 32, ""),
    (
        "Azure service bus",
        "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=",
        BASE64,
        43,
        "=",
    ),
    ("Azure IoT hub", "HostName=x.azure-devices.net;DeviceId=d;SharedAccessKey=", BASE64, 43, "="),
    (
        "Azure Cosmos DB",
        "AccountEndpoint=https://x.documents.azure.com:443/;AccountKey=",
        BASE64,
        86,
        "==;",
    ),
    ("Azure DevOps token", "AZURE_DEVOPS_EXT_PAT=", LOWER, 52, ""),
    ("Azure DevOps token, alone", "", LOWER, 52, ""),
    ("Azure function key", "https://x.azurewebsites.net/api/f?code=", URL64, 54, "=="),
    ("DigitalOcean token", concat!("dop", "_v1_"), HEX, 64, ""),
    ("DigitalOcean OAuth", concat!("doo", "_v1_"), HEX, 64, ""),
    ("DigitalOcean refresh", concat!("dor", "_v1_"), HEX, 64, ""),
    ("Cloudflare token", "CLOUDFLARE_API_TOKEN=", URL64, 40, ""),
    ("Cloudflare token, alone", "", URL64, 40, ""),
    ("Cloudflare global key", "X-Auth-Key: ", HEX, 37, ""),
    ("Cloudflare global key, named", "CF_API_KEY=", HEX, 37, ""),
    ("Cloudflare origin CA key", concat!("v1", ".0-0123456789abcdef01234567-"), HEX, 146, ""),
    ("Heroku key", concat!("HR", "KU-AA"), URL64, 58, ""),
    ("Heroku key, named", "HEROKU_API_KEY=01234567-89ab-cdef-0123-", HEX, 12, ""),
    ("Alibaba key id", concat!("LT", "AI5t"), BASE62, 20, ""),
    ("Alibaba secret", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=", BASE62, 30, ""),
    ("Tencent key", concat!("AK", "ID"), BASE62, 32, ""),
    ("Hetzner token", "HCLOUD_TOKEN=", BASE62, 64, ""),
    ("Hetzner token, alone", "", BASE62, 64, ""),
    ("Scaleway key", "SCW_SECRET_KEY=01234567-89ab-cdef-0123-", HEX, 12, ""),
    ("Linode token", "LINODE_TOKEN=", HEX, 64, ""),
    ("Vultr key", "VULTR_API_KEY=", CAPITAL, 36, ""),
    ("OVH secret", "OVH_APPLICATION_SECRET=", LOWER, 32, ""),
    ("IBM Cloud key", "IBMCLOUD_API_KEY=", URL64, 44, ""),
    ("Yandex key", concat!("AQ", "VN"), URL64, 36, ""),
    ("Fly.io token", concat!("Fly", "V1 fm2_"), BASE64, 120, ""),
];

const FORGES_AND_REGISTRIES: &[Row] = &[
    ("GitHub personal", concat!("gh", "p_"), BASE62, 36, ""),
    ("GitHub OAuth", concat!("gh", "o_"), BASE62, 36, ""),
    ("GitHub user", concat!("gh", "u_"), BASE62, 36, ""),
    ("GitHub server", concat!("gh", "s_"), BASE62, 36, ""),
    ("GitHub refresh", concat!("gh", "r_"), BASE62, 76, ""),
    ("GitHub fine-grained", concat!("github", "_pat_11"), BASE62, 80, ""),
    ("GitHub old token", "GITHUB_TOKEN=", HEX, 40, ""),
    ("GitLab personal", concat!("gl", "pat-"), URL64, 20, ""),
    ("GitLab routable", concat!("gl", "pat-"), URL64, 27, ".01.0w1abcdef"),
    ("GitLab trigger", concat!("gl", "ptt-"), HEX, 40, ""),
    ("GitLab deploy", concat!("gl", "dt-"), URL64, 20, ""),
    ("GitLab job", concat!("gl", "cbt-64_"), URL64, 20, ""),
    ("GitLab runner", concat!("gl", "rt-"), URL64, 20, ""),
    ("GitLab feed", concat!("gl", "ft-"), URL64, 20, ""),
    ("GitLab SCIM", concat!("gl", "soat-"), URL64, 20, ""),
    ("GitLab agent", concat!("gl", "agent-"), URL64, 50, ""),
    ("GitLab registration", concat!("GR", "1348941"), URL64, 20, ""),
    ("GitLab header", "JOB-TOKEN: ", URL64, 20, ""),
    ("Bitbucket app password", concat!("AT", "BB"), BASE62, 32, ""),
    ("Bitbucket access token", concat!("AT", "CTT3xFfGN0"), URL64, 170, "=0123ABCD"),
    ("Atlassian API token", concat!("AT", "ATT3xFfGF0"), URL64, 170, "=0123ABCD"),
    ("Gitea token", "GITEA_TOKEN=", HEX, 40, ""),
    ("Gitea token, header", "Authorization: token ", HEX, 40, ""),
    ("Sourcegraph token", concat!("sg", "p_"), HEX, 40, ""),
    ("npm token", concat!("npm", "_"), BASE62, 36, ""),
    (".npmrc token", "//registry.npmjs.org/:_authToken=", BASE62, 36, ""),
    (".npmrc password", "//registry.example.com/:_password=", BASE64, 24, ""),
    (".npmrc auth", "_auth=", BASE64, 28, ""),
    ("PyPI token", concat!("pypi", "-AgEIcHlwaS5vcmc"), URL64, 150, ""),
    ("pip index", "--index-url https://me:", BASE62, 14, "@pypi.example.com/simple"),
    (
        "pip configuration",
        "extra-index-url = https://__token__:",
        BASE62,
        14,
        "@pypi.example.com/simple",
    ),
    ("crates.io token", concat!("ci", "o"), BASE62, 32, ""),
    ("RubyGems key", concat!("ruby", "gems_"), HEX, 48, ""),
    ("NuGet key", concat!("oy", "2"), LOWER, 43, ""),
    ("Kubernetes", "env:\n  - name: DB_PASSWORD\n    value: ", BASE62, 12, "\n"),
    ("task definition", "{\"name\": \"DB_PASSWORD\", \"value\": \"", BASE62, 12, "\"}"),
    ("NuGet.config password", "<add key=\"ClearTextPassword\" value=\"", BASE62, 12, "\" />"),
    ("Docker Hub token", concat!("dckr", "_pat_"), URL64, 27, ""),
    ("Docker organisation token", concat!("dckr", "_oat_"), URL64, 32, ""),
    ("Docker configuration", "{\"auths\":{\"ghcr.io\":{\"auth\":\"", BASE64, 40, "\"}}}"),
    ("JFrog API key", concat!("AK", "Cp5"), BASE62, 69, ""),
    ("Artifactory reference token", concat!("cmVm", "dGtu"), BASE62, 56, ""),
    ("Maven settings", "<server><id>x</id><password>", BASE62, 12, "</password></server>"),
    ("Gradle property", "-PossrhPassword=", BASE62, 12, ""),
    ("Gradle properties", "signing.password=", BASE62, 12, ""),
    ("Clojars token", concat!("CLO", "JARS_"), HEX, 60, ""),
    ("Hex.pm key", "HEX_API_KEY=", HEX, 32, ""),
    ("Conan password", "CONAN_PASSWORD=", BASE62, 12, ""),
    ("Terraform Cloud", concat!("xK2mQ9vL4nR7tZ", ".atlas", "v1."), BASE62, 67, ""),
    ("Vault service token", concat!("hv", "s.CAES"), URL64, 90, ""),
    ("Vault batch token", concat!("hv", "b."), URL64, 138, ""),
    ("Vault old token", "VAULT_TOKEN=s.", BASE62, 24, ""),
    ("Vault old token, alone", concat!("s", "."), BASE62, 24, ""),
    ("Pulumi token", concat!("pu", "l-"), HEX, 40, ""),
    ("Doppler token", concat!("dp", ".pt."), BASE62, 43, ""),
    ("Doppler service token", concat!("dp", ".st.prd."), BASE62, 43, ""),
    ("CircleCI token", concat!("CCI", "PAT_5kQ2"), BASE62, 50, ""),
    ("Buildkite token", concat!("bk", "ua_"), HEX, 40, ""),
    ("Netlify token", concat!("nf", "p_"), BASE62, 36, ""),
    ("Vercel token", "VERCEL_TOKEN=", BASE62, 24, ""),
    ("Databricks token", concat!("da", "pi"), HEX, 32, ""),
    ("SonarQube token", concat!("sq", "u_"), HEX, 40, ""),
    ("Snyk token", "SNYK_TOKEN=01234567-89ab-cdef-0123-", HEX, 12, ""),
    ("Codecov token", "CODECOV_TOKEN=01234567-89ab-cdef-0123-", HEX, 12, ""),
    ("Supabase token", concat!("sb", "p_"), HEX, 40, ""),
    ("PlanetScale token", concat!("psc", "ale_tkn_"), URL64, 43, ""),
    ("Tailscale key", concat!("ts", "key-auth-k5Kq2L"), BASE62, 32, ""),
    ("1Password service account", concat!("op", "s_eyJ"), URL64, 250, ""),
];

const SERVICES: &[Row] = &[
    ("Slack bot", concat!("xox", "b-123456789012-123456789012-"), BASE62, 24, ""),
    ("Slack user", concat!("xox", "p-123456789012-123456789012-"), HEX, 32, ""),
    ("Slack app", concat!("xa", "pp-1-A0123456789-123456789012-"), HEX, 64, ""),
    ("Slack rotating", concat!("xo", "xe.xoxb-1-"), BASE62, 160, ""),
    (
        "Slack webhook",
        concat!("https://hooks.sl", "ack.com/services/T0000AAAA/B0000AAAA/"),
        BASE62,
        24,
        "",
    ),
    (
        "Discord webhook",
        concat!("https://disc", "ord.com/api/webhooks/123456789012345678/"),
        URL64,
        68,
        "",
    ),
    (
        "Teams webhook",
        concat!(
            "https://x.webhook.off",
            "ice.com/webhookb2/123e4567-e89b-12d3-a456-426614174000@123e4567-e89b-12d3-a456-426614174000/IncomingWebhook/"
        ),
        HEX,
        32,
        "/123e4567-e89b-12d3-a456-426614174000",
    ),
    (
        "Teams workflow",
        "https://prod-1.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?api-version=1&sig=",
        URL64,
        43,
        "",
    ),
    (
        "Google Chat webhook",
        "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k&token=",
        URL64,
        43,
        "",
    ),
    ("Telegram bot", "123456789:AA", URL64, 33, ""),
    (
        "Telegram bot in a URL",
        concat!("https://api.tele", "gram.org/bot123456789:AA"),
        URL64,
        33,
        "/sendMessage",
    ),
    ("Mattermost hook", "https://chat.example.com/hooks/", LOWER, 26, ""),
    ("Stripe secret key", concat!("sk_", "live_"), BASE62, 24, ""),
    ("Stripe long secret key", concat!("sk_", "live_51"), BASE62, 97, ""),
    ("Stripe restricted key", concat!("rk_", "live_"), BASE62, 24, ""),
    ("Stripe webhook secret", concat!("wh", "sec_"), BASE62, 32, ""),
    ("Square access token", concat!("EA", "AA"), URL64, 60, ""),
    ("Square old token", concat!("sq0", "atp-"), URL64, 22, ""),
    ("Square secret", concat!("sq0", "csp-"), URL64, 43, ""),
    ("PayPal secret", "PAYPAL_CLIENT_SECRET=E", URL64, 79, ""),
    ("PayPal access token", concat!("access_token$", "production$x7k2m9q4w8e3r5t6$"), HEX, 32, ""),
    ("Shopify token", concat!("shp", "at_"), HEX, 32, ""),
    ("Adyen key", concat!("AQ", "E"), BASE64, 60, ""),
    ("SendGrid key", concat!("S", "G.xK2mQ9vL4nR7tZ1wB5yD8f."), URL64, 43, ""),
    ("Mailgun key", concat!("ke", "y-"), HEX, 32, ""),
    ("Mailgun new key", "MAILGUN_API_KEY=", HEX, 32, "-0123abcd-0123abcd"),
    ("Mailchimp key", "", HEX, 32, concat!("-us", "12")),
    ("Brevo key", concat!("xkey", "sib-"), HEX, 64, "-xK2mQ9vL4nR7tZ1w"),
    ("Postmark token", "X-Postmark-Server-Token: 01234567-89ab-cdef-0123-", HEX, 12, ""),
    ("Postmark token, named", "POSTMARK_SERVER_TOKEN=01234567-89ab-cdef-0123-", HEX, 12, ""),
    ("Twilio key", concat!("S", "K"), HEX, 32, ""),
    ("Twilio auth token", "TWILIO_AUTH_TOKEN=", HEX, 32, ""),
    ("OpenAI key", concat!("s", "k-"), BASE62, 48, ""),
    ("OpenAI project key", concat!("s", "k-proj-"), URL64, 156, ""),
    ("Anthropic key", concat!("s", "k-ant-api03-"), URL64, 95, ""),
    ("Hugging Face token", concat!("h", "f_"), BASE62, 34, ""),
    ("Groq key", concat!("gs", "k_"), BASE62, 52, ""),
    ("Replicate token", concat!("r", "8_"), BASE62, 37, ""),
    ("Datadog API key", "DD_API_KEY=", HEX, 32, ""),
    ("Datadog application key", "DD-APPLICATION-KEY: ", HEX, 40, ""),
    ("New Relic user key", concat!("NR", "AK-"), CAPITAL, 27, ""),
    ("New Relic licence key", "", HEX, 36, concat!("NR", "AL")),
    ("Sentry DSN", "https://", HEX, 32, "@o12345.ingest.sentry.io/678"),
    ("Sentry organisation token", concat!("sntr", "ys_eyJ"), BASE64, 120, ""),
    ("Sentry user token", concat!("sntr", "yu_"), HEX, 64, ""),
    ("Grafana service account", concat!("gl", "sa_"), BASE62, 32, "_0123abcd"),
    ("Grafana Cloud", concat!("gl", "c_eyJ"), BASE64, 90, ""),
    ("Dynatrace token", concat!("dt0", "c01.ST2EY72KQINMH574WMNVI7YN."), CAPITAL, 64, ""),
    ("PagerDuty header", "Authorization: Token token=", BASE62, 20, ""),
    ("Honeycomb header", "X-Honeycomb-Team: ", BASE62, 22, ""),
    ("Splunk header", "Authorization: Splunk 01234567-89ab-cdef-0123-", HEX, 12, ""),
    ("Linear key", concat!("lin_", "api_"), BASE62, 40, ""),
    ("Notion token", concat!("nt", "n_"), BASE62, 46, ""),
    ("Figma token", concat!("fi", "gd_"), URL64, 40, ""),
    ("Postman key", concat!("PM", "AK-"), HEX, 59, ""),
    ("Airtable token", concat!("pa", "tAbC9dE2fG7hJ4k."), HEX, 64, ""),
    ("Algolia admin key", "ALGOLIA_ADMIN_KEY=", HEX, 32, ""),
    ("Mapbox secret token", concat!("sk.", "eyJ1Ijoi"), BASE62, 80, ".xK2mQ9vL4nR7tZ1wB5yD8f"),
    ("Discord bot", concat!("MT", "A5NDc3MDk2MDYzNDk5NDY3.GkL9xQ."), URL64, 38, ""),
];

const NAMED: &[Row] = &[
    ("password", "PASSWORD=", BASE62, 12, ""),
    ("database password", "DB_PASS=", BASE62, 12, ""),
    ("API key", "API_KEY=", BASE62, 12, ""),
    ("secret", "SECRET_KEY_BASE=", HEX, 128, ""),
    ("some token", "DEPLOY_TOKEN=", BASE62, 12, ""),
    ("some PAT", "RELEASE_PAT=", BASE62, 12, ""),
    ("credentials", "CREDENTIALS=", BASE62, 12, ""),
    ("JSON", "{\"user\":\"me\",\"password\":\"", BASE62, 12, "\"}"),
    ("YAML", "user: me\npassword: ", BASE62, 12, "\nhost: h"),
    ("TOML", "token = \"", BASE62, 12, "\""),
    ("Java property", "-Dspring.datasource.password=", BASE62, 12, ""),
    ("innocent name", "FOO=", BASE62, 32, ""),
    ("innocent name, base64", "BUILD_EXTRA=", BASE64, 48, ""),
    ("innocent name, base64url", "MY_SETTING=", URL64, 43, ""),
    ("innocent name, small letters", "SETTING=", LOWER, 40, ""),
    ("PostgreSQL", "postgres://app:", BASE62, 12, "@db.example.com:5432/app?sslmode=require"),
    ("MySQL", "mysql://root:", BASE62, 12, "@127.0.0.1:3306/app"),
    ("MongoDB", "mongodb+srv://app:", BASE62, 12, "@cluster0.example.net/app"),
    ("Redis", "redis://:", BASE62, 12, "@cache:6379/0"),
    ("AMQP", "amqps://guest:", BASE62, 12, "@rabbit:5671/vhost"),
    ("JDBC, parameter", "jdbc:postgresql://h/db?user=u&password=", BASE62, 12, "&ssl=true"),
    ("JDBC, SQL Server", "jdbc:sqlserver://h;user=sa;password=", BASE62, 12, ";encrypt=true"),
    ("JDBC, Oracle", "jdbc:oracle:thin:scott/", BASE62, 12, "@//host:1521/sid"),
    ("ODBC", "Driver={SQL Server};Server=h;UID=sa;PWD=", BASE62, 12, ";"),
    ("ADO.NET", "Server=tcp:h,1433;User ID=sa;Password=", BASE62, 12, ";Encrypt=True"),
    ("libpq", "host=h port=5432 user=u password=", BASE62, 12, " dbname=d"),
    ("Go MySQL", "app:", BASE62, 12, "@tcp(127.0.0.1:3306)/app"),
    ("SMTP", "smtps://mailer%40example.com:", BASE62, 12, "@smtp.example.com:465"),
    ("FTP", "ftp://me:", BASE62, 12, "@files.example.com/x"),
    ("HTTP proxy", "http://me:", BASE62, 12, "@proxy.example.com:3128"),
    ("URL of a forge", "https://x-access-token:", BASE62, 12, "@github.com/o/r.git"),
    ("URL with a token alone", "https://", BASE62, 20, "@git.example.com/o/r.git"),
    ("URL parameter", "https://api.example.com/x?access_token=", BASE62, 12, "&v=1"),
    ("Bearer", "Authorization: Bearer ", BASE62, 30, ""),
    ("Bearer without a header", "Bearer ", HEX, 40, ""),
    ("git's header", "http.extraheader=AUTHORIZATION: basic ", BASE64, 40, ""),
    ("API key header", "X-Api-Key: ", BASE62, 16, ""),
    ("cookie", "Cookie: session=", BASE62, 16, "; theme=dark"),
    ("set-cookie", "Set-Cookie: sid=", BASE62, 16, "; HttpOnly"),
    ("netrc", "machine example.com login me password ", BASE62, 12, ""),
    ("age key", concat!("AGE-", "SECRET-KEY-1"), CAPITAL, 58, ""),
    ("minisign key", concat!("RWRT", "Y0Iy"), BASE64, 204, ""),
    ("Ed25519 key without armour", concat!("MC4CAQAw", "BQYDK2VwBCIEI"), BASE64, 43, ""),
    ("RSA key without armour", concat!("MIIEv", "QIBADANBgkq"), BASE64, 400, ""),
];

/// Command lines, in which only flags tell.
const COMMANDS: &[Row] = &[
    ("password in a command", "mysqldump --user=root --password=", BASE62, 12, " app"),
    ("LDAP", "ldapsearch -D cn=admin -w ", BASE62, 12, " -b dc=x"),
    ("pgpass", "PGPASSWORD=", BASE62, 12, " psql -h db"),
    ("curl", "curl -u me:", BASE62, 12, " https://example.com"),
    ("curl, joined", "curl -sSfume:", BASE62, 12, " https://example.com"),
    ("wget", "wget --http-password=", BASE62, 12, " https://example.com"),
    ("mysql -p", "mysql -uroot -p", BASE62, 12, " app"),
    ("docker login", "docker login -u me -p ", BASE62, 12, " ghcr.io"),
    ("sshpass", "sshpass -p ", BASE62, 12, " ssh h"),
    ("redis-cli", "redis-cli -h h -a ", BASE62, 12, " ping"),
    ("openssl", "openssl enc -aes-256-cbc -k ", BASE62, 12, " -in x"),
    ("openssl pass", "openssl rsa -passin pass:", BASE62, 12, " -in x"),
    ("signing", "jarsigner -storepass ", BASE62, 12, " x.jar key"),
    ("zip", "zip -P ", BASE62, 12, " x.zip x"),
    ("sqlcmd", "sqlcmd -S h -U sa -P ", BASE62, 12, " -Q x"),
    ("7z", "7z a -p", BASE62, 12, " x.7z x"),
    ("HTTPie", "http -a me:", BASE62, 12, " example.com"),
    ("a line in an option", "rsync --rsh='sshpass -p ", BASE62, 12, " ssh' a b"),
    ("Windows program", "plink.exe -ssh -pw ", BASE62, 12, " me@h"),
];

/// All of them, the same ones in every run.
pub(crate) fn credentials() -> Vec<Credential> {
    rolled(20_260_131)
}

/// All of them with other letters: a rule that knows some by chance doesn't know them.
pub(crate) fn rolled(seed: u64) -> Vec<Credential> {
    let mut dice = Dice(seed);
    let mut all = Vec::new();
    for table in [CLOUDS, FORGES_AND_REGISTRIES, SERVICES, NAMED, COMMANDS] {
        for &(kind, before, alphabet, length, after) in table {
            let secret = dice.text(alphabet, length);
            let text = format!("{before}{secret}{after}");
            let is_command = std::ptr::eq(table, COMMANDS);
            all.push(Credential { kind, is_command, text, secrets: vec![secret] });
        }
    }
    all.extend(keys(&mut dice));
    all.extend(tokens(&mut dice));
    all
}

/// Private keys in their armours.
fn keys(dice: &mut Dice) -> Vec<Credential> {
    let mut all = Vec::new();
    let armours = [
        ("PKCS#8", "PRIVATE KEY", ""),
        ("PKCS#1", "RSA PRIVATE KEY", ""),
        ("SEC 1", "EC PRIVATE KEY", ""),
        ("OpenSSH", "OPENSSH PRIVATE KEY", ""),
        ("encrypted PKCS#8", "ENCRYPTED PRIVATE KEY", ""),
        (
            "encrypted PKCS#1",
            "RSA PRIVATE KEY",
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
        ),
        ("PGP", "PGP PRIVATE KEY BLOCK", "\n"),
        ("cosign", "ENCRYPTED SIGSTORE PRIVATE KEY", ""),
        ("cosign, older", "ENCRYPTED COSIGN PRIVATE KEY", ""),
    ];
    for (kind, label, head) in armours {
        let lines = [dice.text(BASE64, 64), dice.text(BASE64, 64), dice.text(BASE64, 40)];
        let body = lines.join("\n");
        let text = format!("-----BEGIN {label}-----\n{head}{body}\n-----END {label}-----\n");
        all.push(Credential { kind, is_command: false, text, secrets: lines.to_vec() });
    }
    let line = dice.text(BASE64, 64);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n");
    let account = format!(
        "{{\"type\":\"service_account\",\"private_key_id\":\"1\",\"private_key\":\"{}\",\"client_email\":\"a@b.iam.gserviceaccount.com\"}}",
        pem.replace('\n', "\\n")
    );
    let mut add = |kind, text: String, secrets: Vec<String>| {
        all.push(Credential { kind, is_command: false, text, secrets });
    };
    add("armour in base64", STANDARD.encode(&pem), vec![line.clone()]);
    add("GCP service account in base64", STANDARD.encode(&account), vec![line.clone()]);
    add("GCP service account", account, vec![line]);
    let line = dice.text(BASE64, 64);
    let putty =
        format!("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n{line}\n");
    add("PuTTY", putty, vec![line]);
    let d = dice.text(URL64, 43);
    let x = dice.text(URL64, 43);
    add(
        "JWK, Ed25519",
        format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{x}\",\"d\":\"{d}\"}}"),
        vec![d],
    );
    let k = dice.text(URL64, 22);
    add("JWK, symmetric", format!("{{\"kty\":\"oct\",\"kid\":\"1\",\"k\":\"{k}\"}}"), vec![k]);
    all
}

/// What has several parts.
fn tokens(dice: &mut Dice) -> Vec<Credential> {
    let mut all = Vec::new();
    for (kind, header, length) in [
        ("JWT, HS256", "{\"alg\":\"HS256\"}", 43),
        ("JWT, RS256", "{\"alg\":\"RS256\",\"kid\":\"1\"}", 342),
    ] {
        let claims = URL_SAFE_NO_PAD.encode("{\"sub\":\"someone\",\"exp\":1700000000}");
        let signature = dice.text(URL64, length);
        let text = format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode(header));
        all.push(Credential { kind, is_command: false, text, secrets: vec![claims, signature] });
    }
    let (user, password) = (dice.text(BASE62, 10), dice.text(BASE62, 14));
    let pair = STANDARD.encode(format!("{user}:{password}"));
    for (kind, before) in [("Basic", "Authorization: Basic "), ("Basic without a header", "Basic ")]
    {
        all.push(Credential {
            kind,
            is_command: false,
            text: format!("{before}{pair}"),
            secrets: vec![password.clone()],
        });
    }
    let (id, secret) = (dice.text(CAPITAL, 16), dice.text(BASE64, 40));
    let text = format!("aws configure set {}{id} {secret}", concat!("AK", "IA"));
    all.push(Credential { kind: "AWS pair", is_command: false, text, secrets: vec![id, secret] });
    let (first, second) = (dice.text(BASE62, 12), dice.text(BASE62, 12));
    let text = format!("A_PASSWORD={first} B_TOKEN={second} make");
    all.push(Credential {
        kind: "two in a line",
        is_command: false,
        text,
        secrets: vec![first, second],
    });
    all
}
