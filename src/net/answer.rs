//! What a question to a platform's API came to, whether it was answered or not.

use super::client::{Ask, Client};
use super::{Cures, Lost, NetError, Token, Url};
use crate::base::digest::Sha256;
use crate::base::time::Time;

/// A question with its answer.
#[derive(Debug)]
pub struct Answer<T> {
    /// The address's path, without its query; empty where no address could be made.
    pub path: String,
    /// The reply's status; absent where there was none, or where it was cut off at its cap.
    pub status: Option<u16>,
    /// When it was there, or given up.
    pub at: Time,
    /// SHA-256 of the body, where there was one that was used; of pages, over all of them in their order.
    pub sha256: Option<Sha256>,
    /// What it says. A 403 is no answer; whether a 404 is one is said by the question.
    pub result: Result<T, Lost>,
}

impl<T> Answer<T> {
    /// Goes on from what it says; what else is known of it stays.
    pub(super) fn then<U>(
        self,
        go_on: impl FnOnce(Result<T, Lost>) -> Result<U, Lost>,
    ) -> Answer<U> {
        let Self { path, status, at, sha256, result } = self;
        Answer { path, status, at, sha256, result: go_on(result) }
    }
}

/// A question.
pub(super) struct Question<'a> {
    /// What is asked for, in words and in the plural.
    pub(super) what: &'static str,
    /// Where.
    pub(super) url: Result<Url, NetError>,
    /// Most bytes of the reply.
    pub(super) cap: u64,
    /// Header lines.
    pub(super) headers: &'a [(&'static str, &'static str)],
    /// Who asks.
    pub(super) token: Option<&'a Token>,
    /// What helps.
    pub(super) cures: Cures<'a>,
}

impl Question<'_> {
    /// The reply's body.
    pub(super) fn ask(self, client: &Client<'_>) -> Answer<Vec<u8>> {
        let Self { what, url, cap, headers, token, cures } = self;
        let path = url.as_ref().map_or_else(|_none| String::new(), |url| url.path().to_owned());
        let body =
            url.and_then(|url| client.get_at_origin(&Ask { url: &url, cap, headers, token }));
        let status = match &body {
            Ok(_) => Some(200),
            Err(NetError::Status { code, .. }) => Some(*code),
            Err(_) => None,
        };
        let sha256 = body.as_deref().ok().map(Sha256::of);
        let result = body.map_err(|error| cures.lost(what, &error));
        Answer { path, status, at: Time::now(), sha256, result }
    }
}
