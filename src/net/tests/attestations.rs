//! Attestations that GitHub keeps, in both forms of its API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client;
use super::controls::repository;
use super::server::{Answer, Server, ok, status};
use crate::base::digest::Sha256;
use crate::net::Lost;
use crate::net::github::controls::Attestation;

fn ask(server: &Server) -> Result<Vec<Attestation>, Lost> {
    repository(server).attestations(&client(), Sha256::of(b"app")).result
}

fn bundle_of(payload: &str) -> String {
    let payload = STANDARD.encode(payload);
    format!(
        r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial":{{}},
        "dsseEnvelope":{{"payload":"{payload}","payloadType":"application/vnd.in-toto+json","signatures":[{{"sig":"c2ln"}}]}}}}"#
    )
}

fn statement(predicate: &str) -> String {
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"b","digest":{{"sha256":"{}"}}}},
        {{"name":"a","digest":{{"sha256":"{}"}}}},{{"uri":"pkg:x","digest":{{"sha1":"0a"}}}},{{"name":"c"}}],
        "predicateType":"https://slsa.dev/provenance/v1","predicate":{predicate}}}"#,
        Sha256::of(b"b"),
        Sha256::of(b"app")
    )
}

const V1: &str =
    r#"{"buildDefinition":{},"runDetails":{"builder":{"id":"https://builder.example/1"}}}"#;

