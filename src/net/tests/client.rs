//! The client against servers that mean it ill.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::server::{Answer, Request, Server, ok, redirect, status, with};
use super::{LIMITS, client, url};
use crate::net::client::{Ask, Client, Limits};
use crate::net::{Lost, NetError, Proxy, Scheme, Token, Url, fetch};

fn get(url: &Url) -> Result<Vec<u8>, NetError> {
    client().get(&Ask { url, cap: 1000, headers: &[], token: None })
}

fn get_with(url: &Url, token: &Token) -> Result<Vec<u8>, NetError> {
    client().get(&Ask { url, cap: 1000, headers: &[], token: Some(token) })
}

fn holds_token(request: &Request) -> bool {
    request.head.contains("t0ken")
}

#[test]
fn a_reply_is_its_body_and_the_request_names_us_and_nothing_else() {
    let server = Server::start(|_| with(200, "Set-Cookie: a=b\r\n", "body"));
    let url = server.url("/x?y=z");
    let headers = &[("Accept", "application/json")][..];
    let ask = Ask { url: &url, cap: 4, headers, token: None };
    let client = client();
    assert_eq!(client.get(&ask), Ok(b"body".to_vec()));
    assert_eq!(client.get(&ask), Ok(b"body".to_vec()));
    let seen = server.seen();
    let request = &seen[1];
    assert_eq!(request.target, "/x?y=z");
    let agent = concat!("proofmark/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(agent));
    assert_eq!(request.header("accept"), Some("application/json"));
    for name in ["cookie", "authorization", "referer", "accept-encoding", "proxy-authorization"] {
        assert_eq!(request.header(name), None, "{name}");
    }
}

#[test]
fn a_token_stays_with_its_origin_through_redirects() {
    let other = Server::start(|_| ok("body"));
    let there = other.url("/file?sig=1").uri().to_string();
    let api = Server::start(move |request| match request.path() {
        "/first" => redirect("/second"),
        _ => redirect(&there),
    });
    let token = Token::new("t0ken", Scheme::Bearer, &api.url("/")).unwrap();
    assert_eq!(get_with(&api.url("/first"), &token), Ok(b"body".to_vec()));
    assert!(api.seen().iter().all(|seen| seen.header("authorization") == Some("Bearer t0ken")));
    assert_eq!(api.paths(), ["/first", "/second"]);
    assert_eq!(other.seen().len(), 1);
    assert!(!other.seen().iter().any(holds_token));
}

#[test]
fn a_token_that_was_dropped_does_not_come_back() {
    let api = Server::start(|request| match request.path() {
        "/away" => redirect(request.target.split_once("to=").unwrap().1),
        _ => ok("body"),
    });
    let home = api.url("/home").uri().to_string();
    let other = Server::start(move |_| redirect(&home));
    let away = format!("/away?to={}", other.url("/").uri());
    let token = Token::new("t0ken", Scheme::JobToken, &api.url("/")).unwrap();
    assert_eq!(get_with(&api.url(&away), &token), Ok(b"body".to_vec()));
    let seen = api.seen();
    assert_eq!(seen[0].header("job-token"), Some("t0ken"));
    assert_eq!(seen[1].path(), "/home");
    assert!(!holds_token(&seen[1]));
}

#[test]
fn a_token_is_not_sent_to_an_address_of_another_origin() {
    let api = Server::start(|_| ok(""));
    let other = Server::start(|_| ok(""));
    let token = Token::new("t0ken", Scheme::Bearer, &api.url("/")).unwrap();
    assert!(get_with(&other.url("/"), &token).is_ok());
    assert!(!other.seen().iter().any(holds_token));
}

#[test]
fn a_redirect_that_goes_round_or_astray_is_given_up() {
    let server = Server::start(|_| redirect("/again"));
    let error = get(&server.url("/")).unwrap_err();
    assert!(matches!(error, NetError::BadRedirect(_)), "{error:?}");
    assert_eq!(server.seen().len(), 6);
    for to in [
        "http://api.example/x",
        "http://localhost/x",
        "https://user:s3cret@api.example/",
        "ftp://api.example/",
        "//api.example/",
        "x",
        "\u{e9}",
    ] {
        let server = Server::start(move |_| redirect(to));
        let error = get(&server.url("/")).unwrap_err();
        assert!(matches!(error, NetError::BadRedirect(_)), "{to}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::start(|_| with(302, "", ""));
    assert!(matches!(get(&server.url("/")), Err(NetError::BadRedirect(_))));
}

#[test]
fn a_body_over_the_cap_is_an_error_however_it_is_told() {
    let told = Server::start(|_| ok(vec![b'x'; 1001]));
    let chunked = Server::start(|_| {
        let chunk = format!("3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1001));
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        Answer::Bytes(format!("{head}{chunk}").into_bytes())
    });
    let endless = Server::start(|_| {
        let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        Answer::Drip([head, vec![b'x'; 1000]].concat())
    });
    for server in [told, chunked, endless] {
        let error = get(&server.url("/")).unwrap_err();
        assert_eq!(error, NetError::TooLarge { host: "127.0.0.1".into(), cap: 1000 });
    }
    let just = Server::start(|_| ok(vec![b'x'; 1000]));
    assert_eq!(get(&just.url("/")).map(|body| body.len()), Ok(1000));
}

#[test]
fn a_body_that_breaks_off_is_no_body() {
    let server = Server::start(|_| {
        Answer::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec())
    });
    assert!(get(&server.url("/")).is_err());
}

#[test]
fn headers_over_the_cap_and_what_is_no_http_are_errors() {
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(32 << 10));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(1000));
    let server = Server::start(move |_| Answer::Bytes(huge.clone().into_bytes()));
    let error = get(&server.url("/")).unwrap_err();
    assert_eq!(error, NetError::TooLarge { host: "127.0.0.1".into(), cap: 16 << 10 });
    for reply in [many.as_str(), "SSH-2.0-x\r\n\r\n", "\0\0\0\0\r\n\r\n"] {
        let reply = reply.to_owned();
        let server = Server::start(move |_| Answer::Bytes(reply.clone().into_bytes()));
        let error = get(&server.url("/")).unwrap_err();
        assert_eq!(error, NetError::NotHttp { host: "127.0.0.1".into() });
    }
}

#[test]
fn a_reply_that_never_ends_meets_the_time_limit() {
    let body = |_: &Request| Answer::Drip(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    let head = |_: &Request| Answer::Drip(b"HTTP/1.1 200 OK\r\nX: ".to_vec());
    for server in [Server::start(body), Server::start(head)] {
        let short = Duration::from_millis(60);
        for limits in [Limits { request: short, ..LIMITS }, Limits { all: short, ..LIMITS }] {
            let client = Client::new(Limits { headers: 64 << 20, ..limits }, None, &|| false);
            let url = server.url("/");
            let error = client.get(&Ask { url: &url, cap: u64::MAX, headers: &[], token: None });
            assert_eq!(error, Err(NetError::TimedOut { host: "127.0.0.1".into() }));
        }
    }
}

#[test]
fn without_time_left_nobody_is_asked() {
    let server = Server::start(|_| ok("body"));
    for limits in
        [Limits { request: Duration::ZERO, ..LIMITS }, Limits { all: Duration::ZERO, ..LIMITS }]
    {
        let client = Client::new(limits, None, &|| false);
        let url = server.url("/");
        let error = client.get(&Ask { url: &url, cap: 1000, headers: &[], token: None });
        assert_eq!(error, Err(NetError::TimedOut { host: "127.0.0.1".into() }));
    }
    assert!(server.seen().is_empty());
}

#[test]
fn the_callers_stop_is_heeded_before_and_while_a_reply_comes() {
    let server = Server::start(|_| Answer::Drip(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()));
    let url = server.url("/");
    let asked = AtomicUsize::new(0);
    for after in [0, 3] {
        asked.store(0, Ordering::SeqCst);
        let stop = || asked.fetch_add(1, Ordering::SeqCst) >= after;
        let client = Client::new(LIMITS, None, &stop);
        let error = client.get(&Ask { url: &url, cap: u64::MAX, headers: &[], token: None });
        assert_eq!(error, Err(NetError::Stopped));
    }
}

#[test]
fn a_failing_server_is_asked_once_more_and_a_refusing_one_is_not() {
    for (code, times) in [(502, 2), (503, 2), (504, 2), (500, 1), (404, 1), (403, 1), (429, 1)] {
        let server = Server::start(move |_| status(code));
        let error = get(&server.url("/?q=s3cret")).unwrap_err();
        let is_limited = code == 429;
        assert_eq!(error, NetError::Status { host: "127.0.0.1".into(), code, is_limited });
        assert_eq!(server.seen().len(), times, "{code}");
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
    let count = AtomicUsize::new(0);
    let flaky = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => status(503),
        _ => ok("body"),
    });
    assert_eq!(get(&flaky.url("/")), Ok(b"body".to_vec()));
    let count = AtomicUsize::new(0);
    let broken = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::Bytes(Vec::new()),
        _ => ok("body"),
    });
    assert_eq!(get(&broken.url("/")), Ok(b"body".to_vec()));
}

