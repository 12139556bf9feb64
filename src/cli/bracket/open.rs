//! The first look: the tree in this thread and its workers, everything else beside it.

use std::path::PathBuf;
use std::sync::Arc;

use super::beside::Beside;
use super::{Facts, Logged, Opening, log, look, note};
use crate::base::process::PassedDescriptors;
use crate::base::random;
use crate::base::text::Printable;
use crate::base::time::{Time, nanoseconds};
use crate::base::tree::Tree;
use crate::base::tree::hash::{Links, hash_file};
use crate::capture::environment::{self, Variables};
use crate::capture::git::{self, Git};
use crate::capture::platform::Platform;
use crate::capture::redact::Redactor;
use crate::capture::{
    Captured, caches, configuration, container, lockfiles, packages, pipeline, signs, tools,
};
use crate::cli::baseline::Before;
use crate::cli::capture_args::Scope;
use crate::cli::failure::Failure;
use crate::cli::from_args::Earlier;
use crate::cli::talk::Talk;
use crate::format::evidence::GitConfiguration;
use crate::format::evidence::{CaBundle, Caches, Container, Environment, Fingerprints};
use crate::format::evidence::{Packages, Signs, Source, Tool, Tools};
use crate::format::fact::{Basis, Fact, Gap, Withheld};
use crate::format::repository::same_repository;

/// Where the look has not come to its end.
pub(super) const NOT_REACHED: &str = "it was not looked at to the end before the end was asked for";

/// What the first look needs.
pub(in crate::cli) struct Open<'a> {
    pub(in crate::cli) scope: &'a Scope,
    pub(in crate::cli) variables: &'a Variables,
    pub(in crate::cli) platform: &'a Platform,
    pub(in crate::cli) redactor: &'a Arc<Redactor>,
    /// Of the variables, where a key was given, and what is missing of them.
    pub(in crate::cli) fingerprints: Option<&'a (Fingerprints, Vec<Gap>)>,
    /// Evidence that this bracket continues.
    pub(in crate::cli) earlier: &'a [Earlier],
    /// The build before, and what was lost on the way to it.
    pub(in crate::cli) before: &'a (Before, Vec<Gap>),
    /// Paths below the root that are no inputs.
    pub(in crate::cli) never: &'a [PathBuf],
    /// Whether to stop hashing.
    pub(in crate::cli) stop: &'a (dyn Fn() -> bool + Sync),
    /// Whether to leave behind what hasn't ended.
    pub(in crate::cli) give_up: &'a (dyn Fn() -> bool + Sync),
    /// What the command is given: nothing else reaches a tool that is asked for its version.
    pub(in crate::cli) passed: &'a PassedDescriptors,
    pub(in crate::cli) talk: Talk,
}