fn inline(bundles: &[String]) -> Answer {
    let all: Vec<_> = bundles
        .iter()
        .map(|bundle| {
            format!(r#"{{"bundle": {bundle} ,"repository_id":1,"bundle_url":"https://x.example"}}"#)
        })
        .collect();
    ok(format!(r#"{{"attestations":[{}]}}"#, all.join(",")))
}

fn at(addresses: &[String]) -> Answer {
    let all: Vec<_> =
        addresses.iter().map(|at| format!(r#"{{"bundle":null,"bundle_url":"{at}"}}"#)).collect();
    ok(format!(r#"{{"attestations":[{}]}}"#, all.join(",")))
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).unwrap()
}

fn expected(of: &[u8], builder: Option<&str>) -> Attestation {
    let mut subjects = vec![Sha256::of(b"b"), Sha256::of(b"app")];
    subjects.sort();
    Attestation {
        sha256: Sha256::of(of),
        predicate_type: Some("https://slsa.dev/provenance/v1".into()),
        builder: builder.map(str::to_owned),
        subjects,
        is_signed: true,
    }
}

#[test]
fn a_bundle_without_a_signature_is_not_said_to_be_signed() {
    for none in ["[]", "[{}]", r#"[{"sig":""}]"#] {
        let bundle = bundle_of(&statement(V1)).replace(r#"[{"sig":"c2ln"}]"#, none);
        let answer = inline(std::slice::from_ref(&bundle));
        let server = Server::start(move |_| answer.clone());
        let found = repository(&server).attestations(&client(), Sha256::of(b"app")).result.unwrap();
        assert!(!found[0].is_signed && found[0].predicate_type.is_some(), "{none}");
    }
}

#[test]
fn a_bundle_in_the_reply_is_told_by_the_digest_of_its_very_bytes() {
    let bundle = bundle_of(&statement(V1));
    let answer = inline(std::slice::from_ref(&bundle));
    let server = Server::start(move |_| answer.clone());
    let answer = repository(&server).attestations(&client(), Sha256::of(b"app"));
    assert_eq!(
        answer.result.unwrap(),
        [expected(bundle.as_bytes(), Some("https://builder.example/1"))]
    );
    let path = format!("/api/v3/repos/octo/app/attestations/sha256:{}", Sha256::of(b"app"));
    assert_eq!(answer.path, path);
    assert_eq!(server.seen()[0].target, format!("{path}?per_page=10"));
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn the_builder_is_read_in_each_version_and_from_nothing_else() {
    let long = "x".repeat(1025);
    for (predicate, builder) in [
        (r#"{"builder":{"id":"b"},"buildType":"x"}"#.to_owned(), Some("b")),
        (r#"{"packages":[]}"#.into(), None),
        (r#"{"builder":"b"}"#.into(), None),
        (r#"{"runDetails":{"builder":{}}}"#.into(), None),
        (format!(r#"{{"builder":{{"id":"{long}"}}}}"#), None),
        ("null".into(), None),
        ("[1]".into(), None),
    ] {
        let bundle = bundle_of(&statement(&predicate));
        let server = {
            let answer = inline(std::slice::from_ref(&bundle));
            Server::start(move |_| answer.clone())
        };
        assert_eq!(ask(&server).unwrap(), [expected(bundle.as_bytes(), builder)], "{predicate}");
    }
}

#[test]
fn a_bundle_that_cannot_be_read_is_there_and_says_nothing() {
    let many = format!(
        r#"{{"predicateType":"x","subject":[{}]}}"#,
        vec![r#"{"name":"a"}"#; 1025].join(",")
    );
    let deep = format!(r#"{{"predicateType":"x","subject":[],"predicate":{}"#, "[".repeat(200_000));
    for bundle in [
        "{}".to_owned(),
        "[]".into(),
        r#"[{"payloadType":"application/vnd.in-toto+json","payload":""}]"#.into(),
        "\"x\"".into(),
        r#"{"dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"%"}}"#.into(),
        bundle_of(&statement(V1)).replace("in-toto", "other"),
        bundle_of("{}"),
        bundle_of("x"),
        bundle_of(&statement(V1).replace(&Sha256::of(b"b").to_string(), "0a")),
        bundle_of(&many),
        bundle_of(&deep),
    ] {
        let answer = inline(std::slice::from_ref(&bundle));
        let server = Server::start(move |_| answer.clone());
        let shown: String = bundle.chars().take(80).collect();
        let nothing = Attestation {
            sha256: Sha256::of(bundle.as_bytes()),
            predicate_type: None,
            builder: None,
            subjects: Vec::new(),
            is_signed: false,
        };
        assert_eq!(ask(&server), Ok(vec![nothing]), "{shown}");
    }
}

#[test]
fn a_bundle_elsewhere_is_unpacked_and_its_store_gets_no_token() {
    let bundle = packed(bundle_of(&statement(V1)).as_bytes());
    let sent = bundle.clone();
    let store = Server::start(move |_| ok(&sent));
    let server = {
        let answer = at(&vec![store.url("/b?sig=s3cret").uri().to_string(); 5]);
        Server::start(move |_| answer.clone())
    };
    let found = ask(&server).unwrap();
    assert_eq!(found, vec![expected(&bundle, Some("https://builder.example/1")); 3]);
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer t0ken"));
    assert_eq!(store.seen().len(), 3);
    assert!(!store.seen().iter().any(|request| request.head.contains("t0ken")));
}

#[test]
fn a_bundle_that_cannot_be_had_is_no_missing_one() {
    let bomb = {
        // Says 64 GiB, and as much as a size can say.
        let mut bytes = vec![0xff, 0xff, 0xff, 0xff, 0x0f];
        bytes.extend_from_slice(&packed(b"{}"));
        bytes
    };
    let large = packed(&vec![b' '; (16 << 20) + 1]);
    assert!(large.len() < 2 << 20);
    for (answer, said) in [
        (status(403), "may not read them (403)"),
        (status(404), "(404)"),
        (ok(bomb), "can't be read"),
        (ok(large), "can't be read"),
        (ok("{}"), "can't be read"),
        (ok(""), "can't be read"),
        (ok(vec![0; (4 << 20) + 1]), "larger than 4194304 bytes"),
    ] {
        let store = Server::start(move |_| answer.clone());
        let answer = at(&[store.url("/b?sig=s3cret").uri().to_string()]);
        let server = Server::start(move |_| answer.clone());
        let lost = ask(&server).unwrap_err();
        assert!(lost.reason.contains(said), "{lost:?}");
        assert!(!format!("{lost:?}").contains("s3cret"));
    }
}

#[test]
fn a_bundles_address_is_one_that_may_be_asked() {
    for address in
        ["http://api.example/b", "file:///etc/passwd", "/b", "b", "", "https://u:s3cret@x/"]
    {
        let answer = at(&[address.to_owned()]);
        let server = Server::start(move |_| answer.clone());
        let lost = ask(&server).unwrap_err();
        assert!(!format!("{lost:?}").contains("s3cret"));
        assert_eq!(server.seen().len(), 1, "{address}");
    }
}
