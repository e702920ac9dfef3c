//! A client's half of HTTP, as small as it can be: one GET, whose response lasts until the
//! connection is closed.

use sse_wire::{CONTENT_TYPE, LAST_EVENT_ID};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A response that has begun.
pub(crate) struct Body {
    connection: TcpStream,
    buffer: [u8; 1024],
    /// What came along with the head and is to be read first.
    behind_head: std::ops::Range<usize>,
}

/// Asks for an event stream. An error of the kind `InvalidData` is a refusal: to ask again does not
/// help.
pub(crate) async fn get(address: SocketAddr, path: &str, last_event_id: &[u8]) -> io::Result<Body> {
    let mut connection = TcpStream::connect(address).await?;
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {CONTENT_TYPE}\r\nCache-Control: no-cache\r\n"
    )
    .into_bytes();
    if !last_event_id.is_empty() {
        request.extend([LAST_EVENT_ID.as_bytes(), b": ", last_event_id, b"\r\n"].concat());
    }
    request.extend(b"Connection: close\r\n\r\n");
    connection.write_all(&request).await?;

    let mut buffer = [0; 1024];
    let mut filled = 0;
    let head_len = loop {
        let head_end = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(head_end) = head_end {
            break head_end + 4;
        }
        if filled == buffer.len() {
            return Err(refusal("the head of the response is too long"));
        }
        match connection.read(&mut buffer[filled..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => filled += len,
        }
    };
    check_head(&buffer[..head_len])?;
    Ok(Body { connection, buffer, behind_head: head_len..filled })
}

fn check_head(head: &[u8]) -> io::Result<()> {
    let head = str::from_utf8(head).map_err(|_| refusal("the head of the response is not text"))?;
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 200 ") {
        return Err(refusal(&format!("the server answers \"{}\"", status.trim_end())));
    }
    let mut is_event_stream = false;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("Content-Type") {
            let media_type = value.split(';').next().unwrap_or_default();
            is_event_stream = media_type.trim().eq_ignore_ascii_case(CONTENT_TYPE);
        } else if name.eq_ignore_ascii_case("Transfer-Encoding") {
            // picoserve ends such a body by closing the connection, and never cuts it into chunks.
            return Err(refusal("the response has a transfer coding"));
        }
    }
    if is_event_stream { Ok(()) } else { Err(refusal("the response is no event stream")) }
}

fn refusal(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl Body {
    /// The next bytes, as they come; none at the end.
    pub(crate) async fn chunk(&mut self) -> io::Result<&[u8]> {
        let mut chunk = std::mem::take(&mut self.behind_head);
        if chunk.is_empty() {
            chunk = 0..self.connection.read(&mut self.buffer).await?;
        }
        Ok(&self.buffer[chunk])
    }
}
