//! A changed environment is approved: what people wrote stays as it is, and what differs is written.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use super::edit::{Place, comments, descend, quoted};
use super::{Class, Effective, Entry, LANE_NAME_MAX, Lock, LockError, Section};
use crate::format::evidence::Lane;

/// How a new lock begins.
const HEAD: &str = "\
# The approved build environment: each build is compared with this file as the commit has it.
# `proofmark lock --from EVIDENCE` brings it up to date and keeps comments, reasons, tickets and expiries.
version = 1
";

/// The text of a lock in which `section` is what is approved for `lane`. Comments, reasons, tickets, expiries,
/// classes and the parts of other lanes stay.
///
/// A class that `section` doesn't have was not observed: what the lock says of it stays. Of one that is there,
/// however empty, what isn't named is no longer approved.
///
/// 1. What the lock approves already is left alone, to the byte.
/// 2. Of the only lane the shared entries are changed in place, and new ones are shared, the runner's image
///    apart. Where there are other lanes, nothing of theirs changes: the lane gets entries of its own.
/// 3. The result says what it should and nothing else, or it is an error.
///
/// # Errors
/// Where `text` is no lock, or the changed one would be none.
pub fn update(text: Option<&str>, lane: &Lane, section: &Section) -> Result<String, LockError> {
    let text = text.unwrap_or(HEAD);
    let lock = Lock::parse(text)?;
    let plan = Plan::new(&lock, lane, section);
    if plan.is_empty() {
        return Ok(text.to_owned());
    }
    let layout = Layout::of(text);
    let plain = layout.remove(text);
    let mut document: DocumentMut = plain.parse().map_err(|_unshown| LockError::NotKept)?;
    if document.to_string() != plain {
        return Err(LockError::Scattered);
    }
    plan.apply(document.as_table_mut(), lane)?;
    let changed = layout.restore(&document.to_string());
    check(&lock, &changed, lane, section)?;
    Ok(changed)
}

/// Names come from evidence, and the file was written by people: that the two fit is seen, not assumed.
fn check(before: &Lock, text: &str, lane: &Lane, section: &Section) -> Result<(), LockError> {
    let after = Lock::parse(text).map_err(|error| match error {
        cap @ (LockError::TooLarge { .. }
        | LockError::TooManyEntries
        | LockError::TooManyLanes { .. }) => cap,
        _ => LockError::NotKept,
    })?;
    let now = after.effective(lane).ok_or(LockError::NotKept)?;
    let said = section.iter().all(|(class, wanted)| {
        let found = now.section.get(class);
        let mut pairs = wanted.iter().filter(|(_, entry)| !entry.absent);
        found.map_or(0, BTreeMap::len) == pairs.clone().count()
            && pairs.all(|(name, entry)| {
                found.and_then(|found| found.get(name)).is_some_and(|e| e.approves_same(entry))
            })
    });
    let was = before.effective(lane);
    let mut others = before.lanes.iter().filter(|(_, other)| other.lane != *lane);
    let alone = others.clone().next().is_none();
    let kept = was.is_none_or(|was| was.name == now.name && was.modes == now.modes)
        && before.modes == after.modes
        && (alone || before.shared == after.shared)
        && others.clone().count() + 1 == after.lanes.len()
        && others.all(|(name, other)| after.lanes.get(name) == Some(other));
    if said && kept { Ok(()) } else { Err(LockError::NotKept) }
}

/// Line endings, a byte order mark and a last line without an end: `toml_edit` keeps none of them.
struct Layout {
    mark: bool,
    carriage_returns: bool,
}

impl Layout {
    const MARK: char = '\u{feff}';

    fn of(text: &str) -> Self {
        Self { mark: text.starts_with(Self::MARK), carriage_returns: text.contains("\r\n") }
    }

