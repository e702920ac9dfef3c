//! The tests of web-platform-tests, `eventsource/`, that need no browser, with their names; then tests of undici and
//! Firefox, and others.

use crate::page::{
    Clock, Failure, Page, RECONNECTS, Seen, message, message_with_id, refused, visit,
};
use crate::page::{Driver, Message};
use crate::server::{Server, Step, chunked, redirect, response, status, stream, typed};
use sse_wire::Refused;
use std::net::TcpListener;

for_each_driver! {
    eventsource_constructor_url_bogus
    eventsource_constructor_non_same_origin
    eventsource_eventtarget
    eventsource_onmessage
    eventsource_onopen
    eventsource_add_event_listener
    eventsource_prototype
    eventsource_close
    eventsource_close_reconnect_fail
    eventsource_reconnect
    eventsource_reconnect_event_id
    event_data
    format_data_before_final_empty_line
    format_field_id
    format_field_id_2
    format_field_id_3
    format_field_id_null
    id_with_bad_utf8
    format_field_retry
    format_field_retry_bogus
    format_field_retry_bogus_2
    format_field_retry_empty
    format_mime_bogus
    format_mime_valid_bogus
    format_mime_trailing_semicolon
    format_utf_8
    request_accept
    request_cache_control
    request_redirect
    request_status_error
    request_cancellation
    eventsource_cross_origin_redirect
    cors_unsafe_last_event_id
    eventsource_from_readable_stream
    undici_redirect_without_location
    undici_redirect_then_204
    undici_retry_alone_counts
    undici_close_is_no_error
    firefox_unknown_host
    firefox_close_within_a_handler
    firefox_204_is_one_error
    redirections_are_forgotten_unless_permanent
    redirections_are_relative_and_http
    connection_refused_reconnects
    close_ends_a_wait
    close_ends_a_stream
    chunks_change_nothing
    interim_responses
    jitter_only_adds
}

/// `new EventSource` throws for an invalid URL.
fn eventsource_constructor_url_bogus(driver: Driver) {
    let server = Server::start([]);
    for url in
        ["http://this is invalid/", "", "/relative", "http://", "http://[::1/", "http://a:b/"]
    {
        assert!(Page::new(&server).visit(driver, url).is_err(), "{url}");
    }
    assert_eq!(server.requests(), []);
}

fn eventsource_constructor_non_same_origin(driver: Driver) {
    let server = Server::start([]);
    // The server would record a request.
    let ftp = server.url("/").replace("http:", "ftp:");
    for url in [&ftp, "about:blank", "mailto:whatwg@awesome.example", "javascript:alert()"] {
        let page = Page::new(&server).visit(driver, url).unwrap();
        assert_eq!(page.seen, [Seen::Fails(Failure::Scheme)], "{url}");
        assert_eq!(page.milliseconds(), [0]);
    }
    assert_eq!(server.requests(), []);
}

/// At `open`, the client is OPEN, which the page asserts.
fn eventsource_eventtarget(driver: Driver) {
    let server = Server::start([stream("data: data\n\n")]);
    let page = visit(driver, &server);
    assert_eq!(page.seen, [Seen::Open, message(&server, "data"), RECONNECTS, refused(204)]);
}

fn eventsource_onmessage(driver: Driver) {
    let server = Server::start([stream("id: 7\ndata: data\n\n")]);
    let page = visit(driver, &server);
    assert_eq!(page.seen[1], message_with_id(&server, "data", "7"));
}

/// The client is open before the first byte of the body: no byte comes before the page has received `open`.
fn eventsource_onopen(driver: Driver) {
    let server = Server::start([[stream(""), vec![Step::HangUp]].into_iter().flatten().collect()]);
    let mut page = Page::new(&server);
    page.close_when = |_, seen| *seen == Seen::Open;
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.seen, [Seen::Open]);
    assert_eq!(server.requests().len(), 1);
}

fn eventsource_add_event_listener(driver: Driver) {
    let server = Server::start([stream("data: a\n\nevent: custom\ndata: b\n\nevent\ndata: c\n\n")]);
    let page = visit(driver, &server);
    let types = page.messages().into_iter().map(|message| &*message.event_type);
    assert_eq!(types.collect::<Vec<_>>(), ["message", "custom", "message"]);
}

