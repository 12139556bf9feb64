//! The container that the build runs in, as it looks from inside: its kind, its image, and what reaches
//! into it from outside.
//!
//! All of it can be faked by whoever starts the container or is root in it. It tells which builds are
//! alike, and names the ways by which others could have reached in; it proves no isolation.

use std::path::{Path, PathBuf};

mod kind;
mod mounts;
#[cfg(test)]
mod tests;

use self::mounts::MountLine;
use super::Captured;
use super::environment::Variables;
use super::redact::Redactor;
use crate::base::access;
use crate::base::file::{self, FileError};
use crate::base::system::{self, PODMAN_SIGN};
use crate::base::text::{cut, printable};
use crate::format::evidence::{Container, Mount};
use crate::format::fact::{Basis, Fact, Gap, Sealable, Withheld};

const MOUNTS_PART: &str = "environment.container.mounts";
/// Most mounts that are listed; all are counted.
const MOUNTS_MAX: usize = 4096;
/// Most bytes of `/proc/self/mountinfo`: a machine with 20,000 mounts.
const MOUNTINFO_MAX: u64 = 8 << 20;
/// Most bytes of the other files.
const SIGN_MAX: u64 = 64 << 10;
/// Longest image reference, in characters.
const IMAGE_MAX: usize = 512;

/// Sockets of container runtimes, below the root.
const SOCKETS: [&str; 12] = [
    "run/buildkit/buildkitd.sock",
    "run/containerd/containerd.sock",
    "run/cri-dockerd.sock",
    "run/crio/crio.sock",
    "run/docker.sock",
    "run/k3s/containerd/containerd.sock",
    "run/podman/podman.sock",
    "var/run/containerd/containerd.sock",
    "var/run/crio/crio.sock",
    "var/run/docker.sock",
    "var/run/dockershim.sock",
    "var/run/podman/podman.sock",
];
/// Sockets below the user's own folder of that kind.
const USER_SOCKETS: [&str; 2] = ["docker.sock", "podman/podman.sock"];
/// Variables that say where a runtime listens.
const ADDRESSES: [&str; 3] = ["BUILDKIT_HOST", "CONTAINER_HOST", "DOCKER_HOST"];
/// How the address of a socket begins.
const UNIX: &str = "unix://";

/// The texts that the judgement rests on.
#[derive(Debug, Default)]
struct Seen {
    signs: Vec<String>,
    podman: String,
    systemd: String,
    cgroup: Option<String>,
    mountinfo: Option<String>,
}

impl Seen {
    fn read(root: &Path, gaps: &mut Vec<Gap>) -> Self {
        let mut text = |path: &str, cap: u64| match file::read_regular(
            &root.join(path.trim_start_matches('/')),
            cap,
        ) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(FileError::NotFound { .. }) => None,
            Err(error) => {
                let why = match error {
                    FileError::TooLarge { cap, .. } => format!("is larger than {cap} bytes"),
                    FileError::Io { source, .. } => format!("can't be read: {}", source.kind()),
                    _ => "isn't a regular file".to_owned(),
                };
                gaps.push(Gap::without_cure("environment.container", format!("{path} {why}")));
                None
            }
        };
        Self {
            podman: text(PODMAN_SIGN, SIGN_MAX).unwrap_or_default(),
            systemd: text("/run/systemd/container", SIGN_MAX).unwrap_or_default(),
            cgroup: text("/proc/self/cgroup", SIGN_MAX),
            mountinfo: text("/proc/self/mountinfo", MOUNTINFO_MAX),
            signs: system::container_signs(root),
        }
    }
}

/// Looks for the container that this process is in.
#[must_use]
pub fn capture(variables: &Variables, redactor: &Redactor) -> Captured<Container> {
    if cfg!(target_os = "linux") {
        return below(Path::new("/"), variables, redactor);
    }
    let fact = Fact::unavailable(Basis::Read, "containers are told on Linux only");
    Captured { fact, redactions: Vec::new(), gaps: Vec::new() }
}

/// [`capture`] with a root of its own.
fn below(root: &Path, variables: &Variables, redactor: &Redactor) -> Captured<Container> {
    let mut gaps = Vec::new();
    let seen = Seen::read(root, &mut gaps);
    let mounts: Vec<MountLine> = mounts::parse(seen.mountinfo.as_deref().unwrap_or_default());
    let Some(found) = kind::find(&seen, &mounts, variables) else {
        let nothing = seen.cgroup.is_none() && seen.mountinfo.is_none();
        let fact = if nothing {
            let reason = "neither /proc/self/cgroup nor /proc/self/mountinfo can be read";
            gaps.push(Gap::new("environment.container", reason, "mount `/proc`"));
            Fact::unavailable(Basis::Read, reason)
        } else {
            Fact::absent(Basis::Read)
        };
        return Captured { fact, redactions: Vec::new(), gaps };
    };
    if seen.mountinfo.is_none() {
        let reason = "/proc/self/mountinfo can't be read: what is mounted from outside isn't known";
        gaps.push(Gap::new(MOUNTS_PART, reason, "mount `/proc`"));
    }
    let mut redactions = Vec::new();
    let (image, image_from) = image(&seen, variables, redactor, &mut redactions).unzip();
    let part = "environment.container.image";
    let cure = "name the job's image by its digest: image: NAME@sha256:HEX";
    match &image {
        None => {
            gaps.push(Gap::new(part, "nothing tells which image the container was made from", cure))
        }
        Some(image) if !image.contains("@sha256:") => {
            let reason = "the image is told by a tag, which can be moved: which one it stood for isn't known";
            gaps.push(Gap::new(part, reason, cure));
        }
        Some(_) => {}
    }
    let outside: Vec<&MountLine> = mounts.iter().filter(|mount| mount.is_from_outside()).collect();
    let container = Container {
        kind: found.kind,
        id: found.id,
        image,
        image_from,
        runtime_socket: has_socket(root, &mounts, variables),
        mount_count: outside.len() as u64,
        mounts: Sealable::Inline(listed(&outside, redactor, &mut redactions, &mut gaps)),
    };
    Captured { fact: Fact::observed(Basis::Read, container), redactions, gaps }
}

