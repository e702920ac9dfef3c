//! Readers and writers over the traits of embedded-io-async 0.7: those of `blocking` with waits.

use super::read::{ReadError, Received, Step, decode};
use super::write::{Encode, WriteError, Writing, too_small};
use crate::{Buffer, Decoder, Event, MessageEvent};
use embedded_io_async::{BufRead, ErrorType, Write};

/// Reads events from a connection, and copies each into the decoder's buffer.
///
/// ```
/// use sse_wire::io::asynch::EventReader;
///
/// # async fn run() {
/// let body: &[u8] = b"data: 23.4\n\ndata: 23.5\n\ndata: cut o";
/// let mut reader = EventReader::new(body, [0; 256]);
/// while let Some(event) = reader.next().await.unwrap() {
///     assert!(event.data().starts_with(b"23."));
/// }
/// assert!(reader.decoder().is_mid_event());
/// # }
/// # embassy_futures::block_on(run());
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
    /// It waits until an event is complete, which may be long: a server sends when it has something. A caller
    /// that wants to see signs of life in between takes [`receive`](Self::receive).
    /// `Ok(None)` is the end of the stream. If [`Decoder::is_mid_event`] says so then, it was cut off
    /// within an event; that event is dropped, and comes again after a reconnection with its
    /// predecessor's id.
    ///
    /// Dropping the future loses nothing, provided that dropping the connection's `fill_buf` does not: that
    /// is the only wait. Bodies in chunked transfer coding of reqwless 0.14 and edge-http 0.8 do lose bytes.
    ///
    /// # Errors
    /// [`ReadError::Decode`] if an event was lost: the next call goes on after it.
    /// [`ReadError::Io`] if the connection reports an error: nothing is lost, and the next call tries
    /// again. embassy-net reports a connection that was closed in good order as one that was reset.
    pub async fn next(&mut self) -> Result<Option<MessageEvent<'_>>, ReadError<R::Error>> {
        loop {
            match self.step().await? {
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
    pub async fn receive(&mut self) -> Result<Received<'_>, ReadError<R::Error>> {
        let step = self.step().await?;
        Ok(step.with_event(&self.decoder))
    }

    async fn step(&mut self) -> Result<Step, ReadError<R::Error>> {
        let available = self.connection.fill_buf().await.map_err(ReadError::Io)?;
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
    /// [`WriteError::EmptyBuffer`] if the buffer has a length of 0. [`WriteError::Unfinished`] if a
    /// [`DataWriter`] was dropped in the middle of an event: nothing is written any more.
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

    /// Begins an event whose data come in pieces, and may be longer than the buffer: write them to the
    /// [`DataWriter`], then [finish](DataWriter::finish) it. Data of `head` are left out.
    ///
    /// It waits only until what a call before has left is written. Dropping the future begins nothing.
    ///
    /// # Errors
    /// [`WriteError::Encode`] if `head`, which has to be in the buffer as a whole, and 15 bytes more do not
    /// fit. Otherwise those of [`send`](Self::send).
    pub async fn begin(
        &mut self,
        head: &Event<'_>,
    ) -> Result<DataWriter<'_, W, B>, WriteError<W::Error>> {
        self.finish().await?;
        self.writing.begin(head)?;
        Ok(DataWriter { writer: self })
    }

    /// Writes and flushes what a call before has left: one that was dropped, or failed.
    ///
    /// # Errors
    /// [`WriteError::Io`], [`WriteError::WriteZero`] and [`WriteError::Unfinished`], as with
    /// [`send`](Self::send).
    pub async fn finish(&mut self) -> Result<(), WriteError<W::Error>> {
        self.writing.drop_unfinished()?;
        self.flush().await
    }

    /// Writes all that is in the buffer.
    async fn write_all(&mut self) -> Result<(), WriteError<W::Error>> {
        while let Some(bytes) = self.writing.unwritten() {
            let len = self.connection.write(bytes).await.map_err(WriteError::Io)?;
            self.writing.written(len)?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), WriteError<W::Error>> {
        self.write_all().await?;
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

/// Writes the data of one event to a connection, in pieces of any size: see [`EventWriter::begin`].
///
/// A piece is split at LF, CRLF and CR; a CRLF that is cut between two pieces is one line break. What does
/// not fit into the buffer of the writer any more is written to the connection. It implements `Write` of
/// embedded-io-async.
///
/// ```
/// use embedded_io_async::Write;
/// use sse_wire::io::asynch::EventWriter;
/// use sse_wire::{Event, event_type};
///
/// # async fn run() {
/// let mut wire = [0; 128];
/// let mut writer = EventWriter::new(&mut wire[..], [0; 32]);
/// let mut data = writer.begin(&Event::new().event_type(event_type!("log"))).await.unwrap();
/// for piece in ["one line, longer than the buffer ", "of the writer\r", "\nand another"] {
///     data.write_all(piece.as_bytes()).await.unwrap();
/// }
/// data.finish().await.unwrap();
/// assert!(wire.starts_with(
///     b"event: log\ndata: one line, longer than the buffer of the writer\ndata: and another\n\n"
/// ));
/// # }
/// # embassy_futures::block_on(run());
/// ```
///
/// Dropped before it is finished, it leaves no half event that a client could take for a whole one. If the
/// connection has not taken a byte of the event, the event is dropped, and the writer goes on. Otherwise the
/// writer sends nothing more, and reports [`WriteError::Unfinished`]: close the connection. The client then
/// sees a stream that ends within an event. It drops that event, and reconnects with the id of the one
/// before, so that a server that goes on after that id sends it again.
///
/// Dropping a future of `write`, `flush` or [`finish`](Self::finish) loses nothing, provided that dropping
/// the connection's `write` and `flush` loses nothing. One of `write_all` has then written an unknown part
/// of its piece.
#[derive(Debug)]
#[must_use = "an event that is not finished is dropped, or ends the stream"]
pub struct DataWriter<'w, W, B> {
    writer: &'w mut EventWriter<W, B>,
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> DataWriter<'_, W, B> {
    /// Ends the event, writes what is left of it, and flushes.
    ///
    /// The event is complete as soon as the future is polled: if it is dropped then, what is left goes out
    /// with the next call of the writer.
    ///
    /// # Errors
    /// [`WriteError::Io`] and [`WriteError::WriteZero`] if the connection fails: what it has not taken is
    /// kept, and goes out first if the writer is used again.
    pub async fn finish(self) -> Result<(), WriteError<W::Error>> {
        self.writer.writing.end();
        self.writer.flush().await
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
    async fn write(&mut self, piece: &[u8]) -> Result<usize, Self::Error> {
        let taken = self.writer.writing.put_data(piece);
        if taken > 0 || piece.is_empty() {
            return Ok(taken);
        }
        self.writer.write_all().await?;
        match self.writer.writing.put_data(piece) {
            // The buffer has become shorter.
            0 => Err(too_small(1)),
            taken => Ok(taken),
        }
    }

    /// Writes and flushes what there is of the event so far.
    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.writer.flush().await
    }

    async fn write_all(&mut self, mut piece: &[u8]) -> Result<(), Self::Error> {
        while !piece.is_empty() {
            let taken = self.write(piece).await?;
            piece = piece.get(taken..).unwrap_or_default();
        }
        Ok(())
    }
}
