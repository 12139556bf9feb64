//! Random sections against random files: what is approved is exactly that, and nothing else moved.

use super::*;
use crate::base::text::is_unprintable;

/// Numbers that are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn section(&mut self) -> Section {
        let mut section = Section::new();
        for class in [Class::RunnerImage, Class::Tools, Class::Variables] {
            if self.chance(6) {
                continue;
            }
            let entries = section.entry(class).or_default();
            for _ in 0..self.below(5) {
                let name = self.of(&NAMES).to_owned();
                let mut new = Entry::default();
                if !self.chance(4) {
                    new.version = Some(self.of(&["1", "2", "\n\u{1b}\"'"]).to_owned());
                }
                if !self.chance(3) {
                    new.sha256 = Some(digest(self.of(&["1", "2"])));
                }
                entries.insert(name, new);
            }
        }
        section
    }

    /// An entry's members as somebody wrote them.
    fn members(&mut self, absent: bool) -> Vec<String> {
        let mut members = Vec::new();
        if absent {
            members.push("absent = true".to_owned());
        } else {
            if !self.chance(3) {
                members.push(format!("version = '{}'", self.of(&["1", "2", "3"])));
            }
            if !self.chance(3) {
                members.push(format!("sha256 =  \"{}\"", digest(self.of(&["1", "2"]))));
            }
        }
        if self.chance(3) {
            members.insert(0, "reason = 'it # is'".to_owned());
        }
        if self.chance(4) {
            members.push("expires = 2030-12-31".to_owned());
        }
        members
    }

    fn comment(&mut self, indent: &str) -> String {
        let number = self.below(1_000_000_000);
        match self.below(5) {
            0 => format!("{indent}# note {number}\n"),
            1 => format!("\n{indent}## note {number}\n\n"),
            2 => "\n".to_owned(),
            _ => String::new(),
        }
    }

    fn entries(&mut self, path: &str, can_be_absent: bool) -> String {
        let mut names: Vec<_> = NAMES.iter().filter(|_| self.chance(3)).collect();
        if self.chance(3) {
            names.reverse();
        }
        let key = |name: &str| {
            if is_plain(name) {
                name.to_owned()
            } else {
                format!(
                    "\"{}\"",
                    name.replace('"', "\\\"").replace('\n', "\\n").replace('\u{1b}', "\\e")
                )
            }
        };
        let mut text = String::new();
        let form = self.below(4);
        if form == 0 && !names.is_empty() {
            // All of it on one line.
            let mut all = Vec::new();
            for name in names {
                let absent = can_be_absent && self.chance(4);
                all.push(format!("{} = {{ {} }}", key(name), self.members(absent).join(", ")));
            }
            let (table, class) = path.rsplit_once('.').unwrap();
            return format!("[{table}]\n{class} = {{ {} }}\n", all.join(" , "));
        }
        if form == 1 {
            for name in names {
                text += &self.comment("");
                let absent = can_be_absent && self.chance(4);
                text += &format!("[ {path}.{} ] # own\n", key(name));
                for member in self.members(absent) {
                    text += &format!("  {member}\n");
                }
            }
            return text;
        }
        text += &format!("[{path}] # table\n");
        for name in names {
            text += &self.comment("  ");
            let absent = can_be_absent && self.chance(4);
            let members = self.members(absent);
            if form == 2 && !members.is_empty() {
                for member in members {
                    text += &format!("{}.{member}\n", key(name));
                }
            } else {
                let end = self.of(&["", " # eol", "  "]);
                text += &format!("{}\t= {{{}}}{end}\n", key(name), members.join(" ,"));
            }
        }
        text
    }

    fn file(&mut self) -> String {
        let mut text = "# head\nversion = 1\n".to_owned();
        let mut parts = Vec::new();
        let inline_twice = |parts: &[String], table: &str| {
            let header = format!("[{table}]\n");
            parts.iter().any(|part: &String| part.starts_with(&header))
        };
        for class in ["runner-image", "tools", "variables"] {
            if !self.chance(3) {
                let part = self.entries(&format!("shared.{class}"), false);
                if !(part.starts_with("[shared]\n") && inline_twice(&parts, "shared")) {
                    parts.push(part);
                }
            }
        }
        for lane in 0..self.below(4) {
            let path = format!("lanes.l{lane}");
            let around = self.comment("");
            parts.push(format!("{around}[{path}.match]\nref_kind = 'tag' # r\njob='{lane}'\n"));
            if self.chance(2) {
                parts.push(format!("[{path}.classes]\ntools = 'exact'\n"));
            }
            let class = self.of(&["runner-image", "tools", "variables"]);
            parts.push(self.entries(&format!("{path}.{class}"), true));
        }
        if self.chance(3) {
            parts.reverse();
        }
        for part in parts {
            text += &self.comment("");
            text += &part;
        }
        text + &self.comment("")
    }
}

