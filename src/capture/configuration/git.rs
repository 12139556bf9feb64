//! What git's configuration rewrites or runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::effects::{self, Effect, Name};
use super::{given, hooks};
use crate::base::text::cut;
use crate::capture::Captured;
use crate::capture::environment::Variables;
use crate::capture::git::levels::{self, Place, Scope};
use crate::capture::redact::{Redactor, Rule};
use crate::format::evidence::{GitConfiguration, GitSetting};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};

const PART: &str = "environment.git_configuration";
/// Most settings of one effect in one scope. By effect and scope, so that a flood of one kind can't wash
/// another out of the evidence.
const SETTINGS_MAX: u64 = 128;
/// Longest name, and longest value, in characters.
const NAME_MAX: usize = 256;
const VALUE_MAX: usize = 1024;
/// Most characters in which secrets are looked for. It is more than is kept, so that none is cut before
/// it is known for one.
const LOOKED_AT: usize = 8192;

/// Reads every level of git's configuration, the variables that git heeds, and the hooks.
///
/// Like all that libgit2 reads it may wait for ever, at a FIFO that a hostile setting includes.
#[must_use]
pub fn git(root: &Path, variables: &Variables, redactor: &Redactor) -> Captured<GitConfiguration> {
    let mut gaps = Vec::new();
    let mut found = Found::new(redactor);
    let place = levels::read(
        root,
        variables,
        &mut |scope, name, value| found.setting(scope, name, value),
        &mut gaps,
    );
    let given =
        given::read(variables, &mut |name, value| found.setting(Scope::Environment, name, value));
    if let Err(reason) = given {
        gaps.push(Gap::new(PART, reason, "unset it: git itself refuses to run with it"));
    }
    for (name, effect) in effects::of_variables() {
        if let Some(value) = variables.raw(name) {
            found.add(Scope::Environment, effect, name, &value.to_string_lossy(), name);
        }
    }
    let hooks = match hooks_folder(found.hooks_path.take(), &place, variables) {
        Ok(folder) => folder.map(|folder| hooks::read(&folder, &mut gaps)).unwrap_or_default(),
        Err(reason) => {
            gaps.push(Gap::without_cure("environment.git_configuration.hooks", reason));
            Vec::new()
        }
    };
    if found.left_out > 0 {
        let reason = format!(
            "{} settings were left out: {SETTINGS_MAX} of each effect and scope are listed",
            found.left_out
        );
        gaps.push(Gap::new(PART, reason, "remove them: `git config --list --show-origin`"));
    }
    if place.unread && found.settings.is_empty() {
        let fact = Fact::unavailable(Basis::Read, "git's configuration can't be read");
        return Captured { fact, redactions: found.redactions, gaps };
    }
    found.settings.sort();
    found.settings.dedup();
    let configuration = GitConfiguration {
        settings: found.settings,
        values: Sealable::Inline(found.values),
        hooks,
    };
    let fact = Fact::observed(Basis::Read, configuration);
    Captured { fact, redactions: found.redactions, gaps }
}

/// What was found so far.
struct Found<'r> {
    redactor: &'r Redactor,
    settings: Vec<GitSetting>,
    values: BTreeMap<String, Vec<String>>,
    counts: BTreeMap<(Scope, Effect), u64>,
    left_out: u64,
    /// `core.hooksPath` of the strongest scope: the caps don't hold for what decides what is looked at.
    hooks_path: Option<(Scope, String)>,
    redactions: Vec<Withheld>,
}

impl<'r> Found<'r> {
    const fn new(redactor: &'r Redactor) -> Self {
        Self {
            redactor,
            settings: Vec::new(),
            values: BTreeMap::new(),
            counts: BTreeMap::new(),
            left_out: 0,
            hooks_path: None,
            redactions: Vec::new(),
        }
    }

