//! Tests of readers and writers over connections that return few bytes, often wait, and fail in the middle, with
//! futures that are dropped.
#![cfg(all(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]

use crate::support::drive::{as_bytes, split};
use crate::support::oracle::{self, Client, Output};
use embedded_io::ErrorKind;
use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::io::{Buffered, BufferedError, ReadError, Received, WriteError, asynch, blocking};
use sse_wire::{BufferTooSmall, DecodeError, Decoder, Event, EventId, FormatError, MessageEvent};
use std::collections::VecDeque;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The result of one call of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Reads or writes at most this number of bytes.
    Move(usize),
    /// Is pending once.
    Wait,
    Fail,
}

/// A connection that follows a script, and after it reads and writes without limits.
#[derive(Clone, Debug, Default)]
struct Connection {
    script: VecDeque<Act>,
    /// The bytes that are not read yet.
    input: VecDeque<u8>,
    /// The contents of the connection's own buffer.
    buffered: Vec<u8>,
    /// The bytes that were written.
    output: Vec<u8>,
    /// How many of them were flushed.
    flushed: usize,
    /// How often `fill_buf` returned a result, and how often it had to read for it.
    fills: usize,
    reads: usize,
    /// The number of failures.
    failures: usize,
}

impl Connection {
    fn reading(stream: &[u8], script: &[Act]) -> Self {
        let (script, input) = (script.iter().cloned().collect(), stream.iter().copied().collect());
        Self { script, input, ..Self::default() }
    }

    fn writing(script: &[Act]) -> Self {
        Self { script: script.iter().cloned().collect(), ..Self::default() }
    }

    /// `None`: pending.
    fn act(&mut self) -> Option<Result<usize, ErrorKind>> {
        match self.script.pop_front() {
            Some(Act::Move(len)) => Some(Ok(len.max(1))),
            Some(Act::Wait) => None,
            Some(Act::Fail) => {
                self.failures += 1;
                Some(Err(ErrorKind::TimedOut))
            }
            None => Some(Ok(usize::MAX)),
        }
    }

    async fn act_later(&mut self) -> Result<usize, ErrorKind> {
        loop {
            match self.act() {
                Some(act) => return act,
                None => embassy_futures::yield_now().await,
            }
        }
    }

    /// A blocking caller never sees a pending call.
    fn act_now(&mut self) -> Result<usize, ErrorKind> {
        self.act().unwrap_or_else(|| self.act_now())
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        self.input.drain(..len.min(self.input.len())).collect()
    }

    fn read_to(&mut self, len: usize, out: &mut [u8]) -> usize {
        let bytes = self.take(len.min(out.len()));
        out[..bytes.len()].copy_from_slice(&bytes);
        bytes.len()
    }

    fn fill(&mut self, len: usize) -> &[u8] {
        self.fills += 1;
        if self.buffered.is_empty() {
            self.reads += 1;
            self.buffered = self.take(len);
        }
        &self.buffered
    }

    fn write_from(&mut self, len: usize, bytes: &[u8]) -> usize {
        let len = len.min(bytes.len());
        self.output.extend(&bytes[..len]);
        len
    }
}

impl embedded_io::ErrorType for Connection {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Connection {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, ErrorKind> {
        let len = self.act_later().await?;
        Ok(self.read_to(len, out))
    }
}

impl embedded_io_async::BufRead for Connection {
    /// Follows the script even if the buffer is not empty: it may wait or fail at any time.
    async fn fill_buf(&mut self) -> Result<&[u8], ErrorKind> {
        let len = self.act_later().await?;
        Ok(self.fill(len))
    }

    fn consume(&mut self, len: usize) {
        self.buffered.drain(..len);
    }
}

impl embedded_io_async::Write for Connection {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let len = self.act_later().await?;
        Ok(self.write_from(len, bytes))
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.act_later().await?;
        self.flushed = self.output.len();
        Ok(())
    }
}

impl embedded_io::Read for Connection {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, ErrorKind> {
        let len = self.act_now()?;
        Ok(self.read_to(len, out))
    }
}

impl embedded_io::BufRead for Connection {
    fn fill_buf(&mut self) -> Result<&[u8], ErrorKind> {
        let len = self.act_now()?;
        Ok(self.fill(len))
    }

    fn consume(&mut self, len: usize) {
        self.buffered.drain(..len);
    }
}

impl embedded_io::Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let len = self.act_now()?;
        Ok(self.write_from(len, bytes))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.act_now()?;
        self.flushed = self.output.len();
        Ok(())
    }
}

