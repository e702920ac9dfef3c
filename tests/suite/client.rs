//! Tests `EventSource` against the list in `docs/client.md`: a test named `point_` and a number covers that point.

use proptest::prelude::*;
use sse_wire::{
    Backoff, DecodeError, Decoder, EventSource, ReadyState, Refused, Response, UnsendableId,
};
use std::time::Duration;

type Source = EventSource<[u8; 256]>;

const SECOND: Duration = Duration::from_secs(1);

fn source() -> Source {
    EventSource::new(Decoder::new([0; 256]))
}

fn stream() -> Response {
    Response::new(200).header("Content-Type", "text/event-stream")
}

/// Connects and opens the stream.
fn open(source: &mut Source) {
    source.connect(0).unwrap();
    source.open(&stream()).unwrap();
}

fn opened() -> Source {
    let mut source = source();
    open(&mut source);
    source
}

/// Type, data and ID of each event that `chunk` completes.
fn take(source: &mut Source, mut chunk: &[u8]) -> Vec<[String; 3]> {
    let mut events = Vec::new();
    while let Some(event) = source.next(&mut chunk) {
        let event = event.unwrap();
        events.push(
            [event.event_type_lossy(), event.data_lossy(), event.last_event_id_lossy()]
                .map(|text| text.to_string()),
        );
    }
    assert!(chunk.is_empty(), "what is not used is lost");
    events
}

fn data(source: &mut Source, chunk: &[u8]) -> Vec<String> {
    take(source, chunk).into_iter().map(|[_, data, _]| data).collect()
}

fn header(source: &Source, name: &str) -> Option<Vec<u8>> {
    let mut values = source.headers().filter(|header| header.0 == name);
    let value = values.next().map(|header| header.1.to_vec());
    assert!(values.next().is_none(), "{name} comes once");
    value
}

/// The waits of this number of reconnections.
fn waits<const N: usize>(source: &mut Source) -> [Duration; N] {
    [(); N].map(|()| source.connect(0).unwrap())
}

#[test]
fn point_02_connects_at_once() {
    let mut source = source();
    assert_eq!(source.ready_state(), ReadyState::Connecting);
    assert_eq!(ReadyState::Connecting as u8, 0);
    assert_eq!(source.connect(u32::MAX), Some(Duration::ZERO));
    assert_eq!(source.attempts(), 0);
}

#[test]
fn point_04_reconnects_after_a_few_seconds() {
    assert_eq!(opened().connect(0), Some(3 * SECOND));
    let backoff = Backoff::new().reconnection_time(5 * SECOND);
    let mut source = EventSource::with_backoff(Decoder::new([0; 64]), backoff);
    let _ = source.connect(0);
    assert_eq!(source.connect(0), Some(5 * SECOND));
}

#[test]
fn point_05_has_no_id_at_first_unless_one_is_set() {
    assert_eq!(source().header_id(), Ok(&b""[..]));
    let mut decoder = Decoder::new([0; 256]);
    decoder.set_last_event_id(b"kept").unwrap();
    let mut source = EventSource::new(decoder);
    let _ = source.connect(0);
    assert_eq!(header(&source, "Last-Event-ID").unwrap(), b"kept");
}

#[test]
fn point_06_accepts_event_streams_alone() {
    assert_eq!(header(&source(), "Accept").unwrap(), b"text/event-stream");
}

#[test]
fn point_07_asks_for_no_cached_response_each_time() {
    let mut source = source();
    for _ in 0..3 {
        open(&mut source);
        assert_eq!(header(&source, "Cache-Control").unwrap(), b"no-cache");
    }
}

#[test]
fn point_08_sends_the_id_unless_it_is_empty() {
    let mut source = opened();
    assert_eq!(header(&source, "Last-Event-ID"), None);
    assert_eq!(source.headers().count(), 2);
    take(&mut source, b"id: 1\ndata: a\n\n");
    open(&mut source);
    assert_eq!(header(&source, "Last-Event-ID").unwrap(), b"1");
    take(&mut source, b"id\n\n");
    open(&mut source);
    assert_eq!(header(&source, "Last-Event-ID"), None);
    take(&mut source, b"id: 1\0\ndata: a\n\n");
    open(&mut source);
    assert_eq!(header(&source, "Last-Event-ID"), None);
}

