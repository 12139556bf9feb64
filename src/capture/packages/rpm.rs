//! rpm's database, whose formats are rpm's own affair: rpm is asked.
//!
//! The program is looked for in the system's folders, not along `PATH`: what a project puts there could
//! say anything. It gets no home either, as `~/.rpmmacros` can run commands.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use super::{Listed, Refused, parse};
use crate::base::process::{self, Ended, PassedDescriptors, Question};

/// Where there is one of these files, rpm has a database.
const DATABASES: &[&str] = &[
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/rpmdb.sqlite",
];
const PROGRAMS: &[&str] = &["usr/bin/rpm", "bin/rpm"];
const ARGUMENTS: &[&str] =
    &["-qa", "--qf", "%{NAME}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\t%{ARCH}\\n"];
/// Most that it may print, in bytes.
const CAP: usize = 32 << 20;

/// `None`: there is no database.
pub(super) fn ask(
    folder: &Path,
    passed: &PassedDescriptors,
    limit: Duration,
) -> Option<Result<Listed, Refused>> {
    DATABASES.iter().find(|path| folder.join(path).exists())?;
    Some(query(folder, passed, limit))
}

fn query(folder: &Path, passed: &PassedDescriptors, limit: Duration) -> Result<Listed, Refused> {
    let programs = PROGRAMS.iter().map(|path| folder.join(path));
    let program = programs.into_iter().find(|path| path.is_file());
    let program = program.ok_or("there is its database, and no program rpm to read it")?;
    let question = Question {
        away_from: None,
        program: &program,
        name: OsStr::new("rpm"),
        arguments: ARGUMENTS,
        path: OsStr::new("/usr/bin:/bin"),
        home: None,
        limit,
        cap: CAP,
        passed,
    };
    let answer = process::probe(&question).map_err(|error| format!("rpm didn't run: {error}"))?;
    match answer.ended {
        None => return Err(format!("rpm took more than {} s", limit.as_secs())),
        Some(Ended::Exited(0)) => {}
        Some(ended) => return Err(format!("rpm failed, code {}", process::exit_code(ended))),
    }
    // A list that was cut would read as a machine with fewer packages.
    if answer.cut {
        return Err("rpm printed too much".to_owned());
    }
    let mut listed = Listed::default();
    parse::tabbed(&answer.stdout, &mut listed)?;
    Ok(listed)
}
