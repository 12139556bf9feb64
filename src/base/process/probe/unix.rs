//! Linux, macOS and their kin: one loop that waits for output and for the end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::{Answer, Question, keep};
use crate::base::process::Spec;

/// The longest sleep between two looks at a program that prints nothing.
const TICK: Duration = Duration::from_millis(20);
/// How long a killed program may take to be gone.
const DYING: Duration = Duration::from_millis(500);

/// One of the two streams; `pipe` is `None` after its end.
struct Stream {
    pipe: Option<File>,
    kept: Vec<u8>,
    cut: bool,
}

impl Stream {
    fn new(pipe: Option<impl Into<OwnedFd>>) -> Self {
        Self { pipe: pipe.map(|pipe| File::from(pipe.into())), kept: Vec::new(), cut: false }
    }

    /// Reads once; there is something to read, or the end.
    fn read(&mut self, buffer: &mut [u8], cap: usize) {
        let Some(pipe) = &mut self.pipe else { return };
        match pipe.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(read @ 1..) => {
                self.cut |= keep(&mut self.kept, buffer.get(..read).unwrap_or_default(), cap);
            }
            Ok(0) | Err(_) => self.pipe = None,
        }
    }
}

pub(super) fn ask(
    question: &Question<'_>,
    folder: &Path,
    environment: &[(OsString, OsString)],
) -> io::Result<Answer> {
    let deadline = Instant::now().checked_add(question.limit);
    let arguments: Vec<OsString> = question.arguments.iter().map(OsString::from).collect();
    let spec = Spec {
        program: question.name,
        arguments: &arguments,
        folder: Some(folder),
        environment,
        descriptors: question.passed,
    };
    let mut command = super::super::command(&spec, question.program.as_os_str());
    command.arg0(question.name).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    close_fds::set_fds_cloexec(3, &question.passed.0);
    let mut child = command.spawn()?;
    let mut streams = [Stream::new(child.stdout.take()), Stream::new(child.stderr.take())];

    let pid = Pid::from_child(&child);
    let left = || deadline.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
    let mut buffer = vec![0; 16 << 10];
    let mut tick = Duration::from_millis(1);
    let mut has_ended = false;
    while !has_ended && !left().is_zero() {
        if read_ready(&mut streams, &mut buffer, question.cap, tick.min(left())) == 0 {
            tick = tick.saturating_mul(2).min(TICK);
        }
        has_ended = ended(pid);
    }
    // Not reaped yet, so that the group's number is nobody else's.
    let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    // What it printed last. Whoever escaped the group could go on for ever.
    while has_ended
        && !left().is_zero()
        && !streams.iter().any(|stream| stream.cut)
        && read_ready(&mut streams, &mut buffer, question.cap, Duration::ZERO) > 0
    {}
    let status = reap(child);
    let [stdout, stderr] = streams;
    Ok(Answer {
        ended: if has_ended { Some(super::super::sys::ended(status?)) } else { None },
        cut: stdout.cut || stderr.cut,
        stdout: stdout.kept,
        stderr: stderr.kept,
    })
}

/// Waits until a stream has something or `limit` is over, and reads each that has, once. Returns how
/// many.
fn read_ready(streams: &mut [Stream], buffer: &mut [u8], cap: usize, limit: Duration) -> usize {
    let mut ready = Vec::with_capacity(streams.len());
    {
        let open = streams.iter().filter_map(|stream| stream.pipe.as_ref());
        let mut polled: Vec<_> = open.map(|pipe| PollFd::new(pipe, PollFlags::IN)).collect();
        let limit = Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        };
        // A signal ends the wait early, and all are polled again.
        if poll(&mut polled, Some(&limit)).is_ok() {
            ready.extend(polled.iter().map(|polled| !polled.revents().is_empty()));
        }
    }
    let mut read = 0;
    let open = streams.iter_mut().filter(|stream| stream.pipe.is_some());
    for stream in open.zip(ready).filter_map(|(stream, ready)| ready.then_some(stream)) {
        stream.read(buffer, cap);
        read += 1;
    }
    read
}

/// Whether it has ended, without reaping it. One that the system has reaped by itself has.
fn ended(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match rustix::process::waitid(WaitId::Pid(pid), options) {
        Ok(status) => status.is_some(),
        Err(error) => error != rustix::io::Errno::INTR,
    }
}

/// Reaps a program that was killed. One that can't be killed (it has another user's rights) or that
/// hangs in the system is left to a thread.
fn reap(mut child: Child) -> io::Result<std::process::ExitStatus> {
    let end = Instant::now().checked_add(DYING);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if end.is_none_or(|end| Instant::now() >= end) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let waits = std::thread::Builder::new().name("wait for a killed program".into());
    let _ = waits.spawn(move || child.wait());
    Err(io::ErrorKind::TimedOut.into())
}
