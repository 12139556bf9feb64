//! Shims, and what a hostile project writes to mislead them.

use super::*;

/// rustup's proxies are links to it, or hard links.
fn with_rustup() -> Machine {
    let machine = Machine::new();
    machine.script(
        "bin/rustup",
        &format!(
            "case $0 in */rustup) echo rustup 1; exit;; esac; : >{}",
            machine.at("ran").display()
        ),
    );
    machine.link("bin/rustup", "bin/cargo");
    fs::hard_link(machine.at("bin/rustup"), machine.at("bin/rustc")).unwrap();
    for name in ["stable", "nightly", "nightly-2024-01-01"] {
        let folder = format!("home/.rustup/toolchains/{name}-{}-x", std::env::consts::ARCH);
        machine.says(&format!("{folder}/bin/rustc"), &format!("rustc {name} 1"));
        machine.says(&format!("{folder}/bin/cargo"), &format!("cargo {name} 1"));
    }
    machine.says("home/.rustup/toolchains/custom/bin/rustc", "rustc custom 1");
    machine.write("home/.rustup/settings.toml", "default_toolchain = 'stable'\n[overrides]\n");
    machine
}

fn rustc(machine: &Machine) -> String {
    let found = machine.captured();
    assert!(!machine.at("ran").exists(), "the proxy was run");
    let rustc = found.tool("rustc");
    assert_eq!(rustc.shim.as_deref(), Some("rustup"));
    let is_gap = found.missing("tools.shim").iter().any(|names| names.contains("rustc"));
    assert_eq!(rustc.version.is_none(), is_gap);
    rustc.version.clone().unwrap_or_default()
}

#[test]
fn rustup_s_proxies_lead_to_the_toolchain_that_the_root_selects() {
    let mut machine = with_rustup();
    assert_eq!(rustc(&machine), "rustc stable 1");
    assert_eq!(machine.captured().version("cargo"), Some("cargo stable 1"));
    machine.write("rust-toolchain.toml", "[toolchain]\nchannel = 'nightly'\n");
    assert_eq!(rustc(&machine), "rustc nightly 1", "a file above the root");
    machine.write("root/rust-toolchain.toml", "[toolchain]\ncomponents = ['clippy']\n");
    assert_eq!(rustc(&machine), "rustc stable 1", "no channel is the default");
    machine.write("root/rust-toolchain", "nightly-2024-01-01\n");
    assert_eq!(rustc(&machine), "rustc nightly-2024-01-01 1", "the old form comes first");
    let text = format!(
        "default_toolchain = 'stable'\n[overrides]\n'{}' = 'custom'\n",
        machine.at("root").display()
    );
    machine.write("home/.rustup/settings.toml", &text);
    assert_eq!(rustc(&machine), "rustc custom 1");
    machine.set("RUSTUP_TOOLCHAIN", "stable");
    assert_eq!(rustc(&machine), "rustc stable 1");
    machine.set("RUSTUP_HOME", machine.at("elsewhere").to_str().unwrap());
    assert_eq!(rustc(&machine), "");
}

#[test]
fn a_toolchain_file_of_the_project_leads_neither_out_of_the_toolchains_nor_into_a_wait() {
    let machine = with_rustup();
    machine.trap("home/.rustup/evil/bin/rustc");
    for hostile in
        ["../evil", "[toolchain]\nchannel = '../evil'\n", "", "a\nb\n", "[toolchain]\nchannel = 1"]
    {
        machine.write("root/rust-toolchain", hostile);
        assert_eq!(rustc(&machine), "", "{hostile:?}");
    }
    machine.write("root/rust-toolchain", "[toolchain]\nchannel = 'missing'\n");
    assert_eq!(rustc(&machine), "", "it would be installed");
    shell(&format!(
        "cd {} && rm rust-toolchain && mkfifo rust-toolchain",
        machine.at("root").display()
    ));
    assert_eq!(rustc(&machine), "", "what it would say isn't known");
}

#[test]
fn a_toolchain_that_the_project_names_by_its_path_is_not_followed_and_not_run() {
    let machine = with_rustup();
    machine.trap("root/chain/bin/rustc");
    machine.trap("cache/chain/bin/rustc");
    let absolute = machine.at("cache/chain");
    for path in ["chain", "../cache/chain", absolute.to_str().unwrap()] {
        machine.write("root/rust-toolchain.toml", &format!("[toolchain]\npath = '{path}'\n"));
        let found = machine.captured();
        machine.assert_nothing_ran();
        assert_eq!(found.tool("rustc").version, None);
        assert_eq!(found.missing("tools.shim"), ["cargo, rustc"]);
    }
}

#[test]
fn of_two_toolchains_that_fit_none_is_taken_without_a_host() {
    let machine = with_rustup();
    let other = format!("home/.rustup/toolchains/stable-{}-y/bin/rustc", std::env::consts::ARCH);
    machine.says(&other, "rustc other 1");
    assert_eq!(rustc(&machine), "");
    let host = format!(
        "default_toolchain = 'stable'\ndefault_host_triple = '{}-y'\n",
        std::env::consts::ARCH
    );
    machine.write("home/.rustup/settings.toml", &host);
    assert_eq!(rustc(&machine), "rustc other 1");
}

