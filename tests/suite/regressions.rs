//! Regression tests: faults of other implementations, and faults that users of this one reported, with public reports of
//! the same fault elsewhere. The name of a test states the correct behavior, or the fault as it was reported.

use crate::support::drive::{CALLS, Call, READERS, as_text, feed, feed_all, read_stream, split};
use crate::support::oracle::{self, Client, Output, event};
use sse_wire::{DecodeError, Decoder, Event, EventId, EventType, Progress};
use std::io::{BufRead, Read};

fn decode(chunks: &[&[u8]]) -> Vec<Output> {
    feed_all(&mut Decoder::new([0; 256]), chunks, Call::Next, as_text)
}

/// eventsource-stream panics on a byte order mark, whole or split.
#[test]
fn byte_order_mark() {
    let stream = b"\xEF\xBB\xBFdata: a\n\n";
    for at in 0..stream.len() {
        assert_eq!(decode(&split(stream, &[at])), [event("message", "a", "")]);
    }
}

/// eventsource-stream withholds all events after one invalid byte; sse-stream ends the stream.
#[test]
fn bad_utf8_costs_nothing_but_itself() {
    let found = decode(&[b"data: a\xFFb\n\ndata: c\n\n", b"data: \xE2\x82\n\n", b"data: d\n\n"]);
    let expected = ["a\u{FFFD}b", "c", "\u{FFFD}", "d"].map(|data| event("message", data, ""));
    assert_eq!(found, expected);
}

/// sse-stream forgets the ID after the event that set it.
#[test]
fn id_persists() {
    let found = decode(&[b"id: 1\ndata: a\n\ndata: b\n\n", b"event: x\ndata: c\n\n"]);
    let expected = [event("message", "a", "1"), event("message", "b", "1"), event("x", "c", "1")];
    assert_eq!(found, expected);
}

/// sseer loses the last event ID on the second reconnection.
#[test]
fn id_survives_every_reconnection() {
    let mut decoder = Decoder::new([0; 64]);
    feed(&mut decoder, b"id: 1\ndata: a\n\n", Call::Next, as_text);
    for _ in 0..3 {
        decoder.reconnect();
        assert_eq!(decoder.last_event_id(), b"1");
        let found = feed(&mut decoder, b"data: b\n\ndata: cut o", Call::Next, as_text);
        assert_eq!(found, [event("message", "b", "1")]);
    }
}

/// sseer drops a block that has only a reconnection time.
#[test]
fn retry_alone() {
    let mut decoder = Decoder::new([0; 64]);
    assert_eq!(feed(&mut decoder, b"retry: 1500\n\n", Call::Next, as_text), []);
    assert_eq!(decoder.reconnection_time().unwrap().as_millis(), 1500);
}

/// sseer accepts a sign, and others accept whatever their number parser accepts.
#[test]
fn retry_is_digits() {
    for value in ["+5", "-5", "5.0", " 5 ", "0x5", "5e3", "5_0", "", "\u{0665}", "5\0"] {
        let mut decoder = Decoder::new([0; 64]);
        let stream = format!("retry:{value}\n\n");
        for byte in stream.as_bytes().chunks(1) {
            feed(&mut decoder, byte, Call::Next, as_text);
        }
        assert_eq!(decoder.reconnection_time(), None, "{value:?}");
    }
}

/// eventsource-client treats a field named `comment` as a comment.
#[test]
fn comment_is_not_a_name() {
    let mut tokenizer = sse_wire::Tokenizer::new();
    assert_eq!(tokenizer.next(&mut &b"comment: x\n"[..]), None);
    assert_eq!(decode(&[b"comment: x\ndata: a\n\n"]), [event("message", "a", "")]);
}

/// tokio_sse_codec, async-sse, sse-codec: a split CRLF becomes a blank line.
#[test]
fn crlf_split_in_two() {
    let stream = b"event: x\r\ndata: a\r\ndata: b\r\n\r\n";
    for at in 0..stream.len() {
        assert_eq!(decode(&split(stream, &[at, 0, 0])), [event("x", "a\nb", "")], "split at {at}");
    }
}