impl Open<'_> {
    /// Opens the bracket.
    ///
    /// # Errors
    /// Where the root can't be read at all, and where the inputs aren't what the evidence that the
    /// bracket continues says.
    pub(in crate::cli) fn open(&self) -> Result<Opening, Failure> {
        let Self { scope, variables, platform, redactor, .. } = *self;
        let id = random::id128().map_err(Failure::trouble)?;
        let (started, opened) = (Time::now(), nanoseconds());
        let machine = Machine::start(scope, variables, redactor);
        let (tools, packages) = programs(scope, variables, redactor, self.passed);
        let given = variables.clone();
        let (root, asked, redacted) = (scope.root.clone(), platform.clone(), Arc::clone(redactor));
        let definitions =
            Beside::start("pipeline", move || pipeline::capture(&root, &asked, &redacted));
        let (root, digest) = (scope.root.clone(), scope.wanted.settings.digest_caches);
        let caches =
            Beside::start("caches", move || caches::capture(&given, &root, digest, &|| false));

        let before = self.read()?;
        let mut noted = Noted::default();
        let custody =
            Earlier::custody(self.earlier, &before, scope.inputs.as_ref(), &mut noted.gaps)?;
        let dependencies = noted.take(lockfiles::capture(&scope.root, &before, redactor));
        let (tools, tool_stamps) = match tools.wait(self.give_up) {
            Some((captured, stamps)) => (noted.take(captured), stamps),
            None => (noted.not_reached("tools"), tools::Stamps::default()),
        };
        let packages = noted.wait("packages", packages, self.give_up);
        let caches = noted.wait("inputs.caches", caches, self.give_up);
        let definitions = noted.wait("pipeline.definitions", definitions, self.give_up);
        let (git, mut environment) = machine.wait(platform, self.give_up, &mut noted, self.talk);
        signs::note_tools(&mut environment.signs, tools.get(), &mut noted.gaps);
        if let Some((fingerprints, gaps)) = self.fingerprints {
            environment.fingerprints = Some(fingerprints.clone());
            noted.gaps.extend(gaps.iter().cloned());
        }
        let mut platform = in_lane(platform, scope, redactor, &mut noted.redactions);
        platform.pipeline.definitions = definitions.value.unwrap_or_default();
        let logged = self.log(&mut platform, git.source.get(), &mut noted);
        let facts = Facts {
            id,
            started,
            opened,
            wanted: scope.wanted.clone(),
            platform,
            logged,
            custody,
            source: git.source,
            caches,
            dependencies,
            environment,
            tools,
            tool_stamps,
            packages,
            opened_by: own_tool(),
            redactions: noted.redactions,
            gaps: noted.gaps,
        };
        Ok(Opening { facts, before, classes: git.classes })
    }

    fn read(&self) -> Result<Tree, Failure> {
        let named = (self.talk, "inputs");
        look((self.scope, self.never), self.stop, named, Tree::read).map_err(Failure::trouble)
    }
}

/// The tools, and by what their files are known again.
type FoundTools = (Captured<Tools>, tools::Stamps);

/// The tools and the packages, being looked at.
fn programs(
    scope: &Scope,
    variables: &Variables,
    redactor: &Arc<Redactor>,
    passed: &PassedDescriptors,
) -> (Beside<FoundTools>, Beside<Captured<Packages>>) {
    let given = Given { variables: variables.clone(), redactor: Arc::clone(redactor) };
    let (root, names) = (scope.root.clone(), scope.wanted.settings.tools.clone());
    let (asked, handed) = (given.clone(), passed.clone());
    let tools = Beside::start("tools", move || {
        tools::before(&asked.variables, &root, &names, &asked.redactor, &handed)
    });
    let handed = passed.clone();
    let packages = Beside::start("packages", move || packages::capture(&given.redactor, &handed));
    (tools, packages)
}

/// What the threads beside the hashing are given.
#[derive(Clone)]
struct Given {
    variables: Variables,
    redactor: Arc<Redactor>,
}

/// What is missing, and what was withheld.
#[derive(Default)]
pub(super) struct Noted {
    pub(super) redactions: Vec<Withheld>,
    pub(super) gaps: Vec<Gap>,
}

impl Noted {
    fn take<T>(&mut self, captured: Captured<T>) -> Fact<T> {
        self.redactions.extend(captured.redactions);
        self.gaps.extend(captured.gaps);
        captured.fact
    }

    pub(super) fn wait<T: Send + 'static>(
        &mut self,
        part: &str,
        look: Beside<Captured<T>>,
        give_up: &dyn Fn() -> bool,
    ) -> Fact<T> {
        match look.wait(give_up) {
            Some(captured) => self.take(captured),
            None => self.not_reached(part),
        }
    }

    fn not_reached<T>(&mut self, part: &str) -> Fact<T> {
        self.gaps.push(Gap::without_cure(part, NOT_REACHED));
        Fact::unavailable(Basis::Read, NOT_REACHED)
    }
}

