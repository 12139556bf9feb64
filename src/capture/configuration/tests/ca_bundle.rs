//! Bundles of certificates, and what may stand in their place.

use super::Fixture;
#[cfg(target_os = "linux")]
use super::fifo;
use crate::base::digest::Sha256;
use crate::capture::Captured;
use crate::capture::configuration::ca_bundle;
use crate::capture::environment::Variables;
use crate::format::evidence::{CaBundle, CaFile};
use crate::format::fact::{Basis, Fact, Status};

fn bundle(root: &Fixture, variables: &[(&str, &str)]) -> Captured<CaBundle> {
    ca_bundle::below(root.0.path(), &Variables::new(variables.iter().copied()))
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

#[test]
fn the_first_usual_place_that_has_a_bundle_is_the_systems() {
    let fixture = Fixture::nothing();
    assert_ne!(bundle(&fixture, &[]).fact.status, Status::Observed);
    fixture.write("etc/ssl/cert.pem", "other");
    let content = format!("# Root\n{CERTIFICATE}{CERTIFICATE}");
    fixture.write("etc/ssl/certs/ca-certificates.crt", &content);
    let captured = bundle(&fixture, &[]);
    let file = CaFile {
        sha256: Some(Sha256::of(content.as_bytes())),
        certificates: Some(2),
        trouble: None,
    };
    let expected = CaBundle { system: Some(file), variables: Default::default() };
    assert_eq!(captured.fact, Fact::observed(Basis::Recomputed, expected));
    assert_eq!(captured.gaps, []);
}

#[test]
fn bundles_that_variables_name_are_read_and_their_paths_kept_back() {
    let fixture = Fixture::nothing();
    fixture.write("extra-place/a.pem", CERTIFICATE);
    let (file, folder) = (fixture.text("extra-place/a.pem"), fixture.text("extra-place"));
    let two = std::env::join_paths([fixture.at("extra-place"), fixture.at("repo")]).unwrap();
    let captured = bundle(
        &fixture,
        &[
            ("NODE_EXTRA_CA_CERTS", &file),
            ("SSL_CERT_FILE", &folder),
            ("SSL_CERT_DIR", two.to_str().unwrap()),
            ("PIP_CERT", "/nowhere/extra-place"),
            ("CURL_CA_BUNDLE", ""),
        ],
    );
    let found = &captured.fact.get().unwrap().variables;
    let names: Vec<_> = found.keys().map(String::as_str).collect();
    let expected =
        ["NODE_EXTRA_CA_CERTS", "PIP_CERT", "SSL_CERT_DIR", "SSL_CERT_DIR (2)", "SSL_CERT_FILE"];
    assert_eq!(names, expected);
    assert_eq!(found["NODE_EXTRA_CA_CERTS"].certificates, Some(1));
    // A folder has its root digest; an empty one that of nothing.
    assert_eq!(found["SSL_CERT_DIR"].sha256, found["SSL_CERT_FILE"].sha256);
    assert_eq!(found["SSL_CERT_DIR (2)"].sha256, Some(Sha256::of(b"")));
    assert_eq!(found["PIP_CERT"].trouble.as_deref(), Some("there is no such file"));
    assert_eq!(captured.gaps[0].reason, "no digest of PIP_CERT: there is no such file");
    assert!(!format!("{captured:?}").contains("extra-place"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_fifo_a_device_or_a_huge_file_in_the_place_of_a_bundle_is_not_read() {
    let fixture = Fixture::nothing();
    fifo(&fixture.at("pipe"));
    let huge = fixture.write("huge", "");
    std::fs::OpenOptions::new().write(true).open(&huge).unwrap().set_len((64 << 20) + 1).unwrap();
    std::fs::create_dir(fixture.at("folder")).unwrap();
    std::fs::hard_link(&huge, fixture.at("folder/huge")).unwrap();
    for (name, expected) in [
        ("pipe", "it isn't a regular file, and was not read"),
        ("huge", "it is larger than 67108864 bytes"),
        ("folder", "the folder has more than 10000 files or 67108864 bytes"),
    ] {
        let captured = bundle(&fixture, &[("SSL_CERT_FILE", &fixture.text(name))]);
        let found = &captured.fact.get().unwrap().variables["SSL_CERT_FILE"];
        assert_eq!((found.trouble.as_deref(), found.sha256), (Some(expected), None));
        assert_eq!(captured.gaps.len(), 1);
    }
    let captured = bundle(&fixture, &[("SSL_CERT_FILE", "/dev/zero")]);
    assert!(captured.fact.get().unwrap().variables["SSL_CERT_FILE"].trouble.is_some());
}

#[test]
fn more_folders_than_a_variable_may_name_are_a_gap() {
    let fixture = Fixture::nothing();
    let many = std::env::join_paths(vec![fixture.at("repo"); 20]).unwrap();
    let captured = bundle(&fixture, &[("SSL_CERT_DIR", many.to_str().unwrap())]);
    assert_eq!(captured.fact.get().unwrap().variables.len(), 16);
    assert_eq!(captured.gaps[0].reason, "SSL_CERT_DIR names 20 folders, 16 are read");
}

#[test]
fn a_folder_of_too_many_files_has_no_digest() {
    let fixture = Fixture::nothing();
    for n in 0..=10_000 {
        std::fs::File::create_new(fixture.at("repo").join(n.to_string())).unwrap();
    }
    let captured = bundle(&fixture, &[("SSL_CERT_DIR", &fixture.text("repo"))]);
    let found = &captured.fact.get().unwrap().variables["SSL_CERT_DIR"];
    assert_eq!(
        found.trouble.as_deref(),
        Some("the folder has more than 10000 files or 67108864 bytes")
    );
}
