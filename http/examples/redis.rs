//! Event streams across machines: any number of servers over one Redis Stream.
//!
//! The IDs of its entries are the event IDs. So a client can continue at any server, and only redis stores events for
//! replay. [`Log`] is the part to copy. The program starts a redis-server and two servers, moves a client between them
//! while redis is killed and restarted, and exits.
#![allow(clippy::restriction, reason = "an example may panic")]

use axum::response::{IntoResponse, Response};
use axum::{Router, extract::State, http::HeaderMap, http::StatusCode, routing::get};
use futures_util::{Stream, StreamExt, stream};
use redis::aio::ConnectionManager;
use redis::streams::{
    StreamId, StreamMaxlen, StreamRangeReply, StreamReadOptions, StreamReadReply,
};
use redis::{AsyncCommands, AsyncConnectionConfig, Client, RedisResult};
use sse_wire_http::axum::{KeepAlive, LastEventId, Sse};
use sse_wire_http::reqwest::{Incoming, Options, Request};
use sse_wire_http::sse_wire::{Event, EventId, event_type};
use sse_wire_http::{Backoff, Connect, EventSource, OutEvent};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::process::{Child, Command, Stdio};
use std::{io, net, path::PathBuf, time::Duration};
use tokio::{sync::broadcast, time::sleep};

/// The wait before the next attempt to reach redis.
const PAUSE: Duration = Duration::from_millis(250);

/// The ID of an entry.
#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
struct Position(u64, u64);

impl Position {
    fn parse(id: &str) -> Option<Self> {
        let (time, number) = id.split_once('-')?;
        Some(Self(time.parse().ok()?, number.parse().ok()?))
    }

    fn id(self) -> String {
        format!("{}-{}", self.0, self.1)
    }
}

/// An event of the stream, encoded once for all clients.
#[derive(Clone)]
struct Entry(Position, OutEvent);

impl From<&StreamId> for Entry {
    fn from(entry: &StreamId) -> Self {
        let id = EventId::new(&entry.id).expect("digits and a dash");
        let data: String = entry.get("data").unwrap_or_default();
        Self(
            Position::parse(&entry.id).expect("two numbers"),
            Event::new().id(id).data(&data).into(),
        )
    }
}

/// The entries after a position, at most a hundred. `None`: the entry at it was trimmed, and maybe later ones too.
async fn entries(
    redis: &mut impl AsyncCommands,
    key: &str,
    after: Position,
) -> RedisResult<Option<Vec<Entry>>> {
    let found: StreamRangeReply = redis.xrange_count(key, after.id(), "+", 101).await?;
    let mut found: Vec<Entry> = found.ids.iter().map(Entry::from).collect();
    if after != Position::default() {
        if found.first().is_none_or(|first| first.0 != after) {
            return Ok(None);
        }
        found.remove(0);
    }
    Ok(Some(found))
}

async fn newest(redis: &mut impl AsyncCommands, key: &str) -> RedisResult<Position> {
    let found: StreamRangeReply = redis.xrevrange_count(key, "+", "-", 1).await?;
    Ok(found.ids.first().and_then(|entry| Position::parse(&entry.id)).unwrap_or_default())
}

/// A Redis Stream as an event stream for the clients of this server.
///
/// One connection waits for new entries, for all clients. A client that connects, or is slow, reads the entries that it
/// missed by itself. The memory for each client is one page of entries.
#[derive(Clone)]
pub(crate) struct Log {
    redis: ConnectionManager,
    key: &'static str,
    /// `None`: redis has entries that were not sent here.
    live: broadcast::Sender<Option<Entry>>,
}

impl Log {
    /// `warn` is called with one line each time redis becomes unreachable.
    pub(crate) async fn open(
        url: &str,
        key: &'static str,
        warn: impl Fn(String) + Send + 'static,
    ) -> RedisResult<Self> {
        let client = Client::open(url)?;
        let redis = client.get_connection_manager().await?;
        let log = Self { redis, key, live: broadcast::Sender::new(256) };
        let (key, live) = (log.key, log.live.clone());
        let mut position = newest(&mut log.redis.clone(), key).await?;
        tokio::spawn(async move {
            let mut is_gone = false;
            loop {
                let Err(error) = follow(&client, key, &live, &mut position, &mut is_gone).await;
                if !is_gone {
                    warn(format!("redis is gone ({error}); streams pause until it is back"));
                }
                is_gone = true;
                sleep(PAUSE).await;
            }
        });
        Ok(log)
    }

