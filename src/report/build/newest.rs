//! The newest build of a lane: what it is, what was built, and how a customer checks that.

use super::{ENTRIES_MAX, marks, name, pins, provisions, sentence, vouchers};
use crate::assess::facts::Facts;
use crate::assess::finding::Assessed;
use crate::base::digest::Sha256;
use crate::format::evidence::INPUTS_SUBJECT;
use crate::format::statement::Subject;
use crate::report::model::{ArtefactV1, BuildV1, ChainFindingV1, EventV1, GapV1};

/// The newest build of one lane, and what the lane shows.
#[derive(Debug)]
pub struct Newest<'a> {
    /// The lane's name for people.
    pub lane: String,
    /// SHA-256 of the statement.
    pub payload: Sha256,
    /// The file that it stands in.
    pub file: String,
    /// Its parts.
    pub facts: &'a Facts<'a>,
    /// Its answers.
    pub assessed: &'a [Assessed],
    /// The lane's builds, oldest first, the last 1,000; empty where nothing was verified.
    pub timeline: Vec<EventV1>,
    /// How many builds the lane has.
    pub lane_builds: u64,
    /// What is wrong with the lane's chain.
    pub chain: Vec<ChainFindingV1>,
}

/// The data of one build.
#[must_use]
pub fn build(given: Newest<'_>) -> BuildV1 {
    let facts = given.facts;
    let (source, pipeline) = (facts.source.get(), facts.pipeline.get());
    let of_source = |value: Option<&String>| value.map(|text| name(text));
    let repository = source
        .and_then(|source| source.repository.as_ref())
        .or_else(|| pipeline.and_then(|pipeline| pipeline.repository.as_ref()))
        .or_else(|| facts.lane.get().and_then(|lane| lane.repository_id.as_ref()))
        .or_else(|| pipeline.and_then(|pipeline| pipeline.repository_id.as_ref()));
    let commit = source.and_then(|source| source.commit.as_ref());
    let commit = commit.or_else(|| pipeline.and_then(|pipeline| pipeline.commit.as_ref()));
    let ref_name = source.and_then(|source| source.ref_name.as_ref());
    let ref_name = ref_name.or_else(|| pipeline.and_then(|pipeline| pipeline.ref_name.as_ref()));
    let of_build = facts.build.as_ref();
    let all = || facts.subjects.iter().filter(|subject| is_artefact(subject));
    BuildV1 {
        repository: of_source(repository),
        commit: of_source(commit),
        ref_name: of_source(ref_name),
        id: of_build.map(|build| name(&build.id)).unwrap_or_default(),
        payload_sha256: given.payload,
        sequence: facts.chain.get().and_then(|chain| chain.sequence),
        run: pipeline.and_then(|pipeline| of_source(pipeline.run_number.as_ref())),
        run_url: pipeline.and_then(|pipeline| address(pipeline.run_url.as_deref()?)),
        started: of_build.map(|build| build.started),
        finished: of_build.map(|build| build.finished),
        outcome: of_build.map_or_else(|| "unknown".to_owned(), |build| build.outcome.to_string()),
        signers: facts.signers.iter().map(|signer| name(signer)).collect(),
        artefacts: all().take(ENTRIES_MAX).map(artefact).collect(),
        artefact_count: all().count() as u64,
        check: facts.verified.then(|| check(facts, all().next()?, &given.file)).flatten(),
        provisions: provisions::provisions(given.assessed),
        remedies: provisions::remedies(given.assessed, pipeline.map(|one| one.platform.as_str())),
        vouchers: vouchers::vouchers(facts),
        pins: pins::pins(pipeline),
        marks: marks::marks(pipeline),
        gaps: gaps(facts),
        lane: sentence(&given.lane),
        file: sentence(&given.file),
        timeline: given.timeline,
        lane_builds: given.lane_builds,
        chain: given.chain,
    }
}

/// The subject of a build that made nothing stands for its inputs.
fn is_artefact(subject: &Subject) -> bool {
    subject.name.as_deref() != Some(INPUTS_SUBJECT)
}

