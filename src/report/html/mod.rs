//! The report as one HTML page, with nothing to fetch and nothing to run.
//!
//! Every value goes through one door, [`write`]: it escapes markup and whatever repaints or reorders a line. No
//! template marks a value as safe, and a strict policy in the page forbids scripts and styles that aren't ours, so a
//! text that got through all the same could still do nothing.

mod picture;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::mem::take;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
};
use serde::Serialize;

use self::picture::Picture;
use super::model::{BuildV1, ChangeV1, EventV1, ReportV1};
use crate::base::digest::Sha256;
use crate::base::text::{count, is_unprintable};

const TEMPLATES: [(&str, &str); 9] = [
    ("page", include_str!("page.html.jinja")),
    ("build", include_str!("build.html.jinja")),
    ("answers", include_str!("answers.html.jinja")),
    ("finding", include_str!("finding.html.jinja")),
    ("detail", include_str!("detail.html.jinja")),
    ("provision", include_str!("provision.html.jinja")),
    ("words", include_str!("words.html.jinja")),
    ("icons", include_str!("icons.svg")),
    ("style", STYLE),
];
const STYLE: &str = include_str!("page.css");

/// How many builds are shown in full; of lists that grow with the chain and the pipeline, how many rows on the whole
/// page, and how many of one build's at least.
const BUILDS_MAX: usize = 40;
const ROWS_MAX: usize = 600;
const ROWS_MIN: usize = 20;

/// Writes the page.
///
/// # Errors
/// Where the template can't be filled, which is a fault of ours.
pub fn html(report: &ReportV1) -> Result<String, String> {
    let mut report = report.clone();
    let builds = take(&mut report.builds);
    let lanes: Vec<String> =
        builds.iter().skip(BUILDS_MAX).map(|build| build.lane.clone()).collect();
    let most = (ROWS_MAX / builds.len().clamp(1, BUILDS_MAX)).max(ROWS_MIN);
    let shown: Vec<Shown> =
        builds.into_iter().take(BUILDS_MAX).map(|build| Shown::of(build, most)).collect();
    let page = Page { single: shown.len() == 1, style: style_hash(), report, shown, lanes, most };
    environment()
        .and_then(|environment| environment.get_template("page")?.render(Serde(page)))
        .map_err(|error| reason(&error))
}

/// What the templates see.
#[derive(Serialize)]
struct Page {
    report: ReportV1,
    single: bool,
    style: String,
    shown: Vec<Shown>,
    /// Lanes that are named alone.
    lanes: Vec<String>,
    /// Rows of a long list.
    most: usize,
}

/// A build as it is shown: the timeline is a picture and two tables.
#[derive(Serialize)]
struct Shown {
    build: BuildV1,
    picture: Option<Picture>,
    /// The newest builds of the lane, newest first, each without its changes.
    events: Vec<EventV1>,
    events_more: usize,
    changes: Vec<Listed>,
    changes_more: u64,
    /// Titles of the questions by their ids.
    titles: BTreeMap<String, String>,
    /// Where in the list of what to do a remedy stands, counted from 1.
    numbers: BTreeMap<String, usize>,
}

/// A change with the build that has it.
#[derive(Serialize)]
struct Listed {
    run: String,
    #[serde(flatten)]
    change: ChangeV1,
}

impl Shown {
    fn of(mut build: BuildV1, most: usize) -> Self {
        let mut events = take(&mut build.timeline);
        for event in &mut events {
            event.run = named(event);
        }
        let picture = Picture::of(&events);
        let recorded: u64 = events.iter().filter_map(|event| event.changes).sum();
        events.reverse();
        let mut changes: Vec<Listed> = Vec::new();
        for event in &mut events {
            let of = |change| Listed { run: event.run.clone(), change };
            changes.extend(take(&mut event.list).into_iter().map(of));
        }
        // What nothing explains comes first; among equals the newest.
        changes.sort_by_key(|listed| listed.change.explained);
        changes.truncate(most);
        let events_more = events.len().saturating_sub(most);
        events.truncate(most);
        let titles = build
            .provisions
            .iter()
            .flat_map(|provision| &provision.findings)
            .map(|finding| (finding.id.clone(), finding.title.clone()))
            .collect();
        let numbers =
            build.remedies.iter().zip(1..).map(|(remedy, at)| (remedy.id.clone(), at)).collect();
        Self {
            picture,
            events,
            events_more,
            changes_more: recorded.saturating_sub(changes.len().try_into().unwrap_or(u64::MAX)),
            changes,
            titles,
            numbers,
            build,
        }
    }
}