#[test]
fn point_09_sends_the_id_as_it_came() {
    for id in ["…", "e5p3n<3k0k0s", "a\tb", &"a".repeat(130)].map(str::as_bytes) {
        let mut source = opened();
        take(&mut source, &[b"id: ", id, b"\ndata: x\n\n"].concat());
        open(&mut source);
        assert_eq!(header(&source, "Last-Event-ID").unwrap(), id);
    }
}

/// Reported in undici#5746: an ID that no header can carry; an ID of 9 000 bytes.
#[test]
fn point_10_leaves_out_an_id_that_no_header_can_carry() {
    for byte in (1..=8).chain(11..=31).chain([127]).filter(|&byte| byte != 13) {
        let mut source = opened();
        take(&mut source, &[b"id: a", &[byte][..], b"b\ndata: x\n\n"].concat());
        open(&mut source);
        assert_eq!(source.header_id(), Err(UnsendableId::ControlByte), "{byte}");
        assert_eq!(header(&source, "Last-Event-ID"), None);
        assert_eq!(source.ready_state(), ReadyState::Open, "it goes on");
        take(&mut source, b"id: 2\n\n");
        assert_eq!(source.header_id(), Ok(&b"2"[..]));
    }
    for (length, expected) in
        [(4096, None), (4097, Some(UnsendableId::TooLong)), (9000, Some(UnsendableId::TooLong))]
    {
        let mut source = EventSource::new(Decoder::new([0; 10_000]));
        let _ = source.connect(0);
        source.open(&stream()).unwrap();
        let event = format!("id: {}\ndata: x\n\n", "i".repeat(length));
        assert!(source.next(&mut event.as_bytes()).unwrap().is_ok());
        assert_eq!(source.header_id().err(), expected, "{length}");
        assert_eq!(source.headers().count(), if expected.is_none() { 3 } else { 2 });
    }
}

#[test]
fn point_15_refuses_every_status_but_200() {
    for status in (0..=999).filter(|&status| status != 200) {
        let mut source = source();
        let _ = source.connect(0);
        let response = Response::new(status).header("Content-Type", "text/event-stream");
        assert_eq!(response.status(), status);
        assert_eq!(source.open(&response), Err(Refused::Status(status)));
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert_eq!(source.connect(0), None);
        assert_eq!(data(&mut source, b"data: a\n\n"), [""; 0]);
    }
}

#[test]
fn point_16_is_stopped_by_204() {
    let mut source = opened();
    assert_eq!(source.connect(0), Some(3 * SECOND));
    let refused = source.open(&Response::new(204)).unwrap_err();
    assert!(!refused.is_temporary());
    assert!(refused.to_string().contains("204"));
    assert_eq!(source.connect(0), None);
}

#[test]
fn point_17_compares_the_essence_of_the_media_type() {
    for good in [
        "text/event-stream",
        "text/event-stream;",
        "text/event-stream; charset=utf-8",
        "text/event-stream;charset=windows-1252",
        "text/event-stream ; a=b",
        "Text/Event-Stream",
        " \ttext/event-stream ",
    ] {
        assert_eq!(Response::new(200).header("content-type", good).check(), Ok(()), "{good}");
    }
    for bad in [
        "",
        "x bogus",
        "text/x-bogus",
        "text/event-streamx",
        "text/event-strea",
        "text/event-stream, text/html",
        "text/html; text/event-stream",
        "xtext/event-stream",
    ] {
        let response = Response::new(200).header("Content-Type", bad);
        assert_eq!(response.check(), Err(Refused::ContentType), "{bad}");
    }
    assert_eq!(Response::new(200).check(), Err(Refused::ContentType));
    let twice = stream().header("CONTENT-TYPE", "text/html");
    assert_eq!(twice.check(), Err(Refused::ContentType), "the last counts");
    assert_eq!(twice.header("Content-Type", "text/event-stream").check(), Ok(()));
}

/// Reported in sseclient#27: a compressed body; an HTML page with status 200.
#[test]
fn refuses_a_body_that_is_no_event_stream() {
    for coding in ["gzip", "br", "GZIP", "deflate, gzip", "zstd"] {
        let mut source = source();
        let _ = source.connect(0);
        let refused = source.open(&stream().header("content-encoding", coding));
        assert_eq!(refused, Err(Refused::ContentEncoding), "{coding}");
        assert_eq!(source.connect(0), None, "no reconnection without end");
    }
    // Servers send these values to prevent compression by intermediaries.
    for none in ["", "identity", "none", "Identity", " identity \t", "none\r\n"] {
        assert_eq!(stream().header("Content-Encoding", none).check(), Ok(()), "{none}");
    }
    let page = Response::new(200).header("Content-Type", "text/html");
    assert_eq!(page.check(), Err(Refused::ContentType));
}

