//! The report as data: frozen and versioned, what `report --format json` prints and every other format is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::digest::Sha256;
use crate::base::time::Time;

/// What `proofmark report --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "proofmark report v1")]
pub struct ReportV1 {
    /// Always 1.
    pub version: u32,
    /// Whether everything below was verified under the trust that was given; `false` means UNVERIFIED: anyone may
    /// have written it.
    pub verified: bool,
    /// When the report was made; of one in a pack, when its newest build was finished.
    pub made: Time,
    /// What made it, with its version.
    pub tool: String,
    /// The title of the draft whose words are quoted.
    pub draft: String,
    /// The title of the final code.
    pub last: String,
    /// The answer in a few words, such as `4 provisions: 1 evidenced, 3 partly evidenced`.
    pub headline: String,
    /// The newest build of each lane; with `by_repository` the worst first.
    pub builds: Vec<BuildV1>,
    /// Where the report was asked for by repository: a row each, the worst first.
    pub repositories: Vec<RepositoryV1>,
    /// What the policy says, where one was given.
    pub policy: Option<PolicyV1>,
    /// What moved since another report's builds.
    pub since: Option<SinceV1>,
    /// A row per claim, where asked for.
    pub claims: Vec<ClaimV1>,
    /// The vendor's own words, where they were given.
    pub statement: Option<OfficerV1>,
    /// What may be evidence and counts for nothing.
    pub not_verified: Vec<NotVerifiedV1>,
    /// What none of this shows.
    pub not_shown: Vec<String>,
    /// The files that were read.
    pub files: Vec<String>,
    /// The exit code.
    pub exit_code: u8,
}

/// One build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BuildV1 {
    /// The lane's name for people.
    pub lane: String,
    /// The repository's URL, else its id.
    pub repository: Option<String>,
    /// The commit.
    pub commit: Option<String>,
    /// The full ref.
    pub ref_name: Option<String>,
    /// The build's id.
    pub id: String,
    /// SHA-256 of the statement.
    pub payload_sha256: Sha256,
    /// Its place in the chain.
    pub sequence: Option<u64>,
    /// The run's number.
    pub run: Option<String>,
    /// The run's page; only an https address.
    pub run_url: Option<String>,
    /// When the bracket opened.
    pub started: Option<Time>,
    /// When it closed.
    pub finished: Option<Time>,
    /// How the build ended.
    pub outcome: String,
    /// Fingerprints of the trusted keys that signed it.
    pub signers: Vec<String>,
    /// The file that it stands in.
    pub file: String,
    /// What was built.
    pub artefacts: Vec<ArtefactV1>,
    /// How many there are; `artefacts` has the first 1,000.
    pub artefact_count: u64,
    /// The command by which a customer checks one.
    pub check: Option<String>,
    /// The provisions, in order.
    pub provisions: Vec<ProvisionV1>,
    /// What to do, the one that would answer most questions first.
    pub remedies: Vec<RemedyV1>,
    /// Who vouched for what, the strongest first.
    pub vouchers: Vec<VoucherV1>,
    /// What the pipeline names from elsewhere.
    pub pins: PinsV1,
    /// What in the pipeline's definitions deserves a look.
    pub marks: Vec<MarkV1>,
    /// What the evidence admits that it lacks.
    pub gaps: Vec<GapV1>,
    /// The lane's builds, oldest first, the last 1,000.
    pub timeline: Vec<EventV1>,
    /// How many builds the lane has.
    pub lane_builds: u64,
    /// What is wrong with the chain.
    pub chain: Vec<ChainFindingV1>,
}

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtefactV1 {
    /// Its name.
    pub name: String,
    /// SHA-256.
    pub sha256: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
}

