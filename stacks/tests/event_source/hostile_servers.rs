//! Tests of the clients with malicious and broken servers, as in public reports of other clients, and with similar
//! faults. The client must end in a state that its user can act on.

use crate::page::{Driver, Failure, Page, RECONNECTS, Seen, message, refused, visit};
use crate::server::{Answer, Server, Step, redirect, response, stream};
use sse_wire::{Backoff, DecodeError, Event, Refused, UnsendableId};
use stacks::feed::Feed;
use std::sync::Arc;
use std::time::Duration;

for_each_driver! {
    retry_0_and_close
    retry_0_without_an_event
    retry_of_centuries
    accept_and_close
    accept_and_say_nothing
    unavailable_with_retry_after
    redirect_to_itself
    redirect_without_location
    html_with_status_200
    gzip
    gzip_that_says_nothing
    id_with_control_bytes
    id_of_9000_bytes
    gap_notice_lost_with_its_connection
    event_without_an_end
    event_without_an_end_on_a_connection_without_an_end
    head_without_an_end
    silence_without_an_end
    not_http
}

const MINUTE: Duration = Duration::from_secs(60);

/// A server that gives the same answer a number of times.
fn always(times: usize, answer: impl Fn() -> Answer) -> Server {
    Server::start((0..times).map(|_| answer()))
}

/// A page that closes the client at the nth `error`.
fn patient(server: &Server, errors: usize) -> Page {
    let mut page = Page::new(server);
    page.close_when = match errors {
        3 => |page, _| page.attempts.len() == 3,
        7 => |page, _| page.attempts.len() == 7,
        _ => |page, _| page.attempts.len() == 20,
    };
    page
}

/// The number of connections that begin within `time` on the page's clock.
fn connections_in(page: &Page, time: Duration) -> usize {
    let mut now = Duration::ZERO;
    let begun = page.waits.iter().take_while(|&&wait| {
        now += wait;
        now < time
    });
    let count = begun.count();
    assert!(count < page.waits.len(), "the test ended before that time");
    count
}

/// Report typescript-sdk#2673: 2 153 connections in 3 s.
fn retry_0_and_close(driver: Driver) {
    let server = always(30, || stream("retry: 0\ndata: x\n\n"));
    let page = patient(&server, 20).visit(driver, &server.url("/")).unwrap();
    assert_eq!(connections_in(&page, Duration::from_secs(3)), 6);
    assert_eq!(page.data().len(), 20);
    assert_eq!(server.requests().len(), 20);
}

/// Without a sign of life, the waits grow.
fn retry_0_without_an_event(driver: Driver) {
    let server = always(30, || stream("retry: 0\n\n"));
    let page = patient(&server, 7).visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.milliseconds(), [0, 500, 1000, 2000, 4000, 8000, 16_000]);
    assert_eq!(connections_in(&page, Duration::from_secs(3)), 3);
}

/// The client never reconnected. It must reconnect after 49 days, or after the user's ceiling.
fn retry_of_centuries(driver: Driver) {
    let body = "retry: 18446744073709551615\ndata: x\n\n";
    let server = Server::start([stream(body)]);
    let page = visit(driver, &server);
    assert_eq!(page.milliseconds(), [0, u32::MAX.into()]);
    assert_eq!(page.seen.last(), Some(&refused(204)));

    let server = Server::start([stream(body), stream(body)]);
    let mut page = Page::new(&server);
    page.backoff = Backoff::new().ceiling(5 * MINUTE);
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.waits, [Duration::ZERO, 5 * MINUTE, 5 * MINUTE]);
}

/// Report event-source-plus#12: a server that answers 200 and closes at once.
fn accept_and_close(driver: Driver) {
    let server = always(30, || stream(""));
    let page = patient(&server, 20).visit(driver, &server.url("/")).unwrap();
    // At 0, 3, 9, 21, 45, 93 s, and then every minute.
    assert_eq!(connections_in(&page, 10 * MINUTE), 14);
    assert_eq!(page.attempts, (1..=20).collect::<Vec<_>>(), "a user can give up");
    assert_eq!(server.requests().len(), 20);
}

/// The same, without a response.
fn accept_and_say_nothing(driver: Driver) {
    let server = always(30, Vec::new);
    let page = patient(&server, 20).visit(driver, &server.url("/")).unwrap();
    assert_eq!(connections_in(&page, 10 * MINUTE), 14);
    assert_eq!(page.seen, [RECONNECTS; 20]);
    assert_eq!(server.requests().len(), 20, "no driver tries again by itself");
}

