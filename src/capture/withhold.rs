//! The last door of a capture: whatever part a text comes from, it was looked at before it leaves.
//!
//! Each part redacts what it reads, by what it knows of it: the name of a variable, the flag before an
//! argument. Paths, refs and messages that repeat them say nothing of themselves, and come through here.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Capture;
use super::redact::{Redactor, Rule};
use crate::format::evidence::{FileEntry, Identity, PathText};
use crate::format::fact::{Fact, Sealable, Withheld};

/// Withholds what looks like a credential in every text of `capture` but the names of its subjects, and adds
/// what was withheld to its redactions.
///
/// Digests are over the bytes that were there, not over the texts: they stay.
///
/// # Errors
/// A part that can't hold the texts that are left; nothing of it may be written then.
pub fn withhold(capture: &mut Capture, redactor: &Redactor) -> Result<(), serde_json::Error> {
    let mut sweep = Sweep { redactor, found: Vec::new(), changed: false };
    if let Some(inputs) = &mut capture.inputs.value {
        sweep.files("inputs.files", inputs.files.as_mut());
        sweep.paths("inputs.changed_during_build", inline(&mut inputs.changed_during_build));
        sweep.paths("inputs.changed_while_read", &mut inputs.changed_while_read);
        sweep.texts("inputs.excluded", &mut inputs.excluded);
        sweep.part("inputs.caches", &mut inputs.caches)?;
    }
    if let Some(outputs) = &mut capture.outputs.value {
        sweep.files("outputs.files", outputs.files.as_mut());
        sweep.paths("outputs.changed_while_read", &mut outputs.changed_while_read);
    }
    for (place, reason) in
        [("inputs", &mut capture.inputs.reason), ("outputs", &mut capture.outputs.reason)]
    {
        sweep.texts(place, reason.as_mut_slice());
    }
    sweep.part("build", &mut capture.build)?;
    sweep.part("lane", &mut capture.platform.lane)?;
    sweep.part("chain", &mut capture.chain)?;
    sweep.part("pipeline", &mut capture.platform.pipeline)?;
    if let Some(path) = &mut capture.platform.workflow_path {
        sweep.text("pipeline.definition", path);
    }
    sweep.part("custody", &mut capture.custody)?;
    sweep.part("source", &mut capture.source)?;
    sweep.part("dependencies", &mut capture.dependencies)?;
    sweep.part("environment", &mut capture.environment)?;
    sweep.part("tools", &mut capture.tools)?;
    sweep.part("packages", &mut capture.packages)?;
    sweep.identity(&mut capture.identity)?;
    sweep.part("controls", &mut capture.controls)?;
    sweep.part("attached", &mut capture.attached)?;
    sweep.part("changes", &mut capture.changes)?;
    // Their places and reasons repeat names and paths.
    sweep.part("gaps", &mut capture.gaps)?;
    sweep.part("redactions", &mut capture.redactions)?;
    capture.redactions.append(&mut sweep.found);
    capture.redactions.sort();
    capture.redactions.dedup();
    Ok(())
}

/// The same for one part, of whatever form, that is kept until it becomes part of a capture.
///
/// # Errors
/// As [`withhold`].
pub fn withhold_part<T: Serialize + DeserializeOwned>(
    place: &str,
    part: &mut T,
    redactor: &Redactor,
    redactions: &mut Vec<Withheld>,
) -> Result<(), serde_json::Error> {
    let mut sweep = Sweep { redactor, found: Vec::new(), changed: false };
    sweep.part(place, part)?;
    redactions.append(&mut sweep.found);
    Ok(())
}

fn inline<T>(list: &mut Sealable<Vec<T>>) -> &mut [T] {
    match list {
        Sealable::Inline(list) => list,
        Sealable::Sealed { .. } => &mut [],
    }
}

/// Places of public numbers beside checksums: the ids of a platform's key, of a token and of an environment.
const RANDOM_BY_NATURE: [&str; 3] = [
    "identity.tokens.claims.environment_node_id",
    "identity.tokens.claims.jti",
    "identity.tokens.key.id",
];