/// The fields of an event.
fn eventsource_prototype(driver: Driver) {
    let server = Server::start([stream("event: x\nid: 1\ndata: a\ndata: b\n\n")]);
    let page = visit(driver, &server);
    let expected = Message {
        event_type: "x".into(),
        data: "a\nb".into(),
        last_event_id: "1".into(),
        origin: server.origin(),
    };
    assert_eq!(page.messages(), [&expected]);
}

fn eventsource_close(driver: Driver) {
    let server = Server::start([stream("data: never\n\n")]);
    let mut page = Page::new(&server);
    page.close_when = |_, seen| *seen == Seen::Open;
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.seen, [Seen::Open]);
    assert_eq!(server.requests().len(), 1);
}

/// The second part of eventsource-close, with reconnect-fail.py.
fn eventsource_close_reconnect_fail(driver: Driver) {
    let server = Server::start([
        stream("retry: 2\ndata: opened\n\n"),
        stream("data: reconnected\n\n"),
        status(204),
        stream("data: never\n\n"),
    ]);
    let page = visit(driver, &server);
    let expected = [
        Seen::Open,
        message(&server, "opened"),
        RECONNECTS,
        Seen::Open,
        message(&server, "reconnected"),
        RECONNECTS,
        refused(204),
    ];
    assert_eq!(page.seen, expected);
    // 2 ms are less than the floor.
    assert_eq!(page.milliseconds(), [0, 500, 500]);
    assert_eq!(server.requests().len(), 3);
}

/// With status-reconnect.py.
fn eventsource_reconnect(driver: Driver) {
    let body = "retry: 2\ndata: data\n\n";
    let server = Server::start([stream(body), stream(body)]);
    let page = visit(driver, &server);
    let once = [Seen::Open, message(&server, "data"), RECONNECTS];
    assert_eq!(page.seen, [&once[..], &once, &[refused(204)]].concat());
    assert_eq!(page.milliseconds(), [0, 500, 500]);
}

/// The part about the last event ID.
fn eventsource_reconnect_event_id(driver: Driver) {
    let server = Server::start([
        stream("id: 2\nretry: 200\ndata: ok\n\n"),
        vec![Step::Reply(Box::new(|request| {
            let id = request.last_event_id().unwrap();
            [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ", id, b"\n\n"]
                .concat()
        }))],
    ]);
    let page = visit(driver, &server);
    assert_eq!(page.data(), ["ok", "2"]);
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
    assert_eq!(ids, [None, Some(&b"2"[..]), Some(b"2")]);
}

/// With message2.py: the first event is received before the response ends.
fn event_data(driver: Driver) {
    let server = Server::start([stream("data:msg\ndata: msg\n\n:\ndata:")
        .into_iter()
        .chain([Step::Seen(1), Step::Send(b"\n\ndata:end\n\n".to_vec()), Step::Seen(3)])
        .collect()]);
    let page = visit(driver, &server);
    assert_eq!(page.data(), ["msg\nmsg", "", "end"]);
}

fn format_data_before_final_empty_line(driver: Driver) {
    let body = "retry:1000\ndata:test1\n\nid:test\ndata:test2";
    let server = Server::start([stream(body), stream(body)]);
    let page = visit(driver, &server);
    assert_eq!(page.data(), ["test1", "test1"]);
    assert_eq!(page.ids(), ["", ""]);
    assert!(server.requests().iter().all(|request| request.last_event_id().is_none()));
}

fn format_field_id(driver: Driver) {
    let server = Server::start([stream("id: …\ndata: 1\n\n"), stream("data: 2\n\n")]);
    let page = visit(driver, &server);
    assert_eq!(page.ids(), ["…", "…"]);
    let requests = server.requests();
    assert_eq!(requests[1].last_event_id(), Some(&b"\xE2\x80\xA6"[..]));
    assert_eq!(requests.len(), 3);
}

/// The ID is kept over several connections whose events have none.
fn format_field_id_2(driver: Driver) {
    let server = Server::start([
        stream("id: …\nretry: 200\ndata: 1\n\n"),
        stream("data: 2\n\n"),
        stream("data: 3\n\n"),
    ]);
    let page = visit(driver, &server);
    assert_eq!(page.ids(), ["…"; 3]);
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
    let id = Some("…".as_bytes());
    assert_eq!(ids, [None, id, id, id]);
}

/// An `id` line without a value resets the last event ID.
fn format_field_id_3(driver: Driver) {
    let server =
        Server::start([stream("id: …\ndata: 1\n\n"), stream("id\ndata: 2\n\n"), stream("")]);
    let page = visit(driver, &server);
    assert_eq!(page.ids(), ["…", ""]);
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
    assert_eq!(ids, [None, Some("…".as_bytes()), None, None]);
}

fn format_field_id_null(driver: Driver) {
    for id in ["\0x", "x\0", "x\0x", "\0", " \0"] {
        let server = Server::start([stream(format!("id: {id}\nretry: 200\ndata: hello\n\n"))]);
        let page = visit(driver, &server);
        assert_eq!(page.data(), ["hello"]);
        assert_eq!(page.ids(), [""]);
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[1].last_event_id(), None, "{id:?}");
    }
}

