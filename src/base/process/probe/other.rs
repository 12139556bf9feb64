//! Systems without process groups and `poll`: Windows.
//!
//! A thread reads each stream. One that is kept open by what the program has started goes on alone, and
//! what it reads is thrown away.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::{Answer, Question, keep};
use crate::base::process::Spec;

/// The sleep between two looks, and the time for the threads to hand over what they have.
const TICK: Duration = Duration::from_millis(10);

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
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stdout = read(child.stdout.take());
    let stderr = read(child.stderr.take());
    let (mut out, mut err, mut cut) = (Vec::new(), Vec::new(), false);
    let mut status = None;
    while status.is_none() && deadline.is_none_or(|end| Instant::now() < end) {
        std::thread::sleep(TICK);
        status = child.try_wait()?;
        // Else an endless output would pile up.
        for (stream, kept) in [(&stdout, &mut out), (&stderr, &mut err)] {
            cut |= stream.try_iter().fold(false, |cut, part| keep(kept, &part, question.cap) | cut);
        }
    }
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    for (stream, kept) in [(&stdout, &mut out), (&stderr, &mut err)] {
        while let Ok(part) = stream.recv_timeout(TICK) {
            if keep(kept, &part, question.cap) {
                cut = true;
                break;
            }
        }
    }
    let ended = status.map(super::super::sys::ended);
    Ok(Answer { ended, stdout: out, stderr: err, cut })
}

fn read(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    if let Some(mut pipe) = pipe {
        let thread = std::thread::Builder::new().name("read from a program".into());
        let _ = thread.spawn(move || {
            let mut buffer = vec![0; 16 << 10];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                let part = buffer.get(..read).unwrap_or_default().to_vec();
                if send.send(part).is_err() {
                    break;
                }
            }
        });
    }
    receive
}