#[test]
fn point_18_is_open_before_the_first_byte() {
    let mut source = source();
    let _ = source.connect(0);
    assert_eq!(source.ready_state(), ReadyState::Connecting);
    assert_eq!(data(&mut source, b"data: early\n\n"), [""; 0], "no event before the head");
    assert_eq!(source.open(&stream()), Ok(()));
    assert_eq!(source.ready_state(), ReadyState::Open);
    assert_eq!(ReadyState::Open as u8, 1);
}

#[test]
fn point_22_parses_each_connection_anew() {
    let mut source = opened();
    assert_eq!(data(&mut source, b"\xEF\xBB\xBFdata: 1\n\nevent: x\ndata: cut\r"), ["1"]);
    open(&mut source);
    // A LF after the CR of the old connection, the old data and type, and a BOM have no effect.
    assert_eq!(
        take(&mut source, b"\xEF\xBB\xBFdata: 2\n\n"),
        [["message", "2", ""].map(String::from)]
    );
    open(&mut source);
    assert_eq!(data(&mut source, b"\ndata: 3\n\n"), ["3"]);
}

/// Without `connect`, a body would continue the partial event of the body before.
#[test]
fn point_22_takes_no_response_without_a_connection() {
    let mut source = source();
    assert_eq!(source.open(&stream()), Err(Refused::NotConnecting));
    assert_eq!(source.ready_state(), ReadyState::Connecting);

    open(&mut source);
    assert_eq!(data(&mut source, b"data: a"), [""; 0]);
    assert_eq!(source.open(&stream()), Err(Refused::NotConnecting));
    assert_eq!(source.ready_state(), ReadyState::Open, "nothing has changed");
    assert_eq!(data(&mut source, b"\n\n"), ["a"]);
}

#[test]
fn point_23_carries_the_id_to_later_connections() {
    let mut source = opened();
    take(&mut source, b"id: 1\ndata: a\n\n");
    for _ in 0..3 {
        open(&mut source);
        assert_eq!(header(&source, "Last-Event-ID").unwrap(), b"1");
        assert_eq!(take(&mut source, b"data: b\n\n")[0][2], "1");
    }
}

#[test]
fn point_24_takes_the_id_at_the_blank_line() {
    let mut source = opened();
    take(&mut source, b"id: 1\n\nid: 2\ndata: cut\n");
    open(&mut source);
    assert_eq!(header(&source, "Last-Event-ID").unwrap(), b"1");
}

#[test]
fn point_25_takes_the_reconnection_time_at_its_line() {
    let mut source = opened();
    take(&mut source, b"retry: 01000\nretry: 5000x\nretry\n");
    assert_eq!(source.connect(0), Some(SECOND));
    source.open(&stream()).unwrap();
    take(&mut source, b":\n");
    assert_eq!(source.connect(0), Some(SECOND), "it holds for later connections");
}

#[test]
fn point_26_gives_no_event_once_it_is_closed() {
    let mut source = opened();
    let mut chunk: &[u8] = b"data: 1\n\ndata: 2\n\n";
    assert_eq!(source.next(&mut chunk).unwrap().unwrap().data(), b"1");
    source.close();
    assert!(source.next(&mut chunk).is_none());
    assert!(chunk.is_empty(), "a loop over the chunk ends");
}

#[test]
fn point_28_connects_again_at_the_end_and_after_an_error() {
    let mut source = opened();
    assert!(source.connect(0).is_some(), "the body has ended");
    assert_eq!(source.ready_state(), ReadyState::Connecting);
    assert!(source.connect(0).is_some(), "the connection failed");
    assert_eq!(source.ready_state(), ReadyState::Connecting);
}

#[test]
fn point_29_waits_at_least_the_reconnection_time() {
    for random in [0, 1, 1 << 31, u32::MAX] {
        let mut source = opened();
        take(&mut source, b"retry: 1000\ndata: a\n\n");
        let wait = source.connect(random).unwrap();
        assert!((SECOND..=SECOND + SECOND / 2).contains(&wait), "{wait:?}");
    }
}

