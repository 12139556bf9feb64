//! `docs/questions.md` is what the catalogue makes.

use proofmark::report::explain::{Topic, markdown};

use super::root;

#[test]
fn the_page_of_questions_is_current() {
    let path = root().join("docs/questions.md");
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let stale = "stale; run: proofmark explain --format markdown > docs/questions.md";
    assert!(found == markdown(Topic::List), "{stale}");
}
