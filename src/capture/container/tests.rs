//! Roots as the runtimes make them.

use std::path::Path;

use super::*;
use crate::base::file::{Access, Overwrite};
use crate::format::fact::Status;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A root with these files.
fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let content = content.replace("ID", ID);
        file::write_bytes(&path, Overwrite::Never, Access::Umask, content.as_bytes()).unwrap();
    }
    root
}

fn look(root: &Path, variables: &[(&str, &str)]) -> Captured<Container> {
    // The machine's own folder of sockets is no part of the test.
    let none = [("XDG_RUNTIME_DIR", "/none")];
    let variables = Variables::new(none.iter().chain(variables).copied());
    below(root, &variables, &Redactor::default())
}

fn found(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Container {
    let root = root(files);
    let captured = look(root.path(), variables);
    captured.fact.get().unwrap_or_else(|| panic!("{captured:?}")).clone()
}

const HOST: [(&str, &str); 2] = [
    ("proc/self/cgroup", "0::/user.slice/user-1000.slice/session-1.scope\n"),
    (
        "proc/self/mountinfo",
        "1 2 8:1 / / rw - ext4 /dev/sda1 rw\n3 1 0:3 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/x/diff\n",
    ),
];

#[test]
fn a_host_is_no_container_even_where_containers_run_on_it() {
    let captured = look(root(&HOST).path(), &[]);
    assert_eq!(captured.fact, Fact::absent(Basis::Read));
    assert!(captured.gaps.is_empty());
    for cgroup in
        ["0::/system.slice/docker.service\n", "0::/system.slice/docker-proxy.service\n", "0::/"]
    {
        let captured = look(root(&[("proc/self/cgroup", cgroup)]).path(), &[]);
        assert_eq!(captured.fact.status, Status::Absent, "{cgroup}");
    }
}

#[test]
fn a_system_without_proc_is_unknown_and_not_a_host() {
    let captured = look(root(&[]).path(), &[]);
    assert_eq!(captured.fact.status, Status::Unavailable);
    assert_eq!(captured.gaps.len(), 1);
    let captured = look(root(&[(".dockerenv", "")]).path(), &[]);
    assert_eq!(captured.fact.get().unwrap().kind.as_deref(), Some("docker"));
    assert_eq!(captured.gaps[0].part, MOUNTS_PART);
}

#[test]
fn docker_is_told_with_its_id_and_what_is_mounted_into_it() {
    let mountinfo = "1 2 0:3 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/X\n\
        2 1 8:1 /var/lib/docker/containers/ID/resolv.conf /etc/resolv.conf rw - ext4 /dev/a rw\n\
        3 1 8:1 /home/runner/work /__w rw - ext4 /dev/a rw\n\
        4 1 8:1 /opt/hostedtoolcache /__t ro - ext4 /dev/a rw\n\
        5 1 0:3 / /proc rw - proc proc rw\n";
    let container = found(
        &[(".dockerenv", ""), ("proc/self/cgroup", "0::/\n"), ("proc/self/mountinfo", mountinfo)],
        &[],
    );
    assert_eq!((container.kind.as_deref(), container.id.as_deref()), (Some("docker"), Some(ID)));
    assert_eq!((container.image, container.image_from), (None, None));
    assert!(!container.runtime_socket);
    let mount = |path: &str, read_only| Mount {
        path: path.to_owned(),
        file_system: "ext4".to_owned(),
        read_only,
    };
    assert_eq!(container.mounts, Sealable::Inline(vec![mount("/__t", true), mount("/__w", false)]));
    assert_eq!(container.mount_count, 2);
}

#[test]
fn podman_tells_its_image_and_id() {
    let file =
        "engine=\"podman-5.1.0\"\nname=\"x\"\nid=\"ID\"\nimage=\"quay.io/a/b:1\"\nimageid=\"y\"\n";
    let files = [("run/.containerenv", file), ("proc/self/mountinfo", "")];
    let container = found(&files, &[("CI_JOB_IMAGE", "alpine:3")]);
    assert_eq!((container.kind.as_deref(), container.id.as_deref()), (Some("podman"), Some(ID)));
    assert_eq!(container.image.as_deref(), Some("quay.io/a/b:1"));
    assert_eq!(container.image_from.as_deref(), Some("/run/.containerenv"));
    // Without privileges the file is empty.
    let container = found(&[("run/.containerenv", "")], &[("CI_JOB_IMAGE", "a/b@sha256:00ff")]);
    assert_eq!(container.kind.as_deref(), Some("podman"));
    assert_eq!(container.image.as_deref(), Some("a/b@sha256:00ff"));
    assert_eq!(container.image_from.as_deref(), Some("CI_JOB_IMAGE"));
    let container = found(&[("run/.containerenv", "engine=\"buildah-1.37.0\"\n")], &[]);
    assert_eq!(container.kind.as_deref(), Some("buildah"));
}

#[test]
fn control_groups_tell_the_runtime_and_the_id() {
    for (cgroup, kind, id) in [
        ("12:memory:/docker/ID\n", "docker", true),
        ("0::/system.slice/docker-ID.scope\n", "docker", true),
        ("9:pids:/actions_job/ID\n", "docker", true),
        ("0::/machine.slice/libpod-ID.scope/container\n", "podman", true),
        ("3:cpu:/kubepods/burstable/pod1-2/ID\n", "kubernetes", true),
        ("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-ID.scope\n", "kubernetes", true),
        ("0::/system.slice/cri-containerd-ID.scope\n", "containerd", true),
        ("0::/crio-ID.scope\n", "cri-o", true),
        ("0::/lxc.payload.web/init.scope\n", "lxc", false),
        ("5:cpu:/lxc/web\n", "lxc", false),
    ] {
        let container = found(&[("proc/self/cgroup", cgroup)], &[]);
        assert_eq!(container.kind.as_deref(), Some(kind), "{cgroup}");
        assert_eq!(container.id.is_some(), id, "{cgroup}");
    }
}

#[test]
fn where_the_root_lies_on_the_host_tells_the_runtime() {
    for (mountinfo, kind) in [
        ("1 2 0:3 / / rw - overlay o rw,upperdir=/var/lib/docker/overlay2/x/diff\n", "docker"),
        (
            "1 2 0:3 / / rw - overlay o rw,upperdir=/var/lib/containers/storage/overlay/x/diff\n",
            "podman",
        ),
        (
            "1 2 0:3 / / rw - overlay o rw,upperdir=/v/io.containerd.snapshotter.v1.overlayfs/x\n",
            "containerd",
        ),
        (
            "1 2 8:1 /var/lib/kubelet/pods/u/etc-hosts /etc/hosts rw - ext4 /dev/a rw\n",
            "kubernetes",
        ),
    ] {
        let container = found(&[("proc/self/mountinfo", mountinfo)], &[]);
        assert_eq!(container.kind.as_deref(), Some(kind), "{mountinfo}");
    }
}

#[test]
fn the_id_of_a_sandbox_is_not_the_containers() {
    let mountinfo = "1 2 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/ID/hostname /etc/hostname rw - ext4 /dev/a rw\n";
    assert_eq!(found(&[("proc/self/mountinfo", mountinfo)], &[]).id, None);
}

#[test]
fn variables_tell_what_files_do_not() {
    let kind = |variables: &[(&str, &str)]| found(&HOST, variables).kind;
    assert_eq!(kind(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")]).as_deref(), Some("kubernetes"));
    assert_eq!(kind(&[("container", "oci")]).as_deref(), Some("oci"));
    // A container all the same, whatever it calls itself.
    for odd in ["\u{1b}[2J", "Two words", "x/../y", &"x".repeat(33)] {
        assert_eq!(kind(&[("container", odd)]), None, "{odd}");
    }
    let systemd = [("run/systemd/container", "systemd-nspawn\n")];
    assert_eq!(found(&systemd, &[]).kind.as_deref(), Some("systemd-nspawn"));
}

#[cfg(unix)]
#[test]
fn a_runtime_socket_within_reach_is_said() {
    use std::os::unix::net::UnixListener;
    let base = [(".dockerenv", ""), ("proc/self/mountinfo", "")];
    let reach = |root: &Path, variables: &[(&str, &str)]| {
        look(root, variables).fact.get().unwrap().runtime_socket
    };
    for path in SOCKETS {
        let root = root(&base);
        assert!(!reach(root.path(), &[]));
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // A file of that name is no socket.
        file::write_bytes(&path, Overwrite::Never, Access::Umask, b"").unwrap();
        assert!(!reach(root.path(), &[]));
        file::remove(&path).unwrap();
        let _socket = UnixListener::bind(&path).unwrap();
        assert!(reach(root.path(), &[]), "{}", path.display());
    }
    let root = root(&base);
    std::fs::create_dir(root.path().join("s")).unwrap();
    let _socket = UnixListener::bind(root.path().join("s/docker.sock")).unwrap();
    for (name, value, expected) in [
        ("DOCKER_HOST", "unix:///s/docker.sock", true),
        ("DOCKER_HOST", "unix:///s/other.sock", false),
        ("DOCKER_HOST", "tcp://docker:2376", true),
        ("CONTAINER_HOST", "ssh://user@host/run/podman.sock", true),
        ("BUILDKIT_HOST", "tcp://buildkit:1234", true),
        ("CONTAINERD_ADDRESS", "/s/docker.sock", true),
        ("XDG_RUNTIME_DIR", "/s", true),
        ("DOCKER_HOST", "", false),
    ] {
        assert_eq!(reach(root.path(), &[(name, value)]), expected, "{name}={value}");
    }
    let mount = "1 2 0:3 /docker.sock /tmp/d rw - tmpfs tmpfs rw\n";
    let mounted = found(&[(".dockerenv", ""), ("proc/self/mountinfo", mount)], &[]);
    assert!(mounted.runtime_socket);
}

#[test]
fn secrets_in_mounts_and_images_are_withheld() {
    let token = concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345");
    let mountinfo = format!("1 2 8:1 /x /home/{token}/work rw - ext4 /dev/a rw\n");
    let root = root(&[(".dockerenv", ""), ("proc/self/mountinfo", &mountinfo)]);
    let image = format!("https://user:{token}@example.com/image");
    let captured = look(root.path(), &[("CI_JOB_IMAGE", &image)]);
    assert!(!serde_json::to_string(&captured.fact).unwrap().contains("0123456789abcdefghij"));
    let places: Vec<_> = captured.redactions.iter().map(|withheld| &*withheld.place).collect();
    assert!(places.contains(&"image of the container"), "{places:?}");
    assert!(places.contains(&"mount of the container"), "{places:?}");
}

#[test]
fn more_mounts_than_are_listed_are_counted() {
    let mountinfo: String =
        (0..MOUNTS_MAX + 5).map(|n| format!("1 2 8:1 /x /m/{n} rw - ext4 /dev/a rw\n")).collect();
    let root = root(&[(".dockerenv", ""), ("proc/self/mountinfo", &mountinfo)]);
    let captured = look(root.path(), &[]);
    let container = captured.fact.get().unwrap();
    assert_eq!(container.mount_count, MOUNTS_MAX as u64 + 5);
    assert_eq!(container.mounts.inline().unwrap().len(), MOUNTS_MAX);
    let said = |gap: &Gap| gap.reason == "4101 mounts come from outside, 4096 are listed";
    assert!(captured.gaps.iter().any(said));
}

#[test]
fn what_the_runtime_or_a_variable_tells_is_cut() {
    let image = format!("a/{}\u{1b}", "b".repeat(10_000));
    let container = found(&[(".dockerenv", "")], &[("CI_JOB_IMAGE", &image)]);
    assert_eq!(container.image.unwrap().len(), IMAGE_MAX);
    let large = root(&[("run/.containerenv", &"x".repeat(70_000)), ("proc/self/mountinfo", "")]);
    let captured = look(large.path(), &[]);
    assert_eq!(captured.gaps[0].reason, "/run/.containerenv is larger than 65536 bytes");
    assert_eq!(captured.fact.get().unwrap().kind.as_deref(), Some("podman"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_fifo_in_the_place_of_a_sign_is_not_waited_for() {
    let root = root(&[("proc/self/mountinfo", "")]);
    let fifo = root.path().join("run/.containerenv");
    std::fs::create_dir(fifo.parent().unwrap()).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RWXU).unwrap();
    let captured = look(root.path(), &[]);
    assert_eq!(captured.gaps[0].reason, "/run/.containerenv isn't a regular file");
}

#[test]
fn an_image_that_became_a_machine_s_disk_is_no_container_of_docker() {
    let on = |fs: &str| {
        let mountinfo = format!("1 2 254:0 / / rw - {fs} /dev/vda rw\n");
        let root = root(&[(".dockerenv", ""), ("proc/self/mountinfo", &mountinfo)]);
        look(root.path(), &[]).fact.value.and_then(|container| container.kind)
    };
    assert_eq!(on("overlay").as_deref(), Some("docker"));
    assert_eq!(on("ext4"), None);
}

#[test]
fn an_image_that_is_told_by_a_tag_or_not_at_all_is_a_gap() {
    let gaps = |image: &str| {
        let root = root(&[(".dockerenv", ""), ("proc/self/mountinfo", "")]);
        let captured = look(root.path(), &[("CI_JOB_IMAGE", image)]);
        captured.gaps.iter().filter(|gap| gap.part == "environment.container.image").count()
    };
    assert_eq!((gaps("gcc:13"), gaps("")), (1, 1));
    assert_eq!(gaps(&format!("gcc@sha256:{}", "0".repeat(64))), 0);
}
