//! A client with `std::net` and its own HTTP/1.1, for programs without a runtime or an HTTP library.
//!
//! * It sends `Connection: close`. The server may send chunks anyway: they are decoded here.
//! * Only another thread can end a blocked read, by shutting down the socket: [`Closer`].
//! * `TcpStream::connect` blocks for minutes if the server does not answer. Here it has the time limit of a silent
//!   connection. Name resolution has no limit.
//! * No TLS.

use crate::client::{StreamError, headers, open, reconnect, take};
use crate::{Handler, Target};
use sse_wire::{Buffer, EventSource, ReadyState};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use url::Position;

/// The longest line of a head, and the most lines.
const HEAD: (u64, usize) = (8192, 128);

/// Connects and reconnects until `handler` or `closer` closes the source. `sleep` is usually [`Closer::sleep`].
pub fn run<B: Buffer>(
    closer: &Closer,
    target: &mut Target,
    source: &mut EventSource<B>,
    mut sleep: impl FnMut(Duration),
    handler: &mut impl Handler<B>,
) {
    let mut wait = source.connect(handler.random());
    while let Some(time) = wait {
        sleep(time);
        let end = read_events(closer, target, source, handler);
        if closer.lock().is_closed {
            source.close();
            return;
        }
        wait = reconnect(source, end, handler);
    }
}

/// Makes one connection for a source that is connecting, and passes on its events until it ends.
///
/// # Errors
/// If the connection fails, or the response is not an event stream.
pub fn read_events<B: Buffer>(
    closer: &Closer,
    target: &mut Target,
    source: &mut EventSource<B>,
    handler: &mut impl Handler<B>,
) -> Result<(), StreamError<io::Error>> {
    let end = read_stream(closer, target, source, handler);
    // A socket stays open while another handle exists.
    closer.lock().connection = None;
    end
}

fn read_stream<B: Buffer>(
    closer: &Closer,
    target: &mut Target,
    source: &mut EventSource<B>,
    handler: &mut impl Handler<B>,
) -> Result<(), StreamError<io::Error>> {
    target.begin(source)?;
    let mut response = loop {
        let request = request(closer, target, &headers(source));
        let response = request.map_err(stream_error)?;
        if !target.follow(response.status, response.header("Location")) {
            break response;
        }
    };
    let head = response.headers.iter().map(|(name, value)| (&**name, &**value));
    open(source, response.status, head)?;
    handler.open(source, target.url());
    while source.ready_state() == ReadyState::Open {
        let chunk = response.fill_buf().map_err(stream_error)?;
        if chunk.is_empty() {
            break;
        }
        // Not a `match`, which would hold the lock while the handler runs, and the handler may close the client.
        take(source, chunk, &mut |event| {
            if closer.lock().is_closed { ControlFlow::Break(()) } else { handler.event(event) }
        });
        let used = chunk.len();
        response.consume(used);
        handler.received(source);
    }
    Ok(())
}

/// Closes a client from another thread, in any state: ends the wait, the handshake or the connection.
#[derive(Clone, Debug, Default)]
pub struct Closer(Arc<(Mutex<Open>, Condvar)>);

#[derive(Debug, Default)]
struct Open {
    connection: Option<TcpStream>,
    is_closed: bool,
}

impl Closer {
    /// Closes the client. At most one event comes after it: the one that the handler has, or is about to get.
    pub fn close(&self) {
        let mut open = self.lock();
        open.is_closed = true;
        if let Some(connection) = open.connection.take() {
            // Fails if the server has closed the connection, which is harmless.
            let _ = connection.shutdown(Shutdown::Both);
        }
        self.0.1.notify_all();
    }

    /// Sleeps for `time`, or until the client is closed.
    pub fn sleep(&self, time: Duration) {
        // A poisoned lock does not matter here.
        let _ = self.0.1.wait_timeout_while(self.lock(), time, |open| !open.is_closed);
    }

