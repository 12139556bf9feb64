//! Layouts that are whole, and layouts that somebody spoilt.
#![allow(clippy::disallowed_methods, reason = "tests: they make the files that they read")]

use std::fs;

use serde_json::{Value, json};

use super::*;

const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// A layout in a folder of its own.
struct Layout(tempfile::TempDir);

impl Layout {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("img/blobs/sha256")).unwrap();
        let layout = Self(folder);
        layout.write("oci-layout", &json!({"imageLayoutVersion": "1.0.0"}));
        layout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("img").join(name)
    }

    fn write(&self, name: &str, value: &Value) {
        fs::write(self.path(name), serde_json::to_vec(value).unwrap()).unwrap();
    }

    fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let sha256 = Sha256::of(bytes);
        fs::write(self.path(&format!("blobs/sha256/{sha256}")), bytes).unwrap();
        json!({"mediaType": media_type, "digest": format!("sha256:{sha256}"), "size": bytes.len()})
    }

    fn document(&self, media_type: &str, value: &Value) -> Value {
        self.blob(media_type, &serde_json::to_vec(value).unwrap())
    }

    fn manifest(&self, content: &str) -> Value {
        let config = self.blob("application/vnd.oci.image.config.v1+json", b"{}");
        let layer = self.blob("application/vnd.oci.image.layer.v1.tar", content.as_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": [layer]});
        self.document(MANIFEST_TYPE, &manifest)
    }

    fn index(&self, manifests: &[Value]) {
        self.write("index.json", &json!({"schemaVersion": 2, "manifests": manifests}));
    }

    fn read(&self) -> Result<Vec<Subject>, LayoutError> {
        read(&self.path(""), None)
    }

    fn blob_path(&self, descriptor: &Value) -> PathBuf {
        let digest = descriptor["digest"].as_str().unwrap();
        self.path(&format!("blobs/sha256/{}", digest.strip_prefix("sha256:").unwrap()))
    }
}

fn with(mut descriptor: Value, member: &str, value: Value) -> Value {
    descriptor[member] = value;
    descriptor
}

fn names(subjects: &[Subject]) -> Vec<&str> {
    subjects.iter().map(|subject| subject.name.as_deref().unwrap()).collect()
}

#[test]
fn the_index_and_the_manifest_of_each_platform_are_subjects() {
    let layout = Layout::new();
    let platform = |arch: &str| json!({"os": "linux", "architecture": arch});
    let amd64 = with(layout.manifest("amd64"), "platform", platform("amd64"));
    let arm = json!({"os": "linux", "architecture": "arm", "variant": "v7"});
    let arm = with(layout.manifest("arm"), "platform", arm);
    let unknown = json!({"os": "unknown", "architecture": "unknown"});
    let about = with(layout.manifest("attestation"), "platform", unknown);
    let about =
        with(about, "annotations", json!({"vnd.docker.reference.type": "attestation-manifest"}));
    let index = json!({"schemaVersion": 2, "manifests": [amd64, arm, about]});
    let index = layout.document(INDEX_TYPE, &index);
    let named = json!({"io.containerd.image.name": "ghcr.io/o/app:1", "org.opencontainers.image.ref.name": "1"});
    layout.index(&[with(index.clone(), "annotations", named)]);
    let subjects = layout.read().unwrap();
    assert_eq!(
        names(&subjects),
        ["ghcr.io/o/app", "ghcr.io/o/app@linux-amd64", "ghcr.io/o/app@linux-arm-v7"]
    );
    let expected = json!({"kind": "image", "mediaType": MANIFEST_TYPE, "platform": "linux/arm/v7",
        "size": arm["size"]});
    assert_eq!(json!(subjects[2].annotations), expected);
    assert!(index["digest"].as_str().unwrap().ends_with(&subjects[0].digest["sha256"]));
    // What is no subject is looked at all the same.
    fs::remove_file(layout.blob_path(&about)).unwrap();
    assert!(matches!(layout.read(), Err(LayoutError::Blob { .. })));
}

