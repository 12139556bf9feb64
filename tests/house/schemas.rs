//! `schemas/` is what the types make.

use clap::ValueEnum as _;
use proofmark::cli::schema::Name;

use super::root;

#[test]
fn the_schemas_in_the_repository_are_current() {
    for name in Name::value_variants() {
        let path = root().join("schemas").join(name.file());
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        let value = name.to_possible_value().unwrap();
        let command = format!("proofmark schema {} > schemas/{}", value.get_name(), name.file());
        assert!(found == name.text(), "stale; run: {command}");
    }
    let files = std::fs::read_dir(root().join("schemas")).unwrap().count();
    assert_eq!(files, Name::value_variants().len(), "a schema that nothing makes");
}
