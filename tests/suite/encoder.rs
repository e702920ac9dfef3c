//! Tests of the encoder's guarantees: encoded events are read back, any input gives exactly one event, the length is
//! exact, and an output gets all of an event or nothing.

use crate::support::drive::{Call, as_bytes, feed, split};
use crate::support::oracle::{self, Client, Output, Own, latin1};
use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::{
    BufferTooSmall, Decoder, Event, EventId, EventType, FormatError, event_id, event_type,
};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

#[derive(Clone, Debug)]
struct Parts {
    comment: Option<Vec<u8>>,
    event_type: Option<String>,
    id: Option<String>,
    retry: Option<u64>,
    data: Option<Vec<u8>>,
}

impl Parts {
    fn event(&self) -> Event<'_> {
        let mut event = Event::new();
        if let Some(comment) = &self.comment {
            event = match std::str::from_utf8(comment) {
                Ok(comment) => event.comment(comment),
                Err(_) => event.comment_bytes(comment),
            };
        }
        if let Some(event_type) = &self.event_type {
            event = event.event_type(EventType::new(event_type).unwrap());
        }
        if let Some(id) = &self.id {
            event = event.id(EventId::new(id).unwrap());
        }
        if let Some(milliseconds) = self.retry {
            event = event.retry(Duration::from_millis(milliseconds));
        }
        if let Some(data) = &self.data {
            event = event.data_bytes(data);
        }
        event
    }

    #[cfg(any(feature = "alloc", feature = "heapless-v0.9"))]
    fn is_text(&self) -> Option<&str> {
        self.data.as_ref().and_then(|data| std::str::from_utf8(data).ok())
    }

    /// The event that a client must receive.
    fn expected(&self) -> (Vec<Output>, Client) {
        let own = Own {
            id: self.id.as_ref().map(|id| latin1(id.as_bytes())),
            retry: self.retry.map(u128::from),
        };
        let id = latin1(self.id.as_deref().unwrap_or_default().as_bytes());
        let given = self.event_type.as_deref().filter(|given| !given.is_empty());
        let output = self.data.as_ref().map(|data| Output::Event {
            event_type: latin1(given.unwrap_or("message").as_bytes()),
            data: latin1(data).replace("\r\n", "\n").replace('\r', "\n"),
            last_event_id: id.clone(),
            own,
        });
        let lines = |comment: &Vec<u8>| {
            latin1(comment).replace("\r\n", "\n").replace('\r', "\n").split('\n').count()
        };
        let client = Client {
            last_event_id: id,
            retry: self.retry.map(u128::from),
            comments: self.comment.as_ref().map_or(0, lines) as u32,
            ..Client::default()
        };
        (output.into_iter().collect(), client)
    }
}

/// Text with characters that could end a field.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "\n",
            "\r",
            "\r\n",
            "\n\n",
            "\0",
            " ",
            ":",
            "data: x",
            "\nid: 1",
            "\revent: x",
            "\u{FEFF}",
            "\u{2028}",
            "\u{85}",
            "retry: 1",
            "",
        ])
        .prop_map(String::from),
        any::<String>(),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn line(forbidden: &'static [char]) -> impl Strategy<Value = String> {
    text().prop_map(move |text| text.replace(forbidden, ""))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        text().prop_map(String::into_bytes),
        vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r')], 0..60),
    ]
}

fn parts() -> impl Strategy<Value = Parts> {
    (
        proptest::option::of(bytes()),
        proptest::option::of(line(&['\n', '\r'])),
        proptest::option::of(line(&['\n', '\r', '\0'])),
        proptest::option::of(any::<u64>()),
        proptest::option::weighted(0.8, bytes()),
    )
        .prop_map(|(comment, event_type, id, retry, data)| Parts {
            comment,
            event_type,
            id,
            retry,
            data,
        })
}

/// An event with the given data.
fn parts_with<D>(data: impl Strategy<Value = D>) -> impl Strategy<Value = (Parts, D)>
where
    D: AsRef<[u8]> + Clone + fmt::Debug,
{
    (parts(), data).prop_map(|(parts, data)| {
        let parts = Parts { data: Some(data.as_ref().to_vec()), ..parts };
        (parts, data)
    })
}