/// The machine and the repository, being looked at.
pub(in crate::cli) struct Machine {
    git: Beside<Git>,
    settings: Beside<Captured<GitConfiguration>>,
    certificates: Beside<Captured<CaBundle>>,
    signs: Beside<Captured<Signs>>,
    container: Captured<Container>,
    environment: environment::Captured,
}

impl Machine {
    fn start(scope: &Scope, variables: &Variables, redactor: &Arc<Redactor>) -> Self {
        let root = scope.root.clone();
        let git = Beside::start("repository", move || git::capture(&root));
        let root = scope.root.clone();
        let given = Given { variables: variables.clone(), redactor: Arc::clone(redactor) };
        let asked = given.clone();
        let settings = Beside::start("git configuration", move || {
            configuration::git(&root, &asked.variables, &asked.redactor)
        });
        let asked = given.clone();
        let certificates =
            Beside::start("certificates", move || configuration::ca_bundle(&asked.variables));
        let root = scope.root.clone();
        let signs = Beside::start("signs", move || {
            signs::capture(&given.variables, &root, &given.redactor)
        });
        let container = container::capture(variables, redactor);
        let environment = environment::capture(variables, &scope.wanted.variables, redactor);
        Self { git, settings, certificates, signs, container, environment }
    }

    fn wait(
        self,
        platform: &Platform,
        give_up: &dyn Fn() -> bool,
        noted: &mut Noted,
        talk: Talk,
    ) -> (Git, Environment) {
        let mut git = self.git.wait(give_up).unwrap_or_else(Git::not_reached);
        noted.gaps.extend(contradictions(&git, platform, talk));
        complete(&mut git, platform);
        noted.gaps.append(&mut git.gaps);
        noted.redactions.append(&mut git.redactions);
        noted.gaps.extend(self.environment.gaps);
        noted.redactions.extend(self.environment.redactions);
        let mut environment = self.environment.environment;
        environment.container = noted.take(self.container);
        environment.git_configuration =
            noted.wait("environment.git_configuration", self.settings, give_up);
        environment.ca_bundle = noted.wait("environment.ca_bundle", self.certificates, give_up);
        environment.signs = noted.wait("environment.signs", self.signs, give_up);
        (git, environment)
    }
}

/// The facts where no build is bracketed: the machine and the repository, and nothing of what a build
/// would have used.
pub(in crate::cli) fn attested(
    scope: &Scope,
    variables: &Variables,
    platform: &Platform,
    redactor: &Arc<Redactor>,
    talk: Talk,
) -> Result<(Facts, Option<git::Classes>), Failure> {
    let (started, opened) = (Time::now(), nanoseconds());
    let id = random::id128().map_err(Failure::trouble)?;
    let mut noted = Noted::default();
    let machine = Machine::start(scope, variables, redactor);
    let (git, environment) = machine.wait(platform, &|| false, &mut noted, talk);
    let why = "no build was bracketed";
    let facts = Facts {
        id,
        started,
        opened,
        wanted: scope.wanted.clone(),
        logged: Logged::of_no_build(why),
        platform: in_lane(platform, scope, redactor, &mut noted.redactions),
        custody: Fact::not_applicable(why),
        source: git.source,
        caches: Fact::<Caches>::not_applicable(why),
        dependencies: Fact::not_applicable(why),
        environment,
        tools: Fact::<Tools>::not_applicable(why),
        tool_stamps: tools::Stamps::default(),
        packages: Fact::<Packages>::not_applicable(why),
        opened_by: own_tool(),
        redactions: noted.redactions,
        gaps: noted.gaps,
    };
    Ok((facts, git.classes))
}

/// The platform with what the arguments say of the lane.
pub(in crate::cli) fn in_lane(
    platform: &Platform,
    scope: &Scope,
    redactor: &Redactor,
    withheld: &mut Vec<Withheld>,
) -> Platform {
    let mut platform = platform.clone();
    platform.lane.leg = scope.leg.clone().map(|leg| note(leg, "lane.leg", withheld));
    let project = scope.wanted.project.as_deref().map(|project| redactor.scrub(project));
    platform.lane.project = project.map(|project| note(project, "lane.project", withheld));
    platform
}

