//! A web app with a live view. A browser that reconnects gets the events that it missed, or the number of lost events.
//!
//! The program simulates a browser that returns in time, then one that returns too late, and exits. With `--serve` it
//! keeps serving.
#![allow(clippy::restriction, reason = "an example may panic")]

use axum::{Router, extract::State, response::Html, routing::get};
use futures_util::{StreamExt, stream::BoxStream};
use sse_wire_http::axum::{KeepAlive, LastEventId, Sse};
use sse_wire_http::reqwest::{EventSource, Incoming};
use sse_wire_http::{Event, Hub, Subscription, sse_wire};
use std::{error::Error, time::Duration};

async fn events(State(hub): State<Hub>, id: LastEventId) -> Sse<Subscription> {
    Sse::new(hub.subscribe(id.as_deref())).keep_alive(KeepAlive::new())
}

/// A reading every 50 ms.
async fn publish(hub: Hub) {
    for n in 0_u32.. {
        let value = (f64::from(n) / 9.0).sin() + (f64::from(n) / 31.0).cos();
        let reading = format!(r#"{{"n":{n},"value":{value:.3}}}"#);
        hub.publish(&sse_wire::Event::new().data(&reading)).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A browser that was away since an event with this ID.
fn browser(url: &str, id: &str) -> Result<BoxStream<'static, Event>, Box<dyn Error>> {
    let mut events = EventSource::get(url);
    events.set_last_event_id(id)?;
    let message = async |incoming| match incoming {
        Ok(Incoming::Message(event)) => Some(event),
        _ => None,
    };
    Ok(events.filter_map(message).boxed())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The latest 40 readings, few enough that gaps soon occur.
    let hub = Hub::new(40 * 64).retry(Duration::from_secs(1));
    let page = Html(include_str!("page.html"));
    let app = Router::new().route("/", get(page)).route("/events", get(events));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/events", listener.local_addr()?);
    println!("open {}", url.trim_end_matches("events"));
    tokio::spawn(publish(hub.clone()));
    let server = tokio::spawn(async { axum::serve(listener, app.with_state(hub)).await });
    let live: Vec<_> = browser(&url, "")?.take(100).collect().await;
    for (away_since, answer) in [(&live[98], &*live[99].data), (&live[0], r#"{"missed":"#)] {
        let first = browser(&url, &away_since.id)?.next().await.unwrap();
        println!("away since {}: {} {}", away_since.data, first.event, first.data);
        assert!(first.data.starts_with(answer));
    }
    let serves = std::env::args().any(|arg| arg == "--serve");
    if serves { Ok(server.await??) } else { Ok(()) }
}
