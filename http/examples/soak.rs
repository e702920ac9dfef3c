//! A soak test of the gateway: many concurrent streams, some slow and some cut, and no event may be lost or repeated.
//!
//! ```text
//! cargo run --release -p sse-wire-http --all-features --example soak -- --seconds 60 --streams 1000
//! ```
//!
//! Clients, gateway and model are one process: a stream takes four file descriptors (`ulimit -n`). The program prints
//! the allocated and the resident memory over time; the latter includes the allocator's gaps. It fails if an event is
//! lost or repeated. A run of 30 seconds or more also fails if more is allocated at its end than after a third of it.
#![allow(clippy::restriction, reason = "an example may panic")]
#![allow(unsafe_code, reason = "an allocator that counts is unsafe to implement")]

#[path = "gateway.rs"]
#[allow(dead_code, reason = "the gateway is a program, too")]
mod gateway;

use axum::{Json, Router, body::Body, response::IntoResponse, routing::post};
use futures_util::{StreamExt, stream};
use sse_wire_http::axum::LastEventId;
use sse_wire_http::reqwest::{EventSource, Incoming, Options, RequestBuilderExt};
use sse_wire_http::{Backoff, Rewritten, Sink, sse_wire};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::{error::Error, fs, io, time::Duration};
use tokio::time::{Instant, sleep, timeout_at};

/// Counts the allocated bytes.
struct Counting(AtomicUsize);

// SAFETY: `System` does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.fetch_add(layout.size(), Relaxed);
        // SAFETY: The caller fulfils the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.0.fetch_sub(layout.size(), Relaxed);
        // SAFETY: The caller fulfils the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATED: Counting = Counting(AtomicUsize::new(0));

/// The pause between two events of a stream.
const PAUSE: Duration = Duration::from_millis(100);

/// A stream is cut, ended or closed after this number of events.
const EVENTS: u64 = 20;

/// The kind of a stream.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Kind {
    /// Nothing happens to it.
    Steady,
    /// The model repeatedly breaks the connection in mid-event.
    Cut,
    /// The model repeatedly ends the body.
    Ended,
    /// The client repeatedly closes its connection.
    Left,
    /// The client is slow, and the model never pauses.
    Slow,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Steady, Self::Cut, Self::Ended, Self::Left, Self::Slow];

    /// Of 20 streams, 8 are steady, and one is slow.
    fn of(stream: usize) -> Self {
        match stream % 20 {
            0..8 => Self::Steady,
            8..12 => Self::Cut,
            12..16 => Self::Ended,
            16..19 => Self::Left,
            _ => Self::Slow,
        }
    }
}

/// Counters for the streams of one kind.
#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    events: AtomicU64,
    lost: AtomicU64,
    doubled: AtomicU64,
}

/// A model that numbers its events, and continues after the last event ID.
async fn model(id: LastEventId, Json(kind): Json<Kind>) -> impl IntoResponse {
    let first = id.as_deref().map_or(1, |id| id.parse::<u64>().unwrap() + 1);
    let chunks = stream::unfold(first, move |n| async move {
        let is_last = n == first + EVENTS;
        if kind == Kind::Ended && is_last {
            return None;
        }
        // A slow stream fills the buffers of all sockets.
        let text = n.to_string() + &" ".repeat(if kind == Kind::Slow { 1000 } else { 0 });
        let event = format!("id: {n}\ndata: {{\"choices\":[{{\"delta\":\"{text}\"}}]}}\n\n");
        if kind != Kind::Slow {
            sleep(PAUSE).await;
        }
        let chunks = if kind == Kind::Cut && is_last {
            [Ok(event[..event.len() - 1].to_owned()), Err(io::Error::other("cut"))]
        } else {
            // Every event is split into chunks.
            let (a, b) = event.split_at(event.len() / 2);
            [Ok(a.to_owned()), Ok(b.to_owned())]
        };
        Some((stream::iter(chunks), n + 1))
    });
    let retry = stream::iter([Ok("retry: 100\n\n".to_owned())]);
    (sse_wire::RESPONSE_HEADERS, Body::from_stream(retry.chain(chunks.flatten())))
}