#[test]
fn an_image_is_called_as_asked_as_annotated_or_as_its_folder() {
    let layout = Layout::new();
    let manifest = layout.manifest("x");
    let annotated = |value: Value| {
        layout.index(&[with(manifest.clone(), "annotations", value)]);
        names(&layout.read().unwrap())[0].to_owned()
    };
    assert_eq!(annotated(json!({})), "img");
    assert_eq!(annotated(json!({"org.opencontainers.image.ref.name": "1.2"})), "1.2");
    let whole = json!({"org.opencontainers.image.ref.name": "docker.io/u/app:1.2"});
    assert_eq!(annotated(whole), "docker.io/u/app");
    let name: ArtefactName = "ghcr.io/o/app".parse().unwrap();
    assert_eq!(names(&read(&layout.path(""), Some(&name)).unwrap()), ["ghcr.io/o/app"]);
    layout.index(&[with(
        manifest.clone(),
        "annotations",
        json!({"org.opencontainers.image.ref.name": "../x"}),
    )]);
    assert!(matches!(layout.read(), Err(LayoutError::Name(_))));
    layout.index(&[manifest, layout.manifest("y")]);
    let many = read(&layout.path(""), Some(&name));
    assert!(matches!(many, Err(LayoutError::NameForMany { found: 2, .. })));
    assert!(matches!(layout.read(), Err(LayoutError::Clash(_))));
}

#[test]
fn two_manifests_of_one_platform_are_told_apart_by_their_digests() {
    let layout = Layout::new();
    let platform = json!({"os": "linux", "architecture": "amd64"});
    let one = with(layout.manifest("1"), "platform", platform.clone());
    let two = with(layout.manifest("2"), "platform", platform);
    let index =
        layout.document(INDEX_TYPE, &json!({"manifests": [one, two, layout.manifest("3")]}));
    layout.index(&[index]);
    let subjects = layout.read().unwrap();
    assert_eq!(subjects.len(), 4);
    assert!(names(&subjects).contains(&"img@linux-amd64"));
}

#[test]
fn a_blob_that_is_missing_or_another_is_an_error_wherever_it_is_referred_to() {
    let descriptors = |layout: &Layout| {
        let manifest = layout.manifest("content");
        let bytes = fs::read(layout.blob_path(&manifest)).unwrap();
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        layout.index(std::slice::from_ref(&manifest));
        [manifest.clone(), document["config"].clone(), document["layers"][0].clone()]
    };
    for which in 0..3 {
        let layout = Layout::new();
        let path = layout.blob_path(&descriptors(&layout)[which]);
        layout.read().unwrap();
        let bytes = fs::read(&path).unwrap();
        let mut other = bytes.clone();
        other[0] ^= 1;
        fs::write(&path, &other).unwrap();
        assert!(matches!(layout.read(), Err(LayoutError::OtherBlob { .. })), "{which}");
        fs::write(&path, [&bytes[..], b"\n"].concat()).unwrap();
        assert!(matches!(layout.read(), Err(LayoutError::OtherBlob { .. })), "{which}");
        fs::remove_file(&path).unwrap();
        assert!(matches!(layout.read(), Err(LayoutError::Blob { .. })), "{which}");
    }
    // A layer that is meant to lie elsewhere may be missing, and may not be another.
    let layout = Layout::new();
    let config = layout.blob("application/vnd.oci.image.config.v1+json", b"{}");
    let layer = layout.blob("application/vnd.oci.image.layer.nondistributable.v1.tar", b"base");
    let manifest = json!({"mediaType": MANIFEST_TYPE, "config": config, "layers": [layer]});
    layout.index(&[layout.document(MANIFEST_TYPE, &manifest)]);
    fs::remove_file(layout.blob_path(&layer)).unwrap();
    layout.read().unwrap();
    fs::write(layout.blob_path(&layer), b"evil").unwrap();
    assert!(matches!(layout.read(), Err(LayoutError::OtherBlob { .. })));
}

#[test]
fn a_size_that_disagrees_is_an_error_beside_a_digest_that_agrees() {
    let layout = Layout::new();
    let manifest = layout.manifest("x");
    layout.index(&[with(manifest.clone(), "size", json!(1))]);
    assert!(matches!(layout.read(), Err(LayoutError::OtherBlob { .. })));
    layout.index(&[with(manifest, "size", json!(null))]);
    assert!(matches!(layout.read(), Err(LayoutError::Size(_))));
    let config = layout.blob("application/vnd.oci.image.config.v1+json", b"{}");
    let other = with(config.clone(), "size", json!(3));
    let manifest = json!({"mediaType": MANIFEST_TYPE, "config": config, "layers": [other]});
    layout.index(&[layout.document(MANIFEST_TYPE, &manifest)]);
    assert!(matches!(layout.read(), Err(LayoutError::Size(_))));
}

