//! Several clients at once: one number of requests, one end.

use std::time::{Duration, Instant};

use super::LIMITS;
use super::controls::repository;
use super::server::{Answer as Sent, Server, ok, redirect, status};
use crate::base::digest::Sha256;
use crate::net::answer::Answer;
use crate::net::client::{Ask, Budget, Client, Limits};
use crate::net::github::controls::Repository;
use crate::net::{Lost, NetError, Scheme, Token, oidc};

/// Asks everything of GitHub at once, each by a client of its own.
fn ask_all(
    server: &Server,
    limits: Limits,
    budget: &Budget,
    ends: Instant,
) -> Vec<Result<(), Lost>> {
    fn said<T>(answer: Answer<T>) -> Result<(), Lost> {
        answer.result.map(|_| ())
    }
    let repository = repository(server);
    let request = server.url("/idtoken?x=y");
    let bearer = Token::new("t0ken", Scheme::Bearer, &request).unwrap();
    let digests = [&b"a"[..], b"b", b"c"].map(Sha256::of);
    let client = || Client::new(limits, None, &|| false).within(budget.clone(), ends);
    let repository: &Repository = &repository;
    std::thread::scope(|scope| {
        let mut all = vec![
            scope.spawn(|| oidc::request(&client(), &request, &bearer, "a").map(|_| ())),
            scope.spawn(|| oidc::keys(&client(), &server.url("")).map(|_| ())),
            scope.spawn(|| said(repository.branch_rules(&client(), "main"))),
            scope.spawn(|| said(repository.environment(&client(), "release"))),
            scope.spawn(|| said(repository.approvals(&client(), "7"))),
            scope.spawn(|| said(repository.jobs(&client(), "7", "1"))),
        ];
        for digest in digests {
            all.push(scope.spawn(move || {
                let client = Client::new(limits, None, &|| false).within(budget.clone(), ends);
                said(repository.attestations(&client, digest))
            }));
        }
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn later() -> Instant {
    Instant::now() + LIMITS.all
}

#[test]
fn no_more_requests_are_made_than_the_budget_holds() {
    for answer in [redirect("/again"), status(503), Sent::Bytes(Vec::new()), ok("{}")] {
        let is_short = !matches!(&answer, Sent::Bytes(bytes) if bytes.ends_with(b"{}"));
        let server = Server::start(move |_| answer.clone());
        let budget = Budget::of(15);
        let all = ask_all(&server, LIMITS, &budget, later());
        assert!(all.iter().all(Result::is_err));
        let made = server.seen().len();
        assert_eq!(made + budget.left(), 15);
        let refused = all.iter().flat_map(|one| one.as_ref().err());
        let used_up = refused.filter(|lost| lost.reason.contains("no more requests")).count();
        assert_eq!(used_up > 0, is_short, "{all:?}");
        assert_eq!(budget.left() == 0, is_short);
    }
}

#[test]
fn an_empty_budget_asks_nobody() {
    let server = Server::start(|_| ok("{}"));
    let all = ask_all(&server, LIMITS, &Budget::of(0), later());
    assert!(all.iter().all(|one| one.as_ref().is_err_and(|lost| lost.cure.is_none())));
    assert!(server.seen().is_empty());
}

/// The others have their answers, and none goes on past the end.
#[test]
fn one_that_hangs_holds_up_none_of_the_others() {
    for hangs in [
        Sent::Silence,
        Sent::Drip(b"HTTP/1.1 200 OK\r\n\r\n[".to_vec()),
        Sent::Drip(b"HTTP/1.1 200 OK\r\nX: ".to_vec()),
    ] {
        let server = Server::start(move |request| match request.path() {
            path if path.contains("/rules/") => hangs.clone(),
            path if path.ends_with("/approvals") => ok("[]"),
            _ => status(404),
        });
        let limits = Limits { headers: 64 << 20, ..LIMITS };
        let ends = Instant::now() + Duration::from_millis(500);
        let all = ask_all(&server, limits, &Budget::of(15), ends);
        let lost = all[2].as_ref().unwrap_err();
        assert!(lost.reason.ends_with("took too long"), "{lost:?}");
        assert!(lost.cure.as_ref().is_some_and(|cure| cure.contains("--offline")), "{lost:?}");
        assert_eq!(all[4], Ok(()));
        // Far from what the limits of the client alone would allow.
        assert!(Instant::now() < ends + LIMITS.all / 2);
    }
}

#[test]
fn a_platform_that_hangs_altogether_ends_at_the_end() {
    let server = Server::start(|_| Sent::Silence);
    let ends = Instant::now() + Duration::from_millis(100);
    let all = ask_all(&server, LIMITS, &Budget::of(15), ends);
    assert_eq!(all.len(), 9);
    assert!(
        all.iter()
            .all(|one| { one.as_ref().is_err_and(|lost| lost.reason.ends_with("took too long")) })
    );
    assert!(Instant::now() < ends + LIMITS.all / 2);
}

#[test]
fn after_the_end_nobody_is_asked_and_nothing_is_spent() {
    let server = Server::start(|_| ok("{}"));
    let budget = Budget::of(15);
    let all = ask_all(&server, LIMITS, &budget, Instant::now());
    assert!(all.iter().all(Result::is_err));
    assert_eq!(budget.left(), 15);
    assert!(server.seen().is_empty());
}

/// The pause before a second try isn't made longer than what is left.
#[test]
fn a_second_try_waits_no_longer_than_the_end() {
    let server = Server::start(|_| status(503));
    let limits = Limits { pause: LIMITS.all, ..LIMITS };
    let ends = Instant::now() + Duration::from_millis(100);
    let client = Client::new(limits, None, &|| false).within(Budget::of(15), ends);
    let url = server.url("/");
    let error = client.get(&Ask { url: &url, cap: 10, headers: &[], token: None });
    assert_eq!(error, Err(NetError::TimedOut { host: "127.0.0.1".into() }));
    assert_eq!(server.seen().len(), 1);
    assert!(Instant::now() < ends + LIMITS.all / 2);
}
