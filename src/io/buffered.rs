//! A buffer for connections that have none of their own.

/// Lends a buffer to a connection that can only read, so that a reader of events can look into it.
///
/// It implements `BufRead` of embedded-io and of embedded-io-async, whichever the connection has
/// `Read` of. The buffer, an array or a slice, is as long as the caller likes: each read asks for its
/// whole length, and one that is empty makes the stream end at once. Bytes are copied once, by the
/// connection into the buffer.
///
/// The connection has to return what there is. One that waits for the whole length, as chunked bodies
/// of edge-http 0.8 do, holds back events of a live stream in all but a buffer of one byte.
///
/// If a future that fills the buffer is dropped, no byte is lost, provided that the connection's own
/// `read` loses none.
#[derive(Debug)]
pub struct Buffered<R, B> {
    connection: R,
    buffer: B,
    start: usize,
    end: usize,
}

impl<R, B> Buffered<R, B> {
    /// A connection with a buffer, which is empty at first whatever it contains.
    #[must_use]
    pub const fn new(connection: R, buffer: B) -> Self {
        Self { connection, buffer, start: 0, end: 0 }
    }

    /// The connection. Bytes that were read and not consumed are lost.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.connection
    }

    const fn consume(&mut self, len: usize) {
        self.start = self.start.saturating_add(len);
    }

    const fn is_used_up(&self) -> bool {
        self.start >= self.end
    }

    const fn filled(&mut self, len: usize) {
        self.start = 0;
        self.end = len;
    }
}

impl<R, B: AsRef<[u8]>> Buffered<R, B> {
    fn available(&self) -> &[u8] {
        self.buffer.as_ref().get(self.start..self.end).unwrap_or_default()
    }
}

/// Copies as much as `out` has room for, and returns how much that is.
fn copy(available: &[u8], out: &mut [u8]) -> usize {
    let len = available.len().min(out.len());
    if let (Some(from), Some(to)) = (available.get(..len), out.get_mut(..len)) {
        to.copy_from_slice(from);
    }
    len
}

impl<R: embedded_io::ErrorType, B> embedded_io::ErrorType for Buffered<R, B> {
    type Error = R::Error;
}

#[cfg(feature = "embedded-io-v0.7")]
mod blocking {
    use super::{Buffered, copy};
    use embedded_io::{BufRead, Read};

    impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> BufRead for Buffered<R, B> {
        fn fill_buf(&mut self) -> Result<&[u8], Self::Error> {
            if self.is_used_up() {
                let len = self.connection.read(self.buffer.as_mut())?;
                self.filled(len);
            }
            Ok(self.available())
        }

        fn consume(&mut self, len: usize) {
            self.consume(len);
        }
    }

    impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> Read for Buffered<R, B> {
        fn read(&mut self, out: &mut [u8]) -> Result<usize, Self::Error> {
            let len = copy(self.fill_buf()?, out);
            self.consume(len);
            Ok(len)
        }
    }
}

#[cfg(feature = "embedded-io-async-v0.7")]
mod asynch {
    use super::{Buffered, copy};
    use embedded_io_async::{BufRead, Read};

    impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> BufRead for Buffered<R, B> {
        async fn fill_buf(&mut self) -> Result<&[u8], Self::Error> {
            if self.is_used_up() {
                let len = self.connection.read(self.buffer.as_mut()).await?;
                self.filled(len);
            }
            Ok(self.available())
        }

        fn consume(&mut self, len: usize) {
            self.consume(len);
        }
    }

    impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> Read for Buffered<R, B> {
        async fn read(&mut self, out: &mut [u8]) -> Result<usize, Self::Error> {
            let len = copy(self.fill_buf().await?, out);
            self.consume(len);
            Ok(len)
        }
    }
}