/// Polls a future this number of times, and drops it if it is not ready.
fn poll<T>(future: impl Future<Output = T>, times: usize) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..times {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(done);
        }
    }
    None
}

const STREAM: &[u8] = b"event: temp\nid: 1\ndata: 23.4\n\n: note\n\ndata: a\ndata: b\n\nid: 2\n\n\
    data: an event that does not fit into the buffer of the decoder\n\ndata\r\n\r\ndata: cut off";

/// The oracle's results for a stream and a decoder with a buffer of 40 bytes.
fn expected(stream: &[u8]) -> Vec<Output> {
    oracle::limited(&mut Client::default(), stream, 40)
}

/// Records the result of a reader. `false`: the end of the stream.
fn note(
    found: &mut Vec<Output>,
    failures: &mut usize,
    result: Result<Option<MessageEvent<'_>>, ReadError<impl embedded_io::Error>>,
) -> bool {
    match result {
        Ok(Some(event)) => found.push(as_bytes(&event)),
        Ok(None) => return false,
        Err(ReadError::Decode(_)) => found.push(Output::TooLong),
        Err(ReadError::Io(error)) => {
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            *failures += 1;
        }
    }
    true
}

/// Reads everything, and drops futures after the given numbers of polls, in turn; the later ones are not dropped.
/// `receives`: uses `receive` instead of `next`.
fn read_all<R>(
    connection: R,
    mut polls: VecDeque<usize>,
    receives: bool,
) -> (Vec<Output>, usize, asynch::EventReader<R, [u8; 40]>)
where
    R: embedded_io_async::BufRead,
{
    let mut reader = asynch::EventReader::new(connection, [0; 40]);
    let (mut found, mut failures) = (Vec::new(), 0);
    loop {
        let times = polls.pop_front().unwrap_or(usize::MAX);
        let result = if receives {
            poll(reader.receive(), times).and_then(of_received)
        } else {
            poll(reader.next(), times)
        };
        if let Some(result) = result
            && !note(&mut found, &mut failures, result)
        {
            return (found, failures, reader);
        }
    }
}

/// The result that `next` would have. `None`: only bytes were received.
fn of_received<E>(
    result: Result<Received<'_>, ReadError<E>>,
) -> Option<Result<Option<MessageEvent<'_>>, ReadError<E>>> {
    match result {
        Ok(Received::Event(event)) => Some(Ok(Some(event))),
        Ok(Received::Bytes) => None,
        Ok(Received::End) => Some(Ok(None)),
        Err(error) => Some(Err(error)),
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![4 => (1..20_usize).prop_map(Act::Move), 3 => Just(Act::Wait), 1 => Just(Act::Fail)]
}

fn script() -> impl Strategy<Value = Vec<Act>> {
    vec(act(), 0..120)
}

/// Drops the future of call `at` after `times` polls, for all values of both.
#[test]
fn futures_dropped_at_every_await_and_poll_count() {
    let pieces = [Act::Wait, Act::Move(7), Act::Wait, Act::Wait, Act::Move(30), Act::Move(3)];
    let script = pieces.repeat(40);
    let expected = expected(STREAM);
    assert_eq!(expected.len(), 4);
    for receives in [false, true] {
        for at in 0..12 {
            for times in 0..12 {
                let polls = || vec![usize::MAX; at].into_iter().chain([times]).collect();
                let connection = Connection::reading(STREAM, &script);
                let (found, ..) = read_all(connection.clone(), polls(), receives);
                assert_eq!(found, expected, "call {at} dropped after {times}");
                let buffered = Buffered::new(connection, [0; 9]);
                let (found, ..) = read_all(buffered, polls(), receives);
                assert_eq!(found, expected, "buffered, call {at} dropped after {times}");
            }
        }
    }
}

/// `Buffered` returns the bytes of its connection, also if a slice is shorter than its buffer.
#[test]
fn a_buffer_is_read_through() {
    let buffered = || Buffered::new(Connection::reading(b"abcdefghij", &[Act::Move(6)]), [0; 9]);
    let (mut blocking, mut asynch) = (buffered(), buffered());
    for expected in ["abcd", "ef", "ghij", ""] {
        let mut out = [0; 4];
        let len = embedded_io::Read::read(&mut blocking, &mut out).unwrap();
        assert_eq!(&out[..len], expected.as_bytes());
        let mut out = [0; 4];
        let read = embedded_io_async::Read::read(&mut asynch, &mut out);
        let len = embassy_futures::block_on(read).unwrap();
        assert_eq!(&out[..len], expected.as_bytes());
    }
}