/// What people call a build: a run of a platform's has a number, any other its place in the chain.
fn named(event: &EventV1) -> String {
    match (event.run.as_str(), event.sequence) {
        ("" | "-", Some(sequence)) => format!("build {sequence}"),
        ("" | "-", None) => "a build".to_owned(),
        (run, _) => format!("run {run}"),
    }
}

/// With its causes: an error of an included template says where, and its cause what.
fn reason(error: &Error) -> String {
    let causes =
        std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.take(10).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(write);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    // There is no way round the escaping.
    environment.remove_filter("safe");
    environment.add_filter("when", |time: &str| when(time));
    environment.add_filter("day", |time: &str| day(time));
    environment.add_filter("size", size);
    environment.add_filter("short", |text: &str| text.chars().take(12).collect::<String>());
    environment.add_filter("count", |number: u64, noun: &str| count(number, noun));
    environment.add_filter("clock", |time: &str| clock(time));
    environment.add_test("https", is_https);
    environment.add_test("unread", is_unread);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// The only way of a value into the page. What a macro made is markup already; nothing else is taken for that.
fn write(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String if value.is_safe() => {
            out.write_str(value.as_str().unwrap_or_default())?
        }
        ValueKind::String => escape(out, value.as_str().unwrap_or_default())?,
        ValueKind::Number | ValueKind::Bool => write!(out, "{value}")?,
        kind => {
            let what = format!("the template shows a value of kind {kind}");
            return Err(Error::new(ErrorKind::InvalidOperation, what));
        }
    }
    Ok(())
}

/// Line feeds stay: lines to write have them, and in HTML they are no more than a space.
fn escape(out: &mut Output<'_>, text: &str) -> std::fmt::Result {
    for c in text.chars() {
        match c {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            '\n' => out.write_char(c)?,
            c if is_unprintable(c) => write!(out, "{}", c.escape_unicode())?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
}

/// As a content security policy names the inline style.
fn style_hash() -> String {
    // The engine drops one line feed at the end of a template.
    let style = STYLE.strip_suffix('\n').unwrap_or(STYLE);
    format!("sha256-{}", STANDARD.encode(Sha256::of(style.as_bytes()).as_bytes()))
}

/// Whether an address from a statement may be a link.
fn is_https(address: &str) -> bool {
    let rest = address.strip_prefix("https://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`');
    !host.is_empty() && !host.contains('@') && address.len() <= 2000 && address.chars().all(plain)
}

/// Whether a question is open for want of a reader, whatever the evidence holds: nobody can do anything about it.
fn is_unread(finding: &Value) -> bool {
    let why = finding.get_attr("why").unwrap_or_default();
    why.as_str().is_some_and(|why| why.starts_with("this version can't read such evidence"))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `2026-11-24T18:13:04Z` as `24 November 2026`.
fn day(time: &str) -> String {
    let mut parts =
        time.get(..10).unwrap_or_default().split('-').map(|part| part.parse::<usize>().ok());
    let mut number = || parts.next().flatten();
    let date = (number(), number(), number());
    let (Some(year), Some(month), Some(day)) = date else { return time.to_owned() };
    match month.checked_sub(1).and_then(|at| MONTHS.get(at)) {
        Some(month) => format!("{day} {month} {year}"),
        None => time.to_owned(),
    }
}

/// The day, with the time of it in UTC.
fn when(time: &str) -> String {
    match time.get(11..16) {
        Some(clock) => format!("{}, {clock} UTC", day(time)),
        None => day(time),
    }
}

/// The time of the day alone.
fn clock(time: &str) -> String {
    time.get(11..16).map_or_else(|| time.to_owned(), |clock| format!("{clock} UTC"))
}

/// Bytes for people, and exactly.
fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..=9_999 => return count(bytes, "byte"),
        10_000..=999_999 => (1_000, "kB"),
        1_000_000..=999_999_999 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes / (unit / 10);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}