/// The same crates: `data` without a colon, and an empty `event`.
#[test]
fn lines_without_a_value() {
    let found = decode(&[b"data\n\ndata\ndata\n\nevent: x\nevent\ndata: a\n\nevent:\ndata: b\n\n"]);
    assert_eq!(found, ["", "\n", "a", "b"].map(|data| event("message", data, "")));
}

/// sse-core's memory never shrinks. Here a growing buffer releases memory of which 32 events needed less than a
/// quarter, and at a reconnection all except the ID's.
#[cfg(feature = "alloc")]
#[test]
fn memory_is_given_back() {
    use sse_wire::GrowingBuffer;

    let mut decoder = Decoder::new(GrowingBuffer::with_limit(1 << 20));
    assert_eq!(decoder.buffer().allocated(), 0);
    // In two chunks, so that the decoder uses its buffer.
    let mut send = |len: usize| {
        let stream = format!(": note\n\nid: 1\ndata: {}", "x".repeat(len));
        assert_eq!(feed(&mut decoder, stream.as_bytes(), Call::Next, as_text), []);
        assert_eq!(feed(&mut decoder, b"\n\n\n", Call::Next, as_text).len(), 1);
        decoder.buffer().allocated()
    };
    assert!((500_000..=1 << 20).contains(&send(500_000)));
    let large = send(10);
    for _ in 2..32 {
        assert_eq!(send(30_000), large, "not yet 32 events");
    }
    for _ in 0..31 {
        assert_eq!(send(30_000), large, "the large event was among the 32 before");
    }
    assert!((60_000..=62_000).contains(&send(30_000)), "twice what they needed");
    for _ in 0..100 {
        assert!((60_000..=62_000).contains(&send(20_000)), "more than a quarter is needed");
    }

    decoder.reconnect();
    assert_eq!(decoder.buffer().allocated(), 1 + 8, "the id, and the bytes that stay free");
    assert_eq!(decoder.last_event_id(), b"1");
}

/// go-sse dispatches at the end of the stream.
#[test]
fn end_of_stream_does_not_dispatch() {
    for stream in ["data: a", "data: a\n", "id: 1\ndata: a\r", "id: 1\n"] {
        let mut decoder = Decoder::new([0; 64]);
        assert_eq!(feed(&mut decoder, stream.as_bytes(), Call::Next, as_text), []);
        assert!(decoder.is_mid_event());
        assert_eq!(decoder.last_event_id(), b"");
    }
}

/// fastify-sse, hono, h3, django-eventstream, fastapi, picoserve: a line break in a value starts a new field.
#[test]
fn nothing_is_injected() {
    for line_break in ["\n", "\r", "\r\n"] {
        let attack = format!("x{line_break}data: injected{line_break}{line_break}id: 6");
        assert!(EventType::new(&attack).is_err());
        assert!(EventId::new(&attack).is_err());
        assert!(EventType::from_bytes(attack.as_bytes()).is_err());
        assert!(EventId::from_bytes(attack.as_bytes()).is_err());

        let mut out = [0; 256];
        let bytes = Event::new().comment(&attack).data(&attack).encode(&mut out).unwrap();
        let data = "x\ndata: injected\n\nid: 6";
        let found = oracle::spec(&mut Client::default(), bytes);
        assert_eq!(found, [event("message", data, "")]);
    }
}

/// axum sends nothing for empty data.
#[test]
fn empty_data_is_an_event() {
    let mut out = [0; 16];
    let bytes = Event::new().data("").encode(&mut out).unwrap();
    assert_eq!(decode(&[bytes]), [event("message", "", "")]);
}