#[cfg(target_os = "linux")]
#[test]
fn no_link_is_followed_and_no_pipe_waited_for() {
    use std::os::unix::fs::symlink;
    let layout = Layout::new();
    let manifest = layout.manifest("x");
    layout.index(std::slice::from_ref(&manifest));
    layout.read().unwrap();
    for part in ["blobs/sha256", "blobs", "index.json", "oci-layout"] {
        let (path, moved) = (layout.path(part), layout.0.path().join("moved"));
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        assert!(matches!(layout.read(), Err(LayoutError::NoLayout { .. })), "{part}");
        fs::remove_file(&path).unwrap();
        fs::rename(&moved, &path).unwrap();
    }
    let path = layout.blob_path(&manifest);
    let moved = layout.path("moved");
    fs::rename(&path, &moved).unwrap();
    symlink(&moved, &path).unwrap();
    assert!(matches!(layout.read(), Err(LayoutError::Blob { .. })));
    fs::remove_file(&path).unwrap();
    for fifo in [path, layout.path("index.json")] {
        let _ = fs::remove_file(&fifo);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        assert!(layout.read().is_err());
    }
}

#[test]
fn a_document_that_is_both_or_neither_is_ambiguous() {
    // CVE-2021-41190: one reader took it for an index, another for a manifest.
    let layout = Layout::new();
    let config = layout.blob("application/vnd.oci.image.config.v1+json", b"{}");
    let child = layout.manifest("x");
    for (media_type, document) in [
        (MANIFEST_TYPE, json!({"config": config, "layers": [], "manifests": [child]})),
        (INDEX_TYPE, json!({"config": config, "layers": [], "manifests": [child]})),
        (INDEX_TYPE, json!({"config": config, "layers": []})),
        (MANIFEST_TYPE, json!({"manifests": [child]})),
        (MANIFEST_TYPE, json!({"config": config})),
        (MANIFEST_TYPE, json!({"mediaType": INDEX_TYPE, "config": config, "layers": []})),
        (MANIFEST_TYPE, json!({})),
    ] {
        layout.index(&[layout.document(media_type, &document)]);
        assert!(matches!(layout.read(), Err(LayoutError::Ambiguous { .. })), "{document}");
    }
    let twice = format!(r#"{{"config":{config},"layers":[],"layers":[{config}]}}"#);
    layout.index(&[layout.blob(MANIFEST_TYPE, twice.as_bytes())]);
    assert!(matches!(layout.read(), Err(LayoutError::Json { .. })));
}

#[test]
fn what_is_no_layout_or_too_much_of_one_is_an_error() {
    let layout = Layout::new();
    assert!(matches!(layout.read(), Err(LayoutError::NoLayout { name: "index.json", .. })));
    layout.index(&[]);
    assert!(matches!(layout.read(), Err(LayoutError::Empty)));
    let escaping =
        json!({"mediaType": MANIFEST_TYPE, "digest": "sha256:../../../etc/passwd", "size": 1});
    layout.index(&[escaping]);
    assert!(matches!(layout.read(), Err(LayoutError::Json { .. })));

    let mut nested = layout.manifest("x");
    let mut depths = Vec::new();
    for _ in 0..DEPTH_MAX {
        layout.index(std::slice::from_ref(&nested));
        depths.push(layout.read().is_ok());
        nested = layout.document(INDEX_TYPE, &json!({"manifests": [nested]}));
    }
    layout.index(&[nested]);
    assert_eq!(depths, [true; DEPTH_MAX]);
    assert!(matches!(layout.read(), Err(LayoutError::TooMany { most: DEPTH_MAX, .. })));

    let other = |n: usize| {
        let sha256 = Sha256::of(&n.to_le_bytes());
        json!({"mediaType": "a/b", "digest": format!("sha256:{sha256}"), "size": 1})
    };
    let many: Vec<_> = (0..=MANIFESTS_MAX).map(other).collect();
    layout.index(&[layout.document(INDEX_TYPE, &json!({"manifests": many}))]);
    assert!(matches!(layout.read(), Err(LayoutError::TooMany { most: MANIFESTS_MAX, .. })));

    layout.write("oci-layout", &json!({"imageLayoutVersion": "2.0.0"}));
    assert!(matches!(layout.read(), Err(LayoutError::Version)));
}
