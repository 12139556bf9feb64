//! Where credentials that don't end with the job usually are.

/// How a variable holds one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holds {
    /// It is one, or names a file of them.
    Always,
    /// Not while another variable is set, which makes it one that ends by itself.
    Unless(&'static str),
    /// It names a file of Google's, which may hold a reference to the job's own identity instead.
    GoogleFile,
}

/// Variables, by name; a `*` stands for any text. The second is what they are for.
pub(super) const VARIABLES: &[(&str, &str, Holds)] = &[
    ("ACTIONS_PAT", "GitHub", Holds::Always),
    (
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "Alibaba Cloud",
        Holds::Unless("ALIBABA_CLOUD_SECURITY_TOKEN"),
    ),
    ("ANSIBLE_VAULT_PASSWORD", "Ansible", Holds::Always),
    ("ARM_ACCESS_KEY", "Azure", Holds::Always),
    ("ARM_CLIENT_CERTIFICATE_PASSWORD", "Azure", Holds::Always),
    ("ARM_CLIENT_SECRET", "Azure", Holds::Always),
    ("ARTIFACTORY_API_KEY", "Artifactory", Holds::Always),
    ("AWS_ACCESS_KEY_ID", "AWS", Holds::Unless("AWS_SESSION_TOKEN")),
    ("AWS_SECRET_ACCESS_KEY", "AWS", Holds::Unless("AWS_SESSION_TOKEN")),
    ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "Azure", Holds::Always),
    ("AZURE_CLIENT_SECRET", "Azure", Holds::Always),
    ("AZURE_CREDENTIALS", "Azure", Holds::Always),
    ("AZURE_DEVOPS_EXT_PAT", "Azure DevOps", Holds::Always),
    ("AZURE_PASSWORD", "Azure", Holds::Always),
    ("AZURE_STORAGE_CONNECTION_STRING", "Azure", Holds::Always),
    ("AZURE_STORAGE_KEY", "Azure", Holds::Always),
    ("BUNDLE_RUBYGEMS__PKG__GITHUB__COM", "RubyGems", Holds::Always),
    ("CARGO_REGISTRIES_*_TOKEN", "Cargo", Holds::Always),
    ("CARGO_REGISTRY_TOKEN", "Cargo", Holds::Always),
    ("CLOUDFLARE_API_KEY", "Cloudflare", Holds::Always),
    ("CLOUDFLARE_API_TOKEN", "Cloudflare", Holds::Always),
    ("CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE", "Google Cloud", Holds::GoogleFile),
    ("COMPOSER_AUTH", "Composer", Holds::Always),
    ("COSIGN_PASSWORD", "signing", Holds::Always),
    ("COSIGN_PRIVATE_KEY", "signing", Holds::Always),
    ("DIGITALOCEAN_ACCESS_TOKEN", "DigitalOcean", Holds::Always),
    ("DIGITALOCEAN_TOKEN", "DigitalOcean", Holds::Always),
    ("DOCKERHUB_PASSWORD", "Docker", Holds::Always),
    ("DOCKERHUB_TOKEN", "Docker", Holds::Always),
    ("DOCKER_AUTH_CONFIG", "Docker", Holds::Always),
    ("DOCKER_PASSWORD", "Docker", Holds::Always),
    ("DOCKER_TOKEN", "Docker", Holds::Always),
    ("FLY_API_TOKEN", "Fly", Holds::Always),
    ("GCLOUD_SERVICE_KEY", "Google Cloud", Holds::Always),
    ("GCP_CREDENTIALS", "Google Cloud", Holds::Always),
    ("GCP_SA_KEY", "Google Cloud", Holds::Always),
    ("GCP_SERVICE_ACCOUNT_KEY", "Google Cloud", Holds::Always),
    ("GEM_HOST_API_KEY", "RubyGems", Holds::Always),
    ("GH_PAT", "GitHub", Holds::Always),
    ("GITHUB_PAT", "GitHub", Holds::Always),
    ("GITLAB_PRIVATE_TOKEN", "GitLab", Holds::Always),
    ("GITLAB_TOKEN", "GitLab", Holds::Always),
    ("GOOGLE_APPLICATION_CREDENTIALS", "Google Cloud", Holds::GoogleFile),
    ("GOOGLE_CLOUD_KEYFILE_JSON", "Google Cloud", Holds::Always),
    ("GOOGLE_CREDENTIALS", "Google Cloud", Holds::Always),
    ("GPG_PASSPHRASE", "signing", Holds::Always),
    ("GPG_PRIVATE_KEY", "signing", Holds::Always),
    ("HCLOUD_TOKEN", "Hetzner", Holds::Always),
    ("HEROKU_API_KEY", "Heroku", Holds::Always),
    ("HEX_API_KEY", "Hex", Holds::Always),
    ("HF_TOKEN", "Hugging Face", Holds::Always),
    ("HUGGING_FACE_HUB_TOKEN", "Hugging Face", Holds::Always),
    ("KUBECONFIG", "Kubernetes", Holds::Always),
    ("KUBE_CONFIG", "Kubernetes", Holds::Always),
    ("KUBE_TOKEN", "Kubernetes", Holds::Always),
    ("LINODE_TOKEN", "Linode", Holds::Always),
    ("MAVEN_GPG_PASSPHRASE", "signing", Holds::Always),
    ("MAVEN_PASSWORD", "Maven", Holds::Always),
    ("NETLIFY_AUTH_TOKEN", "Netlify", Holds::Always),
    ("NODE_AUTH_TOKEN", "npm", Holds::Always),
    ("NPM_AUTH_TOKEN", "npm", Holds::Always),
    ("NPM_TOKEN", "npm", Holds::Always),
    ("NUGET_API_KEY", "NuGet", Holds::Always),
    ("OSSRH_PASSWORD", "Maven", Holds::Always),
    ("PERSONAL_ACCESS_TOKEN", "GitHub", Holds::Always),
    ("POETRY_HTTP_BASIC_*_PASSWORD", "PyPI", Holds::Always),
    ("POETRY_PYPI_TOKEN_*", "PyPI", Holds::Always),
    ("PULUMI_ACCESS_TOKEN", "Pulumi", Holds::Always),
    ("PYPI_API_TOKEN", "PyPI", Holds::Always),
    ("PYPI_PASSWORD", "PyPI", Holds::Always),
    ("PYPI_TOKEN", "PyPI", Holds::Always),
    ("RUBYGEMS_API_KEY", "RubyGems", Holds::Always),
    ("SCW_SECRET_KEY", "Scaleway", Holds::Always),
    ("SIGNING_KEY", "signing", Holds::Always),
    ("SONAR_TOKEN", "Sonar", Holds::Always),
    ("SONATYPE_PASSWORD", "Maven", Holds::Always),
    ("SSH_KEY", "SSH", Holds::Always),
    ("SSH_PRIVATE_KEY", "SSH", Holds::Always),
    ("TF_API_TOKEN", "Terraform", Holds::Always),
    ("TF_TOKEN_*", "Terraform", Holds::Always),
    ("TWINE_PASSWORD", "PyPI", Holds::Always),
    ("UV_PUBLISH_PASSWORD", "PyPI", Holds::Always),
    ("UV_PUBLISH_TOKEN", "PyPI", Holds::Always),
    ("VAULT_TOKEN", "Vault", Holds::Always),
    ("VERCEL_TOKEN", "Vercel", Holds::Always),
    ("YARN_NPM_AUTH_TOKEN", "npm", Holds::Always),
    ("npm_config_*_authToken", "npm", Holds::Always),
];