    fn remove(&self, text: &str) -> String {
        let mut plain = text.strip_prefix(Self::MARK).unwrap_or(text).to_owned();
        // In a file of both kinds one that stands alone would get a companion: seen by the comparison.
        if self.carriage_returns && plain.matches('\n').count() == plain.matches("\r\n").count() {
            plain = plain.replace("\r\n", "\n");
        }
        if !plain.is_empty() && !plain.ends_with('\n') {
            plain.push('\n');
        }
        plain
    }

    fn restore(&self, plain: &str) -> String {
        let mark = if self.mark { "\u{feff}" } else { "" };
        let ends = if self.carriage_returns { "\r\n" } else { "\n" };
        format!("{mark}{}", plain.replace('\n', ends))
    }
}

/// What is to be done to one table of entries.
#[derive(Default)]
struct Steps<'a> {
    set: BTreeMap<&'a str, &'a Entry>,
    gone: BTreeSet<&'a str>,
}

/// What is to be done to the file.
struct Plan<'a> {
    lane: String,
    new: bool,
    shared: BTreeMap<Class, Steps<'a>>,
    own: BTreeMap<Class, Steps<'a>>,
}

/// That a lane has none of what is shared.
static ABSENT: Entry =
    Entry { version: None, sha256: None, absent: true, reason: None, ticket: None, expires: None };

impl<'a> Plan<'a> {
    fn new(lock: &'a Lock, lane: &Lane, section: &'a Section) -> Self {
        let effective = lock.effective(lane);
        let name = effective.as_ref().map(|Effective { name, .. }| (*name).to_owned());
        let (new, alone) = match &name {
            Some(_) => (false, lock.lanes.len() == 1),
            None => (true, lock.lanes.is_empty()),
        };
        let name = name.unwrap_or_else(|| name_of(lane, lock));
        let own = lock.lanes.get(&name).map(|locked| &locked.section);
        let mut plan = Self { lane: name, new, shared: BTreeMap::new(), own: BTreeMap::new() };
        for (class, wanted) in section.iter().filter(|(class, _)| Class::LOCKED.contains(class)) {
            let shared = lock.shared.get(class);
            let own = own.and_then(|own| own.get(class));
            let known = [shared, own].into_iter().flatten().flat_map(BTreeMap::keys);
            let names: BTreeSet<_> = known.chain(wanted.keys()).collect();
            for name in names {
                let (shared, own) =
                    (shared.and_then(|all| all.get(name)), own.and_then(|all| all.get(name)));
                let wanted = wanted.get(name).filter(|entry| !entry.absent);
                plan.decide((*class, name), wanted, (shared, own), alone);
            }
        }
        plan
    }

