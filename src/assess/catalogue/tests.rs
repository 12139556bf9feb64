//! What holds of every question, whoever wrote it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, PROVISIONS, Question, Remedy, question, questions};

fn is_kebab_case(id: &str) -> bool {
    id.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn remedies() -> impl Iterator<Item = (&'static Question, &'static Remedy)> {
    questions().map(|(_, question)| (question, question.remedy))
}

#[test]
fn ids_are_kebab_case_and_name_one_question_each() {
    let mut seen = BTreeSet::new();
    for (provision, one) in questions() {
        assert!(is_kebab_case(one.id), "{}", one.id);
        assert!(seen.insert(one.id), "{} twice, again in {}", one.id, provision.number);
        assert_eq!(question(one.id).map(|found| found.title), Some(one.title));
    }
    assert!(!seen.is_empty());
}

#[test]
fn a_question_names_claims_of_its_own_provision_alone_and_each_once() {
    for (provision, question) in questions() {
        let own: BTreeSet<_> = provision.claims.iter().map(|claim| claim.id).collect();
        let named: BTreeSet<_> = question.claims.iter().copied().collect();
        assert!(named.is_subset(&own), "{}: {:?}", question.id, question.claims);
        assert_eq!(named.len(), question.claims.len(), "{}", question.id);
    }
}

#[test]
fn every_claim_is_argued_by_a_question() {
    for provision in PROVISIONS.into_iter().filter(|one| !one.questions.is_empty()) {
        for claim in provision.claims {
            let argued = provision.questions.iter().any(|one| one.claims.contains(&claim.id));
            assert!(argued, "no question for {}", claim.id);
        }
    }
}

#[test]
fn a_claim_goes_by_its_id_and_by_the_short_form() {
    let claim = PROVISIONS[0].claims[0];
    for name in ["2.1-01", "2.1.1"] {
        assert!(claim.is_named(name), "{name}");
    }
    for name in ["2.1", "2.1-1", "2.1.01", "2.1.11", "2.1.", "12.1.1", "2.1-02", "2.2.1", ""] {
        assert!(!claim.is_named(name), "{name}");
    }
}

#[test]
fn what_evidence_answers_says_what_it_reads_and_what_people_answer_which_documents() {
    const KINDS: [&str; 6] =
        ["access-review", "audit-log", "mfa-export", "other", "penetration-test", "policy"];
    for (_, question) in questions() {
        match question.answer {
            Answer::Evidence(_) => assert!(!question.reads.is_empty(), "{}", question.id),
            Answer::People(kinds) => {
                assert!(!kinds.is_empty(), "{}", question.id);
                assert!(kinds.iter().all(|kind| KINDS.contains(kind)), "{}", question.id);
            }
            Answer::Later(what) => assert!(!what.is_empty(), "{}", question.id),
        }
    }
}

#[test]
fn texts_are_sentences_for_people_and_never_say_compliant() {
    for (_, question) in questions() {
        let Question { id, title, asks, proves, not, .. } = question;
        assert!(asks.ends_with('?'), "{id}: {asks}");
        for text in [proves, not, &question.remedy.text] {
            assert!(text.ends_with('.'), "{id}: {text}");
        }
        assert!(!title.ends_with(['.', '?']) && title.len() <= 50, "{id}: {title}");
        for text in [title, asks, proves, not, &question.remedy.text] {
            assert!(text.starts_with(|c: char| c.is_uppercase()), "{id}: {text}");
            assert!(text.len() <= 400 && !text.contains(['\n', '\t']), "{id}: {text}");
            assert!(!text.contains("  "), "{id}: {text}");
            let small = text.to_lowercase();
            assert!(!small.contains("complian") && !small.contains("comply"), "{id}: {text}");
        }
    }
}

#[test]
fn a_remedy_s_id_stands_for_one_remedy() {
    let mut seen: BTreeMap<&str, &Remedy> = BTreeMap::new();
    for (question, remedy) in remedies() {
        assert!(is_kebab_case(remedy.id), "{}", remedy.id);
        let first = seen.entry(remedy.id).or_insert(remedy);
        assert_eq!(*first, remedy, "{}: another remedy of that id", question.id);
        for lines in remedy.lines {
            assert!(["yaml", "toml", "sh"].contains(&lines.language), "{}", remedy.id);
            assert!(!lines.place.is_empty() && !lines.text.is_empty(), "{}", remedy.id);
            assert!(!lines.text.ends_with('\n') && !lines.text.contains('\t'), "{}", remedy.id);
        }
    }
}