    fn watch(&self, connection: &TcpStream) -> io::Result<()> {
        let mut open = self.lock();
        if open.is_closed {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        open.connection = Some(connection.try_clone()?);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn request(closer: &Closer, target: &Target, headers: &[(&str, String)]) -> io::Result<Response> {
    let url = target.url();
    let mut request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
        &url[Position::BeforePath..Position::AfterQuery],
        &url[Position::BeforeHost..Position::AfterPort],
    );
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.push_str("\r\n");

    let mut connection = connect(closer, target)?;
    connection.set_read_timeout(Some(target.longest_silence()))?;
    connection.write_all(request.as_bytes())?;
    let mut connection = BufReader::new(connection);
    loop {
        let response = Response::read(connection)?;
        // Interim responses may precede the response.
        if !matches!(response.status, 100..=199) {
            return Ok(response);
        }
        connection = response.connection;
    }
}

fn connect(closer: &Closer, target: &Target) -> io::Result<TcpStream> {
    let mut failed = io::Error::from(ErrorKind::NotFound);
    for address in target.url().socket_addrs(|| None)? {
        if closer.lock().is_closed {
            break;
        }
        match TcpStream::connect_timeout(&address, target.longest_silence()) {
            Ok(connection) => return closer.watch(&connection).map(|()| connection),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// A read timeout has one of two kinds, which depends on the system.
fn stream_error(error: io::Error) -> StreamError<io::Error> {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => StreamError::Silence,
        _ => StreamError::Connection(error),
    }
}

/// A response: its head, then its body without transfer coding.
struct Response {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    connection: BufReader<TcpStream>,
    /// The number of bytes of the body, or of its current chunk, that are not read yet.
    left: u64,
    is_chunked: bool,
}

impl Response {
    fn read(connection: BufReader<TcpStream>) -> io::Result<Self> {
        let mut response =
            Self { status: 0, headers: Vec::new(), connection, left: u64::MAX, is_chunked: false };
        let status = response.line()?;
        let status = str::from_utf8(&status).ok().filter(|line| line.starts_with("HTTP/1."));
        let status = status.and_then(|line| line.split(' ').nth(1)?.parse().ok());
        response.status = status.ok_or(ErrorKind::InvalidData)?;
        loop {
            let line = response.line()?;
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|&byte| byte == b':');
            let (name, value) = line.split_at(colon.ok_or(ErrorKind::InvalidData)?);
            let name = String::from_utf8_lossy(name).into_owned();
            response.headers.push((name, value[1..].trim_ascii().to_vec()));
            if response.headers.len() > HEAD.1 {
                return Err(ErrorKind::InvalidData.into());
            }
        }
        match (response.header("Transfer-Encoding"), response.header("Content-Length")) {
            (Some(coding), _) if coding.eq_ignore_ascii_case(b"chunked") => {
                (response.is_chunked, response.left) = (true, 0);
            }
            // This client cannot remove another coding.
            (Some(_), _) => return Err(ErrorKind::Unsupported.into()),
            (None, Some(length)) => response.left = number(length, 10)?,
            (None, None) => {}
        }
        Ok(response)
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        let mut headers = self.headers.iter();
        headers.find(|header| header.0.eq_ignore_ascii_case(name)).map(|header| &*header.1)
    }

    /// Reads a line of the head or of the framing, without its line end.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.connection).take(HEAD.0).read_until(b'\n', &mut line)?;
        // Without a line end, the connection has ended, or the line is too long.
        line.pop_if(|&mut byte| byte == b'\n').ok_or(ErrorKind::UnexpectedEof)?;
        line.pop_if(|&mut byte| byte == b'\r');
        Ok(line)
    }

    /// The available bytes of the body; empty at its end.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 && self.is_chunked {
            let mut head = self.line()?;
            if head.is_empty() {
                // The line end after the previous chunk.
                head = self.line()?;
            }
            let length = head.split(|&byte| byte == b';').next().unwrap_or_default();
            self.left = number(length.trim_ascii(), 16)?;
            self.is_chunked = self.left > 0;
        }
        if self.left == 0 {
            return Ok(&[]);
        }
        let bytes = self.connection.fill_buf()?;
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        Ok(&bytes[..bytes.len().min(left)])
    }

    fn consume(&mut self, used: usize) {
        self.connection.consume(used);
        self.left -= used as u64;
    }
}

fn number(digits: &[u8], radix: u32) -> io::Result<u64> {
    let number = str::from_utf8(digits).ok().and_then(|text| u64::from_str_radix(text, radix).ok());
    number.ok_or_else(|| ErrorKind::InvalidData.into())
}
