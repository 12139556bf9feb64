//! What the build did to the tools.

use super::*;

/// Captures, lets `build` happen, looks again.
fn bracket(machine: &mut Machine, build: impl FnOnce(&mut Machine)) -> (Tools, Vec<Gap>) {
    let mut tools = machine.captured().fact.value.unwrap();
    build(machine);
    let gaps = machine.after(&mut tools);
    (tools, gaps)
}

fn changed(tools: &Tools) -> Vec<&str> {
    let changed = tools.list.iter().filter(|tool| tool.changed_during_build);
    changed.map(|tool| tool.name.as_str()).collect()
}

fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.says("gcc-12", "12");
    machine.says("bin/ld", "2.40");
    machine.link("gcc-12", "bin/cc");
    fs::create_dir(machine.at("first")).unwrap();
    machine.set_path("first bin");
    machine
}

#[test]
fn tools_that_stay_as_they_are_have_the_same_digest_twice() {
    let (tools, gaps) = bracket(&mut machine(), |_| ());
    assert!(tools.list.iter().all(|tool| tool.sha256_before == tool.sha256_after));
    assert!(tools.list.iter().all(|tool| tool.sha256_after.is_some()));
    assert_eq!((changed(&tools), gaps), (vec![], vec![]));
}

#[test]
fn a_tool_with_another_content_has_changed() {
    let mut after = None;
    let (tools, _) =
        bracket(&mut machine(), |machine| after = Some(machine.says("bin/ld", "2.41")));
    assert_eq!(changed(&tools), ["ld"]);
    assert_eq!(tool(&tools, "ld").sha256_after, after);
    assert_eq!(tool(&tools, "ld").version.as_deref(), Some("2.40"));
}

#[test]
fn a_link_that_was_switched_is_a_change_even_to_the_same_content() {
    let (tools, _) = bracket(&mut machine(), |machine| {
        machine.says("gcc-13", "12");
        machine.link("gcc-13", "bin/cc");
    });
    assert_eq!(changed(&tools), ["cc"]);
    assert_eq!(tool(&tools, "cc").sha256_before, tool(&tools, "cc").sha256_after);
}

#[test]
fn a_tool_that_is_gone_has_changed_and_has_no_digest() {
    let (tools, gaps) =
        bracket(&mut machine(), |machine| fs::remove_file(machine.at("bin/ld")).unwrap());
    assert_eq!((changed(&tools), tool(&tools, "ld").sha256_after), (vec!["ld"], None));
    assert!(gaps.is_empty());
}

#[test]
fn a_tool_that_was_planted_in_front_is_a_change_and_is_not_run() {
    let mut planted = None;
    let mut machine = machine();
    let (tools, _) = bracket(&mut machine, |machine| planted = Some(machine.trap("first/cc")));
    assert_eq!((changed(&tools), tool(&tools, "cc").sha256_after), (vec!["cc"], planted));
    machine.assert_nothing_ran();
}

#[test]
fn a_tool_that_was_not_there_before_is_added_and_is_a_gap() {
    let mut machine = machine();
    let mut new = None;
    let (tools, gaps) = bracket(&mut machine, |machine| new = Some(machine.trap("bin/ninja")));
    machine.assert_nothing_ran();
    let expected = ToolFact {
        name: "ninja".to_owned(),
        version: None,
        sha256_before: None,
        sha256_after: new,
        changed_during_build: true,
        shim: None,
    };
    assert_eq!(*tool(&tools, "ninja"), expected);
    assert!(gaps[0].reason.starts_with("ninja: found only when the bracket closed"));
    assert!(tools.list.is_sorted_by(|one, two| one.name < two.name));
}

#[test]
fn a_toolchain_that_was_switched_during_the_build_is_a_change() {
    let mut machine = Machine::new();
    machine.trap("bin/rustup");
    machine.link("bin/rustup", "bin/rustc");
    for name in ["one", "two"] {
        machine.says(&format!("home/.rustup/toolchains/{name}/bin/rustc"), name);
    }
    machine.write("home/.rustup/settings.toml", "default_toolchain = 'one'\n");
    let (tools, _) = bracket(&mut machine, |machine| {
        machine.write("root/rust-toolchain", "two\n");
    });
    assert_eq!(changed(&tools), ["rustc"]);
}

#[test]
fn what_could_not_be_read_before_is_not_called_changed() {
    let mut machine = machine();
    let mut tools = machine.captured().fact.value.unwrap();
    tools.list.iter_mut().for_each(|tool| tool.sha256_before = None);
    machine.after(&mut tools);
    assert_eq!(changed(&tools), [""; 0]);
    // Sealed by then, the paths can't be compared; the content is.
    tools = machine.captured().fact.value.unwrap();
    tools.paths = Sealable::default();
    machine.says("bin/ld", "2.41");
    machine.set_path("bin");
    machine.after(&mut tools);
    assert_eq!(changed(&tools), ["ld"]);
}