/// The loop in the docs of `decode`: it consumes before it returns.
fn read_event(
    decoder: &mut Decoder<[u8; 256]>,
    stream: &mut impl BufRead,
) -> Option<Result<String, DecodeError>> {
    loop {
        let available = stream.fill_buf().unwrap();
        if available.is_empty() {
            return None;
        }
        let mut chunk = available;
        let progress = decoder.decode(&mut chunk);
        let used = available.len() - chunk.len();
        stream.consume(used);
        match progress {
            Ok(Progress::NeedInput) => {}
            Ok(Progress::Event) => {
                return decoder.event().map(|event| Ok(event.data_str().unwrap().into()));
            }
            Err(error) => return Some(Err(error)),
        }
    }
}

/// The same loop with a `?` before it consumes, as in earlier docs.
fn read_event_and_consume_too_late(
    decoder: &mut Decoder<[u8; 256]>,
    stream: &mut impl BufRead,
) -> Result<Option<String>, DecodeError> {
    loop {
        let available = stream.fill_buf().unwrap();
        if available.is_empty() {
            return Ok(None);
        }
        let mut chunk = available;
        let progress = decoder.decode(&mut chunk)?;
        let used = available.len() - chunk.len();
        stream.consume(used);
        if progress == Progress::Event {
            return Ok(decoder.event().map(|event| event.data_str().unwrap().into()));
        }
    }
}

const TOO_LONG: Result<&str, DecodeError> = Err(DecodeError::EventTooLong);

/// Report lluchs/eventsource#1: `data: 1\n\ndata: <300 x>\n\ndata: 2\n\n` in one chunk, through a loop over `decode`,
/// returned the error forever.
#[test]
fn an_event_that_is_too_long_comes_for_ever() {
    let stream = format!("data: 1\n\ndata: {}\n\ndata: 2\n\n", "x".repeat(300));

    let (mut decoder, mut rest) = (Decoder::new([0; 256]), stream.as_bytes());
    let found: Vec<_> = std::iter::from_fn(|| read_event(&mut decoder, &mut rest)).collect();
    assert_eq!(found, [Ok("1"), TOO_LONG, Ok("2")].map(|found| found.map(String::from)));

    // The result for a caller that returns before it consumes.
    let (mut decoder, mut rest) = (Decoder::new([0; 256]), stream.as_bytes());
    let mut next = || read_event_and_consume_too_late(&mut decoder, &mut rest);
    assert_eq!(next(), Ok(Some("1".into())));
    for _ in 0..10 {
        assert_eq!(next(), Err(DecodeError::EventTooLong));
    }
}

/// `data: <300 x>` and `\ndata: TAIL\n\ndata: 2\n\n`, through the same loop, returned the tail of the event that
/// is too long as an event.
#[test]
fn the_tail_of_an_event_that_is_too_long_is_an_event() {
    let first = format!("data: {}", "x".repeat(300));
    let second = b"\ndata: TAIL\n\ndata: 2\n\n";

    let (mut decoder, mut stream) = (Decoder::new([0; 256]), first.as_bytes().chain(&second[..]));
    let found: Vec<_> = std::iter::from_fn(|| read_event(&mut decoder, &mut stream)).collect();
    assert_eq!(found, [TOO_LONG, Ok("2")].map(|found| found.map(String::from)));

    // The result for a caller that returns before it consumes.
    let (mut decoder, mut stream) = (Decoder::new([0; 256]), first.as_bytes().chain(&second[..]));
    let mut next = || read_event_and_consume_too_late(&mut decoder, &mut stream);
    assert_eq!(next(), Err(DecodeError::EventTooLong));
    assert_eq!(next(), Ok(Some("TAIL".into())));
}