/// A part of an event that is flushed is on the wire before the event ends.
#[test]
fn a_flush_sends_a_part_of_an_event() {
    let head = Event::new().id(EventId::from_u64(7));
    let data = [b'x'; 100];
    let expected = [&b"id: 7\ndata: "[..], &data].concat();

    let mut writer = blocking::EventWriter::new(Connection::writing(&[]), [0; 32]);
    let mut guard = writer.begin(&head).unwrap();
    embedded_io::Write::write_all(&mut guard, &data).unwrap();
    embedded_io::Write::flush(&mut guard).unwrap();
    assert_eq!(writer.connection().output, expected);
    assert_eq!(writer.connection().flushed, expected.len());

    let mut writer = asynch::EventWriter::new(Connection::writing(&[]), [0; 32]);
    let mut guard = poll(writer.begin(&head), 1).unwrap().unwrap();
    assert_eq!(poll(embedded_io_async::Write::write_all(&mut guard, &data), 1), Some(Ok(())));
    assert_eq!(poll(embedded_io_async::Write::flush(&mut guard), 1), Some(Ok(())));
    assert_eq!(writer.connection().output, expected);
    assert_eq!(writer.connection().flushed, expected.len());
}

/// The traits of `core` and `std` write the same bytes. `std`'s errors have the kind and the text of the connection's.
#[cfg(feature = "std")]
#[test]
fn pieces_through_the_traits_of_std() {
    let head = Event::new().id(EventId::from_u64(7));
    let data = [b'x'; 100];
    let mut writer = blocking::EventWriter::new(Connection::writing(&[]), [0; 32]);
    let mut guard = writer.begin(&head).unwrap();
    std::io::Write::write_all(&mut guard, &data).unwrap();
    std::fmt::Write::write_str(&mut guard, "\rb").unwrap();
    std::io::Write::flush(&mut guard).unwrap();
    let expected = [&b"id: 7\ndata: "[..], &data, b"\ndata: b"].concat();
    assert_eq!(writer.connection().output, expected);
    assert_eq!(writer.connection().flushed, expected.len());

    let failing = Connection::writing(&[Act::Fail, Act::Fail]);
    let mut writer = blocking::EventWriter::new(failing, [0; 32]);
    let mut guard = writer.begin(&head).unwrap();
    let errors = [
        std::io::Write::flush(&mut guard).unwrap_err(),
        std::io::Write::write_all(&mut guard, &data).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        assert_eq!(error.to_string(), ErrorKind::TimedOut.to_string());
    }
}