    fn decide(
        &mut self,
        (class, name): (Class, &'a str),
        wanted: Option<&'a Entry>,
        (shared, own): (Option<&'a Entry>, Option<&'a Entry>),
        alone: bool,
    ) {
        let approved = own.or(shared).filter(|entry| !entry.absent);
        let same = match (approved, wanted) {
            (None, None) => true,
            (Some(approved), Some(wanted)) => approved.approves_same(wanted),
            _ => false,
        };
        if same {
            return;
        }
        let lane = self.own.entry(class).or_default();
        let everyone = self.shared.entry(class).or_default();
        match (wanted, own, shared) {
            (Some(wanted), Some(own), Some(shared))
                if shared.approves_same(wanted) && !has_words(own) =>
            {
                lane.gone.insert(name);
            }
            (Some(wanted), None, Some(_)) if alone => {
                everyone.set.insert(name, wanted);
            }
            (Some(wanted), None, None) if alone && class != Class::RunnerImage => {
                everyone.set.insert(name, wanted);
            }
            (Some(wanted), ..) => {
                lane.set.insert(name, wanted);
            }
            (None, own, Some(_)) if alone => {
                everyone.gone.insert(name);
                lane.gone.extend(own.map(|_| name));
            }
            (None, _, Some(_)) => {
                lane.set.insert(name, &ABSENT);
            }
            (None, ..) => {
                lane.gone.insert(name);
            }
        }
    }

    fn is_empty(&self) -> bool {
        let idle = |steps: &Steps<'_>| steps.set.is_empty() && steps.gone.is_empty();
        !self.new && self.shared.values().chain(self.own.values()).all(idle)
    }

    fn apply(&self, root: &mut Table, lane: &Lane) -> Result<(), LockError> {
        apply_to(root, &["shared"], &self.shared)?;
        if self.new {
            let mut matched = descend(root, &["lanes", &self.lane, "match"])?;
            let fields = [
                ("repository_id", &lane.repository_id),
                ("project", &lane.project),
                ("definition", &lane.definition),
                ("job", &lane.job),
                ("leg", &lane.leg),
                ("ref_kind", &Some(lane.ref_kind.clone())),
            ];
            for (key, value) in fields {
                matched.set(key, value.as_deref().map(quoted))?;
            }
        }
        apply_to(root, &["lanes", &self.lane], &self.own)
    }
}

/// Whether people said something of it that would be lost with it.
const fn has_words(entry: &Entry) -> bool {
    entry.reason.is_some() || entry.ticket.is_some() || entry.expires.is_some()
}

fn apply_to(
    root: &mut Table,
    path: &[&str],
    classes: &BTreeMap<Class, Steps<'_>>,
) -> Result<(), LockError> {
    for (class, steps) in classes {
        if steps.set.is_empty() && steps.gone.is_empty() {
            continue;
        }
        let path: Vec<_> = path.iter().copied().chain([class.name()]).collect();
        let mut place = descend(root, &path)?;

        let entries = place.table();
        let sorted = entries.iter().all(|(_, item)| item.is_value())
            && entries.iter().map(|(name, _)| name).is_sorted();
        let mut added = false;
        for (name, entry) in &steps.set {
            match place.table().get_key_value_mut(name) {
                Some((mut key, item)) => {
                    let above = comments(&key, item);
                    Place::of(item)?.rewrite(entry)?;
                    if item.as_table().is_some_and(|table| table.is_dotted() && table.is_empty()) {
                        // Written by nothing but its members, it would be gone with the last of them.
                        *item = Item::Value(Value::InlineTable(InlineTable::new()));
                        key.leaf_decor_mut().set_prefix(above);
                    }
                }
                None => {
                    place.insert(name, &one_line(entry))?;
                    added = true;
                }
            }
        }
        // Values alone: sorting goes into dotted tables, whose order is people's.
        if sorted && added {
            place.table().sort_values();
        }
        // Last: a comment that is left over is put where nothing goes any more.
        place.remove(&steps.gone);
    }
    Ok(())
}

/// An entry as an inline table.
fn one_line(entry: &Entry) -> String {
    let version = entry.version.as_deref().map(|text| format!("version = {}", quoted(text)));
    let sha256 = entry.sha256.map(|digest| format!("sha256 = \"{digest}\""));
    let absent = entry.absent.then(|| "absent = true".to_owned());
    let parts: Vec<_> = [version, sha256, absent].into_iter().flatten().collect();
    if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
}

/// A readable name that no lane has yet.
fn name_of(lane: &Lane, lock: &Lock) -> String {
    let definition = lane.definition.as_deref().and_then(|path| {
        let file = path.rsplit('/').next()?;
        file.split('.').find(|part| !part.is_empty())
    });
    let job = lane.job.as_deref().or(definition).unwrap_or("build");
    let parts = [lane.project.as_deref(), Some(job), lane.leg.as_deref(), Some(&lane.ref_kind)];
    let parts: Vec<_> =
        parts.into_iter().flatten().map(slug).filter(|part| !part.is_empty()).collect();
    let mut base = parts.join("-");
    // Room for a number behind it.
    base.truncate(LANE_NAME_MAX - 8);
    let base = if base.is_empty() { "lane" } else { base.trim_end_matches('-') };
    let mut name = base.to_owned();
    let mut number = 1;
    while lock.lanes.contains_key(&name) {
        number += 1;
        name = format!("{base}-{number}");
    }
    name
}

fn slug(text: &str) -> String {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}
