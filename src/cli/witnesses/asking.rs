//! How long and how often the platform is asked, and everything side by side.

use std::thread::{Builder, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::base::time::Time;
use crate::capture::environment::Variables;
use crate::cli::platform_client::proxy;
use crate::net::answer::Answer;
use crate::net::client::{Budget, Client, Limits};
use crate::net::{Lost, Proxy};

/// A server that hangs costs a build this, and no more.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    request: Duration::from_secs(5),
    all: Duration::from_secs(9),
    pause: Duration::from_millis(500),
    headers: 64 << 10,
    redirects: 5,
};
/// Most requests for the token, the issuer's keys, and what protects the build.
const QUESTIONS: usize = 10;
/// Most requests for attestations. These are counted for themselves: a platform that keeps many is not to use
/// up what the token needs.
const SEARCHES: usize = 5;

/// One session of asking; its time begins when it is made.
pub(super) struct Asking<'a> {
    proxy: Option<Proxy>,
    stop: &'a (dyn Fn() -> bool + Sync),
    ends: Instant,
    questions: Budget,
    searches: Budget,
}

impl<'a> Asking<'a> {
    pub(super) fn begin(
        variables: &Variables,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Result<Self, Lost> {
        let now = Instant::now();
        Ok(Self {
            proxy: proxy(variables)?,
            stop,
            ends: now.checked_add(LIMITS.all).unwrap_or(now),
            questions: Budget::of(QUESTIONS),
            searches: Budget::of(SEARCHES),
        })
    }

    /// Who asks for the token, and for what protects the build. A client is for one thread.
    pub(super) fn client(&self) -> Client<'a> {
        self.within(&self.questions)
    }

    /// Who looks for attestations.
    pub(super) fn searcher(&self) -> Client<'a> {
        self.within(&self.searches)
    }

    fn within(&self, budget: &Budget) -> Client<'a> {
        Client::new(LIMITS, self.proxy.clone(), self.stop).within(budget.clone(), self.ends)
    }
}

/// Work in a thread of its own.
pub(super) struct Beside<'s, T>(Option<ScopedJoinHandle<'s, T>>);

pub(super) fn beside<'s, T: Send + 's>(
    scope: &'s Scope<'s, '_>,
    work: impl FnOnce() -> T + Send + 's,
) -> Beside<'s, T> {
    Beside(Builder::new().name("witness".into()).spawn_scoped(scope, work).ok())
}

impl<T> Beside<'_, T> {
    /// What came of it. The client that it asks with ends, so that this does.
    pub(super) fn wait(self) -> Result<T, Lost> {
        let ended = self.0.and_then(|handle| handle.join().ok());
        ended.ok_or_else(|| Lost::plain("no thread could be started to ask"))
    }
}

impl<T> Beside<'_, Answer<T>> {
    /// The same for a question.
    pub(super) fn answer(self) -> Answer<T> {
        self.wait().unwrap_or_else(|lost| Answer {
            path: String::new(),
            status: None,
            at: Time::now(),
            sha256: None,
            result: Err(lost),
        })
    }
}
