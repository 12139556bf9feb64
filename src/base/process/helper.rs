//! A program of the user's that does a part of our work, such as `git`: given its input, and waited for.
//!
//! Unlike a program that is asked what it is ([`super::probe`]), it gets what the caller gives it: it may
//! need the user's terminal, agent and credentials. So it stays in our process group, where the terminal
//! lets it ask and `ctrl-C` reaches it.

use std::io::{self, Read, Write as _};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::probe::keep;
use super::{Answer, Spec, StartError, sys};

/// The longest sleep between two looks.
const TICK: Duration = Duration::from_millis(10);
/// How long its streams may stay open when it has ended: a daemon that it left behind may hold them for
/// ever.
const LINGER: Duration = Duration::from_millis(500);

/// Runs a program to its end, or to the end of `limit`, with `input`. What it prints over `cap` bytes is
/// thrown away.
///
/// # Errors
/// If it could not be started.
pub fn help(
    spec: &Spec<'_>,
    input: Vec<u8>,
    cap: usize,
    limit: Duration,
) -> Result<Answer, StartError> {
    let cannot_run = |source| StartError::CannotRun { program: spec.program.into(), source };
    let (mut command, path) = sys::prepare(spec)?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let spawned = command.spawn().map_err(|source| sys::not_spawned(spec, path, source));
    let mut child = spawned?;
    let stdout = read(child.stdout.take(), cap);
    let stderr = read(child.stderr.take(), cap);
    if let Some(mut stdin) = child.stdin.take() {
        let thread = std::thread::Builder::new().name("write to a program".into());
        // One that reads no more has its reasons, and its exit code says them.
        let _ = thread.spawn(move || stdin.write_all(&input));
    }
    let deadline = Instant::now().checked_add(limit);
    let mut tick = Duration::from_millis(1);
    let mut status = None;
    while status.is_none() && deadline.is_none_or(|end| Instant::now() < end) {
        status = child.try_wait().map_err(cannot_run)?;
        if status.is_none() {
            std::thread::sleep(tick);
            tick = tick.saturating_mul(2).min(TICK);
        }
    }
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let take = |stream: Receiver<(Vec<u8>, bool)>| stream.recv_timeout(LINGER).unwrap_or_default();
    let ((stdout, cut), (stderr, _)) = (take(stdout), take(stderr));
    Ok(Answer { ended: status.map(sys::ended), stdout, stderr, cut })
}

/// Reads in a thread of its own. What was read of a stream that isn't closed in time is lost.
fn read(pipe: Option<impl Read + Send + 'static>, cap: usize) -> Receiver<(Vec<u8>, bool)> {
    let (hand_over, handed_over) = channel();
    if let Some(mut pipe) = pipe {
        let thread = std::thread::Builder::new().name("read from a program".into());
        let _ = thread.spawn(move || {
            let (mut kept, mut cut) = (Vec::new(), false);
            let mut buffer = vec![0; 64 << 10];
            loop {
                match pipe.read(&mut buffer) {
                    Ok(read @ 1..) => {
                        let bytes = buffer.get(..read).unwrap_or_default();
                        cut |= keep(&mut kept, bytes, cap);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(0) | Err(_) => break,
                }
            }
            let _ = hand_over.send((kept, cut));
        });
    }
    handed_over
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsString;

    use super::super::{Ended, PassedDescriptors};
    use super::*;

    fn sh(line: &str, input: &[u8], cap: usize, limit: u64) -> Answer {
        let arguments: Vec<OsString> = vec!["-c".into(), line.into()];
        let spec = Spec {
            program: "/bin/sh".as_ref(),
            arguments: &arguments,
            folder: None,
            environment: &[("PATH".into(), "/usr/bin:/bin".into()), ("A".into(), "b".into())],
            descriptors: &PassedDescriptors::default(),
        };
        help(&spec, input.to_vec(), cap, Duration::from_millis(limit)).unwrap()
    }

    #[test]
    fn it_gets_its_input_and_variables_and_is_heard_to_the_end() {
        let said = sh("cat; echo $A; echo oh >&2; exit 3", b"in ", 100, 20_000);
        assert_eq!(said.ended, Some(Ended::Exited(3)));
        assert_eq!((said.stdout, said.stderr), (b"in b\n".to_vec(), b"oh\n".to_vec()));
    }

    #[test]
    fn what_is_larger_than_a_pipe_goes_both_ways() {
        let input = vec![b'x'; 1 << 20];
        assert_eq!(sh("cat", &input, 2 << 20, 20_000).stdout, input);
        let cut = sh("cat", &input, 1000, 20_000);
        assert_eq!((cut.stdout.len(), cut.cut), (1000, true));
        assert_eq!(sh("exec true", &input, 10, 20_000).ended, Some(Ended::Exited(0)));
    }

    #[test]
    fn one_that_hangs_is_killed_and_what_it_left_behind_is_not_waited_for() {
        assert_eq!(sh("exec sleep 60", b"", 10, 100).ended, None);
        let before = Instant::now();
        assert_eq!(sh("sleep 20 & exit 0", b"", 10, 20_000).ended, Some(Ended::Exited(0)));
        assert!(before.elapsed() < Duration::from_secs(15));
    }
}
