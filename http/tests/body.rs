//! Tests of `EventBody`, `KeepAlive` and `OutEvent`.
#![cfg(feature = "body")]
#![allow(clippy::restriction)]

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http_body_util::BodyExt;
use sse_wire::{Event, EventId, event_type};
use sse_wire_http::{EventBody, KeepAlive, OutEvent};
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Instant, sleep};

fn event(data: &str) -> OutEvent {
    Event::new().data(data).into()
}

#[test]
fn each_event_is_a_frame() {
    let events = stream::iter([Ok::<_, Infallible>(event("1")), Ok(event("2"))]);
    let mut body = EventBody::new(events);
    for expected in ["data: 1\n\n", "data: 2\n\n"] {
        let frame = body.frame().now_or_never().unwrap().unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), expected);
    }
    assert!(body.frame().now_or_never().unwrap().is_none());
}

#[test]
fn an_event_is_encoded_once_and_its_clones_share_it() {
    let head = Event::new().event_type(event_type!("e")).id(EventId::from_u64(7));
    let first = OutEvent::from(head.retry(Duration::from_secs(1)).data("a\r\nb\rc\n"));
    let expected = "event: e\nid: 7\nretry: 1000\ndata: a\ndata: b\ndata: c\ndata: \n\n";
    assert_eq!(first.as_bytes(), expected.as_bytes());
    let clone = first.clone();
    assert_eq!(first.as_bytes().as_ptr(), clone.as_bytes().as_ptr());
    assert_eq!(first.into_bytes().as_ptr(), clone.as_bytes().as_ptr());
}

#[cfg(feature = "json")]
#[test]
fn json_is_the_data_of_an_event() {
    let head = Event::new().event_type(event_type!("e")).data("left out");
    let event = OutEvent::json(&head, &["a\n", "\u{2028}"]).unwrap();
    assert_eq!(event.as_bytes(), "event: e\ndata: [\"a\\n\",\"\u{2028}\"]\n\n".as_bytes());
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(OutEvent::json(&Event::new(), &map).is_err());
}

#[test]
fn an_error_of_the_stream_is_that_of_the_body() {
    let mut body = EventBody::new(stream::iter([Ok(event("1")), Err("broken")]));
    assert!(body.frame().now_or_never().unwrap().unwrap().is_ok());
    assert_eq!(body.frame().now_or_never().unwrap().unwrap().unwrap_err(), "broken");
}

/// The frames of a body, each with the second of its arrival.
async fn frames(
    events: impl stream::Stream<Item = Result<OutEvent, Infallible>>,
    keep_alive: KeepAlive,
    count: usize,
) -> Vec<(u64, Bytes)> {
    let start = Instant::now();
    let mut body = Box::pin(EventBody::new(events).keep_alive(keep_alive));
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push((start.elapsed().as_secs(), frame.unwrap().into_data().unwrap()));
        if frames.len() == count {
            break;
        }
    }
    frames
}

#[tokio::test(start_paused = true)]
async fn pauses_are_filled_and_events_begin_a_new_one() {
    let events = stream::iter([20, 10, 40]).then(async |wait| {
        sleep(Duration::from_secs(wait)).await;
        Ok(event("x"))
    });
    let frames = frames(events, KeepAlive::new(), usize::MAX).await;
    let (pause, event) = (Bytes::from(":\n\n"), Bytes::from("data: x\n\n"));
    let expected = [
        (15, pause.clone()),
        (20, event.clone()),
        (30, event.clone()),
        (45, pause.clone()),
        (60, pause),
        (70, event),
    ];
    assert_eq!(frames, expected);
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_gets_no_keep_alive_where_an_event_is_there() {
    let mut body =
        EventBody::new(stream::iter([Ok::<_, Infallible>(event("1"))]).chain(stream::pending()))
            .keep_alive(KeepAlive::new().interval(Duration::from_secs(1)));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data: 1\n\n");
    // The pause begins at the first poll.
    assert!(body.frame().now_or_never().is_none());
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), ":\n\n");
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_can_be_a_text_or_an_event() {
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(2)).text("still\nhere\r");
    let expected = Bytes::from(": still\n: here\n: \n\n");
    let silence = || stream::pending();
    assert_eq!(frames(silence(), keep_alive, 2).await, [(2, expected.clone()), (4, expected)]);
    let ping = Event::new().event_type(event_type!("ping")).data("");
    let keep_alive = KeepAlive::default().event(ping);
    let expected = Bytes::from("event: ping\ndata: \n\n");
    assert_eq!(frames(silence(), keep_alive, 1).await, [(15, expected)]);
}
