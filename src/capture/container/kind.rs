//! Which runtime made the container, and under which id.

use super::Seen;
use super::mounts::MountLine;
use crate::base::system::{DOCKER_SIGN, PODMAN_SIGN};
use crate::capture::environment::Variables;

/// What tells a runtime, in the paths of control groups.
const CGROUPS: [(&str, &str); 9] = [
    ("kubepods", "kubernetes"),
    ("libpod-", "podman"),
    ("docker-", "docker"),
    ("/docker/", "docker"),
    ("/actions_job/", "docker"),
    ("cri-containerd-", "containerd"),
    ("crio-", "cri-o"),
    ("/lxc.payload", "lxc"),
    ("/lxc/", "lxc"),
];
/// What tells a runtime, in the paths on the host that a container's mounts come from.
const FOLDERS: [(&str, &str); 7] = [
    ("/kubelet/pods/", "kubernetes"),
    ("/docker/overlay2/", "docker"),
    ("/docker/containers/", "docker"),
    ("/containers/storage/overlay", "podman"),
    ("/overlay-containers/", "podman"),
    ("/io.containerd.", "containerd"),
    ("/buildkit/", "buildkit"),
];
/// Longest word that is taken as a kind.
const KIND_MAX: usize = 32;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: Option<String>,
    pub(super) id: Option<String>,
}

/// The container; none without any sign of one.
pub(super) fn find(seen: &Seen, mounts: &[MountLine], variables: &Variables) -> Option<Found> {
    let cgroup = seen.cgroup.as_deref().unwrap_or_default();
    let has = |sign: &str| seen.signs.iter().any(|found| found == sign);
    let variable = variables.text("container");
    // An image that was made into the disk of a virtual machine has Docker's file in it still.
    let is_machine = mounts.iter().any(|mount| mount.is_root_on_disk());
    // The most telling first: the orchestrator before the runtime that it uses.
    let kind = variables
        .text("KUBERNETES_SERVICE_HOST")
        .map(|_| "kubernetes".to_owned())
        .or_else(|| has(PODMAN_SIGN).then(|| engine(&seen.podman)))
        .or_else(|| of_cgroup(cgroup))
        .or_else(|| of_mounts(mounts))
        .or_else(|| (has(DOCKER_SIGN) && !is_machine).then(|| "docker".to_owned()))
        .or_else(|| word(seen.systemd.trim()))
        .or_else(|| variable.and_then(word));
    if kind.is_none() && variable.is_none() && seen.systemd.trim().is_empty() {
        return None;
    }
    let id = field(&seen.podman, "id")
        .filter(|id| is_id(id))
        .or_else(|| id_of_cgroup(cgroup))
        .or_else(|| id_of_mounts(mounts))
        .map(str::to_owned);
    Some(Found { kind, id })
}

/// A field of podman's file: `name="value"`.
pub(super) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .map(|value| value.trim().trim_matches('"'))
        .filter(|value| !value.is_empty())
}

/// `podman-5.1.0` is podman; `buildah` writes the same file.
fn engine(text: &str) -> String {
    let name = field(text, "engine").and_then(|engine| word(engine.split('-').next()?));
    name.unwrap_or_else(|| "podman".to_owned())
}

fn word(text: &str) -> Option<String> {
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_word = !text.is_empty() && text.len() <= KIND_MAX && text.bytes().all(fine);
    is_word.then(|| text.to_owned())
}

fn of_cgroup(cgroup: &str) -> Option<String> {
    let told = |(sign, kind): &(&str, &'static str)| {
        let tells = |path: &str| match sign.strip_suffix('-') {
            // `docker-<id>.scope` is a container, `docker-foo.service` a program of the host.
            Some(_) => path
                .split('/')
                .filter_map(|part| part.strip_prefix(sign))
                .any(|rest| is_id(rest.trim_end_matches(".scope"))),
            None => path.contains(sign),
        };
        paths(cgroup).any(tells).then(|| (*kind).to_owned())
    };
    CGROUPS.iter().find_map(told)
}

fn of_mounts(mounts: &[MountLine]) -> Option<String> {
    // On the host itself these folders are seen too, as those of other containers. But only in a
    // container are they what its own root and its own names are mounted from.
    let own = |mount: &&MountLine| {
        matches!(mount.path.as_str(), "/" | "/etc/hosts" | "/etc/hostname" | "/etc/resolv.conf")
    };
    let tells = |sign: &str| {
        let mut own = mounts.iter().filter(own);
        own.any(|mount| mount.root.contains(sign) || mount.options.contains(sign))
    };
    FOLDERS.iter().find(|(sign, _)| tells(sign)).map(|(_, kind)| (*kind).to_owned())
}

/// `4:memory:/path`
fn paths(cgroup: &str) -> impl Iterator<Item = &str> {
    cgroup.lines().filter_map(|line| line.splitn(3, ':').nth(2))
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn id_of_cgroup(cgroup: &str) -> Option<&str> {
    // `/libpod-<id>.scope/container`, `/docker/<id>`, `/../cri-containerd-<id>.scope`
    paths(cgroup).flat_map(|path| path.rsplit('/')).find_map(|part| {
        let part = part.trim_end_matches(".scope");
        let id = part.rsplit(['-', ':']).next().unwrap_or(part);
        is_id(id).then_some(id)
    })
}

/// The folder that the container's own names come from is named by its id. That of an orchestrator's
/// sandbox is not taken: all containers of a pod share it.
fn id_of_mounts(mounts: &[MountLine]) -> Option<&str> {
    let names = ["/etc/hostname", "/etc/resolv.conf", "/etc/hosts"];
    mounts.iter().filter(|mount| names.contains(&mount.path.as_str())).find_map(|mount| {
        let mut parts = mount.root.split('/');
        parts.find(|part| matches!(*part, "containers" | "overlay-containers"))?;
        parts.find(|part| is_id(part))
    })
}
