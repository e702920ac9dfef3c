//! A program written for eventsource-stream 0.2. To switch, one line changes:
//!
//! ```text
//! use eventsource_stream::{Event, EventStream, EventStreamError, Eventsource};
//! ```
#![allow(clippy::restriction)]

use futures_util::stream::{self, Stream, StreamExt};
use sse_wire_http::{Error as EventStreamError, Event, EventStream, Eventsource};
use std::time::Duration;

/// A log of a weather station's reports.
async fn report<B, E>(body: impl Stream<Item = Result<B, E>> + Unpin) -> Vec<String>
where
    B: AsRef<[u8]>,
    E: std::fmt::Display,
{
    let mut log = Vec::new();
    let mut readings = body.eventsource();
    while let Some(reading) = readings.next().await {
        match reading {
            Ok(reading) if reading.event == "alarm" => log.push(format!("ALARM {}", reading.data)),
            Ok(Event { event, data, id, retry }) => {
                if let Some(retry) = retry {
                    log.push(format!("retry after {} ms", retry.as_millis()));
                }
                if id == "last" {
                    break;
                }
                log.push(match event.as_str() {
                    "temperature" => format!("#{id}: {} degrees", parse(&data)),
                    other => format!("#{id}: {other} {data}"),
                });
            }
            Err(EventStreamError::Transport(error)) => log.push(format!("no connection: {error}")),
            Err(error) => log.push(format!("{error}")),
        }
    }
    log
}

fn parse(data: &str) -> f32 {
    data.parse().unwrap_or(f32::NAN)
}

#[tokio::test]
async fn a_stream_of_chunks_is_read() {
    let chunks = stream::iter([
        Ok("retry: 250\nid: 1\nevent: temperature\nda"),
        Ok("ta: 23.5\n\nevent: alarm\ndata: door\ndata: open\n\n"),
        Err("reset"),
        Ok("id: 2\ndata: dry\n\nid: last\ndata: bye\n\ndata: not read\n\n"),
    ]);
    let expected = [
        "retry after 250 ms",
        "#1: 23.5 degrees",
        "ALARM door\nopen",
        "no connection: reset",
        "#2: message dry",
    ];
    assert_eq!(report(chunks).await, expected);
}

/// Only the constructor names the type of the data.
#[tokio::test]
async fn a_stream_that_is_made_by_its_name_has_strings() {
    let chunks = stream::iter([Ok::<_, std::convert::Infallible>("data: a\n\ndata: b\n\n")]);
    let mut events = EventStream::new(chunks);
    let mut text = String::new();
    while let Some(Ok(event)) = events.next().await {
        text.push_str(&event.data);
    }
    assert_eq!(text, "ab");
}

#[tokio::test]
async fn a_stream_is_made_by_its_name() {
    let chunks = stream::iter([Ok::<_, std::convert::Infallible>(b"data: x\n\n".to_vec())]);
    let mut events = EventStream::new(chunks);
    let _ = events.set_last_event_id("4");
    let event: Event = events.next().await.unwrap().unwrap();
    let expected = Event {
        event: "message".to_string().into(),
        data: "x".to_string(),
        id: "4".to_string().into(),
        retry: None::<Duration>,
    };
    assert_eq!(event, expected);
    assert_eq!(events.last_event_id(), "4");
}