    /// Adds an event. Redis keeps about 10 000.
    pub(crate) async fn publish(&self, data: &str) -> RedisResult<String> {
        let redis = &mut self.redis.clone();
        redis.xadd_maxlen(self.key, StreamMaxlen::Approx(10_000), "*", &[("data", data)]).await
    }

    /// The events for a client with this `Last-Event-ID`. A client without one gets only new events, and an ID first, so
    /// that it misses none if its connection ends before the first event. With the ID of an empty stream, it gets all
    /// entries that redis has: a gap before them is not noticed.
    ///
    /// If redis no longer has the entry with this ID, the client gets a `gap` event without an ID, then all entries.
    pub(crate) async fn subscribe(
        &self,
        last_event_id: Option<&str>,
    ) -> RedisResult<impl Stream<Item = Result<OutEvent, Infallible>> + use<>> {
        let live = self.live.subscribe();
        let mut log = self.clone();
        let mut page = VecDeque::new();
        let position = match last_event_id {
            Some(id) => Position::parse(id),
            None => {
                let newest = newest(&mut log.redis, log.key).await?;
                let id = newest.id();
                page.push_back(Event::new().id(EventId::new(&id).expect("digits")).into());
                Some(newest)
            }
        };
        let reader = Reader { log, live, position, page, is_live: false };
        Ok(stream::unfold(reader, Reader::next))
    }
}

/// Reads new entries, for all clients of this server, until redis is unreachable.
async fn follow(
    client: &Client,
    key: &str,
    live: &broadcast::Sender<Option<Entry>>,
    position: &mut Position,
    is_gone: &mut bool,
) -> RedisResult<Infallible> {
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(20)));
    let mut redis = client.get_multiplexed_async_connection_with_config(&config).await?;
    let wait = StreamReadOptions::default().block(10_000).count(1);
    loop {
        let page = entries(&mut redis, key, *position).await?;
        *is_gone = false;
        match page {
            Some(page) if page.is_empty() => {
                let _: Option<StreamReadReply> =
                    redis.xread_options(&[key], &[position.id()], &wait).await?;
            }
            // This fails if there is no client.
            Some(page) => page.into_iter().for_each(|entry| {
                *position = entry.0;
                _ = live.send(Some(entry));
            }),
            None => {
                *position = newest(&mut redis, key).await?;
                _ = live.send(None);
            }
        }
    }
}

/// The position of a client.
struct Reader {
    log: Log,
    live: broadcast::Receiver<Option<Entry>>,
    /// After the last entry of the page. `None`: the client's ID is unknown.
    position: Option<Position>,
    page: VecDeque<OutEvent>,
    /// Whether the entries after the page come from `live`.
    is_live: bool,
}

