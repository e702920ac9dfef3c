//! Readers and writers over the traits of embedded-io 0.7.

use super::read::{ReadError, Received, Step, decode};
use super::write::{Encode, WriteError, Writing, too_small};
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

/// Writes events to a connection, each as a whole, or [in pieces](Self::begin).
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
    /// [`WriteError::EmptyBuffer`] if the buffer has a length of 0. [`WriteError::Unfinished`] if a
    /// [`DataWriter`] was dropped in the middle of an event: nothing is written any more.
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

    /// Begins an event whose data come in pieces, and may be longer than the buffer: write them to the
    /// [`DataWriter`], then [finish](DataWriter::finish) it. Data of `head` are left out.
    ///
    /// # Errors
    /// [`WriteError::Encode`] if `head`, which has to be in the buffer as a whole, and 15 bytes more do not
    /// fit. Otherwise those of [`send`](Self::send).
    pub fn begin(
        &mut self,
        head: &Event<'_>,
    ) -> Result<DataWriter<'_, W, B>, WriteError<W::Error>> {
        self.finish()?;
        self.writing.begin(head)?;
        Ok(DataWriter { writer: self })
    }

    /// Writes and flushes what a call before has left, because it failed.
    ///
    /// # Errors
    /// [`WriteError::Io`], [`WriteError::WriteZero`] and [`WriteError::Unfinished`], as with
    /// [`send`](Self::send).
    pub fn finish(&mut self) -> Result<(), WriteError<W::Error>> {
        self.writing.drop_unfinished()?;
        self.flush()
    }

    /// Writes all that is in the buffer.
    fn write_all(&mut self) -> Result<(), WriteError<W::Error>> {
        while let Some(bytes) = self.writing.unwritten() {
            let len = self.connection.write(bytes).map_err(WriteError::Io)?;
            self.writing.written(len)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError<W::Error>> {
        self.write_all()?;
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

/// Writes the data of one event to a connection, in pieces of any size: see [`EventWriter::begin`].
///
/// A piece is split at LF, CRLF and CR; a CRLF that is cut between two pieces is one line break. What does
/// not fit into the buffer of the writer any more is written to the connection. It implements `Write` of
/// embedded-io, `core::fmt::Write` and, with feature `std`, `std::io::Write`.
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
/// Dropped before it is finished, it leaves no half event that a client could take for a whole one. If the
/// connection has not taken a byte of the event, the event is dropped, and the writer goes on. Otherwise the
/// writer sends nothing more, and reports [`WriteError::Unfinished`]: close the connection. The client then
/// sees a stream that ends within an event. It drops that event, and reconnects with the id of the one
/// before, so that a server that goes on after that id sends it again.
#[derive(Debug)]
#[must_use = "an event that is not finished is dropped, or ends the stream"]
pub struct DataWriter<'w, W, B> {
    writer: &'w mut EventWriter<W, B>,
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> DataWriter<'_, W, B> {
    /// Ends the event, writes what is left of it, and flushes.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::WriteZero`] if the connection fails: what it has not taken is
    /// kept, and goes out first if the writer is used again.
    pub fn finish(self) -> Result<(), WriteError<W::Error>> {
        self.writer.writing.end();
        self.writer.flush()
    }
}

impl<W: Write, B> ErrorType for DataWriter<'_, W, B>
where
    W::Error: 'static,
{
    type Error = WriteError<W::Error>;
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> Write for DataWriter<'_, W, B>
where
    W::Error: 'static,
{
    /// Takes as much of the piece as fits into the buffer, and returns how many bytes. Only if nothing fits, it
    /// writes to the connection before.
    fn write(&mut self, piece: &[u8]) -> Result<usize, Self::Error> {
        let taken = self.writer.writing.put_data(piece);
        if taken > 0 || piece.is_empty() {
            return Ok(taken);
        }
        self.writer.write_all()?;
        match self.writer.writing.put_data(piece) {
            // The buffer has become shorter.
            0 => Err(too_small(1)),
            taken => Ok(taken),
        }
    }

    /// Writes and flushes what there is of the event so far.
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

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> core::fmt::Write for DataWriter<'_, W, B>
where
    W::Error: 'static,
{
    /// An error of the connection is reported as one without a reason.
    fn write_str(&mut self, piece: &str) -> core::fmt::Result {
        self.write_all(piece.as_bytes()).map_err(|_| core::fmt::Error)
    }
}

#[cfg(feature = "std")]
impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> std::io::Write for DataWriter<'_, W, B>
where
    W::Error: 'static,
{
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        Write::write(self, piece).map_err(std_error)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Write::flush(self).map_err(std_error)
    }
}

/// The same kind of error, with the same text.
#[cfg(feature = "std")]
fn std_error<E: embedded_io::Error + 'static>(error: WriteError<E>) -> std::io::Error {
    use std::string::ToString;
    std::io::Error::new(embedded_io::Error::kind(&error).into(), error.to_string())
}
