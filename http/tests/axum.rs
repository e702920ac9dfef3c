//! Tests of `Sse`, `Event` and `LastEventId` with axum, over real connections.
#![cfg(all(feature = "axum-v0.8", feature = "reqwest-v0.13"))]
#![allow(clippy::restriction)]

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use sse_wire_http::axum::{Event, KeepAlive, LastEventId, Sse};
use sse_wire_http::{EventStream, Eventsource, Hub, OutEvent};
use std::convert::Infallible;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Serves an app, and returns the URL of its root.
async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    url
}

/// The bytes of an event on the wire.
fn encoded(event: Event) -> Bytes {
    OutEvent::from(event).into_bytes()
}

/// The events that a client decodes.
fn decoded(bytes: Bytes) -> Vec<sse_wire_http::Event> {
    let events = stream::iter([Ok::<_, Infallible>(bytes)]).eventsource();
    events.map(Result::unwrap).collect().now_or_never().unwrap()
}

#[tokio::test]
async fn a_response_has_the_headers_and_the_events() {
    async fn three() -> Sse<impl stream::Stream<Item = Result<Event, Infallible>>> {
        let event = |n| Event::default().event("count").id(format!("{n}")).data(format!("{n}"));
        Sse::new(stream::iter(1..=3).map(move |n| Ok(event(n)))).keep_alive(KeepAlive::default())
    }
    let url = serve(Router::new().route("/", get(three))).await;
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name| response.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-cache, no-transform");
    assert_eq!(header("x-accel-buffering"), "no");
    let text = response.text().await.unwrap();
    let event = |n| format!("event: count\nid: {n}\ndata: {n}\n\n");
    assert_eq!(text, [event(1), event(2), event(3)].concat());
}

#[test]
fn the_builder_sets_each_field() {
    let event = Event::default()
        .comment("c")
        .event("e")
        .id("1")
        .retry(Duration::from_millis(1500))
        .data("a\nb")
        .data("c");
    let expected = ": c\nevent: e\nid: 1\nretry: 1500\ndata: a\ndata: b\ndata: c\n\n";
    assert_eq!(encoded(event), expected);
    assert_eq!(
        encoded(Event::default().event("a").event("b").data("")),
        "event: a\nevent: b\ndata: \n\n"
    );
}

#[cfg(feature = "json")]
#[test]
fn the_builder_takes_json() {
    let event = Event::default().json_data(["a\nb"]).unwrap();
    assert_eq!(encoded(event), "data: [\"a\\nb\"]\n\n");
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(Event::default().json_data(map).is_err());
}

#[test]
fn no_value_panics_or_starts_a_field() {
    let pieces = ["", "\r", "\n", "\r\n", "\0", "data: x", ": ", " ", "id: 9", "\u{FEFF}", "é"];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let hostile = &[first, second, third].concat();
                let event =
                    Event::default().comment(hostile).event(hostile).id(hostile).data(hostile);
                let events = decoded(encoded(event.comment(hostile)));
                let [event] = &events[..] else { panic!("{hostile:?} became {events:?}") };
                let data = hostile.replace("\r\n", "\n").replace('\r', "\n");
                assert_eq!(event.data, data);
                let name = hostile.replace(['\r', '\n'], "\u{FFFD}");
                assert_eq!(event.event, if name.is_empty() { "message" } else { &name });
                assert_eq!(event.id, hostile.replace(['\r', '\n', '\0'], "\u{FFFD}"));
                assert_eq!(event.retry, None);
            }
        }
    }
}