struct Sweep<'a> {
    redactor: &'a Redactor,
    found: Vec<Withheld>,
    /// Whether something was withheld since this was last cleared.
    changed: bool,
}

impl Sweep<'_> {
    /// A text without what is withheld of it, if something is.
    fn scrubbed(&mut self, place: &str, text: &str) -> Option<String> {
        let scrubbed = self.redactor.scrub(text);
        let is_random = place.contains("checksums") || RANDOM_BY_NATURE.contains(&place);
        if scrubbed.rules.is_empty() || is_random && scrubbed.rules == [Rule::HighEntropy] {
            return None;
        }
        self.changed = true;
        self.found.extend(
            scrubbed
                .rules
                .iter()
                .map(|rule| Withheld { place: place.to_owned(), rule: rule.id().to_owned() }),
        );
        Some(scrubbed.text)
    }

    fn text(&mut self, place: &str, text: &mut String) {
        if let Some(scrubbed) = self.scrubbed(place, text) {
            *text = scrubbed;
        }
    }

    fn texts(&mut self, place: &str, texts: &mut [String]) {
        for text in texts {
            self.text(place, text);
        }
    }

    /// A path that isn't UTF-8 becomes text where something is withheld of it: what is left in hexadecimal
    /// would still have the secret next to it in clear.
    fn path(&mut self, place: &str, path: &mut PathText) {
        let scrubbed = match path {
            PathText::Path(text) => self.scrubbed(place, text),
            PathText::PathHex(digits) => self.scrubbed(place, &of_hex(digits)),
        };
        if let Some(scrubbed) = scrubbed {
            *path = PathText::Path(scrubbed);
        }
    }

    /// The mark stands in the path, so that one place for a whole list is enough.
    fn paths<'p>(&mut self, place: &str, paths: impl IntoIterator<Item = &'p mut PathText>) {
        // Paths are sorted: what begins like the one before was looked at with that.
        let mut last = "";
        for path in paths {
            if let PathText::Path(text) = &*path
                && !self.redactor.may_find_in_path(text, shared_folder(last, text))
            {
                last = match path {
                    PathText::Path(text) => text,
                    PathText::PathHex(_) => "",
                };
                continue;
            }
            self.path(place, path);
        }
        let mut found = std::mem::take(&mut self.found);
        found.sort();
        found.dedup();
        self.found = found;
    }

    fn files(&mut self, place: &str, files: Option<&mut Sealable<Vec<FileEntry>>>) {
        let files = files.map(inline).unwrap_or_default();
        self.paths(place, files.iter_mut().map(|file| &mut file.path));
    }

    /// Every text but the tokens that the user asked to keep: the only credentials that evidence holds, each
    /// in its own field and nowhere else.
    fn identity(&mut self, identity: &mut Fact<Identity>) -> Result<(), serde_json::Error> {
        let tokens = identity.value.iter_mut().flat_map(|identity| &mut identity.tokens);
        let kept: Vec<_> = tokens.map(|token| token.token.take()).collect();
        self.part("identity", identity)?;
        let tokens = identity.value.iter_mut().flat_map(|identity| &mut identity.tokens);
        tokens.zip(kept).for_each(|(token, kept)| token.token = kept);
        Ok(())
    }

    /// Every text in a part, whatever fields it has or will have.
    fn part<T: Serialize + DeserializeOwned>(
        &mut self,
        place: &str,
        part: &mut T,
    ) -> Result<(), serde_json::Error> {
        self.changed = false;
        let mut value = serde_json::to_value(&*part)?;
        self.value(place, &mut value);
        if self.changed {
            *part = serde_json::from_value(value)?;
        }
        Ok(())
    }

    fn value(&mut self, place: &str, value: &mut Value) {
        match value {
            Value::String(text) => self.text(place, text),
            Value::Array(entries) => {
                for entry in entries {
                    self.value(place, entry);
                }
            }
            Value::Object(members) => {
                let all = std::mem::take(members);
                for (name, mut member) in all {
                    let inside = match name.as_str() {
                        "value" => place.to_owned(),
                        name => format!("{place}.{name}"),
                    };
                    if let ("path_hex", Value::String(digits)) = (name.as_str(), &member) {
                        let text = self.scrubbed(place, &of_hex(digits));
                        match text {
                            Some(text) => members.insert("path".to_owned(), Value::String(text)),
                            None => members.insert(name, member),
                        };
                        continue;
                    }
                    let name = match self.scrubbed(place, &name) {
                        Some(name) => {
                            self.value(&format!("{place}.{name}"), &mut member);
                            name
                        }
                        None => {
                            self.value(&inside, &mut member);
                            name
                        }
                    };
                    members.insert(name, member);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Length of the folders that two paths share, the slash included.
fn shared_folder(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let shared = one.as_bytes().get(..same).unwrap_or_default();
    shared.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1)
}

fn of_hex(digits: &str) -> String {
    String::from_utf8_lossy(&hex::decode(digits).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::digest::Sha256;
    use crate::base::time::Time;
    use crate::format::evidence::{Binds, CheckedToken, TokenJob, TokenKey};
    use crate::format::fact::Basis;

    /// A public id of a key, as GitLab writes it: letters and digits that nobody chose.
    const KEY_ID: &str = "4i3sFE7sxqNPOT7FdvcGA1ZVGGI_r-tsDXnEuYT4ZqE";
    const TOKEN: &str =
        concat!("eyJhbGciOiJSUzI1NiJ9", ".eyJpc3MiOiJodHRwczovL2EifQ.c2lnbmF0dXJlLW9mLWE");

    fn identity(ref_name: &str) -> Fact<Identity> {
        let token = CheckedToken {
            job: TokenJob::Build,
            issuer: "https://a.example".to_owned(),
            audience: "urn:proofmark:v1:00".to_owned(),
            binds: Binds::Build,
            signers: vec!["SHA256:WYPcxOdCBP6pTC1tk2PRSpZlyeBRk8VoaW4m9zlGdF4".to_owned()],
            claims: BTreeMap::from([("ref".to_owned(), ref_name.to_owned())]),
            key: TokenKey { id: KEY_ID.to_owned(), thumbprint: Sha256::of(b""), bits: 2048 },
            issued: None,
            not_before: None,
            expires: Time::now(),
            checked: Time::now(),
            agreement: Vec::new(),
            token: Some(TOKEN.to_owned()),
        };
        let identity = Identity { tokens: vec![token], ..Identity::default() };
        Fact::observed(Basis::TokenClaim, identity)
    }

    #[test]
    fn a_token_that_is_to_be_kept_stands_in_its_own_field_alone() {
        let redactor = Redactor::default();
        redactor.learn(TOKEN);
        let mut sweep = Sweep { redactor: &redactor, found: Vec::new(), changed: false };
        let mut identity = identity(&format!("refs/heads/{TOKEN}"));
        sweep.identity(&mut identity).unwrap();
        let text = serde_json::to_string(&identity).unwrap();
        assert_eq!(text.matches(TOKEN).count(), 1, "{text}");
        assert_eq!(identity.get().unwrap().tokens[0].token.as_deref(), Some(TOKEN));
        let places: Vec<_> = sweep.found.iter().map(|found| &*found.place).collect();
        assert_eq!(places, ["identity.tokens.claims.ref"]);
    }

    #[test]
    fn ids_that_are_random_by_nature_are_no_credentials() {
        let redactor = Redactor::default();
        let mut sweep = Sweep { redactor: &redactor, found: Vec::new(), changed: false };
        let whole = identity("refs/heads/main");
        let mut swept = whole.clone();
        sweep.identity(&mut swept).unwrap();
        assert_eq!(swept, whole);
        assert!(sweep.found.is_empty(), "{:?}", sweep.found);
        // The same text elsewhere, and a credential in that place, are withheld all the same.
        let mut elsewhere = identity(KEY_ID);
        sweep.identity(&mut elsewhere).unwrap();
        assert_eq!(sweep.found.len(), 1);
        let mut hidden = identity("refs/heads/main");
        if let Some(identity) = &mut hidden.value {
            identity.tokens[0].key.id = TOKEN.to_owned();
        }
        sweep.identity(&mut hidden).unwrap();
        assert_ne!(hidden.get().unwrap().tokens[0].key.id, TOKEN);
    }
}
