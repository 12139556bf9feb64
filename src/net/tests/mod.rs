//! Everything that is asked here is on this machine: a server of our own with scripted replies.

mod attestations;
mod client;
mod controls;
mod github;
mod gitlab;
mod gitlab_job;
mod oidc;
mod server;
mod together;

use std::io::{Cursor, Write as _};
use std::time::Duration;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::Url;
use super::client::{Client, Limits};

/// Nothing is waited for, and no time limit is met by chance.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(60),
    request: Duration::from_secs(60),
    all: Duration::from_secs(60),
    pause: Duration::ZERO,
    headers: 16 << 10,
    redirects: 5,
};

fn client() -> Client<'static> {
    Client::new(LIMITS, None, &|| false)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A zip archive.
pub(in crate::net) fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
