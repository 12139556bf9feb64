//! Which tools are read once more, and what may not pass for a tool that wasn't touched.

use super::*;

/// As long ago as can be: every change was settled by then.
const LONG_AGO: i64 = i64::MAX;

/// `cc` behind a link, `ld`, and an empty folder in front.
fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.says("gcc-12", "12");
    machine.says("gcc-13", "13");
    machine.says("bin/ld", "2.40");
    machine.link("gcc-12", "bin/cc");
    fs::create_dir(machine.at("first")).unwrap();
    machine.set_path("first bin");
    machine
}

/// The names that have changed, and how many files were read.
fn seen(machine: &Machine, opened: i64, build: impl FnOnce(&Machine)) -> (Vec<String>, usize) {
    let (captured, stamps) = machine.stamped_within(20_000, &[]);
    let mut tools = captured.fact.value.unwrap();
    // A tick of the file system, so that a change has another time than what was hashed.
    shell("sleep 0.05");
    build(machine);
    let hashed = machine.after_with(&mut tools, &stamps, opened, false).hashed;
    for tool in tools.list.iter().filter(|tool| !tool.changed_during_build) {
        assert_eq!(tool.sha256_before, tool.sha256_after, "{}", tool.name);
    }
    let changed = tools.list.iter().filter(|tool| tool.changed_during_build);
    (changed.map(|tool| tool.name.clone()).collect(), hashed)
}

/// Other content of the same size in the same file, written by another process; see [`Machine::script`].
fn overwrite(machine: &Machine, path: &str, from: &str, to: &str) {
    let path = machine.at(path);
    let path = path.display();
    shell(&format!("text=$(sed 's/{from}/{to}/' {path}); printf '%s\\n' \"$text\" >{path}"));
}

#[test]
fn no_tool_that_is_as_it_was_is_read_twice() {
    assert_eq!(seen(&machine(), LONG_AGO, |_| ()), (vec![], 0));
}

#[test]
fn a_tool_that_changed_about_when_the_bracket_opened_is_read_again() {
    let opened = crate::base::time::nanoseconds();
    assert_eq!(seen(&machine(), opened, |_| ()), (vec![], 2));
    // For a bracket that opens a minute on, what was written now is settled.
    let later = crate::base::time::nanoseconds() + 60_000_000_000;
    assert_eq!(seen(&machine(), later, |_| ()), (vec![], 0));
}

#[test]
fn the_same_size_and_the_old_time_of_writing_do_not_hide_another_content() {
    let changed = seen(&machine(), LONG_AGO, |machine| {
        let (file, old) = (machine.at("bin/ld"), machine.at("old"));
        let (file, old) = (file.display(), old.display());
        shell(&format!("touch -r {file} {old}"));
        let size = fs::metadata(machine.at("bin/ld")).unwrap().len();
        overwrite(machine, "bin/ld", "2.40", "2.66");
        shell(&format!("touch -r {old} {file}"));
        let now = fs::metadata(machine.at("bin/ld")).unwrap();
        assert_eq!(now.len(), size);
        let then = fs::metadata(machine.at("old")).unwrap();
        assert_eq!(now.modified().unwrap(), then.modified().unwrap());
    });
    assert_eq!(changed, (vec!["ld".to_owned()], 1));
}

#[test]
fn a_link_on_the_way_that_leads_elsewhere_is_followed_to_what_is_there_now() {
    let changed = seen(&machine(), LONG_AGO, |machine| machine.link("gcc-13", "bin/cc"));
    assert_eq!(changed, (vec!["cc".to_owned()], 1));
    // Also a folder on the way, where nothing of the path's text differs.
    let mut machine = machine();
    machine.says("one/bin/ar", "1.0");
    machine.says("two/bin/ar", "2.0");
    machine.set_path("one/bin");
    let changed = seen(&machine, LONG_AGO, |machine| {
        let at = |name| machine.at(name).display().to_string();
        shell(&format!("mv {} {}; mv {} {}", at("one"), at("was"), at("two"), at("one")));
    });
    assert_eq!(changed, (vec!["ar".to_owned()], 1));
}

#[test]
fn a_file_that_was_swapped_by_rename_is_read() {
    let changed = seen(&machine(), LONG_AGO, |machine| {
        machine.says("new", "6.66");
        let (new, ld) = (machine.at("new"), machine.at("bin/ld"));
        shell(&format!("mv {} {}", new.display(), ld.display()));
    });
    assert_eq!(changed, (vec!["ld".to_owned()], 1));
}

#[test]
fn an_older_file_of_the_same_size_in_its_place_is_read() {
    let machine = machine();
    // It was there before the bracket opened, and its times are those of the tool.
    machine.says("older", "6.66");
    let (older, ld) = (machine.at("older"), machine.at("bin/ld"));
    let (older, ld) = (older.display(), ld.display());
    shell(&format!("touch -d 2001-01-01 {ld}; touch -r {ld} {older}"));
    let changed = seen(&machine, LONG_AGO, |_| shell(&format!("mv {older} {ld}")));
    assert_eq!(changed, (vec!["ld".to_owned()], 1));
}

#[test]
fn a_tool_that_was_put_in_front_is_read() {
    let changed = seen(&machine(), LONG_AGO, |machine| {
        machine.trap("first/ld");
    });
    assert_eq!(changed, (vec!["ld".to_owned()], 1));
    // A hard link to another tool has a stamp that holds, for another name.
    let changed = seen(&machine(), LONG_AGO, |machine| {
        fs::hard_link(machine.at("gcc-13"), machine.at("first/ld")).unwrap();
    });
    assert_eq!(changed, (vec!["ld".to_owned()], 1));
}

#[test]
fn a_tool_without_a_digest_or_with_a_name_that_was_withheld_is_read() {
    let machine = machine();
    let (captured, stamps) = machine.stamped_within(20_000, &[]);
    let mut tools = captured.fact.value.unwrap();
    tools.list.iter_mut().for_each(|tool| tool.sha256_before = None);
    assert_eq!(machine.after_with(&mut tools, &stamps, LONG_AGO, false).hashed, 2);
    assert!(tools.list.iter().all(|tool| tool.sha256_after.is_some()));
    tools.list.iter_mut().for_each(|tool| tool.sha256_before = tool.sha256_after);
    assert_eq!(machine.after_with(&mut tools, &Stamps::default(), LONG_AGO, false).hashed, 2);
}

#[test]
fn whoever_asks_for_it_has_all_of_them_read() {
    let machine = machine();
    let (captured, stamps) = machine.stamped_within(20_000, &[]);
    let mut tools = captured.fact.value.unwrap();
    assert_eq!(machine.after_with(&mut tools, &stamps, LONG_AGO, true).hashed, 2);
    assert_eq!(machine.after_with(&mut tools, &stamps, LONG_AGO, false).hashed, 0);
}

#[test]
fn what_is_kept_between_two_steps_is_as_good() {
    let machine = machine();
    let (captured, stamps) = machine.stamped_within(20_000, &[]);
    let mut tools = captured.fact.value.unwrap();
    let kept = serde_json::to_string(&stamps).unwrap();
    assert!(!kept.contains(&machine.at("").display().to_string()), "names and numbers: {kept}");
    let stamps = serde_json::from_str(&kept).unwrap();
    assert_eq!(machine.after_with(&mut tools, &stamps, LONG_AGO, false).hashed, 0);
}
