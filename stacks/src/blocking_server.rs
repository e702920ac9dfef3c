//! `std::net` without any HTTP crate. A thread for each connection.
//!
//! * The stream ends with the connection: without a length and a transfer coding that is how HTTP
//!   delimits a body. `Connection: close` says so.
//! * A thread that blocks in a wait cannot notice that a client has gone: it does when it writes, and
//!   the first write after that may still succeed. The keep-alives bound how long it takes.
//! * A client that stays and reads nothing blocks the thread once the socket's buffers are full,
//!   hence the timeout for writing. An event may be half written then: the connection is done for.

use crate::feed::Feed;
use sse_wire::{LAST_EVENT_ID, RESPONSE_HEADERS};
use std::convert::Infallible;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The most that a request's head may take.
const LONGEST_HEAD: u64 = 8 * 1024;

/// How long a client may leave no room for more.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the feed to all who come, each in a thread.
///
/// # Errors
/// If no connection can be accepted.
pub fn serve(listener: &TcpListener, feed: &Arc<Feed>) -> io::Result<Infallible> {
    loop {
        let (connection, _) = listener.accept()?;
        let feed = Arc::clone(feed);
        // An error is a client that went away: its affair.
        thread::spawn(move || serve_connection(&connection, &feed));
    }
}

/// Serves the feed, whatever the path, until the client goes.
///
/// # Errors
/// If the connection fails, as it does at the latest when the client has gone.
pub fn serve_connection(mut connection: &TcpStream, feed: &Feed) -> io::Result<()> {
    // Or an event waits until the one before it is acknowledged.
    connection.set_nodelay(true)?;
    connection.set_write_timeout(Some(WRITE_TIMEOUT))?;
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
