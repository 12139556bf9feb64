//! A platform on this machine: its identity provider and its API, played by a loopback server with keys that
//! stand beside this file and are trusted by nobody.
//!
//! A crate of tests takes it by `#[path = "../support/mod.rs"] mod support;` beside `mod harness;`. It starts a
//! [`Platform`], gives the binary the variables of a job of it ([`Platform::variables`]), and looks at what was
//! asked ([`Server::seen`]); a [`Scene`] has the repository too.
//! What is to go wrong is said by [`Platform::answer`], or by one of the shorter words beside it.
#![allow(dead_code, unused_imports, reason = "each file of tests uses a part of it")]

mod claims;
mod platform;
mod scene;
mod server;
mod token;

pub(crate) use claims::{BEARER, GITHUB_TOKEN, JOB_TOKEN, Job, github_claims, gitlab_claims};
pub(crate) use platform::{Platform, Question};
pub(crate) use scene::{Scene, audience, fingerprint};
pub(crate) use server::{Pace, Reply, Request, Server};
pub(crate) use token::{Key, jwks, now, one, part, short, two};