/// Report alpakka#1183: six times `id: <130 i>N\ndata: a\n\n` over 256 bytes. No later ID fits beside the first one,
/// which stayed the last event ID. So a client that reconnected received the same events forever.
#[test]
fn a_long_id_keeps_out_the_ids_after_it() {
    let id = |n: usize| format!("{}{n}", "i".repeat(130));
    let events: Vec<String> = (0..6).map(|n| format!("id: {}\ndata: a\n\n", id(n))).collect();
    for &reader in READERS {
        for length in [usize::MAX, 64, 1] {
            for n in 0..6 {
                let stream = events[..=n].concat();
                let chunks: Vec<&[u8]> =
                    stream.as_bytes().chunks(length.min(stream.len())).collect();
                let decoder = Decoder::new([0; 256]);
                let (found, mut decoder) = read_stream(decoder, &chunks, reader, as_text);
                let mut expected = vec![event("message", "a", &id(0))];
                expected.resize(n + 1, Output::TooLong);
                assert_eq!(found, expected, "{reader:?} {length}");
                assert_eq!(decoder.last_event_id(), id(n).as_bytes(), "{reader:?} {length}");
                decoder.reconnect();
                assert_eq!(decoder.last_event_id(), id(n).as_bytes(), "{reader:?} {length}");
            }
        }
    }
}

/// `id: <240 i>\ndata: a\n\n`, then 200 times `data: <9 x>\n\n` over 256 bytes. All events are too long beside
/// the ID, also after a reconnection, until another ID replaces it. A buffer that holds this ID and an event returns
/// them all.
#[test]
fn a_long_id_keeps_out_the_events_after_it() {
    let id = "i".repeat(240);
    let first = format!("id: {id}\ndata: a\n\n");
    let short = "data: xxxxxxxxx\n\n";
    for call in CALLS {
        let stuck = || {
            let mut decoder = Decoder::new([0; 256]);
            assert_eq!(feed(&mut decoder, first.as_bytes(), call, as_text), [Output::TooLong]);
            let found = feed(&mut decoder, short.repeat(200).as_bytes(), call, as_text);
            assert_eq!(found, vec![Output::TooLong; 200]);
            decoder.reconnect();
            assert_eq!(feed(&mut decoder, short.as_bytes(), call, as_text), [Output::TooLong]);
            assert_eq!(decoder.last_event_id(), id.as_bytes());
            decoder
        };
        // The lines that release it, and the last event ID after each.
        for (freeing, last_event_id) in
            [("id: 7\n\n", "7"), ("id\n\n", ""), ("id: 8\rdata: b\r\r", "8")]
        {
            let mut decoder = stuck();
            feed(&mut decoder, freeing.as_bytes(), call, as_text);
            let found = feed(&mut decoder, short.as_bytes(), call, as_text);
            assert_eq!(found, [event("message", "xxxxxxxxx", last_event_id)], "{freeing:?}");
        }
        let mut decoder = stuck();
        decoder.set_last_event_id(b"9").unwrap();
        let found = feed(&mut decoder, short.as_bytes(), call, as_text);
        assert_eq!(found, [event("message", "xxxxxxxxx", "9")]);

        // One ID of that length and the longest event.
        let mut buffer = vec![0; id.len() + first.len() + 8];
        let mut decoder = Decoder::new(&mut buffer[..]);
        let found = feed(&mut decoder, first.as_bytes(), call, as_text);
        assert_eq!(found, [event("message", "a", &id)]);
        let found = feed(&mut decoder, short.repeat(200).as_bytes(), call, as_text);
        assert_eq!(found, vec![event("message", "xxxxxxxxx", &id); 200]);
    }
}

