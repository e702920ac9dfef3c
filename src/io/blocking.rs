//! Readers and writers over the traits of embedded-io 0.7.

use super::read::{ReadError, Received, Step, decode};
use super::write::{Encode, WriteBuffer, WriteError, too_small};
use crate::{Buffer, Decoder, Event, MessageEvent};
use embedded_io::{BufRead, ErrorType, Write};

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
/// To add a buffer to a connection that has only `Read`, use [`Buffered`](super::Buffered). To borrow events from the
/// connection's buffer instead of copying them, call its `fill_buf` and [`Decoder::next`].
#[derive(Debug)]
pub struct EventReader<R, B> {
    connection: R,
    decoder: Decoder<B>,
}

impl<R: BufRead, B: Buffer> EventReader<R, B> {
    /// Reads from `connection`, whose next byte must be the first of the response's body, without the framing of
    /// chunked transfer coding. `buffer` is the decoder's: [`Decoder`] documents how large it must be.
    #[must_use]
    pub const fn new(connection: R, buffer: B) -> Self {
        Self { connection, decoder: Decoder::new(buffer) }
    }

    /// Like [`new`](Self::new), with a decoder from an earlier connection, whose last event ID and reconnection time
    /// are kept. A new stream begins; a partial event is dropped, as by [`Decoder::reconnect`].
    #[must_use]
    pub fn with_decoder(connection: R, mut decoder: Decoder<B>) -> Self {
        decoder.reconnect();
        Self { connection, decoder }
    }

    /// Reads the next event, which is in the decoder's buffer until the next call.
    ///
    /// Blocks until an event is complete, which may take long: a server sends when it has something to send. To see
    /// signs of life in between, call [`receive`](Self::receive). `Ok(None)` is the end of the stream. If
    /// [`Decoder::is_mid_event`] is then true, the stream was cut off within an event: that event is dropped, and the
    /// server sends it again after a reconnection with the ID of the event before it.
    ///
    /// # Errors
    /// [`ReadError::Decode`] if an event was lost: the next call continues after it. [`ReadError::Io`] if the
    /// connection reports an error: no data is lost, and the next call tries again, as it should after an interrupted
    /// call.
    #[allow(clippy::should_implement_trait, reason = "an iterator cannot return borrowed items")]
    pub fn next(&mut self) -> Result<Option<MessageEvent<'_>>, ReadError<R::Error>> {
        loop {
            match self.step()? {
                Step::Event => return Ok(self.decoder.event()),
                Step::Bytes => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// Makes at most one read, and returns what it brought: an event, only bytes, or the end.
    ///
    /// For a deadline or a watchdog that any input resets, such as a keep-alive comment; [`Decoder::comments`] counts
    /// those. If the last read brought a further event, that event is returned without a read.
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

    /// The connection. Reading from it, or consuming, loses bytes of the stream.
    #[must_use]
    pub const fn connection_mut(&mut self) -> &mut R {
        &mut self.connection
    }

    /// The decoder, with the last event ID and the reconnection time, and whether the stream was cut off.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<B> {
        &self.decoder
    }

    /// Continues with a new connection and a new stream, and returns the old connection. A partial event is dropped;
    /// the last event ID and the reconnection time are kept.
    ///
    /// If the new connection has another type, or borrows from the same place as the old one, call
    /// [`into_parts`](Self::into_parts) and [`with_decoder`](Self::with_decoder) instead.
    pub fn reconnect(&mut self, connection: R) -> R {
        self.decoder.reconnect();
        core::mem::replace(&mut self.connection, connection)
    }

    /// Returns the connection and the decoder.
    #[must_use]
    pub fn into_parts(self) -> (R, Decoder<B>) {
        (self.connection, self.decoder)
    }
}

/// Writes events to a connection, each as a whole or [in pieces](Self::begin).
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
    buffer: WriteBuffer<B>,
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> EventWriter<W, B> {
    /// Writes to `connection`, after the head of the response. The length of the buffer, an array or a slice, limits an
    /// encoded event.
    #[must_use]
    pub const fn new(connection: W, buffer: B) -> Self {
        Self { connection, buffer: WriteBuffer::new(buffer) }
    }

    /// Encodes an event into the buffer, writes it, in one call if the connection takes all of it, and flushes.
    ///
    /// Blocks until the connection has taken and flushed everything.
    ///
    /// # Errors
    /// [`WriteError::Encode`] if the event does not fit into the buffer or could not be formatted: none of it is
    /// written. [`WriteError::Io`] and [`WriteError::WriteZero`] if the connection fails: the unwritten bytes are kept,
    /// and are written first when the writer is used again. After such an error, call [`finish`](Self::finish) until it
    /// succeeds. Sending the same event again would write it twice. Sending the next one first would lose it if writing
    /// the rest fails again. [`WriteError::EmptyBuffer`] if the buffer has length 0. [`WriteError::Unfinished`] if a
    /// [`DataWriter`] was dropped within an event: nothing is written any more.
    pub fn send(&mut self, event: &impl Encode) -> Result<(), WriteError<W::Error>> {
        self.finish()?;
        self.buffer.put_event(event)?;
        self.finish()
    }

    /// Sends [`KEEP_ALIVE`](crate::KEEP_ALIVE), like an event.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn keep_alive(&mut self) -> Result<(), WriteError<W::Error>> {
        self.finish()?;
        self.buffer.put_keep_alive()?;
        self.finish()
    }

