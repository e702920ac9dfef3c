//! A server with `std::net` alone, without an HTTP crate. One thread for each connection.
//!
//! * The stream ends with the connection: HTTP delimits a body so if there is neither a length nor a transfer coding.
//!   `Connection: close` announces it.
//! * A waiting thread notices only when it writes that its client has disconnected, and the first write after that may
//!   still succeed. The keep-alives limit the delay.
//! * A client that stays but does not read blocks the thread when the socket's buffers are full, hence the write
//!   timeout. After a timeout, half an event may be written: the connection is unusable.
//! * A client that connects and sends nothing blocks the thread, too, hence the read timeout.

use crate::feed::Feed;
use sse_wire::{LAST_EVENT_ID, RESPONSE_HEADERS};
use std::convert::Infallible;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The longest head of a request.
const LONGEST_HEAD: u64 = 8 * 1024;

/// The longest time that a client may neither send the next part of its request nor accept bytes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the feed to all clients, each in a thread.
///
/// # Errors
/// If no connection can be accepted.
pub fn serve(listener: &TcpListener, feed: &Arc<Feed>) -> io::Result<Infallible> {
    loop {
        let (connection, _) = listener.accept()?;
        let feed = Arc::clone(feed);
        // An error is a client that has disconnected.
        thread::spawn(move || serve_connection(&connection, &feed));
    }
}

/// Serves the feed, for any path, until the client disconnects.
///
/// # Errors
/// If the connection fails, at the latest when the client has disconnected.
pub fn serve_connection(mut connection: &TcpStream, feed: &Feed) -> io::Result<()> {
    // Without this, an event waits until the previous one is acknowledged.
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    let last_event_id = read_request(BufReader::new(connection.take(LONGEST_HEAD)))?;
    let mut client = feed.client(last_event_id.as_deref());

    let mut head = "HTTP/1.1 200 OK\r\nConnection: close\r\n".to_owned();
    for (name, value) in RESPONSE_HEADERS {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    connection.write_all(head.as_bytes())?;

    let mut batch = Vec::new();
    loop {
        feed.wait(&mut client, &mut batch);
        connection.write_all(&batch)?;
    }
}

/// Reads the head of a request, and returns its `Last-Event-ID`.
fn read_request(mut request: impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut last_event_id = None;
    loop {
        let mut line = Vec::new();
        if request.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return Ok(last_event_id);
        }
        if let Some((name, value)) = line.split_at_checked(LAST_EVENT_ID.len())
            && name.eq_ignore_ascii_case(LAST_EVENT_ID.as_bytes())
            && let Some(value) = value.strip_prefix(b":")
        {
            last_event_id = Some(value.trim_ascii().to_vec());
        }
    }
}