/// Report a2a-js#582, nv-redfish#138: 1 MiB of one event without an end over 64 bytes. The caller was not informed.
#[cfg(feature = "alloc")]
#[test]
fn an_event_without_an_end_is_silent() {
    use sse_wire::GrowingBuffer;

    let endless = ["data: ", &"x".repeat(500), "\n"].concat().repeat(2100);
    let one_line = ["data: ", &"x".repeat(1 << 20)].concat();
    for stream in [&endless, &one_line] {
        assert!(stream.len() > 1 << 20);
        let mut decoder = Decoder::new(GrowingBuffer::with_limit(64));
        let mut chunks = stream.as_bytes().chunks(1460);
        for mut chunk in chunks.by_ref() {
            assert!(decoder.next(&mut chunk).is_none());
            assert!(decoder.is_too_long());
            assert!(decoder.buffer().allocated() <= 64);
        }

        #[cfg(all(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
        {
            use crate::support::drive::readers::Chunks;
            use sse_wire::io::{Received, blocking::EventReader};
            let chunks: Vec<&[u8]> = stream.as_bytes().chunks(1460).collect();
            let mut reader = EventReader::new(Chunks::new(&chunks), GrowingBuffer::with_limit(64));
            let mut signs_of_life = 0;
            while reader.receive().unwrap() == Received::Bytes {
                assert!(reader.decoder().is_too_long());
                assert!(reader.decoder().buffer().allocated() <= 64);
                signs_of_life += 1;
            }
            assert_eq!(signs_of_life, chunks.len());
        }
    }
}

/// Report llama.cpp#16109, toolhive#6037: an unknown field, and JSON that is not an event stream, were ignored
/// silently.
#[test]
fn nothing_tells_that_a_line_was_ignored() {
    for (stream, events, ignored_lines) in [
        ("error: {\"code\":400}\n\ndata: [DONE]\n\n", &["[DONE]"][..], 1),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}\n", &[], 1),
    ] {
        for &reader in READERS {
            for length in 1..=stream.len() {
                let chunks: Vec<&[u8]> = stream.as_bytes().chunks(length).collect();
                let (found, decoder) = read_stream(Decoder::new([0; 64]), &chunks, reader, as_text);
                let events: Vec<Output> =
                    events.iter().map(|data| event("message", data, "")).collect();
                assert_eq!(found, events, "{stream:?} {reader:?} {length}");
                assert_eq!(
                    decoder.ignored_lines(),
                    ignored_lines,
                    "{stream:?} {reader:?} {length}"
                );
                assert_eq!(decoder.comments(), 0);
            }
        }
    }
}

/// Report reqwest-eventsource#25, mattermost-plugin-agents#985: `:\n\n` four times, then `data: a\n\n`, one for each
/// read. The reader returned once, so that a deadline around it ended a healthy stream.
#[cfg(all(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
#[test]
fn a_reader_gives_no_sign_of_life() {
    use crate::support::drive::readers::Chunks;
    use sse_wire::io::{Received, asynch, blocking};

    let chunks = [":\n\n", ":\n\n", ":\n\n", ":\n\n", "data: a\n\n"].map(str::as_bytes);
    let mut reader = blocking::EventReader::new(Chunks::new(&chunks), [0; 64]);
    let mut async_reader = asynch::EventReader::new(Chunks::new(&chunks), [0; 64]);
    for comments in 1..=4 {
        assert_eq!(reader.receive(), Ok(Received::Bytes));
        assert_eq!(reader.decoder().comments(), comments);
        let received = embassy_futures::block_on(async_reader.receive());
        assert_eq!(received, Ok(Received::Bytes));
        assert_eq!(async_reader.decoder().comments(), comments);
    }
    let is_a = |received| matches!(received, Ok(Received::Event(event)) if event.data() == b"a");
    assert!(is_a(reader.receive()));
    assert!(is_a(embassy_futures::block_on(async_reader.receive())));
    assert_eq!(reader.receive(), Ok(Received::End));
    assert_eq!(embassy_futures::block_on(async_reader.receive()), Ok(Received::End));
}

