//! The rules by which something is withheld, and the mark that stands in its place.

use std::fmt;

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal,)+) => {
        /// Why something was withheld.
        ///
        /// The order is from the most telling rule to the vaguest: where two rules meet in one
        /// place, the lesser one names the mark.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Rule {
            /// Every rule, the most telling first.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name that stands in evidence.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }
        }
    };
}

rules! {
    /// The very value of a variable that is known to be secret, plain or encoded.
    KnownSecret = "known-secret",
    /// A variable of proofmark's own that carries a key or a token.
    ProofmarkSecret = "proofmark-secret",
    /// A PEM, OpenSSH, PGP, `PuTTY`, minisign or PKCS#8 private key.
    PrivateKey = "private-key",
    /// An age identity.
    AgeKey = "age-key",
    /// GitHub.
    GithubToken = "github-token",
    /// GitLab.
    GitlabToken = "gitlab-token",
    /// An AWS access key id.
    AwsAccessKey = "aws-access-key",
    /// The 40 characters that stand near an AWS access key id.
    AwsSecretKey = "aws-secret-key",
    /// Google API keys, OAuth tokens and client secrets.
    GoogleToken = "google-token",
    /// Azure client secrets.
    AzureSecret = "azure-secret",
    /// Slack.
    SlackToken = "slack-token",
    /// A bot of Discord or Telegram.
    BotToken = "bot-token",
    /// A URL that is itself the permission to post.
    WebhookUrl = "webhook-url",
    /// Stripe.
    StripeKey = "stripe-key",
    /// Twilio.
    TwilioKey = "twilio-key",
    /// `SendGrid`.
    SendgridKey = "sendgrid-key",
    /// npm.
    NpmToken = "npm-token",
    /// `PyPI`.
    PypiToken = "pypi-token",
    /// The Rust package registry.
    CratesIoToken = "crates-io-token",
    /// `RubyGems`.
    RubygemsToken = "rubygems-token",
    /// Docker Hub.
    DockerToken = "docker-token",
    /// Hugging Face.
    HuggingFaceToken = "hugging-face-token",
    /// OpenAI, Anthropic and others of the kind.
    AiProviderKey = "ai-provider-key",
    /// `DigitalOcean`.
    DigitaloceanToken = "digitalocean-token",
    /// Doppler.
    DopplerToken = "doppler-token",
    /// `HashiCorp` Vault.
    VaultToken = "vault-token",
    /// Terraform Cloud.
    TerraformToken = "terraform-token",
    /// Databricks.
    DatabricksToken = "databricks-token",
    /// Another vendor's token, told by its prefix.
    VendorToken = "vendor-token",
    /// A JSON web token, signed or encrypted.
    Jwt = "jwt",
    /// What follows `Authorization:`, `Bearer` or `Basic`.
    Authorization = "authorization",
    /// What follows `Cookie:` or `Set-Cookie:`.
    Cookie = "cookie",
    /// What stands before the `@` of a URL.
    UrlUserinfo = "url-userinfo",
    /// A parameter of a URL whose name tells.
    UrlParameter = "url-parameter",
    /// User and password of a database address that isn't a URL.
    ConnectionString = "connection-string",
    /// What follows a flag whose name tells.
    FlagValue = "flag-value",
    /// The value of a name that tells.
    NameTells = "name-tells",
    /// Letters and digits that nobody chose.
    HighEntropy = "high-entropy",
    /// A text that went on yielding finds after several rounds, withheld whole.
    Unsettled = "unsettled",
}

impl Rule {
    /// What stands in the place of the value.
    #[must_use]
    pub fn mark(self) -> String {
        format!("{MARK_START}{}]", self.id())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// How every mark begins.
pub(super) const MARK_START: &str = "[withheld: ";

/// Length of the mark that `text` begins with, if it begins with one.
///
/// Only marks with a known rule count, so that `[withheld: hunter2]` is no hiding place.
pub(super) fn mark_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(MARK_START)?;
    let rule = Rule::ALL
        .iter()
        .find(|r| rest.strip_prefix(r.id()).is_some_and(|after| after.starts_with(']')))?;
    Some(MARK_START.len() + rule.id().len() + 1)
}

/// Whether `text` is one mark and nothing else.
pub(super) fn is_mark(text: &str) -> bool {
    mark_length(text) == Some(text.len())
}
