//! A job of the platform, with a repository, that builds `dist/a` between proofmark's brackets.

use serde_json::Value;

use super::platform::Platform;
use crate::harness::{BUILD_EVIDENCE, Call, EVIDENCE, Place, Said, UNSIGNED, contains, statements};

const WORKFLOW: &str = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    environment: production\n    permissions: { id-token: write, actions: read }\n    steps: [{ run: make }]\n";
const GITLAB: &str = "build:\n  id_tokens: { PROOFMARK_ID_TOKEN: { aud: \"proofmark:$CI_PROJECT_ID:$CI_PIPELINE_ID\" } }\n  script: [make]\n";

/// A place with a repository, and the platform that runs a job for its commit.
pub(crate) struct Scene {
    pub(crate) place: Place,
    pub(crate) platform: Platform,
}

impl Scene {
    pub(crate) fn github() -> Self {
        Self::new("https://github.com/octo/app.git", Platform::github)
    }

    pub(crate) fn gitlab() -> Self {
        Self::new("https://gitlab.example.org/group/app.git", Platform::gitlab)
    }

    fn new(remote: &str, platform: impl Fn(&str) -> Platform) -> Self {
        let place = Place::new();
        place.write("src", "1");
        place.write(".gitignore", "dist\nproofmark.*\n");
        place.write(".github/workflows/ci.yml", WORKFLOW);
        place.write(".gitlab-ci.yml", GITLAB);
        let commit = place.repository(remote);
        Self { place, platform: platform(&commit) }
    }

    /// The call with the job's variables.
    pub(crate) fn in_job(&self, call: Call) -> Call {
        self.platform.variables().iter().fold(call, |call, (name, value)| call.var(name, value))
    }

    /// `proofmark run` with a key and these flags, around a build that makes `dist/a`, in the job.
    pub(crate) fn build(&self, flags: &[&str]) -> Call {
        let own = ["-a", "dist/a", "--allow-unchanged", "--force"];
        let line = "mkdir -p dist; echo 1 >dist/a";
        self.in_job(self.place.run(&[&own[..], flags].concat(), line))
    }

    /// The same, with the platform as the issuer; it has to succeed.
    #[track_caller]
    pub(crate) fn capture(&self, flags: &[&str]) -> Said {
        let url = self.platform.url();
        self.build(&[&["--issuer", &url], flags].concat()).exits(0)
    }

    /// `proofmark attest dist/a` in the job: no build, and what the platform says all the same. It is over five
    /// times as fast.
    pub(crate) fn attesting(&self, flags: &[&str]) -> Call {
        self.place.write("dist/a", "1\n");
        let key = self.place.key(1);
        let own = ["attest", "dist/a", "--force", "--key", &key];
        self.in_job(self.place.call(&[&own[..], flags].concat()))
    }

    /// The same, with the platform as the issuer; it has to succeed.
    #[track_caller]
    pub(crate) fn attest(&self, flags: &[&str]) -> Said {
        let url = self.platform.url();
        self.attesting(&[&["--issuer", &url], flags].concat()).exits(0)
    }

    /// `proofmark run --sign never`: the build job of two.
    #[track_caller]
    pub(crate) fn capture_unsigned(&self, flags: &[&str]) -> Said {
        let url = self.platform.url();
        let own = [
            "run",
            "--sign",
            "never",
            "--force",
            "--allow-unchanged",
            "-a",
            "dist/a",
            "--issuer",
            &url,
        ];
        let command = ["--", "sh", "-c", "mkdir -p dist; echo 1 >dist/a"];
        self.in_job(self.place.call(&[&own[..], flags, &command].concat())).exits(0)
    }

    /// `proofmark sign` of that, in the job.
    pub(crate) fn sign(&self, flags: &[&str]) -> Call {
        let (key, url) = (self.place.key(1), self.platform.url());
        let own = ["sign", UNSIGNED, "--artefacts", "dist", "--key", &key, "--issuer", &url];
        self.in_job(self.place.call(&[&own[..], flags].concat()))
    }

    /// `proofmark verify dist/a` with the key that signed.
    pub(crate) fn verify(&self, flags: &[&str]) -> Call {
        let public = self.place.public(1);
        let own = ["verify", "dist/a", "-b", EVIDENCE, "--key", &public];
        self.place.call(&[&own[..], flags].concat())
    }

