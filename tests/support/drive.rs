//! Runs the crate over a stream in chunks, and collects the results in the oracle's types.

use super::oracle::{Client, Line, Output, Own, latin1};
use sse_wire::{Buffer, DecodeError, Decoder, MessageEvent, Progress, Token, Tokenizer};

/// The decoder's methods that take events from a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Next,
    Decode,
    /// Calls of both in turn.
    Mixed,
}

pub const CALLS: [Call; 3] = [Call::Next, Call::Decode, Call::Mixed];

/// What reads a stream: a decoder, with one of its methods, or a reader of `io`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// With a decoder, chunk by chunk.
    Decoder(Call),
    /// With `io::blocking::EventReader::receive`.
    #[cfg(feature = "embedded-io-v0.7")]
    Blocking,
    /// With `io::asynch::EventReader::next`.
    #[cfg(feature = "embedded-io-async-v0.7")]
    Async,
}

/// All of them.
pub const READERS: &[Reader] = &[
    Reader::Decoder(Call::Next),
    Reader::Decoder(Call::Decode),
    Reader::Decoder(Call::Mixed),
    #[cfg(feature = "embedded-io-v0.7")]
    Reader::Blocking,
    #[cfg(feature = "embedded-io-async-v0.7")]
    Reader::Async,
];

/// Splits `stream` into chunks of these lengths, which may be 0; the rest is the last chunk.
pub fn split<'a>(stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = stream;
    let mut chunks: Vec<&[u8]> = Vec::new();
    for &length in lengths {
        let (chunk, later) = rest.split_at(length.min(rest.len()));
        chunks.push(chunk);
        rest = later;
    }
    chunks.push(rest);
    chunks
}

/// An event in the oracle's type, with a character for each byte.
pub fn as_bytes(event: &MessageEvent<'_>) -> Output {
    Output::Event {
        event_type: latin1(event.event_type()),
        data: latin1(event.data()),
        last_event_id: latin1(event.last_event_id()),
        own: Own {
            id: event.own_id().map(latin1),
            retry: event.retry().map(|time| time.as_millis()),
        },
    }
}

/// An event as text, as in a browser.
pub fn as_text(event: &MessageEvent<'_>) -> Output {
    Output::Event {
        event_type: event.event_type_lossy().to_string(),
        data: event.data_lossy().to_string(),
        last_event_id: event.last_event_id_lossy().to_string(),
        own: Own::default(),
    }
}

