//! `/proc/self/mountinfo`: what is mounted, and what of it comes from outside of the container.

/// Files that a runtime makes for every container and mounts into it.
const USUAL_FILES: [&str; 9] = [
    "/.dockerenv",
    "/dev/init",
    "/dev/termination-log",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/run/.containerenv",
    "/sbin/docker-init",
    "/usr/sbin/docker-init",
];
/// Devices that a runtime without privileges mounts one by one.
const USUAL_DEVICES: [&str; 7] = [
    "/dev/console",
    "/dev/full",
    "/dev/null",
    "/dev/random",
    "/dev/tty",
    "/dev/urandom",
    "/dev/zero",
];
/// How the names of runtimes' sockets end, wherever they are mounted.
const SOCKETS: [&str; 7] = [
    "/buildkitd.sock",
    "/containerd.sock",
    "/cri-dockerd.sock",
    "/crio.sock",
    "/docker.sock",
    "/dockershim.sock",
    "/podman.sock",
];

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MountLine {
    /// The folder or file of the file system that is mounted.
    pub(super) root: String,
    /// Where it is seen.
    pub(super) path: String,
    pub(super) file_system: String,
    pub(super) read_only: bool,
    /// The file system's own options: of an overlay, its folders on the host.
    pub(super) options: String,
}

impl MountLine {
    /// Whether this is a disk that the machine itself runs on, mounted whole.
    pub(super) fn is_root_on_disk(&self) -> bool {
        let disks = ["ext4", "xfs", "btrfs", "squashfs", "erofs"];
        self.path == "/" && self.root == "/" && disks.contains(&self.file_system.as_str())
    }
}

/// Every line that is one: `36 35 98:0 /root /path rw,noatime master:1 - ext4 /dev/x rw`.
pub(super) fn parse(mountinfo: &str) -> Vec<MountLine> {
    mountinfo.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<MountLine> {
    let mut fields = line.split(' ');
    let root = unescaped(fields.nth(3)?);
    let path = unescaped(fields.next()?);
    let flags = fields.next()?;
    // Any number of optional fields stand before the dash.
    let mut rest = fields.skip_while(|field| *field != "-").skip(1);
    let file_system = rest.next()?.to_owned();
    let options = unescaped(rest.nth(1).unwrap_or_default());
    let is_read_only = |options: &str| options.split(',').any(|option| option == "ro");
    let read_only = is_read_only(flags) || is_read_only(&options);
    Some(MountLine { root, path, file_system, read_only, options })
}

/// The kernel writes spaces, tabs, line feeds and backslashes as three octal digits.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut whole = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code.zip(part.get(3..)) {
            Some((byte, rest)) => {
                whole.push(byte);
                whole.extend_from_slice(rest.as_bytes());
            }
            None => {
                whole.push(b'\\');
                whole.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&whole).into_owned()
}

impl MountLine {
    /// Whether it brings something in that isn't the container's own. What can't be told apart from the
    /// container's own counts as that where it is usual (its `/proc`), and else as from outside.
    pub(super) fn is_from_outside(&self) -> bool {
        let own_memory = self.file_system == "tmpfs" && self.root == "/";
        let (path, file_system) = (self.path.as_str(), self.file_system.as_str());
        let usual = if path == "/" || USUAL_FILES.contains(&path) {
            true
        } else if is_at_or_below(path, "/proc") {
            // A masked file shows the host's `/dev/null`; `lxcfs` shows the container's own share.
            matches!(file_system, "proc" | "fuse.lxcfs") || own_memory || self.is_null()
        } else if is_at_or_below(path, "/sys") {
            matches!(file_system, "sysfs" | "cgroup" | "cgroup2" | "fuse.lxcfs")
                || own_memory
                || self.is_null()
        } else if is_at_or_below(path, "/dev") {
            matches!(file_system, "devpts" | "mqueue" | "hugetlbfs")
                || own_memory
                || USUAL_DEVICES.contains(&path)
        } else {
            // Memory of the container's own has a whole file system to itself; so have the secrets that
            // an orchestrator puts in.
            own_memory && !path.split('/').any(|part| part.contains("secrets"))
        };
        !usual
    }

    fn is_null(&self) -> bool {
        matches!(self.file_system.as_str(), "devtmpfs" | "tmpfs") && self.root == "/null"
    }

    /// Whether it is, or is named as, the socket of a container runtime.
    pub(super) fn is_runtime_socket(&self) -> bool {
        SOCKETS.iter().any(|end| self.path.ends_with(end) || self.root.ends_with(end))
    }
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside(line: &str) -> bool {
        let mounts = parse(line);
        assert_eq!(mounts.len(), 1, "{line}");
        mounts[0].is_from_outside()
    }

