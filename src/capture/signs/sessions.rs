//! Signs that a person is, or could be, at work on the machine.
//!
//! The list of who is logged in isn't read: it names people, and containers have none.

use std::io::IsTerminal as _;

use super::Look;
use crate::base::file;
use crate::base::system;
use crate::format::evidence::SessionSign;

/// A variable that is set by a session, whatever its value.
const SET: [(&str, &str); 10] = [
    ("CODESPACES", "remote editor"),
    ("SSH_CLIENT", "ssh"),
    ("SSH_CONNECTION", "ssh"),
    ("SSH_TTY", "ssh"),
    ("STY", "screen"),
    ("TMATE", "tmate"),
    ("TMUX", "tmux"),
    ("UPTERM_ADMIN_SOCKET", "upterm"),
    ("VSCODE_IPC_HOOK_CLI", "remote editor"),
    ("ZELLIJ_SESSION_NAME", "zellij"),
];
/// A variable that asks for more to be logged than a job's log should have in it: with it, whoever reads the
/// log can see what the job was given.
const ON: [(&str, &str); 5] = [
    ("ACTIONS_RUNNER_DEBUG", "debug logging"),
    ("ACTIONS_STEP_DEBUG", "debug logging"),
    ("CI_DEBUG_SERVICES", "debug logging"),
    ("CI_DEBUG_TRACE", "debug logging"),
    ("RUNNER_DEBUG", "debug logging"),
];

impl Look<'_> {
    pub(super) fn sessions(&self) -> Vec<SessionSign> {
        let terminals = [
            ("standard input", std::io::stdin().is_terminal()),
            ("standard output", std::io::stdout().is_terminal()),
            ("standard error", std::io::stderr().is_terminal()),
        ];
        let mut signs = self.sessions_with(&terminals);
        signs.sort();
        signs.dedup();
        signs
    }

    pub(super) fn sessions_with(&self, terminals: &[(&str, bool)]) -> Vec<SessionSign> {
        let sign = |kind: &str, seen_by: String| SessionSign { kind: kind.to_owned(), seen_by };
        let shown = terminals.iter().filter(|(_, is_one)| *is_one);
        let mut signs: Vec<_> =
            shown.map(|(name, _)| sign("terminal", (*name).to_owned())).collect();
        let set = SET.iter().filter(|(name, _)| self.variables.raw(name).is_some());
        let on = ON.iter().filter(|(name, _)| {
            self.variables.text(name).is_some_and(|value| matches!(value, "1" | "true"))
        });
        signs.extend(set.chain(on).map(|(name, kind)| sign(kind, format!("variable {name}"))));
        // tmate says so by the path of its socket alone.
        if self.variables.text("TMUX").is_some_and(|socket| socket.contains("tmate")) {
            signs.push(sign("tmate", "variable TMUX".to_owned()));
        }
        let uid = system::uid().unwrap_or_default();
        let sockets = [
            ("tmate", "tmp/tmate.sock".to_owned()),
            ("tmate", format!("tmp/tmate-{uid}")),
            ("tmux", format!("tmp/tmux-{uid}/default")),
            ("screen", format!("run/screen/S-{}", self.variables.text("USER").unwrap_or("root"))),
        ];
        let there = sockets.iter().filter(|(_, path)| {
            // The name of a user is no way out of the folder.
            !path.contains("..") && file::kind_at(&self.system.join(path)).is_some()
        });
        signs.extend(there.map(|(kind, path)| {
            let socket = path.split('/').take(2).collect::<Vec<_>>().join("/");
            sign(kind, format!("/{socket}"))
        }));
        signs
    }
}
