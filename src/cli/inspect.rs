//! `proofmark inspect`: what an evidence file says, verified or not.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::check_args::TrustArgs;
use super::failure::{Failure, Fault, answered};
use super::talk::sayable;
use super::{json_out, sections, verify};
use crate::base::digest::Sha256;
use crate::base::text::{Printable, printable, printable_path};
use crate::base::time::Time;
use crate::format::section::{self, SealedPart, sealed_parts};
use crate::format::statement::Statement;
use crate::read::{self, Evidence};
use crate::verify::{Authenticated, Judgement, Wishes, authenticate, judge_statements};

/// Show what an evidence file says; judges nothing without --key
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The evidence file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Show the sealed parts of this file too; each is checked against the statement that names it
    #[arg(long, value_name = "FILE")]
    sections: Option<PathBuf>,
    /// Show exactly what outsiders get: no sealed part (the default)
    #[arg(long, conflicts_with = "sections")]
    public: bool,
    #[command(flatten)]
    trust: TrustArgs,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines: see `proofmark schema inspect`
    Json,
}

/// What `proofmark inspect --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "proofmark inspect v1")]
pub(crate) struct InspectV1 {
    /// Always 1.
    version: u32,
    /// Whether everything below was verified; `false` means that anyone may have written it.
    verified: bool,
    /// Why not, where trust was given.
    reason: Option<String>,
    /// The statements.
    statements: Vec<StatementV1>,
    /// The sealed parts of all statements.
    sections: Vec<SectionV1>,
    /// What is to be said of the other lines.
    notes: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StatementV1 {
    /// Counted from 1.
    lines: Vec<usize>,
    /// `verified`, `not verified` or `unsigned`.
    state: &'static str,
    /// Fingerprints of the trusted keys that signed it.
    signers: Vec<String>,
    /// SHA-256 of the payload; of an unsigned one, of its line.
    payload_sha256: Option<Sha256>,
    /// Its type.
    predicate_type: String,
    /// What it is about.
    subject: Value,
    /// What it says.
    predicate: Value,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SectionV1 {
    /// Where the part stands, such as `environment.variables`.
    place: String,
    /// SHA-256 of its section.
    sha256: Sha256,
    /// Bytes of its section.
    size: u64,
    /// `opened`, or `not given`.
    state: &'static str,
}

pub(super) fn run(args: &Inspect, out: &mut dyn Write) -> Result<u8, Failure> {
    let trust = args.trust.trust()?;
    let evidence = read::file(&args.file).map_err(|error| {
        Failure::new(Fault::CouldNotTell, error)
            .hint("give an evidence file, such as proofmark.sigstore.jsonl")
    })?;
    let mut notes: Vec<String> = evidence
        .malformed
        .iter()
        .map(|bad| format!("line {}: can't be parsed: {}", bad.line, bad.error))
        .chain(
            evidence
                .passed_over
                .iter()
                .map(|p| format!("line {}: passed over: {}", p.line, p.what)),
        )
        .collect();
    if evidence.is_empty() {
        let why = notes.first().cloned().unwrap_or_else(|| "it is empty".to_owned());
        let path = printable_path(&args.file);
        return Err(Failure::new(
            Fault::CouldNotTell,
            format_args!("no evidence in {path}: {why}"),
        )
        .hint("give an evidence file, such as proofmark.sigstore.jsonl"));
    }
    let authenticated = trust.as_ref().map(|trust| authenticate(&evidence, trust));
    let wishes = Wishes::default();
    let judgement = authenticated.as_ref().map(|set| judge_statements(set, &wishes, Time::now()));
    let mut statements = statements(&evidence, authenticated.as_ref(), &mut notes);
    let sections = open_sections(args.sections.as_deref(), &mut statements)?;
    let refusal = judgement.as_ref().and_then(|judgement| judgement.refusal.as_ref());
    let result = InspectV1 {
        version: 1,
        verified: judgement.as_ref().is_some_and(|judgement| judgement.refusal.is_none())
            && statements.iter().all(|statement| statement.state == "verified"),
        reason: refusal.map(ToString::to_string),
        statements,
        sections,
        notes,
    };
    let written = match args.format {
        Format::Json => json_out::write(&result, out),
        Format::Text => write_text(args, &result, judgement.as_ref(), out),
    };
    answered(written, judgement.map_or(0, |judgement| verify::exit_code(judgement.verdict())))
}

fn statements(
    evidence: &Evidence,
    authenticated: Option<&Authenticated>,
    notes: &mut Vec<String>,
) -> Vec<StatementV1> {
    let mut statements = Vec::new();
    for verified in authenticated.iter().flat_map(|set| &set.verified) {
        let signers: Vec<_> = verified.signers().iter().map(ToString::to_string).collect();
        let enough = authenticated.is_some_and(|set| signers.len() >= set.threshold());
        let mut shown = shown(verified.get(), if enough { "verified" } else { "not verified" });
        verified.lines().clone_into(&mut shown.lines);
        shown.signers = signers;
        shown.payload_sha256 = Some(verified.payload_digest());
        statements.push(shown);
    }
    let seen: Vec<usize> = statements.iter().flat_map(|shown| shown.lines.clone()).collect();
    for line in evidence.lines.iter().filter(|line| !seen.contains(&line.line())) {
        match line.unchecked() {
            Ok(statement) => {
                let mut shown = shown(statement.show(), "not verified");
                shown.lines = vec![line.line()];
                shown.payload_sha256 = Some(line.payload_digest());
                statements.push(shown);
            }
            Err(error) => notes.push(format!("line {}: no statement: {error}", line.line())),
        }
    }
    for unsigned in &evidence.unsigned {
        let mut shown = shown(unsigned.statement.show(), "unsigned");
        shown.lines = vec![unsigned.line];
        shown.payload_sha256 = Some(unsigned.sha256);
        statements.push(shown);
    }
    statements.sort_by_key(|shown| shown.lines.first().copied());
    statements
}

/// Opens the sections that were given, and puts their content in its place.
fn open_sections(
    file: Option<&Path>,
    statements: &mut [StatementV1],
) -> Result<Vec<SectionV1>, Failure> {
    let mut parts: Vec<_> =
        statements.iter().flat_map(|statement| sealed_parts(&statement.predicate)).collect();
    parts.sort();
    parts.dedup();
    let opened = match file {
        None => BTreeMap::new(),
        Some(path) => sections::open(path, &parts, |_place| true)?.contents,
    };
    for statement in statements {
        section::unseal(&mut statement.predicate, &opened);
    }
    let shown = |part: SealedPart| SectionV1 {
        state: if opened.contains_key(&part.seal) { "opened" } else { "not given" },
        place: part.place,
        sha256: part.seal.sha256,
        size: part.seal.size,
    };
    Ok(parts.into_iter().map(shown).collect())
}

fn shown(statement: &Statement, state: &'static str) -> StatementV1 {
    StatementV1 {
        lines: Vec::new(),
        state,
        signers: Vec::new(),
        payload_sha256: None,
        predicate_type: statement.predicate_type.clone(),
        subject: serde_json::to_value(&statement.subjects).unwrap_or_default(),
        predicate: statement.predicate.clone(),
    }
}

fn write_text(
    args: &Inspect,
    result: &InspectV1,
    judgement: Option<&Judgement<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let path = sayable(&printable_path(&args.file));
    match judgement {
        None => writeln!(
            out,
            "NOT VERIFIED: no --key was given, so anyone may have written what {path} says"
        )?,
        Some(Judgement { refusal: Some(reason), .. }) => {
            writeln!(out, "NOT VERIFIED ({}): {reason}", verify::word(reason.verdict()))?
        }
        Some(_) if !result.verified => {
            writeln!(out, "PARTLY VERIFIED: each statement below says whether it is")?;
        }
        Some(_) => writeln!(out, "verified: every statement of {path} is signed by a trusted key")?,
    }
    for statement in &result.statements {
        let lines: Vec<_> = statement.lines.iter().map(ToString::to_string).collect();
        writeln!(out)?;
        writeln!(out, "line {}: {}", lines.join(", "), Printable(&statement.predicate_type))?;
        writeln!(out, "  state       {}", statement.state)?;
        for signer in &statement.signers {
            writeln!(out, "  signed by   {signer}")?;
        }
        if let Some(digest) = statement.payload_sha256 {
            writeln!(out, "  payload     sha256:{digest}")?;
        }
        write_subjects(&statement.subject, out)?;
        write_value(&statement.predicate, 1, out)?;
    }
    if !result.sections.is_empty() {
        writeln!(out, "\nsealed parts")?;
    }
    for section in &result.sections {
        let (state, place) = (section.state, Printable(&section.place));
        writeln!(out, "  {state:<11} {place} ({} bytes)", section.size)?;
    }
    for note in &result.notes {
        writeln!(out, "{note}")?;
    }
    Ok(())
}

/// More subjects or list entries than this are counted and not shown.
const SHOWN_MAX: usize = 20;
/// Values nested deeper than this are left to `--format json`.
const DEPTH_MAX: usize = 12;

fn write_subjects(subjects: &Value, out: &mut dyn Write) -> io::Result<()> {
    let subjects = subjects.as_array().map(Vec::as_slice).unwrap_or_default();
    for subject in subjects.iter().take(SHOWN_MAX) {
        let name = subject.get("name").and_then(Value::as_str).unwrap_or("(no name)");
        let digest = subject.pointer("/digest/sha256").and_then(Value::as_str);
        let digest = digest.map_or_else(|| "no sha256".to_owned(), |hex| format!("sha256:{hex}"));
        let annotation = |name: &str| {
            let text = subject.pointer(&format!("/annotations/{name}")).and_then(Value::as_str);
            text.map(ToOwned::to_owned)
        };
        let declared = annotation("basis").filter(|basis| basis == "declared");
        let said = [
            annotation("kind"),
            annotation("platform"),
            declared.map(|_| "digest declared, not computed".to_owned()),
        ];
        let said: Vec<_> = said.into_iter().flatten().collect();
        let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
        let (name, digest, said) = (Printable(name), Printable(&digest), Printable(&said));
        writeln!(out, "  subject     {name} {digest}{said}")?;
    }
    match subjects.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => writeln!(out, "  subject     and {more} more (--format json shows all)"),
    }
}

/// An outline: one line a value, indented; long lists are cut.
fn write_value(value: &Value, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    if depth > DEPTH_MAX {
        return writeln!(out, "{indent}... (--format json shows all)");
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match one_line(member) {
                    Some(text) => writeln!(out, "{indent}{}: {text}", Printable(name))?,
                    None => {
                        writeln!(out, "{indent}{}:", Printable(name))?;
                        write_value(member, depth + 1, out)?;
                    }
                }
            }
        }
        Value::Array(entries) => {
            for entry in entries.iter().take(SHOWN_MAX) {
                match one_line(entry) {
                    Some(text) => writeln!(out, "{indent}- {text}")?,
                    None => {
                        writeln!(out, "{indent}-")?;
                        write_value(entry, depth + 1, out)?;
                    }
                }
            }
            let more = entries.len().saturating_sub(SHOWN_MAX);
            if more > 0 {
                writeln!(out, "{indent}and {more} more (--format json shows all)")?;
            }
        }
        other => writeln!(out, "{indent}{}", one_line(other).unwrap_or_default())?,
    }
    Ok(())
}

/// What fits on the line of its name: a plain value, an empty or short list of plain values, and a flat
/// object such as one gap or one file.
fn one_line(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("none".to_owned()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(printable(text)),
        Value::Array(entries) if entries.is_empty() => Some("none".to_owned()),
        Value::Array(entries) if entries.len() <= 8 && entries.iter().all(is_plain) => {
            let texts: Option<Vec<_>> = entries.iter().map(one_line).collect();
            texts.map(|texts| texts.join(" ")).filter(|text| text.len() <= 100)
        }
        Value::Object(members) if members.is_empty() => Some("none".to_owned()),
        Value::Object(members) if members.values().all(is_plain) => {
            let parts: Option<Vec<_>> = members
                .iter()
                .map(|(name, value)| Some(format!("{} {}", Printable(name), one_line(value)?)))
                .collect();
            parts.map(|parts| parts.join(", ")).filter(|text| text.len() <= 160)
        }
        _ => None,
    }
}

const fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}
