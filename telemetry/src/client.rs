//! The client: decodes the event stream with a buffer of fixed size, shows it in the terminal, and reconnects when the
//! connection is lost.

use crate::http;
use serde_json::Value;
use sse_wire::{Decoder, EventSource, MessageEvent, ReadyState};
use std::error::Error;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Instant;
use tokio::time::sleep;

const GIB: f64 = (1 << 30) as f64;

pub(crate) struct Client {
    address: SocketAddr,
    source: EventSource<[u8; 1024]>,
    summary: Summary,
}

/// Counters of the client so far.
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
            source: EventSource::new(Decoder::new([0; 1024])),
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

    /// Shows events until their number is `limit`, over as many connections as necessary.
    pub(crate) async fn run(&mut self, limit: Option<u32>) -> Result<(), Box<dyn Error>> {
        while let Some(wait) = self.source.connect(RandomState::new().hash_one(0) as u32) {
            if !wait.is_zero() {
                self.summary.reconnections += 1;
                writeln!(io::stdout(), "again in {wait:?}")?;
            }
            sleep(wait).await;
            let received = self.receive(limit).await;
            // The decoder counts the comments of one stream, and keep-alives are comments.
            self.summary.keep_alives += u64::from(self.source.decoder().comments());
            match received {
                Ok(()) => {}
                Err(error) if self.source.ready_state() == ReadyState::Closed => return Err(error),
                Err(error) => writeln!(io::stdout(), "connection lost: {error}")?,
            }
        }
        Ok(())
    }

    /// Shows the events of one connection.
    async fn receive(&mut self, limit: Option<u32>) -> Result<(), Box<dyn Error>> {
        let (head, mut body) = match http::get(self.address, "/events", self.source.headers()).await
        {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.source.close();
                return Err(error.into());
            }
            response => response?,
        };
        if let Err(refused) = self.source.open(&head) {
            if refused.is_temporary() {
                self.source.retry(head.retry_after());
            }
            return Err(refused.into());
        }
        while self.source.ready_state() == ReadyState::Open {
            let mut chunk = body.chunk().await?;
            if chunk.is_empty() {
                return Err("the stream has ended".into());
            }
            self.summary.bytes += chunk.len();
            while let Some(event) = self.source.next(&mut chunk) {
                match event {
                    Ok(event) => {
                        show(&event)?;
                        self.summary.events += 1;
                        self.summary.gaps += u64::from(event.event_type() == b"gap");
                    }
                    Err(error) => writeln!(io::stdout(), "left out: {error}")?,
                }
                if limit.is_some_and(|limit| self.summary.events >= limit.into()) {
                    self.source.close();
                }
            }
        }
        Ok(())
    }
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
        b"gap" => match data["missed"].as_u64() {
            Some(missed) => writeln!(out, "{id}  gap: {missed} samples are lost"),
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
