//! Tests of the event streams of `examples/redis.rs` with a real redis-server: a client moves between two servers,
//! entries are trimmed, redis is killed.
//!
//! Debian's package is `redis-server`. Without this command, the tests report that they were skipped.
#![cfg(all(feature = "axum-v0.8", feature = "reqwest-v0.13"))]
#![allow(clippy::restriction, reason = "tests may panic")]

#[path = "../examples/redis.rs"]
#[allow(dead_code, reason = "the example is a program, too")]
mod example;

use example::{Farm, Log, Redis, serve};
use futures_util::StreamExt;
use redis::AsyncCommands;
use redis::streams::StreamMaxlen;
use sse_wire_http::reqwest::{FinalUrl, Request};
use sse_wire_http::{Backoff, Event, EventSource, Incoming, Options};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

const KEY: &str = "numbers";

/// A redis-server with two servers over one stream.
struct Servers {
    redis: Redis,
    /// The connection for publishing.
    log: Log,
    urls: Vec<String>,
    /// The warnings of the servers.
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Servers {
    async fn start() -> Option<Self> {
        let redis = match Redis::start().await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // Bypasses the test's captured output, so that it is shown.
                let _ = writeln!(std::io::stderr(), "SKIPPED, redis-server is not installed");
                return None;
            }
            redis => redis.unwrap(),
        };
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let mut urls = Vec::new();
        for _ in 0..2 {
            let warnings = Arc::clone(&warnings);
            let warn = move |line| warnings.lock().unwrap().push(line);
            urls.push(serve(Log::open(&redis.url(), KEY, warn).await.unwrap()).await.unwrap());
        }
        let log = Log::open(&redis.url(), KEY, drop).await.unwrap();
        Some(Self { redis, log, urls, warnings })
    }

    /// A client that changes the server after this number of events, and begins after the event with this ID.
    fn client(&self, events: u32, id: &str) -> EventSource<Farm> {
        let request = |url| Request::new(reqwest::Client::new().get(url).header("Events", events));
        let servers = self.urls.iter().map(|url| request(url).unwrap()).collect();
        let backoff = Backoff::new().floor(Duration::ZERO).reconnection_time(Duration::ZERO);
        let farm = Farm { servers, connections: 0 };
        let mut client = EventSource::new(farm, Options::new().backoff(backoff));
        client.set_last_event_id(id).unwrap();
        client
    }

    async fn publish(&self, numbers: std::ops::Range<u32>) -> Vec<String> {
        let mut ids = Vec::new();
        for n in numbers {
            // With leading zeros: too much for the buffer of any socket.
            let data = format!("{n:016384}");
            // The connection to a killed redis fails before it has sent anything.
            ids.push(loop {
                if let Ok(id) = self.log.publish(&data).await {
                    break id;
                }
            });
        }
        ids
    }
}

/// The next events, and the servers of their connections.
async fn read(client: &mut EventSource<Farm>, events: usize) -> (Vec<Event>, Vec<String>) {
    let (mut seen, mut connections) = (Vec::new(), Vec::new());
    while seen.len() < events {
        let incoming = timeout(Duration::from_secs(60), client.next()).await;
        match incoming.expect("an event is lost").expect("the client goes on") {
            Ok(Incoming::Open) => {
                let FinalUrl(url) = client.head().unwrap().extensions.get().unwrap();
                connections.push(url.to_string());
            }
            Ok(Incoming::Message(event)) => seen.push(event),
            Err(_) => {}
        }
    }
    (seen, connections)
}

fn numbers(events: &[Event]) -> Vec<u32> {
    events.iter().map(|event| event.data.parse().expect("a number")).collect()
}

#[tokio::test]
async fn a_client_that_moves_between_servers_loses_nothing() {
    let Some(servers) = Servers::start().await else { return };
    let first = servers.publish(0..1).await.remove(0);
    let mut client = servers.client(7, &first);
    let ((events, connections), ids) =
        tokio::join!(read(&mut client, 100), servers.publish(1..101));
    assert_eq!(numbers(&events), Vec::from_iter(1..101));
    // The entries' IDs are the events' IDs.
    assert!(events.iter().map(|event| event.id.as_str()).eq(ids.iter().map(String::as_str)));
    // 100 events, 7 for each connection: 15 connections, alternating between the servers.
    assert_eq!(connections.len(), 15);
    for (connection, url) in connections.iter().zip(servers.urls.iter().cycle()) {
        assert_eq!(connection, url);
    }
}

