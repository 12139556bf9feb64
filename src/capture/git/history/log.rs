//! The log itself: what each commit says, and what is said of those that aren't listed.

use std::collections::BTreeMap;

use git2::{Odb, Oid};

use super::graph::{self, Between, LIMITS, Reach};
use super::message::{self, Piece, TRAILERS_MAX};
use super::object::{self, Commit, Ident};
use super::signature;
use super::touched::Comparer;
use super::{AllowedSigners, FETCH, PART, Range, lookup};
use crate::base::text::{count, cut};
use crate::base::time::Time;
use crate::capture::git::path;
use crate::capture::git::people::Book;
use crate::capture::redact::{Redactor, Scrubbed};
use crate::format::evidence::{CommitEntry, CommitLog, NOT_AFTER, Touched, Trailer};
use crate::format::fact::{Gap, Sealable, Withheld};

/// Most characters of a subject or of a trailer's value.
const TEXT_MAX: usize = 200;
/// Most characters of a text in which secrets are looked for.
const LOOKED_AT: usize = 4096;
/// Most paths of all commits.
const PATHS_MAX: usize = 100_000;

/// What commits are looked at with.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub(super) signers: Option<&'a AllowedSigners>,
    pub(super) redactor: &'a Redactor,
    pub(super) stop: &'a dyn Fn() -> bool,
}

/// What is said of listed commits only in part.
#[derive(Default)]
struct Left {
    paths: usize,
    more_paths: u64,
    unread: u64,
    trailers: u64,
    names: u64,
    commits: u64,
}