fn encode(event: &Event<'_>) -> Vec<u8> {
    let mut out = vec![0; event.encoded_len()];
    event.encode(&mut out).expect("the length is exact").to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::support::cases(4000), ..ProptestConfig::default() })]

    /// The decoder and the oracle read back the encoded event, and nothing else.
    #[test]
    fn round_trip(parts in parts()) {
        let bytes = encode(&parts.event());
        let (outputs, client) = parts.expected();

        let mut found = Client::default();
        prop_assert_eq!(&oracle::limited(&mut found, &bytes, usize::MAX), &outputs);
        prop_assert_eq!(&found, &client);

        let mut decoder = Decoder::new([0; 4096]);
        prop_assert_eq!(&feed(&mut decoder, &bytes, Call::Next, as_bytes), &outputs);
        prop_assert_eq!(&crate::support::drive::client(&decoder), &client);
    }

    /// An event does not merge with the previous or the next one.
    #[test]
    fn one_event_each(before in parts(), parts in parts(), after in parts()) {
        let all = [&before, &parts, &after];
        let stream: Vec<u8> = all.iter().flat_map(|parts| encode(&parts.event())).collect();
        let events = oracle::limited(&mut Client::default(), &stream, usize::MAX);
        let with_data = all.iter().filter(|parts| parts.data.is_some()).count();
        prop_assert_eq!(events.len(), with_data);
    }

    /// The length is exact, and a slice that is too short does not change.
    #[test]
    fn all_or_nothing(parts in parts()) {
        let event = parts.event();
        let bytes = encode(&event);
        let needed = bytes.len();
        for size in (0..needed).chain([needed, needed + 1, needed + 100]) {
            let mut out = vec![0xA5; size];
            match event.encode(&mut out) {
                Ok(written) => {
                    prop_assert_eq!(&*written, &bytes[..]);
                    prop_assert!(out[needed..].iter().all(|&byte| byte == 0xA5), "wrote beyond");
                    prop_assert!(size >= needed);
                }
                Err(error) => {
                    prop_assert_eq!(error, BufferTooSmall { needed });
                    prop_assert!(size < needed);
                    prop_assert!(out.iter().all(|&byte| byte == 0xA5), "touched");
                }
            }
        }
    }

    /// Compares the scalar writer, which runs at compile time, with the fast one. The scalar one needs the length in
    /// advance; a comment pads the event to it.
    #[test]
    fn scalar_path(parts in parts()) {
        const LENGTH: usize = 1024;
        let mut parts = Parts { comment: None, ..parts };
        let rest = LENGTH.checked_sub(parts.event().encoded_len() + ": \n".len());
        prop_assume!(rest.is_some());
        parts.comment = rest.map(|len| vec![b'c'; len]);
        let event = parts.event();
        prop_assert_eq!(event.to_array::<LENGTH>().unwrap().to_vec(), encode(&event));
        prop_assert_eq!(event.encode(&mut []), Err(BufferTooSmall { needed: LENGTH }));
    }

    /// Formatted data gives the same bytes, in any number of pieces.
    #[test]
    fn formatted((parts, data) in parts_with(text()), sizes in vec(1..5_usize, 0..40)) {
        let bytes = encode(&parts.event());
        let pieces = Pieces { text: &data, sizes: &sizes };

        for size in [0, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            let mut out = vec![0; size];
            let needed = BufferTooSmall { needed: bytes.len() };
            let written = parts.event().data_fmt(format_args!("{pieces}")).encode(&mut out).map(drop);
            prop_assert_eq!(written, Err(FormatError::BufferTooSmall(needed)));
        }
        let mut out = vec![0; bytes.len() + 1];
        let written = parts.event().data_fmt(format_args!("{pieces}")).encode(&mut out).map(|b| b.to_vec());
        prop_assert_eq!(written, Ok(bytes));
    }

    /// Data in pieces gives the bytes of data in one piece, for any split and any length of the slice. The error
    /// contains the length that is needed.
    #[test]
    fn pieces((parts, data) in parts_with(bytes()), lengths in vec(0..64_usize, 0..8)) {
        let bytes = encode(&parts.event());
        let pieces = split(&data, &lengths);
        let event = parts.event().data("left out");
        for size in (0..bytes.len()).chain([bytes.len(), bytes.len() + 1]) {
            let mut out = vec![0; size];
            let mut writer = event.begin(&mut out);
            pieces.iter().for_each(|piece| writer.write_bytes(piece));
            let expected = match size >= bytes.len() {
                true => Ok(bytes.clone()),
                false => Err(BufferTooSmall { needed: bytes.len() }),
            };
            prop_assert_eq!(writer.finish().map(|bytes| bytes.to_vec()), expected);
        }
    }

    /// The traits write the same bytes as `write_bytes`.
    #[cfg(all(feature = "std", feature = "embedded-io-v0.7"))]
    #[test]
    fn pieces_through_traits((parts, data) in parts_with(bytes()), lengths in vec(0..64_usize, 0..8)) {
        let bytes = encode(&parts.event());
        let mut out = vec![0; bytes.len()];
        let mut writer = parts.event().begin(&mut out);
        for (number, piece) in split(&data, &lengths).into_iter().enumerate() {
            match (number % 5, std::str::from_utf8(piece)) {
                (0, Ok(piece)) => fmt::Write::write_str(&mut writer, piece).unwrap(),
                (1, _) => embedded_io::Write::write_all(&mut writer, piece).unwrap(),
                (2, _) => assert_eq!(embedded_io::Write::write(&mut writer, piece), Ok(piece.len())),
                (3, _) => std::io::Write::write_all(&mut writer, piece).unwrap(),
                _ => assert_eq!(std::io::Write::write(&mut writer, piece).unwrap(), piece.len()),
            }
        }
        prop_assert_eq!(writer.finish().map(|bytes| bytes.to_vec()), Ok(bytes));
    }

    /// A vector gets all or nothing: nothing if the writer is dropped before the end, or if the vector is full.
    #[cfg(all(feature = "alloc", feature = "heapless-v0.9", feature = "bytes-v1"))]
    #[test]
    fn pieces_into_vectors(
        (parts, data) in parts_with(bytes()),
        lengths in vec(0..64_usize, 0..8),
        filled in 0..=64_usize,
        is_finished in any::<bool>(),
    ) {
        fn write<O: sse_wire::Output + ?Sized>(
            event: &Event<'_>,
            pieces: &[&[u8]],
            is_finished: bool,
            out: &mut O,
        ) -> Result<(), BufferTooSmall> {
            let mut writer = event.begin_append(out);
            pieces.iter().for_each(|piece| writer.write_bytes(piece));
            if !is_finished {
                drop(writer);
                return Ok(());
            }
            writer.finish()
        }
        let (event, pieces) = (parts.event(), split(&data, &lengths));
        let bytes = encode(&event);
        let before = vec![0xA5; filled];
        let with = |more: &[u8]| [&before, more].concat();

        let mut vec = before.clone();
        prop_assert_eq!(write(&event, &pieces, is_finished, &mut vec), Ok(()));
        prop_assert_eq!(vec, with(if is_finished { &bytes } else { b"" }));
        let mut vec = bytes::BytesMut::from(&before[..]);
        prop_assert_eq!(write(&event, &pieces, is_finished, &mut vec), Ok(()));
        prop_assert_eq!(&vec[..], with(if is_finished { &bytes } else { b"" }));

        let mut vec = heapless::Vec::<u8, 64>::from_slice(&before).unwrap();
        let fits = filled + bytes.len() <= 64;
        let expected =
            if fits || !is_finished { Ok(()) } else { Err(BufferTooSmall { needed: bytes.len() }) };
        prop_assert_eq!(write(&event, &pieces, is_finished, &mut vec), expected);
        prop_assert_eq!(&vec[..], with(if is_finished && fits { &bytes } else { b"" }));
    }

    /// A formatted ID is validated like any other, and must fit.
    #[test]
    fn formatted_ids(text in text(), sizes in vec(1..5_usize, 0..40)) {
        for size in 0..=text.len() + 1 {
            let mut buffer = vec![0; size];
            let pieces = Pieces { text: &text, sizes: &sizes };
            let id = EventId::from_fmt(&mut buffer, format_args!("{pieces}"));
            let expected = match EventId::new(&text) {
                _ if size < text.len() => {
                    Err(FormatError::BufferTooSmall(BufferTooSmall { needed: text.len() }))
                }
                id => id.map_err(FormatError::InvalidField),
            };
            prop_assert_eq!(id, expected);
        }
        let failed = EventId::from_fmt(&mut [0; 8], format_args!("{Fails}")).map(|_| ());
        prop_assert_eq!(failed, Err(FormatError::Display));
    }

    #[cfg(feature = "bytes-v1")]
    #[test]
    fn append_to_bytes(parts in parts()) {
        let mut out = bytes::BytesMut::from(&b"before"[..]);
        parts.event().append_to(&mut out).unwrap();
        prop_assert_eq!(&out[..6], b"before");
        prop_assert_eq!(&out[6..], &encode(&parts.event())[..]);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn append_to_a_vec(parts in parts()) {
        let mut out = b"before".to_vec();
        parts.event().append_to(&mut out).unwrap();
        let bytes = encode(&parts.event());
        prop_assert_eq!(&out[..6], b"before");
        prop_assert_eq!(&out[6..], &bytes[..]);

        if let Some(data) = parts.is_text() {
            let mut out = b"before".to_vec();
            parts.event().data_fmt(format_args!("{data}")).append_to(&mut out).unwrap();
            prop_assert_eq!(&out[6..], &bytes[..]);

            let before = out.clone();
            let failed = parts.event().data_fmt(format_args!("{data}{Fails}")).append_to(&mut out);
            prop_assert_eq!(failed, Err(FormatError::Display));
            prop_assert_eq!(out, before);
        }
    }

    #[cfg(feature = "heapless-v0.9")]
    #[test]
    fn append_to_a_heapless_vec(parts in parts(), filled in 0..=64_usize) {
        let event = parts.event();
        let bytes = encode(&event);
        let mut out = heapless::Vec::<u8, 64>::new();
        out.resize_default(filled).unwrap();
        let mut view = out.clone();
        let expected = if filled + bytes.len() <= 64 {
            Ok(())
        } else {
            Err(BufferTooSmall { needed: bytes.len() })
        };
        let as_it_should_be = match expected {
            Ok(()) => [&vec![0; filled], &bytes[..]].concat(),
            Err(_) => vec![0; filled],
        };

        prop_assert_eq!(event.append_to(&mut out), expected);
        prop_assert_eq!(&out[..], &as_it_should_be[..]);

        let view: &mut heapless::VecView<u8> = &mut view;
        if let Some(data) = parts.is_text() {
            let appended = event.data_fmt(format_args!("{data}")).append_to(view);
            prop_assert_eq!(appended, expected.map_err(FormatError::BufferTooSmall));
        } else {
            prop_assert_eq!(event.append_to(view), expected);
        }
        prop_assert_eq!(&view[..], &as_it_should_be[..]);
    }

    /// Only values that could end a line, or make a client ignore an ID, are rejected.
    #[test]
    fn types_and_ids_are_checked(text in text()) {
        let (lf, cr, nul) = (text.contains('\n'), text.contains('\r'), text.contains('\0'));
        prop_assert_eq!(EventType::new(&text).is_err(), lf || cr);
        prop_assert_eq!(EventId::new(&text).is_err(), lf || cr || nul);
        if let Err(error) = EventId::new(&text) {
            let first = text.bytes().find(|byte| b"\n\r\0".contains(byte));
            prop_assert_eq!(Some(error.byte), first);
        }
    }

    #[test]
    fn numbers(number in prop_oneof![any::<u64>(), 0..1000_u64, Just(u64::MAX)]) {
        let id = EventId::from_u64(number);
        let digits = number.to_string();
        prop_assert_eq!(id.as_bytes(), digits.as_bytes());
        prop_assert_eq!(id, EventId::new(&digits).unwrap());
        prop_assert_ne!(id, EventId::from_u64(number ^ 1));
        let hash = |id: EventId<'_>| BuildHasherDefault::<DefaultHasher>::default().hash_one(id);
        prop_assert_eq!(hash(id), hash(EventId::new(&digits).unwrap()));
        prop_assert_ne!(hash(id), hash(EventId::from_u64(number ^ 1)));
    }
}

