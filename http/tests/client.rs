//! Tests of the client that reconnects: with reqwest over real connections, and with a closure where time is paused.
#![cfg(feature = "reqwest-v0.13")]
#![allow(clippy::restriction)]

#[path = "support/server.rs"]
mod server;
mod support;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::FusedStream;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use http::{HeaderMap, Response};
use server::{Server, endless, events, status};
use sse_wire_http::reqwest::{FinalUrl, RequestBuilderExt, RequestError};
use sse_wire_http::{
    Backoff, ClientError, Connect, EventSource, Incoming, Options, ReadyState, Refused,
};
use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// Options for a client that does not wait.
fn at_once() -> Options {
    let backoff = Backoff::new().reconnection_time(Duration::ZERO).floor(Duration::ZERO);
    Options::new().backoff(backoff.doubled_to(Duration::ZERO))
}

fn client(server: &Server, options: Options) -> sse_wire_http::reqwest::EventSource {
    reqwest::Client::new().get(&server.url).eventsource_with(options).unwrap()
}

/// The client's results, each as one word, until it is closed.
async fn words<E: Debug, S>(mut client: S) -> Vec<String>
where
    S: Stream<Item = Result<Incoming, ClientError<E>>> + Unpin,
{
    let mut words = Vec::new();
    while let Some(item) = client.next().await {
        words.push(match item {
            Ok(Incoming::Open) => "open".to_owned(),
            Ok(Incoming::Message(event)) => format!("{}={}", event.id, event.data),
            Err(ClientError::Connection(_)) => "failed".to_owned(),
            Err(ClientError::Refused { why, .. }) => format!("{why:?}"),
            Err(error) => format!("{error:?}"),
        });
    }
    words
}

#[tokio::test]
async fn it_reconnects_with_the_last_event_id() {
    let server = Server::start(|number, _| match number {
        0 => events("id: 1\ndata: a\n\ndata: half an ev"),
        1 => events("data: b\n\nid: 2\n\n"),
        2 => events("data: c\n\nid\n\n"),
        3 => events("data: d\n\n"),
        _ => status(204),
    })
    .await;
    let words = words(client(&server, at_once())).await;
    let expected = [
        "open",
        "1=a",
        "Ended",
        "open",
        "1=b",
        "Ended",
        "open",
        "2=c",
        "Ended",
        "open",
        "=d",
        "Ended",
        "Status(204)",
    ];
    assert_eq!(words, expected);
    let seen = server.seen();
    let ids: Vec<_> = seen.iter().map(|request| request.header("last-event-id")).collect();
    assert_eq!(ids, [None, Some("1".into()), Some("2".into()), None, None]);
    for request in seen {
        assert_eq!(request.method, "GET");
        assert_eq!(request.header("accept").as_deref(), Some("text/event-stream"));
        assert_eq!(request.header("cache-control").as_deref(), Some("no-cache"));
    }
}