/// The facts of the machine alone, with its tools and packages: what a bracket that opened now would see, the
/// files of the root left unread.
pub(in crate::cli) fn surveyed(
    scope: &Scope,
    variables: &Variables,
    platform: &Platform,
    redactor: &Arc<Redactor>,
    talk: Talk,
) -> Result<Facts, Failure> {
    let (tools, packages) = programs(scope, variables, redactor, &PassedDescriptors::default());
    let (mut facts, _classes) = attested(scope, variables, platform, redactor, talk)?;
    let mut noted = Noted::default();
    facts.platform = platform.clone();
    let definitions = noted.take(pipeline::capture(&scope.root, platform, redactor));
    facts.platform.pipeline.definitions = definitions.value.unwrap_or_default();
    log::note_committed(&scope.root, &mut facts.platform.pipeline.definitions);
    if let Some((tools, _stamps)) = tools.wait(&|| false) {
        facts.tools = noted.take(tools);
    }
    facts.packages = noted.wait("packages", packages, &|| false);
    facts.redactions.extend(noted.redactions);
    facts.gaps.extend(noted.gaps);
    Ok(facts)
}

/// Where the work tree is not what the platform says that the run is for.
fn contradictions(git: &Git, platform: &Platform, talk: Talk) -> Vec<Gap> {
    let (Some(source), pipeline) = (git.source.get(), &platform.pipeline) else {
        return Vec::new();
    };
    let pairs = [
        ("commit", &source.commit, &pipeline.commit),
        ("ref", &source.ref_name, &pipeline.ref_name),
        ("repository", &source.repository, &pipeline.repository),
    ];
    let mut gaps = Vec::new();
    for (what, here, there) in pairs {
        let (Some(here), Some(there)) = (here, there) else { continue };
        if here == there || (what == "repository" && same_repository(here, there)) {
            continue;
        }
        let reason = format!(
            "the work tree is at another {what} than the run is for: {} here, {} by the platform's variables",
            Printable(here),
            Printable(there)
        );
        talk.notice(&reason);
        gaps.push(Gap::new(&format!("source.{what}"), reason, "check out what the run is for"));
    }
    gaps
}

/// CI platforms check out a commit without a branch, and know which ref it is for.
fn complete(git: &mut Git, platform: &Platform) {
    let mut named = None;
    if let Some(source) = &mut git.source.value {
        complete_source(source, platform);
        named.clone_from(&source.ref_name);
    }
    let tag_object = named.and_then(|name| git.tag_object(&name).map(str::to_owned));
    if let (Some(source), Some(tag_object)) = (&mut git.source.value, tag_object) {
        source.tag_object = Some(tag_object);
    }
}

fn complete_source(source: &mut Source, platform: &Platform) {
    let pipeline = &platform.pipeline;
    let same_commit = source.commit.is_some() && source.commit == pipeline.commit;
    if source.ref_name.is_none() && same_commit && pipeline.ref_name.is_some() {
        source.ref_name.clone_from(&pipeline.ref_name);
        source.ref_from = Some("platform variable".to_owned());
    }
    if source.repository.is_none() && same_commit && pipeline.repository.is_some() {
        source.repository.clone_from(&pipeline.repository);
        source.repository_from = Some("platform variable".to_owned());
    }
}

/// This program, as it finds itself.
pub(in crate::cli) fn own_tool() -> Tool {
    let binary = std::env::current_exe().ok();
    let hashed = binary.and_then(|path| hash_file(&path, Links::Follow, false, &|| false).ok());
    Tool {
        name: "proofmark".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256: hashed.map(|hashed| hashed.sha256),
    }
}