fn with_pyenv() -> Machine {
    let mut machine = Machine::new();
    machine.trap("home/.pyenv/shims/python3");
    machine.says("home/.pyenv/versions/3.11.7/bin/python3", "Python 3.11.7");
    machine.says("home/.pyenv/versions/3.12.1/bin/python3", "Python 3.12.1");
    machine.says("bin/python3", "Python of the system 3");
    machine.write("home/.pyenv/version", "3.11.7\n");
    machine.set_path("home/.pyenv/shims bin");
    machine
}

fn python(machine: &Machine) -> String {
    let found = machine.captured();
    machine.assert_nothing_ran();
    assert_eq!(found.tool("python3").shim.as_deref(), Some("pyenv"));
    assert_eq!(found.version("python3").is_some(), found.missing("tools.shim").is_empty());
    found.version("python3").unwrap_or_default().to_owned()
}

#[test]
fn pyenv_s_shims_lead_to_the_version_that_the_root_selects() {
    let mut machine = with_pyenv();
    assert_eq!(python(&machine), "Python 3.11.7");
    machine.write("root/.python-version", "# comment\n3.10.0 # not installed\n3.12.1\n");
    assert_eq!(python(&machine), "Python 3.12.1");
    machine.set("PYENV_VERSION", "system:3.12.1");
    assert_eq!(python(&machine), "Python of the system 3");
}

#[test]
fn a_version_file_of_the_project_does_not_lead_out_of_the_versions() {
    let machine = with_pyenv();
    machine.trap("root/bin/python3");
    for hostile in ["../../../root", "/root", "..", "", "\u{0}", "3.13.0"] {
        machine.write("root/.python-version", hostile);
        assert_eq!(python(&machine), "", "{hostile:?}");
    }
    machine.write("root/.python-version", &"3.12.1\n".repeat(10_000));
    assert_eq!(python(&machine), "", "one over the cap isn't passed over");
}

#[test]
fn a_compiler_behind_ccache_is_the_next_one_along_path() {
    let mut machine = Machine::new();
    machine.trap("usr/ccache");
    machine.link("usr/ccache", "masks/gcc");
    let digest = machine.says("bin/gcc", "gcc 12");
    machine.set_path("masks bin");
    let found = machine.captured();
    machine.assert_nothing_ran();
    assert_eq!(
        (found.version("gcc"), found.tool("gcc").shim.as_deref()),
        (Some("gcc 12"), Some("ccache"))
    );
    assert_eq!(found.tool("gcc").sha256_before, Some(digest));
}

#[test]
fn a_shim_that_leads_to_nothing_or_to_another_shim_is_not_followed() {
    let mut machine = with_pyenv();
    machine.trap("root/python3");
    machine.set("PYENV_VERSION", "system");
    machine.set_path("home/.pyenv/shims");
    assert_eq!(python(&machine), "", "an empty rest of PATH is not the root");
    machine.trap("home/.asdf/shims/python3");
    machine.set_path("home/.pyenv/shims home/.asdf/shims");
    assert_eq!(python(&machine), "");

    machine.trap("usr/ccache");
    machine.link("usr/ccache", "masks/gcc");
    machine.link("usr/ccache", "others/gcc");
    machine.set_path("masks others");
    let found = machine.captured();
    machine.assert_nothing_ran();
    assert_eq!(found.missing("tools.shim"), ["gcc"]);
}

#[test]
fn shims_that_cannot_be_followed_are_hashed_and_not_run() {
    let mut machine = Machine::new();
    let asdf = machine.trap("home/.asdf/shims/node");
    machine.trap("some/shims/ruby");
    machine.trap("usr/mise");
    machine.link("usr/mise", "some/shims/go");
    machine.trap("usr/volta-shim");
    machine.link("usr/volta-shim", "bin/npm");
    machine.trap("lib/node_modules/corepack/dist/yarn.js");
    machine.write(
        "lib/node_modules/corepack/package.json",
        "{\"name\":\"corepack\",\"version\":\"1\"}",
    );
    machine.link("lib/node_modules/corepack/dist/yarn.js", "bin/yarn");
    machine.set_path("home/.asdf/shims some/shims bin");
    let found = machine.captured();
    machine.assert_nothing_ran();
    let shims: Vec<_> = found
        .fact
        .get()
        .unwrap()
        .list
        .iter()
        .map(|tool| {
            assert!(tool.version.is_none(), "{tool:?}");
            (tool.name.as_str(), tool.shim.as_deref().unwrap())
        })
        .collect();
    let expected = [
        ("go", "mise"),
        ("node", "asdf"),
        ("npm", "volta"),
        ("ruby", "unknown"),
        ("yarn", "corepack"),
    ];
    assert_eq!(shims, expected);
    assert_eq!(found.tool("node").sha256_before, Some(asdf));
    assert_eq!(found.missing("tools.shim"), ["go, node, npm, ruby, yarn"]);
}