/// How a file holds one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// By being there, with something in it.
    There,
    /// In a line `NAME<divider>VALUE` whose name ends so; a value that only refers to a variable is none.
    Line(char, &'static [&'static str]),
    /// In a member `auths` with an entry that has more than a name.
    Docker,
    /// Unless it refers to the job's own identity.
    Google,
    /// Files of this folder that begin as private keys do.
    PrivateKeys,
}

/// A file or folder: a variable that names the folder of it, where that is below the home else, and what follows
/// it.
pub(super) struct Place {
    pub(super) base: Option<&'static str>,
    pub(super) folder: &'static str,
    pub(super) name: &'static str,
    pub(super) of: &'static str,
    pub(super) form: Form,
}

const fn home(name: &'static str, of: &'static str, form: Form) -> Place {
    Place { base: None, folder: "", name, of, form }
}

const fn at(
    base: &'static str,
    folder: &'static str,
    name: &'static str,
    of: &'static str,
    form: Form,
) -> Place {
    Place { base: Some(base), folder, name, of, form }
}

const NPM: Form = Form::Line('=', &["_authToken", "_auth", "_password"]);
const YAML_TOKEN: Form = Form::Line(':', &["token", "access-token"]);

/// Files, by name.
pub(super) const FILES: &[Place] = &[
    home(".aws/credentials", "AWS", Form::There),
    at("AZURE_CONFIG_DIR", ".azure", "accessTokens.json", "Azure", Form::There),
    at("AZURE_CONFIG_DIR", ".azure", "msal_token_cache.bin", "Azure", Form::There),
    at("AZURE_CONFIG_DIR", ".azure", "msal_token_cache.json", "Azure", Form::There),
    at("AZURE_CONFIG_DIR", ".azure", "service_principal_entries.bin", "Azure", Form::There),
    at("AZURE_CONFIG_DIR", ".azure", "service_principal_entries.json", "Azure", Form::There),
    home(".boto", "Google Cloud", Form::There),
    home(".cache/huggingface/token", "Hugging Face", Form::There),
    at("CARGO_HOME", ".cargo", "credentials", "Cargo", Form::There),
    at("CARGO_HOME", ".cargo", "credentials.toml", "Cargo", Form::There),
    at("COMPOSER_HOME", ".composer", "auth.json", "Composer", Form::There),
    home(".config/composer/auth.json", "Composer", Form::There),
    home(".config/containers/auth.json", "Docker", Form::Docker),
    home(".config/doctl/config.yaml", "DigitalOcean", YAML_TOKEN),
    at(
        "CLOUDSDK_CONFIG",
        ".config/gcloud",
        "application_default_credentials.json",
        "Google Cloud",
        Form::Google,
    ),
    at("CLOUDSDK_CONFIG", ".config/gcloud", "credentials.db", "Google Cloud", Form::There),
    home(".config/gh/hosts.yml", "GitHub", Form::Line(':', &["oauth_token"])),
    home(".config/git/credentials", "Git", Form::There),
    home(".config/glab-cli/config.yml", "GitLab", YAML_TOKEN),
    home(".config/pypoetry/auth.toml", "PyPI", Form::There),
    home(".config/rclone/rclone.conf", "rclone", Form::There),
    at("DOCKER_CONFIG", ".docker", "config.json", "Docker", Form::Docker),
    home(".gem/credentials", "RubyGems", Form::There),
    home(".git-credentials", "Git", Form::There),
    at("GNUPGHOME", ".gnupg", "private-keys-v1.d", "signing", Form::PrivateKeys),
    at("GNUPGHOME", ".gnupg", "secring.gpg", "signing", Form::There),
    at(
        "GRADLE_USER_HOME",
        ".gradle",
        "gradle.properties",
        "Gradle",
        Form::Line('=', &["assword", "oken"]),
    ),
    home(".kube/config", "Kubernetes", Form::There),
    home(".netrc", "any host", Form::There),
    at("NPM_CONFIG_USERCONFIG", ".npmrc", "", "npm", NPM),
    home(".nuget/NuGet/NuGet.Config", "NuGet", Form::Line('=', &["ClearTextPassword\" value"])),
    home(".oci/config", "Oracle Cloud", Form::There),
    home(".pulumi/credentials.json", "Pulumi", Form::There),
    home(".pypirc", "PyPI", Form::Line('=', &["password"])),
    home(".s3cfg", "AWS", Form::There),
    home(".ssh", "SSH", Form::PrivateKeys),
    home(".terraform.d/credentials.tfrc.json", "Terraform", Form::There),
    home(".vault-token", "Vault", Form::There),
    home(".yarnrc.yml", "npm", Form::Line(':', &["npmAuthToken", "npmAuthIdent"])),
];
