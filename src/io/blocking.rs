//! Readers and writers over the traits of embedded-io 0.7.

use super::read::{ReadError, Received, Step, decode};
use super::write::{Encode, WriteError, Writing};
use crate::{Buffer, Decoder, MessageEvent};
use embedded_io::{BufRead, Write};

/// Reads events from a connection, and copies each into the decoder's buffer.
///
/// ```
/// use sse_wire::io::blocking::EventReader;
///
/// let body: &[u8] = b"data: 23.4\n\ndata: 23.5\n\ndata: cut o";
/// let mut reader = EventReader::new(body, [0; 256]);
/// while let Some(event) = reader.next().unwrap() {
///     assert!(event.data().starts_with(b"23."));
/// }
/// assert!(reader.decoder().is_mid_event());
/// ```
///
/// A connection that can only read gets a buffer from [`Buffered`](super::Buffered). To borrow events from
/// the connection's buffer instead of copying them, call its `fill_buf` and [`Decoder::next`].
#[derive(Debug)]
pub struct EventReader<R, B> {
    connection: R,
    decoder: Decoder<B>,
}

impl<R: BufRead, B: Buffer> EventReader<R, B> {
    /// Reads from `connection`, whose next byte is the first of the response's body, without the framing of chunked
    /// transfer coding. `buffer` is the decoder's: see [`Decoder`] for how large it must be.
    #[must_use]
    pub const fn new(connection: R, buffer: B) -> Self {
        Self { connection, decoder: Decoder::new(buffer) }
    }

    /// The same with a decoder that has read before, for a client that reconnects: its last event ID and
    /// reconnection time are kept. A new stream begins; the rest of an event of the old one is dropped, as by
    /// [`Decoder::reconnect`].
    #[must_use]
    pub fn with_decoder(connection: R, mut decoder: Decoder<B>) -> Self {
        decoder.reconnect();
        Self { connection, decoder }
    }

    /// The next event, which lies in the decoder's buffer until the next call.
    ///
    /// It blocks until an event is complete, which may be long: a server sends when it has something. A caller
    /// that wants to see signs of life in between takes [`receive`](Self::receive).
    /// `Ok(None)` is the end of the stream. If [`Decoder::is_mid_event`] says so then, it was cut off
    /// within an event; that event is dropped, and comes again after a reconnection with its
    /// predecessor's id.
    ///
    /// # Errors
    /// [`ReadError::Decode`] if an event was lost: the next call goes on after it.
    /// [`ReadError::Io`] if the connection reports an error: nothing is lost, and the next call tries
    /// again, as it should if a call was interrupted.
    #[allow(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Result<Option<MessageEvent<'_>>, ReadError<R::Error>> {
        loop {
            match self.step()? {
                Step::Event => return Ok(self.decoder.event()),
                Step::Bytes => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// Makes at most one read, and says what it has brought: an event, only bytes, or the end.
    ///
    /// For a deadline or a watchdog that any byte of the server resets, such as a comment that keeps the
    /// connection alive; how many comments there were tells [`Decoder::comments`]. An event that was read together
    /// with the one before comes without a read.
    ///
    /// # Errors
    /// Those of [`next`](Self::next). [`ReadError::Decode`] is a sign of life, too.
    pub fn receive(&mut self) -> Result<Received<'_>, ReadError<R::Error>> {
        let step = self.step()?;
        Ok(step.with_event(&self.decoder))
    }

    fn step(&mut self) -> Result<Step, ReadError<R::Error>> {
        let available = self.connection.fill_buf().map_err(ReadError::Io)?;
        let (len, step) = decode(&mut self.decoder, available);
        self.connection.consume(len);
        step.map_err(ReadError::Decode)
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
        &self.decoder
    }

    /// Goes on with a new connection, on which a new stream begins, and returns the old one. What was
    /// unfinished is dropped; last event ID and reconnection time are kept.
    ///
    /// Where the new connection cannot be of the old one's type, or borrows from the same place, take
    /// the [parts](Self::into_parts) and make a reader [with the decoder](Self::with_decoder).
    pub fn reconnect(&mut self, connection: R) -> R {
        self.decoder.reconnect();
        core::mem::replace(&mut self.connection, connection)
    }

    /// The connection, after the last event, and the decoder.
    #[must_use]
    pub fn into_parts(self) -> (R, Decoder<B>) {
        (self.connection, self.decoder)
    }
}

/// Writes events to a connection, each as a whole.
///
/// ```
/// use sse_wire::Event;
/// use sse_wire::io::blocking::EventWriter;
///
/// let mut wire = [0; 64];
/// let mut writer = EventWriter::new(&mut wire[..], [0; 32]);
/// writer.send(&Event::new().data("23.4")).unwrap();
/// writer.send(&Event::new().data_fmt(format_args!("{}", 23.5))).unwrap();
/// assert!(wire.starts_with(b"data: 23.4\n\ndata: 23.5\n\n"));
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
    /// It blocks until the connection has taken and flushed all.
    ///
    /// # Errors
    /// [`WriteError::Encode`] if the event does not fit into the buffer or could not be formatted:
    /// nothing of it is written. [`WriteError::Io`] and [`WriteError::WriteZero`] if the connection
    /// fails: what it has not taken is kept, and goes out first if the writer is used again. To go
    /// on, call [`finish`](Self::finish); the same event sent again would go out twice.
    pub fn send(&mut self, event: &impl Encode) -> Result<(), WriteError<W::Error>> {
        self.finish()?;
        self.writing.put(event)?;
        self.finish()
    }

    /// Sends [`KEEP_ALIVE`](crate::KEEP_ALIVE), like an event.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn keep_alive(&mut self) -> Result<(), WriteError<W::Error>> {
        self.finish()?;
        self.writing.put_keep_alive()?;
        self.finish()
    }

    /// Writes and flushes what a call before has left, because it failed.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::WriteZero`], as with [`send`](Self::send).
    pub fn finish(&mut self) -> Result<(), WriteError<W::Error>> {
        while let Some(bytes) = self.writing.unwritten() {
            let len = self.connection.write(bytes).map_err(WriteError::Io)?;
            self.writing.written(len)?;
        }
        if self.writing.unflushed() {
            self.connection.flush().map_err(WriteError::Io)?;
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