/// All splits of all short data made of line ends and other bytes. An empty piece changes nothing, not even in a CRLF.
#[test]
fn every_split_into_pieces() {
    for len in 0..=6_u32 {
        for number in 0..3_usize.pow(len) {
            let byte = |at| b"\r\nx"[number / 3_usize.pow(at) % 3];
            let data: Vec<u8> = (0..len).map(byte).collect();
            let bytes = encode(&Event::new().data_bytes(&data));
            for split in 0..1_usize << len {
                let mut out = [0; 64];
                let mut writer = Event::new().begin(&mut out);
                let mut piece_start = 0;
                for at in 0..data.len() {
                    if split >> at & 1 == 1 {
                        writer.write_bytes(&data[piece_start..at]);
                        writer.write_bytes(b"");
                        piece_start = at;
                    }
                }
                writer.write_bytes(&data[piece_start..]);
                writer.write_bytes(b"");
                assert_eq!(writer.finish().unwrap(), bytes, "{:?}", data.escape_ascii());
            }
        }
    }
}

/// Formats text in pieces of the given sizes.
struct Pieces<'a> {
    text: &'a str,
    sizes: &'a [usize],
}

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text.chars();
        for &size in self.sizes {
            f.write_str(&rest.by_ref().take(size).collect::<String>())?;
        }
        f.write_str(rest.as_str())
    }
}

