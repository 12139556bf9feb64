//! Which commits come after one and belong to another.

use std::collections::{BinaryHeap, HashMap, HashSet};

use git2::{Odb, Oid};

use super::object::{self, Commit, NoObject};

/// How much is looked at and kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most commits that are listed.
    pub(super) list: usize,
    /// Most commits that are counted.
    pub(super) count: u64,
    /// Most commits that are looked at for one answer.
    look: usize,
}

pub(super) const LIMITS: Limits = Limits { list: 10_000, count: 100_000, look: 300_000 };

/// How many older commits are looked at although nothing is in question any more. Clocks differ, so a
/// commit can be older than its parents.
const SLOP: usize = 1_000;

/// Belongs to the later commit.
const VISIBLE: u8 = 1;
/// Belongs to the earlier one.
const HIDDEN: u8 = 2;
/// Comes before a commit that belongs to both.
const STALE: u8 = 4;

struct Node {
    flags: u8,
    seconds: i64,
    parents: Box<[Oid]>,
    /// A parent isn't here.
    is_cut: bool,
}

/// The commits of one history that another doesn't have.
#[derive(Debug, Default)]
pub(super) struct Between {
    /// Children before parents, at most [`Limits::list`].
    pub(super) order: Vec<Oid>,
    /// How many there are, or were seen.
    pub(super) count: u64,
    /// The newest commit that both histories have.
    pub(super) base: Option<Oid>,
    /// The earlier commit was met on the way.
    pub(super) is_met: bool,
    /// The history ends where parents aren't here.
    pub(super) is_cut: bool,
    /// Commits that could not be read.
    pub(super) unreadable: u64,
    /// There are more than are counted.
    pub(super) too_many: bool,
    /// The end was asked for.
    pub(super) stopped: bool,
}

/// All commits that `later` is or comes after, without those that `earlier` is or comes after.
pub(super) fn between(
    odb: &Odb<'_>,
    later: Oid,
    earlier: Option<Oid>,
    limits: Limits,
    stop: &dyn Fn() -> bool,
) -> Between {
    let mut painter = Painter::new(odb);
    painter.paint(later, VISIBLE);
    if let Some(earlier) = earlier {
        painter.paint(earlier, HIDDEN);
    }
    let mut found = Between::default();
    let mut slop = SLOP;
    for turn in 0_usize.. {
        if turn % 64 == 0 && stop() {
            found.stopped = true;
            break;
        }
        if painter.open.is_empty() {
            let Some((seconds, _)) = painter.queue.peek() else { break };
            if *seconds < painter.oldest {
                slop = slop.saturating_sub(1);
            }
            if slop == 0 || painter.nodes.len() > limits.look {
                break;
            }
        } else {
            slop = SLOP;
            if painter.visible > limits.count || painter.nodes.len() > limits.look {
                found.too_many = true;
                break;
            }
        }
        if !painter.step() {
            break;
        }
    }
    painter.finish(earlier, limits, &mut found);
    found
}

struct Painter<'a> {
    odb: &'a Odb<'a>,
    nodes: HashMap<Oid, Node>,
    /// By their times, the newest first.
    queue: BinaryHeap<(i64, Oid)>,
    /// Those in the queue that aren't hidden.
    open: HashSet<Oid>,
    visible: u64,
    /// The time of the oldest commit that was ever visible.
    oldest: i64,
    unreadable: HashSet<Oid>,
}

impl<'a> Painter<'a> {
    fn new(odb: &'a Odb<'a>) -> Self {
        Self {
            odb,
            nodes: HashMap::new(),
            queue: BinaryHeap::new(),
            open: HashSet::new(),
            visible: 0,
            oldest: i64::MAX,
            unreadable: HashSet::new(),
        }
    }

    /// Adds flags to a commit; false where it isn't here.
    fn paint(&mut self, id: Oid, flags: u8) -> bool {
        if !self.nodes.contains_key(&id) {
            match node(self.odb, id) {
                Ok(node) => self.nodes.insert(id, node),
                Err(NoObject::Missing) => return false,
                Err(NoObject::Unreadable) => {
                    self.unreadable.insert(id);
                    return false;
                }
            };
        }
        let Some(node) = self.nodes.get_mut(&id) else { return false };
        let was = node.flags;
        node.flags |= flags;
        if node.flags == was {
            return true;
        }
        let is_visible = |flags: u8| flags & (VISIBLE | HIDDEN) == VISIBLE;
        self.visible += u64::from(is_visible(node.flags));
        self.visible -= u64::from(is_visible(was));
        if is_visible(node.flags) {
            self.oldest = self.oldest.min(node.seconds);
            self.open.insert(id);
        } else {
            self.open.remove(&id);
        }
        self.queue.push((node.seconds, id));
        true
    }

    /// Hands the flags of the newest commit on to its parents; false where there is none.
    fn step(&mut self) -> bool {
        let Some((_, id)) = self.queue.pop() else { return false };
        self.open.remove(&id);
        let Some(node) = self.nodes.get(&id) else { return true };
        let both = VISIBLE | HIDDEN;
        let flags = node.flags | if node.flags & both == both { STALE } else { 0 };
        let mut is_cut = false;
        for parent in node.parents.clone() {
            is_cut |= !self.paint(parent, flags);
        }
        if let Some(node) = self.nodes.get_mut(&id) {
            node.is_cut |= is_cut;
        }
        true
    }