/// A provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProvisionV1 {
    /// `2.1`.
    pub number: String,
    /// `shall` or `should`, in the draft.
    pub verb: String,
    /// The draft's words.
    pub draft: String,
    /// The final code's words; absent of a provision that is the draft's alone.
    pub last: Option<String>,
    /// `evidenced`, `partly evidenced`, `not evidenced` or `contradicted`.
    pub standing: String,
    /// The numbers in a sentence.
    pub summary: String,
    /// Questions that were asked.
    pub asked: u64,
    /// Those that the evidence answers.
    pub answered: u64,
    /// Answers that the platform vouches for.
    pub by_platform: u64,
    /// Answers that the checker worked out again.
    pub by_checker: u64,
    /// Answers that rest on the job's own word.
    pub by_job: u64,
    /// What only people or other systems can show.
    pub by_people: u64,
    /// Every question with its answer.
    pub findings: Vec<FindingV1>,
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingV1 {
    /// The question's id, for `proofmark explain`.
    pub id: String,
    /// A few words.
    pub title: String,
    /// The question.
    pub asks: String,
    /// Ids of the claims that it helps to argue.
    pub claims: Vec<String>,
    /// `pass`, `fail`, `unknown` or `not applicable`.
    pub status: String,
    /// Whether a failure contradicts the provision.
    pub contradicts: bool,
    /// `self-asserted`, `job-checked`, ...; of a pass and a failure alone.
    pub assurance: Option<String>,
    /// Who would have to lie for it to be false.
    pub liar: Option<String>,
    /// Why, in a sentence.
    pub why: String,
    /// The values that decided.
    pub values: Vec<ValueV1>,
    /// Where they stand in the predicate, as JSON pointers.
    pub pointers: Vec<String>,
    /// Where in the project's files something is to be changed.
    pub places: Vec<PlaceV1>,
    /// What a pass doesn't prove.
    pub not: String,
    /// The remedy's id.
    pub remedy: String,
    /// Whether only people or other systems can answer it.
    pub needs_people: bool,
    /// Documents that were attached for them.
    pub documents: Vec<DocumentV1>,
}

/// A value that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ValueV1 {
    /// What it is.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A place in one of the project's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceV1 {
    /// Relative to the root.
    pub path: String,
    /// Counted from 1.
    pub line: Option<u64>,
    /// What is there.
    pub what: String,
}

/// A document that was attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentV1 {
    /// `mfa-export`, ...
    pub kind: String,
    /// The file's name.
    pub name: String,
    /// The day that it is of, as who attached it says.
    pub date: Option<String>,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemedyV1 {
    /// Kebab case.
    pub id: String,
    /// In a sentence.
    pub text: String,
    /// The lines to write.
    pub lines: Vec<LinesV1>,
    /// Ids of the questions that it would answer or turn to a pass, in the order of the catalogue.
    pub questions: Vec<String>,
    /// Whether it only gives people something to read, and answers none of them by itself.
    pub for_people: bool,
}

/// Lines to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinesV1 {
    /// `GitHub Actions`, `GitLab CI`, `command`, ...
    pub place: String,
    /// `yaml`, `toml`, `sh`.
    pub language: String,
    /// The lines.
    pub text: String,
}

/// Who vouched for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VoucherV1 {
    /// `platform-vouched`, `job-checked`, ...
    pub assurance: String,
    /// Who would have to lie.
    pub liar: String,
    /// The parts of the evidence.
    pub parts: Vec<String>,
}

/// What the pipeline names from elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PinsV1 {
    /// Of the running definitions: references that can't move.
    pub pinned: u64,
    /// Those that can.
    pub movable: u64,
    /// Those of which that can't be told.
    pub undecided: u64,
    /// Each reference, the movable ones first; the first 1,000.
    pub references: Vec<ReferenceV1>,
}

/// A reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReferenceV1 {
    /// The definition.
    pub definition: String,
    /// `uses`, `image`, `include`.
    pub kind: String,
    /// As it is written there.
    pub text: String,
    /// `commit`, `digest`, `tag`, `unpinned`, ...
    pub pin: String,
    /// Whether it can move.
    pub movable: bool,
    /// Whether the running pipeline is made of that definition.
    pub running: bool,
    /// Counted from 1.
    pub line: Option<u64>,
}

/// Something in a definition that deserves a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MarkV1 {
    /// The definition.
    pub definition: String,
    /// `dangerous-trigger`, ...
    pub kind: String,
    /// Where.
    pub place: String,
    /// What stands there.
    pub what: String,
    /// Counted from 1.
    pub line: Option<u64>,
}

/// What the evidence lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapV1 {
    /// The part of the evidence.
    pub part: String,
    /// Why.
    pub reason: String,
    /// What would close it.
    pub cure: Option<String>,
}