/// Invalid UTF-8 is sent as U+FFFD.
fn id_with_bad_utf8(driver: Driver) {
    let server = Server::start([stream(b"id: a\xFFb\ndata: x\n\n")]);
    assert_eq!(visit(driver, &server).ids(), ["a\u{FFFD}b"]);
    assert_eq!(server.requests()[1].last_event_id(), Some("a\u{FFFD}b".as_bytes()));
}

/// The wait before the second connection, after this body.
fn wait_after(driver: Driver, body: &str) -> u128 {
    let server = Server::start([stream(body)]);
    let page = visit(driver, &server);
    assert_eq!(page.data(), ["x"]);
    let [0, wait] = page.milliseconds()[..] else { panic!("{:?}", page.waits) };
    wait
}

fn format_field_retry(driver: Driver) {
    assert_eq!(wait_after(driver, "retry: 03000\ndata: x\n\n"), 3000);
    assert_eq!(wait_after(driver, "retry:04000\ndata: x\n\n"), 4000);
}

fn format_field_retry_bogus(driver: Driver) {
    assert_eq!(wait_after(driver, "retry: 4000\nretry: 1000x\ndata: x\n\n"), 4000);
}

fn format_field_retry_bogus_2(driver: Driver) {
    assert_eq!(wait_after(driver, "retry: 1000\nretry: 5000x\ndata: x\n\n"), 1000);
}

fn format_field_retry_empty(driver: Driver) {
    assert_eq!(wait_after(driver, "retry\ndata: x\n\n"), 3000);
    assert_eq!(wait_after(driver, "retry: 1000\nretry\ndata: x\n\n"), 1000);
}

/// Checks for one `error`, the state CLOSED, and one request.
fn is_refused(driver: Driver, server: Server, expected: Refused) {
    let page = visit(driver, &server);
    assert_eq!(page.seen, [Seen::Fails(Failure::Refused(expected))]);
    assert_eq!(server.requests().len(), 1);
}

fn format_mime_bogus(driver: Driver) {
    let server = Server::start([typed("x bogus", "data: data\n\n")]);
    is_refused(driver, server, Refused::ContentType);
}

fn format_mime_valid_bogus(driver: Driver) {
    for content_type in ["text/x-bogus", "text/event-streamx", ""] {
        let server = Server::start([typed(content_type, "data: data\n\n")]);
        is_refused(driver, server, Refused::ContentType);
    }
    let server = Server::start([response(200, &[], "data: data\n\n")]);
    is_refused(driver, server, Refused::ContentType);
}

fn format_mime_trailing_semicolon(driver: Driver) {
    let server = Server::start([typed("text/event-stream;", "data: data\n\n")]);
    assert_eq!(visit(driver, &server).seen[..2], [Seen::Open, message(&server, "data")]);
}