    fn setting(&mut self, scope: Scope, name: &str, value: &str) {
        // The last one in a scope counts.
        if name == "core.hookspath"
            && self.hooks_path.as_ref().is_none_or(|(stronger, _)| scope >= *stronger)
        {
            self.hooks_path = Some((scope, value.to_owned()));
        }
        let Some(parts) = Name::parse(name) else { return };
        let Some(effect) = effects::of_setting(parts, value) else { return };
        if let Some(counted) = self.counts.get(&(scope, effect))
            && *counted >= SETTINGS_MAX
        {
            self.left_out += 1;
            return;
        }
        let Name { section, subsection, last } = parts;
        // The whole name of an alias is somebody's choice.
        let telling = match section {
            "alias" => section.to_owned(),
            _ => format!("{section}.{last}"),
        };
        let name = match subsection {
            // The subsection can be an address with a password in it.
            Some(subsection) => {
                let scrubbed = self.redactor.scrub_url(&kept(subsection));
                self.withheld(&format!("name of a git setting ({telling})"), &scrubbed.rules);
                format!("{section}.{}.{last}", scrubbed.text)
            }
            None => format!("{section}.{last}"),
        };
        self.add(scope, effect, &name, value, &telling);
    }

    /// `telling` is the name without what somebody else could choose of it.
    fn add(&mut self, scope: Scope, effect: Effect, name: &str, value: &str, telling: &str) {
        *self.counts.entry((scope, effect)).or_default() += 1;
        let scrubbed = self.redactor.scrub(&kept(name));
        let place = format!("name of a git setting ({telling})");
        self.withheld(&place, &scrubbed.rules);
        let name = cut(&scrubbed.text, NAME_MAX);
        let value = self.value(telling, value);
        let scope = scope.name();
        self.values.entry(format!("{scope}: {name}")).or_default().push(value);
        let effect = effect.text().to_owned();
        self.settings.push(GitSetting { scope: scope.to_owned(), name, effect });
    }

    fn value(&mut self, telling: &str, value: &str) -> String {
        let place = format!("git setting {telling}");
        if is_always_secret(telling, value) {
            self.withheld(&place, &[Rule::Authorization]);
            return Rule::Authorization.mark();
        }
        let value = kept(value);
        let is_address = value.contains("://") && !value.contains(char::is_whitespace);
        let without_user = if is_address {
            let scrubbed = self.redactor.scrub_url(&value);
            self.withheld(&place, &scrubbed.rules);
            scrubbed.text
        } else {
            value
        };
        let scrubbed = self.redactor.scrub_variable(telling, &without_user);
        self.withheld(&place, &scrubbed.rules);
        cut(&scrubbed.text, VALUE_MAX)
    }

    fn withheld(&mut self, place: &str, rules: &[Rule]) {
        let said = |rule: &Rule| Withheld { place: place.to_owned(), rule: rule.id().to_owned() };
        for withheld in rules.iter().map(said) {
            if !self.redactions.contains(&withheld) {
                self.redactions.push(withheld);
            }
        }
    }
}

fn kept(text: &str) -> String {
    text.chars().take(LOOKED_AT).collect()
}

/// A header that is sent with every request is there to carry a credential, whatever it looks like. So is
/// a helper that is written into the setting itself and speaks the protocol of helpers (`password=..`).
fn is_always_secret(telling: &str, value: &str) -> bool {
    match telling {
        "http.extraheader" => true,
        "credential.helper" => value.trim_start().starts_with('!') && value.contains('='),
        _ => false,
    }
}

/// Where the hooks are; none without a repository.
fn hooks_folder(
    setting: Option<(Scope, String)>,
    place: &Place,
    variables: &Variables,
) -> Result<Option<PathBuf>, &'static str> {
    let Some(work_tree) = &place.work_tree else { return Ok(None) };
    let Some((_, path)) = setting else { return Ok(place.hooks.clone()) };
    if let Some(below) = path.strip_prefix("~/") {
        let home =
            variables.raw("HOME").ok_or("core.hooksPath is below a home that isn't known")?;
        return Ok(Some(Path::new(home).join(below)));
    }
    if path.starts_with('~') || path.starts_with("%(") {
        return Err("core.hooksPath is a place that only git can work out");
    }
    // A relative one is relative to where hooks run.
    Ok(Some(work_tree.join(path)))
}
