//! Actions that bring back what another run left.

use github_actions_models::common::EnvValue;

/// When an action does.
#[derive(Debug, Clone, Copy)]
enum When {
    Always,
    /// Where this input is given, and isn't `false`.
    Given(&'static str),
    /// Unless this input is `false`.
    UnlessFalse(&'static str),
    /// Unless this input is `true`.
    UnlessTrue(&'static str),
}

/// By `owner/repository[/path]` in small letters.
const CACHES: &[(&str, When)] = &[
    ("actions-rust-lang/setup-rust-toolchain", When::UnlessFalse("cache")),
    ("actions/cache", When::Always),
    ("actions/cache/restore", When::Always),
    ("actions/setup-dotnet", When::Given("cache")),
    ("actions/setup-go", When::UnlessFalse("cache")),
    ("actions/setup-java", When::Given("cache")),
    ("actions/setup-node", When::Given("cache")),
    ("actions/setup-python", When::Given("cache")),
    ("astral-sh/setup-uv", When::UnlessFalse("enable-cache")),
    ("awalsh128/cache-apt-pkgs-action", When::Always),
    ("coursier/cache-action", When::Always),
    ("determinatesystems/magic-nix-cache-action", When::Always),
    ("docker/build-push-action", When::Given("cache-from")),
    ("golangci/golangci-lint-action", When::UnlessTrue("skip-cache")),
    ("gradle/actions/setup-gradle", When::UnlessTrue("cache-disabled")),
    ("gradle/gradle-build-action", When::UnlessTrue("cache-disabled")),
    ("hendrikmuhs/ccache-action", When::Always),
    ("jdx/mise-action", When::UnlessFalse("cache")),
    ("julia-actions/cache", When::Always),
    ("mozilla-actions/sccache-action", When::Always),
    ("nix-community/cache-nix-action", When::Always),
    ("oven-sh/setup-bun", When::UnlessTrue("no-cache")),
    ("pnpm/action-setup", When::Given("cache")),
    ("ruby/setup-ruby", When::Given("bundler-cache")),
    ("subosito/flutter-action", When::Given("cache")),
    ("swatinem/rust-cache", When::Always),
];

/// Whether an action may, with such inputs: what an expression gives counts as if it did.
pub(super) fn brings_back(name: &str, input: &mut dyn FnMut(&str) -> Option<EnvValue>) -> bool {
    let Some((_, when)) = CACHES.iter().find(|(action, _)| *action == name) else { return false };
    let is_false = |value: &EnvValue| {
        value.is_empty() || value.to_string().trim().eq_ignore_ascii_case("false")
    };
    match when {
        When::Always => true,
        When::Given(name) => input(name).is_some_and(|value| !is_false(&value)),
        When::UnlessFalse(name) => {
            input(name).is_none_or(|value| value.is_empty() || !is_false(&value))
        }
        When::UnlessTrue(name) => !input(name).is_some_and(|value| value.csharp_bool()),
    }
}