/// The stream is UTF-8, whatever its charset.
fn format_utf_8(driver: Driver) {
    let body = "data:ok…\n\n";
    let server = Server::start([typed("text/event-stream;charset=windows-1252", body)]);
    assert_eq!(visit(driver, &server).seen[..2], [Seen::Open, message(&server, "ok…")]);
}

/// All headers except `Host` and `Connection`.
fn request_accept(driver: Driver) {
    let server = Server::start([stream("data: data\n\n")]);
    visit(driver, &server);
    let address = server.address.to_string();
    for request in server.requests() {
        assert_eq!(request.line, "GET /events HTTP/1.1");
        let headers = [("accept", &b"text/event-stream"[..]), ("cache-control", b"no-cache")];
        assert_eq!(request.headers(), headers);
        let mut host = request.headers.iter().filter(|(name, _)| name == "host");
        assert_eq!(host.next().unwrap().1, address.as_bytes());
        assert_eq!(host.next(), None);
    }
}

/// Both requests have the header.
fn request_cache_control(driver: Driver) {
    let server = Server::start([stream("retry:500\nid: 1\ndata: data\n\n")]);
    visit(driver, &server);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.headers()[1], ("cache-control", &b"no-cache"[..]));
    }
    let headers = [
        ("accept", &b"text/event-stream"[..]),
        ("cache-control", b"no-cache"),
        ("last-event-id", b"1"),
    ];
    assert_eq!(requests[1].headers(), headers);
}

/// Also 308, which undici tests. The headers stay the same.
fn request_redirect(driver: Driver) {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start([
            stream("id: 1\ndata: first\n\n"),
            redirect(status, "/there"),
            stream("data: data\n\n"),
        ]);
        let page = visit(driver, &server);
        let first = [Seen::Open, message_with_id(&server, "first", "1"), RECONNECTS];
        let second = [Seen::Open, message_with_id(&server, "data", "1"), RECONNECTS, refused(204)];
        assert_eq!(page.seen, [&first[..], &second].concat(), "{status}");
        assert_eq!(page.milliseconds(), [0, 3000, 3000], "a redirection is no attempt");
        let requests = server.requests();
        assert_eq!(requests[2].line, "GET /there HTTP/1.1");
        assert_eq!(requests[2].headers(), requests[1].headers());
        assert_eq!(requests[2].last_event_id(), Some(&b"1"[..]));
    }
}

fn request_status_error(driver: Driver) {
    for code in [204, 205, 210, 299, 300, 304, 404, 410, 500, 503] {
        is_refused(driver, Server::start([status(code)]), Refused::Status(code));
    }
}

/// The client is closed during the handshake. It ignores the response.
fn request_cancellation(driver: Driver) {
    let mut script = vec![Step::CloseClient, Step::HangUp];
    script.extend(stream("data: data\n\n"));
    let server = Server::start([script, stream("data: data\n\n")]);
    let page = visit(driver, &server);
    assert_eq!(page.seen, []);
    assert_eq!(server.requests().len(), 1);
}

/// The origin of events is that of the final URL.
fn eventsource_cross_origin_redirect(driver: Driver) {
    let there = Server::start([stream("data: there\n\n")]);
    let here = Server::start([redirect(302, &there.url("/there")), stream("data: here\n\n")]);
    let page = visit(driver, &here);
    let expected = [
        Seen::Open,
        message(&there, "there"),
        RECONNECTS,
        Seen::Open,
        message(&here, "here"),
        RECONNECTS,
        refused(204),
    ];
    assert_eq!(page.seen, expected);
    let [request] = &there.requests()[..] else { panic!() };
    assert_eq!(request.line, "GET /there HTTP/1.1");
}

fn cors_unsafe_last_event_id(driver: Driver) {
    for id in ["abc", "e5p3n<3k0k0s", &"a".repeat(255)] {
        let server = Server::start([stream(format!("id: {id}\nretry: 200\ndata: x\n\n"))]);
        assert_eq!(visit(driver, &server).ids(), [id]);
        assert_eq!(server.requests()[1].last_event_id(), Some(id.as_bytes()));
    }
}