    fn finish(&self, earlier: Option<Oid>, limits: Limits, found: &mut Between) {
        let both = VISIBLE | HIDDEN;
        let shared = self.nodes.iter().filter(|(_, node)| node.flags & (both | STALE) == both);
        found.base = shared.map(|(id, node)| (node.seconds, *id)).max().map(|(_, id)| id);
        found.is_met = earlier
            .and_then(|id| self.nodes.get(&id))
            .is_some_and(|node| node.flags & VISIBLE != 0);
        let visible: HashMap<Oid, &Node> = self
            .nodes
            .iter()
            .filter(|(_, node)| node.flags & both == VISIBLE)
            .map(|(id, node)| (*id, node))
            .collect();
        found.is_cut = visible.values().any(|node| node.is_cut);
        found.unreadable = visible
            .values()
            .map(|node| {
                node.parents.iter().filter(|id| self.unreadable.contains(id)).count() as u64
            })
            .sum();
        found.count = (visible.len() as u64).min(limits.count);
        found.order = children_first(&visible, limits.list);
    }
}

/// The newest commit comes first of those whose children all came.
fn children_first(nodes: &HashMap<Oid, &Node>, most: usize) -> Vec<Oid> {
    let mut children: HashMap<Oid, usize> = HashMap::new();
    for node in nodes.values() {
        for parent in node.parents.iter().filter(|id| nodes.contains_key(id)) {
            *children.entry(*parent).or_default() += 1;
        }
    }
    let ready = |(id, node): (&Oid, &&Node)| (node.seconds, *id);
    let mut next: BinaryHeap<(i64, Oid)> =
        nodes.iter().filter(|(id, _)| !children.contains_key(id)).map(ready).collect();
    let mut order = Vec::new();
    while let Some((_, id)) = next.pop() {
        if order.len() == most {
            break;
        }
        order.push(id);
        for parent in nodes.get(&id).into_iter().flat_map(|node| node.parents.iter()) {
            let Some(left) = children.get_mut(parent) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0
                && let Some(node) = nodes.get(parent)
            {
                next.push((node.seconds, *parent));
            }
        }
    }
    order
}

fn node(odb: &Odb<'_>, id: Oid) -> Result<Node, NoObject> {
    let object = object::commit(odb, id)?;
    let commit = Commit::parse(object.data()).ok_or(NoObject::Unreadable)?;
    Ok(Node {
        flags: 0,
        seconds: commit.committer.seconds,
        parents: commit.parents.into_boxed_slice(),
        is_cut: false,
    })
}

/// Whether one commit comes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It does.
    Yes,
    /// It doesn't: all that comes before was looked at.
    No,
    /// It wasn't met before the history ends where parents aren't here.
    Cut,
    /// There are too many commits to look at, or the end was asked for.
    TooMany,
}

/// Looks for `wanted` in all that `from` comes after.
pub(super) fn reaches(odb: &Odb<'_>, from: Oid, wanted: Oid, stop: &dyn Fn() -> bool) -> Reach {
    let mut seen = HashSet::from([from]);
    let mut next = BinaryHeap::from([(i64::MAX, from)]);
    let mut is_cut = false;
    while let Some((_, id)) = next.pop() {
        if id == wanted {
            return Reach::Yes;
        }
        if seen.len() > LIMITS.look || (seen.len() % 64 == 0 && stop()) {
            return Reach::TooMany;
        }
        let Ok(found) = node(odb, id) else {
            is_cut = true;
            continue;
        };
        // Later ones first: what is looked for is seldom far. A parent is no later than its child here,
        // which is enough for that.
        for parent in found.parents.iter().filter(|parent| seen.insert(**parent)) {
            next.push((found.seconds, *parent));
        }
    }
    if is_cut { Reach::Cut } else { Reach::No }
}

#[cfg(test)]
mod tests {
    use git2::ObjectType;

    use super::*;

    /// A line of so many commits, the newest first.
    fn line(odb: &Odb<'_>, length: usize) -> Vec<Oid> {
        let tree = odb.write(ObjectType::Tree, b"").unwrap();
        let mut commits: Vec<Oid> = Vec::new();
        for second in 0..length {
            let parent = commits.first().map(|id| format!("parent {id}\n")).unwrap_or_default();
            let who = format!("A <a> {second} +0000");
            let text = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\n");
            commits.insert(0, odb.write(ObjectType::Commit, text.as_bytes()).unwrap());
        }
        commits
    }

    fn with_line(length: usize, test: impl Fn(&Odb<'_>, &[Oid])) {
        let folder = tempfile::tempdir().unwrap();
        let repo = git2::Repository::init_bare(folder.path()).unwrap();
        let odb = repo.odb().unwrap();
        let commits = line(&odb, length);
        test(&odb, &commits);
    }

    #[test]
    fn no_more_is_listed_counted_or_looked_at_than_there_is_room_for() {
        with_line(20, |odb, commits| {
            let all = |limits| between(odb, commits[0], None, limits, &|| false);
            let limits = Limits { list: 5, count: 100, look: 100 };
            let found = all(limits);
            assert_eq!((found.order.as_slice(), found.count), (&commits[..5], 20));
            assert!(!found.too_many);
            let found = all(Limits { count: 10, ..limits });
            assert!(found.too_many);
            assert_eq!((found.order.len(), found.count), (5, 10));
            let found = all(Limits { look: 10, ..limits });
            assert!(found.too_many && found.count < 15);
            let found = between(odb, commits[0], Some(commits[10]), limits, &|| false);
            assert_eq!((found.count, found.is_met, found.base), (10, true, Some(commits[10])));
        });
    }

    #[test]
    fn what_comes_long_before_the_earlier_commit_is_not_looked_at() {
        with_line(3 * SLOP, |odb, commits| {
            let looked_at = std::cell::Cell::new(0_usize);
            let stop = || {
                looked_at.set(looked_at.get() + 64);
                false
            };
            let found = between(odb, commits[0], Some(commits[5]), LIMITS, &stop);
            assert_eq!(found.count, 5);
            assert!(looked_at.get() < 2 * SLOP, "{}", looked_at.get());
        });
    }
}