/// Report EventSource#74, Yaffle#88: final in the standard, unless the user retries, and then not before the server's
/// time.
fn unavailable_with_retry_after(driver: Driver) {
    let unavailable = |seconds| response(503, &[("Retry-After", seconds)], "not now");
    let script = || [unavailable("1"), unavailable("120"), stream("data: x\n\n")];
    let server = Server::start(script());
    assert_eq!(visit(driver, &server).seen, [refused(503)]);
    assert_eq!(server.requests().len(), 1);

    let server = Server::start(script());
    let mut page = Page::new(&server);
    page.retries = true;
    let page = page.visit(driver, &server.url("/")).unwrap();
    let expected =
        [refused(503), refused(503), Seen::Open, message(&server, "x"), RECONNECTS, refused(204)];
    assert_eq!(page.seen, expected);
    assert_eq!(page.milliseconds(), [0, 3000, 120_000, 3000]);

    // One second is longer than the reconnection time of the stream.
    let server = Server::start([stream("retry: 500\ndata: x\n\n"), unavailable("1")]);
    let mut page = Page::new(&server);
    page.retries = true;
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.milliseconds(), [0, 500, 1000]);
}

/// An endless redirection.
fn redirect_to_itself(driver: Driver) {
    for status in [301, 302] {
        let server = always(40, || redirect(status, "/events"));
        let page = visit(driver, &server);
        assert_eq!(page.seen, [refused(status)]);
        assert_eq!(page.milliseconds(), [0]);
        assert_eq!(server.requests().len(), 21);
    }
    let Seen::Fails(Failure::Refused(why)) = refused(301) else { panic!() };
    assert_eq!(why.to_string(), "a redirection was not followed (status 301)");
}

fn redirect_without_location(driver: Driver) {
    let server = Server::start([response(302, &[], "")]);
    assert_eq!(visit(driver, &server).seen, [refused(302)]);
    assert_eq!(server.requests().len(), 1);
}

fn fails_for(driver: Driver, answer: Answer, why: Refused) {
    let server = Server::start([answer]);
    let page = visit(driver, &server);
    assert_eq!(page.seen, [Seen::Fails(Failure::Refused(why))]);
    assert_eq!(page.milliseconds(), [0]);
    assert_eq!(server.requests().len(), 1);
}

const GZIP: &[u8] =
    b"\x1F\x8B\x08\0\0\0\0\0\x02\xFFKI,I\xB4R\xA8\xE0\xE2\x02\0\x93l\x82\x9D\x09\0\0\0";

fn html_with_status_200(driver: Driver) {
    let page = "<!DOCTYPE html>\n<p>Log in\n\n";
    let headers = [("Content-Type", "text/html; charset=utf-8")];
    fails_for(driver, response(200, &headers, page), Refused::ContentType);
}

/// Report sseclient#27.
fn gzip(driver: Driver) {
    let headers = [("Content-Type", "text/event-stream"), ("Content-Encoding", "gzip")];
    fails_for(driver, response(200, &headers, GZIP), Refused::ContentEncoding);
}

/// HTML or compressed data declared as an event stream is not a sign of life, and shows as ignored lines.
fn gzip_that_says_nothing(driver: Driver) {
    let body = [GZIP, b"\n<html>\n\n"].concat();
    let server = always(30, || stream(&body));
    let page = patient(&server, 7).visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.milliseconds(), [0, 3000, 6000, 12_000, 24_000, 48_000, 60_000]);
    assert_eq!(page.attempts, [1, 2, 3, 4, 5, 6, 7]);
    assert!(page.ignored_lines >= 2, "{}", page.ignored_lines);
}

/// The header is omitted, this is reported, and the next valid ID is sent.
fn is_left_out(driver: Driver, id: &str, why: UnsendableId) {
    let server = Server::start([
        stream(format!("id: {id}\ndata: 1\n\n")),
        stream("data: 2\n\n"),
        stream("id: fine\ndata: 3\n\n"),
    ]);
    let page = visit(driver, &server);
    assert_eq!(page.data(), ["1", "2", "3"]);
    assert_eq!(page.ids(), [id, id, "fine"]);
    let left_out = page.seen.iter().filter(|&seen| *seen == Seen::Reconnects(Err(why)));
    assert_eq!(left_out.count(), 2);
    assert_eq!(page.seen[page.seen.len() - 2..], [RECONNECTS, refused(204)]);
    assert_eq!(page.milliseconds(), [0, 3000, 3000, 3000], "no attempt has failed");
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.last_event_id()).collect();
    assert_eq!(ids, [None, None, None, Some(&b"fine"[..])]);
}

/// Report undici#5746: each connection was reset.
fn id_with_control_bytes(driver: Driver) {
    for id in ["a\x01b", "\x1B[31m", "\x7F", "\x0B"] {
        is_left_out(driver, id, UnsendableId::ControlByte);
    }
}

fn id_of_9000_bytes(driver: Driver) {
    is_left_out(driver, &"i".repeat(9000), UnsendableId::TooLong);
}