/// A client that reads one stream, over as many connections as it needs.
async fn client(http: reqwest::Client, url: String, kind: Kind, counts: &Counts, end: Instant) {
    let backoff = Backoff::new().floor(PAUSE).reconnection_time(PAUSE);
    let options = Options::new().limit(64 * 1024).backoff(backoff);
    let options = options.idle_timeout(Duration::from_secs(30));
    let connect = |latest: u64| -> EventSource {
        let mut events = http.post(&url).json(&kind).eventsource_with(options).unwrap();
        if latest > 0 {
            events.set_last_event_id(latest.to_string()).unwrap();
        }
        events
    };
    let (mut events, mut latest, mut since) = (connect(0), 0, 0);
    while let Ok(incoming) = timeout_at(end, events.next()).await {
        match incoming.expect("it connects again") {
            Ok(Incoming::Open) => _ = counts.connections.fetch_add(1, Relaxed),
            Ok(Incoming::Message(event)) => {
                let n: u64 = event.data.trim_matches(['"', ' ']).parse().expect("a number");
                counts.events.fetch_add(1, Relaxed);
                counts.lost.fetch_add(n.saturating_sub(latest + 1), Relaxed);
                counts.doubled.fetch_add(u64::from(n <= latest), Relaxed);
                (latest, since) = (n, since + 1);
            }
            // The client reports it, and reconnects.
            Err(_) => {}
        }
        if kind == Kind::Left && since == EVENTS {
            (events, since) = (connect(latest), 0);
        }
        if kind == Kind::Slow {
            sleep(PAUSE / 2).await;
        }
        // `timeout_at` does not check the clock while there are events.
        if Instant::now() >= end {
            break;
        }
    }
}

/// The number in the line of a `/proc` file with this prefix.
fn proc(file: &str, line: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/self/{file}")).ok()?;
    let rest = text.lines().find_map(|text| text.strip_prefix(line))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn argument(name: &str, default: u64) -> u64 {
    let value = std::env::args().skip_while(|argument| argument != name).nth(1);
    value.map_or(default, |value| value.parse().expect("a number"))
}

fn size_of_rewritten<F>(_: F) -> usize
where
    F: FnMut(Result<sse_wire::MessageEvent<'_>, sse_wire::DecodeError>, &mut Sink<'_>),
{
    size_of::<Rewritten<reqwest::Body, F>>()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (seconds, streams) = (argument("--seconds", 60), argument("--streams", 1000));
    let descriptors = 4 * streams + 100;
    if proc("limits", "Max open files").is_some_and(|limit| limit < descriptors) {
        return Err(format!("{streams} streams take {descriptors} descriptors: ulimit -n").into());
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app =
        gateway::gateway(format!("{url}/model")).merge(Router::new().route("/model", post(model)));
    tokio::spawn(async { axum::serve(listener, app).await });
    println!("{streams} streams through {url}/chat for {seconds} s");
    let (state, body) = (size_of_rewritten(gateway::rewrite), size_of::<reqwest::Body>());
    println!("a rewritten body is {state} bytes, {body} of them the body of reqwest");

    let counts: &[Counts; 5] = Box::leak(Box::default());
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let http = reqwest::Client::new();
    let clients: Vec<_> = (0..usize::try_from(streams)?)
        .map(|stream| {
            let kind = Kind::of(stream);
            let counts = &counts[kind as usize];
            tokio::spawn(client(http.clone(), format!("{url}/chat"), kind, counts, end))
        })
        .collect();

    let mut allocated = Vec::new();
    for part in 1..=12 {
        tokio::time::sleep_until(start + Duration::from_secs(seconds) * part / 12).await;
        let seconds = start.elapsed().as_secs_f32();
        let events: u64 = counts.iter().map(|counts| counts.events.load(Relaxed)).sum();
        let resident = proc("status", "VmRSS:").unwrap_or(0);
        let now = ALLOCATED.0.load(Relaxed) / 1024;
        println!("{seconds:5.1} s: {now} KiB allocated, {resident} KiB resident, {events} events");
        allocated.push(now);
    }
    for client in clients {
        client.await?;
    }
    let mut is_good = true;
    for (kind, counts) in Kind::ALL.iter().zip(counts) {
        let [connections, events, lost, doubled] =
            [&counts.connections, &counts.events, &counts.lost, &counts.doubled]
                .map(|n| n.load(Relaxed));
        println!(
            "{kind:?}: {events} events over {connections} connections, {lost} lost, {doubled} doubled"
        );
        is_good &= (lost, doubled) == (0, 0) && events > 0;
    }
    // In a short run, start-up dominates.
    is_good &= seconds < 30 || allocated[11] <= allocated[3] + allocated[3] / 10;
    is_good.then_some(()).ok_or_else(|| "events are lost or doubled, or memory grows".into())
}
