//! The event stream as a client sees it: decoded over a buffer of fixed size, shown in the terminal,
//! and gone on with when the connection is lost.

use crate::http::{self, Body};
use serde_json::Value;
use sse_wire::{Decoder, MessageEvent};
use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Until the stream sets another one.
const RECONNECTION_TIME: Duration = Duration::from_secs(3);

const GIB: f64 = (1 << 30) as f64;

pub(crate) struct Client {
    address: SocketAddr,
    decoder: Decoder<[u8; 1024]>,
    summary: Summary,
}

/// What has happened so far.
pub(crate) struct Summary {
    start: Instant,
    events: u64,
    gaps: u64,
    keep_alives: u64,
    bytes: usize,
    reconnections: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, events, gaps, keep_alives, bytes, reconnections } = self;
        let seconds = start.elapsed().as_secs_f64();
        write!(f, "events: {events}, of them gaps: {gaps}, keep-alives: {keep_alives}, ")?;
        write!(f, "reconnections: {reconnections}; {bytes} bytes in {seconds:.1} s")
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            decoder: Decoder::new([0; 1024]),
            summary: Summary {
                start: Instant::now(),
                events: 0,
                gaps: 0,
                keep_alives: 0,
                bytes: 0,
                reconnections: 0,
            },
        }
    }

    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Shows events until there were `limit`.
    pub(crate) async fn run(&mut self, limit: Option<u32>) -> io::Result<()> {
        loop {
            let lost = match http::get(self.address, "/events", self.decoder.last_event_id()).await
            {
                Ok(body) => {
                    let end = self.receive(body, limit).await?;
                    // The decoder counts the comments of one stream, and keep-alives are comments.
                    self.summary.keep_alives += u64::from(self.decoder.comments());
                    match end {
                        End::Limit => return Ok(()),
                        End::Lost(error) => error,
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(error),
                Err(error) => error,
            };
            let wait = self.decoder.reconnection_time().unwrap_or(RECONNECTION_TIME);
            writeln!(io::stdout(), "connection lost ({lost}), again in {wait:?}")?;
            sleep(wait).await;
            self.decoder.reconnect();
            self.summary.reconnections += 1;
        }
    }

    /// Shows the events of one connection. The error is one of the terminal.
    async fn receive(&mut self, mut body: Body, limit: Option<u32>) -> io::Result<End> {
        loop {
            let mut chunk = match body.chunk().await {
                Ok([]) => return Ok(End::Lost(io::ErrorKind::UnexpectedEof.into())),
                Ok(chunk) => chunk,
                Err(error) => return Ok(End::Lost(error)),
            };
            self.summary.bytes += chunk.len();

            while let Some(event) = self.decoder.next(&mut chunk) {
                match event {
                    Ok(event) => {
                        show(&event)?;
                        self.summary.events += 1;
                        self.summary.gaps += u64::from(event.event_type() == b"gap");
                    }
                    Err(error) => writeln!(io::stdout(), "left out: {error}")?,
                }
                if limit.is_some_and(|limit| self.summary.events >= limit.into()) {
                    return Ok(End::Limit);
                }
            }
        }
    }
}

/// Why a connection is not read any further.
enum End {
    Limit,
    Lost(io::Error),
}

/// One line for each event.
fn show(event: &MessageEvent<'_>) -> io::Result<()> {
    let id = event.last_event_id_lossy();
    let data: Value = serde_json::from_slice(event.data()).unwrap_or_default();
    let number = |name: &str| data.pointer(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let mut out = io::stdout();
    match event.event_type() {
        b"sample" => writeln!(
            out,
            "{id}  load {:.2} {:.2} {:.2}  cpu {:5.1} %  memory {:.2} of {:.2} GiB  up {}",
            number("/load/0"),
            number("/load/1"),
            number("/load/2"),
            number("/cpu"),
            number("/memory_used") / GIB,
            number("/memory_total") / GIB,
            UpTime(number("/uptime") as u64),
        ),
        b"gap" => match data["first"].as_u64() {
            Some(first) => writeln!(out, "{id}  gap: {first} to {} are lost", data["last"]),
            None => writeln!(out, "{id}  gap: the server does not know where this client stopped"),
        },
        _ => writeln!(out, "{id}  {}: {}", event.event_type_lossy(), event.data_lossy()),
    }
}

/// In seconds; displays as days, hours, minutes and seconds.
struct UpTime(u64);

impl fmt::Display for UpTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minutes, seconds) = (self.0 / 60, self.0 % 60);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        write!(f, "{} d {:02}:{minutes:02}:{seconds:02}", hours / 24, hours % 24)
    }
}