/// The contract of `Read`: a read into an empty slice does not wait, and is not the end.
#[test]
fn a_read_of_nothing_does_not_touch_the_connection() {
    let mut buffered = Buffered::new(Connection::reading(b"a", &[Act::Fail]), [0; 9]);
    assert_eq!(embedded_io::Read::read(&mut buffered, &mut []), Ok(0));
    let read = embedded_io_async::Read::read(&mut buffered, &mut []);
    assert_eq!(embassy_futures::block_on(read), Ok(0));
    assert_eq!(buffered.into_inner().script, [Act::Fail]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::support::cases(2000), ..ProptestConfig::default() })]

    #[test]
    fn reading(
        script in script(),
        polls in vec(0..4_usize, 0..60),
        size in 1..40_usize,
        receives in any::<bool>(),
    ) {
        let expected = expected(STREAM);
        let polls = VecDeque::from(polls);

        let (found, failures, reader) =
            read_all(Connection::reading(STREAM, &script), polls.clone(), receives);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(failures, reader.connection().failures);
        prop_assert!(reader.decoder().is_mid_event());
        prop_assert_eq!(reader.decoder().last_event_id(), b"2");

        let buffered = Buffered::new(Connection::reading(STREAM, &script), vec![0; size]);
        let (found, failures, reader) = read_all(buffered, polls, receives);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(failures, reader.into_parts().0.into_inner().failures);

        let (mut found, mut failures) = (Vec::new(), 0);
        let connection = Connection::reading(STREAM, &script);
        let mut reader = blocking::EventReader::new(connection, [0; 40]);
        while note(&mut found, &mut failures, reader.next()) {}
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(failures, reader.connection().failures);

        let (mut found, mut failures) = (Vec::new(), 0);
        let connection = Buffered::new(Connection::reading(STREAM, &script), vec![0; size]);
        let mut reader = blocking::EventReader::new(connection, [0; 40]);
        while note(&mut found, &mut failures, reader.next()) {}
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(failures, reader.into_parts().0.into_inner().failures);

        let (mut found, mut failures) = (Vec::new(), 0);
        let connection = Connection::reading(STREAM, &script);
        let mut reader = blocking::EventReader::new(connection, [0; 40]);
        while of_received(reader.receive())
            .is_none_or(|result| note(&mut found, &mut failures, result))
        {}
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(failures, reader.connection().failures);
    }

    /// The wire has only complete events, each once and in order: those whose call flushed the previous bytes. Until
    /// then the buffer is not free, and a call that fails or is dropped omits its event.
    #[test]
    fn writing(script in script(), polls in vec(0..4_usize, 0..60)) {
        let mut writer = asynch::EventWriter::new(Connection::writing(&script), [0; 64]);
        let mut polls = VecDeque::from(polls);
        let mut expected = Vec::new();
        for number in 0..30 {
            let times = polls.pop_front().unwrap_or(usize::MAX);
            let event = Event::new().id(EventId::from_u64(number)).data("one\ntwo");
            let result = match number % 2 {
                0 => poll(writer.send(&event), times),
                _ => poll(writer.send(&event.data_fmt(format_args!("one\r{}", "two"))), times),
            };
            let failed = Some(Err(WriteError::Io(ErrorKind::TimedOut)));
            prop_assert!(result == Some(Ok(())) || result == failed || result.is_none());
            let is_sent = result == Some(Ok(()));
            if is_sent || times > 0 && writer.connection().flushed == expected.len() {
                expected.extend(format!("id: {number}\ndata: one\ndata: two\n\n").into_bytes());
            }
            prop_assert!(times == 0 || is_sent == (writer.connection().flushed == expected.len()));
        }
        while embassy_futures::block_on(writer.finish()).is_err() {}
        let connection = writer.into_inner();
        prop_assert_eq!(connection.output.escape_ascii().to_string(), expected.escape_ascii().to_string());
        prop_assert_eq!(connection.flushed, expected.len());
    }

    /// The same for failures: the call can be repeated, and its remaining bytes are written first, once.
    #[test]
    fn writing_blocks(script in script()) {
        let mut writer = blocking::EventWriter::new(Connection::writing(&script), [0; 64]);
        let mut expected = Vec::new();
        for number in 0..30 {
            let result = writer.send(&Event::new().id(EventId::from_u64(number)).data("x"));
            prop_assert!(matches!(result, Ok(()) | Err(WriteError::Io(ErrorKind::TimedOut))));
            if result.is_ok() || writer.connection().flushed == expected.len() {
                expected.extend(format!("id: {number}\ndata: x\n\n").into_bytes());
            }
            prop_assert_eq!(result.is_ok(), writer.connection().flushed == expected.len());
        }
        while writer.finish().is_err() {}
        let connection = writer.into_inner();
        prop_assert_eq!(connection.output.escape_ascii().to_string(), expected.escape_ascii().to_string());
        prop_assert_eq!(connection.flushed, expected.len());
    }
}

/// The events that a client reads from the written bytes.
fn events_of(wire: &[u8]) -> Vec<Output> {
    oracle::limited(&mut Client::default(), wire, 4096)
}

/// The bytes that `begin`, `write` and `finish` must write.
fn whole(head: &Event<'_>, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 4096];
    head.data_bytes(data).encode(&mut out).unwrap().to_vec()
}