    #[test]
    fn a_line_is_read_with_any_number_of_optional_fields() {
        for optional in ["", "shared:1 ", "shared:1 master:2 propagate_from:3 "] {
            let text = format!(
                r"1 2 0:3 /a\040b /c\134d\012e rw,nosuid {optional}- ext4 /dev/x ro,discard"
            );
            let mount = &parse(&text)[0];
            assert_eq!((mount.root.as_str(), mount.path.as_str()), ("/a b", "/c\\d\ne"));
            assert_eq!((mount.file_system.as_str(), mount.read_only), ("ext4", true));
        }
        assert!(!parse("1 2 0:3 / /x rw - ext4 /dev/x rw,errors=remount-ro")[0].read_only);
    }

    #[test]
    fn what_is_no_line_is_passed_over() {
        for text in
            ["", "\n\n", "1 2 3", "1 2 0:3 / /x rw shared:1", "1 2 0:3 / /x rw -", r"\\\ \ \"]
        {
            assert_eq!(parse(text), [], "{text:?}");
        }
        let odd = r"1 2 0:3 /\9 /x\04 rw - ext4";
        assert_eq!((&*parse(odd)[0].root, &*parse(odd)[0].path), (r"/\9", r"/x\04"));
    }

    #[test]
    fn what_a_runtime_always_mounts_is_not_from_outside() {
        for line in [
            "1 2 0:3 / / rw - overlay overlay rw,lowerdir=/l",
            "1 2 0:3 / /proc rw - proc proc rw",
            "1 2 0:3 /bus /proc/bus ro - proc proc rw",
            "1 2 0:3 / /proc/acpi ro - tmpfs tmpfs ro",
            "1 2 0:3 /null /proc/kcore rw - tmpfs tmpfs rw",
            "1 2 0:3 /null /proc/keys rw - devtmpfs dev rw",
            "1 2 0:3 /proc/cpuinfo /proc/cpuinfo rw - fuse.lxcfs lxcfs rw",
            "1 2 0:3 / /sys ro - sysfs sysfs ro",
            "1 2 0:3 / /sys/fs/cgroup ro - cgroup2 cgroup rw",
            "1 2 0:3 / /dev rw - tmpfs tmpfs rw",
            "1 2 0:3 / /dev/pts rw - devpts devpts rw",
            "1 2 0:3 /0 /dev/console rw - devpts devpts rw",
            "1 2 0:3 /null /dev/null rw - devtmpfs udev rw",
            "1 2 0:3 / /dev/shm rw - tmpfs shm rw",
            "1 2 0:3 /var/lib/docker/containers/x/hostname /etc/hostname rw - ext4 /dev/x rw",
            "1 2 0:3 /var/lib/docker/containers/x/hosts /etc/hosts rw - ext4 /dev/x rw",
            "1 2 0:3 / /tmp rw - tmpfs tmpfs rw",
        ] {
            assert!(!outside(line), "{line}");
        }
    }

    #[test]
    fn what_was_mounted_for_this_build_is_from_outside() {
        for line in [
            "1 2 0:3 /home/runner/work /__w rw - ext4 /dev/x rw",
            "1 2 0:3 /var/lib/docker/volumes/v/_data /builds rw - ext4 /dev/x rw",
            "1 2 0:3 /docker.sock /var/run/docker.sock rw - tmpfs tmpfs rw",
            "1 2 0:3 / /host/proc rw - proc proc rw",
            "1 2 0:3 / /dev rw - devtmpfs udev rw",
            "1 2 0:3 /kvm /dev/kvm rw - devtmpfs udev rw",
            "1 2 0:3 / /run/secrets/kubernetes.io/serviceaccount ro - tmpfs tmpfs rw",
            "1 2 0:3 / /proc/sys/fs/binfmt_misc rw - binfmt_misc x rw",
            "1 2 0:3 / /sys/kernel/debug rw - debugfs x rw",
            "1 2 0:3 /etc/x /procedure rw - ext4 /dev/x rw",
        ] {
            assert!(outside(line), "{line}");
        }
    }

    #[test]
    fn a_runtime_socket_is_known_under_another_name() {
        for line in [
            "1 2 0:3 /docker.sock /x/y rw - tmpfs tmpfs rw",
            "1 2 0:3 /x /my/podman.sock rw - tmpfs tmpfs rw",
        ] {
            assert!(parse(line)[0].is_runtime_socket(), "{line}");
        }
        assert!(!parse("1 2 0:3 /x /my/other.sock rw - tmpfs tmpfs rw")[0].is_runtime_socket());
    }
}