#[test]
fn point_30_stops_when_it_is_closed_during_the_wait() {
    let mut source = opened();
    assert!(source.connect(0).is_some());
    source.close();
    assert_eq!(source.ready_state(), ReadyState::Closed);
    assert_eq!(source.connect(0), None);
}

#[test]
fn point_31_drops_an_unfinished_event() {
    let mut source = opened();
    assert_eq!(data(&mut source, b"data: 1\n\ndata: cut\n"), ["1"]);
    assert!(source.decoder().is_mid_event());
    open(&mut source);
    assert!(!source.decoder().is_mid_event());
    assert_eq!(data(&mut source, b"\ndata: 2\n\n"), ["2"]);
}

#[test]
fn point_32_fails_once_and_for_good() {
    let mut source = source();
    let _ = source.connect(0);
    assert_eq!(source.open(&Response::new(404)), Err(Refused::Status(404)));
    assert_eq!(source.connect(0), None);
    assert_eq!(source.open(&stream()), Err(Refused::Closed), "it is reported once");
    assert_eq!(source.ready_state(), ReadyState::Closed);
}

/// Also point 13.
#[test]
fn point_33_closes_for_good_in_every_state() {
    let connecting = || {
        let mut source = source();
        let _ = source.connect(0);
        source
    };
    let refused = || {
        let mut source = connecting();
        let _ = source.open(&Response::new(503));
        source
    };
    for mut source in [source(), connecting(), opened(), refused()] {
        for _ in 0..2 {
            source.close();
            assert_eq!(source.ready_state(), ReadyState::Closed);
            assert_eq!(ReadyState::Closed as u8, 2);
        }
        assert_eq!(source.open(&stream()), Err(Refused::Closed));
        assert_eq!(data(&mut source, b"data: a\n\n"), [""; 0]);
        source.retry(Duration::ZERO);
        assert_eq!(source.connect(0), None);
    }
}

/// Requested in eventsource#74, Yaffle/EventSource#88.
#[test]
fn point_34_retries_a_temporary_refusal_when_the_caller_wants() {
    let mut source = source();
    let _ = source.connect(0);
    assert_eq!(source.open(&Response::new(503)), Err(Refused::Status(503)));
    source.retry(Duration::from_secs(9));
    assert_eq!(source.ready_state(), ReadyState::Connecting);
    assert_eq!(source.open(&stream()), Err(Refused::NotConnecting), "the wait comes first");
    assert_eq!(source.connect(0), Some(Duration::from_secs(9)));
    assert_eq!(source.open(&stream()), Ok(()));

    for status in 0..=999 {
        let temporary = [408, 425, 429, 500, 502, 503, 504].contains(&status);
        assert_eq!(Refused::Status(status).is_temporary(), temporary, "{status}");
    }
    assert!(!Refused::ContentType.is_temporary());

    let mut source = opened();
    take(&mut source, b"id: 7\nretry: 1000\ndata: a\n\n");
    let unavailable = Response::new(503).header("retry-after", " 120");
    for attempt in 0..2 {
        assert_eq!(source.connect(0), Some(if attempt == 0 { SECOND } else { 120 * SECOND }));
        assert!(source.open(&unavailable).unwrap_err().is_temporary());
        assert_eq!(source.ready_state(), ReadyState::Closed, "until the caller says otherwise");
        source.retry(unavailable.retry_after());
        assert_eq!(source.ready_state(), ReadyState::Connecting);
    }
    assert_eq!(source.connect(u32::MAX).unwrap().as_secs(), 179, "jitter only adds");
    assert_eq!(source.connect(0), Some(8 * SECOND), "it holds for one wait");
    source.open(&stream()).unwrap();
    assert_eq!(header(&source, "Last-Event-ID").unwrap(), b"7");

    let after = |value: &str| Response::new(503).header("Retry-After", value).retry_after();
    assert_eq!(after("0"), Duration::ZERO);
    assert_eq!(after("007"), 7 * SECOND);
    assert_eq!(after("7:30"), 7 * SECOND);
    assert_eq!(after("Wed, 21 Oct 2015 07:28:00 GMT"), Duration::ZERO);
    assert!(after(&"9".repeat(30)) >= u32::MAX / 10 * 9 * SECOND);
    assert_eq!(after("4294967279"), 4_294_967_279 * Duration::from_secs(1));
}