    /// The only token that the evidence says was checked.
    #[track_caller]
    pub(crate) fn token(&self) -> Value {
        let identity = self.place.evidence()["identity"].take();
        assert_eq!(identity["status"], "observed", "{identity:#}");
        assert_eq!(identity["basis"], "token claim");
        let tokens = identity["value"]["tokens"].as_array().unwrap();
        assert_eq!(tokens.len(), 1, "{tokens:#?}");
        tokens[0].clone()
    }

    /// Asserts that the evidence is there and that no token counts for anything in it; says why.
    #[track_caller]
    pub(crate) fn no_identity(&self) -> String {
        let evidence = self.place.evidence();
        let identity = &evidence["identity"];
        assert_eq!(identity["status"], "unavailable", "{identity:#}");
        assert!(identity.get("value").is_none(), "{identity:#}");
        let reason = identity["reason"].as_str().expect("a reason").to_owned();
        let gaps = evidence["gaps"].as_array().unwrap();
        let is_told = gaps.iter().any(|gap| gap["part"].as_str().unwrap().starts_with("identity"));
        assert!(is_told, "a gap for: {reason}\n{gaps:#?}");
        let witnesses = evidence["pipeline"]["value"]["hosting"]["witnesses"].to_string();
        assert!(!witnesses.contains("token claim"), "{witnesses}");
        self.nothing_shows();
        reason
    }

    /// What would close the gaps of a part.
    pub(crate) fn cures(&self, part: &str) -> Vec<String> {
        let evidence = self.place.evidence();
        let gaps = evidence["gaps"].as_array().unwrap().iter();
        let gaps = gaps.filter(|gap| gap["part"].as_str().unwrap().starts_with(part));
        gaps.filter_map(|gap| Some(gap["cure"].as_str()?.to_owned())).collect()
    }

    /// No file that was written has a secret of the job in it.
    #[track_caller]
    pub(crate) fn nothing_shows(&self) {
        for name in self.place.names().iter().filter(|name| name.starts_with("proofmark.")) {
            let mut bytes = self.place.read(name);
            if name == EVIDENCE {
                let statements = statements(&self.place.at(name));
                bytes.extend(statements.iter().flat_map(|one| one.to_string().into_bytes()));
            }
            for secret in self.platform.secrets().iter().filter(|secret| secret.len() > 8) {
                assert!(!contains(&bytes, secret.as_bytes()), "{secret} in {name}");
            }
        }
    }

    /// The audience that a token of this evidence has to have, worked out from what the evidence states.
    pub(crate) fn audience(&self, signers: &[String]) -> String {
        let statements = self.place.statements();
        let found = statements.iter().find(|one| one["predicateType"] == BUILD_EVIDENCE);
        audience(found.expect("build evidence"), signers)
    }
}

/// Written from what the format says, and not with the code that is tested.
pub(crate) fn audience(statement: &Value, signers: &[String]) -> String {
    let mut signers = signers.to_vec();
    signers.sort();
    let id = statement["predicate"]["build"]["id"].as_str().unwrap();
    let signers = if signers.is_empty() { "none".to_owned() } else { signers.join(",") };
    let mut text = format!("proofmark-aud-v1\n{id}\n{signers}\n");
    let mut subjects: Vec<_> = statement["subject"].as_array().unwrap().iter().collect();
    subjects.sort_by_key(|subject| subject["name"].as_str().unwrap().as_bytes().to_vec());
    for subject in subjects {
        let size = match &subject["annotations"]["size"] {
            Value::Null => "-".to_owned(),
            size => size.to_string(),
        };
        let digest = subject["digest"]["sha256"].as_str().unwrap_or("-");
        text += &format!("{digest} {size} {}\n", subject["name"]);
    }
    format!("urn:proofmark:v1:{}", crate::harness::sha256(text.as_bytes()))
}

/// The fingerprint of the key of a number, as OpenSSH has it.
pub(crate) fn fingerprint(number: u8) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let public = &crate::harness::public_der(number)[12..];
    let text = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let blob = [text(b"ssh-ed25519"), text(public)].concat();
    let digest = sha2::Sha256::digest(blob);
    format!("SHA256:{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(digest))
}