/// Report llm-gateway#2055: `id: 1\nevent: a\nretry: 5\ndata: x\n\ndata: y\n\n`, decoded and encoded again by a proxy:
/// the second event got the ID of the first one, and a type.
#[test]
fn a_proxy_makes_up_fields() {
    fn encode_again(event: &sse_wire::MessageEvent<'_>) -> Vec<u8> {
        let mut copy = Event::new().data_bytes(event.data());
        if let Some(event_type) = event.own_event_type() {
            copy = copy.event_type(EventType::from_bytes(event_type).unwrap());
        }
        if let Some(id) = event.own_id() {
            copy = copy.id(EventId::from_bytes(id).unwrap());
        }
        if let Some(retry) = event.retry() {
            copy = copy.retry(retry);
        }
        let mut out = vec![0; copy.encoded_len()];
        copy.encode(&mut out).unwrap().to_vec()
    }
    let reported = "id: 1\nevent: a\nretry: 5\ndata: x\n\ndata: y\n\n";
    // In the encoder's order, so that the bytes are the same.
    let same = "event: a\nid: 1\nretry: 5\ndata: x\n\ndata: y\n\nid: \ndata: z\ndata: \n\n\
        event: message\nretry: 0\ndata: \n\n";
    for stream in [reported, same] {
        for length in 1..=stream.len() {
            let mut decoder = Decoder::new([0; 64]);
            let mut sent = Vec::new();
            for mut chunk in stream.as_bytes().chunks(length) {
                while let Some(event) = decoder.next(&mut chunk) {
                    sent.extend(encode_again(&event.unwrap()));
                }
            }
            let mut clients = [Client::default(), Client::default()];
            let [direct, proxied] = &mut clients;
            let expected = oracle::limited(direct, stream.as_bytes(), 1000);
            assert_eq!(oracle::limited(proxied, &sent, 1000), expected, "chunks of {length}");
            assert_eq!(proxied, direct);
            if stream == same {
                assert_eq!(sent, stream.as_bytes(), "chunks of {length}");
            }
        }
    }
}

/// A decoder within an event (`data: cut o`), given to a new reader whose stream is `data: new\n\n`, returned
/// `cut odata: new`.
#[cfg(all(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
#[test]
fn a_reader_goes_on_within_an_event_of_another_stream() {
    use sse_wire::io::{asynch, blocking};

    for cut_off in [
        "data: cut o",
        "data: cut\n",
        "da",
        "id: 2\nevent: x\n",
        "data: cut\r",
        "\u{FEFF}id: 2",
        ": x",
    ] {
        let in_mid_event = || {
            let mut decoder = Decoder::new([0; 64]);
            let before = format!("id: 1\nretry: 5\ndata: a\n\n{cut_off}");
            assert_eq!(feed(&mut decoder, before.as_bytes(), Call::Next, as_text).len(), 1);
            decoder
        };
        let new: &[u8] = b"\xEF\xBB\xBFdata: new\n\n";
        let expected = event("message", "new", "1");

        let mut reader = blocking::EventReader::with_decoder(new, in_mid_event());
        assert_eq!(as_text(&reader.next().unwrap().unwrap()), expected, "{cut_off:?}");
        assert_eq!(reader.decoder().reconnection_time().unwrap().as_millis(), 5);
        let mut reader = asynch::EventReader::with_decoder(new, in_mid_event());
        let found = embassy_futures::block_on(reader.next());
        assert_eq!(as_text(&found.unwrap().unwrap()), expected, "{cut_off:?}");
        assert_eq!(reader.decoder().reconnection_time().unwrap().as_millis(), 5);
    }
}