/// Reported in event-source-plus#12: a server that answers 200 and immediately closes the connection.
#[test]
fn point_35_backs_off_from_a_server_that_accepts_and_closes() {
    let mut source = opened();
    let mut seconds = Vec::new();
    for _ in 0..7 {
        seconds.push(source.connect(0).unwrap().as_secs());
        source.open(&stream()).unwrap();
        // Bytes that are not an event stream do not count as success either.
        take(&mut source, b"<html>\n\n\x1F\x8B\n");
    }
    assert_eq!(seconds, [3, 6, 12, 24, 48, 60, 60]);

    for sign in [&b"data: a\n\n"[..], b":\n"] {
        take(&mut source, sign);
        assert_eq!(source.attempts(), 0);
        assert_eq!(waits(&mut source).map(|wait: Duration| wait.as_secs()), [3, 6, 12]);
        source.open(&stream()).unwrap();
    }
    // An event that is too long also counts.
    let long = [b"data: ", &[b'x'; 300][..], b"\n\n"].concat();
    assert_eq!(source.next(&mut &long[..]), Some(Err(DecodeError::EventTooLong)));
    assert_eq!(source.connect(0), Some(3 * SECOND));
}

#[test]
fn a_comment_counts_for_its_own_connection() {
    let mut source = opened();
    take(&mut source, b":\n");
    assert_eq!(waits(&mut source).map(|wait: Duration| wait.as_secs()), [3, 6, 12]);
    assert_eq!(source.attempts(), 3);
}

/// Reported in typescript-sdk#2673: a server that sends `retry: 0` and closes the connection.
#[test]
fn point_37_has_a_floor() {
    let mut source = opened();
    take(&mut source, b"retry: 0\ndata: a\n\n");
    assert_eq!(source.connect(0), Some(SECOND / 2));
    assert_eq!(source.connect(0), Some(SECOND));
    let mut source =
        EventSource::with_backoff(source.into_decoder(), Backoff::new().floor(2 * SECOND));
    let _ = source.connect(0);
    assert_eq!(source.connect(0), Some(2 * SECOND));
}

/// The same server, over three seconds of waits.
#[test]
fn a_server_that_closes_at_once_is_asked_a_handful_of_times() {
    // The floor is half a second; the wait doubles from there, then from three seconds.
    for (body, expected) in [(&b"retry: 0\ndata: a\n\n"[..], 7), (b"retry: 0\n\n", 3), (b"", 2)] {
        let (mut source, mut time, mut connections) = (source(), Duration::ZERO, 0);
        loop {
            time += source.connect(0).unwrap();
            if time > 3 * SECOND {
                break;
            }
            connections += 1;
            assert!(connections < 10, "it does not wait");
            source.open(&stream()).unwrap();
            take(&mut source, body);
        }
        assert_eq!(connections, expected, "{}", body.escape_ascii());
    }
}

/// `retry: 18446744073709551615` must not silence the client forever. Doubling stops, but never shortens the server's
/// time.
#[test]
fn point_37_has_a_ceiling() {
    let mut source = opened();
    take(&mut source, b"retry: 300000\ndata: a\n\n");
    assert_eq!(waits(&mut source), [300 * SECOND; 3]);
    source.open(&stream()).unwrap();
    take(&mut source, b"retry: 18446744073709551615\ndata: a\n\n");
    assert_eq!(waits(&mut source), [Duration::from_millis(u32::MAX.into()); 3]);

    let backoff = Backoff::new().ceiling(600 * SECOND);
    let mut source = EventSource::with_backoff(source.into_decoder(), backoff);
    let _ = source.connect(0);
    assert_eq!(source.connect(u32::MAX), Some(600 * SECOND));
    assert!(source.open(&Response::new(503)).is_err());
    source.retry(Duration::MAX);
    assert_eq!(source.connect(u32::MAX), Some(600 * SECOND));

    let backoff = Backoff::new().doubled_to(10 * SECOND);
    let mut source = EventSource::with_backoff(Decoder::new([0; 256]), backoff);
    let _ = source.connect(0);
    assert_eq!(waits(&mut source).map(|wait: Duration| wait.as_secs()), [3, 6, 10, 10]);
}