fn artefact(subject: &Subject) -> ArtefactV1 {
    let sha256 = subject.digest.get(Sha256::ALGORITHM).and_then(|hex| hex.parse::<Sha256>().ok());
    ArtefactV1 {
        name: name(subject.name.as_deref().unwrap_or("(no name)")),
        sha256: sha256.map(|digest| digest.to_string()),
        size: subject.size(),
    }
}

/// An address that may become a link: https, and nothing in it that could lead elsewhere than it seems to.
fn address(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://")?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&*+,;=%".contains(c);
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    let fine = text.len() <= 400 && rest.chars().all(plain) && host.chars().all(is_host);
    fine.then(|| text.to_owned())
}

/// The command by which a customer checks an artefact; none where a name in it could do something else when it is
/// pasted.
fn check(facts: &Facts<'_>, artefact: &Subject, file: &str) -> Option<String> {
    let given = match artefact.kind() {
        None => artefact.name.as_deref()?.to_owned(),
        Some(_) => {
            let hex = artefact.digest.get(Sha256::ALGORITHM)?;
            format!("sha256:{}", hex.parse::<Sha256>().ok()?)
        }
    };
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let mut command =
        format!("proofmark verify {} -b {} --key vendor.pub", quoted(&given)?, quoted(file)?);
    let source = facts.source.get();
    let wishes = [
        ("--source", source.and_then(|source| source.repository.as_deref())),
        ("--ref", source.and_then(|source| source.ref_name.as_deref())),
    ];
    for (flag, value) in wishes {
        if let Some(value) = value {
            command.push_str(&format!(" {flag} {}", quoted(value)?));
        }
    }
    Some(command)
}

/// A word as a shell takes it literally: bare, or in quotes where it has spaces or brackets.
fn quoted(word: &str) -> Option<String> {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-._/:@+,=".contains(c);
    let spaced = |c: char| bare(c) || " ()[]".contains(c);
    let begins = word.starts_with(|c: char| c.is_ascii_alphanumeric() || "._/".contains(c));
    if !begins || word.len() > 200 || !word.chars().all(spaced) {
        None
    } else if word.chars().all(bare) {
        Some(word.to_owned())
    } else {
        Some(format!("'{word}'"))
    }
}

fn gaps(facts: &Facts<'_>) -> Vec<GapV1> {
    let one = |gap: &crate::format::fact::Gap| GapV1 {
        part: name(&gap.part),
        reason: sentence(&gap.reason),
        cure: gap.cure.as_deref().map(sentence),
    };
    let mut gaps: Vec<_> = facts.gaps.iter().take(ENTRIES_MAX).map(one).collect();
    let more = facts.gaps.len().saturating_sub(ENTRIES_MAX);
    if more > 0 {
        let reason = format!("{more} more gaps that are not listed here");
        gaps.push(GapV1 { part: "and more".to_owned(), reason, cure: None });
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_https_address_becomes_a_link() {
        for fine in [
            "https://github.com/octo/app/actions/runs/1",
            "https://gitlab.example.org:8443/a/-/jobs/7",
        ] {
            assert_eq!(address(fine).as_deref(), Some(fine));
        }
        for bad in [
            "javascript:alert(1)",
            "http://github.com/a",
            "https://",
            "https://github.com@evil.example/",
            "https://github.com\\@evil.example",
            "https://a/\u{202e}",
            "https://a/<script>",
            "https://a/\"x",
            "https://a/ b",
            "HTTPS://a/",
            "data:text/html,x",
        ] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_word_that_a_shell_could_read_otherwise_is_no_word_of_a_command() {
        assert_eq!(quoted("dist/app-1.2.tgz").as_deref(), Some("dist/app-1.2.tgz"));
        assert_eq!(quoted("dist/my app (1).zip").as_deref(), Some("'dist/my app (1).zip'"));
        for bad in [
            "",
            "-rf",
            "a;b",
            "a'b",
            "$(id)",
            "`id`",
            "a\nb",
            "~root",
            "a|b",
            "\u{202e}a",
            "=cmd",
            "%PATH%",
            "!x",
        ] {
            assert_eq!(quoted(bad), None, "{bad}");
        }
    }
}