const NAMES: [&str; 7] = ["a", "b-c", "D", "e f", "g.h", "z", "\u{1b}\n\""];

/// What stands beside the entries, in its order.
fn comments(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| line.starts_with('#')).collect()
}

#[test]
fn an_update_says_exactly_what_it_should_and_leaves_the_rest() {
    let mut dice = Dice(7);
    let mut updates = 0;
    for round in 0..1200 {
        let text = dice.file();
        let before = Lock::parse(&text).unwrap_or_else(|error| panic!("{round}: {error}\n{text}"));
        let lane = Lane {
            ref_kind: "tag".to_owned(),
            job: Some(dice.below(4).to_string()),
            ..Lane::default()
        };
        let section = dice.section();
        let changed = update(Some(&text), &lane, &section)
            .unwrap_or_else(|error| panic!("{round}: {error}\n{text}\n{section:?}"));
        let after = Lock::parse(&changed).unwrap();
        let effective = after.effective(&lane).unwrap();
        for (class, wanted) in &section {
            let found = effective.section.get(class).cloned().unwrap_or_default();
            assert_eq!(found.len(), wanted.len(), "{round}: {class}\n{text}\n{changed}");
            for (name, entry) in wanted {
                assert!(found[name].approves_same(entry), "{round}: {class} {name}\n{changed}");
            }
        }
        let was = before.effective(&lane);
        for class in Class::LOCKED.iter().filter(|class| !section.contains_key(class)) {
            let was = was.as_ref().map_or(before.shared.get(class), |was| was.section.get(class));
            assert_eq!(effective.section.get(class), was, "{round}: {class} wasn't observed");
        }
        for (name, other) in before.lanes.iter().filter(|(_, other)| other.lane != lane) {
            assert_eq!(before.effective(&other.lane), after.effective(&other.lane), "{round}");
            assert_eq!(after.lanes[name], *other, "{round}");
        }
        assert_eq!(update(Some(&changed), &lane, &section).unwrap(), changed, "{round}");
        // A table that is an entry goes with what stands above it; all other comments stay.
        if !text.contains("# own") {
            assert_eq!(comments(&changed), comments(&text), "{round}\n{text}\n{changed}");
        }
        let words = |text: &str| text.matches("reason = 'it # is'").count();
        assert!(words(&changed) <= words(&text));
        assert!(!changed.chars().any(|c| c != '\n' && c != '\t' && is_unprintable(c)));
        updates += usize::from(changed != text);
    }
    assert!(updates > 800, "{updates}");
}

#[test]
fn broken_files_give_errors_and_nothing_worse() {
    let mut dice = Dice(11);
    for _ in 0..1500 {
        let mut bytes = dice.file().into_bytes();
        for _ in 0..=dice.below(3) {
            let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
            match dice.below(3) {
                0 => bytes[at] = u8::try_from(dice.below(256)).unwrap(),
                1 => drop(bytes.drain(at..)),
                _ => bytes.insert(at, b"\"'[]{}=.#\n"[usize::try_from(dice.below(10)).unwrap()]),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let lane = Lane { ref_kind: "tag".to_owned(), ..Lane::default() };
        let section = dice.section();
        if let Ok(changed) = update(Some(&text), &lane, &section) {
            assert!(Lock::parse(&text).is_ok());
            assert!(Lock::parse(&changed).unwrap().effective(&lane).is_some());
        }
    }
}