/// The stream exists only once: the page closes the client at its end.
fn eventsource_from_readable_stream(driver: Driver) {
    let server = Server::start([stream("data: data\n\n")]);
    let mut page = Page::new(&server);
    page.close_when = |_, seen| *seen == RECONNECTS;
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.seen, [Seen::Open, message(&server, "data"), RECONNECTS]);
    assert_eq!(page.milliseconds(), [0]);
    assert_eq!(server.requests().len(), 1);
}

fn undici_redirect_without_location(driver: Driver) {
    for code in [301, 302, 303, 307, 308] {
        is_refused(driver, Server::start([status(code)]), Refused::Status(code));
        let empty = Server::start([redirect(code, "")]);
        is_refused(driver, empty, Refused::Status(code));
    }
}

fn undici_redirect_then_204(driver: Driver) {
    let server = Server::start([redirect(301, "/there"), status(204)]);
    assert_eq!(visit(driver, &server).seen, [refused(204)]);
    assert_eq!(server.requests().len(), 2);
}

fn undici_retry_alone_counts(driver: Driver) {
    let server = Server::start([stream("retry: 1234\n\n")]);
    let page = visit(driver, &server);
    assert_eq!(page.seen, [Seen::Open, RECONNECTS, refused(204)]);
    assert_eq!(page.milliseconds(), [0, 1234]);
}

fn undici_close_is_no_error(driver: Driver) {
    let server =
        Server::start([stream("data: data\n\n").into_iter().chain([Step::HangUp]).collect()]);
    let mut page = Page::new(&server);
    page.close_when = |_, seen| matches!(seen, Seen::Message(_));
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.seen, [Seen::Open, message(&server, "data")]);
    assert_eq!(server.requests().len(), 1);
}

/// A label of more than 63 letters, for which no resolver sends a query.
fn firefox_unknown_host(driver: Driver) {
    let server = Server::start([]);
    let mut page = Page::new(&server);
    page.close_when = |page, _| page.seen.len() == 2;
    let url = format!("http://{}.invalid/", "x".repeat(64));
    let page = page.visit(driver, &url).unwrap();
    assert_eq!(page.seen, [RECONNECTS; 3]);
    assert_eq!(page.milliseconds(), [0, 3000, 6000]);
    assert_eq!(page.attempts, [1, 2, 3]);
}

/// Later events in the same chunk are not received.
fn firefox_close_within_a_handler(driver: Driver) {
    let server = Server::start([stream("data: 1\n\ndata: 2\n\ndata: 3\n\n")]);
    let mut page = Page::new(&server);
    page.close_when = |page, seen| page.data() == ["1"] && matches!(seen, Seen::Message(_));
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.data(), ["1", "2"]);
    assert_eq!(page.seen.len(), 3);
    assert_eq!(server.requests().len(), 1);
}

fn firefox_204_is_one_error(driver: Driver) {
    is_refused(driver, Server::start([status(204)]), Refused::Status(204));
}

/// The client reconnects to the first URL, or to the target of a permanent redirection.
fn redirections_are_forgotten_unless_permanent(driver: Driver) {
    for (first, second, back) in
        [(301, 308, "/c"), (308, 302, "/b"), (302, 301, "/a"), (303, 307, "/a"), (307, 308, "/a")]
    {
        let server =
            Server::start([redirect(first, "/b"), redirect(second, "/c"), stream("data: x\n\n")]);
        let page = Page::new(&server).visit(driver, &server.url("/a")).unwrap();
        assert_eq!(page.data(), ["x"]);
        let requests = server.requests();
        let paths: Vec<_> = requests.iter().map(|request| request.path()).collect();
        assert_eq!(paths, ["/a", "/b", "/c", back], "{first} {second}");
    }
}

/// A location is resolved against the URL of its request, and must be HTTP.
fn redirections_are_relative_and_http(driver: Driver) {
    let server = Server::start([
        redirect(302, "there?q=1#fragment"),
        redirect(302, "../up"),
        redirect(302, "?x"),
        redirect(302, "ftp://example.not/"),
    ]);
    let page = Page::new(&server).visit(driver, &server.url("/a/b#top")).unwrap();
    assert_eq!(page.seen, [refused(302)]);
    let requests = server.requests();
    let paths: Vec<_> = requests.iter().map(|request| request.path()).collect();
    assert_eq!(paths, ["/a/b", "/a/there?q=1", "/up", "/up?x"]);
}

