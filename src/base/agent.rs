//! The door to the SSH agent: one message to its socket, one back.
//!
//! What listens there is whatever `SSH_AUTH_SOCK` names, perhaps on another machine: its answer is
//! capped in size and time, and is trusted in nothing.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use super::text::printable_path;

/// Largest message, in bytes: what OpenSSH's agent takes and gives.
pub const MESSAGE_MAX: usize = 256 << 10;
/// How long an answer may take. An agent that asks its user first takes as long as the user does.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The agent has given no answer.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Nothing there, or something else.
    #[error("{} is no socket of an SSH agent", printable_path(.0))]
    NoSocket(PathBuf),
    /// More than [`MESSAGE_MAX`] to be sent.
    #[error("{0} bytes are more than an SSH agent takes (at most {MESSAGE_MAX})")]
    TooLong(usize),
    /// More than [`MESSAGE_MAX`] announced, or nothing.
    #[error("the SSH agent's answer has {0} bytes, expected 1 to {MESSAGE_MAX}")]
    Length(u32),
    /// Not within the time.
    #[error("the SSH agent has not answered within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// The system, or an agent that hangs up.
    #[error("cannot talk to the SSH agent: {0}")]
    Io(#[from] std::io::Error),
    /// Sockets of agents are Unix sockets.
    #[error("SSH agents are not supported on this system")]
    Unsupported,
}

/// Sends `message` and waits for the answer, at most for `patience`.
///
/// # Errors
/// As listed. A thread may stay behind that still waits; it ends with the agent or with the process.
pub fn ask(socket: &Path, message: &[u8], patience: Duration) -> Result<Vec<u8>, AgentError> {
    let Some(length) = u32::try_from(message.len()).ok().filter(|_| message.len() <= MESSAGE_MAX)
    else {
        return Err(AgentError::TooLong(message.len()));
    };
    let framed = [&length.to_be_bytes(), message].concat();
    let socket = socket.to_owned();
    // A limit on each read would let an agent that sends a byte now and then hold a build for ever, and
    // connecting to one that accepts nobody has no limit at all.
    let (hand_over, handed_over) = mpsc::channel();
    std::thread::Builder::new().name("SSH agent".into()).spawn(move || {
        let _ = hand_over.send(sys::exchange(&socket, &framed, patience));
    })?;
    handed_over.recv_timeout(patience).unwrap_or(Err(AgentError::TimedOut(patience)))
}

#[cfg(unix)]
mod sys {
    use std::io::{self, Read as _, Write as _};
    use std::os::unix::fs::FileTypeExt as _;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::time::Duration;

    use super::{AgentError, MESSAGE_MAX};

    pub(super) fn exchange(
        socket: &Path,
        framed: &[u8],
        patience: Duration,
    ) -> Result<Vec<u8>, AgentError> {
        let is_socket = std::fs::metadata(socket).is_ok_and(|found| found.file_type().is_socket());
        if !is_socket {
            return Err(AgentError::NoSocket(socket.to_owned()));
        }
        let mut stream = UnixStream::connect(socket)?;
        // So that the thread ends too, when nobody waits for it any more.
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.write_all(framed)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length == 0 || length as usize > MESSAGE_MAX {
            return Err(AgentError::Length(length));
        }
        let mut answer = Vec::new();
        stream.take(length.into()).read_to_end(&mut answer)?;
        if answer.len() < length as usize {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(answer)
    }
}

#[cfg(not(unix))]
mod sys {
    use std::path::Path;
    use std::time::Duration;

    use super::AgentError;

    pub(super) fn exchange(
        _socket: &Path,
        _framed: &[u8],
        _patience: Duration,
    ) -> Result<Vec<u8>, AgentError> {
        Err(AgentError::Unsupported)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    /// Asks an agent that does `answer` once it has been asked.
    fn asked(
        patience: Duration,
        answer: impl FnOnce(&mut UnixStream) + Send + 'static,
    ) -> Result<Vec<u8>, AgentError> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let listener = UnixListener::bind(&socket).unwrap();
        let agent = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 5];
            stream.read_exact(&mut request).unwrap();
            assert_eq!(request, [0, 0, 0, 1, 11], "its length goes before the message");
            answer(&mut stream);
        });
        let answer = ask(&socket, &[11], patience);
        agent.join().unwrap();
        answer
    }

    #[test]
    fn an_answer_comes_back_whole_and_nothing_behind_it() {
        let answer = asked(PATIENCE, |stream| {
            stream.write_all(&[0, 0, 0, 2, 12]).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            let _ = stream.write_all(&[7, 99]);
        });
        assert_eq!(answer.unwrap(), [12, 7]);
    }

    #[test]
    fn a_length_over_the_cap_is_refused_before_anything_is_read() {
        for length in [0, u32::try_from(MESSAGE_MAX).unwrap() + 1, u32::MAX] {
            let answer =
                asked(PATIENCE, move |stream| stream.write_all(&length.to_be_bytes()).unwrap());
            assert!(matches!(answer, Err(AgentError::Length(found)) if found == length));
        }
    }

    #[test]
    fn an_agent_that_hangs_or_drips_is_given_up_in_time() {
        let patience = Duration::from_millis(150);
        let silent = asked(patience, |_| std::thread::sleep(Duration::from_millis(400)));
        assert!(matches!(silent, Err(AgentError::TimedOut(_))));
        let dripping = asked(patience, |stream| {
            for byte in [0, 0, 0, 200].into_iter().chain([1; 12]) {
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        assert!(matches!(dripping, Err(AgentError::TimedOut(_))));
    }

    #[test]
    fn an_agent_that_hangs_up_or_accepts_nobody_is_an_error() {
        assert!(matches!(asked(PATIENCE, |_| ()), Err(AgentError::Io(_))));
        let cut = asked(PATIENCE, |stream| stream.write_all(&[0, 0, 0, 9, 1]).unwrap());
        assert!(matches!(cut, Err(AgentError::Io(_))));
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        drop(UnixListener::bind(&socket).unwrap());
        assert!(matches!(ask(&socket, &[11], PATIENCE), Err(AgentError::Io(_))));
    }

    #[test]
    fn what_is_no_socket_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RWXU).unwrap();
        for path in [folder.path().join("none"), folder.path().to_owned(), fifo] {
            assert!(matches!(ask(&path, &[11], PATIENCE), Err(AgentError::NoSocket(_))));
        }
    }

    #[test]
    fn a_message_that_no_agent_takes_is_not_sent() {
        let long = vec![0; MESSAGE_MAX + 1];
        assert!(matches!(ask(Path::new("/"), &long, PATIENCE), Err(AgentError::TooLong(_))));
    }
}
