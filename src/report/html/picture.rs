//! The timeline of a lane as a picture: a column for each build, or for each span of time where there are many, and a
//! track for each kind of mark. A mark is told by its shape and its track, never by its colour alone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::day;
use crate::base::text::{count, cut};
use crate::report::model::EventV1;

const WIDTH: usize = 960;
const LEFT: usize = 170;
const RIGHT: usize = 940;
/// Room for half of a label beside the first and the last column.
const MARGIN: usize = 40;
const TOP: usize = 12;
const STEP: usize = 40;
/// Most columns that can be told apart, and spans to group by, in days.
const COLUMNS_MAX: usize = 40;
const SPANS: [i64; 7] = [1, 7, 28, 91, 365, 3_650, 36_500];
const DAY: i64 = 86_400;

/// What the template draws. All lengths are in units of the picture.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    width: usize,
    height: usize,
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
    /// Where the labels of the ticks stand.
    label: usize,
    summary: String,
    ticks: Vec<Tick>,
    tracks: Vec<Track>,
    marks: Vec<Mark>,
}

#[derive(Debug, Serialize)]
struct Tick {
    x: usize,
    text: String,
}

#[derive(Debug, Serialize)]
struct Track {
    y: usize,
    name: &'static str,
}

#[derive(Debug, Serialize)]
struct Mark {
    class: &'static str,
    path: String,
    title: String,
    /// A number beside the mark, where one fits, and its place.
    count: Option<u64>,
    x: usize,
    y: usize,
}

/// A build, or the builds of a span of time.
#[derive(Debug, Default)]
struct Column {
    first: String,
    last: String,
    builds: u64,
    failed: u64,
    explained: u64,
    unexplained: u64,
    drift: u64,
    chain: Vec<String>,
    run: String,
}

impl Column {
    fn add(&mut self, event: &EventV1) {
        let finished = day(&event.finished.to_string());
        if self.builds == 0 {
            self.first.clone_from(&finished);
        }
        self.last = finished;
        self.run = cut(&event.run, 40);
        self.builds += 1;
        self.failed += u64::from(!went_well(&event.outcome));
        let unexplained = event.unexplained.unwrap_or(0);
        self.explained =
            self.explained.saturating_add(event.changes.unwrap_or(0).saturating_sub(unexplained));
        self.unexplained = self.unexplained.saturating_add(unexplained);
        self.drift = self.drift.saturating_add(event.drift.unwrap_or(0));
        self.chain.extend(event.marks.iter().take(5).map(|mark| cut(mark, 40)));
    }

    /// What the column is, for the title of each of its marks.
    fn name(&self) -> String {
        match self.builds {
            1 => format!("{}, {}", self.run, self.last),
            builds if self.first == self.last => {
                format!("{}, {}", count(builds, "build"), self.last)
            }
            builds => format!("{}, {} to {}", count(builds, "build"), self.first, self.last),
        }
    }
}

/// The outcome is a word of the report's, such as `success` or `exit code 2`.
fn went_well(outcome: &str) -> bool {
    ["success", "succeeded", "passed", "exit code 0", "exit 0"]
        .iter()
        .any(|word| outcome.starts_with(word))
}

impl Picture {
    /// Of a lane's builds, oldest first.
    pub(super) fn of(events: &[EventV1]) -> Option<Self> {
        let (columns, grouped) = columns(events);
        let tracks: Vec<Track> = [
            "builds",
            "explained changes",
            "unexplained changes",
            "drift from the lock",
            "chain findings",
        ]
        .into_iter()
        .enumerate()
        .map(|(at, name)| Track { y: TOP + 18 + at * STEP, name })
        .collect();
        let y: Vec<usize> = tracks.iter().map(|track| track.y).collect();
        let [builds, explained, unexplained, drift, chain] = y.as_slice() else { return None };
        let last = columns.len().checked_sub(1)?;
        let place = |at: usize| match last {
            0 => LEFT.midpoint(RIGHT),
            _ => LEFT + MARGIN + (RIGHT - LEFT - 2 * MARGIN) * at / last,
        };
        let room = (RIGHT - LEFT - 2 * MARGIN) / columns.len() >= 24;
        let mut marks = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let (x, name) = (place(at), column.name());
            let mut mark = |class,
                            shape: fn(usize, usize) -> String,
                            y: usize,
                            number: u64,
                            shown: bool,
                            title: String| {
                if number > 0 {
                    let count = (shown && (room || number < 10)).then_some(number);
                    marks.push(Mark { class, path: shape(x, y), title, count, x, y: y + 20 });
                }
            };
            let title = match column.failed {
                0 => format!("{name}: built"),
                _ if column.builds == 1 => format!("{name}: did not succeed"),
                failed => format!("{name}: {failed} did not succeed"),
            };
            let (class, shape): (_, fn(usize, usize) -> String) =
                if column.failed == 0 { ("ok", circle) } else { ("failed", ring) };
            mark(class, shape, *builds, column.builds, grouped, title);
            let of = |number, noun| format!("{name}: {}", count(number, noun));
            mark(
                "ok",
                square,
                *explained,
                column.explained,
                true,
                of(column.explained, "explained change"),
            );
            mark(
                "bad",
                triangle,
                *unexplained,
                column.unexplained,
                true,
                of(column.unexplained, "unexplained change"),
            );
            mark(
                "warn",
                diamond,
                *drift,
                column.drift,
                true,
                of(column.drift, "difference") + " from the lock",
            );
            let found = u64::try_from(column.chain.len()).unwrap_or(u64::MAX);
            let mut kinds = column.chain.clone();
            kinds.dedup();
            kinds.truncate(5);
            mark("bad", cross, *chain, found, grouped, format!("{name}: {}", kinds.join(", ")));
        }
        let bottom = chain + 18;
        Some(Self {
            width: WIDTH,
            height: bottom + 26,
            left: LEFT,
            right: RIGHT,
            top: TOP,
            bottom,
            label: bottom + 18,
            summary: summary(&columns, grouped),
            ticks: ticks(&columns, place),
            tracks,
            marks,
        })
    }
}