/// Converts an event to an output.
pub type View = fn(&MessageEvent<'_>) -> Output;

/// The output for a lost event, which must be too long.
fn lost(error: DecodeError) -> Output {
    assert_eq!(error, DecodeError::EventTooLong);
    Output::TooLong
}

/// Takes the next event from `chunk`, with `next` or `decode`.
fn take<B: Buffer>(
    decoder: &mut Decoder<B>,
    chunk: &mut &[u8],
    is_next: bool,
    view: View,
) -> Option<Output> {
    let with_id = |event: MessageEvent<'_>| (view(&event), event.last_event_id().to_vec());
    let output = if is_next {
        let event = decoder.next(chunk).map(|result| result.map(with_id));
        assert!(decoder.event().is_none(), "an event that `next` has returned is not kept");
        event
    } else {
        match decoder.decode(chunk) {
            Ok(Progress::Event) => Some(Ok(with_id(decoder.event().expect("an event is ready")))),
            Ok(Progress::NeedInput) => None,
            Err(error) => Some(Err(error)),
        }
    };
    match output {
        Some(Ok((event, id))) => {
            assert_eq!(decoder.last_event_id(), id, "the id of the event that was returned");
            Some(event)
        }
        Some(Err(error)) => Some(lost(error)),
        None => {
            assert!(chunk.is_empty(), "a decoder that wants more has used up its chunk");
            assert!(decoder.event().is_none());
            None
        }
    }
}

/// Decodes one chunk, and returns the outputs.
pub fn feed<B: Buffer>(
    decoder: &mut Decoder<B>,
    mut chunk: &[u8],
    call: Call,
    view: View,
) -> Vec<Output> {
    let mut outputs = Vec::new();
    let mut calls = calls(call);
    while let Some(output) = take(decoder, &mut chunk, calls.next().unwrap(), view) {
        outputs.push(output);
    }
    outputs
}

/// Like `feed`, without a call after the last byte: the decoder may still have an event that it returned.
pub fn feed_bytes<B: Buffer>(
    decoder: &mut Decoder<B>,
    mut chunk: &[u8],
    call: Call,
    view: View,
) -> Vec<Output> {
    let mut outputs = Vec::new();
    let mut calls = calls(call);
    while !chunk.is_empty() {
        outputs.extend(take(decoder, &mut chunk, calls.next().unwrap(), view));
    }
    outputs
}

/// Whether each call is `next`.
fn calls(call: Call) -> impl Iterator<Item = bool> {
    (0..).map(move |nth| match call {
        Call::Next => true,
        Call::Decode => false,
        Call::Mixed => nth % 2 == 0,
    })
}

/// Decodes all chunks of a stream.
pub fn feed_all<B: Buffer>(
    decoder: &mut Decoder<B>,
    chunks: &[&[u8]],
    call: Call,
    view: View,
) -> Vec<Output> {
    let mut outputs = Vec::new();
    for chunk in chunks {
        outputs.append(&mut feed(decoder, chunk, call, view));
    }
    outputs
}

/// Reads a stream from start to end. Returns the outputs, and the decoder without a [`Decoder::reconnect`].
pub fn read_stream<B: Buffer>(
    mut decoder: Decoder<B>,
    chunks: &[&[u8]],
    reader: Reader,
    view: View,
) -> (Vec<Output>, Decoder<B>) {
    match reader {
        Reader::Decoder(call) => {
            let outputs = feed_all(&mut decoder, chunks, call, view);
            (outputs, decoder)
        }
        #[cfg(feature = "embedded-io-v0.7")]
        Reader::Blocking => readers::blocking(decoder, chunks, view),
        #[cfg(feature = "embedded-io-async-v0.7")]
        Reader::Async => readers::asynch(decoder, chunks, view),
    }
}

/// The readers, over a connection that returns one chunk for each read.
#[cfg(any(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
pub mod readers {
    use super::{Output, View, lost};
    use sse_wire::io::ReadError;
    use sse_wire::{Buffer, Decoder};
    use std::convert::Infallible;

    /// A connection that returns one chunk for each read. It skips empty chunks, because an empty read is the end.
    pub struct Chunks<'c> {
        chunk: &'c [u8],
        later: &'c [&'c [u8]],
        /// The number of chunks begun.
        reads: usize,
        /// A future is pending, or was dropped while pending.
        is_waiting: bool,
    }

    impl<'c> Chunks<'c> {
        pub const fn new(chunks: &'c [&'c [u8]]) -> Self {
            Self { chunk: &[], later: chunks, reads: 0, is_waiting: false }
        }

        fn fill(&mut self) -> &'c [u8] {
            while let (true, [next, later @ ..]) = (self.chunk.is_empty(), self.later) {
                self.reads += usize::from(!next.is_empty());
                self.chunk = next;
                self.later = later;
            }
            self.chunk
        }

        fn consume(&mut self, len: usize) {
            self.chunk = &self.chunk[len..];
        }

        fn assert_is_read(&self) {
            assert!(self.chunk.is_empty() && self.later.is_empty(), "bytes are left at the end");
        }
    }

    impl embedded_io::ErrorType for Chunks<'_> {
        type Error = Infallible;
    }

    fn lost_by_reader(error: ReadError<Infallible>) -> Output {
        match error {
            ReadError::Decode(error) => lost(error),
            ReadError::Io(never) => match never {},
        }
    }

    #[cfg(feature = "embedded-io-v0.7")]
    mod blocking {
        use super::Chunks;
        use std::convert::Infallible;

        impl embedded_io::Read for Chunks<'_> {
            fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
                unreachable!("a reader of events looks into the connection's buffer")
            }
        }

        impl embedded_io::BufRead for Chunks<'_> {
            fn fill_buf(&mut self) -> Result<&[u8], Infallible> {
                Ok(self.fill())
            }
            fn consume(&mut self, len: usize) {
                self.consume(len);
            }
        }
    }

    /// Reads with `receive`, and checks that each call reads at most once.
    #[cfg(feature = "embedded-io-v0.7")]
    pub fn blocking<B: Buffer>(
        decoder: Decoder<B>,
        chunks: &[&[u8]],
        view: View,
    ) -> (Vec<Output>, Decoder<B>) {
        use sse_wire::io::{Received, blocking::EventReader};

        let mut reader = EventReader::with_decoder(Chunks::new(chunks), decoder);
        let mut outputs = Vec::new();
        loop {
            let reads = reader.connection().reads;
            match reader.receive() {
                Ok(Received::Event(event)) => outputs.push(view(&event)),
                Ok(Received::Bytes) => {}
                Ok(Received::End) => break,
                Err(error) => outputs.push(lost_by_reader(error)),
            }
            assert!(reader.connection().reads <= reads + 1, "at most one read");
        }
        let (connection, decoder) = reader.into_parts();
        connection.assert_is_read();
        (outputs, decoder)
    }

    #[cfg(feature = "embedded-io-async-v0.7")]
    mod asynch {
        use super::Chunks;
        use std::convert::Infallible;
        use std::future::poll_fn;
        use std::task::Poll;

        impl embedded_io_async::Read for Chunks<'_> {
            async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
                unreachable!("a reader of events looks into the connection's buffer")
            }
        }

        impl embedded_io_async::BufRead for Chunks<'_> {
            /// Is pending once.
            async fn fill_buf(&mut self) -> Result<&[u8], Infallible> {
                poll_fn(|_| {
                    self.is_waiting = !self.is_waiting;
                    if self.is_waiting { Poll::Pending } else { Poll::Ready(()) }
                })
                .await;
                Ok(self.fill())
            }
            fn consume(&mut self, len: usize) {
                self.consume(len);
            }
        }
    }

    /// Reads with `next`. Every second future is dropped when it is pending, which must lose no data.
    #[cfg(feature = "embedded-io-async-v0.7")]
    pub fn asynch<B: Buffer>(
        decoder: Decoder<B>,
        chunks: &[&[u8]],
        view: View,
    ) -> (Vec<Output>, Decoder<B>) {
        use sse_wire::io::asynch::EventReader;
        use std::pin::pin;
        use std::task::{Context, Poll, Waker};

        let mut reader = EventReader::with_decoder(Chunks::new(chunks), decoder);
        let mut outputs = Vec::new();
        let mut is_dropped = false;
        loop {
            is_dropped = !is_dropped;
            let mut next = pin!(reader.next());
            let mut context = Context::from_waker(Waker::noop());
            let result = loop {
                match next.as_mut().poll(&mut context) {
                    Poll::Ready(result) => break Some(result),
                    Poll::Pending if is_dropped => break None,
                    Poll::Pending => {}
                }
            };
            match result {
                Some(Ok(Some(event))) => outputs.push(view(&event)),
                Some(Ok(None)) => break,
                Some(Err(error)) => outputs.push(lost_by_reader(error)),
                None => {}
            }
        }
        let (connection, decoder) = reader.into_parts();
        connection.assert_is_read();
        (outputs, decoder)
    }
}