/// A build in the lane's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventV1 {
    /// SHA-256 of the statement.
    pub payload_sha256: Sha256,
    /// Its place in the chain.
    pub sequence: Option<u64>,
    /// The run's number.
    pub run: String,
    /// When it was finished.
    pub finished: Time,
    /// The commit.
    pub commit: Option<String>,
    /// How it ended.
    pub outcome: String,
    /// How many changes of the environment it records; absent where it compared nothing.
    pub changes: Option<u64>,
    /// How many of them nothing explains.
    pub unexplained: Option<u64>,
    /// Differences from the lock; absent without one.
    pub drift: Option<u64>,
    /// The changes that stand in public, the first 50.
    pub list: Vec<ChangeV1>,
    /// Kinds of the chain's findings that it gave rise to.
    pub marks: Vec<String>,
}

/// A change of the build environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeV1 {
    /// `tools`, `packages`, ...
    pub class: String,
    /// What changed.
    pub name: String,
    /// `added`, `changed`, `removed`.
    pub change: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is now.
    pub after: Option<String>,
    /// What explains it, or `unexplained`.
    pub explained_by: String,
    /// Whether that explains it.
    pub explained: bool,
    /// The commit that explains it.
    pub commit: Option<String>,
    /// One sentence.
    pub note: Option<String>,
}

/// Something that is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChainFindingV1 {
    /// `gap`, `fork`, ...
    pub kind: String,
    /// Whether `log --strict` fails for it.
    pub fails: bool,
    /// Both sides, and what to do.
    pub text: String,
}

/// A repository of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepositoryV1 {
    /// Its URL or id.
    pub repository: String,
    /// By provision's number: the worst standing of its lanes.
    pub standings: Vec<ValueV1>,
    /// Questions that fail, over all its lanes.
    pub failed: u64,
    /// Lanes.
    pub lanes: u64,
    /// Builds.
    pub builds: u64,
    /// The remedy that would answer most.
    pub first_remedy: Option<String>,
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyV1 {
    /// Its name.
    pub name: String,
    /// SHA-256 of its text.
    pub sha256: Sha256,
    /// Whether every rule holds or is waived, for every build.
    pub permits: bool,
    /// Every rule of every build.
    pub rules: Vec<RuleV1>,
    /// Waivers that have expired, or that no rule needed.
    pub notes: Vec<String>,
}

/// A rule with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleV1 {
    /// The lane of the build that it was asked of.
    pub lane: String,
    /// The question's id, `expect.runner`, `max-age`, `gap.<part>`.
    pub name: String,
    /// `holds`, `fails` or `waived`.
    pub status: String,
    /// What was asked.
    pub expected: String,
    /// What the evidence says.
    pub found: String,
    /// Where that stands.
    pub pointers: Vec<String>,
    /// The remedy's sentence, where it doesn't hold.
    pub remedy: Option<String>,
    /// The waiver: reason, owner, last day.
    pub waiver: Option<String>,
}

/// What moved since another report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SinceV1 {
    /// The file that it is compared with.
    pub file: String,
    /// When its newest build was finished.
    pub finished: Option<Time>,
    /// Questions with another answer or another assurance.
    pub moved: Vec<MovedV1>,
    /// How many are as they were.
    pub unchanged: u64,
}

/// A question with another answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedV1 {
    /// The lane.
    pub lane: String,
    /// The provision's number.
    pub provision: String,
    /// The question's id.
    pub id: String,
    /// The question's title.
    pub title: String,
    /// `better`, `worse` or `other`.
    pub direction: String,
    /// Status and assurance then; absent where it wasn't asked.
    pub before: Option<String>,
    /// Status and assurance now.
    pub after: String,
    /// Why, now.
    pub why: String,
}

/// A claim of the final code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimV1 {
    /// The lane of the build.
    pub lane: String,
    /// `2.1-01`; the provision's number of a provision that the draft alone has.
    pub id: String,
    /// Its words.
    pub text: String,
    /// The status, in the officer's words; absent until they give it.
    pub status: Option<String>,
    /// The evidence for it, a line each.
    pub evidence: Vec<String>,
    /// The argument, in the officer's words.
    pub argument: Option<String>,
    /// What is missing.
    pub gaps: Vec<String>,
}

/// The vendor's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OfficerV1 {
    /// SHA-256 of the file.
    pub sha256: Sha256,
    /// Who says it.
    pub name: String,
    /// In which role.
    pub role: Option<String>,
    /// The day (`YYYY-MM-DD`).
    pub date: String,
    /// What it covers.
    pub scope: String,
    /// Their words on the whole, if any.
    pub text: Option<String>,
}

/// Something that counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotVerifiedV1 {
    /// The file.
    pub file: String,
    /// Counted from 1.
    pub line: Option<u64>,
    /// Why.
    pub why: String,
}
