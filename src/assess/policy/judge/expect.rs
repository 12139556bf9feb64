//! What the build must be, by facts of the evidence that are trusted far enough.

use super::{Rule, RuleKind, SAID_MAX};
use crate::assess::assurance::Assurance;
use crate::assess::embedded::Standing;
use crate::assess::facts::Facts;
use crate::assess::policy::refs::RefPattern;
use crate::assess::policy::{Expect, remedies};
use crate::base::text::cut;

/// What the evidence says of one thing.
struct Said {
    /// None: it doesn't say, and why.
    value: Result<String, String>,
    pointer: &'static str,
    /// Whether the value meets the expectation.
    meets: bool,
    /// In place of the fact's own, where another fact vouches for it.
    assurance: Option<Assurance>,
}

pub(super) fn rules(expect: &Expect, facts: &Facts<'_>) -> Vec<Rule> {
    let lists = expect.lists().into_iter().filter(|(_, list)| !list.is_empty());
    let each = |(key, list): (&'static str, &Vec<String>)| {
        let said = match key {
            "repository-id" => plain(facts, key, list),
            "workflow" => plain(facts, key, list),
            "ref" => plain(facts, key, list),
            "trigger" => plain(facts, key, list),
            "runner" => runner(facts, list),
            "builder" => builder(facts, list),
            _ => issuer(facts, list),
        };
        // No job that saw the token is no issuer at all.
        let least = match key {
            "issuer" => expect.least().max(Assurance::JobChecked),
            _ => expect.least(),
        };
        rule(key, list, said, least, facts)
    };
    lists.map(each).collect()
}

fn rule(key: &str, list: &[String], said: Said, least: Assurance, facts: &Facts<'_>) -> Rule {
    let Said { value, pointer, meets, assurance } = said;
    let there = value.is_ok() && facts.has(pointer);
    let pointers = vec![pointer.to_owned()];
    let level = assurance.unwrap_or_else(|| facts.weakest(&pointers, false));
    let contradicted = facts.identity_standing.standing == Standing::Contradicted;
    let enough = level >= least;
    let found = match &value {
        Err(why) => why.clone(),
        Ok(_) if contradicted => {
            "the evidence contradicts its token: nothing it says counts".into()
        }
        Ok(value) => format!("{value} ({})", level.name()),
    };
    let remedy =
        if there && meets && !enough { &remedies::VOUCHED } else { &remedies::EXPECTATION };
    let of = list.join(" or ");
    Rule {
        kind: RuleKind::Expect,
        name: format!("expect.{key}"),
        holds: there && meets && enough && !contradicted,
        expected: format!("{of}, {} or better", least.name()),
        found,
        pointers,
        remedy: Some(remedy),
        waived: None,
    }
}

/// A text of the pipeline's part.
fn plain(facts: &Facts<'_>, key: &str, list: &[String]) -> Said {
    let pipeline = facts.pipeline.get();
    let (pointer, text) = match key {
        "repository-id" => (
            "/pipeline/value/repository_id",
            pipeline.and_then(|pipeline| pipeline.repository_id.as_deref()),
        ),
        "workflow" => (
            "/pipeline/value/definition",
            pipeline.and_then(|pipeline| pipeline.definition.as_deref()),
        ),
        "ref" => {
            ("/pipeline/value/ref", pipeline.and_then(|pipeline| pipeline.ref_name.as_deref()))
        }
        _ => ("/pipeline/value/event", pipeline.and_then(|pipeline| pipeline.event.as_deref())),
    };
    let meets = text.is_some_and(|text| {
        list.iter().any(|wanted| match key {
            "workflow" => is_workflow(wanted, text, facts),
            "ref" => RefPattern::new(wanted).is_some_and(|pattern| pattern.matches(text)),
            _ => wanted == text,
        })
    });
    let missing = || match pipeline {
        Some(_) => "the evidence doesn't say".to_owned(),
        None => facts.why_not("the pipeline", &facts.pipeline),
    };
    let value = text.map(|text| cut(text, SAID_MAX)).ok_or_else(missing);
    Said { value, pointer, meets, assurance: None }
}

