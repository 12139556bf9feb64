//! The one HTTP client: GET alone, capped, limited in time, without cookies, and with redirects that are
//! followed here, so that a token leaves its origin nowhere.

use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use ureq::http::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};

use super::NetError;
use super::proxy::Proxy;
use super::token::Token;
use super::url::Url;

/// How long a caller's `stop` may go unasked.
const POLL: Duration = Duration::from_millis(20);

/// What a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For one address, redirects and the second try included.
    pub request: Duration,
    /// For everything that one client asks.
    pub all: Duration,
    /// Before the second try.
    pub pause: Duration,
    /// Bytes of a reply's headers.
    pub headers: usize,
    /// Redirects that are followed.
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(60),
            all: Duration::from_secs(180),
            pause: Duration::from_secs(1),
            headers: 64 << 10,
            redirects: 5,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Where.
    pub url: &'a Url,
    /// Most bytes of the reply; one more is an error.
    pub cap: u64,
    /// Header lines, such as `Accept`.
    pub headers: &'a [(&'static str, &'static str)],
    /// Sent where the address is of its origin.
    pub token: Option<&'a Token>,
}

/// How many requests several clients may make together, redirects and second tries included.
#[derive(Debug, Clone)]
pub struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// This many.
    #[must_use]
    pub fn of(requests: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(requests)))
    }

    /// How many are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn spend(&self) -> Result<(), NetError> {
        let spent = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        spent.map(|_left| ()).map_err(|_none| NetError::UsedUp)
    }
}

/// Asks, within its limits, until it is told to stop.
pub struct Client<'a> {
    agent: ureq::Agent,
    proxy: Option<Proxy>,
    limits: Limits,
    budget: Option<Budget>,
    ends: Instant,
    stop: &'a dyn Fn() -> bool,
}

/// One reply, before anything is made of it.
struct Hop {
    code: u16,
    location: Option<String>,
    is_limited: bool,
    body: Vec<u8>,
}

