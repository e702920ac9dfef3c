//! A proxy between browser and server: cuts the connections of the event stream at given positions, and records the
//! bytes.
//!
//! Handles one request for each connection: the servers close it after the response.

use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The end of an event: data that is a JSON object, and a blank line.
const EVENT_END: &str = "}\n\n";

/// Where a connection is cut.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    /// The number of events before the cut.
    events: usize,
    /// The cut is after the first occurrence of this text that follows those events.
    after: &'static str,
    /// Resets the connection, as a broken network does; otherwise the stream just ends.
    reset: bool,
}

impl Cut {
    pub(crate) const fn close(events: usize, after: &'static str) -> Self {
        Self { events, after, reset: false }
    }

    pub(crate) const fn reset(events: usize, after: &'static str) -> Self {
        Self { events, after, reset: true }
    }

    /// The position of the cut in a response, if the response has reached it.
    fn position(&self, response: &[u8]) -> Option<usize> {
        let mut start = 0;
        for _ in 0..self.events {
            start += end_of(EVENT_END, &response[start..])?;
        }
        Some(start + end_of(self.after, &response[start..])?)
    }
}

fn end_of(part: &str, bytes: &[u8]) -> Option<usize> {
    let at = (0..bytes.len()).find(|&at| bytes[at..].starts_with(part.as_bytes()))?;
    Some(at + part.len())
}

/// A connection of the event stream.
#[derive(Clone)]
pub(crate) struct Stream {
    request: String,
    /// The bytes that the server sent, including those that were cut off.
    pub(crate) response: Vec<u8>,
}

impl Stream {
    pub(crate) fn last_event_id(&self) -> Option<&str> {
        let mut headers = self.request.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(name, _)| name.eq_ignore_ascii_case("Last-Event-ID")).map(|(_, id)| id)
    }
}

pub(crate) struct Proxy {
    address: SocketAddr,
    streams: Arc<Mutex<Vec<Stream>>>,
}

impl Proxy {
    /// The first stream gets the first cut, and so on. Streams after the last cut are not cut.
    pub(crate) fn start(server: SocketAddr, cuts: &'static [Cut]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let streams = Arc::default();
        let proxy = Self { address, streams: Arc::clone(&streams) };
        thread::spawn(move || {
            for browser in listener.incoming() {
                let streams = Arc::clone(&streams);
                // An error means that one side is gone: the other one sees the end.
                thread::spawn(move || serve(browser?, server, cuts, &streams));
            }
        });
        proxy
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn streams(&self) -> Vec<Stream> {
        self.streams.lock().unwrap().clone()
    }
}

fn serve(
    mut browser: TcpStream,
    server: SocketAddr,
    cuts: &[Cut],
    streams: &Mutex<Vec<Stream>>,
) -> io::Result<()> {
    let request = read_head(&mut browser)?;
    let mut server = TcpStream::connect(server)?;
    server.write_all(request.as_bytes())?;
    if !request.starts_with("GET /events ") {
        io::copy(&mut server, &mut browser)?;
        return Ok(());
    }

    let number = {
        let mut streams = streams.lock().unwrap();
        streams.push(Stream { request, response: Vec::new() });
        streams.len() - 1
    };
    let cut = cuts.get(number);
    let mut input = [0; 4096];
    let mut forwarded = 0;
    loop {
        let len = server.read(&mut input)?;
        if len == 0 {
            return Ok(());
        }
        let (next, end) = {
            let response = &mut streams.lock().unwrap()[number].response;
            response.extend(&input[..len]);
            let end = cut.and_then(|cut| cut.position(response));
            (response[forwarded..end.unwrap_or(response.len())].to_vec(), end)
        };
        browser.write_all(&next)?;
        forwarded += next.len();
        if end.is_some() {
            if cut.is_some_and(|cut| cut.reset) {
                SockRef::from(&browser).set_linger(Some(Duration::ZERO))?;
            }
            return Ok(());
        }
    }
}

/// A request without a body.
fn read_head(browser: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        browser.read_exact(&mut byte)?;
        head.extend(byte);
    }
    String::from_utf8(head).map_err(io::Error::other)
}