/// The state that a decoder keeps for the next stream, with a character for each byte.
pub fn client<B: Buffer>(decoder: &Decoder<B>) -> Client {
    Client {
        last_event_id: latin1(decoder.last_event_id()),
        retry: decoder.reconnection_time().map(|time| time.as_millis()),
        cut_off: decoder.is_mid_event(),
        too_long: decoder.is_too_long(),
        comments: decoder.comments(),
        ignored_lines: decoder.ignored_lines(),
    }
}

/// The oracle's client, with the reconnection time limited as in this crate.
pub fn saturated(client: Client) -> Client {
    Client { retry: client.retry.map(|time| time.min(u64::MAX.into())), ..client }
}

/// The lines that the tokenizer finds, with joined fragments and a character for each byte.
pub fn lines(tokenizer: &mut Tokenizer, chunks: &[&[u8]]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut unfinished = None;
    for mut chunk in chunks.iter().copied() {
        while let Some(token) = tokenizer.next(&mut chunk) {
            collect(&mut lines, &mut unfinished, token);
        }
        assert!(chunk.is_empty(), "a tokenizer that wants more has used up its input");
    }
    lines
}

/// Adds a token to the lines so far.
pub fn collect(lines: &mut Vec<Line>, unfinished: &mut Line, token: Token<'_>) {
    match token {
        Token::Dispatch => {
            assert_eq!(*unfinished, None, "a blank line comes after the end of the line before");
            lines.push(None);
        }
        Token::Value { field, fragment, end } => {
            assert!(end || !fragment.is_empty(), "an empty fragment");
            let (of, value) = unfinished.get_or_insert_with(|| (field, String::new()));
            assert_eq!(*of, field, "the fragments of a line are of one field");
            value.push_str(&latin1(fragment));
            if end {
                lines.push(unfinished.take());
            }
        }
    }
}
