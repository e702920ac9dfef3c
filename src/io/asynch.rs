//! Readers and writers over the traits of embedded-io-async 0.7: those of `blocking` with waits.

use super::read::{ReadError, Reading, Step};
use super::write::{Encode, WriteError, Writing};
use crate::{Buffer, Decoder, MessageEvent};
use embedded_io_async::{BufRead, Write};

/// Reads events from a connection, without copying what lies whole in its buffer.
///
/// ```
/// use sse_wire::Decoder;
/// use sse_wire::io::asynch::EventReader;
///
/// # async fn run() {
/// let body: &[u8] = b"data: 23.4\n\ndata: 23.5\n\ndata: cut o";
/// let mut reader = EventReader::new(body, Decoder::new([0; 256]));
/// while let Some(event) = reader.next().await.unwrap() {
///     assert!(event.data().starts_with(b"23."));
/// }
/// assert!(reader.decoder().is_mid_event());
/// # }
/// # embassy_futures::block_on(run());
/// ```
///
/// A connection that can only read gets a buffer from [`Chunked`](super::Chunked).
#[derive(Debug)]
pub struct EventReader<R, B> {
    connection: R,
    reading: Reading<B>,
}

impl<R: BufRead, B: Buffer> EventReader<R, B> {
    /// Reads from `connection`, whose next byte is the first of the response's body. Until bytes are
    /// consumed, its `fill_buf` has to return the same ones, as its contract says.
    ///
    /// The decoder brings the buffer and, if it has read before, the last event ID; for a new stream
    /// it is to be a new one, or one after [`reconnect`](Decoder::reconnect).
    #[must_use]
    pub const fn new(connection: R, decoder: Decoder<B>) -> Self {
        Self { connection, reading: Reading::new(decoder) }
    }

    /// The next event, borrowed from the connection's buffer if it lies whole in it.
    ///
    /// It waits until an event is complete, which may be long: a server sends when it has something.
    /// `Ok(None)` is the end of the stream. If [`Decoder::is_mid_event`] says so then, it was cut off
    /// within an event; that event is dropped, and comes again after a reconnection with its
    /// predecessor's id.
    ///
    /// Dropping the future loses nothing, provided that dropping the connection's `fill_buf` does not:
    /// the only waits are there, and an event that was found is kept for the next call. Bodies in
    /// chunked transfer coding of reqwless 0.14 and edge-http 0.8 do lose bytes.
    ///
    /// # Errors
    /// [`ReadError::Decode`] if an event was too long: the next call goes on behind it.
    /// [`ReadError::Io`] if the connection reports an error: nothing is lost, and the next call tries
    /// again. embassy-net reports a connection that was closed in good order as one that was reset.
    pub async fn next(&mut self) -> Result<Option<MessageEvent<'_>>, ReadError<R::Error>> {
        self.consume_lent();
        loop {
            let buffer = self.connection.fill_buf().await.map_err(ReadError::Io)?;
            match self.reading.look(buffer) {
                Step::Consume(len) => self.connection.consume(len),
                Step::Take => break,
                Step::Fail(len, error) => {
                    self.connection.consume(len);
                    return Err(error);
                }
                Step::End => return Ok(None),
            }
        }
        // What was borrowed in the loop cannot be returned from it, but it is still there.
        let buffer = self.connection.fill_buf().await.map_err(ReadError::Io)?;
        Ok(self.reading.take(buffer))
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &R {
        &self.connection
    }

    /// The connection. To read from it, or to consume, loses bytes of the stream.
    #[must_use]
    pub const fn connection_mut(&mut self) -> &mut R {
        &mut self.connection
    }

