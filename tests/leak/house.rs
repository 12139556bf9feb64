//! Credentials that lie in the home folder: their files are named, and no byte of them leaves.

use std::fs;

use super::harness::{EVIDENCE, Place};
use super::planted::{Homely as _, file_names, nothing_shows, texts};

/// Beside the folders that the other tests search: what is planted there stays there.
const HOUSE: &str = "house";

fn planted(place: &Place) -> usize {
    let secret: String = texts().flat_map(|text| [text, "\n"]).collect();
    let quoted = serde_json::to_string(&secret).unwrap();
    let whole = [
        ".aws/credentials",
        ".cargo/credentials.toml",
        ".config/gcloud/application_default_credentials.json",
        ".config/git/credentials",
        ".git-credentials",
        ".kube/config",
        ".netrc",
        ".terraform.d/credentials.tfrc.json",
        ".vault-token",
    ];
    let write = |name: &str, content: &str| {
        let path = place.outside(HOUSE).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    for name in whole {
        write(name, &secret);
    }
    write(".docker/config.json", &format!("{{\"auths\":{{{quoted}:{{\"auth\":{quoted}}}}}}}"));
    let keys: String = texts().map(|text| format!("//host/:_authToken={text}\n")).collect();
    write(".npmrc", &keys);
    write(".pypirc", &keys.replace("//host/:_authToken", "password"));
    write(".ssh/id_rsa", &format!("-----BEGIN PRIVATE KEY-----\n{secret}"));
    whole.len() + 4
}

#[test]
fn files_of_the_home_folder() {
    let place = Place::new();
    let files = planted(&place);
    let call = place.run(&["-a", "a"], "echo >a").var("HOME", place.outside(HOUSE));
    let said = call.at_home(&place).exits(0);
    nothing_shows(&place, &said);
    let evidence = place.evidence();
    let found = evidence["environment"]["value"]["signs"]["value"]["credentials"].clone();
    assert_eq!(found.as_array().unwrap().len(), files, "{found}");
    let said = place.call(&["inspect", EVIDENCE]).at_home(&place).exits(0);
    nothing_shows(&place, &said);
}

#[test]
fn files_of_the_home_folder_that_can_not_be_parsed() {
    let place = Place::new();
    planted(&place);
    let secret: String = texts().collect();
    for name in [".docker/config.json", ".config/gcloud/application_default_credentials.json"] {
        fs::write(place.outside(HOUSE).join(name), format!("{{\"{secret}\n")).unwrap();
    }
    let call = place.run(&["-a", "a"], "echo >a").var("HOME", place.outside(HOUSE));
    nothing_shows(&place, &call.at_home(&place).exits(0));
}

#[test]
fn keys_that_are_called_like_credentials() {
    let place = Place::new();
    let folder = place.outside(HOUSE).join(".ssh");
    fs::create_dir_all(&folder).unwrap();
    for name in file_names().take(200) {
        fs::write(folder.join(name), "-----BEGIN PRIVATE KEY-----\n").unwrap();
    }
    let call = place.run(&["-a", "a"], "echo >a").var("HOME", place.outside(HOUSE));
    nothing_shows(&place, &call.at_home(&place).exits(0));
}