#[test]
fn only_200_is_a_reply() {
    for code in [201, 204, 206, 304] {
        let server = Server::start(move |_| with(code, "", ""));
        assert!(matches!(get(&server.url("/")), Err(NetError::Status { .. })), "{code}");
    }
}

#[test]
fn nobody_there_and_no_tls_there_are_told_apart() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let error = get(&url(&format!("http://{gone}/"))).unwrap_err();
    assert_eq!(error, NetError::Unreachable { host: "127.0.0.1".into() });
    let lost = fetch(&client(), &url(&format!("http://{gone}/x"))).unwrap_err();
    assert!(lost.cure.unwrap().contains("HTTPS_PROXY"));

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 This is no TLS\r\n\r\n");
        let _ = stream.read(&mut [0; 512]);
    });
    let error = get(&url(&format!("https://{address}/"))).unwrap_err();
    assert_eq!(error, NetError::Tls { host: "127.0.0.1".into() });
}

#[test]
fn a_proxy_is_told_the_host_and_nothing_else() {
    let server = Server::start(|_| status(403));
    let proxy = Proxy::new(&server.address.to_string(), "direct.example").unwrap();
    let client = Client::new(LIMITS, Some(proxy), &|| false);
    let api = url("https://api.example/secret?s3cret");
    let token = Token::new("t0ken", Scheme::Bearer, &api).unwrap();
    let error = client.get(&Ask { url: &api, cap: 1000, headers: &[], token: Some(&token) });
    assert_eq!(error, Err(NetError::Unreachable { host: "api.example".into() }));
    let seen = server.seen();
    assert_eq!(seen[0].target, "api.example:443");
    assert!(seen.iter().all(|request| request.head.starts_with("CONNECT ")));
    assert!(!seen.iter().any(|request| holds_token(request) || request.head.contains("s3cret")));
}