impl<'a> Client<'a> {
    /// A client whose time begins now. `stop` is asked every now and then.
    #[must_use]
    pub fn new(limits: Limits, proxy: Option<Proxy>, stop: &'a dyn Fn() -> bool) -> Self {
        let agent = ureq::Agent::config_builder()
            // Else the library reads the environment by itself.
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(limits.headers)
            .max_idle_connections(0)
            .timeout_connect(Some(limits.connect))
            .user_agent(concat!("proofmark/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let now = Instant::now();
        let ends = now.checked_add(limits.all).unwrap_or(now);
        Self { agent, proxy, limits, budget: None, ends, stop }
    }

    /// A client that makes no more requests than `budget` has left, and ends no later than at `ends`.
    #[must_use]
    pub fn within(self, budget: Budget, ends: Instant) -> Self {
        Self { budget: Some(budget), ends: self.ends.min(ends), ..self }
    }

    /// The body of a reply with status 200.
    ///
    /// # Errors
    /// Everything else.
    pub fn get(&self, ask: &Ask<'_>) -> Result<Vec<u8>, NetError> {
        self.follow(ask, self.limits.redirects, true)
    }

    /// As [`Client::get`], where only the address's own origin may answer: what another one says isn't its
    /// word.
    ///
    /// # Errors
    /// Everything but a reply with status 200 of that origin.
    pub fn get_at_origin(&self, ask: &Ask<'_>) -> Result<Vec<u8>, NetError> {
        self.follow(ask, self.limits.redirects, false)
    }

    /// As [`Client::get`], where the address has to answer by itself: a redirect is an error.
    ///
    /// # Errors
    /// Everything but a reply with status 200.
    pub fn get_straight(&self, ask: &Ask<'_>) -> Result<Vec<u8>, NetError> {
        self.follow(ask, 0, false)
    }

    fn follow(&self, ask: &Ask<'_>, most: usize, leaves: bool) -> Result<Vec<u8>, NetError> {
        let now = Instant::now();
        let until = now.checked_add(self.limits.request).unwrap_or(now).min(self.ends);
        let mut url = ask.url.clone();
        let mut token = ask.token.cloned();
        let mut tries = 2;
        let mut redirects = most;
        loop {
            // Once a redirect led away the token is gone, even if the next one leads back.
            token = token.filter(|token| token.header(url.origin()).is_some());
            let hop = self.hop(&url, ask, token.as_ref(), until);
            let again = match &hop {
                Err(NetError::Unreachable { .. }) => true,
                Ok(hop) => matches!(hop.code, 502..=504),
                Err(_) => false,
            };
            tries -= usize::from(again);
            if again && tries > 0 {
                self.pause(until)?;
                continue;
            }
            let hop = hop?;
            match (hop.code, hop.location) {
                (200, _) => return Ok(hop.body),
                (301 | 302 | 303 | 307 | 308, Some(location)) => {
                    let too_many = match most {
                        0 => "this address has to answer by itself",
                        _ => "there are too many of them",
                    };
                    redirects = redirects.checked_sub(1).ok_or(NetError::BadRedirect(too_many))?;
                    url = url.follow(&location)?;
                    if !leaves && url.origin() != ask.url.origin() {
                        return Err(NetError::BadRedirect("it leads to somebody else"));
                    }
                }
                (301 | 302 | 303 | 307 | 308, None) => {
                    return Err(NetError::BadRedirect("it leads nowhere"));
                }
                (code, _) => {
                    let host = url.origin().host.clone();
                    return Err(NetError::Status { host, code, is_limited: hop.is_limited });
                }
            }
        }
    }

    /// One request and its reply, in a thread of its own: resolving a name can't be interrupted. A
    /// thread that is left behind ends with its own time limit.
    fn hop(
        &self,
        url: &Url,
        ask: &Ask<'_>,
        token: Option<&Token>,
        until: Instant,
    ) -> Result<Hop, NetError> {
        let left = until.saturating_duration_since(Instant::now());
        let timed_out = || NetError::TimedOut { host: url.origin().host.clone() };
        if (self.stop)() {
            return Err(NetError::Stopped);
        }
        if left.is_zero() {
            return Err(timed_out());
        }
        if let Some(budget) = &self.budget {
            budget.spend()?;
        }
        let mut request = self.agent.get(url.uri());
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        if let Some((name, value)) = token.and_then(|token| token.header(url.origin())) {
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_invalid| NetError::NotAllowed("a token that can't stand in a header"))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let proxy = self.proxy.as_ref().and_then(|proxy| proxy.for_host(url.origin()));
        let request = request.config().proxy(proxy).timeout_global(Some(left)).build();

        let (hand_over, handed_over) = mpsc::channel();
        let (host, cap) = (url.origin().host.clone(), ask.cap);
        let look = move || {
            let hop = request.call().and_then(|response| receive(response, cap));
            let hop = hop.map_err(|error| NetError::of(error, host.clone(), cap));
            let _ = hand_over.send(hop);
        };
        // Without a thread the sender is dropped, and the wait below ends.
        let _ = std::thread::Builder::new().name("network".into()).spawn(look);
        loop {
            match handed_over.recv_timeout(POLL) {
                Ok(hop) => return hop,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(NetError::Unreachable { host: url.origin().host.clone() });
                }
                Err(mpsc::RecvTimeoutError::Timeout) if (self.stop)() => {
                    return Err(NetError::Stopped);
                }
                Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() >= until => {
                    return Err(timed_out());
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Waits before the second try.
    fn pause(&self, until: Instant) -> Result<(), NetError> {
        let now = Instant::now();
        let end = now.checked_add(self.limits.pause).unwrap_or(now).min(until);
        while Instant::now() < end {
            if (self.stop)() {
                return Err(NetError::Stopped);
            }
            std::thread::sleep(POLL.min(end.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }
}

/// Reads a reply; the body only where it is used.
fn receive(response: ureq::http::Response<ureq::Body>, cap: u64) -> Result<Hop, ureq::Error> {
    let code = response.status().as_u16();
    let headers = response.headers();
    let location = headers.get(LOCATION).map(|value| {
        // What isn't ASCII is no address; the reading of it says so.
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    });
    let is_limited = code == 429 || (code == 403 && says_limited(headers));
    let mut body = Vec::new();
    if code == 200 {
        // One more than the cap tells a body that is cut from one that is just as long.
        let reader = response.into_body().into_with_config().limit(u64::MAX).reader();
        reader.take(cap.saturating_add(1)).read_to_end(&mut body)?;
        if body.len() as u64 > cap {
            return Err(ureq::Error::BodyExceedsLimit(cap));
        }
    }
    Ok(Hop { code, location, is_limited, body })
}

/// GitHub answers 403 where a count is used up, and says so in the headers.
fn says_limited(headers: &HeaderMap) -> bool {
    headers.contains_key(RETRY_AFTER)
        || headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0")
}