#[tokio::test]
async fn a_response_that_is_no_event_stream_closes_it_with_a_reason() {
    let cases: [(u16, &str, &str, Refused, &str); 8] = [
        (204, "text/event-stream", "", Refused::Status(204), "stop"),
        (404, "text/event-stream", "", Refused::Status(404), "404"),
        (401, "application/json", "", Refused::Status(401), "401"),
        (299, "text/event-stream", "", Refused::Status(299), "299"),
        (200, "text/html", "", Refused::ContentType, "Content-Type"),
        (200, "text/event-streamx", "", Refused::ContentType, "Content-Type"),
        (200, "", "", Refused::ContentType, "Content-Type"),
        (200, "text/event-stream", "gzip", Refused::ContentEncoding, "compressed"),
    ];
    for (status, content_type, encoding, refused, text) in cases {
        let server = Server::start(move |_, _| {
            let mut response = Response::builder().status(status);
            if !content_type.is_empty() {
                response = response.header("content-type", content_type);
            }
            if !encoding.is_empty() {
                response = response.header("content-encoding", encoding);
            }
            let body = if status == 204 { Body::empty() } else { "the reason".into() };
            response.body(body).unwrap()
        })
        .await;
        let mut client = client(&server, at_once());
        let error = client.next().await.unwrap().unwrap_err();
        assert!(matches!(&error, ClientError::Refused { why, .. } if *why == refused), "{error:?}");
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(client.ready_state(), ReadyState::Closed);
        assert!(client.is_terminated());

        let response = client.refused_response().unwrap();
        assert_eq!(response.status(), status);
        let mut body = response.into_body();
        let mut reason = Vec::new();
        while let Some(chunk) = body.next().await {
            reason.extend_from_slice(&chunk.unwrap());
        }
        assert_eq!(reason, if status == 204 { &b""[..] } else { b"the reason" });
        assert!(client.refused_response().is_none());

        for _ in 0..2 {
            assert!(client.next().await.is_none());
        }
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn content_types_with_parameters_and_in_capitals_are_event_streams() {
    for content_type in ["text/event-stream;", "TEXT/Event-Stream; charset=latin1"] {
        let server = Server::start(move |_, _| {
            Response::builder()
                .header("content-type", content_type)
                .body("data: a\n\n".into())
                .unwrap()
        })
        .await;
        let mut client = client(&server, at_once().reconnects_after_end(false));
        assert!(matches!(client.next().await, Some(Ok(Incoming::Open))));
        let head = client.head().unwrap();
        assert_eq!(head.headers["content-type"], content_type);
        assert_eq!(head.extensions.get::<FinalUrl>().unwrap().0.as_str(), server.url);
        assert!(matches!(client.next().await, Some(Ok(Incoming::Message(_)))));
    }
}

#[tokio::test]
async fn temporary_refusals_are_tried_again_unless_the_standard_is_asked_for() {
    let answers = |number, _: &server::Seen| match number {
        0 => status(503),
        1 => status(429),
        2 => events("data: a\n\n"),
        _ => status(404),
    };
    let server = Server::start(answers).await;
    let words_of_it = words(client(&server, at_once())).await;
    let expected = ["Status(503)", "Status(429)", "open", "=a", "Ended", "Status(404)"];
    assert_eq!(words_of_it, expected);

    let server = Server::start(answers).await;
    let words_of_it = words(client(&server, at_once().retries_refused(false))).await;
    assert_eq!(words_of_it, ["Status(503)"]);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn the_number_of_attempts_counts() {
    let server = Server::start(|_, _| status(503)).await;
    let seen = words(client(&server, at_once().attempts(2))).await;
    assert_eq!(seen, ["Status(503)"; 3]);
    assert_eq!(server.seen().len(), 3);

    let server = Server::start(|_, _| status(503)).await;
    assert_eq!(words(client(&server, at_once().attempts(0))).await, ["Status(503)"]);

    // An accepted connection does not reset the number of attempts; an event does.
    let server =
        Server::start(|number, _| events(if number == 2 { "data: a\n\n" } else { "" })).await;
    let seen = words(client(&server, at_once().attempts(2))).await;
    let expected =
        ["open", "Ended", "open", "Ended", "open", "=a", "Ended", "open", "Ended", "open", "Ended"];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let client = reqwest::Client::new().get(url).eventsource_with(at_once().attempts(1)).unwrap();
    assert_eq!(words(client).await, ["failed"; 2]);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_failed_connection() {
    let server = Server::start(|number, _| match number {
        0 => {
            let chunks = [Ok("id: 1\ndata: a\n\nda"), Err(std::io::Error::other("reset"))];
            // The chunk must be sent before the error.
            let chunks = stream::iter(chunks).then(async |chunk| {
                tokio::task::yield_now().await;
                chunk
            });
            events(Body::from_stream(chunks))
        }
        1 => events("ta: b\n\ndata: c\n\n"),
        _ => status(204),
    })
    .await;
    let seen = words(client(&server, at_once())).await;
    assert_eq!(seen, ["open", "1=a", "failed", "open", "1=c", "Ended", "Status(204)"]);
    assert_eq!(server.seen()[1].header("last-event-id").as_deref(), Some("1"));
}

#[tokio::test]
async fn the_end_of_a_body_can_be_the_end_of_the_stream() {
    let server = Server::start(|_, _| events("data: a\n\n")).await;
    let mut client_of_it = client(&server, at_once().reconnects_after_end(false));
    assert_eq!(words(&mut client_of_it).await, ["open", "=a"]);
    assert_eq!(client_of_it.ready_state(), ReadyState::Closed);
    assert_eq!(server.seen().len(), 1);

    let server = Server::start(|_, _| events("data: a\n\ndata: b\n")).await;
    let client = client(&server, at_once().reconnects_after_end(false));
    assert_eq!(words(client).await, ["open", "=a", "Ended"]);
}

#[tokio::test]
async fn after_an_error_the_state_is_that_of_a_browser() {
    let server = Server::start(|number, _| match number {
        0 => events("data: a\n\n"),
        1 => status(503),
        _ => status(204),
    })
    .await;
    let mut client = client(&server, at_once());
    assert_eq!(client.ready_state(), ReadyState::Connecting);
    let mut states = Vec::new();
    while client.next().await.is_some() {
        states.push(client.ready_state());
    }
    use ReadyState::{Closed, Connecting, Open};
    assert_eq!(states, [Open, Open, Connecting, Connecting, Closed]);
}

#[tokio::test]
async fn silence_ends_a_connection_and_the_wait_for_a_response() {
    let (gone, mut is_gone) = mpsc::unbounded_channel();
    let server = Server::start(move |number, _| match number {
        0 => endless("data: a\n\n", gone.clone()),
        _ => status(204),
    })
    .await;
    let options = at_once().idle_timeout(Duration::from_millis(200));
    assert_eq!(words(client(&server, options)).await, ["open", "=a", "Idle", "Status(204)"]);
    is_gone.recv().await.unwrap();

    // The server accepts and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let options = at_once().idle_timeout(Duration::from_millis(50)).attempts(1);
    let client = reqwest::Client::new().get(url).eventsource_with(options).unwrap();
    assert_eq!(words(client).await, ["Idle"; 2]);
}

#[tokio::test]
async fn redirections_are_followed_and_the_next_connection_begins_anew() {
    let server = Server::start(|_, request| match &*request.path {
        "/" => Response::builder()
            .status(302)
            .header("location", "/there")
            .body(Body::empty())
            .unwrap(),
        "/there" if request.header("last-event-id").is_none() => events("id: 1\ndata: a\n\n"),
        _ => status(204),
    })
    .await;
    let mut client = client(&server, at_once());
    assert!(matches!(client.next().await, Some(Ok(Incoming::Open))));
    let url = client.head().unwrap().extensions.get::<FinalUrl>().unwrap().clone();
    assert_eq!(url.0.as_str(), format!("{}there", server.url));
    assert_eq!(words(client).await, ["1=a", "Ended", "Status(204)"]);
    let paths: Vec<_> = server.seen().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/", "/there", "/", "/there"]);
}

#[tokio::test]
async fn a_redirection_that_is_not_followed_is_refused_and_one_too_many_is_final() {
    let server = Server::start(|_, _| {
        Response::builder().status(302).header("location", "/").body(Body::empty()).unwrap()
    })
    .await;
    let none =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let client_of_it = none.get(&server.url).eventsource_with(at_once()).unwrap();
    assert_eq!(words(client_of_it).await, ["Status(302)"]);
    let mut client = client(&server, at_once());
    assert!(matches!(client.next().await, Some(Err(ClientError::Connection(_)))));
    assert_eq!(client.ready_state(), ReadyState::Closed);
    assert!(client.next().await.is_none());
}

#[tokio::test]
async fn an_id_that_no_header_can_have_is_left_out_and_one_beyond_ascii_is_sent() {
    let ids = ["é☃", "e5p3n<3k0k0s", " \t x", "a\u{1}b", "\u{7F}"];
    let server = Server::start(move |number, _| match ids.get(number) {
        Some(id) => events(format!("id: {id}\ndata: a\n\n")),
        None => status(204),
    })
    .await;
    words(client(&server, at_once())).await;
    let sent: Vec<_> =
        server.seen().iter().map(|request| request.header("last-event-id")).collect();
    // HTTP removes spaces at the ends of a value.
    let expected = [None, Some("é☃"), Some("e5p3n<3k0k0s"), Some("x"), None, None];
    assert_eq!(sent, expected.map(|id| id.map(str::to_owned)));
}

#[tokio::test]
async fn an_id_that_no_head_of_a_request_has_room_for_is_left_out() {
    let server = Server::start(|number, _| match number {
        0 => events(format!("id: {}\ndata: a\n\n", "x".repeat(5000))),
        _ => status(204),
    })
    .await;
    words(client(&server, at_once())).await;
    assert_eq!(server.seen()[1].header("last-event-id"), None);
}

#[tokio::test]
async fn an_id_that_is_not_utf8_is_sent_as_a_browser_does() {
    let server = Server::start(|number, _| match number {
        0 => events(Bytes::from_static(b"id: a\xFF\ndata: a\n\n")),
        _ => status(204),
    })
    .await;
    words(client(&server, at_once())).await;
    assert_eq!(server.seen()[1].header("last-event-id").as_deref(), Some("a\u{FFFD}"));
}

#[tokio::test]
async fn closing_and_dropping_it_close_the_connection() {
    let (gone, mut is_gone) = mpsc::unbounded_channel();
    let server = Server::start(move |_, _| endless("data: a\n\ndata: b\n\n", gone.clone())).await;
    let mut client_of_it = client(&server, at_once());
    while !matches!(client_of_it.next().await, Some(Ok(Incoming::Message(_)))) {}
    client_of_it.close();
    assert_eq!(client_of_it.ready_state(), ReadyState::Closed);
    // The second event was already received.
    assert!(client_of_it.next().await.is_none());
    is_gone.recv().await.unwrap();

    let mut client = client(&server, at_once());
    while !matches!(client.next().await, Some(Ok(Incoming::Message(_)))) {}
    drop(client);
    is_gone.recv().await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_dropped_next_loses_nothing() {
    const EVENTS: usize = 300;
    let server = Server::start(|number, _| {
        if number == 3 {
            return status(204);
        }
        let chunks = (number * EVENTS / 3..(number + 1) * EVENTS / 3).flat_map(|event| {
            // Two chunks for each event, so that some futures are dropped in mid-event.
            [Ok::<_, Infallible>(format!("id: {event}\nda")), Ok(format!("ta: {event}\n\n"))]
        });
        let chunks = stream::iter(chunks).then(async |chunk| {
            tokio::task::yield_now().await;
            chunk
        });
        events(Body::from_stream(chunks))
    })
    .await;
    let mut client = client(&server, at_once());
    let mut events = Vec::<usize>::new();
    let mut dropped = 0;
    loop {
        let item = tokio::select! {
            biased;
            item = client.next() => item,
            () = tokio::task::yield_now() => {
                dropped += 1;
                continue;
            }
        };
        match item {
            Some(Ok(Incoming::Message(event))) => events.push(event.data.parse().unwrap()),
            Some(_) => {}
            None => break,
        }
    }
    assert!(events.into_iter().eq(0..EVENTS));
    assert!(dropped > 20, "{dropped} were dropped");
}

#[tokio::test]
async fn a_post_is_sent_again_with_its_body_and_headers() {
    let server = Server::start(|number, _| match number {
        0 | 1 => events("data: a\n\n"),
        _ => status(204),
    })
    .await;
    let request = reqwest::Client::new().post(&server.url).header("x-key", "k").body("a question");
    words(request.eventsource_with(at_once()).unwrap()).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    for request in seen {
        assert_eq!(request.method, "POST");
        assert_eq!(request.body, "a question");
        assert_eq!(request.header("x-key").as_deref(), Some("k"));
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_again_is_an_error() {
    let invalid = reqwest::Client::new().get("no url").eventsource().unwrap_err();
    assert!(matches!(invalid, RequestError::Invalid(_)), "{invalid:?}");
    assert!(std::error::Error::source(&invalid).is_some());
    let body = reqwest::Body::wrap_stream(stream::iter([Ok::<_, Infallible>("x")]));
    let streamed = reqwest::Client::new().post("http://127.0.0.1/").body(body);
    let streamed = streamed.eventsource().unwrap_err();
    assert!(matches!(streamed, RequestError::StreamBody), "{streamed:?}");

    for url in ["no url", "", "ftp://127.0.0.1/", "mailto:x"] {
        let mut client = sse_wire_http::reqwest::EventSource::get(url);
        let error = client.next().await;
        assert!(matches!(error, Some(Err(ClientError::Connection(_)))), "{url}: {error:?}");
        assert_eq!(client.ready_state(), ReadyState::Closed, "{url}");
        assert!(client.next().await.is_none());
    }
}

#[tokio::test]
async fn an_event_that_is_too_long_ends_no_connection() {
    let server =
        Server::start(|_, _| events(format!("id: 1\ndata: {}\n\ndata: a\n\n", "x".repeat(1000))))
            .await;
    let client = client(&server, at_once().limit(100).reconnects_after_end(false));
    assert_eq!(words(client).await, ["open", "TooLong", "1=a"]);
}

#[tokio::test]
async fn it_begins_after_an_id_it_is_given() {
    let server = Server::start(|_, _| events("data: a\n\n")).await;
    let mut client = client(&server, at_once().reconnects_after_end(false));
    assert!(client.set_last_event_id("a\nb").is_err());
    client.set_last_event_id("41").unwrap();
    assert_eq!(client.last_event_id(), "41");
    assert_eq!(words(client).await, ["open", "41=a"]);
    assert_eq!(server.seen()[0].header("last-event-id").as_deref(), Some("41"));
}

#[tokio::test]
async fn it_connects_anew_with_an_id_that_it_is_given_while_it_is_open() {
    let (gone, mut is_gone) = mpsc::unbounded_channel();
    let server = Server::start(move |number, _| match number {
        0 => endless("id: 1\ndata: a\n\ndata: b\n\n", gone.clone()),
        1 => events("data: c\n\n"),
        _ => status(204),
    })
    .await;
    let mut client = client(&server, at_once());
    while !matches!(client.next().await, Some(Ok(Incoming::Message(_)))) {}
    // An invalid ID changes nothing.
    assert!(client.set_last_event_id("a\nb").is_err());
    assert_eq!((&*client.last_event_id(), client.ready_state()), ("1", ReadyState::Open));
    client.set_last_event_id("41").unwrap();
    assert_eq!(client.ready_state(), ReadyState::Connecting);
    is_gone.recv().await.unwrap();
    // The second event of the first connection was already received.
    assert_eq!(words(client).await, ["open", "41=c", "Ended", "Status(204)"]);
    assert_eq!(server.seen()[1].header("last-event-id").as_deref(), Some("41"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_response_is_dropped_when_the_client_waits_for_the_next() {
    let refused = Response::builder().status(503).body(support::body(["busy"])).unwrap();
    let (connect, _) = answers([refused]);
    let mut client = EventSource::<_>::new(connect, Options::new());
    assert!(client.next().await.unwrap().is_err());
    assert_eq!(client.next().now_or_never(), None);
    assert!(client.refused_response().is_none());
}

#[tokio::test]
async fn a_closed_client_stays_closed() {
    let server = Server::start(|_, _| status(404)).await;
    let mut client = client(&server, at_once());
    assert!(client.next().await.unwrap().is_err());
    client.set_last_event_id("41").unwrap();
    assert_eq!(client.last_event_id(), "41");
    assert_eq!(client.ready_state(), ReadyState::Closed);
    assert!(client.is_terminated());
    assert!(client.next().await.is_none());
    // The response that closed the client can still be read.
    assert_eq!(client.refused_response().unwrap().status(), 404);
    assert_eq!(server.seen().len(), 1);
}

/// Connections are cut at any byte, with and without an error. The ID of an event counts only after its blank line.
#[cfg(feature = "body")]
#[tokio::test]
async fn each_event_comes_once_however_often_the_connection_is_cut() {
    const EVENTS: usize = 400;
    let hub = sse_wire_http::Hub::with_epoch(7, 64 * 1024);
    for number in 1..=EVENTS {
        let data = format!("{number}\n{}", "x".repeat(number % 50));
        hub.publish(&sse_wire::Event::new().data(&data)).unwrap();
    }
    hub.close();
    let server = Server::start(move |number, request| {
        let id = request.header("last-event-id");
        if id.as_deref() == Some("7-400") {
            return status(204);
        }
        let live = match &id {
            Some(id) => hub.subscribe(Some(id)),
            None => hub.subscribe_from_oldest(),
        };
        // Any length from 1 to 997.
        let left = number * 311 % 997 + 1;
        let chunks = live.scan(left, |left, event| {
            let Ok(event) = event;
            let mut bytes = event.into_bytes();
            bytes.truncate(*left);
            *left -= bytes.len();
            std::future::ready((!bytes.is_empty()).then_some(Ok(bytes)))
        });
        let error = (number % 2 == 1).then(|| Err(std::io::Error::other("cut")));
        // The chunk must be sent before the error.
        let chunks = chunks.chain(stream::iter(error)).then(async |chunk| {
            tokio::task::yield_now().await;
            chunk
        });
        events(Body::from_stream(chunks))
    })
    .await;
    let mut client = client(&server, at_once());
    let mut next = 1;
    while let Some(item) = client.next().await {
        if let Ok(Incoming::Message(event)) = item {
            assert_eq!(event.id, format!("7-{next}"));
            assert_eq!(event.data, format!("{next}\n{}", "x".repeat(next % 50)));
            next += 1;
        }
    }
    assert_eq!(next, EVENTS + 1);
    assert!(server.seen().len() > 20);
}

/// A closure that connects to nothing, and records the headers.
type Headers = Arc<Mutex<Vec<HeaderMap>>>;

fn answers<S>(
    answers: impl IntoIterator<Item = Response<S>, IntoIter: Send>,
) -> (impl Connect<Body = S, Error = Infallible>, Headers)
where
    S: Stream<Item = support::Chunk>,
{
    let mut answers = answers.into_iter();
    let headers = Headers::default();
    let kept = Arc::clone(&headers);
    let connect = move |headers| {
        kept.lock().unwrap().push(headers);
        std::future::ready(Ok(answers.next().expect("no further connection")))
    };
    (connect, headers)
}

fn stream_of<S>(body: S) -> Response<S> {
    Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
}

/// The wait before the second connection, after this answer to the first one. Seconds and milliseconds.
async fn wait_after(first: Response<&'static str>) -> Duration {
    let second = Response::builder().status(404).body("").unwrap();
    let (connect, headers) =
        answers([first, second].map(|answer| answer.map(|text| support::body([text]))));
    let start = tokio::time::Instant::now();
    assert!(words(EventSource::new(connect, Options::new())).await.contains(&"Status(404)".into()));
    assert_eq!(headers.lock().unwrap().len(), 2);
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn waits_are_as_long_as_the_server_asks_and_never_shorter() {
    let within = |wait: Duration, least: u64| {
        // Up to a half is added at random. The clock has ticks of a millisecond.
        let range = least..=least + least / 2 + 1;
        assert!(range.contains(&u64::try_from(wait.as_millis()).unwrap()), "{wait:?} for {least}");
    };
    within(wait_after(stream_of("data: a\n\n")).await, 3000);
    within(wait_after(stream_of("retry: 7000\n\ndata: a\n\n")).await, 7000);
    within(wait_after(stream_of("retry: 7000\n")).await, 7000);
    // A lower bound, so that a server cannot make its clients reconnect without a pause.
    within(wait_after(stream_of("retry: 0\ndata: a\n\n")).await, 500);
    let refused = |retry_after| {
        Response::builder().status(503).header("retry-after", retry_after).body("").unwrap()
    };
    within(wait_after(refused("20")).await, 20_000);
    within(wait_after(refused("1")).await, 3000);
    within(wait_after(refused("Fri, 31 Dec 1999 23:59:59 GMT")).await, 3000);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_asks_for_is_told() {
    let refused = Response::builder().status(503).header("Retry-After", "20");
    let (connect, _) = answers([refused.body(support::body(["busy"])).unwrap()]);
    let mut client = EventSource::new(connect, Options::new());
    let expected =
        ClientError::Refused { why: Refused::Status(503), retry_after: Duration::from_secs(20) };
    assert_eq!(client.next().await, Some(Err(expected)));
    // The client will reconnect, and the body can still be read.
    assert_eq!(client.ready_state(), ReadyState::Connecting);
    let body = client.refused_response().unwrap().into_body();
    assert_eq!(body.collect::<Vec<_>>().await, [Ok(Bytes::from("busy"))]);
    assert_eq!(client.next().now_or_never(), None);
}

#[tokio::test(start_paused = true)]
async fn comments_are_signs_of_life() {
    let (sender, chunks) = support::channel();
    let (connect, _) = answers([stream_of(chunks)]);
    let start = tokio::time::Instant::now();
    tokio::spawn(async move {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(9)).await;
            sender.send(":\n").unwrap();
        }
        std::future::pending::<()>().await;
    });
    let options = Options::new().idle_timeout(Duration::from_secs(10));
    let mut client = EventSource::new(connect, options);
    assert_eq!(client.next().await, Some(Ok(Incoming::Open)));
    assert_eq!(client.next().await, Some(Err(ClientError::Idle)));
    assert_eq!(start.elapsed().as_secs(), 55);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_hangs_is_given_up() {
    let connect =
        |_| std::future::pending::<Result<Response<stream::Empty<support::Chunk>>, Infallible>>();
    let options = Options::new().idle_timeout(Duration::from_secs(10)).attempts(0);
    let start = tokio::time::Instant::now();
    assert_eq!(words(EventSource::new(connect, options)).await, ["Idle"]);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_first_connection_waits_for_no_tick_of_the_clock() {
    let (connect, _) = answers([stream_of(support::body(["data: a\n\n"]))]);
    let mut client = EventSource::<_>::new(connect, Options::new());
    // Between two ticks, a timer of no time at all waits for the next one.
    tokio::time::advance(Duration::from_micros(1)).await;
    assert_eq!(client.next().now_or_never(), Some(Some(Ok(Incoming::Open))));
}

/// A connection fails eight seconds after its event. The next one takes eight seconds to be answered, and then eight for
/// its first chunk.
#[tokio::test(start_paused = true)]
async fn the_idle_timeout_begins_anew_with_each_connection_response_and_chunk() {
    let eight_seconds = || tokio::time::sleep(Duration::from_secs(8));
    let mut connections = 0;
    let connect = |_: HeaderMap| {
        connections += 1;
        let is_first = connections == 1;
        let end = if is_first { Err("reset") } else { Ok("data: b\n\n") };
        let start = is_first.then_some(Ok("data: a\n\n"));
        let late = stream::once(async move {
            eight_seconds().await;
            end
        });
        let body = stream::iter(start).chain(late);
        async move {
            if !is_first {
                eight_seconds().await;
            }
            Ok(stream_of(body))
        }
    };
    let options = at_once().idle_timeout(Duration::from_secs(10)).attempts(1);
    let client = EventSource::<_>::new(connect, options);
    let seen = words(client.take(6).boxed_local()).await;
    assert_eq!(seen, ["open", "=a", "failed", "open", "=b", "Ended"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_long_event_took_is_given_back_before_a_wait() {
    let long = "x".repeat(100_000);
    let (connect, _) =
        answers([stream_of(support::silent_after(["data: ".into(), long, "\n\n".into()]))]);
    let mut client = EventSource::<_>::new(connect, Options::new());
    assert!(client.next().await.unwrap().is_ok());
    assert!(client.next().await.unwrap().is_ok());
    assert!(client.source().decoder().buffer().allocated() >= 100_000);
    assert_eq!(client.next().now_or_never(), None);
    assert!(client.source().decoder().buffer().allocated() <= 1024);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_a_wait() {
    let (connect, headers) = answers([stream_of(support::body(["data: a\n\n"]))]);
    let mut client = EventSource::new(connect, Options::new());
    while !matches!(client.next().await, Some(Err(ClientError::Ended))) {}
    assert!(client.next().now_or_never().is_none());
    client.close();
    assert_eq!(client.next().await, None);
    assert_eq!(headers.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn data_can_be_of_any_type() {
    let (connect, _) = answers([stream_of(support::body(["data: abc\n\n"]))]);
    let client = EventSource::new(connect, Options::new().reconnects_after_end(false));
    let mut client = client.with_data::<Bytes>();
    assert_eq!(client.next().await, Some(Ok(Incoming::Open)));
    let Some(Ok(Incoming::Message(event))) = client.next().await else { panic!() };
    assert_eq!(event.data, "abc");
}