    /// The decoder: the last event ID and reconnection time for a reconnection, and whether the
    /// stream was cut off.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<B> {
        &self.reading.decoder
    }

    /// Goes on with a new connection, on which a new stream begins, and returns the old one. What was
    /// unfinished is dropped; last event ID and reconnection time are kept.
    ///
    /// Where the new connection cannot be of the old one's type, or borrows from the same place, take
    /// the parts, have the decoder [`reconnect`](Decoder::reconnect), and make a new reader.
    pub fn reconnect(&mut self, connection: R) -> R {
        let len = self.reading.finish();
        self.connection.consume(len);
        self.reading.decoder.reconnect();
        core::mem::replace(&mut self.connection, connection)
    }

    /// The connection, behind the last event, and the decoder.
    ///
    /// An event that a dropped or failed `next` has found and not returned is given up. Its id does not count, so that
    /// the event comes again after a reconnection; to have it now, call `next` until it returns.
    #[must_use]
    pub fn into_parts(mut self) -> (R, Decoder<B>) {
        let len = self.reading.finish();
        self.connection.consume(len);
        (self.connection, self.reading.decoder)
    }

    /// The event that was lent out lies in the connection's buffer until the next call.
    fn consume_lent(&mut self) {
        let len = self.reading.release();
        self.connection.consume(len);
    }
}

/// Writes events to a connection, each as a whole.
///
/// ```
/// use sse_wire::Event;
/// use sse_wire::io::asynch::EventWriter;
///
/// # async fn run() {
/// let mut wire = [0; 64];
/// let mut writer = EventWriter::new(&mut wire[..], [0; 32]);
/// writer.send(&Event::new().data("23.4")).await.unwrap();
/// writer.send(&Event::new().data_fmt(format_args!("{}", 23.5))).await.unwrap();
/// assert!(wire.starts_with(b"data: 23.4\n\ndata: 23.5\n\n"));
/// # }
/// # embassy_futures::block_on(run());
/// ```
#[derive(Debug)]
pub struct EventWriter<W, B> {
    connection: W,
    writing: Writing<B>,
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> EventWriter<W, B> {
    /// Writes to `connection`, behind the head of the response. The buffer, an array or a slice,
    /// bounds an encoded event.
    #[must_use]
    pub const fn new(connection: W, buffer: B) -> Self {
        Self { connection, writing: Writing::new(buffer) }
    }

    /// Encodes an event into the buffer, writes it, in one go if the connection takes it, and
    /// flushes.
    ///
    /// It waits until the connection has taken and flushed all.
    ///
    /// Dropping the future loses nothing and never leaves half an event on the wire, provided that
    /// dropping the connection's `write` loses nothing: what is left goes out with the next call, or
    /// with [`finish`](Self::finish). If it is dropped before the event was encoded, which is only
    /// while what a call before has left goes out, the event is not sent.
    ///
    /// # Errors
    /// [`WriteError::Encode`] if the event does not fit into the buffer or could not be formatted:
    /// nothing of it is written. [`WriteError::Io`] and [`WriteError::WriteZero`] if the connection
    /// fails: what it has not taken is kept, and goes out first if the writer is used again. To go
    /// on, call [`finish`](Self::finish); the same event sent again would go out twice.
    pub async fn send(&mut self, event: &impl Encode) -> Result<(), WriteError<W::Error>> {
        self.finish().await?;
        self.writing.put(event)?;
        self.finish().await
    }

    /// Sends [`KEEP_ALIVE`](crate::KEEP_ALIVE), like an event.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn keep_alive(&mut self) -> Result<(), WriteError<W::Error>> {
        self.finish().await?;
        self.writing.put_keep_alive()?;
        self.finish().await
    }

    /// Writes and flushes what a call before has left: one that was dropped, or failed.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::WriteZero`], as with [`send`](Self::send).
    pub async fn finish(&mut self) -> Result<(), WriteError<W::Error>> {
        while let Some(bytes) = self.writing.unwritten() {
            let len = self.connection.write(bytes).await.map_err(WriteError::Io)?;
            self.writing.written(len)?;
        }
        if self.writing.unflushed() {
            self.connection.flush().await.map_err(WriteError::Io)?;
            self.writing.flushed();
        }
        Ok(())
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &W {
        &self.connection
    }

    /// The connection. What is written to it past this writer can end up within an event, unless
    /// [`finish`](Self::finish) has come first.
    #[must_use]
    pub const fn connection_mut(&mut self) -> &mut W {
        &mut self.connection
    }

    /// The connection. What is not written yet is lost.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.connection
    }
}
