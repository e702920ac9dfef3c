//! A minimal HTTP client: one GET, whose response ends when the connection closes.

use sse_wire::Response;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The body of a response.
pub(crate) struct Body {
    connection: TcpStream,
    buffer: [u8; 1024],
    /// Bytes that came with the head, to be read first.
    after_head: std::ops::Range<usize>,
}

/// Sends a request. An error of kind `InvalidData` means that the client can never use this response.
pub(crate) async fn get(
    address: SocketAddr,
    path: &str,
    headers: impl Iterator<Item = (&str, &[u8])>,
) -> io::Result<(Response, Body)> {
    let mut request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n").into_bytes();
    for (name, value) in headers {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(&request).await?;

    let mut buffer = [0; 1024];
    let mut filled = 0;
    let head_len = loop {
        let head_end = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(head_end) = head_end {
            break head_end + 4;
        }
        if filled == buffer.len() {
            return Err(invalid("the head of the response is too long"));
        }
        match connection.read(&mut buffer[filled..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => filled += len,
        }
    };
    let response = parse(&buffer[..head_len])?;
    Ok((response, Body { connection, buffer, after_head: head_len..filled }))
}

fn parse(head: &[u8]) -> io::Result<Response> {
    let head = str::from_utf8(head).map_err(|_| invalid("the head of the response is not text"))?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| invalid("the response has no status"))?;
    let mut response = Response::new(status);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("Transfer-Encoding") {
            // picoserve ends such a body by closing the connection, and never splits it into chunks.
            return Err(invalid("the response has a transfer coding"));
        }
        response = response.header(name, value);
    }
    Ok(response)
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl Body {
    /// The next bytes, as they arrive; empty at the end.
    pub(crate) async fn chunk(&mut self) -> io::Result<&[u8]> {
        let mut chunk = std::mem::take(&mut self.after_head);
        if chunk.is_empty() {
            chunk = 0..self.connection.read(&mut self.buffer).await?;
        }
        Ok(&self.buffer[chunk])
    }
}
