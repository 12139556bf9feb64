//! What the machine brought to the build: tools, variables that steer them, the image, packages.

use super::{remedies, settle, some, value};
use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Answer, Failure, Question};
use crate::assess::facts::Facts;
use crate::assess::finding::Found;
use crate::base::text::count;
use crate::format::evidence::{Bracket, ToolFact};

pub(super) const TOOLCHAIN: Question = Question {
    id: "toolchain-is-recorded",
    title: "Tools of the build",
    asks: "Is it recorded which compilers and other tools the machine had, each with a digest of its file?",
    claims: &["2.2-01"],
    reads: &["tools"],
    proves: "The evidence names the tools that the build could find, with versions and digests that can be compared.",
    not: "That the build used these and no others.",
    remedy: &remedies::NAME_TOOLS,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(toolchain(facts))),
};

pub(super) const STOOD_STILL: Question = Question {
    id: "tools-stood-still",
    title: "Tools during the build",
    asks: "Was every tool after the build still what it was before?",
    claims: &["2.2-01"],
    reads: &["tools"],
    proves: "Each tool's file had the same digest when the build ended as when it began.",
    not: "That no tool was exchanged and put back in between.",
    remedy: &remedies::TOOLS_FIRST,
    failure: Failure::Contradicts,
    answer: Answer::Evidence(|facts| settle(stood_still(facts))),
};

pub(super) const NOT_WRAPPED: Question = Question {
    id: "nothing-wraps-the-tools",
    title: "Variables that steer programs",
    asks: "Was the build free of variables that load code into its programs, or put other programs in front of them?",
    claims: &["2.2-01"],
    reads: &["environment"],
    proves: "None of the variables that are known to do so was set when the build began or ended.",
    not: "That nothing was wrapped in another way, such as by files in a folder of PATH.",
    remedy: &remedies::UNWRAP,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(not_wrapped(facts))),
};

pub(super) const IMAGE: Question = Question {
    id: "machine-image-is-recorded",
    title: "Image of the machine",
    asks: "Is it recorded exactly which system and which image the build ran on?",
    claims: &["2.2-01"],
    reads: &["environment", "environment.container"],
    proves: "The evidence names the system, its kernel, and an image by a version or digest that can be looked up.",
    not: "That the machine was as the image made it.",
    remedy: &remedies::NAME_IMAGE,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(image(facts))),
};

pub(super) const PACKAGES: Question = Question {
    id: "packages-are-recorded",
    title: "Packages of the system",
    asks: "Is it recorded which packages the system had installed?",
    claims: &["2.2-01"],
    reads: &["packages"],
    proves: "The evidence has the number of installed packages and a digest of their list, so that any other package shows.",
    not: "That nothing was installed beside the package manager.",
    remedy: &shared::BRACKET,
    failure: Failure::Weakens,
    answer: Answer::Evidence(|facts| settle(packages(facts))),
};

const TOOLS: &str = "/tools/value/list";

fn tools<'a>(facts: &'a Facts<'_>) -> Result<&'a [ToolFact], Found> {
    match value(facts, "the tools", &facts.tools)?.list.as_slice() {
        [] => Err(Found::unknown("no tool was found")),
        list => Ok(list),
    }
}

fn names<'a>(tools: impl Iterator<Item = &'a ToolFact>) -> String {
    some(tools.map(|tool| tool.name.clone()))
}

fn toolchain(facts: &Facts<'_>) -> Result<Found, Found> {
    let tools = tools(facts)?;
    let bare: Vec<_> = tools.iter().filter(|tool| tool.sha256_before.is_none()).collect();
    let versions = tools.iter().filter(|tool| tool.version.is_some()).count();
    let total = count(tools.len() as u64, "tool");
    let found = if bare.is_empty() {
        Found::pass(format!(
            "{total}, each with a digest, {versions} with what they say of their version"
        ))
    } else {
        let names = names(bare.iter().copied());
        Found::fail(format!(
            "expected a digest of every tool, found {} of {total} without one: {names}",
            bare.len()
        ))
    };
    Ok(found.at(TOOLS).value("tools", tools.len().to_string()))
}

