//! A buffer for connections that have only `Read`.

use core::fmt;

/// Adds a buffer to a connection that has only `Read`, so that a reader can borrow from it.
///
/// It implements `BufRead` of embedded-io or embedded-io-async if the connection implements `Read` of it. The buffer,
/// an array, a slice or a vector, can have any length but 0: each read requests its whole length. For a vector the
/// length counts, not the capacity: `vec![0; 1024]`, not `Vec::with_capacity(1024)`. Bytes are copied once, by the
/// connection into the buffer.
///
/// ```
/// # #[cfg(feature = "embedded-io-v0.7")] {
/// use sse_wire::io::{Buffered, BufferedError, ReadError, blocking::EventReader};
///
/// let connection: &[u8] = b"data: 23.4\n\n";
/// let mut reader = EventReader::new(Buffered::new(connection, [0; 512]), [0; 256]);
/// assert_eq!(reader.next().unwrap().unwrap().data(), b"23.4");
/// assert_eq!(reader.next(), Ok(None));
///
/// // The length is 0, the capacity is not.
/// let mut reader = EventReader::new(Buffered::new(connection, Vec::with_capacity(512)), [0; 256]);
/// assert_eq!(reader.next(), Err(ReadError::Io(BufferedError::EmptyBuffer)));
/// # }
/// ```
///
/// The connection must read the body: a bare socket also returns the framing of chunked transfer coding, if the
/// response has it.
///
/// The connection must return the bytes that are available. One that waits for the whole length, as the chunked bodies
/// of edge-http 0.8 do, delays the events of a live stream in any buffer longer than one byte.
///
/// Dropping a future that fills the buffer loses no byte, if dropping the connection's `read` loses none.
#[derive(Debug)]
pub struct Buffered<R, B> {
    connection: R,
    buffer: B,
    start: usize,
    end: usize,
}

impl<R, B> Buffered<R, B> {
    /// Adds a buffer to `connection`. The contents of `buffer` do not matter. If its length is 0, every read fails with
    /// [`BufferedError::EmptyBuffer`].
    #[must_use]
    pub const fn new(connection: R, buffer: B) -> Self {
        Self { connection, buffer, start: 0, end: 0 }
    }

    /// Returns the connection. Bytes that were read but not consumed are lost.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.connection
    }

    const fn consume(&mut self, len: usize) {
        self.start = self.start.saturating_add(len);
    }

    const fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    const fn set_filled(&mut self, len: usize) {
        self.start = 0;
        self.end = len;
    }
}

impl<R, B: AsRef<[u8]>> Buffered<R, B> {
    fn available(&self) -> &[u8] {
        self.buffer.as_ref().get(self.start..self.end).unwrap_or_default()
    }
}

/// The buffer to read into, unless it is empty.
fn check_not_empty<E>(buffer: &mut [u8]) -> Result<&mut [u8], BufferedError<E>> {
    if buffer.is_empty() { Err(BufferedError::EmptyBuffer) } else { Ok(buffer) }
}

/// Copies as many bytes as fit into `out`, and returns their number.
fn copy_fitting(available: &[u8], out: &mut [u8]) -> usize {
    let len = available.len().min(out.len());
    if let (Some(from), Some(to)) = (available.get(..len), out.get_mut(..len)) {
        to.copy_from_slice(from);
    }
    len
}

/// Why a [`Buffered`] could not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BufferedError<E> {
    /// The connection reports an error.
    Io(E),
    /// The buffer has length 0, as `Vec::with_capacity(1024)` has. Nothing was read: a read of 0 bytes would look like
    /// the end of the stream. Trying again does not help.
    EmptyBuffer,
}

impl<E: fmt::Display> fmt::Display for BufferedError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::EmptyBuffer => f.write_str(
                "the buffer to read into is empty: it needs a length, not only a capacity",
            ),
        }
    }
}

// The error within is displayed, so the source is the next one.
impl<E: core::error::Error> core::error::Error for BufferedError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::EmptyBuffer => None,
        }
    }
}

impl<E: embedded_io::Error> embedded_io::Error for BufferedError<E> {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::EmptyBuffer => embedded_io::ErrorKind::InvalidInput,
        }
    }
}

impl<R: embedded_io::ErrorType, B> embedded_io::ErrorType for Buffered<R, B> {
    type Error = BufferedError<R::Error>;
}

#[cfg(feature = "embedded-io-v0.7")]
mod blocking {
    use super::{Buffered, BufferedError, check_not_empty, copy_fitting};
    use embedded_io::{BufRead, Read};

    impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> BufRead for Buffered<R, B> {
        fn fill_buf(&mut self) -> Result<&[u8], Self::Error> {
            if self.is_empty() {
                let free = check_not_empty(self.buffer.as_mut())?;
                let len = self.connection.read(free).map_err(BufferedError::Io)?;
                self.set_filled(len);
            }
            Ok(self.available())
        }

        fn consume(&mut self, len: usize) {
            self.consume(len);
        }
    }

    impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> Read for Buffered<R, B> {
        fn read(&mut self, out: &mut [u8]) -> Result<usize, Self::Error> {
            if out.is_empty() {
                return Ok(0);
            }
            let len = copy_fitting(self.fill_buf()?, out);
            self.consume(len);
            Ok(len)
        }
    }
}

#[cfg(feature = "embedded-io-async-v0.7")]
mod asynch {
    use super::{Buffered, BufferedError, check_not_empty, copy_fitting};
    use embedded_io_async::{BufRead, Read};

    impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> BufRead for Buffered<R, B> {
        async fn fill_buf(&mut self) -> Result<&[u8], Self::Error> {
            if self.is_empty() {
                let free = check_not_empty(self.buffer.as_mut())?;
                let len = self.connection.read(free).await.map_err(BufferedError::Io)?;
                self.set_filled(len);
            }
            Ok(self.available())
        }

        fn consume(&mut self, len: usize) {
            self.consume(len);
        }
    }

    impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>> Read for Buffered<R, B> {
        async fn read(&mut self, out: &mut [u8]) -> Result<usize, Self::Error> {
            if out.is_empty() {
                return Ok(0);
            }
            let len = copy_fitting(self.fill_buf().await?, out);
            self.consume(len);
            Ok(len)
        }
    }
}
