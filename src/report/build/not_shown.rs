//! What none of a report shows.

use crate::assess::catalogue::{Answer, PROVISIONS};
use crate::report::model::BuildV1;

/// The list: what this report in particular leaves open, what people have to show, what only a later version can
/// read, and what no evidence of a build can show.
pub(super) fn all(builds: &[BuildV1], verified: bool, own: Vec<String>) -> Vec<String> {
    let mut all = Vec::new();
    if !verified {
        all.push(
            "Whether any of it is true: nothing here was verified, and anyone may have written it. The order of the builds is not shown either: a chain is made of verified evidence alone."
                .to_owned(),
        );
    }
    all.extend(own);
    // A point for each provision: one for all would be too long for a page to show whole.
    let mut titles = |what: &str, wanted: &dyn Fn(&Answer) -> bool| {
        for provision in PROVISIONS {
            let questions = provision.questions.iter().filter(|one| wanted(&one.answer));
            let titles: Vec<_> = questions.map(|one| one.title).collect();
            if !titles.is_empty() {
                all.push(format!("{}, {what}: {}.", provision.number, titles.join("; ")));
            }
        }
    };
    titles("what only people or other systems can show, whatever documents are attached", &|one| {
        matches!(one, Answer::People(_))
    });
    titles("what this version can't read evidence of", &|one| matches!(one, Answer::Later(_)));
    let out_of_job = builds.iter().flat_map(|build| &build.vouchers);
    if verified && out_of_job.into_iter().any(|one| one.assurance == "self-asserted") {
        all.push(
            "Whether what is self-asserted is true: anyone who can run code in that job could have made it say so."
                .to_owned(),
        );
    }
    all.extend(
        [
            "What whoever holds the signing key chose to sign: they could have signed anything, and nobody can catch them by this evidence alone.",
            "Builds that were removed at the end of a chain, and runs that left no evidence: `proofmark log` with --head and --ask shows more.",
            "Whether the artefacts were made from the source and from nothing else: nobody built them a second time.",
            "What happened outside of the bracket: on the machine before it opened, to the artefacts after it closed.",
            "Whether the software is free of flaws.",
        ]
        .map(ToOwned::to_owned),
    );
    all
}