/// A column per build while they fit, else per the shortest span that makes them fit; spans without a build have none.
fn columns(events: &[EventV1]) -> (Vec<Column>, bool) {
    let single = |event| {
        let mut column = Column::default();
        column.add(event);
        column
    };
    if events.len() <= COLUMNS_MAX {
        return (events.iter().map(single).collect(), false);
    }
    let start = events.iter().map(|event| event.finished).min();
    let by = |days: i64| {
        let mut spans: BTreeMap<i64, Column> = BTreeMap::new();
        for event in events {
            let seconds = start.map_or(0, |start| event.finished.seconds_since(start));
            spans.entry(seconds / (days * DAY)).or_default().add(event);
        }
        spans.into_values().collect::<Vec<_>>()
    };
    let fits = SPANS.into_iter().map(by).find(|columns| columns.len() <= COLUMNS_MAX);
    (fits.unwrap_or_default(), true)
}

fn ticks(columns: &[Column], place: impl Fn(usize) -> usize) -> Vec<Tick> {
    let last = columns.len().saturating_sub(1);
    let every = last.div_ceil(5).max(1);
    let wanted =
        |at: &usize| *at == last || (at.is_multiple_of(every) && at + every.div_ceil(2) <= last);
    // The name of one day would tell its builds nothing apart.
    let one_day = columns.len() > 1
        && columns
            .iter()
            .all(|column| columns.first().is_some_and(|first| first.first == column.last));
    let text = |column: &Column| match one_day && column.builds == 1 {
        true => cut(&column.run, 16),
        false => column.first.clone(),
    };
    let wanted = columns.iter().enumerate().filter(|(at, _)| wanted(at));
    let mut ticks: Vec<Tick> =
        wanted.map(|(at, column)| Tick { x: place(at), text: text(column) }).collect();
    ticks.dedup_by(|later, earlier| later.text == earlier.text);
    ticks
}

fn summary(columns: &[Column], grouped: bool) -> String {
    let sum = |of: fn(&Column) -> u64| columns.iter().map(of).fold(0, u64::saturating_add);
    let builds = sum(|column| column.builds);
    let from = columns.first().map(|column| column.first.as_str()).unwrap_or_default();
    let to = columns.last().map(|column| column.last.as_str()).unwrap_or_default();
    let span = if from == to { format!("on {to}") } else { format!("from {from} to {to}") };
    let each = match grouped {
        true => "each column stands for the builds of a span of time",
        false => "each column is a build, the oldest first",
    };
    format!(
        "{} {span}: {}, {} that nothing explains, {} from the lock, {}; {each}.",
        count(builds, "build"),
        count(sum(|column| column.explained), "explained change"),
        sum(|column| column.unexplained),
        count(sum(|column| column.drift), "difference"),
        count(sum(|column| column.chain.len() as u64), "chain finding"),
    )
}

fn circle(x: usize, y: usize) -> String {
    format!("M{} {y}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z", x - 6)
}

fn ring(x: usize, y: usize) -> String {
    format!(
        "M{} {y}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0zM{} {y}a3 3 0 1 1 6 0a3 3 0 1 1 -6 0z",
        x - 6,
        x - 3
    )
}

fn square(x: usize, y: usize) -> String {
    format!("M{} {}h10v10h-10z", x - 5, y - 5)
}

fn triangle(x: usize, y: usize) -> String {
    format!("M{x} {}l7 12h-14z", y - 7)
}

fn diamond(x: usize, y: usize) -> String {
    format!("M{x} {}l7 7l-7 7l-7 -7z", y - 7)
}

fn cross(x: usize, y: usize) -> String {
    format!("M{} {}l2 -2l4 4l4 -4l2 2l-4 4l4 4l-2 2l-4 -4l-4 4l-2 -2l4 -4z", x - 6, y - 4)
}