    /// Begins an event with data in pieces, which may be longer than the buffer: write them to the [`DataWriter`], then
    /// call [`finish`](DataWriter::finish). Data of `head` is omitted.
    ///
    /// # Errors
    /// [`WriteError::Encode`] if the buffer is too small for all of `head` and 15 more bytes. Otherwise those of
    /// [`send`](Self::send).
    pub fn begin(
        &mut self,
        head: &Event<'_>,
    ) -> Result<DataWriter<'_, W, B>, WriteError<W::Error>> {
        self.finish()?;
        self.buffer.begin(head)?;
        Ok(DataWriter { writer: self })
    }

    /// Writes and flushes the rest of an earlier call that failed.
    ///
    /// # Errors
    /// [`WriteError::Io`], [`WriteError::WriteZero`] and [`WriteError::Unfinished`], as for [`send`](Self::send).
    pub fn finish(&mut self) -> Result<(), WriteError<W::Error>> {
        self.buffer.drop_unfinished()?;
        self.flush()
    }

    /// Writes the rest of the buffer.
    fn write_all(&mut self) -> Result<(), WriteError<W::Error>> {
        while let Some(bytes) = self.buffer.unwritten() {
            let len = self.connection.write(bytes).map_err(WriteError::Io)?;
            self.buffer.mark_written(len)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError<W::Error>> {
        self.write_all()?;
        if self.buffer.needs_flush() {
            self.connection.flush().map_err(WriteError::Io)?;
            self.buffer.mark_flushed();
        }
        Ok(())
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &W {
        &self.connection
    }

    /// The connection. Bytes written to it directly may end up within an event, unless [`finish`](Self::finish) was
    /// called before.
    #[must_use]
    pub const fn connection_mut(&mut self) -> &mut W {
        &mut self.connection
    }

    /// Returns the connection. Bytes that are not written yet are lost.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.connection
    }
}

/// Writes the data of one event to a connection, in pieces of any size: see [`EventWriter::begin`].
///
/// Pieces are split at LF, CRLF and CR; a CRLF between two pieces is one line break. When the writer's buffer is full,
/// it is written to the connection. Implements `Write` of embedded-io, `core::fmt::Write` and, with feature `std`,
/// `std::io::Write`.
///
/// ```
/// use embedded_io::Write;
/// use sse_wire::io::blocking::EventWriter;
/// use sse_wire::{Event, event_type};
///
/// let mut wire = [0; 128];
/// let mut writer = EventWriter::new(&mut wire[..], [0; 32]);
/// let mut data = writer.begin(&Event::new().event_type(event_type!("log"))).unwrap();
/// for piece in ["one line, longer than the buffer ", "of the writer\r", "\nand another"] {
///     data.write_all(piece.as_bytes()).unwrap();
/// }
/// data.finish().unwrap();
/// assert!(wire.starts_with(
///     b"event: log\ndata: one line, longer than the buffer of the writer\ndata: and another\n\n"
/// ));
/// ```
///
/// Dropping it before `finish` never makes a client dispatch half an event. If the connection has taken no byte of the
/// event, the event is dropped, and the writer stays usable. Otherwise the writer sends nothing more, and returns
/// [`WriteError::Unfinished`]: close the connection. The client then sees a stream that ends within an event. It drops
/// that event and reconnects with the ID of the event before, so that the server sends the event again.
#[derive(Debug)]
#[must_use = "an unfinished event is dropped, or ends the stream"]
pub struct DataWriter<'w, W, B> {
    writer: &'w mut EventWriter<W, B>,
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> DataWriter<'_, W, B> {
    /// Ends the event, writes the rest of it, and flushes.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::WriteZero`] if the connection fails: the unwritten bytes are kept, and are
    /// written first when the writer is used again.
    pub fn finish(self) -> Result<(), WriteError<W::Error>> {
        self.writer.buffer.end_event();
        self.writer.flush()
    }
}

impl<W: Write, B> ErrorType for DataWriter<'_, W, B> {
    type Error = WriteError<W::Error>;
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> Write for DataWriter<'_, W, B> {
    /// Copies as much of the piece as fits into the buffer, and returns the number of bytes. Writes to the connection
    /// first, but only if nothing fits.
    fn write(&mut self, piece: &[u8]) -> Result<usize, Self::Error> {
        let taken = self.writer.buffer.put_data(piece);
        if taken > 0 || piece.is_empty() {
            return Ok(taken);
        }
        self.writer.write_all()?;
        match self.writer.buffer.put_data(piece) {
            // The buffer has become shorter.
            0 => Err(too_small(1)),
            taken => Ok(taken),
        }
    }

    /// Writes and flushes the event so far.
    fn flush(&mut self) -> Result<(), Self::Error> {
        self.writer.flush()
    }

    fn write_all(&mut self, mut piece: &[u8]) -> Result<(), Self::Error> {
        while !piece.is_empty() {
            let taken = self.write(piece)?;
            piece = piece.get(taken..).unwrap_or_default();
        }
        Ok(())
    }
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> core::fmt::Write for DataWriter<'_, W, B> {
    /// An error of the connection is reported without its reason.
    fn write_str(&mut self, piece: &str) -> core::fmt::Result {
        self.write_all(piece.as_bytes()).map_err(|_| core::fmt::Error)
    }
}

#[cfg(feature = "std")]
impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> std::io::Write for DataWriter<'_, W, B> {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        Write::write(self, piece).map_err(std_error)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Write::flush(self).map_err(std_error)
    }
}

/// The error with the same kind and text.
#[cfg(feature = "std")]
fn std_error<E: embedded_io::Error>(error: WriteError<E>) -> std::io::Error {
    use std::string::ToString;
    std::io::Error::new(embedded_io::Error::kind(&error).into(), error.to_string())
}