impl Reader {
    async fn next(mut self) -> Option<(Result<OutEvent, Infallible>, Self)> {
        loop {
            if let Some(event) = self.page.pop_front() {
                return Some((Ok(event), self));
            }
            if self.is_live {
                match self.live.recv().await {
                    // Entries that the client read by itself are not sent again.
                    Ok(Some(Entry(at, event))) if self.position.is_none_or(|last| at > last) => {
                        self.position = Some(at);
                        return Some((Ok(event), self));
                    }
                    Ok(Some(_)) => {}
                    Ok(None) | Err(broadcast::error::RecvError::Lagged(_)) => self.is_live = false,
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
                continue;
            }
            let page = match self.position {
                Some(after) => entries(&mut self.log.redis, self.log.key, after).await,
                None => Ok(None),
            };
            match page {
                Ok(Some(page)) => {
                    self.is_live = page.is_empty();
                    self.position = page.last().map(|entry| entry.0).or(self.position);
                    self.page = page.into_iter().map(|entry| entry.1).collect();
                }
                Ok(None) => {
                    self.position = Some(Position::default());
                    let gap =
                        Event::new().event_type(event_type!("gap")).data(r#"{"missed":null}"#);
                    return Some((Ok(gap.into()), self));
                }
                // `follow` has reported it.
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

/// One of the servers.
pub(crate) async fn serve(log: Log) -> io::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/events", listener.local_addr()?);
    let app = Router::new().route("/events", get(events)).with_state(log);
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(url)
}

/// Ends each response after the number of events in the header `Events`, if there is one.
async fn events(State(log): State<Log>, id: LastEventId, headers: HeaderMap) -> Response {
    let most = headers.get("events").and_then(|most| most.to_str().ok()?.parse().ok());
    match log.subscribe(id.as_deref()).await {
        Ok(events) => Sse::new(events.take(most.unwrap_or(usize::MAX)))
            .keep_alive(KeepAlive::new())
            .into_response(),
        // The client reconnects.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Connects to the servers in turn.
pub(crate) struct Farm {
    pub(crate) servers: Vec<Request>,
    pub(crate) connections: usize,
}

impl Connect for Farm {
    type Error = <Request as Connect>::Error;
    type Body = <Request as Connect>::Body;
    type Future = <Request as Connect>::Future;

    fn connect(&mut self, headers: HeaderMap) -> Self::Future {
        let server = self.connections % self.servers.len();
        self.connections += 1;
        self.servers[server].connect(headers)
    }
}

/// A redis-server for this program. Dropping this kills it.
pub(crate) struct Redis {
    process: Child,
    port: u16,
    directory: PathBuf,
}

impl Redis {
    /// Starts a redis-server on a free port. It writes each entry to its file before it answers.
    pub(crate) async fn start() -> io::Result<Self> {
        let port = net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let directory = std::env::temp_dir().join(format!("redis-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let process = Self::spawn(port, &directory)?;
        let redis = Self { process, port, directory };
        redis.wait().await;
        Ok(redis)
    }

    fn spawn(port: u16, directory: &PathBuf) -> io::Result<Child> {
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .current_dir(directory)
            .stdout(Stdio::null())
            .spawn()
    }

    async fn wait(&self) {
        let client = Client::open(self.url()).unwrap();
        while client.get_multiplexed_async_connection().await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it without a shutdown.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Restarts it with its data.
    pub(crate) async fn restart(&mut self) -> io::Result<()> {
        self.process = Self::spawn(self.port, &self.directory)?;
        self.wait().await;
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        _ = self.kill();
        _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut redis = Redis::start().await?;
    let mut servers = Vec::new();
    let log = Log::open(&redis.url(), "numbers", |line| println!("{line}")).await?;
    for server in ["A", "B"] {
        let warn = move |line| println!("server {server}: {line}");
        let url = serve(Log::open(&redis.url(), "numbers", warn).await?).await?;
        println!("server {server}: {url}");
        servers.push(Request::new(reqwest::Client::new().get(url).header("Events", 7))?);
    }
    let first = log.publish("0").await?;
    let farm = Farm { servers, connections: 0 };
    let backoff = Backoff::new().floor(PAUSE).reconnection_time(PAUSE);
    let mut client = EventSource::<_>::new(farm, Options::new().backoff(backoff));
    client.set_last_event_id(first)?;
    let publish = async {
        for n in 1..=50 {
            if n == 20 {
                redis.kill()?;
                sleep(Duration::from_secs(1)).await;
                redis.restart().await?;
            }
            // The first use of the connection to the killed redis fails.
            while log.publish(&n.to_string()).await.is_err() {}
            sleep(Duration::from_millis(20)).await;
        }
        io::Result::Ok(())
    };
    let read = async {
        let mut seen = Vec::new();
        while seen.len() < 50 {
            match client.next().await.expect("it goes on") {
                Ok(Incoming::Open) => println!("client: connected"),
                Ok(Incoming::Message(event)) => seen.push(event.data.parse::<u32>().unwrap()),
                Err(error) => println!("client: {error} at {:?}", seen.last()),
            }
        }
        seen
    };
    let (published, seen) = tokio::join!(publish, read);
    published?;
    assert_eq!(seen, Vec::from_iter(1..=50));
    println!("client: has 1 to 50, nothing lost and nothing doubled");
    Ok(())
}
