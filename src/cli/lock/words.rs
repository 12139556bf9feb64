//! What is said of a lock that was changed, and of an environment that was compared with it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::environment::Subject;
use crate::base::text::{Printable, count};
use crate::base::time::Day;
use crate::cli::bracket::line;
use crate::cli::failure::{Failure, answered};
use crate::cli::log::lane_name;
use crate::cli::talk::{Talk, sayable};
use crate::drift::{self, Against};
use crate::format::lock::{Class, Entry, Lock, Section};

/// More names than this are counted and not shown.
const SHOWN_MAX: usize = 20;

/// Says what a lane's part approves now that it didn't before.
pub(super) fn tell(before: Option<&Lock>, after: &Lock, subject: &Subject, talk: Talk) {
    let of = |lock: &Lock| lock.effective(&subject.lane).map(|e| (e.name.to_owned(), e.section));
    let (name, now) = of(after).unwrap_or_default();
    let was = before.and_then(of).map(|(_, section)| section);
    let new = if was.is_none() { " (new)" } else { "" };
    talk.say(format_args!("lane {name}{new}"));
    let was = was.unwrap_or_default();
    for class in Class::LOCKED {
        if let Some(line) = changes(class, &was, &now, new.is_empty()) {
            talk.say(format_args!("  {line}"));
        }
    }
    let decided = |entry: &Entry| entry.reason.is_some() || entry.ticket.is_some();
    for (class, entries) in &now {
        let before = was.get(class);
        for (name, entry) in entries {
            let shown = Printable(name);
            if entry.expires.as_ref().is_some_and(|day| is_past(day, subject)) {
                talk.notice(format_args!("{class} {shown}: its approval has expired, and stays so until a person sets another day"));
            }
            let old = before.and_then(|entries| entries.get(name));
            if decided(entry) && old.is_some_and(|old| !old.approves_same(entry)) {
                talk.notice(format_args!("{class} {shown} changed: its reason and ticket were written for what was there before; review them"));
            }
        }
    }
}

fn is_past(day: &str, subject: &Subject) -> bool {
    day.parse::<Day>().is_ok_and(|day| subject.on.day() > day)
}

/// `tools: 1 added, 2 changed: + a, ~ b, ~ c`.
fn changes(class: Class, was: &Section, now: &Section, with_names: bool) -> Option<String> {
    let (was, now) = (was.get(&class), now.get(&class));
    let names = [was, now].into_iter().flatten().flat_map(|entries| entries.keys());
    let names: BTreeSet<_> = names.collect();
    let (mut numbers, mut shown) = ([0_u64; 3], Vec::new());
    let [added, changed, removed] = &mut numbers;
    for name in names {
        let old = was.and_then(|entries| entries.get(name));
        let new = now.and_then(|entries| entries.get(name));
        let sign = match (old, new) {
            (None, Some(_)) => ("+", &mut *added),
            (Some(_), None) => ("-", &mut *removed),
            (Some(old), Some(new)) if !old.approves_same(new) => ("~", &mut *changed),
            _ => continue,
        };
        let (sign, number) = sign;
        *number += 1;
        if shown.len() < SHOWN_MAX {
            shown.push(format!("{sign} {}", Printable(name)));
        }
    }
    let all: u64 = numbers.iter().sum();
    if all == 0 {
        return None;
    }
    let [added, changed, removed] = numbers;
    let words = [(added, "added"), (changed, "changed"), (removed, "removed")];
    let words = words.iter().filter(|(number, _)| *number > 0);
    let words: Vec<_> = words.map(|(number, word)| format!("{number} {word}")).collect();
    if !with_names {
        return Some(format!("{class}: {}", words.join(", ")));
    }
    let more = match all - shown.len() as u64 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{class}: {}: {}{more}", words.join(", "), shown.join(", ")))
}

/// Compares each environment with the lock, shows the answer, and gives the exit code.
pub(super) fn check(lock: &Lock, subjects: &[Subject], out: &mut dyn Write) -> Result<u8, Failure> {
    let answers: Vec<_> = subjects
        .iter()
        .map(|subject| drift::against(lock, &subject.lane, subject.view(), subject.on))
        .collect();
    let drifted = answers.iter().flat_map(|answer| &answer.drift);
    let drifted = drifted.filter(|drift| drift.kind.is_drift()).count() as u64;
    let lanes = subjects.iter().map(|subject| lane_name(&subject.lane)).collect::<Vec<_>>();
    answered(show(&lanes, &answers, drifted, out), u8::from(drifted > 0))
}