/// A `Buffered` over `Vec::with_capacity(1024)`, whose length is 0, reported the end of the stream at once.
#[cfg(all(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
#[test]
fn an_empty_buffer_looks_like_the_end_of_the_stream() {
    use embedded_io::Error;
    use sse_wire::io::{Buffered, BufferedError, ReadError, asynch, blocking};

    let stream: &[u8] = b"data: a\n\n";
    let empty = Err(ReadError::Io(BufferedError::EmptyBuffer));

    let buffered = Buffered::new(stream, Vec::with_capacity(1024));
    let mut reader = blocking::EventReader::new(buffered, [0; 64]);
    assert_eq!(reader.next(), empty);
    assert_eq!(reader.receive(), Err(ReadError::Io(BufferedError::EmptyBuffer)), "and it stays so");
    let (buffered, decoder) = reader.into_parts();
    assert_eq!(buffered.into_inner(), stream, "nothing was read");
    assert!(!decoder.is_mid_event());

    let buffered = Buffered::new(stream, Vec::with_capacity(1024));
    let mut reader = asynch::EventReader::new(buffered, [0; 64]);
    assert_eq!(embassy_futures::block_on(reader.next()), empty);
    assert_eq!(reader.into_parts().0.into_inner(), stream, "nothing was read");

    let mut buffered = Buffered::new(stream, []);
    let error = embedded_io::Read::read(&mut buffered, &mut [0]).unwrap_err();
    assert_eq!(error.kind(), embedded_io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("empty"), "{error}");
    let mut out = [0];
    let read = embedded_io_async::Read::read(&mut buffered, &mut out);
    assert_eq!(embassy_futures::block_on(read), Err(error));

    // The end of a connection is not an error of the buffer.
    let mut reader = blocking::EventReader::new(Buffered::new(&[][..], vec![0; 1024]), [0; 64]);
    assert_eq!(reader.next(), Ok(None));
}

/// The bytes of a connection, with chunked framing, given to a decoder. The framing is not a field, and its
/// line ends split the data.
#[test]
fn raw_chunked_framing_is_decoded() {
    let stream = b"8\r\ndata: 12\r\n5\r\n345\n\n\r\n";
    for &reader in READERS {
        for length in 1..=stream.len() {
            let chunks: Vec<&[u8]> = stream.chunks(length).collect();
            let (found, decoder) = read_stream(Decoder::new([0; 64]), &chunks, reader, as_text);
            assert_eq!(found, [event("message", "12", "")], "{reader:?} {length}");
            // `8`, `5` and `345`: they tell the caller of the framing.
            assert_eq!(decoder.ignored_lines(), 3, "{reader:?} {length}");
        }
    }
}

/// Calling `next` with a new slice of the same bytes decodes them again: the slice must live as long as the loop, as
/// the docs of `next` say. The same is true of `decode` and a tokenizer.
#[test]
fn a_new_slice_for_each_call_starts_at_the_first_byte() {
    use sse_wire::{Field, Token, Tokenizer};

    let bytes = b"data: a\n\ndata: b\n\n";
    let mut decoder = Decoder::new([0; 64]);
    for _ in 0..10 {
        let found = decoder.next(&mut &bytes[..]).unwrap().unwrap();
        assert_eq!(as_text(&found), event("message", "a", ""));
        assert_eq!(decoder.decode(&mut &bytes[..]), Ok(Progress::Event));
        assert_eq!(as_text(&decoder.event().unwrap()), event("message", "a", ""));
    }
    let mut tokenizer = Tokenizer::new();
    for _ in 0..10 {
        let value = Token::Value { field: Field::Data, fragment: b"a", end: true };
        assert_eq!(tokenizer.next(&mut &bytes[..]), Some(value));
    }

    let mut chunk = &bytes[..];
    let next = || Some(as_text(&decoder.next(&mut chunk)?.unwrap()));
    let found: Vec<Output> = std::iter::from_fn(next).take(10).collect();
    assert_eq!(found, ["a", "b"].map(|data| event("message", data, "")));
}

/// Report better-sse#41, typescript-sdk#2541: with `Cache-Control: no-cache` alone, Traefik, Caddy and `compression`
/// layers delay events in order to compress them.
#[test]
fn proxies_hold_events_back() {
    let values = |name: &str| -> Vec<&str> {
        let headers = sse_wire::RESPONSE_HEADERS.iter();
        headers
            .filter(|header| header.0.eq_ignore_ascii_case(name))
            .map(|header| header.1)
            .collect()
    };
    assert_eq!(values("Cache-Control"), ["no-cache, no-transform"]);
    assert_eq!(values("X-Accel-Buffering"), ["no"]);
}