#[tokio::test]
async fn the_last_event_id_of_a_request_is_extracted() {
    let app = Router::new().route("/", get(async |LastEventId(id): LastEventId| format!("{id:?}")));
    let url = serve(app).await;
    let ask = async |id: Option<&[u8]>| {
        let request = reqwest::Client::new().get(&url);
        let request = match id {
            Some(id) => request
                .header("last-event-id", reqwest::header::HeaderValue::from_bytes(id).unwrap()),
            None => request,
        };
        request.send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(ask(None).await, "None");
    assert_eq!(ask(Some(b"")).await, "None");
    assert_eq!(ask(Some(b"7-1")).await, "Some(\"7-1\")");
    assert_eq!(ask(Some("é☃".as_bytes())).await, "Some(\"é☃\")");
    assert_eq!(ask(Some(b"\xFF")).await, "Some(\"\u{FFFD}\")");
}

#[tokio::test]
async fn an_error_of_the_stream_breaks_the_connection_off() {
    let app = Router::new().route(
        "/",
        get(async || {
            let events = [Ok(Event::default().data("1")), Err(std::io::Error::other("broken"))];
            // The event must be sent before the error.
            Sse::new(stream::iter(events).then(async |event| {
                tokio::task::yield_now().await;
                event
            }))
        }),
    );
    let body = reqwest::get(serve(app).await).await.unwrap().bytes_stream();
    let mut events = body.eventsource();
    assert_eq!(events.next().await.unwrap().unwrap().data, "1");
    // A client must not mistake it for the end.
    let error = events.next().await;
    assert!(matches!(error, Some(Err(sse_wire_http::Error::Transport(_)))), "{error:?}");
}

#[tokio::test]
async fn received_events_are_a_response_as_they_are() {
    let input = "event: e\nid: 7\ndata: a\ndata: b\n\ndata: c\n\n";
    let upstream = serve(Router::new().route("/", get(async move || input))).await;
    let app = Router::new().route(
        "/",
        get(async || Sse::new(reqwest::get(upstream).await.unwrap().bytes_stream().eventsource())),
    );
    let text = reqwest::get(serve(app).await).await.unwrap().text().await.unwrap();
    assert_eq!(text, "event: e\nid: 7\ndata: a\ndata: b\n\nid: 7\ndata: c\n\n");
}

/// An app with a hub.
fn live(hub: &Hub) -> Router {
    let hub = hub.clone();
    Router::new()
        .route("/", get(async move |id: LastEventId| Sse::new(hub.subscribe(id.as_deref()))))
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_has_missed() {
    let hub = Hub::with_epoch(7, 1024);
    let url = serve(live(&hub)).await;
    for n in 1..=3 {
        hub.publish(&sse_wire::Event::new().data(&n.to_string())).unwrap();
    }
    let response =
        reqwest::Client::new().get(url).header("Last-Event-ID", "7-1").send().await.unwrap();
    hub.close();
    let events = response.bytes_stream().eventsource();
    let events = events.map(|event| event.map(|event| (event.id.to_string(), event.data)).unwrap());
    let events: Vec<_> = events.collect().await;
    assert_eq!(events, [("7-2".to_owned(), "2".to_owned()), ("7-3".to_owned(), "3".to_owned())]);
}

#[tokio::test]
async fn closing_the_hub_lets_a_graceful_shutdown_end() {
    let hub = Hub::new(1024);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, live(&hub)).with_graceful_shutdown(async {
        stopped.await.unwrap();
    });
    let server = tokio::spawn(server.into_future());
    let mut events = reqwest::get(url).await.unwrap().bytes_stream().eventsource();
    hub.publish(&sse_wire::Event::new().data("1")).unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().data, "1");
    stop.send(()).unwrap();
    tokio::task::yield_now().await;
    assert!(!server.is_finished());
    hub.close();
    server.await.unwrap().unwrap();
    // The client sees a regular end.
    assert_eq!(events.next().await.map(Result::unwrap), None);
}

#[tokio::test]
async fn a_slow_client_is_bounded_and_told() {
    let hub = Hub::with_epoch(7, 64 * 1024);
    let url = serve(live(&hub)).await;
    let address = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(slow.read_u8().await.unwrap());
    }
    // Far more than all buffers of the connection hold. The client does not read meanwhile.
    const EVENTS: u64 = 40_000;
    let data = "x".repeat(1000);
    for number in 1..=EVENTS {
        hub.publish(&sse_wire::Event::new().data(&data)).unwrap();
        if number % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    hub.close();
    let mut bytes = Vec::new();
    slow.read_to_end(&mut bytes).await.unwrap();
    let mut events = EventStream::new(stream::iter([Ok::<_, Infallible>(bytes)]));
    let mut next = 1;
    let mut gaps = 0;
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        if event.event == "gap" {
            gaps += 1;
            let missed = event.data.strip_prefix("{\"missed\":").unwrap().trim_end_matches('}');
            next += missed.parse::<u64>().unwrap();
        } else {
            assert_eq!(event.id, format!("7-{next}"));
            assert_eq!(event.data, data);
            next += 1;
        }
    }
    // No event is lost without a report.
    assert_eq!(next, EVENTS + 1);
    assert!(gaps > 0);
}