#[test]
fn times_are_rounded_up_to_milliseconds() {
    for (floor, expected) in [
        (Duration::from_nanos(1_000_001), 2),
        (Duration::from_millis(2), 2),
        (Duration::from_nanos(1_999_999_999), 2000),
        (Duration::from_millis(4_294_966_999), 4_294_966_999),
        (Duration::from_millis(4_294_967_999), u32::MAX),
        (Duration::MAX, u32::MAX),
    ] {
        let backoff = Backoff::new().reconnection_time(Duration::ZERO).floor(floor);
        let mut source = EventSource::with_backoff(Decoder::new([0; 64]), backoff);
        let _ = source.connect(0);
        assert_eq!(source.connect(0), Some(Duration::from_millis(expected.into())));
    }
}

#[test]
fn point_38_counts_attempts() {
    let mut source = source();
    let mut connections = 0;
    while source.connect(0).is_some() {
        connections += 1;
        assert!(connections < 10, "it is not closed");
        if source.attempts() == 5 {
            source.close();
        }
    }
    assert_eq!(connections, 6);
}

#[test]
fn point_39_tells_the_reason() {
    assert_eq!(Refused::Status(500).to_string(), "the response has the status 500, not 200");
    assert!(Refused::Status(302).to_string().contains("redirection"));
    for (refused, part) in [
        (Refused::ContentType, "Content-Type"),
        (Refused::ContentEncoding, "compressed"),
        (Refused::Closed, "closed"),
        (Refused::NotConnecting, "connect"),
    ] {
        assert!(refused.to_string().contains(part), "{refused}");
    }
    assert!(UnsendableId::TooLong.to_string().contains("long"));
    assert!(UnsendableId::ControlByte.to_string().contains("control"));
    let debug = format!("{:?}", opened());
    assert!(debug.contains("ready_state: Open"), "{debug}");
}

#[test]
fn it_is_small() {
    let over = size_of::<EventSource<[u8; 0]>>() - size_of::<Decoder<[u8; 0]>>();
    assert!(over <= 32, "{over}");
}

#[cfg(feature = "alloc")]
#[test]
fn gives_back_the_memory_of_a_long_event() {
    let decoder = Decoder::new(sse_wire::GrowingBuffer::with_limit(10_000));
    let mut source = EventSource::new(decoder);
    let _ = source.connect(0);
    source.open(&stream()).unwrap();
    let long = format!("data: {}\ndata\n\n", "x".repeat(5000));
    assert!(source.next(&mut long.as_bytes()).unwrap().is_ok());
    assert!(source.decoder().buffer().allocated() > 5000);
    source.shrink_buffer();
    assert_eq!(source.decoder().buffer().allocated(), 0);
}

/// A `static` without a backoff.
#[test]
fn it_can_be_a_static() {
    static SOURCE: std::sync::Mutex<Source> =
        std::sync::Mutex::new(EventSource::new(Decoder::new([0; 256])));
    assert_eq!(SOURCE.lock().unwrap().connect(0), Some(Duration::ZERO));
}

proptest! {
    /// Point 36 and the definition of the wait, in 128-bit arithmetic.
    #[test]
    fn point_36_jitter_only_adds(
        retry: Option<u32>,
        [initial, floor, doubled_to, ceiling] in any::<[u32; 4]>(),
        attempts in 0_u32..40,
        random: u32,
        after in 0_u32..100_000,
    ) {
        let time = |milliseconds: u32| Duration::from_millis(milliseconds.into());
        let backoff = Backoff::new()
            .reconnection_time(time(initial))
            .floor(time(floor))
            .doubled_to(time(doubled_to))
            .ceiling(time(ceiling));
        let mut source = EventSource::with_backoff(Decoder::new([0; 256]), backoff);
        open(&mut source);
        if let Some(retry) = retry {
            take(&mut source, format!("retry: {retry}\n\n").as_bytes());
        }
        for _ in 0..attempts {
            let _ = source.connect(0);
        }
        let _ = source.open(&Response::new(503));
        source.retry(Duration::from_secs(after.into()));
        let wait = source.connect(random).unwrap().as_millis();

        let wanted = u128::from(retry.unwrap_or(initial).max(floor));
        let doubled = (wanted << attempts).min(wanted.max(doubled_to.into()));
        let least = doubled.max(u128::from(after) * 1000);
        let jitter = (least / 2 * u128::from(random)) >> 32;
        let expected = (least + jitter).min(ceiling.into());
        prop_assert_eq!(wait, expected);
    }
}