/// All that the platform says; or, of a definition that is the repository's own, its path.
///
/// GitHub says `owner/name/path@ref`, GitLab `path` or, of another project's, `path@project`: the same path
/// elsewhere is another definition.
fn is_workflow(wanted: &str, said: &str, facts: &Facts<'_>) -> bool {
    // A file's name may hold a sign that looks like the one before the ref.
    let path = said.rsplit_once("@refs/").map_or(said, |(path, _)| path);
    let repository = facts.pipeline.get().and_then(|pipeline| pipeline.repository.as_deref());
    let own = repository.and_then(|url| {
        let (_, rest) = url.split_once("://")?;
        let (_, name) = rest.split_once('/')?;
        path.strip_prefix(name.trim_end_matches(".git"))?.strip_prefix('/')
    });
    wanted == said || own.is_some_and(|own| wanted == own || wanted == path)
}

/// By everybody who says whose machine it was; as trustworthy as a token that says the same.
fn runner(facts: &Facts<'_>, list: &[String]) -> Said {
    const HOSTING: &str = "/pipeline/value/hosting";
    const VARIABLE: &str = "/pipeline/value/runner_environment";
    let pipeline = facts.pipeline.get();
    let hosting = pipeline.and_then(|pipeline| pipeline.hosting.as_ref());
    let value = match (pipeline, hosting) {
        (None, _) => Err(facts.why_not("the pipeline", &facts.pipeline)),
        (_, None) => Err("the evidence doesn't say whose machine it was".to_owned()),
        (_, Some(hosting)) if !hosting.agree => {
            Err("the witnesses of whose machine it was contradict each other".to_owned())
        }
        (_, Some(hosting)) => Ok(cut(&hosting.is, SAID_MAX)),
    };
    let meets = hosting.is_some_and(|hosting| list.contains(&hosting.is));
    let of_variable = pipeline.and_then(|pipeline| pipeline.runner_environment.as_deref());
    let same = of_variable.zip(hosting).is_some_and(|(variable, hosting)| {
        variable.strip_prefix("github-").unwrap_or(variable) == hosting.is
    });
    let level = |pointer: &str| facts.weakest(&[pointer.to_owned()], false);
    let assurance = same.then(|| level(VARIABLE)).max(Some(level(HOSTING)));
    Said { value, pointer: HOSTING, meets, assurance }
}

/// Every builder that provenance of the platform's names: beside the one that is expected another would have
/// claimed to have made the same artefacts.
fn builder(facts: &Facts<'_>, list: &[String]) -> Said {
    let provenance = facts.controls.get().map(|controls| &controls.provenance);
    let all = provenance.and_then(|provenance| provenance.get());
    let builders: Vec<&str> =
        all.into_iter().flatten().filter_map(|one| one.builder.as_deref()).collect();
    let value = match (facts.controls.get(), provenance) {
        (Some(_), Some(provenance)) if builders.is_empty() => {
            Err(facts.why_not("the platform's provenance", provenance))
        }
        (Some(_), _) => {
            let shown = builders.iter().take(5).map(|builder| cut(builder, SAID_MAX));
            Ok(shown.collect::<Vec<_>>().join(", "))
        }
        (None, _) => Err(facts.why_not("the platform's API", &facts.controls)),
    };
    let meets =
        !builders.is_empty() && builders.iter().all(|found| list.iter().any(|one| one == found));
    Said { value, pointer: "/controls/value/provenance", meets, assurance: None }
}

fn issuer(facts: &Facts<'_>, list: &[String]) -> Said {
    let judged = &facts.identity_standing;
    let assurance = match judged.standing {
        Standing::PlatformVouched => Assurance::PlatformVouched,
        Standing::JobChecked => Assurance::JobChecked,
        _ => Assurance::SelfAsserted,
    };
    let why = || judged.reason.clone().unwrap_or_else(|| "the evidence has no token".to_owned());
    let value = judged.issuer.as_deref().map(|issuer| cut(issuer, SAID_MAX)).ok_or_else(why);
    let meets = judged.issuer.as_ref().is_some_and(|issuer| list.contains(issuer));
    Said { value, pointer: "/identity", meets, assurance: Some(assurance) }
}