/// Data with line ends at positions where buffers of all sizes end.
fn piecewise_data() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![6 => Just(b'x'), 1 => any::<u8>(), 2 => Just(b'\n'), 2 => Just(b'\r')], 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::support::cases(2000), ..ProptestConfig::default() })]

    /// An event larger than the buffer is written in pieces, with futures that are dropped at any await. It has the
    /// bytes of the event in one piece, for every buffer that holds the head.
    #[test]
    fn piecewise(
        script in script(),
        polls in vec(0..4_usize, 0..60),
        data in piecewise_data(),
        sizes in vec(0..20_usize, 0..10),
        more in 0..40_usize,
    ) {
        let head = Event::new().id(EventId::from_u64(7));
        let expected = [&whole(&head, &data), &b"data: next\n\n"[..]].concat();
        let least = "id: 7\n".len() + 15;
        let pieces = split(&data, &sizes);

        let mut polls = VecDeque::from(polls);
        let mut next = || polls.pop_front().unwrap_or(usize::MAX);
        let connection = Connection::writing(&script);
        let mut writer = asynch::EventWriter::new(connection, vec![0; least + more]);
        let mut guard = loop {
            // A dropped call has begun no event. The borrow checker does not see that a failure borrows nothing.
            match poll(writer.finish(), next()) {
                Some(Ok(())) => break poll(writer.begin(&head), usize::MAX).unwrap().unwrap(),
                Some(Err(WriteError::Io(ErrorKind::TimedOut))) | None => {}
                Some(Err(error)) => panic!("{error:?}"),
            }
        };
        for mut piece in pieces.iter().copied() {
            while !piece.is_empty() {
                use embedded_io_async::Write;
                // A future that is dropped, or fails, has consumed no data.
                match poll(guard.write(piece), next()) {
                    Some(Ok(taken)) => piece = &piece[taken..],
                    Some(Err(WriteError::Io(ErrorKind::TimedOut))) | None => {}
                    Some(Err(error)) => panic!("{error:?}"),
                }
                if piece.len() % 3 == 1 {
                    let _ = poll(guard.flush(), next());
                }
            }
        }
        // After a poll of `finish`, only writing remains.
        let _ = poll(guard.finish(), next().max(1));
        while !matches!(poll(writer.finish(), next()), Some(Ok(()))) {}
        let length = whole(&head, &data).len();
        prop_assert_eq!(&writer.connection().output[..], &expected[..length]);
        prop_assert_eq!(writer.connection().flushed, length);
        writer.connection_mut().script.clear();
        prop_assert_eq!(poll(writer.send(&Event::new().data("next")), 1), Some(Ok(())));
        prop_assert_eq!(&writer.into_inner().output, &expected);

        let mut writer =
            blocking::EventWriter::new(Connection::writing(&script), vec![0; least + more]);
        let mut guard = writer.begin(&head).unwrap();
        for mut piece in pieces {
            while !piece.is_empty() {
                match embedded_io::Write::write(&mut guard, piece) {
                    Ok(taken) => piece = &piece[taken..],
                    Err(error) => assert_eq!(error, WriteError::Io(ErrorKind::TimedOut)),
                }
            }
        }
        let _ = guard.finish();
        while writer.finish().is_err() {}
        prop_assert_eq!(writer.connection().flushed, length);
        prop_assert_eq!(writer.into_inner().output, &expected[..length]);
    }

    /// A writer of pieces that is dropped before `finish`: a client cannot take its part on the wire for a complete
    /// event, and nothing is written after it. If none of it is on the wire, the writer continues.
    #[test]
    fn piecewise_left_unfinished(
        script in script(),
        times in 0..8_usize,
        data in piecewise_data(),
        more in 0..40_usize,
    ) {
        use embedded_io_async::Write;
        let before = Event::new().id(EventId::from_u64(1)).data("before");
        let unfinished = Event::new().id(EventId::from_u64(2));
        let connection = Connection::writing(&[]);
        let mut writer = asynch::EventWriter::new(connection, vec![0; 26 + more]);
        assert_eq!(poll(writer.send(&before), 1), Some(Ok(())));
        writer.connection_mut().script = script.into();
        let mut guard = poll(writer.begin(&unfinished), 1).unwrap().unwrap();
        let _ = poll(guard.write_all(&data), times);
        writer.connection_mut().script.clear();

        let first = whole(&before, b"before");
        let is_on_the_wire = writer.connection().output.len() > first.len();
        let after = Event::new().data("after");
        let results = [
            poll(writer.send(&after), 1),
            poll(writer.keep_alive(), 1),
            poll(writer.begin(&after), 1).map(|begun| begun.map(drop)),
            poll(writer.finish(), 1),
        ];
        let mut expected = events_of(&first);
        if is_on_the_wire {
            let length = writer.connection().output.len();
            prop_assert_eq!(results, [const { Some(Err(WriteError::Unfinished)) }; 4]);
            prop_assert_eq!(writer.connection().output.len(), length);
        } else {
            prop_assert_eq!(results, [Some(Ok(())); 4]);
            expected.extend(events_of(b"id: 1\n\ndata: after\n\n"));
        }
        // The client adds the end of the stream.
        let wire = writer.into_inner().output;
        prop_assert_eq!(events_of(&wire), expected);
    }
}