fn scrubbed(
    text: &str,
    place: &str,
    redactor: &Redactor,
    redactions: &mut Vec<Withheld>,
) -> String {
    let scrubbed = redactor.scrub(text);
    redactions.extend(
        scrubbed
            .rules
            .iter()
            .map(|rule| Withheld { place: place.to_owned(), rule: rule.id().to_owned() }),
    );
    scrubbed.text
}

/// What the runtime itself says of the image goes before what the platform says.
fn image(
    seen: &Seen,
    variables: &Variables,
    redactor: &Redactor,
    redactions: &mut Vec<Withheld>,
) -> Option<(String, String)> {
    let told = kind::field(&seen.podman, "image").map(|image| (image, PODMAN_SIGN));
    let (image, from) =
        told.or_else(|| variables.text("CI_JOB_IMAGE").map(|image| (image, "CI_JOB_IMAGE")))?;
    let text = scrubbed(image, "image of the container", redactor, redactions);
    Some((cut(&text, IMAGE_MAX), from.to_owned()))
}

fn listed(
    outside: &[&MountLine],
    redactor: &Redactor,
    redactions: &mut Vec<Withheld>,
    gaps: &mut Vec<Gap>,
) -> Vec<Mount> {
    if outside.len() > MOUNTS_MAX {
        let reason = format!("{} mounts come from outside, {MOUNTS_MAX} are listed", outside.len());
        gaps.push(Gap::without_cure(MOUNTS_PART, reason));
    }
    let mount = |mount: &&MountLine| Mount {
        path: scrubbed(&mount.path, "mount of the container", redactor, redactions),
        file_system: printable(&mount.file_system),
        read_only: mount.read_only,
    };
    let mut list: Vec<Mount> = outside.iter().take(MOUNTS_MAX).map(mount).collect();
    list.sort();
    list
}

/// Whether there is a runtime's socket at a usual place, at an unusual one that it was mounted at, or at
/// one that a variable names.
fn has_socket(root: &Path, mounts: &[MountLine], variables: &Variables) -> bool {
    // TCP, SSH, a pipe of Windows: whether anybody answers is not tried.
    let is_elsewhere = |name: &&str| {
        let address = variables.text(name);
        address.is_some_and(|address| address.contains("://") && !address.starts_with(UNIX))
    };
    places(root, variables).iter().any(|place| is_socket(place))
        || mounts.iter().any(MountLine::is_runtime_socket)
        || ADDRESSES.iter().any(is_elsewhere)
}

/// Whether this process may write to such a socket: whoever may has the machine. Nothing is connected to.
pub(super) fn is_socket_writable(root: &Path, variables: &Variables) -> bool {
    let mountinfo = file::read_regular(&root.join("proc/self/mountinfo"), MOUNTINFO_MAX);
    let mounts = mounts::parse(&String::from_utf8_lossy(&mountinfo.unwrap_or_default()));
    let mounted = mounts.iter().filter(|mount| mount.is_runtime_socket());
    let mounted = mounted.map(|mount| below_root(root, Path::new(&mount.path)));
    let mut places = places(root, variables).into_iter().chain(mounted);
    places.any(|place| is_socket(&place) && access::may_write(&place))
}

/// Where a runtime's socket may be on this machine.
fn places(root: &Path, variables: &Variables) -> Vec<PathBuf> {
    let of_user = variables
        .raw("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .or_else(|| system::uid().map(|uid| PathBuf::from(format!("/run/user/{uid}"))));
    let of_user = of_user.into_iter().flat_map(|folder| USER_SOCKETS.map(|name| folder.join(name)));
    let named = variables.text("CONTAINERD_ADDRESS").into_iter();
    let named =
        named.chain(ADDRESSES.iter().filter_map(|name| variables.text(name)?.strip_prefix(UNIX)));
    let usual = SOCKETS.iter().map(|path| root.join(path));
    let others = of_user.chain(named.map(PathBuf::from));
    usual.chain(others.map(|path| below_root(root, &path))).collect()
}

fn below_root(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(not(unix))]
fn is_socket(_: &Path) -> bool {
    false
}