struct Fails;

impl fmt::Display for Fails {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[test]
fn layout() {
    let event = Event::new()
        .data("one\ntwo\r\nthree\rfour\n")
        .retry(Duration::from_micros(3_000_999))
        .id(event_id!("7"))
        .event_type(event_type!("temp"))
        .comment("a\nb");
    let expected = b": a\n: b\nevent: temp\nid: 7\nretry: 3000\n\
        data: one\ndata: two\ndata: three\ndata: four\ndata: \n\n";
    assert_eq!(encode(&event), expected);
    assert_eq!(encode(&Event::new().data("")), b"data: \n\n");
    assert_eq!(encode(&Event::new().data(" x")), b"data:  x\n\n");
    assert_eq!(encode(&Event::new().comment("")), b": \n\n");
    assert_eq!(encode(&Event::new().id(event_id!(""))), b"id: \n\n");
    assert_eq!(encode(&Event::new()), b"\n");
    assert_eq!(encode(&Event::new().data("1").data("2")), b"data: 2\n\n");
    let longest = Event::new().retry(Duration::MAX);
    assert_eq!(encode(&longest), b"retry: 18446744073709551615\n\n");
}

/// The compile-time code writes the same bytes as the run-time code, and the same length.
#[test]
fn at_compile_time() {
    macro_rules! check {
        ($event:expr) => {{
            const EVENT: Event<'static> = $event;
            const BYTES: [u8; EVENT.encoded_len()] = EVENT.to_array().unwrap();
            let mut out = [0; BYTES.len()];
            assert_eq!(EVENT.encode(&mut out).unwrap(), BYTES);
            assert_eq!(EVENT.to_array::<{ BYTES.len() + 1 }>(), None);
            assert_eq!(EVENT.to_array::<{ BYTES.len() - 1 }>(), None);
        }};
    }
    check!(Event::new());
    check!(Event::new().data(""));
    check!(Event::new().data("a\r\nb\rc\n\nd\r\r\n\n\r").event_type(event_type!("\u{E9} :")));
    check!(Event::new().id(EventId::from_u64(u64::MAX)).retry(Duration::from_secs(3)));
    check!(Event::new().data_bytes(b"\xFF\r\xFF\n").comment("x\ry").id(event_id!(" ")));
}

#[test]
fn debug_shows_the_bytes() {
    let event = Event::new()
        .event_type(event_type!("t\0"))
        .id(EventId::from_u64(7))
        .retry(Duration::from_secs(1));
    let text = format!("{:?}", event.data_bytes(b"\xFF\"\n").comment("c"));
    assert!(text.contains(r#"data: Some("\xff\"\n")"#), "{text}");
    assert!(text.contains(r#"id: Some(EventId("7"))"#), "{text}");
    assert!(text.contains(r#"event_type: Some(EventType("t\x00"))"#), "{text}");
    assert!(text.contains(r#"comment: Some("c")"#), "{text}");
    assert!(text.contains(r#"retry: Some("1000")"#), "{text}");
    let text = format!("{:?}", event.data_fmt(format_args!("{}", 23.4)));
    assert!(text.contains("23.4"), "{text}");
}

#[test]
fn a_failing_display_is_reported() {
    let mut out = [0; 64];
    let failed = Event::new().data_fmt(format_args!("{Fails}")).encode(&mut out).map(drop);
    assert_eq!(failed, Err(FormatError::Display));
}

#[test]
fn errors_say_what_is_wrong() {
    use std::error::Error;
    assert!(
        FormatError::BufferTooSmall(BufferTooSmall { needed: 7 }).source().is_none(),
        "said once"
    );
    for (id, part) in [("\n", "LF"), ("\r", "CR"), ("\0", "NUL")] {
        let error = EventId::new(id).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(FormatError::InvalidField(error).to_string(), error.to_string());
    }
    let error = BufferTooSmall { needed: 77 };
    assert!(error.to_string().contains("77 bytes"), "{error}");
    assert_eq!(FormatError::BufferTooSmall(error).to_string(), error.to_string());
    assert!(FormatError::Display.to_string().contains("formatted"));
}

#[test]
fn keep_alive_and_headers() {
    let mut client = Client::default();
    assert_eq!(oracle::spec(&mut client, &sse_wire::KEEP_ALIVE.repeat(3)), []);
    assert_eq!(client, Client { comments: 3, ..Client::default() });
    let headers = [
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-cache, no-transform"),
        ("X-Accel-Buffering", "no"),
    ];
    assert_eq!(sse_wire::RESPONSE_HEADERS, headers);
    assert_eq!(sse_wire::LAST_EVENT_ID, "Last-Event-ID");
}