/// Drops the future of call `at` after the given number of polls, for all values of both, in one event of many pieces.
#[test]
fn piecewise_futures_dropped_at_every_await() {
    use embedded_io_async::Write;
    let script = [Act::Wait, Act::Move(7), Act::Wait, Act::Wait, Act::Move(30)].repeat(40);
    let head = Event::new().id(EventId::from_u64(7));
    let data = b"one\r\ntwo, which is longer\rthree\n\nfour, which is longer than the buffer of the writer";
    let expected = whole(&head, data);
    for at in 0..24 {
        for times in 0..8 {
            let mut polls: VecDeque<usize> = (0..at).map(|_| usize::MAX).chain([times]).collect();
            let mut next = || polls.pop_front().unwrap_or(usize::MAX);
            let mut writer = asynch::EventWriter::new(Connection::writing(&script), [0; 24]);
            let mut guard = poll(writer.begin(&head), 1).unwrap().unwrap();
            let mut rest = &data[..];
            while !rest.is_empty() {
                if let Some(taken) = poll(guard.write(&rest[..rest.len().min(9)]), next()) {
                    rest = &rest[taken.unwrap()..];
                }
                if rest.len().is_multiple_of(4) {
                    let _ = poll(guard.flush(), next());
                }
            }
            let times = next();
            let _ = poll(guard.finish(), times.max(1));
            assert_eq!(poll(writer.finish(), usize::MAX), Some(Ok(())));
            let connection = writer.into_inner();
            assert_eq!(connection.output, expected, "call {at} dropped after {times}");
            assert_eq!(connection.flushed, expected.len());
        }
    }
}

/// The buffer must hold the head and the bytes needed to continue. Nothing of an event that does not fit is written.
#[test]
fn a_head_that_does_not_fit_is_not_written() {
    let head = Event::new().id(EventId::from_u64(7)).data("left out");
    for size in 1..21 {
        let mut writer = blocking::EventWriter::new(Connection::writing(&[]), vec![0; size]);
        let error = WriteError::Encode(FormatError::BufferTooSmall(BufferTooSmall { needed: 21 }));
        assert_eq!(writer.begin(&head).map(drop), Err(error));
        assert_eq!(writer.finish(), Ok(()));
        assert_eq!(writer.into_inner().output, b"");
    }
    let mut writer = blocking::EventWriter::new(Connection::writing(&[]), [0; 21]);
    writer.begin(&head).unwrap().finish().unwrap();
    assert_eq!(writer.into_inner().output, b"id: 7\ndata: \n\n");
}

/// A connection that accepts no bytes must not make a writer of pieces loop.
#[test]
fn write_zero_ends_a_writer_of_pieces() {
    let mut wire = [0; 40];
    let mut writer = blocking::EventWriter::new(&mut wire[..], [0; 32]);
    let mut guard = writer.begin(&Event::new()).unwrap();
    let failed = embedded_io::Write::write_all(&mut guard, &[b'x'; 1000]);
    assert!(failed.is_err());
    assert!(std::fmt::Write::write_str(&mut guard, "x").is_err());
    assert_eq!(writer.send(&Event::new()), Err(WriteError::Unfinished));
}

/// The decoder keeps the bytes that a dropped future has read. None of their events is returned, or counts, before the
/// call that returns it.
#[test]
fn a_future_that_is_dropped_hands_nothing_out() {
    // A read up to the middle of the event, then a wait.
    let script = [Act::Move(20), Act::Wait];
    let stream = b"id: 1\ndata: one two three\n\ndata: b\n\n";
    let dropped = || {
        let connection = Connection::reading(stream, &script);
        let mut decoder = Decoder::new([0; 40]);
        decoder.set_last_event_id(b"0").unwrap();
        let mut reader = asynch::EventReader::with_decoder(connection, decoder);
        assert!(poll(reader.next(), 1).is_none());
        assert_eq!(reader.connection().script.len(), 0, "dropped in the wait");
        assert_eq!(reader.connection().input.len(), stream.len() - 20);
        assert_eq!(reader.decoder().last_event_id(), b"0");
        assert!(reader.decoder().is_mid_event());
        reader
    };

    let mut reader = dropped();
    let event = poll(reader.next(), 1).unwrap().unwrap().unwrap();
    assert_eq!((event.data(), event.last_event_id()), (&b"one two three"[..], &b"1"[..]));
    assert_eq!(reader.decoder().last_event_id(), b"1");

    // On a new connection the complete event is sent again.
    let mut reader = dropped();
    reader.reconnect(Connection::reading(stream, &[]));
    assert_eq!(reader.decoder().last_event_id(), b"0");
    let event = poll(reader.next(), 1).unwrap().unwrap().unwrap();
    assert_eq!((event.data(), event.last_event_id()), (&b"one two three"[..], &b"1"[..]));

    let (_, decoder) = dropped().into_parts();
    let mut reader = asynch::EventReader::with_decoder(Connection::reading(stream, &[]), decoder);
    assert_eq!(reader.decoder().last_event_id(), b"0");
    let event = poll(reader.next(), 1).unwrap().unwrap().unwrap();
    assert_eq!((event.data(), event.last_event_id()), (&b"one two three"[..], &b"1"[..]));
}

