//! A client's half of HTTP, as small as it can be: one GET, whose response lasts until the connection
//! is closed.

use embassy_net::tcp::TcpSocket;
use embassy_net::{Ipv4Address, Stack};
use embassy_time::{Duration, with_timeout};
use embedded_io_async::{BufRead, Write};
use heapless::Vec;
use sse_wire::io::Buffered;
use sse_wire::{CONTENT_TYPE, LAST_EVENT_ID};

/// The only one that can be reached from the board: see `client.sh`.
const SERVER: (Ipv4Address, u16) = (Ipv4Address::new(10, 0, 2, 100), 80);

/// For the whole head of the response.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A server that is silent may be gone: it is asked, and given up if it does not answer.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// No line of the head that counts is longer.
const LINE: usize = 64;

/// The buffers of a connection.
pub struct Memory {
    received: [u8; 1024],
    sent: [u8; 256],
    /// What the reader reads from: embassy-net's socket is `Read` only.
    chunk: [u8; 512],
}

impl Memory {
    pub const fn new() -> Self {
        Self { received: [0; 1024], sent: [0; 256], chunk: [0; 512] }
    }
}

/// A response that has begun. What came along with the head is in its buffer.
pub type Body<'a> = Buffered<TcpSocket<'a>, &'a mut [u8]>;

/// Why there is no response.
pub enum Failure {
    /// It may be there the next time.
    Lost(&'static str),
    /// To ask again does not help.
    Refused(&'static str),
}

use Failure::{Lost, Refused};

/// Asks for the event stream, behind the event with this id if it is not empty.
pub async fn get<'a>(
    stack: Stack<'a>,
    memory: &'a mut Memory,
    last_event_id: &[u8],
) -> Result<Body<'a>, Failure> {
    let mut socket = TcpSocket::new(stack, &mut memory.received, &mut memory.sent);
    socket.set_timeout(Some(CONNECTION_TIMEOUT));
    socket.set_keep_alive(Some(KEEP_ALIVE));
    let answer = async {
        socket.connect(SERVER).await.map_err(|_| Lost("cannot connect"))?;
        request(&mut socket, last_event_id).await.map_err(|_| Lost("closed within the request"))?;
        let mut body = Buffered::new(socket, &mut memory.chunk[..]);
        check_head(&mut body).await?;
        Ok(body)
    };
    with_timeout(ANSWER_TIMEOUT, answer).await.unwrap_or(Err(Lost("no answer")))
}

async fn request<W: Write>(connection: &mut W, last_event_id: &[u8]) -> Result<(), W::Error> {
    connection.write_all(b"GET /events HTTP/1.1\r\nHost: 10.0.2.100\r\n").await?;
    for part in ["Accept: ", CONTENT_TYPE, "\r\nCache-Control: no-cache\r\n"] {
        connection.write_all(part.as_bytes()).await?;
    }
    if !last_event_id.is_empty() {
        // A decoder's id has no end of a line in it.
        for part in [LAST_EVENT_ID.as_bytes(), b": ", last_event_id, b"\r\n"] {
            connection.write_all(part).await?;
        }
    }
    connection.write_all(b"Connection: close\r\n\r\n").await?;
    connection.flush().await
}

/// Consumes the head, and nothing behind it.
async fn check_head<R: BufRead>(connection: &mut R) -> Result<(), Failure> {
    let mut line = Vec::new();
    read_line(connection, &mut line).await?;
    let mut status = line.split(|&byte| byte == b' ');
    if !status.next().is_some_and(|version| version.starts_with(b"HTTP/1."))
        || status.next() != Some(b"200")
    {
        return Err(Refused("the status is not 200"));
    }
    let mut is_event_stream = false;
    loop {
        read_line(connection, &mut line).await?;
        if line.is_empty() {
            break;
        }
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let name = parts.next().unwrap_or_default();
        if name.eq_ignore_ascii_case(b"Content-Type") {
            let value = parts.next().unwrap_or_default();
            let media_type = value.split(|&byte| byte == b';').next().unwrap_or_default();
            is_event_stream = media_type.trim_ascii().eq_ignore_ascii_case(CONTENT_TYPE.as_bytes());
        } else if name.eq_ignore_ascii_case(b"Transfer-Encoding") {
            // picoserve ends such a body by closing the connection, and never cuts it into chunks.
            return Err(Refused("the response has a transfer coding"));
        }
    }
    if is_event_stream { Ok(()) } else { Err(Refused("the response is no event stream")) }
}

/// Reads a line, without its end, and as much of it as there is room for.
async fn read_line<R: BufRead>(
    connection: &mut R,
    line: &mut Vec<u8, LINE>,
) -> Result<(), Failure> {
    const CLOSED: Failure = Lost("closed within the head");
    line.clear();
    loop {
        let buffer = connection.fill_buf().await.map_err(|_| CLOSED)?;
        if buffer.is_empty() {
            return Err(CLOSED);
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        line.extend(part.iter().copied().take(LINE - line.len()));
        let len = part.len() + usize::from(end.is_some());
        connection.consume(len);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(());
        }
    }
}