pub(super) struct Pass<'a> {
    odb: &'a Odb<'a>,
    is_shallow: bool,
    comparer: Comparer<'a>,
    means: Means<'a>,
    book: Book,
    /// Why not all commits are listed.
    incomplete: Vec<String>,
    left: Left,
    gaps: &'a mut Vec<Gap>,
    redactions: &'a mut Vec<Withheld>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        odb: &'a Odb<'a>,
        is_shallow: bool,
        comparer: Comparer<'a>,
        means: Means<'a>,
        book: Book,
        gaps: &'a mut Vec<Gap>,
        redactions: &'a mut Vec<Withheld>,
    ) -> Self {
        let (incomplete, left) = (Vec::new(), Left::default());
        Self { odb, is_shallow, comparer, means, book, incomplete, left, gaps, redactions }
    }

    pub(super) fn log(mut self, head: Oid, range: &Range<'_>) -> CommitLog {
        let (since, start, tag) = self.start(range);
        let between = graph::between(self.odb, head, start, LIMITS, self.means.stop);
        let since_commit = match start {
            Some(start) if !between.is_met => self.without_meeting(since, head, start, &between),
            start => start,
        };
        self.say_what_was_not_seen(&between);
        let list = self.list(&between);
        self.say_what_was_left_out();
        let mut signatures: BTreeMap<String, u64> = BTreeMap::new();
        for entry in &list {
            *signatures.entry(entry.signature.state.clone()).or_default() += 1;
        }
        CommitLog {
            since: since.to_owned(),
            since_commit: since_commit.map(|id| id.to_string()),
            since_tag: tag,
            count: between.count,
            complete: self.incomplete.is_empty(),
            why_incomplete: (!self.incomplete.is_empty()).then(|| self.incomplete.join("; ")),
            touching: list.iter().filter(|entry| !entry.touches.is_empty()).count() as u64,
            signatures,
            allowed_signers: self.means.signers.map(AllowedSigners::sha256),
            list: Sealable::Inline(list),
            people: Sealable::Inline(self.book.finish()),
        }
    }

    fn incomplete(&mut self, reason: String, cure: Option<&str>) {
        self.gaps.push(match cure {
            Some(cure) => Gap::new(PART, &reason, cure),
            None => Gap::without_cure(PART, &reason),
        });
        self.incomplete.push(reason);
    }

    /// What the log begins after, as it is named, and the name of the tag.
    fn start(&mut self, range: &Range<'_>) -> (&'static str, Option<Oid>, Option<String>) {
        if let Some(text) = range.baseline {
            match lookup(self.odb, text, self.is_shallow) {
                Ok(id) => return ("baseline", Some(id), None),
                Err(why) => {
                    self.incomplete(format!("the baseline's commit {why}"), Some(FETCH));
                }
            }
        }
        if let Some(tag) = range.last_tag {
            match lookup(self.odb, &tag.commit, self.is_shallow) {
                Ok(id) => {
                    let name = self.text(tag.name.as_bytes(), "name of the last tag");
                    return ("last tag", Some(id), Some(name));
                }
                Err(why) => {
                    self.incomplete(format!("the last tag's commit {why}"), Some(FETCH));
                }
            }
        }
        ("beginning", None, None)
    }

    /// HEAD doesn't come after where the log was to begin, as far as was seen. Gives where it begins.
    fn without_meeting(
        &mut self,
        since: &str,
        head: Oid,
        start: Oid,
        between: &Between,
    ) -> Option<Oid> {
        let whose = if since == "baseline" { "the baseline's" } else { "the last tag's" };
        match graph::reaches(self.odb, head, start, self.means.stop) {
            Reach::Yes => return Some(start),
            Reach::No => {
                let listed = match between.base {
                    Some(_) => "listed are the commits since the last that both come after",
                    None => "they have no commit in common",
                };
                let reason = format!(
                    "{NOT_AFTER} {whose} commit (history was rewritten, or it is of another branch): {listed}"
                );
                self.incomplete(reason, None);
            }
            Reach::Cut => self.incomplete(
                format!("the history is cut off before {whose} commit is met"),
                Some(FETCH),
            ),
            Reach::TooMany => self.incomplete(
                format!("{whose} commit wasn't met among as many commits as are looked at"),
                None,
            ),
        }
        between.base
    }

    fn say_what_was_not_seen(&mut self, between: &Between) {
        if between.stopped {
            let reason = "the history was not read to its end before the end was asked for";
            self.incomplete(reason.to_owned(), None);
        }
        if between.unreadable > 0 {
            let commits = count(between.unreadable, "commit");
            let cure = "see what `git fsck` says, or clone again";
            self.incomplete(format!("{commits} and what comes before can't be read"), Some(cure));
        } else if between.is_cut {
            let reason = if self.is_shallow {
                "the history is cut off (shallow): what comes before isn't in the repository"
            } else {
                "parents of some commits aren't in the repository"
            };
            self.incomplete(reason.to_owned(), Some(FETCH));
        }
        if between.too_many {
            let most = LIMITS.count;
            let reason = format!("there are more than {most} commits, which aren't counted");
            self.incomplete(reason, None);
        }
        if between.count > LIMITS.list as u64 {
            let reason = format!(
                "{} were counted, the newest {} are listed and looked at",
                count(between.count, "commit"),
                LIMITS.list
            );
            self.incomplete(reason, Some("build, and so log, more often, or set tags"));
        }
    }

    fn list(&mut self, between: &Between) -> Vec<CommitEntry> {
        let mut list = Vec::new();
        if between.stopped {
            return list;
        }
        for (number, id) in between.order.iter().enumerate() {
            if (self.means.stop)() {
                let reason = format!(
                    "{number} of {} are listed: the end was asked for",
                    count(between.count, "commit")
                );
                self.incomplete(reason, None);
                break;
            }
            match self.entry(*id) {
                Some(entry) => list.push(entry),
                None => self.left.commits += 1,
            }
        }
        list
    }

    fn entry(&mut self, id: Oid) -> Option<CommitEntry> {
        // It was read a moment ago; what can't be read again is said.
        let object = object::commit(self.odb, id).ok()?;
        let commit = Commit::parse(object.data())?;
        let name = id.to_string();
        let short = name.get(..12).unwrap_or_default();
        let author = self.person(&commit.author, &format!("author of commit {short}"));
        let committer = self.person(&commit.committer, &format!("committer of commit {short}"));
        let committed = Time::saturating(commit.committer.seconds);
        let checked = signature::check(object.data(), committed, self.means.signers);
        let mut signature = checked.signature;
        signature.principal = checked.principal.map(|principals| {
            let place = "principals of an allowed signer";
            self.book
                .text(principals.as_bytes(), place, self.means.redactor, self.redactions)
                .fingerprint
        });
        Some(CommitEntry {
            parents: commit.parents.iter().map(Oid::to_string).collect(),
            author,
            committer,
            authored: Time::saturating(commit.author.seconds),
            committed,
            subject: self
                .text(message::subject(commit.message), &format!("subject of commit {short}")),
            signature,
            touches: self.touches(&commit),
            trailers: self.trailers(commit.message, short),
            request: message::request(commit.message),
            id: name,
        })
    }

    fn touches(&mut self, commit: &Commit<'_>) -> Vec<Touched> {
        let mut trees = Vec::with_capacity(commit.parents.len());
        for parent in &commit.parents {
            let tree = object::commit(self.odb, *parent)
                .ok()
                .and_then(|object| Commit::parse(object.data()).map(|parent| parent.tree));
            // Compared with nothing, it would touch all that there is.
            let Some(tree) = tree else {
                self.left.unread += 1;
                return Vec::new();
            };
            trees.push(tree);
        }
        let most = PATHS_MAX.saturating_sub(self.left.paths);
        let found = self.comparer.touches(commit.tree, &trees, most);
        self.left.paths += found.list.len();
        self.left.more_paths += u64::from(found.more);
        self.left.unread += u64::from(found.unread);
        found.list
    }

    fn trailers(&mut self, message: &[u8], short: &str) -> Vec<Trailer> {
        let found = message::trailers(message);
        self.left.trailers += u64::from(found.len() > TRAILERS_MAX);
        let mut trailers = Vec::new();
        for (key, value) in found.into_iter().take(TRAILERS_MAX) {
            let place = format!("trailer of commit {short}");
            let mut whole = String::new();
            for piece in message::pieces(&value).into_iter().take(TRAILERS_MAX) {
                if !whole.is_empty() {
                    whole.push(' ');
                }
                match piece {
                    Piece::Person { name, address } => {
                        whole.push_str("person:");
                        let ident = Ident { name, address, seconds: 0 };
                        whole.push_str(&self.person(&ident, &place));
                    }
                    Piece::Text(text) => {
                        let text = near(text);
                        let scrubbed = self.means.redactor.scrub_variable(key, &text);
                        whole.push_str(&self.noted(&place, scrubbed));
                    }
                }
            }
            let key = self.text(key.as_bytes(), &place);
            trailers.push(Trailer { key, value: cut(&whole, TEXT_MAX) });
        }
        trailers
    }

    fn person(&mut self, ident: &Ident<'_>, place: &str) -> String {
        let person = self.book.person(
            ident.name,
            ident.address,
            place,
            self.means.redactor,
            self.redactions,
        );
        self.left.names += u64::from(person.was_cut);
        person.fingerprint
    }

    /// A secret must not be cut before it is looked for.
    fn text(&mut self, bytes: &[u8], place: &str) -> String {
        let scrubbed = self.means.redactor.scrub(&near(bytes));
        cut(&self.noted(place, scrubbed), TEXT_MAX)
    }

    fn noted(&mut self, place: &str, scrubbed: Scrubbed) -> String {
        self.redactions.extend(
            scrubbed
                .rules
                .iter()
                .map(|rule| Withheld { place: place.to_owned(), rule: rule.id().to_owned() }),
        );
        scrubbed.text
    }

    fn say_what_was_left_out(&mut self) {
        if self.left.commits > 0 {
            let commits = count(self.left.commits, "commit");
            self.incomplete(format!("{commits} can't be read and aren't listed"), None);
        }
        let Left { more_paths, unread, trailers, names, .. } = self.left;
        let mut say = |number: u64, reason: &str, cure: Option<&str>| {
            if number > 0 {
                let reason = format!("{} {reason}", count(number, "commit"));
                self.gaps.push(match cure {
                    Some(cure) => Gap::new(PART, reason, cure),
                    None => Gap::without_cure(PART, reason),
                });
            }
        };
        say(more_paths, "with more paths of the build environment than are listed", None);
        say(unread, "of which it isn't known what they touch: objects aren't here", Some(FETCH));
        say(trailers, "with more trailers than are listed", None);
        if names + self.book.left_out > 0 {
            let reason = "names of people were cut or left out: they are too long or too many";
            self.gaps.push(Gap::without_cure("changes.commits.people", reason));
        }
    }
}

/// The beginning of a text, long enough to know a secret in what is recorded of it.
fn near(bytes: &[u8]) -> String {
    path::text(bytes).chars().take(LOOKED_AT).collect()
}