/// An event is copied, and consumed when it is returned: the connection's bytes may be released then.
#[test]
fn events_are_copied_and_consumed_at_once() {
    let stream: &[u8] = b"data: 23.4\n\ndata: 23.5\n\n";
    let mut buffer = [0; 32];
    let memory = buffer.as_ptr_range();

    let mut reader = blocking::EventReader::new(stream, &mut buffer);
    let event = reader.next().unwrap().unwrap();
    assert_eq!(event.data(), b"23.4");
    assert!(memory.contains(&event.data().as_ptr()));
    assert_eq!(*reader.connection(), b"data: 23.5\n\n");

    let mut reader = asynch::EventReader::new(stream, &mut buffer);
    let event = poll(reader.next(), 1).unwrap().unwrap().unwrap();
    assert_eq!(event.data(), b"23.4");
    assert!(memory.contains(&event.data().as_ptr()));
    assert_eq!(*reader.connection(), b"data: 23.5\n\n");
}

/// A caller that must borrow from the connection's buffer uses the decoder without a reader.
#[test]
#[cfg_attr(
    any(not(target_pointer_width = "64"), sse_wire_small),
    ignore = "where short code counts, every event is copied"
)]
fn events_can_be_borrowed_from_a_connection() {
    use embedded_io::BufRead;
    let mut connection = Connection::reading(b"id: 1\ndata: a\n\ndata: b\n\ndata: c", &[]);
    let mut decoder = Decoder::new([0; 32]);
    let mut found = Vec::new();
    loop {
        let available = connection.fill_buf().unwrap();
        let len = available.len();
        if len == 0 {
            break;
        }
        let memory = available.as_ptr_range();
        let mut chunk = available;
        while let Some(event) = decoder.next(&mut chunk) {
            let event = event.unwrap();
            assert!(memory.contains(&event.data().as_ptr()));
            found.push(event.data().to_vec());
        }
        connection.consume(len);
    }
    assert_eq!(found, [b"a", b"b"]);
    assert!(decoder.is_mid_event());
}

/// `receive` fills the connection's buffer once, reports the result, and does not read while an event that was read
/// before is still pending.
#[test]
fn receive_makes_at_most_one_read() {
    fn name(result: Result<Received<'_>, ReadError<ErrorKind>>) -> String {
        match result {
            Ok(Received::Event(event)) => event.data_str().unwrap().into(),
            Ok(Received::Bytes) => "bytes".into(),
            Ok(Received::End) => "end".into(),
            Err(ReadError::Decode(_)) => "too long".into(),
            Err(ReadError::Io(error)) => panic!("{error}"),
        }
    }
    let stream = b"data: a\n\ndata: b\n\n:\n\ndata: far too long for the buffer\n\ndata: c";
    // The first read ends within the event that is too long, and so does the second one.
    let script = [30, 0, 0, 21, 100].map(Act::Move);
    let expected = [
        ("a", 1),
        ("b", 1),
        ("bytes", 1),
        ("bytes", 2),
        ("too long", 3),
        ("bytes", 3),
        ("end", 4),
        ("end", 5),
    ];

    let connection = Connection::reading(stream, &script);
    let mut reader = blocking::EventReader::new(connection.clone(), [0; 24]);
    let mut async_reader = asynch::EventReader::new(connection, [0; 24]);
    for (call, (expected, reads)) in expected.into_iter().enumerate() {
        assert_eq!(name(reader.receive()), expected, "call {call}");
        assert_eq!((reader.connection().fills, reader.connection().reads), (call + 1, reads));
        assert_eq!(name(poll(async_reader.receive(), 1).unwrap()), expected, "call {call}");
        let connection = async_reader.connection();
        assert_eq!((connection.fills, connection.reads), (call + 1, reads));
    }
}

/// One write and one flush for each event, if the connection accepts it whole.
#[test]
fn one_write_and_one_flush() {
    let write_flush_and_no_more = [Act::Move(64), Act::Move(1), Act::Fail];
    let mut writer =
        blocking::EventWriter::new(Connection::writing(&write_flush_and_no_more), [0; 64]);
    writer.send(&Event::new().data("one\ntwo")).unwrap();
    assert_eq!(writer.connection().script.len(), 1);
    assert_eq!(writer.connection().flushed, writer.connection().output.len());
}