#[tokio::test]
async fn a_client_without_an_id_misses_nothing_between_its_first_connection_and_its_first_event() {
    let Some(servers) = Servers::start().await else { return };
    servers.publish(0..1).await;
    // The block that gives the client its ID is the one item of its first response.
    let mut client = servers.client(1, "");
    while client.next().await.unwrap().is_ok() {}
    servers.publish(1..4).await;
    assert_eq!(numbers(&read(&mut client, 3).await.0), [1, 2, 3]);
}

#[tokio::test]
async fn more_is_missed_than_a_page_and_than_what_is_kept_for_slow_clients() {
    let Some(servers) = Servers::start().await else { return };
    let first = servers.publish(0..1).await.remove(0);
    let mut slow = servers.client(u32::MAX, &first);
    // The client is connected, and stops reading while more is published than any buffer outside redis can hold.
    servers.publish(1..2).await;
    assert_eq!(numbers(&read(&mut slow, 1).await.0), [1]);
    servers.publish(2..1000).await;
    assert_eq!(numbers(&read(&mut slow, 998).await.0), Vec::from_iter(2..1000));
    let mut late = servers.client(u32::MAX, &first);
    assert_eq!(numbers(&read(&mut late, 999).await.0), Vec::from_iter(1..1000));
}

#[tokio::test]
async fn a_gap_is_told() {
    let Some(servers) = Servers::start().await else { return };
    let ids = servers.publish(0..20).await;
    let redis = redis::Client::open(servers.redis.url()).unwrap();
    let mut redis = redis.get_multiplexed_async_connection().await.unwrap();
    let trimmed: usize = redis.xtrim(KEY, StreamMaxlen::Equals(5)).await.unwrap();
    assert_eq!(trimmed, 15);

    // An ID older than the first entry. The gap has no ID: a client that is cut off after it is told again.
    let (events, _) = read(&mut servers.client(u32::MAX, &ids[3]), 6).await;
    assert_eq!((&*events[0].event, &*events[0].data), ("gap", r#"{"missed":null}"#));
    assert_eq!(events[0].id, ids[3].as_str());
    assert_eq!(numbers(&events[1..]), Vec::from_iter(15..20));
    let (events, _) = read(&mut servers.client(1, &ids[3]), 2).await;
    assert_eq!((&*events[0].event, &*events[1].event), ("gap", "gap"));

    // An ID that still exists, and one of another kind.
    let (events, _) = read(&mut servers.client(u32::MAX, &ids[15]), 4).await;
    assert_eq!(numbers(&events), Vec::from_iter(16..20));
    let (events, _) = read(&mut servers.client(u32::MAX, "something else"), 6).await;
    assert_eq!(events[0].event, "gap");
    assert_eq!(numbers(&events[1..]), Vec::from_iter(15..20));
}

#[tokio::test]
async fn streams_go_on_after_redis_was_killed() {
    let Some(mut servers) = Servers::start().await else { return };
    let first = servers.publish(0..1).await.remove(0);
    let mut client = servers.client(u32::MAX, &first);
    servers.publish(1..50).await;
    let (events, connections) = read(&mut client, 49).await;
    assert_eq!((numbers(&events), connections.len()), (Vec::from_iter(1..50), 1));

    servers.redis.kill().unwrap();
    // Both servers notice it while they wait for entries.
    while servers.warnings.lock().unwrap().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A client that connects while redis is gone.
    let mut late = servers.client(u32::MAX, &events[9].id);
    let open = late.next().await.unwrap().unwrap();
    assert_eq!(open, Incoming::Open);
    // Longer than a server's wait before it retries: it does not report the same failure twice.
    tokio::time::sleep(Duration::from_secs(1)).await;

    servers.redis.restart().await.unwrap();
    servers.publish(50..100).await;
    let (events, connections) = read(&mut client, 50).await;
    assert_eq!(numbers(&events), Vec::from_iter(50..100));
    assert!(connections.is_empty(), "the stream goes on in the same response");
    let (events, _) = read(&mut late, 89).await;
    assert_eq!(numbers(&events), Vec::from_iter(11..100));

    let warnings = servers.warnings.lock().unwrap();
    assert_eq!(warnings.len(), 2, "one line for each server: {warnings:?}");
    assert!(warnings[0].starts_with("redis is gone (") && warnings[0].lines().count() == 1);
}