/// The server is down. The client reconnects to the same address.
fn connection_refused_reconnects(driver: Driver) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = Server::start([]);
    let mut page = Page::new(&server);
    page.close_when = |page, _| page.seen.len() == 4;
    let page = page.visit(driver, &format!("http://{address}/")).unwrap();
    assert_eq!(page.seen, [RECONNECTS; 5]);
    assert_eq!(page.milliseconds(), [0, 3000, 6000, 12_000, 24_000]);

    // The server first closes the connection without a response.
    let server = Server::start([vec![], vec![], stream("data: x\n\n")]);
    let page = visit(driver, &server);
    let expected =
        [RECONNECTS, RECONNECTS, Seen::Open, message(&server, "x"), RECONNECTS, refused(204)];
    assert_eq!(page.seen, expected);
    assert_eq!(page.milliseconds(), [0, 3000, 6000, 3000]);
}

fn close_ends_a_wait(driver: Driver) {
    let server = Server::start([stream("data: x\n\n"), stream("data: never\n\n")]);
    let mut page = Page::new(&server);
    page.clock = Clock::Stands;
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.seen, [Seen::Open, message(&server, "x"), RECONNECTS]);
    assert_eq!(page.milliseconds(), [0, 3000]);
    assert_eq!(server.requests().len(), 1);
}

/// From another thread, on a silent connection: the server sees the connection end.
fn close_ends_a_stream(driver: Driver) {
    let steps = [Step::Seen(1), Step::CloseClient, Step::HangUp];
    let server = Server::start([
        stream("data: x\n\n").into_iter().chain(steps).collect(),
        stream("data: never\n\n"),
    ]);
    let page = visit(driver, &server);
    assert_eq!(page.seen, [Seen::Open, message(&server, "x")]);
    assert_eq!(server.requests().len(), 1);
}

fn chunks_change_nothing(driver: Driver) {
    let body =
        "\u{feff}id: …\r\ndata: 1\r\n\r\n: x\r\rdata: 2\rdata: 3\r\rretry: 700\nid: cut\ndata: cut";
    let whole = Server::start([stream(body)]);
    let expected = visit(driver, &whole);
    assert_eq!(expected.data(), ["1", "2\n3"]);
    assert_eq!(expected.milliseconds(), [0, 700]);
    let requests = whole.requests();
    for len in [1, 2, 3, 7, 1000] {
        let server = Server::start([chunked(len, body)]);
        let page = visit(driver, &server);
        assert_eq!(page.data(), expected.data());
        assert_eq!(page.ids(), ["…", "…"]);
        assert_eq!(page.waits, expected.waits);
        assert_eq!(server.requests()[1].headers(), requests[1].headers());
    }
    // With a `Content-Length`: one that ends before the connection, and one that is longer than the body.
    for (length, step) in [("9", Step::HangUp), ("100", Step::Send(vec![]))] {
        let headers = [("Content-Type", "text/event-stream"), ("Content-Length", length)];
        let mut script = response(200, &headers, "data: x\n\n");
        script.push(step);
        let server = Server::start([script, stream("data: y\n\n")]);
        assert_eq!(visit(driver, &server).data(), ["x", "y"], "{length}");
    }
}

/// Interim responses must be skipped. reqwless does not.
fn interim_responses(driver: Driver) {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    let interim = || Step::Send([interim, interim].concat().into_bytes());
    let server = Server::start([[interim()].into_iter().chain(stream("data: x\n\n")).collect()]);
    let page = visit(driver, &server);
    if driver == Driver::Reqwless {
        assert!(!page.seen.contains(&Seen::Open), "{:?}", page.seen);
    } else {
        assert_eq!(page.seen[..2], [Seen::Open, message(&server, "x")]);
    }
}

fn jitter_only_adds(driver: Driver) {
    let server = Server::start([stream("retry: 1000\ndata: x\n\n"), vec![]]);
    let mut page = Page::new(&server);
    page.random = u32::MAX;
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.milliseconds(), [0, 1499, 2999]);
}