fn stood_still(facts: &Facts<'_>) -> Result<Found, Found> {
    let tools = tools(facts)?;
    let other = |tool: &&ToolFact| {
        let both = tool.sha256_before.zip(tool.sha256_after);
        tool.changed_during_build || both.is_some_and(|(before, after)| before != after)
    };
    let moved: Vec<_> = tools.iter().filter(other).collect();
    if !moved.is_empty() {
        let names = names(moved.iter().copied());
        let why = format!(
            "expected every tool as it was before the build, found others after it: {names}"
        );
        return Ok(Found::fail(why).at(TOOLS));
    }
    if facts.build.as_ref().is_none_or(|build| build.bracket == Bracket::None) {
        return Err(Found::unknown("no build was bracketed"));
    }
    let unread = tools.iter().filter(|t| t.sha256_before.is_none() || t.sha256_after.is_none());
    let unread: Vec<_> = unread.collect();
    if !unread.is_empty() {
        let names = names(unread.into_iter());
        return Err(Found::unknown(format!("these could not be read at both ends: {names}")));
    }
    let total = count(tools.len() as u64, "tool");
    Ok(Found::pass(format!("{total} had the same digests before and after the build")).at(TOOLS))
}

fn not_wrapped(facts: &Facts<'_>) -> Result<Found, Found> {
    let environment = value(facts, "the environment", &facts.environment)?;
    let found = match environment.preloads.as_slice() {
        [] => Found::pass("no variable that loads code into programs or wraps them was set"),
        names => Found::fail(format!(
            "expected no variable that loads code into programs or wraps them, found {}",
            some(names.iter().cloned())
        )),
    };
    Ok(found.at("/environment/value/preloads"))
}

/// By a digest, or as a platform names its own images: `ubuntu24 20260105.1`.
fn is_exact(image: &str) -> bool {
    image.contains("@sha256:") || image.split_once(' ').is_some_and(|(_, v)| !v.trim().is_empty())
}

fn image(facts: &Facts<'_>) -> Result<Found, Found> {
    let environment = value(facts, "the environment", &facts.environment)?;
    let named = |text: &Option<String>, what: &str| {
        text.clone().ok_or_else(|| Found::unknown(format!("the evidence doesn't name the {what}")))
    };
    let release = named(&environment.os_release, "system's release")?;
    let kernel = named(&environment.kernel, "kernel")?;
    // What a build in a container finds is the container's, whatever lies below.
    let (image, pointer) = match environment.container.get() {
        Some(container) => (&container.image, "/environment/value/container/value/image"),
        None => (&environment.runner_image, "/environment/value/runner_image"),
    };
    let Some(image) = image else {
        return Err(Found::unknown("neither the platform nor a container names its image"));
    };
    let found = if is_exact(image) {
        Found::pass("the system, its kernel and the exact image are named")
    } else {
        Found::fail(format!(
            "expected an image by its version or digest, found {image}, which can be another one tomorrow"
        ))
    };
    Ok(found
        .at(pointer)
        .at("/environment/value/os_release")
        .at("/environment/value/kernel")
        .value("image", image)
        .value("system", release)
        .value("kernel", kernel))
}

fn packages(facts: &Facts<'_>) -> Result<Found, Found> {
    let sets = value(facts, "the packages", &facts.packages)?;
    if sets.is_empty() {
        return Err(Found::unknown("no package manager is named"));
    }
    let empty: Vec<_> = sets.iter().filter(|(_, set)| set.count == 0).collect();
    let found = if empty.is_empty() {
        let all = sets.iter().map(|(manager, set)| format!("{manager} has {}", set.count));
        Found::pass(format!("recorded by number and digest: {}", some(all)))
    } else {
        let names = some(empty.iter().map(|(manager, _)| (*manager).clone()));
        Found::fail(format!("expected installed packages, found {names} with none recorded"))
    };
    Ok(sets.iter().take(5).fold(found.at("/packages/value"), |found, (_, set)| {
        found.value("sha256 of a list", set.sha256.to_string())
    }))
}