#[test]
fn keep_alives() {
    let mut writer = asynch::EventWriter::new(Connection::writing(&[Act::Move(2)]), [0; 16]);
    assert_eq!(poll(writer.keep_alive(), 1), Some(Ok(())));
    assert_eq!(poll(writer.send(&Event::new().data("x")), 1), Some(Ok(())));
    assert_eq!(writer.into_inner().output, b":\n\ndata: x\n\n");
}

#[test]
fn an_event_that_does_not_fit_is_not_written() {
    let mut writer = blocking::EventWriter::new(Connection::writing(&[]), [0; 12]);
    let too_small = FormatError::BufferTooSmall(BufferTooSmall { needed: 13 });
    let event = Event::new().data("12345");
    assert_eq!(writer.send(&event), Err(WriteError::Encode(too_small)));
    assert_eq!(
        writer.send(&event.data_fmt(format_args!("12345"))),
        Err(WriteError::Encode(too_small))
    );
    writer.send(&event.data("1234")).unwrap();
    assert_eq!(writer.into_inner().output, b"data: 1234\n\n");

    let mut writer = blocking::EventWriter::new(Connection::writing(&[]), [0; 2]);
    let too_small = FormatError::BufferTooSmall(BufferTooSmall { needed: 3 });
    assert_eq!(writer.keep_alive(), Err(WriteError::Encode(too_small)));
}

/// A connection that accepts no bytes without an error must not cause a loop or a panic.
#[test]
fn write_zero_is_an_error() {
    struct Full;
    impl embedded_io::ErrorType for Full {
        type Error = ErrorKind;
    }
    impl embedded_io::Write for Full {
        fn write(&mut self, _: &[u8]) -> Result<usize, ErrorKind> {
            Ok(0)
        }
        fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }
    let mut writer = blocking::EventWriter::new(Full, [0; 64]);
    assert_eq!(writer.send(&Event::new().data("x")), Err(WriteError::WriteZero));
}

/// A read of no bytes is the end. Bytes after it are still read.
#[test]
fn a_read_of_nothing_is_the_end() {
    let mut reader =
        blocking::EventReader::new(Connection::reading(b"data: a\n\ndata: ", &[]), [0; 16]);
    assert_eq!(reader.next().unwrap().unwrap().data(), b"a");
    assert!(reader.next().unwrap().is_none());
    assert!(reader.decoder().is_mid_event(), "cut off");
    reader.connection_mut().input.extend(b"b\n\n");
    assert_eq!(reader.next().unwrap().unwrap().data(), b"b");
}

#[test]
fn reconnecting_keeps_the_id() {
    let mut reader = blocking::EventReader::new(&b"id: 1\ndata: a\n\ndata: cut"[..], [0; 32]);
    reader.next().unwrap().unwrap();
    assert!(reader.next().unwrap().is_none());
    reader.reconnect(b"\xEF\xBB\xBFdata: b\n\n");
    let event = reader.next().unwrap().unwrap();
    assert_eq!((event.data(), event.last_event_id()), (&b"b"[..], &b"1"[..]));
}

/// An error displays the error within, and has its source, so that a chain says each cause once.
#[test]
fn errors_say_each_cause_once() {
    use std::error::Error;
    use std::fmt;

    #[derive(Debug)]
    struct Reset(fmt::Error);

    impl fmt::Display for Reset {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("reset")
        }
    }

    impl Error for Reset {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    let buffered = BufferedError::Io(Reset(fmt::Error));
    let (read, write) = (ReadError::Io(Reset(fmt::Error)), WriteError::Io(Reset(fmt::Error)));
    for error in [&buffered as &dyn Error, &read, &write] {
        assert_eq!(error.to_string(), "reset");
        assert!(error.source().is_some_and(|source| source.is::<fmt::Error>()), "{error:?}");
    }
    let lost = ReadError::<Reset>::Decode(DecodeError::EventTooLong);
    let too_small = FormatError::BufferTooSmall(BufferTooSmall { needed: 7 });
    let too_small = WriteError::<Reset>::Encode(too_small);
    for error in [&lost as &dyn Error, &too_small, &WriteError::<Reset>::WriteZero] {
        assert!(error.source().is_none(), "{error:?}");
    }
    assert!(BufferedError::<Reset>::EmptyBuffer.source().is_none());
    for (error, part) in
        [(WriteError::WriteZero, "no more bytes"), (WriteError::Unfinished, "unfinished")]
    {
        let error: WriteError<ErrorKind> = error;
        assert!(error.to_string().contains(part), "{error}");
    }
}
