//! A minimal HTTP client: one GET, whose response ends when the connection closes.

use embassy_net::tcp::TcpSocket;
use embassy_net::{Ipv4Address, Stack};
use embassy_time::{Duration, with_timeout};
use embedded_io_async::{BufRead, Write};
use heapless::Vec;
use sse_wire::Response;
use sse_wire::io::Buffered;

/// The only address that the board can reach: see `client.sh`.
const SERVER: (Ipv4Address, u16) = (Ipv4Address::new(10, 0, 2, 100), 80);

/// The time limit for the connection, the request and the head of the response.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A silent server may be dead: TCP probes it, and closes the connection if it does not answer.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest line of the head. The lines that matter are shorter.
const LINE: usize = 64;

/// The buffers of a connection.
pub struct Memory {
    received: [u8; 1024],
    sent: [u8; 256],
    /// The buffer of the reader: embassy-net's socket has only `Read`.
    chunk: [u8; 512],
}

impl Memory {
    pub const fn new() -> Self {
        Self { received: [0; 1024], sent: [0; 256], chunk: [0; 512] }
    }
}

/// The body of a response. Bytes that arrived with the head are in its buffer.
pub type Body<'a> = Buffered<TcpSocket<'a>, &'a mut [u8]>;

/// Sends a request, and reads the head of the response. The error is a message.
pub async fn get<'a>(
    stack: Stack<'a>,
    memory: &'a mut Memory,
    headers: impl Iterator<Item = (&str, &[u8])>,
) -> Result<(Response, Body<'a>), &'static str> {
    let mut socket = TcpSocket::new(stack, &mut memory.received, &mut memory.sent);
    socket.set_timeout(Some(CONNECTION_TIMEOUT));
    socket.set_keep_alive(Some(KEEP_ALIVE));
    let answer = async {
        socket.connect(SERVER).await.map_err(|_| "cannot connect")?;
        request(&mut socket, headers).await.map_err(|_| "closed within the request")?;
        let mut body = Buffered::new(socket, &mut memory.chunk[..]);
        let response = read_head(&mut body).await?;
        Ok((response, body))
    };
    with_timeout(ANSWER_TIMEOUT, answer).await.unwrap_or(Err("no answer"))
}

async fn request<W: Write>(
    connection: &mut W,
    headers: impl Iterator<Item = (&str, &[u8])>,
) -> Result<(), W::Error> {
    connection.write_all(b"GET /events HTTP/1.1\r\nHost: 10.0.2.100\r\n").await?;
    for (name, value) in headers {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            connection.write_all(part).await?;
        }
    }
    connection.write_all(b"Connection: close\r\n\r\n").await?;
    connection.flush().await
}

/// Reads the head, and no byte after it.
async fn read_head<R: BufRead>(connection: &mut R) -> Result<Response, &'static str> {
    let mut line = Vec::new();
    read_line(connection, &mut line).await?;
    let status = str::from_utf8(&line).ok().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut response = Response::new(status.ok_or("the response has no status")?);
    loop {
        read_line(connection, &mut line).await?;
        if line.is_empty() {
            return Ok(response);
        }
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or_default();
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.eq_ignore_ascii_case(b"Transfer-Encoding") {
            // picoserve ends a body by closing the connection, and never uses chunked transfer coding.
            return Err("the response has a transfer coding");
        }
        response = response.header(name, value);
    }
}

/// Reads a line, without its line end, truncated to `LINE` bytes.
async fn read_line<R: BufRead>(
    connection: &mut R,
    line: &mut Vec<u8, LINE>,
) -> Result<(), &'static str> {
    const CLOSED: &str = "closed within the head";
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