/// The notification had an ID, so that it was sent only once.
fn gap_notice_lost_with_its_connection(driver: Driver) {
    let feed = Arc::new(Feed::new(7, MINUTE));
    let large = "x".repeat(10_000);
    let push = |data: &str| feed.push(&Event::new().data(data)).unwrap();
    // The start of the server's stream, cut after the first event.
    let first_event = |feed: &Arc<Feed>| {
        let feed = Arc::clone(feed);
        vec![Step::Reply(Box::new(move |request| {
            let mut batch = Vec::new();
            feed.wait(&mut feed.client(request.last_event_id()), &mut batch);
            let end = batch.windows(2).position(|window| window == b"\n\n").unwrap();
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
            [head, &batch[..end + 2]].concat()
        }))]
    };
    push("first");
    let server = Server::start(
        [stream("id: 7-1\ndata: first\n\n")].into_iter().chain((0..3).map(|_| first_event(&feed))),
    );
    for _ in 0..40 {
        push(&large);
    }
    let page = visit(driver, &server);
    let types: Vec<_> = page.messages().iter().map(|message| &*message.event_type).collect();
    assert_eq!(types, ["message", "gap", "gap", "gap"]);
    assert_eq!(page.data()[1..], [r#"{"missed":14}"#; 3]);
    assert_eq!(page.ids(), ["7-1"; 4]);
    let requests = server.requests();
    assert!(requests[1..].iter().all(|request| request.last_event_id() == Some(b"7-1")));
}

/// 1 MiB of one event, then the end: memory is bounded, and it is not a sign of life.
fn event_without_an_end(driver: Driver) {
    let body = ["data: ", &"x".repeat(500), "\n"].concat().repeat(2100);
    let server = always(10, || stream(&body));
    let page = patient(&server, 3).visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.data(), [""; 0]);
    assert!(page.allocated <= 16 * 1024, "{}", page.allocated);
    assert!(page.was_too_long, "a user can tell");
    assert_eq!(page.milliseconds(), [0, 3000, 6000]);
    assert_eq!(page.attempts, [1, 2, 3]);

    // If the event ends, only that event is lost.
    let server = Server::start([stream([&body, "\ndata: next\n\n"].concat())]);
    let page = visit(driver, &server);
    let expected = [
        Seen::Open,
        Seen::Lost(DecodeError::EventTooLong),
        message(&server, "next"),
        RECONNECTS,
        refused(204),
    ];
    assert_eq!(page.seen, expected);
}

/// The user can detect the event while it lasts, and closes the client.
fn event_without_an_end_on_a_connection_without_an_end(driver: Driver) {
    let mut script = stream(["data: ", &"x".repeat(100_000)].concat());
    script.push(Step::HangUp);
    let server = Server::start([script]);
    let mut page = Page::new(&server);
    page.closes_what_is_too_long = true;
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.seen, [Seen::Open]);
    assert_eq!(server.requests().len(), 1);
}

/// Endless headers: memory is bounded, and the connection is lost.
fn head_without_an_end(driver: Driver) {
    let head = ["HTTP/1.1 200 OK\r\n", &"X-More: of it\r\n".repeat(50_000)].concat();
    let one_line = ["HTTP/1.1 200 OK\r\nX: ", &"x".repeat(1 << 20)].concat();
    for head in [head, one_line] {
        let server = always(10, || vec![Step::Send(head.clone().into_bytes()), Step::HangUp]);
        let page = patient(&server, 3).visit(driver, &server.url("/")).unwrap();
        assert_eq!(page.seen, [RECONNECTS; 3]);
        assert_eq!(page.milliseconds(), [0, 3000, 6000]);
    }
}

/// A silent connection that the server never closes is closed by the client. The client really waits here, but the
/// length of the wait decides nothing: if it gives up a connection before the event, it makes another one.
fn silence_without_an_end(driver: Driver) {
    let answers = || stream("data: x\n\n").into_iter().chain([Step::HangUp]).collect();
    let server = always(1000, answers);
    let mut page = Page::new(&server);
    page.silence = Some(Duration::from_millis(50));
    page.close_when = |page, seen| *seen == RECONNECTS && !page.data().is_empty();
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.data(), ["x"]);

    // Also before the head.
    let server = always(1000, || vec![Step::HangUp]);
    let mut page = patient(&server, 3);
    page.silence = Some(Duration::from_millis(50));
    let page = page.visit(driver, &server.url("/")).unwrap();
    assert_eq!(page.seen, [RECONNECTS; 3]);
}

/// A response that is not HTTP is a lost connection.
fn not_http(driver: Driver) {
    for bytes in [&b"data: x\n\n"[..], b"HTTP/1.1 twohundred OK\r\n\r\n", b"\r\n\r\n", b"\0\xFF"] {
        let server = always(10, || vec![Step::Send(bytes.to_vec())]);
        let page = patient(&server, 3).visit(driver, &server.url("/")).unwrap();
        assert_eq!(page.seen, [RECONNECTS; 3], "{bytes:?}");
    }
}