fn show(
    lanes: &[String],
    answers: &[Against],
    drifted: u64,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rolls = 0;
    for (lane, answer) in lanes.iter().zip(answers) {
        writeln!(out, "lane {}", Printable(lane))?;
        let (drift, rolled): (Vec<_>, Vec<_>) =
            answer.drift.iter().partition(|drift| drift.kind.is_drift());
        for drift in drift {
            writeln!(out, "  {}", sayable(&line(drift)))?;
        }
        if !rolled.is_empty() {
            writeln!(out, "  put down to the platform's image, and not counted:")?;
        }
        rolls += rolled.len() as u64;
        for drift in rolled {
            writeln!(out, "    {}", sayable(&line(drift)))?;
        }
        if !answer.laxer.is_empty() {
            let names: Vec<_> = answer.laxer.iter().map(|class| class.name()).collect();
            writeln!(out, "  compared less closely than by default: {}", names.join(", "))?;
        }
    }
    match (drifted, rolls) {
        (0, 0) if answers.iter().any(|answer| !answer.laxer.is_empty()) => {
            writeln!(out, "no drift in what the lock compares, which is less than by default")
        }
        (0, 0) => writeln!(out, "no drift: the environment is the approved one"),
        (0, _) => writeln!(
            out,
            "no drift that counts: {} put down to the platform's image, not approved",
            count(rolls, "difference")
        ),
        _ => writeln!(out, "DRIFT: {} from the approved environment", count(drifted, "difference")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::evidence::{DriftKind, LockDrift};

    fn drift(name: &str, kind: DriftKind) -> LockDrift {
        let (expected, found) = (Some("1".to_owned()), Some("2\u{1b}[2J".to_owned()));
        LockDrift { class: Class::Tools, name: name.to_owned(), kind, expected, found }
    }

    #[test]
    fn an_image_that_rolled_is_shown_apart_and_counts_for_nothing() {
        let answer = Against {
            lane: Some("release".to_owned()),
            laxer: vec![Class::Tools, Class::Packages],
            drift: vec![
                drift("cargo", DriftKind::Differs),
                drift("runner", DriftKind::ImageRoll),
                drift("", DriftKind::NotCompared),
            ],
            ..Against::default()
        };
        let mut out = Vec::new();
        show(&["release".to_owned()], &[answer], 2, &mut out).unwrap();
        let expected = "lane release
  tools cargo: differs: expected 1, found 2\\u{1b}[2J
  tools: not compared: expected 1, found 2\\u{1b}[2J
  put down to the platform's image, and not counted:
    tools runner: platform image roll: expected 1, found 2\\u{1b}[2J
  compared less closely than by default: tools, packages
DRIFT: 2 differences from the approved environment
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn what_changed_is_counted_and_the_first_names_are_said() {
        let of = |names: &[(String, &str)]| {
            let entries = names.iter().map(|(name, version)| {
                (name.clone(), Entry { version: Some((*version).to_owned()), ..Entry::default() })
            });
            Section::from([(Class::Tools, entries.collect())])
        };
        let named = |name: &str, version| (name.to_owned(), version);
        let was = of(&[named("a", "1"), named("b", "1"), named("c", "1")]);
        let now = of(&[named("b", "2"), named("c", "1"), named("d\n", "1")]);
        let said = changes(Class::Tools, &was, &now, true).unwrap();
        assert_eq!(said, "tools: 1 added, 1 changed, 1 removed: - a, ~ b, + d\\u{a}");
        assert_eq!(changes(Class::Tools, &now, &now, true), None);
        let many: Vec<_> = (0..30).map(|n| named(&format!("{n:02}"), "1")).collect();
        let said = changes(Class::Tools, &Section::new(), &of(&many), true).unwrap();
        assert!(said.ends_with("+ 19 and 10 more"), "{said}");
    }
}