/// `EventWriter::new(connection, Vec::with_capacity(1024))`, whose buffer has length 0, reported for each event
/// that the buffer was too small.
#[cfg(all(feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
#[test]
fn a_buffer_that_is_empty_by_mistake() {
    use embassy_futures::block_on;
    use sse_wire::io::{WriteError, asynch, blocking};

    let event = Event::new().data("a");
    let mut wire = [0; 64];
    let mut writer = blocking::EventWriter::new(&mut wire[..], Vec::with_capacity(1024));
    assert_eq!(writer.send(&event), Err(WriteError::EmptyBuffer));
    assert_eq!(writer.send(&event.data_fmt(format_args!("a"))), Err(WriteError::EmptyBuffer));
    assert_eq!(writer.keep_alive(), Err(WriteError::EmptyBuffer));
    assert_eq!(writer.begin(&event).map(drop), Err(WriteError::EmptyBuffer));
    let mut writer = asynch::EventWriter::new(&mut wire[..], Vec::with_capacity(1024));
    assert_eq!(block_on(writer.send(&event)), Err(WriteError::EmptyBuffer));
    assert_eq!(block_on(writer.keep_alive()), Err(WriteError::EmptyBuffer));
    let begun = block_on(writer.begin(&event)).map(drop);
    assert_eq!(begun, Err(WriteError::EmptyBuffer));
    let message = WriteError::<core::convert::Infallible>::EmptyBuffer.to_string();
    assert!(message.contains("buffer has a length of 0"), "{message}");
}

/// Report axum#3385, esphome#19376: the JSON of a value, 5 000 bytes, through a writer of 64 bytes, needed a second
/// buffer that held all of it.
#[cfg(all(feature = "std", feature = "embedded-io-v0.7", feature = "embedded-io-async-v0.7"))]
#[test]
fn json_that_is_longer_than_the_buffer() {
    use embedded_io_async::Write as _;
    use sse_wire::io::{asynch, blocking};

    let value: Vec<_> = (0..250).map(|n| serde_json::json!({ "n": n, "text": "a\nb" })).collect();
    let text = serde_json::to_string(&value).unwrap();
    assert!(text.len() > 5000, "{}", text.len());
    for pretty in [false, true] {
        let mut wire = vec![0; 64 * 1024];
        let mut writer = blocking::EventWriter::new(&mut wire[..], [0; 64]);
        let mut data = writer.begin(&Event::new().id(EventId::from_u64(1))).unwrap();
        if pretty {
            serde_json::to_writer_pretty(&mut data, &value).unwrap();
        } else {
            serde_json::to_writer(&mut data, &value).unwrap();
        }
        data.finish().unwrap();
        let text =
            if pretty { serde_json::to_string_pretty(&value).unwrap() } else { text.clone() };
        let expected = [event("message", &text, "1")];
        let left = writer.into_inner().len();
        let len = wire.len() - left;
        let mut decoder = Decoder::new(vec![0; 64 * 1024].into_boxed_slice());
        let found = feed(&mut decoder, &wire[..len], Call::Next, as_text);
        assert!(found == expected, "it comes out as something else");

        // No second buffer: each part is written as it is formatted.
        let mut wire = vec![0; 64 * 1024];
        let mut writer = asynch::EventWriter::new(&mut wire[..], [0; 64]);
        embassy_futures::block_on(async {
            let mut data = writer.begin(&Event::new().id(EventId::from_u64(1))).await.unwrap();
            for piece in text.as_bytes().chunks(100) {
                data.write_all(piece).await.unwrap();
            }
            data.finish().await.unwrap();
        });
        let found = feed(&mut decoder, &wire[..len], Call::Next, as_text);
        assert!(found == expected, "it comes out as something else");
    }
}
