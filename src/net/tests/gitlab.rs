//! GitLab's package registry.

use super::client;
use super::server::{Answer, Server, ok, redirect, status};
use crate::net::gitlab::Registry;
use crate::net::{Fetched, Lost, Scheme, Token, Wanted};

const NAME: &str = "proofmark.sigstore.jsonl";
const ANY: Wanted<'static> = Wanted { name: NAME, fits: &|_| true };
const PACKAGES: &str = "/api/v4/projects/42/packages";

fn registry(server: &Server) -> Registry {
    let api = server.url("/api/v4/");
    Registry {
        project: "42".into(),
        package: "proofmark".into(),
        token: Some(Token::new("t0ken", Scheme::JobToken, &api).unwrap()),
        api,
    }
}

fn look(server: &Server) -> Result<Fetched, Lost> {
    registry(server).newest_evidence(&client(), &ANY)
}

fn file(version: &str, name: &str) -> String {
    format!("{PACKAGES}/generic/proofmark/{version}/{name}")
}

fn packages(versions: &[(&str, &str)]) -> Answer {
    let all: Vec<_> = versions
        .iter()
        .map(|(name, version)| {
            format!(r#"{{"id":1,"name":"{name}","version":"{version}","status":"default","x":1}}"#)
        })
        .collect();
    ok(format!("[{}]", all.join(",")))
}

#[test]
fn the_newest_version_with_the_file_is_found_and_its_store_gets_no_token() {
    let store = Server::start(|_| ok("evidence"));
    let blob = store.url("/blob?sig=s3cret").uri().to_string();
    let server = Server::start(move |request| match request.path() {
        // The server searches for a part of the name.
        PACKAGES => packages(&[("proofmark-x", "9"), ("proofmark", "2"), ("proofmark", "1.0+b")]),
        path if path == file("1.0%2Bb", NAME) => redirect(&blob),
        path if path == file("1.0%2Bb", "proofmark.sections.jsonl") => ok("sections"),
        _ => status(404),
    });
    let found = look(&server).unwrap();
    assert_eq!(found.evidence, b"evidence");
    assert_eq!(found.sections.as_deref(), Some(&b"sections"[..]));
    assert_eq!(found.from, "package proofmark 1.0+b");
    let seen = server.seen();
    assert_eq!(
        seen[0].target,
        format!(
            "{PACKAGES}?package_type=generic&package_name=proofmark&order_by=created_at&sort=desc&per_page=5"
        )
    );
    assert!(seen.iter().all(|request| request.header("job-token") == Some("t0ken")));
    assert!(store.seen().iter().all(|request| !request.head.contains("t0ken")));
}

#[test]
fn each_loss_is_named_with_its_cure() {
    for (answer, said, cured) in [
        (status(401), "refused (401)", "CI_JOB_TOKEN"),
        (status(403), "may not read them (403)", "Job token permissions"),
        (status(404), "(404)", "package registry"),
        (status(429), "too many requests", "later"),
        (packages(&[]), "has no package proofmark", "--upload-file"),
        (packages(&[("proofmark-x", "1")]), "has no package proofmark", "--upload-file"),
        (packages(&[("proofmark", "1")]), "none of the newest versions", "--upload-file"),
    ] {
        let server = Server::start(move |request| match request.path() {
            PACKAGES => answer.clone(),
            _ => status(404),
        });
        let lost = look(&server).unwrap_err();
        assert!(lost.reason.contains(said), "{lost:?}");
        assert!(lost.cure.as_ref().is_some_and(|cure| cure.contains(cured)), "{lost:?}");
        assert!(!format!("{lost:?}").contains("t0ken"));
    }
    for body in ["", "{}", r#"[{"name":1}]"#] {
        let server = Server::start(move |_| ok(body));
        let reason = look(&server).unwrap_err().reason;
        assert_eq!(reason, "the project's packages: the reply can't be read");
    }
}

#[test]
fn evidence_of_other_builds_is_passed_over() {
    let server = Server::start(|request| match request.path() {
        PACKAGES => packages(&[("proofmark", "2"), ("proofmark", "1")]),
        path if path == file("2", NAME) => ok("theirs"),
        path if path == file("1", NAME) => ok("ours"),
        _ => status(404),
    });
    let wanted = Wanted { name: NAME, fits: &|evidence| evidence == b"ours" };
    let found = registry(&server).newest_evidence(&client(), &wanted).unwrap();
    assert_eq!(found.from, "package proofmark 1");
}

#[test]
fn no_more_versions_than_the_cap_are_looked_at() {
    let server = Server::start(|request| match request.path() {
        PACKAGES => packages(&[("proofmark", "1"); 30]),
        _ => status(404),
    });
    assert!(look(&server).is_err());
    assert_eq!(server.seen().len(), 6);
    let unfinished = Server::start(|request| match request.path() {
        PACKAGES => ok(r#"[{"name":"proofmark","version":"1","status":"error"}]"#),
        _ => ok("half"),
    });
    assert!(look(&unfinished).unwrap_err().reason.contains("has no package"));
}

#[test]
fn a_file_that_is_refused_is_no_missing_one() {
    let server = Server::start(|request| match request.path() {
        PACKAGES => packages(&[("proofmark", "2"), ("proofmark", "1")]),
        path if path == file("2", NAME) => status(403),
        _ => ok("older"),
    });
    assert!(look(&server).unwrap_err().reason.contains("package proofmark 2"));
    let sealed = Server::start(|request| match request.path() {
        PACKAGES => packages(&[("proofmark", "2")]),
        path if path == file("2", NAME) => ok("evidence"),
        _ => status(403),
    });
    let found = look(&sealed).unwrap();
    assert!(found.sections.is_none() && found.sections_lost.is_some());
}

#[test]
fn a_version_is_data_and_no_path() {
    let server = Server::start(|request| match request.path() {
        PACKAGES => packages(&[("proofmark", "../../x?y=")]),
        _ => status(404),
    });
    assert!(look(&server).is_err());
    assert_eq!(server.paths()[1], file("..%2F..%2Fx%3Fy%3D", NAME));
    let climbs = Server::start(|_| packages(&[("proofmark", "..")]));
    assert!(look(&climbs).is_err());
    assert_eq!(climbs.paths(), [PACKAGES]);
}