#[test]
fn a_baseline_at_an_address_comes_with_the_sections_beside_it() {
    let server = Server::start(|request| match request.path() {
        "/d/a.sigstore.jsonl" => ok("evidence"),
        "/d/a.sections.jsonl" => ok("sections"),
        "/b.jsonl" | "/c.txt" | "/d.json" => ok("alone"),
        "/d.sections.jsonl" => status(403),
        _ => status(404),
    });
    let found = fetch(&client(), &server.url("/d/a.sigstore.jsonl?key=s3cret")).unwrap();
    assert_eq!(found.evidence, b"evidence");
    assert_eq!(found.sections.as_deref(), Some(&b"sections"[..]));
    assert_eq!(found.from, format!("http://{}/d/a.sigstore.jsonl", server.address));
    assert_eq!(server.seen()[1].target, "/d/a.sections.jsonl?key=s3cret");

    for path in ["/b.jsonl", "/c.txt"] {
        let found = fetch(&client(), &server.url(path)).unwrap();
        assert_eq!((found.sections, found.sections_lost), (None, None));
    }
    let found = fetch(&client(), &server.url("/d.json")).unwrap();
    assert!(found.sections.is_none() && found.sections_lost.is_some());

    let lost = fetch(&client(), &server.url("/none.jsonl?key=s3cret")).unwrap_err();
    let Lost { reason, cure } = lost;
    assert!(reason.contains("404") && !reason.contains("s3cret"), "{reason}");
    assert!(cure.unwrap().contains("--baseline FILE"));
}
