//! Provision 3.1.

use proofmark::assess::assurance::Assurance;
use proofmark::assess::facts::Context;
use proofmark::assess::finding::Status;
use serde_json::{Value, json};

use crate::case::{Case, Side, case};
use crate::pipeline::{REGISTRY, dependency, locked};

pub(crate) fn cases() -> Vec<Case> {
    let bill = json!([
        {"predicateType": "https://slsa.dev/provenance/v1", "sha256": "01".repeat(32)},
        {"predicateType": "https://spdx.dev/Document", "sha256": "02".repeat(32)},
    ]);
    let attested = [
        ("/build/bracket", json!("none")),
        ("/build/outcome", json!("not applicable")),
        ("/companions", json!([])),
    ];
    let absent = json!({"status": "absent", "basis": "read"});
    let http = dependency("registry+http://index.example/");
    vec![
        Case {
            id: "artefacts-have-digests",
            pass: Side::real(),
            fail: about(inputs(), Side::with(&[("/companions", json!([]))])),
        },
        Case {
            id: "artefacts-are-what-was-built",
            pass: hashed(Side::real()),
            fail: about(artefact(&[("basis", "declared")]), Side::real()),
        },
        case("provenance-is-in-a-common-form", &[], &attested),
        case("sbom-is-attached", &[("/companions", bill)], &[]),
        case("customers-can-check-the-origin", &[], &[("/source", absent)]),
        case("release-is-traceable", &tag(), &[]),
        case(
            "dependency-sources-are-secure",
            &[("/dependencies", locked(dependency(REGISTRY), json!([])))],
            &[("/dependencies", locked(http, json!([])))],
        ),
    ]
}

fn tag() -> [(&'static str, Value); 3] {
    [
        ("/source/value/ref", json!("refs/tags/v1.2.3")),
        ("/source/value/ref_from", json!("platform variable")),
        ("/source/value/tag_object", json!("03".repeat(20))),
    ]
}

/// A statement about another subject.
fn about(subject: Value, side: Side) -> Side {
    let mut side = side;
    side.statement["subject"] = json!([subject]);
    side
}

/// What stands there where there is no artefact.
fn inputs() -> Value {
    json!({"name": "inputs", "digest": {"sha256": "04".repeat(32)}, "annotations": {"kind": "inputs"}})
}

/// An artefact with these annotations.
fn artefact(annotations: &[(&str, &str)]) -> Value {
    let annotations: serde_json::Map<String, Value> =
        annotations.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({"name": "a", "digest": {"sha256": "05".repeat(32)}, "annotations": annotations})
}

/// Whoever asks has hashed one of the artefacts.
fn hashed(side: Side) -> Side {
    side.knowing(Context { artefact_hashed: true, ..Context::default() })
}

/// One of several artefacts was at hand: what the evidence says of the others is still its own word.
#[test]
fn what_was_hashed_here_vouches_for_nothing_that_was_not() {
    let level = |side: &Side, id| {
        let found = side.answer(id);
        (found.status, found.assurance)
    };
    let here = hashed(Side::real());
    let checked = (Status::Pass, Some(Assurance::Recomputable));
    assert_eq!(level(&here, "artefacts-are-what-was-built"), checked);
    let told = (Status::Pass, Some(Assurance::SelfAsserted));
    for side in [&here, &Side::real()] {
        assert_eq!(level(side, "artefacts-have-digests"), told);
    }
}

#[test]
fn artefacts_that_nobody_hashed_are_not_known_to_be_the_built_ones() {
    let id = "artefacts-are-what-was-built";
    assert_eq!(Side::real().answer(id).status, Status::Unknown);
    assert_eq!(hashed(Side::real()).unverified(id).status, Status::Unknown);
    for annotations in [[("basis", "declared")], [("change", "unchanged")]] {
        let side = hashed(about(artefact(&annotations), Side::real()));
        assert_eq!(side.answer(id).status, Status::Fail, "{annotations:?}");
    }
    let afterwards = Side::with(&[
        ("/build/bracket", json!("none")),
        ("/build/outcome", json!("not applicable")),
    ]);
    assert_eq!(hashed(afterwards).answer(id).status, Status::Unknown, "attested afterwards");
}

#[test]
fn a_build_that_failed_has_nothing_to_release() {
    for id in ["artefacts-have-digests", "artefacts-are-what-was-built", "sbom-is-attached"] {
        let edits = [("/build/outcome", json!("failed")), ("/companions", json!([]))];
        let side = about(inputs(), Side::with(&edits));
        assert_eq!(side.answer(id).status, Status::NotApplicable, "{id}");
    }
}

#[test]
fn an_artefact_without_a_sha256_has_no_digest() {
    let id = "artefacts-have-digests";
    for digest in [json!({}), json!({"sha512": "06".repeat(64)}), json!({"sha256": "xyz"})] {
        let side = about(json!({"name": "a", "digest": digest}), Side::real());
        assert_eq!(side.answer(id).status, Status::Fail, "{digest}");
    }
}

#[test]
fn a_repository_beside_another_one_s_run_can_not_be_checked_by_customers() {
    let id = "customers-can-check-the-origin";
    let other = ("/source/value/repository", json!("https://github.com/other/app.git"));
    let found = Side::with(&[other]).answer(id);
    assert_eq!(found.status, Status::Fail);
    assert!(found.why.contains("octo/app") && found.why.contains("other/app"), "{}", found.why);
}

#[test]
fn a_plain_tag_and_one_whose_object_is_left_out_look_the_same() {
    let side = Side::with(&tag()[..2]);
    assert_eq!(side.answer("release-is-traceable").status, Status::Unknown);
}

#[test]
fn a_sealed_list_of_dependencies_decides_nothing() {
    let mut sealed = locked(dependency(REGISTRY), json!([]));
    sealed["value"]["list"] = json!({"sealed": {"sha256": "07".repeat(32), "size": 9}});
    let side = Side::with(&[("/dependencies", sealed)]);
    assert_eq!(side.answer("dependency-sources-are-secure").status, Status::Unknown);
    assert_eq!(side.answer("dependencies-have-checksums").status, Status::Pass);
}
